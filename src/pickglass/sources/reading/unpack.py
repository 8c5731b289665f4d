"""Decompression of files that may be broken or hostile: gzip, zstd, bzip2, xz, and the entries of a zip.

Three promises: everything before a truncation or a damaged spot comes out, memory stays bounded whatever the
input says, and output beyond the limits is refused while it happens.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import zstandard

from pickglass.sources.reading.content import Content, Damaged, Refused
from pickglass.sources.reading.limits import KIB, MIB, Limits

Codec = Literal["gzip", "zstd", "bzip2", "xz", "deflate", "stored"]

MAGICS: Final[dict[Codec, tuple[bytes, ...]]] = {
    "gzip": (b"\x1f\x8b\x08",),
    "zstd": (b"\x28\xb5\x2f\xfd",),
    "bzip2": (b"BZh",),
    "xz": (b"\xfd7zXZ\x00",),
}

ENDS_EARLY: Final = "compressed data ends early"

_INPUT = 64 * KIB
_OUTPUT = 256 * KIB
# A zstd block of 4 bytes may stand for 128 KiB and the library has no bound for its output, so it is fed
# little at a time: 2 KiB can become 64 MiB at most.
_ZSTD_INPUT = 2 * KIB
_WINDOW_LOG = 27  # zstd --long=27, its own default bound: 128 MiB


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Inflate:
    """zlib behind the interface that bz2 and lzma share, losing nothing in front of a damaged spot."""

    def __init__(self, window_bits: int) -> None:
        self._object = zlib.decompressobj(window_bits)
        self._broken: zlib.error | None = None

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def needs_input(self) -> bool:
        return not self._object.unconsumed_tail and not self._object.eof and self._broken is None

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if self._broken:
            raise self._broken
        data = self._object.unconsumed_tail + data
        before = self._object.copy()
        try:
            return self._object.decompress(data, max_length)
        except zlib.error as error:
            self._broken = error
        # The failing call throws away what it had made. Do it again from the copy in small steps.
        parts: list[bytes] = []
        try:
            while True:
                parts.append(before.decompress(data, 64))
                data = before.unconsumed_tail
                if not parts[-1] and not data:
                    break
        except zlib.error:
            pass
        return b"".join(parts)


class _Zstd:
    """One zstd frame behind the interface that bz2 and lzma share."""

    needs_input = True  # nothing is held back: small inputs are the bound

    def __init__(self) -> None:
        self._object = zstandard.ZstdDecompressor(max_window_size=1 << _WINDOW_LOG).decompressobj()

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        del max_length
        return self._object.decompress(data)


_DECODERS: Final[dict[Codec, Callable[[], _Decoder]]] = {
    "gzip": lambda: _Inflate(31),
    "deflate": lambda: _Inflate(-15),
    "zstd": _Zstd,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=256 * MIB),
}


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a decompression makes of another content."""

    inner: Content
    codec: Codec
    limits: Limits
    checksum: int | None = None  # CRC-32 of the output, for zip entries
    size: int = 0  # that the output must reach, for tar entries

    def open(self) -> io.RawIOBase:
        """Start to decompress from the first byte."""
        return _Unpacker(self)


class _Unpacker(io.RawIOBase):
    def __init__(self, content: Unpacked) -> None:
        super().__init__()
        self._inner = content.inner.open()
        self._codec = content.codec
        self._limits = content.limits
        self._decoder: _Decoder | None = None if content.codec == "stored" else _DECODERS[content.codec]()
        self._checksum = content.checksum
        self._size = content.size
        self._sum = 0
        self._pending = b""  # compressed bytes not yet decoded
        self._held, self._at = b"", 0  # decoded bytes, and how many of them have been handed over
        self._taken = self._made = 0
        self._done = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # the stub's Buffer
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            return self.readall()
        if self._at >= len(self._held):
            self._held, self._at = self._next(), 0
        data = self._held[self._at : self._at + size] if self._at or size < len(self._held) else self._held
        self._at += len(data)
        return data

    def _next(self) -> bytes:
        # In steps of one size, whatever is asked for: so damaged data ends at the same byte each time.
        while not self._done:
            data = self._stored() if self._decoder is None else self._decoded(self._decoder)
            if not data:
                continue
            self._made += len(data)
            if self._made > self._limits.allowance(self._taken):
                raise Refused(self._too_much())
            if self._checksum is not None:
                self._sum = zlib.crc32(data, self._sum)
            return data
        if self._made < self._size:
            raise Damaged("the archive ends early")
        if self._checksum is not None and self._sum != self._checksum:
            raise Damaged("checksum does not match: the archive is damaged")
        return b""

    def _too_much(self) -> str:
        if self._made > self._limits.member_bytes:
            return f"decompresses to more than {self._limits.member_bytes:,} bytes"
        return f"decompresses to more than {self._limits.ratio} times its size"

    def _stored(self) -> bytes:
        data = self._inner.read(_OUTPUT) or b""
        self._taken += len(data)
        self._done = not data
        return data

    def _decoded(self, decoder: _Decoder) -> bytes:
        if decoder.eof:
            self._done = not self._next_stream(decoder)
            return b""
        data = self._input() if decoder.needs_input else b""
        last = decoder.needs_input and not data
        try:
            out = decoder.decompress(data, _OUTPUT)
        except (zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError, EOFError, ValueError) as error:
            if self._codec == "zstd" and "memory" in str(error):
                raise Damaged("zstd window is larger than 128 MiB") from error
            raise Damaged("compressed data is damaged") from error
        # Without input it gives what it still holds.
        if last and not out and not decoder.eof:
            raise Damaged(ENDS_EARLY)
        return out

    def _input(self) -> bytes:
        step = _ZSTD_INPUT if self._codec == "zstd" else _INPUT
        if not self._pending:
            self._pending = self._inner.read(_INPUT) or b""
            self._taken += len(self._pending)
        data, self._pending = self._pending[:step], self._pending[step:]
        return data

    def _next_stream(self, decoder: _Decoder) -> bool:
        """Go on with a second stream behind the first, as `cat a.gz b.gz` makes, if there is one."""
        if self._codec == "deflate":
            return False
        rest = decoder.unused_data + self._pending
        self._pending = b""
        while len(rest := rest.lstrip(b"\0")) < 6:  # padding is allowed; 6 is the longest magic
            more = self._inner.read(_INPUT)
            if not more:
                break
            self._taken += len(more)
            rest += more
        if not rest:
            return False
        if not rest.startswith(MAGICS[self._codec]):
            raise Damaged("compressed data is followed by bytes that do not belong to it")
        self._pending = rest
        self._decoder = _DECODERS[self._codec]()
        return True

    def close(self) -> None:
        self._inner.close()
        super().close()
