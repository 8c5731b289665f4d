"""What the lake says of itself: rows, rhythm of each source, rejects, rows of nobody, clocks in doubt, empty columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import quantiles
from typing import Any

from pickglass.lake.engine import identifier
from pickglass.lake.session import Session
from pickglass.model.schema import schema

# Whose rows nobody has to belong to: lists, what could not be read, mail of strangers, networks without a user.
_OF_NOBODY = ("intelligence", "rejects", "superseded", "mail", "attestation")

# A source is late when it has been silent this many times longer than it usually is, and at least so long.
LATE_FACTOR = 3
LATE_AT_LEAST = timedelta(days=2)
# Evidence is said to be about to be lost in the last quarter of the time that the vendor keeps it.
SOON_SHARE = 0.25


def lake_health(session: Session) -> dict[str, Any]:
    """Return rows and empty columns by table, the rhythm of each source, rejects, unresolved rows, clocks in doubt."""
    tables: dict[str, int] = {}
    empty: dict[str, list[str]] = {}
    unresolved: list[dict[str, Any]] = []
    doubts: list[dict[str, Any]] = []
    days: dict[str, set[date]] = {}
    last: dict[str, datetime] = {}
    for name, table in schema().tables.items():
        if name in ("rejects", "superseded"):
            continue
        known = identifier("known_" + name)
        for row in _by_source(session, known):
            source = row["source"]
            tables[name] = tables.get(name, 0) + row["rows"]
            last[source] = max(last.get(source, row["latest"]), row["latest"])
            days.setdefault(source, set()).update(row["days"])
            if row["local"]:
                doubts.append({"table": name, "source": source, "rows": row["local"]})
        if tables.get(name):
            empty[name] = _empty_columns(session, known, table.own)
            if table.has_account and name not in _OF_NOBODY:
                unresolved += _unresolved(session, name)
    return {
        "tables": tables,
        "empty_columns": empty,
        "sources": {
            source: {"last_record": latest, "usual_gap": usual_gap(sorted(days[source]))}
            for source, latest in last.items()
        },
        "rejects": session.query(
            "SELECT source, reason, count(*) AS records FROM known_rejects GROUP BY ALL "
            "ORDER BY records DESC, source, reason LIMIT 100"
        ).to_pylist(),
        "unresolved": unresolved,
        "time_zone_doubts": doubts,
    }


def filled(session: Session) -> set[str]:
    """Name the tables that have rows, the columns that any row fills, and the listed values that occur.

    Written `table`, `table.column` and, for a column that takes listed values only, `table.column=value`.
    """
    found: set[str] = set()
    for name, table in schema().tables.items():
        known = identifier("known_" + name)
        if not session.query(f"SELECT 1 FROM {known} LIMIT 1").num_rows:
            continue
        empty = set(_empty_columns(session, known, table.own))
        found.add(name)
        for column in table.own:
            if not table.columns[column].values:
                found |= {f"{name}.{column}"} if column not in empty else set()
                continue
            rows = session.query(f"SELECT DISTINCT {identifier(column)} AS value FROM {known}").to_pylist()
            found |= {f"{name}.{column}={row['value']}" for row in rows if row["value"] is not None}
    return found


def usual_gap(days: Sequence[date]) -> timedelta | None:
    """Say how long a source usually goes without a record: nine of ten gaps between its days are no longer.

    `days` are in order; None where there are too few to tell.
    """
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    if len(gaps) < 2:
        return None
    return timedelta(days=quantiles(gaps, n=10, method="inclusive")[-1])


def freshness(last_record: datetime | None, gap: timedelta | None, now: datetime) -> str:
    """Say whether a source is `fresh` or `late` against its own rhythm, or `unknown` where it shows none."""
    if last_record is None or gap is None:
        return "unknown"
    return "late" if now - last_record > max(LATE_FACTOR * gap, LATE_AT_LEAST) else "fresh"


def retention(last_record: datetime | None, keeps_days: float | None, now: datetime) -> dict[str, Any] | None:
    """Say until when a source must be exported again so that nothing is lost; None where the vendor forgets nothing.

    `state`: kept; soon (the vendor's time is nearly over); losing (records that were never exported are gone by now).
    """
    if keeps_days is None or last_record is None:
        return None
    kept = timedelta(days=keeps_days)
    export_by = last_record + kept
    left = export_by - now
    state = "losing" if left <= timedelta(0) else "soon" if left <= SOON_SHARE * kept else "kept"
    return {"keeps_days": keeps_days, "export_by": export_by.isoformat(), "state": state}


def _by_source(session: Session, known: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = session.query(
        "SELECT source, count(*) AS rows, max(time) AS latest, list(DISTINCT CAST(time AS DATE)) AS days, "
        f"count(*) FILTER (WHERE time_precision = 'local') AS local FROM {known} GROUP BY source ORDER BY source"
    ).to_pylist()
    return found


def _empty_columns(session: Session, known: str, columns: Sequence[str]) -> list[str]:
    counts = ", ".join(f"count({identifier(column)}) AS {identifier(column)}" for column in columns)
    (filled,) = session.query(f"SELECT {counts} FROM {known}").to_pylist()
    return [column for column in columns if not filled[column]]


def _unresolved(session: Session, name: str) -> list[dict[str, Any]]:
    """List, by source, the rows that belong to no subject, and of how many accounts they are."""
    found = session.query(
        "SELECT source, count(DISTINCT event_id) AS rows, count(DISTINCT lower(account)) AS accounts "
        f"FROM {identifier('known_' + name)} k "
        f"WHERE NOT EXISTS (SELECT 1 FROM {identifier(name)} r WHERE r.event_id = k.event_id) "
        "GROUP BY source ORDER BY source"
    ).to_pylist()
    return [{"table": name, **row} for row in found]
