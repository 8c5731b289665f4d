"""Records in, rows out: one chunk of records goes through its source's SQL, and every record is accounted for.

The fast way lets DuckDB read the chunk's JSON with the declared types. Where one record does not fit, the
chunk is read again line by line, so exactly the bad records are lost. Nothing is converted silently: a text that
is no time or number rejects its record and names the column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pickglass.errors import ConfigError
from pickglass.lake.engine import identifier, literal
from pickglass.model.schema import Column, Table, schema
from pickglass.model.source import SourceDefinition

MAXIMUM_OBJECT_BYTES = 64 * 1024 * 1024
EXCERPT_BYTES = 2000
SPOILING_RECORDS = 32  # of one file and chunk that are looked for one by one
NO_MAPPING = "no mapping applies to this record"

# The shapes of clocks that are read as they are; DuckDB's own cast would take the time from texts that mean
# another («1:00 PM», «10:00 America/New_York») and from words («epoch», «infinity»). Years are those of people,
# and 9999 stands for never.
_DAY = r"(19|2\d)\d{2}-\d{1,2}-\d{1,2}"
_CLOCK = r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d*)?)?"
_PLAIN = rf"^{_DAY}[T ]\d{{2}}:\d{{2}}:\d{{2}}(\.\d{{1,6}})?(Z|[+-](0\d|1[0-4]):[0-5]\d)$"
_OFFSET = r" ?[+-](0\d|1[0-4])(:?[0-5]\d)?"
_DATE = rf"^({_DAY}|9999-12-31)([+-]\d{{2}}:\d{{2}}|Z)?$"
_BARE = rf"^({_DAY}|9999-12-31){_CLOCK}$"
_ZONED = rf"^({_DAY}{_CLOCK}({_OFFSET}| ?(Z|UTC|GMT))|9999-12-31{_CLOCK}Z)$"


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
    names the rule of ignored ones.
    """

    rows: dict[str, Path]
    fates: dict[tuple[str, str, str], int]


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


def _time_cases(value: str, source: SourceDefinition) -> list[tuple[str, str, str]]:
    """List the ways to read a text clock, in order: when each applies, the instant (or null), how far to trust it."""
    given = f"trim(CAST({value} AS VARCHAR))"
    text = f"upper({given})"
    micro = f"regexp_replace({text}, '(\\.\\d{{6}})\\d+', '\\1')"
    zoned = f"regexp_replace({micro}, ' ?([+-]\\d{{2}}):?(\\d{{2}})?$', '\\1:\\2')"
    day = f"try_cast(regexp_extract({text}, '^[0-9]+-[0-9]+-[0-9]+') AS TIMESTAMP)"
    cases = [
        # Nearly every clock, and the engine reads it as it is; the other spellings of an instant cost more.
        (f"regexp_matches({given}, '{_PLAIN}')", f"try_cast({given} AS TIMESTAMPTZ)", "instant"),
        (f"regexp_matches({text}, '{_ZONED}')", f"try_cast(rtrim({zoned}, ':') AS TIMESTAMPTZ)", "instant"),
        (f"regexp_matches({text}, '{_DATE}')", f"timezone('UTC', {day})", "date"),
    ]
    precision = "local" if source.time_zone == "local" else "instant"
    if source.time_zone != "none":
        cases.append(
            (
                f"regexp_matches({text}, '{_BARE}')",
                _placed(f"try_cast({micro} AS TIMESTAMP)", source),
                precision,
            )
        )
    for form in source.time_formats:
        # A word like «epoch» is a time for DuckDB whatever the format.
        parsed = (
            f"CASE WHEN regexp_matches({value}, '\\d') THEN try_strptime(trim({value}), {literal(form)}) END"
        )
        sound = f"{parsed} BETWEEN TIMESTAMP '1900-01-01' AND TIMESTAMP '9999-12-31'"
        if re.search(r"%[zZ]", form):
            cases.append((sound, f"CAST({parsed} AS TIMESTAMPTZ)", "instant"))
        elif not re.search(r"%[-]?[HIcXTs]", form):
            cases.append((sound, f"timezone('UTC', CAST({parsed} AS TIMESTAMP))", "date"))
        elif source.time_zone != "none":
            cases.append((sound, _placed(f"CAST({parsed} AS TIMESTAMP)", source), precision))
    return cases


def _placed(bare: str, source: SourceDefinition) -> str:
    """Write the SQL that gives a clock without a zone the zone that the source declares."""
    zone = "UTC" if source.time_zone == "local" else source.time_zone
    return f"timezone({literal(zone)}, {bare})"


def _time_expression(value: str, source: SourceDefinition) -> str:
    """Write the SQL that turns a text clock into a UTC instant by the source's rule, or null."""
    cases = " ".join(
        f"WHEN {condition} THEN {instant}" for condition, instant, _ in _time_cases(value, source)
    )
    return f"CASE {cases} END"


def _precision_expression(value: str, source: SourceDefinition) -> str:
    """Write the SQL that says how far a text clock can be trusted: instant, local or date."""
    cases = " ".join(
        f"WHEN {condition} THEN '{precision}'" for condition, _, precision in _time_cases(value, source)
    )
    return f"CASE {cases} END"


def _why_no_time(name: str, value: str, source: SourceDefinition) -> str:
    clock = f"regexp_matches(CAST({value} AS VARCHAR), '\\d:\\d\\d')"
    if source.time_zone == "none":
        return f"CASE WHEN {clock} THEN '{name}: a clock without a time zone, and this source declares none' ELSE '{name}: not a time' END"
    return f"'{name}: not a time'"


def _converted(column: Column, given: str, source: SourceDefinition) -> tuple[str, str | None]:
    """Return the SQL of a column's value and of its problem (null where there is none)."""
    value = f"m.{identifier(column.name)}"
    if column.type == "time" and given == "VARCHAR":
        converted = _time_expression(value, source)
        problem = (
            f"CASE WHEN nullif(trim({value}), '') IS NOT NULL AND {converted} IS NULL "
            f"THEN {_why_no_time(column.name, value, source)} END"
        )
        return converted, problem
    if column.type in ("integer", "number", "boolean") and given in ("VARCHAR", "JSON"):
        plain = f"nullif(trim(CAST({value} AS VARCHAR), ' \"'), '')"
        converted = f"try_cast({plain} AS {column.duckdb_type})"
        article = "an" if column.type == "integer" else "a"
        if column.type != "boolean":
            # DuckDB would round «1.6» to an integer, and takes «nan» and «inf» for numbers.
            double = f"try_cast({plain} AS DOUBLE)"
            sound = f"{double} = trunc({double})" if column.type == "integer" else f"isfinite({double})"
            converted = f"CASE WHEN {sound} THEN {converted} END"
        return (
            converted,
            f"CASE WHEN {plain} IS NOT NULL AND {converted} IS NULL THEN '{column.name}: not {article} {column.type}' END",
        )
    if column.type == "text" and given in ("VARCHAR", "JSON"):
        return f"nullif(CAST({value} AS VARCHAR), '')", None
    return f"CAST({value} AS {column.duckdb_type})", None


class Mapper:
    """Maps chunks of one source after another on one connection, writing rows below `stage`."""

    def __init__(self, connection: Any, stage: Path, load_id: int, loaded: datetime) -> None:
        self._connection = connection
        self._stage = stage
        self._load_id = load_id
        self._loaded = loaded
        self._count = 0

    def map(self, source: SourceDefinition, chunk: Chunk) -> Mapped:
        """Map one chunk; raises ConfigError where the source's own SQL is wrong, never for a record."""
        self._count += 1
        try:
            return self._map(source, chunk)
        except _Unmappable:
            spoiling: dict[int, str] = {}
            # File by file, so that one which is full of such records cannot take another's with it.
            places = sorted(range(len(chunk.lines)), key=lambda place: chunk.raw_files[place])
            for _, one_file in groupby(places, key=lambda place: chunk.raw_files[place]):
                spoiling |= self._spoiling(source, chunk, list(one_file), [SPOILING_RECORDS])
            return self._map(source, replace(chunk, problems=dict(chunk.problems) | spoiling))

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
        return Mapped(rows, self._fates())

    def _compute(self, source: SourceDefinition, chunk: Chunk) -> None:
        """Read the chunk and run the source's SQL over it: fills `fate` and `rows_<table>`."""
        good = [index for index, line in enumerate(chunk.lines) if line and index not in chunk.problems]
        problems = dict(chunk.problems)
        problems.update(self._read_raw(source, chunk, good))
        self._run("CREATE OR REPLACE TEMP TABLE fate (_n BIGINT, fate VARCHAR, reason VARCHAR)")
        if problems:
            bad = pa.table({"n": list(problems), "reason": list(problems.values())})
            self._run("INSERT INTO fate SELECT n, 'rejected', reason FROM bad", bad=bad)
        for rule in source.ignore:
            self._source_sql(
                source,
                f"ignore rule {rule.rule}",
                f"INSERT INTO fate SELECT _n, 'ignored', {literal(rule.rule)} FROM raw "
                f"WHERE ({rule.when}) AND _n NOT IN (SELECT _n FROM fate)",
            )
        for name, sql in source.tables.items():
            self._map_table(source, name, sql)

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
        """Fill `raw` and `origin`; return the records that do not fit the declared types, with reasons."""
        numbers = pa.array(good, pa.int64())
        origin = pa.table(
            {
                "_n": pa.array(range(len(chunk.lines)), pa.int64()),
                "raw_file": pa.array(chunk.raw_files, pa.string()),
                "raw_record": pa.array(chunk.raw_records, pa.int64()),
                "record_hash": pa.array(chunk.record_hashes, pa.string()),
                "_file_name": pa.array(chunk.file_names, pa.string()),
            }
        )
        self._run(
            "CREATE OR REPLACE TEMP TABLE origin AS SELECT *, "
            "regexp_replace(nullif(regexp_extract(_file_name, '(20\\d{2}-?[01]\\d-?[0-3]\\d)(?:\\D|$)', 1), ''), "
            "'^(\\d{4})-?(\\d{2})-?(\\d{2})$', '\\1-\\2-\\3') AS _file_date FROM given",
            given=origin,
        )
        text = self._stage / "chunk.ndjson"
        text.write_bytes(b"\n".join(chunk.lines[index] for index in good))
        columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in source.columns.items())
        reader = (
            f"read_json({literal(str(text))}, format = 'newline_delimited', columns = {{{columns}}}, "
            f"maximum_object_size = {MAXIMUM_OBJECT_BYTES}, auto_detect = false)"
        )
        try:
            self._run(
                f"CREATE OR REPLACE TEMP TABLE read AS SELECT row_number() OVER () AS _line, * FROM {reader}"
            )
        except duckdb.Error:
            return self._read_strictly(source, chunk, good)
        finally:
            text.unlink(missing_ok=True)
        if self._connection.execute("SELECT count(*) FROM read").fetchall() != [(len(good),)]:
            return self._read_strictly(source, chunk, good)
        lines = pa.table({"_line": pa.array(range(1, len(good) + 1), pa.int64()), "_n": numbers})
        self._join_raw(lines)
        return {}

    def _join_raw(self, lines: pa.Table) -> None:
        self._run(
            "CREATE OR REPLACE TEMP TABLE raw AS "
            "SELECT lines._n, origin._file_name, origin._file_date, read.* EXCLUDE (_line) "
            "FROM read JOIN lines USING (_line) JOIN origin ON origin._n = lines._n",
            lines=lines,
        )

    def _read_strictly(self, source: SourceDefinition, chunk: Chunk, good: list[int]) -> dict[int, str]:
        """Read record by record: what fits goes to `raw`, the rest is returned with what is wrong with it."""
        structure = {name: self._structure(kind) for name, kind in source.columns.items()}
        given = pa.table(
            {
                "_line": pa.array(range(1, len(good) + 1), pa.int64()),
                "text": pa.array(
                    [chunk.lines[index].decode("utf-8", "replace") for index in good], pa.string()
                ),
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
            f"CREATE OR REPLACE TEMP TABLE read AS SELECT _line, {names} FROM strict WHERE reason IS NULL"
        )
        self._join_raw(
            pa.table(
                {"_line": pa.array(range(1, len(good) + 1), pa.int64()), "_n": pa.array(good, pa.int64())}
            )
        )
        bad = self._connection.execute("SELECT _line, reason FROM strict WHERE reason IS NOT NULL").fetchall()
        return {good[line - 1]: reason for line, reason in bad}

    def _structure(self, kind: str) -> Any:
        return structure_of(self._connection.sql(f"SELECT CAST(NULL AS {kind}) AS c").types[0])

    def _map_table(self, source: SourceDefinition, name: str, sql: str) -> None:
        """Run one table's SQL into `rows_<name>`, converting texts and noting what is wrong with each row."""
        table = schema().tables.get(name)
        where = f"{source.id}/source.yaml, table {name}"
        if table is None:
            raise ConfigError(f"there is no table {name}", hint="see model/schema.yaml", where=where)
        self._source_sql(source, f"table {name}", f"CREATE OR REPLACE TEMP VIEW mapped AS {sql}")
        described = self._connection.execute("DESCRIBE mapped").fetchall()
        # DuckDB keeps the case that a raw column came with; names mean the same in any case.
        given = {column.lower(): str(kind) for column, kind, *_ in described}
        unknown = sorted(set(given) - set(table.own) - {"_n", "_part", "time", "time_precision"})
        if unknown or "_n" not in given:
            why = f"unknown columns: {', '.join(unknown)}" if unknown else "the SELECT must pass _n on"
            raise ConfigError(why, hint=f"columns of {name} stand in model/schema.yaml", where=where)
        selected, problems = _row_expressions(table, given, source)
        part = "coalesce(CAST(m._part AS VARCHAR), '')" if "_part" in given else "''"
        key = f"coalesce(CAST(({source.key}) AS VARCHAR), o.record_hash)" if source.key else "o.record_hash"
        revision = f"CAST(({source.revision}) AS VARCHAR)" if source.revision else "NULL"
        keys = (
            f"SELECT raw._n, {key} AS _key, {revision} AS _revision FROM raw JOIN origin o ON o._n = raw._n"
        )
        self._source_sql(
            source,
            f"table {name}",
            f"CREATE OR REPLACE TEMP TABLE {identifier('rows_' + name)} AS "
            f"SELECT m._n, substr(sha256(concat_ws('|', {literal(source.id)}, {literal(name)}, keys._key, {part})), 1, 24) AS event_id, "
            f"keys._revision, {selected}, concat_ws('; ', {problems}) AS _problem "
            f"FROM mapped m JOIN ({keys}) keys ON keys._n = m._n WHERE m._n NOT IN (SELECT _n FROM fate)",
        )

    def _judge(self, source: SourceDefinition) -> None:
        """Give every record its one fate; a record with any bad row is rejected whole."""
        unions = " UNION ALL ".join(
            f"SELECT _n, {literal(name)} AS table_name, _problem FROM {identifier('rows_' + name)}"
            for name in source.tables
        )
        self._run(
            "INSERT INTO fate SELECT _n, 'rejected', "
            "string_agg(DISTINCT table_name || '.' || _problem, '; ' ORDER BY table_name || '.' || _problem) "
            f"FROM ({unions}) WHERE _problem <> '' GROUP BY _n"
        )
        self._run(
            f"INSERT INTO fate SELECT DISTINCT _n, 'mapped', NULL FROM ({unions}) WHERE _n NOT IN (SELECT _n FROM fate)"
        )
        self._run(
            f"INSERT INTO fate SELECT _n, 'rejected', {literal(NO_MAPPING)} FROM origin WHERE _n NOT IN (SELECT _n FROM fate)"
        )

    def _write(self, source: SourceDefinition, name: str) -> Path | None:
        """Write the good rows of a table as one Parquet file of the stage; None if there are none."""
        rows = identifier("rows_" + name)
        path = self._stage / name / f"{self._count:06d}.parquet"
        path.parent.mkdir(exist_ok=True)
        count = self._connection.execute(
            f"COPY (SELECT r.* EXCLUDE (_n, _problem), {self._provenance(source)}, "
            f"o.raw_file, o.raw_record, o.record_hash "
            f"FROM {rows} r JOIN fate f ON f._n = r._n AND f.fate = 'mapped' JOIN origin o ON o._n = r._n) "
            f"TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone()[0]
        self._run(f"DROP TABLE {rows}")
        if not count:
            path.unlink()
            return None
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
        path = self._stage / "rejects" / f"{self._count:06d}.parquet"
        path.parent.mkdir(exist_ok=True)
        self._run(
            "COPY (SELECT substr(sha256(concat_ws('|', o.raw_file, o.raw_record)), 1, 24) AS event_id, "
            f"{literal(source.id)} AS source, {self._now()} AS time, 'instant' AS time_precision, {self._now()} AS known, "
            f"{literal(source.version)} AS mapping_version, CAST({self._load_id} AS BIGINT) AS load_id, b.reason, b.text, "
            "o.raw_file, o.raw_record, o.record_hash "
            f"FROM bad b JOIN origin o ON o._n = b._n) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)",
            bad=rejects,
        )
        return path

    def _now(self) -> str:
        return f"CAST({literal(self._loaded.isoformat())} AS TIMESTAMPTZ)"

    def _fates(self) -> dict[tuple[str, str, str], int]:
        counted = self._connection.execute(
            "SELECT o.raw_file, f.fate, CASE WHEN f.fate = 'ignored' THEN f.reason ELSE '' END, count(*) "
            "FROM fate f JOIN origin o ON o._n = f._n GROUP BY ALL"
        ).fetchall()
        return {(raw_file, fate, rule): count for raw_file, fate, rule, count in counted}

    def _provenance(self, source: SourceDefinition) -> str:
        """Write the provenance columns that a row's source and load give; `known` never lies after the load."""
        known = f"least(r.time + INTERVAL ({round(source.delay_hours * 3600)}) SECOND, {self._now()})"
        return (
            f"{literal(source.id)} AS source, {known} AS known, {literal(source.version)} AS mapping_version, "
            f"CAST({self._load_id} AS BIGINT) AS load_id"
        )


def _row_expressions(table: Table, given: dict[str, str], source: SourceDefinition) -> tuple[str, str]:
    """Write the SELECT list of a table's rows, and the list of what can be wrong with them."""
    selected: list[str] = []
    problems: list[str] = []
    for name in ("time", *table.own):
        column = table.columns[name]
        if name in given:
            value, problem = _converted(column, given[name], source)
        else:
            value, problem = f"CAST(NULL AS {column.duckdb_type})", None
        selected.append(f"{value} AS {identifier(name)}")
        if problem is not None:
            problems.append(problem)
        if column.required:
            empty = (
                f"nullif(trim(CAST(m.{identifier(name)} AS VARCHAR)), '') IS NULL"
                if name in given
                else "TRUE"
            )
            problems.append(f"CASE WHEN {empty} THEN '{name}: missing' END")
    if "time_precision" in given:
        precision = "m.time_precision"
    elif given.get("time") == "VARCHAR":
        precision = _precision_expression("m.time", source)
    else:
        precision = "'date'" if given.get("time") == "DATE" else "'instant'"
    selected.append(f"{precision} AS time_precision")
    return ", ".join(selected), ", ".join(problems)


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
