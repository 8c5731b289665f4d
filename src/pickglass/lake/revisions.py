"""Versions of one record: which staged rows are new, which are there already, and which rows give way.

Rows of one `event_id` are its versions. They stand in an order that does not depend on when they were loaded:

* where the source gives a marker (a counter, or the time of its last change), by that marker;
* where it gives none, in the order in which the record was given anew. Such a version gets the marker
  `given:2`, `given:3` …, so that the order survives the load.

The last version in that order is in force. `superseded` notes each other one by its place (original file and
record number, not by its content, which may come back), with the moment from which a later version was known.
A row that is the same as the version before it in that order is a duplicate.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pickglass.lake.engine import literal

KEYS = "event_id, record_hash, source, time, known, raw_file, raw_record, mapping_version, load_id"
GIVEN = "given:"  # what our own markers begin with

_NUMBER = "try_cast(revision AS DOUBLE)"
# A clock and not a word: DuckDB takes «now» and «epoch» for times.
_MOMENT = (
    "CASE WHEN regexp_matches(revision, '^\\d{4}-\\d{2}-\\d{2}') THEN try_cast(revision AS TIMESTAMPTZ) END"
)


def prepare(connection: Any) -> None:
    """Make the tables that `settle` fills, for all tables of a batch together: `replaced` and `duplicate`."""
    connection.execute(
        "CREATE TEMP TABLE replaced (event_id VARCHAR, record_hash VARCHAR, source VARCHAR, time TIMESTAMPTZ, known TIMESTAMPTZ, "
        "raw_file VARCHAR, raw_record BIGINT, mapping_version VARCHAR, load_id BIGINT, revision VARCHAR)"
    )
    connection.execute("CREATE TEMP TABLE duplicate (raw_file VARCHAR, raw_record BIGINT)")


def settle(
    connection: Any,
    name: str,
    existing: Sequence[str],
    superseded: Sequence[str],
    loaded: datetime,
    load_id: int,
) -> None:
    """Compare `staged_key` with the rows in `existing` files: makes `kept`, and adds to `replaced` and `duplicate`.

    `kept` names the staged rows that enter (filename, file_row_number) with their `known` and `revision`.
    `superseded` are the files of that table. A revision without a time of its own is known since `loaded`, or
    since the time that the table `loaded_at` gives for its file, where there is one.
    """
    _read_present(connection, existing, superseded)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE several AS SELECT DISTINCT event_id FROM present "
        "UNION SELECT event_id FROM staged_key GROUP BY event_id HAVING count(*) > 1"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE version AS SELECT *, {_NUMBER} AS number, {_MOMENT} AS moment FROM ("
        f"SELECT {KEYS}, revision, true AS fresh, NULL::TIMESTAMPTZ AS hidden, filename, file_row_number "
        "FROM staged_key SEMI JOIN several USING (event_id) UNION ALL BY NAME "
        f"SELECT {KEYS}, revision, false AS fresh, hidden FROM present)"
    )
    # Versions without a marker of the source come first, in the order in which they were given.
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE placed AS SELECT *, row_number() OVER versions AS place, "
        "record_hash IS NOT DISTINCT FROM lag(record_hash) OVER versions AS same FROM ("
        f"SELECT *, coalesce(starts_with(revision, '{GIVEN}'), true) AS unmarked, "
        f"CASE WHEN starts_with(revision, '{GIVEN}') THEN try_cast(substr(revision, {len(GIVEN) + 1}) AS DOUBLE) "
        "WHEN revision IS NULL THEN CASE WHEN fresh THEN 1e18 ELSE 1 END ELSE number END AS ordinal FROM version) "
        "WINDOW versions AS (PARTITION BY event_id ORDER BY unmarked DESC, ordinal NULLS FIRST, moment NULLS FIRST, revision, "
        "fresh, hidden NULLS LAST, load_id, filename, file_row_number, raw_file, raw_record)"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE settled AS {_settled(connection, loaded)}")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE kept AS SELECT filename, file_row_number, known, revision FROM settled WHERE fresh "
        "UNION ALL SELECT filename, file_row_number, "
        # Not least() alone: of a time and a null it takes the time.
        f"CASE WHEN moment IS NULL THEN known ELSE greatest(known, least(moment, {_loaded_at(connection, 'single', loaded)})) END, "
        f"nullif(revision, '{GIVEN}1') FROM (SELECT *, {_MOMENT} AS moment FROM staged_key ANTI JOIN several USING (event_id)) single"
    )
    if name == "rejects":  # the same record rejected again is no news, and no record of its own
        return
    connection.execute("INSERT INTO duplicate SELECT raw_file, raw_record FROM placed WHERE fresh AND same")
    connection.execute(
        f"INSERT INTO replaced SELECT event_id, record_hash, source, time, later, raw_file, raw_record, mapping_version, {load_id}, "
        "revision FROM (SELECT *, min(known) OVER (PARTITION BY event_id ORDER BY place "
        "ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS later FROM settled) "
        "WHERE later IS NOT NULL AND (hidden IS NULL OR later < hidden)"
    )


def _read_present(connection: Any, existing: Sequence[str], superseded: Sequence[str]) -> None:
    """Make `present`: the rows that are there of the staged events, and since when each is hidden."""
    empty = f"SELECT {KEYS}, CAST(NULL AS VARCHAR) AS revision FROM staged_key WHERE false"
    if not existing:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE present AS SELECT *, known AS hidden FROM ({empty})"
        )
        return
    files = f"read_parquet([{', '.join(map(literal, existing))}], hive_partitioning = false, union_by_name = true)"
    # A file that is older than the column `revision` lacks it: the empty relation brings it.
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE present AS SELECT {KEYS}, revision, NULL::TIMESTAMPTZ AS hidden "
        f"FROM ({empty} UNION ALL BY NAME SELECT * FROM {files}) WHERE event_id IN (SELECT event_id FROM staged_key)"
    )
    if not superseded or not connection.execute("SELECT count(*) FROM present").fetchone()[0]:
        return
    listed = f"read_parquet([{', '.join(map(literal, superseded))}], hive_partitioning = false, union_by_name = true)"
    connection.execute(
        "UPDATE present SET hidden = s.since FROM (SELECT event_id, raw_file, raw_record, min(known) AS since "
        f"FROM {listed} WHERE event_id IN (SELECT event_id FROM present) GROUP BY ALL) s "
        "WHERE s.event_id = present.event_id AND s.raw_file = present.raw_file AND s.raw_record = present.raw_record"
    )


def _settled(connection: Any, loaded: datetime) -> str:
    """Write the SELECT of all versions that count, with the markers and moments that the new ones get."""
    when = _loaded_at(connection, "placed", loaded)
    return (
        "SELECT * REPLACE ("
        "CASE WHEN NOT fresh OR numbered THEN known "
        f"WHEN unmarked THEN CASE WHEN given > 1 THEN {when} ELSE known END "
        f"WHEN moment IS NOT NULL THEN greatest(known, least(moment, {when})) "
        f"WHEN place > 1 THEN {when} ELSE known END AS known, "
        f"CASE WHEN revision = '{GIVEN}1' THEN NULL "
        f"WHEN fresh AND unmarked AND NOT numbered AND given > 1 THEN '{GIVEN}' || given ELSE revision END AS revision) "
        "FROM (SELECT *, CAST(coalesce(max(ordinal) FILTER (numbered) OVER (PARTITION BY event_id), 0) "
        "+ count(*) FILTER (unmarked AND NOT numbered AND NOT same) OVER (PARTITION BY event_id ORDER BY place) AS BIGINT) AS given "
        "FROM (SELECT *, unmarked AND ordinal < 1e18 AS numbered FROM placed)) AS placed WHERE NOT (fresh AND same)"
    )


def _loaded_at(connection: Any, table: str, loaded: datetime) -> str:
    """Write when a row's file was loaded: now, unless its load is repeated with a better mapping."""
    now = f"CAST({literal(loaded.isoformat())} AS TIMESTAMPTZ)"
    if not connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'loaded_at'").fetchall():
        return now
    return f"coalesce((SELECT l.moment FROM loaded_at l WHERE l.raw_file = {table}.raw_file), {now})"
