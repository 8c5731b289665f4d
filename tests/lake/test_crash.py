"""A load that is killed at any moment leaves the last batch in force, and the next load completes it."""

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.lake import killed
from tests.lake.exports import content, ndjson, okta, worker

from pickglass import pipeline
from pickglass.errors import ConfigError
from pickglass.lake import load
from pickglass.lake.originals import list_originals, verify
from pickglass.lake.reading import open_lake
from pickglass.lake.tables import Tables
from pickglass.settings import Settings, derived_key, load_settings
from pickglass.store import ledger, open_store

KILLED = -9


class Stage:
    """A home with one published load, which can be put back, and a second load of two batches to kill."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        first = ndjson(folder / "first" / "okta.json", [okta("e1"), okta("e2")])
        second = folder / "second"
        files = [
            ndjson(
                second / "1_okta.json",
                [okta("e2", displayMessage="revised"), okta("e3"), okta("bad", published=7.5e9)],
            ),
            ndjson(second / "2_roster.json", [worker("E1", Phone_Home="+1 469 555 0101"), worker("E2")]),
            ndjson(second / "3_hopeless.json", [okta("h1", "never"), okta("h2", "at noon")]),
        ]
        ndjson(
            second / "4_okta.json", [okta("e4", "2026-04-02T09:00:00Z"), okta("e1", displayMessage="revised")]
        )
        settings = load_settings(folder / "home", {"PICKGLASS_THREADS": "2"})
        self.settings = replace(settings, batch_bytes=sum(file.stat().st_size for file in files))
        self.paths = [second]
        pipeline.load(self.settings, [first])
        shutil.copytree(self.settings.home, folder / "kept", symlinks=True)
        self.steps, self.published = self._undisturbed()
        self.put_back()

    def put_back(self) -> None:
        """Make the home what it was after the first load, in the same place: tables name their files."""
        shutil.rmtree(self.settings.home)
        shutil.copytree(self.folder / "kept", self.settings.home, symlinks=True)

    def _undisturbed(self) -> tuple[list[str], list[dict[str, list[str]]]]:
        """Name every step of the second load, and what readers see after each batch."""
        names: list[str] = []
        seen = [content(self.settings)]

        def step(name: str) -> None:
            names.append(name)
            if name == "after ledger":
                seen.append(content(self.settings))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(load, "step", step)
            pipeline.load(self.settings, self.paths)
        assert content(self.settings) == seen[-1]
        return names, seen


@pytest.fixture(scope="module")
def shared_stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("crash"))


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    shared_stage.put_back()
    return shared_stage


def check_left_behind(settings: Settings) -> None:
    """Nothing is left of unfinished work: no branch, no file outside the tables, no staged or torn one."""
    tables = Tables(settings.catalog_uri, Path(settings.warehouse))
    try:
        with open_store(settings) as store:
            current = ledger.current_snapshots(store)
            assert ledger.open_batches(store) == []
            assert ledger.running_loads(store) == []
        for name in tables.names():
            table = tables._table(name)
            assert set(table.refs()) == {"main"}
            listed = tables.files(name, table.current_snapshot().snapshot_id)
            assert listed == (tables.files(name, current[name]) if name in current else [])
            folder = Path(settings.warehouse) / "lake" / name / "data"
            assert sorted(str(path) for path in folder.rglob("*") if path.is_file()) == listed
    finally:
        tables.close()
    assert [path for path in settings.workspace.rglob("*") if path.is_file()] == []
    assert list(settings.workspace.glob("stage-*")) == []
    assert list(settings.originals.rglob("*.part")) == []
    key = derived_key(settings, "originals")
    assert [verify(settings.originals, name, key) for name in list_originals(settings.originals)] == [
        [] for _ in list_originals(settings.originals)
    ]


def check_kill(stage: Stage, moment: int) -> None:
    assert killed.run(killed.load_until, stage.settings, stage.paths, moment) == KILLED
    batches = stage.steps[: moment + 1].count("after ledger")
    assert content(stage.settings) == stage.published[batches], (
        "readers see the batches that the ledger names"
    )
    with open_store(stage.settings) as store, open_lake(stage.settings, store) as lake:
        assert lake.query("SELECT count(*) AS n FROM known_signin").to_pylist()[0]["n"] >= 2
    report = pipeline.load(stage.settings, stage.paths)
    assert content(stage.settings) == stage.published[-1], "the next load completes what was begun"
    assert [file.file.rpartition("/")[2] for file in report.quarantined] == ["3_hopeless.json"]
    check_left_behind(stage.settings)


def test_the_load_that_is_killed_fills_several_tables_in_two_batches(shared_stage: Stage) -> None:
    """Otherwise the tests below would prove little."""
    steps = shared_stage.steps
    assert steps.count("after ledger") == 2
    assert {
        "staged",
        "written",
        "written worker",
        "branch signin",
        "before ledger",
        "main signin",
        "original",
    } <= set(steps)
    assert set(shared_stage.published[-1]) == {"worker", "identifier", "signin", "rejects", "superseded"}
    assert len({str(one) for one in shared_stage.published}) == 3


@pytest.mark.parametrize("moment", ["branch signin", "after ledger"])
def test_a_load_killed_between_two_stages_changes_nothing_or_a_whole_batch(stage: Stage, moment: str) -> None:
    """Readers see whole batches only, and loading again gives what an undisturbed load gives."""
    check_kill(stage, stage.steps.index(moment))


@pytest.mark.slow
def test_a_load_killed_at_every_step_changes_nothing_or_a_whole_batch(stage: Stage) -> None:
    """The same at every step that the load names, one after the other."""
    for moment in range(len(stage.steps)):
        stage.put_back()
        check_kill(stage, moment)


@pytest.mark.slow
def test_a_load_killed_again_and_again_completes_at_last(stage: Stage) -> None:
    """Each attempt is killed a little later, on top of what the attempts before left behind."""
    for moment in range(0, len(stage.steps), 4):
        assert killed.run(killed.load_until, stage.settings, stage.paths, moment) in (KILLED, 0)
        assert content(stage.settings) in stage.published
    pipeline.load(stage.settings, stage.paths)
    assert content(stage.settings) == stage.published[-1]
    check_left_behind(stage.settings)


@pytest.mark.parametrize("method", ["write_block", "finish"])
def test_a_load_killed_while_an_original_is_written_leaves_no_torn_original(
    stage: Stage, method: str
) -> None:
    """The original is not there or whole; the part that the dead writer left is swept by the next load."""
    assert killed.run(killed.load_until_original, stage.settings, stage.paths, method, 1) == KILLED
    assert content(stage.settings) == stage.published[0]
    pipeline.load(stage.settings, stage.paths)
    assert content(stage.settings) == stage.published[-1]
    check_left_behind(stage.settings)


def test_a_migration_that_is_killed_leaves_no_half_made_store(tmp_path: Path) -> None:
    """Whichever statement is the last, the next opening finds all tables or makes all of them."""
    code, moment = KILLED, 0
    while code == KILLED:
        settings = load_settings(tmp_path / f"home{moment}", {})
        code = killed.run(killed.open_until_migration, settings, moment)
        with open_store(settings) as store:
            assert ledger.begin_load(store, "test") == 1
        moment += 7
    assert code == 0
    assert moment > 14, "the migration makes more than a few things"


def test_two_loads_at_once_are_refused_with_the_reason(stage: Stage) -> None:
    """The second load says that another is at work, exits with 4, and neither harms the other."""
    ready = stage.folder / "ready"
    process = killed.start(killed.hold_lock, stage.settings, stage.paths, str(ready))
    try:
        wait_until(ready.exists)
        with pytest.raises(ConfigError, match="another load is at work") as caught:
            pipeline.load(stage.settings, stage.paths)
        assert caught.value.exit_code == 4
        assert content(stage.settings) == stage.published[0], "readers do not wait for the writer"
    finally:
        ready.unlink(missing_ok=True)
        process.join(600)
    assert process.exitcode == 0
    assert content(stage.settings) == stage.published[-1]


def wait_until(happened: Callable[[], bool], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < limit, "it never happened"
        time.sleep(0.02)
