"""Sentences: the indicator's template with typed values, written for people."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from pickglass.indicators.sentence import fields, render, text
from pickglass.model.records import Indicator


def indicator(sentence: str) -> Indicator:
    return Indicator(
        id="x",
        title="x",
        question="x",
        stage="data",
        family="data",
        status="active",
        fairness="safe",
        tier=1,
        sentence=sentence,
        sql="",
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "unknown"),
        ("", "unknown"),
        (float("nan"), "unknown"),
        (True, "yes"),
        (False, "no"),
        (5, "5"),
        (5900, "5900"),
        (12_000, "12,000"),
        (0.0421, "0.04"),
        (3.14159, "3.1"),
        (2.0, "2"),
        (1234.56, "1235"),
        (datetime(2026, 3, 2, 14, 5, 59, tzinfo=UTC), "2026-03-02 14:05 UTC"),
        (datetime(2026, 3, 2, 14, 5, tzinfo=timezone(timedelta(hours=9))), "2026-03-02 05:05 UTC"),
        (date(2026, 3, 2), "2026-03-02"),
        (timedelta(hours=5), "5 h"),
        (["a", "b"], "a, b"),
        (list("abcdefg"), "a, b, c, d, e and 2 more"),
        ([], "none"),
        (("x", None), "x, unknown"),
        ("plain", "plain"),
    ],
)
def test_a_value_is_written_by_its_type(value: Any, written: str) -> None:
    assert text(value) == written


def test_fields_are_named_once_in_order() -> None:
    assert fields("{b} and {a}, again {b}") == ("b", "a")


def test_a_sentence_takes_the_values() -> None:
    assert render(indicator("{n} files, {who}"), {"n": 3, "who": None}) == "3 files, unknown"


def test_a_mask_replaces_values_before_they_are_written() -> None:
    shown = render(
        indicator("{n} of {who}"),
        {"n": 3, "who": "Ann"},
        lambda field, value: "•••" if field == "who" else value,
    )
    assert shown == "3 of •••"


def test_braces_in_a_value_stay_as_they_are() -> None:
    assert render(indicator("{who}"), {"who": "{n} {0}"}) == "{n} {0}"
