"""After an erasure no byte below home tells of the person, and no later load brings them back."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.lake import killed
from tests.lake.exports import ndjson, okta, rows, worker
from tests.lake.test_care import on_disk
from tests.lake.test_crash import KILLED

from pickglass import pipeline
from pickglass.cases import add_note, open_case
from pickglass.errors import InputError, NotAllowed, NotFound
from pickglass.faces.cli.main import cli
from pickglass.lake import erasure
from pickglass.lake.engine import connect, literal
from pickglass.lake.mentions import Mentions
from pickglass.lake.originals import Original, list_originals
from pickglass.lake.retention import expire_originals
from pickglass.lake.snapshots import local_path
from pickglass.lake.tables import Tables
from pickglass.settings import Settings, derived_key, load_settings
from pickglass.store import audit, keeping, ledger, open_store

# What tells of the person, in lower case.
TRACES = ("e1042", "dana.quill", "dana quill", "quill, dana", "555 0142", "5550142", "dquill")


def person(number: str, name: str, mail: str, **other: Any) -> dict[str, Any]:
    return worker(
        number,
        Legal_Name=name,
        Email_Work=f"{mail}@example.com",
        Email_Home=f"{mail}@example.org",
        **other,
    )


def signin(uid: str, mail: str, **other: Any) -> dict[str, Any]:
    actor = {"id": "00u1", "type": "User", "alternateId": f"{mail}@example.com", "displayName": "X"}
    return okta(uid, actor=actor, **other)


def company(folder: Path) -> list[Path]:
    """Write the exports of a company of three, in which one is named in the records of the others as well."""
    dana = {"Phone_Home": "+1 469 555 0142"}
    roster = [
        person("E1042", "Dana Quill", "dana.quill", **dana),
        person("E2001", "Robin Vale", "robin.vale", Manager_ID="E1042"),
        person("E2002", "Kim Ash", "kim.ash", Phone_Home="+1 469 555 0177"),
    ]
    ndjson(folder / "roster.json", roster)
    ndjson(
        folder / "roster_of_dana.quill.json",
        [person("E1042", "Dana Quill", "dana.quill", day="2026-04-15", **dana)],
    )
    ndjson(
        folder / "okta.json",
        [signin(f"d{number}", "dana.quill") for number in range(3)]
        + [signin(f"k{number}", "kim.ash") for number in range(3)]
        + [signin("bad", "dana.quill", published="at noon")],
    )
    return [folder]


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("erasure")
    settings = load_settings(folder / "home", {"PICKGLASS_THREADS": "2"})
    pipeline.run(settings, company(folder / "in"))
    with open_store(settings) as store:
        own, other = subject(settings, "E1042"), subject(settings, "E2002")
        case = open_case(store, own, actor="kim", reason="asked")
        add_note(store, case.id, "Dana Quill called from +1 (469) 555-0142", author="kim")
        case = open_case(store, other, actor="kim", reason="asked")
        add_note(store, case.id, "Kim works with Dana Quill <dana.quill@example.com>", author="kim")
    shutil.copytree(settings.home, folder / "kept")
    return settings


@pytest.fixture
def lake(shared_home: Settings) -> Settings:
    shutil.rmtree(shared_home.home)
    shutil.copytree(shared_home.home.parent / "kept", shared_home.home)
    return shared_home


def subject(settings: Settings, reference: str) -> str:
    with open_store(settings) as store:
        return erasure.find_subject(settings, store, reference)


def everything(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Give all that lies below home, as bytes and opened: originals decrypted, Parquet and manifests decoded."""
    for path in sorted(settings.home.rglob("*")):
        if path.is_file():
            yield f"{path} by its name", path.name.encode()
            yield str(path), path.read_bytes()
            if path.suffix == ".parquet":
                found = connect().sql(f"SELECT * FROM read_parquet({literal(str(path))})").to_arrow_table()
                yield (
                    f"{path} opened",
                    json.dumps(found.to_pylist(), default=str, ensure_ascii=False).encode(),
                )
    key = derived_key(settings, "originals")
    for raw_file in list_originals(settings.originals):
        with Original(settings.originals, raw_file, key) as original:
            yield f"original {raw_file} of itself", json.dumps(dict(original.about)).encode()
            for number, raw in original.records():
                yield f"original {raw_file} record {number}", raw
    tables = Tables(settings.catalog_uri, Path(settings.warehouse))
    try:
        for name in tables.names():
            table = tables.open(name)
            for snapshot in table.metadata.snapshots:
                for manifest in snapshot.manifests(table.io):
                    entries = manifest.fetch_manifest_entry(table.io, discard_deleted=False)
                    for entry in entries:
                        file = entry.data_file
                        bounds = [*(file.lower_bounds or {}).values(), *(file.upper_bounds or {}).values()]
                        yield (
                            local_path(manifest.manifest_path),
                            b" ".join([file.file_path.encode(), *bounds]),
                        )
    finally:
        tables.close()


def traces(settings: Settings) -> list[str]:
    return [
        f"{trace} in {where}"
        for where, content in everything(settings)
        for trace in TRACES
        if trace.encode() in content.lower()
    ]


def test_the_search_for_traces_finds_them_before(lake: Settings) -> None:
    """Or else the proof below would prove nothing."""
    found = traces(lake)
    for place in ("opened", "original", "pickglass.db", "of itself"):
        assert any(place in one for one in found), place


def test_no_byte_below_home_tells_of_an_erased_person(lake: Settings) -> None:
    """In tables, old files, originals, manifests, the store and its free pages; others keep what is theirs."""
    own = subject(lake, "E1042")
    done = pipeline.erase_subject(lake, "E1042", reason="request 2026-118")
    assert traces(lake) == []
    assert done["rows"]["signin"] == 3
    assert done["rows"]["worker"] == 2
    assert done["store"]["cases"] == done["store"]["notes"] == 1
    assert done["redacted"]["note"] == 1
    assert done["audit_mentions"] == 0
    assert sorted(row["account"] for row in rows(lake, "worker")) == ["workday:E2001", "workday:E2002"]
    assert [row["account"] for row in rows(lake, "signin")] == ["kim.ash@example.com"] * 3
    assert pipeline.verify_lake(lake, everything=True)["problems"] == []
    with pytest.raises(NotFound):
        subject(lake, "E1042")
    with open_store(lake) as store:
        (entry,) = audit.entries(store, action="subject.erase")
        assert (entry.object, entry.reason) == (own, "request 2026-118")
        assert audit.verify(store).whole
    assert pipeline.run(lake).documents, "the others are assessed as before"


def test_a_later_export_does_not_bring_the_person_back(lake: Settings) -> None:
    """Neither the same files nor new ones: the records are left out, counted, and erased from the new original."""
    pipeline.erase_subject(lake, "E1042", reason="request 2026-118")
    folder = lake.home.parent
    again = pipeline.load(lake, [folder / "in"])
    assert again.rows == {}
    new = ndjson(
        folder / "next" / "roster.json",
        [
            person("E1042", "Dana Quill", "dana.quill", day="2026-05-15"),
            person("E2003", "Lee Moor", "lee.moor"),
        ],
    )
    report = pipeline.load(lake, [new, ndjson(folder / "next" / "okta.json", [signin("n1", "dana.quill")])])
    assert report.records["ignored"] == 2
    assert sum(count for rule, count in report.ignored.items() if rule.endswith("/suppressed")) == 2
    assert report.rows["worker"] == 1
    assert traces(lake) == []
    assert pipeline.verify_lake(lake, everything=True)["problems"] == []


def test_a_rejected_record_of_an_erased_person_keeps_no_text(lake: Settings) -> None:
    """It has no columns by which it could be known, so its words are compared: mail addresses and own ids."""
    pipeline.erase_subject(lake, "E1042", reason="request 2026-118")
    folder = lake.home.parent / "late"
    hopeless = '{"Employee_ID": "E1042", "Legal_Name": "Dana Quill", '
    others = [signin(f"k{number}", "kim.ash", published="at noon") for number in range(3)]
    ndjson(
        folder / "okta.json",
        [signin("n2", "dana.quill", published="at noon"), *others, signin("n3", "kim.ash")],
    )
    ndjson(
        folder / "roster.json",
        [hopeless, *(person(f"E300{one}", "Lee Moor", f"lee{one}") for one in range(3))],
    )
    report = pipeline.load(lake, [folder])
    assert sum(count for rule, count in report.ignored.items() if rule.endswith("/suppressed")) == 2
    assert report.records["rejected"] == 3
    assert report.records["read"] == sum(
        report.records[fate] for fate in ("mapped", "rejected", "duplicate", "ignored")
    )
    assert traces(lake) == []
    assert pipeline.verify_lake(lake, everything=True)["problems"] == []


def test_a_legal_hold_blocks_erasure_and_retention(lake: Settings) -> None:
    """With the reason, and exit code 6; once it is released, both go through."""
    before = on_disk(lake)
    pipeline.hold_subject(lake, "E1042", reason="matter 7")
    with pytest.raises(NotAllowed, match="matter 7") as caught:
        pipeline.erase_subject(lake, "E1042", reason="request 2026-118")
    assert caught.value.exit_code == 6
    with pytest.raises(InputError, match="on hold already"):
        pipeline.hold_subject(lake, "E1042", reason="matter 8")
    assert on_disk(lake) == before
    with open_store(lake) as store:
        kept = expire_originals(lake, store, -1, actor="test")
        assert kept == {"expired": 0, "held": 3}, "each of the files has a record of the person"
        pipeline.hold_subject(lake, "E1042", reason="matter 7 closed", release=True)
        assert expire_originals(lake, store, -1, actor="test") == {"expired": 3, "held": 0}
        assert len(keeping.expired_originals(store)) == 3
    assert list(list_originals(lake.originals)) == []
    assert pipeline.verify_lake(lake, everything=True)["problems"] == []
    assert pipeline.erase_subject(lake, "E1042", reason="request 2026-118")["rows"]["signin"] == 3
    assert traces(lake) == []


def test_nothing_is_changed_without_yes(lake: Settings) -> None:
    before = on_disk(lake)
    ran = CliRunner().invoke(
        cli,
        ["subject", "erase", "E1042", "--reason", "request 5", "--json", "--home", str(lake.home)],
        standalone_mode=False,
    )
    done = json.loads(ran.stdout)
    assert (done["erased"], done["rows"]["signin"]) == (False, 3)
    assert on_disk(lake) == before
    assert len(rows(lake, "worker")) == 4
    erased = pipeline.erase_subject(lake, "E1042", reason="request 5")
    counts = ("rows", "records", "originals")
    assert [done[one] for one in counts] == [erased[one] for one in counts], "what it says is what goes"
    assert erased["records"] == 7, "also the reject, and the record of another that names the person"


def test_files_that_an_erasure_cannot_change_are_named(lake: Settings) -> None:
    """The sample of a source of one's own is a copy of somebody's records, and its expected rows are made of it."""
    folder = lake.home / "sources" / "own_roster"
    folder.mkdir(parents=True)
    (folder / "sample.csv").write_text("id,mail\n1,dana.quill@example.com\n")
    (folder / "source.yaml").write_text("id: own_roster\n")
    (folder / "sample.zip").write_bytes(b"PK\3\4 and more")
    done = pipeline.erase_subject(lake, "E1042", reason="request 5")
    assert {Path(one["file"]).name: one["why"] for one in done["by_hand"]} == {
        "sample.csv": "it names the person",
        "sample.zip": "it is compressed, and was not searched",
    }
    (folder / "sample.csv").unlink()
    assert traces(lake) == []


def test_a_reason_that_names_the_person_is_refused(lake: Settings) -> None:
    """It would stay in the audit log for ever."""
    with pytest.raises(InputError, match="names the person"):
        pipeline.erase_subject(lake, "E1042", reason="Dana Quill asked for it")
    with pytest.raises(NotFound):
        pipeline.erase_subject(lake, "E9999", reason="request 5")


@pytest.mark.parametrize(
    "moment",
    [
        "original erased",
        pytest.param("suppressed", marks=pytest.mark.slow),
        pytest.param("written signin", marks=pytest.mark.slow),
        pytest.param("branch signin", marks=pytest.mark.slow),
        pytest.param("after ledger", marks=pytest.mark.slow),
        pytest.param("expired signin", marks=pytest.mark.slow),
    ],
)
def test_an_erasure_that_is_killed_is_completed_by_doing_it_again(lake: Settings, moment: str) -> None:
    """Killed by SIGKILL before its rows are out of force it starts anew; after that the rest is purged."""
    assert killed.run(killed.erase_until, lake, "E1042", moment) == KILLED
    try:
        pipeline.erase_subject(lake, "E1042", reason="request 2026-118")
    except NotFound:
        assert moment in ("after ledger", "expired signin")
    assert traces(lake) == []
    assert pipeline.verify_lake(lake, everything=True)["problems"] == []


@pytest.mark.parametrize(
    "moment",
    [
        "original erased",
        "after ledger",
        pytest.param("before ledger", marks=pytest.mark.slow),
        pytest.param("suppressed", marks=pytest.mark.slow),
    ],
)
def test_an_erasure_that_is_killed_is_completed_by_the_next_load(lake: Settings, moment: str) -> None:
    """Whoever gave the command may never come back to it."""
    assert killed.run(killed.erase_until, lake, "E1042", moment) == KILLED
    new = ndjson(lake.home.parent / "next" / "okta.json", [signin("n9", "kim.ash")])
    assert pipeline.load(lake, [new]).rows == {"signin": 1}
    assert traces(lake) == []
    assert [path.name for path in lake.home.glob("*.unfinished")] == []
    assert pipeline.verify_lake(lake, everything=True)["problems"] == []


# -- what names a person -----------------------------------------------------------------------------------


def test_a_person_is_found_in_the_spellings_of_exports() -> None:
    """In JSON escapes, in URLs, in 8-bit text, with digits grouped and names turned round; and nobody else."""
    named = Mentions.of(["workday:E1042", "renée@example.com"], ["+1 469 555 0142"], ["Renée Quill"])
    for text in (
        b'{"id": "E1042"}',
        b'{"m": "ren\\u00e9e@example.com"}',
        "renée@example.com".encode("cp1252"),
        b"ren%C3%A9e%40example.com",
        b"call 469-555-0142 now",
        "cv/quill_renée.pdf".encode(),
        "RENÉE QUILL".encode(),
    ):
        assert named.in_bytes(text), text
    for text in (b"E10421", b"XE1042", b"renee@example.org", b"469 555 0143", "Renée Ash".encode()):
        assert not named.in_bytes(text), text
    assert named.redacted({"a": ["Quill, Renée"], "b": 3}) == {"a": ["[erased]"], "b": 3}
    assert not Mentions.of(["workday:17"], ["110"], ["Kim"]).in_bytes(b"17 110 Kim"), (
        "too short to mean anybody"
    )


@pytest.mark.parametrize(
    ("phone", "there", "not_there"),
    [
        (
            "5550142",
            ("555 0142", "x5550142", "+3725550142", "tel: 555-0142.", "\\n5550142", "%205550142"),
            ("14695550142", "+14695550142", "55501420", "35550142", "1685550142901"),
        ),
        (
            "+1 469 555 0142",
            ("4695550142", "14695550142", "0014695550142", "+1 (469) 555-0142", "%2B14695550142"),
            ("46955501420", "999914695550142", "5550142"),
        ),
    ],
)
def test_a_telephone_number_within_a_longer_one_is_nobodys(
    phone: str, there: tuple[str, ...], not_there: tuple[str, ...]
) -> None:
    """A tracking number, a time in milliseconds: any seven digits are in some of them."""
    named = Mentions.of([], [phone], [])
    for text in there:
        assert named.in_bytes(text.encode()), text
    for text in not_there:
        assert not named.in_bytes(text.encode()), text
        assert named.redacted(text) == text
        assert connect().execute("SELECT regexp_matches(?, ?)", [text, named.pattern]).fetchone() == (False,)


def test_what_others_state_of_themselves_too_stays_theirs(tmp_path: Path) -> None:
    """A namesake keeps the name, and a flatmate the telephone."""
    settings = load_settings(tmp_path / "home", {"PICKGLASS_THREADS": "2"})
    shared = {"Phone_Home": "+1 469 555 0199"}
    roster = [
        person("E3001", "Sam Reed", "sam.reed", **shared),
        person("E3002", "Sam Reed", "sreed", **shared),
    ]
    pipeline.load(settings, [ndjson(tmp_path / "roster.json", roster)])
    pipeline.erase_subject(settings, "E3001", reason="request 6")
    (left,) = rows(settings, "worker")
    assert (left["account"], left["name"], left["phone"]) == ("workday:E3002", "Sam Reed", "+14695550199")


def test_a_person_is_found_in_both_kinds_of_utf_16() -> None:
    named = Mentions.of(["dana.quill@example.com"], [], ["Dana Quill"])
    other = "xdana.quill@example.com"
    for encoding in ("utf-16-le", "utf-16-be"):
        assert named.in_bytes("Join\tdana.quill@example.com".encode(encoding))
        assert named.in_bytes(b" " + "Dana Quill".encode(encoding)), "wherever it begins"
        assert not named.in_bytes(other.encode(encoding))


def test_a_name_within_another_one_is_nobody() -> None:
    """Else the records of the other person would go with the erased one's."""
    named = Mentions.of([], [], ["Ann Lee"])
    for text in ("Joann Lee", "Ann Leeds", "Lee Annika", "joann.lee@example.com"):
        assert not named.in_bytes(text.encode()), text
        assert not named.in_bytes(text.encode("utf-16-le")), text
        assert named.redacted(text) == text
        assert connect().execute("SELECT regexp_matches(?, ?)", [text, named.pattern]).fetchone() == (False,)
    for text in ("ann.lee@example.com", "cv_ann_lee_2.pdf", "2026ann lee2", "Lee, Ann"):
        assert named.in_bytes(text.encode()), text
        assert "lee" not in named.redacted(text).lower()
        assert connect().execute("SELECT regexp_matches(?, ?)", [text, named.pattern]).fetchone() == (True,)


def test_a_person_is_found_behind_an_escape() -> None:
    """Its last letter is none of the text: a line's end in JSON, a sign in a URL."""
    named = Mentions.of(["E1042"], [], ["Dana Quill"])
    for text in (rb"as told\nE1042", rb"\tDana Quill", rb"\u003cE1042", b"to%3DE1042", b"%3cdana%20quill"):
        assert named.in_bytes(text), text
    assert not named.in_bytes(b"nE1042")


def test_a_key_that_names_the_person_leaves_the_ledger(lake: Settings, tmp_path: Path) -> None:
    """An undeclared key is told as drift, and may be anybody's address."""
    ndjson(tmp_path / "more.json", [signin("more", "kim.ash") | {"dana.quill@example.com": 1}])
    pipeline.load(lake, [tmp_path / "more.json"])
    with open_store(lake) as store:
        assert any("dana.quill@example.com" in str(file.drift) for file in ledger.files_of(store))
    pipeline.erase_subject(lake, "E1042", reason="request 2026-118")
    with open_store(lake) as store:
        assert not any("dana.quill@example.com" in str(file.drift) for file in ledger.files_of(store))
    assert traces(lake) == []


def test_a_hold_keeps_the_originals_of_replaced_versions(tmp_path: Path) -> None:
    """What was stated before is what a matter may be about."""
    settings = load_settings(tmp_path / "home", {})
    folder = tmp_path / "in"
    folder.mkdir()
    for day, phone in (("2026-01-05", "+1 469 555 0142"), ("2026-01-06", "+1 469 555 0143")):
        one = [person("E1042", "Dana Quill", "dana.quill", day="2026-01-05", Phone_Home=phone)]
        pipeline.load(settings, [ndjson(folder / f"roster_{day}.json", one)])
    pipeline.hold_subject(settings, "E1042", reason="matter 7")
    with open_store(settings) as store:
        assert expire_originals(settings, store, -1, actor="test") == {"expired": 0, "held": 2}
