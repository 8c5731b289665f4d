"""Text from the data, made harmless: an adversary wrote it, and it may carry control codes or a megabyte."""

from __future__ import annotations

from typing import Any

LIMIT = 200  # characters of one value; the record itself holds the rest
STRANGE = "\N{REPLACEMENT CHARACTER}"


def printable(value: Any, limit: int | None = LIMIT) -> str:
    """Return a value as one line that shows what it holds: no control codes, no marks of direction."""
    text = "" if value is None else str(value)
    if limit is not None and len(text) > limit:
        text = text[:limit] + "…"
    return "".join(
        letter if letter.isprintable() else " " if letter.isspace() else STRANGE for letter in text
    )


def printable_lines(text: str) -> str:
    """Make text of several lines harmless; its lines are kept, however long."""
    return "\n".join(printable(line, None) for line in text.split("\n"))


def printable_tree(document: Any) -> Any:
    """Make every text of a document harmless and encodable; for file names that are no Unicode."""
    if isinstance(document, str):
        return printable(document, None)
    if isinstance(document, dict):
        return {printable_tree(key): printable_tree(value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [printable_tree(value) for value in document]
    return document
