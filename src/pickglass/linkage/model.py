"""The pair model: trained by Splink, kept as JSON, and asked for the probability of each likely pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

VERSION = 1

PAIRS: pa.Schema = pa.schema(
    [
        ("left", pa.string()),
        ("right", pa.string()),
        ("probability", pa.float64()),
        ("bits", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Model:
    """What training learnt; the same JSON gives the same model."""

    version: int = VERSION

    def to_json(self) -> str:
        """Write the model as JSON."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, text: str) -> Model:
        """Read a model that `to_json` wrote; InputError where it is of another version or damaged."""
        raise NotImplementedError


def default_model() -> Model:
    """Give the model that ships with pickglass, for companies too small to train one."""
    raise NotImplementedError


def train(people: pa.Table, *, seed: int = 1) -> Model:
    """Learn from the people themselves how persons agree with themselves and strangers with strangers."""
    raise NotImplementedError


def score_pairs(
    people: pa.Table, model: Model, *, new: Sequence[str] | None = None, threshold: float = 0.5
) -> pa.Table:
    """Score each likely pair; rows of `PAIRS`, left before right, sorted. With `new`, only pairs that hold one of them."""
    raise NotImplementedError
