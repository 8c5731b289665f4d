"""The case document: one assessment with everything that a reader needs to check it years later.

It holds plain JSON values only, and says which data, indicators and scorecard it came from. Sentences are
kept as template and values, so that each face can mask the values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from pickglass.model.records import Assessment, Evidence, Indicator, Link
from pickglass.store.canonical import canonical_text, plain, sha256_of

VERSION = 1

_NOT_KEPT = {"id", "sql"}  # the id is the key, and the SQL is named by its version


def document(
    assessment: Assessment,
    evidence: Evidence,
    links: Sequence[Link],
    versions: Mapping[str, Any],
    *,
    indicators: Iterable[Indicator] = (),
) -> dict[str, Any]:
    """Give the document of one subject; the same input always gives the same document.

    `versions` names what it came from: `snapshots` (table to snapshot id), and texts such as `indicators`,
    `scorecard` and `pickglass`. Of `indicators`, those in the evidence are kept with their wording. Only
    links of this subject are taken in.
    """
    if assessment.subject_id != evidence.subject.id:
        raise ValueError(f"{assessment.subject_id} was assessed, but the evidence is {evidence.subject.id}'s")
    subject_id = evidence.subject.id
    mentioned = {*(one.indicator for one in evidence.fired), *evidence.clear, *evidence.not_assessable}
    content = {
        "version": VERSION,
        "subject": evidence.subject,
        "assessment": assessment,
        "evidence": {
            "fired": evidence.fired,
            "clear": sorted(evidence.clear),
            "not_assessable": sorted(evidence.not_assessable),
        },
        "links": [link for link in links if subject_id in link.subjects],
        "indicators": {one.id: _wording(one) for one in indicators if one.id in mentioned},
        "versions": {
            **versions,
            # Snapshot ids need 63 bits, and many readers of JSON keep only 53 of a number.
            "snapshots": {table: str(snapshot) for table, snapshot in versions.get("snapshots", {}).items()},
        },
    }
    result: dict[str, Any] = plain(content)
    return result


def freeze(content: Mapping[str, Any]) -> tuple[str, str]:
    """Give the canonical text of a document, and the hex SHA-256 of its UTF-8 bytes."""
    text = canonical_text(content)
    return text, sha256_of(text)


def _wording(indicator: Indicator) -> dict[str, Any]:
    names = [one.name for one in fields(indicator) if one.name not in _NOT_KEPT]
    return {name: getattr(indicator, name) for name in names}
