"""What was loaded can be read back record by record, and whatever was done to the file since is noticed."""

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pickglass.errors import ConfigError, InputError, NotFound
from pickglass.lake import originals
from pickglass.lake.originals import (
    Original,
    OriginalBatch,
    OriginalWriter,
    RecordHashes,
    list_originals,
    read_record,
    sweep,
    verify,
)

KEY = bytes(range(32))
RAW_FILE = "ab" * 32
RECORDS = [f'{{"n": {number}, "text": "{"x" * (number % 50)}"}}'.encode() for number in range(1, 500)]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(originals, "BLOCK_BYTES", 1000)


def keep(folder: Path, records: list[bytes], raw_file: str = RAW_FILE, key: bytes = KEY) -> Path:
    with OriginalWriter(folder, raw_file, key) as writer:
        writer.add(records)
    return writer.path


@given(
    batches=st.lists(st.lists(st.binary(max_size=200), max_size=20), max_size=8),
    block_bytes=st.integers(1, 600),
)
@settings(max_examples=60, deadline=None)
def test_any_records_come_back_as_they_went_in(batches: list[list[bytes]], block_bytes: int) -> None:
    records = [record for batch in batches for record in batch]
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(originals, "BLOCK_BYTES", block_bytes)
        folder = Path(name)
        writer = OriginalWriter(folder, RAW_FILE, KEY)
        hashes = [one for batch in batches for one in writer.add(batch)]
        writer.finish()
        assert hashes == [hashlib.sha256(record).hexdigest() for record in records]
        with Original(folder, RAW_FILE, KEY) as original:
            assert len(original) == len(records)
            assert list(original.records()) == list(enumerate(records, 1))
            assert [original.read(number) for number in range(len(records), 0, -1)] == records[::-1]
        assert verify(folder, RAW_FILE, KEY) == []


def test_blocks_stay_near_their_size_and_reading_one_record_opens_one(
    tmp_path: Path, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, [*RECORDS, b"y" * 5000, b"last"])
    opened: list[bytes] = []
    open_seal = originals._Seal.open

    def watch(self: originals._Seal, sealed: bytes, name: bytes) -> bytes:
        opened.append(name)
        return open_seal(self, sealed, name)

    monkeypatch.setattr(originals._Seal, "open", watch)
    assert read_record(tmp_path, RAW_FILE, 300, KEY) == RECORDS[299]
    assert len(opened) == 2
    assert opened[0] == b"index"
    with Original(tmp_path, RAW_FILE, KEY) as original:
        sizes = [len(original._read_block(number)[2]) for number in range(1, len(original._blocks) + 1)]
    assert len(sizes) > 20
    assert sorted(sizes)[-2] <= 1000 + 4 * 1000, "only the record that is bigger than a block exceeds it"


def test_nothing_is_legible_in_the_file(tmp_path: Path) -> None:
    path = keep(tmp_path, [b"secret-account@example.com" * 20])
    assert b"secret-account" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path == tmp_path / "ab" / "ab" / RAW_FILE
    assert list(list_originals(tmp_path)) == [RAW_FILE]


def test_what_the_reader_must_know_travels_with_the_records(tmp_path: Path) -> None:
    OriginalWriter(tmp_path, RAW_FILE, KEY, about={"form": "csv", "header": "a;ü"}).finish()
    with Original(tmp_path, RAW_FILE, KEY) as original:
        assert original.about == {"form": "csv", "header": "a;ü"}
        assert len(original) == 0


def test_nothing_is_visible_before_finish_and_nothing_stays_after_abort(tmp_path: Path) -> None:
    writer = OriginalWriter(tmp_path, RAW_FILE, KEY)
    writer.add(RECORDS)
    assert list(list_originals(tmp_path)) == []
    writer.abort()
    with pytest.raises(ZeroDivisionError), OriginalWriter(tmp_path, RAW_FILE, KEY) as failing:
        failing.add([bytes(1 // 0)])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_writing_a_kept_file_again_changes_nothing_and_still_hashes(tmp_path: Path) -> None:
    path = keep(tmp_path, RECORDS)
    before = path.read_bytes()
    writer = OriginalWriter(tmp_path, RAW_FILE, KEY)
    assert writer.add([b"a"]) == [hashlib.sha256(b"a").hexdigest()]
    writer.finish()
    assert path.read_bytes() == before


def test_two_writers_of_one_file_leave_one_whole_file(tmp_path: Path) -> None:
    first, second = (OriginalWriter(tmp_path, RAW_FILE, KEY) for _ in range(2))
    first.add(RECORDS)
    second.add(RECORDS)
    first.finish()
    second.finish()
    assert verify(tmp_path, RAW_FILE, KEY) == []


def test_every_changed_byte_is_noticed(tmp_path: Path, small_blocks: None) -> None:
    path = keep(tmp_path, RECORDS[:40])
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0x40
        path.write_bytes(changed)
        if 8 <= place < 16:
            with pytest.raises(ConfigError):  # the mark of the key
                verify(tmp_path, RAW_FILE, KEY)
        else:
            assert verify(tmp_path, RAW_FILE, KEY), f"byte {place} was changed unnoticed"


def test_every_torn_end_is_noticed(tmp_path: Path, small_blocks: None) -> None:
    path = keep(tmp_path, RECORDS[:40])
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="damaged"):
            read_record(tmp_path, RAW_FILE, 1, KEY)


def test_a_damaged_block_leaves_the_others_readable(tmp_path: Path, small_blocks: None) -> None:
    path = keep(tmp_path, RECORDS)
    with path.open("r+b") as file:
        file.seek(40)
        file.write(b"\0\0\0")
    with pytest.raises(InputError, match="block at byte 16 was changed or is torn"):
        read_record(tmp_path, RAW_FILE, 1, KEY)
    assert read_record(tmp_path, RAW_FILE, 400, KEY) == RECORDS[399]
    (problem,) = verify(tmp_path, RAW_FILE, KEY)
    assert "records 1 to " in problem.where


def test_blocks_cannot_be_swapped_or_come_from_another_file(tmp_path: Path) -> None:
    path = keep(tmp_path, RECORDS)
    keep(tmp_path, RECORDS, raw_file="cd" * 32).rename(path)
    with pytest.raises(ConfigError):
        read_record(tmp_path, RAW_FILE, 1, KEY)
    seal = originals._Seal(RAW_FILE, KEY)
    with pytest.raises(originals._SealBroken):
        seal.open(seal.close(b"x", originals._block_name(1)), originals._block_name(2))


def test_a_record_that_is_not_the_hashed_one_is_noticed_even_by_the_holder_of_the_key(tmp_path: Path) -> None:
    part = originals._Part(tmp_path / "ab" / "ab" / RAW_FILE, originals._Seal(RAW_FILE, KEY))
    part.write_block([b"other"], hashlib.sha256(hashlib.sha256(b"hashed").digest()).digest())
    part.finish(b"{}")
    (problem,) = verify(tmp_path, RAW_FILE, KEY)
    assert "not the ones that were hashed" in problem.message


def test_an_erased_record_is_gone_while_its_hash_still_proves_the_block(tmp_path: Path) -> None:
    digests = [hashlib.sha256(record).digest() for record in (b"one", b"two", b"three")]
    part = originals._Part(tmp_path / "ab" / "ab" / RAW_FILE, originals._Seal(RAW_FILE, KEY))
    plain = (3).to_bytes(4, "little") + b"".join(
        length.to_bytes(4, "little") for length in (3, originals.ERASED, 5)
    )
    plain += b"one" + digests[1] + b"three"
    part._blocks.append(originals._Block(part._place, 1, 3, hashlib.sha256(b"".join(digests)).digest()))
    part._write_sealed(part._compressor.compress(plain), originals._block_name(1))
    part.finish(b"{}")
    assert verify(tmp_path, RAW_FILE, KEY) == []
    assert read_record(tmp_path, RAW_FILE, 3, KEY) == b"three"
    with pytest.raises(NotFound, match="record 2 was erased"):
        read_record(tmp_path, RAW_FILE, 2, KEY)
    with Original(tmp_path, RAW_FILE, KEY) as original:
        assert list(original.records()) == [(1, b"one"), (3, b"three")]


def test_another_key_is_told_apart_from_damage(tmp_path: Path) -> None:
    keep(tmp_path, RECORDS)
    with pytest.raises(ConfigError, match="another key"):
        read_record(tmp_path, RAW_FILE, 1, bytes(32))
    with pytest.raises(ConfigError, match="another key"):
        OriginalWriter(tmp_path, RAW_FILE, bytes(32))


@pytest.mark.parametrize("number", [0, -1, 500])
def test_a_record_that_is_not_there_is_not_found(tmp_path: Path, number: int) -> None:
    keep(tmp_path, RECORDS)
    with pytest.raises(NotFound, match="there is no record"):
        read_record(tmp_path, RAW_FILE, number, KEY)


@pytest.mark.parametrize("raw_file", ["cd" * 32, "short", "../" * 20, "AB" * 32])
def test_a_file_that_is_not_kept_is_not_found(tmp_path: Path, raw_file: str) -> None:
    with pytest.raises(NotFound):
        read_record(tmp_path, raw_file, 1, KEY)


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "ab").write_text("a file is in the way")
    with pytest.raises(ConfigError, match="cannot be kept"):
        OriginalWriter(tmp_path, RAW_FILE, KEY)


def test_sweep_removes_only_what_a_dead_writer_left(tmp_path: Path) -> None:
    dead, living = (OriginalWriter(tmp_path, RAW_FILE, KEY) for _ in range(2))
    dead.add(RECORDS)
    assert dead._part is not None
    old = dead._part._temporary
    os.utime(old, (0, 0))
    assert sweep(tmp_path, timedelta(hours=1)) == 1
    assert not old.exists()
    living.add(RECORDS)
    living.finish()
    dead.abort()
    assert verify(tmp_path, RAW_FILE, KEY) == []


def test_originals_of_a_batch_are_seen_together_or_not_at_all(tmp_path: Path) -> None:
    """Each is complete before, but under no name that anybody looks for; an error leaves nothing."""
    others = ["ab" * 31 + f"{n:02x}" for n in range(20)]
    with OriginalBatch() as batch:
        for name in others:
            OriginalWriter(tmp_path, name, KEY, batch=batch).finish()
        assert list(list_originals(tmp_path)) == []
    assert list(list_originals(tmp_path)) == sorted(others)
    assert [verify(tmp_path, name, KEY) for name in others] == [[]] * len(others)
    failing = OriginalBatch()
    OriginalWriter(tmp_path, RAW_FILE, KEY, batch=failing).finish()
    failing.__exit__(ZeroDivisionError, ZeroDivisionError(), None)
    assert list(list_originals(tmp_path)) == sorted(others)
    assert list(tmp_path.rglob(".*.part")) == []


def test_hashes_are_the_same_whether_records_are_kept_or_not(tmp_path: Path) -> None:
    with OriginalWriter(tmp_path, RAW_FILE, KEY) as writer:
        assert RecordHashes().add(RECORDS) == writer.add(RECORDS)
