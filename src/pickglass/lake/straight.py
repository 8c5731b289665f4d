"""The straight way through a chunk: one statement from the text of its records to a file of rows.

Reading with types, leaving out, mapping, converting and writing run as one stream, so that nothing wide is kept in
between: that is what costs most of a load's time. It is for chunks in which nothing is wrong, as nearly all are.
Whatever is, a record that does not fit, a value that is no time, a record that no mapping takes, stops it; then
nothing of it stays, and the chunk goes the careful way (`mapping`), which tells record by record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pickglass.lake.conversion import rows_query
from pickglass.lake.engine import identifier, literal
from pickglass.lake.statements import (
    LoadMoment,
    event_id,
    file_date,
    first_rule,
    reader,
    record_key,
    table_columns,
)
from pickglass.model.schema import schema
from pickglass.model.source import SourceDefinition


@dataclass(frozen=True, slots=True)
class Straight:
    """What came of a chunk that went straight: its rows, whether they lie in one month, records left out by rule."""

    rows: int
    one_month: bool
    ignored: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one file that go straight: where their text lies, and what stands beside each."""

    text: Path
    longest: int
    raw_file: str
    file_name: str
    numbers: pa.Table  # `_record` and `_hash`, in step with the lines of the text


def map_straight(
    connection: Any,
    source: SourceDefinition,
    given: Mapping[str, str],
    records: Records,
    load: LoadMoment,
    path: Path,
) -> Straight | None:
    """Write the rows of records to a Parquet file as their table has them; None, and no file, if anything is unusual.

    `given` are the columns that the source's SELECT gives, with their types. The connection must have one thread,
    and a source that goes straight has one table.
    """

    def run(sql: str) -> list[Any]:
        return list(connection.execute(sql).fetchall())

    connection.register("numbers", records.numbers)
    try:
        run(
            f"COPY ({_rows(source, given, records, load)}) TO {literal(str(path))} "
            # Level 1 is a third faster than the default, and no bigger.
            "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
        )
        ((rows, mapped, one_month),) = run(
            "SELECT count(raw_record), count(DISTINCT raw_record), strftime(min(time), '%Y-%m') = strftime(max(time), '%Y-%m') "
            f"FROM read_parquet({literal(str(path))}, hive_partitioning = false)"
        )
        ignored: dict[str, int] = {}
        if mapped < len(records.numbers) and source.ignore:
            rule = f"SELECT {first_rule(source)} AS rule FROM ({_read(source, records)})"
            ignored = dict(run(f"SELECT rule, count(*) FROM ({rule}) WHERE rule IS NOT NULL GROUP BY rule"))
        if mapped + sum(ignored.values()) == len(records.numbers):
            return Straight(rows, bool(one_month), ignored)
    except duckdb.Error:
        pass  # the careful way says what is wrong, and with which record
    finally:
        connection.unregister("numbers")
    path.unlink(missing_ok=True)
    return None


def _read(source: SourceDefinition, records: Records) -> str:
    """Write the records with their file's name: the n-th object that is read stands beside the n-th number.

    A line that is no object, or two, leaves one side without the other, which stops the statement.
    """
    name = literal(records.file_name)
    paired = "CASE WHEN _is_read AND _record IS NOT NULL THEN true ELSE error('a line is not one record') END"
    return (
        f"SELECT * EXCLUDE (_is_read), {name} AS _file_name, {file_date(name)} AS _file_date "
        f"FROM (SELECT *, true AS _is_read FROM {reader(source, records.text, records.longest)}) POSITIONAL JOIN numbers "
        f"WHERE {paired}"
    )


def _rows(source: SourceDefinition, given: Mapping[str, str], records: Records, load: LoadMoment) -> str:
    """Write the SELECT of the table's rows.

    A source's SQL passes `_n` on unseen, so here it bears all that a row must know of its record: number, hash, key.
    """
    ((name, sql),) = source.tables.items()
    table = schema().tables[name]
    own = ", ".join(identifier(column) for column in source.columns)
    left = f"WHERE {first_rule(source)} IS NULL" if source.ignore else ""
    raw = (
        f"SELECT {{'record': _record, 'hash': _hash, 'key': {record_key(source, '_hash')}}} AS _n, "
        f"_file_name, _file_date, {own} FROM ({_read(source, records)}) {left}"
    )
    rows = rows_query(table, given, source, f"SELECT * FROM (\n{sql}\n)")
    sound = "CASE WHEN m._problem = '' THEN true ELSE error('a value does not fit') END"
    return (
        f"WITH raw AS ({raw}) SELECT {table_columns(table)} FROM (SELECT m.*, {load.provenance(source)}, "
        f"{event_id(source, name, 'm._n.key', parted='_part' in given)} AS event_id, "
        f"{literal(records.raw_file)} AS raw_file, m._n.record AS raw_record, m._n.hash AS record_hash "
        f"FROM ({rows}) m WHERE {sound})"
    )
