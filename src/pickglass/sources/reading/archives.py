"""What is inside a zip or a tar: names, places and sizes, read without unpacking anything.

Both are read by their own directory structures, because the standard library's readers believe the sizes that
an archive states and keep everything in memory that it names. Nothing is ever written under an entry's name.
"""

from __future__ import annotations

import struct
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from pickglass.sources.reading.content import Content, FilePart, HeldPart
from pickglass.sources.reading.limits import MIB, Limits
from pickglass.sources.reading.unpack import Codec, Unpacked

Part = FilePart | HeldPart
_DIRECTORY_BYTES: Final = 16 * MIB  # of a zip's list of entries: 100,000 entries and more
_EXTENDED_BYTES: Final = MIB  # of a tar's long name or extended header
_BLOCK: Final = 512
_ZIP_CODECS: Final[dict[int, Codec]] = {0: "stored", 8: "deflate", 12: "bzip2", 93: "zstd"}


class BadArchive(Exception):
    """An archive whose structure is broken, or too large to be looked at."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in an archive; without content, `reason` says why it cannot be read."""

    name: str
    content: Content | None
    reason: str = ""
    hint: str = ""


def zip_entries(archive: Part, limits: Limits) -> Iterator[Entry]:
    """List the files of a zip. Raises BadArchive."""
    with cast(BinaryIO, archive.open()) as raw:
        try:
            _check_directory(raw)
            infos = zipfile.ZipFile(raw).infolist()
        except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, OSError) as error:
            raise BadArchive(f"not a readable zip ({error})") from error
        for info in infos:
            if info.is_dir():
                continue
            try:
                yield _zip_entry(archive, raw, info, limits)
            except (OSError, ValueError, OverflowError):  # a place before the start or beyond all files
                yield Entry(info.filename, None, "its header is not where the archive says")


def _check_directory(raw: BinaryIO) -> None:
    """Look at the size of the list of entries before the library reads it into memory."""
    size = raw.seek(0, 2)
    start = max(0, size - 65_557)
    raw.seek(start)
    end = raw.read(size - start)
    at = end.rfind(b"PK\x05\x06")
    if at < 0:
        raise BadArchive("the zip has no list of entries: it is cut off")
    stated = struct.unpack_from("<L", end, at + 12)[0]
    locator = end.rfind(b"PK\x06\x07", 0, at)
    if stated == 0xFFFF_FFFF and locator >= 0:
        raw.seek(min(size, struct.unpack_from("<Q", end, locator + 8)[0]))
        stated = struct.unpack_from("<Q", raw.read(56).ljust(56, b"\0"), 40)[0]
    if stated > _DIRECTORY_BYTES:
        raise BadArchive("the list of entries is larger than 16 MiB")


def _zip_entry(archive: Part, raw: BinaryIO, info: zipfile.ZipInfo, limits: Limits) -> Entry:
    name = info.filename
    if info.flag_bits & 0x1:
        return Entry(name, None, "encrypted", "unpack it with its password and load the result")
    if (info.external_attr >> 16) & 0o170000 == 0o120000:
        return Entry(name, None, "a link, not a file")
    codec = _ZIP_CODECS.get(info.compress_type)
    if codec is None:
        reason = f"compressed by a method that is not read (number {info.compress_type})"
        return Entry(name, None, reason, "pack it again with deflate")
    raw.seek(info.header_offset)
    header = raw.read(30)
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
        return Entry(name, None, "its header is not where the archive says")
    name_size, extra_size = struct.unpack_from("<HH", header, 26)
    part = archive.part(info.header_offset + 30 + name_size + extra_size, info.compress_size)
    return Entry(name, Unpacked(part, codec, limits, checksum=info.CRC))


def tar_entries(archive: Part) -> Iterator[Entry]:
    """List the files of a tar. Raises BadArchive."""
    with cast(BinaryIO, archive.open()) as raw:
        size = raw.seek(0, 2)
        at, name, told_size = 0, "", -1
        while at < size:
            raw.seek(at)
            header = raw.read(_BLOCK)
            if not header.strip(b"\0"):
                return
            try:
                info = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
            except tarfile.HeaderError as error:
                raise BadArchive("the tar is damaged or cut off here; entries before it were read") from error
            at += _BLOCK
            length = info.size
            if info.type in (
                tarfile.GNUTYPE_LONGNAME,
                tarfile.XHDTYPE,
                tarfile.XGLTYPE,
                tarfile.SOLARIS_XHDTYPE,
            ):
                if length > _EXTENDED_BYTES:
                    raise BadArchive("an extended header is larger than 1 MiB")
                extended = raw.read(length)
                if info.type == tarfile.GNUTYPE_LONGNAME:
                    name = extended.rstrip(b"\0").decode("utf-8", "replace")
                elif info.type != tarfile.XGLTYPE:
                    told = _extended(extended)
                    name = told.get("path", name)
                    stated = told.get("size", "")
                    told_size = int(stated) if stated.isdecimal() and len(stated) < 20 else -1
                    if any(key.startswith("GNU.sparse") for key in told):
                        info.type = tarfile.GNUTYPE_SPARSE
            else:
                length = told_size if told_size >= 0 else length
                if not info.isdir():
                    info.name = name or info.name
                    yield _tar_entry(archive, info, at, length, size)
                name, told_size = "", -1
            at += (length + _BLOCK - 1) // _BLOCK * _BLOCK


def _tar_entry(archive: Part, info: tarfile.TarInfo, at: int, length: int, size: int) -> Entry:
    if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE):
        return Entry(info.name, None, "a sparse file" if info.issparse() else "a link or device, not a file")
    if at + length > size:
        return Entry(info.name, Unpacked(archive.part(at, size - at), "stored", Limits(), size=length))
    return Entry(info.name, archive.part(at, length))


def _extended(data: bytes) -> dict[str, str]:
    """Read the `length key=value` lines of an extended header."""
    found: dict[str, str] = {}
    while data:
        digits, _, _ = data.partition(b" ")
        if not digits.isdigit() or len(digits) > 8 or not 0 < int(digits) <= len(data):
            break
        line, data = data[: int(digits)], data[int(digits) :]
        key, _, value = line[len(digits) + 1 :].rstrip(b"\n").partition(b"=")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
    return found


def is_tar(head: bytes) -> bool:
    """Tell whether the first block is a tar header, checksum and all."""
    if head[257:262] != b"ustar":
        return False
    try:
        tarfile.TarInfo.frombuf(head[:_BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True
