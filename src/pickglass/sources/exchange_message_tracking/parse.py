"""Message tracking logs: the header names the columns of the lines below it, so the file is read as a whole."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from pickglass.sources.reading import Record, blocks

if TYPE_CHECKING:
    from pickglass.sources.reading import Member

FIELDS = 100  # no version of the log has more columns


def records(member: Member) -> Iterator[Record]:
    """Read each line below a header as one record; the header's own lines are none.

    A server turns its files every hour: where some were put behind each other, each header counts from its place on.
    """
    fields: list[str] = []
    for block in blocks(replace(member, form="text")):
        for place, raw in enumerate(block.raws):
            if place in block.problems:
                yield Record(b"", raw, block.problems[place])
                continue
            line = raw.decode("utf-8", "replace").lstrip("\ufeff")
            if line.startswith("#"):
                if line.startswith("#Fields: "):
                    fields = line.removeprefix("#Fields: ").strip().split(",")[:FIELDS]
                continue
            yield _record(fields, line, raw)


def _record(fields: list[str], line: str, raw: bytes) -> Record:
    if not fields:
        return Record(b"", raw, "no header names the columns of this line")
    try:
        values = next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        return Record(b"", raw, f"not a line of a table: {error}")
    if len(values) != len(fields):
        return Record(b"", raw, f"{len(values)} fields, header has {len(fields)}")
    return Record(orjson.dumps(dict(zip(fields, values, strict=True))), raw)
