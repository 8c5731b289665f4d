"""A document says everything about one assessment, in one form, and its hash proves it."""

import json

import orjson
import pytest
from tests.cases.assessed import REDIRECT, VERSIONS, assess, documented, evidence

from pickglass.cases import document, freeze


def test_the_document_holds_what_a_reader_needs_years_later() -> None:
    content = documented(assess("S-0000000001"))
    assert content["version"] == 1
    assert content["subject"]["refs"] == {"workday": "E1042"}
    assert content["assessment"]["steps"][1] == {
        "kind": "fired",
        "label": REDIRECT.id,
        "bits": {"operated": 500},
        "reason": "",
    }
    (fired,) = content["evidence"]["fired"]
    assert fired["time"] == "2026-03-02T14:05:00Z"
    assert fired["values"] == {"shipment_id": "SH-1", "hours": 4.5}
    assert fired["records"][0]["record"] == 17
    assert content["evidence"]["not_assessable"] == ["dev-a", "dev-b"]
    assert content["indicators"][REDIRECT.id]["sentence"] == REDIRECT.sentence
    assert "sql" not in content["indicators"][REDIRECT.id]
    assert content["versions"]["scorecard"] == "2026-11"


def test_snapshot_ids_survive_readers_that_keep_53_bits() -> None:
    content = documented(assess("S-0000000001"))
    assert content["versions"]["snapshots"] == {"signin": "8934712309471230947"}


def test_links_of_others_stay_out() -> None:
    content = documented(assess("S-0000000001"))
    assert [link["subjects"] for link in content["links"]] == [["S-0000000001", "S-OTHER00000"]]


def test_the_same_input_gives_the_same_hash_and_another_gives_another() -> None:
    text, sha256 = freeze(documented(assess("S-0000000001")))
    assert freeze(documented(assess("S-0000000001"))) == (text, sha256)
    assert freeze(orjson.loads(text)) == (text, sha256), "reading and writing changes nothing"
    assert freeze(json.loads(text)) == (text, sha256), "whichever library reads it"
    assert freeze(documented(assess("S-0000000001", fired=())))[1] != sha256


def test_an_assessment_never_meets_the_evidence_of_another_subject() -> None:
    with pytest.raises(ValueError, match="S-0000000001"):
        document(assess("S-0000000001"), evidence("S-0000000002"), [], VERSIONS)
