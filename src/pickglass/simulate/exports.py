"""Writes export files so that the same records give the same bytes on any machine, and counts them."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class Exports:
    """The folder that the exports go to, and how many records each file holds."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.counts: dict[str, int] = {}

    def ndjson(self, path: str, records: Iterable[Any]) -> None:
        lines = [_compact(record) for record in records]
        if lines:
            self.blob(path, ("\n".join(lines) + "\n").encode(), len(lines))

    def array(self, path: str, records: Iterable[Any]) -> None:
        lines = [_compact(record) for record in records]
        if lines:
            self.blob(path, ("[\n" + ",\n".join(lines) + "\n]\n").encode(), len(lines))

    def page(self, path: str, head: dict[str, Any], key: str, records: Iterable[Any]) -> None:
        """An API page: some facts about the page, then its records, one a line."""
        lines = [_compact(record) for record in records]
        if lines:
            start = _compact({**head, key: []})[:-2]
            self.blob(path, (start + "\n" + ",\n".join(lines) + "\n]}\n").encode(), len(lines))

    def csv(self, path: str, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
        lines = [",".join(_cell(cell) for cell in row) for row in rows]
        if lines:
            self.blob(path, "\r\n".join([",".join(columns), *lines, ""]).encode(), len(lines))

    def blob(self, path: str, content: bytes, count: int) -> None:
        target = self.out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip_stored(content) if path.endswith(".gz") else content)
        self.counts[path] = count


def _compact(record: Any) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    if isinstance(value, bool):
        text = "true" if value else "false"
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n\r') else text


def gzip_stored(content: bytes) -> bytes:
    """A gzip file whose blocks are stored, not compressed: compressors differ between machines."""
    parts = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"]
    for start in range(0, max(len(content), 1), 65_535):
        block = content[start : start + 65_535]
        last = start + 65_535 >= len(content)
        parts.append(struct.pack("<BHH", int(last), len(block), len(block) ^ 0xFFFF) + block)
    parts.append(struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF))
    return b"".join(parts)


def zip_stored(members: tuple[tuple[str, str], ...]) -> bytes:
    """A ZIP of stored members with one fixed date."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, text in members:
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.create_system = 3
            archive.writestr(entry, text)
    return buffer.getvalue()
