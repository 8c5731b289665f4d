"""Mail as bytes: one message in a file, or many in an mbox."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pickglass.sources.reading.content import Feed
from pickglass.sources.reading.limits import MIB, Limits
from pickglass.sources.reading.records import Record

# A line that begins with "From " behind an empty line. Writers of mbox quote it as ">From " within a message.
_NEXT = re.compile(rb"\n\r?\n(?=From )")
_NEXT_LENGTH = 8


def mail_records(feed: Feed, limits: Limits) -> Iterator[Record]:
    """Take a whole file as one message."""
    yield _message(feed.read(limits.record_bytes + 1), limits, feed.damage)


def mbox_records(feed: Feed, limits: Limits) -> Iterator[Record]:
    """Cut an mbox into its messages, each with its "From " line."""
    buffer, searched, skipping = b"", 0, False
    while chunk := feed.read(MIB):
        buffer += chunk
        start = 0
        for found in _NEXT.finditer(buffer, searched):
            if not skipping:
                yield _message(buffer[start : found.end()], limits)
            start, skipping = found.end(), False
        buffer = buffer[start:]
        if not skipping and len(buffer) > limits.record_bytes + _NEXT_LENGTH:
            yield _message(buffer, limits)
            skipping = True
        searched = max(0, len(buffer) - _NEXT_LENGTH)
        if skipping:
            buffer, searched = buffer[searched:], 0
    if not skipping and (buffer.strip() or feed.damage):
        yield _message(buffer, limits, feed.damage)
    elif feed.damage:
        yield Record(b"", b"", feed.damage)


def _message(raw: bytes, limits: Limits, damage: str = "") -> Record:
    if len(raw) > limits.record_bytes:
        return Record(b"", raw[: limits.kept_bytes], f"message is longer than {limits.record_bytes:,} bytes")
    return Record(b"", raw, damage)
