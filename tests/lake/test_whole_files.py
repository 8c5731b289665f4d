"""Files of new rows enter their table as they are, and the lake holds what comparing row by row would have given."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from tests.lake.exports import content, ndjson, okta, rows
from tests.lake.sources import LOADED, source

from pickglass import pipeline
from pickglass.errors import ConfigError
from pickglass.lake import load, mapping, side_by_side
from pickglass.lake.engine import connect
from pickglass.lake.side_by_side import SideBySide
from pickglass.settings import Settings, load_settings


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a way to say from how many rows on a file is whole; every ten records are a chunk."""
    monkeypatch.setattr(load, "CHUNK_RECORDS", 10)
    return lambda rows: monkeypatch.setattr(mapping, "WHOLE_ROWS", rows)


def tens(folder: Path, records: list[Any]) -> Path:
    """Write files of ten records, because a chunk ends with a file or with much more than that; return the folder."""
    for start in range(0, len(records), 10):
        ndjson(folder / f"{start:04d}.json", records[start : start + 10])
    return folder


def exports(folder: Path) -> list[Path]:
    """Write two loads in which everything happens that keeps a file of rows from being whole, and much that does not."""
    first = [okta(f"e{n}", f"2026-03-{1 + n // 4:02d}T10:00:00Z") for n in range(60)]
    later = [okta(f"f{n}", f"2026-03-{20 + n // 40:02d}T11:00:00Z") for n in range(80)]
    later[7] = okta("e7", "2026-03-02T10:00:00Z")  # known already
    later[25] = okta("e9", "2026-03-03T10:00:00Z", displayMessage="revised")
    later[41] = later[39]  # twice in one load
    later[55] = okta("bad", "at noon")
    later[66] = okta("april", "2026-04-01T00:30:00Z")
    tens(folder / "1", first)
    tens(folder / "2", [*later[:70], "{not JSON", *later[70:]])
    ndjson(folder / "2" / "worthless.json", [okta(f"w{n}", "never") for n in range(30)])
    ndjson(folder / "2" / "zulu.json", [okta("f79", displayMessage="in another file of the load")])
    return [folder / "1", folder / "2"]


def loaded(home: Path, paths: list[Path]) -> tuple[Settings, list[dict[str, int]]]:
    settings = load_settings(home, {"PICKGLASS_THREADS": "2"})
    return settings, [dict(pipeline.load(settings, [path]).records) for path in paths]


def whole_files(settings: Settings) -> list[Path]:
    return sorted(Path(settings.warehouse).rglob("*.whole.parquet"))


def test_whole_files_give_the_lake_that_comparing_row_by_row_gives(
    tmp_path: Path, small: Callable[[int], None]
) -> None:
    """With duplicates, revisions, rejects, a month's end and a quarantined file among them."""
    paths = exports(tmp_path / "given")
    small(10**6)
    by_row, counts = loaded(tmp_path / "by_row", paths)
    assert whole_files(by_row) == []
    small(2)
    whole, whole_counts = loaded(tmp_path / "whole", paths)
    assert len(whole_files(whole)) > 5, "otherwise this proves little"
    assert whole_counts == counts
    # What a revision is known since is the moment of its load.
    ours, theirs = content(whole), content(by_row)
    assert ours.keys() == theirs.keys() == {"signin", "rejects", "superseded"}
    assert {name: len(found) for name, found in ours.items()} == {
        name: len(found) for name, found in theirs.items()
    }
    keys = ("event_id", "record_hash", "raw_file", "raw_record", "time", "account", "revision")
    assert _sorted(whole, keys) == _sorted(by_row, keys)
    assert [row["revision"] for row in rows(whole, "signin")].count("given:2") == 2


def _sorted(settings: Settings, keys: tuple[str, ...]) -> list[tuple[str, ...]]:
    return sorted(tuple(str(row[key]) for key in keys) for row in rows(settings, "signin"))


def test_a_file_with_a_known_row_is_compared_row_by_row_and_others_are_not(
    tmp_path: Path, small: Callable[[int], None]
) -> None:
    small(2)
    path = tens(tmp_path / "a", [okta(f"e{n}") for n in range(40)])
    settings, _ = loaded(tmp_path / "home", [path])
    before = len(whole_files(settings))
    again = tens(tmp_path / "b", [okta("e3"), *(okta(f"n{n}") for n in range(40))])
    report = pipeline.load(settings, [again])
    assert (report.records["mapped"], report.records["duplicate"]) == (40, 1)
    assert report.rows == {"signin": 40}
    assert before == 4
    assert len(whole_files(settings)) == before + 3, "the first ten are compared, and the last one is too few"
    assert len(rows(settings, "signin")) == 80


def test_one_bad_record_in_the_middle_of_a_file_is_lost_alone(
    tmp_path: Path, small: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each kind: no JSON, another type than declared, a value that is no time; its neighbours keep their numbers."""
    small(2)
    monkeypatch.setattr(mapping, "PIECE_BYTES", 1000)
    records: list[dict[str, object] | str] = [okta(f"e{n:03d}") for n in range(200)]
    records[77] = '{"uuid": "e077", "published": '
    records[120] = okta("e120", actor="a text")
    records[150] = okta("e150", "noon")
    settings, (counts,) = loaded(tmp_path / "home", [ndjson(tmp_path / "okta.json", records)])
    assert (counts["mapped"], counts["rejected"]) == (197, 3)
    assert sorted(row["raw_record"] for row in rows(settings, "rejects")) == [78, 121, 151]
    kept = {row["raw_record"] for row in rows(settings, "signin")}
    assert kept == set(range(1, 201)) - {78, 121, 151}


def test_a_mapping_that_does_not_run_stops_the_chunks_beside_it(tmp_path: Path, home: Settings) -> None:
    """The error reaches the caller, and closing waits for what is under way."""
    wrong = source({"device_state": "SELECT _n, nonsense FROM raw"})
    line = b'{"id": "d1", "time": "2026-03-01T10:00:00Z"}'
    beside = SideBySide(home, tmp_path, 1, LOADED, lambda *_: None)
    try:
        beside.map(wrong, mapping.Chunk([line], ["f" * 64], [1], ["0" * 64], ["f"]))
        with pytest.raises(ConfigError, match="does not run"):
            beside.finish()
    finally:
        beside.close()


def test_a_load_that_fails_leaves_no_part_of_an_original(home: Settings, tmp_path: Path) -> None:
    """Not even of the file that was being read when the mapping of another one failed."""
    folder = home.home / "sources" / "broken"
    folder.mkdir(parents=True)
    (folder / "source.yaml").write_text(
        "id: broken\ntitle: Broken\nformats: [json]\nrecognise: {all: [Number, Opened]}\ntime_zone: UTC\n"
        "columns: {Number: VARCHAR, Opened: VARCHAR}\ntables: {ticket: 'SELECT _n, nonsense FROM raw'}\n"
    )
    given = [
        ndjson(tmp_path / f"{n}.json", [{"Number": f"T{n}", "Opened": "2026-03-01T10:00:00Z"}])
        for n in range(3)
    ]
    with pytest.raises(ConfigError):
        pipeline.load(home, given)
    assert [path for path in home.originals.rglob("*") if path.is_file()] == []


def test_engines_side_by_side_share_one_memory_limit() -> None:
    for given, expected in (("1GB", "476.8 MiB"), ("512 MiB", "256.0 MiB")):
        connection = connect(given, 1, shares=2)
        assert connection.execute("SELECT current_setting('memory_limit')").fetchall() == [(expected,)]
        connection.close()


def test_mappers_made_at_once_spill_to_folders_of_their_own(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Engines that share a folder to spill to overwrite each other's files."""
    together, folders = Barrier(2, timeout=60), []

    def opened(memory: str, threads: int, workspace: Path, *, shares: int) -> Any:
        folders.append(workspace)
        together.wait()  # neither is there before both are being made
        return connect(memory, threads, workspace, shares=shares)

    monkeypatch.setattr(side_by_side, "connect", opened)
    beside = SideBySide(home, tmp_path, 1, LOADED, lambda *_: None)

    def borrow(_number: int) -> None:
        with beside._mapper():
            pass

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(borrow, range(2)))
    beside.close()
    assert len(set(folders)) == 2
