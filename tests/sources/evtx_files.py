"""Event logs made by hand: just enough of the EVTX format for tests to have logs of their own.

A log is a head of 4 KiB and chunks of 64 KiB. A chunk has a head with two tables (of names and templates, left empty
here) and two checksums, then records: number, time, and the event as binary XML. No templates are used: every event
spells its elements out.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
CHUNK_BYTES = 65536
HEADER_BYTES = 4096


def event_log(events: Sequence[str], per_chunk: int = 50, first: int = 1) -> bytes:
    """Return a log of these events, given as XML; their numbers in the log count up from `first`."""
    groups = [events[start : start + per_chunk] for start in range(0, len(events), per_chunk)]
    chunks = [_chunk(group, first + place * per_chunk) for place, group in enumerate(groups)]
    head = bytearray(HEADER_BYTES)
    struct.pack_into(
        "<8sQQQIHHHH",
        head,
        0,
        b"ElfFile\0",
        0,
        max(0, len(chunks) - 1),
        first + len(events),
        128,
        1,
        3,
        4096,
        len(chunks),
    )
    struct.pack_into("<I", head, 124, zlib.crc32(bytes(head[:120])))
    return bytes(head) + b"".join(chunks)


def _chunk(events: Sequence[str], first: int) -> bytes:
    chunk = bytearray(CHUNK_BYTES)
    place = start = 512
    for number, event in enumerate(events, first):
        start = place
        binary = _Binary(place + 24)
        binary.fragment(ElementTree.fromstring(event))  # noqa: S314 - the test's own text
        size = 24 + len(binary.data) + 4
        struct.pack_into("<4sIQQ", chunk, place, b"**\0\0", size, number, _filetime(event))
        chunk[place + 24 : place + size - 4] = binary.data
        struct.pack_into("<I", chunk, place + size - 4, size)
        place += size
    last = first + len(events) - 1
    struct.pack_into("<8sQQQQIII", chunk, 0, b"ElfChnk\0", first, last, first, last, 128, start, place)
    struct.pack_into("<I", chunk, 52, zlib.crc32(bytes(chunk[512:place])))
    struct.pack_into("<I", chunk, 124, zlib.crc32(bytes(chunk[:120]) + bytes(chunk[128:512])))
    return bytes(chunk)


def _filetime(event: str) -> int:
    text = event.partition("SystemTime=")[2][1:].partition(event.partition("SystemTime=")[2][0])[0]
    elapsed = datetime.fromisoformat(text) - _EPOCH
    return (elapsed.days * 86400 + elapsed.seconds) * 10_000_000 + elapsed.microseconds * 10


class _Binary:
    """Binary XML under construction; names are written where they are used, and their places count from the chunk."""

    def __init__(self, place: int) -> None:
        self._place = place
        self.data = bytearray()

    def fragment(self, root: ElementTree.Element) -> None:
        self.data += b"\x0f\x01\x01\x00"
        self._element(root)
        self.data += b"\x00"

    def _element(self, element: ElementTree.Element) -> None:
        attributes = list(element.attrib.items())
        # Outside templates an element has no dependency number.
        self.data += b"\x41" if attributes else b"\x01"
        size_at = len(self.data)
        self.data += b"\0\0\0\0"
        self._named(element.tag)
        if attributes:
            attributes_at = len(self.data)
            self.data += b"\0\0\0\0"
            for position, (name, value) in enumerate(attributes):
                self.data += b"\x46" if position < len(attributes) - 1 else b"\x06"
                self._named(name)
                self._text(value)
            struct.pack_into("<I", self.data, attributes_at, len(self.data) - attributes_at - 4)
        if len(element) == 0 and not element.text:
            self.data += b"\x03"
        else:
            self.data += b"\x02"
            if element.text and element.text.strip():
                self._text(element.text)
            for child in element:
                self._element(child)
            self.data += b"\x04"
        struct.pack_into("<I", self.data, size_at, len(self.data) - size_at - 4)

    def _named(self, name: str) -> None:
        self.data += struct.pack("<I", self._place + len(self.data) + 4)
        value = 0
        for letter in name:
            value = (value * 65599 + ord(letter)) & 0xFFFFFFFF
        self.data += struct.pack("<IHH", 0, value & 0xFFFF, len(name)) + name.encode("utf-16-le") + b"\0\0"

    def _text(self, text: str) -> None:
        self.data += b"\x05\x01" + struct.pack("<H", len(text)) + text.encode("utf-16-le")
