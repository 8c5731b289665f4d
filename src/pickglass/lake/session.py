"""A reading session: the lake as it was known at one moment, as the views that docs/indicators.md names.

A session is made either from the snapshots that the ledger names, or from rows given in Python (tests of
indicators); everything above the row level is the same SQL in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow as pa

from pickglass.lake.addresses import FACTS, AddressDatabase, address_facts, match_networks
from pickglass.lake.engine import (
    connect,
    identifier,
    install_macros,
    literal,
    reference_names,
    reference_path,
)
from pickglass.lake.rollups import (
    HOLDERS,
    OWN_DEVICE,
    PROOF,
    ROLLED,
    SOURCE,
    THINGS,
    Rolling,
    Rollups,
    device_row_sql,
    device_run_sql,
)
from pickglass.model.schema import Table, schema

ARROW_TYPES: dict[str, Any] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "texts": pa.list_(pa.string()),
}

# Tables whose rows belong to a device: without an account, the holder at that time is meant.
_DEVICE_TABLES = tuple(name for name, about in ROLLED.items() if about.devices)
_WITHOUT_SUBJECT = ("intelligence", "rejects", "attestation", "superseded")
_WITH_PLACE = ("signin", "device_state")

# Columns that an address database fills where the source left them empty. Not those of device_state: its place is the
# computer's own fix, and where the address lies is another question.
_FILLED = {
    "signin": tuple(FACTS),
    "meeting": ("city", "region", "country"),
    "hiring_event": ("city", "region", "country"),
}
# A place is filled as a whole or not at all: half of one source and half of another is a place where nobody was.
_PLACE = ("city", "region", "country", "latitude", "longitude")
_ADDRESSES = (
    ("signin", "src_ip"), ("signin", "mfa_ip"), ("device_state", "src_ip"), ("meeting", "src_ip"),
    ("hiring_event", "src_ip"), ("payroll_event", "src_ip"), ("hr_change", "src_ip"), ("data_access", "src_ip"),
)  # fmt: skip

# Tables up to this many rows are read once and held: a hundred indicators ask again and again, and reading files costs
# more than remembering them. Bigger ones stay in their files, so that memory is bounded.
HELD_ROWS = 3_000_000


@dataclass(frozen=True, slots=True)
class Session:
    """One connection with the views in place; `as_of` is the moment up to which it knows anything."""

    connection: Any
    as_of: datetime

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Run one SELECT and return its rows; `$as_of` and the parameters that the text names are bound."""
        given = {"as_of": self.as_of, **(parameters or {})}
        named = set(re.findall(r"\$([A-Za-z_]\w*)", sql))
        used = {name: value for name, value in given.items() if name in named}
        return self.connection.sql(sql, params=used).to_arrow_table()

    def records(self, event_ids: Sequence[str]) -> dict[str, tuple[str, str, int]]:
        """Find the original record behind each event: event id → (source, sha256 of the file, record number).

        Events that views derive carry their row's id in front of a slash.
        """
        wanted = {event_id: event_id.split("/", 1)[0] for event_id in event_ids}
        self.register(
            "wanted_event", pa.table({"event_id": pa.array(sorted(set(wanted.values())), pa.string())})
        )
        found: dict[str, tuple[str, str, int]] = {}
        for table in schema().tables.values():
            rows = self.connection.sql(
                f"SELECT event_id, source, raw_file, raw_record FROM {identifier('known_' + table.name)} "
                "WHERE event_id IN (SELECT event_id FROM wanted_event)"
            ).fetchall()
            found.update(
                {event_id: (source, raw_file, record) for event_id, source, raw_file, record in rows}
            )
        return {event_id: found[row_id] for event_id, row_id in wanted.items() if row_id in found}

    def register(self, name: str, rows: pa.Table) -> None:
        """Make rows readable as a table of this session."""
        self.connection.register("given", rows)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {identifier(name)} AS SELECT * FROM given")
        self.connection.unregister("given")


def prepare(key: bytes, memory_limit: str = "1GB", threads: int = 2, workspace: Path | None = None) -> Any:
    """Open a database with the macros and the reference tables, to be shared by sessions."""
    connection = connect(memory_limit, threads, workspace)
    install_macros(connection, key)
    _install_references(connection)
    return connection


@contextmanager
def session(
    relations: Mapping[str, Sequence[str] | pa.Table],
    as_of: datetime,
    key: bytes,
    memory_limit: str = "1GB",
    threads: int = 2,
    workspace: Path | None = None,
    engine: Any = None,
    uncut: Sequence[str] = (),
    databases: Sequence[AddressDatabase] = (),
    rolling: Rolling | None = None,
) -> Iterator[Session]:
    """Open the views over `relations` (table → Parquet files, or its rows) as known at `as_of`.

    Of the tables in `uncut` all rows are read, whenever they were known. Tables that are not given are
    empty. Of `databases`, what they tell of addresses fills what sources left empty. Times are UTC. The connection is
    closed at the end. Whoever opens many sessions hands in an
    `engine` that `prepare` made; it holds what does not depend on rows or time, and its key, memory and
    threads then count.
    """
    connection = prepare(key, memory_limit, threads, workspace) if engine is None else engine.cursor()
    try:
        connection.execute("SET TimeZone = 'UTC'")  # a cursor does not inherit it
        _install_hidden(connection, relations.get("superseded"), as_of, cut="superseded" not in uncut)
        source = _Rows(connection, as_of)
        rollups = Rollups.choose(connection, rolling, source.sql, None if uncut else as_of)
        kinds = {
            name: "VIEW" if name in rollups.tables() else _relation_kind(connection, relations.get(name))
            for name in schema().tables
        }
        for table in schema().tables.values():
            _install_table(
                source, table, relations.get(table.name), kinds[table.name], table.name not in uncut
            )
        rollups.install_facts()
        if databases:
            _install_facts(connection, kinds, databases, None if "signin" in uncut else as_of, rollups)
            source.filled = True
        _install_lists(connection, kinds["intelligence"], rollups)
        _install_device_runs(connection, rollups)
        _run(connection, "identity", as_of)
        _run(connection, "history", as_of)
        _run(connection, "claim", as_of)
        for table in schema().tables.values():
            _install_resolved(connection, table, kinds[table.name], rollups)
        _install_coverage(connection, rollups)
        _run(connection, "subject", as_of)
        _install_sources(connection, rollups)
        _install_things(connection, rollups)
        _run(connection, "names", as_of)
        _run(connection, "tools", as_of)
        _run(connection, "shared", as_of)
        yield Session(connection, as_of)
    finally:
        connection.close()


def _run(connection: Any, name: str, as_of: datetime) -> None:
    """Run one file of views, statement by statement."""
    text = resources.files("pickglass.lake").joinpath("views", f"{name}.sql").read_text("utf-8")
    text = re.sub(r"--[^\n]*", "", text).replace("$as_of", literal(as_of.isoformat()))
    for statement in text.split(";\n"):
        if statement.strip():
            connection.execute(statement)


def _install_references(connection: Any) -> None:
    for name in reference_names():
        connection.execute(
            f"CREATE TABLE {identifier('reference_' + name)} AS "
            f"SELECT * FROM read_csv({literal(str(reference_path(name)))}, header = true, all_varchar = true, "
            "nullstr = '\\N', force_not_null = [])"
        )


def _relation_kind(connection: Any, given: Sequence[str] | pa.Table | None) -> str:
    """Say how rows are held: as a table in memory, or, where they are many, as a view of their files."""
    if given is None or isinstance(given, pa.Table) or not given:
        return "TABLE"
    files = ", ".join(literal(path) for path in given)
    rows = connection.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata([{files}])").fetchone()[0]
    return "TABLE" if rows <= HELD_ROWS else "VIEW"


def _empty(table: Table) -> str:
    columns = ", ".join(
        f"CAST(NULL AS {column.duckdb_type}) AS {identifier(column.name)}"
        for column in table.columns.values()
    )
    return f"SELECT {columns} WHERE false"


@dataclass(slots=True)
class _Rows:
    """How the rows of a table are asked for: as they were known, without those that are superseded."""

    connection: Any
    as_of: datetime
    filled: bool = False  # address databases fill what sources left empty

    def sql(self, name: str, files: Sequence[str], cut: bool) -> str:
        """Write the question for a table's rows in some files; cut to what was known at the moment."""
        # A file that is older than a column lacks it: the empty relation brings all columns.
        listed = ", ".join(literal(path) for path in files)
        rows = self.known(
            schema().tables[name],
            f"(SELECT * FROM ({_empty(schema().tables[name])}) UNION ALL BY NAME "
            f"SELECT * FROM read_parquet([{listed}], union_by_name = true, hive_partitioning = false))",
            cut,
        )
        return _filled_sql(name, f"({rows})") if self.filled and name in _FILLED else rows

    def known(self, table: Table, origin: str, cut: bool) -> str:
        """Write the question for those rows of `origin` that count."""
        columns = ", ".join(
            f"CAST({identifier(column.name)} AS {column.duckdb_type}) AS {identifier(column.name)}"
            for column in table.columns.values()
        )
        where = f"known <= CAST({literal(self.as_of.isoformat())} AS TIMESTAMPTZ)" if cut else "true"
        if table.name != "superseded" and _holds_any(self.connection, "hidden_row"):
            where += (
                " AND NOT EXISTS (SELECT 1 FROM hidden_row s WHERE s.event_id = r.event_id "
                "AND s.raw_file = r.raw_file AND s.raw_record = r.raw_record)"
            )
        return f"SELECT {columns} FROM {origin} r WHERE {where}"


def _install_table(
    source: _Rows, table: Table, given: Sequence[str] | pa.Table | None, kind: str, cut: bool
) -> None:
    """Make `known_<table>`: the rows that were known (all where nothing is cut) and are not superseded."""
    connection, name = source.connection, identifier("known_" + table.name)
    if given is None or (not isinstance(given, pa.Table) and not given):
        connection.execute(f"CREATE TEMP TABLE {name} AS {_empty(table)}")
        return
    if isinstance(given, pa.Table):
        rows = identifier("rows_" + table.name)
        connection.register("given", given)
        connection.execute(f"CREATE TEMP TABLE {rows} AS SELECT * FROM given")
        connection.unregister("given")
        sql = source.known(
            table, f"(SELECT * FROM ({_empty(table)}) UNION ALL BY NAME SELECT * FROM {rows})", cut
        )
    else:
        sql = source.sql(table.name, given, cut)
    connection.execute(f"CREATE TEMP {kind} {name} AS {sql}")


def _install_hidden(
    connection: Any, superseded: Sequence[str] | pa.Table | None, as_of: datetime, *, cut: bool
) -> None:
    """Make `hidden_row`: the places of rows that a later version replaced."""
    connection.execute("CREATE TEMP TABLE hidden_row (event_id VARCHAR, raw_file VARCHAR, raw_record BIGINT)")
    if superseded is None or not len(superseded):
        return
    if isinstance(superseded, pa.Table):
        connection.register("given", superseded)
        rows = "given"
    else:
        rows = f"read_parquet([{', '.join(literal(path) for path in superseded)}])"
    moment = f"known <= CAST({literal(as_of.isoformat())} AS TIMESTAMPTZ)" if cut else "true"
    connection.execute(
        f"INSERT INTO hidden_row SELECT DISTINCT event_id, raw_file, raw_record FROM {rows} WHERE {moment}"
    )


def _holds_any(connection: Any, name: str) -> bool:
    return bool(connection.execute(f"SELECT 1 FROM {identifier(name)} LIMIT 1").fetchall())


def _install_device_runs(connection: Any, rollups: Rollups) -> None:
    """Make `device_run`: who used which device, wherever that changed within a part of a log; and `device_row`: row by row."""
    parts = [
        rollups.device_runs(name)
        if name in rollups.tables()
        else f"SELECT *, {literal(name)} AS part FROM ({device_run_sql(name, identifier('known_' + name))})"
        for name in HOLDERS
    ]
    connection.execute(f"CREATE TEMP VIEW device_run AS {' UNION ALL '.join(parts)}")
    rows = [device_row_sql(name, identifier("known_" + name)) for name in HOLDERS]
    connection.execute(f"CREATE TEMP VIEW device_row AS {' UNION ALL '.join(rows)}")


def _resolving(table: Table, rows: str) -> str:
    """Write the question for some rows of a table with the subject they belong to."""
    by_account = (
        f"SELECT a.subject_id, r.* FROM {rows} r JOIN account_subject a ON a.account = lower(r.account)"
    )
    if table.name == "mail":
        return f"SELECT a.subject_id, r.* FROM {rows} r JOIN account_subject a ON a.account = lower(r.sender)"
    if table.name == "shipment_event":
        return (
            f"SELECT coalesce(a.subject_id, p.subject_id) AS subject_id, r.* FROM {rows} r "
            "LEFT JOIN account_subject a ON a.account = lower(r.account) "
            "LEFT JOIN parcel_subject p ON p.tracking_number = r.tracking_number "
            "WHERE coalesce(a.subject_id, p.subject_id) IS NOT NULL"
        )
    if table.name not in ROLLED:
        return by_account
    columns = ", ".join(f"r.{identifier(name)}" for name in table.columns if name not in PROOF)
    if table.name in _DEVICE_TABLES:
        keys = [
            f"lower(r.{key})" if key == "device_name" else f"r.{key}" for key in ROLLED[table.name].devices
        ]
        joins = " ".join(f"LEFT JOIN held_device k{n} ON k{n}.device = {key}" for n, key in enumerate(keys))
        held = ", ".join(f"k{n}.device" for n in range(len(keys)))
        sql = (
            f"SELECT coalesce(a.subject_id, h.subject_id) AS subject_id, {columns} FROM {rows} r "
            f"LEFT JOIN account_subject a ON a.account = lower(r.account) {joins} "
            f"LEFT JOIN device_holder h ON a.subject_id IS NULL AND h.device = coalesce({held}) "
            "AND r.time >= h.from_time AND r.time < h.until_time "
            "WHERE coalesce(a.subject_id, h.subject_id) IS NOT NULL"
        )
    else:
        sql = f"SELECT a.subject_id, {columns} FROM {rows} r JOIN account_subject a ON a.account = lower(r.account)"
    if table.name not in _WITH_PLACE:
        return sql
    # The distance to the claimed place, in kilometres (haversine, radius 6371).
    return (
        "SELECT r.*, CASE WHEN r.latitude IS NULL OR r.longitude IS NULL OR c.claimed_latitude IS NULL THEN NULL ELSE "
        "2 * 6371 * asin(least(1, sqrt(power(sin(radians(r.latitude - c.claimed_latitude) / 2), 2) + "
        "cos(radians(c.claimed_latitude)) * cos(radians(r.latitude)) * "
        "power(sin(radians(r.longitude - c.claimed_longitude) / 2), 2)))) END AS claimed_km "
        f"FROM ({sql}) r LEFT JOIN claim c ON c.subject_id = r.subject_id"
    )


def _install_resolved(connection: Any, table: Table, kind: str, rollups: Rollups) -> None:
    """Make the view that bears the table's own name: its rows with the subject they belong to."""
    name, known = identifier(table.name), identifier("known_" + table.name)
    if table.name in ("rejects", "superseded", "intelligence"):
        return  # nobody asks an indicator's question of the first two; `_install_lists` makes the third
    if table.name in _WITHOUT_SUBJECT:
        connection.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM {known}")
        return
    if table.name == "mail":
        connection.execute(f"CREATE TEMP VIEW mail_message AS SELECT * FROM {known}")
    if table.name in rollups.tables():
        rollups.install(table.name, lambda rows: _resolving(table, rows))
        return
    rows = known
    if table.name == "hr_change":
        rows = (
            f"(SELECT * FROM {known} UNION ALL BY NAME SELECT * EXCLUDE (roster_event_id) FROM roster_change "
            "UNION ALL BY NAME SELECT * EXCLUDE (roster_event_id) FROM roster_absence)"
        )
    connection.execute(f"CREATE TEMP {kind} {name} AS {_resolving(table, rows)}")


def _install_facts(
    connection: Any,
    kinds: Mapping[str, str],
    databases: Sequence[AddressDatabase],
    as_of: datetime | None,
    rollups: Rollups,
) -> None:
    """Fill what sources left empty with what address databases say of each distinct address."""
    parts = [rollups.addresses(name, "src_ip") for name in _FILLED]
    found = connection.execute(
        f"SELECT DISTINCT address FROM ({' UNION ALL '.join(parts)}) WHERE address IS NOT NULL ORDER BY address"
    ).fetchall()
    connection.register("given", address_facts([row[0] for row in found], databases, as_of))
    connection.execute("CREATE TEMP TABLE address_fact AS SELECT * FROM given")
    connection.unregister("given")
    for name in _FILLED:
        known, plain, kind = identifier("known_" + name), identifier("plain_" + name), kinds[name]
        connection.execute(f"ALTER {kind} {known} RENAME TO {plain}")
        connection.execute(f"CREATE TEMP {kind} {known} AS {_filled_sql(name, plain)}")
        if kind == "TABLE":
            connection.execute(f"DROP TABLE {plain}")


def _filled_sql(name: str, rows: str) -> str:
    """Write the question for rows of a table with what `address_fact` tells where the source left it empty."""
    filled = _FILLED[name]
    no_place = " AND ".join(f"r.{column} IS NULL" for column in _PLACE if column in filled)
    values = ", ".join(
        f"CASE WHEN {no_place} THEN f.{column} ELSE r.{column} END AS {column}"
        if column in _PLACE
        else f"coalesce(r.{column}, f.{column}) AS {column}"
        for column in filled
    )
    return (
        f"SELECT r.* REPLACE ({values}) FROM {rows} r "
        "LEFT JOIN address_fact f ON f.address = r.src_ip AND r.time >= f.from_time AND r.time < f.until_time"
    )


def _install_lists(connection: Any, kind: str, rollups: Rollups) -> None:
    """Make `intelligence`: the entries in force, and an `ip` for each address of ours in a listed network.

    A list that was withdrawn, or given anew, has no entries from before. An entry that a network became bears the
    network's row in front of a slash.
    """
    connection.execute(
        f"CREATE TEMP {kind} listed AS SELECT r.* FROM known_intelligence r LEFT JOIN ("
        "SELECT list_name, max(coalesce(added, time)) AS moment FROM known_intelligence WHERE kind = 'withdrawn' GROUP BY list_name"
        ") w ON w.list_name = r.list_name WHERE r.kind <> 'withdrawn' AND (r.valid_until IS NULL OR r.valid_until > r.time) "
        "AND (w.moment IS NULL OR coalesce(r.added, r.time) >= w.moment)"
    )
    connection.execute("CREATE TEMP TABLE network_hit (address VARCHAR, network VARCHAR)")
    if connection.execute("SELECT 1 FROM listed WHERE kind = 'network' LIMIT 1").fetchall():
        addresses = " UNION ALL ".join(rollups.addresses(name, column) for name, column in _ADDRESSES)
        connection.execute(
            "CREATE TEMP TABLE seen_address AS "
            f"SELECT DISTINCT lower(address) AS address FROM ({addresses}) WHERE address IS NOT NULL"
        )
        match_networks(
            connection,
            "(SELECT value AS network FROM listed WHERE kind = 'network')",
            "seen_address",
            "network_hit",
        )
    connection.execute(
        "CREATE TEMP VIEW intelligence AS SELECT * FROM listed UNION ALL BY NAME "
        "SELECT l.* REPLACE (l.event_id || '/' || h.address AS event_id, 'ip' AS kind, h.address AS value) "
        "FROM listed l JOIN network_hit h ON l.kind = 'network' AND l.value = h.network"
    )


def _install_coverage(connection: Any, rollups: Rollups) -> None:
    """Make `coverage`: for which subject which table was seen from when to when, and on how many days."""
    parts = [
        f"SELECT subject_id, {literal(table.name)} AS table_name, min(first_time) AS first_time, max(last_time) AS last_time, "
        "CAST(sum(bit_count(days)) AS BIGINT) AS days FROM ("
        "SELECT subject_id, month, bit_or(days) AS days, min(first_time) AS first_time, max(last_time) AS last_time "
        f"FROM ({rollups.coverage(table.name)}) GROUP BY subject_id, month) GROUP BY subject_id"
        for table in schema().tables.values()
        if table.name not in _WITHOUT_SUBJECT
    ]
    connection.execute("CREATE TEMP TABLE coverage AS " + " UNION ALL ".join(parts))


def _install_sources(connection: Any, rollups: Rollups) -> None:
    """Make `signin_source`, and `egress`: how many people sign in from each address."""
    connection.execute(
        f"CREATE TEMP TABLE signin_source AS SELECT DISTINCT {', '.join(SOURCE)} FROM ({rollups.sources()})"
    )
    connection.execute(
        "CREATE TEMP TABLE egress AS SELECT src_ip, count(DISTINCT subject_id) AS subjects "
        "FROM signin_source WHERE src_ip IS NOT NULL GROUP BY src_ip"
    )


def _install_things(connection: Any, rollups: Rollups) -> None:
    """Make `machine_thing`: what machines were seen with each subject, month by month; and `device_use`."""
    connection.execute(
        "CREATE TEMP VIEW device_use AS SELECT subject_id, device_id, time, event_id FROM signin "
        f"WHERE device_id IS NOT NULL AND {OWN_DEVICE}"
    )
    connection.execute(
        "CREATE TEMP VIEW machine_thing AS "
        + " UNION ALL ".join(f"({rollups.things(name)})" for name in THINGS)
    )


def rows_as_tables(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, pa.Table]:
    """Turn rows given in Python (times as datetimes or ISO texts) into relations for `session`."""
    relations = {}
    for name, rows in tables.items():
        table = schema().tables[name]
        columns = {
            column.name: pa.array(
                [_plain(row.get(column.name), column.type) for row in rows], ARROW_TYPES[column.type]
            )
            for column in table.columns.values()
        }
        relations[name] = pa.table(columns)
    return relations


def _plain(value: Any, kind: str) -> Any:
    if value is None or kind != "time":
        return value
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    elif not isinstance(value, datetime):  # YAML reads a bare day as a date
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value if value.tzinfo else value.replace(tzinfo=UTC)
