"""A better mapping makes the rows of a source anew from the originals: all of them, or none."""

import csv
import io
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.lake import killed
from tests.lake.exports import content, ndjson, okta, rows, write_desk
from tests.lake.test_care import on_disk
from tests.lake.test_crash import KILLED

from pickglass import pipeline
from pickglass.errors import InputError, NotFound
from pickglass.faces.cli.main import cli
from pickglass.lake import load
from pickglass.lake.erasing import erase_records
from pickglass.lake.originals import list_originals, original_path
from pickglass.lake.reading import open_lake
from pickglass.settings import Settings, derived_key, load_settings
from pickglass.store import ledger, open_store

FIRST, BETTER = "Sort", "lower(Sort)"


def mapping(settings: Settings, category: str, time: str = "Opened") -> None:
    """Write the source anew; the next load or remap reads it so."""
    write_desk(settings, "columns: {Sort: VARCHAR, Opened: VARCHAR}", category=category, time=time)


def ticket(number: str, category: str, day: str = "2026-01-05") -> dict[str, str]:
    return {"Number": number, "Opened": f"{day}T10:00:00Z", "Sort": category}


def filled(folder: Path) -> Settings:
    """Make a home with three loads: versions of a ticket, JSON and CSV, a reject, and another source."""
    settings = load_settings(folder / "home", {"PICKGLASS_THREADS": "2"})
    mapping(settings, FIRST)
    first = [
        ticket("T1", "ACCESS"),
        ticket("T2", "Other", "2026-02-05"),
        {**ticket("T3", "X"), "Opened": "at noon"},
    ]
    pipeline.load(settings, [ndjson(folder / "1.json", first), ndjson(folder / "okta.json", [okta("e1")])])
    text = io.StringIO()
    out = csv.DictWriter(text, ["Number", "Opened", "Sort"])
    out.writeheader()
    out.writerows([ticket("T1", "OTHER"), ticket("T4", 'Two, "quoted"')])
    (folder / "2.csv").write_text(text.getvalue())
    pipeline.load(settings, [folder / "2.csv"])
    pipeline.load(settings, [ndjson(folder / "3.json", [ticket("T1", "ACCESS"), ticket("T5", "Last")])])
    return settings


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = filled(tmp_path_factory.mktemp("remap"))
    shutil.copytree(settings.home, settings.home.parent / "kept")
    return settings


@pytest.fixture
def lake(shared_home: Settings) -> Settings:
    shutil.rmtree(shared_home.home)
    shutil.copytree(shared_home.home.parent / "kept", shared_home.home)
    return shared_home


def tickets(settings: Settings) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["raw_file"], row["raw_record"]): row for row in rows(settings, "ticket")}


def in_force(settings: Settings) -> dict[str, str]:
    with open_store(settings) as store, open_lake(settings, store) as opened:
        found = opened.query("SELECT ticket_id, category FROM known_ticket").to_pylist()
    assert len({row["ticket_id"] for row in found}) == len(found), "one version of each"
    return {row["ticket_id"]: row["category"] for row in found}


WERE = {"T1": "ACCESS", "T2": "Other", "T4": 'Two, "quoted"', "T5": "Last"}


def test_the_same_mapping_makes_the_same_rows(lake: Settings) -> None:
    """Ids, moments, markers, rejects and superseded versions; so what cites an event still finds its record."""
    before = {place: {**row, "load_id": 0} for place, row in tickets(lake).items()}
    other = content(lake)
    done = pipeline.remap_source(lake, "desk")
    assert done["rows"]["ticket"] == {"before": 6, "after": 6}
    assert {place: {**row, "load_id": 0} for place, row in tickets(lake).items()} == before
    assert content(lake) == other
    assert in_force(lake) == WERE
    assert pipeline.verify_lake(lake, everything=True)["problems"] == []


def test_a_better_mapping_changes_values_and_no_id(lake: Settings) -> None:
    before = tickets(lake)
    mapping(lake, BETTER)
    done = pipeline.remap_source(lake, "desk")
    after = tickets(lake)
    assert in_force(lake) == {number: one.lower() for number, one in WERE.items()}
    assert {place: row["event_id"] for place, row in after.items()} == {
        place: row["event_id"] for place, row in before.items()
    }
    for place, row in after.items():
        assert (row["known"], row["revision"]) == (before[place]["known"], before[place]["revision"])
        assert row["mapping_version"] == done["mapping_version"] != before[place]["mapping_version"]
    events = [row["event_id"] for row in before.values()]
    with open_store(lake) as store, open_lake(lake, store) as opened:
        assert set(opened.records(events)) == set(events)
        loaded = ledger.files_of(store, source="desk", state="loaded")
        replaced = ledger.files_of(store, source="desk", state="replaced")
    assert [file.mapping_version for file in loaded] == [done["mapping_version"]] * 3
    assert [file.loaded for file in loaded] == [file.loaded for file in replaced]
    again = pipeline.load(lake, [lake.home.parent / "3.json"])
    assert again.records["duplicate"] == 2, "the same bytes loaded again change nothing"


def test_a_reject_that_the_better_mapping_can_read_becomes_a_row(lake: Settings) -> None:
    """Rejects of the source are replaced too, and other sources are left alone."""
    assert len(rows(lake, "rejects")) == 1
    signins = rows(lake, "signin")
    mapping(lake, FIRST, "CASE WHEN Opened = 'at noon' THEN '2026-01-09T12:00:00Z' ELSE Opened END")
    done = pipeline.remap_source(lake, "desk")
    assert done["rows"]["ticket"] == {"before": 6, "after": 7}
    assert done["rows"]["rejects"] == {"before": 1, "after": 0}
    assert rows(lake, "rejects") == []
    assert in_force(lake)["T3"] == "X"
    assert rows(lake, "signin") == signins


def test_a_mapping_that_rejects_too_much_changes_nothing(lake: Settings) -> None:
    before, disk = content(lake), on_disk(lake)
    mapping(lake, FIRST, "Sort")
    with pytest.raises(InputError, match="rejects too much"):
        pipeline.remap_source(lake, "desk")
    assert content(lake) == before
    mapping(lake, FIRST)
    pipeline.remap_source(lake, "desk")
    assert content(lake) == before
    assert disk.keys() == on_disk(lake).keys()


def test_what_cannot_be_read_again_keeps_its_rows_and_is_named(lake: Settings) -> None:
    """An original that is gone, and a record that was erased from another."""
    before = tickets(lake)
    with open_store(lake) as store:
        first, second, third = [
            file.raw_file for file in ledger.files_of(store, source="desk", state="loaded")
        ]
    original_path(lake.originals, second).unlink()
    erase_records(lake.originals, first, derived_key(lake, "originals"), {2})
    mapping(lake, BETTER)
    ran = CliRunner().invoke(
        cli, ["load", "--remap", "desk", "--json", "--home", str(lake.home)], standalone_mode=False
    )
    assert ran.return_value == 3
    assert [Path(one["file"]).name for one in json.loads(ran.stdout)["kept"]] == ["2.csv"]
    after = tickets(lake)
    assert after.keys() == before.keys()
    for (raw_file, number), row in after.items():
        stays = raw_file == second or (raw_file == first and number == 2)
        was = before[raw_file, number]["category"]
        assert row["category"] == (was if stays else was.lower())
    assert third in {raw_file for raw_file, _ in after}
    assert in_force(lake) == {
        **{number: one.lower() for number, one in WERE.items()},
        "T2": "Other",
        "T4": WERE["T4"],
    }


def test_an_unknown_source_and_one_without_files_are_refused(lake: Settings) -> None:
    for source in ("nothing_like_it", "zoom_participants"):
        with pytest.raises(NotFound):
            pipeline.remap_source(lake, source)
    ran = CliRunner().invoke(cli, ["load", "--home", str(lake.home)])
    assert ran.exit_code == 2
    assert len(list(list_originals(lake.originals))) == 4


@pytest.mark.parametrize(
    "moment",
    [
        "before ledger",
        pytest.param("staged", marks=pytest.mark.slow),
        pytest.param("written ticket", marks=pytest.mark.slow),
        pytest.param("branch ticket", marks=pytest.mark.slow),
        pytest.param("after ledger", marks=pytest.mark.slow),
    ],
)
def test_a_remap_that_is_killed_replaces_all_rows_or_none(lake: Settings, moment: str) -> None:
    """Killed by SIGKILL; then readers see the old rows or the new ones, and doing it again completes it."""
    mapping(lake, BETTER)
    assert killed.run(killed.remap_until, lake, "desk", moment) == KILLED
    better = {number: one.lower() for number, one in WERE.items()}
    assert in_force(lake) == (better if moment == "after ledger" else WERE)
    pipeline.remap_source(lake, "desk")
    assert in_force(lake) == better
    with open_store(lake) as store:
        assert ledger.open_batches(store) == []
        assert ledger.running_loads(store) == []
    assert pipeline.verify_lake(lake, everything=True)["problems"] == []


def test_a_steps_name_is_what_a_kill_waits_for(lake: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the test above would prove little."""
    names: list[str] = []
    monkeypatch.setattr(load, "step", names.append)
    started = datetime.now(UTC)
    pipeline.remap_source(lake, "desk")
    assert {"staged", "written ticket", "branch ticket", "before ledger", "after ledger"} <= set(names)
    assert all(row["known"] < started for row in rows(lake, "ticket"))
