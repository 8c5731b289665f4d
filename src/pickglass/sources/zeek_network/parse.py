"""Zeek's tab-separated logs: the header names the columns of the lines below it, so the file is read as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import orjson

from pickglass.sources.reading import Record, blocks

if TYPE_CHECKING:
    from pickglass.sources.reading import Member

_ESCAPE = re.compile(r"\\x([0-9A-Fa-f]{2})")
_FIELDS = 500  # no log has more columns


def records(member: Member) -> Iterator[Record]:
    """Read each line below a header as one record; the header's own lines are none.

    Where logs were put behind each other, each header counts from its place on.
    """
    head = _Header()
    for block in blocks(member):
        for place, raw in enumerate(block.raws):
            if place in block.problems:
                yield Record(b"", raw, block.problems[place])
                continue
            line = raw.decode("utf-8", "replace")
            if line.startswith("#"):
                head.read(line)
            else:
                yield head.record(line, raw)


class _Header:
    """What the header of a log has said so far."""

    def __init__(self) -> None:
        self.separator = "\t"
        self.empty, self.unset = "(empty)", "-"
        self.path = ""
        self.fields: list[str] = []

    def read(self, line: str) -> None:
        """Take in one line that begins with #."""
        if line.startswith("#separator "):
            self.separator = _plain(line.removeprefix("#separator ").strip()) or "\t"
            return
        name, _, value = line.partition(self.separator)
        match name:
            case "#empty_field":
                self.empty = value
            case "#unset_field":
                self.unset = value
            case "#path":
                self.path = value
            case "#fields":
                self.fields = value.split(self.separator)[:_FIELDS]

    def record(self, line: str, raw: bytes) -> Record:
        """Make a record of a line, leaving out what is not set."""
        if not self.fields:
            return Record(b"", raw, "no header names the columns of this line")
        values = line.split(self.separator)
        if len(values) != len(self.fields):
            return Record(b"", raw, f"{len(values)} fields, header has {len(self.fields)}")
        found = {
            name: _plain(value)
            for name, value in zip(self.fields, values, strict=True)
            if value not in (self.unset, self.empty)
        }
        return Record(orjson.dumps({"_path": self.path, **found}), raw)


def _plain(text: str) -> str:
    """Undo the escapes that stand for the separator and for bytes beyond ASCII."""
    if "\\x" not in text:
        return text
    data = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    try:
        return data.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return data
