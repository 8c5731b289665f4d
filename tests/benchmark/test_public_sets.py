"""Public sets: read as they are published, from samples made up here."""

from __future__ import annotations

from pathlib import Path

import pytest

from pickglass.benchmark.public_sets import public_sets
from pickglass.errors import InputError

FEBRL = (
    "rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, "
    "soc_sec_id\n"
    "rec-7-org, ada, moss, 4, elm street, the mill, albury, 2640, nsw, 19800229, 5550101\n"
    "rec-7-dup-0, adda, moss, , elm street, , albury, 2640, nsw, , 5550101\n"
    "rec-12-org, , fen, 9, oak lane, , hay, 2711, nsw, 1980, 5550102\n"
)
FAKE = "unique_id,first_name,surname,dob,city,email,cluster\n0,Ada,Moss,1980-02-29,,a@moss.example,0\n1,,Moss,,Hay,,0\n"


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    for path, text in (("febrl/dataset2.csv", FEBRL), ("splink_fake_1000/fake_1000.csv", FAKE)):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def test_sets_are_found_by_their_places(sets: Path) -> None:
    assert [one.name for one in public_sets(sets)] == ["febrl 2", "splink fake 1000"]


def test_febrl_is_read(sets: Path) -> None:
    known = public_sets(sets)[0].read()
    assert known.truth.to_pylist() == [
        {"subject_id": "rec-7-org", "person": 0},
        {"subject_id": "rec-7-dup-0", "person": 0},
        {"subject_id": "rec-12-org", "person": 1},
    ]
    assert known.subjects.to_pylist() == [
        {"subject_id": "rec-7-org", "name": "ada moss", "birth_date": "1980-02-29"},
        {"subject_id": "rec-7-dup-0", "name": "adda moss", "birth_date": None},
        {"subject_id": "rec-12-org", "name": "fen", "birth_date": "1980"},
    ]
    rows = [tuple(row.values()) for row in known.identifiers.to_pylist()]
    assert ("rec-7-org", "address", "4 elm street|albury|2640") in rows
    assert ("rec-7-dup-0", "document", "5550101") in rows
    assert not [row for row in rows if not row[2]]


def test_fake_1000_is_read(sets: Path) -> None:
    known = public_sets(sets)[1].read()
    assert known.truth.column("person").to_pylist() == [0, 0]
    assert ("0", "mail", "a@moss.example") in [tuple(row.values()) for row in known.identifiers.to_pylist()]


def test_a_folder_without_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no public set"):
        public_sets(tmp_path)


@pytest.mark.parametrize("text", ["unique_id,first_name\n0,Ada\n", "", "unique_id\n\n0\n"])
def test_a_set_without_its_columns_is_refused_or_empty(tmp_path: Path, text: str) -> None:
    path = tmp_path / "splink_fake_1000" / "fake_1000.csv"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"lacks something|holds no record"):
        public_sets(tmp_path)[0].read()
