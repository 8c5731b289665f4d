"""Marks for linkage: how right pairs and clusters are when it is known who is who.

A pair is right if both subjects are one person. Precision is the share of found pairs that are right, recall the
share of right pairs that were found. A cluster counts as all the pairs in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_POINTS = 120  # of a curve that are kept


@dataclass(frozen=True, slots=True)
class Truth:
    """Who is who: the person of each subject, subjects in the order of their ids."""

    subjects: pa.Array
    persons: NDArray[np.int64]

    @classmethod
    def of(cls, table: pa.Table) -> Truth:
        """Read a table of subject_id and person."""
        table = table.sort_by("subject_id").combine_chunks()
        persons = np.unique(table.column("person").to_numpy(), return_inverse=True)[1]
        return cls(table.column("subject_id").combine_chunks(), persons.astype(np.int64))

    @property
    def pairs(self) -> int:
        """How many pairs are one person."""
        return _pairs(np.bincount(self.persons))

    @property
    def largest(self) -> int:
        """How many subjects the most manifold person has."""
        return int(np.bincount(self.persons).max(initial=0))

    def places(self, subjects: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
        """Where these subjects stand; one that is unknown is an error of the bench."""
        found = pc.index_in(subjects, value_set=self.subjects)
        if found.null_count:
            raise ValueError("linkage names subjects that were not given to it")
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)

    def right(self, pairs: pa.Table) -> NDArray[np.bool_]:
        """Tell for each pair whether it is one person."""
        left, right = (self.persons[self.places(_whole(pairs, name))] for name in ("left", "right"))
        same: NDArray[np.bool_] = left == right
        return same


@dataclass(frozen=True, slots=True)
class Mark:
    """Precision and recall of all pairs with at least this probability."""

    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class ClusterMark:
    """Precision and recall of all pairs that clusters make, and the size of the largest cluster."""

    precision: float
    recall: float
    largest: int


def mark(pairs: pa.Table, truth: Truth, threshold: float) -> Mark:
    """Mark the pairs of this probability and more."""
    found = pairs.filter(pc.field("probability") >= threshold)
    right = int(truth.right(found).sum())
    return Mark(threshold, share(right, len(found)), share(right, truth.pairs))


def curve(pairs: pa.Table, truth: Truth) -> tuple[Mark, ...]:
    """Mark every threshold that the pairs know, the highest first, thinned out evenly where there are many."""
    probability = _whole(pairs, "probability").to_numpy()
    order = np.argsort(-probability, kind="stable")
    probability = probability[order]
    right = np.cumsum(truth.right(pairs)[order])
    # A threshold takes all pairs of one probability or none.
    last = np.flatnonzero(np.append(probability[1:] != probability[:-1], True)) if len(order) else order
    if len(last) > _POINTS:
        last = last[np.unique(np.linspace(0, len(last) - 1, _POINTS).astype(np.int64))]
    return tuple(
        Mark(float(probability[at]), share(right[at], at + 1), share(right[at], truth.pairs)) for at in last
    )


def best_recall(marks: Iterable[Mark], precision: float) -> Mark | None:
    """Give the mark with the most recall among those of this precision or a better one."""
    good = [one for one in marks if one.precision >= precision]
    return max(good, key=lambda one: one.recall, default=None)


def mark_clusters(clusters: Iterable[Sequence[str]], truth: Truth) -> ClusterMark:
    """Mark clusters; a subject in no cluster is alone."""
    groups = [members for members in clusters if members]
    sizes = np.array([len(members) for members in groups], dtype=np.int64)
    members = pa.array([member for group in groups for member in group], pa.string())
    persons = truth.persons[truth.places(members)]
    labels = np.repeat(np.arange(len(groups)), sizes)
    together = np.unique(labels * (len(truth.persons) + 1) + persons, return_counts=True)[1]
    right, found = _pairs(together), _pairs(sizes)
    return ClusterMark(
        share(right, found), share(right, truth.pairs), int(sizes.max(initial=min(1, len(truth.persons))))
    )


def false_links_by_commonness(
    pairs: pa.Table, truth: Truth, commonness: NDArray[np.int64], threshold: float, parts: int = 5
) -> tuple[float, ...]:
    """Give the false links per 1,000 subjects of each part of them, from the rarest names to the commonest.

    `commonness` is that of the truth's subjects, in their order. Each part holds as many subjects as any other.
    """
    found = pairs.filter(pc.field("probability") >= threshold)
    wrong = found.filter(pa.array(~truth.right(found)))
    ends = np.concatenate([truth.places(_whole(wrong, name)) for name in ("left", "right")])
    false = np.bincount(ends, minlength=len(truth.persons))
    order = np.argsort(commonness, kind="stable")
    return tuple(
        round(1000 * float(false[part].sum()) / max(1, len(part)), 3) for part in np.array_split(order, parts)
    )


def share(part: float, whole: float) -> float:
    """Part of whole; where there is no whole nothing is wrong: 1."""
    return round(float(part) / float(whole), 6) if whole else 1.0


def _pairs(sizes: NDArray[np.int64]) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _whole(table: pa.Table, column: str) -> pa.Array:
    one = table.column(column).combine_chunks()
    return one if isinstance(one, pa.Array) else pa.concat_arrays(one.chunks)
