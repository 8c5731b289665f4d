"""Schema drift: what the first records of a file have that their source does not declare, and the other way round.

A vendor changes an export without a word. A new key may be evidence that nobody reads yet, a missing one an
indicator gone blind, and a key of another type a value that reads as null.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import duckdb
import orjson

from pickglass.model.source import SourceDefinition

SAMPLE = 200  # records of a file that are compared with the declared keys
ENOUGH = 20  # records without a key before it counts as missing: many keys are optional
KEYS = 200  # that are told of one file: a record may be made of nothing but keys

_NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "DOUBLE", "FLOAT"}


@dataclass(frozen=True, slots=True)
class Drift:
    """How the first records of one file differ from what their source declares, at the top level.

    `new` counts records by undeclared key; `missing` names declared keys that no record has; `retyped` says by key
    (dots go down) what was found where the source declares something else.
    """

    new: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    retyped: Mapping[str, str] = field(default_factory=dict)
    enough: bool = False  # records to tell that a key is missing

    def document(self) -> dict[str, Any]:
        """Return the drift as the ledger keeps it; empty where there is none."""
        parts = {
            "new": dict(self.new),
            "missing": list(self.missing),
            "retyped": dict(self.retyped),
            "enough": self.enough,
        }
        return {name: part for name, part in parts.items() if part}


def drift(lines: Sequence[bytes], source: SourceDefinition) -> Drift:
    """Compare the first records of a file (JSON texts; empty ones do not count) with the source's declared keys."""
    declared = _declared(source)
    known = {*source.columns, *source.known_keys}
    present: Counter[str] = Counter()
    retyped: dict[str, str] = {}
    records = 0
    for line in lines[:SAMPLE]:
        record = _object(line)
        if record is None:
            continue
        records += 1
        present.update(record.keys())
        for key in declared.keys() & record.keys():
            for path, wrong in _misfits(key, record[key], declared[key]):
                retyped.setdefault(path, wrong)
    new = {key: count for key, count in present.most_common() if key not in known}
    missing = [key for key in source.columns if key not in present] if records >= ENOUGH else []
    return Drift(
        new=dict(sorted(new.items())[:KEYS]),
        missing=tuple(missing),
        retyped=dict(sorted(retyped.items())[:KEYS]),
        enough=records >= ENOUGH,
    )


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        record = orjson.loads(line) if line else None
    except orjson.JSONDecodeError:
        return None
    return record if isinstance(record, dict) else None


@cache
def _declared(source: SourceDefinition) -> Mapping[str, Any]:
    return {name: _structure(duckdb.type(kind)) for name, kind in source.columns.items()}


def _structure(kind: Any) -> Any:
    if kind.id == "struct":
        return {name: _structure(child) for name, child in kind.children}
    if kind.id == "list":
        return [_structure(kind.children[0][1])]
    return str(kind)


def _misfits(path: str, value: Any, kind: Any) -> Iterator[tuple[str, str]]:
    """Yield each place below `path` whose value is not of the declared kind, and what stands there instead."""
    if value is None or kind == "JSON" or (isinstance(kind, str) and kind.startswith("MAP")):
        return
    if isinstance(kind, dict):
        if not isinstance(value, dict):
            yield path, f"{_name(value)}, not an object"
            return
        for key in kind.keys() & value.keys():
            yield from _misfits(f"{path}.{key}", value[key], kind[key])
    elif isinstance(kind, list):
        if not isinstance(value, list):
            yield path, f"{_name(value)}, not a list"
            return
        for element in value[:20]:
            yield from _misfits(path, element, kind[0])
    elif isinstance(value, dict | list):
        yield path, f"{_name(value)}, not a value"
    elif kind in _NUMBERS and not isinstance(value, int | float) and not _is_number(value):
        yield path, f"{_name(value)}, not a number"
    elif kind == "BOOLEAN" and str(value).lower() not in ("true", "false"):
        yield path, f"{_name(value)}, not true or false"


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _name(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return kinds.get(type(value), "a number")
