"""A run on files that nothing can be made of says so, file by file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.lake.exports import ndjson, okta, worker

from pickglass import pipeline
from pickglass.cases import list_cases
from pickglass.errors import ConfigError, InputError
from pickglass.settings import load_settings
from pickglass.store import open_store


def test_a_run_on_nothing_that_is_understood_names_every_file(tmp_path: Path) -> None:
    """The reason of each file is told, and not merely that the home is empty."""
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "notes.txt").write_text("dear diary\n")
    (exports / "other.json").write_text('{"colour": "blue"}\n')
    with pytest.raises(InputError) as caught:
        pipeline.run(load_settings(tmp_path / "home", {}), [exports])
    told = {problem.where: problem.message for problem in caught.value.problems}
    assert set(told) == {"notes.txt", "other.json"}
    assert all(told.values())


def test_a_run_without_files_keeps_what_was_loaded_before(tmp_path: Path) -> None:
    """Whoever loads each night and looks in the morning has assessments to show."""
    home = load_settings(tmp_path / "home", {})
    pipeline.load(home, [ndjson(tmp_path / "roster.json", [worker("E1"), worker("E2")])])
    done = pipeline.run(home)
    assert done.load is None
    with open_store(home) as store:
        assert list_cases(store) == []  # nobody here needs a look
    assert pipeline.show_subject(home, done.assessments[0].subject_id)["subject"]["id"]


@pytest.mark.parametrize("how", [shutil.move, shutil.copytree])
def test_a_home_that_lies_elsewhere_says_so(tmp_path: Path, how: object) -> None:
    """The catalog names its files by their place: a copy would read, and write, the files of the first home."""
    exports = ndjson(tmp_path / "okta.json", [okta("1")])
    pipeline.load(load_settings(tmp_path / "home", {}), [exports])
    assert callable(how)
    how(tmp_path / "home", tmp_path / "elsewhere")
    other = load_settings(tmp_path / "elsewhere", {})
    for act in (
        lambda: pipeline.health(other),
        lambda: pipeline.load(other, [exports]),
        lambda: pipeline.assess(other),
    ):
        with pytest.raises(ConfigError, match="not where the catalog says") as error:
            act()
        assert "a home stays where it was made" in error.value.hint
