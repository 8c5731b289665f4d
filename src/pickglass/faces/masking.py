"""Masks: what a value looks like to somebody who may not see it, by its personal-data class.

Masking happens where a face is rendered, so the masked text is all that leaves it. A mask keeps as much as
tells two values apart in one sentence, and no more. Whatever the class, what looks like a mail address or a
telephone number is masked too: account names are often mail addresses, and free text holds anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pickglass.faces.printable import printable
from pickglass.model.schema import PersonalData

HIDDEN = "[hidden]"

_MAIL = re.compile(r"[^\s@<>,;:\"'()«»\[\]]{1,64}@[\w.-]{1,255}")
# With a plus, or grouped as people write them; plain digits may be any number, and a date is no telephone.
_PHONE = re.compile(r"(?<![\w.])(?:\+\d[\d ()./-]{6,18}\d|\(\d{2,5}\) ?\d{2,4}[ -]\d{3,5})(?![\w-])")


def mask(value: Any, personal_data: PersonalData) -> Any:
    """Return what may be shown of `value` without a reason given; lists are masked element by element."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, list | tuple):
        return [mask(element, personal_data) for element in value]
    if personal_data in ("none", "pseudonym"):
        return swept(value) if isinstance(value, str) else value
    text = str(value).strip()
    if personal_data == "contact":
        return _contact(text)
    if personal_data == "financial" and not isinstance(value, int | float):
        # Of an account the lake holds the last characters only; those are what people compare.
        return "…" + text[-4:] if len(text) <= 4 or len(text) > 8 else HIDDEN
    return HIDDEN


def swept(text: str) -> str:
    """Return a text in which whatever looks like a mail address or a telephone number is masked."""
    if "@" in text:
        text = _MAIL.sub(lambda found: _contact(found[0]), text)
    return _PHONE.sub(lambda found: _contact(found[0]), text)


def _contact(text: str) -> str:
    if "@" in text and " " not in text:
        local, _, domain = text.rpartition("@")
        return f"{local[:1]}…@{domain}"
    digits = sum(letter.isdigit() for letter in text)
    if digits >= 6 and all(letter.isdigit() or letter in " +()-./" for letter in text):
        return f"{text[:2]}…{text[-2:]}" if digits > 6 else HIDDEN
    return " ".join(word[:1] + "…" for word in text.split()[:4]) or HIDDEN


def name(text: str | None, reveal: bool) -> str | None:
    """Return a person's name as this viewer may see it."""
    return text if text is None else printable(text) if reveal else str(mask(text, "contact"))


def sentence_mask(classes: Mapping[str, PersonalData], reveal: bool) -> Callable[[str, Any], Any]:
    """Return the mask for the values of a sentence, by the class of each field; texts are made harmless."""

    def shown(field: str, value: Any) -> Any:
        masked = value if reveal else mask(value, classes.get(field, "none"))
        return _harmless(masked)

    return shown


def _harmless(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_harmless(element) for element in value]
    return printable(value) if isinstance(value, str) else value
