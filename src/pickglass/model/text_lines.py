"""Lines that stay in the text that they were read in: a line becomes an object of its own only when it is asked for.

Most lines are hashed once and handed on with their neighbours. Hundreds of thousands of small objects, and a text joined of them
again, would cost more than the work that is done with them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain
from operator import sub
from typing import overload

_JOINED = 64  # lines at once: a longer text would be given fresh pages by the system each time


class TextLines(Sequence[bytes]):
    """The lines of one text, which ends in a newline; none bears its own."""

    __slots__ = ("_ends", "_starts", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._ends: list[int] = []
        end = text.find(b"\n")
        while end >= 0:
            self._ends.append(end)
            end = text.find(b"\n", end + 1)
        self._starts = [0, *(end + 1 for end in self._ends)][: len(self._ends)]

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[bytes]:
        return map(self.text.__getitem__, map(slice, self._starts, self._ends))

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        if isinstance(place, slice):
            return list(map(self.text.__getitem__, map(slice, self._starts[place], self._ends[place])))
        return self.text[self._starts[place] : self._ends[place]]

    def sizes(self) -> Iterator[int]:
        """Give the length of each line."""
        return map(sub, self._ends, self._starts)

    def all_begin_with(self, sign: bytes) -> bool:
        """Tell whether every line begins with this one byte, so that none is empty."""
        return bytes(map(self.text.__getitem__, self._starts)).count(sign) == len(self)


class JoinedLines(Sequence[bytes]):
    """Several sequences of lines as one."""

    __slots__ = ("_firsts", "_length", "parts")

    def __init__(self) -> None:
        self.parts: list[Sequence[bytes]] = []
        self._firsts: list[int] = []
        self._length = 0

    def append(self, part: Sequence[bytes]) -> None:
        """Add lines at the end."""
        if len(part):
            self._firsts.append(self._length)
            self.parts.append(part)
            self._length += len(part)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return chain.from_iterable(self.parts)

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(self._length))]
        if place < 0:
            place += self._length
        if not 0 <= place < self._length:
            raise IndexError(place)
        part = bisect_right(self._firsts, place) - 1
        return self.parts[part][place - self._firsts[part]]


def sizes(lines: Sequence[bytes]) -> Iterator[int]:
    """Give the length of each line, cutting none out where that can be helped."""
    if isinstance(lines, TextLines):
        return lines.sizes()
    if isinstance(lines, JoinedLines):
        return chain.from_iterable(map(sizes, lines.parts))
    return map(len, lines)


def texts(lines: Sequence[bytes]) -> Iterator[bytes]:
    """Give the lines, each with a newline, as texts of many lines."""
    if isinstance(lines, TextLines):
        yield lines.text
    elif isinstance(lines, JoinedLines):
        for part in lines.parts:
            yield from texts(part)
    else:
        for start in range(0, len(lines), _JOINED):
            yield b"\n".join([*lines[start : start + _JOINED], b""])
