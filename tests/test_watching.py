"""A watched folder: what is whole is loaded once, what is not is waited for, and nothing stops the watch but a stop."""

import fcntl
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from tests.lake.exports import ndjson, okta, rows

from pickglass import watching
from pickglass.errors import InputError
from pickglass.loading import LoadReport, load
from pickglass.settings import Settings, load_settings
from pickglass.sources.reading import is_cut_off
from pickglass.watching import Watched, watch

ROOT = Path(__file__).parents[1]
SETTLE, PATIENCE = 5.0, 300.0


class Clock:
    """A clock that goes on when it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watched(tmp_path: Path, clock: Clock) -> Watched:
    (tmp_path / "in").mkdir()
    return Watched(tmp_path / "in", SETTLE, PATIENCE, clock)


def looked(watched: Watched, clock: Clock, seconds: float = 0.0) -> list[str]:
    """Look so many seconds later, take what is whole, and name it."""
    clock.now += seconds
    ready = watched.look()
    watched.take(ready)
    return [str(path.relative_to(watched.folder)) for path in ready]


# -- when a file is whole ------------------------------------------------------------------------------------


def test_a_file_is_taken_once_it_has_not_changed_over_two_looks_and_the_settle_time(
    watched: Watched, clock: Clock
) -> None:
    path = ndjson(watched.folder / "deep" / "a.json", [okta("1")])
    assert looked(watched, clock) == []
    assert looked(watched, clock, 1) == [], "two looks, but too soon"
    assert looked(watched, clock, 5) == ["deep/a.json"]
    assert looked(watched, clock, 50) == [], "taken"
    ndjson(path, [okta("1"), okta("2")])
    assert looked(watched, clock, 5) == [], "changed: the wait begins anew"
    assert looked(watched, clock, 5) == ["deep/a.json"]


def test_one_look_is_not_enough_however_old_the_file(watched: Watched, clock: Clock) -> None:
    """A copy that keeps its times looks old from its first byte on."""
    path = ndjson(watched.folder / "a.json", [okta("1")])
    os.utime(path, (1, 1))
    assert looked(watched, clock, 500) == []
    assert looked(watched, clock, 5) == ["a.json"]


def test_a_file_that_grows_is_never_taken(watched: Watched, clock: Clock) -> None:
    for count in range(1, 6):
        ndjson(watched.folder / "a.json", [okta(str(number)) for number in range(count)])
        assert looked(watched, clock, 100) == []


@pytest.mark.parametrize(
    "name", ["a.json.part", "a.json.PARTIAL", "a.tmp", "a.json.crdownload", ".a.json", ".d/a.json"]
)
def test_unfinished_and_hidden_names_are_left_alone(watched: Watched, clock: Clock, name: str) -> None:
    ndjson(watched.folder / name, [okta("1")])
    assert [looked(watched, clock, 100) for _ in range(3)] == [[], [], []]


def test_a_file_that_is_renamed_in_is_taken_at_once(watched: Watched, clock: Clock) -> None:
    """Its writer has said that it is done; but one that was written to since must wait like any other."""
    done = ndjson(watched.folder / "done.json.part", [okta("1")])
    growing = ndjson(watched.folder / "growing.json.part", [okta("2")])
    assert looked(watched, clock) == []
    done.rename(watched.folder / "done.json")
    growing.rename(watched.folder / "growing.json")
    ndjson(watched.folder / "growing.json", [okta("2"), okta("3")])
    assert looked(watched, clock, 0.1) == ["done.json"]
    assert looked(watched, clock, 5) == ["growing.json"]


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", content)
    return file.getvalue()


@pytest.mark.parametrize("pack", [gzip.compress, zipped], ids=["gzip", "zip"])
def test_a_compressed_file_whose_end_is_missing_is_waited_for(
    watched: Watched, clock: Clock, pack: object
) -> None:
    assert callable(pack)
    content = pack(b"\n".join(json.dumps(okta(str(number))).encode() for number in range(500)))
    path = watched.folder / "day"
    path.write_bytes(content[:-40])
    assert is_cut_off(path)
    assert [looked(watched, clock, 10) for _ in range(3)] == [[], [], []]
    assert watched.problems == ["day: its end is missing; it is waited for"]
    path.write_bytes(content)
    assert not is_cut_off(path)
    assert [looked(watched, clock, 10) for _ in range(2)] == [[], ["day"]]


def test_patience_has_an_end(watched: Watched, clock: Clock) -> None:
    """Then the file is loaded as it is, so that the load can say what is wrong with it."""
    (watched.folder / "day.gz").write_bytes(gzip.compress(os.urandom(3000))[:-40])
    assert [looked(watched, clock, PATIENCE - 1) for _ in range(2)] == [[], []]
    assert looked(watched, clock, 2) == ["day.gz"]


def test_what_cannot_be_listed_is_said_once(watched: Watched, clock: Clock, tmp_path: Path) -> None:
    outside = ndjson(tmp_path / "outside.json", [okta("1")])
    (watched.folder / "link.json").symlink_to(outside)
    for _ in range(3):
        assert looked(watched, clock, 100) == []
    assert len(watched.problems) == 1
    assert "leads out of the folder" in watched.problems[0]


# -- what is loaded ------------------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "home", {"PICKGLASS_THREADS": "2"})


def test_once_loads_what_is_settled_and_ends(tmp_path: Path, settings: Settings) -> None:
    ndjson(tmp_path / "in" / "a.json", [okta("1")])
    (tmp_path / "in" / "b.gz").write_bytes(gzip.compress(os.urandom(3000))[:-40])
    said: list[str] = []
    (report,) = watch(settings, tmp_path / "in", settle=0.05, once=True, say=said.append)
    assert report.rows == {"signin": 1}
    assert said[-1] == "b.gz: still changing or not whole; left for the next time"
    (again,) = watch(settings, tmp_path / "in", settle=0.05, once=True)
    assert (again.before, again.rows) == (1, {}), "a restart loads nothing twice"


def test_a_bad_file_does_not_end_the_watch(tmp_path: Path, settings: Settings) -> None:
    folder = tmp_path / "in"
    ndjson(folder / "hopeless.json", [okta(f"b{number}", "never") for number in range(30)])
    (folder / "odd.bin").write_bytes(bytes(500))
    stop = Event()
    found = watch(settings, folder, every=0.05, settle=0.05, stop=stop)
    first = next(found)
    assert [one.file for one in first.quarantined] == ["hopeless.json"]
    ndjson(folder / "good.json", [okta("g")])
    second = next(found)
    assert (second.files, second.rows) == (1, {"signin": 1}), "and it is not read again until it changes"
    stop.set()
    assert list(found) == []


@pytest.mark.parametrize("once", [False, True])
def test_a_file_that_cannot_be_loaded_does_not_keep_the_others_out(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, once: bool
) -> None:
    """One that is written to again and again with the same times, or that vanishes: the others are whole."""
    folder = tmp_path / "in"
    for name in ("a", "bad", "c", "d"):
        ndjson(folder / f"{name}.json", [okta(name)])
    tried: list[int] = []

    def loaded(settings: Settings, paths: list[Path], **how: Any) -> LoadReport:
        tried.append(len(paths))
        if any(path.name == "bad.json" for path in paths):
            raise InputError("this file changed while it was being loaded", where="bad.json")
        return load(settings, paths, **how)

    monkeypatch.setattr(watching, "load", loaded)
    said: list[str] = []
    stop = Event()
    found = watch(settings, folder, every=0.05, settle=0.05, once=once, stop=stop, say=said.append)
    if once:
        with pytest.raises(InputError, match="changed"):
            list(found)
    else:
        assert [sum(next(found).rows.values()) for _ in range(2)] == [1, 2]
        ndjson(folder / "new.json", [okta("new")])
        assert next(found).rows == {"signin": 1}, "and it is tried again apart from what is new"
        stop.set()
        assert tried[:4] == [4, 2, 1, 1]
    assert len([text for text in said if "changed while" in text]) == 1
    assert len(rows(settings, "signin")) == (3 if once else 4)


def test_another_load_is_waited_for(tmp_path: Path, settings: Settings) -> None:
    """While another is at work in this home nothing is lost; it is said once, and tried again."""
    folder = tmp_path / "in"
    ndjson(folder / "a.json", [okta("1")])
    settings.home.mkdir(mode=0o700)
    said: list[str] = []
    with (settings.home / "load.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        looks = 0

        def counted(text: str) -> None:
            said.append(text)

        class Stop(Event):
            def wait(self, timeout: float | None = None) -> bool:
                nonlocal looks
                looks += 1
                if looks == 6:
                    fcntl.flock(lock, fcntl.LOCK_UN)
                return super().wait(timeout)

        stop = Stop()
        report = next(found := watch(settings, folder, every=0.03, settle=0.03, stop=stop, say=counted))
    assert report.rows == {"signin": 1}
    assert len([text for text in said if "another load is at work" in text]) == 1
    stop.set()
    assert list(found) == []


def test_a_folder_that_is_none_is_refused(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(InputError, match="no such folder"):
        next(watch(settings, tmp_path / "nowhere"))


# -- the real thing ------------------------------------------------------------------------------------------


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def start(folder: Path, home: Path, started: list[subprocess.Popen[str]]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "pickglass.faces.cli.main", "watch", str(folder), "--home", str(home)),
            *("--json", "--every", "0.1", "--settle", "1.5"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    started.append(process)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("watching")
    return process


def next_load(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the watch ended"
    load: dict[str, object] = json.loads(line)["load"]
    return load


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_file_that_is_written_slowly_is_loaded_once_and_whole(
    tmp_path: Path, started: list[subprocess.Popen[str]], number: signal.Signals
) -> None:
    """Then a signal ends the watch cleanly, and a second watch loads nothing twice."""
    folder, home = tmp_path / "in", tmp_path / "home"
    folder.mkdir()
    process = start(folder, home, started)
    with (folder / "slow.json").open("w") as file:
        for count in range(20):
            file.write(json.dumps(okta(f"e{count}")) + "\n")
            file.flush()
            time.sleep(0.1)
    load = next_load(process)
    assert (load["files"], load["rows"]) == (1, {"signin": 20})
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, ""), err
    assert err.endswith("stopped\n")
    assert "Traceback" not in err
    settings = load_settings(home, {})
    assert len(rows(settings, "signin")) == 20

    second = start(folder, home, started)
    again = next_load(second)
    assert (again["before"], again["rows"]) == (1, {})
    ndjson(folder / "new.json", [okta("new")])
    assert next_load(second)["rows"] == {"signin": 1}
    second.send_signal(number)
    second.communicate(timeout=60)
    assert second.returncode == 0
    assert len(rows(settings, "signin")) == 21
