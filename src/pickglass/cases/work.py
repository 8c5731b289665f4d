"""What people do with a case: note, assign, decide; and remove a person altogether."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from pickglass.cases.assessments import document_text
from pickglass.cases.records import CLOSING, FINDINGS, Case, Finding, Note, Verdict
from pickglass.errors import InputError, NotAllowed, NotFound
from pickglass.store import Store, audit, linkage, tables
from pickglass.store.canonical import sha256_of
from pickglass.store.database import insert_row


def add_note(store: Store, case_id: str, text: str, *, author: str) -> Note:
    """Add a note to a case, open or closed; InputError for an empty one."""
    if not text.strip():
        raise InputError("a note needs a text", "write what you found", case_id)
    with store.writing() as connection:
        case = case_of(connection, case_id)
        now = datetime.now(UTC)
        row = {"case_id": case.id, "created": now, "author": author, "text": text}
        note = Note(insert_row(connection, tables.note, row), case.id, now, author, text)
        # The text stays out of the log: it may name people, and the log is never erased.
        audit.append(
            connection,
            actor=author,
            action="case.note",
            object=case.id,
            details={"note": note.id, "sha256": sha256_of(text)},
        )
        return note


def assign(store: Store, case_id: str, assignee: str | None, *, actor: str) -> Case:
    """Hand an open case to somebody, or with None back to nobody, and return it."""
    with store.writing() as connection:
        audit.take_turn(connection)
        case = _open_case(connection, case_id)
        connection.execute(update(tables.case).where(tables.case.c.id == case.id).values(assignee=assignee))
        audit.append(
            connection,
            actor=actor,
            action="case.assign",
            object=case.id,
            details={"from": case.assignee, "to": assignee},
        )
        return case_of(connection, case.id)


def set_verdict(
    store: Store,
    case_id: str,
    verdict: Finding,
    *,
    author: str,
    reason: str,
    second: str | None = None,
    seen: str | None = None,
) -> Verdict:
    """Record what was decided about an open case, and freeze the document that it was decided on.

    `cleared` and `confirmed` close the case. `confirmed` needs a `second` person, who is not the author: the
    face must have proved who both are. With `seen`, the hash of the document that the author looked at, the
    verdict is refused if a newer run has changed it since. NotAllowed for a missing or same second person or
    a closed case, InputError for a missing reason or an unknown verdict, NotFound without case or assessment.
    """
    if verdict not in FINDINGS:
        raise InputError(f"{verdict!r} is no verdict", f"choose one of {', '.join(FINDINGS)}", case_id)
    if not reason.strip():
        raise InputError("a verdict needs a reason", "say what it rests on", case_id)
    if verdict == "confirmed":
        _require_second(case_id, author, second)
    elif second is not None:
        raise InputError("only `confirmed` takes a second person", "leave the second person out", case_id)
    with store.writing() as connection:
        audit.take_turn(connection)
        case = _open_case(connection, case_id)
        now = datetime.now(UTC)
        document = _freeze_document(connection, case, now, seen)
        row = {
            "case_id": case.id,
            "created": now,
            "verdict": verdict,
            "author": author,
            "second": second,
            "reason": reason,
            "document": document,
        }
        verdict_id = insert_row(connection, tables.verdict, row)
        if verdict in CLOSING:
            connection.execute(
                update(tables.case).where(tables.case.c.id == case.id).values(state="closed", closed=now)
            )
        audit.append(
            connection,
            actor=author,
            action="case.verdict",
            object=case.id,
            details={
                "verdict": verdict,
                "second": second,
                "document": document,
                "subject": case.subject_id,
                "reason_sha256": sha256_of(reason),
            },
        )
        return Verdict(
            id=verdict_id,
            case_id=case.id,
            created=now,
            verdict=verdict,
            author=author,
            second=second,
            reason=reason,
            document=document,
        )


def erase_subject(store: Store, subject_id: str, *, actor: str, reason: str) -> dict[str, int]:
    """Remove a subject's assessment, cases, notes, verdicts, documents and links, and count what was removed.

    The audit log keeps its pseudonymous ids. Whether a legal hold forbids it is for the caller to know.
    """
    if not reason.strip():
        raise InputError("an erasure needs a reason", "name the request that it answers", subject_id)
    cases = select(tables.case.c.id).where(tables.case.c.subject_id == subject_id).scalar_subquery()
    steps = {
        "notes": delete(tables.note).where(tables.note.c.case_id.in_(cases)),
        "verdicts": delete(tables.verdict).where(tables.verdict.c.case_id.in_(cases)),
        "cases": delete(tables.case).where(tables.case.c.subject_id == subject_id),
        "documents": delete(tables.case_document).where(tables.case_document.c.subject_id == subject_id),
        "assessments": delete(tables.assessment).where(tables.assessment.c.subject_id == subject_id),
    }
    with store.writing() as connection:
        removed = {name: connection.execute(step).rowcount for name, step in steps.items()}
        removed |= linkage.forget_subject(connection, subject_id)
        audit.append(
            connection, actor=actor, action="subject.erase", object=subject_id, reason=reason, details=removed
        )
        return removed


# -- within a transaction ------------------------------------------------------------------------------------


def case_of(connection: Connection, case_id: str) -> Case:
    """Give a case by its id, in upper or lower case; NotFound if there is none."""
    row = connection.execute(
        select(tables.case).where(tables.case.c.id == case_id.strip().upper())
    ).one_or_none()
    if row is None:
        raise NotFound("there is no such case", "see `pickglass case list`", case_id)
    return Case(**row._mapping)


def _open_case(connection: Connection, case_id: str) -> Case:
    case = case_of(connection, case_id)
    if case.state != "open":
        raise NotAllowed("this case is closed", "open a new one for this subject", case.id)
    return case


def _require_second(case_id: str, author: str, second: str | None) -> None:
    if second is None or not second.strip():
        raise NotAllowed("a second person must confirm", "name a second person, or choose suspected", case_id)
    if second.strip().casefold() == author.strip().casefold():
        raise NotAllowed("the second person must be another one than the author", "ask a colleague", case_id)


def _freeze_document(connection: Connection, case: Case, now: datetime, seen: str | None) -> str:
    text = document_text(connection, case.subject_id)
    if text is None:
        raise NotFound("this subject has no assessment", "run `pickglass run` first", case.subject_id)
    sha256 = sha256_of(text)
    if seen is not None and seen != sha256:
        raise InputError(
            "the assessment has changed since you looked at it", "look at the case again", case.id
        )
    frozen = select(func.count()).where(tables.case_document.c.sha256 == sha256)
    if not connection.scalar(frozen):
        row = {"sha256": sha256, "subject_id": case.subject_id, "created": now, "content": text}
        connection.execute(insert(tables.case_document).values(row))
    return sha256
