"""Persona links: two subjects that are probably one person.

The first model is the simplest that is honest about its doubt. A pair must share two strong identifiers of
different kinds and values. Two explanations are weighed in bits against «strangers»: one person, or a couple
that nobody declared. The prior says how common each is, the identifiers how well it explains them.

    prior       log2(share of subjects with such a partner / number of subjects)
    identifier  log2(P(shared | explanation) / P(shared | strangers))

Splink's pair probabilities come in here later, as another function of the same shape (`PersonaModel`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import combinations

from pickglass.linkage.kinds import Sameness, kind_of
from pickglass.linkage.shared import SharedThing
from pickglass.linkage.things import is_rare, without_guests
from pickglass.model.records import Link

SECOND_PERSONA = (
    1 / 1_000
)  # of subjects have a second persona in the same company: assumed, as in the scorecard
UNDECLARED_PARTNER = 1 / 100  # of subjects live with a colleague whom nobody declared: assumed, as there
LIKELY = 0.5

Pair = tuple[str, str]


def persona_links(things: Iterable[SharedThing], subjects: int) -> tuple[Link, ...]:
    """Pairs that are more probably one person than not, the surest first."""
    shared: dict[Pair, list[SharedThing]] = {}
    for thing in map(without_guests, things):
        if kind_of(thing.kind).sameness and is_rare(thing, subjects):
            for one, other in combinations(thing.subjects, 2):
                shared.setdefault((one, other), []).append(thing)
    links = [
        link
        for pair, identifiers in shared.items()
        if len(identifiers) > 1 and (link := _link(pair, identifiers, subjects))
    ]
    return tuple(sorted(links, key=lambda link: (-(link.probability or 0), link.subjects)))


def _link(pair: Pair, shared: Sequence[SharedThing], subjects: int) -> Link | None:
    identifiers = _independent(shared)
    if len(identifiers) < 2:
        return None
    subjects = max(subjects, 2)
    one_person = math.log2(SECOND_PERSONA / subjects)
    household = math.log2(UNDECLARED_PARTNER / subjects)
    reasons = [f"before any evidence, 1 in {round(subjects / SECOND_PERSONA):,} pairs is one person"]
    for thing in identifiers:
        kind = kind_of(thing.kind)
        if kind.sameness is None:
            continue
        chance = _by_chance(kind.sameness, len(thing.uses), subjects)
        bits = math.log2(kind.sameness.one_person / chance)
        one_person += bits
        household += math.log2(kind.sameness.household / chance)
        others = len(thing.uses) - 2
        beside = f", as have {others} others" if others else ""
        reasons.append(f"both have one {kind.words}{beside}: {bits:.1f} bits")
    top = max(one_person, household, 0.0)
    odds = [math.exp2(bits - top) for bits in (one_person, household, 0.0)]
    probability = round(odds[0] / math.fsum(odds), 4)
    if probability < LIKELY:
        return None
    couple = odds[1] / math.fsum(odds)
    reasons.append(f"a couple that nobody declared explains it with probability {couple:.2f}")
    events = {
        event
        for thing in identifiers
        for use in thing.uses
        if use.subject_id in pair
        for event in use.event_ids
    }
    return Link(
        kind="persona",
        subjects=pair,
        probability=probability,
        reasons=tuple(reasons),
        event_ids=tuple(sorted(events)),
    )


def _independent(shared: Iterable[SharedThing]) -> list[SharedThing]:
    """One thing of each kind, the rarest, and no value twice: a phone number may be the authenticator too."""
    chosen: dict[str, SharedThing] = {}
    values: set[str] = set()
    for thing in sorted(shared, key=lambda thing: (len(thing.uses), thing.kind, thing.value)):
        words = kind_of(thing.kind).words
        if words not in chosen and thing.value not in values:
            chosen[words] = thing
            values.add(thing.value)
    return [chosen[words] for words in sorted(chosen)]


def _by_chance(sameness: Sameness, count: int, subjects: int) -> float:
    """How often strangers share such a value; one that many share here is common, whatever its kind."""
    return min(0.5, sameness.strangers + ((count - 2) / subjects) ** 2)
