"""The footer of a Parquet file, read by ourselves before the library is let near it.

The library stops the whole process at some broken footers, and believes what a footer says about sizes. So the few
numbers that matter are read here first: how many columns there are and how deep, how many values each part has and
how they are written. A footer is one structure in Thrift's compact protocol; what we do not know in it is stepped
over, and its numbers are bounded by its own length.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final, Protocol

_LEVELS: Final = 16  # structures within structures; real footers have eight
_LONGEST: Final = 32 * 1024 * 1024
_ITEMS: Final = 100_000  # of one list: groups of rows, columns, elements of the schema
_VALUES: Final = 2_000_000  # in all; each becomes an object of some hundred bytes


class BadFooter(Exception):
    """The footer is not one, or, where it says so, holds too much."""


class _Readable(Protocol):
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def read(self, size: int = -1, /) -> bytes | None: ...


@dataclass(slots=True)
class _Reader:
    """Reads Thrift's compact protocol; structures become maps from a field's number to its value."""

    data: bytes
    at: int = 0
    values: int = 0

    def byte(self) -> int:
        if self.at >= len(self.data):
            raise BadFooter
        self.at += 1
        return self.data[self.at - 1]

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise BadFooter

    def signed(self) -> int:
        value = self.number()
        return (value >> 1) ^ -(value & 1)

    def skip(self, size: int) -> None:
        if size > len(self.data) - self.at:
            raise BadFooter
        self.at += size

    def value(self, kind: int, levels: int) -> Any:
        self.values += 1
        if self.values > _VALUES:
            raise BadFooter(f"its footer holds more than {_VALUES:,} values")
        match kind:
            case 1 | 2:
                return kind == 1
            case 3:
                return self.byte()
            case 4 | 5 | 6:
                return self.signed()
            case 7:
                return self.skip(8)
            case 8:
                return self.skip(self.number())
            case 9 | 10:
                return self.items(levels)
            case 12:
                return self.fields(levels)
            case _:  # a map, which no footer has, or nothing
                raise BadFooter

    def items(self, levels: int) -> list[Any]:
        if levels <= 0:  # lists within lists go as deep as structures do
            raise BadFooter
        head = self.byte()
        count, kind = head >> 4, head & 15
        count = self.number() if count == 15 else count
        if count > len(self.data) - self.at:
            raise BadFooter  # each item takes a byte at least
        if count > _ITEMS:
            raise BadFooter(f"its footer lists more than {_ITEMS:,} groups of rows, columns or the like")
        # In a list, unlike in a field, a boolean is a byte of its own.
        return [self.byte() if kind in (1, 2) else self.value(kind, levels - 1) for _ in range(count)]

    def fields(self, levels: int) -> dict[int, Any]:
        if levels <= 0:
            raise BadFooter
        found: dict[int, Any] = {}
        field = 0
        while head := self.byte():
            field = field + (head >> 4) if head >> 4 else self.signed()
            found[field] = self.value(head & 15, levels - 1)
        return found


@dataclass(frozen=True, slots=True)
class Footer:
    """What a footer says of its file, as far as it bears on what reading it may cost."""

    columns: int
    depth: int
    most_values: int  # of one column in one group of rows
    shared_text: (
        int  # bytes of the largest column whose texts are written as what differs from the one before
    )


def read_footer(file: _Readable) -> Footer:
    """Read the footer of an open file. Raises BadFooter."""
    end = file.seek(0, 2)
    if end < 12:
        raise BadFooter
    file.seek(end - 8)
    length, mark = struct.unpack("<I4s", file.read(8) or b"\0" * 8)
    if mark != b"PAR1" or length > min(_LONGEST, end - 12):
        raise BadFooter
    file.seek(end - 8 - length)
    try:
        return _footer(_Reader(file.read(length) or b"").fields(_LEVELS))
    except (TypeError, AttributeError, LookupError, ValueError) as error:
        raise BadFooter from error


def _footer(found: dict[int, Any]) -> Footer:
    schema, groups = found[2], found.get(4, [])
    chunks = [chunk[3] for group in groups for chunk in group[1] if 3 in chunk]
    return Footer(
        columns=sum(not element.get(5) for element in schema),
        depth=_depth(schema),
        most_values=max((chunk[5] for chunk in chunks), default=0),
        # 7 is the encoding that writes a text as what differs from the text before it.
        shared_text=max((chunk[6] for chunk in chunks if 7 in chunk[2]), default=0),
    )


def _depth(schema: list[dict[int, Any]]) -> int:
    """Tell how deep the columns nest: the schema lists each structure before its children, with their number."""
    open_, deepest = [1], 0
    for element in schema:
        while open_ and open_[-1] == 0:
            open_.pop()
        if not open_:
            raise BadFooter
        open_[-1] -= 1
        deepest = max(deepest, len(open_))
        if (children := element.get(5) or 0) > 0:
            open_.append(children)
    if any(open_):
        raise BadFooter
    return deepest - 1
