"""People vouch for facts: with an author, a reason and an end; it speaks for the person until it ends or is withdrawn."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.lake.exports import ndjson, worker

from pickglass import pipeline
from pickglass.errors import InputError, NotFound
from pickglass.lake.reading import open_lake
from pickglass.settings import Settings, load_settings
from pickglass.store import audit, open_store

SOON = datetime.now(UTC) + timedelta(days=30)


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A home with a roster of three, two of them in Support."""
    settings = load_settings(tmp_path / "home", {"PICKGLASS_THREADS": "2"})
    today = datetime.now(UTC).date().isoformat()
    people = [
        worker("E1", today, Department="Support"),
        worker("E2", today, Department="Support"),
        worker("E3", today),
    ]
    ndjson(tmp_path / "log" / "roster.json", people)
    pipeline.load(settings, [tmp_path / "log"])
    return settings


def attested(settings: Settings, as_of: datetime | None = None) -> list[dict[str, Any]]:
    with open_store(settings) as store, open_lake(settings, store, as_of) as session:
        found: list[dict[str, Any]] = session.query(
            "SELECT * FROM attested WHERE kind <> 'withdrawn' ORDER BY kind, subject_id"
        ).to_pylist()
        return found


def test_a_fact_about_one_person_has_author_reason_and_outcome(home: Settings) -> None:
    done = pipeline.attest(home, "live_video_check", subject="E1", outcome="passed", reason="passport seen")
    (row,) = attested(home)
    assert (row["subject_id"], row["kind"], row["outcome"], row["reason"]) == (
        done["subject"], "live_video_check", "passed", "passport seen",
    )  # fmt: skip
    assert row["author"] == pipeline.actor()
    (listed,) = pipeline.attestations(home, "E1")
    assert (listed["id"], listed["state"], listed["subjects"]) == (
        done["attestation"],
        "in_force",
        [done["subject"]],
    )
    assert pipeline.attestations(home, "E2") == []


def test_a_tool_may_be_sanctioned_for_a_department(home: Settings) -> None:
    pipeline.attest(
        home, "sanctioned_tool", department="Support", value="anydesk", until=SOON, reason="help desk"
    )
    assert len({row["subject_id"] for row in attested(home)}) == 2
    with pytest.raises(NotFound, match="no department"):
        pipeline.attest(home, "sanctioned_tool", department="support desk", value="x", until=SOON, reason="r")


def test_a_household_names_the_other_person_by_any_reference(home: Settings) -> None:
    done = pipeline.attest(home, "household", subject="E1", value="E3", until=SOON, reason="a couple")
    with open_store(home) as store, open_lake(home, store) as session:
        (pair,) = session.query("SELECT * FROM household").to_pylist()
        (other,) = session.query(
            "SELECT subject_id FROM subject WHERE list_contains(accounts, 'workday:E3')"
        ).to_pylist()
    assert (pair["subject_id"], pair["other_id"]) == (done["subject"], other["subject_id"])
    with pytest.raises(InputError, match="two people"):
        pipeline.attest(home, "household", subject="E1", value="E1", until=SOON, reason="r")


def test_an_unknown_subject_is_not_attested(home: Settings) -> None:
    with pytest.raises(NotFound):
        pipeline.attest(home, "accessibility", subject="E9", reason="agreed")
    with pytest.raises(InputError, match="needs an end"):
        pipeline.attest(home, "approved_travel", subject="E1", value="Lisbon", reason="agreed")
    assert attested(home) == []


def test_a_withdrawn_attestation_counts_no_more_and_is_still_listed(home: Settings) -> None:
    done = pipeline.attest(home, "in_person_meeting", subject="E1", outcome="passed", reason="met")
    before = datetime.now(UTC)
    pipeline.withdraw_attestation(home, done["attestation"], reason="it was somebody else")
    assert attested(home) == []
    assert [row["kind"] for row in attested(home, before)] == ["in_person_meeting"]
    (listed,) = pipeline.attestations(home)
    assert (listed["id"], listed["state"]) == (done["attestation"], "withdrawn")
    with pytest.raises(NotFound, match="withdrawn already"):
        pipeline.withdraw_attestation(home, done["attestation"], reason="again")
    with pytest.raises(NotFound, match="no attestation"):
        pipeline.withdraw_attestation(home, "A-0000000000", reason="r")
    with pytest.raises(InputError, match="reason"):
        pipeline.withdraw_attestation(home, done["attestation"], reason=" ")


def test_an_attestation_may_get_another_end(home: Settings) -> None:
    done = pipeline.attest(home, "approved_travel", subject="E1", value="Lisbon", until=SOON, reason="family")
    end = datetime.now(UTC) + timedelta(days=3)
    pipeline.withdraw_attestation(home, done["attestation"], reason="back earlier", until=end)
    (row,) = attested(home)
    assert (row["value"], row["valid_until"]) == ("Lisbon", end)


def test_who_vouched_is_in_the_audit_log_without_the_value(home: Settings) -> None:
    done = pipeline.attest(
        home, "approved_travel", subject="E1", value="Lisbon", until=SOON, reason="family visit"
    )
    with open_store(home) as store:
        (entry,) = audit.entries(store, action="attest")
    assert (entry.object, entry.details["kind"]) == (done["subject"], "approved_travel")
    assert "Lisbon" not in str(entry.details) + entry.reason


def test_a_check_speaks_for_the_person_in_the_next_assessment(home: Settings, tmp_path: Path) -> None:
    done = pipeline.attest(home, "live_video_check", subject="E1", outcome="passed", reason="passport seen")
    ndjson(tmp_path / "next.json", [worker("E1", (datetime.now(UTC) + timedelta(days=1)).date().isoformat())])
    pipeline.load(home, [tmp_path / "next.json"])
    document = next(one for one in pipeline.assess(home).documents if one["subject"]["id"] == done["subject"])
    assert "against-live-video-check" in {one["indicator"] for one in document["evidence"]["fired"]}
