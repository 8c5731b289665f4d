"""What there is to read in an input file: itself, what it decompresses to, or the entries of an archive."""

from __future__ import annotations

import codecs
import hashlib
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from pickglass.sources.reading.archives import BadArchive, Entry, Part, is_tar, tar_entries, zip_entries
from pickglass.sources.reading.content import Content, Feed, FilePart, HeldPart, Refused, os_reason, set_aside
from pickglass.sources.reading.encodings import office_encoding
from pickglass.sources.reading.limits import KIB, MIB, Limits
from pickglass.sources.reading.member import Form, Member, Problem, shown
from pickglass.sources.reading.parquet import BadParquet, parquet_header
from pickglass.sources.reading.recognise import Guess, guessed_letters, recognise
from pickglass.sources.reading.tables import repeated
from pickglass.sources.reading.unpack import MAGICS, Codec, Unpacked
from pickglass.sources.reading.workbooks import BadWorkbook, workbook_header

_HEAD: Final = 256 * KIB
_FOREIGN: Final = {b"7z\xbc\xaf\x27\x1c": "7-Zip", b"Rar!\x1a\x07": "RAR", b"MSCF": "cabinet"}
_OFFICE: Final = {
    "xl/workbook.xml": "xlsx",
    "word/document.xml": "docx",
    "ppt/presentation.xml": "slides",
}
_UNPACK = "unpack it and load the result"


def members(
    path: Path,
    limits: Limits | None = None,
    *,
    workspace: Path | None = None,
    digest: bool = True,
    name: str = "",
) -> Iterator[Member | Problem]:
    """Tell everything that an input file holds: each readable file once, and a Problem for each that is not.

    Archives in archives are set aside in temporary files: in `workspace`, where they live as long as it does,
    or else nameless ones that live as long as the members which need them. With `digest` each member is read
    to its end once, for its hash and size, and damage and bombs are found now; without, they are found by
    `blocks`. `name` is how people know the file, if not by its name on this disk.
    """
    named = shown(name or path.name)
    yield from _Input(path, named, limits or Limits(), workspace, digest=digest).members()


class _Input:
    def __init__(
        self, path: Path, name: str, limits: Limits, workspace: Path | None, *, digest: bool
    ) -> None:
        self._path = path
        self._name = name
        self._limits = limits
        self._workspace = workspace
        self._digest = digest
        self._entries = 0
        self._spent = 0  # bytes that the file has decompressed to so far
        self._size = 0

    def members(self) -> Iterator[Member | Problem]:
        """Visit the file and all that is in it."""
        name = self._name
        try:
            status = self._path.stat()
        except OSError as error:
            yield Problem(name, os_reason(error), "check the path and its permissions")
            return
        if not stat.S_ISREG(status.st_mode):
            yield Problem(name, "not a file", "name a file, or a folder to find_files")
            return
        self._size = status.st_size
        if self._size > self._limits.member_bytes:
            yield Problem(name, f"larger than {self._limits.member_bytes:,} bytes", "split it")
            return
        yield from self._visit(FilePart(self._path), name, archives=0, layers=0)

    def _visit(
        self, content: Content, name: str, *, archives: int, layers: int
    ) -> Iterator[Member | Problem]:
        feed = Feed(content)
        head = feed.read(1024)
        if not head and feed.damage:
            yield Problem(
                name, feed.damage, "export it again" if layers else "check the file and its permissions"
            )
            return
        foreign = next((kind for magic, kind in _FOREIGN.items() if head.startswith(magic)), None)
        if foreign:
            feed.close()
            yield Problem(name, f"{foreign} archives are not read", _UNPACK)
        elif codec := codec_of(head):
            feed.close()
            if layers >= self._limits.depth:
                yield Problem(name, f"compressed more than {self._limits.depth} times", _UNPACK)
            else:
                inner = Unpacked(content, codec, self._limits)
                yield from self._visit(inner, name, archives=archives, layers=layers + 1)
        elif head.startswith((b"PK\x03\x04", b"PK\x05\x06")) or is_tar(head):
            feed.close()
            yield from self._archive(content, name, is_zip=head.startswith(b"PK"), archives=archives)
        else:
            yield self._plain(content, name, head, feed)

    def _archive(
        self, content: Content, name: str, *, is_zip: bool, archives: int
    ) -> Iterator[Member | Problem]:
        part = self._seekable(content)
        if isinstance(part, str):
            yield Problem(name, part, _UNPACK)
            return
        try:
            if is_zip and (office := _office(part, self._limits)):
                yield self._office(part, name, office)
                return
            if archives >= self._limits.depth:
                yield Problem(name, f"archives in archives deeper than {self._limits.depth}", _UNPACK)
                return
            for entry in zip_entries(part, self._limits) if is_zip else tar_entries(part):
                if _is_hidden(entry.name):
                    continue
                self._entries += 1
                if self._entries > self._limits.members:
                    reason = f"more than {self._limits.members:,} entries; the rest was not read"
                    yield Problem(name, reason, _UNPACK)
                    return
                yield from self._entry(entry, name, archives)
                if self._spent > self._allowance():
                    return  # the entry's own Problem has said it
        except BadArchive as error:
            yield Problem(name, str(error), "export or copy it again")

    def _entry(self, entry: Entry, name: str, archives: int) -> Iterator[Member | Problem]:
        inner_name = f"{name}!{shown(entry.name)}"
        if entry.content is None:
            yield Problem(inner_name, entry.reason, entry.hint)
        else:
            yield from self._visit(entry.content, inner_name, archives=archives + 1, layers=0)

    def _seekable(self, content: Content) -> Part | str:
        """Make a content readable at any position, or say why that cannot be."""
        if isinstance(content, FilePart | HeldPart):
            return content
        feed = Feed(content)
        try:
            part = set_aside(feed, self._allowance() - self._spent, self._workspace)
        except Refused as error:
            self._spent = self._allowance() + 1
            return error.reason
        except OSError as error:
            return f"no room to set it aside ({os_reason(error)})"
        finally:
            feed.close()
        with part.open() as raw:
            self._spent += raw.seek(0, 2)
        return feed.damage if feed.refused else part

    def _allowance(self) -> int:
        limits = self._limits
        return min(limits.total_bytes, max(limits.free_bytes, limits.ratio * self._size))

    def _plain(self, content: Content, name: str, head: bytes, feed: Feed) -> Member | Problem:
        head = _whole_head(feed, head, self._limits)
        guess = recognise(head, complete=len(head) < _HEAD)
        sha256, size = "", -1
        if self._digest:
            counted = not isinstance(content, FilePart) or content.length is not None
            sha256, size, late = self._read_through(feed, head, guess, counted=counted)
            if late and guess.encoding == "utf-8":
                guess = replace(guess, encoding=late, note=guessed_letters(late))
        feed.close()
        if feed.refused:
            return Problem(name, feed.damage, "if the file is honest, unpack it and load the result")
        if self._spent > self._allowance():
            return Problem(
                name, "the archive decompresses to more than the limits allow; the rest was not read", _UNPACK
            )
        member = Member(
            path=self._path,
            name=name,
            form=guess.form,
            encoding=guess.encoding,
            sha256=sha256,
            size=size,
            delimiter=guess.delimiter,
            damage=feed.damage,
            note=guess.note,
            limits=self._limits,
            content=content,
        )
        if guess.form == "parquet":
            try:
                return _repeated(name, parquet_header(content, self._limits)) or member
            except BadParquet as error:
                return Problem(name, str(error), "write it again, or export it as JSON")
        return member

    def _read_through(self, feed: Feed, head: bytes, guess: Guess, *, counted: bool) -> tuple[str, int, str]:
        """Read to the end for hash and size, and name the encoding of a text that is only later not UTF-8."""
        digest, size = hashlib.sha256(head), len(head)
        watch = guess.form in {"csv", "text"} and guess.encoding == "utf-8" and head.isascii()
        decoder = codecs.getincrementaldecoder("utf-8")()
        late = ""
        self._spent += len(head) if counted else 0
        for data in feed.chunks():
            digest.update(data)
            size += len(data)
            self._spent += len(data) if counted else 0
            if self._spent > self._allowance():
                break
            if watch and not data.isascii():
                try:
                    decoder.decode(data)
                except UnicodeDecodeError as error:
                    watch = False
                    late = office_encoding(data[max(0, error.start - 32 * KIB) :][: 64 * KIB])
        return digest.hexdigest(), size, late

    def _office(self, part: Part, name: str, kind: str) -> Member | Problem:
        feed = Feed(part)
        sha256, size, _ = (
            self._read_through(feed, b"", Guess("binary"), counted=False) if self._digest else ("", -1, "")
        )
        feed.close()
        if kind != "xlsx":
            form: Form = "docx" if kind == "docx" else "binary"
            return Member(
                self._path,
                name,
                form,
                "binary",
                sha256,
                size,
                None,
                feed.damage,
                "" if kind == "docx" else kind,
                self._limits,
                part,
            )
        try:
            _, others = workbook_header(part, self._limits)
        except BadWorkbook as error:
            return Problem(name, str(error), "open it in Excel and save it as CSV")
        note = f"only the first sheet is read, not {', '.join(map(shown, others))}" if others else ""
        return Member(
            self._path, name, "xlsx", "binary", sha256, size, None, feed.damage, note, self._limits, part
        )


def codec_of(head: bytes) -> Codec | None:
    """Tell from its first bytes how a content is compressed, if it is."""
    for codec, magics in MAGICS.items():
        if head.startswith(magics) and (codec != "bzip2" or head[4:10] == b"1AY&SY"):
            return codec
    return None


def _whole_head(feed: Feed, head: bytes, limits: Limits) -> bytes:
    """Read on until the head shows what the file is: past leading blanks, and all of a long first line."""
    head += feed.read(_HEAD - len(head))
    while head and not head.strip() and len(head) < limits.record_bytes and (more := feed.read(_HEAD)):
        head += more
    if head.lstrip().startswith((b"{", b"\xef\xbb\xbf{")):
        start = len(head) - len(head.lstrip())
        while (
            head.find(b"\n", start) < 0 and len(head) < limits.record_bytes + MIB and (more := feed.read(MIB))
        ):
            head += more
        if head.find(b"\n", start) > len(head) - 64 * KIB:
            head += feed.read(64 * KIB)
    return head


def _office(part: Part, limits: Limits) -> str | None:
    """Tell whether a zip is an office document, and which."""
    names = {entry.name for entry in zip_entries(part, limits)}
    if "[Content_Types].xml" not in names:
        return None
    return next((kind for name, kind in _OFFICE.items() if name in names), None)


def _is_hidden(name: str) -> bool:
    return any(
        (step.startswith(".") and step not in {".", ".."}) or step == "__MACOSX" for step in name.split("/")
    )


def _repeated(name: str, names: list[str]) -> Problem | None:
    if twice := repeated(names):
        listed = ", ".join(shown(column)[:80] for column in twice[:5])
        return Problem(name, f"more than one column is called {listed}", "give each column a name of its own")
    return None
