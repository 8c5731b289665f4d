"""Files that speak our vocabulary load as its tables, and nobody hashes or normalises by hand."""

import json
from typing import Any

import pytest
from tests.lake.sources import Outcome, mapped

from pickglass.sources.definitions import definitions
from pickglass.sources.recognition import recognise

TIME = "2026-03-01T10:00:00Z"


def load(table: str, *records: dict[str, Any]) -> Outcome:
    return mapped(
        definitions()[f"generic_{table}"],
        [json.dumps({"time": TIME, **record}).encode() for record in records],
    )


def identified(kind: str, value: str) -> dict[str, Any]:
    (row,) = load("identifier", {"account": "workday:E1", "kind": kind, "value": value}).rows["identifier"]
    return row


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("mail", "Dana.W+jobs@Googlemail.com", "danaw@gmail.com"),
        ("recovery_mail", "A@Example.org", "a@example.org"),
        ("phone", "+1 (469) 555-0101", "+14695550101"),
        ("bank", "GB29 NWBK 6016 1331 9268 19", "gb29nwbk60161331926819"),
        ("Bank", "GB29 NWBK 6016 1331 9268 19", "gb29nwbk60161331926819"),
        ("document", "C01X-00T 478", "c01x00t478"),
        ("code_host", " Octo ", "octo"),
    ],
)
def test_spellings_of_one_value_become_one(kind: str, one: str, other: str) -> None:
    assert identified(kind, one)["value"] == identified(kind.lower(), other)["value"]


@pytest.mark.parametrize(
    "kind", ["bank", "BANK", " wallet ", "document", "passport", "ssn", "credit card", "iban"]
)
def test_a_value_of_a_secret_or_unknown_kind_is_never_kept_in_clear(kind: str) -> None:
    """Only its keyed hash and last characters are; a kind that nobody has heard of may be a passport."""
    row = identified(kind, "4556 7375 8689 9855")
    assert len(row["value"]) == 64
    assert row["last"] == "9855"
    assert row["kind"] == kind.strip().lower()


@pytest.mark.parametrize("kind", ["mail", "phone", "address", "device", "account", "photo"])
def test_a_value_that_is_no_secret_stays_readable(kind: str) -> None:
    value = {"mail": "a@example.org", "phone": "+14695550101"}.get(kind, "some value")
    row = identified(kind, value)
    assert row["value"] == value
    assert row["last"] is None


def test_raw_names_stand_for_what_is_stored_of_them() -> None:
    hiring = {"account": "greenhouse:1", "activity": "identity_check"}
    text = "Built and ran payment systems of all sizes for many years in many places. " * 3
    (row, twin) = load(
        "hiring_event",
        {**hiring, "document_number": "C01X 00T 478", "resume_text": text},
        {**hiring, "document_number": "c01x00t478"},
    ).rows["hiring_event"]
    assert (row["document_hash"], row["document_last"]) == (twin["document_hash"], "T478")
    assert len(row["text_sketch"]) > 5
    (pay,) = load(
        "payroll_event", {"account": "workday:E1", "activity": "payment", "bank_account": "12-34 5678"}
    ).rows["payroll_event"]
    assert pay["bank_last"] == "5678"
    assert pay["bank_hash"] != "12345678"


@pytest.mark.parametrize(
    ("keys", "source"),
    [
        (["time", "account", "kind", "value"], "generic_identifier"),
        (["time", "account", "kind", "author", "reason", "valid_until"], "generic_attestation"),
        (["time", "account", "ticket_id", "activity", "category"], "generic_ticket"),
        (["time", "account", "kind", "value", "colour"], None),
        (["account", "kind"], None),
    ],
)
def test_a_file_is_ours_if_it_speaks_our_vocabulary_and_nothing_else(
    keys: list[str], source: str | None
) -> None:
    found = recognise({(): [dict.fromkeys(keys, "x")] * 3}, definitions().values(), "csv")
    assert (found.source.id if found.source else None) == source
    assert found.why


def test_a_clock_without_a_zone_is_refused_in_a_file_that_anybody_may_have_written() -> None:
    outcome = load(
        "ticket",
        {"time": "2026-03-01 10:00", "account": "a@example.com", "activity": "opened", "category": "access"},
    )
    assert outcome.fates == {"rejected": 1}
