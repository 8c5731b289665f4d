"""What an input file turns out to hold: members that can be read, and problems that say what cannot."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, cast

from pickglass.sources.reading.content import Content, FilePart
from pickglass.sources.reading.limits import MIB, Limits

Form = Literal[
    "ndjson", "json", "csv", "xlsx", "parquet", "text", "mail", "mbox", "evtx", "xml", "pdf", "docx", "binary", "empty"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """One readable file: a plain file, what a compressed file holds, or an entry of an archive."""

    path: Path  # the input file on disk
    name: str  # for people: "logs.zip!day1/okta.json"
    form: Form
    encoding: str  # "utf-8", "utf-16-le", "cp1252", …; of binary forms "binary"
    sha256: str  # of the decompressed bytes; "" if not asked for
    size: int  # of the decompressed bytes; -1 if not asked for
    delimiter: str | None = None  # of CSV
    damage: str = ""  # why the content ends before its end; blocks() ends with a problem record for it
    note: str = ""  # what a binary file is, or what part of a file is not read
    limits: Limits = field(default=Limits(), repr=False)
    content: Content = field(default=FilePart(Path()), repr=False)

    def open(self) -> BinaryIO:
        """Read the decompressed bytes from the first one; may be called again and again.

        Where the content is damaged, reading raises `Damaged` or `Refused`.
        """
        return cast(BinaryIO, io.BufferedReader(self.content.open(), buffer_size=MIB))


@dataclass(frozen=True, slots=True)
class Problem:
    """A file, or an entry of an archive, that cannot be read at all."""

    name: str
    reason: str
    hint: str = ""


def shown(name: str) -> str:
    """Make a file name safe to print: control and direction characters become a replacement mark."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
