"""Finding a person's values in bytes and texts, in the spellings in which exports write them.

A value is a mail address, an account, a vendor's id, a telephone number or a full name. Ids count as whole words
only. Names count in either order and with any separator; telephone numbers with any grouping.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

ERASED_TEXT = "[erased]"
LEAST_ID = 4  # shorter ids are anything: a quantity, a floor, a year
LEAST_DIGITS = 7  # of a telephone number
LEAST_NAME = 5

_SEPARATOR = r"[ \t.,_+\-]{1,3}"
_GROUPING = r"[ ().\-/]{0,3}"
# Where a name begins or ends: not within another word, for «Ann Lee» is not in «Joann Leeds». The engine's expressions
# cannot look behind, so a low line or a digit that a file's name puts there is taken along.
_EDGE = r"(?:\b|[_0-9])"
# In bytes the letter or digit in front may be the end of an escape: a line's end in JSON, a blank in a URL.
_ESCAPE = rb"(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4})|(?<=%[0-9A-Fa-f]{2})"
_BEFORE_ID = rb"(?:(?<![A-Za-z0-9])|" + _ESCAPE + rb")"
_BEFORE_NAME = rb"(?:(?<![A-Za-z])|" + _ESCAPE + rb")"
_BEFORE_NUMBER = rb"(?:(?<![0-9])|" + _ESCAPE + rb")"
# Where a number begins or ends: not within a longer one. As above, a letter beside it is taken along.
_NUMBER_EDGE = r"(?:\b|[^\W\d])"
_WHOLE_NUMBER = 10  # digits that mean one line in the world, but for the country's code in front of them
_COUNTRY_MARKED = r"(?:(?:\+|00)\d{1,3})?"
_COUNTRY = r"(?:\+|00)?\d{0,3}"

_PACKED = (
    b"PK\3\4",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"%PDF",
    b"7z\xbc\xaf",
    b"PAR1",
)
_PIECE = 8 << 20
_OVERLAP = 4096  # of two pieces, so that nothing is missed between them


@dataclass(frozen=True)
class Mentions:
    """Everything that names one person; `accounts` are with their system in front or mail addresses."""

    accounts: frozenset[str]
    phones: frozenset[str]
    names: frozenset[str]

    @classmethod
    def of(cls, accounts: Iterable[str], phones: Iterable[str], names: Iterable[str]) -> Mentions:
        """Keep what is long enough to mean somebody."""
        return cls(
            frozenset(one.strip().lower() for one in accounts if one and len(own_id(one)) >= LEAST_ID),
            frozenset(
                digits for one in phones if len(digits := re.sub(r"\D", "", one or "")) >= LEAST_DIGITS
            ),
            frozenset(
                one.strip()
                for one in names
                if one and len(one.strip()) >= LEAST_NAME and len(one.split()) > 1
            ),
        )

    @cached_property
    def pattern(self) -> str:
        """Write one regular expression, for Python and the engine alike, that finds any of them; '' for none."""
        parts = sorted({own_id(one) for one in self.accounts}, key=len, reverse=True)
        found = [rf"\b{_escaped(one)}\b" for one in parts]
        found += [_NUMBER_EDGE + _number(digits) + _NUMBER_EDGE for digits in sorted(self.phones)]
        for name in sorted(self.names):
            words = [word for word in re.split(r"[\s,]+", name) if word]
            for order in (words, [words[-1], *words[:-1]]):
                # To the engine a letter beyond ASCII is no part of a word, so there is no edge beside it.
                first, last = (_EDGE if one.isascii() else "" for one in (order[0][0], order[-1][-1]))
                found.append(first + _SEPARATOR.join(map(_escaped, order)) + last)
        return "(?i)(?:" + "|".join(found) + ")" if found else ""

    @cached_property
    def _text(self) -> re.Pattern[str] | None:
        return re.compile(self.pattern) if self.pattern else None

    @cached_property
    def _bytes(self) -> re.Pattern[bytes] | None:
        values = [own_id(one) for one in self.accounts]
        found = [
            _BEFORE_ID + re.escape(form) + rb"(?![A-Za-z0-9])"
            for value in values
            for form in _spellings(value)
        ]
        found += [_BEFORE_NUMBER + _number(digits).encode() + rb"(?![0-9])" for digits in self.phones]
        for name in self.names:
            words = [word for word in re.split(r"[\s,]+", name) if word]
            for order in (words, [words[-1], *words[:-1]]):
                spelled = [
                    b"(?:" + b"|".join(map(re.escape, sorted(_spellings(one)))) + b")" for one in order
                ]
                spaced = rb"(?:[ \t.,_+\-]|%20|\\u0020){1,3}".join(spelled)
                found.append(_BEFORE_NAME + spaced + rb"(?![A-Za-z])")
        return re.compile(b"(?i)" + b"|".join(found)) if found else None

    def in_text(self, text: str) -> bool:
        """Say whether a text names the person."""
        return bool(self._text and self._text.search(text))

    def in_bytes(self, content: bytes) -> bool:
        """Say whether bytes name the person, as UTF-8 or -16, as Western 8-bit text, in JSON escapes or in a URL."""
        if self._bytes is None or self._bytes.search(content):
            return self._bytes is not None
        # Zeros mean UTF-16. Read from the second byte on, what has the higher byte first reads as what has it last.
        return b"\0" in content and any(
            self.in_text((content[start:] + b"\0").decode("utf-16-le", "replace")) for start in (0, 1)
        )

    def in_file(self, path: Path) -> bool:
        """Say whether a file's bytes name the person; what is compressed in it stays hidden."""
        before = b""
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                if self.in_bytes(before + piece):
                    return True
                before = piece[-_OVERLAP:]
        return False

    def redacted(self, value: Any) -> Any:
        """Return a text, or a JSON value with all texts in it, without what names the person."""
        if isinstance(value, str):
            return self._text.sub(ERASED_TEXT, value) if self._text else value
        if isinstance(value, list):
            return [self.redacted(one) for one in value]
        if isinstance(value, dict):
            return {self.redacted(key): self.redacted(one) for key, one in value.items()}
        return value


def own_id(account: str) -> str:
    """Give the vendor's own id of an account; a mail address is itself."""
    return account.rpartition(":")[2].strip()


def _number(digits: str) -> str:
    """Write the expression of a telephone number: its last ten digits in any grouping, with or without the country's code.

    One of fewer digits is known as such only behind a plus or two zeros: any digits might stand in front of it.
    """
    country = _COUNTRY if len(digits) >= _WHOLE_NUMBER else _COUNTRY_MARKED
    return country + _GROUPING.join(digits[-_WHOLE_NUMBER:])


def is_packed(path: Path) -> bool:
    """Say whether a file is an archive, or compressed, by its first bytes."""
    with path.open("rb") as file:
        return file.read(8).startswith(_PACKED)


def _escaped(text: str) -> str:
    # re.escape() writes some signs in a way that the engine's expressions do not know.
    return "".join(sign if sign.isalnum() or sign == "_" or ord(sign) > 127 else "\\" + sign for sign in text)


def _spellings(value: str) -> set[bytes]:
    """Give the bytes in which exports may write a text; ASCII letters are compared without case anyway."""
    forms = {value, value.lower(), value.upper(), value.title()} if not value.isascii() else {value}
    found: set[bytes] = set()
    for form in forms:
        found.add(form.encode("utf-8", "replace"))
        found.add(json.dumps(form)[1:-1].encode())
        found.add(quote(form).encode())
        try:
            found.add(form.encode("cp1252"))
        except UnicodeEncodeError:
            continue
    return found
