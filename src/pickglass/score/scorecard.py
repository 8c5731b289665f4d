"""What a scorecard is made of: weights, groups with a cap, priors, and how much must have been asked.

Bits are integer hundredths everywhere, as in the records. A hypothesis that a mapping does not name gets 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from pickglass.model.records import HYPOTHESES, Hypothesis, Step

Population = Literal["applicant", "new_hire", "staff"]

POPULATIONS: tuple[Population, ...] = ("applicant", "new_hire", "staff")
ALTERNATIVES: tuple[Hypothesis, ...] = tuple(name for name in HYPOTHESES if name != "ordinary")
PROXY_BITS = 100  # what stands in for a protected fact never counts more than one bit
NO_BITS: Mapping[Hypothesis, int] = dict.fromkeys(HYPOTHESES, 0)


def all_hypotheses(bits: Mapping[Hypothesis, int]) -> dict[Hypothesis, int]:
    """Name every hypothesis, those that nothing was said of with 0 bits."""
    return {**NO_BITS, **bits}


@dataclass(frozen=True, slots=True)
class Weight:
    """The bits of one indicator when it fired and when it is clear, and the words they rest on."""

    indicator: str
    fired: Mapping[Hypothesis, int]
    clear: Mapping[Hypothesis, int]
    basis: str
    tier: int
    fairness: Literal["safe", "care"]
    proxy: bool = False
    awaited: bool = False  # the catalogue has no such indicator yet


@dataclass(frozen=True, slots=True)
class Group:
    """Related indicators (or earlier groups) whose fired bits together stay at or below the cap."""

    name: str
    why: str
    cap: Mapping[Hypothesis, int]
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prior:
    """How common each hypothesis is in one population before any answer."""

    population: Population
    bits: Mapping[Hypothesis, int]
    basis: str


@dataclass(frozen=True, slots=True)
class Sufficiency:
    """How many questions, of how many families, must have been answered before silence means anything."""

    indicators: int
    families: int
    beside: frozenset[str] = frozenset()  # families that do not count here


@dataclass(frozen=True)
class Scorecard:
    """One dated table of weights; `digest` names its exact content, so that a verdict can freeze it."""

    version: str
    date: date
    digest: str
    hypotheses: Mapping[Hypothesis, str]
    new_hire_days: int
    priors: Mapping[Population, Prior]
    assessable: Mapping[Population, Sufficiency]
    decisive: frozenset[str]
    clear_floor: int
    groups: tuple[Group, ...]  # a group comes after the groups that it holds
    weights: Mapping[str, Weight]

    # Ten thousand subjects share these lines, so each is made once.

    @cached_property
    def fired_steps(self) -> Mapping[str, Step]:
        """The line that each indicator adds when it fired."""
        return {
            name: Step("fired", name, all_hypotheses(weight.fired), weight.basis)
            for name, weight in self.weights.items()
        }

    @cached_property
    def clear_steps(self) -> Mapping[str, Step]:
        """The line that each indicator adds when it is clear, where that says anything."""
        return {
            name: Step("clear", name, all_hypotheses(weight.clear), "asked, and not found")
            for name, weight in self.weights.items()
            if any(weight.clear.values())
        }

    @cached_property
    def group_of(self) -> Mapping[str, str]:
        """The group that each indicator, or inner group, belongs to."""
        return {member: group.name for group in self.groups for member in group.members}
