"""The pair model: trained by Splink, kept as JSON, and asked for the probability of each likely pair."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import resources

import numpy as np
import pyarrow as pa

from pickglass.errors import InputError
from pickglass.linkage.comparisons import COMPARISONS
from pickglass.linkage.scoring import PairScorer, bits_against_both, family_bits

VERSION = 1
_ROUNDS = 50
_MOST_CHANGE = 20.0  # factor by which training may move an assumed chance, where it saw this many pairs or more:
_MANY = 2_000

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

    duplicates: float = 0.001  # second records per subject: assumed, as in the scorecard
    relatives: float = 0.01  # pairs of relatives per subject
    one_person: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # comparison → chance of each level
    trained_on: int = 0  # subjects
    version: int = VERSION

    def to_json(self) -> str:
        """Write the model as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Model:
        """Read a model that `to_json` wrote; InputError where it is of another version or damaged."""
        hint = "train the linkage model again"
        try:
            read = json.loads(text)
            if read["version"] != VERSION:
                raise InputError(f"the linkage model is of version {read['version']}, not {VERSION}", hint=hint)
            chances = {name: tuple(map(float, levels)) for name, levels in read["one_person"].items()}
            model = cls(
                float(read["duplicates"]), float(read["relatives"]), chances, int(read["trained_on"]), VERSION
            )
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise InputError("the linkage model cannot be read", hint=hint) from error
        expected = {comparison.name: len(comparison.levels) for comparison in COMPARISONS}
        if any(expected.get(name) != len(levels) for name, levels in chances.items()):
            raise InputError("the linkage model compares other things than this pickglass", hint=hint)
        return model


def default_model() -> Model:
    """Give the model that ships with pickglass, for companies too small to train one."""
    return Model.from_json(resources.files("pickglass.linkage").joinpath("model.json").read_text("utf-8"))


def train(people: pa.Table, *, seed: int = 1) -> Model:
    """Learn from the people themselves how persons agree with themselves and strangers with strangers."""
    scorer = PairScorer(people)
    try:
        scorer.find_pairs()
        scorer.bring_people()
        model = Model(trained_on=people.num_rows)
        model = replace(model, **_rates(scorer, model))
        seen = model.duplicates * scorer.count
        learnt = scorer.learn(model, seed)
        model = replace(model, one_person={name: _between(name, levels, seen) for name, levels in learnt.items()})
        return replace(model, **_rates(scorer, model))
    finally:
        scorer.close()


def _rates(scorer: PairScorer, model: Model) -> dict[str, float]:
    """How many second records and relatives a subject has, from what the likely pairs look like under the model."""
    predicted = scorer.weigh(model)
    rows = scorer.connection.sql(
        f"SELECT match_weight AS one, match_weight + {family_bits(model)} AS family FROM {predicted}"
    ).to_arrow_table()
    one, family = (np.clip(rows[name].to_numpy(), -500, 500) for name in ("one", "family"))
    start = duplicates, relatives = model.duplicates, model.relatives
    for _ in range(_ROUNDS):
        same = np.exp2(one) * duplicates / start[0]
        related = np.exp2(family) * relatives / start[1]
        every = 1 + same + related
        duplicates = min(max(float(np.sum(same / every)) / scorer.count, 1e-4), 0.5)
        relatives = min(max(float(np.sum(related / every)) / scorer.count, 1e-3), 1.0)
    return {"duplicates": round(duplicates, 6), "relatives": round(relatives, 6)}


def _between(name: str, learnt: Sequence[float], seen: float) -> tuple[float, ...]:
    """What was learnt from so many pairs, never further from what is assumed than by a factor."""
    (comparison,) = (one for one in COMPARISONS if one.name == name)
    factor = _MOST_CHANGE ** min(1.0, math.sqrt(seen / _MANY))
    bounded = [
        min(max(chance, level.one_person / factor), min(0.999, level.one_person * factor))
        for chance, level in zip(learnt, comparison.levels, strict=True)
    ]
    return tuple(round(chance / math.fsum(bounded), 6) for chance in bounded)


def score_pairs(
    people: pa.Table, model: Model, *, new: Sequence[str] | None = None, threshold: float = 0.5
) -> pa.Table:
    """Score each likely pair; rows of `PAIRS`, left before right, sorted. With `new`, only pairs that hold one of them."""
    scorer = PairScorer(people, new)
    try:
        scorer.find_pairs()
        scorer.bring_people()
        predicted = scorer.weigh(model, threshold)
        found = scorer.connection.sql(
            f"SELECT l, r, 1 / (1 + pow(2.0, -bits)) AS probability, bits FROM ("
            f"SELECT least(n_l, n_r) AS l, greatest(n_l, n_r) AS r, round({bits_against_both(model)}, 6) AS bits "
            f"FROM {predicted}) WHERE probability >= {threshold} ORDER BY l, r"
        ).to_arrow_table()
    finally:
        scorer.close()
    ids = scorer.subject_ids
    columns = [ids.take(found.column("l")), ids.take(found.column("r")), found["probability"], found["bits"]]
    return pa.Table.from_arrays([column.combine_chunks() for column in columns], schema=PAIRS)
