"""Rows made anew from the originals, after the mapping of their source was improved.

All loads of the source are repeated in their order, with the mapping of today, in one batch: rows, rejects and
revisions of the source are replaced in all tables together, or nothing is. A record that makes the same event keeps
its id and the moment since which it was known. What cannot be read again (an original past retention, an erased
record, a form that needs its whole file) keeps the rows that it has.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from pickglass.errors import InputError
from pickglass.lake import load, revisions
from pickglass.lake.care import Carer, Changes, rows_of, write_rows
from pickglass.lake.engine import identifier, install_macros, literal
from pickglass.lake.load import InputFile
from pickglass.lake.snapshots import parts
from pickglass.lake.staged import staged_rows
from pickglass.lake.suppression import leave_out
from pickglass.model.schema import schema
from pickglass.model.source import SourceDefinition
from pickglass.settings import derived_key
from pickglass.store import keeping, ledger
from pickglass.store.ledger import LoadFile


@dataclass(frozen=True, slots=True)
class Again:
    """A file to be read again from its original: what the ledger keeps of it, and which records are erased."""

    file: InputFile
    recorded: LoadFile
    erased: frozenset[int]


def remap(carer: Carer, source: SourceDefinition, files: Sequence[Again], version: str) -> dict[str, Any]:
    """Replace the rows of these files of a source, all or nothing; return counts of rows before and after.

    InputError if the mapping of today rejects too much of a file: then nothing is changed.
    """
    load_id = ledger.begin_load(carer.store, version)
    batch = carer.begin(load_id)
    stage = carer.stage(batch)
    connection = carer.connect(stage)
    try:
        install_macros(connection, derived_key(carer.settings, "identifiers"))
        staged, recorded = _stage(carer, stage, load_id, files)
        load.step("staged")
        work = _Work(carer, connection, batch, load_id, source.id)
        work.name_files(files)
        changes, before = work.take_out()
        changes, added, counts = work.put_in(staged, changes)
    finally:
        connection.close()
        shutil.rmtree(stage, ignore_errors=True)
    load.step("written")
    carer.publish(batch, changes, [replace(one, rows=counts.get(one.raw_file, {})) for one in recorded])
    ledger.finish_load(carer.store, load_id)
    after = Counter(before)
    after.subtract(work.removed)
    after.update(added)
    tables = sorted(name for name in {*before, *after} if before.get(name) or after.get(name))
    return {name: {"before": before.get(name, 0), "after": after.get(name, 0)} for name in tables}


def _stage(
    carer: Carer, stage: Path, load_id: int, files: Sequence[Again]
) -> tuple[dict[str, list[Path]], list[LoadFile]]:
    """Map the records of all files, load by load in their order; return staged rows by table, and the ledger's."""
    if carer.loader is None:
        raise AssertionError("a remap needs the loader that holds the lock")
    staged: dict[str, list[Path]] = {}
    recorded: list[LoadFile] = []
    refused: list[tuple[str, str]] = []
    for number, one in enumerate(files):
        folder = stage / f"{number:06d}"
        folder.mkdir(parents=True)
        tallies = carer.loader.stage(folder, load_id, [one.file], one.recorded.loaded)
        (tally,) = tallies.values()
        if load.too_many_rejects(tally, carer.settings.reject_share_limit):
            refused.append(
                (one.file.name, f"{tally.fates['rejected']} of {tally.read} records could not be read")
            )
        done = load.loaded_file(tally, quarantined=False)
        # The order of loads and the moments of the first reading stay what they were.
        recorded.append(replace(done.file, loaded=one.recorded.loaded, bytes=one.recorded.bytes))
        for name in schema().tables:
            staged.setdefault(name, []).extend(sorted((folder / name).glob("*.parquet")))
    if refused:
        raise InputError(
            "the mapping of today rejects too much; nothing was changed",
            hint="mend the mapping, or raise reject_share_limit",
            problems=refused,
        )
    return {name: paths for name, paths in staged.items() if paths}, recorded


class _Work:
    """The tables of one remap, from the rows that go to the rows that come."""

    def __init__(self, carer: Carer, connection: Any, batch: int, load_id: int, source: str) -> None:
        self._carer = carer
        self._connection = connection
        self._batch = batch
        self._load_id = load_id
        self._source = source
        self._base: dict[str, list[str]] = {}  # the files of each table without the rows that go
        self.removed: Counter[str] = Counter()

    def name_files(self, files: Sequence[Again]) -> None:
        """Make `again` (files that are read again), `stays` (erased records in them) and `loaded_at`."""
        self._connection.register(
            "given",
            pa.table(
                {
                    "raw_file": pa.array([one.file.raw_file for one in files], pa.string()),
                    "moment": pa.array([one.recorded.loaded for one in files], pa.timestamp("us", tz="UTC")),
                }
            ),
        )
        self._connection.execute(
            "CREATE TEMP TABLE again AS SELECT raw_file, max(moment) AS moment FROM given GROUP BY 1"
        )
        self._connection.unregister("given")
        erased = [(one.file.raw_file, number) for one in files for number in sorted(one.erased)]
        self._connection.execute("CREATE TEMP TABLE stays (raw_file VARCHAR, raw_record BIGINT)")
        if erased:
            self._connection.executemany("INSERT INTO stays VALUES (?, ?)", erased)

    @property
    def _going(self) -> str:
        """Write the condition of the rows that go."""
        return (
            f"(source = {literal(self._source)} AND raw_file IN (SELECT raw_file FROM again) "
            "AND NOT EXISTS (SELECT 1 FROM stays s WHERE s.raw_file = r.raw_file AND s.raw_record = r.raw_record))"
        )

    def take_out(self) -> tuple[Changes, dict[str, int]]:
        """Rewrite the months that hold rows that go, without them; return the files, and how many rows there were."""
        before: dict[str, int] = {}
        removed: dict[str, set[str]] = {}
        added: dict[str, list[Path]] = {}
        run = self._connection.execute
        run(
            "CREATE TEMP TABLE old (event_id VARCHAR, raw_file VARCHAR, raw_record BIGINT, time TIMESTAMPTZ, "
            "known TIMESTAMPTZ, revision VARCHAR)"
        )
        for name, snapshot in sorted(self._carer.current().items()):
            listed = parts(self._carer.tables, name, snapshot)
            self._base[name] = []
            for month in sorted({part.month for part in listed}):
                of_month = [part.path for part in listed if part.month == month]
                going = [
                    path
                    for path in of_month
                    if run(f"SELECT 1 FROM {rows_of(name, [path])} r WHERE {self._going} LIMIT 1").fetchall()
                ]
                self._base[name] += [path for path in of_month if path not in going]
                if not going:
                    continue
                rows = rows_of(name, going)
                if name not in ("superseded", "rejects"):
                    run(
                        f"INSERT INTO old SELECT event_id, raw_file, raw_record, time, known, revision FROM {rows} r WHERE {self._going}"
                    )
                self.removed[name] += run(f"SELECT count(*) FROM {rows} r WHERE {self._going}").fetchone()[0]
                kept = f"(SELECT * FROM {rows} r WHERE NOT {self._going})"
                folder = self._carer.tables.data_folder(name, self._batch) / "kept" / f"_month={month}"
                written = write_rows(self._connection, name, kept, folder)
                removed.setdefault(name, set()).update(going)
                added.setdefault(name, []).extend(written)
                self._base[name] += map(str, written)
            source = literal(self._source)
            before[name] = run(
                f"SELECT count(*) FROM {rows_of(name, [part.path for part in listed])} WHERE source = {source}"
            ).fetchone()[0]
        run(
            "CREATE TEMP TABLE loaded_at AS SELECT a.raw_file, coalesce(max(o.known), any_value(a.moment)) AS moment FROM again a "
            f"LEFT JOIN old o ON o.raw_file = a.raw_file AND starts_with(o.revision, '{revisions.GIVEN}') GROUP BY a.raw_file"
        )
        return Changes(removed, added), before

    def put_in(
        self, staged: Mapping[str, list[Path]], changes: Changes
    ) -> tuple[Changes, Counter[str], dict[str, dict[str, int]]]:
        """Add the new rows to the changes; count them by table, and by file and table."""
        added = dict(changes.added)
        counts: Counter[str] = Counter()
        by_file: dict[str, dict[str, int]] = {}
        run = self._connection.execute
        revisions.prepare(self._connection)
        settings = self._carer.settings
        leave_out(
            self._connection,
            staged,
            keeping.suppressed(self._carer.store),
            derived_key(settings, "identifiers"),
        )
        for name, paths in staged.items():
            self._carer.tables.ensure(name)
            self._settle(name, paths)
            for raw_file, count in run("SELECT raw_file, count(*) FROM fresh GROUP BY 1").fetchall():
                by_file.setdefault(raw_file, {})[name] = count
                counts[name] += count
            added[name] = [*added.get(name, []), *self._copy(name)]
            load.step(f"written {name}")
        if run("SELECT count(*) FROM replaced").fetchone()[0]:
            self._carer.tables.ensure("superseded")
            run(
                "CREATE OR REPLACE TEMP VIEW fresh AS SELECT DISTINCT *, 'instant' AS time_precision FROM replaced"
            )
            counts["superseded"] += run("SELECT count(*) FROM fresh").fetchone()[0]
            added["superseded"] = [*added.get("superseded", []), *self._copy("superseded")]
        return Changes(changes.removed, added), counts, by_file

    def _settle(self, name: str, paths: Sequence[Path]) -> None:
        """Make `fresh`: the rows that enter, as a load of all these files in their order would."""
        run = self._connection.execute
        staged = staged_rows(paths)
        revision = "s._revision" if name != "rejects" else "NULL"
        keys = ", ".join(f"s.{key}" for key in revisions.KEYS.split(", ") if key != "known")
        unmarked = (
            f"(o.event_id IS NOT NULL AND coalesce(starts_with(o.revision, '{revisions.GIVEN}'), true))"
        )
        run(
            f"CREATE OR REPLACE TEMP TABLE staged_key AS SELECT {keys}, "
            # What was known of an event stays, and so does its place among its versions: a better mapping reads no earlier.
            f"CASE WHEN {unmarked} AND o.time = s.time THEN o.known ELSE s.known END AS known, s.filename, s.file_row_number, "
            f"coalesce(CAST({revision} AS VARCHAR), CASE WHEN {unmarked} THEN coalesce(o.revision, '{revisions.GIVEN}1') END) AS revision "
            f"FROM {staged} s ANTI JOIN left_out l ON l.raw_file = s.raw_file AND l.raw_record = s.raw_record "
            "LEFT JOIN old o ON o.event_id = s.event_id AND o.raw_file = s.raw_file AND o.raw_record = s.raw_record"
        )
        revisions.settle(
            self._connection,
            name,
            self._base.get(name, []),
            self._base.get("superseded", []),
            datetime.now(UTC),
            self._load_id,
        )
        extra = "" if name == "rejects" else ", _revision"
        run(
            f"CREATE OR REPLACE TEMP VIEW fresh AS SELECT s.* EXCLUDE (filename, file_row_number, known{extra}), k.known, k.revision "
            f"FROM {staged} s JOIN kept k USING (filename, file_row_number)"
        )

    def _copy(self, name: str) -> list[Path]:
        """Write `fresh`, month by month."""
        run = self._connection.execute
        columns = ", ".join(identifier(column) for column in schema().tables[name].columns)
        written: list[Path] = []
        for (month,) in run("SELECT DISTINCT strftime(time, '%Y-%m') FROM fresh ORDER BY 1").fetchall():
            rows = f"(SELECT {columns} FROM fresh WHERE strftime(time, '%Y-%m') = {literal(month)})"
            folder = self._carer.tables.data_folder(name, self._batch) / "fresh" / f"_month={month}"
            written += write_rows(self._connection, name, rows, folder)
        return written
