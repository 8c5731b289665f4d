"""Listing, finding and showing cases, and the documents that verdicts froze."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from pickglass.cases.assessments import COLUMNS, document_text
from pickglass.cases.records import Case, CaseFile, CaseState, CaseSummary, LatestAssessment, Note, Verdict
from pickglass.cases.work import case_of
from pickglass.errors import InputError, NotFound
from pickglass.model.records import Band
from pickglass.store import Store, audit, tables
from pickglass.store.canonical import sha256_of

MINIMUM_BEGINNING = 4  # characters of a subject's id, below which everybody would fit


def list_cases(
    store: Store,
    *,
    state: CaseState | None = "open",
    band: Band | None = None,
    assignee: str | None = None,
    subject_id: str | None = None,
    limit: int | None = 100,
    offset: int = 0,
) -> list[CaseSummary]:
    """Give the cases that fit, least ordinary subjects first.

    `band` is the subject's present one, or that at opening where it is no longer assessed.
    """
    return _summaries(store, _wanted(state, band, assignee, subject_id), limit, offset)


def count_cases(
    store: Store,
    *,
    state: CaseState | None = "open",
    band: Band | None = None,
    assignee: str | None = None,
    subject_id: str | None = None,
) -> int:
    """Count the cases that fit."""
    wanted = _wanted(state, band, assignee, subject_id)
    with store.reading() as connection:
        counted = select(func.count()).select_from(
            _joined(select(tables.case.c.id)).where(*wanted).subquery()
        )
        return connection.scalar(counted) or 0


def find(store: Store, text: str, *, limit: int = 50) -> list[CaseSummary]:
    """Give the cases, open or closed, that a text leads to.

    It is the beginning of an id of case or subject, or of an assignee, or part of a note; case
    of letters does not matter.
    """
    if not text.strip():
        raise InputError("nothing to look for", "give the beginning of an id or a word of a note", "find")
    case, text = tables.case.c, text.strip()
    noted = select(tables.note.c.case_id).where(tables.note.c.text.icontains(text, autoescape=True))
    fits = or_(
        case.id.istartswith(text, autoescape=True),
        case.subject_id.istartswith(text, autoescape=True),
        case.assignee.istartswith(text, autoescape=True),
        case.id.in_(noted),
    )
    return _summaries(store, [fits], limit, 0)


def show_case(store: Store, case_id: str, *, actor: str, reason: str = "") -> CaseFile:
    """Give everything about a case, once the view is in the audit log; NotFound if there is none."""
    with store.writing() as connection:
        case = case_of(connection, case_id)
        audit.append(connection, actor=actor, action="case.view", object=case.id, reason=reason)
        notes = connection.execute(
            select(tables.note).where(tables.note.c.case_id == case.id).order_by(tables.note.c.id)
        )
        verdicts = connection.execute(
            select(tables.verdict).where(tables.verdict.c.case_id == case.id).order_by(tables.verdict.c.id)
        )
        text = document_text(connection, case.subject_id)
        return CaseFile(
            case=case,
            notes=tuple(Note(**row._mapping) for row in notes),
            verdicts=tuple(Verdict(**row._mapping) for row in verdicts),
            document=None if text is None else orjson.loads(text),
            sha256=None if text is None else sha256_of(text),
        )


def frozen_document(store: Store, sha256: str, *, actor: str, reason: str = "") -> dict[str, Any]:
    """Give the document that a verdict froze, proved by its hash, once the view is in the audit log.

    NotFound if there is none; InputError if the stored text was changed.
    """
    with store.writing() as connection:
        text = connection.scalar(
            select(tables.case_document.c.content).where(tables.case_document.c.sha256 == sha256)
        )
        if text is None:
            raise NotFound("there is no such case document", "see the verdicts of the case", sha256)
        audit.append(connection, actor=actor, action="document.view", object=sha256, reason=reason)
        if sha256_of(text) != sha256:
            raise InputError(
                "this case document was changed after it was frozen", "restore it from a backup", sha256
            )
        result: dict[str, Any] = orjson.loads(text)
        return result


def find_subjects(store: Store, reference: str, *, limit: int = 20) -> list[str]:
    """Give the ids of the assessed subjects that a reference means: one id if it is exact, else all that begin so.

    A reference is a subject's id or its beginning, or a vendor's own id, with its system's name in front or not.
    """
    assessed = tables.assessment.c
    system, _, own = reference.rpartition(":")
    with store.reading() as connection:
        if connection.scalar(select(assessed.subject_id).where(assessed.subject_id == reference)) is not None:
            return [reference]
        # The text only narrows; whether a reference really is among the subject's is read from the document.
        texts = connection.scalars(
            select(assessed.document).where(assessed.document.contains(f'"{own}"', autoescape=True))
        )
        subjects = [orjson.loads(text)["subject"] for text in texts]
        by_reference = [
            subject["id"]
            for subject in subjects
            if any(value == own and system in ("", name) for name, value in subject["refs"].items())
        ]
        if by_reference or len(reference) < MINIMUM_BEGINNING:
            return sorted(by_reference)[:limit]
        begins = select(assessed.subject_id).where(assessed.subject_id.startswith(reference, autoescape=True))
        return sorted(connection.scalars(begins.order_by(assessed.subject_id).limit(limit)))


def _wanted(
    state: CaseState | None, band: Band | None, assignee: str | None, subject_id: str | None
) -> list[ColumnElement[bool]]:
    case = tables.case.c
    given = (
        (case.state, state),
        (func.coalesce(tables.assessment.c.band, case.band), band),
        (case.assignee, assignee),
        (case.subject_id, subject_id),
    )
    return [column == value for column, value in given if value is not None]


def _joined(wanted: Select[Any]) -> Select[Any]:
    case, assessment = tables.case, tables.assessment
    return wanted.join_from(case, assessment, assessment.c.subject_id == case.c.subject_id, isouter=True)


def _summaries(
    store: Store, wanted: list[ColumnElement[bool]], limit: int | None, offset: int
) -> list[CaseSummary]:
    case, assessment, verdict = tables.case, tables.assessment, tables.verdict
    last = (
        select(verdict.c.case_id, func.max(verdict.c.id).label("id")).group_by(verdict.c.case_id).subquery()
    )
    statement = (
        _joined(select(*case.c, *COLUMNS, verdict.c.verdict))
        .join(last, last.c.case_id == case.c.id, isouter=True)
        .join(verdict, verdict.c.id == last.c.id, isouter=True)
        .where(*wanted)
        .order_by(func.coalesce(assessment.c.not_ordinary, -1).desc(), case.c.opened, case.c.id)
        .limit(limit)
        .offset(offset)
    )
    with store.reading() as connection:
        return [_summary(row) for row in connection.execute(statement)]


def _summary(row: Row[Any]) -> CaseSummary:
    split = len(tables.case.c)
    values = tuple(row)
    assessed = values[split:-1]
    return CaseSummary(
        case=Case(*values[:split]),
        assessment=LatestAssessment(*assessed) if assessed[0] is not None else None,
        verdict=values[-1],
    )
