"""Which files there are below the paths that somebody named."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pickglass.sources.reading.content import os_reason
from pickglass.sources.reading.member import Problem, shown


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that can be read: where it is and how large."""

    path: Path
    bytes: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies below the named paths, in order of name; `older` counts the files left out for their age."""

    files: tuple[FoundFile | Problem, ...]
    older: int = 0


def find_files(paths: Iterable[Path]) -> list[Path | Problem]:
    """List every file at or below the paths as `list_files` does, by path alone."""
    return [item.path if isinstance(item, FoundFile) else item for item in list_files(paths).files]


def list_files(paths: Iterable[Path], since: datetime | None = None) -> Listing:
    """List every file at or below the paths, sorted, each once, with a Problem for what cannot be listed.

    Hidden files and folders are skipped unless named. A link is followed if it was named, or if it leads to a
    file below the folder that was named. With `since`, files last modified before it are left out and counted.
    """
    found: dict[str, FoundFile | Problem] = {}
    seen: set[str] = set()
    oldest = None if since is None else since.timestamp()
    older = 0
    for path in sorted(paths):
        for item in _below(path):
            if isinstance(item, Problem):
                found[item.name] = item
                continue
            real, file, modified = item
            if real in seen:
                continue
            seen.add(real)
            if oldest is not None and modified < oldest:
                older += 1
            else:
                found[str(file.path)] = file
    return Listing(tuple(found[name] for name in sorted(found)), older)


def expanded(path: str) -> list[Path]:
    """Give the paths that a pattern with `*`, `?`, `[…]` or `**` fits; what is there by that very name is itself."""
    if Path(path).exists() or not glob.has_magic(path):
        return [Path(path)]
    return [Path(one) for one in sorted(glob.glob(path, recursive=True))]  # noqa: PTH207 - it takes whole paths


_Item = tuple[str, FoundFile, float]  # real path, file, when it was modified


def _below(path: Path) -> Iterator[_Item | Problem]:
    try:
        status = path.stat()
    except OSError as error:
        yield Problem(shown(str(path)), os_reason(error), "check the path and its permissions")
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _in_folder(path)
    elif stat.S_ISREG(status.st_mode):
        yield _item(os.path.realpath(path), path, status)
    else:
        yield Problem(shown(str(path)), "not a file or folder", "copy its content to a file")


def _item(real: str, path: Path, status: os.stat_result) -> _Item:
    return real, FoundFile(path, status.st_size), status.st_mtime


def _in_folder(root: Path) -> Iterator[_Item | Problem]:
    waiting = [root]  # not recursion: folders can be nested deeper than Python's stack
    real_root = root.resolve()
    while waiting:
        folder = waiting.pop()
        # Below the root no link to a folder is followed, so a file's real place is its folder's and its name.
        # Resolving each of a hundred thousand files took longer than looking at them.
        real_folder = os.path.realpath(folder)
        try:
            with os.scandir(folder) as scan:
                entries = [entry for entry in scan if not entry.name.startswith(".")]
        except OSError as error:
            yield Problem(shown(str(folder)), os_reason(error), "check who may read the folder")
            continue
        for entry in entries:
            path = folder / entry.name
            if entry.is_symlink():
                yield from _linked(path, real_root)
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif entry.is_file(follow_symlinks=False):
                yield from _plain(entry, path, f"{real_folder}{os.sep}{entry.name}")
            else:
                yield from _below(path)


def _plain(entry: os.DirEntry[str], path: Path, real: str) -> Iterator[_Item | Problem]:
    try:
        yield _item(real, path, entry.stat(follow_symlinks=False))
    except OSError as error:  # gone since the folder was listed
        yield Problem(shown(str(path)), os_reason(error), "check the path and its permissions")


def _linked(path: Path, root: Path) -> Iterator[_Item | Problem]:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a link to itself, before Python 3.13
        yield Problem(shown(str(path)), "a link that leads nowhere")
        return
    if not target.is_relative_to(root):
        yield Problem(
            shown(str(path)), "a link that leads out of the folder", "name its target if it is wanted"
        )
    elif target.is_file():
        yield _item(str(target), path, target.stat())
