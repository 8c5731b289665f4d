"""What the tests of reading share: a member read whole, with what must hold for every form checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pickglass.sources.reading import Block, Limits, Member, Problem, blocks, members


class Put(Protocol):
    """Writes bytes to a new file."""

    def __call__(self, data: bytes, name: str = "") -> Path:
        """Return the path of the file; a made-up name says nothing about its form."""
        ...


def only(path: Path, limits: Limits | None = None) -> Member:
    """Return the one member that a file holds."""
    found = list(members(path, limits))
    assert len(found) == 1, found
    assert isinstance(found[0], Member), found[0]
    return found[0]


def problem(path: Path, limits: Limits | None = None) -> Problem:
    """Return the one problem that a file is."""
    found = list(members(path, limits))
    assert len(found) == 1, found
    assert isinstance(found[0], Problem), found[0]
    return found[0]


class Read:
    """All blocks of a member put together again."""

    def __init__(self, member: Member, records_paths: Sequence[str] = (), block_bytes: int = 1 << 24) -> None:
        self.blocks: list[Block] = list(blocks(member, records_paths, block_bytes))
        self.lines = [line for block in self.blocks for line in block.lines]
        self.raws = [raw for block in self.blocks for raw in block.raws]
        self.problems = {
            block.first + place: reason for block in self.blocks for place, reason in block.problems.items()
        }
        numbers = [block.first + place for block in self.blocks for place in range(len(block.lines))]
        assert numbers == list(range(1, len(numbers) + 1)), "numbers are consecutive"
        assert len(self.lines) == len(self.raws)
        assert all(b"\n" not in line for line in self.lines)
        assert all(self.lines[number - 1] == b"" for number in self.problems)
