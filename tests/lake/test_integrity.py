"""Whatever byte is changed below home, `lake verify` finds it and names the file."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.lake import killed
from tests.lake.exports import ndjson, okta, worker

from pickglass import pipeline
from pickglass.faces.cli.main import cli
from pickglass.lake.erasing import erase_records, erased_records
from pickglass.lake.originals import Original, list_originals, original_path, read_record
from pickglass.lake.originals import verify as verify_original
from pickglass.settings import Settings, derived_key, load_settings


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("integrity")
    settings = load_settings(folder / "home", {"PICKGLASS_THREADS": "2"})
    ndjson(folder / "in" / "okta.json", [okta(f"e{number}") for number in range(20)])
    ndjson(folder / "in" / "roster.json", [worker("E1"), worker("E2")])
    pipeline.load(settings, [folder / "in"])
    shutil.copytree(settings.home, folder / "kept")
    return settings


@pytest.fixture
def lake(shared_home: Settings) -> Settings:
    shutil.rmtree(shared_home.home)
    shutil.copytree(shared_home.home.parent / "kept", shared_home.home)
    return shared_home


def flip(path: Path, place: int) -> None:
    """Change one byte of a file."""
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)


def original(settings: Settings) -> Path:
    return max(
        (original_path(settings.originals, one) for one in list_originals(settings.originals)),
        key=lambda path: path.stat().st_size,
    )


def data_file(settings: Settings) -> Path:
    return next((Path(settings.warehouse) / "lake" / "signin" / "data").rglob("*.parquet"))


def metadata_file(settings: Settings, kind: str) -> Path:
    """Return the newest manifest list or manifest of a table."""
    folder = Path(settings.warehouse) / "lake" / "signin" / "metadata"
    return max(folder.glob(kind), key=lambda path: path.stat().st_mtime_ns)


def found(settings: Settings, **how: Any) -> list[str]:
    return [f"{one['where']}: {one['what']}" for one in pipeline.verify_lake(settings, **how)["problems"]]


def test_a_whole_lake_has_no_problem(lake: Settings) -> None:
    """And the count says how much was looked at."""
    done = pipeline.verify_lake(lake, everything=True)
    assert done["problems"] == []
    checked = done["checked"]
    assert checked["originals"] == 2
    assert checked["rows"] >= 22
    assert checked["tables"] == checked["snapshots"] >= 3
    assert checked["data files"] >= 3
    assert found(lake) == []


CHANGES: dict[str, tuple[Callable[[Settings], Path], int, str]] = {
    "a record of an original": (original, 120, "changed or is torn"),
    "the end of an original": (original, -3, "its end is missing"),
    "a page of a Parquet file": (data_file, 40, "its hash differs"),
    "the footer of a Parquet file": (data_file, -2, "its hash differs"),
    "a manifest list": (lambda settings: metadata_file(settings, "snap-*.avro"), 1, "its hash differs"),
    "a manifest": (lambda settings: metadata_file(settings, "*-m0.avro"), 60, "signin"),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_changed_byte_is_found_and_its_file_named(lake: Settings, change: str) -> None:
    of, place, what = CHANGES[change]
    path = of(lake)
    flip(path, place)
    problems = found(lake, everything=True)
    assert any(what in one for one in problems), problems
    assert any(str(path) in one or "signin" in one for one in problems)


def test_a_file_that_is_gone_is_named(lake: Settings) -> None:
    data, kept = data_file(lake), original(lake)
    data.unlink()
    kept.unlink()
    problems = found(lake)
    assert any(one.startswith(f"{data}: the file is gone") for one in problems)
    assert any(kept.name in one and "not kept" in one for one in problems)


def test_an_original_is_told_by_the_name_of_its_file_as_well(lake: Settings) -> None:
    flip(original(lake), 120)
    (problem,) = found(lake, everything=True)[:1]
    assert original(lake).name in problem
    assert "(okta.json)" in problem


def test_an_original_that_a_killed_load_left_is_told_and_removed(lake: Settings, tmp_path: Path) -> None:
    """No row and no load refers to it; an erasure by name would never be asked for it."""
    export = ndjson(tmp_path / "late.json", [okta("late")])
    assert killed.run(killed.load_until, lake, [export], 2) == -9
    (left,) = pipeline.verify_lake(lake)["problems"]
    assert "no load names this original" in left["what"]
    assert pipeline.expire_lake(lake)["originals_of_no_load"] == 1
    assert found(lake, everything=True) == []
    assert pipeline.load(lake, [export]).rows == {"signin": 1}


def test_a_row_that_does_not_fit_its_record_is_named(lake: Settings) -> None:
    """The original was put in another's place under its own right name: its seal and its hashes disagree."""
    paths = sorted(original_path(lake.originals, one) for one in list_originals(lake.originals))
    shutil.copyfile(paths[0], paths[1])
    problems = found(lake)
    assert any(str(paths[1]) in one or "key" in one for one in problems)


def test_the_verb_says_what_is_broken_and_exits_with_3(lake: Settings) -> None:
    path = data_file(lake)
    ran = CliRunner().invoke(
        cli, ["lake", "verify", "--json", "--home", str(lake.home)], standalone_mode=False
    )
    assert (ran.return_value, json.loads(ran.stdout)["problems"]) == (0, [])
    flip(path, 40)
    ran = CliRunner().invoke(
        cli, ["lake", "verify", "--json", "--home", str(lake.home)], standalone_mode=False
    )
    assert ran.return_value == 3
    assert [one["where"] for one in json.loads(ran.stdout)["problems"]] == [str(path)]


def test_erased_records_keep_their_hash_and_leave_the_others_as_they_are(lake: Settings) -> None:
    """The bytes are gone, the numbers stay, the file proves itself, and rows still fit."""
    key = derived_key(lake, "originals")
    raw_file = original(lake).name
    with Original(lake.originals, raw_file, key) as opened:
        before = dict(opened.records())
        about = dict(opened.about)
    assert erase_records(lake.originals, raw_file, key, {3, 7}) == 2
    assert erase_records(lake.originals, raw_file, key, {7, 9}) == 1, "what is erased stays erased"
    with Original(lake.originals, raw_file, key) as opened:
        after = dict(opened.records())
        assert len(opened) == len(before)
        assert erased_records(opened) == {3, 7, 9}
        assert opened.about == about
    assert after == {number: raw for number, raw in before.items() if number not in {3, 7, 9}}
    assert read_record(lake.originals, raw_file, 4, key) == before[4]
    assert verify_original(lake.originals, raw_file, key) == []
    assert found(lake, everything=True) == []


def test_a_home_may_be_called_anything(tmp_path: Path) -> None:
    """Blanks, signs, letters beyond ASCII and what means something in a URL in its path lead to no other folder."""
    place = tmp_path / "José's home #2 at 100%41?"
    place.mkdir()
    settings = load_settings(place / "home", {})
    pipeline.load(settings, [ndjson(tmp_path / "okta.json", [okta("1")])])
    assert pipeline.verify_lake(settings, everything=True)["problems"] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [place.name, "okta.json"]
    assert pipeline.compact_lake(settings)["tables"] == {}
    assert pipeline.expire_lake(settings, now=True)["snapshots"] > 0
    assert pipeline.verify_lake(settings, everything=True)["problems"] == []
