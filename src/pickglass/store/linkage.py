"""What linkage keeps from run to run: decisions on pairs, personas with their history, models, the latest links.

A decision is obeyed for ever, or until somebody decides otherwise; the earlier ones stay as its history. A trained
model was learnt from everybody, so it is forgotten with any subject that is erased, and trained anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import orjson
from sqlalchemy import Connection, delete, insert, or_, select

from pickglass.errors import InputError
from pickglass.store import audit, tables
from pickglass.store.canonical import canonical_text
from pickglass.store.database import Store, insert_row

DecisionKind = Literal["person", "farm"]
MODELS_KEPT = 3


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about a pair: one person (or one farm) or not; times are UTC."""

    kind: DecisionKind
    left_subject: str
    right_subject: str
    linked: bool
    decided: datetime
    decided_by: str
    reason: str


class PersonaChange(NamedTuple):
    """What became of a persona in one run."""

    changed: datetime
    persona_id: str
    kind: str
    others: Sequence[str]
    subjects: Sequence[str]


def decide(
    store: Store,
    kind: DecisionKind,
    pairs: Iterable[tuple[str, str]],
    *,
    linked: bool,
    actor: str,
    reason: str,
) -> int:
    """Keep a decision on each pair, once it is in the audit log; InputError without a reason. Returns how many."""
    if not reason.strip():
        raise InputError("a decision needs a reason", 'for example --reason "both came to the office"')
    now = datetime.now(UTC)
    rows = [
        {
            "kind": kind, "left_subject": left, "right_subject": right, "linked": linked,
            "decided": now, "decided_by": actor, "reason": reason,
        }
        for left, right in sorted({(min(pair), max(pair)) for pair in pairs})
    ]  # fmt: skip
    with store.writing() as connection:
        audit.take_turn(connection)
        for row in rows:
            audit.append(
                connection,
                actor=actor,
                action="link.confirm" if linked else "link.reject",
                object=f"{row['left_subject']} {row['right_subject']}",
                reason=reason,
                details={"kind": kind},
            )
        connection.execute(insert(tables.link_decision), rows)
    return len(rows)


def decision_history(store: Store, subjects: Sequence[str] | None = None) -> list[Decision]:
    """Give all decisions, oldest first; with `subjects` those on pairs of which both are among them."""
    column = tables.link_decision.c
    wanted = select(*(column[name] for name in Decision.__dataclass_fields__)).order_by(column.id)
    if subjects is not None:
        wanted = wanted.where(column.left_subject.in_(subjects), column.right_subject.in_(subjects))
    with store.reading() as connection:
        return [Decision(*row) for row in connection.execute(wanted)]


def personas(store: Store) -> dict[str, frozenset[str]]:
    """Give the personas of the latest run: id to subjects."""
    found: dict[str, set[str]] = {}
    with store.reading() as connection:
        for persona_id, subject_id in connection.execute(select(tables.persona)):
            found.setdefault(persona_id, set()).add(subject_id)
    return {persona_id: frozenset(subjects) for persona_id, subjects in found.items()}


def persona_history(store: Store, persona_id: str) -> list[PersonaChange]:
    """Give what became of a persona, oldest first."""
    column = tables.persona_change.c
    wanted = select(*(column[name] for name in PersonaChange._fields)).order_by(column.id)
    with store.reading() as connection:
        return [
            PersonaChange(*row) for row in connection.execute(wanted.where(column.persona_id == persona_id))
        ]


def save_links(
    store: Store,
    documents: Mapping[str, Mapping[str, Any]],
    members: Mapping[str, Iterable[str]],
    changes: Iterable[Mapping[str, Any]],
) -> None:
    """Keep the links and personas of one run in the place of those before, and add to the personas' history."""
    now = datetime.now(UTC)
    with store.writing() as connection:
        _replace(
            connection,
            tables.link,
            [
                {"id": name, "place": place, "document": canonical_text(document)}
                for place, (name, document) in enumerate(documents.items())
            ],
        )
        _replace(
            connection,
            tables.persona,
            [
                {"persona_id": persona_id, "subject_id": subject}
                for persona_id, subjects in members.items()
                for subject in subjects
            ],
        )
        if rows := [{"changed": now, **change} for change in changes]:
            connection.execute(insert(tables.persona_change), rows)


def links(store: Store) -> dict[str, dict[str, Any]]:
    """Give the links of the latest run by id, in its order."""
    wanted = select(tables.link.c.id, tables.link.c.document).order_by(tables.link.c.place)
    with store.reading() as connection:
        return {row.id: orjson.loads(row.document) for row in connection.execute(wanted)}


def save_model(store: Store, content: str, subjects: int) -> None:
    """Keep a trained model as the newest; of older ones a few stay."""
    with store.writing() as connection:
        row = {"trained": datetime.now(UTC), "subjects": subjects, "content": content}
        newest = insert_row(connection, tables.linkage_model, row)
        connection.execute(
            delete(tables.linkage_model).where(tables.linkage_model.c.id <= newest - MODELS_KEPT)
        )


def newest_model(store: Store) -> tuple[str, int] | None:
    """Give the newest trained model and how many subjects it was trained on; None where none was trained."""
    model = tables.linkage_model.c
    wanted = select(model.content, model.subjects).order_by(model.id.desc()).limit(1)
    with store.reading() as connection:
        row = connection.execute(wanted).one_or_none()
    return None if row is None else (row.content, row.subjects)


def forget_subject(connection: Connection, subject_id: str) -> dict[str, int]:
    """Remove a subject from everything that linkage keeps, and count what was removed."""
    decision, change, link = tables.link_decision.c, tables.persona_change.c, tables.link.c
    # A persona is called after the subject that founded it: the next run gives those who are left a new name.
    founded = f"P-{subject_id.removeprefix('S-')}"
    named = [
        row.id
        for row in connection.execute(select(change.id, change.persona_id, change.others, change.subjects))
        if subject_id in row.subjects or founded in (row.persona_id, *row.others)
    ]
    linked = [
        row.id
        for row in connection.execute(select(link.id, link.document))
        if subject_id in orjson.loads(row.document)["subjects"] or row.id == founded
    ]
    steps = {
        "decisions": delete(tables.link_decision).where(
            or_(decision.left_subject == subject_id, decision.right_subject == subject_id)
        ),
        "personas": delete(tables.persona).where(
            or_(tables.persona.c.subject_id == subject_id, tables.persona.c.persona_id == founded)
        ),
        "persona_changes": delete(tables.persona_change).where(change.id.in_(named)),
        "links": delete(tables.link).where(link.id.in_(linked)),
        "models": delete(tables.linkage_model),
    }
    return {name: connection.execute(step).rowcount for name, step in steps.items()}


def _replace(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    connection.execute(delete(table))
    if rows:
        connection.execute(insert(table), rows)
