"""Which files there are below the paths that somebody named."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from pickglass.sources.reading.content import os_reason
from pickglass.sources.reading.member import Problem, shown


def find_files(paths: Iterable[Path]) -> list[Path | Problem]:
    """List every file at or below the paths, sorted, each once, with a Problem for what cannot be listed.

    Hidden files and folders are skipped unless named. A link is followed if it was named, or if it leads to a
    file below the folder that was named.
    """
    found: dict[str, Path | Problem] = {}
    seen: set[Path] = set()
    for path in sorted(paths):
        for item in _below(path):
            if isinstance(item, Problem):
                found[item.name] = item
            elif (real := item.resolve()) not in seen:
                seen.add(real)
                found[str(item)] = item
    return [found[name] for name in sorted(found)]


def _below(path: Path) -> Iterator[Path | Problem]:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        yield Problem(shown(str(path)), os_reason(error), "check the path and its permissions")
        return
    if stat.S_ISDIR(mode):
        yield from _in_folder(path)
    elif stat.S_ISREG(mode):
        yield path
    else:
        yield Problem(shown(str(path)), "not a file or folder", "copy its content to a file")


def _in_folder(root: Path) -> Iterator[Path | Problem]:
    waiting = [root]  # not recursion: folders can be nested deeper than Python's stack
    real_root = root.resolve()
    while waiting:
        folder = waiting.pop()
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
            else:
                yield from _below(path)


def _linked(path: Path, root: Path) -> Iterator[Path | Problem]:
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
        yield path
