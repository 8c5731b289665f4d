"""Attendance reports as Teams downloads them: three tables under each other in one file, of which one has the stays.

The first table is about the meeting, the second has one line a person, the third one a stay. Where there is no third
(short or old reports), the second serves.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import orjson

from pickglass.sources.reading import Record, whole_text

if TYPE_CHECKING:
    from pickglass.sources.reading import Member

MAXIMUM_BYTES = 16 * 1024 * 1024

_LINE = re.compile(r"\r\n|\n|\r")  # not splitlines(): it also breaks at characters that stand in names
_SECTION = re.compile(r'\ufeff?"?(\d)\. ([A-Za-z -]{1,60})"?[\t,]*')
_PIECE = re.compile(r"(\d{1,6})\s?([hms])")


def records(member: Member) -> Iterator[Record]:
    """Read every stay as one record. What is no line of its table keeps its bytes and says why."""
    found = whole_text(member, MAXIMUM_BYTES)
    if isinstance(found, Record):
        yield found
        return
    text, cut = found
    tables = _tables(text)
    about = {line[0].strip().lower(): line[1].strip() for line in tables.get("1", []) if len(line) > 1}
    # A report has no id: what it is called and when it began tells it from others.
    meeting = "|".join(filter(None, (about.get("meeting title"), about.get("start time"))))
    people = _rows(tables.get("2", []))
    names = {row["name"]: row.get("participant id (upn)", "") for row in people if row.get("name")}
    stays = _rows(tables.get("3", [])) or people
    for row in stays:
        line = "\t".join(row.values()).encode()
        joined = row.get("join time") or row.get("first join")
        if not joined:
            yield Record(b"", line, "has no time of joining")
            continue
        yield Record(
            orjson.dumps(
                {
                    "meeting": meeting or None,
                    "title": about.get("meeting title"),
                    "name": row.get("name"),
                    "email": row.get("email") or None,
                    "upn": row.get("participant id (upn)") or names.get(row.get("name", "")) or None,
                    "join": joined,
                    "leave": row.get("leave time") or row.get("last leave") or None,
                    "minutes": _minutes(row.get("duration") or row.get("in-meeting duration")),
                    "role": row.get("role"),
                }
            ),
            line,
        )
    if cut:
        yield cut


def _tables(text: str) -> dict[str, list[list[str]]]:
    """Cut the file into its numbered tables, each a list of lines cut into cells."""
    lines = _LINE.split(text)
    found: dict[str, list[list[str]]] = {}
    current: list[list[str]] = []
    for line in lines:
        if section := _SECTION.fullmatch(line.strip()):
            current = found.setdefault(section[1], [])
        elif line.strip():
            try:
                cells = next(csv.reader([line], delimiter="\t" if "\t" in line else ","), [])
            except csv.Error:
                cells = [line]  # no line of its table: it has no time of joining, and is told by that
            current.append(cells)
    return found


def _rows(table: list[list[str]]) -> list[Mapping[str, str]]:
    if not table:
        return []
    header = [cell.strip().lower() for cell in table[0]]
    return [
        {name: cell.strip() for name, cell in zip(header, line, strict=False) if name} for line in table[1:]
    ]


def _minutes(text: str | None) -> float | None:
    """Turn «1h 27m 51s» into minutes; a text of another kind gives nothing."""
    pieces = _PIECE.findall(text or "")
    if not pieces:
        return None
    return round(sum(int(number) * {"h": 60, "m": 1, "s": 1 / 60}[unit] for number, unit in pieces), 2)
