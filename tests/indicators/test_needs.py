"""What an indicator needs is found out from its tests, and a person's answer is explained by what was there."""

from pathlib import Path

import pytest
from tests.indicators.test_lint import SQL, YAML
from tests.lake.views import lake, subjects, worker

from pickglass.indicators.catalogue import Entry, catalogue, read_entry
from pickglass.indicators.explaining import why
from pickglass.indicators.needs import can_fire, least_needs, needs_of, supplied
from pickglass.model.schema import schema


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    (tmp_path / "network").mkdir()
    path = tmp_path / "network" / "net-x.yaml"
    path.write_text(YAML)
    path.with_suffix(".sql").write_text(SQL)
    return read_entry(path)


def test_what_can_be_taken_away_is_not_needed(entry: Entry) -> None:
    assert entry.indicator is not None
    assert least_needs(entry.indicator, entry.trials) == [["signin", "signin.outcome=failure", "worker"]]


def test_every_shipped_indicator_was_measured() -> None:
    assert not [one for one in catalogue() if not needs_of(one)], (
        "benchmarks/measure_indicators.py needs ID --write"
    )


def test_one_whole_set_of_needs_is_enough() -> None:
    needs = (frozenset({"a", "b"}), frozenset({"c"}))
    assert can_fire(needs, {"c"})
    assert can_fire(needs, {"a", "b"})
    assert not can_fire(needs, {"a"})


def test_rows_supply_tables_columns_and_listed_values() -> None:
    rows = [{"kind": "mail", "value": "a@example.com", "name": None}]
    assert supplied(schema().tables["identifier"], rows) == {
        "identifier",
        "identifier.kind=mail",
        "identifier.value",
    }


def test_why_says_what_was_seen_and_what_keeps_the_answer_back() -> None:
    one = catalogue()["net-hosting-or-resproxy"]
    signin = {"account": "a@example.com", "time": "2026-03-02", "activity": "signin", "outcome": "success"}
    with lake(worker=[worker("hr:a"), worker("hr:b")], signin=[signin]) as opened:
        known = subjects(opened)
        seen = why(opened, one, known["hr:a"])
        unseen = why(opened, one, known["hr:b"])
    assert (seen["outcome"], unseen["outcome"]) == ("not_assessable", "not_assessable")
    (table,) = [about for about in seen["tables"] if about["table"] == "signin"]
    assert (table["rows"], table["own_rows"], table["days"]) == (1, 1, 1)
    assert "asn" in table["empty"]
    (table,) = [about for about in unseen["tables"] if about["table"] == "signin"]
    assert (table["rows"], table["own_rows"]) == (1, 0)


def test_why_names_the_threshold_that_keeps_the_answer_back() -> None:
    one = catalogue()["mtg-latency-high"]
    rows = [
        {"account": f"{who}@example.com", "time": f"2026-03-0{day}T10:00", "meeting_id": f"m{day}", "latency_ms": 40, "activity": "joined"}
        for who in "abcdefgh"
        for day in range(1, 4)
    ]  # fmt: skip
    with lake(worker=[worker(f"hr:{who}") for who in "abcdefgh"], meeting=rows) as opened:
        told = why(opened, one, subjects(opened)["hr:a"])
    assert told["outcome"] == "not_assessable"
    assert told["everybody"] == {"fired": 0, "clear": 0, "subjects": 8}
