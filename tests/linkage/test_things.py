"""A rare thing that few share is a link; a common one, or a place that is nobody's home, is none."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from pickglass.linkage import KINDS, common_things, kind_of, read_shared, thing_links
from pickglass.model.records import Link

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        ("value", pa.string()),
        ("label", pa.string()),
        ("subject_id", pa.string()),
        ("first_time", pa.timestamp("us", tz="UTC")),
        ("last_time", pa.timestamp("us", tz="UTC")),
        ("days", pa.int64()),
        ("event_ids", pa.list_(pa.string())),
        ("secret", pa.string()),
    ]
)


def row(
    kind: str, subject: str, value: str = "v", start: int = 0, length: int = 30, **more: Any
) -> dict[str, Any]:
    return {
        "kind": kind,
        "value": f"{kind}:{value}",
        "label": f"the {value}",
        "subject_id": subject,
        "first_time": MARCH + timedelta(days=start),
        "last_time": MARCH + timedelta(days=start + length),
        "days": 10,
        "event_ids": [f"{subject}-{kind}"],
        "secret": f"secret {kind}:{value}",
        **more,
    }


def table(rows: Iterable[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def shared_by(kinds: Iterable[str], subjects: Iterable[str], value: str = "v") -> list[dict[str, Any]]:
    people = list(subjects)
    return [row(kind, subject, value) for kind in kinds for subject in people]


def linked(rows: Iterable[dict[str, Any]], subjects: int = 10_000) -> tuple[Link, ...]:
    return thing_links(read_shared(table(rows)), subjects)


# Things


def test_a_rare_thing_is_a_link_with_words_and_evidence() -> None:
    (found,) = linked(shared_by(["address"], ["S-B", "S-A"]))
    assert found.kind == "thing"
    assert found.thing == "address"
    assert found.label == "the v"
    assert found.subjects == ("S-A", "S-B")
    assert found.bits == KINDS["address"].bound
    assert found.probability is None
    assert found.event_ids == ("S-A-address", "S-B-address")
    assert found.reasons == ("one address for 2 of 10,000 subjects: 7.5 bits", "at the same time")


def test_rarity_grows_with_the_company_up_to_the_bound() -> None:
    rows = shared_by(["address"], ["S-A", "S-B"])
    bits = [linked(rows, subjects)[0].bits or 0 for subjects in (4, 40, 400, 4_000, 40_000)]
    assert bits == sorted(bits)
    assert bits[0] == 100
    assert bits[-1] == KINDS["address"].bound


@pytest.mark.parametrize("kind", [*KINDS, "something_new"])
def test_no_kind_says_more_than_its_bound(kind: str) -> None:
    (found,) = linked(shared_by([kind], ["S-A", "S-B"]), 10**9)
    assert (found.bits or 0) <= kind_of(kind).bound


def test_more_people_in_one_flat_say_more() -> None:
    two, five = (
        linked(shared_by(["address"], [f"S-{number}" for number in range(count)]))[0] for count in (2, 5)
    )
    assert (five.bits or 0) == (two.bits or 0) + 300
    assert "a household explains two people, not 5: 3 bits more" in five.reasons


def test_what_many_share_is_common_and_no_link() -> None:
    campus = shared_by(["egress"], [f"S-{number:02}" for number in range(13)])
    assert linked(campus) == ()
    (common,) = common_things(read_shared(table(campus)), 10_000)
    assert (common.kind, common.subjects) == ("egress", 13)
    assert len(linked(campus[:12])) == 1
    assert common_things(read_shared(table(campus[:12])), 10_000) == ()


def test_two_per_cent_of_all_are_common_though_few() -> None:
    eight = shared_by(["egress"], [f"S-{number}" for number in range(8)])
    assert linked(eight, 300) == ()
    assert len(linked(eight, 400)) == 1
    assert (
        len(linked(eight[:4], 40)) == 1
    )  # in a small company four people are ten per cent, and still a farm


def test_a_ring_with_one_bank_account_is_never_common() -> None:
    ring = shared_by(["bank"], [f"S-{number:02}" for number in range(30)])
    for subjects in (40, 10_000):
        assert [found.thing for found in linked(ring, subjects)] == ["bank"]


def test_a_guest_on_the_line_does_not_belong_to_it() -> None:
    rows = [row("egress", "S-A"), row("egress", "S-B"), row("egress", "S-C", days=2)]
    (found,) = linked(rows)
    assert found.subjects == ("S-A", "S-B")
    assert "each on 10 days or more" in found.reasons
    assert linked([rows[0], rows[2]]) == ()


def test_a_flat_let_again_says_less() -> None:
    together = linked([row("address", "S-A"), row("address", "S-B", start=20)])[0]
    after = linked([row("address", "S-A"), row("address", "S-B", start=60)])[0]
    assert (after.bits or 0) == (together.bits or 0) - 200
    assert "one after the other, never at the same time: 2 bits less" in after.reasons
    unknown = linked([row("address", "S-A"), row("address", "S-B", last_time=None)])[0]
    assert unknown.bits == together.bits


def test_an_authenticator_is_not_handed_on() -> None:
    after = linked([row("mfa_device", "S-A"), row("mfa_device", "S-B", start=60)])[0]
    assert after.bits == KINDS["mfa_device"].bound


def test_two_rows_of_one_subject_are_no_sharing() -> None:
    assert linked([row("address", "S-A"), row("address", "S-A", start=90)]) == ()
    assert linked([row("address", "S-A"), row("address", "S-B", value="w")]) == ()


def test_empty_cells_link_nobody() -> None:
    rows = shared_by(["address"], ["S-A", "S-B"])
    assert linked([{**each, "value": None} for each in rows]) == ()
    assert linked([rows[0], {**rows[1], "subject_id": None}]) == ()
    bare = [{**each, "label": None, "days": None, "event_ids": None} for each in rows]
    (found,) = linked(bare)
    assert found.label is None
    assert linked([]) == ()


def test_reasons_never_hold_the_value() -> None:
    rows = shared_by(["address", "mfa_device", "phone"], ["S-A", "S-B"], value="+15550100")
    for found in linked(rows):
        assert not any("+15550100" in reason for reason in found.reasons)


# Order


def test_the_order_is_fixed_whatever_the_order_of_the_rows() -> None:
    rows = [
        *shared_by(["address", "egress", "mfa_device", "bank"], ["S-A", "S-B", "S-C"]),
        *shared_by(["resume", "phone"], ["S-D", "S-A"], "w"),
        *shared_by(["gateway"], ["S-E", "S-F"], "x"),
    ]
    expected = linked(rows)
    assert len(expected) == 7
    shuffle = random.Random(3)  # noqa: S311  the test must be repeatable
    for _ in range(20):
        shuffle.shuffle(rows)
        assert linked(rows) == expected


def test_a_place_that_is_nobodys_home_links_nobody_and_is_told() -> None:
    things = read_shared(table(shared_by(["egress", "bank"], ["S-A", "S-B"])))
    office = {("egress", "egress:v"): "office"}
    assert [found.thing for found in thing_links(things, 10_000, ordinary=office)] == ["bank"]
    (common,) = common_things(things, 10_000, office)
    assert (common.kind, common.why) == ("egress", "office")


def test_every_link_has_an_id_that_does_not_tell_the_value() -> None:
    found = linked([*shared_by(["bank"], ["S-A", "S-B"]), *shared_by(["bank"], ["S-A", "S-B"], "w")])
    assert len({one.id for one in found}) == 2
    grown = linked([*shared_by(["bank"], ["S-A", "S-B", "S-C"])])
    assert grown[0].id in {one.id for one in found}
    # A telephone number has few digits: whoever knows how an id is made of it soon guesses it.
    of_another_home = [{**one, "secret": "another"} for one in shared_by(["bank"], ["S-A", "S-B"])]
    assert linked(of_another_home)[0].id not in {one.id for one in found}
    respelt = [{**one, "value": "respelt"} for one in shared_by(["bank"], ["S-A", "S-B"])]
    assert linked(respelt)[0].id in {one.id for one in found}
