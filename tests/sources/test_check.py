"""A check of a source finds whatever its samples do not prove, and expected rows can be written anew."""

import json
import shutil
from pathlib import Path

import pytest

from pickglass.model.source import SourceDefinition
from pickglass.sources.check import check, update_expected
from pickglass.sources.definitions import definitions, read_definition, shipped_folder

NAME = "workday_payment_elections"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy a shipped source to where it may be changed."""
    return Path(shutil.copytree(shipped_folder() / NAME, tmp_path / NAME))


def known(folder: Path) -> dict[str, SourceDefinition]:
    return {**definitions(), NAME: read_definition(folder / "source.yaml")}


def problems(folder: Path) -> list[str]:
    sources = known(folder)
    return list(check(sources[NAME], sources).problems)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_whole_source_has_no_problem(copy: Path) -> None:
    assert problems(copy) == []


def test_a_row_that_is_missing_and_one_too_many_are_told(copy: Path) -> None:
    path = copy / "expected.jsonl"
    first, *others = path.read_text().splitlines()
    path.write_text("\n".join([*others, json.dumps({**json.loads(first), "name": "Nobody"})]))
    missing, surplus = problems(copy)
    assert missing.startswith("expected and not found: ")
    assert "Nobody" in missing
    assert surplus.startswith("found and not expected: ")


def test_a_row_that_comes_twice_is_told(copy: Path) -> None:
    path = copy / "expected.jsonl"
    path.write_text(path.read_text() + path.read_text().splitlines()[0] + "\n")
    assert "some row comes more often" in problems(copy)[0]


def test_a_sample_of_another_source_is_told(copy: Path) -> None:
    shutil.copy(shipped_folder() / "okta_system_log" / "sample.json", copy / "sample.other.json")
    assert any("is recognised as okta_system_log" in one for one in problems(copy))


def test_a_mapping_that_does_not_run_is_told(copy: Path) -> None:
    replace(copy / "source.yaml", "AS bank_hash", "AS bank_number")
    assert any("unknown columns: bank_number" in one for one in problems(copy))


def test_rows_of_one_record_that_are_taken_for_revisions_of_each_other_are_told(copy: Path) -> None:
    replace(copy / "source.yaml", "FROM raw\n", "FROM raw, range(2)\n")
    assert any("pass a _part that tells them apart" in one for one in problems(copy))


@pytest.mark.parametrize(
    "sql",
    [
        "FROM raw, (VALUES (1)) AS other\n",
        "FROM raw JOIN (SELECT 1) AS one ON true\n",
        "FROM raw, unnest([1])\n",
    ],
)
def test_sql_that_can_multiply_rows_needs_a_part_even_where_no_sample_shows_it(copy: Path, sql: str) -> None:
    """A sample has one element where the next export has two: the second would pass for a revision of the first."""
    replace(copy / "source.yaml", "FROM raw\n", sql)
    assert any("can make several rows of one record" in one for one in problems(copy))


def test_a_draft_with_an_open_decision_is_not_whole(copy: Path) -> None:
    replace(copy / "source.yaml", "export: ", "export: FIXME ")
    (problem,) = problems(copy)
    assert problem.startswith("source.yaml:")
    assert problem.endswith("FIXME is not decided yet")


@pytest.mark.parametrize("name", ["expected.jsonl", "sample.*"])
def test_a_source_without_samples_or_expected_rows_is_told(copy: Path, name: str) -> None:
    for path in copy.glob(name):
        path.unlink()
    assert problems(copy) == [f"has no {name}"]


def test_expected_rows_are_written_as_they_are_found(copy: Path) -> None:
    """Whatever was there before; once they say the same, the file is left alone."""
    path = copy / "expected.jsonl"
    whole = path.read_text()
    rows = [json.loads(line) for line in whole.splitlines()]
    path.write_text("")
    sources = known(copy)
    assert update_expected(sources[NAME], sources) == []
    assert problems(copy) == []
    assert sorted(
        map(str, map(sorted, map(dict.items, map(json.loads, path.read_text().splitlines()))))
    ) == sorted(str(sorted(row.items())) for row in rows)
    path.write_text(whole)
    assert update_expected(sources[NAME], sources) == []
    assert path.read_text() == whole


def test_expected_rows_of_a_source_that_is_wrong_are_not_written(copy: Path) -> None:
    replace(copy / "source.yaml", "AS bank_hash", "AS bank_number")
    (copy / "expected.jsonl").write_text("kept")
    sources = known(copy)
    assert update_expected(sources[NAME], sources) != []
    assert (copy / "expected.jsonl").read_text() == "kept"
