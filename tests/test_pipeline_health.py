"""The doctor says what is late, about to be lost, drifted, of nobody, and which questions cannot be answered."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.lake.exports import ndjson, okta, worker

from pickglass import pipeline
from pickglass.coverage import strongest_bits
from pickglass.errors import NotAllowed
from pickglass.indicators.catalogue import catalogue
from pickglass.lake.health import freshness, retention, usual_gap
from pickglass.score import load_scorecard
from pickglass.settings import Settings, load_settings
from pickglass.store import audit, open_store

FIRST = datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with a roster of one, and thirty daily sign-ins by her and by somebody unknown."""
    folder = tmp_path_factory.mktemp("health")
    found = load_settings(folder / "home", {})
    days = [FIRST + timedelta(days=n) for n in range(30)]
    known = [okta(f"a{n}", day.isoformat()) for n, day in enumerate(days)]
    for record in known:
        record["actor"]["alternateId"] = "e1@example.com"
    strange = [okta("b", FIRST.isoformat(), another=1)]
    ndjson(folder / "log" / "okta.json", known + strange + ["{broken"])
    ndjson(folder / "log" / "roster.json", [worker("E1")])
    pipeline.load(found, [folder / "log"])
    return found


def source(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in report["sources"] if one["source"] == name)


def test_a_source_is_late_against_its_own_rhythm(settings: Settings) -> None:
    last = FIRST + timedelta(days=29)
    soon = pipeline.health(settings, last + timedelta(days=1))
    late = pipeline.health(settings, last + timedelta(days=4))
    okta_log = source(soon, "okta_system_log")
    assert (okta_log["freshness"], okta_log["usual_gap_days"], okta_log["age_days"]) == ("fresh", 1.0, 1.0)
    assert source(late, "okta_system_log")["freshness"] == "late"
    assert source(late, "workday_workers")["freshness"] == "unknown"


def test_it_says_until_when_an_export_must_be_taken_again(settings: Settings) -> None:
    last = FIRST + timedelta(days=29)
    states = [
        source(pipeline.health(settings, last + timedelta(days=n)), "okta_system_log")["retention"]["state"]
        for n in (10, 80, 91)
    ]
    assert states == ["kept", "soon", "losing"]
    assert source(pipeline.health(settings, last), "workday_workers")["retention"] is None


def test_it_names_drift_rejects_strangers_and_blind_questions(settings: Settings) -> None:
    report = pipeline.health(settings, FIRST)
    assert source(report, "okta_system_log")["drift"]["new"] == {"another": 1}
    assert [(one["source"], one["records"]) for one in report["rejects"]] == [("okta_system_log", 1)]
    assert report["unresolved"] == [
        {"table": "signin", "source": "okta_system_log", "rows": 1, "accounts": 1}
    ]
    blind = {one["indicator"]: one["missing"] for one in report["blind"]}
    assert any(one.startswith("shipment_event") for one in blind["ship-intransit-redirect"])
    indicators, scorecard = catalogue(), load_scorecard()
    heaviest = [strongest_bits(indicators[one], scorecard) for one in blind]
    assert heaviest == sorted(heaviest, reverse=True)
    assert heaviest[0] > heaviest[-1]
    dim = {column for one in report["dim"] for column in one["columns"]}
    assert "signin.asn" in dim
    assert "signin.src_ip" not in dim


def test_the_rhythm_needs_two_gaps() -> None:
    days = [FIRST.date() + timedelta(days=n) for n in (0, 7, 14, 21)]
    assert usual_gap(days) == timedelta(days=7)
    assert usual_gap(days[:2]) is None
    assert freshness(FIRST, None, FIRST) == "unknown"
    assert freshness(None, timedelta(days=1), FIRST) == "unknown"
    assert retention(FIRST, None, FIRST) is None


def test_a_weekly_source_is_not_late_after_a_weekend() -> None:
    assert freshness(FIRST, timedelta(days=7), FIRST + timedelta(days=9)) == "fresh"
    assert freshness(FIRST, timedelta(days=0), FIRST + timedelta(days=1)) == "fresh"


def test_a_home_that_is_read_by_a_newer_catalogue_still_answers(settings: Settings, tmp_path: Path) -> None:
    """A source of the company's own that is gone by now has no status and no retention."""
    own = tmp_path / "home" / "sources" / "desk"
    own.mkdir(parents=True)
    (own / "source.yaml").write_text(
        "id: desk\ntitle: Desk\nformats: [json]\nrecognise: {all: [deskNumber, who]}\ntime_zone: UTC\n"
        "map: {ticket: {time: opened, account: lower(who), activity: \"'opened'\", category: \"'other'\", ticket_id: deskNumber}}\n"
    )
    home = load_settings(tmp_path / "home", {})
    export = ndjson(
        tmp_path / "desk.json", [{"deskNumber": "1", "opened": "2026-03-01", "who": "a@example.com"}]
    )
    pipeline.load(home, [export])
    (own / "source.yaml").unlink()
    (desk,) = pipeline.health(home, FIRST)["sources"]
    assert (desk["source"], desk["status"], desk["retention"]) == ("desk", None, None)


def test_an_indicator_says_what_it_lacks_for_a_person_and_the_look_is_logged(settings: Settings) -> None:
    told = pipeline.explain_indicator(settings, "net-hosting-or-resproxy", "E1")
    assert told["why"]["outcome"] == "not_assessable"
    (table,) = told["why"]["tables"]
    assert (table["table"], table["rows"], table["own_rows"]) == ("signin", 31, 30)
    assert "asn" in table["empty"]
    assert [entry.object for entry in looks(settings, "net-hosting-or-resproxy")] == [told["why"]["subject"]]


def test_a_manual_indicator_is_asked_about_somebody_only_with_a_reason(settings: Settings) -> None:
    for nothing in (None, " "):
        with pytest.raises(NotAllowed, match="only with a reason"):
            pipeline.explain_indicator(settings, "id-record-conflict", "E1", nothing)
    assert looks(settings, "id-record-conflict") == []
    assert pipeline.explain_indicator(settings, "id-record-conflict")["why"] is None
    assert pipeline.explain_indicator(settings, "id-record-conflict", "E1", "case 12")["why"]
    assert [entry.reason for entry in looks(settings, "id-record-conflict")] == ["case 12"]


def looks(settings: Settings, indicator: str) -> list[audit.Entry]:
    with open_store(settings) as store:
        found = audit.entries(store, action="indicator.explain")
        return [entry for entry in found if entry.details["indicator"] == indicator]
