"""One row per subject with everything that tells persons apart, canonical and without placeholders."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

_TEXTS = pa.list_(pa.string())

PEOPLE: pa.Schema = pa.schema(
    [
        ("subject_id", pa.string()),
        ("given_name", pa.string()),
        ("family_name", pa.string()),
        ("full_name", pa.string()),
        ("mails", _TEXTS),
        ("phones", _TEXTS),
        ("address_keys", _TEXTS),
        ("postal_codes", _TEXTS),
        ("birth_date", pa.string()),  # YYYY-MM-DD as text, so that one wrong digit stays one wrong digit
        ("banks", _TEXTS),
        ("documents", _TEXTS),
        ("devices", _TEXTS),
        ("code_hosts", _TEXTS),
        ("photos", _TEXTS),
        ("referees", _TEXTS),
        ("text_sketch", pa.list_(pa.uint64())),
    ]
)


@dataclass(frozen=True, slots=True)
class Dropped:
    """Values of one kind that were left out, why, and how many subjects had them; shown in data health."""

    kind: str
    reason: str
    values: int
    subjects: int


def people(identifiers: pa.Table, subjects: pa.Table) -> tuple[pa.Table, tuple[Dropped, ...]]:
    """Bring the lake's identifier rows together by subject, in the order of their ids; tell what was left out."""
    raise NotImplementedError
