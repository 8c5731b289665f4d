"""Proof that the lake is what it was: originals, rows, data files, snapshots and ledger, one against the other.

Nothing is changed and no lock is taken. What is broken is named with its file and place, as (where, what).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from pickglass.errors import PickglassError
from pickglass.lake import originals
from pickglass.lake.care import rows_of
from pickglass.lake.engine import EngineError, connect, literal
from pickglass.lake.erasing import record_hashes
from pickglass.lake.originals import original_path
from pickglass.lake.retention import of_no_load
from pickglass.lake.snapshots import fingerprint, local_path, manifest_files, parts, unreferenced
from pickglass.lake.tables import Tables
from pickglass.model.schema import schema
from pickglass.settings import Settings, derived_key
from pickglass.store import Store, audit, keeping, ledger

SAMPLE = 1000  # rows of each table that are compared with their records, unless all are wanted
# What readers of files stumble over where bytes were changed; each is a finding here and never a bug.
BROKEN = (
    ValueError,
    OSError,
    LookupError,
    TypeError,
    EOFError,
    AssertionError,
    zlib.error,
    struct.error,
    EngineError,
)

_OF_NO_LOAD = (
    "no load names this original: one was stopped before its end; `pickglass lake expire` removes it"
)

Tell = Callable[[str, int], None]
Found = Iterator[tuple[str, str]]


def verify(settings: Settings, store: Store, *, everything: bool, tell: Tell) -> dict[str, Any]:
    """Check everything once; with `everything` each row and record, else a sample of them."""
    checked: Counter[str] = Counter()
    problems: list[tuple[str, str]] = []
    tables = Tables(settings.catalog_uri, Path(settings.warehouse))
    try:
        problems += _ledger(tables, store, checked)
        readable = _data_files(tables, store, checked, tell, problems)
    finally:
        tables.close()
    expired = keeping.expired_originals(store)
    names = {file.raw_file: file.name for file in ledger.files_of(store) if file.raw_file}
    found = [
        *_originals(settings, store, expired, checked, everything, tell),
        *_rows(settings, readable, expired, checked, everything, tell),
    ]
    problems += [(_with_name(where, names), what) for where, what in found]
    problems += [
        (str(original_path(settings.originals, one)), _OF_NO_LOAD) for one in of_no_load(settings, store)
    ]
    chain = audit.verify(store)
    checked["audit entries"] = chain.entries
    if not chain.whole:
        problems.append(("audit log", chain.why))
    return {
        "version": 1,
        "everything": everything,
        "checked": dict(checked),
        "problems": [{"where": where, "what": what} for where, what in problems],
    }


def _with_name(where: str, names: Mapping[str, str]) -> str:
    """Put a file's own name beside its content address, which tells nobody which export it was."""
    addressed = re.search(r"[0-9a-f]{64}", where)
    name = names.get(addressed[0]) if addressed else None
    return f"{where} ({name})" if name else where


def status(settings: Settings, store: Store) -> dict[str, Any]:
    """Say how each table lies on disk, what is held and suppressed, and how many batches wait for care."""
    tables = Tables(settings.catalog_uri, Path(settings.warehouse))
    found: dict[str, dict[str, int]] = {}
    try:
        for name, snapshot in sorted(ledger.current_snapshots(store).items()):
            listed = parts(tables, name, snapshot)
            months = Counter(part.month for part in listed)
            found[name] = {
                "rows": sum(part.rows for part in listed),
                "files": len(listed),
                "months": len(months),
                "most_files_in_a_month": max(months.values(), default=0),
                "snapshots": len(tables.open(name).metadata.snapshots),
                "bytes": sum(part.bytes for part in listed),
                "unreferenced": sum(1 for _ in unreferenced(tables, name)),
            }
    finally:
        tables.close()
    return {
        "version": 1,
        "tables": found,
        "holds": [
            {"subject": hold.subject_id, "placed": hold.placed.isoformat(), "reason": hold.reason}
            for hold in keeping.holds(store)
        ],
        "suppressed": len(keeping.suppressed(store)),
        "expired_originals": len(keeping.expired_originals(store)),
        "loads_since_care": ledger.loads_since_care(store),
    }


def _ledger(tables: Tables, store: Store, checked: Counter[str]) -> Found:
    """Compare what the ledger names with what the catalog holds."""
    current = ledger.current_snapshots(store)
    there = set(tables.names())
    for name in sorted(set(current) - there):
        yield f"table {name}", "the ledger names a snapshot, but the catalog has no such table"
    for name in sorted(there):
        checked["tables"] += 1
        try:
            table = tables.open(name)
        except BROKEN as error:
            yield f"table {name}", f"its metadata cannot be read ({type(error).__name__})"
            continue
        main = table.current_snapshot()
        if name in current and (main is None or main.snapshot_id != current[name]):
            yield f"table {name}", "main is not the snapshot that the ledger names; the next load mends it"
        for branch in sorted(set(table.refs()) - {"main"}):
            yield f"table {name}", f"branch {branch} was left behind; the next load removes it"


def _data_files(
    tables: Tables, store: Store, checked: Counter[str], tell: Tell, problems: list[tuple[str, str]]
) -> dict[str, list[str]]:
    """Read every file of the snapshots in force, and return by table those that are whole."""
    readable: dict[str, list[str]] = {}
    there = set(tables.names())
    for name, snapshot in sorted(ledger.current_snapshots(store).items()):
        if name not in there:
            continue
        tell(f"files of {name}", 0)
        recorded = ledger.data_files(store, name)
        try:
            changed = [
                path
                for path in manifest_files(tables, name, snapshot)
                if str(path) in recorded and fingerprint(path) != recorded[str(path)].sha256
            ]
            listed = parts(tables, name, snapshot)
        except BROKEN as error:
            problems.append((f"table {name}", f"snapshot {snapshot} cannot be read ({type(error).__name__})"))
            continue
        checked["snapshots"] += 1
        problems += [
            (str(path), "the manifest is not the one that was written: its hash differs") for path in changed
        ]
        for part in listed:
            path = Path(local_path(part.path))
            checked["data files"] += 1
            if not path.exists():
                problems.append((str(path), "the file is gone"))
            elif str(path) in recorded and fingerprint(path) != recorded[str(path)].sha256:
                problems.append((str(path), "the file is not the one that was written: its hash differs"))
            else:
                readable.setdefault(name, []).append(str(path))
    return readable


def _originals(
    settings: Settings,
    store: Store,
    expired: Mapping[str, Any],
    checked: Counter[str],
    everything: bool,
    tell: Tell,
) -> Found:
    """Open every original that rows in force came from; read all of it where everything is wanted."""
    key = derived_key(settings, "originals")
    for raw_file in sorted({file.raw_file for file in ledger.files_of(store, state="loaded")}):
        if raw_file in expired:
            checked["originals past retention"] += 1
            continue
        tell("originals", 0)
        checked["originals"] += 1
        try:
            if everything:
                yield from (
                    (one.where, one.message) for one in originals.verify(settings.originals, raw_file, key)
                )
            else:
                originals.Original(settings.originals, raw_file, key).close()
        except PickglassError as error:  # also for another key: a byte of its head may have been changed
            yield error.where, error.message


def _rows(
    settings: Settings,
    files: Mapping[str, list[str]],
    expired: Mapping[str, Any],
    checked: Counter[str],
    everything: bool,
    tell: Tell,
) -> Found:
    """Compare the hash in each row with that of its original record."""
    key = derived_key(settings, "originals")
    settings.workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = connect(settings.memory_limit, settings.threads, settings.workspace / "spill-verify")
    places: dict[str, list[tuple[int, str, str]]] = {}
    try:
        for name in sorted(set(files) & set(schema().tables)):
            tell(f"rows of {name}", 0)
            try:
                yield from _unreadable(connection, name, files[name])
                sample = "" if everything else f" USING SAMPLE reservoir({SAMPLE} ROWS) REPEATABLE (7)"
                found = connection.execute(
                    f"SELECT raw_file, raw_record, record_hash FROM {rows_of(name, files[name])}{sample}"
                ).fetchall()
            except BROKEN as error:
                yield f"table {name}", f"its rows cannot be read ({type(error).__name__})"
                continue
            for raw_file, number, record_hash in found:
                places.setdefault(raw_file, []).append((number, record_hash, name))
    finally:
        connection.close()
    for raw_file, rows in sorted(places.items()):
        if raw_file in expired:
            checked["rows past retention"] += len(rows)
            continue
        checked["rows"] += len(rows)
        yield from _compare(settings, key, raw_file, rows)


def _unreadable(connection: Any, name: str, files: list[str]) -> Found:
    columns = len(schema().tables[name].columns)
    for path in files:
        count = connection.execute(f"SELECT count(*) FROM parquet_schema({literal(path)})").fetchone()[0]
        if count < 2:
            yield path, f"the file has no columns of {name} ({columns} are known)"


def _compare(settings: Settings, key: bytes, raw_file: str, rows: list[tuple[int, str, str]]) -> Found:
    wanted = {number for number, _, _ in rows}
    try:
        with closing(originals.Original(settings.originals, raw_file, key)) as original:
            hashes = record_hashes(original, wanted)
    except PickglassError as error:
        yield error.where, f"{len(rows)} rows come from it: {error.message}"
        return
    for number, record_hash, name in sorted(rows):
        if number not in hashes:
            yield f"{raw_file}: record {number}", f"a row of {name} comes from it, and it is not there"
        elif hashes[number] != record_hash:
            yield f"{raw_file}: record {number}", f"a row of {name} has another hash than its record"
