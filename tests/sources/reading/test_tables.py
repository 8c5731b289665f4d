"""CSV and Excel: what is a table, what separates it, and rows that do not fit."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.reading.readers import Put, Read, only, problem

from pickglass.sources.reading import Limits, count_records, sample

# Any text that a spreadsheet may hold: no control characters but line breaks and tabs.
FIELDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=8)
NAMES = ["Name", "Mail address", "Country"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("property")


@settings(deadline=None)  # a busy machine is no fault
@given(
    rows=st.lists(st.lists(FIELDS, min_size=3, max_size=3), min_size=1, max_size=20),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    block_bytes=st.integers(1, 500),
)
def test_any_table_comes_back(  # hypothesis gives them by name
    folder: Path, rows: list[list[str]], delimiter: str, newline: str, quoting: int, block_bytes: int
) -> None:
    """Proves that rows come back as they were written, line breaks and all; empty fields are left out."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=newline, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(NAMES)
    writer.writerows([["first", "row", "x"], *rows])
    data = buffer.getvalue().encode()
    path = folder / "any"
    path.write_bytes(data)
    member = only(path)
    assert (member.form, member.delimiter) == ("csv", delimiter)
    read = Read(member, block_bytes=block_bytes)
    kept = [row for row in rows if any(field.strip() for field in row)]
    expected = [{name: field for name, field in zip(NAMES, row, strict=True) if field} for row in kept]
    assert [json.loads(line) for line in read.lines[1:]] == expected
    assert all(raw in data for raw in read.raws)
    assert not read.problems


def test_a_ragged_row_is_a_problem_of_its_own(put: Put) -> None:
    """Proves that a row with too few or too many fields is told with both numbers and its own text."""
    data = b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n1,2,3,\n\n,,\n7,8,9\n"
    read = Read(only(put(data)))
    assert read.problems == {2: "2 fields, header has 3", 3: "4 fields, header has 3"}
    assert read.raws == [b"1,2,3", b"4,5", b"6,7,8,9", b"1,2,3,", b"7,8,9"]
    assert [json.loads(line) for line in read.lines if line] == [
        {"a": "1", "b": "2", "c": "3"},
        {"a": "1", "b": "2", "c": "3"},
        {"a": "7", "b": "8", "c": "9"},
    ]


def test_a_quote_that_never_closes_costs_one_row(put: Put) -> None:
    """Proves that one stray quote does not swallow the rows after it."""
    rows = [f"{n},name {n},x" for n in range(2_000)]
    rows[700] = '700,"name 700,x'
    read = Read(only(put(("id,name,note\n" + "\n".join(rows)).encode())))
    assert read.problems == {701: "a quote opens and does not close in this row"}
    assert read.raws[700] == b'700,"name 700,x'
    assert len(read.lines) == 2_000
    rows[900] = '900,"a ""quoted""\nname",x'
    read = Read(only(put(("id,name,note\n" + "\n".join(rows)).encode())))
    assert list(read.problems) == [701]
    assert json.loads(read.lines[900]) == {"id": "900", "name": 'a "quoted"\nname', "note": "x"}


def test_stray_quotes_in_every_row_do_not_take_for_ever(put: Put) -> None:
    """Proves that reading afresh after a stray quote has a bound, whoever wrote the file."""
    data = b"id,name,note\n" + b"1,a,b\n" * 200 + b'1,"a,b,c,d\n' * 3_000
    read = Read(only(put(data)))
    assert len(read.lines) == 3_200
    assert list(read.problems) == list(range(201, 3_201))


def test_foreign_bytes_and_nul(put: Put) -> None:
    """Proves that a row with bytes that do not belong to the encoding is set aside with them."""
    data = "näme,city\n".encode() + b"a,b\nc,\xff\nd,\0\ne,f\n"
    read = Read(only(put(data)))
    # Two columns and a header in UTF-8; the odd bytes make the whole head invalid, so it is read as cp1252.
    assert len(read.lines) == 4
    late = "näme,city\n".encode() + b"a,b\n" * 100_000 + b"c,\xff\nd,\0\ne,f\n"
    read = Read(only(put(late)))
    assert read.problems == {100_001: "not UTF-8", 100_002: "contains NUL characters"}
    assert read.raws[100_000] == b"c,\xff"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Name;Ort\nJürgen Müller;Köln\nZoë Ibáñez;Málaga\nFrançois Lefèvre;Orléans – Été\n"),
        ("utf-16-le", "Name;Ort\nJürgen;Köln\n"),
        ("utf-16-be", "Name;Ort\nJürgen;Köln\n"),
        ("utf-32-le", "Name;Ort\nJürgen;Köln\n"),
        ("utf-8", "Name;Ort\nJürgen;Köln\n"),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_encodings_of_tables(put: Put, encoding: str, text: str, mark: str) -> None:
    """Proves that names come out right in the encodings that office software writes, marked or not."""
    if encoding == "cp1252" and mark:
        pytest.skip("it has no mark")
    member = only(put((mark + text).encode(encoding)))
    assert (member.form, member.delimiter, member.encoding) == ("csv", ";", encoding)
    expected = [dict(zip(["Name", "Ort"], line.split(";"), strict=True)) for line in text.splitlines()[1:]]
    assert sample(member) == expected
    assert Read(member).raws[0] == text.splitlines()[1].encode(encoding)


def test_an_encoding_that_shows_late(put: Put) -> None:
    """Proves that a name far down in a file of plain ASCII is still read in the right encoding."""
    data = b"Name,City\n" + b"Ann,Berlin\n" * 50_000 + "Jürgen Müller,Köln\nZoë,Málaga\n".encode("cp1252")
    member = only(put(data))
    assert member.encoding == "cp1252"
    assert json.loads(Read(member).lines[50_000]) == {"Name": "Jürgen Müller", "City": "Köln"}


@pytest.mark.parametrize(
    "text",
    [
        "May 27 09:28:36 host sshd[5617]: Accepted password for ann from 10.0.0.1, port 63487\n" * 3,
        'type=EXECVE msg=audit(1:1): argc=3 a0="sudo", a1="x"\n' * 2,
        "1,2022/05/10 11:08:38,013201004583,THREAT,url\n2,2022/05/10 11:08:39,013201004583,THREAT,url\n",
        "2023-11-07\t16:58:21\tIAD55-P5\t921\n2023-11-07\t16:58:22\tIAD55-P5\t922\n",
        "Dear Sir, we have your data.\nPay now, or else it will be sold, published, and sent to all.\n",
        "ann@example.com,Ann\nbob@example.com,Bob\n",
        "just words\nand more words\n",
        "#separator \\x09\n#fields\tts\tuid\n",
        "Hello, world",
    ],
)
def test_logs_and_letters_are_not_tables(put: Put, text: str) -> None:
    """Proves that commas alone do not make a table."""
    assert only(put(text.encode())).form == "text"


@pytest.mark.parametrize(
    "text",
    [
        "Employee ID,Legal Name,Work Email\n",
        "sep=;\nid;name\n1;Ann\n",
        "\n\nid,name\n1,Ann\n",
        "id,name\r1,Ann\r",
        '"id","name"\n"1","Ann"\n',
        "id, name\n1, Ann\n",
        "id,name,\n1,Ann,\n",
    ],
)
def test_tables_that_look_odd(put: Put, text: str) -> None:
    """Proves that common warts (Excel's first line, blank lines, old line ends, end commas) are read."""
    member = only(put(text.encode()))
    assert member.form == "csv"
    assert sample(member) in ([], [{"id": "1", "name": "Ann"}])
    assert count_records(member) == len(sample(member))


def test_a_column_without_name_is_called_by_its_place(put: Put) -> None:
    """Proves that values under a blank header are not lost."""
    assert sample(only(put(b",name,mail,\n7,Ann,a@b.example,\n8,Bob,b@b.example,late\n"))) == [
        {"column_1": "7", "name": "Ann", "mail": "a@b.example"},
        {"column_1": "8", "name": "Bob", "mail": "b@b.example", "column_4": "late"},
    ]


def test_of_columns_of_one_name_each_is_told_apart(put: Put) -> None:
    """Proves that no value is lost or takes another's place: the second is called so."""
    assert sample(only(put(b"id,Mail,Mail,Mail (2),Mail\n1,a,b,c,d\n2,e,f,g,h\n"))) == [
        {"id": "1", "Mail": "a", "Mail (3)": "b", "Mail (2)": "c", "Mail (4)": "d"},
        {"id": "2", "Mail": "e", "Mail (3)": "f", "Mail (2)": "g", "Mail (4)": "h"},
    ]


def test_a_table_that_ends_early(put: Put) -> None:
    """Proves that the row in which the compressed data ends is the problem, not the rows before it."""
    text = "id,name\n" + "".join(f"{n},{n * 7919 % 1000003:x}\n" for n in range(20_000))
    whole = gzip.compress(text.encode())
    read = Read(only(put(whole[:-20])))
    assert list(read.problems.values()) == ["compressed data ends early"]
    assert list(read.problems) == [len(read.lines)]
    assert b"\n".join([b"id,name", *read.raws]) == text.encode()[: len(b"\n".join([b"id,name", *read.raws]))]


def book(rows: list[list[object]], more: dict[str, list[list[object]]] | None = None) -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for title, other in (more or {}).items():
        extra = workbook.create_sheet(title)
        for row in other:
            extra.append(row)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def test_a_workbook_is_read_as_its_first_sheet(put: Put) -> None:
    """Proves that cells become the texts a CSV would have, and that other sheets are named."""
    start = datetime.datetime(2026, 3, 2, 9, 30)  # noqa: DTZ001  # Excel knows no zones
    data = book(
        [
            ["id", "name", "start", "day", "rate", "ok"],
            [],
            [1, "Ann", start, datetime.date(2026, 3, 2), 1.5, True],
        ],
        {"Notes": [["x"]]},
    )
    member = only(put(data))
    assert (member.form, member.note) == ("xlsx", "only the first sheet is read, not Notes")
    assert sample(member) == [
        {
            "id": "1",
            "name": "Ann",
            "start": "2026-03-02T09:30:00",
            "day": "2026-03-02",
            "rate": "1.5",
            "ok": "true",
        }
    ]
    (block,) = Read(member).blocks
    assert block.raws == block.lines


def test_workbook_rows_that_do_not_fit(put: Put) -> None:
    """Proves that values beyond the header are a problem of their row."""
    read = Read(only(put(book([["id", "name"], [1, "Ann", "odd"], [2]]))))
    assert read.problems == {1: "3 fields, header has 2"}
    assert json.loads(read.raws[0]) == {"id": "1", "name": "Ann", "column_3": "odd"}
    assert json.loads(read.lines[1]) == {"id": "2"}


def test_workbooks_that_would_hurt_are_refused(put: Put) -> None:
    """Proves that entity declarations, parts without end and broken parts are told and not opened."""
    honest = book([["id", "name"], [1, "Ann"]])

    def changed(part: str, data: bytes) -> bytes:
        buffer = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(honest)) as old,
            zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for info in old.infolist():
                new.writestr(info.filename, data if info.filename == part else old.read(info))
        return buffer.getvalue()

    entities = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><worksheet>&b;</worksheet>'
    assert "declares entities" in problem(put(changed("xl/worksheets/sheet1.xml", entities))).reason
    assert "readable" in problem(put(changed("xl/workbook.xml", b"<not xml"))).reason
    large = problem(
        put(changed("xl/worksheets/sheet1.xml", b" " * 5_000_000)), Limits(workbook_bytes=1_000_000)
    )
    assert "decompress to more than" in large.reason
    far = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row>'
        b'<row r="9999999999999"><c r="A9999999999999"><v>1</v></c></row>'
        b"</sheetData></worksheet>"
    )
    read = Read(only(put(changed("xl/worksheets/sheet1.xml", far))))
    assert list(read.problems.values()) == ["more rows than a sheet can have"]
