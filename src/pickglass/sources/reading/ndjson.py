"""JSON lines: cut, never parsed. This is the path that most bytes take.

Whether a line is valid JSON is for the engine to find out; here a line only has to be UTF-8, to begin with a
brace, and to have an end within reason. One that is not becomes a problem of its own, and the next line is
read as if nothing had happened. Lines are stripped of blanks around them; empty ones are no records.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from pickglass.sources.reading.content import Feed
from pickglass.sources.reading.encodings import TextFeed
from pickglass.sources.reading.limits import KEPT_BYTES, KIB, MIB, Limits
from pickglass.sources.reading.records import Block, Record, pack

_NOT_AN_OBJECT = "not a JSON object"
_NOT_UTF8 = "not UTF-8"
_MARK = b"\xef\xbb\xbf"


def line_blocks(feed: Feed, block_bytes: int, limits: Limits) -> Iterator[Block]:
    """Cut UTF-8 text into lines, a block at a time, at the speed of memory."""
    first, tail, begun = 1, b"", False
    while True:
        data = feed.read(max(block_bytes - len(tail), len(tail), 64 * KIB))
        if not begun:
            data, begun = data.removeprefix(_MARK), True
        ended = not data
        if tail:
            data = tail + data
        lines = data.split(b"\n")
        tail = b"" if ended else lines.pop()
        block = _block(first, data, lines, len(data) - len(tail), limits)
        if ended and feed.damage:
            block = _with_damage(block, first, feed.damage)
        if len(tail) > limits.record_bytes:
            # The line is given up, and its end searched without keeping what comes before it.
            block = _with_damage(block, first, _too_long(limits), tail[:KEPT_BYTES])
            tail = _after_newline(feed)
        if block is not None:
            first += len(block.lines)
            yield block
        if ended:
            return


def _block(first: int, data: bytes, lines: list[bytes], size: int, limits: Limits) -> Block | None:
    if lines and not lines[-1]:
        lines.pop()
    if not lines:
        return None
    raws = lines
    # Three searches at memory speed tell that nothing is special about any line: all begin with a brace (so
    # none is blank), none ends in a carriage return.
    plain = (
        data.count(b"\n{", 0, size) + data.startswith(b"{") == len(lines) and data.find(b"\r", 0, size) < 0
    )
    if not plain:
        raws = lines = [line for line in map(bytes.strip, lines) if line]
        if not lines:
            return None
    problems: dict[int, str] = {}
    if not plain:
        problems = {n: _NOT_AN_OBJECT for n, line in enumerate(lines) if not line.startswith(b"{")}
    if size > limits.record_bytes:
        problems |= {n: _too_long(limits) for n, line in enumerate(lines) if len(line) > limits.record_bytes}
    if not _is_utf8(data, final=False):  # the tail may end within a character
        problems |= {n: _NOT_UTF8 for n, line in enumerate(lines) if not _is_utf8(line)}
    if problems:
        lines = lines.copy()
        for n, reason in problems.items():
            lines[n] = b""
            if reason == _too_long(limits):
                raws[n] = raws[n][:KEPT_BYTES]
    return Block(first, lines, raws, problems)


def _with_damage(block: Block | None, first: int, reason: str, raw: bytes | None = None) -> Block:
    """Add a problem record at the end; without `raw` the last record is the one that was cut off."""
    block = block or Block(first, [], [], {})
    lines, raws, problems = block.lines.copy(), block.raws.copy(), dict(block.problems)
    if raw is None and lines:
        lines[-1] = b""
    else:
        lines.append(b"")
        raws.append(raw or b"")
    problems[len(lines) - 1] = reason
    return Block(first, lines, raws, problems)


def _after_newline(feed: Feed) -> bytes:
    while data := feed.read(MIB):
        cut = data.find(b"\n")
        if cut >= 0:
            return data[cut + 1 :]
    return b""


def _too_long(limits: Limits) -> str:
    return f"record is longer than {limits.record_bytes:,} bytes; its first {KEPT_BYTES:,} are kept"


def _is_utf8(data: bytes, *, final: bool = True) -> bool:
    if data.isascii():
        return True
    try:
        codecs.utf_8_decode(data, "strict", final)
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
                yield (line if whole else line[:KEPT_BYTES]), whole
        if skipping or len(tail) > limits.record_bytes:
            if not skipping:
                yield tail[:KEPT_BYTES], False
            tail, skipping = "", True
    if not skipping and (line := tail.strip()):
        yield line, True
