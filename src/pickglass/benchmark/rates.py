"""How sure one may be of a rate, of a mean, and of a difference between people and their counterparts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

K = TypeVar("K")

NORMAL = 1.959964  # of a normal distribution, 95 in 100 lie within so many deviations
RESAMPLES = 2000


def wilson(count: int, total: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a rate; nothing is known of nobody."""
    if not total:
        return 0.0, 1.0
    share, square = count / total, NORMAL**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = NORMAL * math.sqrt(share * (1 - share) / total + square / (4 * total**2)) / (1 + square / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def bootstrap(values: Sequence[float], seed: int) -> tuple[float, float]:
    """Return the 95 % interval of a mean by drawing the values again and again; the same seed, the same interval."""
    if not values:
        return 0.0, 0.0
    count = len(values)
    # Raw numbers: numpy keeps what PCG64 gives, and not what a Generator makes of it.
    drawn = np.random.PCG64(seed).random_raw(RESAMPLES * count) % np.uint64(count)
    given = np.asarray(values, dtype=float)
    means = np.sort(given[drawn.astype(np.int64).reshape(RESAMPLES, count)].mean(axis=1))
    return float(means[round(0.025 * RESAMPLES)]), float(means[round(0.975 * RESAMPLES) - 1])


def sign_test(more: int, fewer: int) -> float:
    """Return how often chance alone would part pairs at least so unevenly (McNemar's exact test, both sides)."""
    total = more + fewer
    tail: int = sum(math.comb(total, one) for one in range(min(more, fewer) + 1))
    return min(1.0, float(2 * tail / 2**total))


def holm(chances: Mapping[K, float]) -> dict[K, float]:
    """Correct for having asked many questions (Holm): each chance as it counts among all of them."""
    corrected: dict[K, float] = {}
    highest = 0.0
    ordered = sorted(chances, key=lambda key: chances[key])
    for rank, key in enumerate(ordered):
        highest = max(highest, min(1.0, chances[key] * (len(ordered) - rank)))
        corrected[key] = highest
    return corrected
