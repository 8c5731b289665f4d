"""Staged rows: how the files of a batch are read, and which of them enter their table as they are.

Most files of a big load hold rows that nobody has seen before. Reading, sorting and writing them once more would
cost as much as making them, and memory that grows with the batch. So a file that is whole (`mapping.is_whole`) and
shares no event with any other row, in the batch or in the table, becomes a file of the table by a change of its
name; only the rest is compared row by row. Compaction sorts them later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pickglass.lake.engine import literal
from pickglass.lake.mapping import is_like_table, is_whole


def staged_rows(paths: Sequence[Path]) -> str:
    """Write the relation of staged rows, with the name of their file and their number in it."""
    parts = []
    for like_table in (False, True):
        if chosen := [path for path in paths if is_like_table(path) is like_table]:
            # No revision can touch the rows of such a file, so its column says nothing yet.
            columns = "* EXCLUDE (revision), CAST(NULL AS VARCHAR) AS _revision" if like_table else "*"
            parts.append(f"SELECT {columns} FROM {_files(chosen, 'filename = true, file_row_number = true')}")
    return f"({' UNION ALL BY NAME '.join(parts)})"


def uncontested(connection: Any, paths: Sequence[Path], existing: Sequence[str]) -> list[Path]:
    """Choose the staged files that can enter as they are: none of their rows is known, given twice, or shut out.

    `existing` are the table's own files that may hold the same events; the tables `quarantined` and `left_out` name
    the files and records that are shut out. Events are compared by a hash of 64 bits: if
    two should ever share one, their files are compared row by row, and nothing is lost.
    """
    whole = [path for path in paths if is_whole(path)]
    if not whole:
        return []
    key = "SELECT hash(event_id) AS key FROM"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE contested AS {key} {_files(paths)} GROUP BY key HAVING count(*) > 1"
    )
    if existing:
        connection.execute(
            f"INSERT INTO contested SELECT key FROM ({key} {_files(existing)}) "
            f"WHERE key IN ({key} {_files(whole)})"
        )
    spoiled = connection.execute(
        f"SELECT DISTINCT filename FROM {_files(whole, 'filename = true')} WHERE hash(event_id) IN (SELECT key FROM contested) "
        "OR raw_file IN (SELECT raw_file FROM quarantined) "
        "OR (raw_file, raw_record) IN (SELECT (raw_file, raw_record) FROM left_out)"
    ).fetchall()
    return [path for path in whole if (str(path),) not in spoiled]


def time_range(connection: Any, paths: Sequence[Path]) -> tuple[datetime | None, datetime | None]:
    """Return the first and the last time of staged rows."""
    first, last = connection.execute(f"SELECT min(time), max(time) FROM {_files(paths)}").fetchone()
    return first, last


def count_rows(connection: Any, paths: Sequence[Path]) -> dict[str, int]:
    """Count the rows of files by original file."""
    if not paths:
        return {}
    found = connection.execute(f"SELECT raw_file, count(*) FROM {_files(paths)} GROUP BY 1").fetchall()
    return dict(found)


def _files(paths: Sequence[Path | str], options: str = "") -> str:
    listed = ", ".join(literal(str(path)) for path in paths)
    more = f", {options}" if options else ""
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false{more})"
