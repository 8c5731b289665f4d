"""Which address databases this home has; the files lie below HOME/intel under their hashes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from pickglass.errors import NotFound
from pickglass.store import audit, tables
from pickglass.store.database import Store


def note_database(store: Store, row: Mapping[str, Any], *, actor: str) -> bool:
    """Note a database that lies in its place; False where it is noted already and in force."""
    noted = tables.address_database.c
    with store.writing() as connection:
        audit.take_turn(connection)
        before = connection.execute(
            select(noted.valid_until).where(noted.sha256 == row["sha256"])
        ).one_or_none()
        if before is not None and before.valid_until == row["valid_until"]:
            return False
        connection.execute(delete(tables.address_database).where(noted.sha256 == row["sha256"]))
        connection.execute(insert(tables.address_database).values(**row))
        audit.append(
            connection,
            actor=actor,
            action="intel.add",
            object=row["list_name"],
            details={"form": "MMDB", "sha256": row["sha256"], "built": row["built"].isoformat()},
        )
    return True


def databases_in_force(store: Store, now: datetime | None = None) -> list[dict[str, Any]]:
    """Give the databases that have not run out at `now` (None: all that were ever noted), oldest first."""
    noted = tables.address_database.c
    wanted = select(tables.address_database).order_by(noted.built, noted.sha256)
    with store.reading() as connection:
        rows = [dict(row) for row in connection.execute(wanted).mappings()]
    return [row for row in rows if now is None or row["valid_until"] is None or row["valid_until"] > now]


def expire_databases(store: Store, list_name: str, now: datetime, *, actor: str, reason: str) -> int:
    """End the databases of a list now; NotFound where none of them is in force."""
    noted = tables.address_database.c
    with store.writing() as connection:
        audit.take_turn(connection)
        changed = connection.execute(
            update(tables.address_database)
            .where(noted.list_name == list_name, (noted.valid_until.is_(None)) | (noted.valid_until > now))
            .values(valid_until=now)
        ).rowcount
        if not changed:
            raise NotFound(f"there is no list {list_name} in force", "`pickglass intel list` names them")
        audit.append(connection, actor=actor, action="intel.expire", object=list_name, reason=reason)
    return int(changed)
