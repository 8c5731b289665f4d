"""JSON lines: cut at memory speed, and one bad line never costs another one."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.reading.readers import Put, Read, only

from pickglass.sources.reading import Limits, sample

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
RECORDS = st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("property")


@settings(deadline=None)  # a busy machine is no fault
@given(
    records=RECORDS,
    block_bytes=st.integers(1, 500),
    ascii=st.booleans(),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_any_objects_come_back_whatever_the_block_size(
    folder: Path, records: list[dict[str, Any]], block_bytes: int, ascii: bool, newline: str
) -> None:
    """Proves that nothing is lost, changed or renumbered, and that the raws joined are the file."""
    lines = [json.dumps(record, ensure_ascii=ascii) for record in records]
    data = "".join(line + newline for line in lines).encode()
    path = folder / "any"
    path.write_bytes(data)
    read = Read(only(path), block_bytes=block_bytes)
    assert [json.loads(line) for line in read.lines] == records
    assert b"".join(raw + newline.encode() for raw in read.raws) == data
    assert not read.problems


@settings(deadline=None)  # a busy machine is no fault
@given(junk=st.lists(st.binary(max_size=40), min_size=1, max_size=20), block_bytes=st.integers(1, 300))
def test_any_junk_between_records_is_kept_and_counted(
    folder: Path, junk: list[bytes], block_bytes: int
) -> None:
    """Proves that each non-blank line is a record or a problem, whatever its bytes."""
    lines = [piece.replace(b"\n", b"") for piece in junk]
    # Enough good lines in front make the form clear.
    data = b'{"a":1}\n' * (len(lines) + 2) + b"\n".join(lines)
    path = folder / "junk"
    path.write_bytes(data)
    read = Read(only(path), block_bytes=block_bytes)
    assert read.raws == [line.lstrip().rstrip(b"\r") for line in data.split(b"\n") if line.strip()]
    assert all(
        line == raw or number in read.problems
        for number, (line, raw) in enumerate(zip(read.lines, read.raws, strict=True), 1)
    )


def test_bad_lines_are_told_one_by_one(put: Put) -> None:
    """Proves that each kind of bad line has its own reason and its own bytes, and the rest loads."""
    data = b'{"a":1}\n\n  \n[1]\n{"a":"\xff"}\n plain\n{"a":2}\r\n{"a":3}'
    read = Read(only(put(data)))
    assert read.problems == {2: "not a JSON object", 3: "not UTF-8", 4: "not a JSON object"}
    assert read.raws == [b'{"a":1}', b"[1]", b'{"a":"\xff"}', b"plain", b'{"a":2}', b'{"a":3}']
    assert [line for line in read.lines if line] == [b'{"a":1}', b'{"a":2}', b'{"a":3}']


def test_a_broken_third_line_of_five_is_left_to_the_engine(put: Put) -> None:
    """Proves that a line which only looks like an object does not hide the lines around it."""
    data = b'{"n":1}\n{"n":2}\n{"n":,}\n{"n":4}\n{"n":5}\n'
    member = only(put(data))
    read = Read(member)
    assert read.lines[2] == b'{"n":,}'
    assert [record["n"] for record in sample(member)] == [1, 2, 4, 5]


def test_lines_and_raws_are_one_list_where_nothing_is_wrong(put: Put) -> None:
    """Proves that the hot path copies nothing."""
    (block,) = Read(only(put(b'{"a":1}\n{"a":2}\n'))).blocks
    assert block.lines is block.raws


def test_a_line_beyond_the_limit_is_one_problem_and_the_next_is_read(put: Put) -> None:
    """Proves that a line without end costs bounded memory and no other record."""
    limits = Limits(record_bytes=200_000)
    long = b'{"a":"' + b"x" * 3_000_000 + b'"}'
    member = only(put(b'{"n":1}\n{"n":2}\n' + long + b'\n{"n":4}\n'), limits)
    for block_bytes in (1_000, 100_000, 1 << 24):
        read = Read(member, block_bytes=block_bytes)
        assert [line for line in read.lines if line] == [b'{"n":1}', b'{"n":2}', b'{"n":4}']
        assert list(read.problems) == [3]
        assert "longer than 200,000 bytes" in read.problems[3]
        assert read.raws[2] == long[: 64 * 1024]


def test_a_nul_byte_does_not_make_a_log_binary(put: Put) -> None:
    """Proves that nobody can hide a log by one odd record."""
    member = only(put(b'{"a":"\0"}\n{"a":2}\n{"a":3}\n'))
    assert member.form == "ndjson"
    assert len(Read(member).lines) == 3


def test_truncated_gzip_keeps_what_came_before(put: Put) -> None:
    """Proves that the records before the cut are read, and the cut is told as a record of its own."""
    lines = [json.dumps({"n": n, "text": f"{n * 7919 % 1000003:x}" * 20}).encode() for n in range(5_000)]
    whole = gzip.compress(b"\n".join(lines))
    member = only(put(whole[: len(whole) * 2 // 3]))
    assert member.form == "ndjson"
    assert member.damage == "compressed data ends early"
    read = Read(member)
    assert 1_000 < len(read.lines) < 5_000
    assert read.raws[:-1] == lines[: len(read.raws) - 1]
    assert read.problems == {len(read.lines): "compressed data ends early"}
    assert lines[len(read.raws) - 1].startswith(read.raws[-1])


def test_pages_one_a_line_are_opened_where_a_source_says_so(put: Put) -> None:
    """Proves that what a loop of downloads leaves, a page a line, is read as its records."""
    member = only(put(b'{"value":[{"n":1},{"n":2}]}\n{"value":[{"n":3}]}\n'))
    assert Read(member, ["value"]).lines == [b'{"n":1}', b'{"n":2}', b'{"n":3}']
    assert len(Read(member).lines) == 2
