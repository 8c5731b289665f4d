"""Small exports as vendors write them, about invented people, and what a lake holds of them."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pickglass.lake.engine import connect, literal
from pickglass.lake.tables import Tables
from pickglass.settings import Settings
from pickglass.store import ledger, open_store

# What differs between two loads of the same records: which load it was, and when it happened.
OF_THE_LOAD = {"load_id"}
OF_THE_MOMENT = {"rejects": {"time", "known"}, "superseded": {"known"}}


def okta(uid: str, time: str = "2026-03-01T10:00:00.000Z", **other: Any) -> dict[str, Any]:
    """Write one sign-in as Okta's System Log does."""
    return {
        "uuid": uid,
        "published": time,
        "eventType": "user.session.start",
        "actor": {"id": "00u1", "type": "User", "alternateId": "dana@example.com", "displayName": "Dana"},
        "client": {"ipAddress": "192.0.2.17"},
        "outcome": {"result": "SUCCESS", "reason": None},
        **other,
    }


def worker(number: str, day: str = "2026-03-15", **other: Any) -> dict[str, Any]:
    """Write one line of a Workday roster."""
    return {
        "As_of_Date": day,
        "Roster_Scope": "All",
        "Worker_Type": "Employee",
        "Employee_ID": number,
        "Legal_Name": f"Worker {number}",
        "Worker_Status": "Active",
        "Email_Work": f"{number.lower()}@example.com",
        "Email_Home": f"{number.lower()}@example.org",
        "Hire_Date": "2026-03-02",
        **other,
    }


def write_desk(
    settings: Settings, more: str = "", *, category: str = "Category", time: str = "Opened"
) -> None:
    """Write a source of the home's own: a desk whose tickets have numbers and may be given anew."""
    path = settings.home / "sources" / "desk" / "source.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "id: desk\ntitle: Our ticket desk\nformats: [json, csv]\nrecognise: {all: [Number, Opened]}\n"
        f"time_zone: UTC\nkey: Number\n{more}\nmap:\n  ticket:\n"
        f'    time: "{time}"\n    account: "\'a@example.com\'"\n    ticket_id: Number\n'
        f"    activity: \"'opened'\"\n    category: {category}\n"
    )


def ndjson(path: Path, records: Iterable[Mapping[str, Any] | str | bytes]) -> Path:
    """Write records as JSON lines; texts and bytes go in as they are."""
    lines = [
        record
        if isinstance(record, bytes)
        else (record if isinstance(record, str) else json.dumps(record)).encode()
        for record in records
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def rows(settings: Settings, table: str) -> list[dict[str, Any]]:
    """Read every row of a table that is in force, hidden revisions included, without the views."""
    with open_store(settings) as store:
        snapshot = ledger.current_snapshots(store).get(table)
    if snapshot is None:
        return []
    tables = Tables(settings.catalog_uri, Path(settings.warehouse))
    try:
        files = tables.files(table, snapshot)
    finally:
        tables.close()
    if not files:
        return []
    listed = ", ".join(literal(file) for file in files)
    connection = connect()
    try:
        found = connection.sql(
            f"SELECT * FROM read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
        ).to_arrow_table()
    finally:
        connection.close()
    plain: list[dict[str, Any]] = found.to_pylist()
    return plain


def content(settings: Settings) -> dict[str, list[str]]:
    """Give every row of every table, in an order of its own, without what only tells of the load."""
    with open_store(settings) as store:
        names = sorted(ledger.current_snapshots(store))
    found = {}
    for name in names:
        left_out = OF_THE_LOAD | OF_THE_MOMENT.get(name, set())
        found[name] = sorted(
            json.dumps(
                {
                    key: _written(value)
                    for key, value in row.items()
                    if key not in left_out | _given_anew(row)
                },
                sort_keys=True,
            )
            for row in rows(settings, name)
        )
    return {name: one for name, one in found.items() if one}


def _given_anew(row: Mapping[str, Any]) -> set[str]:
    """A version whose source does not date it is known since its load."""
    return {"known"} if str(row["revision"]).startswith("given:") else set()


def _written(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
