"""Every record has one fate, bad files harm no other, and what was loaded changes nothing again."""

import gzip
import io
import json
import os
import shutil
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.lake.exports import content, ndjson, okta, rows, worker

from pickglass import pipeline
from pickglass.errors import InputError
from pickglass.pipeline import LoadReport, Run
from pickglass.settings import Settings, load_settings
from pickglass.sources.definitions import shipped_folder
from pickglass.store import ledger, open_store
from pickglass.store.tables import case

SAMPLES = sorted(shipped_folder().glob("*/sample*"))


def new_home(folder: Path) -> Settings:
    return load_settings(folder / "home", {"PICKGLASS_THREADS": "2"})


def check_accounts(report: LoadReport) -> None:
    """Every record is mapped, rejected, duplicate, ignored or unrecognised, and none is two of them."""
    fates = {name: count for name, count in report.records.items() if name != "read"}
    assert set(fates) == {"mapped", "rejected", "duplicate", "ignored", "unrecognised"}
    assert report.records["read"] == sum(fates.values())
    assert all(count >= 0 for count in fates.values())
    assert report.records["ignored"] == sum(report.ignored.values())


def state(settings: Settings) -> dict[str, Any]:
    """Give what a load may change: snapshots, rows by table, and the list of cases."""
    with open_store(settings) as store:
        snapshots = ledger.current_snapshots(store)
        with store.reading() as connection:
            cases = sorted(map(str, connection.execute(case.select()).all()))
    return {
        "snapshots": snapshots,
        "rows": {name: len(rows(settings, name)) for name in snapshots},
        "cases": cases,
    }


@dataclass(frozen=True)
class Loaded:
    settings: Settings
    folder: Path
    run: Run
    report: LoadReport
    state: dict[str, Any]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Run everything once over the samples of all sources, copied into one folder."""
    base = tmp_path_factory.mktemp("samples")
    folder = base / "exports"
    folder.mkdir()
    for path in SAMPLES:
        shutil.copy(path, folder / f"{path.parent.name}.{path.name}")
    settings = new_home(base)
    run = pipeline.run(settings, [folder])
    assert run.load is not None
    return Loaded(settings, folder, run, run.load, state(settings))


def test_every_record_of_the_samples_has_one_fate(samples: Loaded) -> None:
    check_accounts(samples.report)
    assert samples.report.records["unrecognised"] == samples.report.records["duplicate"] == 0
    assert samples.report.unrecognised == samples.report.quarantined == ()
    assert samples.report.files == len(SAMPLES)


def test_every_sample_is_loaded_by_its_own_source(samples: Loaded) -> None:
    """Among all others, told by content alone."""
    files = Counter(path.parent.name for path in SAMPLES)
    assert {source: tally["files"] for source, tally in samples.report.by_source.items()} == files


def test_rows_in_the_lake_are_the_rows_that_were_told(samples: Loaded) -> None:
    told = dict(samples.report.rows)
    assert {name: count for name, count in samples.state["rows"].items() if name != "superseded"} == told


def test_loading_again_changes_nothing(samples: Loaded, tmp_path: Path) -> None:
    """Nor under other names, in another order, twice at once, or compressed: bytes decide and not names."""
    again = tmp_path / "again"
    (again / "other").mkdir(parents=True)
    for number, path in enumerate(sorted(samples.folder.iterdir(), reverse=True)):
        shutil.copy(path, again / path.name)
        shutil.copy(path, again / "other" / f"{number:03d}")
        (again / f"z{number:03d}.gz").write_bytes(gzip.compress(path.read_bytes()))
    run = pipeline.run(samples.settings, [again])
    assert run.load is not None
    check_accounts(run.load)
    assert run.load.records["read"] == run.load.records["duplicate"] == 3 * samples.report.records["read"]
    assert run.load.rows == {}
    assert state(samples.settings) == samples.state
    assert json.dumps(run.documents, default=str) == json.dumps(samples.run.documents, default=str)
    assert run.assessments == samples.run.assessments
    assert run.links == samples.run.links


def test_names_and_order_of_files_do_not_matter(tmp_path: Path) -> None:
    """The same bytes under other names, in other batches and compressed give the same rows."""
    files: dict[str, list[Any]] = {
        "a.json": [okta(f"e{n}", f"2026-03-{n:02d}T10:00:00Z") for n in range(1, 12)],
        "b.json": [worker("E1"), worker("E2", Phone_Home="+1 469 555 0101")],
        "c.json": [okta("e3", "2026-03-03T10:00:00Z"), "{broken", okta("e99")],
    }
    plain, renamed = tmp_path / "plain", tmp_path / "renamed"
    for name, records in files.items():
        path = ndjson(plain / name, records)
        renamed.mkdir(exist_ok=True)
        (renamed / f"{'cba'['abc'.index(name[0])]}.bin").write_bytes(gzip.compress(path.read_bytes()))
    one, other = new_home(tmp_path / "one"), new_home(tmp_path / "other")
    other = replace(other, key_file=one.key_file, batch_bytes=1)
    first, second = pipeline.load(one, [plain]), pipeline.load(other, [renamed / "a.bin", renamed])
    check_accounts(first)
    assert first.records == second.records
    assert first.records["duplicate"] == 1
    assert without_place(content(one)) == without_place(content(other))


def without_place(tables: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave out which of two files with the same event came first."""
    place = {"raw_file", "raw_record"}
    return {
        name: sorted(str({k: v for k, v in json.loads(row).items() if k not in place}) for row in found)
        for name, found in tables.items()
    }


def test_a_folder_of_ones_own_can_be_loaded(tmp_path: Path) -> None:
    """The folder that PICKGLASS_CORPUS names: every record has its fate, and again changes nothing."""
    folder = os.environ.get("PICKGLASS_CORPUS")
    if not folder:
        pytest.skip("PICKGLASS_CORPUS names no folder")
    settings = new_home(tmp_path)
    first = pipeline.load(settings, [Path(folder)])
    check_accounts(first)
    before = state(settings)
    second = pipeline.load(settings, [Path(folder)])
    check_accounts(second)
    assert second.records["read"] == first.records["read"]
    assert second.records["mapped"] == 0
    assert second.rows == {}
    assert state(settings) == before


# -- bad input -------------------------------------------------------------------------------------------


def bomb() -> bytes:
    """Pack two gigabytes of blanks into a zip of a few kilobytes, compressed twice."""
    inner = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(inner.compress(b" " * (1 << 24)) for _ in range(128)) + inner.flush()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.json.gz", packed)
    return file.getvalue()


def nested(depth: int) -> bytes:
    return json.dumps(okta("deep"))[:-1].encode() + b', "x": ' + b'{"a":' * depth + b"1" + b"}" * (depth + 1)


HEADER = ",".join(worker("E1"))
ROW = ",".join(worker("E1").values())
GOOD = [okta("g1"), okta("g2")]
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8

# What each file is, and how many of its records are mapped and rejected; None: nothing can read it.
BAD: dict[str, tuple[bytes | list[Any], tuple[int, int] | None]] = {
    "empty.json": (b"", None),
    "blank.json": (b" \n\n ", None),
    "junk.json": (PICTURE, None),
    "zeros.csv": (bytes(5000), None),
    "bomb.zip": (bomb(), None),
    "torn.zip": (b"PK\x03\x04" + bytes(40), None),
    "nothing_we_know.json": ([{"weather": "fair"}], None),
    "truncated.json.gz": (
        gzip.compress(b"\n".join(json.dumps(okta(f"t{n}")).encode() for n in range(400)))[:-300],
        (0, 1),
    ),
    "broken_line.json": (
        [okta("b1"), okta("b2"), '{"uuid": "b3", "actor": ', okta("b4"), okta("b5")],
        (4, 1),
    ),
    "utf16.json": ("\n".join(json.dumps(okta(f"w{n}")) for n in range(3)).encode("utf-16"), (3, 0)),
    "latin1.csv": (f"{HEADER}\r\n{ROW}\r\n".replace("Worker E1", "Jürgen Müßig").encode("latin-1"), (1, 0)),
    "missing_column.csv": (
        f"{HEADER}\n{ROW.replace('E1', 'E2')}\n{ROW.replace('E1', 'E3').rpartition(',')[0]}\n".encode(),
        None,
    ),
    "wrong_type.json": ([okta("y1"), okta("y2", client="not an object"), okta("y3", client=None)], (2, 1)),
    "wrong_list.json": ([okta("l1"), okta("l2", target={"id": "no list"})], (1, 1)),
    "huge_number.json": (
        [
            okta("n1", client={"geographicalContext": {"geolocation": {"lat": 1e300, "lon": 0}}}),
            okta("n2", securityContext={"asNumber": 10**40}),
        ],
        (1, 1),
    ),
    "null_byte.json": ([okta("z1"), okta("z2").__repr__().replace("z2", "z\0")], (1, 1)),
    "escaped_null.json": ([okta("o1"), okta("o2", displayMessage="a\0b")], None),
    "twice_the_key.json": ([okta("k1"), json.dumps(okta("k2"))[:-1] + ', "uuid": "k3"}'], (2, 0)),
    "deep.json": ([okta("d1"), nested(10_000), nested(200)], None),
    "large.json": ([okta("x1"), okta("x2", displayMessage="x" * 5_000_000)], (2, 0)),
    "too_large.json": ([okta("q1"), okta("q2", displayMessage="x" * 17_000_000), okta("q3")], (2, 1)),
    "not_utf8.json": (
        [okta("u1"), json.dumps(okta("u2")).encode().replace(b"Dana", b"D\xff\xfena"), okta("u3")],
        (2, 1),
    ),
    "no_zone.json": ([{**worker("E9"), "Hire_Date": "2026-03-02 10:00"}, worker("E10")], (1, 1)),
    "bad_time.json": (
        [okta("m1", "yesterday"), okta("m2", "2026-02-30T10:00:00Z"), okta("m3"), okta("m4")],
        (2, 2),
    ),
}


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, LoadReport]:
    """Load all the bad files at once, with good ones between them."""
    base = tmp_path_factory.mktemp("bad")
    folder = base / "exports"
    folder.mkdir()
    for name, (given, _) in BAD.items():
        if isinstance(given, bytes):
            (folder / name).write_bytes(given)
        else:
            ndjson(folder / name, given)
    ndjson(folder / "a_good.json", [okta("g1"), okta("g2")])
    ndjson(folder / "z_good.json", [okta("g3"), okta("g4")])
    settings = new_home(base)
    return settings, pipeline.load(settings, [folder])


def of_file(settings: Settings, name: str) -> Any:
    with open_store(settings) as store:
        (found,) = [file for file in ledger.files_of(store) if Path(file.name.partition("!")[0]).name == name]
    return found


def test_files_beside_bad_ones_load_all_the_same(bad: tuple[Settings, LoadReport]) -> None:
    settings, report = bad
    check_accounts(report)
    accounts = Counter(row["raw_file"] for row in rows(settings, "signin"))
    for name in ("a_good.json", "z_good.json"):
        assert accounts[of_file(settings, name).raw_file] == 2


@pytest.mark.parametrize("name", [name for name, (_, fates) in BAD.items() if fates])
def test_exactly_the_bad_records_of_a_file_are_rejected(bad: tuple[Settings, LoadReport], name: str) -> None:
    """Each is counted, and stands in the table of rejects with its file, its number and a reason."""
    settings, _ = bad
    file, (mapped, rejected) = of_file(settings, name), BAD[name][1] or (0, 0)
    reasons = {
        row["raw_record"]: row["reason"]
        for row in rows(settings, "rejects")
        if row["raw_file"] == file.raw_file
    }
    assert len(reasons) == file.rejected == rejected
    assert all(reasons.values())
    if name == "truncated.json.gz":
        assert file.mapped > 100, "what came before the damage is read"
    else:
        assert file.mapped == mapped
        assert file.read == mapped + rejected


def test_a_reject_names_its_record_and_what_is_wrong_with_it(bad: tuple[Settings, LoadReport]) -> None:
    settings, _ = bad
    reasons = {
        (name, row["raw_record"]): row["reason"]
        for name in (
            "broken_line.json",
            "wrong_type.json",
            "no_zone.json",
            "bad_time.json",
            "huge_number.json",
        )
        for row in rows(settings, "rejects")
        if row["raw_file"] == of_file(settings, name).raw_file
    }
    assert reasons == {
        ("broken_line.json", 3): "not valid JSON",
        ("wrong_type.json", 2): "client: not an object",
        ("no_zone.json", 1): "worker.hire_date: a clock without a time zone, and this source declares none",
        ("bad_time.json", 1): "signin.time: not a time",
        ("bad_time.json", 2): "signin.time: not a time",
        ("huge_number.json", 2): "signin.asn: not an integer",
    }


@pytest.mark.parametrize(
    "name",
    ["empty.json", "blank.json", "junk.json", "zeros.csv", "bomb.zip", "torn.zip", "nothing_we_know.json"],
)
def test_a_file_that_nothing_can_read_is_named_with_the_reason(
    bad: tuple[Settings, LoadReport], name: str
) -> None:
    _, report = bad
    (told,) = [one for one in report.unrecognised if name in one.file]
    assert told.why


@pytest.mark.parametrize("name", ["missing_column.csv", "escaped_null.json", "deep.json"])
def test_a_record_that_can_be_read_or_not_is_counted_either_way(
    bad: tuple[Settings, LoadReport], name: str
) -> None:
    """Whether the reader takes it is the reader's affair; that it is lost silently is ours."""
    settings, _ = bad
    file = of_file(settings, name)
    assert file.read == file.mapped + file.rejected + file.ignored + file.duplicate == len(
        BAD[name][0]
    ) or name.endswith("csv")
    assert file.mapped >= 1


def test_text_in_another_encoding_is_read_as_it_was_meant(bad: tuple[Settings, LoadReport]) -> None:
    settings, _ = bad
    assert {row["name"] for row in rows(settings, "worker") if row["name"].startswith("J")} == {
        "Jürgen Müßig"
    }


def test_a_file_that_is_hopeless_is_quarantined_and_named_each_time(tmp_path: Path) -> None:
    """None of its rows count, the others load, and once the limit or the file is better it is read again."""
    settings = new_home(tmp_path)
    folder = tmp_path / "exports"
    ndjson(
        folder / "bad.json", [okta(f"b{n}", "never" if n % 2 else "2026-03-01T10:00:00Z") for n in range(40)]
    )
    ndjson(folder / "good.json", [okta("g1")])
    first = pipeline.load(settings, [folder])
    check_accounts(first)
    assert [Path(one.file).name for one in first.quarantined] == ["bad.json"]
    assert first.records["rejected"] == 40
    assert len(rows(settings, "signin")) == 1
    assert len(rows(settings, "rejects")) == 20
    second = pipeline.load(settings, [folder])
    check_accounts(second)
    assert second.quarantined == first.quarantined
    assert len(rows(settings, "rejects")) == 20
    third = pipeline.load(replace(settings, reject_share_limit=0.6), [folder])
    check_accounts(third)
    assert third.quarantined == ()
    assert len(rows(settings, "signin")) == 21
    assert len(rows(settings, "rejects")) == 20


def test_a_path_that_is_not_there_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    settings = new_home(tmp_path)
    with pytest.raises(InputError, match="not there") as caught:
        pipeline.load(settings, [ndjson(tmp_path / "good.json", GOOD), tmp_path / "nowhere"])
    assert [problem.where for problem in caught.value.problems] == [str(tmp_path / "nowhere")]
    assert not settings.home.exists()


def test_a_folder_that_may_not_be_read_is_named_and_the_rest_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The administrator may read everything, so the refusal is made up."""
    ndjson(tmp_path / "exports" / "closed" / "okta.json", GOOD)
    ndjson(tmp_path / "exports" / "okta.json", GOOD)
    scan = os.scandir

    def refusing(path: Any) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr("pickglass.sources.reading.files.os.scandir", refusing)
    report = pipeline.load(new_home(tmp_path), [tmp_path / "exports"])
    check_accounts(report)
    assert [one.file.endswith("closed") for one in report.unrecognised] == [True]
    assert report.records["mapped"] == 2


def test_a_home_is_for_its_owner_only(tmp_path: Path) -> None:
    """From the first folder that a load makes."""
    settings = new_home(tmp_path)
    pipeline.load(settings, [ndjson(tmp_path / "okta.json", GOOD)])
    assert settings.home.stat().st_mode & 0o077 == 0


def test_the_command_says_what_was_wrong_and_exits_with_three_for_a_quarantined_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pickglass.faces.cli.main import main

    ndjson(tmp_path / "exports" / "bad.json", [okta("b1", "never")])
    ndjson(tmp_path / "exports" / "good.json", GOOD)
    arguments = ["load", str(tmp_path / "exports"), "--home", str(tmp_path / "home"), "--json"]
    monkeypatch.setattr("sys.argv", ["pickglass", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert ended.value.code == 3
    assert "bad.json" in told.err
    records = json.loads(told.out)["load"]["records"]
    assert records == {"read": 3, "mapped": 2, "rejected": 1, "duplicate": 0, "ignored": 0, "unrecognised": 0}
