"""Made-up sources for tests of the mapping, and one way to send lines through it."""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pickglass.lake.engine import connect, install_macros, literal
from pickglass.lake.mapping import Chunk, Mapper
from pickglass.model.source import IgnoreRule, Recognition, SourceDefinition

LOADED = datetime(2100, 1, 1, tzinfo=UTC)
DEVICE = "SELECT _n, time, id AS device_id, activity, managed, latitude FROM raw"


def source(
    tables: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
    *,
    id: str = "made_up",
    key: str | None = None,
    ignore: Mapping[str, str] | None = None,
    time_zone: str = "UTC",
    time_formats: Sequence[str] = (),
    delay_hours: float = 0,
) -> SourceDefinition:
    """Return a source of device states, unless told otherwise."""
    plain = ("id", "time", "activity", "managed", "latitude")
    return SourceDefinition(
        id=id,
        title=id,
        vendor="",
        status="verified",
        export="",
        formats=("json",),
        recognise=Recognition(all=("id",)),
        tables=tables or {"device_state": DEVICE},
        columns=columns or dict.fromkeys(plain, "VARCHAR"),
        version=f"{id}@1",
        key=key,
        ignore=tuple(IgnoreRule(rule, when) for rule, when in (ignore or {}).items()),
        time_zone=time_zone,
        time_formats=tuple(time_formats),
        delay_hours=delay_hours,
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a chunk: the rows of each table, and how many records met which fate."""

    rows: dict[str, list[dict[str, Any]]]
    fates: Counter[str]

    def reasons(self) -> dict[int, str]:
        """Say why each rejected record was, by its number."""
        return {row["raw_record"]: row["reason"] for row in self.rows.get("rejects", [])}


@cache
def _connection() -> Any:
    """Open one connection for all tests of a process: what a chunk leaves in it must not touch the next."""
    connection = connect()
    install_macros(connection, b"key of a test")
    return connection


def mapped(
    definition: SourceDefinition,
    lines: Sequence[bytes],
    files: Sequence[str] | None = None,
    records: Sequence[int] | None = None,
    problems: Mapping[int, str] | None = None,
) -> Outcome:
    """Send lines through the mapping, as records 1, 2, 3 … of one file unless told otherwise."""
    given = list(files or ["f" * 64] * len(lines))
    chunk = Chunk(
        lines=lines,
        raw_files=given,
        raw_records=list(records or range(1, len(lines) + 1)),
        record_hashes=[hashlib.sha256(line).hexdigest() for line in lines],
        file_names=given,
        problems=dict(problems or {}),
    )
    connection = _connection()
    with tempfile.TemporaryDirectory() as stage:
        done = Mapper(connection, Path(stage), 1, LOADED).map(definition, chunk)
        rows = {
            name: connection.sql(f"SELECT * FROM read_parquet({literal(str(path))})")
            .to_arrow_table()
            .to_pylist()
            for name, path in done.rows.items()
        }
    fates: Counter[str] = Counter()
    for (_, fate, _), count in done.fates.items():
        fates[fate] += count
    return Outcome(
        {name: sorted(found, key=lambda row: row["raw_record"]) for name, found in rows.items()}, fates
    )
