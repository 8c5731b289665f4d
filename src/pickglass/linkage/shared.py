"""Reading the view `shared_thing`: rows of an Arrow table become things with the subjects that use them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("kind", "value", "label", "subject_id", "first_time", "last_time", "days", "event_ids", "secret")


@dataclass(frozen=True, slots=True)
class Use:
    """One subject's use of a thing."""

    subject_id: str
    first_time: datetime | None = None
    last_time: datetime | None = None
    days: int = 1
    event_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SharedThing:
    """A thing and everybody who uses it, in the order of their ids; two subjects or more."""

    kind: str
    value: str
    label: str | None
    uses: tuple[Use, ...]
    secret: str | None = None  # the value under the home's key: an id made of the value would soon be guessed

    @property
    def subjects(self) -> tuple[str, ...]:
        """The ids of those who use it, sorted."""
        return tuple(use.subject_id for use in self.uses)


def read_shared(table: pa.Table) -> tuple[SharedThing, ...]:
    """Bring the rows of `shared_thing` together by thing, in a fixed order whatever the order of the rows."""
    columns = [table.column(name).to_pylist() for name in COLUMNS]
    uses: dict[tuple[str, str], dict[str, Use]] = {}
    labels: dict[tuple[str, str], set[str]] = {}
    secrets: dict[tuple[str, str], str] = {}
    for kind, value, label, subject_id, first_time, last_time, days, event_ids, secret in zip(
        *columns, strict=True
    ):
        if not kind or not value or not subject_id:
            continue
        key = (kind, value)
        secrets[key] = secret
        use = Use(subject_id, first_time, last_time, days or 1, _ids(event_ids))
        known = uses.setdefault(key, {}).get(subject_id)
        uses[key][subject_id] = _together(known, use) if known else use
        if label:
            labels.setdefault(key, set()).add(label)
    return tuple(
        SharedThing(
            kind,
            value,
            min(labels.get((kind, value), {None}), key=str),
            tuple(by_subject[subject] for subject in sorted(by_subject)),
            secrets[kind, value],
        )
        for (kind, value), by_subject in sorted(uses.items())
        if len(by_subject) > 1
    )


def short_id(prefix: str, *parts: str) -> str:
    """Name something after its parts: the same parts give the same name, and the name does not tell them."""
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return f"{prefix}-{base64.b32encode(digest).decode()[:10]}"


def _ids(values: Iterable[Any] | None) -> tuple[str, ...]:
    return tuple(sorted({str(value) for value in values or ()}))


def _together(one: Use, other: Use) -> Use:
    """Two rows about one subject and one thing: the same address from two sources, say."""
    firsts = [time for time in (one.first_time, other.first_time) if time]
    lasts = [time for time in (one.last_time, other.last_time) if time]
    return Use(
        one.subject_id,
        min(firsts, default=None),
        max(lasts, default=None),
        max(one.days, other.days),  # the rows may count the same days
        _ids((*one.event_ids, *other.event_ids)),
    )
