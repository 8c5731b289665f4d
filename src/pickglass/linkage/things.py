"""Thing links: who shares a thing that few people share, and how much that says.

A thing says log2(number of subjects / number sharing) bits, up to the bound of its kind. In a place every
subject after the second adds a bit, up to three: a couple explains two people in a flat, and nothing explains
five. What honest people have one after the other (a flat, a laptop) says two bits less if no two had it at
one time. A thing that too many share (a campus, a carrier's gateway) says nothing and is no link.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

from pickglass.linkage.kinds import ThingKind, kind_of
from pickglass.linkage.shared import SharedThing, Use, short_id
from pickglass.model.records import Link

if TYPE_CHECKING:
    from pickglass.linkage.farms import Farm

COMMON_SHARE = 0.02  # of all subjects
COMMON_FLOOR = 6  # in a small company two people are soon two per cent
MORE_IN_A_PLACE = 100
MOST_MORE_IN_A_PLACE = 300
NEVER_TOGETHER = 200
TOO_MANY = "too many share it"


@dataclass(frozen=True, slots=True)
class CommonThing:
    """A thing that was left out because too many subjects share it, or because it is nobody's."""

    kind: str
    label: str | None
    subjects: int
    why: str = TOO_MANY  # or the kind of place that it is


def thing_links(
    things: Iterable[SharedThing],
    subjects: int,
    farms: Iterable[Farm] = (),
    ordinary: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> tuple[Link, ...]:
    """One link for each thing that few subjects share, the weightiest first; one of a farm names the farm.

    `ordinary` says of places why they are nobody's home, such as an office: what is shared there is no link.
    """
    farm_of = {
        (thing.kind, thing.label, subject): farm.id
        for farm in farms
        for thing in farm.things
        for subject in thing.subjects
    }
    links = []
    for thing in map(without_guests, things):
        if is_rare(thing, subjects) and (thing.kind, thing.value) not in ordinary:
            of = {farm_of.get((thing.kind, thing.label, subject)) for subject in thing.subjects} - {None}
            links.append(replace(_link(thing, subjects), farm=min(of, key=str) if of else None))
    return tuple(
        sorted(links, key=lambda link: (-(link.bits or 0), link.thing or "", link.subjects, link.label or ""))
    )


def common_things(
    things: Iterable[SharedThing],
    subjects: int,
    ordinary: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> tuple[CommonThing, ...]:
    """What too many subjects share or is `ordinary`, the most common first; shown in data health, so that nothing is lost."""
    common = [
        CommonThing(thing.kind, thing.label, len(thing.uses), why)
        for thing in map(without_guests, things)
        if len(thing.uses) > 1 and (why := _why_common(thing, subjects, ordinary))
    ]
    return tuple(sorted(common, key=lambda thing: (-thing.subjects, thing.kind, thing.label or "")))


def _why_common(thing: SharedThing, subjects: int, ordinary: Mapping[tuple[str, str], str]) -> str | None:
    return ordinary.get((thing.kind, thing.value)) or (None if is_rare(thing, subjects) else TOO_MANY)


def without_guests(thing: SharedThing) -> SharedThing:
    """Leave out whoever used the thing on too few days to belong to it."""
    days = kind_of(thing.kind).days
    return replace(thing, uses=tuple(use for use in thing.uses if use.days >= days))


def is_rare(thing: SharedThing, subjects: int) -> bool:
    """Tell whether a thing is shared, and by so few that it means something."""
    count = len(thing.uses)
    kind = kind_of(thing.kind)
    limit = min(kind.limit, max(COMMON_FLOOR, COMMON_SHARE * subjects)) if kind.by_share else kind.limit
    return 1 < count <= limit


def _link(thing: SharedThing, subjects: int) -> Link:
    kind = kind_of(thing.kind)
    bits, reasons = _weigh(thing, kind, max(subjects, len(thing.uses)))
    return Link(
        kind="thing",
        id=short_id("T", thing.kind, thing.secret or thing.value, *thing.subjects[:2]),
        subjects=thing.subjects,
        thing=thing.kind,
        label=thing.label,
        bits=bits,
        reasons=reasons,
        event_ids=tuple(sorted({event for use in thing.uses for event in use.event_ids})),
    )


def _weigh(thing: SharedThing, kind: ThingKind, subjects: int) -> tuple[int, tuple[str, ...]]:
    """The bits of sharing, and why, without the shared value, which a face must be able to mask."""
    count = len(thing.uses)
    rarity = min(kind.bound, round(100 * math.log2(subjects / count)))
    reasons = [f"one {kind.words} for {count} of {subjects:,} subjects: {rarity / 100:g} bits"]
    bits = rarity
    if kind.place and count > 2:
        more = min(MOST_MORE_IN_A_PLACE, MORE_IN_A_PLACE * (count - 2))
        bits += more
        reasons.append(f"a household explains two people, not {count}: {more / 100:g} bits more")
    at_one_time = together(thing.uses)
    if at_one_time is False and kind.passes_on:
        less = min(bits, NEVER_TOGETHER)
        bits -= less
        reasons.append(f"one after the other, never at the same time: {less / 100:g} bits less")
    elif at_one_time:
        reasons.append("at the same time")
    if kind.days > 1:
        reasons.append(f"each on {min(use.days for use in thing.uses)} days or more")
    return bits, tuple(reasons)


def together(uses: Iterable[Use]) -> bool | None:
    """Whether any two had the thing at one time; None where the times are not known."""
    spans = []
    for use in uses:
        if use.first_time is None or use.last_time is None:
            return None
        spans.append((use.first_time, use.last_time))
    spans.sort()
    # Sorted by their beginnings, two spans overlap somewhere if and only if two neighbours do.
    return any(earlier[1] >= later[0] for earlier, later in pairwise(spans))
