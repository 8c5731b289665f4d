"""The audit log: who did what to which object and why, each entry bound to the one before by its hash.

An entry is appended in the transaction of the action that it records. So there is no action without its
entry: where the log cannot be written, the action does not happen either. It holds pseudonymous ids only,
because it outlives the erasure of a person.

The chain shows every later change, removal or insertion. Whoever may write to the database could still
forge a whole new chain; to notice that too, note down a chain's `entries` and `head` elsewhere from time to
time, and hand them to `verify`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, insert, select, update

from pickglass.errors import ConfigError, NotAllowed
from pickglass.store import tables
from pickglass.store.canonical import canonical_text, sha256_of
from pickglass.store.database import Store

START = "0" * 64  # what the first entry has in place of a previous hash


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log; `time` is UTC."""

    sequence: int
    time: datetime
    actor: str
    action: str
    object: str
    reason: str
    details: Mapping[str, Any]
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Chain:
    """What `verify` found: number of entries and last hash, or the first broken link and why."""

    entries: int
    head: str
    broken_at: int | None = None
    why: str = ""

    @property
    def whole(self) -> bool:
        """Say whether the chain is proved."""
        return self.broken_at is None


def append(
    connection: Connection,
    *,
    actor: str,
    action: str,
    object: str,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> int:
    """Append an entry in this transaction, and return its sequence number, counted from 1.

    `connection` comes from `Store.writing()`. An action without an actor is NotAllowed. Whatever is raised
    here must undo the action, so never catch it inside the transaction.
    """
    if not actor.strip():
        raise NotAllowed("nobody is named as the one who does this", "name an actor", action)
    head = take_turn(connection)
    values = {
        "sequence": head.sequence + 1,
        "time": datetime.now(UTC),
        "actor": actor,
        "action": action,
        "object": object,
        "reason": reason,
        "details": canonical_text(details or {}),
        "previous_hash": head.hash,
    }
    values["hash"] = _hash(values)
    connection.execute(insert(tables.audit).values(values))
    connection.execute(
        update(tables.head)
        .where(tables.head.c.name == "audit")
        .values(sequence=values["sequence"], hash=values["hash"])
    )
    return int(values["sequence"])


def take_turn(connection: Connection) -> Row[Any]:
    """Wait until no other writer of the log is under way, and keep the turn to the end of the transaction.

    Call it first where what was read must still hold when it is acted upon. Returns the head of the chain.
    """
    head = connection.execute(
        select(tables.head).where(tables.head.c.name == "audit").with_for_update()
    ).one_or_none()
    if head is None:
        raise ConfigError("the audit log has lost its head", "restore the store from a backup", "audit")
    return head


def record(
    store: Store,
    *,
    actor: str,
    action: str,
    object: str,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> int:
    """Append an entry in a transaction of its own, for actions that change nothing here: a view, an export.

    Call it before what it records happens.
    """
    with store.writing() as connection:
        return append(connection, actor=actor, action=action, object=object, reason=reason, details=details)


def entries(
    store: Store,
    *,
    object: str | None = None,
    actor: str | None = None,
    action: str | None = None,
    limit: int | None = None,
) -> list[Entry]:
    """Give the entries that fit, newest first."""
    given = {"object": object, "actor": actor, "action": action}
    wanted = select(tables.audit).order_by(tables.audit.c.sequence.desc()).limit(limit)
    for name, value in given.items():
        if value is not None:
            wanted = wanted.where(tables.audit.c[name] == value)
    with store.reading() as connection:
        return [
            Entry(**{**row, "details": orjson.loads(row["details"])})
            for row in connection.execute(wanted).mappings()
        ]


def verify(store: Store, anchor: tuple[int, str] | None = None) -> Chain:
    """Prove the whole chain, or name its first broken link.

    `anchor` is a sequence number and hash that were noted down earlier: the chain must still hold that entry.
    """
    sequence, previous = 0, START
    wanted = select(tables.audit).order_by(tables.audit.c.sequence)
    with store.reading() as connection:
        with closing(connection.execute(wanted, execution_options={"yield_per": 1000})) as rows:
            for row in rows.mappings():
                expected = sequence + 1
                why = ""
                if row["sequence"] != expected:
                    why = f"entry {expected} is missing"
                elif row["previous_hash"] != previous:
                    why = f"entry {expected} does not follow from the one before"
                elif row["hash"] != _hash(dict(row)):
                    why = f"entry {expected} was changed"
                elif anchor is not None and anchor[0] == expected and anchor[1] != row["hash"]:
                    why = f"entry {expected} is not the one that was noted down"
                if why:
                    return Chain(sequence, previous, expected, why)
                sequence, previous = expected, row["hash"]
        head = connection.execute(select(tables.head).where(tables.head.c.name == "audit")).one_or_none()
    if head is None or (head.sequence, head.hash) != (sequence, previous):
        return Chain(sequence, previous, sequence + 1, f"entries after {sequence} are missing")
    if anchor is not None and anchor[0] > sequence:
        return Chain(sequence, previous, sequence + 1, f"entry {anchor[0]} was noted down and is missing")
    return Chain(sequence, previous)


def _hash(values: Mapping[str, Any]) -> str:
    named = ("sequence", "time", "actor", "action", "object", "reason", "details", "previous_hash")
    return sha256_of(canonical_text({name: values[name] for name in named}))
