"""Erasing records from a kept original: their bytes go, their hashes stay, all others stay as they are.

One file is rewritten beside itself and takes its place in one rename. Blocks without an erased record are copied
as they are; a block with one is written anew, with the record's SHA-256 in place of its bytes. Numbers do not move,
and the digests of the blocks still prove every record that stays.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pickglass.lake.originals import (
    _COUNT,
    ERASED,
    Original,
    _block_name,
    _little,
    _Part,
    _Seal,
    original_path,
)

_HASH_BYTES = 32


def record_hashes(original: Original, wanted: Collection[int]) -> dict[int, str]:
    """Give the hex SHA-256 of records by number, also of those that were erased; only their blocks are opened."""
    found: dict[int, str] = {}
    for number, block in enumerate(original._blocks, 1):
        inside = [one for one in wanted if block.first <= one < block.first + block.records]
        if not inside:
            continue
        lengths, ends, content = original._read_block(number)
        for one in inside:
            place = one - block.first
            if lengths[place] == ERASED:
                found[one] = content[ends[place] - _HASH_BYTES : ends[place]].hex()
            else:
                raw = content[ends[place] - lengths[place] : ends[place]]
                found[one] = hashlib.sha256(raw).hexdigest()
    return found


def opened_records(
    folder: Path, key: bytes, raw_file: str, numbers: Iterable[int]
) -> Iterator[tuple[int, bytes]]:
    """Give records of one original by number, in the order of the numbers; those that were erased are left out."""
    with Original(folder, raw_file, key) as original:
        erased = erased_records(original)
        for number in numbers:
            if number not in erased:
                yield number, original.read(number)


def erased_records(original: Original) -> set[int]:
    """Give the numbers of the records that were erased."""
    found: set[int] = set()
    for number, block in enumerate(original._blocks, 1):
        lengths, _, _ = original._read_block(number)
        found.update(place for place, length in enumerate(lengths, block.first) if length == ERASED)
    return found


def erase_records(
    folder: Path,
    raw_file: str,
    key: bytes,
    numbers: Collection[int],
    about: Mapping[str, Any] | None = None,
) -> int:
    """Erase records of one original by number, and return how many had not been erased before.

    `about` takes the place of what the file says of itself, where its name tells too much.
    """
    path = original_path(folder, raw_file)
    with Original(folder, raw_file, key) as original:
        told = dict(original.about if about is None else about)
        part = _Part(path, _Seal(raw_file, key))
        erased = 0
        try:
            for number, block in enumerate(original._blocks, 1):
                inside = {one - block.first for one in numbers if 0 <= one - block.first < block.records}
                erased += _copy_block(original, part, number, inside)
            part.finish(json.dumps(told, ensure_ascii=False, sort_keys=True).encode())
        except BaseException:
            part.abort()
            raise
    return erased


def _copy_block(original: Original, part: _Part, number: int, places: Collection[int]) -> int:
    """Write one block anew, without the bytes of the records at these places."""
    block = original._blocks[number - 1]
    if not places:
        # Its seal is bound to file and number and not to its place in the file, so it can be copied as it is.
        plain = original._read_sealed(block.place, _block_name(number))
        part._blocks.append(block._replace(place=part._place))
        part._write_sealed(plain, _block_name(number))
        part._records += block.records
        return 0
    lengths, ends, content = original._read_block(number)
    stored: list[bytes] = []
    written: list[int] = []
    erased = 0
    for place, (length, end) in enumerate(zip(lengths, ends, strict=True)):
        if length == ERASED:
            stored.append(content[end - _HASH_BYTES : end])
            written.append(ERASED)
        elif place in places:
            stored.append(hashlib.sha256(content[end - length : end]).digest())
            written.append(ERASED)
            erased += 1
        else:
            stored.append(content[end - length : end])
            written.append(length)
    head = _COUNT.pack(len(stored)) + _little(array("I", written)).tobytes()
    part._blocks.append(block._replace(place=part._place))
    part._write_sealed(part._compressor.compress(b"".join([head, *stored])), _block_name(number))
    part._records += block.records
    return erased
