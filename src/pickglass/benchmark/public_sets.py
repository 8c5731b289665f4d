"""Readers of public sets of persons whose duplicates are known. The sets lie where the user put them.

* `febrl/dataset1.csv` … `dataset3.csv`: generated Australians; `rec-12-org` and `rec-12-dup-0` are one person.
* `splink_fake_1000/fake_1000.csv`: 1,000 records of invented persons with their `cluster`.

Their columns become the identifier rows and subjects that linkage reads. What has no kind of its own there is
taken for the nearest: a social security number for a document, a city for a postal area.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pickglass.errors import InputError

_MOST = 50_000_000  # bytes of one set

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KnownPeople:
    """Identifier rows and subjects as linkage reads them, and which person each subject is."""

    name: str
    identifiers: pa.Table
    subjects: pa.Table
    truth: pa.Table


@dataclass(frozen=True, slots=True)
class PublicSet:
    """A set that is there, not read yet."""

    name: str
    path: Path
    record: Callable[[Row], tuple[str, str, dict[str, str]]]  # to subject, person, values by kind

    def read(self) -> KnownPeople:
        """Read the set; InputError where it is not as it was published."""
        return _read(self)


def public_sets(folder: Path) -> tuple[PublicSet, ...]:
    """Find every set that is in the folder, in a fixed order; InputError where there is none."""
    known = [
        *(PublicSet(f"febrl {n}", folder / "febrl" / f"dataset{n}.csv", _febrl) for n in (1, 2, 3)),
        PublicSet("splink fake 1000", folder / "splink_fake_1000" / "fake_1000.csv", _fake),
    ]
    found = tuple(one for one in known if one.path.is_file())
    if not found:
        raise InputError(
            f"{folder} holds no public set that is known here",
            hint="it should hold " + " or ".join(str(one.path.relative_to(folder)) for one in known),
            where=str(folder),
        )
    return found


def _read(known: PublicSet) -> KnownPeople:
    if known.path.stat().st_size > _MOST:
        raise InputError(f"{known.path.name} is too large for a set of this name", where=str(known.path))
    identifiers: dict[str, list[str]] = {"subject_id": [], "kind": [], "value": []}
    subjects: dict[str, list[str | None]] = {"subject_id": [], "name": [], "birth_date": []}
    persons: dict[str, int] = {}
    truth: dict[str, int] = {}
    with known.path.open(encoding="utf-8", newline="") as file:
        for row in _rows(file):
            try:
                subject, person, values = known.record(row)
            except (KeyError, IndexError) as error:
                raise InputError(
                    f"a record of {known.path.name} lacks something",
                    hint="give the set as it is published",
                    where=str(known.path),
                ) from error
            truth[subject] = persons.setdefault(person, len(persons))
            names = (values["given_name"], values["family_name"])
            subjects["subject_id"].append(subject)
            subjects["name"].append(" ".join(filter(None, names)) or None)
            subjects["birth_date"].append(values.pop("birth_date") or None)
            for kind, value in values.items():
                if value:
                    identifiers["subject_id"].append(subject)
                    identifiers["kind"].append(kind)
                    identifiers["value"].append(value)
    if not truth:
        raise InputError(f"{known.path.name} holds no record", where=str(known.path))
    texts = pa.schema((column, pa.string()) for column in subjects)
    return KnownPeople(
        known.name,
        pa.table(identifiers),
        pa.table(subjects, schema=texts),
        pa.table({"subject_id": list(truth), "person": list(truth.values())}),
    )


def _rows(file: Iterable[str]) -> Iterator[Row]:
    reader = csv.reader(file, skipinitialspace=True)
    header = [name.strip() for name in next(reader, [])]
    for fields in reader:
        yield dict(zip(header, (field.strip() for field in fields), strict=False))


def _febrl(row: Row) -> tuple[str, str, dict[str, str]]:
    line = f"{row['street_number']} {row['address_1']}".strip()
    birth = re.sub(r"^(\d{4})(\d\d)(\d\d)$", r"\1-\2-\3", row["date_of_birth"])
    return (
        row["rec_id"],
        row["rec_id"].split("-")[1],
        {
            "given_name": row["given_name"],
            "family_name": row["surname"],
            "address": f"{line}|{row['suburb']}|{row['postcode']}" if line else "",
            "postal_code": row["postcode"],
            "document": row["soc_sec_id"],
            "birth_date": birth,
        },
    )


def _fake(row: Row) -> tuple[str, str, dict[str, str]]:
    return (
        row["unique_id"],
        row["cluster"],
        {
            "given_name": row["first_name"],
            "family_name": row["surname"],
            "mail": row["email"],
            "postal_code": row["city"],
            "birth_date": row["dob"],
        },
    )
