"""Versions of one record: which counts does not depend on the order in which the files came."""

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.lake.exports import ndjson, rows, write_desk

from pickglass import pipeline
from pickglass.lake import mapping
from pickglass.lake.reading import open_lake
from pickglass.settings import Settings, load_settings
from pickglass.store import open_store

OPENED = "2026-01-05T10:00:00Z"


def home_with(folder: Path, revision: str) -> Settings:
    """Make a home with a source whose records may be given anew, with or without a marker of the version."""
    settings = load_settings(folder / "home", {"PICKGLASS_THREADS": "2"})
    write_desk(settings, f"revision: {revision}\ncolumns: {{{revision}: VARCHAR}}" if revision else "")
    return settings


def ticket(category: str, **other: Any) -> dict[str, Any]:
    return {"Number": "T1", "Opened": OPENED, "Category": category, **other}


def load(settings: Settings, name: str, *records: dict[str, Any]) -> dict[str, int]:
    return dict(pipeline.load(settings, [ndjson(settings.home.parent / name, records)]).records)


def category(settings: Settings, as_of: datetime | None = None) -> list[str]:
    """Say what the lake holds for true of the ticket, at a moment or at the latest one."""
    with open_store(settings) as store, open_lake(settings, store, as_of) as lake:
        return [
            row["category"]
            for row in lake.query("SELECT category FROM known_ticket WHERE ticket_id = 'T1'").to_pylist()
        ]


MARKED = {
    "counter": [
        ticket("access", Updated="9"),
        ticket("other", Updated="10"),
        ticket("own_device", Updated="11"),
    ],
    "time": [
        ticket("access", Updated="2026-01-06T10:00:00+02:00"),
        ticket("other", Updated="2026-01-06T09:00:00Z"),
        ticket("own_device", Updated="2026-02-01T00:00:00Z"),
    ],
}


@pytest.mark.parametrize("kind", sorted(MARKED))
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_order_of_loading_puts_the_same_version_in_force(
    tmp_path: Path, kind: str, order: tuple[int, ...]
) -> None:
    """The marker decides, by number and by instant, although as texts both would sort otherwise."""
    settings = home_with(tmp_path, "Updated")
    for number in order:
        load(settings, f"{number}.json", MARKED[kind][number])
    assert category(settings) == ["own_device"]
    assert len(rows(settings, "ticket")) == 3
    again = load(settings, "again.json", *reversed(MARKED[kind]), ticket("x", Number="T2", Updated="1"))
    assert (again["mapped"], again["duplicate"]) == (1, 3), "what is there is a duplicate, in force or not"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_version_is_not_known_before_its_own_time(tmp_path: Path, order: tuple[int, ...]) -> None:
    """As of a day between two versions the older one is what was known, in whatever order they were loaded."""
    settings = home_with(tmp_path, "Updated")
    for number in order:
        load(settings, f"{number}.json", MARKED["time"][number])
    assert category(settings, datetime(2026, 1, 6, 8, 30, tzinfo=UTC)) == ["access"]
    assert category(settings, datetime(2026, 1, 20, tzinfo=UTC)) == ["other"]
    assert category(settings, datetime(2026, 2, 2, tzinfo=UTC)) == ["own_device"]


def test_a_version_without_a_time_of_its_own_is_known_since_its_load(tmp_path: Path) -> None:
    """Nothing says when it was changed; so of a day before the load the first version is what was known."""
    settings = home_with(tmp_path, "")
    load(settings, "first.json", ticket("access"))
    before = datetime.now(UTC)
    load(settings, "second.json", ticket("other"))
    # With another record beside it: the very same bytes as before would be no news at all.
    load(settings, "third.json", ticket("access"), ticket("x", Number="T2", Opened="2026-12-01T10:00:00Z"))
    after = datetime.now(UTC) + timedelta(seconds=1)
    assert category(settings, datetime(2026, 1, 6, tzinfo=UTC)) == ["access"]
    assert category(settings, before) == ["access"]
    assert category(settings, after) == ["access"]
    found = sorted(
        (row["revision"] or "", row["category"])
        for row in rows(settings, "ticket")
        if row["ticket_id"] == "T1"
    )
    assert found == [("", "access"), ("given:2", "other"), ("given:3", "access")]
    known = {row["revision"]: row["known"] for row in rows(settings, "ticket") if row["ticket_id"] == "T1"}
    assert category(settings, known["given:2"]) == ["other"]
    assert known[None] < datetime(2026, 1, 6, tzinfo=UTC) < before < known["given:2"] < known["given:3"]


def test_a_correction_that_came_by_a_load_moves_no_clock(tmp_path: Path) -> None:
    """The latest moment that the lake knows of stays that of the records, and the correction counts at it."""
    settings = home_with(tmp_path, "")
    load(settings, "first.json", ticket("access"))
    load(settings, "second.json", ticket("other"))
    with open_store(settings) as store, open_lake(settings, store) as lake:
        assert lake.as_of == datetime(2026, 1, 5, 10, tzinfo=UTC)
        assert lake.query("SELECT category FROM known_ticket").to_pylist() == [{"category": "other"}]


def test_three_versions_in_one_load_stand_in_the_order_of_their_files(tmp_path: Path) -> None:
    """There and back within one load: the last file by name counts, and nothing is lost."""
    settings = home_with(tmp_path, "")
    for day, one in ((1, "access"), (2, "other"), (3, "access"), (4, "access")):
        ndjson(
            tmp_path / "in" / f"desk_{day}.json",
            [ticket(one)] if day < 4 else [ticket(one), ticket(one, Number="T2")],
        )
    counts = pipeline.load(settings, [tmp_path / "in"]).records
    assert (counts["mapped"], counts["duplicate"]) == (4, 1)
    found = sorted(
        (row["revision"] or "", row["category"])
        for row in rows(settings, "ticket")
        if row["ticket_id"] == "T1"
    )
    assert found == [("", "access"), ("given:2", "other"), ("given:3", "access")]
    assert category(settings) == ["access"]


def test_versions_in_staged_files_that_could_enter_whole_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A big file of rows that nobody has seen enters as it is; one that holds a version is compared row by row."""
    monkeypatch.setattr(mapping, "WHOLE_ROWS", 2)
    settings = home_with(tmp_path, "")
    load(settings, "first.json", ticket("access"), ticket("x", Number="T2"))
    counts = load(
        settings, "second.json", ticket("other"), ticket("x", Number="T2"), ticket("x", Number="T3")
    )
    assert (counts["mapped"], counts["duplicate"]) == (2, 1)
    assert category(settings) == ["other"]
    found = sorted(
        (row["ticket_id"], row["revision"] or "", row["category"]) for row in rows(settings, "ticket")
    )
    assert found == [("T1", "", "access"), ("T1", "given:2", "other"), ("T2", "", "x"), ("T3", "", "x")]
    before = rows(settings, "ticket")
    pipeline.remap_source(settings, "desk")
    after = rows(settings, "ticket")
    assert {(row["event_id"], row["revision"], row["known"]) for row in after} == {
        (row["event_id"], row["revision"], row["known"]) for row in before
    }
