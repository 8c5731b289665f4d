"""Generated people: repeatable, of the promised form, and messy only where they should be."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pickglass.errors import InputError
from pickglass.model.schema import schema
from pickglass.simulate.people import IDENTIFIERS, MESSES, SUBJECTS, TRUTH, Mess, Population, invent_people


def shared_by_strangers(population: Population, kind: str) -> int:
    """Count the values of a kind that two persons or more state."""
    rows = population.identifiers.filter(pc.field("kind") == kind).join(population.truth, "subject_id")
    persons = rows.group_by("value").aggregate([("person", "count_distinct")])
    return len(persons.filter(pc.field("person_count_distinct") > 1))


@pytest.mark.parametrize("mess", MESSES)
def test_the_same_seed_gives_the_same_people(mess: Mess) -> None:
    one, again, other = (invent_people(400, mess, seed) for seed in (3, 3, 4))
    assert one.identifiers.equals(again.identifiers)
    assert one.subjects.equals(again.subjects)
    assert one.truth.equals(again.truth)
    assert not one.truth.equals(other.truth)


@pytest.mark.parametrize("mess", MESSES)
def test_tables_have_their_form(mess: Mess) -> None:
    people = invent_people(2000, mess)
    assert (people.identifiers.schema, people.subjects.schema, people.truth.schema) == (
        IDENTIFIERS,
        SUBJECTS,
        TRUTH,
    )
    ids = people.truth.column("subject_id").to_pylist()
    assert ids == sorted(set(ids)) == people.subjects.column("subject_id").to_pylist()
    assert len(ids) == 2000
    assert set(people.identifiers.column("subject_id").to_pylist()) <= set(ids)
    assert people.identifiers.column("value").null_count == 0
    known = schema().tables["identifier"].columns["kind"].values
    assert set(people.identifiers.column("kind").to_pylist()) <= set(known)
    sketches = [sketch for sketch in people.subjects.column("text_sketch").to_pylist() if sketch]
    assert all(sketch == sorted(sketch) and {len(part) for part in sketch} == {12} for sketch in sketches)


def test_some_persons_have_several_subjects_and_their_order_tells_nothing() -> None:
    truth = invent_people(5000, "clean").truth.column("person").to_pylist()
    sizes = Counter(Counter(truth).values())
    assert sizes[1] > sizes[2] > sizes[3] > 0
    assert sum(one == other for one, other in pairwise(truth)) < 20


def test_clean_people_share_nothing_with_strangers() -> None:
    people = invent_people(30_000, "clean")
    kinds = set(people.identifiers.column("kind").to_pylist())
    assert {kind: shared_by_strangers(people, kind) for kind in kinds} == dict.fromkeys(kinds, 0)


def test_namesakes_share_what_families_agencies_and_recycled_numbers_share() -> None:
    people = invent_people(8000, "namesakes")
    for kind in ("mail", "phone", "address", "bank", "device"):
        assert shared_by_strangers(people, kind) > 3, kind
    mails = Counter(people.identifiers.filter(pc.field("kind") == "mail").column("value").to_pylist())
    assert max(count for mail, count in mails.items() if mail.startswith("jobs@agency")) > 50
    names = Counter(people.subjects.column("name").to_pylist())
    rare = Counter(invent_people(8000, "clean").subjects.column("name").to_pylist())
    assert names.most_common(1)[0][1] > 2 * rare.most_common(1)[0][1]


def test_a_birth_date_belongs_to_the_person_and_is_given_only_when_asked_for() -> None:
    assert invent_people(500, "corrupted").subjects.column("birth_date").null_count == 500
    people = invent_people(500, "corrupted", birth_dates=True)
    rows = people.subjects.drop("text_sketch").join(people.truth, "subject_id")
    counts = (
        rows.group_by("person")
        .aggregate([("birth_date", "count_distinct")])
        .column("birth_date_count_distinct")
    )
    assert pc.max(counts).as_py() == 1
    assert people.subjects.column("birth_date").type == pa.date32()


def test_nobody_is_no_population() -> None:
    with pytest.raises(InputError, match="no population of 0"):
        invent_people(0, "clean")
