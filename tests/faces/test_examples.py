"""The examples run, and print what they promise."""

import runpy
from pathlib import Path

import pytest
from tests.faces.conftest import SOURCES

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_library_example_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = runpy.run_path(str(EXAMPLES / "library.py"))
    example["main"](SOURCES / "workday_workers" / "sample.json", tmp_path / "home")
    printed = capsys.readouterr().out
    assert "records read, 0 rejected" in printed
    assert "subjects assessed" in printed
    assert "was assessed with scorecard" in printed
    assert "Dana" not in printed
    assert (tmp_path / "home" / "report.html").exists()


def test_the_library_example_tells_what_is_wrong(tmp_path: Path) -> None:
    example = runpy.run_path(str(EXAMPLES / "library.py"))
    with pytest.raises(SystemExit, match="there is no such file or folder"):
        example["main"](tmp_path / "nothing", tmp_path / "home")
