"""Lines of texts, each made only when somebody asks for it: cutting a log into objects costs more than reading it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import sub
from typing import overload


class Lines(Sequence[bytes]):
    """Lines of one text or several, without their newlines; a text is given with the places of its newlines.

    What follows the last newline of a text belongs to none of its lines. A text has one line at least.
    """

    __slots__ = ("_ends", "_texts")

    def __init__(self, texts: Sequence[tuple[bytes, Sequence[int]]]) -> None:
        self._texts = texts
        self._ends = list(
            accumulate(len(places) for _, places in texts)
        )  # numbers of lines up to each text's end

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        number = at + len(self) if at < 0 else at
        if not 0 <= number < len(self):
            raise IndexError(at)
        which = bisect_right(self._ends, number)
        text, places = self._texts[which]
        number -= self._ends[which] - len(places)
        return text[places[number - 1] + 1 if number else 0 : places[number]]

    def __iter__(self) -> Iterator[bytes]:
        for text, places in self._texts:
            for start, end in zip(_starts(places), places, strict=True):
                yield text[start:end]

    @property
    def size(self) -> int:
        """How many bytes all lines are, their newlines not counted."""
        return sum(places[-1] + 1 - len(places) for _, places in self._texts)

    @property
    def longest(self) -> int:
        """How many bytes the longest line is."""
        longest = 0
        for _, places in self._texts:
            longest = max(longest, *map(sub, places, _starts(places)))
        return longest

    def views(self) -> Iterator[memoryview]:
        """Show each line without copying it."""
        for text, places in self._texts:
            view = memoryview(text)
            for start, end in zip(_starts(places), places, strict=True):
                yield view[start:end]

    def texts(self) -> Iterator[memoryview]:
        """Show the texts without copying them, each line with its newline."""
        for text, places in self._texts:
            yield memoryview(text)[: places[-1] + 1]


def _starts(places: Sequence[int]) -> list[int]:
    return [0, *(place + 1 for place in places[:-1])]


def chained(parts: Sequence[Sequence[bytes]]) -> Sequence[bytes]:
    """Put lines one behind the other; they stay uncut where all of them are."""
    uncut = [part for part in parts if isinstance(part, Lines)]
    if parts and len(uncut) == len(parts):
        return Lines([text for part in uncut for text in part._texts])
    return [line for part in parts for line in part]


def views(lines: Sequence[bytes]) -> Iterable[bytes | memoryview]:
    """Show each line, without copying it where it is uncut."""
    return lines.views() if isinstance(lines, Lines) else lines


def bytes_of(lines: Sequence[bytes]) -> int:
    """Count the bytes of lines."""
    return lines.size if isinstance(lines, Lines) else sum(map(len, lines))


def longest_of(lines: Sequence[bytes]) -> int:
    """Count the bytes of the longest line; 0 where there is none."""
    return lines.longest if isinstance(lines, Lines) else max(map(len, lines), default=0)
