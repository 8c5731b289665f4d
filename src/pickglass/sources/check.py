"""Checking a source: its samples go through the real mapping, and the rows must be the expected ones."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from pickglass.errors import PickglassError
from pickglass.lake.engine import connect, install_macros, literal
from pickglass.lake.mapping import Chunk, Mapper
from pickglass.model.schema import schema
from pickglass.model.source import SourceDefinition
from pickglass.sources.reading import Member, Problem, members
from pickglass.sources.recognition import member_blocks, recognise_member

KEY = b"source check"  # of keyed hashes in expected.jsonl: samples are no secret
SHOWN = 10  # differences that are told in full

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|--[^\n]*")
_MULTIPLIES = re.compile(r"(?i)\b(unnest|join|union|lateral|generate_series|range)\b|\bfrom\s+raw\s*,")

# What a load adds is not a matter of the mapping.
_NOT_COMPARED = {
    "event_id", "source", "known", "raw_file", "raw_record", "record_hash", "mapping_version", "load_id",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of one source found: the rows that its samples became, and what is wrong, in words."""

    id: str
    rows: int
    problems: tuple[str, ...]


def check(source: SourceDefinition, known: Mapping[str, SourceDefinition]) -> Checked:
    """Load the samples of one source and compare every row with `expected.jsonl`."""
    folder = Path(source.folder or "")
    if not source.folder or not any(folder.glob("sample*")):
        return Checked(source.id, 0, () if source.id.startswith("generic_") else ("has no sample.*",))
    found, problems = _found(source, known)
    problems += _undecided(folder / "source.yaml")
    problems += _multiplying(source)
    problems += _repeated(found)
    problems += _differences(found, folder / "expected.jsonl")
    return Checked(source.id, len(found), tuple(problems))


def update_expected(source: SourceDefinition, known: Mapping[str, SourceDefinition]) -> list[str]:
    """Write the rows that the samples become as `expected.jsonl`, one spelling for all; return what stands against it.

    A file that says the same already stays as it is. A diff says that the meaning of an export changed: read it row
    by row before you keep it.
    """
    found, problems = _found(source, known)
    problems += _repeated(found)
    if (
        source.folder
        and found
        and not problems
        and _differences(found, Path(source.folder, "expected.jsonl"))
    ):
        lines = [
            orjson.dumps({name: value for name, value in row.items() if name != "_event"}) for row in found
        ]
        Path(source.folder, "expected.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return problems


def _found(
    source: SourceDefinition, known: Mapping[str, SourceDefinition]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows of all samples, and what is wrong with recognising or mapping them."""
    problems: list[str] = []
    found: list[dict[str, Any]] = []
    for path in sorted(Path(source.folder or "").glob("sample*")):
        for member in members(path):
            if isinstance(member, Problem):
                problems.append(f"{path.name}: {member.reason}")
                continue
            recognised, why = recognise_member(member, known)
            if recognised is None or recognised.id != source.id:
                problems.append(
                    f"{path.name}: is recognised as {recognised.id if recognised else 'nothing'} ({why})"
                )
            try:
                found += rows(source, member, path.name)
            except PickglassError as error:
                problems.append(str(error))
    return sorted(found, key=_order), problems


def rows(source: SourceDefinition, member: Member, file: str) -> list[dict[str, Any]]:
    """Return the rows that one sample becomes, as `expected.jsonl` writes them; rejects and ignored records too."""
    with tempfile.TemporaryDirectory() as stage:
        connection = connect()
        try:
            install_macros(connection, KEY)
            mapper = Mapper(connection, Path(stage), 0, datetime(2100, 1, 1, tzinfo=UTC))
            found: list[dict[str, Any]] = []
            for block in member_blocks(member, source):
                count = len(block.lines)
                chunk = Chunk(
                    lines=block.lines,
                    raw_files=[file] * count,
                    raw_records=range(block.first, block.first + count),
                    record_hashes=[hashlib.sha256(raw).hexdigest() for raw in block.raws],
                    file_names=[file] * count,
                    problems=dict(block.problems),
                )
                for table, path in mapper.map(source, chunk).rows.items():
                    found += _read(connection, table, path, file)
        finally:
            connection.close()
    return sorted(found, key=_order)


def _read(connection: Any, table: str, path: Path, file: str) -> list[dict[str, Any]]:
    columns = schema().tables[table].columns
    plain = connection.sql(f"SELECT * FROM read_parquet({literal(str(path))})").to_arrow_table().to_pylist()
    return [
        {"table": table, "file": file, "record": row["raw_record"], "_event": row["event_id"]}
        | {
            name: _written(row[name])
            for name in columns
            if name in row
            and row[name] is not None
            and (name not in _NOT_COMPARED)
            and not (table == "rejects" and name not in ("reason",))
        }
        for row in plain
    ]


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value


def _order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        row["table"],
        row["file"],
        row["record"],
        str(row.get("time", "")),
        str(sorted(row.items(), key=str)),
    )


def _undecided(definition: Path) -> list[str]:
    """A draft says FIXME where nobody has decided yet; a row with it is worse than none."""
    lines = definition.read_text("utf-8").splitlines() if definition.exists() else []
    return [
        f"source.yaml:{number}: FIXME is not decided yet"
        for number, line in enumerate(lines, 1)
        if "FIXME" in line
    ]


def _multiplying(source: SourceDefinition) -> list[str]:
    """Rows that only another record than the sample's would multiply: the SQL alone shows that it can."""
    return [
        f"{table}: {match[0].strip()} can make several rows of one record: pass a _part that tells them apart"
        for table, sql in source.tables.items()
        if "_part" not in sql and (match := _MULTIPLIES.search(_QUOTED.sub("", sql)))
    ]


def _repeated(found: Iterable[Mapping[str, Any]]) -> list[str]:
    """Two rows of one record and table need `_part`, or the second is taken for a revision of the first."""
    counts = Counter((row["table"], row["file"], row["record"], row["_event"]) for row in found)
    return [
        f"{file} record {record}: several rows of {table} have the same event id: pass a _part that tells them apart"
        for (table, file, record, _), count in sorted(counts.items())
        if count > 1
    ]


def _differences(found: list[dict[str, Any]], expected: Path) -> list[str]:
    if not expected.exists():
        return ["has no expected.jsonl"]
    wanted = [_normal(orjson.loads(line)) for line in expected.read_bytes().splitlines() if line.strip()]
    got = [_normal({name: value for name, value in row.items() if name != "_event"}) for row in found]
    if not all("file" in row for row in wanted):
        got = [{name: value for name, value in row.items() if name != "file"} for row in got]
    missing = [row for row in wanted if row not in got]
    surplus = [row for row in got if row not in wanted]
    told = [f"expected and not found: {_json(row)}" for row in missing[:SHOWN]]
    told += [f"found and not expected: {_json(row)}" for row in surplus[:SHOWN]]
    hidden = max(0, len(missing) - SHOWN) + max(0, len(surplus) - SHOWN)
    if len(got) != len(wanted) and not (missing or surplus):
        told.append(
            f"{len(got)} rows found, {len(wanted)} expected: some row comes more often than it should"
        )
    return told + ([f"… and {hidden} more differences"] if hidden else [])


def _normal(row: Mapping[str, Any]) -> dict[str, Any]:
    """Write times alike, and leave nulls out: both are matters of taste in expected.jsonl."""
    return {name: _time(value) for name, value in row.items() if value is not None}


def _time(value: Any) -> Any:
    if (
        isinstance(value, str)
        and len(value) >= 20
        and value[4:5] == "-"
        and value[10:11] == "T"
        and value.endswith("Z")
    ):
        try:
            return _written(datetime.fromisoformat(value))
        except ValueError:
            return value
    return value


def _json(row: Mapping[str, Any]) -> str:
    return orjson.dumps(row).decode()
