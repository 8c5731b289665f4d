"""The ledger says what readers see; it changes whole or not at all, whatever kills the process."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pickglass.errors import ConfigError, NotFound
from pickglass.settings import Settings, load_settings
from pickglass.store import Store, ledger, open_store
from pickglass.store.ledger import LoadFile

BIG = 8_934_712_309_471_230_947  # Iceberg's snapshot ids use all 63 bits
OKTA = LoadFile(
    raw_file="a" * 64,
    name="okta.json",
    state="loaded",
    source="okta_system_log",
    form="json",
    mapping_version="1",
    bytes=1000,
    read=10,
    mapped=7,
    rejected=1,
    duplicate=1,
    ignored=1,
    rows={"signin": 7},
    drift={"new": {"transaction.kind": 3}},
)


def test_nothing_is_in_force_in_a_new_store(store: Store) -> None:
    assert ledger.current_snapshots(store) == {}
    assert ledger.source_health(store) == []
    with pytest.raises(NotFound):
        ledger.load_summary(store)


def test_the_last_published_batch_of_each_table_is_in_force(store: Store) -> None:
    load = ledger.begin_load(store, "0.1.0")
    first, second, third = (ledger.begin_batch(store, load) for _ in range(3))
    assert ledger.publish(store, second, {"signin": BIG, "mail": 5}, []) == 1
    assert ledger.current_snapshots(store) == {"signin": BIG, "mail": 5}
    assert ledger.publish(store, first, {"signin": 3}, [OKTA]) == 2
    assert ledger.current_snapshots(store) == {"signin": 3, "mail": 5}, "by time of publishing, not by id"
    assert ledger.open_batches(store) == [third]


def test_a_batch_is_published_once(store: Store) -> None:
    batch = ledger.begin_batch(store, None)
    ledger.publish(store, batch, {"signin": 1})
    for wrong in (batch, batch + 1):
        with pytest.raises(NotFound, match="no open batch"):
            ledger.publish(store, wrong, {"signin": 2})
    abandoned = ledger.begin_batch(store, None)
    ledger.abandon_batch(store, abandoned)
    with pytest.raises(NotFound, match="abandoned"):
        ledger.publish(store, abandoned, {"signin": 2})
    assert ledger.current_snapshots(store) == {"signin": 1}


def test_a_batch_built_on_an_overtaken_table_is_refused(store: Store) -> None:
    seen = ledger.current_snapshots(store)
    mine, theirs = ledger.begin_batch(store, None), ledger.begin_batch(store, None)
    ledger.publish(store, theirs, {"signin": 1}, based_on=seen)
    with pytest.raises(ConfigError, match="published signin"):
        ledger.publish(store, mine, {"signin": 2, "mail": 2}, based_on=seen)
    assert ledger.current_snapshots(store) == {"signin": 1}
    ledger.publish(store, mine, {"mail": 2}, based_on=seen)
    assert ledger.current_snapshots(store) == {"signin": 1, "mail": 2}


def test_a_better_mapping_replaces_the_older_one(store: Store) -> None:
    load = ledger.begin_load(store, "0.1.0")
    ledger.publish(store, ledger.begin_batch(store, load), {"signin": 1}, [OKTA])
    better = replace(OKTA, mapping_version="2", mapped=8, rejected=0)
    ledger.publish(store, ledger.begin_batch(store, load), {"signin": 2}, [better])
    (known,) = ledger.loaded_among(store, [OKTA.raw_file, "b" * 64]).values()
    assert known.mapping_version == "2"
    assert [file.state for file in ledger.files_of(store)] == ["replaced", "loaded"]
    (health,) = ledger.source_health(store)
    assert (health.files, health.records["mapped"]) == (1, 8)


def test_a_load_sums_its_files_and_names_those_that_stayed_out(store: Store) -> None:
    load = ledger.begin_load(store, "0.1.0")
    assert ledger.running_loads(store) == [load]
    ledger.publish(store, ledger.begin_batch(store, load), {"signin": 1}, [OKTA])
    bad = LoadFile(
        raw_file="b" * 64, name="bad.csv", state="quarantined", why="31 % rejects", read=100, rejected=31
    )
    ledger.record_files(store, load, [bad, LoadFile(raw_file="c" * 64, name="?", state="unrecognised")])
    left = ledger.begin_batch(store, load)
    ledger.finish_load(store, load)
    summary = ledger.load_summary(store)
    assert (summary.id, summary.state, summary.files) == (load, "done", 3)
    assert summary.records["read"] == 110
    assert summary.rows == {"signin": 7}
    assert [(file.name, file.why) for file in summary.not_loaded] == [
        ("bad.csv", "31 % rejects"),
        ("?", None),
    ]
    assert summary.finished is not None
    assert summary.finished >= summary.started
    assert ledger.running_loads(store) == []
    assert left not in ledger.open_batches(store)
    with pytest.raises(NotFound):
        ledger.finish_load(store, load)


def test_a_file_comes_back_as_it_was_recorded(store: Store) -> None:
    load = ledger.begin_load(store, "0.1.0")
    ledger.publish(store, ledger.begin_batch(store, load), {"signin": 1}, [OKTA])
    (file,) = ledger.files_of(store, source="okta_system_log", load_id=load, state="loaded")
    assert replace(file, loaded=None) == OKTA
    assert ledger.files_of(store, raw_file="b" * 64) == []
    (health,) = ledger.source_health(store)
    assert health.drift["new"] == {"transaction.kind": 3}


def test_loaded_files_are_recorded_only_together_with_their_rows(store: Store) -> None:
    load = ledger.begin_load(store, "0.1.0")
    with pytest.raises(ValueError, match="publish"):
        ledger.record_files(store, load, [OKTA])
    with pytest.raises(ValueError, match="belong to a load"):
        ledger.publish(store, ledger.begin_batch(store, None), {"signin": 1}, [OKTA])
    assert ledger.current_snapshots(store) == {}


# Forks one child for each statement of publish() and kills it there with SIGKILL, before and after the
# statement, and around the commit. Prints, for each child, whether it was killed.
KILLER = """
import os, signal, sys
from sqlalchemy import event
from pickglass.settings import load_settings
from pickglass.store import ledger, open_store

settings = load_settings(sys.argv[1], {"PICKGLASS_STORE_URL": sys.argv[2]})
for point in range(100):
    child = os.fork()
    if child == 0:
        store = open_store(settings)
        load = ledger.begin_load(store, "1")
        before = ledger.current_snapshots(store)
        batch = ledger.begin_batch(store, load)
        passed = 0
        def pass_by(*_):
            global passed
            if passed == point:
                os.kill(os.getpid(), signal.SIGKILL)
            passed += 1
        for moment in ("begin", "before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(store.engine, moment, pass_by)
        event.listen(store.engine.pool, "checkin", pass_by)
        name = format(point, "064x")
        file = ledger.LoadFile(raw_file=name, name=name, state="loaded", source="s", mapping_version="1")
        ledger.publish(store, batch, {"signin": point + 1, "mail": point + 1}, [file], based_on=before)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    with open_store(settings) as store:
        now = ledger.current_snapshots(store)
        loaded = {file.raw_file for file in ledger.files_of(store, state="loaded")}
    whole = now == {"signin": point + 1, "mail": point + 1} and format(point, "064x") in loaded
    nothing = now.get("signin") == now.get("mail") != point + 1 and format(point, "064x") not in loaded
    assert whole or nothing, (point, now, loaded)
    print("whole" if whole else "nothing", os.WIFSIGNALED(status))
    if not os.WIFSIGNALED(status):
        assert os.WEXITSTATUS(status) == 0
        break
"""


def test_publish_killed_at_any_statement_happens_whole_or_not_at_all(settings: Settings) -> None:
    open_store(settings).close()
    result = subprocess.run(
        [sys.executable, "-c", KILLER, settings.home, settings.store_url],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    outcomes = result.stdout.split("\n")[:-1]
    assert outcomes[-1] == "whole False", "the last child was left alone"
    assert "nothing True" in outcomes
    assert "whole True" in outcomes, "one child was killed after the commit"
    assert len(outcomes) > 15, "every statement was a point to be killed at"


WRITER = """
import sys
from pickglass.settings import load_settings
from pickglass.store import ledger, open_store

with open_store(load_settings(sys.argv[1], {"PICKGLASS_STORE_URL": sys.argv[2]})) as store:
    load = ledger.begin_load(store, "1")
    for number in range(25):
        batch = ledger.begin_batch(store, load)
        ledger.publish(store, batch, {"signin": number, sys.argv[3]: number})
    ledger.finish_load(store, load)
"""


def test_two_processes_that_publish_at_once_lose_nothing(settings: Settings) -> None:
    """Both open a store that is not there yet, too."""
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, settings.home, settings.store_url, name])
        for name in ("one", "two")
    ]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    with open_store(settings) as store:
        assert ledger.current_snapshots(store) == {"signin": 24, "one": 24, "two": 24}
        batch = ledger.begin_batch(store, None)
        assert ledger.publish(store, batch, {"signin": 99}) == 51


def test_the_lake_may_be_in_another_place_than_the_store(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/elsewhere/ledger.db"
    with open_store(load_settings(tmp_path / "home", {"PICKGLASS_STORE_URL": url})):
        assert (tmp_path / "elsewhere" / "ledger.db").exists()
