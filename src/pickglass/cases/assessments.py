"""The latest assessment of each subject, kept with its document so that looking needs no new run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import Connection, delete, insert, select

from pickglass.cases.document import freeze
from pickglass.cases.records import LatestAssessment
from pickglass.errors import NotFound
from pickglass.model.records import Band
from pickglass.store import Store, audit, tables
from pickglass.store.canonical import canonical_text
from pickglass.store.database import insert_row

COLUMNS = [tables.assessment.c[name] for name in LatestAssessment.__dataclass_fields__]

_AT_ONCE = 500  # documents in memory, and parameters in one statement


def save_run(
    store: Store,
    documents: Iterable[Mapping[str, Any]],
    *,
    as_of: datetime,
    scorecard: str,
    versions: Mapping[str, Any],
    actor: str,
    complete: bool = True,
) -> int:
    """Keep the documents of one run as the latest of their subjects, all or none, and return the run's id.

    A complete run covers every subject: whoever is not in it is no longer assessed, and their document goes.
    """
    with store.writing() as connection:
        row = {
            "created": datetime.now(UTC),
            "as_of": as_of,
            "scorecard": scorecard,
            "versions": canonical_text(versions),
        }
        run_id = insert_row(connection, tables.run, row)
        if complete:
            connection.execute(delete(tables.assessment))
        subjects = 0
        rest = iter(documents)
        while some := list(islice(rest, _AT_ONCE)):
            rows = [_row(run_id, content) for content in some]
            ids = [one["subject_id"] for one in rows]
            connection.execute(delete(tables.assessment).where(tables.assessment.c.subject_id.in_(ids)))
            connection.execute(insert(tables.assessment), rows)
            subjects += len(rows)
        audit.append(
            connection,
            actor=actor,
            action="assess",
            object=f"run {run_id}",
            details={"scorecard": scorecard, "subjects": subjects, "complete": complete},
        )
        return run_id


def latest_assessments(
    store: Store, *, band: Band | None = None, limit: int | None = None, offset: int = 0
) -> list[LatestAssessment]:
    """Give the latest assessments, least ordinary subjects first."""
    wanted = select(*COLUMNS).order_by(
        tables.assessment.c.not_ordinary.desc(), tables.assessment.c.subject_id
    )
    if band is not None:
        wanted = wanted.where(tables.assessment.c.band == band)
    with store.reading() as connection:
        return [
            LatestAssessment(*tuple(row)) for row in connection.execute(wanted.limit(limit).offset(offset))
        ]


def view_assessment(store: Store, subject_id: str, *, actor: str, reason: str = "") -> dict[str, Any]:
    """Give the latest document of a subject, once the view is in the audit log; NotFound without one."""
    with store.writing() as connection:
        audit.append(connection, actor=actor, action="view", object=subject_id, reason=reason)
        text = document_text(connection, subject_id)
        if text is None:
            raise NotFound(
                "this subject has no assessment", "`pickglass run PATH --json` lists all of them", subject_id
            )
        result: dict[str, Any] = orjson.loads(text)
        return result


def document_text(connection: Connection, subject_id: str) -> str | None:
    """Give the canonical text of a subject's latest document, if there is one."""
    text: str | None = connection.scalar(
        select(tables.assessment.c.document).where(tables.assessment.c.subject_id == subject_id)
    )
    return text


def _row(run_id: int, content: Mapping[str, Any]) -> dict[str, Any]:
    assessment = content["assessment"]
    return {
        "subject_id": content["subject"]["id"],
        "run_id": run_id,
        "not_ordinary": 1 - assessment["posterior"].get("ordinary", 0.0),
        **{name: assessment[name] for name in ("scorecard", "band", "threat", "bits", "leading")},
        "document": freeze(content)[0],
    }
