"""Watching a folder: what appears in it is loaded once it is whole.

Nothing tells us that a writer is done, so a file is taken when its size and time have not changed over two looks
that lie a settle time apart. Three signs do better. A name that says «not yet» (`.part`, `.tmp`, `.crdownload`, a
dot in front) keeps a file out, and its renaming says «now». A compressed file whose end is missing is waited for.
And a file that was taken too early after all is taken again when it changes: what is in already is a duplicate.

What was loaded is remembered by the ledger and not here, so a restart loads nothing twice.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final, NamedTuple

from pickglass.errors import InputError, PickglassError
from pickglass.loading import LoadReport, Tell, load
from pickglass.settings import Settings

EVERY: Final = 10.0  # seconds between two looks
SETTLE: Final = 5.0
PATIENCE: Final = 300.0  # for the end of a compressed file
UNFINISHED: Final = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".swp")


class Stamp(NamedTuple):
    """What changes when a file is written, or replaced by another."""

    size: int
    modified: int  # nanoseconds
    device: int
    inode: int


@dataclass(slots=True)
class _Seen:
    """A file as it was at the last look: its stamp, since when it has that, and over how many looks."""

    stamp: Stamp
    since: float
    looks: int = 1
    taken: bool = False
    cut_off: bool | None = None  # None: nobody has looked into it yet


@dataclass(slots=True)
class Watched:
    """A folder that is looked at again and again."""

    folder: Path
    settle: float = SETTLE
    patience: float = PATIENCE
    clock: Callable[[], float] = time.monotonic
    problems: list[str] = field(default_factory=list)  # met since the last look, each once
    _seen: dict[Path, _Seen] = field(default_factory=dict)
    _unfinished: set[Stamp] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)

    def look(self) -> list[Path]:
        """Look once, and return the files that are whole and not taken as they are now."""
        from pickglass.sources.reading import FoundFile, list_files

        now = self.clock()
        before, self._seen = self._seen, {}
        unfinished: set[Stamp] = set()
        for item in list_files([self.folder]).files:
            if not isinstance(item, FoundFile):
                self._tell(f"{item.name}: {item.reason}")
                continue
            try:
                status = item.path.stat()
            except OSError:  # gone since the folder was listed
                continue
            stamp = Stamp(status.st_size, status.st_mtime_ns, status.st_dev, status.st_ino)
            if item.path.name.lower().endswith(UNFINISHED):
                unfinished.add(stamp)
                continue
            seen = before.get(item.path)
            if seen is not None and seen.stamp == stamp:
                seen.looks += 1
            else:
                seen = _Seen(stamp, now)
                if stamp in self._unfinished:  # renamed, and not written to since it bore the other name
                    seen.since, seen.looks = now - self.settle, 2
            self._seen[item.path] = seen
        self._unfinished = unfinished
        return [path for path, seen in self._seen.items() if self._is_whole(path, seen, now)]

    def _is_whole(self, path: Path, seen: _Seen, now: float) -> bool:
        from pickglass.sources.reading import is_cut_off

        unchanged = now - seen.since
        if seen.taken or seen.looks < 2 or unchanged < self.settle:
            return False
        # After that time it is loaded as it is, and the load says what is wrong with it.
        if max(unchanged, time.time() - seen.stamp.modified / 1e9) >= self.patience:
            return True
        if seen.cut_off is None:
            seen.cut_off = is_cut_off(path)
        if seen.cut_off:
            self._tell(f"{path.name}: its end is missing; it is waited for")
        return not seen.cut_off

    def _tell(self, problem: str) -> None:
        if problem not in self._told:
            self._told.add(problem)
            self.problems.append(problem)

    def take(self, paths: list[Path]) -> None:
        """Note that these files were loaded as they were at the last look."""
        for path in paths:
            if path in self._seen:
                self._seen[path].taken = True

    def waiting(self) -> list[Path]:
        """Give the files that are there and not taken."""
        return [path for path, seen in self._seen.items() if not seen.taken]


def watch(
    settings: Settings,
    folder: Path,
    *,
    every: float = EVERY,
    settle: float = SETTLE,
    patience: float = PATIENCE,
    once: bool = False,
    stop: Event | None = None,
    say: Callable[[str], None] | None = None,
    tell: Tell | None = None,
) -> Iterator[LoadReport]:
    """Load what appears in a folder, and yield a report for each load, until `stop` is set.

    With `once` it looks twice, a settle time apart, loads what has not changed, and ends. A load that cannot be done
    now, because another is at work or the disk is full, is said and tried again at the next look. A file with which
    something is wrong does not keep the others from being loaded. InputError where the folder is none, and with `once`
    at the end where a file could not be loaded.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", "name a folder that exists", str(folder))
    stop = stop or Event()
    say = say or (lambda _text: None)
    watched = Watched(folder, settle, patience)
    told: dict[
        str, str
    ] = {}  # by file, or '' for all: what was said of it last, so as not to say it at every look
    failed: PickglassError | None = None
    looks = 0
    while not stop.is_set():
        ready = watched.look()
        looks += 1
        for problem in watched.problems:
            say(problem)
        watched.problems.clear()
        groups = _groups(ready, told)
        while groups and not stop.is_set():
            group = groups.popleft()
            try:
                report = load(settings, group, tell=tell, stop=stop.is_set)
            except InputError as error:  # something is wrong with one of them
                if len(group) > 1:
                    half = len(group) // 2
                    groups.extendleft([group[half:], group[:half]])
                    continue
                failed = error
                _say_once(say, told, str(group[0]), f"cannot load this now, it will be tried again: {error}")
            except PickglassError as error:  # nothing can be loaded now
                if once:
                    raise
                _say_once(say, told, "", f"cannot load now, it will be tried again: {error}")
                break
            else:
                for name in ("", *map(str, group)):
                    told.pop(name, None)
                if not report.stopped:
                    watched.take(group)
                yield report
        if once and looks == 2:
            for path in watched.waiting():
                say(f"{path.name}: still changing or not whole; left for the next time")
            if failed:
                raise failed
            return
        stop.wait(settle + 0.01 if once else every)


def _groups(ready: list[Path], told: Mapping[str, str]) -> deque[list[Path]]:
    """Put those that could not be loaded the last time each in a group of its own, behind all others."""
    alone = [[path] for path in ready if str(path) in told]
    others = [path for path in ready if str(path) not in told]
    return deque(([others] if others else []) + alone)


def _say_once(say: Callable[[str], None], told: dict[str, str], name: str, text: str) -> None:
    if told.get(name) != text:
        told[name] = text
        say(text)
