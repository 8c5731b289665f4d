"""A draft of a source runs as it stands, says what it guessed, and leaves the rest to a person."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from pickglass import pipeline
from pickglass.errors import InputError, NotFound
from pickglass.settings import Settings, load_settings


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "home", {})


def record(number: int, **other: Any) -> dict[str, Any]:
    """Write one entry of a door of invented make."""
    return {
        "doorEventId": f"ev-{number}",
        "occurredAt": f"2026-03-01T10:0{number}:00Z",
        "eventType": "badge.granted" if number % 2 else "badge.denied",
        "holder": {"userEmail": "Ann@example.com", "name": "Ann Example"},
        "clientIp": "192.0.2.7",
        "reader": {"city": "Basel", "country": "Switzerland"},
        **other,
    }


def sample(folder: Path, text: str, name: str = "doors.json") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def definition(place: Path) -> dict[str, Any]:
    read = yaml.safe_load((place / "source.yaml").read_text())
    assert isinstance(read, dict)
    return read


def test_a_draft_maps_what_it_recognises_by_spelling_and_by_looks(home: Settings, tmp_path: Path) -> None:
    path = sample(tmp_path, json.dumps({"page": 1, "result": {"entries": [record(n) for n in range(4)]}}))
    place, draft, problems = pipeline.new_source(home, "door_events", path, table="signin")
    drafted = definition(place)
    sql = drafted["tables"]["signin"]
    assert drafted["records"] == ["result.entries"]
    assert (drafted["key"], drafted["time_zone"], drafted["status"]) == ("doorEventId", "UTC", "unverified")
    for line in (
        "occurredAt AS time",
        "lower(holder.userEmail) AS account",
        "clientIp AS src_ip",
        "country_code(reader.country) AS country",
        "WHEN 'badge.denied' THEN 'FIXME'",
    ):
        assert line in sql
    assert draft.table == "signin"
    assert "signin.activity: nothing in the sample looks like it" in draft.open_questions
    # Outcome is required and nobody knows it, so every record is there as a row to be corrected.
    assert problems == []
    rows = [json.loads(line) for line in (place / "expected.jsonl").read_text().splitlines()]
    assert [row["account"] for row in rows] == ["ann@example.com"] * 4
    assert {row["activity"] for row in rows} == {"FIXME"}


def test_a_draft_is_found_and_checked_like_any_source(home: Settings, tmp_path: Path) -> None:
    path = sample(tmp_path, "\n".join(json.dumps(record(n)) for n in range(5)))
    pipeline.new_source(home, "door_events", path)
    (found,) = pipeline.detect(home, [path])
    assert found["source"] == "door_events"
    (checked,) = pipeline.check_sources(home, ["door_events"])
    assert checked["problems"]
    assert all("FIXME is not decided yet" in one for one in checked["problems"]), "nothing else is wrong"


def test_a_table_without_zones_and_ids_is_drafted_with_its_doubts(home: Settings, tmp_path: Path) -> None:
    path = sample(
        tmp_path,
        "Number;Opened;Requested For;Short Description;on\n"
        "T1;2026-03-01 10:00;ann@example.com;laptop, please;x\nT2;2026-03-02 11:00;bo@example.com;again;x\n",
        "desk.csv",
    )
    place, draft, problems = pipeline.new_source(home, "desk_tickets", path)
    drafted = definition(place)
    assert draft.table == "ticket"
    assert drafted["formats"] == ["csv"]
    assert drafted["time_zone"] == "local"
    assert drafted["known_keys"] == ["on"]  # a word that YAML would read as true
    assert any("has no zone" in question for question in draft.open_questions)
    assert '"Short Description" AS detail' in drafted["tables"]["ticket"]
    assert problems == []


def test_keys_of_another_language_are_found_by_what_they_hold(home: Settings, tmp_path: Path) -> None:
    """The clock has the day in front and no zone: both must be said, or every record is read wrong."""
    path = sample(
        tmp_path,
        "Benutzer;Anmeldezeit;IP-Adresse;Ergebnis\n"
        "ann@example.com;02.03.2026 07:01:00;198.51.100.1;Erfolg\n"
        "bo@example.com;14.03.2026 17:30:00;198.51.100.2;Fehler\n",
        "vpn.csv",
    )
    place, draft, problems = pipeline.new_source(home, "vpn_logins", path, table="signin")
    drafted = definition(place)
    assert (drafted["time_zone"], drafted["time_formats"]) == ("local", ["%d.%m.%Y %H:%M:%S"])
    assert any("for its values alone" in question for question in draft.open_questions)
    assert any("has no zone" in question for question in draft.open_questions)
    assert problems == []
    rows = [json.loads(line) for line in (place / "expected.jsonl").read_text().splitlines()]
    assert [(row["time"][:16], row["account"], row["src_ip"]) for row in rows] == [
        ("2026-03-02T07:01", "ann@example.com", "198.51.100.1"),
        ("2026-03-14T17:30", "bo@example.com", "198.51.100.2"),
    ]


def test_day_or_month_in_front_is_asked_where_the_sample_does_not_tell(
    home: Settings, tmp_path: Path
) -> None:
    for name, day, told, asked in (
        ("desk_one", "03/04/2026", "%m/%d/%Y", True),
        ("desk_two", "03/14/2026", "%m/%d/%Y", False),
        ("desk_three", "14/03/2026", "%d/%m/%Y", False),
    ):
        text = f"Ticket Number,Opened\nT1,{day} 9:05 PM\nT2,{day} 9:15 AM\n"
        place, draft, _ = pipeline.new_source(home, name, sample(tmp_path, text, "desk.csv"), table="ticket")
        assert definition(place)["time_formats"] == [f"{told} %I:%M %p"]
        assert any("day or the month" in question for question in draft.open_questions) is asked


def test_a_draft_of_which_nothing_is_known_runs_all_the_same(home: Settings, tmp_path: Path) -> None:
    """Left alone it must not stop the loads of everything else."""
    path = sample(tmp_path, "alpha,beta\n1,2\n3,4\n", "odd.csv")
    place, _, problems = pipeline.new_source(home, "odd_thing", path)
    assert set(definition(place)["columns"]) == {"alpha", "beta"}
    assert problems == []


def test_a_key_that_is_a_word_of_the_query_language_is_quoted(home: Settings, tmp_path: Path) -> None:
    records = [
        {"when": f"2026-03-01T10:0{n}:00Z", "order": {"email": "ann@example.com", "table": "x"}, "id": n}
        for n in range(3)
    ]
    place, _, problems = pipeline.new_source(
        home, "swipes_log", sample(tmp_path, json.dumps(records)), table="signin"
    )
    assert '"when" AS time' in definition(place)["tables"]["signin"]
    assert problems == []


def test_it_is_recognised_beside_sources_with_the_same_keys(home: Settings, tmp_path: Path) -> None:
    """Keys that are rare among the known sources come first, as many as it takes."""
    path = sample(tmp_path, "\n".join(json.dumps(record(n)) for n in range(3)))
    pipeline.new_source(home, "door_events", path)
    twin = sample(tmp_path, "\n".join(json.dumps(record(n, wing="B")) for n in range(3)), "twin.json")
    place, _, _ = pipeline.new_source(home, "door_wings", twin)
    assert "wing" in definition(place)["recognise"]["all"]
    assert [pipeline.detect(home, [one])[0]["source"] for one in (path, twin)] == [
        "door_events",
        "door_wings",
    ]


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        ("dear diary\n", "notes.txt", "is text"),
        ("", "empty.json", "is empty"),
        ("[1, 2]", "numbers.json", "holds no records"),
        ('{"a": "' + "x" * 1_100_000 + '"}', "big.json", "larger than"),
    ],
)
def test_what_no_draft_can_be_made_of_is_said(
    home: Settings, tmp_path: Path, text: str, name: str, told: str
) -> None:
    with pytest.raises(InputError, match=told) as error:
        pipeline.new_source(home, "door_events", sample(tmp_path, text, name))
    assert error.value.hint
    assert not (home.home / "sources" / "door_events").exists()


def test_ids_tables_and_places_are_checked_first(home: Settings, tmp_path: Path) -> None:
    path = sample(tmp_path, json.dumps(record(1)))
    with pytest.raises(InputError, match="no id of a source"):
        pipeline.new_source(home, "../door", path)
    with pytest.raises(InputError, match="already"):
        pipeline.new_source(home, "okta_system_log", path)
    with pytest.raises(NotFound, match="no table"):
        pipeline.new_source(home, "door_events", path, table="doors")


def test_hostile_keys_stay_names(home: Settings, tmp_path: Path) -> None:
    """Keys come from the file: quotes, line ends and SQL in them are part of a name and nothing else."""
    odd = record(1) | {'a"; DROP TABLE raw; --': "x", "b\nc: d": {"e'f": 1}, "": "empty", "ip": "192.0.2.1"}
    place, _, _ = pipeline.new_source(
        home, "door_events", sample(tmp_path, json.dumps([odd, odd])), table="signin"
    )
    assert 'a"; DROP TABLE raw; --' in {*definition(place)["known_keys"], *definition(place)["columns"]}
