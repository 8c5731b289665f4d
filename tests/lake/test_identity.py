"""Who is who: account keys lead to subjects only where the records leave no doubt."""

import pytest
from tests.lake.views import ask, lake, subjects, worker


def applied(account: str, time: str = "2026-01-01", **other: object) -> dict[str, object]:
    return {"account": account, "time": time, "activity": "applied", **other}


def mail_of(account: str, value: str, time: str = "2026-01-01") -> dict[str, object]:
    return {"account": account, "time": time, "kind": "mail", "value": value}


def test_every_key_of_a_worker_leads_to_one_subject() -> None:
    """Roster id, work mail, user name, personal mail, in any case, and a handle that another system names."""
    with lake(
        worker=[worker("workday:E1", user_name="dana.w@example.com", personal_mail="Dana@example.org")],
        identifier=[
            {
                "account": "github:octo",
                "time": "2026-02-01",
                "kind": "account",
                "value": "DANA.W@example.com",
            },
            {"account": "e1@example.com", "time": "2026-02-01", "kind": "code_host", "value": "github:dana"},
        ],
    ) as opened:
        found = subjects(opened)
    keys = (
        "workday:e1",
        "e1@example.com",
        "dana.w@example.com",
        "dana@example.org",
        "reference:e1",
        "github:dana",
    )
    assert len({found[key] for key in keys}) == 1
    assert all(subject.startswith("S-") and len(subject) >= 10 for subject in found.values())


def test_a_subject_id_says_nothing_and_stays() -> None:
    """Another run over the same people gives the same ids, and none holds a part of a key."""
    with lake(worker=[worker("workday:E1"), worker("workday:E2")]) as opened:
        first = subjects(opened)
    with lake(
        worker=[worker("workday:E2"), worker("workday:E1", "2026-05-01", work_mail="other@example.com")]
    ) as opened:
        second = subjects(opened)
    assert first["workday:e1"] == second["workday:e1"]
    assert first["workday:e2"] == second["workday:e2"]
    assert "E1" not in first["workday:e1"]


def test_an_applicant_is_the_worker_that_the_roster_says() -> None:
    with lake(
        worker=[worker("workday:E1", applicant_account="greenhouse:7"), worker("workday:E2")],
        hiring_event=[applied("greenhouse:7"), applied("greenhouse:8")],
    ) as opened:
        found = subjects(opened)
        kinds = dict(ask(opened, "SELECT subject_id, kind FROM subject"))
    assert found["greenhouse:7"] == found["workday:e1"]
    assert len({found["greenhouse:7"], found["greenhouse:8"], found["workday:e2"]}) == 3
    assert kinds[found["greenhouse:7"]] == "employee"
    assert kinds[found["greenhouse:8"]] == "applicant"


def test_an_applicant_is_the_worker_with_the_same_mail_of_their_own() -> None:
    """One spelling of a mailbox is another's: case, plus-tags, and dots where the provider ignores them."""
    with lake(
        worker=[worker("workday:E1", personal_mail="Dana.Whitfield@gmail.com")],
        hiring_event=[applied("greenhouse:7")],
        identifier=[mail_of("greenhouse:7", "danawhitfield+jobs@googlemail.com")],
    ) as opened:
        found = subjects(opened)
    assert found["greenhouse:7"] == found["workday:e1"]


@pytest.mark.parametrize("shared_by", ["applicants", "workers"])
def test_a_mail_that_two_share_joins_nobody(shared_by: str) -> None:
    """That is a question for linkage, and no answer to who is who."""
    two = shared_by == "workers"
    with lake(
        worker=[
            worker("workday:E1", personal_mail="x@example.org"),
            worker("workday:E2", personal_mail="x@example.org" if two else None),
        ],
        hiring_event=[applied("greenhouse:7"), applied("greenhouse:8")],
        identifier=[
            mail_of("greenhouse:7", "x@example.org"),
            *([] if two else [mail_of("greenhouse:8", "x@example.org")]),
        ],
    ) as opened:
        found = subjects(opened)
        people = ask(opened, "SELECT count(*) FROM subject")
    assert people == [(4,)]
    assert "x@example.org" not in found


def test_a_mail_that_a_check_or_a_file_names_is_a_key_to_the_applicant_and_hides_nobody() -> None:
    """An identity check, a résumé file and a signature know a mail alone; the recruiting system knows whose it is."""
    with lake(
        worker=[worker("workday:E1", personal_mail="dana@example.org")],
        hiring_event=[
            applied("greenhouse:7"),
            applied("dana@example.org", activity="resume"),
            applied("dana@example.org", activity="signature"),
            applied("kim@example.org", activity="resume"),
            applied("customer@example.net", activity="signature"),
        ],
        identifier=[
            mail_of("greenhouse:7", "Dana@example.org"),
            mail_of("dana@example.org", "dana@example.org"),
        ],
    ) as opened:
        found = subjects(opened)
    assert found["workday:e1"] == found["greenhouse:7"] == found["dana@example.org"]
    assert found["kim@example.org"] != found["greenhouse:7"]  # a file of somebody whom no system knows
    assert "customer@example.net" not in found


def test_of_two_workers_who_claim_one_applicant_the_one_that_the_roster_names_keeps_it() -> None:
    """Both stay subjects of their own; a statement weighs more than a mail that happens to fit."""
    with lake(
        worker=[
            worker("workday:E1", personal_mail="x@example.org"),
            worker("workday:E2", applicant_account="greenhouse:7"),
        ],
        hiring_event=[applied("greenhouse:7")],
        identifier=[mail_of("greenhouse:7", "x@example.org")],
    ) as opened:
        found = subjects(opened)
        assert ask(opened, "SELECT count(*) FROM subject") == [(2,)]
    assert found["greenhouse:7"] == found["workday:e2"] != found["workday:e1"]


def test_two_workers_whom_the_roster_gives_one_applicant_stay_apart() -> None:
    with lake(
        worker=[worker(f"workday:E{n}", applicant_account="greenhouse:7") for n in (1, 2)],
        hiring_event=[applied("greenhouse:7")],
    ) as opened:
        found = subjects(opened)
    assert found["workday:e1"] != found["workday:e2"]
    assert found["greenhouse:7"] == found["workday:e1"]


def test_an_account_that_leads_nowhere_stays_in_the_known_rows() -> None:
    """It is counted in data health and never dropped."""
    with lake(
        worker=[worker("workday:E1")],
        signin=[
            {"account": account, "time": "2026-03-02", "activity": "signin", "outcome": "success"}
            for account in ("E1@example.com", "who@example.net")
        ],
    ) as opened:
        assert ask(opened, "SELECT account FROM signin") == [("E1@example.com",)]
        assert ask(opened, "SELECT count(*) FROM known_signin") == [(2,)]


# -- devices ---------------------------------------------------------------------------------------------


def held(account: str | None, time: str, **other: object) -> dict[str, object]:
    return {
        "account": account,
        "time": time,
        "activity": "checkin",
        "device_id": "d1",
        "device_name": "LT-1",
        "device_serial": "SN1",
        **other,
    }


def test_a_device_belongs_to_its_holder_at_the_time() -> None:
    """Given on to somebody else: what it did before is the first one's, what it does after the second's."""
    started = [
        {"time": time, "activity": "start", "process_name": time, **key}
        for time, key in (
            ("2026-03-05", {"device_id": "d1"}),
            ("2026-04-01", {"device_name": "lt-1"}),
            ("2026-04-15", {"device_id": "d1"}),
        )
    ]
    with lake(
        worker=[worker("workday:E1"), worker("workday:E2")],
        device_state=[
            held("e1@example.com", "2026-03-10"),
            held("e1@example.com", "2026-03-20"),
            held("e2@example.com", "2026-04-10"),
        ],
        process=started,
    ) as opened:
        found = subjects(opened)
        owners = dict(ask(opened, "SELECT process_name, subject_id FROM process"))
    assert owners == {
        "2026-03-05": found["workday:e1"],
        "2026-04-01": found["workday:e1"],
        "2026-04-15": found["workday:e2"],
    }


def test_a_device_that_goes_back_belongs_to_the_first_holder_again() -> None:
    with lake(
        worker=[worker("workday:E1"), worker("workday:E2")],
        device_state=[
            held("e1@example.com", "2026-03-10"),
            held("e2@example.com", "2026-04-10"),
            held("e1@example.com", "2026-05-10"),
        ],
        peripheral=[
            {"time": day, "activity": "connected", "device_name": "LT-1", "description": day}
            for day in ("2026-03-11", "2026-04-11", "2026-05-11")
        ],
    ) as opened:
        found = subjects(opened)
        owners = dict(ask(opened, "SELECT description, subject_id FROM peripheral"))
    assert owners == {
        "2026-03-11": found["workday:e1"],
        "2026-04-11": found["workday:e2"],
        "2026-05-11": found["workday:e1"],
    }


def test_a_row_with_an_account_is_that_accounts_whoever_holds_the_device() -> None:
    with lake(
        worker=[worker("workday:E1"), worker("workday:E2")],
        device_state=[held("e1@example.com", "2026-03-10")],
        process=[{"time": "2026-03-11", "activity": "start", "device_id": "d1", "account": "e2@example.com"}],
    ) as opened:
        found = subjects(opened)
        assert ask(opened, "SELECT subject_id FROM process") == [(found["workday:e2"],)]


def test_a_device_that_two_systems_number_differently_is_known_by_its_name() -> None:
    """The endpoint agent's id is not the inventory's; the name is the same."""
    with lake(
        worker=[worker("workday:E1")],
        device_state=[held("e1@example.com", "2026-03-10", device_id="inventory-1")],
        process=[{"time": "2026-03-11", "activity": "start", "device_id": "agent-9", "device_name": "lt-1"}],
    ) as opened:
        found = subjects(opened)
        assert ask(opened, "SELECT subject_id FROM process") == [(found["workday:e1"],)]


def test_no_row_is_doubled_by_its_keys() -> None:
    """A device may be known by id, name and serial at once; its rows are there once all the same."""
    with lake(
        worker=[worker("workday:E1")],
        device_state=[held("e1@example.com", "2026-03-10"), held(None, "2026-03-11")],
        process=[{"time": "2026-03-11", "activity": "start", "device_id": "d1", "device_name": "LT-1"}],
    ) as opened:
        assert ask(opened, "SELECT count(*) FROM process") == [(1,)]
        assert ask(opened, "SELECT count(*) FROM device_state") == [(2,)]


# -- parcels ---------------------------------------------------------------------------------------------


def test_a_carriers_event_belongs_to_whom_the_parcel_was_sent() -> None:
    """The order names the person, the carrier only the number."""
    parcel = {"time": "2026-03-01", "shipment_id": "s1"}
    with lake(
        worker=[worker("workday:E1"), worker("workday:E2")],
        shipment_event=[
            {**parcel, "account": "e1@example.com", "activity": "dispatched", "tracking_number": "T1"},
            {**parcel, "account": None, "activity": "redirected", "tracking_number": "T1"},
            {**parcel, "account": None, "activity": "delivered", "tracking_number": "T9"},
            {**parcel, "account": "e1@example.com", "activity": "dispatched", "tracking_number": "T2"},
            {**parcel, "account": "e2@example.com", "activity": "ordered", "tracking_number": "T2"},
            {**parcel, "account": None, "activity": "held", "tracking_number": "T2"},
        ],
    ) as opened:
        found = subjects(opened)
        owners = dict(ask(opened, "SELECT activity, subject_id FROM shipment_event WHERE account IS NULL"))
    assert owners == {"redirected": found["workday:e1"]}, (
        "a number that nobody or two people have is nobody's"
    )


def test_one_work_mail_in_two_rosters_is_one_person() -> None:
    """Payroll keeps a roster of its own: its key, its pay and HR's claims belong to the same subject."""
    with lake(
        worker=[
            worker(
                "workday:E1",
                "2026-03-01",
                work_mail="ann@example.com",
                work_city="Austin",
                work_region="TX",
                work_country="US",
            ),
            worker(
                "gusto:9", "2026-03-08", work_mail="Ann@example.com", phone="+15125550100", hire_date=None
            ),
            worker("gusto:10", "2026-03-08", work_mail="bo@example.com"),
        ],
        payroll_event=[
            {"account": "gusto:9", "time": "2026-03-09", "activity": "account_added", "bank_hash": "b"}
        ],
    ) as opened:
        found = subjects(opened)
        rows = ask(
            opened,
            "SELECT subject_id, work_city, phone, len(accounts) FROM subject ORDER BY len(accounts) DESC",
        )
        paid = ask(opened, "SELECT subject_id FROM payroll_event")
    assert found["workday:e1"] == found["gusto:9"] == found["ann@example.com"]
    assert found["gusto:10"] != found["gusto:9"]
    assert rows[0] == (found["workday:e1"], "Austin", "+15125550100", 2)
    assert len(rows) == 2
    assert paid == [(found["workday:e1"],)]


def test_a_work_mail_that_one_roster_gives_twice_joins_nobody() -> None:
    with lake(
        worker=[
            worker("workday:E1", work_mail="desk@example.com"),
            worker("workday:E2", work_mail="desk@example.com"),
            worker("gusto:9", work_mail="desk@example.com"),
        ]
    ) as opened:
        found = subjects(opened)
    assert len({found["workday:e1"], found["workday:e2"], found["gusto:9"]}) == 3


def test_who_left_one_roster_and_stands_in_another_has_not_left() -> None:
    """A contractor who is hired leaves the agency's list and is nobody who left."""
    with lake(
        worker=[
            worker(
                "deel:1",
                "2026-03-20",
                kind="contractor",
                work_mail="ann@example.com",
                termination_date="2026-02-28",
            ),
            worker("workday:E1", "2026-03-01", work_mail="ann@example.com", hire_date="2026-03-01"),
        ]
    ) as opened:
        rows = ask(opened, "SELECT kind, termination_date IS NULL FROM subject")
    assert rows == [("employee", True)]
