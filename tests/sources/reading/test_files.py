"""Which files are found below what somebody named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pickglass.sources.reading import Problem, find_files


def paths(found: list[Path | Problem], root: Path) -> list[str]:
    return [str(item.relative_to(root)) for item in found if isinstance(item, Path)]


def test_files_are_found_sorted_and_once(tmp_path: Path) -> None:
    """Proves that folders are walked, hidden things skipped, and a file named twice comes once."""
    for name in ("b/2.json", "a/1.json", "a/.hidden", ".git/config", "c.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert paths(find_files([tmp_path, tmp_path / "c.json", tmp_path / "a"]), tmp_path) == [
        "a/1.json",
        "b/2.json",
        "c.json",
    ]
    assert paths(find_files([tmp_path / "a" / ".hidden"]), tmp_path) == ["a/.hidden"]


def test_links_do_not_lead_out(tmp_path: Path) -> None:
    """Proves that a link within the folder counts once, and one that leads out or nowhere is told."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret").touch()
    (root / "real").touch()
    (root / "again").symlink_to(root / "real")
    (root / "out").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    (root / "nowhere").symlink_to(root / "missing")
    (root / "loop").symlink_to(root)
    found = find_files([root])
    assert len(paths(found, root)) == 1
    reasons = {Path(item.name).name: item.reason for item in found if isinstance(item, Problem)}
    assert set(reasons) == {"out", "file", "nowhere"}
    assert paths(find_files([root / "file"]), root) == ["file"]


def test_what_cannot_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that missing paths, locked folders and pipes are problems and do not stop the rest."""
    (tmp_path / "locked").mkdir()
    (tmp_path / "open.json").touch()
    os.mkfifo(tmp_path / "pipe")
    real = os.scandir

    def scandir(folder: Any) -> Any:
        if Path(folder).name == "locked":
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr("pickglass.sources.reading.files.os.scandir", scandir)
    found = find_files([tmp_path, tmp_path / "missing"])
    assert paths(found, tmp_path) == ["open.json"]
    assert {Path(item.name).name: item.reason for item in found if isinstance(item, Problem)} == {
        "locked": "permission denied",
        "missing": "no such file or directory",
        "pipe": "not a file or folder",
    }
