"""JSON documents: arrays, pages, lone objects, objects in a row, read through a window that grows.

Only the record at hand is in memory. A record's own bytes are its stretch of the file, and its line is that
stretch without line breaks: JSON forbids raw line breaks within strings, so each one, with the indentation
around it, may be taken out and nothing changes, not a digit of a number and not an odd escape.

Where the syntax breaks, nobody can say where the next record begins: what came before is kept, and the rest
is one problem record with the place. A record that is too large or nested too deeply can be stepped over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from pickglass.sources.reading.encodings import TextFeed
from pickglass.sources.reading.limits import KIB, Limits
from pickglass.sources.reading.records import Record

_BLANK: Final = re.compile(r"[ \t\r\n\ufeff]*")
_STRUCTURE: Final = re.compile(r'["{}\[\]]')
_STRING_STOP: Final = re.compile(r'["\\]')
_SCALAR_STOP: Final = re.compile(r"[,\]}\s]")
_EDGE = 16  # no token but a string is longer, so an error nearer to the window's end may be the window's


class _Broken(Exception):
    """The syntax breaks at a place of the window, or the text ends there."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message, at)
        self.message = message
        self.at = at


class _TooLarge(Exception):
    pass


class _TooDeep(Exception):
    pass


class _Window:
    """The part of the text that is in memory, and a place in it."""

    def __init__(self, source: TextFeed, limits: Limits, step: int) -> None:
        self.text = ""
        self.at = 0
        self.mark: int | None = None  # text from here on is kept although `at` is further
        self.given_up = ""  # the beginning of what was marked, once it became too much to keep
        self.constants: list[str] = []  # NaN and its kin, met since somebody last looked
        self.exhausted = False
        self.limit = limits.record_bytes
        self.keep = limits.kept_bytes
        self.step = step
        self._source = source
        self._lines_before = 0
        self._columns_before = 0
        # Numbers stay text: nothing here needs their value, and a number of a million digits costs nothing.
        self._decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=self.constants.append)

    def more(self) -> bool:
        """Read on, letting go of what lies behind; tell whether there was more."""
        if self.mark is not None and self.at - self.mark > self.limit:
            self.given_up = self.text[self.mark : self.mark + self.keep]
            self.mark = None
        kept = self.at if self.mark is None else self.mark
        missing = max(self.step, len(self.text) - kept)  # doubles a window that is too small for its record
        new = self._source.read(missing)
        if not new:
            self.exhausted = True
            return False
        lines = self.text.count("\n", 0, kept)
        self._lines_before += lines
        self._columns_before = (
            kept - self.text.rfind("\n", 0, kept) - 1 if lines else self._columns_before + kept
        )
        self.text = self.text[kept:] + new
        self.at -= kept
        if self.mark is not None:
            self.mark -= kept
        return True

    def release(self) -> int | None:
        """Stop keeping text; return where it was kept from, or None if it became too much."""
        mark, self.mark = self.mark, None
        return mark

    def place(self, at: int) -> str:
        """Say where in the file a place of the window is."""
        lines = self.text.count("\n", 0, at)
        column = at - self.text.rfind("\n", 0, at) if lines else self._columns_before + at + 1
        return f"line {self._lines_before + lines + 1}, column {column}"

    def peek(self) -> str:
        """Return the next character that is not blank without taking it, or nothing at the end."""
        while True:
            blank = _BLANK.match(self.text, self.at)
            self.at = blank.end() if blank else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def expect(self, wanted: str) -> str:
        """Take the next character, which must be one of those wanted."""
        found = self.peek()
        if not found:
            raise _Broken("the text ends", self.at)
        if found not in wanted:
            raise _Broken(f"Expecting {' or '.join(repr(letter) for letter in wanted)}", self.at)
        self.at += 1
        return found

    def string(self) -> str:
        """Take a string, such as a key."""
        found = self.peek()
        if not found:
            raise _Broken("the text ends", self.at)
        if found != '"':
            raise _Broken("Expecting property name enclosed in double quotes", self.at)
        value: str = self.value()[0]
        return value

    def value(self, *, grow: bool = True) -> tuple[Any, int, int]:
        """Take one value; return it and where it is. Raises _TooLarge with the place unchanged."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self.text, self.at)
            except RecursionError as error:
                raise _TooDeep from error
            except json.JSONDecodeError as error:
                near = error.msg.startswith("Unterminated string") or error.pos > len(self.text) - _EDGE
                if self.exhausted or not near:
                    ends = self.exhausted and near
                    raise _Broken("the text ends" if ends else error.msg, error.pos) from error
            else:
                if end < len(self.text) or self.exhausted or not isinstance(value, str):
                    start, self.at = self.at, end
                    if end - start > self.limit:
                        self.at = start
                        raise _TooLarge
                    return value, start, end
            if not grow or len(self.text) - self.at > self.limit:
                raise _TooLarge
            self.more()

    def step_over(self) -> str:
        """Take one value of any size and depth by its brackets and quotes alone; return its beginning."""
        stop = {"{": _STRUCTURE, "[": _STRUCTURE, '"': _STRUCTURE}.get(self.peek(), _SCALAR_STOP)
        kept, start, depth = "", self.at, 0
        while True:
            found = stop.search(self.text, self.at)
            if found is None or (found[0] == "\\" and found.end() == len(self.text)):
                self.at = len(self.text) if found is None else found.start()
                kept = (kept + self.text[start : min(self.at, start + self.keep)])[: self.keep]
                if not self.more():
                    raise _Broken("the text ends", self.at)
                start = self.at
                continue
            self.at = found.end()
            if found[0] == "\\":
                self.at += 1
            elif stop is _SCALAR_STOP:
                self.at = found.start()
            elif found[0] == '"':
                stop = _STRUCTURE if stop is _STRING_STOP else _STRING_STOP
            else:
                depth += 1 if found[0] in "{[" else -1
            if depth <= 0 and stop is not _STRING_STOP:
                return (kept + self.text[start : min(self.at, start + self.keep)])[: self.keep]


def document_records(
    source: TextFeed, records_paths: Sequence[str], limits: Limits, step: int = 256 * KIB
) -> Iterator[Record]:
    """Read the records of a JSON text in order.

    Elements of an array at the top are records. So are the elements of the arrays that an object at the top, or in
    an array at the top (the pages of an API, collected), has at any of `records_paths`; an object that has none of
    them is a record itself.
    """
    return _Document(source, records_paths, limits, step).records()


class _Document:
    def __init__(self, source: TextFeed, records_paths: Sequence[str], limits: Limits, step: int) -> None:
        self._source = source
        self._limits = limits
        self._paths = {tuple(path.split(".")) for path in records_paths}
        self._inner = {path[:length] for path in self._paths for length in range(1, len(path))}
        self._window = _Window(source, limits, step)
        self._hit = False
        self._paged = False  # a page was met in the array at the top

    def records(self) -> Iterator[Record]:
        window = self._window
        try:
            while letter := window.peek():
                if letter == "[":
                    yield from self._array(top=True)
                else:
                    yield from self._element(top=True)
        except _Broken as broken:
            reason = (
                f"JSON breaks off at {window.place(broken.at)}: {broken.message}; the rest cannot be read"
            )
            start = window.at if window.mark is None else window.mark
            rest = window.text[min(start, broken.at) :][: window.keep]
            yield Record(b"", self._source.encode(rest), self._source.damage or reason)
        else:
            if self._source.damage:
                yield Record(b"", b"", self._source.damage)

    def _array(self, *, top: bool) -> Iterator[Record]:
        window = self._window
        window.expect("[")
        if window.peek() == "]":
            window.at += 1
            return
        while True:
            window.peek()
            yield from self._element(top=top, listed=True)
            if window.expect(",]") == "]":
                return

    def _element(self, *, top: bool, listed: bool = False) -> Iterator[Record]:
        """Read the value at hand: a record, a page of records, or a problem."""
        window = self._window
        # A page may be larger than any record, so it is walked through unless it is in the window already.
        page = top and bool(self._paths) and window.peek() == "{"
        window.constants.clear()
        try:
            value, start, end = window.value(grow=not page)
        except _TooDeep:
            yield self._stepped_over("nested too deeply")
        except _TooLarge:
            if page:
                yield from self._page()
            else:
                yield self._stepped_over(self._too_long())
        else:
            if not isinstance(value, dict):
                yield Record(b"", self._source.encode(window.text[start:end]), "not a JSON object")
            elif page and self._is_page(value, listed=listed):
                window.at = start
                yield from self._page()
            else:
                yield self._record(window.text[start:end])

    def _is_page(self, value: dict[str, Any], *, listed: bool) -> bool:
        """Say whether an object holds records; in a list, one of plain values or of none may be a record's own."""
        found = [at for path in self._paths if isinstance(at := look_up(value, path), list)]
        if not listed:
            return bool(found)
        self._paged = self._paged or any(at and isinstance(at[0], dict) for at in found)
        return self._paged and bool(found)

    def _record(self, text: str) -> Record:
        constants = self._window.constants
        line = _on_one_line(text)
        try:
            encoded = line.encode()
        except UnicodeEncodeError:  # the surrogates that stand for foreign bytes
            return Record(b"", self._source.encode(text), f"not {self._source.encoding.upper()}")
        raw = encoded if line is text and self._source.encoding == "utf-8" else self._source.encode(text)
        if constants:
            return Record(b"", raw, f"{constants[0]} is not JSON")
        return Record(encoded, raw)

    def _too_long(self) -> str:
        return f"record is longer than {self._window.limit:,} bytes"

    def _stepped_over(self, reason: str) -> Record:
        return Record(b"", self._source.encode(self._window.step_over()), reason)

    def _page(self) -> Iterator[Record]:
        """Walk through an object that may hold records, of any size."""
        window = self._window
        window.mark, self._hit = window.at, False
        window.constants.clear()
        yield from self._walk(())
        mark = window.release()
        if self._hit:
            return
        if mark is None or window.at - mark > window.limit:
            text = window.given_up if mark is None else window.text[mark : mark + window.keep]
            yield Record(
                b"", self._source.encode(text), self._too_long() + ", and no records are where they should be"
            )
        else:
            yield self._record(window.text[mark : window.at])

    def _walk(self, prefix: tuple[str, ...]) -> Iterator[Record]:
        window = self._window
        window.expect("{")
        if window.peek() == "}":
            window.at += 1
            return
        while True:
            path = (*prefix, window.string())
            window.expect(":")
            letter = window.peek()
            if letter == "[" and path in self._paths:
                self._hit, window.mark = True, None
                yield from self._array(top=False)
            elif letter == "{" and path in self._inner:
                yield from self._walk(path)
            else:
                self._pass_over()
            if window.expect(",}") == "}":
                return

    def _pass_over(self) -> None:
        """Take a value of a page that is no record."""
        try:
            self._window.value()
        except (_TooDeep, _TooLarge):
            self._window.step_over()


def _on_one_line(text: str) -> str:
    """Take out line breaks and the blanks around them; only valid JSON may come in."""
    if "\r" in text:
        text = text.replace("\r", "\n")
    # Not splitlines(): it also breaks at characters that may stand within strings.
    return "".join([line.strip(" \t") for line in text.split("\n")]) if "\n" in text else text


def look_up(value: Any, path: tuple[str, ...]) -> Any:
    """Follow a path of keys into nested objects; None where it does not lead anywhere."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
