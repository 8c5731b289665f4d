"""JSON lines: cut, never parsed. This is the path that most bytes take.

Whether a line is valid JSON is for the engine to find out; here a line only has to be UTF-8, to begin with a
brace, and to have an end within reason. One that is not becomes a problem of its own, and the next line is
read as if nothing had happened. Blanks in front of a line and carriage returns behind it do not belong to the
record; blank lines are no records.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter
from typing import Final

from pickglass.model.lines import Lines, chained
from pickglass.sources.reading.content import Feed
from pickglass.sources.reading.encodings import TextFeed
from pickglass.sources.reading.limits import MIB, Limits
from pickglass.sources.reading.records import Block, Record, pack

_PIECE: Final = 4 * MIB  # read at a time: larger is slower, it leaves the processor's cache
_FIRST: Final = itemgetter(0)
_BRACE: Final = ord("{")
_NOT_AN_OBJECT: Final = "not a JSON object"
_NOT_UTF8: Final = "not UTF-8"
_MARK: Final = b"\xef\xbb\xbf"


def line_blocks(feed: Feed, block_bytes: int, limits: Limits) -> Iterator[Block]:
    """Cut UTF-8 text into lines, a block at a time, at the speed of memory."""
    block, size = Block(1, [], [], {}), 0
    for piece, piece_size in _pieces(feed, min(block_bytes, _PIECE), limits):
        block = _joined(block, piece) if block.lines else replace(piece, first=block.first)
        size += piece_size
        if size >= block_bytes:
            yield block
            block, size = Block(block.first + len(block.lines), [], [], {}), 0
    if block.lines:
        yield block


def _joined(block: Block, piece: Block) -> Block:
    place = len(block.lines)
    problems = block.problems | {place + n: reason for n, reason in piece.problems.items()}
    lines = chained([block.lines, piece.lines])
    same = block.lines is block.raws and piece.lines is piece.raws
    raws = lines if same else chained([block.raws, piece.raws])
    return Block(block.first, lines, raws, problems)


def _pieces(feed: Feed, size: int, limits: Limits) -> Iterator[tuple[Block, int]]:
    """Yield the lines of each reading and how many bytes it was; every block says that it is first."""
    tail, begun = b"", False
    while True:
        data = feed.read(max(size, len(tail)))
        if not begun:
            data, begun = data.removeprefix(_MARK), True
        ended = not data
        if tail:
            data = tail + data
        uncut = None if ended else _uncut(data, limits)
        if uncut is not None:
            tail = data[uncut[-1] + 1 :]
            plain = Lines([(data, uncut)])
            block = Block(1, plain, plain, {})
        else:
            lines = data.split(b"\n")
            tail = b"" if ended else lines.pop()
            block = _block(lines, data, limits)
        if ended and feed.damage:
            # A line that was cut off is that record; one that is too long has its own reason already.
            beyond = block.problems.get(len(block.lines) - 1) == _too_long(limits)
            block = _with_damage(block, feed.damage, b"" if beyond else None)
        if len(tail) > limits.record_bytes and len(tail := tail.lstrip()) > limits.record_bytes:
            # The line is given up, and its end searched without keeping what comes before it.
            block = _with_damage(block, _too_long(limits), tail[: limits.kept_bytes])
            tail = _after_newline(feed)
        if block.lines:
            yield block, len(data)
        if ended:
            return


def _uncut(data: bytes, limits: Limits) -> list[int] | None:
    """Find the newlines of a text in which every line is a record as it stands; None if one may not be.

    Each begins with a brace (so none is blank), none ends in a carriage return, all are UTF-8 and none is too long.
    """
    if data.find(b"\r") >= 0:
        return None
    places: list[int] = []
    start = 0
    find, found = data.find, places.append  # looked up once: the loop goes round for every record
    while (end := find(b"\n", start)) >= 0:
        if data[start] != _BRACE or end - start > limits.record_bytes:
            return None
        found(end)
        start = end + 1
    if not places or not (data.isascii() or _is_utf8(data[:start])):
        return None
    return places


def _block(lines: list[bytes], data: bytes, limits: Limits) -> Block:
    if lines and not lines[-1]:
        lines.pop()
    problems: dict[int, str] = {}
    # All checks are one pass in C over the lines. Nearly always they say that nothing is special: every line
    # begins with a brace (so none is blank), none ends in a carriage return.
    try:
        plain = bytes(map(_FIRST, lines)).count(b"{") == len(lines) and data.find(b"\r") < 0
    except IndexError:
        plain = False
    if not plain:
        lines = [line for line in map(bytes.lstrip, lines) if line]
        problems = {n: _NOT_AN_OBJECT for n, line in enumerate(lines) if not line.startswith(b"{")}
    long: list[int] = []
    if len(data) > limits.record_bytes:
        long = [n for n, line in enumerate(lines) if len(line) > limits.record_bytes]
    if not data.isascii():
        problems |= {n: _NOT_UTF8 for n, line in enumerate(lines) if not _is_utf8(line)}
    problems |= dict.fromkeys(long, _too_long(limits))
    if not plain:
        lines = [line.rstrip(b"\r") for line in lines]
    if not problems:
        return Block(1, lines, lines, problems)
    raws, lines = lines, lines.copy()
    for n in problems:
        lines[n] = b""
    for n in long:
        raws[n] = raws[n][: limits.kept_bytes]
    return Block(1, lines, raws, problems)


def _with_damage(block: Block, reason: str, raw: bytes | None = None) -> Block:
    """Add a problem record at the end; without `raw` the last record is the one that was cut off."""
    lines, raws = list(block.lines), list(block.raws)
    if raw is None and lines:
        lines[-1] = b""
    else:
        lines.append(b"")
        raws.append(raw or b"")
    return Block(1, lines, raws, {**block.problems, len(lines) - 1: reason})


def _after_newline(feed: Feed) -> bytes:
    while data := feed.read(MIB):
        cut = data.find(b"\n")
        if cut >= 0:
            return data[cut + 1 :]
    return b""


def _too_long(limits: Limits) -> str:
    return f"record is longer than {limits.record_bytes:,} bytes; its first {limits.kept_bytes:,} are kept"


def _is_utf8(line: bytes) -> bool:
    if line.isascii():
        return True
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def other_line_blocks(text: TextFeed, block_bytes: int, limits: Limits) -> Iterator[Block]:
    """Cut JSON lines in another encoding than UTF-8: lines become UTF-8, raws are as in the file."""
    return pack(_json_lines(text, limits), block_bytes)


def _json_lines(text: TextFeed, limits: Limits) -> Iterator[Record]:
    for line, whole in text_lines(text, limits):
        raw = text.encode(line)
        if not whole:
            yield Record(b"", raw, _too_long(limits))
        elif not line.startswith("{"):
            yield Record(b"", raw, _NOT_AN_OBJECT)
        else:
            try:
                yield Record(line.encode(), raw)
            except UnicodeEncodeError:
                yield Record(b"", raw, f"not {text.encoding.upper()}")
    if text.damage:
        yield Record(b"", b"", text.damage)


def text_lines(text: TextFeed, limits: Limits) -> Iterator[tuple[str, bool]]:
    """Yield each non-blank line, stripped; False beside the beginning of one that is too long."""
    tail, skipping = "", False
    while chunk := text.read(MIB):
        *lines, tail = (tail + chunk).split("\n")
        for line in lines:
            if skipping:
                skipping = False
            elif line := line.strip():
                whole = len(line) <= limits.record_bytes
                yield (line if whole else line[: limits.kept_bytes]), whole
        if len(tail) > limits.record_bytes:
            tail = tail.lstrip()
        if skipping or len(tail) > limits.record_bytes:
            if not skipping:
                yield tail[: limits.kept_bytes], False
            tail, skipping = "", True
    if not skipping and (line := tail.strip()):
        yield line, True
