"""Why two subjects are one person, or are not: the score of a pair as a sum of steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from pickglass.errors import InputError
from pickglass.linkage.model import Model
from pickglass.linkage.scoring import PairScorer, bits_against_both, final_bits, outcomes, prior


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the sum, in hundredths of a bit for «one person» against «two»; never the shared value itself."""

    kind: Literal["prior", "agree", "differ", "unknown", "family", "cap"]
    label: str  # what was compared: mail addresses, phone numbers, names …
    bits: int
    reason: str = ""


def waterfall(people: pa.Table, model: Model, left: str, right: str) -> tuple[Step, ...]:
    """Explain the score of any two subjects, linked or not; the steps' bits sum to the pair's."""
    if left == right or not all(
        pc.is_in(pa.array([left, right]), value_set=people["subject_id"].combine_chunks()).to_pylist()
    ):
        raise InputError(
            f"{left} and {right} cannot be compared", hint="name two different subjects that the lake holds"
        )
    scorer = PairScorer(people)
    try:
        scorer.take_pair(left, right)
        scorer.bring_people()
        predicted = scorer.weigh(model)
        (row,) = (
            scorer.connection.sql(
                f"SELECT *, {bits_against_both(model)} AS weighed, {final_bits(model)} AS bits FROM {predicted}"
            )
            .to_arrow_table()
            .to_pylist()
        )
    finally:
        scorer.close()
    before = prior(model.duplicates, scorer.count)
    steps = [
        Step("prior", "prior", _hundredths(math.log2(before / (1 - before))),
             f"before any evidence, 1 in {round(1 / before):,} pairs is one person")
    ]  # fmt: skip
    for comparison, level, bits in outcomes(row):
        if level is None:
            steps.append(Step("unknown", comparison.name, 0, "not known of both"))
        else:
            steps.append(
                Step("agree" if bits > 0 else "differ", comparison.name, _hundredths(bits), level.words)
            )
    rest = _hundredths(row["weighed"]) - sum(step.bits for step in steps)
    steps.append(Step("family", "family", rest, "relatives explain what they share"))
    if row["bits"] < row["weighed"]:
        less = _hundredths(row["bits"]) - _hundredths(row["weighed"])
        steps.append(Step("cap", "names alone", less, "a name alone never makes one person"))
    return tuple(steps)


def _hundredths(bits: float) -> int:
    return round(100 * bits)
