"""A subject as plain text that can be handed over: sentences first, the arithmetic below."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pickglass.faces.exports.wording import (
    BITS,
    HYPOTHESES,
    NOT_ASSESSED,
    REMINDER,
    by_family,
    in_short,
    link_sentence,
    odds,
    questions,
    strength,
    sum_of,
)

WIDTH = 100
ASKED = 12  # questions that are listed; the indicators themselves hold all
RECORDS = 4
LINKS = 12


def subject_text(
    document: Mapping[str, Any], links: Sequence[Mapping[str, Any]], versions: Mapping[str, Any]
) -> str:
    """Write one subject (as `subject_document` gives it) as text."""
    sections = (
        _head(document, versions),
        _short(document),
        _found("What was found, strongest first", document["fired"]),
        _found("What speaks against it", document["against"]),
        _links(document["id"], links),
        _questions(document),
        _grouped("Looked for and not found", "", document["clear"]),
        _grouped("Could not be assessed", NOT_ASSESSED, document["not_assessable"]),
        _sum(document),
        _foot(versions),
    )
    return "\n\n".join("\n".join(section) for section in map(list, sections) if section)


def _head(document: Mapping[str, Any], versions: Mapping[str, Any]) -> Iterator[str]:
    yield f"Assessment of {document['id']}, {document['name'] or 'no name on record'}"
    refs = ", ".join(f"{system} {reference}" for system, reference in document["refs"].items())
    yield from _wrapped(
        f"{document['kind'].capitalize()}, {document['role'] or 'role unknown'}; stage: {document['stage']}"
        + (f"; known as {refs}" if refs else "")
    )
    if "as_of" in versions:
        yield f"As known on {str(versions['as_of'])[:16].replace('T', ' ')} UTC"
    yield ""
    yield from _wrapped(REMINDER)


def _short(document: Mapping[str, Any]) -> Iterator[str]:
    yield "In short"
    for sentence in in_short(document):
        yield from _wrapped(f"  {sentence}", 2)
    ranked = sorted(document["posterior"].items(), key=lambda item: -item[1])
    yield ""
    for hypothesis, share in ranked[:3]:
        yield f"  {odds(share):<24} {HYPOTHESES[hypothesis]} ({hypothesis})"


def _found(title: str, found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"{title} ({len(found)})"
    if not found:
        yield "  Nothing."
    for number, one in enumerate(found, start=1):
        yield from _wrapped(f"  {number}. {one['sentence']}", 5)
        weight = "a draft: shown, not counted" if one["status"] == "draft" else strength(one["bits"])
        yield f"     Weight: {weight} [{one['id']}]"
        if one["innocent"]:
            yield from _wrapped(f"     Innocent causes: {'; '.join(one['innocent'])}.", 7)
        if one["records"]:
            yield from _wrapped(f"     From {_places(one['records'])}.", 7)


def _places(records: Sequence[Mapping[str, Any]]) -> str:
    """Name original records, those of one file together."""
    files: dict[str, list[str]] = {}
    for record in records:
        files.setdefault(record["file"], []).append(str(record["record"]))
    parts = [
        f"{file} record{'s' if len(numbers) > 1 else ''} {', '.join(numbers[:RECORDS])}"
        + (f" and {len(numbers) - RECORDS} more" if len(numbers) > RECORDS else "")
        for file, numbers in files.items()
    ]
    more = len(parts) - RECORDS
    return "; ".join(parts[:RECORDS]) + (f"; and {more} more files" if more > 0 else "")


def _links(subject_id: str, links: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not links:
        return
    yield f"Links to others ({len(links)})"
    for link in links[:LINKS]:
        yield from _wrapped(f"  - {link_sentence(subject_id, link)} {'; '.join(link['reasons'])}.", 4)
    if len(links) > LINKS:
        yield f"  and {len(links) - LINKS} more (--json lists all)"


def _questions(document: Mapping[str, Any]) -> Iterator[str]:
    asked = questions(document)
    if not asked:
        return
    yield "What to ask next"
    for question in asked[:ASKED]:
        yield from _wrapped(f"  [ ] {question}", 6)
    if len(asked) > ASKED:
        yield f"  and {len(asked) - ASKED} more (--json lists them with each indicator)"


def _grouped(title: str, meaning: str, ids: Sequence[str]) -> Iterator[str]:
    yield f"{title} ({len(ids)})"
    if not ids:
        yield "  Nothing."
        return
    if meaning:
        yield from _wrapped(f"  {meaning}", 2)
    for family, titles in by_family(ids):
        yield from _wrapped(f"  {family} ({len(titles)}): {'; '.join(titles)}", 4)


def _sum(document: Mapping[str, Any]) -> Iterator[str]:
    yield f"The sum, in bits, for “{HYPOTHESES[document['leading']]}” ({document['leading']})"
    yield from _wrapped(f"  {BITS}", 2)
    for what, why, bits in sum_of(document):
        yield from _wrapped(f"  {bits:+7.2f}  {what}" + (f" ({why.rstrip('.')})" if why else ""), 11)
    yield f"  {document['bits']:+7.2f}  total"
    yield from _wrapped(f"  Why this band: {document['why_band']}", 2)


def _foot(versions: Mapping[str, Any]) -> Iterator[str]:
    shown = ", ".join(
        f"{name} {value}" for name, value in versions.items() if isinstance(value, str) and name != "as_of"
    )
    yield from _wrapped(f"Made from: {shown}. This view was entered in the audit log.")


def _wrapped(text: str, indent: int = 0) -> Iterator[str]:
    start = text[: len(text) - len(text.lstrip())]
    yield from textwrap.wrap(
        text.strip(),
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    ) or [""]
