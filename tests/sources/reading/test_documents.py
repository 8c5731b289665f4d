"""JSON documents: read through a window, each record with its own bytes, up to the place where it breaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.reading.readers import Put, Read, only
from tests.sources.reading.test_ndjson import RECORDS

from pickglass.sources.reading import Limits, count_records, sample
from pickglass.sources.reading.content import Feed, FilePart
from pickglass.sources.reading.documents import document_records
from pickglass.sources.reading.encodings import TextFeed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("property")


@settings(deadline=None)  # a busy machine is no fault
@given(
    records=RECORDS,
    indent=st.sampled_from([None, 0, 1, "\t"]),
    block_bytes=st.integers(1, 500),
    ascii=st.booleans(),
)
def test_any_array_comes_back(
    folder: Path, records: list[dict[str, Any]], indent: int | str | None, block_bytes: int, ascii: bool
) -> None:
    """Proves that an array's elements come back whatever the layout, each with its verbatim bytes."""
    data = json.dumps(records, indent=indent, ensure_ascii=ascii).encode("utf-8", "surrogatepass")
    path = folder / "any"
    path.write_bytes(data)
    read = Read(only(path), block_bytes=block_bytes)
    assert [json.loads(line) for line in read.lines] == records
    assert [json.loads(raw) for raw in read.raws] == records
    assert all(raw in data for raw in read.raws)
    assert not read.problems


@settings(deadline=None)  # a busy machine is no fault
@given(records=RECORDS, step=st.integers(1, 40), layout=st.sampled_from(["array", "page", "pages", "row"]))
def test_any_window_reads_the_same(
    folder: Path, records: list[dict[str, Any]], step: int, layout: str
) -> None:
    """Proves that no record is cut or joined where the window ends, however small it is."""
    page = {
        "next": "a]b",
        "odd": [{"data": [{}]}, -1.5e3],
        "data": {"n": None, "items": records},
        "end": {"items": [1]},
    }
    match layout:
        case "array":
            text = json.dumps(records, indent=1)
        case "page":
            text = json.dumps(page, indent=1)
        case "pages":
            text = json.dumps([{"data": {"items": [{}]}}, page], indent=1)
            records = [{}, *records]
        case _:
            text = "\n".join(json.dumps(record, indent=1) for record in records)
    path = folder / "window"
    path.write_text(text)
    feed = TextFeed(Feed(FilePart(path)), "utf-8")
    paths = ["value", "data.items"] if layout.startswith("page") else []
    found = list(document_records(feed, paths, Limits(), step=step))
    assert [json.loads(line) for line, _, _ in found] == records


def test_numbers_and_escapes_stay_as_they_were(put: Put) -> None:
    """Proves that no digit of a number and no odd escape changes on the way."""
    numbers = '"big": 123456789012345678901234567890, "f": 1.10, "e": 1E400'
    element = f'{{\n {numbers},\r\n\t"s": "\\ud800 \\u2028 \u2028"\n}}'
    (line,) = Read(only(put(f"[{element}]".encode()))).lines
    assert line.decode() == f'{{{numbers},"s": "\\ud800 \\u2028 \u2028"}}'


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("[]", []),
        ("{}", ["{}"]),
        (" [ ] ", []),
        ('{"a":1}', ['{"a":1}']),
        ('{"a":1} {"a":2}\n\n{\n"a":3}', ['{"a":1}', '{"a":2}', '{"a":3}']),
        ('[{"a":1}][{"a":2}]', ['{"a":1}', '{"a":2}']),
        ('{"value":[{"a":1},{"a":2}],"@odata.nextLink":"x"}', ['{"a":1}', '{"a":2}']),
        ('{"value":[]}', []),
        ('{"value":{"a":1}}', ['{"value":{"a":1}}']),
        ('{"data":{"items":[{"items":[{"a":1}]}]}}', ['{"items":[{"a":1}]}']),
        ('[{"value":[1]}]', ['{"value":[1]}']),
        ('[{"value":[]},{"n":1}]', ['{"value":[]}', '{"n":1}']),
        ('[{"value":[{"a":1},{"value":[{}]}],"next":"x"},{"value":[]}]', ['{"a":1}', '{"value":[{}]}']),
        ('[{"data":{"items":[{"a":1}]}}, {"data":{"items":[{"a":2}]}}]', ['{"a":1}', '{"a":2}']),
    ],
)
def test_where_records_are(put: Put, text: str, lines: list[str]) -> None:
    """Proves which values of a document are records: elements of arrays and pages, or the object."""
    read = Read(only(put(text.encode())), ["value", "data.items"])
    assert [line.decode() for line in read.lines] == lines
    assert not read.problems


def test_elements_that_are_no_objects_are_problems_of_their_own(put: Put) -> None:
    """Proves that a stray value does not end the reading."""
    read = Read(only(put(b'[{"a":1}, null, 7, [2], "x", {"a":NaN}, {"a":2}]')))
    assert [line for line in read.lines if line] == [b'{"a":1}', b'{"a":2}']
    assert read.problems == dict.fromkeys((2, 3, 4, 5), "not a JSON object") | {6: "NaN is not JSON"}
    assert read.raws[3] == b"[2]"


def test_a_broken_element_ends_the_reading_with_its_place(put: Put) -> None:
    """Proves that all before a syntax error is kept and the rest is one problem that names the place."""
    data = b'[\n {"n":1},\n {"n":2},\n {"n":,},\n {"n":4},\n {"n":5}\n]'
    read = Read(only(put(data)))
    assert read.lines == [b'{"n":1}', b'{"n":2}', b""]
    assert read.problems[3].startswith("JSON breaks off at line 4, column 7: Expecting value")
    assert read.raws[2] == data[data.index(b'{"n":,') :]


@pytest.mark.parametrize(
    "text", ['[{"n":1},{"n":', '[{"n":1}', '{"value":[{"n":1}', '{"value":[{"n":1}],', '[{"n":1},']
)
def test_a_document_that_stops_keeps_what_it_had(put: Put, text: str) -> None:
    """Proves that a cut document is told, wherever it is cut."""
    read = Read(only(put(text.encode())), ["value"])
    assert read.lines == [b'{"n":1}', b""]
    assert "the text ends" in read.problems[2]


def test_deep_nesting_costs_one_record(put: Put) -> None:
    """Proves that brackets without end neither crash the reader nor hide the records after them."""
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    read = Read(only(put(b'[{"n":1},' + deep + b',{"n":3}]')))
    assert [line for line in read.lines if line] == [b'{"n":1}', b'{"n":3}']
    assert read.problems == {2: "nested too deeply"}
    assert read.raws[1] == deep[: 64 * 1024]


def test_only_brackets(put: Put) -> None:
    """Proves that a file of opening brackets is one problem."""
    read = Read(only(put(b"[" * 200_000)))
    assert len(read.problems) == len(read.lines) == 1


def test_a_number_with_a_million_digits_is_no_burden(put: Put) -> None:
    """Proves that numbers are not computed while reading."""
    read = Read(only(put(b'[{"n":' + b"9" * 1_000_000 + b"}]")))
    assert not read.problems


def test_an_element_beyond_the_limit_is_stepped_over(put: Put) -> None:
    """Proves that one huge element costs bounded memory and no other record, whatever is in it."""
    huge = json.dumps({"s": 'a"]}\\' * 400_000}).encode()
    member = only(put(b'[{"n":1},' + huge + b',{"n":3}]'), Limits(record_bytes=100_000))
    read = Read(member)
    assert [line for line in read.lines if line] == [b'{"n":1}', b'{"n":3}']
    assert "longer than 100,000 bytes" in read.problems[2]
    assert read.raws[1] == huge[: 64 * 1024]


def test_a_page_larger_than_any_record_is_streamed(put: Put) -> None:
    """Proves that pages have no limit of size, only their records have."""
    records = [{"n": n, "text": "x" * 100} for n in range(20_000)]
    page = {"big": ["y" * 90] * 20_000, "data": {"items": records}, "after": ["z" * 90] * 20_000}
    member = only(put(json.dumps(page, indent=1).encode()), Limits(record_bytes=100_000))
    read = Read(member, ["data.items"])
    assert [json.loads(line) for line in read.lines] == records
    listed = only(put(json.dumps([page, page]).encode()), Limits(record_bytes=100_000))
    assert [json.loads(line) for line in Read(listed, ["data.items"]).lines] == [*records, *records]
    lost = Read(member, ["elsewhere"])
    assert list(lost.problems) == [1]
    assert "no records are where they should be" in lost.problems[1]


def test_foreign_bytes_are_a_problem_of_their_record(put: Put) -> None:
    """Proves that a byte that is not UTF-8 costs one record, whose bytes are kept."""
    read = Read(only(put(b'[\n{"a":"\xe9"},\n{"a":"\xc3\xa9"}]')))
    assert read.problems == {1: "not UTF-8"}
    assert read.raws == [b'{"a":"\xe9"}', b'{"a":"\xc3\xa9"}']


def test_sample_and_count(put: Put) -> None:
    """Proves that a sample is what blocks would give first, and that a count needs no source."""
    member = only(put(json.dumps([{"n": n} for n in range(100)]).encode()))
    assert sample(member, n=3) == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert count_records(member) == 100
