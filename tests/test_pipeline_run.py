"""A run on files that nothing can be made of says so, file by file."""

from __future__ import annotations

from pathlib import Path

import pytest

from pickglass import pipeline
from pickglass.errors import InputError
from pickglass.settings import load_settings


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
