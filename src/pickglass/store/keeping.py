"""What may go and what must stay: legal holds, originals past retention, and who is suppressed.

A hold names a subject and blocks erasure and retention until it is released. A suppression is a keyed hash of a
value that named an erased subject: it recognises the value when it comes again, and tells nobody what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import insert, select, update

from pickglass.errors import InputError, NotFound
from pickglass.store import audit, tables
from pickglass.store.canonical import canonical_text
from pickglass.store.database import Store, insert_row


@dataclass(frozen=True, slots=True)
class Hold:
    """One legal hold; times are UTC."""

    id: int
    subject_id: str
    placed: datetime
    placed_by: str
    reason: str
    released: datetime | None
    released_by: str | None


def place_hold(store: Store, subject_id: str, *, actor: str, reason: str) -> Hold:
    """Put a subject on legal hold; InputError without a reason or where one is in force."""
    if not reason.strip():
        raise InputError("a legal hold needs a reason", "name the matter, not the person", subject_id)
    with store.writing() as connection:
        audit.take_turn(connection)
        hold = tables.hold.c
        found = connection.scalar(
            select(hold.id).where(hold.subject_id == subject_id, hold.released.is_(None))
        )
        if found is not None:
            raise InputError("this subject is on hold already", "`--release` ends it", subject_id)
        now = datetime.now(UTC)
        row = {"subject_id": subject_id, "placed": now, "placed_by": actor, "reason": reason}
        hold_id = insert_row(connection, tables.hold, row)
        audit.append(connection, actor=actor, action="subject.hold", object=subject_id, reason=reason)
    return Hold(hold_id, subject_id, now, actor, reason, None, None)


def release_hold(store: Store, subject_id: str, *, actor: str, reason: str) -> None:
    """End the hold of a subject; NotFound where there is none in force."""
    with store.writing() as connection:
        audit.take_turn(connection)
        hold = tables.hold.c
        changed = connection.execute(
            update(tables.hold)
            .where(hold.subject_id == subject_id, hold.released.is_(None))
            .values(released=datetime.now(UTC), released_by=actor)
        )
        if not changed.rowcount:
            raise NotFound(
                "this subject is not on hold", "`pickglass lake status` lists the holds", subject_id
            )
        audit.append(connection, actor=actor, action="subject.release", object=subject_id, reason=reason)


def holds(store: Store) -> list[Hold]:
    """Give the holds that are in force, oldest first."""
    wanted = select(tables.hold).where(tables.hold.c.released.is_(None)).order_by(tables.hold.c.id)
    with store.reading() as connection:
        return [Hold(*row) for row in connection.execute(wanted)]


def suppress(store: Store, subject_id: str, keys: Iterable[str]) -> None:
    """Add keyed hashes to the suppression list; those that are on it already stay as they are."""
    wanted = sorted(set(keys))
    now = datetime.now(UTC)
    with store.writing() as connection:
        there = set(connection.scalars(select(tables.suppression.c.key)))
        rows = [{"key": key, "subject_id": subject_id, "created": now} for key in wanted if key not in there]
        if rows:
            connection.execute(insert(tables.suppression), rows)


def suppressed(store: Store) -> frozenset[str]:
    """Give the keyed hashes of everything that is suppressed."""
    with store.reading() as connection:
        return frozenset(connection.scalars(select(tables.suppression.c.key)))


def note_expired(store: Store, raw_files: Iterable[str], *, actor: str) -> None:
    """Note originals that are past their retention period, before their bytes are removed."""
    now = datetime.now(UTC)
    with store.writing() as connection:
        there = set(connection.scalars(select(tables.expired_original.c.raw_file)))
        rows = [{"raw_file": one, "expired": now} for one in sorted(set(raw_files) - there)]
        if rows:
            connection.execute(insert(tables.expired_original), rows)
            audit.append(
                connection,
                actor=actor,
                action="originals.expire",
                object="lake",
                details={"files": len(rows)},
            )


def expired_originals(store: Store) -> dict[str, datetime]:
    """Say which originals are past their retention period, and since when."""
    with store.reading() as connection:
        return {row.raw_file: row.expired for row in connection.execute(select(tables.expired_original))}


def redact(store: Store, redacted: Callable[[Any], Any]) -> dict[str, int]:
    """Take a person's values out of what is kept about others: notes, reasons, documents; count by table.

    A frozen document keeps its hash as its name: that proves what it was, and `redacted` in it says that it is no
    longer all there.
    """
    counts: dict[str, int] = {}
    plain = (
        (tables.note, "id", "text"),
        (tables.verdict, "id", "reason"),
        (tables.hold, "id", "reason"),
        (tables.load_file, "id", "why"),
        (tables.link_decision, "id", "reason"),
    )
    documents = (
        (tables.assessment, "subject_id", "document"),
        (tables.case_document, "sha256", "content"),
        (tables.run, "id", "versions"),
        (tables.link, "id", "document"),
    )
    with store.writing() as connection:
        for table, key, column in (*plain, *documents):
            json_text = (table, key, column) in documents
            for identity, text in connection.execute(select(table.c[key], table.c[column])).all():
                less = _redacted_text(text, redacted, json_text=json_text)
                if less != text:
                    connection.execute(update(table).where(table.c[key] == identity).values({column: less}))
                    counts[table.name] = counts.get(table.name, 0) + 1
        # A key that a source does not declare may be a person's: a record that has a mail address for a key.
        file = tables.load_file.c
        for identity, drift in connection.execute(select(file.id, file.drift)).all():
            if (changed := redacted(drift)) != drift:
                connection.execute(update(tables.load_file).where(file.id == identity).values(drift=changed))
                counts[tables.load_file.name] = counts.get(tables.load_file.name, 0) + 1
    return counts


def _redacted_text(text: str | None, redacted: Callable[[Any], Any], *, json_text: bool) -> str | None:
    if text is None:
        return None
    if not json_text:
        return str(redacted(text))
    before = orjson.loads(text)
    after = redacted(before)
    return text if after == before else canonical_text({**after, "redacted": True})


def forget_deleted(store: Store) -> None:
    """Give free pages and the journal back, which still hold what was deleted. Of PostgreSQL, VACUUM does that."""
    if store.engine.dialect.name != "sqlite":
        return
    connection = store.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.close()
    finally:
        connection.close()
