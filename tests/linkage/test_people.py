"""Identifier rows become one canonical row per subject; what says nothing is left out and counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pytest

from pickglass.errors import InputError
from pickglass.linkage import PEOPLE, Dropped, people


def identifiers(rows: Iterable[tuple[str, str, str]]) -> pa.Table:
    columns: Any = list(zip(*rows, strict=True)) or [(), (), ()]
    return pa.table(
        {
            name: pa.array(column, pa.string())
            for name, column in zip(("subject_id", "kind", "value"), columns, strict=True)
        }
    )


def subjects(**named: Any) -> pa.Table:
    return pa.table(
        {"subject_id": pa.array(list(named)), "name": pa.array(list(named.values()), pa.string())}
    )


def one(
    rows: Iterable[tuple[str, str]], name: str | None = "Ann Example"
) -> tuple[dict[str, Any], tuple[Dropped, ...]]:
    table, dropped = people(identifiers(("S1", *row) for row in rows), subjects(S1=name))
    assert table.schema == PEOPLE
    (row,) = table.to_pylist()
    return row, dropped


def test_each_kind_is_spelt_in_one_way() -> None:
    row, dropped = one(
        [
            ("mail", " Ann.Example+jobs@GMail.com "),
            ("mail", "annexample@googlemail.com"),
            ("recovery_mail", "ann@example.org"),
            ("phone", "+1 (202) 555-0100"),
            ("phone", "2025550100"),
            ("address", "1 main st unit 3|springfield|12345"),
            ("bank", "AbC"),
            ("wallet", "0xd"),
            ("mfa_device", "K1"),
            ("device", "LAPTOP-1"),
        ]
    )
    assert row["mails"] == ["ann@example.org", "annexample@gmail.com"]
    assert row["phones"] == ["12025550100"]
    assert row["address_keys"] == ["1 main st unit 3|springfield|12345"]
    assert row["postal_codes"] == ["12345"]
    assert row["banks"] == ["0xd", "AbC"]
    assert row["devices"] == ["laptop-1", "mfa_device:K1"]
    assert dropped == ()


def test_names_are_folded_and_split_whatever_their_form() -> None:
    for name in ("Dr. Zoë M. Smith", "Smith, Zoë", "ZOE SMITH"):
        row, _ = one([], name)
        assert (row["given_name"], row["family_name"], row["full_name"]) == ("zoe", "smith", "zoe smith")
    row, _ = one([], "Prince")
    assert (row["given_name"], row["family_name"]) == (None, "prince")
    row, _ = one([], None)
    assert row["full_name"] is None


def test_placeholders_are_left_out_and_counted() -> None:
    row, dropped = one(
        [
            ("phone", "000-000-0000"),
            ("phone", "123-456-7890"),
            ("phone", "+1 (999) 999-9999"),
            ("mail", "test@example.com"),
            ("mail", "n/a"),
            ("device", "Unknown"),
            ("phone", "+1 202 555 0123"),
        ]
    )
    assert row["phones"] == ["12025550123"]
    assert row["mails"] == row["devices"] == []
    assert dropped == (
        Dropped("device", "a placeholder", 1, 1),
        Dropped("mail", "a placeholder", 1, 1),
        Dropped("phone", "a placeholder", 3, 1),
    )


def test_a_mail_of_an_agency_is_nobodys_and_counted() -> None:
    rows = [(f"S{number}", "mail", "jobs@agency.example") for number in range(40)]
    rows += [("S0", "mail", "ann@example.org")] * 30  # one subject's, however often it is stated
    table, dropped = people(identifiers(rows), subjects(**{f"S{number}": None for number in range(40)}))
    assert table["mails"].to_pylist() == [["ann@example.org"]] + [[]] * 39
    assert dropped == (Dropped("mail", "shared by more than 12 subjects", 1, 40),)


def test_a_contact_with_many_names_is_an_agents_however_few_they_are() -> None:
    names = ("Ann Bell", "Bo Carver", "Cy Drake", "Di Eaton")
    rows = [(f"S{number}", kind, value) for number in range(4)
            for kind, value in (("mail", "jobs@agency.example"), ("phone", "+1 202 555 0123"), ("document", "d1"))]  # fmt: skip
    table, dropped = people(identifiers(rows), subjects(**{f"S{n}": name for n, name in enumerate(names)}))
    assert (table["mails"].to_pylist(), table["phones"].to_pylist()) == ([[]] * 4, [[]] * 4)
    assert table["documents"].to_pylist() == [["d1"]] * 4  # nobody's agent lends out a passport
    assert dropped == tuple(
        Dropped(kind, "given with the names of more than 3 people", 1, 4) for kind in ("mail", "phone")
    )
    spelt = ("Ann Bell", "Bell, Ann", "An Bel", "Anne Bell")
    table, dropped = people(identifiers(rows), subjects(**{f"S{n}": name for n, name in enumerate(spelt)}))
    assert table["mails"].to_pylist() == [["jobs@agency.example"]] * 4
    assert dropped == ()


def test_values_that_are_too_long_to_compare_are_left_out_and_counted() -> None:
    row, dropped = one([("mail", "a" * 257 + "@example.org"), ("mail", "b" * 200 + "@example.org"),
                        ("phone", "5" * 300), ("address", f"{'long' * 99} st|x|1")], "Ann " + "x" * 300)  # fmt: skip
    assert row["mails"] == ["b" * 200 + "@example.org"]
    assert (row["phones"], row["address_keys"], row["full_name"]) == ([], [], None)
    assert dropped == tuple(
        Dropped(kind, "longer than 256 characters", 1, 1) for kind in ("address", "mail", "name", "phone")
    )


def test_columns_of_the_subject_are_read_where_there_are_any() -> None:
    given = pa.table(
        {
            "subject_id": ["S2", "S1", "S3"],
            "birth_date": ["1980-02-03", "1900-01-01", None],
            "text_sketch": pa.array([["000000000001", "0000000000ff"], None, []], pa.list_(pa.string())),
        }
    )
    table, dropped = people(identifiers([("S9", "mail", "nobody@example.org")]), given)
    assert table["subject_id"].to_pylist() == ["S1", "S2", "S3"]
    assert table["birth_date"].to_pylist() == [None, "1980-02-03", None]
    assert table["text_sketch"].to_pylist() == [[], [1, 255], []]
    assert dropped == (Dropped("birth_date", "a placeholder", 1, 1),)


@pytest.mark.parametrize("part", ["ff", "00000000000g"])
def test_a_sketch_of_something_else_is_refused(part: str) -> None:
    given = pa.table({"subject_id": ["S1"], "text_sketch": pa.array([[part]], pa.list_(pa.string()))})
    with pytest.raises(InputError):
        people(identifiers([]), given)


def test_a_subject_that_is_given_twice_is_one() -> None:
    given = pa.table({"subject_id": ["S1", None, "S1"], "name": ["Bo", "Al", "Ann"]})
    table, _ = people(identifiers([]), given)
    assert table.select(["subject_id", "family_name"]).to_pylist() == [
        {"subject_id": "S1", "family_name": "ann"}
    ]


def test_no_more_than_twenty_values_of_a_kind_are_kept() -> None:
    row, _ = one([("mail", f"m{number:03}@example.org") for number in range(50)])
    assert row["mails"] == [f"m{number:03}@example.org" for number in range(20)]
