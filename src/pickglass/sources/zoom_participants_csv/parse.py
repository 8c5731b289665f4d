"""Participants reports as Zoom exports them: a line about the meeting above the lines about its participants.

Several reports may stand in one file, one after another. A report without the meeting's line is read too; its rows then
do not say which meeting they belong to.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import orjson

from pickglass.sources.reading import Record, whole_text

if TYPE_CHECKING:
    from pickglass.sources.reading import Member

MAXIMUM_BYTES = 64 * 1024 * 1024

_LINE = re.compile(r"\r\n|\n|\r")  # not splitlines(): it also breaks at characters that stand in names


def records(member: Member) -> Iterator[Record]:
    """Read every participant's line as one record, with what the meeting's line above says."""
    found = whole_text(member, MAXIMUM_BYTES)
    if isinstance(found, Record):
        yield found
        return
    text, cut = found
    header: list[str] = []
    meeting: dict[str, str] = {}
    for line in _LINE.split(text):
        if not line.strip(" ,\t\ufeff"):
            continue
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], strict=True), [])]
        except csv.Error as error:
            yield Record(b"", line.encode(), f"not a line of a table: {error}")
            continue
        first = cells[0].lstrip("\ufeff").lower()
        if first in ("meeting id", "topic", "name (original name)"):
            header = [first, *(cell.lower() for cell in cells[1:])]
            if first != "name (original name)":
                meeting = {}
            continue
        row = dict(zip(header, cells, strict=False))
        if header and header[0] != "name (original name)":
            meeting = row
            continue
        yield Record(orjson.dumps(_stay(row, meeting)), line.encode())
    if cut:
        yield cut


def _stay(row: dict[str, str], meeting: dict[str, str]) -> dict[str, object]:
    duration = row.get("duration (minutes)") or row.get("total duration (minutes)") or ""
    return {
        "meeting_id": meeting.get("meeting id", "").replace(" ", "") or meeting.get("id") or None,
        "meeting_start": meeting.get("start time"),
        "topic": meeting.get("topic"),
        "name": row.get("name (original name)"),
        "email": row.get("user email") or row.get("email") or None,
        "join": row.get("join time") or None,
        "leave": row.get("leave time") or None,
        "minutes": float(duration) if duration.isdecimal() else None,
        "guest": row.get("guest"),
        "waiting": row.get("in waiting room"),
    }
