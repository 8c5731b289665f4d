"""Records whose keys a log shipper wrote in lower case: the keys as the vendor writes them are put back.

Some collectors fold keys (`eventtype` for `eventType`). The vendor's spelling stands in the source's columns, so
it can be restored exactly; a key that is no column stays as it came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import orjson

from pickglass.model.source import SourceDefinition
from pickglass.sources.reading import Block

LEVELS = 32  # no vendor nests its keys deeper; a record that does was made to stop us

_WORD = re.compile(r'"([^"]+)"|([A-Za-z_]\w*)')


@lru_cache(maxsize=256)
def _spellings(source: SourceDefinition) -> Mapping[str, str]:
    """Return the vendor's spelling of every key by its lower-case form; types and ambiguous keys are left out."""
    words = {*source.columns, *source.known_keys, *source.recognise.all, *source.recognise.any}
    for kind in source.columns.values():
        words |= {quoted or bare for quoted, bare in _WORD.findall(kind) if not bare.isupper()}
    names = {part for word in words for part in (word, *word.split("."))}
    by_lower: dict[str, set[str]] = {}
    for name in names:
        by_lower.setdefault(name.lower(), set()).add(name)
    return {
        lower: next(iter(found))
        for lower, found in by_lower.items()
        if len(found) == 1 and lower not in found
    }


def unfold(record: Any, source: SourceDefinition) -> Any:
    """Return the record with its keys as the vendor spells them."""
    return _renamed(record, _spellings(source))


def is_folded(record: Mapping[str, Any], source: SourceDefinition) -> bool:
    """Say whether any top-level key of the record is a vendor's key in lower case."""
    spellings = _spellings(source)
    return any(key in spellings for key in record)


def _renamed(value: Any, spellings: Mapping[str, str], levels: int = LEVELS) -> Any:
    if levels == 0:
        return value
    if isinstance(value, dict):
        return {
            spellings.get(key, key): _renamed(child, spellings, levels - 1) for key, child in value.items()
        }
    if isinstance(value, list):
        return [_renamed(element, spellings, levels - 1) for element in value]
    return value


def unfolded_blocks(blocks: Iterator[Block], source: SourceDefinition) -> Iterator[Block]:
    """Yield the blocks with the keys of every record restored; the original bytes stay as they are."""
    for block in blocks:
        yield Block(
            block.first, [_unfolded_line(line, source) for line in block.lines], block.raws, block.problems
        )


def _unfolded_line(line: bytes, source: SourceDefinition) -> bytes:
    try:
        return orjson.dumps(unfold(orjson.loads(line), source)) if line else line
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):  # the latter: nested deeper than it writes
        return line  # the mapping step says what is wrong with it
