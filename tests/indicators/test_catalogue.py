"""Reading the catalogue: every mistake at once, with file, field, reason and what to do."""

from pathlib import Path

import pytest

from pickglass.errors import ConfigError, NotFound
from pickglass.indicators.catalogue import catalogue, get, head, read_catalogue, read_entry

GOOD = """\
id: one
title: One
question: One?
family: data
status: active
tier: 2
fairness: safe
sentence: "{n} files"
innocent: [a]
ask_next: [b]
references: [OURS]
tests:
  - name: fires
    given: {worker: [{account: S1, time: 2026-01-01}]}
    expect: {S1: fired, sentence: 1 files, evidence: [e1]}
"""


def write(root: Path, name: str, yaml: str, sql: str | None = "SELECT 1") -> Path:
    folder = root / "data"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(yaml)
    if sql is not None:
        path.with_suffix(".sql").write_text(sql)
    return path


def test_an_indicator_is_found_by_being_there(tmp_path: Path) -> None:
    write(tmp_path, "one", GOOD)
    found = read_catalogue(tmp_path)["one"]
    assert (found.stage, found.tier, found.proxy, found.sql) == ("data", 2, False, "SELECT 1")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "one", GOOD.replace("tier: 2", "tier: 7").replace("status: active", "status: live"))
    write(tmp_path, "two", GOOD)
    write(tmp_path, "three", GOOD.replace("id: one", "id: three").replace("{n}", "{n:.2f}"), sql=None)
    with pytest.raises(ConfigError) as raised:
        read_catalogue(tmp_path)
    told = str(raised.value)
    for part in (
        "data/one.yaml: status: 'live' is not known",
        "data/one.yaml: tier: 7 is not known",
        "data/two.yaml: id: is 'one', the file is two",
        "data/three.yaml: sentence: {n} is more than a name",
        "data/three.sql: file: is missing",
    ):
        assert part in told


def test_a_broken_yaml_names_the_place(tmp_path: Path) -> None:
    write(tmp_path, "one", "id: [one")
    with pytest.raises(ConfigError, match="line 1"):
        read_catalogue(tmp_path)


def test_an_unknown_field_is_a_mistake(tmp_path: Path) -> None:
    write(tmp_path, "one", GOOD.replace("innocent:", "harmless:"))
    with pytest.raises(ConfigError, match="harmless: is not a field"):
        read_catalogue(tmp_path)


def test_tests_are_read_apart(tmp_path: Path) -> None:
    entry = read_entry(write(tmp_path, "one", GOOD))
    assert not entry.mistakes
    (trial,) = entry.trials
    assert (trial.fires, trial.sentence, trial.evidence, dict(trial.expect)) == (
        True,
        "1 files",
        ("e1",),
        {"S1": "fired"},
    )


def test_a_test_with_an_unknown_outcome_is_a_mistake(tmp_path: Path) -> None:
    entry = read_entry(write(tmp_path, "one", GOOD.replace("S1: fired", "S1: burns")))
    assert "'burns' is none of" in entry.mistakes[0].why


def test_running_needs_no_tests() -> None:
    assert "tests" not in head(GOOD)


def test_a_wrong_id_brings_near_ones() -> None:
    known = next(iter(catalogue()))
    with pytest.raises(NotFound, match=known):
        get(known + "x")
