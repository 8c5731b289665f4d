"""Pieces of SQL that every way of mapping a chunk shares, so that a row is the same whichever way it came.

They speak of a row `m` of a table, its record's key, hash and number, and the file that the record came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pickglass.lake.engine import identifier, literal
from pickglass.model.lines import Lines
from pickglass.model.schema import Table
from pickglass.model.source import SourceDefinition

LEAST_OBJECT_BYTES = 256 * 1024  # the reader's buffers are twice that, and stay in the processor's cache
PROVENANCE = (
    "event_id", "source", "known", "raw_file", "raw_record", "record_hash", "mapping_version", "load_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoadMoment:
    """The load that rows come from: its number, and when its batch became known."""

    id: int
    at: datetime

    @property
    def sql(self) -> str:
        """Write the moment as SQL."""
        return f"CAST({literal(self.at.isoformat())} AS TIMESTAMPTZ)"

    def provenance(self, source: SourceDefinition) -> str:
        """Write the provenance columns that a row's source and load give; `known` never lies after the load."""
        # Added as a number: an interval would be added by the calendar of the time zone, at ten times the cost.
        delay = round(source.delay_hours * 3_600_000_000)
        told = f"make_timestamptz(epoch_us(m.time) + {delay})" if delay else "m.time"
        known = f"least({told}, {self.sql})"
        return (
            f"{literal(source.id)} AS source, {known} AS known, {literal(source.version)} AS mapping_version, "
            f"CAST({self.id} AS BIGINT) AS load_id"
        )


def write_lines(path: Path, lines: Sequence[bytes]) -> None:
    """Write lines as a file that `reader` reads."""
    with path.open("wb", buffering=0) as file:
        if isinstance(lines, Lines):
            for text in lines.texts():
                file.write(text)
            return
        for start in range(0, len(lines), 1000):  # at once would take as much memory again
            file.write(b"\n".join(lines[start : start + 1000]) + b"\n")


def reader(source: SourceDefinition, path: Path, longest: int) -> str:
    """Write the relation of a file's records with the declared types; `longest` is the length of its longest line."""
    columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in source.columns.items())
    return (
        f"read_json({literal(str(path))}, format = 'newline_delimited', columns = {{{columns}}}, "
        f"maximum_object_size = {max(LEAST_OBJECT_BYTES, longest + 1)}, auto_detect = false)"
    )


def raw_columns(source: SourceDefinition) -> str:
    """Write the columns of `raw`, which a source's SQL reads, as a table's definition."""
    columns = ", ".join(f"{identifier(name)} {kind}" for name, kind in source.columns.items())
    return f"(_n BIGINT, _file_name VARCHAR, _file_date VARCHAR, {columns})"


def file_date(name: str) -> str:
    """Write the date that a file's name bears, where `name` is SQL for it.

    The last one: folders and archives in front of a file's own name may bear dates of theirs.
    """
    return (
        f"regexp_replace(regexp_extract_all({name}, '(20\\d{{2}}-?[01]\\d-?[0-3]\\d)(?:\\D|$)', 1)[-1], "
        "'^(\\d{4})-?(\\d{2})-?(\\d{2})$', '\\1-\\2-\\3')"
    )


def first_rule(source: SourceDefinition) -> str:
    """Write the name of the first rule that leaves a record out, null where none does."""
    rules = " ".join(f"WHEN ({rule.when}) THEN {literal(rule.rule)}" for rule in source.ignore)
    return f"CASE {rules} END"


def record_key(source: SourceDefinition, record_hash: str) -> str:
    """Write a record's own key, or its hash where it has none."""
    return f"coalesce(CAST(({source.key}) AS VARCHAR), {record_hash})" if source.key else record_hash


def event_id(source: SourceDefinition, table: str, key: str, *, parted: bool) -> str:
    """Write the id of the event that a row tells: the same for the same record's row, whoever loads it and when."""
    part = "coalesce(CAST(m._part AS VARCHAR), '')" if parted else "''"
    return f"substr(sha256(concat_ws('|', {literal(source.id)}, {literal(table)}, {key}, {part})), 1, 24)"


def table_columns(table: Table) -> str:
    """Write a table's columns in its order from mapped rows; one that the mapping never gives is null."""
    given = {*PROVENANCE, "time", "time_precision", *table.own}
    return ", ".join(
        identifier(name) if name in given else f"CAST(NULL AS {column.duckdb_type}) AS {identifier(name)}"
        for name, column in table.columns.items()
    )
