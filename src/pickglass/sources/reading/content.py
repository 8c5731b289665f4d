"""Where the bytes of a member are, and how to read them again and again.

A `Content` is a recipe that can be opened any number of times: a part of a file on disk (`FilePart`), a part
of bytes set aside in a temporary file (`HeldPart`), or what a decompression makes of another content
(`unpack.py`). A `Feed` reads one opening of it without raising: what came before the damage is always handed
over first.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pickglass.sources.reading.limits import MIB


class Damaged(Exception):
    """The content cannot be read to its end; what was read before stands."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(Damaged):
    """The content could be read on, but asks for more than the limits allow."""


class Content(Protocol):
    """Bytes that can be opened again and again."""

    def open(self) -> io.RawIOBase:
        """Start to read from the first byte."""
        ...


class _Handle(Protocol):
    def fileno(self) -> int: ...
    def close(self) -> None: ...


class Nameless:
    """A temporary file without a name: gone when nobody holds it any more, even after a crash."""

    def __init__(self) -> None:
        self._descriptor, name = tempfile.mkstemp()
        Path(name).unlink()

    def fileno(self) -> int:
        """Return the descriptor; it must not be used longer than this object."""
        return self._descriptor

    def close(self) -> None:
        """Give the space back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()


class _PartReader(io.RawIOBase):
    """Reads a stretch of a file by position, so that several readers can share one handle."""

    def __init__(self, handle: _Handle, offset: int, length: int | None, *, owned: bool) -> None:
        super().__init__()
        self._handle = handle  # kept: an unlinked file lives as long as its handle
        self._owned = owned
        self._start = offset
        size = os.fstat(handle.fileno()).st_size
        self._end = size if length is None else offset + length
        self._at = offset

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at - self._start

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        origin = {io.SEEK_SET: self._start, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence]
        self._at = max(self._start, origin + offset)
        return self.tell()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # the stub's Buffer
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1, /) -> bytes:
        want = max(0, self._end - self._at)
        data = os.pread(self._handle.fileno(), min(want, size) if size >= 0 else want, self._at)
        self._at += len(data)
        return data

    def close(self) -> None:
        if self._owned and not self.closed:
            self._handle.close()
        super().close()


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file on disk, or a stretch of it."""

    path: Path
    offset: int = 0
    length: int | None = None

    def open(self) -> io.RawIOBase:
        """Start to read from the first byte of the stretch."""
        raw = io.FileIO(self.path)
        if not self.offset and self.length is None:
            return raw
        return _PartReader(raw, self.offset, self.length, owned=True)

    def part(self, offset: int, length: int) -> FilePart:
        """Take a stretch of this stretch."""
        return FilePart(self.path, self.offset + offset, length)


@dataclass(frozen=True, slots=True)
class HeldPart:
    """A stretch of a temporary file without a name, which is gone when nobody holds it any more."""

    handle: Nameless
    offset: int = 0
    length: int | None = None

    def open(self) -> io.RawIOBase:
        """Start to read from the first byte of the stretch."""
        return _PartReader(self.handle, self.offset, self.length, owned=False)

    def part(self, offset: int, length: int) -> HeldPart:
        """Take a stretch of this stretch."""
        return HeldPart(self.handle, self.offset + offset, length)


class Feed:
    """Reads a content from start to end; never raises for what is in it.

    `read` returns as many bytes as asked for, fewer only at the end. Then `damage` says why the end came
    early, and `refused` that it was our limits and not the file.
    """

    def __init__(self, content: Content) -> None:
        self.damage = ""
        self.refused = False
        self._raw: io.RawIOBase | None = None
        try:
            self._raw = content.open()
        except OSError as error:
            self.damage = os_reason(error)

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, or what is left."""
        first = self._step(size)
        if len(first) == size or not first:
            return first
        parts, missing = [first], size - len(first)
        while missing and (data := self._step(missing)):
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)

    def _step(self, size: int) -> bytes:
        if self._raw is None:
            return b""
        try:
            data = self._raw.read(size)
        except Damaged as error:
            self.damage, self.refused = error.reason, isinstance(error, Refused)
            data = b""
        except OSError as error:
            self.damage, data = os_reason(error), b""
        if not data:
            self.close()
            return b""
        return data

    def chunks(self, size: int = MIB) -> Iterator[bytes]:
        """Yield the rest in pieces of `size` bytes."""
        while data := self.read(size):
            yield data

    def close(self) -> None:
        """Let go of the file; nothing more will come."""
        if self._raw is not None:
            self._raw.close()
            self._raw = None


def os_reason(error: OSError) -> str:
    """Say in plain words why the system did not let us read."""
    return (error.strerror or str(error) or type(error).__name__).lower()


def set_aside(feed: Feed, limit: int, workspace: Path | None) -> FilePart | HeldPart:
    """Copy what is left of a feed to a temporary file, so that it can be read at any position.

    With a workspace the file is a named one in it and lives as long as the workspace; without, it has no name
    and lives as long as the members that need it. Raises Refused beyond `limit` bytes.
    """
    held = Nameless() if workspace is None else None
    if held is not None:
        descriptor, name = os.dup(held.fileno()), ""
    else:
        descriptor, name = tempfile.mkstemp(dir=workspace, prefix="spool-")
    size = 0
    with os.fdopen(descriptor, "wb") as file:
        for data in feed.chunks():
            size += len(data)
            if size > limit:
                if name:
                    Path(name).unlink()
                raise Refused("decompresses to more than the limits allow")
            file.write(data)
    return HeldPart(held) if held is not None else FilePart(Path(name))
