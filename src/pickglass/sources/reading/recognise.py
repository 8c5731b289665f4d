"""What form a file has, judged by its first bytes alone, never by its name.

The order matters, because everything is written by somebody else: JSON lines come first, so that one odd byte
cannot turn a log into «binary», and CSV comes late and must prove itself, because many log lines have commas.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

import orjson

from pickglass.sources.reading.encodings import errors_of, is_utf8, office_encoding, wide_encoding
from pickglass.sources.reading.member import Form
from pickglass.sources.reading.tables import find_delimiter


@dataclass(frozen=True, slots=True)
class Guess:
    """The form of a file and how to read it."""

    form: Form
    encoding: str = "binary"
    delimiter: str | None = None
    note: str = ""


_MAGICS: Final[tuple[tuple[bytes, Form, str], ...]] = (
    (b"ElfFile\x00", "evtx", ""),
    (b"PAR1", "parquet", ""),
    (b"%PDF-", "pdf", ""),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "binary", "old Office file (XLS, DOC or MSG)"),
    (b"SQLite format 3\x00", "binary", "SQLite database"),
    (b"\x89PNG\r\n", "binary", "PNG image"),
    (b"\xff\xd8\xff", "binary", "JPEG image"),
    (b"GIF8", "binary", "GIF image"),
    (b"\x7fELF", "binary", "ELF program"),
    (b"MZ\x90\x00", "binary", "Windows program"),
    (b"\xd4\xc3\xb2\xa1", "binary", "packet capture"),
    (b"\x0a\x0d\x0d\x0a", "binary", "packet capture"),
    (b"ORC", "binary", "ORC file"),
    (b"Obj\x01", "binary", "Avro file"),
)
_LOOK: Final = 1 << 16  # patterns look no further, so that no text can keep them busy
_BLANK: Final = " \t\r\n\ufeff"
_JSON_OBJECT: Final = re.compile(r'\{\s*["}]')
_JSON_ARRAY: Final = re.compile(
    r'\[\s*(\{\s*["}]|\[\s*["{\[\]\d-]|\]|"|-?\d+(\.\d+)?\s*[,\]]|(true|false|null)\s*[,\]])'
)
_XML: Final = re.compile(
    r"<(\?xml\b|!--|!DOCTYPE\s+(?!html)|[A-Za-z_][\w.:-]{0,100}(\s+[\w.:-]+\s*=|\s*/?>))"
)
_HTML: Final = re.compile(
    r"<(!doctype\s+html|html|head|body|div|p|br|title|meta|script|style)\b", re.IGNORECASE
)
_CLOCK: Final = re.compile(r"\d\d:\d\d")
_HEADER: Final = re.compile(r"([!-9;-~]+):(\s|$)")
_MAIL_MARKS: Final = frozenset(
    {"from", "received", "message-id", "mime-version", "return-path", "delivered-to"}
)
_MAIL_HEADERS: Final = _MAIL_MARKS | {
    "to", "cc", "date", "subject", "reply-to", "sender", "content-type", "dkim-signature", "in-reply-to",
    "references", "x-mailer", "authentication-results", "list-id", "x-received", "arc-seal",
}  # fmt: skip
_CONTROLS: Final = bytes(set(range(32)) - {9, 10, 11, 12, 13, 27})


def recognise(head: bytes, *, complete: bool) -> Guess:
    """Tell the form of a file from its first bytes; `complete` says that they are all of it."""
    for magic, form, note in _MAGICS:
        if head.startswith(magic):
            return Guess(form, note=note)
    wide = wide_encoding(head)
    encoding = wide or "utf-8"
    text = head[: len(head) // 4 * 4 if wide else None].decode(
        encoding, errors_of(encoding) if not wide else "replace"
    )
    text = text.lstrip(_BLANK)
    if not text:
        return Guess("empty" if complete else "text", encoding)
    json_form = _json_form(text, complete=complete)
    if json_form:
        return Guess(json_form, encoding)
    if not wide and _looks_binary(head):
        return Guess("binary")
    note = ""
    if not wide and not is_utf8(head):
        encoding = office_encoding(head)
        text = head.decode(encoding, errors_of(encoding))
        note = guessed_letters(encoding)
    if _is_mbox(text):
        return Guess("mbox", encoding)
    if _is_mail(text):
        return Guess("mail", encoding)
    if _XML.match(text, 0, _LOOK) and not _HTML.match(text):
        return Guess("xml", encoding)
    if delimiter := find_delimiter(text, complete=complete):
        return Guess("csv", encoding, delimiter, note)
    return Guess("text", encoding, note=note)


def guessed_letters(encoding: str) -> str:
    """Say that an encoding is a guess, so that nobody trusts the odd letters blindly."""
    return f"not UTF-8: its letters are read as {encoding}, which is a guess"


def _json_form(text: str, *, complete: bool) -> Form | None:
    looked_at = text[: max(1 << 20, text.find("\n") + (1 << 16))]
    lines = looked_at.split("\n")
    if len(lines) > 1 and not (complete and len(looked_at) == len(text)):
        lines.pop()  # cut within
    lines = [stripped for line in lines[:100] if (stripped := line.strip(_BLANK))][:50]
    objects = sum(map(_is_object, lines))
    if len(lines) > 1 and (objects * 2 > len(lines) or (_is_object(lines[0]) and lines[1].startswith("{"))):
        return "ndjson"
    if _JSON_OBJECT.match(text) or _JSON_ARRAY.match(text, 0, _LOOK):
        return "json"
    return None


def _is_object(line: str) -> bool:
    if not line.startswith("{"):
        return False
    try:
        return isinstance(orjson.loads(line), dict)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        pass
    try:
        value, end = json.JSONDecoder(parse_int=str).raw_decode(line)
        return (
            isinstance(value, dict) and not line[end:].strip()
        )  # more than one object is no line of its own
    except (ValueError, RecursionError):
        # Broken inside, but one record's line all the same, if it has a beginning and an end.
        return line.endswith("}") and line[1:].lstrip().startswith('"')


def _looks_binary(head: bytes) -> bool:
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > max(2, len(head) // 20)


def _is_mbox(text: str) -> bool:
    first, _, rest = text[:1000].partition("\n")
    return first.startswith("From ") and bool(_CLOCK.search(first)) and bool(_HEADER.match(rest))


def _is_mail(text: str) -> bool:
    seen: set[str] = set()
    for line in text[: 1 << 16].split("\n")[:100]:
        if line.strip() == "":
            break
        if line[0] in " \t" and seen:
            continue
        header = _HEADER.match(line)
        if header is None:
            # A saved message may be cut after its headers, but never has other lines among them.
            return False
        seen.add(header[1].lower())
    return len(seen & _MAIL_HEADERS) >= 2 and bool(seen & _MAIL_MARKS)
