"""Compaction and expiry: the same rows in fewer files, and nothing on disk that nothing refers to."""

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.lake import killed
from tests.lake.exports import content, ndjson, okta, rows, worker
from tests.lake.test_crash import KILLED

from pickglass import pipeline
from pickglass.lake import load
from pickglass.lake.reading import open_lake
from pickglass.lake.snapshots import parts, referenced
from pickglass.lake.tables import Tables
from pickglass.settings import Settings, load_settings
from pickglass.store import ledger, open_store

LOADS = 4


def filled(folder: Path) -> Settings:
    """Make a home with a few loads of two tables and two months, one of them with a revision."""
    settings = load_settings(folder / "home", {"PICKGLASS_THREADS": "2"})
    for number in range(LOADS):
        ndjson(
            folder / f"in{number}" / "okta.json",
            [
                okta(f"m{number}", f"2026-03-0{number + 1}T10:00:00Z"),
                okta(f"a{number}", f"2026-04-0{number + 1}T10:00:00Z"),
                okta("again", "2026-03-09T10:00:00Z", displayMessage=f"version {number}"),
            ],
        )
        ndjson(folder / f"in{number}" / "roster.json", [worker("E1", f"2026-03-{number + 10}")])
        pipeline.load(settings, [folder / f"in{number}"])
    return settings


def on_disk(settings: Settings) -> dict[str, set[str]]:
    """List every file of each table's folder."""
    folder = Path(settings.warehouse) / "lake"
    return {
        one.name: {str(path) for path in one.rglob("*") if path.is_file()} for one in sorted(folder.iterdir())
    }


def needed(settings: Settings) -> dict[str, set[str]]:
    """List every file that each table refers to."""
    tables = Tables(settings.catalog_uri, Path(settings.warehouse))
    try:
        return {name: referenced(tables, name) for name in tables.names()}
    finally:
        tables.close()


def files_by_month(settings: Settings, name: str) -> dict[str, int]:
    tables = Tables(settings.catalog_uri, Path(settings.warehouse))
    try:
        with open_store(settings) as store:
            found = parts(tables, name, ledger.current_snapshots(store)[name])
    finally:
        tables.close()
    return {month: sum(part.month == month for part in found) for month in {part.month for part in found}}


def snapshots(settings: Settings, name: str) -> list[int]:
    tables = Tables(settings.catalog_uri, Path(settings.warehouse))
    try:
        return [one.snapshot_id for one in tables.open(name).metadata.snapshots]
    finally:
        tables.close()


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return filled(tmp_path_factory.mktemp("care"))


@pytest.fixture
def lake(shared_home: Settings) -> Settings:
    """Return the filled home, put back to what it was: tables name their files, so the place is the same."""
    kept = shared_home.home.parent / "kept"
    if not kept.exists():
        shutil.copytree(shared_home.home, kept)
    shutil.rmtree(shared_home.home)
    shutil.copytree(kept, shared_home.home)
    return shared_home


def test_compaction_leaves_one_file_a_month_with_the_same_rows(lake: Settings) -> None:
    """Sorted by account and time; superseded versions stay, because an earlier moment still shows them."""
    before = content(lake)
    assert files_by_month(lake, "signin") == {"2026-03": LOADS, "2026-04": LOADS}
    done = pipeline.compact_lake(lake)
    assert done["tables"]["signin"] == {"before": 2 * LOADS, "after": 2}
    assert content(lake) == before
    assert files_by_month(lake, "signin") == {"2026-03": 1, "2026-04": 1}
    with open_store(lake) as store, open_lake(lake, store) as opened:
        shown = opened.query("SELECT count(*) AS n FROM known_signin").to_pylist()
    assert shown == [{"n": 2 * LOADS + 1}]
    assert pipeline.compact_lake(lake)["tables"] == {}, "there is nothing left to do"


def test_expiry_leaves_on_disk_exactly_what_the_snapshot_in_force_needs(lake: Settings) -> None:
    """Replaced Parquet files, manifests and metadata are gone, and so are the folders that held them."""
    pipeline.compact_lake(lake)
    before = content(lake)
    assert (
        any(on_disk(lake)[name] - needed(lake)[name] for name in on_disk(lake))
        or len(snapshots(lake, "signin")) > LOADS
    )
    done = pipeline.expire_lake(lake, now=True)
    assert done["snapshots"] > 0
    assert done["files"] > 0
    assert done["bytes"] > 0
    assert on_disk(lake) == needed(lake)
    with open_store(lake) as store:
        current = ledger.current_snapshots(store)
        recorded = set(ledger.data_files(store))
    assert {name: snapshots(lake, name) for name in current} == {name: [one] for name, one in current.items()}
    everything = {path for paths in on_disk(lake).values() for path in paths if not path.endswith(".json")}
    assert recorded <= everything
    assert all(path in recorded for path in everything if path.endswith(".parquet"))
    assert content(lake) == before
    empty = [path for path in Path(lake.warehouse).rglob("*") if path.is_dir() and not any(path.iterdir())]
    assert empty == []
    pipeline.load(lake, [ndjson(lake.home.parent / "later.json", [okta("later")])])
    assert len(rows(lake, "signin")) == len(before["signin"]) + 1


def test_a_reader_keeps_the_files_that_were_replaced_under_it(lake: Settings) -> None:
    """They stay for the hours that the settings give readers, counted from when they were replaced."""
    before = {path for path in on_disk(lake)["signin"] if path.endswith(".parquet")}
    for path in before:
        os.utime(path, (time.time() - 10 * 86400,) * 2)  # written long ago
    pipeline.compact_lake(lake)
    pipeline.expire_lake(lake)
    assert before <= on_disk(lake)["signin"]
    for path in before:
        os.utime(path, (time.time() - 2 * 86400,) * 2)  # replaced two days ago
    pipeline.expire_lake(lake)
    assert not before & on_disk(lake)["signin"]


def test_snapshots_are_kept_as_long_and_as_many_as_asked(lake: Settings) -> None:
    assert len(snapshots(lake, "signin")) == LOADS + 1  # the empty first one, and one for each load
    pipeline.expire_lake(lake, days=1, kept=100)
    assert len(snapshots(lake, "signin")) == LOADS + 1
    pipeline.expire_lake(lake, days=1, kept=2)
    assert len(snapshots(lake, "signin")) == 3


def test_care_is_taken_on_its_own_when_enough_was_loaded(tmp_path: Path) -> None:
    """After as many batches as the settings say, and then again after as many."""
    settings = replace(
        load_settings(tmp_path / "home", {"PICKGLASS_THREADS": "2"}),
        care_after=8,
        snapshots_kept=3,
        reader_hours=0,
    )
    files, kept = [], []
    for number in range(18):
        pipeline.load(
            settings, [ndjson(tmp_path / f"{number}.json", [okta(f"e{number}", "2026-03-01T10:00:00Z")])]
        )
        files.append(files_by_month(settings, "signin")["2026-03"])
        kept.append(len(snapshots(settings, "signin")))
    assert files == [1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3]
    assert max(kept) <= 3 + 1 + 8
    assert len(rows(settings, "signin")) == 18


# -- killed ----------------------------------------------------------------------------------------------


def steps_of(work: Any, settings: Settings) -> list[str]:
    """Name the steps of undisturbed work."""
    names: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "step", names.append)
        work(settings)
    return names


def compacted(settings: Settings) -> None:
    pipeline.compact_lake(settings)
    pipeline.expire_lake(settings, now=True)


def check_kill(lake: Settings, before: dict[str, list[str]], moment: int) -> None:
    assert killed.run(killed.care_until, lake, moment) == KILLED
    assert content(lake) == before, "what is in force is readable and the same"
    compacted(lake)
    assert content(lake) == before
    assert on_disk(lake) == needed(lake)
    with open_store(lake) as store:
        assert ledger.open_batches(store) == []
    assert files_by_month(lake, "signin") == {"2026-03": 1, "2026-04": 1}
    assert [path for path in lake.workspace.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "moment",
    [
        "after ledger",
        pytest.param("written signin", marks=pytest.mark.slow),
        pytest.param("branch signin", marks=pytest.mark.slow),
        pytest.param("expired signin", marks=pytest.mark.slow),
    ],
)
def test_care_that_is_killed_changes_no_row_and_is_completed_by_the_next(lake: Settings, moment: str) -> None:
    """Killed by SIGKILL in a process of its own; the next care finds everything in order, and finishes."""
    before = content(lake)
    kept = lake.home.parent / "before_kill"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(lake.home, kept)
    steps = steps_of(compacted, lake)
    shutil.rmtree(lake.home)
    shutil.copytree(kept, lake.home)
    check_kill(lake, before, steps.index(moment))


@pytest.mark.slow
def test_care_killed_at_every_step_changes_no_row(lake: Settings) -> None:
    before = content(lake)
    kept = lake.home.parent / "before_kills"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(lake.home, kept)
    for moment in range(len(steps_of(compacted, lake))):
        shutil.rmtree(lake.home)
        shutil.copytree(kept, lake.home)
        check_kill(lake, before, moment)
