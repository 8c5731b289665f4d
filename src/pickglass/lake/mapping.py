"""Records in, rows out: one chunk of records goes through its source's SQL, and every record is accounted for.

A big chunk of one file goes the straight way first (`straight`). All others, and those in which anything is unusual,
go the careful way, which is told here. It lets DuckDB read the chunk's JSON with the declared types; where one
record does not fit, the chunk is read again line by line, so exactly the bad records are lost. How a value becomes
a column of the table, and what rejects its record, is told in `conversion`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pickglass.errors import ConfigError
from pickglass.lake.conversion import rows_query
from pickglass.lake.engine import identifier, literal
from pickglass.lake.statements import (
    LoadMoment,
    event_id,
    file_date,
    first_rule,
    raw_columns,
    reader,
    record_key,
    table_columns,
    write_lines,
)
from pickglass.lake.straight import Records, map_straight
from pickglass.model.lines import Lines, longest_of
from pickglass.model.schema import schema
from pickglass.model.source import SourceDefinition

PIECE_BYTES = 4 * 1024 * 1024  # that are read record by record at once
EXCERPT_BYTES = 2000
SPOILING_RECORDS = 32  # of one file and chunk that are looked for one by one
WHOLE_ROWS = 10_000  # fewer had better be written together with others
NO_MAPPING = "no mapping applies to this record"
CAREFUL_CHUNKS = 8  # of a source that go the careful way after one of them could not go straight

# What a file of mapped rows has: just its table's columns, and maybe nothing but rows of one month.
_LIKE_TABLE = ".table.parquet"
_WHOLE = ".whole.parquet"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records of one source, from one file or several; the lists run in step.

    `lines` are JSON texts (empty where the record could not be read, with the reason in `problems` by index).
    """

    lines: Sequence[bytes]
    raw_files: Sequence[str]
    raw_records: Sequence[int]
    record_hashes: Sequence[str]
    file_names: Sequence[str]
    problems: dict[int, str] = field(default_factory=dict)

    def part(self, places: Sequence[int]) -> Chunk:
        """Return only the records at these places, with their problems."""
        return Chunk(
            lines=[self.lines[place] for place in places],
            raw_files=[self.raw_files[place] for place in places],
            raw_records=[self.raw_records[place] for place in places],
            record_hashes=[self.record_hashes[place] for place in places],
            file_names=[self.file_names[place] for place in places],
            problems={
                index: self.problems[place] for index, place in enumerate(places) if place in self.problems
            },
        )


@dataclass(frozen=True, slots=True)
class Mapped:
    """What became of a chunk: files of rows by table, and the fate of every record.

    `fates` counts records: (raw_file, fate, rule) → number, where fate is mapped, rejected or ignored, and rule
    names the rule of ignored ones. A file that `is_whole` could enter its table as it is.
    """

    rows: dict[str, Path]
    fates: dict[tuple[str, str, str], int]


def is_whole(path: Path) -> bool:
    """Tell whether a file of mapped rows has just the table's columns, lies within one month, and is not small."""
    return path.name.endswith(_WHOLE)


def is_like_table(path: Path) -> bool:
    """Tell whether a file of mapped rows has just the table's columns; such rows no revision can touch."""
    return path.name.endswith((_LIKE_TABLE, _WHOLE))


class _Unmappable(Exception):
    """Some record's values stop the source's SQL; the message says how."""


def structure_of(column_type: Any) -> Any:
    """Turn a DuckDB type into the structure that `json_transform` reads."""
    if column_type.id == "struct":
        return {name: structure_of(child) for name, child in column_type.children}
    if column_type.id == "list":
        return [structure_of(column_type.children[0][1])]
    if column_type.id == "map":
        return {"*": structure_of(column_type.children[1][1])}
    return str(column_type)


class Mapper:
    """Maps chunks of one source after another on one connection, writing rows below `stage`.

    The connection must have one thread: then rows stay in the order of the records, which their numbers need.
    To use more processors, map chunks side by side, with a mapper and a connection for each.
    """

    def __init__(self, connection: Any, stage: Path, load_id: int, loaded: datetime) -> None:
        self._connection = connection
        self._stage = stage
        self._load = LoadMoment(load_id, loaded)
        self._number = 0
        self._careful: Counter[str] = Counter()  # chunks of a source that are not tried straight
        self._types: dict[tuple[SourceDefinition, str], dict[str, str]] = {}
        connection.execute("SET threads = 1")
        # The sides of a join stay as written here: the wide rows stream by, and keep their order, while the few
        # columns that they meet are the ones put in a hash table.
        connection.execute("SET disabled_optimizers = 'build_side_probe_side'")

    def map(self, source: SourceDefinition, chunk: Chunk, number: int | None = None) -> Mapped:
        """Map one chunk; raises ConfigError where the source's own SQL is wrong, never for a record.

        The files of rows are named by the chunk's number, and stand in its order: by default one more than before.
        """
        self._number = self._number + 1 if number is None else number
        if self._may_go_straight(source, chunk):
            mapped = self._map_straight(source, chunk)
            if mapped is not None:
                return mapped
            self._careful[source.id] = CAREFUL_CHUNKS
        chunk = replace(chunk, lines=list(chunk.lines))
        try:
            return self._map(source, chunk)
        except _Unmappable:
            spoiling: dict[int, str] = {}
            # File by file, so that one which is full of such records cannot take another's with it.
            places = sorted(range(len(chunk.lines)), key=lambda place: chunk.raw_files[place])
            for _, one_file in groupby(places, key=lambda place: chunk.raw_files[place]):
                spoiling |= self._spoiling(source, chunk, list(one_file), [SPOILING_RECORDS])
            return self._map(source, replace(chunk, problems=dict(chunk.problems) | spoiling))

    def _may_go_straight(self, source: SourceDefinition, chunk: Chunk) -> bool:
        """Tell whether it is worth while to try: where it has failed lately it would cost and bring nothing."""
        if self._careful[source.id]:
            self._careful[source.id] -= 1
            return False
        return (
            len(chunk.lines) >= WHOLE_ROWS
            and len(source.tables) == 1
            and source.revision is None
            and not chunk.problems
            and (isinstance(chunk.lines, Lines) or all(chunk.lines))  # an uncut line is no empty one
            and len(set(chunk.raw_files)) == 1
        )

    def _map_straight(self, source: SourceDefinition, chunk: Chunk) -> Mapped | None:
        """Map a chunk of one file in one statement; None if anything in it needs care."""
        (name,) = source.tables
        raw_file = chunk.raw_files[0]
        if (source, name) not in self._types:
            self._run(f"CREATE OR REPLACE TEMP TABLE raw {raw_columns(source)}")
        given = self._given(source, name)
        folder = self._stage / name
        folder.mkdir(exist_ok=True)
        path = folder / f"{self._number:06d}{_LIKE_TABLE}"
        numbers = pa.table(
            {
                "_record": pa.array(chunk.raw_records, pa.int64()),
                "_hash": pa.array(chunk.record_hashes, pa.string()),
            }
        )
        with self._text(chunk.lines) as text:
            records = Records(text, longest_of(chunk.lines), raw_file, chunk.file_names[0], numbers)
            done = map_straight(self._connection, source, given, records, self._load, path)
        if done is None:
            return None
        fates = {(raw_file, "ignored", rule): count for rule, count in done.ignored.items()}
        if mapped := len(chunk.lines) - sum(done.ignored.values()):
            fates[raw_file, "mapped", ""] = mapped
        if not done.rows:
            path.unlink()
            return Mapped({}, fates)
        if done.one_month and done.rows >= WHOLE_ROWS:
            path = path.rename(folder / f"{self._number:06d}{_WHOLE}")
        return Mapped({name: path}, fates)

    @contextmanager
    def _text(self, lines: Sequence[bytes]) -> Iterator[Path]:
        """Lend a file of these lines for the engine to read."""
        path = self._stage / f"chunk-{self._number:06d}.ndjson"
        write_lines(path, lines)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _spoiling(
        self, source: SourceDefinition, chunk: Chunk, places: Sequence[int], left: list[int]
    ) -> dict[int, str]:
        """Find the records that the source's SQL cannot compute with, by halving: one of them spoils a whole step.

        After `left` of them no more are looked for, and what lies among the others goes with them.
        """
        try:
            self._compute(source, chunk.part(places))
        except _Unmappable as error:
            if len(places) == 1 or left[0] <= 0:
                left[0] -= 1
                return dict.fromkeys(places, str(error))
            middle = len(places) // 2
            return self._spoiling(source, chunk, places[:middle], left) | self._spoiling(
                source, chunk, places[middle:], left
            )
        return {}

    def _map(self, source: SourceDefinition, chunk: Chunk) -> Mapped:
        self._compute(source, chunk)
        self._judge(source)
        rows = {name: path for name in source.tables if (path := self._write(source, name)) is not None}
        rejected = self._write_rejects(source, chunk)
        if rejected is not None:
            rows["rejects"] = rejected
        return Mapped(rows, self._fates(chunk))

    def _compute(self, source: SourceDefinition, chunk: Chunk) -> None:
        """Read the chunk and run the source's SQL over it: fills `fate` and `rows_<table>`.

        `fate` holds the exceptions only, rejected and ignored records: a record that is not in it is mapped. They are
        few, so what goes through them costs next to nothing.
        """
        problems = dict(chunk.problems)
        good = [index for index, line in enumerate(chunk.lines) if line and index not in problems]
        problems.update(self._read_raw(source, chunk, good))
        self._run("CREATE OR REPLACE TEMP TABLE fate (_n BIGINT, fate VARCHAR, reason VARCHAR)")
        if problems:
            bad = pa.table({"n": list(problems), "reason": list(problems.values())})
            self._run("INSERT INTO fate SELECT n, 'rejected', reason FROM bad", bad=bad)
        self._ignore(source)
        self._source_sql(source, "key", f"CREATE OR REPLACE TEMP TABLE keyed AS {_keys(source)}")
        for name, sql in source.tables.items():
            self._map_table(source, name, sql)

    def _ignore(self, source: SourceDefinition) -> None:
        """Note the records that a rule leaves out, each under the first rule that fits."""
        if not source.ignore:
            return
        try:
            self._source_sql(
                source,
                "ignore",
                f"INSERT INTO fate SELECT _n, 'ignored', rule FROM (SELECT _n, {first_rule(source)} AS rule FROM raw) "
                "WHERE rule IS NOT NULL AND _n NOT IN (SELECT _n FROM fate)",
            )
        except ConfigError:
            for rule in source.ignore:  # which one is it?
                self._source_sql(
                    source, f"ignore rule {rule.rule}", f"SELECT count(*) FROM raw WHERE ({rule.when})"
                )
            raise

    def _run(self, sql: str, **tables: pa.Table) -> None:
        for name, table in tables.items():
            self._connection.register(name, table)
        self._connection.execute(sql).fetchall()
        for name in tables:
            self._connection.unregister(name)

    def _source_sql(self, source: SourceDefinition, part: str, sql: str) -> None:
        try:
            self._run(sql)
        except (duckdb.DataError, duckdb.InvalidInputException) as error:
            # Only the kind of error: its text may hold the value, and that an account number.
            kind = str(error).partition(":")[0].lower()
            raise _Unmappable(f"the mapping cannot compute with its values ({kind})") from error
        except duckdb.Error as error:
            raise ConfigError(
                f"the mapping of {source.id} does not run: {str(error).splitlines()[0]}",
                hint=f"pickglass source check {source.id}",
                where=f"{source.id}/source.yaml, {part}",
            ) from error

    def _read_raw(self, source: SourceDefinition, chunk: Chunk, good: list[int]) -> dict[int, str]:
        """Fill `file`, `record` and `raw`; return the records that do not fit the declared types, with reasons."""
        places = self._number_records(chunk, good)
        lines = chunk.lines if len(good) == len(chunk.lines) else [chunk.lines[index] for index in good]
        if self._read_fast(source, "raw", lines, places):
            return {}
        # Some line is not what it should be. Only the piece that it is in is read record by record.
        self._run(f"CREATE OR REPLACE TEMP TABLE raw {raw_columns(source)}")
        problems: dict[int, str] = {}
        for start, stop in _pieces(lines):
            piece, its_places = lines[start:stop], places.slice(start, stop - start)
            if self._read_fast(source, "piece", piece, its_places):
                self._run("INSERT INTO raw BY NAME SELECT * FROM piece")
            else:
                problems |= self._read_strictly(source, piece, its_places)
        return problems

    def _read_fast(
        self, source: SourceDefinition, table: str, lines: Sequence[bytes], places: pa.Table
    ) -> bool:
        """Let the engine read lines into a table, all at once; False if not every line is an object that fits."""
        # Side by side, the n-th object beside the n-th place. Where one side is longer the other is null there, so
        # the counts tell whether every line was one object.
        longest = max(map(len, lines), default=0)
        try:
            with self._text(lines) as text:
                self._run(
                    f"CREATE OR REPLACE TEMP TABLE {table} AS "
                    "SELECT side._n, file._file_name, file._file_date, side.* EXCLUDE (_n, _file) FROM "
                    f"(SELECT * FROM (SELECT *, true AS _is_read FROM {reader(source, text, longest)}) POSITIONAL JOIN places) side "
                    "LEFT JOIN file USING (_file)",
                    places=places,
                )
        except duckdb.Error:
            return False
        counts = self._connection.execute(
            f"SELECT count(*), count(_n), count(_is_read) FROM {table}"
        ).fetchone()
        self._run(f"ALTER TABLE {table} DROP COLUMN _is_read")
        return bool(counts == (len(lines),) * 3)

    def _number_records(self, chunk: Chunk, good: list[int]) -> pa.Table:
        """Fill `file` and `record`, and return the numbers of the good records and of their files, in order."""
        numbers: dict[tuple[str, str], int] = {}
        of_file = pa.array(
            [
                numbers.setdefault(pair, len(numbers))
                for pair in zip(chunk.raw_files, chunk.file_names, strict=True)
            ],
            pa.int32(),
        )
        files = pa.table(
            {
                "_file": pa.array(numbers.values(), pa.int32()),
                "raw_file": pa.array([raw_file for raw_file, _ in numbers], pa.string()),
                "_file_name": pa.array([name for _, name in numbers], pa.string()),
            }
        )
        self._run(
            f"CREATE OR REPLACE TEMP TABLE file AS SELECT *, {file_date('_file_name')} AS _file_date FROM files",
            files=files,
        )
        records = pa.table(
            {
                "_n": pa.array(range(len(chunk.lines)), pa.int64()),
                "_file": of_file,
                "raw_record": pa.array(chunk.raw_records, pa.int64()),
                "record_hash": pa.array(chunk.record_hashes, pa.string()),
            }
        )
        self._run("CREATE OR REPLACE TEMP TABLE record AS SELECT * FROM records", records=records)
        places = records.select(["_n", "_file"])
        return places if len(good) == len(records) else places.take(pa.array(good, pa.int64()))

    def _read_strictly(
        self, source: SourceDefinition, lines: Sequence[bytes], places: pa.Table
    ) -> dict[int, str]:
        """Read record by record: what fits is added to `raw`, the rest is returned with what is wrong with it."""
        structure = {name: self._structure(kind) for name, kind in source.columns.items()}
        given = pa.table(
            {
                "_line": pa.array(range(len(lines)), pa.int64()),
                "text": pa.array([line.decode("utf-8", "replace") for line in lines], pa.string()),
            }
        )
        wrong = " ".join(
            f"WHEN {condition} THEN {literal(f'{name}: not {expected}')}"
            for column, kind in structure.items()
            for condition, name, expected in _misfits(_path(column), column, kind)
        )
        # Two steps, because DuckDB takes what the branches of a CASE have in common out of it: asked about a text
        # that is not JSON, the JSON functions stop everything, whatever the branch before has found.
        self._run(
            "CREATE OR REPLACE TEMP TABLE json_text AS SELECT *, json_valid(text) AS valid FROM given",
            given=given,
        )
        self._run(
            "CREATE OR REPLACE TEMP TABLE strict AS SELECT _line, "
            f"CASE WHEN json_type(text) <> 'OBJECT' THEN 'not a JSON object' {wrong} END AS reason, "
            f"json_transform(text, {literal(_json(structure))}) AS value "
            "FROM (SELECT _line, CASE WHEN valid THEN text ELSE '{}' END AS text FROM json_text WHERE valid)"
        )
        self._run("INSERT INTO strict SELECT _line, 'not valid JSON', NULL FROM json_text WHERE NOT valid")
        self._run(
            "UPDATE strict SET reason = 'does not fit the declared types' WHERE value IS NULL AND reason IS NULL"
        )
        names = ", ".join(f"value.{identifier(name)} AS {identifier(name)}" for name in source.columns)
        self._run(
            f"INSERT INTO raw BY NAME SELECT places._n, file._file_name, file._file_date, {names} "
            "FROM strict JOIN places USING (_line) JOIN file USING (_file) WHERE reason IS NULL ORDER BY _line",
            places=places.append_column("_line", given.column("_line")),
        )
        bad = self._connection.execute("SELECT _line, reason FROM strict WHERE reason IS NOT NULL").fetchall()
        numbers = places.column("_n")
        return {numbers[line].as_py(): reason for line, reason in bad}

    def _structure(self, kind: str) -> Any:
        return structure_of(self._connection.sql(f"SELECT CAST(NULL AS {kind}) AS c").types[0])

    def _map_table(self, source: SourceDefinition, name: str, sql: str) -> None:
        """Run one table's SQL into `rows_<name>`, converting texts and noting what is wrong with each row."""
        given = self._given(source, name)
        mapped = f"SELECT * FROM (\n{sql}\n) WHERE _n NOT IN (SELECT _n FROM fate)"
        self._source_sql(
            source,
            f"table {name}",
            f"CREATE OR REPLACE TEMP TABLE {identifier('rows_' + name)} AS "
            f"SELECT m.* {'EXCLUDE (_part)' if '_part' in given else ''}, keyed._revision, "
            f"{event_id(source, name, 'keyed._key', parted='_part' in given)} AS event_id "
            f"FROM ({rows_query(schema().tables[name], given, source, mapped)}) m JOIN keyed ON keyed._n = m._n",
        )

    def _given(self, source: SourceDefinition, name: str) -> dict[str, str]:
        """Say what columns a source's SELECT for a table gives, and of what types: the same for every chunk.

        Raises ConfigError where the table, or a column of it, does not exist.
        """
        if (source, name) in self._types:
            return self._types[source, name]
        table = schema().tables.get(name)
        where = f"{source.id}/source.yaml, table {name}"
        if table is None:
            raise ConfigError(f"there is no table {name}", hint="see model/schema.yaml", where=where)
        # A statement of its own first: what is wrong with the SELECT is told in its own terms.
        self._source_sql(
            source, f"table {name}", f"CREATE OR REPLACE TEMP VIEW mapped AS {source.tables[name]}"
        )
        described = self._connection.execute("DESCRIBE mapped").fetchall()
        # DuckDB keeps the case that a raw column came with; names mean the same in any case.
        given = {column.lower(): str(kind) for column, kind, *_ in described}
        unknown = sorted(set(given) - set(table.own) - {"_n", "_part", "time", "time_precision"})
        if unknown or "_n" not in given:
            why = f"unknown columns: {', '.join(unknown)}" if unknown else "the SELECT must pass _n on"
            raise ConfigError(why, hint=f"columns of {name} stand in model/schema.yaml", where=where)
        self._types[source, name] = given
        return given

    def _judge(self, source: SourceDefinition) -> None:
        """Note what is rejected, so that every record has its one fate; one with any bad row is rejected whole."""
        tables = {name: identifier("rows_" + name) for name in source.tables}
        problems = " UNION ALL ".join(
            f"SELECT _n, {literal(name + '.')} || _problem AS problem FROM {rows} WHERE _problem <> ''"
            for name, rows in tables.items()
        )
        self._run(
            "INSERT INTO fate SELECT _n, 'rejected', string_agg(DISTINCT problem, '; ' ORDER BY problem) "
            f"FROM ({problems}) GROUP BY _n"
        )
        somewhere = " ".join(f"AND _n NOT IN (SELECT _n FROM {rows})" for rows in tables.values())
        self._run(
            f"INSERT INTO fate SELECT _n, 'rejected', {literal(NO_MAPPING)} FROM record "
            f"WHERE _n NOT IN (SELECT _n FROM fate) {somewhere}"
        )

    def _write(self, source: SourceDefinition, name: str) -> Path | None:
        """Write the good rows of a table as one Parquet file of the stage; None if there are none.

        Rows of one month that no revision can touch are written as their table has them, because nearly always
        they can enter it so. Others will be read once more, and need only be written fast.
        """
        good = (
            f"SELECT m.* EXCLUDE (_n, _problem), {self._load.provenance(source)}, f.raw_file, o.raw_record, o.record_hash "
            f"FROM {identifier('rows_' + name)} m JOIN record o ON o._n = m._n JOIN file f ON f._file = o._file "
            "WHERE m._n NOT IN (SELECT _n FROM fate)"
        )
        first, last, count = self._connection.execute(
            f"SELECT strftime(min(time), '%Y-%m'), strftime(max(time), '%Y-%m'), count(*) FROM {identifier('rows_' + name)} "
            "WHERE _n NOT IN (SELECT _n FROM fate)"
        ).fetchone()
        if not count:
            return None
        path = self._stage / name / f"{self._number:06d}.parquet"
        compression = "lz4_raw"
        if first == last and count >= WHOLE_ROWS and source.revision is None:
            path = path.with_name(f"{self._number:06d}{_WHOLE}")
            compression = "zstd, COMPRESSION_LEVEL 1"  # a third faster than the default, and no bigger
            good = f"SELECT {table_columns(schema().tables[name])} FROM ({good})"
        path.parent.mkdir(exist_ok=True)
        self._run(f"COPY ({good}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION {compression})")
        self._run(f"DROP TABLE {identifier('rows_' + name)}")
        return path

    def _write_rejects(self, source: SourceDefinition, chunk: Chunk) -> Path | None:
        bad = self._connection.execute(
            "SELECT _n, reason FROM fate WHERE fate = 'rejected' ORDER BY _n"
        ).fetchall()
        if not bad:
            return None
        texts = [_excerpt(chunk.lines[index]) for index, _ in bad]
        rejects = pa.table(
            {"_n": [n for n, _ in bad], "reason": [reason for _, reason in bad], "text": texts}
        )
        path = self._stage / "rejects" / f"{self._number:06d}.parquet"
        path.parent.mkdir(exist_ok=True)
        self._run(
            "COPY (SELECT substr(sha256(concat_ws('|', f.raw_file, o.raw_record)), 1, 24) AS event_id, "
            f"{literal(source.id)} AS source, {self._load.sql} AS time, 'instant' AS time_precision, {self._load.sql} AS known, "
            f"{literal(source.version)} AS mapping_version, CAST({self._load.id} AS BIGINT) AS load_id, b.reason, b.text, "
            "f.raw_file, o.raw_record, o.record_hash "
            f"FROM bad b JOIN record o ON o._n = b._n JOIN file f ON f._file = o._file) TO {literal(str(path))} "
            "(FORMAT parquet, COMPRESSION lz4_raw)",
            bad=rejects,
        )
        return path

    def _fates(self, chunk: Chunk) -> dict[tuple[str, str, str], int]:
        exceptions = self._connection.execute(
            "SELECT f.raw_file, fate, CASE WHEN fate = 'ignored' THEN reason ELSE '' END, count(*) "
            "FROM fate JOIN record o USING (_n) JOIN file f USING (_file) GROUP BY ALL"
        ).fetchall()
        mapped = Counter(chunk.raw_files)
        for raw_file, _, _, count in exceptions:
            mapped[raw_file] -= count
        fates = {(raw_file, "mapped", ""): count for raw_file, count in mapped.items() if count}
        return fates | {(raw_file, fate, rule): count for raw_file, fate, rule, count in exceptions}


def _pieces(lines: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Cut lines into pieces of few bytes, or of one line: reading record by record takes many times their memory."""
    start, size = 0, 0
    for place, line in enumerate(lines):
        if size and size + len(line) > PIECE_BYTES:
            yield start, place
            start, size = place, 0
        size += len(line)
    if start < len(lines):
        yield start, len(lines)


def _keys(source: SourceDefinition) -> str:
    """Write the SELECT of every record's own key and revision."""
    if source.key is None and source.revision is None:
        return "SELECT _n, record_hash AS _key, CAST(NULL AS VARCHAR) AS _revision FROM record"
    revision = f"CAST(({source.revision}) AS VARCHAR)" if source.revision else "CAST(NULL AS VARCHAR)"
    return (
        f"SELECT raw._n, {record_key(source, 'o.record_hash')} AS _key, {revision} AS _revision FROM raw JOIN record o ON o._n = raw._n "
        "WHERE raw._n NOT IN (SELECT _n FROM fate)"
    )


def _misfits(path: str, name: str, kind: Any, many: bool = False) -> Iterator[tuple[str, str, str]]:
    """Yield the conditions under which a value below `path` is not of the declared type, with its name.

    Text takes anything (the reader keeps the JSON of what is no text); containers and other scalars do not.
    """
    if kind in ("VARCHAR", "JSON"):
        return
    types = f"json_type(text, {literal(path)})"
    if isinstance(kind, dict):
        fits, expected = "('OBJECT', 'NULL')", "an object"
    elif isinstance(kind, list):
        fits, expected = "('ARRAY', 'NULL')", "a list"
    else:
        fits, expected = "('UBIGINT', 'BIGINT', 'DOUBLE', 'BOOLEAN', 'VARCHAR', 'NULL')", f"of type {kind}"
    if many:
        yield f"len(list_filter({types}, lambda t: t NOT IN {fits})) > 0", name, expected
        if isinstance(kind, str):
            values = f"json_extract_string(text, {literal(path)})"
            yield (
                f"len(list_filter({values}, lambda v: v IS NOT NULL AND try_cast(v AS {kind}) IS NULL)) > 0",
                name,
                expected,
            )
    else:
        yield f"{types} NOT IN {fits}", name, expected
        if isinstance(kind, str):
            value = f"json_extract_string(text, {literal(path)})"
            yield f"{value} IS NOT NULL AND try_cast({value} AS {kind}) IS NULL", name, expected
    if isinstance(kind, dict) and "*" not in kind:
        for key, child in kind.items():
            yield from _misfits(f'{path}."{key}"', f"{name}.{key}", child, many)
    elif isinstance(kind, list):
        yield from _misfits(f"{path}[*]", name, kind[0], True)


def _path(name: str) -> str:
    return '$."' + name.replace('"', '\\"') + '"'


def _json(value: Any) -> str:
    import json

    return json.dumps(value)


def _excerpt(line: bytes) -> str:
    """Return the start of a record's text with every digit hidden: a reject may hold an account number.

    Every one, because numbers come grouped («123-45-6789», «DE89 3704 …»), mixed with letters, or escaped.
    """
    text = line[:EXCERPT_BYTES].decode("utf-8", "replace")
    return "".join("#" if sign.isdigit() else sign for sign in text)
