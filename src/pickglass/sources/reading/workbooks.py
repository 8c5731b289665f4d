"""Excel workbooks (XLSX): the first sheet, read as if it were the CSV that Excel would save.

A workbook is a zip of XML, so it can be a bomb in three ways, each refused before the library sees it: parts
that decompress to too much, entity declarations, and rows numbered into the trillions.
"""

from __future__ import annotations

import lzma
import struct
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import IO, Any, Final, Protocol, cast

from pickglass.sources.reading.content import Content, Feed
from pickglass.sources.reading.limits import MIB, Limits
from pickglass.sources.reading.records import Record
from pickglass.sources.reading.tables import column_names, json_row

_MOST_ROWS: Final = 1_048_576  # of a sheet, says Excel
# What openpyxl and the XML parser below it raise for files that are not as they should be. (A syntax error of
# XML is Python's SyntaxError.)
_FAULTS: Final = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    OSError,
    SyntaxError,
    EOFError,
    RuntimeError,
    AssertionError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
)


class _Sheet(Protocol):
    """What we need of openpyxl's read-only sheets, which its type stubs do not know."""

    def reset_dimensions(self) -> None: ...
    def iter_rows(self, *, values_only: bool) -> Iterator[tuple[Any, ...]]: ...


class BadWorkbook(Exception):
    """A workbook that cannot be read, or not safely."""


@contextmanager
def _sheet(content: Content, limits: Limits) -> Iterator[tuple[_Sheet, list[str]]]:
    """Open the first sheet; give it and the titles of the others."""
    from openpyxl import load_workbook

    with tempfile.SpooledTemporaryFile(max_size=16 * MIB) as file:
        feed = Feed(content)
        for data in feed.chunks():
            file.write(data)
        if feed.damage:
            raise BadWorkbook(feed.damage)
        file.seek(0)
        _check_parts(file, limits)
        file.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions, none of our concern
            try:
                book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
                sheets = book.worksheets
            except _FAULTS as error:
                raise BadWorkbook(f"not a readable workbook ({error})") from error
            if not sheets:
                raise BadWorkbook("the workbook has no sheet")
            try:
                yield cast(_Sheet, sheets[0]), [sheet.title for sheet in sheets[1:]]
            finally:
                book.close()


def _check_parts(file: IO[bytes], limits: Limits) -> None:
    try:
        with zipfile.ZipFile(file) as parts:
            infos = parts.infolist()
            if len(infos) > limits.members or sum(info.file_size for info in infos) > limits.workbook_bytes:
                raise BadWorkbook(f"its parts decompress to more than {limits.workbook_bytes:,} bytes")
            for info in infos:
                if info.filename.lower().endswith((".xml", ".rels")):
                    _check_part(parts, info)
    except _FAULTS as error:
        raise BadWorkbook(f"not a readable workbook ({error})") from error


def _check_part(parts: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    with parts.open(info) as part:
        before = b""
        while data := part.read(MIB):
            if not before and data.startswith((b"\xff\xfe", b"\xfe\xff", b"\0")):
                raise BadWorkbook("a part is not UTF-8, which Excel never writes")
            if b"<!DOCTYPE" in before + data or b"<!ENTITY" in before + data:
                raise BadWorkbook("a part declares entities, which Excel never writes")
            before = data[-16:]


def _rows(sheet: _Sheet) -> Iterator[tuple[Any, ...]]:
    # The size that the file claims is not believed: a false one would cut rows off or blow them up.
    sheet.reset_dimensions()
    try:
        for place, row in enumerate(sheet.iter_rows(values_only=True), 1):
            if place > _MOST_ROWS:
                raise BadWorkbook("more rows than a sheet can have")
            if any(_text(value).strip() for value in row):
                yield row
    except _FAULTS as error:
        raise BadWorkbook(f"the sheet cannot be read further ({error})") from error


def workbook_header(content: Content, limits: Limits) -> tuple[list[str], list[str]]:
    """Read the names of the columns, and the titles of the sheets that are left out. Raises BadWorkbook."""
    with _sheet(content, limits) as (sheet, others):
        header = next(_rows(sheet), ())
        return column_names(_trimmed(list(map(_text, header)))), others


def workbook_records(content: Content, limits: Limits) -> Iterator[Record]:
    """Read each row below the header as one record; its raw is its JSON line."""
    try:
        with _sheet(content, limits) as (sheet, _):
            rows = _rows(sheet)
            names = column_names(_trimmed(list(map(_text, next(rows, ())))))
            for row in rows:
                yield _record(names, _trimmed(list(map(_text, row))), limits)
    except BadWorkbook as error:
        yield Record(b"", b"", str(error))


def _record(names: Sequence[str], row: Sequence[str], limits: Limits) -> Record:
    line = json_row([*names, *column_names([""] * len(row))[len(names) :]], row)
    if len(line) > limits.record_bytes:
        return Record(b"", line[: limits.kept_bytes], f"record is longer than {limits.record_bytes:,} bytes")
    if len(row) > len(names):
        return Record(b"", line, f"{len(row)} fields, header has {len(names)}")
    return Record(line, line)


def _trimmed(row: list[str]) -> list[str]:
    """Take blank cells off the end."""
    while row and not row[-1].strip():
        row.pop()
    return row


def _text(value: Any) -> str:
    """Write a cell as text; times have no zone in Excel and get none here."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case float() if value.is_integer() and abs(value) < 1e16:
            return str(int(value))
        case _:
            return str(value)
