"""What a source says of one vendor's export: how to recognise it and how its records become rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Records left out on purpose: `when` is a condition in SQL over the raw columns."""

    rule: str
    when: str


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a record of this export has: keys (dots go down), patterns on values, or a pattern on the file's text."""

    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    match: Mapping[str, str] = field(default_factory=dict)
    text: str = ""  # pattern on the first lines of a file that a parser reads


@dataclass(frozen=True, slots=True, eq=False)
class SourceDefinition:
    """One source, as its `source.yaml` states it; docs/sources.md explains every field.

    `version` names the mapping that made a row: it changes with any byte of the definition.
    """

    id: str
    title: str
    vendor: str
    status: Literal["verified", "unverified"]
    export: str
    formats: tuple[str, ...]
    recognise: Recognition
    tables: Mapping[str, str]
    columns: Mapping[str, str]
    version: str
    references: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    time_zone: str = "none"
    time_formats: tuple[str, ...] = ()
    delay_hours: float = 0
    keeps_days: float | None = (
        None  # how long the vendor keeps what was not exported; None: as long as the company likes
    )
    key: str | None = None
    revision: str | None = None
    known_keys: tuple[str, ...] = ()
    ignore: tuple[IgnoreRule, ...] = ()
    forms: tuple[str, ...] = ()  # of files that this source's own parser reads: mail, text, evtx …
    folder: str | None = None
