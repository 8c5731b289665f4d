"""Loads: batches of whole files, each all or nothing over all tables.

The steps of a batch, in this order, and what a crash in each leaves:

    stage     records are mapped to files below the workspace        nothing visible; swept at the next start
    originals what was sealed meanwhile takes its content address    harmless: loading it again finds it there
    write     the new rows go to `data/batch-N` of each table        nothing visible; swept at the next start
    branch    each table gets a branch with the new files            nothing visible: readers follow the ledger
    ledger    ONE transaction names the new snapshots and the files  from here on the batch is in force
    main      each table's main is moved to its snapshot             start-up makes main equal the ledger
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from pickglass.errors import ConfigError
from pickglass.lake import revisions
from pickglass.lake.drift import Drift, drift
from pickglass.lake.engine import connect, identifier, literal
from pickglass.lake.erasing import erase_records, opened_records
from pickglass.lake.mapping import Chunk, Mapped, is_whole
from pickglass.lake.originals import OriginalBatch, OriginalWriter, RecordHashes, sweep
from pickglass.lake.side_by_side import SideBySide
from pickglass.lake.snapshots import fingerprints
from pickglass.lake.staged import count_rows, staged_rows, time_range, uncontested
from pickglass.lake.suppression import RULE, leave_out, leave_out_rejects
from pickglass.lake.tables import Tables
from pickglass.model.lines import bytes_of, chained
from pickglass.model.schema import schema
from pickglass.model.source import SourceDefinition
from pickglass.settings import Settings, derived_key
from pickglass.store import Store, keeping, ledger
from pickglass.store.ledger import LoadFile

CHUNK_BYTES = 48 * 1024 * 1024  # with what is under way, a few of them are in memory
CHUNK_RECORDS = 100_000
SMALL_FILE = 20  # records; below, a file is quarantined only if nothing in it could be read

# Tables whose records are given anew when they changed, maybe with another time, or that are small: what is in
# them already is looked for everywhere. The others are logs, where an event keeps its time.
REVISED = (
    "worker", "identifier", "hiring_event", "hr_change", "shipment_event", "payroll_event", "attestation", "ticket",
    "intelligence", "rejects",
)  # fmt: skip


class Block(Protocol):
    """Consecutive records of one file, as a reader gives them; the lists run in step."""

    @property
    def first(self) -> int: ...
    @property
    def lines(self) -> Sequence[bytes]: ...
    @property
    def raws(self) -> Sequence[bytes]: ...
    @property
    def problems(self) -> Mapping[int, str]: ...


class _Original(Protocol):
    """What takes a file's records and gives their hashes."""

    def add(self, raws: Sequence[bytes]) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class InputFile:
    """A recognised file: its bytes' hash, its source, and a way to read its records."""

    name: str
    raw_file: str
    bytes: int
    form: str
    source: SourceDefinition
    blocks: Callable[[], Iterator[Block]]
    told: Mapping[str, Any] = field(default_factory=dict)  # what must be known to read its records again


@dataclass(slots=True)
class _Tally:
    """What became of one file's records, while its batch is being made."""

    file: InputFile
    fates: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    drift: Drift = field(default_factory=Drift)
    read: int = 0


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the ledger keeps of a file, and how many of its records each ignore rule left out."""

    file: LoadFile
    rules: Mapping[str, int]


def step(name: str) -> None:
    """Mark a moment of a load by name; it does nothing, and tests end the process at it."""


class Loader:
    """Loads recognised files into the lake, batch by batch; a lock lets one loader at a time into a home."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        progress: Callable[[str, int], None] | None = None,
        *,
        keep_originals: bool = True,  # False is for measuring what keeping them costs
    ) -> None:
        self._settings = settings
        self._keep_originals = keep_originals
        self._store = store
        self._progress = progress or (lambda _name, _records: None)
        self._lock = _lock(settings.home / "load.lock")
        self._tables = Tables(settings.catalog_uri, Path(settings.warehouse))
        self._loaded = datetime.now(UTC)  # of the batch: its rows were known no later

    @property
    def unpacked(self) -> Path:
        """Where archives within archives may be set aside, in clear, for as long as this loader is open."""
        return self._settings.workspace / "unpacked"

    @property
    def tables(self) -> Tables:
        """The catalog, for whoever works on the lake in the loader's place."""
        return self._tables

    def close(self) -> None:
        """Give the catalog and the lock back."""
        shutil.rmtree(self.unpacked, ignore_errors=True)
        self._tables.close()
        os.close(self._lock)

    def recover(self) -> None:
        """Make every table's main equal the ledger, and sweep away what an unfinished batch left."""
        current = ledger.current_snapshots(self._store)
        unfinished = ledger.open_batches(self._store)
        for name in self._tables.names():
            self._tables.set_main(name, current.get(name))
            for batch in unfinished:
                shutil.rmtree(self._tables.data_folder(name, batch), ignore_errors=True)
        for batch in unfinished:
            ledger.abandon_batch(self._store, batch)
        for load_id in ledger.running_loads(self._store):
            ledger.finish_load(self._store, load_id, "aborted")
        for left in (*self._settings.workspace.glob("stage-*"), self.unpacked):
            shutil.rmtree(left, ignore_errors=True)
        # No other writer is at work while the lock is ours, so every part that lies there is a dead writer's.
        sweep(self._settings.originals, timedelta(0))

    def load(self, load_id: int, files: Iterable[InputFile]) -> list[Loaded]:
        """Load files in batches; return what became of each. A batch is in force as soon as it is published."""
        done: list[Loaded] = []
        for batch in _batches(files, self._settings.batch_bytes):
            done += self._load_batch(load_id, batch)
        return done

    def _load_batch(self, load_id: int, files: list[InputFile]) -> list[Loaded]:
        batch = ledger.begin_batch(self._store, load_id)
        stage = self._settings.workspace / f"stage-{batch:08d}"
        stage.mkdir(parents=True)
        connection = connect(self._settings.memory_limit, self._settings.threads, stage / "spill")
        try:
            tallies = self.stage(stage, load_id, files)
            step("staged")
            quarantined = {
                tally.file.raw_file
                for tally in tallies.values()
                if too_many_rejects(tally, self._settings.reject_share_limit)
            }
            written = self._write(connection, stage, batch, quarantined, tallies, load_id)
        finally:
            connection.close()
            shutil.rmtree(stage, ignore_errors=True)
        step("written")
        current = ledger.current_snapshots(self._store)
        snapshots = {}
        for name, paths in written.items():
            snapshots[name] = self._tables.write_branch(name, batch, current.get(name), paths)
            step(f"branch {name}")
        loaded = [loaded_file(tally, tally.file.raw_file in quarantined) for tally in tallies.values()]
        step("before ledger")
        ledger.publish(
            self._store,
            batch,
            snapshots,
            [one.file for one in loaded if one.file.state == "loaded"],
            based_on=current,
            data_files=fingerprints(written, self._tables, snapshots),
        )
        step("after ledger")
        ledger.record_files(self._store, load_id, [one.file for one in loaded if one.file.state != "loaded"])
        for name, snapshot in snapshots.items():
            self._tables.set_main(name, snapshot)
            step(f"main {name}")
        return loaded

    def stage(
        self, stage: Path, load_id: int, files: list[InputFile], loaded: datetime | None = None
    ) -> dict[str, _Tally]:
        """Map every record of the batch to files below `stage`, and seal the originals; `loaded` is now by default."""
        self._loaded = loaded or datetime.now(UTC)
        tallies = {file.raw_file: _Tally(file) for file in files}

        def note(source: SourceDefinition, chunk: Chunk, mapped: Mapped) -> None:
            self._progress(source.id, len(chunk.lines))
            for (raw_file, fate, rule), count in mapped.fates.items():
                tallies[raw_file].fates[fate] += count
                if rule:
                    tallies[raw_file].rules[rule] += count

        mapping = SideBySide(self._settings, stage, load_id, self._loaded, note)
        try:
            # Closing: where the mapping fails, the original that is being written is given up at once.
            with (
                OriginalBatch() as originals,
                closing(self._chunks(files, tallies, originals)) as chunks,
            ):
                for source, chunk in chunks:
                    mapping.map(source, chunk)
                mapping.finish()
            step("originals")
        finally:
            mapping.close()
        return tallies

    def _original(
        self, file: InputFile, key: bytes, batch: OriginalBatch
    ) -> AbstractContextManager[_Original]:
        if not self._keep_originals:
            return nullcontext(RecordHashes())
        about = {"name": file.name, "form": file.form, "source": file.source.id, **file.told}
        return OriginalWriter(self._settings.originals, file.raw_file, key, about=about, batch=batch)

    def _chunks(
        self, files: list[InputFile], tallies: dict[str, _Tally], originals: OriginalBatch
    ) -> Generator[tuple[SourceDefinition, Chunk], None, None]:
        """Read the files and seal them; yield their records in chunks of one source each."""
        key = derived_key(self._settings, "originals")
        for _, of_source in groupby(
            sorted(files, key=lambda file: (file.source.id, file.name)), lambda file: file.source.id
        ):
            waiting = _Waiting()
            for file in of_source:
                tally = tallies[file.raw_file]
                with self._original(file, key, originals) as original:
                    for block in file.blocks():
                        hashes = original.add(block.raws)
                        if not tally.read:
                            tally.drift = drift(block.lines, file.source)
                        tally.read += len(block.lines)
                        waiting.add(file, block, hashes)
                        if waiting.full:
                            yield file.source, waiting.chunk()
                            waiting = _Waiting()
                step("original")
            if waiting.raw_files:
                yield file.source, waiting.chunk()

    def _write(
        self,
        connection: Any,
        stage: Path,
        batch: int,
        quarantined: set[str],
        tallies: dict[str, _Tally],
        load_id: int,
    ) -> dict[str, list[Path]]:
        """Write the staged rows that are new to the tables' folders; count duplicates and revisions."""
        revisions.prepare(connection)
        connection.execute("CREATE TEMP TABLE quarantined (raw_file VARCHAR)")
        if quarantined:
            connection.executemany(
                "INSERT INTO quarantined VALUES (?)", [(raw_file,) for raw_file in sorted(quarantined)]
            )
        self._leave_out(connection, stage, tallies)
        current = ledger.current_snapshots(self._store)
        written: dict[str, list[Path]] = {}
        for name in schema().tables:
            paths = sorted((stage / name).glob("*.parquet"))
            if not paths:
                continue
            self._tables.ensure(name)
            whole = self._move_whole(connection, name, batch, paths, current.get(name))
            for raw_file, count in count_rows(connection, whole).items():
                tallies[raw_file].rows[name] += count
            files = self._durable(name, batch)
            if paths := [path for path in paths if path.exists()]:
                self._select_new(connection, name, paths, current, load_id)
                for raw_file, count in connection.execute(
                    "SELECT raw_file, count(*) FROM fresh GROUP BY 1"
                ).fetchall():
                    tallies[raw_file].rows[name] += count
                files = self._copy(connection, name, batch)
            if files:
                written[name] = files
            step(f"written {name}")
        if connection.execute("SELECT count(*) FROM replaced").fetchone()[0]:
            self._tables.ensure("superseded")
            connection.execute(
                "CREATE OR REPLACE TEMP VIEW fresh AS SELECT DISTINCT *, 'instant' AS time_precision FROM replaced"
            )
            written["superseded"] = self._copy(connection, "superseded", batch)
        for raw_file, count in connection.execute(
            "SELECT raw_file, count(DISTINCT raw_record) FROM duplicate GROUP BY 1"
        ).fetchall():
            tallies[raw_file].fates["duplicate"] += count
            tallies[raw_file].fates["mapped"] -= count
        return written

    def _leave_out(self, connection: Any, stage: Path, tallies: dict[str, _Tally]) -> None:
        """Leave out the records of people who were erased, and erase them from the originals just sealed."""
        staged = {name: sorted((stage / name).glob("*.parquet")) for name in schema().tables}
        suppressed = keeping.suppressed(self._store)
        key = derived_key(self._settings, "identifiers")
        seal = derived_key(self._settings, "originals")
        opened = partial(opened_records, self._settings.originals, seal)
        for fate, left_out in (
            ("mapped", leave_out(connection, staged, suppressed, key)),
            ("rejected", leave_out_rejects(connection, staged["rejects"], suppressed, key, opened)),
        ):
            for raw_file, numbers in left_out.items():
                tallies[raw_file].fates[fate] -= len(numbers)
                tallies[raw_file].fates["ignored"] += len(numbers)
                tallies[raw_file].rules[RULE] += len(numbers)
                erase_records(self._settings.originals, raw_file, seal, numbers)

    def _select_new(
        self, connection: Any, name: str, paths: list[Path], snapshots: Mapping[str, int], load_id: int
    ) -> None:
        """Make `fresh`: the staged rows that are neither here already nor twice in the batch."""
        staged = staged_rows(paths)
        revision = "_revision" if name != "rejects" else "NULL"
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE staged_key AS SELECT {revisions.KEYS}, filename, file_row_number, "
            f"CAST({revision} AS VARCHAR) AS revision FROM {staged} ANTI JOIN left_out USING (raw_file, raw_record) "
            "WHERE raw_file NOT IN (SELECT raw_file FROM quarantined)"
            + (" OR TRUE" if name == "rejects" else "")
        )
        start, end = connection.execute("SELECT min(time), max(time) FROM staged_key").fetchone()
        existing: list[str] = []
        if snapshots.get(name) is not None and start is not None:
            between = (None, None) if name in REVISED else (start, end)
            existing = self._tables.files(name, snapshots[name], *between)
        superseded: list[str] = []
        if existing and "superseded" in snapshots:
            superseded = self._tables.files("superseded", snapshots["superseded"])
        revisions.settle(connection, name, existing, superseded, self._loaded, load_id)
        extra = "" if name == "rejects" else ", _revision"
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW fresh AS SELECT s.* EXCLUDE (filename, file_row_number, known{extra}), k.known, k.revision "
            f"FROM {staged} s JOIN kept k USING (filename, file_row_number)"
        )

    def _copy(self, connection: Any, name: str, batch: int) -> list[Path]:
        """Write `fresh` as Parquet by month, sorted so that one person's history is a short read."""
        folder = self._tables.data_folder(name, batch)
        folder.mkdir(parents=True, exist_ok=True)
        table = schema().tables[name]
        columns = ", ".join(identifier(column) for column in table.columns)
        order = "account, time" if table.has_account else "time"
        connection.execute(
            f"COPY (SELECT {columns}, strftime(time, '%Y-%m') AS _month FROM fresh ORDER BY {order}) TO {literal(str(folder))} "
            "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (_month), FILENAME_PATTERN 'part-{uuid}', OVERWRITE_OR_IGNORE true)"
        )
        return self._durable(name, batch)

    def _move_whole(
        self,
        connection: Any,
        name: str,
        batch: int,
        paths: list[Path],
        snapshot: int | None,
    ) -> list[Path]:
        """Move the staged files that can enter as they are to the table's folder; return where they are now."""
        whole = [path for path in paths if is_whole(path)]
        existing: list[str] = []
        if whole and snapshot is not None:
            between = (None, None) if name in REVISED else time_range(connection, whole)
            existing = self._tables.files(name, snapshot, *between)
        folder = self._tables.data_folder(name, batch)
        moved = []
        for path in uncontested(connection, paths, existing):
            folder.mkdir(parents=True, exist_ok=True)
            moved.append(Path(shutil.move(path, folder / path.name)))
        return moved

    def _durable(self, name: str, batch: int) -> list[Path]:
        """Bring what was written of a table to the disk; return its files, which there may be none of."""
        folder = self._tables.data_folder(name, batch)
        files = sorted(folder.rglob("*.parquet"))
        for path in files:
            flush(path)
        # A folder's name is durable once the folder that it lies in is.
        for path in {path.parent for path in files} | ({folder, folder.parent} if files else set()):
            flush(path)
        return files


@dataclass(slots=True)
class _Waiting:
    """Records of one source that wait until they are enough for one mapping step."""

    lines: list[Sequence[bytes]] = field(default_factory=list)  # of each block
    raw_files: list[str] = field(default_factory=list)
    raw_records: list[int] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    problems: dict[int, str] = field(default_factory=dict)
    bytes: int = 0

    @property
    def full(self) -> bool:
        return self.bytes >= CHUNK_BYTES or len(self.raw_files) >= CHUNK_RECORDS

    def add(self, file: InputFile, block: Block, hashes: Sequence[str]) -> None:
        offset, count = len(self.raw_files), len(block.lines)
        self.lines.append(block.lines)
        self.raw_files += [file.raw_file] * count
        self.raw_records += range(block.first, block.first + count)
        self.hashes += hashes
        self.names += [file.name] * count
        self.problems.update({offset + index: reason for index, reason in block.problems.items()})
        self.bytes += bytes_of(block.lines)

    def chunk(self) -> Chunk:
        return Chunk(
            chained(self.lines), self.raw_files, self.raw_records, self.hashes, self.names, self.problems
        )


def _batches(files: Iterable[InputFile], limit: int) -> Iterator[list[InputFile]]:
    """Cut the files into batches of about `limit` bytes."""
    batch: list[InputFile] = []
    size = 0
    for file in files:
        if batch and size + file.bytes > limit:
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.bytes
    if batch:
        yield batch


def too_many_rejects(tally: _Tally, limit: float) -> bool:
    """Say whether a file had better not count: a share says nothing about a handful of records."""
    rejected = tally.fates["rejected"]
    if tally.read < SMALL_FILE:
        return rejected > 0 and rejected == tally.read
    return rejected > limit * tally.read


def loaded_file(tally: _Tally, quarantined: bool) -> Loaded:
    """Give what the ledger keeps of a file."""
    fates = tally.fates
    file = LoadFile(
        raw_file=tally.file.raw_file,
        name=tally.file.name,
        state="quarantined" if quarantined else "loaded",
        source=tally.file.source.id,
        form=tally.file.form,
        mapping_version=tally.file.source.version,
        why=f"{fates['rejected']} of {tally.read} records could not be read" if quarantined else None,
        bytes=tally.file.bytes,
        read=tally.read,
        mapped=0 if quarantined else fates["mapped"],
        rejected=tally.read - fates["ignored"] if quarantined else fates["rejected"],
        duplicate=0 if quarantined else fates["duplicate"],
        ignored=fates["ignored"],
        rows={} if quarantined else dict(tally.rows),
        drift=tally.drift.document(),
    )
    return Loaded(file, dict(tally.rules))


def _lock(path: Path) -> int:
    """Take the home's one loading place; the system gives it back when the process ends, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise ConfigError(
            "another load is at work in this home",
            hint="wait for it to end, then try again",
            where=str(path.parent),
        ) from error
    return descriptor


def flush(path: Path) -> None:
    """Bring a file or folder to the disk before the ledger says that it is there."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
