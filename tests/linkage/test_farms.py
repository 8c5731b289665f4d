"""A farm is found as one group with its reasons; couples, dormitories, offices and families are left in peace."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from pickglass.linkage import Farm, SharedThing, Use, farms
from pickglass.linkage.farms import REPORTED, Claim, Place

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
CITIES = ("denver", "austin", "tampa", "boise", "omaha", "reno", "albany", "raleigh")
UNIT = "12 elm st unit 4|seattle|98101"


def thing(kind: str, subjects: Iterable[str], value: str = "v", days: int = 60) -> SharedThing:
    uses = tuple(
        Use(one, MARCH + timedelta(days=number), MARCH + timedelta(days=120), days, (f"{kind}-{one}",))
        for number, one in enumerate(sorted(subjects))
    )
    return SharedThing(kind, value, f"the {value}", uses)


def claims(subjects: Iterable[str], **same: object) -> dict[str, Claim]:
    """Strangers: each with a name and a home of its own, unless told otherwise."""
    found = {}
    for number, one in enumerate(sorted(subjects)):
        told = {
            "name": f"Given{number} Family{number}",
            "address": f"{number} oak st|{CITIES[number % 8]}|1",
            "city": CITIES[number % 8],
            "hired": MARCH + timedelta(days=30 * number),
            "days": 60,
        } | same
        found[one] = Claim(one, **told)  # type: ignore[arg-type]
    return found


def group(count: int) -> list[str]:
    return [f"S-{number:03}" for number in range(count)]


def crowd(members: Mapping[str, Claim]) -> dict[str, Claim]:
    """Put the members into a company of many, so that limits by share do not bind."""
    return claims([f"S-X{number:04}" for number in range(1_000)]) | dict(members)


def found(
    things: Iterable[SharedThing],
    members: Mapping[str, Claim],
    places: Mapping[tuple[str, str], Place] | None = None,
    **more: object,
) -> tuple[Farm, ...]:
    return farms(things, crowd(members), places or {}, **more)  # type: ignore[arg-type]


def test_one_unit_and_one_line_of_people_who_claim_homes_elsewhere_are_one_farm() -> None:
    people = group(4)
    things = [thing("address", people[:3], UNIT), thing("egress", people), thing("bank", people[2:])]
    (farm,) = found(things, claims(people))
    assert farm.kind == "farm"
    assert farm.subjects == tuple(people)
    assert [(one.kind, len(one.subjects)) for one in farm.things] == [
        ("address", 3),
        ("bank", 2),
        ("egress", 4),
    ]
    assert farm.bits >= REPORTED
    assert farm.probability > 0.9
    assert any("claim to live in another city" in reason for reason in farm.why)
    assert not any("elm st" in reason for reason in farm.why)
    assert farm.event_ids[0] == "address-S-000"


def test_two_farms_stay_two_even_with_one_member_in_common() -> None:
    one, other = group(7)[:4], group(7)[3:]
    both = found([thing("egress", one, "a"), thing("egress", other, "b")], claims(group(7)))
    assert sorted(farm.subjects for farm in both) == [tuple(one), tuple(other)]


def test_a_line_is_a_farm_of_twelve_but_of_many_only_with_another_thing() -> None:
    people = group(25)
    line = thing("egress", people)
    assert found([line], claims(people)) == ()
    (farm,) = found([line, thing("address", people[:20], UNIT)], claims(people))
    assert len(farm.subjects) == 25
    assert len(found([thing("egress", people[:12])], claims(people))) == 1


@pytest.mark.parametrize("reason", ["tunnel", "hosting", "institution", "organisation", "office", "private"])
def test_a_place_that_is_nobodys_home_makes_no_farm(reason: str) -> None:
    people = group(4)
    assert found([thing("egress", people)], claims(people), {("egress", "v"): Place(reason)}) == ()


def test_guests_do_not_make_a_farm() -> None:
    people = group(4)
    assert found([thing("egress", people, days=20)], claims(people)) == ()  # a third of their days
    assert len(found([thing("egress", people, days=30)], claims(people))) == 1


def test_a_couple_is_no_farm_whatever_couples_share() -> None:
    pair = group(2)
    home = claims(pair, address=UNIT, city="seattle")
    shared = [thing(kind, pair) for kind in ("egress", "gateway", "bank", "phone", "device")]
    assert found([thing("address", pair, UNIT), *shared], home) == ()
    moved = claims(pair)  # and they have not told the company that they moved in together
    assert found([thing("address", pair, UNIT), thing("egress", pair)], moved) == ()


def test_towns_of_one_region_are_one_city() -> None:
    """Whoever works in one co-working space lives around it; one operator's laptops claim homes all over the country."""
    people = group(6)
    line = [thing("egress", people)]

    def near(step: float) -> dict[str, Claim]:
        return {
            one: replace(claim, latitude=40.0 + step * number, longitude=-105.0)
            for number, (one, claim) in enumerate(claims(people).items())
        }

    assert found(line, near(0.1)) == ()
    (farm,) = found(line, near(3.0))
    assert "people who claim homes in 6 cities far apart use one line: +12 bits" in farm.why


def test_rooms_of_one_building_are_a_dormitory() -> None:
    people = group(5)
    rooms = {
        one: Claim(one, f"Name{one}", f"7 mill ln unit {number}|leeds|LS1", "leeds", days=60)
        for number, one in enumerate(people)
    }
    assert found([thing("egress", people)], rooms) == ()


def test_whoever_applies_twice_shares_things_with_themselves() -> None:
    pair = group(2)
    things = [thing(kind, pair) for kind in ("mail", "code_host", "resume_text", "document")]
    assert found(things, claims(pair, name="Ann Lee")) == ()
    assert len(found(things, claims(pair))) == 1


def test_a_ring_of_applicants_needs_more_than_one_kind_of_thing() -> None:
    people = group(4)
    phone, text = thing("phone", people), thing("resume_text", people)
    assert found([phone], claims(people)) == ()  # an agency gives its own number
    assert found([text], claims(people)) == ()  # a school teaches one wording
    (ring,) = found([phone, text], claims(people))
    assert ring.kind == "ring"


def test_deliveries_within_days_and_first_checkins_within_minutes_count() -> None:
    people = group(3)
    home = claims(people, city="seattle", address=None, hired=MARCH)
    things = [thing("address", people, UNIT), thing("gateway", people)]
    slow = {
        ("address", UNIT): Place(
            deliveries={one: MARCH + timedelta(days=20 * n) for n, one in enumerate(people)}
        )
    }
    fast = {
        ("address", UNIT): Place(
            deliveries={one: MARCH + timedelta(days=2 * n) for n, one in enumerate(people)}
        )
    }
    assert found(things, home, slow) == ()
    together = [
        things[0],
        SharedThing("gateway", "v", None, tuple(Use(one, MARCH, MARCH, 60) for one in people)),
    ]
    (farm,) = found(together, home, fast)
    assert any(reason.startswith("3 deliveries to one unit within 10 days") for reason in farm.why)
    assert any(reason.startswith("3 first check-ins within 60 minutes") for reason in farm.why)


def test_what_indicators_found_about_two_members_counts() -> None:
    pair = group(2)
    things = [thing("egress", pair)]
    assert found(things, claims(pair)) == ()
    hints = {one: {"exclusive", "vouching"} for one in pair}
    (farm,) = found(things, claims(pair), hints=hints)
    assert "2 of them are never at work in the same minutes: +4 bits" in farm.why
    assert found(things, claims(pair), hints={pair[0]: {"exclusive", "vouching"}}) == ()


def test_a_farm_that_somebody_cleared_comes_back_only_with_a_new_member() -> None:
    people = group(3)
    cleared = {frozenset(pair) for pair in combinations(people, 2)}
    assert found([thing("egress", people)], claims(people), cleared=cleared) == ()
    more = group(4)
    assert len(found([thing("egress", more)], claims(more), cleared=cleared)) == 1


def test_private_things_with_one_member_in_common_are_one_group_and_so_with_two() -> None:
    people = group(11)
    for common in (1, 2):
        things = [thing("mfa_device", people[:6], "v"), thing("document", people[6 - common :], "w")]
        (ring,) = found(things, claims(people))
        assert (ring.kind, ring.subjects) == ("ring", tuple(people))


def test_two_farms_with_the_same_founders_have_ids_of_their_own() -> None:
    people = group(8)
    things = [thing("egress", people[:5], "v"), thing("egress", [*people[:2], *people[5:]], "w")]
    both = found(things, claims(people))
    assert len({farm.id for farm in both}) == len(both) == 2
    assert found([things[0]], claims(people[:5]))[0].id in {farm.id for farm in both}


def test_the_id_stays_while_others_join_and_the_order_of_things_does_not_matter() -> None:
    people = group(5)
    things = [
        thing("egress", people),
        thing("bank", people[:2]),
        thing("address", people[1:], UNIT),
        thing("phone", people[3:]),
    ]
    expected = found(things, claims(people))
    assert found([thing("egress", people[:3])], claims(people))[0].id == expected[0].id
    shuffle = random.Random(5)  # noqa: S311  the test must be repeatable
    for _ in range(10):
        shuffle.shuffle(things)
        assert found(things, claims(people)) == expected
