"""A résumé in Word's format: its text, its links, its making.

The file is a ZIP of XML files. Both are read by hand over fixed limits: only a handful of entries, each unpacked to so
many bytes at most whatever its header says, and no document type (where an XML file could define entities that grow).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from pickglass.sources.resume_file.pictures import MAXIMUM_PICTURE_BYTES, MAXIMUM_PICTURES, fingerprints
from pickglass.sources.resume_file.statements import MAXIMUM_TEXT, statements_in

MAXIMUM_ENTRIES = 2000
MAXIMUM_PART = 16 * 1024 * 1024  # bytes of one XML file, unpacked
MAXIMUM_UNPACKED = 64 * 1024 * 1024  # bytes unpacked in all

_TEXTS = re.compile(r"word/(document|header\d{0,3}|footer\d{0,3}|footnotes|textbox\d{0,3})\.xml")
_RELATIONS = re.compile(r"word/_rels/(document|header\d{0,3}|footer\d{0,3})\.xml\.rels")
_MEDIA = re.compile(r"word/media/[^/]{1,200}\.(jpe?g|png|gif|bmp|webp)", re.IGNORECASE)
_CLOCK = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?")


class _Refused(Exception):
    """The file asks for more than it may; the message says of what."""


class _Package:
    """A Word file's entries, unpacked within what one file may cost."""

    def __init__(self, raw: bytes) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(raw))
        self._left = MAXIMUM_UNPACKED
        entries = self._zip.infolist()
        if len(entries) > MAXIMUM_ENTRIES:
            raise _Refused(f"has more than {MAXIMUM_ENTRIES} entries")
        self.names = [entry.filename for entry in entries]

    def read(self, name: str, most: int = MAXIMUM_PART) -> bytes:
        """Unpack one entry; a longer one than it may be is refused, whatever size its header states."""
        if name not in self.names:
            return b""
        with self._zip.open(name) as file:
            data = file.read(most + 1)
        self._left -= len(data)
        if len(data) > most or self._left < 0:
            raise _Refused("unpacks to more than it may")
        return data

    def tree(self, name: str) -> ElementTree.Element | None:
        """Read one XML file; none if there is no such entry."""
        data = self.read(name)
        if not data:
            return None
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise _Refused("an XML file in it defines entities or is written in another encoding")
        return ElementTree.fromstring(data)  # noqa: S314 - no document type, and so no entities, gets here


def read_docx(raw: bytes) -> dict[str, Any]:
    """Read a Word file's statements, or `{"problem": why}`."""
    try:
        return _read(_Package(raw))
    except _Refused as error:
        return {"problem": str(error)}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        return {"problem": f"not readable as a Word file: {type(error).__name__}"}
    except RuntimeError:
        return {"problem": "is encrypted with a password"}
    except ElementTree.ParseError as error:
        return {"problem": f"an XML file in it is broken at line {error.position[0]}"}


def _read(package: _Package) -> dict[str, Any]:
    # The header of a page often holds the name and how to reach its bearer: it comes first.
    parts = sorted((name for name in package.names if _TEXTS.fullmatch(name)), key=_order)[:20]
    texts, length = list[str](), 0
    for name in parts:
        tree = package.tree(name)
        text = "" if tree is None else "".join(_letters(tree))
        texts.append(text.strip("\n"))
        length += len(text)
        if length > MAXIMUM_TEXT:
            break
    links = [
        link
        for name in package.names
        if _RELATIONS.fullmatch(name) and (tree := package.tree(name)) is not None
        for relation in list(tree)[:2000]
        if relation.get("TargetMode") == "External" and (link := relation.get("Target"))
    ]
    core, program = _facts(package, "docProps/core.xml"), _facts(package, "docProps/app.xml")
    media = [name for name in package.names if _MEDIA.fullmatch(name)][:MAXIMUM_PICTURES]
    return statements_in("\n".join(texts), links) | {
        "photos": fingerprints(package.read(name, MAXIMUM_PICTURE_BYTES) for name in media),
        "author": core.get("creator") or core.get("lastModifiedBy"),
        "producer": " ".join(filter(None, (program.get("Application"), program.get("AppVersion")))) or None,
        "created": _clock(core.get("created")),
        "modified": _clock(core.get("modified")),
    }


def _order(name: str) -> tuple[int, str]:
    return (0 if "/header" in name else 1 if "/document" in name else 2, name)


def _letters(tree: ElementTree.Element) -> Iterator[str]:
    """Yield the text of a part, with breaks where paragraphs, lines and cells end."""
    for element in tree.iter():
        tag = element.tag.rpartition("}")[2]
        if tag == "p":
            yield "\n"
        elif tag == "t":
            yield element.text or ""
        elif tag in ("br", "cr"):
            yield "\n"
        elif tag in ("tab", "tc"):
            yield " "


def _facts(package: _Package, name: str) -> dict[str, str]:
    tree = package.tree(name)
    if tree is None:
        return {}
    return {
        element.tag.rpartition("}")[2]: " ".join((element.text or "").split())[:200]
        for element in list(tree)[:100]
    }


def _clock(text: str | None) -> str | None:
    return text if text and _CLOCK.fullmatch(text) else None
