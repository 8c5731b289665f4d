"""Every source is whole: definition, samples, expected rows, quirks; one vocabulary, nobody real."""

import ipaddress
import json
import re
import tempfile
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
from tests.lake.sources import mapped

from pickglass import pipeline
from pickglass.model.schema import schema
from pickglass.model.source import SourceDefinition
from pickglass.settings import load_settings
from pickglass.sources.definitions import definitions, shipped_folder
from pickglass.sources.pages import page
from pickglass.sources.reading import Member, members
from pickglass.sources.recognition import recognise_member

FOLDERS = sorted(path.parent for path in shipped_folder().glob("*/source.yaml"))
SAMPLES = sorted(sample for folder in FOLDERS for sample in folder.glob("sample*"))
CLOCK = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
every_source = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")


@cache
def known() -> dict[str, SourceDefinition]:
    return definitions()


@cache
def expected(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "expected.jsonl").read_text().splitlines()]


def test_every_folder_of_samples_is_a_source() -> None:
    assert {path.parent for path in shipped_folder().glob("*/sample*")} == set(FOLDERS)
    assert len(FOLDERS) >= 20


@every_source
def test_a_source_has_all_that_belongs_to_it(folder: Path) -> None:
    for name in ("source.yaml", "expected.jsonl", "README.md"):
        assert (folder / name).stat().st_size > 0, f"{folder.name} has no {name}"
    assert list(folder.glob("sample*"))
    if "parser" in known()[folder.name].formats:
        assert (folder / "parse.py").exists()


@every_source
def test_a_source_says_how_to_get_its_export_and_where_that_is_documented(folder: Path) -> None:
    source = known()[folder.name]
    assert source.export
    assert source.vendor
    assert source.references
    assert all(reference.startswith("https://") for reference in source.references)


@every_sample
def test_a_sample_is_recognised_as_its_own_source_and_no_other(sample: Path) -> None:
    for member in members(sample):
        assert isinstance(member, Member)
        source, why = recognise_member(member, known())
        assert source is not None, why
        assert source.id == sample.parent.name, why


@every_source
def test_the_samples_become_exactly_the_expected_rows(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as home:
        (checked,) = pipeline.check_sources(load_settings(home, {}), [folder.name])
    assert checked["problems"] == []
    assert checked["rows"] == len(expected(folder))


@every_source
def test_the_expected_rows_show_every_table_that_the_source_fills(folder: Path) -> None:
    """A mapping that no sample reaches is not proved."""
    assert {row["table"] for row in expected(folder)} - {"rejects"} == set(known()[folder.name].tables)


@every_source
def test_every_mapping_fills_columns_of_the_vocabulary(folder: Path) -> None:
    """Also where no record comes by: an unknown column is told at the first chunk, even an empty one."""
    assert mapped(known()[folder.name], []).fates == {}
    for row in expected(folder):
        if row["table"] != "rejects":
            assert set(row) - {"table", "file", "record"} <= set(schema().tables[row["table"]].columns)


def test_every_generic_source_fills_columns_of_the_vocabulary() -> None:
    generic = [source for source in known().values() if source.id.startswith("generic_")]
    assert len(generic) >= 15
    for source in generic:
        assert mapped(source, []).fates == {}


def test_a_column_means_the_same_type_in_every_table() -> None:
    """`bytes` is a number everywhere, or analysts cannot put two tables side by side."""
    types = defaultdict(set)
    for table in schema().tables.values():
        for column in table.columns.values():
            types[column.name].add(column.type)
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


@every_source
def test_a_column_of_fixed_values_takes_no_other(folder: Path) -> None:
    """A download is a download whoever wrote the log: an indicator asks for one word."""
    for row in expected(folder):
        if row["table"] == "rejects":
            continue
        for name, value in row.items():
            column = schema().tables[row["table"]].columns.get(name)
            if column is not None and column.values:
                assert value in column.values, f"{row['table']}.{name} of record {row['record']}"


def test_the_values_of_activity_tell_the_tables_apart_from_free_text() -> None:
    for table in schema().tables.values():
        if "activity" in table.own:
            assert table.columns["activity"].values, table.name


def test_a_value_has_the_type_of_its_column_in_every_source() -> None:
    python: dict[str, tuple[type, ...]] = {
        "text": (str,),
        "integer": (int,),
        "number": (float, int),
        "boolean": (bool,),
        "time": (str,),
        "texts": (list,),
    }
    for folder in FOLDERS:
        for row in expected(folder):
            columns = schema().tables[row["table"]].columns
            for name, value in row.items():
                if name in columns:
                    kind = columns[name].type
                    assert isinstance(value, python[kind]), f"{folder.name}: {name}"
                    assert kind == "boolean" or not isinstance(value, bool), f"{folder.name}: {name}"
                    if kind == "time":
                        assert CLOCK.fullmatch(str(value)), f"{folder.name}: {name}"


def test_no_source_reads_what_must_not_be_weighed() -> None:
    """Nationality, ethnicity, sex, religion, disability and their like are not even columns."""
    protected = re.compile(
        r"national(ity|_id)|citizen|ethnic|(?<![a-z])race\b|gender|religio|disabilit|veteran|marital|accent|pronoun",
        re.I,
    )
    for folder in FOLDERS:
        source = known()[folder.name]
        read = [*source.columns, *source.columns.values(), *source.tables.values()]
        assert [text for text in read if protected.search(text)] == [], folder.name


@every_source
def test_time_zones_exist(folder: Path) -> None:
    assert known()[folder.name].time_zone in {"none", "local"} | available_timezones()


# -- nobody real -----------------------------------------------------------------------------------------

RESERVED = re.compile(r"(^|[.@])(example(\.(com|net|org|edu))?|test|invalid|localhost|local)$")
NETWORKS = [
    ipaddress.ip_network(one)
    for one in (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "198.18.0.0/15",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "224.0.0.0/4",
        "255.255.255.255/32",
        "0.0.0.0/32",
        "2001:db8::/32",
        "fe80::/10",
        "fc00::/7",
        "ff00::/8",
        "::1/128",
        "::/128",
        "100.64.0.0/10",
    )
]


def texts(sample: Path) -> str:
    return sample.read_bytes().decode("utf-8", "replace").replace("\\u0040", "@")


@every_sample
def test_mails_of_a_sample_are_of_reserved_domains(sample: Path) -> None:
    mails = re.findall(r"[\w.+%-]+@((?:[a-z0-9-]+\.)+[a-z]{2,})", texts(sample), re.I)
    assert {
        mail for mail in mails if not RESERVED.search(mail.lower()) and mail.lower() not in VENDORS
    } == set()


# Domains that a vendor's own machines sign with; nobody's mailbox.
VENDORS = {"okta.com"}


@every_sample
def test_addresses_of_a_sample_are_reserved_for_documentation(sample: Path) -> None:
    found = set(re.findall(r"(?<![\d./])(\d{1,3}(?:\.\d{1,3}){3})(?![\d.])", texts(sample)))
    real = set()
    for text in found:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue  # a version number
        if not any(address in network for network in NETWORKS):
            real.add(text)
    assert real == set()


@every_sample
def test_north_american_numbers_of_a_sample_are_made_up(sample: Path) -> None:
    """555-0100 to 555-0199 are kept free for stories."""
    numbers = re.findall(
        r"(?<![\w.-])(?:\+?1[ .-]?)?\(?([2-9]\d\d)\)?[ .-]([2-9]\d\d)[ .-](\d{4})(?![\w.-])", texts(sample)
    )
    assert [number for number in numbers if not (number[1] == "555" and number[2].startswith("01"))] == []


def test_the_page_of_the_sources_is_up_to_date() -> None:
    """It is written by `python -m pickglass.sources.pages > docs/source-catalogue.md`."""
    written = Path(__file__).parents[2].joinpath("docs", "source-catalogue.md").read_text("utf-8")
    assert written == page()
