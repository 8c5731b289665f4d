"""Sources whose records are neither JSON nor CSV: their own `parse.py` turns bytes into raw columns.

It defines one of two functions: `parse(raw)` for a record whose bytes can be cut out of the file without knowing what
they say (a line of text, one mail), or `records(member)` for everything else (event logs, lines under a header).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import orjson

from pickglass.model.source import SourceDefinition
from pickglass.sources.reading import Block, Damaged, Record, Refused, blocks, pack

if TYPE_CHECKING:
    from pickglass.sources.reading import Member

BLOCK_BYTES = 16 * 1024 * 1024
# What a parser that forgot a case raises for what is in a file: one record is lost by it, and never the load.
FAILURES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def parser_sources(form: str, head: str, known: Iterable[SourceDefinition]) -> list[SourceDefinition]:
    """List the sources that read files of this form with a parser of their own; a pattern must fit the head.

    Where some have a pattern that fits, those without one stand back.
    """
    fitting = [
        source
        for source in known
        if form in source.forms
        and (not source.recognise.text or re.search(source.recognise.text, head, re.MULTILINE))
    ]
    return [source for source in fitting if source.recognise.text] or fitting


@cache
def _module(source_id: str) -> ModuleType:
    return import_module(f"pickglass.sources.{source_id}.parse")


def parsed_blocks(member: Member, source: SourceDefinition) -> Iterator[Block]:
    """Read a member's records through the source's parser; what it cannot read keeps its number and its reason."""
    module = _module(Path(source.folder or source.id).name)
    if hasattr(module, "records"):
        yield from pack(_told(module.records(member)), BLOCK_BYTES)
        return
    # What looks like a table may be lines of a log with many commas: the parser knows.
    for block in blocks(replace(member, form="text") if member.form == "csv" else member):
        problems = dict(block.problems)
        lines = []
        for place, raw in enumerate(block.raws):
            value: Mapping[str, object] = {} if place in problems else _parsed(module, raw)
            if value.get("problem"):
                problems[place] = str(value["problem"])
            lines.append(b"" if place in problems else orjson.dumps(value))
        yield Block(block.first, lines, block.raws, problems)


def record_parser(source: SourceDefinition) -> Callable[[bytes], Mapping[str, object]] | None:
    """Give the parser of one record's bytes; None where the source's parser needs the whole file."""
    module = _module(Path(source.folder or source.id).name)
    return None if hasattr(module, "records") else module.parse


def _told(records: Iterable[Record]) -> Iterator[Record]:
    """Pass records on; where the file's content ends before its end, that becomes a problem record."""
    try:
        yield from records
    except (Damaged, Refused) as error:
        yield Record(b"", b"", str(error))
    except FAILURES as error:
        yield Record(b"", b"", _failed(error))


def _parsed(module: ModuleType, raw: bytes) -> Mapping[str, object]:
    try:
        found: Mapping[str, object] = module.parse(raw)
    except FAILURES as error:
        return {"problem": _failed(error)}
    return found


def _failed(error: Exception) -> str:
    return f"the source's own parser cannot read this ({type(error).__name__}): please report it as a bug"
