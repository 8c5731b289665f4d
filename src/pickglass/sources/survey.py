"""What each of many files is: read once to its end, recognised, and told in a few words that cross a process.

Reading, hashing and recognising a file is work for a processor, and a folder may hold a hundred thousand of them.
So `surveyed` spreads it over processes of our own. They are plain programs that talk over a socket: threads would
wait for each other, a forked process may inherit a lock in the middle of its work, and the standard pool imports
the caller's main program a second time.

Two promises hold whatever the number of processes: what comes out is in the order of what went in, and no more
than a few tasks are under way beyond what has been taken, so that memory does not grow with the folder.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, cast

from pickglass.model.source import SourceDefinition
from pickglass.sources.mixture import REST, is_mixture, split
from pickglass.sources.reading import Limits, Member, Problem, count_records, members
from pickglass.sources.recognition import recognise_member

AHEAD: Final = 3  # tasks that a process holds: one at work, one that waits, one that is told
TASK_FILES: Final = 64
TASK_BYTES: Final = 64 * 1024 * 1024
# A message must fit into a socket's buffer, or both ends could wait for each other.
_TASK_LETTERS: Final = 16 * 1024  # bytes of names
_LIMITS: Final = Limits()  # one object for all files, so that a message holds it once


@dataclass(frozen=True, slots=True)
class Task:
    """A file to look at: where it is, how large, and how people know it if not by its name."""

    path: Path
    bytes: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What one readable file, or one that cannot be read, turned out to be.

    With a member and a source it can be loaded; otherwise `why` says what is wrong, and `records` how many
    records are left out by that.
    """

    name: str
    why: str
    member: Member | None = None
    source: str | None = None
    records: int = 0
    stamp: Stamp | None = None  # of the input file, before a byte of it was read


Stamp = tuple[int, int, int, int]  # size, when it was modified in nanoseconds, device and number


def stamp_of(path: Path) -> Stamp | None:
    """Return what changes when a file is written; None if it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_dev, status.st_ino


def look(task: Task, known: Mapping[str, SourceDefinition], workspace: Path | None) -> list[Looked]:
    """Tell what a file holds: itself, or every file in an archive."""
    found = []
    stamp = stamp_of(task.path)
    for member in members(task.path, _LIMITS, workspace=workspace, name=task.name):
        if isinstance(member, Problem):
            found.append(Looked(member.name, told(member)))
            continue
        source, why = recognise_member(member, known)
        if workspace is not None and is_mixture(member, source, known):
            found += _parts(member, source, known, workspace, stamp)
            if member.damage:  # the parts end where their records do, and so cannot tell it
                found.append(Looked(member.name, f"{member.damage}; the records before that are told apart"))
        elif source is None:
            why = f"{why}; {member.damage}" if member.damage else why
            found.append(Looked(member.name, why, member, records=count_records(member)))
        else:
            found.append(Looked(member.name, why, member, source.id, stamp=stamp))
    return found


def _parts(
    member: Member,
    main: SourceDefinition | None,
    known: Mapping[str, SourceDefinition],
    workspace: Path,
    stamp: Stamp | None,
) -> list[Looked]:
    """Tell the records of each source in a mixture as a file of their own."""
    found = []
    for source_id, path in split(member, main, known, workspace).items():
        (part,) = members(path, _LIMITS, name=f"{member.name}!{source_id}")
        if isinstance(part, Problem):
            found.append(Looked(part.name, told(part)))
        elif source_id == REST:
            why = "records of no known source among those of others"
            found.append(Looked(part.name, why, part, records=count_records(part)))
        else:
            found.append(Looked(part.name, "is the source of these records", part, source_id, stamp=stamp))
    return found


def told(problem: Problem) -> str:
    """Say why a file cannot be read, and what to do."""
    return f"{problem.reason} ({problem.hint})" if problem.hint else problem.reason


Chunk = Sequence[Task]


def chunks(tasks: Iterator[Task]) -> Iterator[list[Task]]:
    """Cut tasks into pieces that are worth a message and small enough to be held."""
    chunk: list[Task] = []
    size = letters = 0
    for task in tasks:
        long = len(os.fsencode(task.path)) + len(task.name.encode("utf-8", "surrogatepass"))
        if chunk and (
            len(chunk) >= TASK_FILES or size + task.bytes > TASK_BYTES or letters + long > _TASK_LETTERS
        ):
            yield chunk
            chunk, size, letters = [], 0, 0
        chunk.append(task)
        size += task.bytes
        letters += long
    if chunk:
        yield chunk


def surveyed(
    given: Iterator[Chunk], known: Mapping[str, SourceDefinition], workspace: Path, processes: int
) -> Generator[tuple[Chunk, list[list[Looked]]], None, None]:
    """Look at every file, over so many processes, and give what was found in the order that was given.

    At most `AHEAD` chunks a process are taken from `given` before the first of them is handed over. A file that
    ends the process which looks at it is told as one that cannot be read; the others go on.
    """
    if processes < 2 or not sys.executable:
        for chunk in given:
            yield chunk, [look(task, known, workspace) for task in chunk]
        return
    surveyors = [_Surveyor(known, workspace) for _ in range(processes)]
    try:
        order: deque[_Surveyor] = deque()
        turns = cycle(surveyors)
        for chunk in given:
            if len(order) >= AHEAD * processes:
                yield order.popleft().take()
            surveyor = next(turns)
            surveyor.give(chunk)
            order.append(surveyor)
        while order:
            yield order.popleft().take()
    finally:
        for surveyor in surveyors:
            surveyor.end()


class _Surveyor:
    """A process that looks at files, and what it was asked and has not yet answered."""

    def __init__(self, known: Mapping[str, SourceDefinition], workspace: Path) -> None:
        self._about = (dict(known), workspace)
        self._asked: deque[Chunk] = deque()
        self._start()

    def _start(self) -> None:
        ours, theirs = Pipe()
        self._line = ours
        program = (
            f"import sys; sys.path[:] = {sys.path!r}; "
            f"from pickglass.sources.survey import serve; serve({theirs.fileno()})"
        )
        self._process = subprocess.Popen(  # noqa: S603 - this very program, with nothing of a file's in it
            [sys.executable, "-c", program],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # what goes wrong in it is met again in our process, and told there
        )
        theirs.close()
        with suppress(OSError):  # gone at once: the answer that does not come tells it
            self._line.send(self._about)

    def give(self, chunk: Chunk) -> None:
        """Hand a chunk over."""
        self._asked.append(chunk)
        with suppress(OSError):  # gone: the answer that does not come tells it
            self._line.send(chunk)

    def take(self) -> tuple[Chunk, list[list[Looked]]]:
        """Return the oldest chunk with its answer."""
        try:
            answer = cast("list[list[Looked]]", self._line.recv())
            return self._asked.popleft(), answer
        except (EOFError, OSError):
            self.end()
        return self._one_by_one()

    def _one_by_one(self) -> tuple[Chunk, list[list[Looked]]]:
        """Look at the files of the oldest chunk each on its own, since one of them ended the process."""
        chunk = self._asked.popleft()
        found = []
        self._start()
        for task in chunk:
            try:
                self._line.send([task])
                found += cast("list[list[Looked]]", self._line.recv())
            except (EOFError, OSError):
                self.end()
                found.append(self._of_deadly(task))
                self._start()
        for waiting in self._asked:
            with suppress(OSError):  # gone: the answer that does not come tells it
                self._line.send(waiting)
        return chunk, found

    def _of_deadly(self, task: Task) -> list[Looked]:
        code = self._process.returncode
        if code >= 0:  # an error of ours and no violent end: let it be seen
            known, workspace = self._about
            return look(task, known, workspace)
        why = f"looking at it ended the process that did ({signal.Signals(-code).name})"
        name = task.name or task.path.name
        return [Looked(name, f"{why} (it may ask for more memory than there is: split it)")]

    def end(self) -> None:
        """End the process, whatever it is doing: it holds nothing that anybody would miss."""
        self._line.close()
        # One that is gone by itself must keep its own code.
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0.05)
        self._process.kill()
        self._process.wait()


def serve(descriptor: int) -> None:
    """Look at the files that come over a socket until it closes: the whole life of a survey's process."""
    # A stop is for the process that asked; it closes the socket, and that is how it reaches us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with Connection(descriptor) as line, suppress(EOFError, BrokenPipeError, ConnectionResetError):
        known, workspace = line.recv()
        while True:
            line.send([look(task, known, workspace) for task in line.recv()])
