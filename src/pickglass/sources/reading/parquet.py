"""Parquet files: each row read as one JSON record, a bounded batch of rows at a time.

A Parquet file can be a bomb in ways that other forms cannot: a text that is written once stands for millions of
rows, and a footer may promise more than is there. So texts stay in their dictionaries until one row is written,
footers have limits, and what comes out is weighed against what went in.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson

from pickglass.sources.reading.content import (
    Content,
    Feed,
    FilePart,
    HeldPart,
    Refused,
    os_reason,
    set_aside,
)
from pickglass.sources.reading.footers import BadFooter, read_footer
from pickglass.sources.reading.limits import MIB, Limits
from pickglass.sources.reading.records import Record

_ROWS: Final = 512  # of a batch
_COLUMNS: Final = 5_000
_DEPTH: Final = 40  # of a column's path; nested lists of structures take three steps each
_FOOTER_TEXT: Final = 64 * MIB
_FOOTER_ITEMS: Final = 100_000  # of one list in the footer: row groups, columns, pairs of metadata
_VALUES: Final = 1 << 28  # of one column in one row group
_SHARED_TEXT: Final = 64 * MIB  # of a column whose texts are written as what differs from the text before
_CAREFUL: Final = 256 * MIB  # what a batch may come to before each row is weighed


class BadParquet(Exception):
    """A Parquet file that cannot be read, or not safely."""


class _TooLong(Exception):
    pass


@contextmanager
def _opened(content: Content, limits: Limits) -> Iterator[Any]:
    """Open a file with its texts in dictionaries. Raises BadParquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    part = _seekable(content, limits)
    faults = (pa.ArrowException, OSError, ValueError, TypeError, LookupError, OverflowError)
    bounds: dict[str, Any] = {
        "thrift_string_size_limit": _FOOTER_TEXT,
        "thrift_container_size_limit": _FOOTER_ITEMS,
        "pre_buffer": False,
        "buffer_size": MIB,
        "coerce_int96_timestamp_unit": "us",
    }
    try:
        with part.open() as raw:
            _check(raw)
            try:
                plain = pq.ParquetFile(raw, **bounds)
                texts = [
                    plain.schema.column(place).path
                    for place in range(len(plain.schema))
                    if plain.schema.column(place).physical_type == "BYTE_ARRAY"
                ]
                file = pq.ParquetFile(raw, metadata=plain.metadata, read_dictionary=texts, **bounds)
            except faults as error:
                raise BadParquet(f"not a readable Parquet file ({_short(error)})") from error
            yield file
    except OSError as error:
        raise BadParquet(os_reason(error)) from error


def _seekable(content: Content, limits: Limits) -> FilePart | HeldPart:
    if isinstance(content, FilePart | HeldPart):
        return content
    feed = Feed(content)
    try:
        part = set_aside(feed, limits.member_bytes, None)
    except Refused as error:
        raise BadParquet(error.reason) from error
    except OSError as error:
        raise BadParquet(f"no room to set it aside ({os_reason(error)})") from error
    finally:
        feed.close()
    if feed.damage:
        raise BadParquet(feed.damage)
    return part


def _check(raw: io.RawIOBase) -> None:
    try:
        footer = read_footer(raw)
    except BadFooter as error:
        raise BadParquet(f"not a readable Parquet file ({str(error) or 'its footer is broken'})") from error
    if footer.columns > _COLUMNS:
        raise BadParquet(f"more than {_COLUMNS:,} columns")
    if footer.depth > _DEPTH:
        raise BadParquet(f"columns nested more than {_DEPTH} levels deep")
    if footer.most_values > _VALUES:
        raise BadParquet(f"a group of rows has more than {_VALUES:,} values in one column")
    if footer.shared_text > _SHARED_TEXT:
        raise BadParquet("texts that are written as differences take too much to be read safely")


def parquet_header(content: Content, limits: Limits) -> list[str]:
    """Read the names of the columns. Raises BadParquet."""
    with _opened(content, limits) as file:
        return list(file.schema_arrow.names)


def parquet_records(content: Content, limits: Limits) -> Iterator[Record]:
    """Read each row as one record; its raw is its JSON line. What is null is left out."""
    try:
        with _opened(content, limits) as file:
            yield from _records(file, _size(content), limits)
    except BadParquet as error:
        yield Record(b"", b"", str(error))


def _records(file: Any, size: int, limits: Limits) -> Iterator[Record]:
    import pyarrow as pa

    # JSON repeats the names of the columns in every row, Parquet does not: they do not count as what came out.
    names = sum(len(file.schema.column(place).path) + 6 for place in range(len(file.schema)))
    made, allowed, rows = 0, limits.allowance(size), 0
    batches = file.iter_batches(batch_size=_ROWS, use_threads=False)
    while True:
        try:
            batch = next(batches, None)
        except (pa.ArrowException, OSError, ValueError, TypeError, LookupError, OverflowError) as error:
            raise BadParquet(f"the file cannot be read further ({_short(error)})") from error
        if batch is None:
            break
        rows += batch.num_rows
        for record in _batch_records(batch, limits):
            made += max(len(record.raw) - names, 16)
            if made > allowed:
                raise BadParquet(f"decompresses to more than {limits.ratio} times its size")
            yield record
    if rows != file.metadata.num_rows:
        raise BadParquet(f"it says that it has {file.metadata.num_rows:,} rows, {rows:,} could be read")


def _batch_records(batch: Any, limits: Limits) -> Iterator[Record]:
    """Write the rows of a batch; where one value stops the batch, only its row is lost."""
    import pyarrow as pa

    reader = _Reader(limits.record_bytes)
    names = batch.schema.names
    try:
        columns = [reader.values(column) for column in batch.columns]
    except (pa.ArrowException, ValueError, OverflowError, TypeError, LookupError) as error:
        if batch.num_rows == 1:
            yield Record(b"", b"", f"a value cannot be read ({_short(error)})")
            return
        for place in range(batch.num_rows):
            yield from _batch_records(batch.slice(place, 1), limits)
        return
    careful = reader.bound > _CAREFUL
    # A file without columns still has rows.
    rows = zip(*columns, strict=True) if columns else iter([()] * batch.num_rows)
    for row in rows:
        record = {name: value for name, value in zip(names, row, strict=True) if value is not None}
        try:
            if careful:
                _weigh(record, limits.record_bytes)
            line = bytes(memoryview(orjson.dumps(record)))
        except _TooLong:
            line = b""
        except (orjson.JSONEncodeError, RecursionError) as error:
            yield Record(b"", b"", f"a row cannot be written as JSON ({_short(error)})")
            continue
        if not line or len(line) > limits.record_bytes:
            reason = f"record is longer than {limits.record_bytes:,} bytes"
            yield Record(b"", line[: limits.kept_bytes], reason)
        else:
            yield Record(line, line)


def _weigh(value: Any, left: int) -> int:
    """Return how much of the allowance is left after a value; raises _TooLong where none is."""
    if isinstance(value, str):
        left -= len(value)
    elif isinstance(value, dict):
        for key, child in value.items():
            left = _weigh(child, left - len(key))
    elif isinstance(value, list):
        for child in value:
            left = _weigh(child, left)
    left -= 4
    if left < 0:
        raise _TooLong
    return left


@dataclass(slots=True)
class _Reader:
    """Turns columns of Arrow into plain values, and remembers how much their texts may come to."""

    longest: int
    bound: int = 0

    def values(self, array: Any) -> list[Any]:
        """Return what JSON writes for each value; null as None, and nothing that only Python knows."""
        import pyarrow as pa

        kind = array.type
        if isinstance(array, pa.ExtensionArray):
            return self.values(array.storage)
        if pa.types.is_struct(kind):
            return self._structs(array)
        if pa.types.is_map(kind):
            return self._maps(array)
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            begin, end = _span(array)
            items = self.values(array.values.slice(begin, end - begin))
            return [None if bounds is None else items[bounds] for bounds in _bounds(array, begin)]
        if pa.types.is_fixed_size_list(kind):
            return [None if row is None else _plain(row) for row in array.to_pylist()]
        if pa.types.is_dictionary(kind):
            texts = self._scalars(array.dictionary)
            self._count(texts, len(array))
            return [None if place is None else _nth(texts, place) for place in array.indices.to_pylist()]
        found = self._scalars(array)
        self._count(found, 1)
        return found

    def _count(self, values: Sequence[Any], times: int) -> None:
        sizes = [len(value) for value in values if isinstance(value, str)]
        self.bound += (max(sizes, default=0) * times) if times > 1 else sum(sizes)

    def _structs(self, array: Any) -> list[Any]:
        names = [array.type.field(place).name for place in range(array.type.num_fields)]
        # flatten() puts the nulls of the structure itself on its fields, and minds the slice.
        children = [self.values(child) for child in array.flatten()]
        there = array.is_valid().to_pylist()
        rows = zip(*children, strict=True) if children else iter([()] * len(array))
        return [
            {name: value for name, value in zip(names, row, strict=True) if value is not None}
            if valid
            else None
            for valid, row in zip(there, rows, strict=True)
        ]

    def _maps(self, array: Any) -> list[Any]:
        begin, end = _span(array)
        keys = self.values(array.keys.slice(begin, end - begin))
        items = self.values(array.items.slice(begin, end - begin))
        return [
            None
            if bounds is None
            else {str(key): item for key, item in zip(keys[bounds], items[bounds], strict=True)}
            for bounds in _bounds(array, begin)
        ]

    def _scalars(self, array: Any) -> list[Any]:
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = array.type
        if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
            return list(array.to_pylist())
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            try:
                return list(array.to_pylist())
            except UnicodeDecodeError:
                return [_plain(value) for value in array.cast(pa.binary()).to_pylist()]
        if pa.types.is_floating(kind):
            return [_number(value) for value in array.to_pylist()]
        if pa.types.is_timestamp(kind):
            zone = "UTC" if kind.tz else None
            texts = pc.cast(pc.cast(array, pa.timestamp("us", zone), safe=kind.unit != "ns"), pa.string())
            return [text and text.replace(" ", "T", 1) for text in texts.to_pylist()]
        if pa.types.is_date(kind) or pa.types.is_time(kind) or pa.types.is_decimal(kind):
            return list(pc.cast(array, pa.string()).to_pylist())
        if pa.types.is_duration(kind):
            return list(pc.cast(array, pa.int64()).to_pylist())
        return [_plain(value) for value in array.to_pylist()]


def _span(array: Any) -> tuple[int, int]:
    """Tell which of the items below belong to this slice of the lists at all."""
    offsets = array.offsets
    return (offsets[0].as_py(), offsets[len(offsets) - 1].as_py()) if len(array) else (0, 0)


def _bounds(array: Any, begin: int) -> Iterator[slice | None]:
    """Tell for each list which of the items are its own, or None where there is no list."""
    offsets, there = array.offsets.to_pylist(), array.is_valid().to_pylist()
    return (
        slice(first - begin, last - begin) if valid else None
        for first, last, valid in zip(offsets, offsets[1:], there, strict=False)
    )


def _nth(texts: list[Any], place: int) -> Any:
    if place < 0:
        raise ValueError("a place before the first text")
    return texts[place]


def _number(value: float | None) -> float | None:
    """Leave out what JSON has no number for."""
    return value if value is not None and math.isfinite(value) else None


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return _number(value)
        case bytes():
            return _binary(value)
        case list():
            return [_plain(item) for item in value]
        case _:
            return str(value)


def _binary(value: bytes) -> str:
    """Read bytes as the text that older writers meant by them, or write them in hexadecimal."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()
    return (
        text
        if text.isprintable() or not any(sign < " " and sign not in "\t\r\n" for sign in text)
        else value.hex()
    )


def _size(content: Content) -> int:
    with content.open() as raw:
        if raw.seekable():
            return raw.seek(0, 2)
    feed = Feed(content)
    return sum(map(len, feed.chunks()))


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
