"""A drafted indicator says what to fill in, stops nothing, and passes the check once it is filled in."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.lake.views import lake, worker

from pickglass import pipeline
from pickglass.errors import ConfigError, InputError, NotFound
from pickglass.indicators.catalogue import catalogue, catalogue_version, folders
from pickglass.indicators.drafting import GAP, gaps
from pickglass.indicators.lint import check
from pickglass.indicators.run import ask
from pickglass.score import load_scorecard
from pickglass.settings import Settings, load_settings

FILLED = (
    ("(?m)^title: .*", "title: Sign-ins on many days"),
    ("(?m)^question: .*", "question: Did somebody sign in on many days?"),
    ("(?m)^sentence: .*", 'sentence: "{signins} sign-ins up to {time}."'),
    ("(?m)^innocent: .*", "innocent: [daily work]"),
    ("(?m)^ask_next: .*", "ask_next: [ask the person]"),
    ("(?m)^references: .*", "references: [OURS]"),
    ("sentence: \"FILL IN: the whole[^\"]*\"", 'sentence: "3 sign-ins up to 2026-03-04 09:00 UTC."'),
    ("near: \"FILL IN[^\"]*\"", "near: fires on what the question asks"),
    (f"{GAP}: ", ""),
)  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "home", {})


def test_every_gap_is_named_and_nothing_else_is_said(settings: Settings) -> None:
    path = pipeline.new_indicator(settings, "net-odd-hours", "network")
    complaints = check(["net-odd-hours"], folders(settings.home))
    assert {one.check for one in complaints} == {"unfinished"}
    assert len(complaints) == len(gaps(path)) == path.read_text().count(GAP) + 2  # two of them in the SQL
    assert any(one.why.startswith("tests[2].near: ") for one in complaints)


def test_a_draft_can_be_asked_and_answers_about_nobody(settings: Settings) -> None:
    pipeline.new_indicator(settings, "net-odd-hours", "network")
    signin = {"account": "hr:1", "time": "2026-03-02", "activity": "signin", "outcome": "success"}
    with lake(worker=[worker("hr:1")], signin=[signin]) as opened:
        assert ask(opened, catalogue(settings.home)["net-odd-hours"]) == ([], frozenset())


def test_a_draft_that_is_filled_in_passes(settings: Settings) -> None:
    path = pipeline.new_indicator(settings, "net-odd-hours", "network")
    text = path.read_text()
    for pattern, instead in FILLED:
        text = re.sub(pattern, instead, text)
    path.write_text(text)
    sql = path.with_suffix(".sql")
    sql.write_text(
        re.sub("\n  AND FALSE.*", "", re.sub("^-- .*", "-- Successful sign-ins.", sql.read_text()))
    )
    assert not [str(one) for one in check(["net-odd-hours"], folders(settings.home), absence=True)]


def test_an_own_indicator_stays_a_draft_until_a_scorecard_names_it(settings: Settings) -> None:
    path = pipeline.new_indicator(settings, "net-odd-hours", "network")
    path.write_text(path.read_text().replace("status: draft ", "status: active "))
    card = load_scorecard()
    assert pipeline._indicators(settings, card)["net-odd-hours"].status == "draft"
    weight = next(iter(card.weights.values()))
    named = replace(card, weights={**card.weights, "net-odd-hours": weight})
    assert pipeline._indicators(settings, named)["net-odd-hours"].status == "active"


def test_own_indicators_are_part_of_the_version(settings: Settings) -> None:
    before = catalogue_version(settings.home)
    assert before == catalogue_version()
    pipeline.new_indicator(settings, "net-odd-hours", "network")
    assert catalogue_version(settings.home) != before


def test_a_shipped_id_cannot_be_taken(settings: Settings) -> None:
    with pytest.raises(InputError, match="already"):
        pipeline.new_indicator(settings, "net-sanctioned-geo", "network")
    path = pipeline.new_indicator(settings, "net-odd-hours", "network")
    path.with_name("net-sanctioned-geo.yaml").write_text(
        path.read_text().replace("net-odd-hours", "net-sanctioned-geo")
    )
    path.with_name("net-sanctioned-geo.sql").write_text(path.with_suffix(".sql").read_text())
    with pytest.raises(ConfigError, match="exists twice"):
        catalogue(settings.home)


@pytest.mark.parametrize("id", ["Odd", "odd", "../odd-hours", "odd hours", "odd-" + "x" * 70])
def test_what_is_no_id_is_refused(settings: Settings, id: str) -> None:
    with pytest.raises(InputError, match="no id"):
        pipeline.new_indicator(settings, id, "network")


def test_an_unknown_stage_is_told(settings: Settings) -> None:
    with pytest.raises(NotFound, match="no stage"):
        pipeline.new_indicator(settings, "net-odd-hours", "lunch")
