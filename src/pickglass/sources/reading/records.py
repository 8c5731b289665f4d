"""Records on their way into blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_OVERHEAD = 100  # what a short record costs in memory beside its text


class Record(NamedTuple):
    """One record: its JSON line, its own bytes, and why the line is missing, if it is a problem."""

    line: bytes
    raw: bytes
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Some consecutive records of a member, few enough to keep in memory.

    Records are counted from 1 and blank ones are not counted, in every form. `lines` holds one JSON object a
    record, UTF-8 without a newline, or b"" where there is none; `raws` holds the record's own bytes in the
    file. Where all are identical, as in NDJSON, both are the same object.
    """

    first: int  # number of the first record
    lines: Sequence[bytes]
    raws: Sequence[bytes]
    problems: dict[int, str]  # index in the block -> why there is no line


def pack(records: Iterable[Record], block_bytes: int) -> Iterator[Block]:
    """Gather records into blocks of about so many bytes, in order, losing none."""
    first, lines, raws, problems, size = 1, list[bytes](), list[bytes](), dict[int, str](), 0
    for line, raw, problem in records:
        if problem:
            problems[len(lines)] = problem
        lines.append(line)
        raws.append(raw)
        size += _OVERHEAD + len(raw) + (0 if line is raw else len(line))
        if size >= block_bytes:
            yield Block(first, lines, raws, problems)
            first += len(lines)
            lines, raws, problems, size = [], [], {}, 0
    if lines:
        yield Block(first, lines, raws, problems)
