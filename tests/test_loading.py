"""Loads of many files: in groups, from where they were killed, since a date, from object stores, in any order."""

import gzip
import io
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
import pytest
from tests.lake.exports import content, ndjson, okta, rows, worker

from pickglass import loading, pipeline
from pickglass.errors import ConfigError, InputError
from pickglass.lake.originals import Original, list_originals
from pickglass.loading import LoadReport, Standing
from pickglass.settings import Settings, derived_key, load_settings
from pickglass.sources.reading import remote
from pickglass.store import Store, ledger, open_store

ROOT = Path(__file__).parents[1]


def new_home(folder: Path, like: Settings | None = None) -> Settings:
    """Make a home; `like` another in its key, so that keyed values are the same."""
    settings = load_settings(folder / "home", {"PICKGLASS_THREADS": "2"})
    return replace(settings, key_file=like.key_file) if like else settings


def check_accounts(report: LoadReport) -> None:
    fates = {name: count for name, count in report.records.items() if name != "read"}
    assert report.records["read"] == sum(fates.values())


def many(folder: Path, count: int) -> Path:
    """Write so many files of one sign-in each."""
    for number in range(count):
        day = f"2026-03-{number % 28 + 1:02d}T10:00:00Z"
        ndjson(folder / f"{number:04d}.json", [okta(f"e{number}", day)])
    return folder


def batches(settings: Settings) -> int:
    with open_store(settings) as store, store.reading() as connection:
        return int(
            connection.exec_driver_sql("SELECT count(*) FROM batch WHERE state = 'published'").scalar_one()
        )


# -- many files ----------------------------------------------------------------------------------------------


def test_groups_of_files_give_what_one_load_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is cut into groups, looked at in two processes, or asked of the ledger in sets: the same lake."""
    folder = many(tmp_path / "in", 200)
    ndjson(folder / "again.json", [okta("e7", "2026-03-08T10:00:00Z")])  # the bytes of 0007.json
    (folder / "odd.bin").write_bytes(bytes(500))
    whole = new_home(tmp_path / "whole")
    parts = new_home(tmp_path / "parts", whole)
    first = pipeline.load(whole, [folder])
    monkeypatch.setattr(loading, "GROUP_FILES", 64)
    monkeypatch.setattr(loading, "_MANY_FILES", 10)
    second = pipeline.load(parts, [folder])
    check_accounts(first)
    assert replace(first, id=0) == replace(second, id=0)
    assert first.records["duplicate"] == 1
    assert (batches(whole), batches(parts)) == (1, 4)
    assert content(whole) == content(parts)


def test_what_was_loaded_before_is_counted_and_skipped(tmp_path: Path) -> None:
    settings = new_home(tmp_path)
    folder = many(tmp_path / "in", 5)
    assert pipeline.load(settings, [folder]).before == 0
    ndjson(folder / "new.json", [okta("new")])
    again = pipeline.load(settings, [folder])
    assert (again.before, again.records["mapped"], again.rows) == (5, 1, {"signin": 1})


def test_a_file_that_is_not_loaded_is_told_by_its_path_below_what_was_given(tmp_path: Path) -> None:
    """Two folders hold a file of one name, and only one of them is wrong."""
    folder = tmp_path / "in"
    for place, number in (("one", 1), ("two", 2)):
        ndjson(folder / place / "odd.json", [{"colour": number}])
        ndjson(folder / place / "bad.json", [okta(f"{place}{one}", "never") for one in range(3)])
        ndjson(folder / place / "good.json", [okta(place)])
    with zipfile.ZipFile(folder / "two" / "pack.zip", "w") as archive:
        archive.writestr("x/odd.txt", b"nothing that is known")
    settings = new_home(tmp_path)
    report = pipeline.load(settings, [folder])
    assert [one.file for one in report.unrecognised] == [
        "one/odd.json",
        "two/odd.json",
        "two/pack.zip!x/odd.txt",
    ]
    assert [one.file for one in report.quarantined] == ["one/bad.json", "two/bad.json"]
    with open_store(settings) as store:
        names = {file.name for file in ledger.files_of(store, state="unrecognised")}
    assert "one/odd.json" in names
    again = pipeline.load(settings, [folder / "one", folder / "two" / "odd.json"])
    assert [one.file for one in again.unrecognised] == ["one/odd.json", "two/odd.json"]


def test_the_ledger_is_asked_once_for_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = new_home(tmp_path)
    folder = many(tmp_path / "in", 100)
    asked: list[int] = []
    ask = ledger.loaded_among

    def counted(store: Store, hashes: list[str]) -> Any:
        asked.append(len(hashes))
        return ask(store, hashes)

    monkeypatch.setattr(ledger, "loaded_among", counted)
    pipeline.load(settings, [folder])
    assert asked == [64, 36]


def test_a_load_that_is_killed_goes_on_from_there(tmp_path: Path) -> None:
    """A real SIGKILL after the first batch; started again, it skips what is in force and ends like no other."""
    folder = many(tmp_path / "in", 400)
    undisturbed = new_home(tmp_path / "undisturbed")
    pipeline.load(undisturbed, [folder])
    settings = new_home(tmp_path / "killed", undisturbed)
    settings.home.mkdir(parents=True, mode=0o700)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "PICKGLASS_BATCH_BYTES": "20000",
        "PICKGLASS_KEY_FILE": str(undisturbed.key_file),
    }
    command = [
        sys.executable,
        "-m",
        "pickglass.faces.cli.main",
        "load",
        str(folder),
        "--home",
        str(settings.home),
    ]
    victim = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 300
    while victim.poll() is None and time.monotonic() < end:
        if (settings.home / "lake").exists() and published(settings):
            victim.send_signal(signal.SIGKILL)
            victim.wait()
        time.sleep(0.02)
    assert victim.returncode == -signal.SIGKILL, "it was over before it could be killed"
    done = len(rows(settings, "signin"))
    assert 0 < done < 400
    again = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, check=True)
    told = json.loads(again.stdout)["load"]
    assert told["before"] == done
    assert told["records"]["mapped"] == 400 - done
    assert f"files loaded before: {done:,}" in again.stderr
    assert content(settings) == content(undisturbed)


def published(settings: Settings) -> int:
    """Count the batches that are in force, as another process sees it; 0 while there is no ledger yet."""
    import sqlite3

    try:
        with sqlite3.connect(
            f"file:{settings.home / 'pickglass.db'}?mode=ro", uri=True, timeout=5
        ) as database:
            (count,) = database.execute("SELECT count(*) FROM batch WHERE state = 'published'").fetchone()
            return int(count)
    except sqlite3.OperationalError:
        return 0


def test_a_load_can_be_asked_to_stop_between_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "GROUP_FILES", 64)
    settings = new_home(tmp_path)
    folder = many(tmp_path / "in", 200)
    report = pipeline.load(settings, [folder], stop=lambda: published(settings) > 0)
    assert report.stopped
    assert len(rows(settings, "signin")) == report.records["mapped"] == 64
    rest = pipeline.load(settings, [folder])
    assert (rest.before, rest.stopped, len(rows(settings, "signin"))) == (64, False, 200)


def test_a_load_that_fails_leaves_no_process_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def noted(*arguments: Any, **more: Any) -> Any:
        started.append(popen(*arguments, **more))
        return started[-1]

    def failing(*_: object) -> None:
        raise ConfigError("the disk is full")

    monkeypatch.setattr(loading, "_MANY_FILES", 10)
    monkeypatch.setattr(loading, "GROUP_FILES", 64)
    monkeypatch.setattr("pickglass.sources.survey.subprocess.Popen", noted)
    monkeypatch.setattr("pickglass.lake.load.Loader.load", failing)
    with pytest.raises(ConfigError) as caught:
        pipeline.load(new_home(tmp_path), [many(tmp_path / "in", 300)])
    assert len(started) == 2
    assert all(process.returncode is not None for process in started), caught


def test_how_far_it_is_grows_to_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "GROUP_FILES", 64)
    folder = many(tmp_path / "in", 130)
    (folder / "odd.bin").write_bytes(bytes(500))
    with zipfile.ZipFile(folder / "two.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", json.dumps(okta("a")) + "\n" + "{broken\n" + json.dumps(okta("c")))
        archive.writestr("b.json", json.dumps(okta("b")))
    told: list[Standing] = []
    pipeline.load(new_home(tmp_path), [folder], tell=told.append)
    for name in ("files_done", "bytes_done", "looked", "records", "rejected", "record_bytes"):
        counts = [getattr(one, name) for one in told]
        assert counts == sorted(counts), name
    last = told[-1]
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert (last.files, last.files_done, last.bytes, last.bytes_done) == (132, 132, size, size)
    assert (last.looked, last.records, last.rejected) == (132, 134, 1)


def test_a_file_that_changes_under_the_load_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows would stand under the hash of other bytes; nothing of the batch is in force, and it can be repeated."""
    from pickglass.sources import survey

    settings = new_home(tmp_path)
    path = ndjson(tmp_path / "in" / "growing.json", [okta("e1")])
    look = survey.look

    def grown(*arguments: Any) -> Any:
        found = look(*arguments)
        with path.open("a") as file:
            file.write(json.dumps(okta("e2")) + "\n")
        return found

    monkeypatch.setattr(survey, "look", grown)
    with pytest.raises(InputError, match="changed while it was being loaded"):
        pipeline.load(settings, [path])
    monkeypatch.setattr(survey, "look", look)
    assert rows(settings, "signin") == []
    assert pipeline.load(settings, [path]).rows == {"signin": 2}


# -- which files ---------------------------------------------------------------------------------------------


def test_files_that_are_older_are_left_out_and_counted(tmp_path: Path) -> None:
    settings = new_home(tmp_path)
    old, new = (ndjson(tmp_path / "in" / f"{name}.json", [okta(name)]) for name in ("old", "new"))
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    os.utime(old, (moment.timestamp() - 1,) * 2)
    os.utime(new, (moment.timestamp(),) * 2)
    report = pipeline.load(settings, [tmp_path / "in"], since=moment)
    assert (report.files, report.older, report.rows) == (1, 1, {"signin": 1})


def test_a_pattern_is_fitted_unless_something_bears_its_name(tmp_path: Path) -> None:
    settings = new_home(tmp_path)
    for name in ("a/1.json", "a/b/2.json", "a/b/3.csv", "a/[b].json"):
        ndjson(tmp_path / name, [okta(name)])
    assert pipeline.load(settings, [str(tmp_path / "**" / "[0-9].json")]).files == 2
    assert pipeline.load(settings, [str(tmp_path / "a" / "[b].json")]).files == 1
    with pytest.raises(InputError, match="no file fits this pattern"):
        pipeline.load(settings, [str(tmp_path / "*.parquet")])


# -- objects -------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket() -> Iterator[Any]:
    """An object store in memory."""
    store = fsspec.filesystem("memory")
    yield store
    for path in list(store.store):
        del store.store[path]


def fill(store: Any) -> None:
    for number in range(150):
        store.pipe(f"/bucket/exports/{number % 3}/{number:03d}.json", json.dumps(okta(f"e{number}")).encode())
    store.pipe("/bucket/exports/day.json.gz", gzip.compress(json.dumps(okta("gz")).encode()))
    store.pipe("/bucket/exports/odd.bin", bytes(500))
    store.pipe("/bucket/exports/.hidden.json", json.dumps(okta("hidden")).encode())
    store.pipe("/bucket/other/x.json", json.dumps(okta("other")).encode())


def test_objects_load_like_files_and_keep_their_addresses(
    tmp_path: Path, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few of them are on this disk at any time, and none at the end."""
    fill(bucket)
    settings = new_home(tmp_path)
    monkeypatch.setattr(loading, "GROUP_FILES", 64)
    held: list[int] = []
    fetch = remote.fetch

    def counted(files: Any, folder: Path, first: int) -> Any:
        yield from fetch(files, folder, first)
        held.append(len(list(folder.iterdir())))

    monkeypatch.setattr(remote, "fetch", counted)
    report = pipeline.load(settings, ["memory://bucket/exports"])
    check_accounts(report)
    assert (report.files, report.rows) == (152, {"signin": 151})
    assert [(one.file, one.records) for one in report.unrecognised] == [
        ("memory://bucket/exports/odd.bin", 1)
    ]
    assert len(held) == 3
    assert max(held) <= 128
    assert list(settings.workspace.rglob("*")) == []
    key = derived_key(settings, "originals")
    names = set()
    for raw_file in list_originals(settings.originals):
        with Original(settings.originals, raw_file, key) as original:
            names.add(original.about["name"])
    assert {"memory://bucket/exports/0/000.json", "memory://bucket/exports/day.json.gz"} <= names
    again = pipeline.load(settings, ["memory://bucket/exports/1/*.json", "memory://bucket/exports/2"])
    assert (again.before, again.rows) == (100, {})


def test_an_object_that_cannot_be_fetched_is_named_and_the_others_load(
    tmp_path: Path, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(bucket)
    opened = type(bucket)._open

    def refusing(store: Any, path: str, *arguments: Any, **named: Any) -> Any:
        if path.endswith("007.json"):
            raise PermissionError(path)
        if path.endswith("008.json"):
            raise RuntimeError("connection reset")  # of a kind that only the store's library knows
        return opened(store, path, *arguments, **named)

    monkeypatch.setattr(type(bucket), "_open", refusing)
    report = pipeline.load(new_home(tmp_path), ["memory://bucket/exports/"])
    assert report.rows == {"signin": 149}
    told = {one.file: one.why for one in report.unrecognised}
    assert "does not let us read" in told["memory://bucket/exports/1/007.json"]
    assert "RuntimeError: connection reset" in told["memory://bucket/exports/2/008.json"]


def test_objects_of_before_are_left_out(tmp_path: Path, bucket: Any) -> None:
    fill(bucket)
    late = datetime(2999, 1, 1, tzinfo=UTC)
    report = pipeline.load(new_home(tmp_path), ["memory://bucket/exports"], since=late)
    assert (report.files, report.older) == (0, 152)


def test_a_store_without_its_library_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ImportError("Install s3fs")

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    with pytest.raises(ConfigError, match=r"pip install 'pickglass\[s3\]'"):
        pipeline.load(new_home(tmp_path), ["s3://bucket/prefix"])
    assert not (tmp_path / "home").exists(), "an address that cannot be read makes no home"


@pytest.mark.parametrize(
    "address",
    [
        "s3://key:secret@bucket/x",
        "az://box/x?sig=secret",
        "https://example.com/secret",
        "zip://x::s3://secret/y",
    ],
)
def test_an_address_that_is_not_read_is_refused_without_being_repeated(tmp_path: Path, address: str) -> None:
    with pytest.raises(InputError) as refused:
        pipeline.load(new_home(tmp_path), [address])
    assert "secret" not in str(refused.value)


# -- archives in archives ------------------------------------------------------------------------------------


def nest(depth: int, width: int, inner: bytes) -> bytes:
    """Pack what is inside into zips in zips, several of the next in each."""
    packed = inner
    for level in range(depth):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(width):
                archive.writestr(f"{level}-{number}.{'json' if level == 0 else 'zip'}", packed)
        packed = file.getvalue()
    return packed


@pytest.mark.parametrize(
    ("depth", "width", "inner", "told"),
    [
        (6, 4, b" " * 1_000_000, "archives in archives deeper than 3"),
        (2, 12, b" " * 1_000_000, "decompresses to more than"),
        (3, 22, b"{}", "more than 10,000 entries"),
    ],
    ids=["deep", "large", "numerous"],
)
def test_nests_of_archives_are_refused_and_what_is_beside_them_loads(
    tmp_path: Path, depth: int, width: int, inner: bytes, told: str
) -> None:
    """By the command line: what cannot be read is named with the reason, and that is no failure of the load."""
    folder = tmp_path / "in"
    ndjson(folder / "good.json", [okta("g")])
    (folder / "nest.zip").write_bytes(nest(depth, width, inner))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pickglass.faces.cli.main",
            "load",
            str(folder),
            "--home",
            str(tmp_path / "h"),
            "--json",
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    load = json.loads(done.stdout)["load"]
    assert load["rows"] == {"signin": 1}
    assert any(told in one["why"] and one["file"].startswith("nest.zip") for one in load["unrecognised"])
    assert "unrecognised: nest.zip" in done.stderr
    assert list((tmp_path / "h" / "tmp").rglob("*")) == []


# -- any order -----------------------------------------------------------------------------------------------


EXPORTS: dict[str, list[Any]] = {
    "march.json": [worker("E1", "2026-03-15"), worker("E2", "2026-03-15"), worker("E3", "2026-03-15")],
    # A month later one has moved house and one is gone.
    "april.json": [
        worker("E1", "2026-04-15", Phone_Home="+1 469 555 0101"),
        worker("E2", "2026-04-15"),
    ],
    # Found in a drawer after the others: between the two.
    "late.json": [
        worker("E1", "2026-03-29", Phone_Home="+1 469 555 0102"),
        worker("E2", "2026-03-29"),
        worker("E3", "2026-03-29"),
    ],
    "signins.json": [okta("s1", "2026-03-20T10:00:00Z"), okta("s2", "2026-04-20T10:00:00Z"), "{broken"],
    # Overlaps with the export before, and holds what came late.
    "overlap.json": [okta("s2", "2026-04-20T10:00:00Z"), okta("s0", "2026-03-02T10:00:00Z")],
}
QUESTIONS = {
    "worker": "SELECT * EXCLUDE (load_id, raw_file, raw_record) FROM worker ORDER BY ALL",
    "changes": "SELECT subject_id, time, field, old_value, new_value, origin FROM hr_change ORDER BY ALL",
    "signin": "SELECT event_id, subject_id, time, known FROM signin ORDER BY ALL",
    "subject": "SELECT * FROM subject ORDER BY ALL",
    "coverage": "SELECT * FROM coverage ORDER BY ALL",
    "shared": "SELECT * FROM shared_thing ORDER BY ALL",
}


def inputs(settings: Settings) -> dict[str, Any]:
    """Give what an assessment reads: views over the lake, and everything that it finds."""
    from pickglass.lake.reading import open_lake

    with open_store(settings) as store, open_lake(settings, store) as session:
        read: dict[str, Any] = {name: session.query(sql).to_pylist() for name, sql in QUESTIONS.items()}
        read["as_of"] = session.as_of
    return read


def findings(settings: Settings) -> list[Any]:
    """Give every assessment, without the numbers of the snapshots that it was made from."""
    done = pipeline.assess(settings)
    return [
        {
            "assessment": json.dumps(document["assessment"], default=str, sort_keys=True),
            "clear": document["evidence"]["clear"],
            "not_assessable": document["evidence"]["not_assessable"],
            "fired": [finding["event_ids"] for finding in document["evidence"]["fired"]],
        }
        for document in done.documents
    ]


def without_place(tables: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave out which of two files with the same event came first."""
    place = {"raw_file", "raw_record"}
    return {
        name: sorted(
            json.dumps({k: v for k, v in json.loads(row).items() if k not in place}) for row in found
        )
        for name, found in tables.items()
    }


@pytest.mark.parametrize("count", [1, pytest.param(12, marks=pytest.mark.slow)])
def test_the_order_of_files_does_not_matter(tmp_path: Path, count: int) -> None:
    """Rosters of three dates, one of them late, and sign-ins that overlap: each file a load of its own, in any order.

    The lake holds the same rows, and an assessment reads the same and says the same.
    """
    paths = [ndjson(tmp_path / "in" / name, records) for name, records in EXPORTS.items()]
    together = new_home(tmp_path / "together")
    pipeline.load(together, paths)
    expected = without_place(content(together)), inputs(together), findings(together)
    assert [change["field"] for change in expected[1]["changes"]].count("phone") == 2
    orders = random.Random(7).sample(  # noqa: S311 - an order need not be secret
        list(itertools.permutations(paths)), count
    )
    for number, order in enumerate([tuple(reversed(paths)), *orders]):
        settings = new_home(tmp_path / str(number), together)
        for path in order:
            pipeline.load(settings, [path])
        names = [path.name for path in order]
        assert without_place(content(settings)) == expected[0], names
        assert inputs(settings) == expected[1], names
        assert findings(settings) == expected[2], names


def test_the_date_in_a_files_own_name_counts_before_its_folders(tmp_path: Path) -> None:
    """A roster without a date of its own is of the day that its file is named after, wherever it lies."""
    record = {name: value for name, value in worker("E1").items() if name != "As_of_Date"}
    with zipfile.ZipFile(tmp_path / "archive-2026-01-01.zip", "w") as archive:
        lines = [json.dumps(record), json.dumps(record | {"Employee_ID": "E2"})]
        archive.writestr("2026-02-01/roster-2026-03-15.json", "\n".join(lines))
    home = new_home(tmp_path)
    report = pipeline.load(home, [tmp_path / "archive-2026-01-01.zip"])
    assert report.rows["worker"] == 2
    assert {json.loads(row)["time"] for row in content(home)["worker"]} == {"2026-03-15T00:00:00+00:00"}
