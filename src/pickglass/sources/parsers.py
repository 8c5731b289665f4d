"""Sources whose records are neither JSON nor CSV: their own `parse.py` turns one record's bytes into raw columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson

from pickglass.model.source import SourceDefinition
from pickglass.sources.reading import Block, blocks

if TYPE_CHECKING:
    from pickglass.sources.reading import Member


def parser_source(form: str, known: Mapping[str, SourceDefinition]) -> SourceDefinition | None:
    """Find the source that reads files of this form with a parser of its own."""
    return next((source for source in known.values() if form in source.forms), None)


@cache
def _parser(source_id: str) -> Callable[[bytes], Mapping[str, Any]]:
    module = import_module(f"pickglass.sources.{source_id}.parse")
    return cast("Callable[[bytes], Mapping[str, Any]]", module.parse)


def parsed_blocks(member: Member, source: SourceDefinition) -> Iterator[Block]:
    """Read a member's records through the source's parser; what it cannot read keeps its number and its reason."""
    parse = _parser(Path(source.folder or source.id).name)
    for block in blocks(member):
        problems = dict(block.problems)
        lines = []
        for place, raw in enumerate(block.raws):
            value = {} if place in problems else parse(raw)
            if value.get("problem"):
                problems[place] = str(value["problem"])
            lines.append(b"" if place in problems else orjson.dumps(value))
        yield Block(block.first, lines, block.raws, problems)
