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

DERIVED = (
    "subject",
    "coverage",
    "attested",
    "shared_thing",
    "mail_message",
    "name_word",
    "written_word",
    "remote_tool",
    "remote_tool_use",
    "device_use",
    "signin_source",
    "egress",
)
_OF_SIGNINS = ("signin_source", "egress")
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
# Which tables feed the other derived views, and by its field the words of names that records bear.
_VIEW_TABLES: Mapping[str, tuple[str, ...]] = {
    "mail_message": ("mail",),
    "name_word": ("hiring_event", "worker"),
    "remote_tool": ("intelligence",),
    "remote_tool_use": ("intelligence", "network", "process"),
    "device_use": ("signin",),
    "signin_source": ("signin",),
    "egress": ("signin",),
}
_WRITTEN_TABLES = {
    "recipient": "shipment_event",
    "signed_by": "shipment_event",
    "owner_name": "payroll_event",
    "participant": "meeting",
}
_THING_CLASSES: Mapping[str, PersonalData] = {
    "address": "contact",
    "egress": "pseudonym",
    "gateway": "pseudonym",
    "device": "pseudonym",
    "mfa_device": "pseudonym",
    "bank": "financial",
    "wallet": "financial",
    "document": "financial",
    "phone": "contact",
    "mail": "contact",
    "recovery_mail": "contact",
    "code_host": "contact",
    "photo": "contact",
}
_STRICTNESS: tuple[PersonalData, ...] = ("none", "pseudonym", "content", "contact", "financial", "protected")
# Columns of derived views that hold whatever the thing or the attestation is about.
_DERIVED_CLASSES: Mapping[tuple[str, str], PersonalData] = {
    ("attested", "value"): "content",
    ("attested", "reason"): "content",
    ("attested", "author"): "pseudonym",
    ("device_use", "device_id"): "pseudonym",
    ("remote_tool_use", "device"): "pseudonym",
    ("name_word", "token"): "contact",
    ("written_word", "token"): "contact",
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


@cache
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


@cache
def _qualified(sql: str) -> Any:
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.qualify import qualify

    try:
        return qualify(
            parse(sql).copy(),
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
            elif not column.table:  # not resolved: count it wherever it could come from
                yield from (
                    (name, column.name) for name in tables.values() if column.name in known.get(name, ())
                )
        for node in scope.find_all(exp.TableColumn, exp.Columns):  # a whole row, or columns by a pattern
            whole = [tables[node.name]] if node.name in tables else tables.values()
            yield from ((name, column) for name in whole for column in known.get(name, ()))


def tables_read(sql: str) -> frozenset[str]:
    """Name the tables of the lake behind what the SQL reads: without any rows in them it is blind."""
    words = _texts(parse(sql))
    found: set[str] = set()
    for view in reads(sql):
        if view == "shared_thing":
            kinds = words & set(_THING_TABLES) or {""}
            found |= {table for kind in kinds for table in _THING_TABLES.get(kind, ("identifier",))}
        elif view == "coverage":
            found |= words & set(schema().tables)
        elif view in _VIEW_TABLES:
            found |= set(_VIEW_TABLES[view])
        elif view == "written_word":
            found |= {table for field, table in _WRITTEN_TABLES.items() if field in words}
        elif view in schema().tables:
            found.add(view)
    return frozenset(found)


def personal_data(view: str, column: str) -> PersonalData:
    """Tell the class of one column of a view, as the schema states it for the column behind it."""
    if (view, column) in _DERIVED_CLASSES:
        return _DERIVED_CLASSES[view, column]
    name = {"subject": "worker", "mail_message": "mail"}.get(view, "signin" if view in _OF_SIGNINS else view)
    table = schema().tables.get(name)
    if table is None:
        return "none"
    column = column.removeprefix("home_") if view == "subject" else column
    return table.columns[column].personal_data if column in table.columns else "none"


@cache
def field_classes(sql: str) -> Mapping[str, PersonalData]:
    """Tell, for every column that the SQL answers with, the strictest class of what its value is made of.

    What only decides (conditions of CASE and FILTER, orders) does not count: it is not shown.
    """
    from sqlglot.optimizer.scope import build_scope

    tree = _without_conditions(_qualified(sql).copy())
    scope = build_scope(tree)
    kinds = _texts(tree)
    return {
        name: stricter(*(_class_shown(view, column, kinds) for view, column in _origins(scope, place)))
        # What is no SELECT answers nothing; another check says that it is none.
        for place, name in enumerate(getattr(tree, "named_selects", ()))
    }


def _class_shown(view: str, column: str, kinds: frozenset[str]) -> PersonalData:
    """Tell the class of a column; a shared thing's value is what the kinds are that the SQL names."""
    if (view, column) != ("shared_thing", "value"):
        return personal_data(view, column)
    named = [_THING_CLASSES[kind] for kind in sorted(kinds & set(_THING_CLASSES))]
    return stricter(*named) if named else "financial"


def _origins(scope: Any, place: int, above: tuple[int, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield the (view, column) pairs that the output at `place` is made of, through all levels."""
    if id(scope) in above:  # a recursive query
        return
    if scope.set_operation_scopes:
        for part in scope.set_operation_scopes:
            yield from _origins(part, place, (*above, id(scope)))
        return
    selects = scope.expression.selects
    if place < len(selects):
        yield from _origins_of(selects[place], scope, (*above, id(scope)))


def _origins_of(expression: Any, scope: Any, above: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    from sqlglot import exp

    for column in expression.find_all(exp.Column):
        source = scope.sources.get(column.table)
        if isinstance(source, exp.Table):
            yield source.name, column.name
        elif source is not None and isinstance(source.expression, exp.Query):
            names = source.expression.named_selects
            if column.name in names:
                yield from _origins(source, names.index(column.name), above)
        elif source is not None and id(source) not in above:  # unnested: made of all that went in
            yield from _origins_of(source.expression, source, (*above, id(source)))


def stricter(*classes: PersonalData) -> PersonalData:
    """Return the strictest of some classes."""
    return max(classes, key=_STRICTNESS.index, default="none")


def _texts(tree: Any) -> frozenset[str]:
    from sqlglot import exp

    return frozenset(str(node.this) for node in tree.find_all(exp.Literal) if node.is_string)


def _without_conditions(tree: Any) -> Any:
    from sqlglot import exp

    for node in list(tree.walk()):
        if isinstance(node, exp.If) and node.args.get("this") is not None:
            node.set("this", exp.true())
        elif isinstance(node, exp.Case) and node.args.get("this") is not None:
            node.set("this", None)
        elif isinstance(node, exp.Filter):
            node.set("expression", exp.Where(this=exp.true()))
        elif isinstance(node, exp.Order) and not isinstance(node.parent, exp.Query):
            node.replace(node.this) if node.this is not None else node.pop()
    return tree
