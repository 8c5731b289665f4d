"""Care of the lake: one worker at a time, under the lock of the loads, and in the same steps as a load.

write     the rewritten rows go to `data/batch-N` of the table     nothing visible; swept at the next start
branch    the table gets a branch with the files replaced          nothing visible: readers follow the ledger
ledger    ONE transaction names the new snapshots                  from here on the change is in force
main      each table's main is moved to its snapshot               start-up makes main equal the ledger
expire    what is past goes, and the files that nothing needs      what is left goes the next time
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pickglass.lake import load
from pickglass.lake.engine import connect, identifier, literal
from pickglass.lake.rollups import ROLLUPS, forget_rollups
from pickglass.lake.snapshots import (
    Part,
    expire,
    fingerprints,
    parts,
    remove_unreferenced,
    replace_files,
    touch,
)
from pickglass.lake.tables import Tables
from pickglass.model.schema import schema
from pickglass.settings import Settings
from pickglass.store import Store, ledger
from pickglass.store.ledger import LoadFile

FILE_BYTES = 256 << 20  # a file of this size is big enough; smaller ones of a month are brought together


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch takes from each table and puts there, as files."""

    removed: Mapping[str, Collection[str]]
    added: Mapping[str, Sequence[Path]]


@dataclass(slots=True)
class Kept:
    """What compaction and expiry did: files before and after by table, snapshots and files that went."""

    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    snapshots: int = 0
    files: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Carer:
    """The lake of one home in the hands of one worker; `caring` gives it."""

    settings: Settings
    store: Store
    tables: Tables
    loader: load.Loader | None = None  # where originals are read again

    def current(self) -> dict[str, int]:
        """Say which snapshot of each table is in force."""
        return ledger.current_snapshots(self.store)

    def begin(self, load_id: int | None = None) -> int:
        """Begin a batch, of no load unless told otherwise."""
        return ledger.begin_batch(self.store, load_id)

    def connect(self, stage: Path) -> Any:
        """Open the engine with its own place to spill to."""
        stage.mkdir(parents=True, exist_ok=True)
        return connect(self.settings.memory_limit, self.settings.threads, stage / "spill")

    def stage(self, batch: int) -> Path:
        """Return where a batch may put files that no one misses after a crash."""
        return self.settings.workspace / f"stage-{batch:08d}"

    def publish(self, batch: int, changes: Changes, files: Sequence[LoadFile] = ()) -> None:
        """Put a batch in force: branches, ledger, main."""
        current = self.current()
        snapshots: dict[str, int] = {}
        for name in sorted({*changes.removed, *changes.added}):
            removed, added = changes.removed.get(name, ()), changes.added.get(name, ())
            if not removed and not added:
                continue
            if removed:
                snapshots[name] = replace_files(self.tables, name, batch, current[name], removed, added)
            else:
                snapshots[name] = self.tables.write_branch(name, batch, current.get(name), added)
            load.step(f"branch {name}")
        load.step("before ledger")
        ledger.publish(
            self.store,
            batch,
            snapshots,
            files,
            based_on=current,
            data_files=fingerprints(changes.added, self.tables, snapshots),
        )
        load.step("after ledger")
        for name, snapshot in snapshots.items():
            self.tables.set_main(name, snapshot)
            load.step(f"main {name}")
        for removed in changes.removed.values():
            touch(removed)


@contextmanager
def caring(settings: Settings, store: Store) -> Iterator[Carer]:
    """Take the place of a load, mend what an earlier one left unfinished, and hand the lake over.

    ConfigError while a load or another worker is in it.
    """
    loader = load.Loader(settings, store)
    try:
        loader.recover()
        yield Carer(settings, store, loader.tables, loader)
    finally:
        loader.close()


def compact(carer: Carer, least: int = 2) -> Kept:
    """Rewrite every month that lies in `least` or more small files as few files, sorted by account, then time.

    Each table is a batch of its own, so a crash costs one table's work at most. No row changes.
    """
    kept = Kept()
    for name in sorted(carer.current()):
        due = _due(parts(carer.tables, name, carer.current()[name]), least)
        if not due:
            continue
        removed = [part for month in due.values() for part in month]
        batch = carer.begin()
        stage = carer.stage(batch)
        connection = carer.connect(stage)
        try:
            added = [
                path
                for month, files in due.items()
                for path in _rewrite_month(carer, connection, name, batch, month, files)
            ]
        finally:
            connection.close()
            shutil.rmtree(stage, ignore_errors=True)
        load.step(f"written {name}")
        kept.before[name], kept.after[name] = len(removed), len(added)
        carer.publish(batch, Changes({name: {part.path for part in removed}}, {name: added}))
    return kept


def _due(listed: Sequence[Part], least: int) -> dict[str, list[Part]]:
    by_month: dict[str, list[Part]] = {}
    for part in listed:
        if part.bytes < FILE_BYTES:
            by_month.setdefault(part.month, []).append(part)
    return {month: found for month, found in by_month.items() if len(found) >= least}


def _rewrite_month(
    carer: Carer, connection: Any, name: str, batch: int, month: str, files: Sequence[Part]
) -> list[Path]:
    """Write the rows of some files of one month anew, and prove that they are the same rows."""
    source = rows_of(name, [part.path for part in files])
    written = write_rows(connection, name, source, carer.tables.data_folder(name, batch) / f"_month={month}")
    before, after = (proof(connection, rows_of(name, paths)) for paths in ([p.path for p in files], written))
    if before != after:
        raise AssertionError(f"{name} {month}: {before[0]} rows became {after[0]}, or others")
    return written


def rows_of(name: str, paths: Sequence[str] | Sequence[Path]) -> str:
    """Write the relation of a table's rows in some files; a file that is older than a column lacks it."""
    columns = schema().tables[name].columns.values()
    empty = ", ".join(
        f"CAST(NULL AS {column.duckdb_type}) AS {identifier(column.name)}" for column in columns
    )
    if not paths:
        return f"(SELECT {empty} WHERE false)"
    files = ", ".join(literal(str(path)) for path in paths)
    wanted = ", ".join(identifier(column.name) for column in columns)
    return (
        f"(SELECT {wanted} FROM (SELECT {empty} WHERE false UNION ALL BY NAME "
        f"SELECT * FROM read_parquet([{files}], union_by_name = true, hive_partitioning = false)))"
    )


def write_rows(connection: Any, name: str, source: str, folder: Path) -> list[Path]:
    """Write the rows of one month as few Parquet files, sorted so that one person's history is a short read."""
    order = "account, time" if schema().tables[name].has_account else "time"
    folder.mkdir(parents=True)
    connection.execute(
        f"COPY (SELECT * FROM {source} ORDER BY {order}, event_id) TO {literal(str(folder))} "
        f"(FORMAT parquet, COMPRESSION zstd, FILE_SIZE_BYTES {FILE_BYTES}, FILENAME_PATTERN 'part-{{uuid}}')"
    ).fetchall()
    written = []
    for path in sorted(folder.rglob("*.parquet")):
        if connection.execute(f"SELECT num_rows FROM parquet_file_metadata({literal(str(path))})").fetchone()[
            0
        ]:
            load.flush(path)
            written.append(path)
        else:
            path.unlink()
    load.flush(folder)
    load.flush(folder.parent)
    return written


def proof(connection: Any, source: str) -> tuple[int, int]:
    """Count rows, and fold them into one number that changes with any of their values."""
    found = connection.execute(f"SELECT count(*), coalesce(bit_xor(hash(r)), 0) FROM {source} r").fetchone()
    return int(found[0]), int(found[1])


def forget_past(carer: Carer, *, kept: int, days: float, grace: timedelta) -> Kept:
    """Expire past snapshots older than `days` or beyond the newest `kept`, and remove what nothing refers to."""
    done = Kept()
    since = datetime.now(UTC) - timedelta(days=days)
    for name, snapshot in sorted(carer.current().items()):
        done.snapshots += expire(carer.tables, name, snapshot, kept, since)
        load.step(f"expired {name}")
        files, size = remove_unreferenced(carer.tables, carer.store, name, grace)
        done.files += files
        done.bytes += size
        load.step(f"removed {name}")
    if not grace:
        forget_rollups(carer.settings.home / ROLLUPS)
    return done


def care_when_due(carer: Carer) -> Kept | None:
    """Compact and expire when enough batches were loaded since the last time; None where nothing is due."""
    settings = carer.settings
    if not settings.care_after or ledger.loads_since_care(carer.store) < settings.care_after:
        return None
    done = compact(carer)
    # Also where no month was due: an empty batch says that care was taken.
    carer.publish(carer.begin(), Changes({}, {}))
    past = forget_past(
        carer,
        kept=settings.snapshots_kept,
        days=settings.snapshot_days,
        grace=timedelta(hours=settings.reader_hours),
    )
    done.snapshots, done.files, done.bytes = past.snapshots, past.files, past.bytes
    return done
