"""Marks of linkage: by cases made by hand, by counting pairs the slow way, and by what must always hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pickglass.benchmark.marks import (
    ClusterMark,
    Mark,
    Truth,
    best_recall,
    curve,
    false_links_by_commonness,
    mark,
    mark_clusters,
)

Pairs = Sequence[tuple[str, str, float]]


def truth_of(persons: Mapping[str, int]) -> Truth:
    return Truth.of(pa.table({"subject_id": list(persons), "person": list(persons.values())}))


def table(pairs: Pairs) -> pa.Table:
    left, right, probability = zip(*pairs, strict=True) if pairs else ((), (), ())
    return pa.table(
        {
            "left": pa.array(left, pa.string()),
            "right": pa.array(right, pa.string()),
            "probability": pa.array(probability, pa.float64()),
        }
    )


# a, b, c are one person; d, e another; f is alone.
SIX = truth_of({"f": 9, "a": 4, "b": 4, "c": 4, "d": 7, "e": 7})
PAIRS: Pairs = [("a", "b", 0.99), ("d", "e", 0.9), ("a", "f", 0.9), ("b", "c", 0.4)]


def test_the_truth_counts_its_pairs() -> None:
    assert (SIX.pairs, SIX.largest) == (4, 3)


def test_pairs_are_marked_at_a_threshold() -> None:
    assert mark(table(PAIRS), SIX, 0.95) == Mark(0.95, 1.0, 0.25)
    assert mark(table(PAIRS), SIX, 0.9) == Mark(0.9, round(2 / 3, 6), 0.5)
    assert mark(table([]), SIX, 0.5) == Mark(0.5, 1.0, 0.0)


def test_a_curve_takes_all_pairs_of_one_probability_together() -> None:
    points = curve(table(PAIRS), SIX)
    assert points == (Mark(0.99, 1.0, 0.25), Mark(0.9, round(2 / 3, 6), 0.5), Mark(0.4, 0.75, 0.75))
    assert curve(table(list(reversed(PAIRS))), SIX) == points
    assert curve(table([]), SIX) == ()


def test_the_best_recall_keeps_the_precision() -> None:
    points = curve(table(PAIRS), SIX)
    assert best_recall(points, 0.98) == points[0]
    assert best_recall(points, 0.7) == points[2]
    assert best_recall(points[1:2], 0.98) is None


def test_clusters_count_as_all_their_pairs() -> None:
    assert mark_clusters([("a", "b", "f"), ("d", "e")], SIX) == ClusterMark(0.5, 0.5, 3)
    assert mark_clusters([], SIX) == ClusterMark(1.0, 0.0, 1)


def test_false_links_are_counted_by_how_common_the_names_are() -> None:
    truth = truth_of({"a": 1, "b": 2, "c": 3, "d": 4})
    found = table([("b", "c", 0.95), ("a", "d", 0.2)])
    assert false_links_by_commonness(found, truth, np.array([1, 9, 8, 2]), 0.9, parts=2) == (0.0, 1000.0)


def test_an_unknown_subject_is_an_error_of_the_bench() -> None:
    with pytest.raises(ValueError, match="not given"):
        SIX.right(table([("a", "zz", 0.9)]))


SUBJECTS = [f"s{number}" for number in range(7)]
persons = st.lists(st.integers(0, 3), min_size=7, max_size=7).map(
    lambda drawn: dict(zip(SUBJECTS, drawn, strict=True))
)
scored = st.dictionaries(
    st.sampled_from(list(combinations(SUBJECTS, 2))), st.sampled_from([0.1, 0.5, 0.7, 0.9, 1.0])
).map(lambda drawn: [(*pair, probability) for pair, probability in drawn.items()])


@settings(deadline=None)  # a busy machine is no fault
@given(persons, scored, st.sampled_from([0.0, 0.5, 0.6, 0.95]))
def test_marks_are_what_counting_gives(who: dict[str, int], pairs: Pairs, threshold: float) -> None:
    found = [(one, other) for one, other, probability in pairs if probability >= threshold]
    same = {pair for pair in combinations(SUBJECTS, 2) if who[pair[0]] == who[pair[1]]}
    right = len(same.intersection(found))
    expected = Mark(
        threshold,
        round(right / len(found), 6) if found else 1.0,
        round(right / len(same), 6) if same else 1.0,
    )
    assert mark(table(pairs), truth_of(who), threshold) == expected


@settings(deadline=None)  # a busy machine is no fault
@given(persons, scored)
def test_a_curve_gains_recall_and_ends_with_all_pairs(who: dict[str, int], pairs: Pairs) -> None:
    points = curve(table(pairs), truth_of(who))
    recalls = [point.recall for point in points]
    assert recalls == sorted(recalls)
    assert [point.threshold for point in points] == sorted({one[2] for one in pairs}, reverse=True)
    for point in points:
        assert mark(table(pairs), truth_of(who), point.threshold) == point


@settings(deadline=None)  # a busy machine is no fault
@given(persons, st.lists(st.integers(0, 3), min_size=7, max_size=7))
def test_clusters_are_marked_as_their_pairs_are(who: dict[str, int], labels: list[int]) -> None:
    groups = [[s for s, own in zip(SUBJECTS, labels, strict=True) if own == one] for one in set(labels)]
    pairs = [(*pair, 1.0) for group in groups for pair in combinations(group, 2)]
    as_pairs = mark(table(pairs), truth_of(who), 0.5)
    as_clusters = mark_clusters(groups, truth_of(who))
    assert (as_clusters.precision, as_clusters.recall) == (as_pairs.precision, as_pairs.recall)
    assert as_clusters.largest == max(map(len, groups))
