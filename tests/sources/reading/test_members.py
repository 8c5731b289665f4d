"""What an input file holds: plain, compressed, archived, nested, broken or hostile."""

from __future__ import annotations

import bz2
import gc
import gzip
import hashlib
import io
import lzma
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard
from tests.sources.reading.readers import Put, Read, only, problem

from pickglass.sources.reading import Limits, Member, Problem, Refused, count_records, members, sample

LOG = b'{"n":1}\n{"n":2}\n{"n":3}\n'


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(entries: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        for name, data in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        LOG,
        gzip.compress(LOG, mtime=0),
        gzip.compress(LOG[:8], mtime=0) + gzip.compress(LOG[8:], mtime=0) + b"\0" * 512,
        zstandard.compress(LOG),
        zstandard.compress(LOG[:8]) + zstandard.compress(LOG[8:]),
        bz2.compress(LOG),
        lzma.compress(LOG),
        gzip.compress(zstandard.compress(LOG), mtime=0),
    ],
    ids=["plain", "gzip", "gzips", "zstd", "zstds", "bzip2", "xz", "zstd in gzip"],
)
def test_compressed_or_not_the_content_is_the_same(put: Put, data: bytes) -> None:
    """Proves that hash, size and records are of the content, and come again and again."""
    member = only(put(data))
    assert (member.form, member.size, member.sha256) == ("ndjson", len(LOG), hashlib.sha256(LOG).hexdigest())
    for _ in range(2):
        assert Read(member).raws == LOG.split()
        with member.open() as file:
            assert file.read() == LOG
    copy = pickle.loads(pickle.dumps(member))  # noqa: S301  # our own bytes
    assert Read(copy).raws == LOG.split()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_zip_is_its_entries(put: Put, method: int) -> None:
    """Proves that each entry is a member under a name that says where it is; hidden files are not."""
    data = zipped(
        {"day1/okta.json": LOG, "LICENSE": b"Do as\nyou like", "d/": b"", "__MACOSX/._x": b"x", "e": b""},
        method,
    )
    found = [member for member in members(put(data, "logs.zip")) if isinstance(member, Member)]
    assert [(member.name, member.form) for member in found] == [
        ("logs.zip!day1/okta.json", "ndjson"),
        ("logs.zip!LICENSE", "text"),
        ("logs.zip!e", "empty"),
    ]
    assert Read(found[0]).raws == LOG.split()
    assert found[0].sha256 == hashlib.sha256(LOG).hexdigest()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_tar_is_its_entries(put: Put, mode: str) -> None:
    """Proves that tars are read, compressed or not, with names of any length."""
    long = "folder/" * 40 + "okta.json"
    found = list(members(put(tarred({"a.json": LOG, long: LOG, "é.txt": b"hello"}, mode), "logs.tar")))
    assert [item.name for item in found] == ["logs.tar!a.json", f"logs.tar!{long}", "logs.tar!é.txt"]
    assert all(isinstance(item, Member) for item in found)
    assert isinstance(found[1], Member)
    assert Read(found[1]).raws == LOG.split()


def test_tar_links_and_cut_entries(put: Put) -> None:
    """Proves that links are not followed and an entry that is cut off keeps what it has."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        link = tarfile.TarInfo("passwd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        info = tarfile.TarInfo("log")
        info.size = len(LOG) * 100
        archive.addfile(info, io.BytesIO(LOG * 100))
    linked, cut = members(put(buffer.getvalue()[: 1024 + len(LOG) * 50 + 3]))
    assert isinstance(linked, Problem)
    assert "link" in linked.reason
    assert isinstance(cut, Member)
    assert cut.damage == "the archive ends early"
    assert Read(cut).problems == {151: "the archive ends early"}


def test_archives_in_archives_are_read_to_the_depth_allowed(put: Put) -> None:
    """Proves that archives are read three deep, the fourth is told, and members outlive the walk."""
    inner = zipped({"okta.json": LOG})
    three = zipped({"b.tgz": tarred({"c.zip": inner}, "w:gz")})
    member = only(put(three, "a.zip"))
    gc.collect()
    assert member.name == "a.zip!b.tgz!c.zip!okta.json"
    assert Read(member).raws == LOG.split()
    found = problem(put(zipped({"x.zip": three}), "y.zip"))
    assert found.name == "y.zip!x.zip!b.tgz!c.zip"
    assert "deeper than 3" in found.reason


def test_a_workspace_holds_what_was_set_aside(put: Put, tmp_path: Path) -> None:
    """Proves that with a workspace nested members are plain files in it, so they cross a process boundary."""
    workspace = tmp_path / "work"
    workspace.mkdir()
    (member,) = members(put(zipped({"b.zip": zipped({"okta.json": LOG})})), workspace=workspace)
    assert list(workspace.iterdir())
    assert isinstance(member, Member)
    copy = pickle.loads(pickle.dumps(member))  # noqa: S301  # our own bytes
    assert Read(copy).raws == LOG.split()


def test_endless_compression_is_refused(put: Put) -> None:
    """Proves that gzip in gzip in gzip stops somewhere."""
    data = LOG
    for _ in range(5):
        data = gzip.compress(data, mtime=0)
    assert "compressed more than 3 times" in problem(put(data)).reason


@pytest.mark.parametrize("wrap", ["gzip", "zstd", "zip", "bzip2", "xz", "nested"])
def test_bombs_are_refused_before_they_go_off(put: Put, wrap: str) -> None:
    """Proves that what decompresses out of proportion is a problem, found without reading it all."""
    zeros = b" " * 20_000_000
    data = {
        "gzip": lambda: gzip.compress(zeros, mtime=0),
        "zstd": lambda: zstandard.compress(zeros),
        "zip": lambda: zipped({"a": zeros}),
        "bzip2": lambda: bz2.compress(zeros),
        "xz": lambda: lzma.compress(zeros),
        "nested": lambda: zipped({"b.zip": zipped({"a": zeros}, zipfile.ZIP_STORED)}),
    }[wrap]()
    path = put(data)
    limits = Limits(free_bytes=1_000_000)
    found = problem(path, limits)
    assert "decompresses to more than" in found.reason
    assert count_records(only(path)) == 0  # small enough for the default
    if wrap != "nested":
        (unread,) = members(path, limits, digest=False)
        assert isinstance(unread, Member | Problem)


def test_a_bomb_found_late_is_told_by_the_blocks(put: Put) -> None:
    """Proves that without the first reading the limits hold all the same."""
    data = gzip.compress(LOG + b'{"n":4}\n' * 2_000_000, mtime=0)
    (member,) = members(put(data), Limits(free_bytes=2_000_000), digest=False)
    assert isinstance(member, Member)
    read = Read(member)
    assert list(read.problems) == [len(read.lines)]
    assert "decompresses to more than 200 times" in read.problems[len(read.lines)]
    with member.open() as file, pytest.raises(Refused):
        file.read()


def test_many_small_bombs_are_one(put: Put) -> None:
    """Proves that entries which each stay below the limit do not add up beyond it."""
    entries = {f"e{n}": b"a line of text\n" * 60_000 for n in range(10)}
    *good, last = members(put(zipped(entries)), Limits(free_bytes=2_000_000, ratio=10))
    assert all(isinstance(item, Member) for item in good)
    assert len(good) == 2
    assert isinstance(last, Problem)
    assert "the archive decompresses to more" in last.reason


def test_too_many_entries(put: Put) -> None:
    """Proves that an archive of countless entries ends with one problem."""
    *first, last = members(put(zipped({f"e{n}": b"x" for n in range(20)})), Limits(members=5))
    assert len(first) == 5
    assert isinstance(last, Problem)
    assert "more than 5 entries" in last.reason


def test_encrypted_and_unknown_entries(put: Put) -> None:
    """Proves that an entry which cannot be opened is told, and the others are read."""
    data = bytearray(zipped({"a.json": LOG, "b.json": LOG, "c.json": LOG}))
    starts = [at for at in range(len(data)) if data[at : at + 4] == b"PK\x01\x02"]
    data[starts[0] + 8] |= 1  # encrypted
    struct.pack_into("<H", data, starts[1] + 10, 9)  # Deflate64
    encrypted, unknown, good = members(put(bytes(data)))
    assert isinstance(encrypted, Problem)
    assert encrypted.reason == "encrypted"
    assert isinstance(unknown, Problem)
    assert "method" in unknown.reason
    assert isinstance(good, Member)


def test_a_damaged_entry_keeps_its_records(put: Put) -> None:
    """Proves that a wrong checksum is told after the records, not instead of them."""
    data = bytearray(zipped({"a.json": LOG}, zipfile.ZIP_STORED))
    at = data.index(b'"n":2')
    data[at + 4 : at + 5] = b"7"
    member = only(put(bytes(data)))
    assert "checksum" in member.damage
    read = Read(member)
    assert read.raws[:3] == [b'{"n":1}', b'{"n":7}', b'{"n":3}']
    assert list(read.problems) == [4]


def test_damage_within_gzip_keeps_what_came_before(put: Put) -> None:
    """Proves that a flipped byte costs what is behind it and nothing in front of it."""
    text = b"".join(b'{"n":%d,"x":"%x"}\n' % (n, n * 7919 % 1000003) for n in range(30_000))
    data = bytearray(gzip.compress(text, mtime=0))
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    read = Read(only(put(bytes(data))))
    assert len(read.lines) > 10_000
    assert text.startswith(b"\n".join(read.raws[:10_000]))
    assert "compressed data" in read.problems[len(read.lines)]


@pytest.mark.parametrize("cut", [3, 40, 90])
def test_a_cut_zip_is_told(put: Put, cut: int) -> None:
    """Proves that a zip without its list of entries is a problem with a reason."""
    found = problem(put(zipped({"a.json": LOG})[:-cut]))
    assert found.reason
    assert found.hint


@pytest.mark.parametrize(
    ("data", "form", "note", "count"),
    [
        (b"", "empty", "", 0),
        (b" \r\n\t\n", "empty", "", 0),
        (b"\xef\xbb\xbf", "empty", "", 0),
        (bytes(range(256)) * 40, "binary", "", 1),
        (b"\0" * 5000, "binary", "", 1),
        (b"ElfFile\0" + b"\0" * 100, "evtx", "", 1),
        (b"%PDF-1.7\n%\xe2\xe3", "pdf", "", 1),
        (b"<?xml version='1.0'?><Event/>", "xml", "", 1),
        (b"<Event xmlns='x'><System/></Event>\n", "xml", "", 1),
        (b"<14>1 2024-02-22T12:33:50 host app\n", "text", "", 1),
        (b"<html><body>hello</body></html>", "text", "", 1),
        (b"one line\n\nanother\n", "text", "", 2),
        (b"[19/Aug/2024:19:41:22 +0000] USER=x\n", "text", "", 1),
        (b"{'a': 1}\n", "text", "", 1),
        (b'{"a": 1}', "json", "", 1),
        (b'{"a": 1}\n{"a": 2', "ndjson", "", 2),
        (b'{\n"a": 1}\n{"a": 2}', "json", "", 2),
        (b'garbage\n{"a": 1}\n{"a": 2}\n{"a": 3}\n', "ndjson", "", 4),
        ('{"a":"é"}\n{"a":2}\n'.encode("utf-16"), "ndjson", "", 2),
        ('[{"a":"é"},\n{"a":2}]'.encode("utf-16-be"), "json", "", 2),
        (b"\xef\xbb\xbf" + LOG, "ndjson", "", 3),
        (b"From: a@b.example\nTo: c@d.example\nSubject: hi\n\nbody\n", "mail", "", 1),
        (b"Received: from x\n\tby y\nMessage-ID: <1@x>\nDate: now\n\nbody\n", "mail", "", 1),
        (b"Note: to all\nFrom now on: nothing\n\n", "text", "", 2),
    ],
)
def test_forms(put: Put, data: bytes, form: str, note: str, count: int) -> None:
    """Proves what each kind of content is taken for, and how many records it counts."""
    member = only(put(data))
    assert (member.form, member.note, count_records(member)) == (form, note, count)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "utf-8-sig"])
def test_json_in_wide_encodings(put: Put, encoding: str) -> None:
    """Proves that lines come out as UTF-8 and raws as they are in the file."""
    lines = ['{"name":"Zoë"}', '{"name":"李"}', '{"name":"😀"}']
    for text in ("\n".join(lines), "\r\n".join(lines), "[\n" + ",\n".join(lines) + "]"):
        member = only(put(text.encode(encoding)))
        read = Read(member)
        assert [line.decode() for line in read.lines] == lines
        assert [raw.decode(member.encoding) for raw in read.raws] == lines


def test_utf16_that_breaks_is_told(put: Put) -> None:
    """Proves that what follows an impossible character is one problem and what precedes it is kept."""
    data = '{"a":1}\n{"a":2}\n'.encode("utf-16-le") + b"\x00"
    read = Read(only(put(data)))
    assert read.lines[:2] == [b'{"a":1}', b'{"a":2}']
    assert read.problems == {3: "not UTF-16-LE from here on"}


def test_a_long_first_line(put: Put) -> None:
    """Proves that the form is found although the first line is longer than what is looked at first."""
    assert only(put(b'{"a":"' + b"x" * 3_000_000 + b'"}\n{"a":2}\n')).form == "ndjson"
    assert only(put(b"\n" * 2_000_000 + LOG)).form == "ndjson"


def test_mbox_is_cut_at_its_from_lines(put: Put) -> None:
    """Proves that messages come with their bytes, quoted From lines within, and long ones are problems."""
    first = b"From a@b.example Mon Mar  2 09:30:00 2026\nFrom: a@b.example\n\nfrom where?\n>From here\n\n"
    second = b"From c@d.example Mon Mar  2 09:31:00 2026\nFrom: c@d.example\n\n" + b"x\n" * 10_000 + b"\n"
    third = b"From e@f.example Mon Mar  2 09:32:00 2026\nFrom: e@f.example\n\nend"
    member = only(put(first + second + third), Limits(record_bytes=5_000))
    assert member.form == "mbox"
    read = Read(member)
    assert [read.raws[0], read.raws[2]] == [first, third]
    assert list(read.problems) == [2]
    assert read.lines == [b"", b"", b""]
    assert sample(member) == []


def test_mail_is_one_record(put: Put) -> None:
    """Proves that a message is its own bytes, without a line and without a problem."""
    data = b"From: a@b.example\r\nSubject: hi\r\nDate: x\r\n\r\nbody\xff\r\n"
    read = Read(only(put(data)))
    assert (read.raws, read.lines, read.problems) == ([data], [b""], {})


def test_foreign_archives_are_told(put: Put) -> None:
    """Proves that an archive we cannot read is a problem with a hint, not a binary file."""
    found = problem(put(b"7z\xbc\xaf\x27\x1c" + b"\0" * 50))
    assert "7-Zip" in found.reason
    assert found.hint


def test_names_are_safe_to_print(put: Put) -> None:
    """Proves that an entry's name cannot write to a terminal."""
    found = list(members(put(zipped({"\x1b[2Ja\u202ej.json": LOG, "../../etc/x": LOG}), "z")))
    assert [item.name for item in found] == ["z!�[2Ja�j.json", "z!../../etc/x"]


def test_a_file_that_is_not_there_or_not_allowed(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that missing files, folders and locked files are problems with reasons."""
    assert problem(tmp_path / "nothing").reason == "no such file or directory"
    assert problem(tmp_path).reason == "not a file"
    path = put(LOG)

    def locked(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pickglass.sources.reading.content.io.FileIO", locked)
    assert problem(path).reason == "permission denied"
