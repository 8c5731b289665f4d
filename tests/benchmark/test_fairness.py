"""Nobody stands out for what they are: a small company of counterparts through the whole pipeline, and the page about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pickglass.benchmark import fairness as measure
from pickglass.benchmark.fairness import LIMIT, fairness, never_read
from pickglass.benchmark.fairness_page import page
from pickglass.errors import InputError
from pickglass.simulate import casting, groups, life
from pickglass.simulate.acts import Diary
from pickglass.simulate.world.company import Tool
from pickglass.simulate.world.people import PhoneBook
from pickglass.simulate.world.places import Land, vpn_exits

# One process measures once for all of these tests.
pytestmark = pytest.mark.xdist_group("fairness")

PEOPLE, DAYS = groups.POSTS + 2 * (1 + len(groups.groups())), 30


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    return fairness(PEOPLE, DAYS, seed=5)


def test_honest_groups_differ_by_half_a_bit_at_most(result: dict[str, Any]) -> None:
    assert len(result["groups"]) == len(groups.groups())
    assert {one["people"] for one in result["groups"]} == {2}
    assert {one["id"]: one["bits"] for one in result["groups"] if one["bits"]["mean"] > LIMIT} == {}


def test_no_group_is_more_often_before_a_person(result: dict[str, Any]) -> None:
    more = [one["id"] for one in result["groups"] if one["urgent"]["group"] > one["urgent"]["base"]]
    assert more == []


def test_twins_get_the_same_assessment(result: dict[str, Any]) -> None:
    """Name, birth date, title, nationality and language change nothing: every step, total and word is the same."""
    twins = [one for one in result["groups"] if one["twin"]]
    assert len(twins) >= 10
    assert {one["id"]: one["same"] for one in twins if one["same"] != one["people"]} == {}


def test_what_marks_a_group_does_reach_the_indicators(result: dict[str, Any]) -> None:
    """Groups whose marks nobody could see would prove nothing."""
    seen = {one["id"]: {row["indicator"] for row in one["indicators"]} for one in result["groups"]}
    assert {"net-vpn-tunnel-provider", "dev-consumer-vpn-on-host"} <= seen["national-vpn"]
    assert sum(one["same"] < one["people"] for one in result["groups"] if not one["twin"]) >= 5


def test_a_mark_changes_no_other_throw_of_the_dice() -> None:
    """Somebody who takes up a VPN and tools lives the same days, hour by hour; only exits and those programs are new."""
    company = casting.cast(casting.World(5, Land(5), PhoneBook(5)), 30, 60, {})
    model = next(one for one in company.workers if one.hired < company.first and not one.habits.vpn)
    habits = replace(
        model.habits,
        vpn=vpn_exits("ASTRILL_VPN")[:3],
        vpn_share=500,
        camera=0,
        tools=(*model.habits.tools, Tool("nvda", model.hired, 900)),
    )
    number = len(company.workers)
    marked = replace(model, index=number, counterpart=model.index, habits=habits)
    diary = Diary()
    life.live(replace(company, workers=(*company.workers, marked)), diary)

    def days(acts: Sequence[Any], index: int, *but: str) -> list[dict[str, Any]]:
        own = [one._asdict() for one in acts if one.worker == index]
        return [{name: act[name] for name in act if name not in (*but, "worker")} for act in own]

    signins = [days(diary.signins, index, "network") for index in (model.index, number)]
    joins = [days(diary.joins, index, "network", "wired", "video") for index in (model.index, number)]
    processes = [days(diary.processes, index) for index in (model.index, number)]
    assert len(signins[0]) > 20
    assert signins[0] == signins[1]
    assert joins[0] == joins[1]
    assert processes[0] == [one for one in processes[1] if one["program"] != "nvda"] != processes[1]
    assert {one.network.operator for one in diary.signins if one.worker == number} == {"", "ASTRILL_VPN"}


@pytest.mark.slow
def test_the_measure_passes_as_the_command_runs_it() -> None:
    result = fairness()
    assert [one["id"] for one in result["groups"] if not one["passed"]] == []


def test_a_group_that_stands_out_is_told(result: dict[str, Any]) -> None:
    """The measure can fail: by bits, by bands, and by twins who differ."""
    pair = _pair()
    worse = replace(pair.own, totals={**pair.own.totals, "operated": pair.own.totals["operated"] + 51})
    urgent = replace(pair.own, band="review")
    group = groups.Group("a", "something")
    twin = groups.Group("a", "something", twin=True)
    assert _passed(group, pair)
    assert _passed(twin, pair)
    assert not _passed(group, measure.Pair(worse, pair.base))
    assert not _passed(group, measure.Pair(urgent, pair.base))
    assert not _passed(twin, measure.Pair(replace(pair.own, why_band="other words"), pair.base))


def _pair() -> measure.Pair:
    from pickglass.indicators.catalogue import catalogue
    from pickglass.model.records import Evidence, Subject
    from pickglass.score import load_scorecard, score

    def one(name: str) -> Any:
        subject = Subject(name, "employee", {}, "network")
        return score(Evidence(subject), load_scorecard("2026-11"), catalogue())

    return measure.Pair(one("S-1"), one("S-2"))


def _passed(group: groups.Group, pair: measure.Pair) -> bool:
    return bool(measure._compared(group, [pair], {}, 7)["passed"])


def test_the_page_is_the_same_for_the_same_result(result: dict[str, Any]) -> None:
    day = date(2026, 11, 2)
    text = page(result, day)
    assert text == page(result, day)
    for heading in (
        "# Fairness, measured",
        "## Bits and bands by group",
        "## Indicators that fire more or less often",
        "## What is held down, and why",
        "## What we never read",
    ):
        assert f"{heading}\n" in text
    for one in result["groups"]:
        assert f"\n| {one['id']} | " in text
    assert result["command"] in text
    assert "2026-11-02" in text


def test_indicators_that_answered_for_nobody_are_named(result: dict[str, Any]) -> None:
    """A question that nobody could be asked is not shown to be fair."""
    silent = set(result["never_answered"])
    answered = {row["indicator"] for one in result["groups"] for row in one["indicators"]}
    assert silent
    assert silent.isdisjoint(answered)
    text = page(result, date(2026, 11, 2))
    assert all(f"`{name}`" in text for name in silent)
    assert "* 0 indicators were assessable" in page({**result, "never_answered": []}, date(2026, 11, 2))


def test_the_page_names_every_protected_column() -> None:
    assert {f"{one['table']}.{one['column']}" for one in never_read()} == {"worker.birth_date"}


def test_counterparts_are_written_alike_for_the_same_seed(tmp_path: Path) -> None:
    people = groups.POSTS + 1 + len(groups.groups())
    for name in ("one", "two"):
        groups.write(tmp_path / name, people, 30, 9)
    one, two = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("one", "two")
    )
    assert one == two


def test_too_few_people_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nobody to compare"):
        groups.write(tmp_path, 20, 30, 1)
