"""The shape of `run --json`, and that nobody's data is in it."""

import json
from typing import Any

import orjson
import pytest
from tests.faces.made_up import ADDRESS, MAIL, MARKUP, NAME, PHONE, run_with_two

from pickglass.faces.exports.run_document import load_document, run_document
from pickglass.loading import LoadReport

PERSONAL = (NAME, "Verylongname", MAIL, "robin.verylongname", PHONE, "555", ADDRESS, "Alderbrook")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(orjson.dumps(run_document(run_with_two())))
    return made


def test_it_has_every_promised_key(document: dict[str, Any]) -> None:
    assert document["version"] == 1
    assert document["scorecard"] == "2026-11"
    assert document["load"]["id"] == 7
    assert document["load"]["records"].keys() == {
        "read",
        "mapped",
        "rejected",
        "duplicate",
        "ignored",
        "unrecognised",
    }
    assert document["load"]["rows"] == {"signin": 5}
    assert document["load"]["unrecognised"][0].keys() >= {"file", "why"}
    for subject in document["subjects"]:
        assert subject.keys() >= {
            "id", "refs", "kind", "stage", "band", "threat", "posterior", "bits", "families", "fired",
            "against", "clear", "not_assessable",
        }  # fmt: skip
        assert len(subject["id"]) >= 10
        for found in (*subject["fired"], *subject["against"]):
            assert found.keys() >= {"id", "bits", "time", "sentence", "records"}
            assert all(record.keys() == {"source", "file", "record"} for record in found["records"])


def test_subjects_come_least_ordinary_first_and_none_is_missing(document: dict[str, Any]) -> None:
    assert [one["id"] for one in document["subjects"]] == ["S-AAAA1111BB", "S-BBBB2222CC"]
    ordinary = [one["posterior"]["ordinary"] for one in document["subjects"]]
    assert ordinary == sorted(ordinary)


def test_what_lowers_the_leading_hypothesis_is_against(document: dict[str, Any]) -> None:
    subject = document["subjects"][0]
    assert [one["id"] for one in subject["fired"]] == ["made-up-redirect", "made-up-tool"]
    assert [(one["id"], one["bits"]) for one in subject["against"]] == [("made-up-met", -2.0)]
    assert subject["fired"][0]["time"] == "2026-03-02T14:05:00Z"
    assert subject["fired"][0]["records"] == [{"source": "fedex_track", "file": "fedex.json", "record": 17}]


def test_the_steps_sum_to_the_bits(document: dict[str, Any]) -> None:
    subject = document["subjects"][0]
    total = sum(step["bits"].get(subject["leading"], 0) for step in subject["steps"])
    assert round(total, 2) == subject["bits"] == 3.45


def test_links_say_who_and_how_much(document: dict[str, Any]) -> None:
    persona, thing = document["links"]
    assert persona.keys() == {"id", "kind", "subjects", "reasons", "probability"}
    assert thing.keys() == {"id", "kind", "subjects", "reasons", "thing", "label", "bits", "farm"}
    assert (persona["probability"], thing["bits"], thing["label"]) == (0.98, 7.2, "4… A… C… D…")


def test_no_value_of_a_person_is_in_it(document: dict[str, Any]) -> None:
    text = json.dumps(document, ensure_ascii=False)
    assert [one for one in PERSONAL if one in text] == []
    assert len(text) < 20_000, "a megabyte in one value is cut short"


def test_a_reveal_shows_values_and_still_no_control_codes() -> None:
    text = json.dumps(run_document(run_with_two(), reveal=True), ensure_ascii=False)
    assert NAME in text
    assert MAIL in text
    assert ADDRESS in text
    assert MARKUP in text, "JSON needs no escape"
    assert not any(code in text for code in ("\x1b", "\u202e", "\x07"))


def test_a_key_that_is_a_mail_address_is_masked_in_what_a_load_tells() -> None:
    """Undeclared keys are told by their names, and a name may be a person's."""
    drift = {"okta_system_log": {"new": {"dana@example.com": 3}, "missing": ["actor"], "enough": True}}
    told = load_document(LoadReport(id=1, files=1, records={}, rows={}, drift=drift))["drift"]
    assert told == {"okta_system_log": {"new": {"d…@example.com": 3}, "missing": ["actor"], "enough": True}}
