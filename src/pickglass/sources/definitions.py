"""Source folders become definitions: read, checked, and found by being there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, get_args

import yaml

from pickglass.errors import ConfigError
from pickglass.model.schema import schema
from pickglass.model.source import IgnoreRule, Recognition, SourceDefinition
from pickglass.sources.generic import generic_definitions, mapped_tables
from pickglass.sources.reading import Form

_FIELDS = {
    "id", "title", "vendor", "status", "export", "references", "formats", "recognise", "records", "time_zone",
    "time_formats", "delay", "keeps", "key", "revision", "columns", "known_keys", "ignore", "tables", "map", "forms",
}  # fmt: skip
_FORMATS = {"json", "csv", "parser"}
SHARED_FORMS = {"text", "csv", "xml"}  # of which a parser takes only files that its pattern fits


def shipped_folder() -> Path:
    """Return the folder of the sources that come with pickglass."""
    return Path(str(resources.files("pickglass.sources")))


def definitions(home: Path | None = None) -> dict[str, SourceDefinition]:
    """Return every source by id: those of HOME/sources first, then the shipped ones, then the generic ones.

    Those of a home are read again when a file of theirs changed, so a long process sees an edit at its next load.
    Raises ConfigError where a source.yaml is wrong, naming file, field, reason and what to do.
    """
    found: dict[str, SourceDefinition] = {}
    own = _own(_stamps(home / "sources")) if home is not None else ()
    for definition in (*own, *_shipped(), *generic_definitions()):
        found.setdefault(definition.id, definition)
    return found


_Stamp = tuple[Path, int, int, int]  # a file; when it was written, its size, its number


def _stamps(folder: Path) -> tuple[_Stamp, ...]:
    statuses = [(path, path.stat()) for path in sorted(folder.glob("*/source.yaml"))]
    return tuple((path, status.st_mtime_ns, status.st_size, status.st_ino) for path, status in statuses)


@lru_cache(maxsize=4)
def _own(stamps: tuple[_Stamp, ...]) -> tuple[SourceDefinition, ...]:
    return tuple(read_definition(path) for path, *_ in stamps)


@cache
def _shipped() -> tuple[SourceDefinition, ...]:
    return tuple(read_definition(path) for path in sorted(shipped_folder().glob("*/source.yaml")))


def read_definition(path: Path) -> SourceDefinition:
    """Read one source.yaml; raises ConfigError with every mistake found in it."""
    text = path.read_text("utf-8")
    try:
        spec = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ConfigError(f"not YAML: {error}", hint="see docs/sources.md", where=str(path)) from error
    mistakes = _mistakes(spec, path)
    if mistakes:
        raise ConfigError("; ".join(mistakes), hint="see docs/sources.md", where=str(path))
    columns = {str(name): str(kind) for name, kind in (spec.get("columns") or {}).items()}
    if "map" in spec:
        tables, columns = mapped_tables(spec["map"], columns, spec["recognise"])
    else:
        tables = spec["tables"]
    recognise = spec["recognise"]
    return SourceDefinition(
        id=spec["id"],
        title=spec["title"],
        vendor=spec.get("vendor", ""),
        status=spec.get("status", "unverified"),
        export=spec.get("export", ""),
        references=tuple(spec.get("references") or ()),
        formats=tuple(spec["formats"]),
        recognise=Recognition(
            all=tuple(recognise.get("all") or ()),
            any=tuple(recognise.get("any") or ()),
            none=tuple(recognise.get("none") or ()),
            match=recognise.get("match") or {},
            text=recognise.get("text") or "",
        ),
        records=tuple(spec.get("records") or ()),
        time_zone=str(spec.get("time_zone", "none")),
        time_formats=tuple(spec.get("time_formats") or ()),
        delay_hours=float(spec.get("delay", 0)),
        keeps_days=float(spec["keeps"]) if spec.get("keeps") is not None else None,
        key=spec.get("key"),
        revision=spec.get("revision"),
        columns=columns,
        known_keys=tuple(spec.get("known_keys") or ()),
        ignore=tuple(IgnoreRule(rule["rule"], rule["when"]) for rule in spec.get("ignore") or ()),
        tables=tables,
        version=f"{spec['id']}@{hashlib.sha256(text.encode()).hexdigest()[:10]}",
        forms=tuple(spec.get("forms") or ()),
        folder=str(path.parent),
    )


def _mistakes(spec: Any, path: Path) -> list[str]:
    if not isinstance(spec, Mapping):
        return ["must be a map of fields"]
    found = [f"unknown field {name}" for name in sorted(set(spec) - _FIELDS)]
    found += [f"{name} is missing" for name in ("id", "title", "formats", "recognise") if name not in spec]
    if spec.get("id") not in (None, path.parent.name):
        found.append(f"id {spec['id']} must be the folder's name, {path.parent.name}")
    if ("tables" in spec) == ("map" in spec):
        found.append("give either tables or map")
    found += [f"unknown format {name}" for name in sorted(set(spec.get("formats") or ()) - _FORMATS)]
    targets = (spec.get("tables") or {}) | (spec.get("map") or {})
    found += [f"there is no table {name}" for name in sorted(set(targets) - set(schema().tables))]
    found += _parser_mistakes(spec)
    if "columns" not in spec and "tables" in spec and "parser" not in (spec.get("formats") or ()):
        found.append("columns is missing")
    elif "columns" in spec and not spec["columns"] and "tables" in spec:
        found.append("columns names no key")  # the engine reads no record without one
    return found


def _parser_mistakes(spec: Mapping[str, Any]) -> list[str]:
    """A parser says which forms it reads; text and XML are many vendors' form, so it says how its own looks."""
    forms = set(spec.get("forms") or ())
    recognise = spec.get("recognise")
    pattern = recognise.get("text") if isinstance(recognise, Mapping) else None
    found = [f"unknown form {name}" for name in sorted(forms - set(get_args(Form)))]
    if ("parser" in (spec.get("formats") or ())) != bool(forms):
        found.append("formats: [parser] and forms go together")
    if forms & SHARED_FORMS and not pattern:
        found.append(
            f"recognise.text is missing: many vendors write {', '.join(sorted(forms & SHARED_FORMS))}"
        )
    if pattern:
        try:
            re.compile(str(pattern))
        except re.error as error:
            found.append(f"recognise.text is no pattern: {error}")
    return found
