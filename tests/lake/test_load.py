"""A record given anew: the same is a duplicate, other content is a revision, and the last one counts."""

from pathlib import Path
from typing import Any

import pytest
from tests.lake.exports import ndjson, okta, rows, worker, write_desk

from pickglass import pipeline
from pickglass.lake.reading import open_lake
from pickglass.settings import Settings
from pickglass.store import open_store


def seen(settings: Settings, sql: str) -> list[dict[str, Any]]:
    with open_store(settings) as store, open_lake(settings, store) as lake:
        found: list[dict[str, Any]] = lake.query(sql).to_pylist()
    return found


def load(settings: Settings, folder: Path, name: str, *records: dict[str, Any]) -> dict[str, int]:
    return dict(pipeline.load(settings, [ndjson(folder / name, records)]).records)


@pytest.fixture
def desk(home: Settings) -> Settings:
    """Return a home with a source of its own, whose tickets have numbers and may be given anew."""
    write_desk(home)
    return home


def ticket(number: str, opened: str, category: str) -> dict[str, str]:
    return {"Number": number, "Opened": opened, "Category": category}


def test_the_last_revision_counts_and_the_older_rows_stay(home: Settings, tmp_path: Path) -> None:
    """Also where the record goes back to what it said first: that is news, and no duplicate."""
    load(home, tmp_path, "first.json", worker("E1", Business_Title="Engineer"), worker("E2"))
    second = load(home, tmp_path, "second.json", worker("E1", Business_Title="Manager"), worker("E2"))
    assert (second["mapped"], second["duplicate"]) == (1, 1)
    third = load(home, tmp_path, "third.json", worker("E1", Business_Title="Engineer"), worker("E3"))
    assert (third["mapped"], third["duplicate"]) == (2, 0)
    assert seen(home, "SELECT role FROM known_worker WHERE account = 'workday:E1'") == [{"role": "Engineer"}]
    kept = sorted(row["role"] for row in rows(home, "worker") if row["account"] == "workday:E1")
    assert kept == ["Engineer", "Engineer", "Manager"]
    fourth = load(home, tmp_path, "fourth.json", worker("E1", Business_Title="Engineer"), worker("E4"))
    assert (fourth["mapped"], fourth["duplicate"]) == (1, 1), "what is in force already is a duplicate"
    assert seen(home, "SELECT count(*) AS n FROM worker") == [{"n": 4}]


def test_a_revision_may_move_its_event_to_another_month(desk: Settings, tmp_path: Path) -> None:
    """The older row is found wherever it lies, and hidden; one person has one ticket."""
    load(desk, tmp_path, "first.json", ticket("T1", "2026-01-05T10:00:00Z", "access"))
    load(desk, tmp_path, "second.json", ticket("T1", "2026-06-05T10:00:00Z", "own_device"))
    assert seen(desk, "SELECT category FROM known_ticket") == [{"category": "own_device"}]
    again = load(
        desk,
        tmp_path,
        "third.json",
        ticket("T1", "2026-06-05T10:00:00Z", "own_device"),
        ticket("T2", "2026-06-05T10:00:00Z", "x"),
    )
    assert (again["mapped"], again["duplicate"]) == (1, 1)


def test_of_revisions_in_one_load_the_last_file_by_name_counts(desk: Settings, tmp_path: Path) -> None:
    """Exports are named by their dates."""
    for day, category in (("2026-03-02", "access"), ("2026-03-01", "other"), ("2026-03-03", "own_device")):
        ndjson(tmp_path / "in" / f"desk_{day}.json", [ticket("T1", "2026-01-05T10:00:00Z", category)])
    pipeline.load(desk, [tmp_path / "in"])
    assert seen(desk, "SELECT category FROM known_ticket") == [{"category": "own_device"}]
    assert len(rows(desk, "ticket")) == 3


def test_a_late_file_adds_what_was_missing_and_nothing_twice(home: Settings, tmp_path: Path) -> None:
    """Exports overlap, and one of last month comes after this month's."""
    load(home, tmp_path, "march.json", okta("e3", "2026-03-01T10:00:00Z"), okta("e2", "2026-02-28T10:00:00Z"))
    late = load(
        home,
        tmp_path,
        "february.json",
        okta("e1", "2026-02-01T10:00:00Z"),
        okta("e2", "2026-02-28T10:00:00Z"),
    )
    assert (late["mapped"], late["duplicate"]) == (1, 1)
    assert len(rows(home, "signin")) == 3
