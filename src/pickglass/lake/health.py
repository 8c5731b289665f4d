"""What the lake says of itself: rows, rejects by reason, rows of nobody, clocks in doubt."""

from __future__ import annotations

from typing import Any

from pickglass.lake.engine import identifier
from pickglass.lake.session import Session
from pickglass.model.schema import schema

# Whose rows nobody has to belong to: lists, what could not be read, mail of strangers, networks without a user.
_OF_NOBODY = ("intelligence", "rejects", "superseded", "mail", "attestation")


def lake_health(session: Session) -> dict[str, Any]:
    """Return rows by table, the last record of each source, rejects, unresolved rows and time-zone doubts."""
    tables: dict[str, int] = {}
    unresolved: dict[str, int] = {}
    doubts: list[dict[str, Any]] = []
    last: dict[str, str] = {}
    for name, table in schema().tables.items():
        if name in ("rejects", "superseded"):
            continue
        known = identifier("known_" + name)
        for source, rows, latest, local in _by_source(session, known):
            tables[name] = tables.get(name, 0) + rows
            last[source] = max(last.get(source, ""), latest.isoformat())
            if local:
                doubts.append({"table": name, "source": source, "rows": local})
        if tables.get(name) and table.has_account and name not in _OF_NOBODY:
            resolved = session.query(
                f"SELECT count(DISTINCT event_id) AS n FROM {identifier(name)}"
            ).to_pylist()[0]["n"]
            every = session.query(f"SELECT count(DISTINCT event_id) AS n FROM {known}").to_pylist()[0]["n"]
            if every > resolved:
                unresolved[name] = every - resolved
    rejects = session.query(
        "SELECT source, reason, count(*) AS records FROM known_rejects GROUP BY ALL ORDER BY records DESC, source, reason LIMIT 100"
    ).to_pylist()
    return {
        "tables": tables,
        "last_record": last,
        "rejects": rejects,
        "unresolved": unresolved,
        "time_zone_doubts": doubts,
    }


def _by_source(session: Session, known: str) -> list[tuple[str, int, Any, int]]:
    found = session.query(
        "SELECT source, count(*) AS n, max(time) AS latest, count(*) FILTER (WHERE time_precision = 'local') AS local "
        f"FROM {known} GROUP BY source ORDER BY source"
    ).to_pylist()
    return [(row["source"], row["n"], row["latest"], row["local"]) for row in found]
