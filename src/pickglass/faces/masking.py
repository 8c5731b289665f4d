"""Masks: what a value looks like to somebody who may not see it, by its personal-data class.

Masking happens where a face is rendered, so the masked text is all that leaves it. A mask keeps as much as tells
two values apart in one sentence, and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pickglass.model.schema import PersonalData

HIDDEN = "[hidden]"


def mask(value: Any, personal_data: PersonalData) -> Any:
    """Return what may be shown of `value` without a reason given; lists are masked element by element."""
    if value is None or personal_data in ("none", "pseudonym") or isinstance(value, bool):
        return value
    if isinstance(value, list | tuple):
        return [mask(element, personal_data) for element in value]
    text = str(value).strip()
    if personal_data == "contact":
        return _contact(text)
    if personal_data == "financial":
        return "…" + text[-4:] if len(text) > 6 and not isinstance(value, int | float) else HIDDEN
    return HIDDEN


def _contact(text: str) -> str:
    if "@" in text and " " not in text:
        local, _, domain = text.rpartition("@")
        return f"{local[:1]}…@{domain}"
    if text.startswith("+") or (text[:1].isdigit() and text.replace(" ", "").isdigit()):
        return f"{text[:2]}…{text[-2:]}" if len(text) > 6 else HIDDEN
    return " ".join(word[:1] + "…" for word in text.split()[:4]) or HIDDEN


def name(text: str | None, reveal: bool) -> str | None:
    """Return a person's name as this viewer may see it."""
    return text if reveal or text is None else str(mask(text, "contact"))


def sentence_mask(classes: Mapping[str, PersonalData], reveal: bool) -> Callable[[str, Any], Any] | None:
    """Return the mask for the values of a sentence, by the class of each field; None where all may be shown."""
    if reveal:
        return None
    return lambda field, value: mask(value, classes.get(field, "none"))
