"""Farms and rings: several claimed persons behind the same rare things, and why no honest life explains it.

Things whose subjects overlap enough are one group: a farm where one of them is a place (a flat, a line, a router),
else a ring. A group is weighed in hundredths of a bit against the honest lives that share things too (a couple,
flatmates, a dormitory, a family's telephone); each sign is one line of `why`, and the weights are stated once below.

    who    members with one name count once: whoever applies twice shares things with themselves
    where  a place that is known to be nobody's home (a tunnel's exit, a hosting network, a campus, an office, a
           mailbox service) is left out, and so is a line on which somebody was a guest
    claims homes that the members claim in different cities cannot all be behind one line; one claimed home, or
           several in one building, speak for a household
    tempo  deliveries to one unit within days, first check-ins minutes apart, computers at work in the same hours
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from typing import Literal

from pickglass.linkage.kinds import kind_of
from pickglass.linkage.shared import SharedThing, Use, short_id
from pickglass.linkage.things import together, without_guests

# All in hundredths of a bit, and all assumed: nobody has published how often honest people share what.
PRIOR = -600  # of groups that share something rare, about 1 in 64 is a farm or ring
REPORTED = 332  # ten to one
MORE_IN_A_PLACE, MOST_MORE_IN_A_PLACE = 200, 600  # a household explains two
FAR_FROM_UNIT, MOST_FAR = 200, 600  # delivered to a unit far from the claimed home
SCATTERED, MOST_SCATTERED = 400, 1200  # for each further city in which members claim to live
ONE_REGION = 80  # kilometres between homes from which people may well come to one place to work
ONE_HOME, MOST_ONE_HOME = -300, -600  # for each further member who claims the same flat
ONE_BUILDING, MOST_ONE_BUILDING = -400, -1200
MORE_WITH_ONE_ACCOUNT, MOST_WITH_ONE_ACCOUNT = 100, 200
CLOSE_DELIVERIES, CLOSE_CHECKINS, MOST_TEMPO = 200, 200, 400
SAME_HOURS = 100
HINTS = {
    "exclusive": (400, "are never at work in the same minutes"),
    "vouching": (300, "vouch for one another"),
}

MOST_SUBJECTS = 100  # sharing one thing; farms of up to ninety laptops were found
CROWDED = 12  # a line with more is an exit of the company itself, unless half of them share another thing too
SHARE_OF_ALL = 0.03
SETTLED = 0.4  # of a subject's days: on a line used less they are a guest
OVERLAP = 0.5  # of the smaller of two sets of subjects
DELIVERED_WITHIN = timedelta(days=10)
CHECKED_IN_WITHIN = timedelta(minutes=60)
DAYS_FROM_HIRE = timedelta(
    days=21
)  # a first check-in later than this is the first that was kept, not the first that was

PRIVATE = frozenset({"mfa_device", "bank", "wallet", "document", "code_host", "mail", "recovery_mail"})
CONTACTS = frozenset({"phone", "mail", "recovery_mail"})


@dataclass(frozen=True, slots=True)
class Claim:
    """What a subject says of itself, as far as groups are weighed by it."""

    subject_id: str
    name: str | None = None
    address: str | None = None  # key of the claimed dwelling
    city: str | None = None
    hired: datetime | None = None
    days: int = 0  # on which any line of theirs was seen
    latitude: float | None = None  # of the claimed city
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of a place that several share: whether it is anybody's home, and how it is used."""

    ordinary: str | None = None  # why it is no home: tunnel, hosting, private, institution, office, mailbox
    most_at_once: int = 0  # subjects at work behind it in one hour
    hours_together: int = 0  # in which two or more were
    deliveries: Mapping[str, datetime] = field(default_factory=dict)  # first to it, by subject


@dataclass(frozen=True, slots=True)
class FarmThing:
    """One thing of a farm with those members who share it."""

    kind: str
    label: str | None
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Farm:
    """Several claimed persons behind the same rare things, with the sum and its reasons; no reason holds a value."""

    id: str
    kind: Literal["farm", "ring"]
    subjects: tuple[str, ...]
    things: tuple[FarmThing, ...]
    bits: int
    why: tuple[str, ...]
    event_ids: tuple[str, ...] = ()

    @property
    def probability(self) -> float:
        """How much likelier a farm or ring is than an honest life."""
        return 1 / (1 + math.exp2(-self.bits / 100))


def farms(
    things: Iterable[SharedThing],
    claims: Mapping[str, Claim],
    places: Mapping[tuple[str, str], Place],
    *,
    hints: Mapping[str, Set[str]] | None = None,
    cleared: Set[frozenset[str]] = frozenset(),
) -> tuple[Farm, ...]:
    """Find farms and rings, the surest first; the order of the things does not matter.

    `hints` are what others found about subjects (see `HINTS`). Groups of which a human cleared every pair are left out.
    """
    limits = _limits(claims)
    meaningful = sorted(
        (left for thing in things if (left := _meaningful(thing, claims, places, limits))),
        key=lambda thing: (thing.kind, thing.value),
    )
    found: list[Farm] = []
    for group in _merged(meaningful):
        farm = _weighed(group, claims, places, hints or {})
        if farm is not None and not all(
            frozenset(pair) in cleared for pair in combinations(farm.subjects, 2)
        ):
            found.append(farm)
    found.sort(key=lambda farm: (-farm.bits, farm.subjects))
    taken: set[str] = set()
    for place, farm in enumerate(found):
        if farm.id in taken:  # the same two came first to both
            found[place] = replace(farm, id=short_id("F", *farm.subjects))
        taken.add(found[place].id)
    return tuple(found)


def _limits(claims: Mapping[str, Claim]) -> dict[bool, float]:
    """Say how many may share a thing of any kind (False), and a line (True): a share of those who were seen on one."""
    seen = sum(claim.days > 0 for claim in claims.values())
    return {
        line: min(MOST_SUBJECTS, max(6, SHARE_OF_ALL * count))
        for line, count in ((False, len(claims)), (True, seen))
    }


def _is_line(thing: SharedThing) -> bool:
    return kind_of(thing.kind).place and thing.kind != "address"


def _meaningful(
    thing: SharedThing,
    claims: Mapping[str, Claim],
    places: Mapping[tuple[str, str], Place],
    limits: Mapping[bool, float],
) -> SharedThing | None:
    """Leave out what is nobody's, guests, and whoever had it before or after the others; None if nobody is left."""
    kind = kind_of(thing.kind)
    if places.get((thing.kind, thing.value), Place()).ordinary is not None:
        return None
    thing = without_guests(thing)
    if kind.place and kind.days > 1:
        uses = tuple(use for use in thing.uses if use.days >= SETTLED * _days(claims, use.subject_id))
        thing = replace(thing, uses=uses)
    if not 1 < len(thing.uses) <= (limits[_is_line(thing)] if kind.by_share else kind.limit):
        return None
    if kind.place or not kind.passes_on or together(thing.uses) is not False:
        return thing
    # A number given anew, a laptop handed on; applicants leave one moment each, which tells no order of holding.
    return (
        thing
        if thing.kind in CONTACTS and all(use.first_time == use.last_time for use in thing.uses)
        else None
    )


def _days(claims: Mapping[str, Claim], subject_id: str) -> int:
    claim = claims.get(subject_id)
    return claim.days if claim else 0


def _merged(things: Sequence[SharedThing]) -> list[list[SharedThing]]:
    """Bring together things whose subjects overlap enough; what joins two groups by one member must be private."""
    # One subject in common says something of private things alone. All others are looked for by two subjects: whoever
    # looks after the company's computers has thousands of things, each in common with another colleague.
    of_subject: dict[str, list[int]] = {}
    of_pair: dict[tuple[str, str], list[int]] = {}
    for number, thing in enumerate(things):
        for pair in combinations(thing.subjects, 2):
            of_pair.setdefault(pair, []).append(number)
        if thing.kind in PRIVATE:
            for subject in thing.subjects:
                of_subject.setdefault(subject, []).append(number)
    root = list(range(len(things)))

    def top(number: int) -> int:
        while root[number] != number:
            root[number] = root[root[number]]
            number = root[number]
        return number

    def join(one: int, other: int) -> None:
        root[max(top(one), top(other))] = min(top(one), top(other))

    for numbers in of_subject.values():
        for one, other in pairwise(numbers):
            join(one, other)
    for numbers in of_pair.values():
        for one, other in combinations(numbers, 2):
            if top(one) != top(other) and _overlap(things[one], things[other]):
                join(one, other)
    groups: dict[int, list[SharedThing]] = {}
    for number, thing in enumerate(things):
        groups.setdefault(top(number), []).append(thing)
    return list(groups.values())


def _overlap(one: SharedThing, other: SharedThing) -> bool:
    """Tell whether two things that two subjects or more have in common are of one group."""
    both = len(set(one.subjects) & set(other.subjects))
    for line, beside in ((one, other), (other, one)):
        if _is_crowded(line):
            return not _is_line(beside) and both >= OVERLAP * len(line.uses)
    return both >= OVERLAP * min(len(one.uses), len(other.uses))


def _is_crowded(thing: SharedThing) -> bool:
    return _is_line(thing) and len(thing.uses) > CROWDED


def _weighed(
    things: Sequence[SharedThing],
    claims: Mapping[str, Claim],
    places: Mapping[tuple[str, str], Place],
    hints: Mapping[str, Set[str]],
) -> Farm | None:
    """Weigh one group; None where an honest life explains it well enough."""
    subjects = sorted({subject for thing in things for subject in thing.subjects})
    named = [claims.get(subject, Claim(subject)) for subject in subjects]
    persons = len({_person(claim) for claim in named})
    if persons < 2:
        return None
    signs = [
        *_place_signs(things, claims, places),
        *_account_signs(things, claims),
        *_hint_signs(subjects, hints),
    ]
    bits = PRIOR + sum(weight for weight, _ in signs)
    if bits < REPORTED:
        return None
    why = [f"before any evidence, 1 in {round(2 ** (-PRIOR / 100))} such groups is a farm or a ring"]
    why += [f"{reason}: {weight / 100:+g} bits" for weight, reason in signs]
    return Farm(
        id=_id(things),
        kind="farm" if any(kind_of(thing.kind).place for thing in things) else "ring",
        subjects=tuple(subjects),
        things=tuple(FarmThing(thing.kind, thing.label, thing.subjects) for thing in things),
        bits=bits,
        why=tuple(why),
        event_ids=tuple(sorted({event for thing in things for use in thing.uses for event in use.event_ids})),
    )


Sign = tuple[int, str]


def _place_signs(
    things: Sequence[SharedThing],
    claims: Mapping[str, Claim],
    places: Mapping[tuple[str, str], Place],
) -> list[Sign]:
    """What the places say: how many are there, what they claim, and how fast it went."""
    there = [thing for thing in things if kind_of(thing.kind).place]
    lines = [thing for thing in there if _is_line(thing)]
    if not there or all(map(_is_crowded, things)):
        return []
    members = sorted({subject for thing in there for subject in thing.subjects})
    named = [claims.get(subject, Claim(subject)) for subject in members]
    signs: list[Sign] = []
    persons = len({_person(claim) for claim in named})
    if persons > 2:
        more = min(MOST_MORE_IN_A_PLACE, MORE_IN_A_PLACE * (persons - 2))
        signs.append((more, f"a household explains two people in one place, not {persons}"))
    units = {thing.value: thing for thing in there if thing.kind == "address"}
    far = sorted(
        {
            claim.subject_id
            for unit in units.values()
            for claim in (claims.get(subject, Claim(subject)) for subject in unit.subjects)
            if claim.city and _city(unit.value) and claim.city.lower() != _city(unit.value)
        }
    )
    if far:
        signs.append(
            (
                min(MOST_FAR, FAR_FROM_UNIT * len(far)),
                f"{len(far)} of {persons} claim to live in another city",
            )
        )
    cities = _far_apart(named)
    if cities > 1:
        weight = min(MOST_SCATTERED, SCATTERED * (cities - 1))
        what = "use one line" if lines else "have one delivery unit"
        signs.append((weight, f"people who claim homes in {cities} cities far apart {what}"))
    signs += _claimed_together(named)
    signs += _tempo([*units.values()], lines, claims, places)
    return signs


def _far_apart(named: Iterable[Claim]) -> int:
    """Count the cities of the claimed homes; towns of one region, whose people may meet in one place, are one."""
    cities = sorted(
        {(claim.city.lower(), claim.latitude, claim.longitude) for claim in named if claim.city}, key=str
    )
    names: set[str] = set()
    places: list[tuple[float, float]] = []
    for city, latitude, longitude in cities:
        if city in names:
            continue
        if latitude is not None and longitude is not None:
            here = (latitude, longitude)
            if any(_kilometres(here, other) < ONE_REGION for other in places):
                continue
            places.append(here)
        names.add(city)
    return len(names)


def _kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    (north, east), (other_north, other_east) = (map(math.radians, place) for place in (one, other))
    half = math.sin((other_north - north) / 2) ** 2
    half += math.cos(north) * math.cos(other_north) * math.sin((other_east - east) / 2) ** 2
    return 2 * 6371 * math.asin(min(1.0, math.sqrt(half)))


def _claimed_together(named: Iterable[Claim]) -> list[Sign]:
    """What speaks for a household or a dormitory: homes that the members claim in one flat, or in one building."""
    persons = {_person(claim): claim for claim in named if claim.address}.values()
    units = {claim.address or "" for claim in persons}
    buildings = {_building(unit) for unit in units}
    signs: list[Sign] = []
    if one_home := len(persons) - len(units):
        signs.append((max(MOST_ONE_HOME, ONE_HOME * one_home), f"{one_home + 1} claim one home"))
    if one_building := len(units) - len(buildings):
        weight = max(MOST_ONE_BUILDING, ONE_BUILDING * one_building)
        signs.append((weight, f"{one_building + 1} claim homes in one building"))
    return signs


def _tempo(
    units: Iterable[SharedThing],
    lines: Iterable[SharedThing],
    claims: Mapping[str, Claim],
    places: Mapping[tuple[str, str], Place],
) -> list[Sign]:
    """Deliveries within days, first check-ins within minutes, and computers at work in the same hours."""
    lines = list(lines)
    deliveries = [
        [time for one, time in _place(places, unit).deliveries.items() if one in unit.subjects]
        for unit in units
    ]
    checkins = [
        [use.first_time for use in line.uses if _is_first(use, claims.get(use.subject_id))] for line in lines
    ]
    signs: list[Sign] = []
    for moments, span, weight, words in (
        (deliveries, DELIVERED_WITHIN, CLOSE_DELIVERIES, "deliveries to one unit within 10 days"),
        (checkins, CHECKED_IN_WITHIN, CLOSE_CHECKINS, "first check-ins within 60 minutes"),
    ):
        count = max((_most_within(times, span) for times in moments), default=0)
        if count > 1:
            signs.append((min(MOST_TEMPO, weight * (count - 1)), f"{count} {words}"))
    busiest = max(
        (_place(places, line) for line in lines), key=lambda place: place.most_at_once, default=Place()
    )
    if busiest.most_at_once > 2:
        told = f"up to {busiest.most_at_once} at work behind one line in the same hour"
        signs.append((SAME_HOURS, f"{told}, two or more in {busiest.hours_together} hours"))
    return signs


def _account_signs(things: Iterable[SharedThing], claims: Mapping[str, Claim]) -> list[Sign]:
    """What accounts, papers and contacts say: how much less often a couple shares them; each word of ours once."""
    best: dict[str, tuple[int, str]] = {}
    for thing in things:
        kind = kind_of(thing.kind)
        persons = len({_person(claims.get(subject, Claim(subject))) for subject in thing.subjects})
        if kind.place or kind.sameness is None or persons < 2:
            continue
        weight = round(100 * math.log2(kind.sameness.one_person / kind.sameness.household))
        weight += min(MOST_WITH_ONE_ACCOUNT, MORE_WITH_ONE_ACCOUNT * (persons - 2))
        sign = (weight, f"one {kind.words} for {persons} claimed persons")
        best[kind.words] = max(best.get(kind.words, sign), sign)
    return [best[words] for words in sorted(best)]


def _hint_signs(subjects: Sequence[str], hints: Mapping[str, Set[str]]) -> list[Sign]:
    signs = []
    for hint, (weight, words) in HINTS.items():
        count = sum(hint in hints.get(subject, ()) for subject in subjects)
        if count > 1:
            signs.append((weight, f"{count} of them {words}"))
    return signs


def _most_within(times: Iterable[datetime | None], span: timedelta) -> int:
    """The most of these moments that lie within one span."""
    ordered = sorted(time for time in times if time)
    most = start = 0
    for end, time in enumerate(ordered):
        while time - ordered[start] > span:
            start += 1
        most = max(most, end - start + 1)
    return most


def _is_first(use: Use, claim: Claim | None) -> bool:
    """Tell whether a use began with the employment, and not with what the lake holds."""
    if use.first_time is None or claim is None or claim.hired is None:
        return False
    return abs(use.first_time - claim.hired) <= DAYS_FROM_HIRE


def _place(places: Mapping[tuple[str, str], Place], thing: SharedThing) -> Place:
    return places.get((thing.kind, thing.value), Place())


def _person(claim: Claim) -> str:
    """Tell claimed persons apart by their names; who has none counts as one of its own."""
    return " ".join(sorted((claim.name or "").casefold().split())) or claim.subject_id


def _city(address_key: str) -> str:
    return address_key.split("|")[1] if address_key.count("|") == 2 else ""


def _building(address_key: str) -> str:
    street, *rest = address_key.split("|")
    return "|".join([street.split(" unit ")[0], *rest])


def _id(things: Iterable[SharedThing]) -> str:
    """Name a group after the two who came first, so that it keeps its name while others join."""
    first: dict[str, str] = {}
    for thing in things:
        for use in thing.uses:
            moment = use.first_time.isoformat() if use.first_time else "~"
            first[use.subject_id] = min(first.get(use.subject_id, moment), moment)
    founders = sorted(first, key=lambda subject: (first[subject], subject))[:2]
    return short_id("F", *sorted(founders))
