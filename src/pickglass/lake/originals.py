"""Originals: every input file is kept, record by record, so that years later a row can be checked against it.

A file lies under its content address, `ab/cd/<sha256 of the original file>`, as a row of blocks of about four
MiB of records. A block is compressed, then sealed with AES-256-GCM; opening one record opens one block.

    head    magic, version, 8 bytes that tell a wrong key from a damaged file
    block   length, nonce, sealed: number of records, their lengths, their bytes (zstd)
    ...
    index   length, nonce, sealed: for each block its place, its first record and the digest of its records
    tail    place of the index, magic

What is sealed is bound to the original file and to its place in it, so blocks cannot be changed, left out,
swapped, or taken from another file unnoticed. The digest of a block is the SHA-256 of the SHA-256 hashes of
its records: it proves each record's own hash (which `record_hash` in the row repeats) without storing 32
bytes for each, which would double the size of compressed logs.

Records are numbered from 1, as `raw_record` in the lake.

Erasure, when it comes, rewrites one file: it copies the blocks that stay as they are, and replaces a block
that holds an erased record by one in which that record's length is `ERASED` and its bytes are its SHA-256
hash. So the hash stays, the digests still prove every other record, and numbers do not move. Reading
understands this already. The new file takes the place of the old one in one rename, and is never brought back
by loading the same file again, because a file that exists is left alone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import struct
import sys
import time
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from pickglass.errors import ConfigError, InputError, NotFound, Problem
from pickglass.model.lines import views

BLOCK_BYTES = 4 << 20
ERASED = 0xFFFFFFFF

_MAGIC = b"PGLORIG1"
_TAIL_MAGIC = b"PGLOREND"
_TAIL = struct.Struct("<Q8s")
_LENGTH = struct.Struct("<I")
_NONCE_BYTES = 12
_COUNT = struct.Struct("<I")
_INDEX = struct.Struct("<QQI32s")  # place, first record, number of records, digest of the records
_HEAD_BYTES = len(_MAGIC) + 8
_ZSTD_LEVEL = 1  # higher levels save some per cent of space and cost most of the speed
_LEVELS = 3  # folders whose names are ours: ab, cd, and the one of all originals
_SYNCED_AT_ONCE = 16
_HINT_DAMAGED = "restore this file from your backup, or delete it and load the export again"


class OriginalWriter:
    """Keep one original file; nothing is visible before `finish()`, and nothing is left after `abort()`.

    `folder` is the folder of all originals, `raw_file` the hex SHA-256 of the original file, `key` 32 bytes.
    `about` is what a reader must know to map the records again (form, header line, encoding), fit for JSON.
    A file that is kept already is left alone: `add()` then only hashes. One block is in memory.
    With a `batch` the file is complete after `finish()`, but durable and visible only when the batch is published.
    As a context manager it finishes, or aborts if there was an error.
    """

    def __init__(
        self,
        folder: Path,
        raw_file: str,
        key: bytes,
        *,
        about: Mapping[str, Any] | None = None,
        batch: OriginalBatch | None = None,
    ) -> None:
        self.path = original_path(folder, raw_file)
        self._batch = batch
        self._about = dict(about or {})
        self._waiting: list[bytes | memoryview] = []
        self._waiting_bytes = 0
        self._digest = hashlib.sha256()
        self._part: _Part | None = None  # None: it is kept already, or we are through
        if self.path.exists():
            # Opening it proves that it is complete and that this key opens it.
            Original(folder, raw_file, key).close()
        else:
            with _telling_write_errors(self.path):
                self._part = _Part(self.path, _Seal(raw_file, key))

    def add(self, raws: Sequence[bytes]) -> list[str]:
        """Append records, and return the hex SHA-256 of each."""
        # Comprehensions and slices: a loop that touches each record in Python costs as much as the hashing.
        digests = _digests(raws)
        if self._part is not None and raws:
            with _telling_write_errors(self.path):
                self._append(self._part, raws, digests)
        return [digest.hex() for digest in digests]

    def finish(self) -> Path:
        """Make the file durable and visible, or leave that to the batch, and return its path.

        If it fails, nothing is left.
        """
        part, self._part = self._part, None
        if part is not None:
            try:
                with _telling_write_errors(self.path):
                    self._flush(part)
                    about = json.dumps(self._about, ensure_ascii=False, sort_keys=True).encode()
                    part.finish(about, self._batch)
            except BaseException:
                part.abort()
                raise
        return self.path

    def abort(self) -> None:
        """Forget everything that was added."""
        part, self._part = self._part, None
        if part is not None:
            part.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self.abort()

    def _append(self, part: _Part, lines: Sequence[bytes], digests: Sequence[bytes]) -> None:
        raws = list(views(lines))
        ends = list(accumulate(map(len, raws)))
        start, done = 0, 0  # records and bytes that found their block
        while start < len(raws):
            stop = bisect_right(ends, done + BLOCK_BYTES - self._waiting_bytes, start)
            if stop == start and not self._waiting:
                stop = start + 1  # a record bigger than a block is a block of its own
            if stop > start:
                self._waiting += raws[start:stop]
                self._digest.update(b"".join(digests[start:stop]))
                self._waiting_bytes += ends[stop - 1] - done
                start, done = stop, ends[stop - 1]
            if start < len(raws):
                self._flush(part)

    def _flush(self, part: _Part) -> None:
        if self._waiting:
            part.write_block(self._waiting, self._digest.digest())
            self._waiting, self._waiting_bytes, self._digest = [], 0, hashlib.sha256()


class OriginalBatch:
    """Originals that become durable and visible together: a disk takes many at once nearly as fast as one.

    As a context manager it publishes them, or leaves nothing behind if there was an error.
    """

    def __init__(self) -> None:
        self._complete: dict[Path, Path] = {}

    def add(self, temporary: Path, path: Path) -> None:
        """Note a complete file, and the name that it is to take."""
        self._complete[temporary] = path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        complete, self._complete = self._complete, {}
        try:
            if kind is None:
                _publish(complete)
        finally:
            for temporary in complete:
                temporary.unlink(missing_ok=True)


class RecordHashes:
    """Hash records as `OriginalWriter` does and keep nothing, so that the cost of keeping can be measured."""

    def add(self, raws: Sequence[bytes]) -> list[str]:
        """Return the hex SHA-256 of each record."""
        return [digest.hex() for digest in _digests(raws)]


def _digests(raws: Sequence[bytes]) -> list[bytes]:
    sha256 = hashlib.sha256
    return [sha256(raw).digest() for raw in views(raws)]


def _publish(complete: Mapping[Path, Path]) -> None:
    """Bring complete files to the disk, then give each its name, then bring the names to the disk.

    In this order a power cut leaves an original whole or not there: a torn one would bear its name for ever.
    """
    if not complete:
        return
    with _telling_write_errors(next(iter(complete.values()))):
        _sync(complete)
        for temporary, path in complete.items():
            temporary.rename(path)
        _sync({folder for path in complete.values() for folder in path.parents[:_LEVELS]})


class _Part:
    """A file on its way: written under a temporary name beside its own, which it takes when complete."""

    def __init__(self, path: Path, seal: _Seal) -> None:
        import zstandard

        self._path = path
        self._seal = seal
        self._compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL)
        self._blocks: list[_Block] = []
        self._records = 0
        self._place = 0
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = os.fdopen(os.open(self._temporary, flags, 0o600), "wb")
        self._write(_MAGIC + seal.mark)

    def write_block(self, raws: Sequence[bytes | memoryview], digest: bytes) -> None:
        lengths = array("I", map(len, raws))
        plain = b"".join([_COUNT.pack(len(raws)), _little(lengths).tobytes(), *raws])
        self._blocks.append(_Block(self._place, self._records + 1, len(raws), digest))
        self._write_sealed(self._compressor.compress(plain), _block_name(len(self._blocks)))
        self._records += len(raws)

    def finish(self, about: bytes, batch: OriginalBatch | None = None) -> None:
        place = self._place
        index = b"".join(_INDEX.pack(*block) for block in self._blocks)
        self._write_sealed(_COUNT.pack(len(self._blocks)) + index + about, b"index")
        self._write(_TAIL.pack(place, _TAIL_MAGIC))
        self._file.close()
        if batch is None:
            _publish({self._temporary: self._path})
        else:
            batch.add(self._temporary, self._path)

    def abort(self) -> None:
        self._temporary.unlink(missing_ok=True)
        self._file.close()

    def _write_sealed(self, plain: bytes, name: bytes) -> None:
        sealed = self._seal.close(plain, name)
        self._write(_LENGTH.pack(len(sealed)))
        self._write(sealed)

    def _write(self, content: bytes) -> None:
        self._place += self._file.write(content)


class Original:
    """Read one kept file; opening it proves that its head, tail and index are whole and that the key fits.

    NotFound if there is no such file; ConfigError for another key; InputError if the file is damaged.
    The block that was read last stays open, so records that lie together are read fast.
    """

    about: Mapping[str, Any]

    def __init__(self, folder: Path, raw_file: str, key: bytes) -> None:
        self.path = original_path(folder, raw_file)
        self._seal = _Seal(raw_file, key)
        self._open_number = 0
        self._open_block: tuple[Sequence[int], Sequence[int], bytes] = ((), (), b"")
        try:
            self._file = self.path.open("rb", buffering=0)
        except FileNotFoundError:
            raise NotFound(
                "this original is not kept", "it may be past its retention period", raw_file
            ) from None
        try:
            self._read_index()
        except BaseException:
            self._file.close()
            raise

    def __len__(self) -> int:
        """How many records there are, erased ones included."""
        return sum(block.records for block in self._blocks)

    def read(self, number: int) -> bytes:
        """Give the bytes of one record, counted from 1; NotFound if it is erased or not there."""
        if not 1 <= number <= len(self):
            raise NotFound(
                f"there is no record {number}", f"the file has records 1 to {len(self)}", str(self.path)
            )
        block = bisect_right(self._blocks, number, key=lambda one: one.first)
        if block != self._open_number:
            self._open_block = self._read_block(block)
            self._open_number = block
        lengths, ends, content = self._open_block
        position = number - self._blocks[block - 1].first
        if lengths[position] == ERASED:
            raise NotFound(f"record {number} was erased", "its hash is all that is kept", str(self.path))
        return content[ends[position] - lengths[position] : ends[position]]

    def records(self) -> Iterator[tuple[int, bytes]]:
        """Give every record that is not erased, with its number, one block in memory at a time."""
        for number, block in enumerate(self._blocks, 1):
            lengths, ends, content = self._read_block(number)
            for record, (length, end) in enumerate(zip(lengths, ends, strict=True), block.first):
                if length != ERASED:
                    yield record, content[end - length : end]

    def problems(self) -> Iterator[Problem]:
        """Read everything and name each block that does not open or does not prove its records."""
        for number, block in enumerate(self._blocks, 1):
            where = f"{self.path}: records {block.first} to {block.first + block.records - 1}"
            try:
                lengths, ends, content = self._read_block(number)
            except InputError as error:
                yield Problem(where, error.message)
                continue
            digest = hashlib.sha256()
            for length, end in zip(lengths, ends, strict=True):
                if length == ERASED:
                    digest.update(content[end - 32 : end])
                else:
                    digest.update(hashlib.sha256(content[end - length : end]).digest())
            if digest.digest() != block.digest:
                yield Problem(where, "the records are not the ones that were hashed when the file was loaded")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_index(self) -> None:
        size = self.path.stat().st_size
        head = self._read_at(0, _HEAD_BYTES)
        if head[: len(_MAGIC)] != _MAGIC:
            raise self._damaged("it is no original of this version")
        if not hmac.compare_digest(head[len(_MAGIC) :], self._seal.mark):
            raise ConfigError(
                "this original was sealed with another key",
                "check PICKGLASS_KEY or the key file of this home",
                str(self.path),
            )
        place, magic = _TAIL.unpack(self._read_at(max(size - _TAIL.size, 0), _TAIL.size))
        if magic != _TAIL_MAGIC:
            raise self._damaged("its end is missing")
        plain = self._read_sealed(place, b"index")
        (count,) = _COUNT.unpack_from(plain)
        end = _COUNT.size + count * _INDEX.size
        self._blocks = [_Block(*one) for one in _INDEX.iter_unpack(plain[_COUNT.size : end])]
        self.about = json.loads(plain[end:])

    def _read_block(self, number: int) -> tuple[Sequence[int], Sequence[int], bytes]:
        """Give the lengths of the block's records, where each ends, and the bytes that they lie in."""
        import zstandard

        sealed = self._read_sealed(self._blocks[number - 1].place, _block_name(number))
        plain = zstandard.ZstdDecompressor().decompress(sealed)
        (count,) = _COUNT.unpack_from(plain)
        start = _COUNT.size + count * _LENGTH.size
        lengths = array("I", plain[_COUNT.size : start])
        lengths = _little(lengths)
        stored = (32 if length == ERASED else length for length in lengths)
        ends = list(accumulate(stored, initial=start))[1:]
        return lengths, ends, plain

    def _read_sealed(self, place: int, name: bytes) -> bytes:
        (length,) = _LENGTH.unpack(self._read_at(place, _LENGTH.size))
        try:
            return self._seal.open(self._read_at(place + _LENGTH.size, length), name)
        except _SealBroken:
            raise self._damaged(f"its {name[:5].decode()} at byte {place} was changed or is torn") from None

    def _read_at(self, place: int, length: int) -> bytes:
        part = os.pread(self._file.fileno(), length, place)
        if len(part) != length:
            raise self._damaged("it is shorter than it was")
        return part

    def _damaged(self, why: str) -> InputError:
        return InputError(f"this original is damaged: {why}", _HINT_DAMAGED, str(self.path))


def original_path(folder: Path, raw_file: str) -> Path:
    """Say where the original with this hex SHA-256 is kept."""
    if not re.fullmatch(r"[0-9a-f]{64}", raw_file):
        raise NotFound("an original is named by 64 hexadecimal digits", "see raw_file in the row", raw_file)
    return folder / raw_file[:2] / raw_file[2:4] / raw_file


def read_record(folder: Path, raw_file: str, number: int, key: bytes) -> bytes:
    """Give the bytes of one record, counted from 1; only its block is opened."""
    with Original(folder, raw_file, key) as original:
        return original.read(number)


def verify(folder: Path, raw_file: str, key: bytes) -> list[Problem]:
    """Read the whole file and name everything that is wrong with it; a whole file gives an empty list.

    A key that does not fit is a ConfigError and not a problem of the file.
    """
    try:
        with Original(folder, raw_file, key) as original:
            return list(original.problems())
    except (InputError, NotFound) as error:
        return [Problem(error.where, error.message)]


def list_originals(folder: Path) -> Iterator[str]:
    """Give the hex SHA-256 of every original that is kept, in order."""
    for path in sorted(folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/[0-9a-f]*")):
        yield path.name


def sweep(folder: Path, older_than: timedelta = timedelta(days=1)) -> int:
    """Remove what writers left behind when they were killed, and return how many files that were."""
    limit = time.time() - older_than.total_seconds()
    left = [path for path in folder.glob("*/*/.*.part") if path.stat().st_mtime < limit]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


class _Block(NamedTuple):
    place: int
    first: int
    records: int
    digest: bytes


class _SealBroken(Exception):
    """What should be opened is not what was sealed."""


class _Seal:
    """AES-256-GCM under one key, bound to one original and to a place in it."""

    def __init__(self, raw_file: str, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key)
        self._bound = _MAGIC + raw_file.encode()
        self.mark = hmac.digest(key, b"mark" + self._bound, "sha256")[: _HEAD_BYTES - len(_MAGIC)]

    def close(self, plain: bytes, name: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, self._bound + name)

    def open(self, sealed: bytes, name: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self._bound + name)
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            raise _SealBroken from None


def _block_name(number: int) -> bytes:
    return b"block" + _COUNT.pack(number)


def _little(lengths: array[int]) -> array[int]:
    """Turn lengths into the byte order of the file, or back."""
    if sys.byteorder == "big":
        lengths.byteswap()
    return lengths


@contextmanager
def _telling_write_errors(path: Path) -> Iterator[None]:
    """Turn a full disk, a wrong owner and the like into an error that a person can act on."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"the original cannot be kept: {error.strerror or error}",
            "check free space and rights of the folder of originals",
            str(path),
        ) from error


def _sync(paths: Collection[Path]) -> None:
    """Make files, or the names in folders, survive a power cut; many wait for the disk side by side."""
    if len(paths) == 1:
        for path in paths:
            _sync_one(path)
        return
    with ThreadPoolExecutor(_SYNCED_AT_ONCE) as threads:
        for _ in threads.map(_sync_one, paths):
            pass


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
