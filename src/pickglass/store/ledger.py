"""The ledger: which files were loaded, what became of each record, and which snapshots readers see.

A load is a series of batches; a batch is published in one transaction or not at all. For each table, the row
of the batch that was published last names the snapshot that is in force, whatever branches the lake holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update

from pickglass.errors import ConfigError, NotFound
from pickglass.store import tables
from pickglass.store.database import Store, insert_row

FileState = Literal["loaded", "quarantined", "unrecognised", "unreadable", "replaced"]
COUNTS = ("read", "mapped", "rejected", "duplicate", "ignored", "unrecognised")


@dataclass(frozen=True, slots=True)
class LoadFile:
    """What became of one input file: its records by outcome, its rows by table, and keys nobody knows."""

    raw_file: str  # hex SHA-256 of its bytes
    name: str
    state: FileState
    source: str | None = None
    form: str | None = None
    mapping_version: str | None = None
    why: str | None = None  # why it was not loaded
    bytes: int = 0
    read: int = 0
    mapped: int = 0
    rejected: int = 0
    duplicate: int = 0
    ignored: int = 0
    unrecognised: int = 0
    rows: Mapping[str, int] = field(default_factory=dict)
    drift: Mapping[str, Any] = field(default_factory=dict)  # new, missing and retyped keys, see lake/drift.py
    loaded: datetime | None = None  # UTC; set when it is recorded


@dataclass(frozen=True, slots=True)
class DataFile:
    """One Parquet file of the lake, with the hash of its bytes as they were written."""

    path: str
    table_name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Load:
    """One load with the sums over its files; times are UTC."""

    id: int
    started: datetime
    finished: datetime | None
    version: str
    state: Literal["running", "done", "aborted"]
    files: int
    records: Mapping[str, int]
    rows: Mapping[str, int]
    not_loaded: tuple[LoadFile, ...]


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """What a source brought in so far, counting only what is in force."""

    source: str
    files: int
    bytes: int
    records: Mapping[str, int]
    drift: Mapping[str, Any]
    last_loaded: datetime


# -- writing -------------------------------------------------------------------------------------------------


def begin_load(store: Store, version: str) -> int:
    """Record that a load by this version of pickglass begins, and return its id."""
    values = {"started": _now(), "version": version, "state": "running"}
    with store.writing() as connection:
        return insert_row(connection, tables.load, values)


def finish_load(store: Store, load_id: int, state: Literal["done", "aborted"] = "done") -> None:
    """Record how a running load ended; its batches that were never published are abandoned."""
    with store.writing() as connection:
        changed = connection.execute(
            update(tables.load)
            .where(tables.load.c.id == load_id, tables.load.c.state == "running")
            .values(state=state, finished=_now())
        )
        if changed.rowcount != 1:
            raise NotFound(f"there is no running load {load_id}", where=f"load {load_id}")
        connection.execute(
            update(tables.batch)
            .where(tables.batch.c.load_id == load_id, tables.batch.c.state == "open")
            .values(state="abandoned")
        )


def record_files(store: Store, load_id: int, files: Iterable[LoadFile]) -> None:
    """Record files that bring no rows: quarantined, unrecognised or unreadable ones.

    A loaded file is recorded by `publish`, together with the snapshots that hold its rows.
    """
    listed = list(files)
    if any(file.state in ("loaded", "replaced") for file in listed):
        raise ValueError("a loaded file is recorded by publish(), together with its rows")
    with store.writing() as connection:
        _insert_files(connection, load_id, None, listed)


def begin_batch(store: Store, load_id: int | None) -> int:
    """Record that a batch is being written, and return its id; `load_id` is None for work that is no load."""
    values = {"load_id": load_id, "state": "open", "created": _now()}
    with store.writing() as connection:
        return insert_row(connection, tables.batch, values)


def publish(
    store: Store,
    batch_id: int,
    snapshots: Mapping[str, int],
    files: Iterable[LoadFile] = (),
    *,
    based_on: Mapping[str, int] | None = None,
    data_files: Iterable[DataFile] = (),
) -> int:
    """Put a batch in force, in one transaction: its snapshots by table, and the files that they brought in.

    `data_files` are the Parquet files that it wrote.

    Returns the batch's place in the order of publishing. With `based_on` (what `current_snapshots` said
    before the batch was written) it is refused if somebody else published one of its tables since. A file
    that is in force under an older mapping is marked as replaced.
    """
    with store.writing() as connection:
        sequence: int | None = connection.scalar(
            select(tables.head.c.sequence).where(tables.head.c.name == "ledger").with_for_update()
        )
        if sequence is None:
            raise ConfigError("the ledger has lost its head", "restore the store from a backup", store.where)
        load_id = _open_batch(connection, batch_id)
        if based_on is not None:
            _refuse_lost_update(connection, store, snapshots, based_on)
        sequence += 1
        if snapshots:
            rows = [
                {"batch_id": batch_id, "table_name": table, "snapshot_id": snapshot}
                for table, snapshot in sorted(snapshots.items())
            ]
            connection.execute(insert(tables.table_snapshot), rows)
        if written := [{**asdict(file), "batch_id": batch_id} for file in data_files]:
            connection.execute(insert(tables.data_file), written)
        listed = list(files)
        if listed:
            if load_id is None:
                raise ValueError("files belong to a load, but this batch has none")
            _replace_files(connection, listed)
            _insert_files(connection, load_id, batch_id, listed)
        connection.execute(
            update(tables.batch)
            .where(tables.batch.c.id == batch_id)
            .values(state="published", published=_now(), sequence=sequence)
        )
        connection.execute(
            update(tables.head).where(tables.head.c.name == "ledger").values(sequence=sequence)
        )
        return sequence


def abandon_batch(store: Store, batch_id: int) -> None:
    """Record that an open batch will never be published."""
    with store.writing() as connection:
        _open_batch(connection, batch_id)
        connection.execute(
            update(tables.batch).where(tables.batch.c.id == batch_id).values(state="abandoned")
        )


# -- reading -------------------------------------------------------------------------------------------------


def current_snapshots(store: Store) -> dict[str, int]:
    """Say which snapshot of each table is in force; a table that was never published is missing."""
    with store.reading() as connection:
        return _current_snapshots(connection)


def open_batches(store: Store) -> list[int]:
    """Give the ids of batches that were begun and neither published nor abandoned: a crash leaves one."""
    with store.reading() as connection:
        batch = tables.batch.c
        return list(connection.scalars(select(batch.id).where(batch.state == "open").order_by(batch.id)))


def running_loads(store: Store) -> list[int]:
    """Give the ids of loads that never finished: under way now, or ended by a crash."""
    with store.reading() as connection:
        load = tables.load.c
        return list(connection.scalars(select(load.id).where(load.state == "running").order_by(load.id)))


def loads_since_care(store: Store) -> int:
    """Count the batches of loads that were published since the last batch that was no load."""
    batch = tables.batch.c
    last = select(func.max(batch.sequence)).where(batch.load_id.is_(None)).scalar_subquery()
    with store.reading() as connection:
        found = connection.scalar(
            select(func.count())
            .select_from(tables.batch)
            .where(batch.load_id.is_not(None), batch.sequence > func.coalesce(last, 0))
        )
    return int(found or 0)


def data_files(store: Store, table_name: str | None = None) -> dict[str, DataFile]:
    """Give the Parquet files that were written and not removed since, by path."""
    file = tables.data_file.c
    wanted = select(file.path, file.table_name, file.sha256, file.bytes)
    if table_name is not None:
        wanted = wanted.where(file.table_name == table_name)
    with store.reading() as connection:
        return {row.path: DataFile(*row) for row in connection.execute(wanted)}


def forget_data_files(store: Store, paths: Iterable[str]) -> None:
    """Strike out Parquet files that were removed from disk."""
    rows = [{"gone": path} for path in paths]
    if rows:
        with store.writing() as connection:
            connection.execute(
                delete(tables.data_file).where(tables.data_file.c.path == bindparam("gone")), rows
            )


def rename_files(store: Store, names: Mapping[str, str]) -> None:
    """Give recorded files other names, because theirs told of a person who was erased."""
    with store.writing() as connection:
        for before, after in names.items():
            connection.execute(
                update(tables.load_file).where(tables.load_file.c.name == before).values(name=after)
            )


def load_summary(store: Store, load_id: int | None = None) -> Load:
    """Give one load, or the last one, with its sums; NotFound if there is none."""
    with store.reading() as connection:
        wanted = select(tables.load).order_by(tables.load.c.id.desc()).limit(1)
        if load_id is not None:
            wanted = wanted.where(tables.load.c.id == load_id)
        row = connection.execute(wanted).one_or_none()
        if row is None:
            raise NotFound("there is no such load", "load something with `pickglass load PATH`", "loads")
        files = _files(connection, tables.load_file.c.load_id == row.id)
    return Load(
        id=row.id,
        started=row.started,
        finished=row.finished,
        version=row.version,
        state=row.state,
        files=len(files),
        records=_sum_records(files),
        rows=_sum(file.rows for file in files),
        not_loaded=tuple(file for file in files if file.state not in ("loaded", "replaced")),
    )


def files_of(
    store: Store,
    *,
    load_id: int | None = None,
    source: str | None = None,
    state: FileState | None = None,
    raw_file: str | None = None,
) -> list[LoadFile]:
    """Give the recorded files that fit, oldest first."""
    given = {"load_id": load_id, "source": source, "state": state, "raw_file": raw_file}
    with store.reading() as connection:
        wanted = [tables.load_file.c[name] == value for name, value in given.items() if value is not None]
        return _files(connection, *wanted)


LOOKED_FOR_AT_ONCE = 500  # databases bound how many values a question may hold


def loaded_among(store: Store, raw_files: Iterable[str]) -> dict[tuple[str, str], LoadFile]:
    """Give those of the files whose rows are in force, by hash and source: one question for many files."""
    wanted = sorted(set(raw_files))
    if not wanted:
        return {}
    column = tables.load_file.c
    found: list[LoadFile] = []
    with store.reading() as connection:
        for start in range(0, len(wanted), LOOKED_FOR_AT_ONCE):
            some = wanted[start : start + LOOKED_FOR_AT_ONCE]
            found += _files(connection, column.raw_file.in_(some), column.state == "loaded")
    return {(file.raw_file, file.source or ""): file for file in found}


def source_health(store: Store) -> list[SourceHealth]:
    """Give, for each source that has rows in force, its files, records by outcome and schema drift."""
    by_source: dict[str, list[LoadFile]] = {}
    for file in files_of(store, state="loaded"):
        by_source.setdefault(file.source or "", []).append(file)
    return [
        SourceHealth(
            source=source,
            files=len(files),
            bytes=sum(file.bytes for file in files),
            records=_sum_records(files),
            drift=merged_drift(files),
            last_loaded=max(file.loaded for file in files if file.loaded is not None),
        )
        for source, files in sorted(by_source.items())
    ]


def merged_drift(files: Iterable[LoadFile]) -> dict[str, Any]:
    """Sum up the drift of one source's files, oldest first.

    `new` sums records by key; `missing` are declared keys that no file has which was long enough to tell, `lost` those
    that the latest such file lacks and an earlier one had; `retyped` says what was found last.
    """
    new: Counter[str] = Counter()
    retyped: dict[str, str] = {}
    lacking: list[set[str]] = []
    for file in files:
        new.update(file.drift.get("new", {}))
        retyped |= file.drift.get("retyped", {})
        if file.drift.get("enough"):
            lacking.append(set(file.drift.get("missing", ())))
    missing = set.intersection(*lacking) if lacking else set()
    return {
        "new": dict(sorted(new.items())),
        "missing": sorted(missing),
        "lost": sorted(lacking[-1] - missing) if lacking else [],
        "retyped": dict(sorted(retyped.items())),
    }


# -- within a transaction ------------------------------------------------------------------------------------


def _now() -> datetime:
    return datetime.now(UTC)


def _open_batch(connection: Connection, batch_id: int) -> int | None:
    """Prove that a batch is open, and return its load."""
    row = connection.execute(
        select(tables.batch.c.state, tables.batch.c.load_id).where(tables.batch.c.id == batch_id)
    ).one_or_none()
    if row is None or row.state != "open":
        state = "unknown" if row is None else row.state
        raise NotFound(f"there is no open batch {batch_id} (it is {state})", where=f"batch {batch_id}")
    load_id: int | None = row.load_id
    return load_id


def _refuse_lost_update(
    connection: Connection, store: Store, snapshots: Mapping[str, int], based_on: Mapping[str, int]
) -> None:
    current = _current_snapshots(connection)
    overtaken = sorted(table for table in snapshots if current.get(table) != based_on.get(table))
    if overtaken:
        raise ConfigError(
            f"another load published {', '.join(overtaken)} meanwhile; nothing of this batch is in force",
            "load the same files again: what is in already is skipped",
            store.where,
        )


def _current_snapshots(connection: Connection) -> dict[str, int]:
    batch, snapshot = tables.batch.c, tables.table_snapshot.c
    latest = (
        select(snapshot.table_name, func.max(batch.sequence).label("sequence"))
        .join_from(tables.table_snapshot, tables.batch)
        .where(batch.state == "published")
        .group_by(snapshot.table_name)
        .subquery()
    )
    wanted = (
        select(snapshot.table_name, snapshot.snapshot_id)
        .join_from(tables.table_snapshot, tables.batch)
        .join(latest, and_(latest.c.table_name == snapshot.table_name, latest.c.sequence == batch.sequence))
    )
    return {row.table_name: row.snapshot_id for row in connection.execute(wanted)}


def _replace_files(connection: Connection, files: list[LoadFile]) -> None:
    column = tables.load_file.c
    # One statement with many values: compiled for each file apart it would be most of the time of a big batch.
    connection.execute(
        update(tables.load_file)
        .where(
            column.raw_file == bindparam("of_file"),
            column.source == bindparam("of_source"),
            column.state == "loaded",
        )
        .values(state="replaced"),
        [{"of_file": file.raw_file, "of_source": file.source} for file in files],
    )


def _insert_files(connection: Connection, load_id: int, batch_id: int | None, files: list[LoadFile]) -> None:
    now = _now()
    rows = [
        {**asdict(file), "loaded": file.loaded or now, "load_id": load_id, "batch_id": batch_id}
        for file in files
    ]
    if rows:
        connection.execute(insert(tables.load_file), rows)


def _files(connection: Connection, *wanted: Any) -> list[LoadFile]:
    columns = [tables.load_file.c[name] for name in LoadFile.__dataclass_fields__]
    found = connection.execute(select(*columns).where(*wanted).order_by(tables.load_file.c.id))
    return [LoadFile(**row) for row in found.mappings()]


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(sorted(total.items()))


def _sum_records(files: Iterable[LoadFile]) -> dict[str, int]:
    listed = list(files)
    return {name: sum(getattr(file, name) for file in listed) for name in COUNTS}
