"""What is inside an attached archive: names only. Nothing is written, and nothing can make us unpack much."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable

MAXIMUM_DIRECTORY = 1024 * 1024  # bytes of a ZIP's table of contents
MAXIMUM_NAMES = 2000  # names kept
MAXIMUM_NAME = 300  # characters of one name
MAXIMUM_UNPACKED = 32 * 1024 * 1024  # bytes unpacked from ZIPs inside ZIPs, over the whole message
MAXIMUM_RATIO = 200  # unpacked to packed size
MAXIMUM_DEPTH = 2

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_OUTSIDE = re.compile(r"^[\\/]|^[A-Za-z]:|(^|[\\/])\.\.([\\/]|$)")
_OTHER = {
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
}
# An office document or a program is a ZIP only inside.
_NO_ARCHIVE = ("[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF")


class Archives:
    """Looks into the archives of one message; `note` is told every limit met and every trap seen."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self.names: list[str] = []
        self.encrypted: bool | None = None  # None: there was no archive to look into
        self._note = note
        self._left = MAXIMUM_UNPACKED

    def look(self, data: bytes, name: str, depth: int = 1) -> None:
        """List the names in `data` if it is a ZIP, and those of small ZIPs inside."""
        for magic, label in _OTHER.items():
            if data.startswith(magic):
                self._note(f"{label} archive not opened")
                return
        if not data.startswith((b"PK\x03\x04", b"PK\x05\x06")) and not name.lower().endswith(
            (".zip", ".zipx")
        ):
            return
        archive = self._opened(data)
        if archive is None:
            return
        entries = archive.infolist()
        if any(entry.filename in _NO_ARCHIVE for entry in entries[:200]):
            return
        self.encrypted = bool(self.encrypted) or any(entry.flag_bits & 1 for entry in entries)
        packed = max(sum(entry.compress_size for entry in entries), 1)
        if sum(entry.file_size for entry in entries) > packed * MAXIMUM_RATIO:
            self._note("archive bomb: unpacks to more than 200 times its size")
        for entry in entries:
            label = _CONTROL.sub("", entry.filename)[:MAXIMUM_NAME]
            if _OUTSIDE.search(label):
                self._note("archive name leads out of its folder")
            if len(self.names) >= MAXIMUM_NAMES:
                self._note("more than 2000 names in archives")
                return
            self.names.append(label)
            if label.lower().endswith((".zip", ".zipx")):
                self._look_inside(archive, entry, label, depth)

    def _opened(self, data: bytes) -> zipfile.ZipFile | None:
        directory = _directory_bytes(data)
        if directory is not None and directory > MAXIMUM_DIRECTORY:
            self._note("a ZIP archive has too many entries")
            return None
        if directory is not None:
            try:
                return zipfile.ZipFile(io.BytesIO(data))
            except (
                zipfile.BadZipFile,
                ValueError,
                NotImplementedError,
                OverflowError,
                EOFError,
                struct.error,
            ):
                pass
        self._note("a ZIP archive cannot be read")
        return None

    def _look_inside(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, label: str, depth: int) -> None:
        """Unpack a ZIP inside a ZIP in memory, within what is left of the bytes to unpack."""
        if depth >= MAXIMUM_DEPTH:
            self._note("archives nested deeper than 2")
            return
        if entry.flag_bits & 1:
            return
        # bzip2 and LZMA cannot be unpacked in bounded steps.
        bounded = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        allowed = min(self._left, max(entry.compress_size, 1) * MAXIMUM_RATIO)
        if not bounded or entry.file_size > allowed:
            self._note("an archive inside an archive was not opened")
            return
        try:
            with archive.open(entry) as stream:
                inner = stream.read(allowed)
        except (zipfile.BadZipFile, ValueError, RuntimeError, OSError, EOFError, zlib.error, struct.error):
            self._note("an archive inside an archive was not opened")
            return
        self._left -= len(inner)
        self.look(inner, label, depth + 1)


def _directory_bytes(data: bytes) -> int | None:
    """Return the size of a ZIP's table of contents as its end record states it; None without such a record.

    Read before the library sees the file, because it builds an object for every entry.
    """
    place = data.rfind(b"PK\x05\x06", max(0, len(data) - 65557))
    if place < 0 or len(data) < place + 22:
        return None
    size = int.from_bytes(data[place + 12 : place + 16], "little")
    return size if size < len(data) else None  # 0xFFFFFFFF means ZIP64: no attachment needs it
