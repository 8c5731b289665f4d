"""Rows in a few words, and the views over them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pickglass.lake.session import Session, prepare, rows_as_tables, session

KEY = b"key of a test"
LATER = datetime(2026, 12, 31, tzinfo=UTC)
Rows = Sequence[Mapping[str, Any]]


def at(text: str) -> datetime:
    """Read a day or a moment as UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@cache
def _engine() -> Any:
    """Prepare what does not depend on rows once for all tests of a process."""
    return prepare(KEY)


@contextmanager
def lake(as_of: datetime = LATER, **tables: Rows) -> Iterator[Session]:
    """Open the views over rows that say only what matters; an event is known when it happens."""
    with session(rows_as_tables(_filled(tables)), as_of, KEY, engine=_engine()) as opened:
        yield opened


def _filled(tables: Mapping[str, Rows]) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [
            {
                "event_id": f"{name}-{number}",
                "source": "test",
                "time_precision": "instant",
                "known": row["time"],
                "raw_file": "f" * 64,
                "raw_record": number,
                "record_hash": f"{name}-{number}",
                "mapping_version": "test@1",
                "load_id": 1,
                **row,
            }
            for number, row in enumerate(rows, 1)
        ]
        for name, rows in tables.items()
    }


def worker(account: str, time: str = "2026-03-01", **other: Any) -> dict[str, Any]:
    """Return a roster row of somebody with mails of their own."""
    name = account.rpartition(":")[2].lower()
    return {
        "account": account,
        "time": time,
        "kind": "employee",
        "status": "active",
        "roster_scope": "all",
        "work_mail": f"{name}@example.com",
        **other,
    }


def ask(opened: Session, sql: str) -> list[tuple[Any, ...]]:
    """Run a query and give its rows as tuples."""
    return [tuple(row.values()) for row in opened.query(sql).to_pylist()]


def subjects(opened: Session) -> dict[str, str]:
    """Say which subject each account key leads to."""
    return dict(ask(opened, "SELECT account, subject_id FROM account_subject"))
