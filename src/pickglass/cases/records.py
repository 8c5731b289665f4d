"""What a case is made of, as the functions of this package give it. All times are UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pickglass.model.records import Band, Hypothesis

Finding = Literal["cleared", "needs_more", "suspected", "confirmed"]
CaseState = Literal["open", "closed"]

FINDINGS: tuple[Finding, ...] = ("cleared", "needs_more", "suspected", "confirmed")
CLOSING: frozenset[Finding] = frozenset({"cleared", "confirmed"})  # after these there is nothing left to do


@dataclass(frozen=True, slots=True)
class Case:
    """A subject that people look at; `band` is the one at opening."""

    id: str
    subject_id: str
    opened: datetime
    opened_by: str
    state: CaseState
    closed: datetime | None
    band: Band
    assignee: str | None


@dataclass(frozen=True, slots=True)
class LatestAssessment:
    """The numbers of a subject's latest assessment; `bits` are hundredths."""

    subject_id: str
    run_id: int
    scorecard: str
    band: Band
    threat: float
    not_ordinary: float
    bits: int
    leading: Hypothesis


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """A line in the list of cases: the case, what its subject looks like now, and the last verdict."""

    case: Case
    assessment: LatestAssessment | None
    verdict: Finding | None


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote down."""

    id: int
    case_id: str
    created: datetime
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What named people decided, and the hash of the document that they decided on."""

    id: int
    case_id: str
    created: datetime
    verdict: Finding
    author: str
    second: str | None
    reason: str
    document: str


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything about one case, notes and verdicts in the order of time.

    `document` is the latest one of the subject; hand its `sha256` to `set_verdict` to decide on just that.
    """

    case: Case
    notes: tuple[Note, ...]
    verdicts: tuple[Verdict, ...]
    document: Mapping[str, Any] | None
    sha256: str | None
