"""What each kind of attestation needs is asked for, and every mistake is said at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pickglass.cases.attestations import ATTESTED, attestation_record
from pickglass.errors import InputError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(days=30)


def record(kind: str, **given: Any) -> dict[str, Any]:
    plain = {
        "department": None,
        "until": None,
        "value": None,
        "outcome": None,
        "on": None,
        "now": NOW,
        "author": "ina",
    }
    return attestation_record(kind, **{**plain, "subject": "E1", "reason": "agreed", **given})


@pytest.mark.parametrize(
    ("kind", "given", "why"),
    [
        ("friendship", {}, "there is no attestation"),
        ("live_video_check", {}, "needs an outcome"),
        ("live_video_check", {"outcome": "fine"}, "is no outcome"),
        ("live_video_check", {"outcome": "passed", "reason": "  "}, "needs a reason"),
        ("live_video_check", {"outcome": "passed", "on": SOON}, "in the future"),
        ("approved_travel", {"value": "Lisbon"}, "needs an end"),
        ("approved_travel", {"until": SOON}, "needs a value"),
        (
            "approved_travel",
            {"value": "Lisbon", "until": datetime(2026, 1, 1, tzinfo=UTC)},
            "ends before it begins",
        ),
        ("approved_travel", {"value": "x", "until": SOON + timedelta(days=2000)}, "three years"),
        ("accessibility", {"value": "what it is"}, "takes no value"),
        ("accessibility", {"outcome": "passed"}, "takes no outcome"),
        ("accessibility", {"subject": None, "department": "Support"}, "for one person"),
        ("accessibility", {"subject": None}, "either a subject or a department"),
        ("accessibility", {"department": "Support"}, "either a subject or a department"),
    ],
)
def test_what_is_missing_is_said(kind: str, given: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        record(kind, **given)


def test_all_mistakes_are_said_at_once() -> None:
    with pytest.raises(InputError, match=r"a reason; .* a value: the place; .* an end"):
        record("approved_travel", reason="")


def test_the_day_of_a_check_may_lie_before() -> None:
    made = record("in_person_meeting", outcome="passed", on=NOW - timedelta(days=3))
    assert made["attested"] == "2026-02-26T12:00:00+00:00"
    assert made["attestation_id"] != record("in_person_meeting", outcome="passed")["attestation_id"]


def test_every_kind_says_what_it_means() -> None:
    assert all(kind.about for kind in ATTESTED.values())
    assert "disab" not in " ".join(kind.about + kind.value for kind in ATTESTED.values())
