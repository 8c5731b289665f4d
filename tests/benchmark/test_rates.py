"""The measures of a benchmark, against values worked out elsewhere and against what must hold for any."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pickglass.benchmark.rates import bootstrap, holm, sign_test, wilson


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_known_intervals(count: int, total: int, low: float, high: float) -> None:
    assert wilson(count, total) == pytest.approx((low, high), abs=0.0002)


def test_of_nobody_nothing_is_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert bootstrap([], 7) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("more", "fewer", "chance"), [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 0.0625), (0, 5, 0.0625), (8, 2, 0.109375)]
)
def test_the_sign_test_counts_both_tails(more: int, fewer: int, chance: float) -> None:
    assert sign_test(more, fewer) == pytest.approx(chance)


def test_holm_multiplies_the_smallest_most() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(-800, 800), min_size=1, max_size=12), st.integers(0, 2**31))
def test_the_bootstrap_is_repeatable_and_stays_within_the_values(values: list[int], seed: int) -> None:
    low, high = bootstrap(values, seed)
    assert (low, high) == bootstrap(values, seed)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9


def test_the_bootstrap_of_one_value_is_that_value() -> None:
    assert bootstrap([0.5] * 9, 3) == (0.5, 0.5)
