"""Lines that stay uncut are the lines that cutting would have given."""

from pathlib import Path

import pytest

from pickglass.lake.statements import write_lines
from pickglass.model.lines import Lines, bytes_of, chained, longest_of, views

FIRST, SECOND = b"{one}\n{two}\n{cut of", b"{three, longer}\n"
ALL = [b"{one}", b"{two}", b"{three, longer}"]


def uncut(text: bytes) -> Lines:
    return Lines([(text, [place for place, letter in enumerate(text) if letter == ord("\n")])])


def test_lines_read_like_a_list() -> None:
    """By number from either end, by slice, one by one, and as views; what follows the last newline is none."""
    lines = chained([uncut(FIRST), uncut(SECOND)])
    assert isinstance(lines, Lines)
    assert len(lines) == 3
    assert [lines[n] for n in range(3)] == ALL
    assert lines[-1] == ALL[-1]
    assert lines[1:] == ALL[1:]
    assert list(lines) == ALL
    assert [bytes(view) for view in views(lines)] == ALL
    assert (bytes_of(lines), longest_of(lines)) == (bytes_of(ALL), longest_of(ALL)) == (25, 15)
    for beyond in (3, -4):
        with pytest.raises(IndexError):
            lines[beyond]


def test_a_list_among_them_makes_all_a_list() -> None:
    """Because what stands in a list may be no stretch of a text."""
    assert chained([uncut(FIRST), ALL[2:]]) == ALL
    assert chained([]) == []
    assert longest_of([]) == 0


def test_both_are_written_alike(tmp_path: Path) -> None:
    """A line each, and nothing of what was cut off."""
    write_lines(tmp_path / "uncut", chained([uncut(FIRST), uncut(SECOND)]))
    write_lines(tmp_path / "list", ALL)
    assert (tmp_path / "uncut").read_bytes() == (tmp_path / "list").read_bytes() == b"\n".join(ALL) + b"\n"
