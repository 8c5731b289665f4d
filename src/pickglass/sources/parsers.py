"""Sources whose records are neither JSON nor CSV: their own `parse.py` turns one record's bytes into raw columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson

from pickglass.model.source import SourceDefinition
from pickglass.sources.reading import Block

if TYPE_CHECKING:
    from pickglass.sources.reading import Member

BLOCK_BYTES = 16 * 1024 * 1024


def parser_source(form: str, known: Mapping[str, SourceDefinition]) -> SourceDefinition | None:
    """Find the source that reads files of this form with a parser of its own."""
    return next((source for source in known.values() if form in source.forms), None)


@cache
def _parser(source_id: str) -> Callable[[bytes], Mapping[str, Any]]:
    module = import_module(f"pickglass.sources.{source_id}.parse")
    return cast("Callable[[bytes], Mapping[str, Any]]", module.parse)


def parsed_blocks(member: Member, source: SourceDefinition) -> Iterator[Block]:
    """Read a member's records through the source's parser; what it cannot read carries its `problem`."""
    from pickglass.sources.reading import raw_records

    parse = _parser(Path(source.folder or source.id).name)
    first, lines, raws, problems, size = 1, list[bytes](), list[bytes](), dict[int, str](), 0
    for _number, raw, problem in raw_records(member):
        value: Mapping[str, Any] = {"problem": problem} if problem else parse(raw)
        if value.get("problem"):
            problems[len(lines)] = str(value["problem"])
            lines.append(b"")
        else:
            lines.append(orjson.dumps(value))
        raws.append(raw)
        size += len(raw)
        if size >= BLOCK_BYTES:
            yield Block(first, lines, raws, problems)
            first, lines, raws, problems, size = first + len(lines), [], [], {}, 0
    if lines:
        yield Block(first, lines, raws, problems)
