"""The few records that cross stages: what an indicator is, what it found, what a score is made of.

Frozen, without behaviour, and free of any storage or engine: every face renders these same objects.
Bits are always integer hundredths of a bit (log2 likelihood ratio against `ordinary`), so sums are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Outcome = Literal["fired", "clear"]
Hypothesis = Literal["ordinary", "operated", "elsewhere", "moonlighting", "hijacked", "disloyal"]
Band = Literal["act", "review", "watch", "insufficient", "none"]

HYPOTHESES: tuple[Hypothesis, ...] = (
    "ordinary",
    "operated",
    "elsewhere",
    "moonlighting",
    "hijacked",
    "disloyal",
)
BANDS: tuple[Band, ...] = ("act", "review", "watch", "insufficient", "none")  # most urgent first


@dataclass(frozen=True, slots=True)
class Indicator:
    """One question put to the lake, as its YAML and SQL files state it."""

    id: str
    title: str
    question: str
    stage: str
    family: str
    status: Literal["active", "draft", "manual"]
    fairness: Literal["safe", "care", "restricted"]
    tier: int
    sentence: str
    sql: str
    fields: Mapping[str, Any] = field(
        default_factory=dict
    )  # sentence field → personal-data class, if not none
    proxy: bool = False  # a partial proxy: at most one bit, never a family of its own, never a gate alone
    parameters: Mapping[str, Any] = field(default_factory=dict)
    innocent: tuple[str, ...] = ()
    ask_next: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    itm: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordReference:
    """Where an original record is: the source, the file as it was loaded, and the record's number in it."""

    source: str
    file: str
    record: int
    raw_file: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One indicator's answer for one subject, with the evidence behind it.

    `values` are the typed values of the sentence's fields, so that a face can mask them; `time` is the UTC
    instant of the deciding event. Only fired findings carry values and records.
    """

    indicator: str
    subject_id: str
    outcome: Outcome
    time: datetime | None = None
    event_ids: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    records: tuple[RecordReference, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """A person as the records claim, at the time of the assessment."""

    id: str
    kind: Literal["applicant", "employee", "contractor"]
    refs: Mapping[str, str]
    stage: str
    name: str | None = None
    role: str | None = None
    department: str | None = None
    hire_date: datetime | None = None
    termination_date: datetime | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was found and not found about one subject: the input of `score()`."""

    subject: Subject
    fired: tuple[Finding, ...] = ()
    clear: tuple[str, ...] = ()
    not_assessable: tuple[str, ...] = ()
    as_of: datetime | None = None  # the instant that the assessment looks from; tenure is counted up to it


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the sum: the prior, an indicator, or a cap; bits per hypothesis in hundredths."""

    kind: Literal["prior", "fired", "clear", "cap"]
    label: str  # the indicator's id, the population, or the cap's name
    bits: Mapping[Hypothesis, int]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """A subject's evidence weighed by one scorecard.

    `totals` is the exact sum of the steps; `posterior` follows from the totals alone. `leading` is the
    likeliest hypothesis other than `ordinary`, and `bits` its total, prior included.
    """

    subject_id: str
    scorecard: str
    steps: tuple[Step, ...]
    totals: Mapping[Hypothesis, int]
    posterior: Mapping[Hypothesis, float]
    threat: float
    leading: Hypothesis
    bits: int
    band: Band
    families: tuple[str, ...]
    why_band: str


@dataclass(frozen=True, slots=True)
class Link:
    """Subjects that are probably one person (`persona`), or that share a thing (`thing`).

    A farm or a ring is a thing too, made of several, which `things` lists with their kind, label and subjects.
    """

    kind: Literal["persona", "thing"]
    subjects: tuple[str, ...]
    thing: str | None = None
    label: str | None = None  # the shared value, to be masked by its class
    probability: float | None = None
    bits: int | None = None
    reasons: tuple[str, ...] = ()
    event_ids: tuple[str, ...] = ()
    id: str = ""  # the same from run to run, as long as those who came first are in it
    farm: str | None = None  # the id of the farm or ring that the thing belongs to, or is
    things: tuple[Mapping[str, Any], ...] = ()
