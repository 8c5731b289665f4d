"""Lines that stay in their text are the lines that a split would give, in any order of asking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pickglass.model.text_lines import JoinedLines, TextLines, sizes, texts

LINES = st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"")), max_size=8)


def text_of(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


@given(LINES)
def test_lines_of_a_text_are_what_a_split_gives(lines: list[bytes]) -> None:
    """Proves that nothing is lost or moved, empty lines included."""
    cut = TextLines(text_of(lines))
    assert list(cut) == [cut[place] for place in range(len(cut))] == lines
    assert cut[1:3] == lines[1:3]
    assert list(sizes(cut)) == list(map(len, lines))
    assert cut.all_begin_with(b"{") == all(line.startswith(b"{") for line in lines)


@given(st.lists(st.tuples(LINES, st.booleans()), max_size=5))
def test_joined_lines_are_one_sequence(parts: list[tuple[list[bytes], bool]]) -> None:
    """Proves that parts of either kind are found by place, and written as the same text."""
    joined = JoinedLines()
    for lines, stays in parts:
        joined.append(TextLines(text_of(lines)) if stays else lines)
    wanted = [line for lines, _ in parts for line in lines]
    assert list(joined) == [joined[place] for place in range(len(joined))] == wanted
    assert [joined[-place] for place in range(1, len(joined) + 1)] == wanted[::-1]
    assert joined[1:-1] == wanted[1:-1]
    assert list(sizes(joined)) == list(map(len, wanted))
    assert b"".join(texts(joined)) == text_of(wanted)


def test_a_place_beyond_the_end_is_none() -> None:
    """Proves that joined lines end like a list."""
    joined = JoinedLines()
    joined.append([b"a"])
    for place in (1, -2):
        with pytest.raises(IndexError):
            joined[place]
