"""A load from end to end: find the files, see what each is, hand them to the lake in bounded groups, account for all.

The steps, for a new colleague:

    find     files below paths, files that a pattern fits, objects below an address; what is too old is counted
    look     each file is read once for its hash and its form, and recognised; over several processes if they are many
    ask      the ledger which of them are loaded already: one question for many files
    load     the rest, a group of whole files at a time; a group is one batch of the lake, or a few
    forget   objects that were fetched for the group are removed again

Whatever is killed in between loses at most the group under way: a load that is started again finds in the ledger
what is in force, and goes on from there.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pickglass.errors import InputError
from pickglass.model.lines import bytes_of
from pickglass.settings import Settings

if TYPE_CHECKING:
    from pickglass.lake.load import Block, InputFile, Loaded
    from pickglass.model.source import SourceDefinition
    from pickglass.sources.reading import Member, Problem
    from pickglass.sources.reading.remote import RemoteFile
    from pickglass.sources.survey import Chunk, Looked, Task
    from pickglass.store import Store
    from pickglass.store.ledger import LoadFile

Progress = Callable[[str, int], None]  # what is being done, and how many records or steps came on top

# A group of many small files is cut here, so that memory, and what a crash can cost, have a bound.
GROUP_FILES: Final = 5_000
# From here on a survey over several processes saves more time than it takes to start them.
_MANY_FILES: Final = 1_000
_MANY_BYTES: Final = 512 * 1024 * 1024
_PROCESSES: Final = 8


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A file that no source knows, or that cannot be read, with the reason and how many records it holds."""

    file: str
    why: str
    records: int = 0


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did; every record that was read has exactly one fate.

    `records`: read = mapped + rejected + duplicate + ignored + unrecognised. Rows are counted apart by table,
    because one record may make several. `ignored` counts by source and rule. `before` counts the files whose bytes
    were loaded before, `older` those left out by `since`; `stopped` says that somebody asked for an end and that
    files are left.
    """

    id: int
    files: int
    records: Mapping[str, int]
    rows: Mapping[str, int]
    unrecognised: tuple[Unrecognised, ...] = ()
    quarantined: tuple[Unrecognised, ...] = ()
    ignored: Mapping[str, int] = field(default_factory=dict)
    drift: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    by_source: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    before: int = 0
    older: int = 0
    stopped: bool = False

    @property
    def recognised(self) -> int:
        """Of the files met, how many a source knows."""
        return self.files - len(self.unrecognised)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a load is: input files and their bytes, records read and their bytes, rejects in force so far."""

    files: int
    files_done: int
    bytes: int
    bytes_done: int
    looked: int  # files that were looked at: ahead of those that are done
    before: int  # files that were loaded before
    records: int
    record_bytes: int
    rejected: int


Tell = Callable[[Standing], None]


def load(
    settings: Settings,
    paths: Sequence[Path | str],
    progress: Progress | None = None,
    *,
    since: datetime | None = None,
    tell: Tell | None = None,
    stop: Callable[[], bool] | None = None,
) -> LoadReport:
    """Load every file below `paths` into the lake, whole batches at a time, and account for every record.

    A path is a file, a folder, a pattern (`exports/**/*.json`) or, as a text, the address of objects
    (`s3://bucket/prefix`). With `since` only what was last modified then or later is loaded. Files that are loaded
    already count as duplicates. `stop` is asked between groups; what is in force by then stays. Raises
    InputError where a path does not exist.
    """
    from pickglass import __version__
    from pickglass.erasure import complete_erasure
    from pickglass.lake.care import Carer, care_when_due
    from pickglass.lake.load import Loader
    from pickglass.store import ledger, open_store

    found = _find(paths, since)
    # A home holds what people may not see of each other: it is for its owner only, from the first folder on.
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.home.chmod(0o700)  # it may have been there before, open to others
    settings.workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open_store(settings) as store:
        loader = Loader(settings, store, progress)
        try:
            loader.recover()
            carer = Carer(settings, store, loader.tables, loader)
            complete_erasure(carer)
            loader.unpacked.mkdir(mode=0o700)
            load_id = ledger.begin_load(store, __version__)
            survey = _Survey(settings, store, loader.unpacked, found, _Meter(found, tell))
            loaded: list[Loaded] = []
            with closing(survey.groups()) as groups:  # whatever happens, its processes end with it
                for group in groups:
                    if stop is not None and stop():
                        survey.stopped = True
                        break
                    done = loader.load(load_id, group.files) if group.files else []
                    loaded += done
                    survey.settle(group, done)
            ledger.record_files(store, load_id, survey.not_loaded())
            ledger.finish_load(store, load_id)
            care_when_due(carer)
        finally:
            loader.close()
    return _report(load_id, survey, loaded)


# -- what there is -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """Everything that was named: files of this disk, objects of a store, and what cannot be listed."""

    tasks: tuple[Task, ...]
    objects: tuple[RemoteFile, ...]
    problems: tuple[Problem, ...]
    older: int
    root: Path  # the folder that all of the files were found below

    def path_of(self, name: str, task: Task) -> str:
        """Tell a file, or what is in it, by its path below what was given: two folders may hold files of one name."""
        from pickglass.sources.reading.member import shown

        own = shown(task.path.name)
        if task.name or not name.startswith(own):  # an object's address is whole already
            return name
        return shown(os.path.relpath(task.path.absolute(), self.root)) + name[len(own) :]

    @property
    def files(self) -> int:
        return len(self.tasks) + len(self.objects)

    @property
    def bytes(self) -> int:
        return sum(task.bytes for task in self.tasks) + sum(one.bytes for one in self.objects)


def _find(paths: Sequence[Path | str], since: datetime | None) -> _Found:
    from pickglass.sources.reading import FoundFile, Problem, expanded, list_files
    from pickglass.sources.reading.remote import is_address, list_objects
    from pickglass.sources.survey import Task

    local: list[Path] = []
    missing: list[tuple[str, str]] = []
    addresses: list[str] = []
    for path in paths:
        if isinstance(path, str) and is_address(path):
            addresses.append(path)
            continue
        fitting = expanded(str(path))
        missing += [(str(one), "there is no such file or folder") for one in fitting if not one.exists()]
        missing += [] if fitting else [(str(path), "no file fits this pattern")]
        local += fitting
    if missing:
        raise InputError(
            "cannot load what is not there",
            hint="check the path; folders are read with all below them",
            problems=missing,
        )
    listing = list_files(local, since)
    older = listing.older
    objects: dict[str, RemoteFile] = {}
    for address in addresses:
        below, left_out = list_objects(address, since)
        objects |= {one.name: one for one in below}
        older += left_out
    return _Found(
        tasks=tuple(Task(one.path, one.bytes) for one in listing.files if isinstance(one, FoundFile)),
        objects=tuple(objects[name] for name in sorted(objects)),
        problems=tuple(one for one in listing.files if isinstance(one, Problem)),
        older=older,
        root=_root(local),
    )


def _root(paths: Sequence[Path]) -> Path:
    """Name the folder that all of these lie below; of one folder, itself."""
    folders = [(path if path.is_dir() else path.parent).absolute() for path in paths]
    return Path(os.path.commonpath(folders)) if folders else Path()


# -- what each is --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Group:
    """Files that are loaded together, and the input files that they came from."""

    files: list[InputFile] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    bytes: int = 0


@dataclass(slots=True)
class _Survey:
    """Goes through the files of a load once: what is each, and what is known of it already."""

    settings: Settings
    store: Store
    unpacked: Path  # for archives within archives, and for fetched objects
    found: _Found
    meter: _Meter
    files: int = 0
    unrecognised: list[Unrecognised] = field(default_factory=list)
    known_already: list[LoadFile] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)
    # Files that this load has met under another name: their records are known once the first is loaded.
    repeated: list[tuple[str, str]] = field(default_factory=list)
    taken: dict[tuple[str, str], Member] = field(default_factory=dict)  # by hash and source, until in force
    paths: dict[tuple[str, str], str] = field(default_factory=dict)  # below what was given
    stopped: bool = False

    def groups(self) -> Generator[_Group, None, None]:
        """Yield the files that a source knows and that are not loaded yet, in groups; note all others."""
        from pickglass.sources.definitions import definitions
        from pickglass.sources.survey import surveyed

        known = definitions(self.settings.home)
        for problem in self.found.problems:
            self._leave(problem)
        group = _Group()
        with closing(surveyed(self._chunks(), known, self.unpacked, self._processes())) as answers:
            for chunk, looked in answers:
                files = self._new_files(chunk, looked, known)
                size = sum(file.bytes for file in files)
                full = group.bytes + size > self.settings.batch_bytes or len(group.tasks) >= GROUP_FILES
                if group.tasks and full:
                    yield group
                    group = _Group()
                group.files += files
                group.tasks += chunk
                group.bytes += size
        if group.tasks:
            yield group

    def _processes(self) -> int:
        many = self.found.files >= _MANY_FILES or (self.found.files > 1 and self.found.bytes >= _MANY_BYTES)
        return min(self.settings.threads, _PROCESSES) if many else 1

    def _chunks(self) -> Iterator[Chunk]:
        """Cut the files of this disk into chunks, then fetch the objects a chunk at a time."""
        from pickglass.sources.reading import Problem
        from pickglass.sources.reading.remote import fetch
        from pickglass.sources.survey import Task, chunks

        yield from chunks(iter(self.found.tasks))
        folder = self.unpacked / "fetched"
        folder.mkdir(mode=0o700)
        taken = 0
        for part in chunks(Task(Path(one.key), one.bytes, one.name) for one in self.found.objects):
            wanted = self.found.objects[taken : taken + len(part)]
            places = list(fetch(wanted, folder, taken))
            taken += len(part)
            chunk: list[Task] = []
            for one, place in zip(wanted, places, strict=True):
                if isinstance(place, Problem):
                    self._leave(place)
                else:
                    chunk.append(Task(place, one.bytes, one.name))
            yield chunk

    def _new_files(
        self, chunk: Chunk, looked: list[list[Looked]], known: Mapping[str, SourceDefinition]
    ) -> list[InputFile]:
        from pickglass.store import ledger

        # Whatever mapping made its rows: the same bytes again change nothing. A quarantined file brought no rows,
        # so it is read and named again: mapping or limit may be others by now.
        hashes = [one.member.sha256 for found in looked for one in found if one.member and one.source]
        before = ledger.loaded_among(self.store, hashes)
        new: list[InputFile] = []
        for task, found in zip(chunk, looked, strict=True):
            files = [
                file for one in found if (file := self._new_file(one, task, found, known, before)) is not None
            ]
            new += files
            self.meter.look(len(self.known_already))
            if not files:
                self._forget(task)
        return new

    def _new_file(
        self,
        one: Looked,
        task: Task,
        found: list[Looked],
        known: Mapping[str, SourceDefinition],
        before: Mapping[tuple[str, str], LoadFile],
    ) -> InputFile | None:
        from pickglass.lake.load import InputFile
        from pickglass.sources.recognition import member_blocks
        from pickglass.sources.rereading import told_by

        self.files += 1
        member = one.member
        if member is None or one.source is None:
            self.unrecognised.append(Unrecognised(self.found.path_of(one.name, task), one.why, one.records))
            self._drop(member)
            return None
        identity = (member.sha256, one.source)
        if identity in self.seen:
            self.repeated.append(identity)
            self._drop(member)
            return None
        self.seen.add(identity)
        if identity in before:
            self.known_already.append(before[identity])
            self._drop(member)
            return None
        self.taken[identity] = member
        self.paths[identity] = self.found.path_of(one.name, task)
        source = known[one.source]
        unpacked = sum(each.member.size for each in found if each.member)
        share = task.bytes * member.size / unpacked if unpacked else 0.0
        last = one is found[-1]

        def blocks() -> Iterator[Block]:
            _refuse_changed(task, one)
            yield from self.meter.metered(member_blocks(member, source), member.size, share)
            _refuse_changed(task, one)
            if last:
                self.meter.end_of_file()

        return InputFile(
            name=member.name,
            raw_file=member.sha256,
            bytes=member.size,
            form=member.form,
            source=source,
            blocks=blocks,
            told=told_by(member),
        )

    def _leave(self, problem: Problem) -> None:
        from pickglass.sources.survey import told

        self.files += 1
        self.unrecognised.append(Unrecognised(problem.name, told(problem)))

    def settle(self, group: _Group, loaded: Sequence[Loaded]) -> None:
        """Note that a group is in force, and remove what was fetched or taken apart for it."""
        for task in group.tasks:
            self._forget(task)
        for file in group.files:
            self._drop(self.taken.pop((file.raw_file, file.source.id), None))
        self.meter.settle(group.tasks, loaded)

    def _forget(self, task: Task) -> None:
        if task.path.parent.parent == self.unpacked:
            task.path.unlink(missing_ok=True)

    def _drop(self, member: Member | None) -> None:
        from pickglass.sources.mixture import drop_part

        if member is not None:
            drop_part(member.path, self.unpacked)

    def not_loaded(self) -> list[LoadFile]:
        """Give what the ledger keeps of the files that no source took."""
        from pickglass.store.ledger import LoadFile

        return [
            LoadFile(
                raw_file="",
                name=one.file,
                state="unrecognised",
                why=one.why,
                read=one.records,
                unrecognised=one.records,
            )
            for one in self.unrecognised
        ]


def _refuse_changed(task: Task, looked: Looked) -> None:
    """Raise InputError if a file is no longer what its hash was taken of: its rows would bear the wrong name."""
    from pickglass.sources.survey import stamp_of

    if stamp_of(task.path) != looked.stamp:
        raise InputError(
            "this file changed while it was being loaded; nothing of its batch is in force",
            "load again once nobody writes to it, or let `pickglass watch` wait for that",
            looked.name,
        )


# -- how far it is -------------------------------------------------------------------------------------------


class _Meter:
    """Counts how far a load is: roughly within a group, exactly at its end."""

    def __init__(self, found: _Found, tell: Tell | None) -> None:
        self._tell = tell
        self._files, self._bytes = found.files, found.bytes
        self._looked = self._before = self._rejected = 0
        self._settled_files = self._settled_bytes = self._settled_records = 0
        self._group_files = self._group_records = 0
        self._group_bytes = 0.0
        self._record_bytes = 0

    def look(self, before: int) -> None:
        """Note that one more file was looked at, and how many were loaded before."""
        self._looked += 1
        self._before = before
        self._say()

    def metered(self, blocks: Iterator[Block], size: int, share: float) -> Iterator[Block]:
        """Hand blocks on and count them; the whole file counts for `share` bytes of the input."""
        left = share
        for block in blocks:
            amount = bytes_of(block.raws)
            part = min(left, share * amount / size) if size > 0 else 0.0
            left -= part
            self._group_bytes += part
            self._group_records += len(block.raws)
            self._record_bytes += amount
            self._say()
            yield block

    def end_of_file(self) -> None:
        """Note that all of an input file was read."""
        self._group_files += 1

    def settle(self, tasks: Sequence[Task], loaded: Sequence[Loaded]) -> None:
        """Note that these files are done, and what became of those that were loaded."""
        self._settled_files += len(tasks)
        self._settled_bytes += sum(task.bytes for task in tasks)
        self._settled_records += sum(one.file.read for one in loaded)
        self._rejected += sum(one.file.rejected for one in loaded)
        self._group_files = self._group_records = 0
        self._group_bytes = 0.0
        self._say()

    def _say(self) -> None:
        if self._tell is not None:
            self._tell(
                Standing(
                    files=self._files,
                    files_done=min(self._files, self._settled_files + self._group_files),
                    bytes=self._bytes,
                    bytes_done=min(self._bytes, self._settled_bytes + int(self._group_bytes)),
                    looked=self._looked,
                    before=self._before,
                    records=self._settled_records + self._group_records,
                    record_bytes=self._record_bytes,
                    rejected=self._rejected,
                )
            )


def _report(load_id: int, survey: _Survey, loaded: Sequence[Loaded]) -> LoadReport:
    files = [one.file for one in loaded]
    before = survey.known_already
    unknown = sum(one.records for one in survey.unrecognised)
    read = {(file.raw_file, file.source): file.read for file in (*before, *files)}
    repeated = sum(read.get(identity, 0) for identity in survey.repeated)
    ignored: Counter[str] = Counter()
    by_source: dict[str, dict[str, int]] = {}
    rows: Counter[str] = Counter()
    for one in loaded:
        source = one.file.source or ""
        rows.update(one.file.rows)
        ignored.update({f"{source}/{rule}": count for rule, count in one.rules.items()})
        tally = by_source.setdefault(source, {"files": 0, "records": 0, "rejected": 0})
        tally["files"] += 1
        tally["records"] += one.file.read
        tally["rejected"] += one.file.rejected
    return LoadReport(
        id=load_id,
        files=survey.files,
        records={
            "read": sum(file.read for file in (*files, *before)) + repeated + unknown,
            "mapped": sum(file.mapped for file in files),
            "rejected": sum(file.rejected for file in files),
            "duplicate": sum(file.duplicate for file in files) + sum(file.read for file in before) + repeated,
            "ignored": sum(file.ignored for file in files),
            "unrecognised": unknown,
        },
        rows=dict(sorted((+rows).items())),
        unrecognised=tuple(survey.unrecognised),
        quarantined=tuple(
            Unrecognised(
                survey.paths.get((file.raw_file, file.source or ""), file.name), file.why or "", file.read
            )
            for file in files
            if file.state == "quarantined"
        ),
        ignored=dict(sorted(ignored.items())),
        drift=_drift(files),
        by_source=dict(sorted(by_source.items())),
        before=len(before),
        older=survey.found.older,
        stopped=survey.stopped,
    )


def _drift(files: Iterable[LoadFile]) -> dict[str, Mapping[str, Any]]:
    """Sum up, by source, how the files differ from what their sources declare; sources without drift are left out."""
    from pickglass.store.ledger import merged_drift

    by_source: dict[str, list[LoadFile]] = {}
    for file in files:
        by_source.setdefault(file.source or "", []).append(file)
    found = {source: merged_drift(its) for source, its in sorted(by_source.items())}
    return {source: drift for source, drift in found.items() if any(drift.values())}
