"""What a source supplies opens what needs it."""

from tests.lake.views import lake, worker

from pickglass.coverage import (
    blind,
    coverage,
    gains,
    matrix,
    missing,
    supplied_by_rosters,
    supplied_by_sources,
)
from pickglass.indicators.catalogue import STAGES, catalogue
from pickglass.indicators.needs import can_fire, needs_of
from pickglass.lake.health import filled
from pickglass.score import load_scorecard


def test_samples_prove_what_a_source_supplies() -> None:
    found = supplied_by_sources()["fedex_track"]
    assert {"shipment_event", "shipment_event.activity=delivered"} <= found
    assert not any(need.startswith("signin") for need in found)


def test_a_lake_supplies_what_its_rows_hold() -> None:
    signin = {
        "account": "a@example.com",
        "time": "2026-03-02",
        "activity": "signin",
        "outcome": "success",
        "asn": 64500,
    }
    with lake(worker=[worker("hr:a")], signin=[signin]) as opened:
        found = filled(opened)
    assert {"worker", "worker.kind=employee", "signin", "signin.asn", "signin.outcome=success"} <= found
    assert not {"signin.tunnel_operator", "signin.outcome=failure", "meeting"} & found


def test_the_export_that_opens_most_comes_first() -> None:
    rosters = supplied_by_rosters()
    found = gains(blind(catalogue().values(), rosters), rosters, load_scorecard())
    assert [one["bits"] for one in found] == sorted((one["bits"] for one in found), reverse=True)
    best = found[0]
    supplies = supplied_by_sources()[best["source"]] | rosters
    assert best["opens"]
    assert all(can_fire(needs_of(one), supplies) for one in best["opens"])
    assert not set(best["opens"]) & set(best["nearer"])


def test_without_data_everything_is_blind_and_says_what_is_missing() -> None:
    found = coverage(None)
    assert not found["open"]
    assert {one["indicator"] for one in found["blind"]} == set(catalogue())
    assert all(one["missing"] for one in found["blind"])
    assert "shipment_event" in missing("ship-intransit-redirect", ())
    planned = [opened for one in found["plan"] for opened in one["opens"]]
    assert len(planned) == len(set(planned))


def test_the_matrix_names_every_source_and_stage() -> None:
    found = matrix()
    assert set(found) == set(supplied_by_sources())
    assert all(tuple(row) == STAGES for row in found.values())
    assert all(opens <= feeds for row in found.values() for opens, feeds in row.values())
    assert found["fedex_track"]["onboarding"] > (0, 0)
