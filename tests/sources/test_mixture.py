"""Records of several systems in one file go each to its own source, and none is lost."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.lake.exports import ndjson, okta, worker

from pickglass import loading, pipeline
from pickglass.lake import load
from pickglass.settings import Settings, load_settings
from pickglass.sources import survey
from pickglass.sources.definitions import definitions
from pickglass.sources.mixture import REST, is_mixture, split
from pickglass.sources.reading import Member, members
from pickglass.sources.recognition import recognise_member
from pickglass.sources.survey import Task, look

DUO = {
    "access_device": {"ip": "192.0.2.9"},
    "application": {"name": "VPN"},
    "auth_device": {"name": "phone"},
    "event_type": "authentication",
    "factor": "duo_push",
    "isotimestamp": "2026-03-01T10:00:00.000000+00:00",
    "timestamp": 1772359200,
    "reason": "user_approved",
    "result": "success",
    "txid": "t-1",
    "user": {"name": "dana@example.com", "key": "k"},
}


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "home", {})


def only(path: Path) -> Member:
    (member,) = members(path)
    assert isinstance(member, Member)
    return member


def mixed(path: Path, records: list[Any]) -> tuple[Member, Any]:
    member = only(ndjson(path, records))
    return member, recognise_member(member, definitions())[0]


def test_each_record_goes_to_its_own_source(home: Settings, tmp_path: Path) -> None:
    """Also one that no source knows, and one that is no record: both are counted."""
    path = ndjson(
        tmp_path / "archive.json",
        [
            okta("1"),
            DUO,
            worker("E1"),
            {"colour": "blue"},
            "{broken",
            okta("2", "2026-03-02T10:00:00Z"),
            DUO | {"txid": "t-2"},
        ],
    )
    report = pipeline.load(home, [path])
    assert dict(report.records) == {
        "read": 7, "mapped": 5, "rejected": 0, "duplicate": 0, "ignored": 0, "unrecognised": 2,
    }  # fmt: skip
    assert {name: tally["records"] for name, tally in report.by_source.items()} == {
        "duo_authentication": 2,
        "okta_system_log": 2,
        "workday_workers": 1,
    }
    assert [one.file for one in report.unrecognised] == ["archive.json!unrecognised"]


def test_the_same_mixture_again_changes_nothing(home: Settings, tmp_path: Path) -> None:
    path = ndjson(tmp_path / "archive.json", [okta("1"), DUO, DUO | {"txid": "t-2"}, worker("E1")])
    pipeline.load(home, [path])
    again = pipeline.load(home, [path])
    assert again.rows == {}
    assert again.records["duplicate"] == again.records["read"] == 4


def test_a_file_of_one_source_is_not_split(tmp_path: Path) -> None:
    for name, records in {
        "okta": [okta(str(n)) for n in range(5)],
        "stranger": [{"colour": n} for n in range(5)],
    }.items():
        member, main = mixed(tmp_path / f"{name}.json", records)
        assert not is_mixture(member, main, definitions())


def test_odd_records_among_many_stay_where_they_are(tmp_path: Path) -> None:
    """Records that fit nobody else are rejects of the file's own source, as ever."""
    member, main = mixed(tmp_path / "okta.json", [*[okta(str(n)) for n in range(5)], {"colour": "blue"}])
    assert main is not None
    assert not is_mixture(member, main, definitions())


def test_the_parts_hold_every_line_of_the_whole(tmp_path: Path) -> None:
    records = [okta("1"), DUO, {"colour": "blue"}, okta("2"), worker("E1"), {"colour": "red"}]
    member, main = mixed(tmp_path / "archive.json", records)
    assert is_mixture(member, main, definitions())
    parts = split(member, main, definitions(), tmp_path)
    lines = [line for path in parts.values() for line in path.read_text().splitlines()]
    assert sorted(lines) == sorted(json.dumps(record) for record in records)
    assert REST in parts


def test_detect_says_that_a_file_is_a_mixture(home: Settings, tmp_path: Path) -> None:
    path = ndjson(tmp_path / "archive.json", [okta("1"), DUO, DUO, worker("E1")])
    (found,) = pipeline.detect(home, [path])
    assert found["source"] is None
    assert "several sources" in found["why"]


def test_a_mixture_that_ends_early_is_told(home: Settings, tmp_path: Path) -> None:
    """Its parts end between two records, and nobody could see from them that more was there."""
    whole = gzip.compress(
        ndjson(tmp_path / "archive.json", [okta("1"), DUO, okta("2"), DUO] * 300).read_bytes()
    )
    path = tmp_path / "archive.json.gz"
    path.write_bytes(whole[: len(whole) // 2])
    found = look(Task(path, path.stat().st_size), definitions(), tmp_path)
    assert {one.source for one in found} >= {"okta_system_log", "duo_authentication"}
    assert [one.why for one in found if one.member is None] == [
        "compressed data ends early; the records before that are told apart"
    ]


def test_what_was_written_for_a_mixture_goes_with_its_group(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of archives would else lie in the workspace a second time, until the load ends."""
    folder = tmp_path / "in"
    for number in range(3):
        strangers = [{"colour": number}, okta(f"e{number}"), {**DUO, "txid": f"t-{number}"}]
        ndjson(folder / f"{number}.json", strangers)
    monkeypatch.setattr(survey, "TASK_FILES", 1)
    monkeypatch.setattr(loading, "GROUP_FILES", 1)
    there: list[int] = []

    def step(name: str) -> None:
        if name == "staged":
            there.append(len(list((home.workspace / "unpacked").glob("mixture-*"))))

    monkeypatch.setattr(load, "step", step)
    report = pipeline.load(home, [folder])
    assert (report.rows["signin"], report.records["unrecognised"]) == (6, 3)
    # The next file is looked at before a group is full.
    assert there == [2, 2, 1]
