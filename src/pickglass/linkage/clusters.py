"""Personas: groups of subjects that are each other's likely selves, stable from run to run.

Chains are the danger: A shares a telephone with B, B a name with C, and soon half the company is one person. So two
groups become one only while the pairs across them speak for it on average, and a pair that nobody linked speaks
against it. The surest go first; all sums are whole numbers, so that the order of rows cannot matter.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pickglass.linkage.model import LINKED
from pickglass.linkage.shared import short_id

Decisions = (  # True: the same person, for ever
    Mapping[frozenset[str] | tuple[str, str], bool]
    | Mapping[frozenset[str], bool]
    | Mapping[tuple[str, str], bool]
)

_MOST = 1_000  # hundredths of a bit that one pair can say for a group: one sure pair does not outvote ten missing ones
_MISSING = -500  # what a pair says that is not among the pairs

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a cluster since the previous run."""

    kind: Literal["new", "grown", "shrunk", "merged", "split", "gone"]
    cluster: str
    others: tuple[str, ...] = ()  # merged: the ids that went into it; split: the ids that came out of it
    subjects: tuple[str, ...] = ()  # who came or went


@dataclass(frozen=True, slots=True)
class Clusters:
    """All clusters of two or more by id, and what changed."""

    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()


def cluster(
    pairs: pa.Table,
    *,
    decisions: Decisions | None = None,
    previous: Mapping[str, frozenset[str]] | None = None,
    threshold: float = LINKED,
    increment: bool = False,
) -> Clusters:
    """Group subjects so that every member is justified by its own pairs, whatever the order of rows.

    With `increment`, `pairs` are the pairs of new subjects alone: the previous clusters stay together, and only those
    that the pairs touch can grow or become one.
    """
    decided = _decided(decisions or {})
    before = dict(sorted((previous or {}).items()))
    wanted = pairs.filter(pc.greater_equal(pairs["bits"], _bits(threshold) + _MISSING / 100))
    kept = {name: set(members) for name, members in before.items()} if increment else {}
    groups = _groups(wanted, decided, [sorted(members) for members in kept.values()], threshold)
    members = _name(groups, before)
    return Clusters(members, _changes(members, before))


def _decided(decisions: Decisions) -> dict[tuple[str, str], bool]:
    found: dict[tuple[str, str], bool] = {}
    for pair, same in decisions.items():
        left, right = sorted(pair)
        found[left, right] = same
    return found


def _bits(probability: float) -> float:
    return (
        math.log2(probability / (1 - probability))
        if 0 < probability < 1
        else math.copysign(40, probability - 0.5)
    )


def _groups(
    pairs: pa.Table, decided: Mapping[tuple[str, str], bool], together: list[list[str]], threshold: float
) -> list[tuple[str, ...]]:
    """Every group of two or more, each sorted, in order."""
    more = [subject for pair in decided for subject in pair] + [one for group in together for one in group]
    ends = [pairs["left"].combine_chunks(), pairs["right"].combine_chunks()]
    ids = pc.unique(pa.concat_arrays([*ends, pa.array(more, pa.string())]))
    ids = ids.take(pc.sort_indices(ids))
    left, right = (pc.index_in(end, ids).to_numpy(zero_copy_only=False).astype(np.int64) for end in ends)
    left, right = np.minimum(left, right), np.maximum(left, right)
    # Weights are counted from the threshold on: a pair just above it says nothing for a group yet, but not against it.
    bits = np.rint(100 * (pairs["bits"].to_numpy() - _bits(threshold))).astype(np.int64)
    weights = np.clip(bits, _MISSING, _MOST)
    place = {subject: number for number, subject in enumerate(ids.to_pylist())} if more else {}
    rules = {(place[one], place[other]): same for (one, other), same in decided.items()}
    joined = [[place[one] for one in group] for group in together]

    sure = weights >= 0
    chained = [(group[0], other) for group in joined for other in group[1:]] + [
        pair for pair, same in rules.items() if same
    ]
    starts = np.concatenate([left[sure], np.array([one for one, _ in chained], dtype=np.int64)])
    stops = np.concatenate([right[sure], np.array([other for _, other in chained], dtype=np.int64)])
    component = _components(len(ids), starts, stops)
    inside = component[left] == component[right]
    left, right, weights, sure = left[inside], right[inside], weights[inside], sure[inside]

    sizes = np.bincount(component, minlength=len(ids))
    links = np.bincount(component[left[sure]], minlength=len(ids))
    whole = (sizes > 1) & (links == sizes * (sizes - 1) // 2)  # everybody is linked with everybody
    special = {int(component[one]) for pair in rules for one in pair} | {
        int(component[one[0]]) for one in joined
    }
    whole[list(special)] = False
    names = ids.to_pylist()
    found = [tuple(names[one] for one in group) for group in _split(component, whole)]

    hard = (sizes > 1) & ~whole
    rows = np.flatnonzero(hard[component[left]])
    rows = rows[np.argsort(component[left[rows]], kind="stable")]
    edges: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for one, other, weight, root in zip(
        left[rows].tolist(),
        right[rows].tolist(),
        weights[rows].tolist(),
        component[left[rows]].tolist(),
        strict=True,
    ):
        edges[root].append((one, other, weight))
    rules_of: dict[int, dict[tuple[int, int], bool]] = defaultdict(dict)
    for pair, same in rules.items():
        if component[pair[0]] == component[pair[1]]:
            rules_of[int(component[pair[0]])][pair] = same
    joined_of: dict[int, list[list[int]]] = defaultdict(list)
    for group in joined:
        joined_of[int(component[group[0]])].append(group)
    for members in _split(component, hard):
        root = int(component[members[0]])
        found += [
            tuple(names[one] for one in group)
            for group in _agglomerate(edges[root], rules_of.get(root, {}), joined_of.get(root, []))
        ]
    return sorted(found)


def _components(count: int, left: Whole, right: Whole) -> Whole:
    """The smallest member of each one's component."""
    label = np.arange(count, dtype=np.int64)
    while len(left):
        low = np.minimum(label[left], label[right])
        np.minimum.at(label, label[left], low)
        np.minimum.at(label, label[right], low)
        while not np.array_equal(label, label[label]):
            label = label[label]
        apart = label[left] != label[right]
        left, right = left[apart], right[apart]
    return label


def _split(component: Whole, wanted: NDArray[np.bool_]) -> Iterable[list[int]]:
    """The members of each wanted component."""
    members = np.flatnonzero(wanted[component])
    members = members[np.argsort(component[members], kind="stable")]
    if not len(members):
        return []
    cuts = np.flatnonzero(np.diff(component[members])) + 1
    bounds = [0, *cuts.tolist(), len(members)]
    listed = members.tolist()
    return [listed[start:stop] for start, stop in pairwise(bounds)]


def _agglomerate(
    edges: Iterable[tuple[int, int, int]],
    rules: Mapping[tuple[int, int], bool],
    together: Iterable[list[int]],
) -> list[list[int]]:
    """Join the two groups whose pairs speak most for it, again and again, until none do."""
    group = _Groups()
    for one, other, weight in edges:
        group.link(one, other, weight)
    for (one, other), same in rules.items():
        if not same:
            group.part(one, other)
    for one, other in sorted(pair for pair, same in rules.items() if same):
        group.join(one, other)
    for members in together:
        for other in members[1:]:
            group.join(members[0], other)
    heap = [(-average, one, other) for one, other, average in group.averages()]
    heapq.heapify(heap)
    while heap:
        negative, one, other = heapq.heappop(heap)
        if group.average(one, other) != -negative:
            continue  # one of the two has changed since
        for neighbour, average in group.merge(one, other):
            low, high = min(one, neighbour), max(one, neighbour)
            heapq.heappush(heap, (-average, low, high))
    return [sorted(members) for _, members in sorted(group.members.items()) if len(members) > 1]


class _Groups:
    """Groups named by their smallest member, with the sums of the pairs between them."""

    def __init__(self) -> None:
        self.members: dict[int, list[int]] = {}
        self._name_of: dict[int, int] = {}  # each one's group, or the group that took it in
        self._sums: dict[int, dict[int, tuple[int, int, bool]]] = defaultdict(
            dict
        )  # weight, pairs, any that is sure
        self._apart: dict[int, set[int]] = defaultdict(set)

    def link(self, one: int, other: int, weight: int) -> None:
        for end in (one, other):
            self.members.setdefault(end, [end])
            self._name_of[end] = end
        self._sums[one][other] = self._sums[other][one] = (weight, 1, weight >= 0)

    def part(self, one: int, other: int) -> None:
        self._apart[one].add(other)
        self._apart[other].add(one)

    def join(self, one: int, other: int) -> None:
        """Join by decision; not where another decision keeps two of them apart."""
        for end in (one, other):
            if end not in self._name_of:
                self.members[end] = [end]
                self._name_of[end] = end
        names = sorted({self._find(one), self._find(other)})
        if len(names) == 2 and names[1] not in self._apart[names[0]]:
            self.merge(names[0], names[1])

    def _find(self, one: int) -> int:
        while self._name_of[one] != one:
            one = self._name_of[one]
        return one

    def averages(self) -> Iterable[tuple[int, int, float]]:
        for one, others in self._sums.items():
            for other in others:
                if one < other and (average := self.average(one, other)) is not None:
                    yield one, other, average

    def average(self, one: int, other: int) -> float | None:
        """What the pairs between two groups say on average; None where they are not to be joined."""
        if one not in self.members or other not in self.members or other in self._apart[one]:
            return None
        total, count, sure = self._sums[one].get(other, (0, 0, False))
        pairs = len(self.members[one]) * len(self.members[other])
        total += _MISSING * (pairs - count)
        return total / pairs if sure and total >= 0 else None

    def merge(self, one: int, other: int) -> list[tuple[int, float]]:
        """Put the second group into the first; tell the first's neighbours and what speaks for joining them now."""
        self.members[one] += self.members.pop(other)
        self._name_of[other] = one
        for neighbour, (weight, count, sure) in self._sums.pop(other, {}).items():
            del self._sums[neighbour][other]
            if neighbour == one:
                continue
            weight_one, count_one, sure_one = self._sums[one].get(neighbour, (0, 0, False))
            summed = (weight + weight_one, count + count_one, sure or sure_one)
            self._sums[one][neighbour] = self._sums[neighbour][one] = summed
        for neighbour in self._apart.pop(other, set()):
            self._apart[neighbour].discard(other)
            if neighbour != one:
                self.part(one, neighbour)
        return [
            (neighbour, average)
            for neighbour in self._sums[one]
            if (average := self.average(min(one, neighbour), max(one, neighbour))) is not None
        ]


def _name(groups: list[tuple[str, ...]], before: Mapping[str, frozenset[str]]) -> dict[str, tuple[str, ...]]:
    """Give each group the id of the previous cluster that it has most members of; or a new one, after its first member."""
    cluster_of = {subject: name for name, members in before.items() for subject in members}
    overlaps: list[tuple[int, str, int]] = []
    for number, group in enumerate(groups):
        shared: dict[str, int] = defaultdict(int)
        for subject in group:
            if subject in cluster_of:
                shared[cluster_of[subject]] += 1
        overlaps += [(-count, name, number) for name, count in shared.items()]
    named: dict[int, str] = {}
    taken: set[str] = set()
    for _, name, number in sorted(overlaps):
        if number not in named and name not in taken:
            named[number] = name
            taken.add(name)
    used = taken | set(before)
    for number, group in enumerate(groups):
        if number not in named:
            # A founder who was parted from its group left its name there; if all of these did, all name it together.
            free = (name for name in map(_founded_by, group) if name not in used)
            named[number] = next(free, None) or short_id("P", *group)
            used.add(named[number])
    return {named[number]: groups[number] for number in sorted(named, key=lambda number: named[number])}


def _founded_by(subject: str) -> str:
    return "P-" + subject.removeprefix("S-")


def _changes(
    members: Mapping[str, tuple[str, ...]], before: Mapping[str, frozenset[str]]
) -> tuple[Change, ...]:
    now = {subject: name for name, group in members.items() for subject in group}
    earlier = {subject: name for name, group in before.items() for subject in group}
    changes: list[Change] = []
    for name, group in members.items():
        sources = {earlier[subject] for subject in group if subject in earlier}
        if name not in before and not sources:
            changes.append(Change("new", name, subjects=group))
            continue
        # Who was in a cluster that lives on under its own id came out of it by a split, told there.
        absorbed = tuple(sorted(source for source in sources if source != name and source not in members))
        if absorbed:
            came = tuple(subject for subject in group if earlier.get(subject) in absorbed)
            changes.append(Change("merged", name, absorbed, came))
        fresh = tuple(subject for subject in group if subject not in earlier)
        if fresh:
            changes.append(Change("grown", name, subjects=fresh))
    for name, old in before.items():
        places = {now[subject] for subject in old if subject in now}
        if not places:
            changes.append(Change("gone", name, subjects=tuple(sorted(old))))
            continue
        elsewhere = tuple(sorted(places - {name}))
        if (name in members and elsewhere) or len(places) > 1:
            moved = tuple(sorted(subject for subject in old if now.get(subject) in elsewhere))
            changes.append(Change("split", name, elsewhere, moved))
        left = tuple(sorted(subject for subject in old if subject not in now))
        if left and name in members:
            changes.append(Change("shrunk", name, subjects=left))
    return tuple(sorted(changes, key=lambda change: (change.cluster, change.kind)))
