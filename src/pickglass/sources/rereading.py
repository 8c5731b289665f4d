"""Reading a kept original again: its records become the same blocks as when the file was read for the first time.

Numbers do not move: where a record was erased there is a gap. What a file's own beginning told (header, delimiter,
encoding) was sealed with it by `told_by`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from pickglass.errors import InputError
from pickglass.lake.originals import Original
from pickglass.model.source import SourceDefinition
from pickglass.sources.folding import is_folded, unfolded_blocks
from pickglass.sources.parsers import record_parser
from pickglass.sources.reading import Block, Member
from pickglass.sources.reading.content import Feed
from pickglass.sources.reading.tables import column_names, fits_columns, header_line, is_spaced, json_row

BLOCK_RECORDS = 5_000
_HEAD = 1 << 20
_AS_JSON = frozenset({"ndjson", "json", "xlsx", "parquet"})


def told_by(member: Member) -> dict[str, Any]:
    """Say what must be known of a file to read its records again, apart from the records themselves."""
    told: dict[str, Any] = {"encoding": member.encoding}
    if member.form == "csv":
        feed = Feed(member.content)  # of a file cut off early, what there is
        head = feed.read(_HEAD).decode(member.encoding, "replace")
        feed.close()
        told |= {"delimiter": member.delimiter or ",", "header": header_line(head)}
    return told


def can_reread(original: Original, source: SourceDefinition) -> None:
    """Raise InputError where the form of an original does not allow to read its records again."""
    _reader(original.about, source)


def reread(original: Original, source: SourceDefinition) -> Iterator[Block]:
    """Read the records of an original that are not erased; InputError where its form does not allow it."""
    line_of = _reader(original.about, source)
    found = _blocks(original, line_of)
    first = next(found, None)
    if first is None:
        return
    blocks = _chained(first, found)
    records = [orjson.loads(line) for line in first.lines[:50] if line]
    folded = original.about["form"] not in source.forms and any(
        isinstance(record, dict) and is_folded(record, source) for record in records
    )
    yield from unfolded_blocks(blocks, source) if folded else blocks


def _chained(first: Block, rest: Iterator[Block]) -> Iterator[Block]:
    yield first
    yield from rest


def _blocks(original: Original, line_of: Any) -> Iterator[Block]:
    """Cut the records into blocks of consecutive numbers."""
    start, lines, raws, problems = 0, list[bytes](), list[bytes](), dict[int, str]()
    for number, raw in original.records():
        if raws and (number != start + len(raws) or len(raws) >= BLOCK_RECORDS):
            yield Block(start, lines, raws, problems)
            lines, raws, problems = [], [], {}
        if not raws:
            start = number
        line, problem = line_of(raw)
        if problem:
            problems[len(raws)] = problem
        lines.append(b"" if problem else line)
        raws.append(raw)
    if raws:
        yield Block(start, lines, raws, problems)


def _reader(about: Mapping[str, Any], source: SourceDefinition) -> Any:
    form, encoding = str(about["form"]), str(about.get("encoding", "utf-8"))
    if form in source.forms:
        parse = record_parser(source)
        if parse is None:
            raise InputError("its parser reads whole files, not records", "load the file itself again")

        def parsed(raw: bytes) -> tuple[bytes, str]:
            value = parse(raw)
            return orjson.dumps(value), str(value.get("problem") or "")

        return parsed
    if form in _AS_JSON:
        return lambda raw: _json_line(raw, encoding)
    if form == "csv" and about.get("header"):
        header, delimiter = str(about["header"]), str(about["delimiter"])
        spaced = is_spaced(header, delimiter)
        names = column_names(next(csv.reader([header], delimiter=delimiter, skipinitialspace=spaced)))
        return lambda raw: _csv_line(raw, encoding, delimiter, spaced, names)
    raise InputError(
        f"records of form {form} cannot be read without their file", "load the file itself again"
    )


def _json_line(raw: bytes, encoding: str) -> tuple[bytes, str]:
    try:
        text = raw if encoding == "utf-8" else raw.decode(encoding).encode()
        record = orjson.loads(text)
    except (UnicodeDecodeError, orjson.JSONDecodeError, LookupError):
        return b"", "not a JSON object"
    if not isinstance(record, dict):
        return b"", "not a JSON object"
    # A record of several lines becomes one; one line is taken as it is.
    return (text if b"\n" not in text else orjson.dumps(record)), ""


def _csv_line(
    raw: bytes, encoding: str, delimiter: str, spaced: bool, names: Sequence[str]
) -> tuple[bytes, str]:
    try:
        lines = raw.decode(encoding).splitlines(keepends=True)
        rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=spaced))
    except (UnicodeDecodeError, LookupError):
        return b"", f"not {encoding.upper()}"
    except csv.Error as error:
        return b"", str(error)
    if len(rows) != 1 or not fits_columns(rows[0], len(names)):
        fields = len(rows[0]) if rows else 0
        return b"", f"{fields} fields, header has {len(names)}"
    return json_row(names, rows[0]), ""
