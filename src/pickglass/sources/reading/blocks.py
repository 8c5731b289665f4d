"""From a member to its records, whatever its form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import orjson

from pickglass.sources.reading.content import Feed
from pickglass.sources.reading.documents import document_records, look_up
from pickglass.sources.reading.encodings import TextFeed
from pickglass.sources.reading.limits import KIB, MIB, Limits
from pickglass.sources.reading.member import Member
from pickglass.sources.reading.messages import mail_records, mbox_records
from pickglass.sources.reading.ndjson import line_blocks, other_line_blocks, text_lines
from pickglass.sources.reading.parquet import parquet_records
from pickglass.sources.reading.records import Block, Record, pack
from pickglass.sources.reading.tables import csv_header, csv_records
from pickglass.sources.reading.workbooks import workbook_header, workbook_records

# What holds no records that can be cut out without knowing what it says.
WITHOUT_RECORDS = frozenset({"evtx", "xml", "pdf", "docx", "binary"})


def blocks(
    member: Member,
    records_paths: Sequence[str] = (),
    block_bytes: int = 16 * MIB,
    limits: Limits | None = None,
) -> Iterator[Block]:
    """Read every record of a member in order, a bounded block at a time; none is lost.

    A record that cannot be read is there all the same, with its bytes and a reason. `records_paths` say where
    a JSON object at the top keeps its records ("value", "data.items"). Mail, mbox and text have raws but no
    lines: a parser turns them into JSON. EVTX, XML, PDF, Word and binary files have no records of their own:
    parse `member.open()`.
    """
    limits = limits or member.limits
    feed = Feed(member.content)
    try:
        match member.form:
            case "ndjson" if records_paths and _begins_with_page(member, records_paths, limits):
                yield from pack(document_records(_text(feed, member), records_paths, limits), block_bytes)
            case "ndjson" if member.encoding == "utf-8":
                yield from line_blocks(feed, block_bytes, limits)
            case "ndjson":
                yield from other_line_blocks(_text(feed, member), block_bytes, limits)
            case "empty":
                return
            case _:
                yield from pack(_records(member, feed, records_paths, limits), block_bytes)
    finally:
        feed.close()


def _records(member: Member, feed: Feed, records_paths: Sequence[str], limits: Limits) -> Iterator[Record]:
    match member.form:
        case "json":
            return document_records(_text(feed, member), records_paths, limits)
        case "csv":
            return csv_records(_text(feed, member), member.delimiter or ",", limits)
        case "xlsx":
            return workbook_records(member.content, limits)
        case "parquet":
            return parquet_records(member.content, limits)
        case "mail":
            return mail_records(feed, limits)
        case "mbox":
            return mbox_records(feed, limits)
        case "text":
            return _text_records(_text(feed, member), limits)
        case _:
            raise ValueError(f"{member.name}: {member.form} has no records of its own; parse member.open()")


def _text(feed: Feed, member: Member) -> TextFeed:
    return TextFeed(feed, member.encoding)


def _text_records(text: TextFeed, limits: Limits) -> Iterator[Record]:
    for line, whole in text_lines(text, limits):
        yield Record(
            b"", text.encode(line), "" if whole else f"line is longer than {limits.record_bytes:,} bytes"
        )
    if text.damage:
        yield Record(b"", b"", text.damage)


def _begins_with_page(member: Member, records_paths: Sequence[str], limits: Limits) -> bool:
    """Tell whether the first line is a page of an API and not a record, as a loop of downloads writes."""
    feed = Feed(member.content)
    try:
        for line, whole in text_lines(_text(feed, member), limits):
            page = _parsed(line) if whole else None
            found = [look_up(page, tuple(path.split("."))) for path in records_paths]
            return any(
                isinstance(items, list) and all(isinstance(item, dict) for item in items) for items in found
            )
        return False
    finally:
        feed.close()


def sample(member: Member, records_paths: Sequence[str] = (), n: int = 50) -> list[dict[str, Any]]:
    """Return the first records that can be parsed, at most `n`, reading no more of the file than needed."""
    if member.form not in {"ndjson", "json", "csv", "xlsx", "parquet"}:
        return []
    found = (
        record
        for block in blocks(member, records_paths, block_bytes=256 * KIB)
        for line in block.lines
        if line and isinstance(record := _parsed(line), dict)
    )
    return list(islice(found, n))


def _parsed(line: bytes | str) -> Any:
    try:
        return orjson.loads(line)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return None


def count_records(member: Member) -> int:
    """Count the records of a file that nobody knows, so that what is left out can be told.

    A file without records of its own counts as one.
    """
    if member.form in WITHOUT_RECORDS:
        return 1
    return sum(len(block.raws) for block in blocks(member))


def raw_records(member: Member) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of each whole record, for sources that parse records themselves.

    Records that could not be read are not among them; their numbers are missing here, and `blocks` has their
    reasons.
    """
    for block in blocks(member):
        for place, raw in enumerate(block.raws):
            if place not in block.problems:
                yield block.first + place, raw


def whole_text(member: Member, maximum: int) -> tuple[str, Record | None] | Record:
    """Read a small text at once; one of more than `maximum` bytes, or in an unknown encoding, is a record that says so.

    Where the content ends early, the text ends with its last whole line, and a record keeps the rest and says why.
    """
    feed = Feed(member.content)
    raw = feed.read(maximum + 1)
    feed.close()
    if len(raw) > maximum:
        return Record(b"", raw[: member.limits.kept_bytes], f"larger than {maximum // MIB} MB")
    try:
        text = raw.decode(member.encoding, "replace")
    except LookupError:
        return Record(b"", raw[: member.limits.kept_bytes], f"written in {member.encoding}, which is unknown")
    if not feed.damage:
        return text, None
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text[:end], Record(b"", text[end:].encode()[: member.limits.kept_bytes], feed.damage)


def table_header(member: Member) -> list[str]:
    """Read the names of a table's columns, as its records bear them; of CSV and workbooks."""
    if member.form == "xlsx":
        return workbook_header(member.content, member.limits)[0]
    feed = Feed(member.content)
    try:
        return csv_header(_text(feed, member), member.delimiter or ",", member.limits)
    finally:
        feed.close()
