"""Parquet: rows come back as JSON records, and neither broken files nor bombs stop or fill us."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.sources.reading.readers import Put, Read, only, problem

from pickglass.sources.reading import Limits, Problem, count_records, footers, members, sample


def written(table: pa.Table, **options: Any) -> bytes:
    """Return the bytes of a table as a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def read_back(put: Put, table: pa.Table, **options: Any) -> list[Any]:
    """Return the records of a table that was written as Parquet; there must be no problem."""
    read = Read(only(put(written(table, **options))))
    assert not read.problems
    assert read.lines == read.raws
    return [json.loads(line) for line in read.lines]


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "gzip"])
def test_nested_rows_come_back_without_nulls(put: Put, compression: str) -> None:
    """Proves that structures, lists and maps are read as JSON would hold them, whatever compresses them."""
    rows = [
        {"uid": 1, "actor": {"user": {"name": "a"}, "tags": ["x", "y"]}, "pairs": [("k", "v")]},
        {"uid": 2, "actor": None, "pairs": None},
        {"uid": None, "actor": {"user": None, "tags": []}, "pairs": []},
    ]
    schema = pa.schema(
        {
            "uid": pa.int64(),
            "actor": pa.struct({"user": pa.struct({"name": pa.string()}), "tags": pa.list_(pa.string())}),
            "pairs": pa.map_(pa.string(), pa.string()),
        }
    )
    assert read_back(put, pa.Table.from_pylist(rows, schema), compression=compression) == [
        {"uid": 1, "actor": {"user": {"name": "a"}, "tags": ["x", "y"]}, "pairs": {"k": "v"}},
        {"uid": 2},
        {"actor": {"tags": []}, "pairs": {}},
    ]


def test_values_that_json_does_not_know_are_written_as_text(put: Put) -> None:
    """Proves that an instant keeps its zone, a wall clock gets none, and no digit of a number is lost."""
    instant = datetime(2026, 3, 2, 14, 5, 0, 123456, UTC)
    table = pa.table(
        {
            "instant": pa.array([instant], pa.timestamp("us", "Europe/Berlin")),
            "fine": pa.array([1_772_460_300_123_456_789], pa.timestamp("ns", "UTC")),
            "clock": pa.array([instant.replace(tzinfo=None)], pa.timestamp("ms")),
            "day": pa.array([date(2026, 3, 2)]),
            "exact": pa.array([Decimal("12345678901234567890.10")]),
            "large": pa.array([2**63 + 1], pa.uint64()),
            "no_number": pa.array([float("nan")]),
            "flag": pa.array([False]),
            "old_text": pa.array(["é".encode()], pa.binary()),
            "bytes": pa.array([b"\xff\x00"], pa.binary()),
            "times": pa.array([[instant]], pa.list_(pa.timestamp("us", "UTC"))),
        }
    )
    assert read_back(put, table) == [
        {
            "instant": "2026-03-02T14:05:00.123456Z",
            "fine": "2026-03-02T14:05:00.123456Z",
            "clock": "2026-03-02T14:05:00.123000",
            "day": "2026-03-02",
            "exact": "12345678901234567890.10",
            "large": 2**63 + 1,
            "flag": False,
            "old_text": "é",
            "bytes": "ff00",
            "times": ["2026-03-02T14:05:00.123456Z"],
        }
    ]


def test_many_rows_come_in_order_whatever_the_blocks(put: Put) -> None:
    """Proves that records are numbered as they stand, over batches and groups of rows."""
    table = pa.table({"n": list(range(3000)), "word": [f"w{n % 7}" for n in range(3000)]})
    member = only(put(written(table, row_group_size=700)))
    assert member.form == "parquet"
    read = Read(member, block_bytes=4000)
    assert [json.loads(line)["n"] for line in read.lines] == list(range(3000))
    assert len(read.blocks) > 10
    assert count_records(member) == 3000
    assert sample(member, ("Records",), 2) == [{"n": 0, "word": "w0"}, {"n": 1, "word": "w1"}]


def test_a_compressed_one_is_read_too(put: Put) -> None:
    """Proves that a file which cannot be read at any position is set aside first."""
    read = Read(only(put(gzip.compress(written(pa.table({"a": ["x"]}))))))
    assert read.lines == [b'{"a":"x"}']


def test_a_value_out_of_range_loses_its_row_alone(put: Put) -> None:
    """Proves that the rows beside it are there, and that it has a reason."""
    clocks = pa.array([1, 2**62, 3], pa.timestamp("s", "UTC"))
    # Parquet has no seconds; what is written as milliseconds without a check overflows on the way back.
    table = pa.table({"at": pa.array([[1], [2], [3]], pa.list_(pa.int64())), "far": clocks.cast(pa.int64())})
    data = written(table.set_column(1, "far", clocks.cast(pa.int64()).cast(pa.timestamp("ms", "UTC"))))
    read = Read(only(put(data)))
    assert [json.loads(line).get("at") for line in read.lines if line] == [[1], [3]]
    assert list(read.problems) == [2]


@pytest.mark.parametrize(
    "data",
    [
        b"PAR1",
        b"PAR1" + b"\0" * 100,
        b"PAR1" + b"\xff\xff\xff\x7fPAR1",
        written(pa.table({"a": ["x"] * 100}))[:-40],
    ],
)
def test_a_broken_file_is_a_problem(put: Put, data: bytes) -> None:
    """Proves that a file which is cut or garbled is named with a reason, and nothing is raised."""
    found = problem(put(data))
    assert "Parquet" in found.reason
    assert found.hint


def test_a_file_damaged_within_gives_what_comes_before(put: Put) -> None:
    """Proves that rows in front of the damage are kept and the rest is one problem."""
    table = pa.table({"n": [f"{n:08d}" for n in range(4000)]})
    data = bytearray(written(table, row_group_size=1000, compression="zstd", use_dictionary=False))
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    read = Read(only(put(bytes(data))))
    assert 1000 <= len(read.lines) < 4000
    assert "cannot be read further" in read.problems[len(read.lines)]


def test_columns_with_one_name_are_a_problem(put: Put) -> None:
    """Proves that no value takes another's place unseen."""
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert "more than one column" in problem(put(written(table))).reason


def test_a_text_that_stands_for_many_is_refused(put: Put) -> None:
    """Proves that a small file cannot become an endless one."""
    table = pa.table({"a": pa.array(["x" * 100_000] * 5000).dictionary_encode()})
    limits = Limits(free_bytes=1 << 20)
    read = Read(only(put(written(table, compression="zstd")), limits))
    assert len(read.lines) < 5000
    assert "times its size" in read.problems[len(read.lines)]


def test_a_row_that_is_too_long_is_a_problem_of_its_own(put: Put) -> None:
    """Proves that the limit of a record holds for a row too, also where each of its texts is short enough."""
    table = pa.table({"a": ["x", "y" * 3000, "z"], "b": [["w" * 1500] * 2, ["v"], ["w" * 1500] * 2]})
    read = Read(only(put(written(table)), Limits(record_bytes=2000)))
    assert list(read.problems) == [1, 2, 3]
    assert all("longer than 2,000 bytes" in reason for reason in read.problems.values())


def test_no_flipped_byte_stops_the_reading(put: Put) -> None:
    """Proves that every byte of a file may be another: each file gives records or reasons."""
    rows = [{"a": "x", "s": {"b": ["q", "w"]}}, {"a": None, "s": None}, {"a": "y", "s": {"b": []}}]
    data = written(pa.Table.from_pylist(rows), compression="snappy")
    for place in range(4, len(data) - 4):
        changed = put(data[:place] + bytes([data[place] ^ 0x15]) + data[place + 1 :], "flipped")
        for found in members(changed, digest=False):
            if isinstance(found, Problem):
                assert found.reason
            else:
                assert Read(found).raws


def test_lists_within_lists_are_a_problem_and_end_nothing(put: Put) -> None:
    """A list of one list is two bytes, so a short footer may nest deeper than any stack."""
    footer = b"\x29" + b"\x19" * 100_000 + b"\x00"
    data = b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"
    assert "footer is broken" in problem(put(data)).reason


@pytest.mark.parametrize(("lists", "items"), [(1, 100_001), (30, 99)])
def test_a_footer_of_very_many_structures_is_refused_before_they_are_objects(
    put: Put, monkeypatch: pytest.MonkeyPatch, lists: int, items: int
) -> None:
    """An empty structure is one byte there and hundreds here: groups of rows, columns, and all of them together."""
    monkeypatch.setattr(footers, "_VALUES", 200_000 if lists == 1 else 2_000)
    size = bytes([items & 0x7F | 0x80, items >> 7 & 0x7F | 0x80, items >> 14])
    footer = (b"\x19" + b"\xfc" + size + bytes(items)) * lists + b"\x00"
    data = b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"
    assert "its footer" in problem(put(data)).reason
    assert "broken" not in problem(put(data)).reason
