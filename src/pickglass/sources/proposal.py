"""A first draft of a source, made from a sample: keys that tell the export, types, and a mapping to correct.

Nothing here decides what an export means. Columns are guessed from how keys are spelled (`spellings.yaml`) and from
what values look like; every guess stands in the draft for a person to confirm.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from pickglass.errors import InputError
from pickglass.lake.engine import identifier, literal
from pickglass.model.schema import schema
from pickglass.model.source import Recognition, SourceDefinition
from pickglass.sources.generic import INTERNAL
from pickglass.sources.reading import Member, Problem, members, sample
from pickglass.sources.recognition import SAMPLE_RECORDS, recognise

MAXIMUM_BYTES = 1024 * 1024  # of a sample: a few dozen records tell a format
DEPTH = 4  # how far below a record its values are looked at
KINDS_SHOWN = 12  # values of an event's kind that a draft lists
TELLING_KEYS = 6  # that recognition needs at most

_DAY = re.compile(r"^\d{4}-\d\d-\d\d")
_CLOCK = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
_MAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_ADDRESS = re.compile(r"^(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7})$")
_PLAIN = re.compile(r"^[A-Za-z_]\w*$")
_WRITTEN = re.compile(r"^(\d{1,2})([./])(\d{1,2})\2\d{4}(?:[ ,T]+\d{1,2}:\d\d(:\d\d)?( ?[APap][Mm])?)?$")
# Words of SQL that a key may be called and that must be quoted then.
_RESERVED = re.compile(
    r"(?i)("
    r"all|analyse|analyze|and|any|array|as|asc|asymmetric|at|between|both|case|cast|check|"
    r"collate|column|constraint|create|cross|default|deferrable|desc|describe|distinct|do|else|"
    r"end|except|false|fetch|for|foreign|from|full|group|having|in|initially|inner|intersect|"
    r"into|is|isnull|join|lambda|lateral|leading|left|like|limit|map|natural|not|notnull|"
    r"null|offset|on|only|or|order|outer|pivot|pivot_longer|pivot_wider|placing|primary|"
    r"qualify|references|returning|right|select|show|some|struct|summarize|symmetric|table|"
    r"then|to|trailing|true|union|unique|unpivot|using|values|variadic|when|where|window|with"
    r")"
)
_EVENT_KINDS = ("eventtype", "eventname", "action", "operation", "event", "activity", "type")
_KEY_NAMES = ("uuid", "eventid", "id", "guid", "uid", "recordid", "logid")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A drafted source: the text of its files, the table it was drafted for, and what a person must decide."""

    id: str
    table: str
    definition: str  # source.yaml
    readme: str
    open_questions: tuple[str, ...]


def propose(
    id: str, path: Path, known: Mapping[str, SourceDefinition], table: str | None = None, vendor: str = ""
) -> Proposal:
    """Draft a source from a sample file; raises InputError where the file has no records to draft from."""
    member = _member(path)
    where, records = _records(member)
    if not records:
        raise InputError("holds no records", hint="give a file with a few dozen of them", where=path.name)
    leaves = _leaves(records)
    chosen = table or _likeliest(leaves)
    matched = _matched(leaves, chosen)
    key = _record_key(records)
    by_looks = _by_looks(leaves, chosen, matched)
    matched |= by_looks
    zone, zone_question = _time_zone(records, matched.get("time"))
    formats, format_question = _time_formats(leaves.get(matched.get("time", ()), ()))
    used = {path[0] for path in (*matched.values(), *_event_kind(leaves))} | ({key} if key else set())
    draft = _Draft(
        id=id,
        vendor=vendor or id.partition("_")[0].capitalize(),
        format=_format(member),
        where=where,
        recognised_by=_recognition(records, known, where, member),
        time_zone=zone,
        time_formats=formats,
        key=key,
        columns={name: _type([record.get(name) for record in records], 0) for name in _keys(records)},
        used=used or set(_keys(records)),  # of a source without columns nothing can be read
        table=chosen,
        expressions={name: _expression(name, found, leaves[found]) for name, found in matched.items()}
        | {name: _unknown(name, leaves) for name in _required(chosen) if name not in matched},
    )
    questions = [
        f"{chosen}.{name}: nothing in the sample looks like it"
        for name in _required(chosen)
        if name not in matched
    ]
    questions += [
        f"{chosen}.{name}: taken from {'.'.join(path)} for its values alone"
        for name, path in by_looks.items()
    ]
    questions += [*zone_question, *format_question]
    questions += ["which of the known_keys say something that an investigator needs?"]
    return Proposal(id, chosen, _document(draft), _readme(id, chosen, questions), tuple(questions))


@dataclass(frozen=True, slots=True)
class _Draft:
    """What `source.yaml` will say."""

    id: str
    vendor: str
    format: str
    where: tuple[str, ...]
    recognised_by: Sequence[str]
    time_zone: str
    time_formats: Sequence[str]
    key: str | None
    columns: Mapping[str, str]  # every key of the records with its type
    used: set[str]  # those that the mapping reads
    table: str
    expressions: Mapping[str, str]  # column → SQL


def _required(table: str) -> list[str]:
    columns = schema().tables[table].columns
    return [name for name in ("time", *schema().tables[table].own) if columns[name].required]


def _format(member: Member) -> str:
    return "csv" if member.form in ("csv", "xlsx") else "json"


def _member(path: Path) -> Member:
    if path.stat().st_size > MAXIMUM_BYTES:
        raise InputError(
            f"is larger than {MAXIMUM_BYTES:,} bytes",
            hint="cut it down to a few dozen records",
            where=path.name,
        )
    found = list(members(path))
    if len(found) != 1 or isinstance(found[0], Problem):
        why = found[0].reason if found and isinstance(found[0], Problem) else f"holds {len(found)} files"
        raise InputError(why, hint="give one plain export file", where=path.name)
    member = found[0]
    if member.form not in ("ndjson", "json", "csv", "xlsx"):
        raise InputError(
            f"is {member.form}, and a draft is made of JSON or CSV only",
            hint="such a source brings its own parse.py: see docs/sources.md",
            where=path.name,
        )
    return member


def _records(member: Member) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """Return where the document keeps its records, and the first of them."""
    plain = sample(member, (), SAMPLE_RECORDS)
    if member.form != "json" or not plain:
        return (), plain
    lists = sorted(_lists(plain[0], ""), key=lambda found: found[1], reverse=True)
    if len(plain) == 1 and lists:
        way = (lists[0][0],)
        return way, sample(member, way, SAMPLE_RECORDS)
    return (), plain


def _lists(value: Any, path: str, depth: int = 3) -> Iterator[tuple[str, int]]:
    if isinstance(value, dict) and depth:
        for name, child in value.items():
            yield from _lists(child, f"{path}.{name}" if path else name, depth - 1)
    elif isinstance(value, list) and value and all(isinstance(element, dict) for element in value):
        yield path, len(value)


def _keys(records: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for record in records for key in record))


Leaf = tuple[str, ...]


def _looks_like_time(text: str) -> bool:
    return (
        bool(_DAY.match(text))
        or (text.isdigit() and len(text) in (10, 13))
        or bool(re.match(r"\d{1,2}[/.]\d{1,2}[/.]\d", text) and not _ADDRESS.match(text))
    )


def _looks_like_address(text: str) -> bool:
    return bool(_ADDRESS.match(text))


_LOOKS: Mapping[str, Callable[[str], bool]] = {
    "time": _looks_like_time,
    "src_ip": _looks_like_address,
    "dst_ip": _looks_like_address,
}


def _leaves(records: Sequence[Mapping[str, Any]]) -> dict[Leaf, list[Any]]:
    """Return the scalar values of all records by path; what lies in lists is left for a person."""
    found: dict[Leaf, list[Any]] = {}

    def walk(value: Any, path: Leaf) -> None:
        if isinstance(value, dict) and len(path) < DEPTH:
            for name, child in value.items():
                walk(child, (*path, str(name)))
        elif value is not None and not isinstance(value, dict | list):
            found.setdefault(path, []).append(value)

    for record in records:
        walk(record, ())
    return found


@cache
def _spellings() -> dict[str, list[str]]:
    text = resources.files("pickglass.sources").joinpath("spellings.yaml").read_text("utf-8")
    return {column: [_folded(name) for name in names] for column, names in yaml.safe_load(text).items()}


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _likeliest(leaves: Mapping[Leaf, Sequence[Any]]) -> str:
    """Name the table of which most of the sample's keys are columns; required ones count double."""
    weights = {}
    for name, table in schema().tables.items():
        if name not in INTERNAL:
            found = _matched(leaves, name)
            own = [column for column in found if column in table.own]
            weights[name] = len(own) + sum(table.columns[column].required for column in own)
    # Of two that fit as well, the narrower one says more.
    return max(weights, key=lambda name: (weights[name], -len(schema().tables[name].own)))


def _matched(leaves: Mapping[Leaf, Sequence[Any]], table: str) -> dict[str, Leaf]:
    """Give, for each column of a table that some key looks like, that key's path; a key serves one column."""
    taken: set[Leaf] = set()
    found: dict[str, Leaf] = {}
    for column in ("time", *schema().tables[table].own):
        candidates = [
            (rank, len(path), path)
            for path, values in leaves.items()
            if path not in taken and (rank := _rank(column, path, values)) is not None
        ]
        if candidates:
            found[column] = min(candidates)[2]
            taken.add(found[column])
    return found


def _by_looks(
    leaves: Mapping[Leaf, Sequence[Any]], table: str, matched: Mapping[str, Leaf]
) -> dict[str, Leaf]:
    """Give the only key whose values can be the time, or the person, where no spelling tells it: in another language."""
    found = {}
    looks: dict[str, Callable[[str], bool]] = {
        "time": lambda text: bool(_DAY.match(text) or _WRITTEN.match(text)),
        "account": lambda text: bool(_MAIL.match(text)),
        "src_ip": _looks_like_address,
    }
    for column, look in looks.items():
        if column in matched or column not in ("time", *schema().tables[table].own):
            continue
        fitting = [
            path
            for path, values in leaves.items()
            if path not in matched.values()
            and (texts := [str(value) for value in values if value != ""])
            and all(map(look, texts))
        ]
        if len(fitting) == 1:
            (found[column],) = fitting
    return found


def _time_formats(values: Sequence[Any]) -> tuple[list[str], list[str]]:
    """Say how clocks with the day or the month in front are written, as far as the sample tells which it is."""
    texts = [value for value in values if isinstance(value, str) and value]
    written = [match for text in texts if (match := _WRITTEN.match(text))]
    if not texts or len(written) < len(texts):
        return [], []
    mark = written[0][2]
    day_first = mark == "." or any(int(match[1]) > 12 for match in written)
    month_first = any(int(match[3]) > 12 for match in written)
    day = f"%m{mark}%d{mark}%Y" if month_first or not day_first else f"%d{mark}%m{mark}%Y"
    formats = []
    for text, match in zip(texts, written, strict=True):
        gap = re.search(r"\d{4}([ ,T]+)\d", text)
        clock = "" if gap is None else ("%I" if match[5] else "%H") + ":%M" + (":%S" if match[4] else "")
        half = "" if not match[5] else (" %p" if " " in match[5] else "%p")
        formats.append(day + (gap[1] if gap else "") + clock + half)
    doubt = (
        [] if day_first != month_first else ["time: is the day or the month in front? time_formats says it"]
    )
    return list(dict.fromkeys(formats)), doubt


def _rank(column: str, path: Leaf, values: Sequence[Any]) -> int | None:
    """Say how well a key fits a column: the place of its spelling; None where spelling or values speak against it."""
    names = [_folded(column), *_spellings().get(column, ())]
    spelled = [_folded(path[-1]), _folded("".join(path[-2:]))]
    ranks = [names.index(name) for name in spelled if name in names]
    texts = [str(value) for value in values if value != ""][:20]
    if not ranks or not texts:
        return None
    look = _LOOKS.get(column)
    if look is not None and sum(bool(look(text)) for text in texts) * 2 < len(texts):
        return None
    if column == "account" and any(_MAIL.match(text) for text in texts):
        return min(ranks) - len(names)  # a mail is the key that joins best
    return min(ranks)


def _recognition(
    records: Sequence[dict[str, Any]],
    known: Mapping[str, SourceDefinition],
    where: tuple[str, ...],
    member: Member,
) -> list[str]:
    """Choose keys that every record has, the rarest among the known sources first, until no other source fits better."""
    everywhere = [key for key in _keys(records) if all(key in record for record in records)]
    used = [key for source in known.values() for key in (*source.columns, *source.known_keys)]
    everywhere.sort(key=used.count)  # keeps the order of the record among equally rare ones
    for count in range(min(3, len(everywhere)), TELLING_KEYS + 1):
        chosen = everywhere[:count]
        draft = _draft(chosen, where, member)
        found = recognise({(): records, where: records}, [*known.values(), draft], member.form)
        if found.source is draft:
            return chosen
    return everywhere[:TELLING_KEYS]


def _draft(keys: Sequence[str], where: tuple[str, ...], member: Member) -> SourceDefinition:
    return SourceDefinition(
        id="draft", title="", vendor="", status="unverified", export="", formats=(_format(member),),
        recognise=Recognition(all=tuple(keys)), tables={}, columns={}, version="", records=where,
    )  # fmt: skip


def _record_key(records: Sequence[Mapping[str, Any]]) -> str | None:
    """Find the key whose value tells every record from the others, if one is called like an id."""
    for key in sorted(_keys(records), key=lambda name: _folded(name) not in _KEY_NAMES):
        values = [record.get(key) for record in records]
        named = _folded(key) in _KEY_NAMES or _folded(key).endswith("id")
        if (
            named
            and all(isinstance(value, str | int) and value != "" for value in values)
            and len(set(values)) == len(values)
        ):
            return key
    return None


def _time_zone(records: Sequence[Mapping[str, Any]], path: Leaf | None) -> tuple[str, list[str]]:
    values = [value for value in _leaves(records).get(path or (), ()) if isinstance(value, str)]
    clocks = [value for value in values if _CLOCK.match(value) or (_WRITTEN.match(value) and ":" in value)]
    if values and all(_ZONE.search(value) for value in clocks):
        return "UTC", []
    if not values:
        return "UTC", ["time: a number or missing: is it seconds or milliseconds, and in UTC?"]
    return "local", ["time: its clock has no zone; time_zone says `local` until you know which is meant"]


def _type(values: Sequence[Any], depth: int) -> str:
    """Write the DuckDB type of some values; texts stay texts, because the loader converts them."""
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, dict) for value in present) and depth < DEPTH:
        names = list(dict.fromkeys(name for value in present for name in value))
        if not names:
            return "JSON"
        children = (
            f"{_name(name)} {_type([value.get(name) for value in present], depth + 1)}" for name in names
        )
        return f"STRUCT({', '.join(children)})"
    if present and all(isinstance(value, list) for value in present):
        return f"{_type([element for value in present for element in value], depth + 1)}[]"
    if any(isinstance(value, dict | list) for value in present):
        return "JSON"
    return "VARCHAR"


def _name(name: str) -> str:
    return name if _PLAIN.match(name) and not _RESERVED.fullmatch(name) else identifier(name)


def _expression(column: str, path: Leaf, values: Sequence[Any]) -> str:
    written = ".".join(_name(part) for part in path)
    numbers = [value for value in values if str(value).isdigit()]
    if column == "time" and numbers and len(numbers) == len(values):
        return (
            f"epoch_ms_time(CAST({written} AS BIGINT))"
            if len(str(numbers[0])) == 13
            else f"epoch_s_time(CAST({written} AS BIGINT))"
        )
    if column == "account":
        return f"lower({written})"
    if column in ("country", "work_country"):
        return f"country_code({written})"
    return written


def _event_kind(leaves: Mapping[Leaf, Sequence[Any]]) -> list[Leaf]:
    """Find the key that says what kind of event a record is: one, or none."""
    kinds = [path for path in leaves if _folded(path[-1]) in _EVENT_KINDS]
    return [min(kinds, key=lambda path: (_EVENT_KINDS.index(_folded(path[-1])), path))] if kinds else []


def _unknown(column: str, leaves: Mapping[Leaf, Sequence[Any]]) -> str:
    """Write what stands for a required column that nothing looks like; an activity is a matter of the event's kind."""
    if column != "activity" or not (kinds := _event_kind(leaves)):
        return "'FIXME'"
    (kind,) = kinds
    found = list(dict.fromkeys(str(value) for value in leaves[kind]))[:KINDS_SHOWN]
    cases = " ".join(f"WHEN {literal(value)} THEN 'FIXME'" for value in found)
    return f"CASE {'.'.join(map(_name, kind))} {cases} END"


def _document(draft: _Draft) -> str:
    """Write source.yaml: every guess in a line of its own, to be confirmed or struck out."""
    own = schema().tables[draft.table].own
    selected = [
        f"{draft.expressions[name]} AS {name}" for name in ("time", *own) if name in draft.expressions
    ]
    others = sorted(set(draft.columns) - draft.used)
    lines = [
        f"id: {draft.id}",
        f"title: {_quoted(draft.id.replace('_', ' '))}",
        f"vendor: {_quoted(draft.vendor)}",
        "status: unverified      # verified: checked against a real sample or the vendor's documented example",
        "export: FIXME           # how to get this export: the page, the menu, or the API call",
        "references: []          # where the vendor documents the format",
        f"formats: [{draft.format}]",
        "recognise:              # keys that every record has; strike what other exports have too",
        f"  all: [{', '.join(map(_quoted, draft.recognised_by))}]",
        *([f"records: [{', '.join(map(_quoted, draft.where))}]"] if draft.where else []),
        f"time_zone: {draft.time_zone}",
        *([f"time_formats: [{', '.join(map(_quoted, draft.time_formats))}]"] if draft.time_formats else []),
        "delay: 0                # hours until an event shows in the export",
        f"key: {_name(draft.key)}"
        if draft.key
        else "# key: the record's own id; without one, its content names it",
        "columns:",
        *[
            f"  {_quoted(name)}: {_quoted(draft.columns[name])}"
            for name in draft.columns
            if name in draft.used
        ],
        f"known_keys: [{', '.join(map(_quoted, others))}]",
        "tables:",
        f"  {draft.table}: |",
        "    SELECT " + ",\n           ".join(["_n", *selected]),
        "    FROM raw",
        f"# Further columns of {draft.table}: {', '.join(name for name in own if name not in draft.expressions)}",
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Write a text so that YAML reads it as this text."""
    plain: str = yaml.safe_dump(text, width=10_000, allow_unicode=True, default_flow_style=True)
    return plain.removesuffix("\n...\n").rstrip("\n")


def _readme(id: str, table: str, questions: Sequence[str]) -> str:
    lines = [
        f"# {id.replace('_', ' ').capitalize()}",
        "",
        "What the export is, and against what its format was checked.",
        "",
        "## Open questions",
        "",
        *[f"* {question}" for question in questions],
        "",
        "## Time",
        "",
        "## Who",
        "",
        "## Fields that lie",
        "",
        "## Tables",
        "",
        "| table | rows | columns |",
        "|---|---|---|",
        f"| {table} | | |",
    ]
    return "\n".join(lines) + "\n"
