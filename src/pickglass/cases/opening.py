"""Opening cases, by hand or by the rule that nobody in an urgent band stays without one."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

import orjson
from sqlalchemy import Connection, insert, select

from pickglass.cases.records import Case
from pickglass.errors import InputError, NotFound
from pickglass.model.records import BANDS, Assessment, Band
from pickglass.store import Store, audit, tables

RULE_BANDS: frozenset[Band] = frozenset({"act", "review"})
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nobody mistakes one for another


def open_case(store: Store, subject_id: str, *, actor: str, reason: str) -> Case:
    """Open a case by hand for a subject that was assessed.

    InputError without a reason or if the subject has an open case; NotFound if it was never assessed.
    """
    if not reason.strip():
        raise InputError("a case that is opened by hand needs a reason", "say why", subject_id)
    with store.writing() as connection:
        audit.take_turn(connection)
        band = connection.scalar(
            select(tables.assessment.c.band).where(tables.assessment.c.subject_id == subject_id)
        )
        if band is None:
            raise NotFound("this subject has no assessment", "run `pickglass run` first", subject_id)
        existing = connection.scalar(
            select(tables.case.c.id).where(
                tables.case.c.subject_id == subject_id, tables.case.c.state == "open"
            )
        )
        if existing is not None:
            raise InputError("this subject has an open case", f"work on {existing}", subject_id)
        return _open(connection, subject_id, band, actor, reason)


def open_for(store: Store, assessments: Iterable[Assessment], *, actor: str = "rule") -> list[Case]:
    """Open a case for every subject in band act or review that has none open, and return the new ones.

    Doing it again changes nothing. A subject whose last case was closed by a verdict gets a new one only if
    an indicator fires that did not at that verdict, or if the band is more urgent than it was: what a person
    has judged is not put before them again.
    """
    urgent = [one for one in assessments if one.band in RULE_BANDS]
    with store.writing() as connection:
        audit.take_turn(connection)
        still_open = set(
            connection.scalars(select(tables.case.c.subject_id).where(tables.case.c.state == "open"))
        )
        judged = _judged(connection)
        opened = []
        for one in urgent:
            if one.subject_id in still_open or not _is_news(one, judged.get(one.subject_id)):
                continue
            still_open.add(one.subject_id)
            opened.append(
                _open(connection, one.subject_id, one.band, actor, f"band {one.band}: {one.why_band}")
            )
        return opened


def _is_news(assessment: Assessment, judged: str | None) -> bool:
    if judged is None:
        return True
    then = orjson.loads(judged)["assessment"]
    fired_then = {step["label"] for step in then["steps"] if step["kind"] == "fired"}
    fired_now = {step.label for step in assessment.steps if step.kind == "fired"}
    return not fired_now <= fired_then or BANDS.index(assessment.band) < BANDS.index(then["band"])


def _judged(connection: Connection) -> dict[str, str]:
    """Give the document of the last verdict on each subject."""
    rows = connection.execute(
        select(tables.case.c.subject_id, tables.case_document.c.content)
        .join_from(tables.verdict, tables.case, tables.verdict.c.case_id == tables.case.c.id)
        .join(tables.case_document, tables.verdict.c.document == tables.case_document.c.sha256)
        .order_by(tables.verdict.c.id)
    )
    return {row.subject_id: row.content for row in rows}


def _open(connection: Connection, subject_id: str, band: Band, actor: str, reason: str) -> Case:
    case = Case(
        id="C-" + "".join(secrets.choice(_LETTERS) for _ in range(10)),
        subject_id=subject_id,
        opened=datetime.now(UTC),
        opened_by=actor,
        state="open",
        closed=None,
        band=band,
        assignee=None,
    )
    connection.execute(insert(tables.case).values(case_row(case)))
    audit.append(
        connection,
        actor=actor,
        action="case.open",
        object=case.id,
        reason=reason,
        details={"subject": subject_id, "band": band},
    )
    return case


def case_row(case: Case) -> dict[str, object]:
    """Give a case as a row of its table."""
    return {name: getattr(case, name) for name in Case.__dataclass_fields__}
