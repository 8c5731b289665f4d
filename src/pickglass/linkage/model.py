"""The pair model: trained by Splink, kept as JSON, and asked for the probability of each likely pair."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import resources

import pyarrow as pa

from pickglass.errors import InputError
from pickglass.linkage.comparisons import COMPARISONS
from pickglass.linkage.learning import refine
from pickglass.linkage.scoring import PairScorer, final_bits

VERSION = 1
_LEARNERS, _MOST_PAIRS = 60_000, 300_000  # subjects whose pairs are looked at to learn, and pairs
_OFTEN = 0.05  # second records per subject that learning starts from

LINKED = 0.5  # probability from which on two subjects are taken for one person

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
    one_person: Mapping[str, tuple[float, ...]] = field(
        default_factory=dict
    )  # comparison → chance of each level
    family: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # the same among relatives
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
                raise InputError(
                    f"the linkage model is of version {read['version']}, not {VERSION}", hint=hint
                )
            one_person, family = (
                {name: tuple(map(float, levels)) for name, levels in read[key].items()}
                for key in ("one_person", "family")
            )
            duplicates, relatives, trained_on = (
                read[key] for key in ("duplicates", "relatives", "trained_on")
            )
            model = cls(float(duplicates), float(relatives), one_person, family, int(trained_on))
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise InputError("the linkage model cannot be read", hint=hint) from error
        expected = {comparison.name: len(comparison.levels) for comparison in COMPARISONS}
        if any(expected.get(name) != len(levels) for name, levels in (*one_person.items(), *family.items())):
            raise InputError("the linkage model compares other things than this pickglass", hint=hint)
        return model


def default_model() -> Model:
    """Give the model that ships with pickglass, for companies too small to train one."""
    return Model.from_json(resources.files("pickglass.linkage").joinpath("model.json").read_text("utf-8"))


def train(people: pa.Table, *, seed: int = 1) -> Model:
    """Learn from the people themselves how persons agree with themselves and strangers with strangers."""
    scorer = PairScorer(people)
    try:
        share = scorer.draw(_LEARNERS, seed) * scorer.find_pairs(_MOST_PAIRS, seed)
        scorer.bring_people()
        model = Model(trained_on=people.num_rows)
        learnt = scorer.learn(replace(model, duplicates=_OFTEN), seed)
        model = replace(model, one_person=learnt)
        levels = ", ".join(f"gamma_c{number}" for number in range(len(COMPARISONS)))
        predicted = scorer.connection.sql(f"SELECT match_weight, {levels} FROM {scorer.weigh(model)}")
        return refine(predicted.to_arrow_table(), model, scorer.count, share)
    finally:
        scorer.close()


def score_pairs(
    people: pa.Table, model: Model, *, new: Sequence[str] | None = None, threshold: float = LINKED
) -> pa.Table:
    """Score each likely pair; rows of `PAIRS`, left before right, sorted. With `new`, only pairs that hold one of them."""
    scorer = PairScorer(people, new)
    try:
        scorer.find_pairs()
        scorer.bring_people()
        predicted = scorer.weigh(model, threshold)
        found = scorer.connection.sql(
            f"SELECT l, r, 1 / (1 + pow(2.0, -bits)) AS probability, bits FROM ("
            f"SELECT least(n_l, n_r) AS l, greatest(n_l, n_r) AS r, round({final_bits(model)}, 6) AS bits "
            f"FROM {predicted}) WHERE probability >= {threshold} ORDER BY l, r"
        ).to_arrow_table()
    finally:
        scorer.close()
    ids = scorer.subject_ids
    columns = [ids.take(found.column("l")), ids.take(found.column("r")), found["probability"], found["bits"]]
    return pa.Table.from_arrays([column.combine_chunks() for column in columns], schema=PAIRS)
