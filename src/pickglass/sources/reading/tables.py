"""CSV and its kin: what separates the fields, which file is a table at all, and reading its rows.

A row that does not fit the header is a problem of that row alone. The one thing that could do more harm is a
quote that opens and never closes: it would swallow all rows after it. So a row of several lines that does not
fit is taken apart again: its first line is the problem, the rest is read afresh.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Final

import orjson

from pickglass.sources.reading.encodings import TextFeed
from pickglass.sources.reading.limits import GIB, KIB, MIB, Limits
from pickglass.sources.reading.records import Record

DELIMITERS: Final = (",", ";", "\t", "|")
_BLANK: Final = " \t\r\n\ufeff"
_SEPARATOR_LINE: Final = re.compile(
    r'"?sep=(.)"?\s*$', re.IGNORECASE
)  # Excel's first line, where it writes one
_ROWS = 200  # looked at to judge a file
_BATCH = 512  # lines read at once
_PLAIN_LINE = 64 * KIB  # shorter ones need no thought about limits
# What a column is hardly ever called: times, addresses, numbers, mail, links, key=value pairs, JSON.
_DATA: Final = re.compile(
    r"""\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4} | \d{1,2}:\d{2} | ^[\d.,+\-\s%$€£]*$ | [^\s@]+@[^\s@]+\.\w+ | ://
      | ^[0-9a-f]{8}-[0-9a-f]{4}- | ^[\w.\-]+\s*=\s*\S | ^[{\[<"'!] | ^\#\w{3,} | ^\d+\.\d+\.\d+ """,
    re.VERBOSE | re.IGNORECASE,
)


def find_delimiter(text: str, *, complete: bool) -> str | None:
    """Name the delimiter if the text is a table with a header, None if it is something else."""
    newline = "\r" if "\r" in text and "\n" not in text else "\n"
    lines = [line + newline for line in text.split(newline)]
    if not complete and len(lines) > 1:
        lines.pop()  # cut within
    if not lines:
        return None
    if (told := _SEPARATOR_LINE.match(lines[0])) and told[1] in DELIMITERS:
        return told[1]
    scores = [
        (score, delimiter) for delimiter in DELIMITERS if (score := _fit(lines, delimiter, complete=complete))
    ]
    return max(scores, key=lambda found: found[0])[1] if scores else None


def _fit(lines: Sequence[str], delimiter: str, *, complete: bool) -> tuple[float, int] | None:
    """Score how well the lines are a table with this delimiter: share of rows that fit, then columns."""
    header_line = next((line for line in lines if line.strip(_BLANK)), "")
    if delimiter not in header_line:
        return None
    _raise_field_limit(len(header_line) + 16 * MIB)
    reader = csv.reader(iter(lines), delimiter=delimiter, skipinitialspace=_spaced(header_line, delimiter))
    rows: list[list[str]] = []
    try:
        for row in reader:
            if any(map(str.strip, row)):
                rows.append(row)
            if len(rows) > _ROWS:
                break
    except csv.Error:
        pass
    if not complete and len(rows) > 2 and len(rows) <= _ROWS:
        rows.pop()  # may be cut within quotes
    if not rows:
        return None
    names = column_names(rows[0])
    if not _are_names(rows[0], alone=len(rows) == 1):
        return None
    fitting = sum(_fits(row, len(names)) for row in rows[1:])
    # Two columns are what any sentence with a comma has: then every row must agree.
    needed = 0.5 if len(names) > 2 else 0.9
    share = fitting / (len(rows) - 1) if len(rows) > 1 else 1.0
    return (share, len(names)) if share >= needed else None


def _are_names(header: Sequence[str], *, alone: bool) -> bool:
    names = [stripped for name in header if (stripped := name.strip(_BLANK))]
    longest = 60 if alone else 150
    if len(names) < (3 if alone else 2) or len(names) * 2 < len(header):
        return False
    if alone and any(name.startswith(" ") or name.endswith((".", "!", "?")) for name in header):
        return False  # rather a sentence than a header without rows
    return all(
        len(name) <= longest and any(map(str.isalpha, name)) and not _DATA.search(name) and "\0" not in name
        for name in names
    )


def column_names(header: Sequence[str]) -> list[str]:
    """Name every column; one without a name is called by its place, as `column_3`.

    Of several with one name (Jira gives every label a column of its own) the first keeps it, the next is `Labels (2)`.
    """
    names = [name.strip(_BLANK) or f"column_{place}" for place, name in enumerate(header, 1)]
    taken = set(names)
    seen: Counter[str] = Counter()
    for place, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            while f"{name} ({seen[name]})" in taken:
                seen[name] += 1
            names[place] = f"{name} ({seen[name]})"
            taken.add(names[place])
    return names


def header_line(text: str) -> str | None:
    """Find the line that names the columns; None where the names take several lines."""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if line.strip(_BLANK) and not _SEPARATOR_LINE.match(line):
            return line if line.count('"') % 2 == 0 else None
    return None


def repeated(names: Sequence[str]) -> list[str]:
    """List the column names that occur more than once, so that a value could not be told from another."""
    return sorted(name for name, count in Counter(names).items() if count > 1)


def fits_columns(row: Sequence[str], columns: int) -> bool:
    """Tell whether a row has as many fields as there are columns; empty ones behind them do not count."""
    return _fits(row, columns)


def is_spaced(header: str, delimiter: str) -> bool:
    """Tell whether the file writes a space after each delimiter, which is then not part of the values."""
    return _spaced(header, delimiter)


def _fits(row: Sequence[str], columns: int) -> bool:
    return len(row) == columns or (len(row) > columns and not any(map(str.strip, row[columns:])))


def _spaced(header_line: str, delimiter: str) -> bool:
    """Tell whether the file writes a space after each delimiter, which is then not part of the values."""
    return delimiter != "\t" and header_line.count(delimiter) == header_line.count(delimiter + " ")


class _Lines:
    """Hands physical lines to the csv reader, and takes them back if they did not make a row."""

    def __init__(self, text: TextFeed, limit: int) -> None:
        self._text = text
        self._limit = limit
        self._tail = ""
        self._newline: str | None = None
        self._ready: list[str] = []  # reversed: the next line is the last
        self.taken: list[str] = []  # of the row that is being read
        self.size = 0  # of the row that is being read
        self.asked_in_vain = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self.size > self._limit:
            self.asked_in_vain = True
            raise StopIteration
        while not self._ready:
            if not self._more():
                self.asked_in_vain = True
                raise StopIteration
        line = self._ready.pop()
        self.taken.append(line)
        self.size += len(line)
        return line

    def batch(self, most: int) -> list[str]:
        """Take some whole lines at once, none of which may leave a quote open at the end of them."""
        if not self._ready and not self._more():
            return []
        lines = self._ready[: -most - 1 : -1]
        del self._ready[-len(lines) :]
        while lines and (lines[-1].count('"') % 2 or not lines[-1].endswith(("\n", "\r"))):
            self._ready.append(lines.pop())
        return lines

    def begin(self) -> None:
        """Start a new row."""
        self.taken, self.size, self.asked_in_vain = [], 0, False

    def give_back(self, lines: list[str]) -> None:
        """Put lines back, to be read again."""
        self._ready.extend(reversed(lines))

    def _more(self) -> bool:
        chunk = self._text.read(MIB)
        if self._newline is None and chunk:
            # Old Macintosh files end their lines with a bare carriage return.
            self._newline = "\r" if "\r" in chunk and "\n" not in chunk else "\n"
        if not chunk:
            if self._tail:
                self._ready.append(self._tail)
            self._tail = ""
            return bool(self._ready)
        lines = (self._tail + chunk).split(self._newline)
        self._tail = lines.pop()
        if len(self._tail) > self._limit:
            # One line beyond all limits: let go of it as it is; its parts are problems one by one.
            lines.append(self._tail)
            self._tail = ""
        newline = self._newline or "\n"
        self._ready = [line + newline for line in reversed(lines)]
        return True


def csv_header(text: TextFeed, delimiter: str, limits: Limits) -> list[str]:
    """Read the names of the columns."""
    return _Table(text, delimiter, limits).names


def csv_records(text: TextFeed, delimiter: str, limits: Limits) -> Iterator[Record]:
    """Read each row below the header as one record."""
    return _Table(text, delimiter, limits).records()


class _Table:
    def __init__(self, text: TextFeed, delimiter: str, limits: Limits) -> None:
        _raise_field_limit(limits.record_bytes * 2)
        self._text = text
        self._limits = limits
        self._lines = _Lines(text, limits.record_bytes)
        self._delimiter = delimiter
        self._budget = GIB  # of text that may be read a second time; grows with what has been read
        self._told = False  # that the text is damaged
        self.names: list[str] = []
        for line in self._lines:
            if line.strip(_BLANK) and not _SEPARATOR_LINE.match(line):
                self._lines.give_back([line])
                self._spaced = _spaced(line, delimiter)
                break
            self._lines.begin()
        else:
            return
        self._lines.begin()
        try:
            self.names = column_names(next(self._reader(self._lines), []))
        except csv.Error:
            self.names = []

    def _reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self._delimiter, skipinitialspace=self._spaced)

    def records(self) -> Iterator[Record]:
        """Read each row, many at a time where every line is a row, else one by one."""
        slowly = 0
        while self.names:
            if not slowly:
                batch = self._lines.batch(_BATCH)
                if batch and (found := self._batch_records(batch)) is not None:
                    yield from found
                    continue
                self._lines.give_back(batch)
                slowly = _BATCH
            slowly -= 1
            if not (yield from self._row()):
                break
        if self._text.damage and not self._told:
            yield Record(b"", b"", self._text.damage)

    def _batch_records(self, lines: list[str]) -> list[Record] | None:
        """Read lines that are a row each, or return None if some are not."""
        try:
            rows = list(self._reader(lines))
        except csv.Error:
            return None
        # Every row takes at least one line, so as many rows as lines means one line each. Only the last could
        # have an open quote then; `batch` has seen to it that it has not.
        if len(rows) != len(lines):
            return None
        self._budget += 8 * sum(map(len, lines))
        return self._plain_records(lines, rows) or [
            record for line, row in zip(lines, rows, strict=True) for record in self._record(line, row, "")
        ]

    def _plain_records(self, lines: list[str], rows: list[list[str]]) -> list[Record] | None:
        """Make the records of rows without any oddity; None if there is one."""
        names, columns = self.names, len(self.names)
        if set(map(len, rows)) != {columns} or max(map(len, lines)) > _PLAIN_LINE:
            return None
        text = "".join(lines)
        if "\0" in text or not all(any(map(str.strip, row)) for row in rows):
            return None
        dumps, newline = orjson.dumps, orjson.OPT_APPEND_NEWLINE
        try:
            made = [
                dumps({name: value for name, value in zip(names, row, strict=True) if value}, None, newline)
                for row in rows
            ]
        except TypeError:  # orjson's word for the surrogates that stand for foreign bytes
            return None
        # Joined and split again, because what orjson returns occupies far more memory than it is long.
        encode = self._text.encode
        raws = [encode(line.rstrip("\r\n")) for line in lines]
        return list(map(Record, b"".join(made).split(b"\n"), raws))

    def _row(self) -> Generator[Record, None, bool]:
        """Read one row, of as many lines as it has; return whether there may be more."""
        lines = self._lines
        lines.begin()
        reason = ""
        try:
            row = next(self._reader(lines), None)
        except csv.Error as error:
            row, reason = [], str(error)
        if row is None and not lines.taken:
            return False
        unclosed = lines.asked_in_vain and not reason
        cut = bool(self._text.damage) and not lines.taken[-1].endswith(("\n", "\r"))
        misfit = row is None or bool(reason) or unclosed or not _fits(row, len(self.names))
        if misfit and len(lines.taken) > 1 and lines.size < self._budget:
            self._budget -= lines.size
            lines.give_back(lines.taken[1:])
            lines.taken = lines.taken[:1]
            unclosed, cut = True, False
        if unclosed:
            reason = "a quote opens and does not close in this row"
        if cut:
            reason, self._told = self._text.damage, True
        text = "".join(lines.taken)
        self._budget += 8 * len(text)
        yield from self._record(text, row or [], reason)
        return not cut

    def _record(self, text: str, row: list[str], reason: str) -> Iterator[Record]:
        if not reason and not any(map(str.strip, row)):
            return  # blank, or nothing but delimiters
        raw = self._text.encode(text.rstrip("\r\n"))
        if len(raw) > self._limits.record_bytes:
            reason = f"record is longer than {self._limits.record_bytes:,} bytes; its beginning is kept"
            raw = raw[: self._limits.kept_bytes]
        elif not reason and not _fits(row, len(self.names)):
            reason = f"{len(row)} fields, header has {len(self.names)}"
        elif not reason and "\0" in text:
            reason = "contains NUL characters"
        if reason:
            yield Record(b"", raw, reason)
            return
        try:
            yield Record(json_row(self.names, row), raw)
        except TypeError:  # orjson's word for the surrogates that stand for foreign bytes
            yield Record(b"", raw, f"not {self._text.encoding.upper()}")


def json_row(names: Sequence[str], row: Sequence[str]) -> bytes:
    """Write a row as a JSON object of texts; what is empty is left out, which reads as null."""
    made = orjson.dumps({name: value for name, value in zip_longest(names, row) if name and value})
    return bytes(memoryview(made))  # a copy: what orjson returns occupies far more memory than it is long


def _raise_field_limit(limit: int) -> None:
    # The csv module has one limit for the whole process; we only ever raise it, to our own bound of a record.
    if csv.field_size_limit() < limit:
        csv.field_size_limit(limit)
