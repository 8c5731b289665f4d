"""Generated duplicates are found, namesakes and couples are not; every score can be explained and repeated."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256
from itertools import combinations
from typing import Any

import pyarrow as pa
import pytest

from pickglass.errors import InputError
from pickglass.linkage import PEOPLE, Model, cluster, default_model, people, score_pairs, train, waterfall
from pickglass.simulate.people import Population, invent_people

Pairs = set[tuple[str, str]]


def table(rows: Iterable[dict[str, Any]], strangers: int = 200) -> pa.Table:
    """People with these values among strangers who share nothing with anybody."""
    others = [
        {"subject_id": f"Z{number:04}", "given_name": f"giv{number}", "family_name": f"fam{number}",
         "mails": [f"{number}@example.org"], "phones": [f"1202555{number:04}"]}
        for number in range(strangers)
    ]  # fmt: skip
    written = []
    for row in [*rows, *others]:
        full = {"full_name": f"{row['given_name']} {row['family_name']}"} if "given_name" in row else {}
        lists: dict[str, Any] = {field.name: [] for field in PEOPLE if pa.types.is_list(field.type)}
        written.append({**lists, **full, **row})
    return pa.Table.from_pylist(written, schema=PEOPLE)


def linked(people: pa.Table, model: Model | None = None) -> Pairs:
    found = score_pairs(people, model or default_model())
    return set(zip(found["left"].to_pylist(), found["right"].to_pylist(), strict=True))


def named(subject: str, given: str = "ann", family: str = "example", **more: Any) -> dict[str, Any]:
    return {"subject_id": subject, "given_name": given, "family_name": family, **more}


@pytest.fixture(scope="module")
def crowd() -> Population:
    return invent_people(700, "namesakes", 3, birth_dates=True)


@pytest.fixture(scope="module")
def gathered(crowd: Population) -> pa.Table:
    return people(crowd.identifiers, crowd.subjects)[0]


@pytest.fixture(scope="module")
def model(gathered: pa.Table) -> Model:
    return train(gathered)


@pytest.fixture(scope="module")
def scored(gathered: pa.Table, model: Model) -> pa.Table:
    return score_pairs(gathered, model)


def truth(crowd: Population) -> Pairs:
    records = defaultdict(list)
    for subject, person in zip(
        *(crowd.truth[name].to_pylist() for name in ("subject_id", "person")), strict=True
    ):
        records[person].append(subject)
    return {pair for subjects in records.values() for pair in combinations(sorted(subjects), 2)}


def test_generated_duplicates_are_found(crowd: Population, scored: pa.Table) -> None:
    known = truth(crowd)
    found = set(zip(scored["left"].to_pylist(), scored["right"].to_pylist(), strict=True))
    assert len(found & known) / len(found) >= 0.97
    assert len(found & known) / len(known) >= 0.95
    groups = cluster(scored).members.values()
    inside = {pair for members in groups for pair in combinations(members, 2)}
    assert len(inside & known) / len(inside) >= 0.98
    assert len(inside & known) / len(known) >= 0.94


def test_pairs_are_in_order_and_bits_are_their_odds(scored: pa.Table) -> None:
    rows = scored.to_pylist()
    assert rows == sorted(rows, key=lambda row: (row["left"], row["right"]))
    assert all(row["left"] < row["right"] and row["probability"] >= 0.5 for row in rows)
    assert all(row["probability"] == pytest.approx(1 / (1 + 2 ** -row["bits"])) for row in rows)


def test_the_order_of_people_does_not_matter(gathered: pa.Table, model: Model, scored: pa.Table) -> None:
    order = list(range(gathered.num_rows))
    random.Random(1).shuffle(order)  # noqa: S311 - chance, not secrecy
    shuffled = gathered.take(order)
    assert train(shuffled) == model
    assert score_pairs(shuffled, model).equals(scored)


def test_new_subjects_get_the_pairs_that_a_full_run_gives_them(
    gathered: pa.Table, model: Model, scored: pa.Table
) -> None:
    new = gathered["subject_id"].to_pylist()[::40]
    expected = [row for row in scored.to_pylist() if row["left"] in new or row["right"] in new]
    assert expected
    assert score_pairs(gathered, model, new=new).to_pylist() == expected
    assert score_pairs(gathered, model, new=[]).num_rows == 0


def test_the_model_survives_its_json(model: Model) -> None:
    assert Model.from_json(model.to_json()) == model
    assert model.trained_on == 700


@pytest.mark.parametrize(
    "text", ["", "[]", '{"version": 0}', default_model().to_json().replace("names", "nomes")]
)
def test_a_damaged_model_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Model.from_json(text)


def test_too_few_people_teach_nothing_and_are_no_error() -> None:
    empty = PEOPLE.empty_table()
    assert score_pairs(empty, train(empty)).num_rows == 0
    few = table([named("S1"), named("S2")], strangers=3)
    assert linked(few, train(few)) == set()


def test_a_name_alone_never_links_however_many_duplicates_are_expected() -> None:
    crowd = table([named("S1"), named("S2")])
    assert linked(crowd) == set()
    assert linked(crowd, Model(duplicates=3.0)) == set()
    assert waterfall(crowd, Model(duplicates=3.0), "S1", "S2")[-1].kind == "cap"


def test_a_name_and_a_strong_identifier_link() -> None:
    assert linked(table([named("S1", phones=["12025559999"]), named("S2", phones=["12025559999"])])) == {
        ("S1", "S2")
    }


def test_two_strong_identifiers_link_other_names() -> None:
    both: dict[str, Any] = {"mails": ["x@example.net"], "documents": ["d1"]}
    assert linked(table([named("S1", **both), named("S2", "bo", "sample", **both)])) == {("S1", "S2")}
    one: dict[str, Any] = {"mails": ["x@example.net"]}
    assert linked(table([named("S1", **one), named("S2", "bo", "sample", **one)])) == set()


def test_a_couple_shares_all_that_couples_share_and_stays_two() -> None:
    home: dict[str, Any] = {
        "address_keys": ["1 main st|x|1"],
        "postal_codes": ["1"],
        "phones": ["12025559999"],
        "banks": ["b1"],
    }
    assert linked(table([named("S1", "ann", **home), named("S2", "bo", **home)])) == set()
    steps = waterfall(
        table([named("S1", "ann", **home), named("S2", "bo", **home)]), default_model(), "S1", "S2"
    )
    assert next(step.bits for step in steps if step.kind == "family") < -1_000


def test_a_common_name_counts_less_than_a_rare_one() -> None:
    phone: dict[str, Any] = {"phones": ["12025559999"]}
    crowd = table(
        [
            named("S1", **phone),
            named("S2", **phone),
            named("S3", "rare", "bird", **phone),
            named("S4", "rare", "bird"),
        ]
        + [named(f"T{number}") for number in range(30)]
    )
    common, rare = (waterfall(crowd, default_model(), *pair)[1] for pair in (("S1", "S2"), ("S3", "S4")))
    assert common.label == rare.label == "names"
    assert 0 < common.bits < rare.bits - 300


def test_a_postal_code_counts_by_how_many_live_there() -> None:
    def bits(neighbours: int) -> int:
        home: dict[str, Any] = {"postal_codes": ["1"]}
        others = [named(f"T{n}", f"t{n}", f"of{n}", **home) for n in range(neighbours)]
        crowd = table([named("S1", **home), named("S2", "bo", **home), *others])
        steps = waterfall(crowd, default_model(), "S1", "S2")
        return next(step.bits for step in steps if step.label == "addresses")

    assert bits(150) + 300 < bits(0)


def test_a_value_that_many_share_makes_no_pairs() -> None:
    names = [sha256(str(number).encode()).hexdigest() for number in range(400)]
    rows = [named(f"S{name}", name[:8], name[8:16], photos=["default"]) for name in names]
    assert linked(table(rows)) == set()


def test_the_waterfall_sums_to_the_score_and_hides_the_values(
    gathered: pa.Table, model: Model, scored: pa.Table
) -> None:
    row = scored.slice(3, 1).to_pylist()[0]
    steps = waterfall(gathered, model, row["right"], row["left"])
    assert sum(step.bits for step in steps) == round(100 * row["bits"])
    assert steps[0].kind == "prior"
    assert steps[0].bits < 0
    assert "@" not in " ".join(step.reason for step in steps)


def test_two_who_are_not_linked_are_explained_as_well() -> None:
    crowd = table(
        [named("S1", mails=["ann.e@example.org"]), named("S2", "bo", "sample", mails=["bo@example.org"])]
    )
    steps = waterfall(crowd, default_model(), "S1", "S2")
    assert {step.label for step in steps if step.kind == "differ"} == {"names", "mail addresses"}
    assert sum(step.bits for step in steps) < -1_000


@pytest.mark.parametrize("pair", [("S1", "S1"), ("S1", "S9")])
def test_only_two_subjects_that_there_are_can_be_compared(pair: tuple[str, str]) -> None:
    with pytest.raises(InputError):
        waterfall(table([named("S1"), named("S2")]), default_model(), *pair)
