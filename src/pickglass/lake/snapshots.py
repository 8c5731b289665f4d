"""Snapshots of the Iceberg tables: replacing files, expiring what is past, and finding what nothing refers to.

A load only adds files, and `Tables` does that. Whatever rewrites the lake takes files away as well; it goes the
same way: a branch first, then the ledger, then main.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pickglass.lake.tables import Tables
from pickglass.store import Store, ledger
from pickglass.store.ledger import DataFile

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file of a snapshot: the month that it holds, how many rows, how many bytes."""

    path: str
    month: str
    rows: int
    bytes: int


def parts(tables: Tables, name: str, snapshot: int) -> list[Part]:
    """List the Parquet files of a snapshot, in the order of their months."""
    found = [task.file for task in tables.open(name).scan(snapshot_id=snapshot).plan_files()]
    listed = [
        Part(
            local_path(file.file_path), _month(file.partition[0]), file.record_count, file.file_size_in_bytes
        )
        for file in found
    ]
    return sorted(listed, key=lambda part: (part.month, part.path))


def _month(number: int) -> str:
    return f"{1970 + number // 12:04d}-{number % 12 + 1:02d}"  # Iceberg counts months from 1970


def replace_files(
    tables: Tables, name: str, batch: int, base: int, removed: Collection[str], added: Sequence[Path]
) -> int:
    """Make a branch from snapshot `base` without some files and with others; return the branch's snapshot."""
    from pyiceberg.io.pyarrow import parquet_files_to_data_files

    if not removed:
        return tables.write_branch(name, batch, base, added)
    branch = f"batch-{batch}"
    table = tables.open(name)
    listed = [task.file for task in table.scan(snapshot_id=base).plan_files()]
    gone = [file for file in listed if local_path(file.file_path) in removed]
    if len(gone) != len(removed):
        raise AssertionError(f"{name}: a file that is to be replaced is not in the snapshot")
    table.manage_snapshots().create_branch(base, branch).commit()
    table = tables.open(name)
    with table.transaction() as change:
        if added and table.metadata.name_mapping() is None:
            change.set_properties(
                **{"schema.name-mapping.default": table.schema().name_mapping.model_dump_json()}
            )
        with change.update_snapshot(branch=branch).overwrite() as snapshot:
            for file in gone:
                snapshot.delete_data_file(file)
            paths = iter([str(path) for path in added])
            for file in parquet_files_to_data_files(table.io, change.table_metadata, paths):
                snapshot.append_data_file(file)
    return int(tables.open(name).refs()[branch].snapshot_id)


def fingerprints(
    written: Mapping[str, Iterable[Path]], tables: Tables, snapshots: Mapping[str, int]
) -> list[DataFile]:
    """Hash the files that a batch wrote, data and manifests, so that a change of any byte is found later."""
    made = [(name, path) for name, paths in sorted(written.items()) for path in paths]
    for name, snapshot in sorted(snapshots.items()):
        made += [(name, path) for path in manifest_files(tables, name, snapshot, new=True)]
    return [DataFile(str(path), name, fingerprint(path), path.stat().st_size) for name, path in made]


def manifest_files(tables: Tables, name: str, snapshot: int, *, new: bool = False) -> list[Path]:
    """List what a snapshot says of its files: its manifest list and the manifests, or only those that it brought."""
    table = tables.open(name)
    found = table.snapshot_by_id(snapshot)
    paths = [
        manifest.manifest_path
        for manifest in found.manifests(table.io)
        if not new or manifest.added_snapshot_id == snapshot
    ]
    return [Path(local_path(path)) for path in (found.manifest_list, *paths)]


def fingerprint(path: Path) -> str:
    """Give the hex SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def expire(tables: Tables, name: str, current: int, kept: int, since: datetime) -> int:
    """Expire a table's past snapshots that are older than `since` or beyond the newest `kept`; return how many.

    The one in force stays, and so do the ends of branches.
    """
    table = tables.open(name)
    held = {current} | {reference.snapshot_id for reference in table.refs().values()}
    past = sorted(
        (one for one in table.metadata.snapshots if one.snapshot_id not in held),
        key=lambda one: one.timestamp_ms,
        reverse=True,
    )
    limit = since.timestamp() * 1000
    gone = [one.snapshot_id for place, one in enumerate(past) if place >= kept or one.timestamp_ms < limit]
    if gone:
        table.maintenance.expire_snapshots().by_ids(gone).commit()
    return len(gone)


def referenced(tables: Tables, name: str) -> set[str]:
    """List every file, data and metadata, that the table still refers to from any of its snapshots."""
    table = tables.open(name)
    metadata = table.metadata
    found = {table.metadata_location, *(one.metadata_file for one in metadata.metadata_log)}
    seen: set[str] = set()
    for snapshot in metadata.snapshots:
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            if manifest.manifest_path in seen:
                continue
            seen.add(manifest.manifest_path)
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
            found.update(entry.data_file.file_path for entry in entries)
    return {local_path(path) for path in found | seen}


def unreferenced(tables: Tables, name: str) -> Iterator[Path]:
    """Yield the files in a table's folder that nothing refers to."""
    needed = referenced(tables, name)
    for path in sorted(tables.folder(name).rglob("*")):
        if path.is_file() and str(path) not in needed:
            yield path


def remove_unreferenced(tables: Tables, store: Store, name: str, grace: timedelta) -> tuple[int, int]:
    """Remove a table's files that nothing refers to, and return how many they were and their bytes.

    A reader that is at work may still read files that were replaced under it: those younger than `grace` stay
    for now. What is replaced is touched at that moment (`touch`), so its age counts from then.
    """
    limit = (datetime.now(UTC) - grace).timestamp()
    removed: list[str] = []
    size = 0
    for path in list(unreferenced(tables, name)):
        state = path.stat()
        if state.st_mtime > limit and grace:
            continue
        path.unlink()
        removed.append(str(path))
        size += state.st_size
    _remove_empty(tables.folder(name) / "data")
    ledger.forget_data_files(store, [path for path in removed if not path.endswith(".json")])
    return len(removed), size


def touch(paths: Iterable[str]) -> None:
    """Mark files as replaced now."""
    for path in paths:
        if Path(path).exists():
            os.utime(path)


def local_path(location: str) -> str:
    """Give the path of a file of the lake, which Iceberg may write as a URI."""
    return unquote(urlsplit(location).path) if location.startswith("file:") else location


def _remove_empty(folder: Path) -> None:
    for path in sorted((one for one in folder.rglob("*") if one.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()
