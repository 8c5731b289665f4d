"""From the texts that a source's SELECT gives to the columns of a table, in SQL.

Nothing is converted silently: a text that is no time or number rejects its record and names the column. The SQL
works in steps, one SELECT around the other, so that each text is looked at once: its shape, then its value,
then what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pickglass.lake.engine import identifier, literal
from pickglass.model.schema import Column, Table
from pickglass.model.source import SourceDefinition

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
class _Clock:
    """One way to read a text clock: when it applies, the instant (or null), how far to trust it."""

    applies: str
    instant: str
    precision: str


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What may be wrong with a column: a cheap condition that holds wherever it is, the exact one, and what to say."""

    suspect: str
    condition: str
    why: str


@dataclass(frozen=True, slots=True)
class _Made:
    """How one column is made; `text`, `shape` and `value` are columns of the steps before the last, where needed."""

    result: str
    text: str | None = None
    shape: str | None = None
    value: str | None = None
    wrong: tuple[_Wrong, ...] = ()


def rows_query(table: Table, given: Mapping[str, str], source: SourceDefinition, mapped: str) -> str:
    """Write the SELECT of a table's rows from `mapped`, a query whose columns have the types of `given`.

    It gives `_n` (and `_part`, where given), `time`, `time_precision`, the table's own columns, and `_problem`: what
    is wrong with the row, or an empty text.
    """
    names = ("time", *table.own)
    made = {name: _made(table.columns[name], given.get(name), source) for name in names}
    texts = [one.text for one in made.values() if one.text]
    shapes = [one.shape for one in made.values() if one.shape]
    values = [one.value for one in made.values() if one.value]
    wrong = [each for one in made.values() for each in one.wrong]
    results = [f"{one.result} AS {identifier(name)}" for name, one in made.items()]
    results.append(f"{_precision(given, source)} AS time_precision")
    passed = [name for name in ("_n", "_part") if name in given]
    return (
        f"SELECT {', '.join([*passed, *results])}, {_problem(wrong)} AS _problem "
        f"FROM (SELECT {', '.join(['*', *values])} FROM (SELECT {', '.join(['*', *shapes])} "
        f"FROM (SELECT {', '.join(['*', *texts])} FROM ({mapped}))))"
    )


def _problem(wrong: list[_Wrong]) -> str:
    """Write the SQL of a row's problems: a row without any, as nearly all are, costs the cheap conditions only.

    Those must not be written like the exact ones: what is written twice is worked out for every row, even if asked
    for only where a row is suspect.
    """
    if not wrong:
        return "''"
    anything = " OR ".join(f"({one.suspect})" for one in wrong)
    listed = ", ".join(f"CASE WHEN {one.condition} THEN {one.why} END" for one in wrong)
    return f"CASE WHEN {anything} THEN concat_ws('; ', {listed}) ELSE '' END"


def _made(column: Column, given: str | None, source: SourceDefinition) -> _Made:
    """Say how a column is made from what is given under its name, of this type."""
    if given is None:
        missing = (_Wrong("TRUE", "TRUE", literal(f"{column.name}: missing")),) if column.required else ()
        return _Made(f"CAST(NULL AS {column.duckdb_type})", wrong=missing)
    name = identifier(column.name)
    if column.type == "time" and given == "VARCHAR":
        made = _from_clock(column, source)
    elif column.type in ("integer", "number", "boolean") and given in ("VARCHAR", "JSON"):
        made = _from_digits(column)
    elif column.type == "text" and given in ("VARCHAR", "JSON"):
        made = _Made(f"nullif(CAST({name} AS VARCHAR), '')")
    else:
        made = _Made(f"CAST({name} AS {column.duckdb_type})")
    if not column.required:
        return made
    suspect = empty = f"{name} IS NULL"
    if given in ("VARCHAR", "JSON"):
        empty = f"nullif(trim(CAST({name} AS VARCHAR)), '') IS NULL"
        # What is empty but for blanks begins with one, and a blank comes before all other letters.
        suspect = f"{name} IS NULL OR CAST({name} AS VARCHAR) < '!'"
    return replace(made, wrong=(*made.wrong, _Wrong(suspect, empty, literal(f"{column.name}: missing"))))


def _from_clock(column: Column, source: SourceDefinition) -> _Made:
    name, text, shape, value = (
        identifier(prefix + column.name) for prefix in ("", "_text_", "_shape_", "_value_")
    )
    clocks = _clocks(column.name, source)
    applies = " ".join(f"WHEN {clock.applies} THEN {number}" for number, clock in enumerate(clocks))
    instants = " ".join(f"WHEN {number} THEN {clock.instant}" for number, clock in enumerate(clocks))
    return _Made(
        result=value,
        text=f"CASE WHEN NOT regexp_matches({name}, '{_PLAIN}') THEN upper(trim({name})) END AS {text}",
        shape=f"CASE {applies} END AS {shape}",
        value=f"CASE {shape} {instants} END AS {value}",
        wrong=(
            _Wrong(
                f"{value} IS NULL AND {name} IS NOT NULL",
                f"{value} IS NULL AND nullif(trim({name}), '') IS NOT NULL",
                _why_no_time(column, source),
            ),
        ),
    )


def _precision(given: Mapping[str, str], source: SourceDefinition) -> str:
    """Write the SQL that says how far a row's time can be trusted: instant, local or date."""
    if "time_precision" in given:
        return "time_precision"
    if given.get("time") != "VARCHAR":
        return "'date'" if given.get("time") == "DATE" else "'instant'"
    cases = " ".join(
        f"WHEN {number} THEN '{clock.precision}'" for number, clock in enumerate(_clocks("time", source))
    )
    return f'CASE "_shape_time" {cases} END'


def _clocks(column: str, source: SourceDefinition) -> list[_Clock]:
    """List the ways to read a text clock by the source's rule, in order: the first that applies counts.

    The column's `_text_` is null where its text is plain: nearly every clock, and the engine reads it as it is. The
    other spellings cost more.
    """
    value, text = identifier(column), identifier("_text_" + column)
    micro = f"regexp_replace({text}, '(\\.\\d{{6}})\\d+', '\\1')"
    zoned = f"regexp_replace({micro}, ' ?([+-]\\d{{2}}):?(\\d{{2}})?$', '\\1:\\2')"
    day = f"try_cast(regexp_extract({text}, '^[0-9]+-[0-9]+-[0-9]+') AS TIMESTAMP)"
    clocks = [
        _Clock(f"{text} IS NULL AND {value} IS NOT NULL", f"try_cast({value} AS TIMESTAMPTZ)", "instant"),
        _Clock(
            f"regexp_matches({text}, '{_ZONED}')", f"try_cast(rtrim({zoned}, ':') AS TIMESTAMPTZ)", "instant"
        ),
        _Clock(f"regexp_matches({text}, '{_DATE}')", f"timezone('UTC', {day})", "date"),
    ]
    precision = "local" if source.time_zone == "local" else "instant"
    if source.time_zone != "none":
        bare = _placed(f"try_cast({micro} AS TIMESTAMP)", source)
        clocks.append(_Clock(f"regexp_matches({text}, '{_BARE}')", bare, precision))
    for form in source.time_formats:
        # A word like «epoch» is a time for DuckDB whatever the format.
        parsed = (
            f"CASE WHEN regexp_matches({value}, '\\d') THEN try_strptime(trim({value}), {literal(form)}) END"
        )
        sound = f"{parsed} BETWEEN TIMESTAMP '1900-01-01' AND TIMESTAMP '9999-12-31'"
        if re.search(r"%[zZ]", form):
            clocks.append(_Clock(sound, f"CAST({parsed} AS TIMESTAMPTZ)", "instant"))
        elif not re.search(r"%[-]?[HIcXTs]", form):
            clocks.append(_Clock(sound, f"timezone('UTC', CAST({parsed} AS TIMESTAMP))", "date"))
        elif source.time_zone != "none":
            clocks.append(_Clock(sound, _placed(f"CAST({parsed} AS TIMESTAMP)", source), precision))
    return clocks


def _placed(bare: str, source: SourceDefinition) -> str:
    """Write the SQL that gives a clock without a zone the zone that the source declares."""
    zone = "UTC" if source.time_zone == "local" else source.time_zone
    return f"timezone({literal(zone)}, {bare})"


def _why_no_time(column: Column, source: SourceDefinition) -> str:
    name = column.name
    if source.time_zone == "none":
        clock = f"regexp_matches({identifier(name)}, '\\d:\\d\\d')"
        without = literal(f"{name}: a clock without a time zone, and this source declares none")
        return f"CASE WHEN {clock} THEN {without} ELSE {literal(f'{name}: not a time')} END"
    return literal(f"{name}: not a time")


def _from_digits(column: Column) -> _Made:
    name, shape, value = (identifier(prefix + column.name) for prefix in ("", "_shape_", "_value_"))
    converted = f"try_cast({shape} AS {column.duckdb_type})"
    article = "an" if column.type == "integer" else "a"
    if column.type != "boolean":
        # DuckDB would round «1.6» to an integer, and takes «nan» and «inf» for numbers.
        double = f"try_cast({shape} AS DOUBLE)"
        sound = f"{double} = trunc({double})" if column.type == "integer" else f"isfinite({double})"
        converted = f"CASE WHEN {sound} THEN {converted} END"
    return _Made(
        result=value,
        shape=f"nullif(trim(CAST({name} AS VARCHAR), ' \"'), '') AS {shape}",
        value=f"{converted} AS {value}",
        wrong=(
            _Wrong(
                f"{value} IS NULL AND {name} IS NOT NULL",
                f"{shape} IS NOT NULL AND {value} IS NULL",
                literal(f"{column.name}: not {article} {column.type}"),
            ),
        ),
    )
