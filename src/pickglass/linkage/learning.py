"""The last step of training: three explanations of each pair, weighed against each other until they hold still.

Splink learns from samples what one person's records look like; relatives are strangers to it, and some pass for one
person there. Here every likely pair is one person, relatives or strangers, each with a probability, and from these
the chances of all levels and the numbers of pairs are counted again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pickglass.linkage.comparisons import COMPARISONS, Comparison
from pickglass.linkage.scoring import chances, prior

if TYPE_CHECKING:
    from pickglass.linkage.model import Model

_ROUNDS = 25
_MOST_CHANGE = (
    20.0  # factor by which training may move an assumed chance, where it saw this many pairs or more:
)
_MANY = 2_000
_DUPLICATES, _RELATIVES = (1e-4, 5.0), (1e-3, 1.0)  # per subject: the least and the most

Number = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Seen:
    """One comparison over all pairs: the level of each, or one past the last where it is unknown."""

    comparison: Comparison
    levels: NDArray[np.int64]

    def bits(self, of_levels: Sequence[float]) -> Number:
        return np.append(np.log2(np.maximum(of_levels, 1e-9)), 0.0)[self.levels]

    def count(self, weights: Number) -> Number:
        return np.bincount(self.levels, weights, len(self.comparison.levels) + 1)[:-1].astype(np.float64)


def refine(predicted: pa.Table, model: Model, count: int, share: float) -> Model:
    """Give the model that agrees with what it says of the pairs, of which `predicted` is such a share."""
    seen = [
        _Seen(
            comparison, len(comparison.levels) - 1 - predicted[f"gamma_c{number}"].to_numpy().astype(np.int64)
        )
        for number, comparison in enumerate(COMPARISONS)
    ]
    before = prior(model.duplicates, count)
    strangers = predicted["match_weight"].to_numpy() - math.log2(before / (1 - before))
    for one in seen:
        strangers = strangers - one.bits(chances(model.one_person, one.comparison))
    for _ in range(_ROUNDS):
        same = strangers + math.log2(prior(model.duplicates, count))
        related = strangers + math.log2(prior(model.relatives, count))
        for one in seen:
            same = same + one.bits(chances(model.one_person, one.comparison))
            related = related + one.bits(chances(model.family, one.comparison, "family"))
        same, related = (np.exp2(np.clip(bits, -400, 400)) for bits in (same, related))
        every = 1 + same + related
        same, related = same / every, related / every
        model = replace(
            model,
            duplicates=_per_subject(same, count * share, *_DUPLICATES),
            relatives=_per_subject(related, count * share, *_RELATIVES),
            one_person=_levels(seen, same, share, "one_person"),
            family=_levels(seen, related, share, "family"),
        )
    return model


def _per_subject(weights: Number, subjects: float, least: float, most: float) -> float:
    return round(min(max(float(np.sum(weights)) / max(subjects, 1), least), most), 6)


def _levels(
    seen: Sequence[_Seen], weights: Number, share: float, name: str
) -> Mapping[str, tuple[float, ...]]:
    return {
        one.comparison.name: between(one.comparison, one.count(weights).tolist(), share, name) for one in seen
    }


def between(comparison: Comparison, counted: Sequence[float], share: float, name: str) -> tuple[float, ...]:
    """What was counted of each level; the fewer pairs, the nearer to what is assumed."""
    total = math.fsum(counted)
    factor = _MOST_CHANGE ** min(1.0, math.sqrt(total / share / _MANY))
    bounded = [
        min(max(pairs / max(total, 1e-9), assumed / factor), assumed * factor)
        for pairs, assumed in zip(counted, map(attrgetter(name), comparison.levels), strict=True)
    ]
    return tuple(round(chance / math.fsum(bounded), 6) for chance in bounded)
