"""Rosters become history: what changed between two dates, who is missing, and what was known when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.lake.views import LATER, ask, at, lake, subjects, worker

CHANGES = "SELECT field, old_value, new_value, CAST(time AS DATE)::VARCHAR FROM hr_change ORDER BY ALL"


def test_what_differs_between_two_dates_is_a_change() -> None:
    """With the old and the new value, at the date of the second roster, and once."""
    with lake(
        worker=[
            worker("workday:E1", "2026-03-01", phone="+14695550101", role="Engineer"),
            worker("workday:E1", "2026-04-01", phone="+14695550102", role="Engineer"),
            worker("workday:E1", "2026-05-01", phone="+14695550102", role="Engineer"),
        ]
    ) as opened:
        assert ask(opened, CHANGES) == [("phone", "+14695550101", "+14695550102", "2026-04-01")]
        assert ask(opened, "SELECT time_precision, origin FROM hr_change") == [("date", "roster")]


def test_two_statements_of_one_date_are_no_change() -> None:
    """They contradict each other, but nothing happened between them; the last one known counts."""
    with lake(
        worker=[
            worker("workday:E1", "2026-03-01", phone="+14695550101"),
            worker("workday:E1", "2026-03-01", phone="+14695550102", known="2026-03-02"),
            worker("workday:E1", "2026-04-01", phone="+14695550102"),
        ]
    ) as opened:
        assert ask(opened, CHANGES) == []


def test_the_first_roster_changes_nothing() -> None:
    with lake(worker=[worker("workday:E1", phone="+14695550101")]) as opened:
        assert ask(opened, CHANGES) == []


def test_a_change_that_an_audit_tells_stands_beside_those_of_the_rosters() -> None:
    told = {
        "account": "workday:E1",
        "time": "2026-03-09T10:00:00Z",
        "field": "phone",
        "old_value": "1",
        "new_value": "2",
        "origin": "audit",
    }
    with lake(worker=[worker("workday:E1")], hr_change=[told]) as opened:
        assert ask(opened, CHANGES) == [("phone", "1", "2", "2026-03-09")]


@pytest.mark.parametrize(("scope", "missed"), [("all", True), ("DE", False), (None, False)])
def test_only_a_roster_of_all_staff_proves_that_somebody_is_missing(scope: str | None, missed: bool) -> None:
    """In one of a country or an agency somebody else's absence means nothing."""
    with lake(
        worker=[
            worker("workday:E1", "2026-03-01"),
            worker("workday:E2", "2026-03-01"),
            worker("workday:E1", "2026-04-01", roster_scope=scope),
        ]
    ) as opened:
        found = [("status", "active", "absent", "2026-04-01")] if missed else []
        assert ask(opened, CHANGES) == found
        who = ask(opened, "SELECT DISTINCT subject_id FROM hr_change")
        assert who == ([(subjects(opened)["workday:e2"],)] if missed else [])


def test_somebody_of_a_partial_roster_is_not_missed_by_a_full_one_of_another_source() -> None:
    with lake(
        worker=[
            worker("agency:A1", "2026-03-01", source="agency", roster_scope="agency"),
            worker("workday:E1", "2026-03-01"),
            worker("workday:E1", "2026-04-01"),
        ]
    ) as opened:
        assert ask(opened, CHANGES) == []


def test_somebody_who_was_dismissed_is_not_missed() -> None:
    with lake(
        worker=[worker("workday:E1", "2026-03-01", status="terminated"), worker("workday:E2", "2026-04-01")]
    ) as opened:
        assert ask(opened, CHANGES) == []


# -- what was known when ---------------------------------------------------------------------------------


def test_nothing_that_was_not_known_yet_is_seen() -> None:
    """Known, not happened: a late file tells of the past, and the past did not know it."""
    rows = [
        {
            "account": "e1@example.com",
            "time": "2026-03-02",
            "known": known,
            "activity": "signin",
            "outcome": "success",
        }
        for known in ("2026-03-02", "2026-06-01")
    ]
    for as_of, count in (
        (at("2026-03-01T23:59:59"), 0),
        (at("2026-03-02"), 1),
        (at("2026-05-31"), 1),
        (at("2026-06-01"), 2),
    ):
        with lake(as_of, worker=[worker("workday:E1", "2026-01-01")], signin=rows) as opened:
            assert ask(opened, "SELECT count(*) FROM signin") == [(count,)]
            assert ask(opened, "SELECT count(*) FROM coverage WHERE table_name = 'signin'") == [
                (1 if count else 0,)
            ]


def test_as_of_holds_for_everything_that_is_derived() -> None:
    """Identity, device holders, changes, absences, shared things and attestations are those of that day."""
    tables = {
        "worker": [
            worker("workday:E1", "2026-03-01", address_key="a"),
            worker("workday:E2", "2026-03-01", address_key="b"),
            worker("workday:E1", "2026-04-01", address_key="b", applicant_account="greenhouse:7"),
        ],
        "hiring_event": [
            {"account": "greenhouse:7", "time": "2026-01-01", "known": "2026-04-01", "activity": "applied"}
        ],
        "device_state": [
            {"account": "e1@example.com", "time": "2026-04-02", "activity": "checkin", "device_name": "LT"}
        ],
        "attestation": [
            {"account": "workday:E1", "time": "2026-04-03", "kind": "approved_travel", "author": "ina"}
        ],
    }
    derived = "SELECT (SELECT count(*) FROM {}) FROM (SELECT 1)"
    counts = {}
    for day in ("2026-03-31", "2026-04-30"):
        with lake(at(day), **tables) as opened:
            counts[day] = {
                name: ask(opened, derived.format(name))[0][0]
                for name in (
                    "hr_change",
                    "device_holder",
                    "shared_thing",
                    "attested",
                    "roster_absence",
                    "applicant_account",
                )
            }
    assert set(counts["2026-03-31"].values()) == {0}
    assert counts["2026-04-30"] == {
        "hr_change": 2,
        "device_holder": 1,
        "shared_thing": 2,
        "attested": 1,
        "roster_absence": 1,
        "applicant_account": 1,
    }


def test_a_revision_hides_the_older_row_from_the_moment_it_was_known() -> None:
    """Before that moment the older row is what was known."""
    rows = [
        {
            "event_id": "s1",
            "record_hash": "same",
            "raw_file": one,
            "raw_record": 1,
            "account": "e1@example.com",
            "time": "2026-03-02",
            "known": known,
            "activity": "signin",
            "outcome": outcome,
        }
        for one, known, outcome in (("old", "2026-03-02", "success"), ("new", "2026-04-02", "failure"))
    ]
    hidden = [
        {"event_id": "s1", "raw_file": "old", "raw_record": 1, "time": "2026-03-02", "known": "2026-04-02"}
    ]
    for as_of, outcome in ((at("2026-04-01"), "success"), (at("2026-04-02"), "failure"), (LATER, "failure")):
        with lake(as_of, worker=[worker("workday:E1")], signin=rows, superseded=hidden) as opened:
            assert ask(opened, "SELECT outcome FROM signin") == [(outcome,)]


def test_coverage_says_from_when_to_when_and_on_how_many_days() -> None:
    rows = [
        {"account": account, "time": time, "activity": "signin", "outcome": "success"}
        for account, time in (
            ("e1@example.com", "2026-03-02T08:00:00Z"),
            ("e1@example.com", "2026-03-02T23:59:59Z"),
            ("e1@example.com", "2026-03-09T08:00:00Z"),
            ("nobody@example.net", "2026-03-20"),
        )
    ]
    with lake(worker=[worker("workday:E1"), worker("workday:E2")], signin=rows) as opened:
        found = ask(
            opened, "SELECT subject_id, first_time, last_time, days FROM coverage WHERE table_name = 'signin'"
        )
        who = subjects(opened)["workday:e1"]
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert found == [(who, start, start + timedelta(days=7), 2)]


# -- places and things -----------------------------------------------------------------------------------


def test_a_distance_is_measured_from_the_claimed_place() -> None:
    """In kilometres over the globe; without a fix or a claim there is none."""
    denver = {"work_city": "Denver", "work_region": "CO", "work_country": "US"}
    fixes = [
        {
            "account": f"e{n}@example.com",
            "time": f"2026-03-0{n}",
            "activity": "checkin",
            "latitude": latitude,
            "longitude": longitude,
        }
        for n, latitude, longitude in (
            (1, 39.7392, -104.9903),
            (1, 40.7128, -74.0060),
            (1, None, None),
            (2, 39.7, -105.0),
        )
    ]
    with lake(worker=[worker("workday:E1", **denver), worker("workday:E2")], device_state=fixes) as opened:
        found = ask(
            opened, "SELECT split_part(event_id, '-', 2), claimed_km FROM device_state ORDER BY event_id"
        )
    assert [number for number, _ in found] == ["1", "2", "3", "4"]
    near, far, *none = [distance for _, distance in found]
    assert near is not None
    assert near < 15
    assert far == pytest.approx(2620, abs=25)
    assert none == [None, None]


def shared(**tables: Any) -> list[tuple[str, str]]:
    with lake(**tables) as opened:
        keys = {subject: key for key, subject in subjects(opened).items() if key.startswith("workday:")}
        found = ask(opened, "SELECT value, subject_id FROM shared_thing WHERE kind = 'address'")
    return sorted((value, keys[subject]) for value, subject in found)


def at_home(n: int, address: str | None = "flat") -> dict[str, object]:
    return worker(f"workday:E{n}", address_key=address)


def household(n: int, other: int, **more: object) -> dict[str, object]:
    return {
        "account": f"workday:E{n}",
        "time": "2026-03-01",
        "kind": "household",
        "value": f"workday:E{other}",
        "author": "ina",
        **more,
    }


def test_a_thing_is_shared_by_two_subjects_and_not_by_one_twice() -> None:
    assert shared(
        worker=[
            at_home(1),
            at_home(2),
            at_home(3, "other"),
            worker("workday:E3", "2026-04-01", address_key="other"),
        ]
    ) == [
        ("flat", "workday:e1"),
        ("flat", "workday:e2"),
    ]


@pytest.mark.parametrize(("n", "other"), [(1, 2), (2, 1)])
def test_a_declared_household_explains_what_it_shares(n: int, other: int) -> None:
    """Whichever of the two declared it."""
    assert shared(worker=[at_home(1), at_home(2)], attestation=[household(n, other)]) == []


def test_a_third_person_at_the_address_of_a_household_is_not_explained_by_it() -> None:
    assert len(shared(worker=[at_home(1), at_home(2), at_home(3)], attestation=[household(1, 2)])) == 3


def test_a_household_that_has_ended_explains_nothing() -> None:
    assert (
        len(shared(worker=[at_home(1), at_home(2)], attestation=[household(1, 2, valid_until="2026-06-01")]))
        == 2
    )


def test_a_pickup_point_is_nobodys_home() -> None:
    parcels = [
        {
            "account": f"e{n}@example.com",
            "time": "2026-03-01",
            "activity": "delivered",
            "address_key": "shop",
            "place_kind": "pickup_point",
        }
        for n in (1, 2)
    ]
    assert shared(worker=[at_home(1, None), at_home(2, None)], shipment_event=parcels) == []


def test_the_record_behind_a_derived_event_is_the_roster_that_showed_it() -> None:
    with lake(
        worker=[worker("workday:E1", "2026-03-01", phone="1"), worker("workday:E1", "2026-04-01", phone="2")]
    ) as opened:
        ((event_id,),) = ask(opened, "SELECT event_id FROM hr_change")
        assert opened.records([event_id, "unknown"]) == {event_id: ("test", "f" * 64, 2)}


def test_a_server_that_many_reach_is_nobodys_device() -> None:
    rows = [
        {"account": f"{who}@example.com", "time": "2026-03-02", "activity": "signin", "outcome": "success", "device_id": device, "app": app}
        for who in ("a", "b")
        for device, app in (
            ("desk-1", "Windows logon"),
            ("server-1", "Windows network logon"),
            ("server-2", "Linux remote shell"),
            ("server-3", "Remote logon"),
        )
    ]  # fmt: skip
    with lake(worker=[worker("hr:a"), worker("hr:b")], signin=rows) as opened:
        found = ask(opened, "SELECT DISTINCT value FROM shared_thing WHERE kind = 'device'")
    assert found == [("desk-1",)]
