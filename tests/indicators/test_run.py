"""Running indicators: three outcomes, problems that stop nobody, answers that cannot be misread."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pickglass.errors import ConfigError
from pickglass.indicators.catalogue import catalogue
from pickglass.indicators.run import ask, run
from pickglass.indicators.testing import opened, subjects_of
from pickglass.lake.session import Session
from pickglass.model.records import Indicator, Subject

FAILS = """
SELECT subject_id, count(*) FILTER (WHERE outcome = 'failure') > $most AS fired, max(time) AS time,
       list(event_id ORDER BY time) AS event_ids,
       count(*) FILTER (WHERE outcome = 'failure') AS n, max(time) AS last
FROM signin GROUP BY subject_id
"""


def indicator(sql: str = FAILS, id: str = "net-x", **fields: Any) -> Indicator:
    values: dict[str, Any] = {
        "title": "x",
        "question": "x",
        "stage": "network",
        "family": "network",
        "status": "active",
        "fairness": "safe",
        "tier": 3,
        "sentence": "{n} failures up to {last}",
        "parameters": {"most": 0},
    }
    return Indicator(id=id, sql=sql, **{**values, **fields})


@pytest.fixture(scope="module")
def lake() -> Iterator[Session]:
    given = {
        "worker": [{"account": name, "time": "2026-01-01"} for name in ("S1", "S2", "S3")],
        "signin": [
            {"account": "S1", "time": "2026-01-02T10:00:00+00:00", "outcome": "failure"},
            {"account": "S2", "time": "2026-01-02T11:00:00+00:00"},
        ],
    }
    with opened(given, datetime(2026, 2, 1, tzinfo=UTC)) as session:
        yield session


def subject(lake: Session, account: str) -> Subject:
    return Subject(subjects_of(lake)[account.lower()], "employee", {}, "network")


def test_an_answer_is_fired_clear_or_not_assessable(lake: Session) -> None:
    outcomes = run(lake, [indicator()])
    fired = outcomes.evidence(subject(lake, "S1"))
    assert [finding.event_ids for finding in fired.fired] == [("e4",)]
    assert dict(fired.fired[0].values) == {"n": 1, "last": datetime(2026, 1, 2, 10, tzinfo=UTC)}
    assert fired.fired[0].time == datetime(2026, 1, 2, 10, tzinfo=UTC)
    assert outcomes.evidence(subject(lake, "S2")).clear == ("net-x",)
    assert outcomes.evidence(subject(lake, "S3")).not_assessable == ("net-x",)


def test_a_failing_indicator_stops_no_other(lake: Session) -> None:
    broken = indicator("SELECT nothing FROM nowhere", id="net-broken")
    outcomes = run(lake, [broken, indicator()])
    assert [problem.where for problem in outcomes.problems] == ["net-broken"]
    assert "nowhere" in outcomes.problems[0].message
    evidence = outcomes.evidence(subject(lake, "S1"))
    assert [finding.indicator for finding in evidence.fired] == ["net-x"]
    assert evidence.not_assessable == ("net-broken",)


def test_parameters_can_be_overridden(lake: Session) -> None:
    name = next(name for name, one in catalogue().items() if one.parameters)
    parameter = next(iter(catalogue()[name].parameters))
    with pytest.raises(ConfigError, match="has no parameter nonsense"):
        run(lake, [], {name: {"nonsense": 1}})
    with pytest.raises(ConfigError, match="is no indicator"):
        run(lake, [], {"no-such": {parameter: 1}})
    findings, clear = ask(lake, indicator(), {"most": 5})
    assert not findings
    assert len(clear) == 2


def test_manual_indicators_run_by_name_only(lake: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    both = {"net-x": indicator(), "net-y": indicator(id="net-y", status="manual")}
    monkeypatch.setattr("pickglass.indicators.run.catalogue", lambda: both)
    assert run(lake).asked == ("net-x",)
    assert run(lake, [both["net-y"]]).asked == ("net-y",)


VALUES = "['e1'] AS event_ids, 1 AS n, 1 AS last FROM signin"
BASE = f"'2026-01-02 00:00:00Z'::TIMESTAMPTZ AS time, {VALUES}"


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT subject_id, true AS fired, time, ['e1'] AS event_ids FROM signin", "no column n, last"),
        (f"SELECT 'S' AS subject_id, true AS fired, {BASE}", "several rows for one subject"),
        (f"SELECT subject_id, 1 AS fired, {BASE}", "column fired is int32"),
        (f"SELECT subject_id, NULL::BOOLEAN AS fired, {BASE}", "column fired is null"),
        (
            f"SELECT subject_id, true AS fired, NULL::TIMESTAMPTZ AS time, {VALUES}",
            "lacks its time",
        ),
        (
            f"SELECT subject_id, true AS fired, CAST(time AS DATE) AS time, {VALUES}",
            "column time is date32",
        ),
    ],
)
def test_an_answer_that_could_be_misread_is_refused(lake: Session, sql: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        ask(lake, indicator(sql))
