"""What an indicator reads, derived from its SQL: the views, their columns, and the tables behind them.

Every clause counts, not only the projection: a column in a WHERE or a join is read as well. Stars are
expanded with the columns that the views really have, so that `SELECT *` cannot hide a protected one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from pickglass.errors import ConfigError
from pickglass.lake.session import session
from pickglass.model.schema import PersonalData, schema

if TYPE_CHECKING:
    from pickglass.lake.session import Session

DERIVED = ("subject", "coverage", "attested", "shared_thing", "mail_message")
WITHHELD = {
    "rejects": "what could not be read proves nothing about a person",
    "attestation": "read `attested`, where attestations are resolved to subjects",
}

# Which tables feed a shared thing of a kind; a kind that is missing here is fed by `identifier` alone.
_THING_TABLES: Mapping[str, tuple[str, ...]] = {
    "address": ("worker", "shipment_event", "identifier"),
    "egress": ("signin", "device_state"),
    "gateway": ("device_state",),
    "device": ("signin",),
    "mfa_device": ("signin",),
    "bank": ("payroll_event", "identifier"),
    "wallet": ("payroll_event", "identifier"),
    "document": ("hiring_event", "identifier"),
}
_STRICTNESS: tuple[PersonalData, ...] = ("none", "pseudonym", "content", "contact", "financial", "protected")
# Columns of derived views that hold whatever the thing or the attestation is about.
_DERIVED_CLASSES: Mapping[tuple[str, str], PersonalData] = {
    ("shared_thing", "value"): "financial",
    ("attested", "value"): "content",
    ("attested", "reason"): "content",
    ("attested", "author"): "pseudonym",
    ("subject", "accounts"): "pseudonym",
    ("subject", "claimed_latitude"): "contact",
    ("subject", "claimed_longitude"): "contact",
}

Views = Mapping[str, Mapping[str, str]]  # view → column → DuckDB type
Reads = dict[str, frozenset[str]]  # view → columns


def open_views(lake: Session) -> dict[str, dict[str, str]]:
    """List the views that an indicator may read, with their columns and types."""
    rows = lake.query(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE schema_name = 'main' ORDER BY table_name, column_index"
    )
    tables = {name for name in schema().tables if name not in WITHHELD}
    found: dict[str, dict[str, str]] = {}
    for row in rows.to_pylist():
        name = row["table_name"]
        if name in tables or name in DERIVED or name.startswith("reference_"):
            found.setdefault(name, {})[row["column_name"]] = row["data_type"]
    return found


@cache
def views() -> Views:
    """List the views of an empty lake: they have the same columns in every lake."""
    with session({}, datetime(2026, 1, 1, tzinfo=UTC), b"no key: there are no rows", threads=1) as lake:
        return open_views(lake)


def parse(sql: str) -> Any:
    """Parse one statement of DuckDB's SQL, or raise a ConfigError with place and reason."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        statements = [one for one in sqlglot.parse(sql, read="duckdb") if one is not None]
    except SqlglotError as error:
        raise ConfigError(f"the SQL cannot be read: {' '.join(str(error).split())}") from error
    if len(statements) != 1:
        raise ConfigError(f"the file holds {len(statements)} statements", "write one SELECT")
    return statements[0]


def parameters(sql: str) -> frozenset[str]:
    """Name the parameters that the SQL binds, `as_of` among them."""
    from sqlglot import exp

    return frozenset(str(node.this) for node in parse(sql).find_all(exp.Placeholder) if node.this)


@cache
def reads(sql: str) -> Reads:
    """Return every view that the SQL reads and which of its columns, in whichever clause."""
    known = views()
    found: dict[str, set[str]] = {}
    for view, column in _columns(_qualified(sql), known):
        columns = found.setdefault(view, set())
        if column:
            columns.add(column)
    return {view: frozenset(columns) for view, columns in sorted(found.items())}


def _qualified(sql: str) -> Any:
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.qualify import qualify

    try:
        return qualify(
            parse(sql),
            schema={view: dict(columns) for view, columns in views().items()},
            dialect="duckdb",
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
    except SqlglotError as error:
        raise ConfigError(f"the SQL cannot be analysed: {' '.join(str(error).split())}") from error


def _columns(tree: Any, known: Views) -> Iterator[tuple[str, str]]:
    """Yield (view, column) for every column straight from a view, and (view, "") for every view."""
    from sqlglot import exp
    from sqlglot.optimizer.scope import traverse_scope

    for scope in traverse_scope(tree):
        tables = {
            alias: source.name for alias, source in scope.sources.items() if isinstance(source, exp.Table)
        }
        for name in tables.values():
            yield name, ""
        for column in scope.columns:
            if column.table in tables:
                yield tables[column.table], column.name
            elif not column.table and column.name in tables:  # the alias alone: the whole row
                yield from ((tables[column.name], every) for every in known.get(tables[column.name], ()))
            elif not column.table:  # not resolved: count it wherever it could come from
                yield from (
                    (name, column.name) for name in tables.values() if column.name in known.get(name, ())
                )


def tables_read(sql: str) -> frozenset[str]:
    """Name the tables of the lake behind what the SQL reads: without any rows in them it is blind."""
    from sqlglot import exp

    words = {str(node.this) for node in parse(sql).find_all(exp.Literal) if node.is_string}
    found: set[str] = set()
    for view in reads(sql):
        if view == "shared_thing":
            kinds = words & set(_THING_TABLES) or {""}
            found |= {table for kind in kinds for table in _THING_TABLES.get(kind, ("identifier",))}
        elif view == "coverage":
            found |= words & set(schema().tables)
        elif view == "mail_message":
            found.add("mail")
        elif view in schema().tables:
            found.add(view)
    return frozenset(found)


def personal_data(view: str, column: str) -> PersonalData:
    """Tell the class of one column of a view, as the schema states it for the column behind it."""
    if (view, column) in _DERIVED_CLASSES:
        return _DERIVED_CLASSES[view, column]
    name = {"subject": "worker", "mail_message": "mail"}.get(view, view)
    table = schema().tables.get(name)
    if table is None:
        return "none"
    column = column.removeprefix("home_") if view == "subject" else column
    return table.columns[column].personal_data if column in table.columns else "none"


@cache
def field_classes(sql: str) -> Mapping[str, PersonalData]:
    """Tell, for every column that the SQL answers with, the strictest class of what it is made of.

    A face masks the value of a sentence's field by this class.
    """
    from sqlglot.lineage import lineage

    tree = _qualified(sql)
    sources = {view: dict(columns) for view, columns in views().items()}
    found: dict[str, PersonalData] = {}
    for output in tree.named_selects:
        node = lineage(output, tree.sql("duckdb"), schema=sources, dialect="duckdb")
        found[output] = max(_leaf_classes(node), key=_STRICTNESS.index, default="none")
    return found


def _leaf_classes(node: Any) -> Iterator[PersonalData]:
    from sqlglot import exp

    for leaf in node.walk():
        if isinstance(leaf.expression, exp.Table):
            yield personal_data(leaf.expression.name, leaf.name.rpartition(".")[2].strip('"'))
