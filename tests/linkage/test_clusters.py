"""Personas are cohesive, obey decisions, keep their ids, and do not depend on the order of rows."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from itertools import combinations, pairwise

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pickglass.linkage import PAIRS, Change, Clusters, cluster

SURE = 12.0


def pairs(rows: Iterable[tuple[str, str, float]]) -> pa.Table:
    listed = [(min(left, right), max(left, right), bits) for left, right, bits in rows]
    return pa.Table.from_pylist(
        [
            {"left": left, "right": right, "probability": 1 / (1 + 2**-bits), "bits": bits}
            for left, right, bits in listed
        ],
        schema=PAIRS,
    )


def clique(members: str, bits: float = SURE) -> list[tuple[str, str, float]]:
    return [(one, other, bits) for one, other in combinations(members, 2)]


def groups(found: Clusters) -> set[str]:
    return {"".join(members) for members in found.members.values()}


def kept(found: Clusters) -> Mapping[str, frozenset[str]]:
    return {name: frozenset(members) for name, members in found.members.items()}


def test_pairs_and_triangles_are_clusters() -> None:
    found = cluster(pairs([*clique("AB"), *clique("CDE"), ("F", "G", -0.5)]))
    assert dict(found.members) == {"P-A": ("A", "B"), "P-C": ("C", "D", "E")}
    assert {change.kind for change in found.changes} == {"new"}


def test_nothing_gives_nothing() -> None:
    assert cluster(pairs([])) == Clusters()


def test_one_pair_does_not_make_two_families_one() -> None:
    found = cluster(pairs([*clique("ABC"), *clique("DEF"), ("C", "D", SURE)]))
    assert groups(found) == {"ABC", "DEF"}


def test_a_third_record_may_know_only_one_of_the_other_two() -> None:
    assert groups(cluster(pairs([("A", "B", SURE), ("B", "C", SURE)]))) == {"ABC"}


def test_a_long_chain_falls_apart() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWX"
    found = cluster(pairs([(one, other, SURE) for one, other in pairwise(letters)]))
    assert max(map(len, found.members.values())) <= 4


def test_a_star_around_one_shared_value_keeps_its_surest_only() -> None:
    found = cluster(pairs([("A", other, 2.0 + number) for number, other in enumerate("BCDEFGHIJ")]))
    (members,) = found.members.values()
    assert {"A", "J"} <= set(members)
    assert len(members) <= 4


def test_people_decide_for_ever() -> None:
    rows = pairs([*clique("ABC"), ("D", "E", -3.0)])
    found = cluster(rows, decisions={("A", "B"): False, ("D", "E"): True, ("Y", "X"): True})
    assert {"DE", "XY"} <= groups(found)
    assert not any("A" in group and "B" in group for group in groups(found))


def test_different_is_stronger_than_a_chain_of_same() -> None:
    found = cluster(pairs([]), decisions={("A", "B"): True, ("B", "C"): True, ("A", "C"): False})
    assert groups(found) == {"AB"}


def test_ids_outlive_what_comes_and_goes() -> None:
    first = cluster(pairs([*clique("BC"), *clique("XY")]))
    second = cluster(pairs([*clique("ABC"), *clique("XY")]), previous=kept(first))
    assert second.members["P-B"] == ("A", "B", "C")
    assert second.changes == (Change("grown", "P-B", subjects=("A",)),)
    third = cluster(pairs(clique("AC")), previous=kept(second))
    assert third.members == {"P-B": ("A", "C")}
    assert third.changes == (
        Change("shrunk", "P-B", subjects=("B",)),
        Change("gone", "P-X", subjects=("X", "Y")),
    )


def test_two_who_founded_other_clusters_can_still_be_one_person() -> None:
    """Each was parted from its cluster by decision, which kept its name; then somebody said that they are one."""
    before = {"P-A": frozenset("ABC"), "P-D": frozenset("DEF")}
    decisions = {("A", "B"): False, ("A", "C"): False, ("D", "E"): False, ("D", "F"): False, ("A", "D"): True}
    found = cluster(pairs([*clique("ABC"), *clique("DEF")]), decisions=decisions, previous=before)
    assert groups(found) == {"AD", "BC", "EF"}
    assert found.members["P-A"] == ("B", "C")
    again = cluster(pairs([*clique("ABC"), *clique("DEF")]), decisions=decisions, previous=kept(found))
    assert (again.members, again.changes) == (found.members, ())


def test_merges_and_splits_are_told() -> None:
    apart = cluster(pairs([*clique("ABC"), *clique("DE")]))
    merged = cluster(pairs(clique("ABCDE")), previous=kept(apart))
    assert merged.members == {"P-A": tuple("ABCDE")}
    assert merged.changes == (Change("merged", "P-A", ("P-D",), ("D", "E")),)
    split = cluster(pairs([*clique("ABC"), *clique("DE")]), previous=kept(merged))
    assert set(split.members.values()) == {("A", "B", "C"), ("D", "E")}
    assert split.changes == (Change("split", "P-A", ("P-D",), ("D", "E")),)


def test_new_subjects_join_without_the_old_pairs() -> None:
    old = cluster(pairs([*clique("ABC"), *clique("XY")]))
    rows = pairs([(new, one, SURE) for new in "N" for one in "ABC"])
    found = cluster(rows, previous=kept(old), increment=True)
    assert groups(found) == {"ABCN", "XY"}
    assert found.changes == (Change("grown", "P-A", subjects=("N",)),)


@given(st.data())
def test_the_order_of_rows_does_not_matter_and_everybody_has_a_pair(data: st.DataObject) -> None:
    subjects = "ABCDEFGHIJ"
    chosen = data.draw(st.lists(st.sampled_from(list(combinations(subjects, 2))), unique=True))
    rows = [(one, other, data.draw(st.integers(-2, 20)) / 1.0) for one, other in chosen]
    shuffled = rows[:]
    random.Random(data.draw(st.integers(0, 99))).shuffle(shuffled)  # noqa: S311 - chance, not secrecy
    found = cluster(pairs(rows))
    assert cluster(pairs(shuffled)) == found
    again = cluster(pairs(shuffled), previous=kept(found))
    assert again == Clusters(found.members)
    members = [subject for group in found.members.values() for subject in group]
    assert len(members) == len(set(members))
    linked = {frozenset((one, other)) for one, other, bits in rows if bits >= 0}
    for group in found.members.values():
        assert all(any(frozenset((one, other)) in linked for other in group) for one in group)
