"""Résumé files: what they state is found, and no file, however made, does more than be rejected."""

import io
import random
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path
from typing import Any

import orjson
import pytest
from PIL import Image

from pickglass.sources.definitions import definitions, shipped_folder
from pickglass.sources.reading import Member, Record, members
from pickglass.sources.recognition import recognise_member
from pickglass.sources.resume_file import parse
from pickglass.sources.resume_file.pictures import fingerprints
from pickglass.sources.resume_file.portable import pdf_time
from pickglass.sources.resume_file.statements import statements_in
from pickglass.sources.resume_file.word import read_docx

SAMPLES = shipped_folder() / "resume_file"


def member_of(folder: Path, name: str, content: bytes) -> Member:
    path = folder / name
    path.write_bytes(content)
    (member,) = members(path)
    assert isinstance(member, Member), member
    return member


def record_of(folder: Path, name: str, content: bytes) -> Record:
    (record,) = parse.records(member_of(folder, name, content))
    return record


def pdf_of(content: bytes, *, objects: bytes = b"", page: bytes = b"", trailer: bytes = b"") -> bytes:
    """Put a page's drawing orders into a small PDF without a table of objects, which readers then search for."""
    stream = zlib.compress(content, 9)
    return (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
        b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
        b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> " + page + b">>\nendobj\n"
        b"4 0 obj\n<< /Filter /FlateDecode /Length %d >>\nstream\n"
        % len(stream)
        + stream
        + b"\nendstream\nendobj\n"
        b"5 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>\nendobj\n"
        + objects
        + b"trailer\n<< /Size 9 /Root 1 0 R "
        + trailer
        + b">>\n%%EOF\n"
    )


def docx_of(document: bytes, **more: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("word/document.xml", document)
        for name, content in more.items():
            package.writestr(name.replace("__", "/"), content)
    return file.getvalue()


# -- whose file it is --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sample_resume.pdf", "sample_resume.docx", "sample_resume_2026-01-15.txt"])
def test_a_resume_is_recognised_in_every_form(name: str) -> None:
    (member,) = members(SAMPLES / name)
    assert isinstance(member, Member)
    source, why = recognise_member(member, definitions())
    assert source is not None, why
    assert source.id == "resume_file"


@pytest.mark.parametrize(
    "text",
    [
        "Jan 02 10:00:00 gate sshd: education of a server by bob@example.com\n" * 20,
        "Your files are encrypted.\n\nExperience\nWrite to us at pay@example.org\n",  # one heading is none
        "Experience\nfour years\nEducation\nschool\n",  # nobody to write to
    ],
)
def test_another_text_is_no_resume(tmp_path: Path, text: str) -> None:
    """A line of a log has its own source; the point is that it is not this one."""
    source, _ = recognise_member(member_of(tmp_path, "note.txt", text.encode()), definitions())
    assert source is None or source.id != "resume_file"


# -- what it states ----------------------------------------------------------------------------------------


def test_years_and_ratings_are_no_telephones() -> None:
    text = "2012 - 2016 school\n03/2019 - 12/2023 work\n1234567890123\nISBN 978-3-16-148410-0\n99.99.2020"
    assert statements_in(text)["phones"] == []


def test_a_telephone_is_found_once_however_often_it_is_written() -> None:
    found = statements_in("(512) 555-0101, +1 512 555 0101, Phone: 512.555.0101, +44 20 5550 0102")
    assert [phone["number"] for phone in found["phones"]] == ["+1 512 555 0101", "+44 20 5550 0102"]


def test_a_link_behind_a_word_counts_as_if_it_were_written() -> None:
    found = statements_in("LinkedIn", ["https://uk.linkedin.com/in/Jo-Moss/", "mailto:Jo@Example.org"])
    assert found["handles"] == [{"kind": "account", "value": "linkedin:jo-moss"}]
    assert found["mails"] == ["jo@example.org"]


def test_pages_of_a_code_host_are_nobodys_profile() -> None:
    assert statements_in("github.com/features, https://github.com/orgs/x, github.com/jo")["handles"] == [
        {"kind": "code_host", "value": "github:jo"}
    ]


def test_two_copies_that_differ_in_name_and_contact_data_alone_have_one_text() -> None:
    body = "\nSkills\nGo and Python for nine years in two companies, mostly on call."
    first = statements_in("Jo Moss\njo@example.com, (512) 555-0101, github.com/jo" + body)
    second = statements_in("Kim Roe\nkim.roe@example.org, +44 20 5550 0102, github.com/kim" + body)
    assert first["text"].split() == second["text"].split()
    assert first["name"] != second["name"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Jo van der Moss", "Jo van der Moss"),
        ("Ana-María O'Brien", "Ana-María O'Brien"),
        ("Curriculum Vitae", None),
        ("Senior Software Engineer", None),
        ("jo moss", None),
        ("Jo Moss, 12 Elm Street", None),
    ],
)
def test_only_a_line_that_is_plainly_a_name_is_taken_for_one(line: str, name: str | None) -> None:
    assert statements_in(line + "\nskills")["name"] == name


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("D:20260105103000+01'00'", "2026-01-05T10:30:00+01:00"),
        ("D:20260105103000Z", "2026-01-05T10:30:00Z"),
        ("D:20260105103000", "2026-01-05T10:30:00"),
        ("20260105", "2026-01-05"),
        ("D:20261305103000Z", None),
        ("D:20260105256000Z", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_a_clock_of_a_pdf_is_read_or_nothing(text: str | None, time: str | None) -> None:
    assert pdf_time(text) == time


def picture(seed: int, size: tuple[int, int] = (200, 240)) -> Image.Image:
    draw = random.Random(seed)  # noqa: S311 - a made-up picture
    small = Image.new("L", (8, 10))
    small.putdata([draw.randrange(256) for _ in range(80)])
    return small.resize(size, Image.Resampling.BICUBIC)


def saved(image: Image.Image, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


def test_a_photograph_keeps_its_fingerprint_when_it_is_scaled() -> None:
    once, again = fingerprints([saved(picture(1))]), fingerprints([saved(picture(1, (400, 480)), "JPEG")])
    assert once
    assert once == again
    assert fingerprints([saved(picture(2))]) != once


def test_icons_plain_areas_and_bombs_are_no_photographs() -> None:
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    bomb = header + struct.pack(">I", zlib.crc32(header[12:])) + b"\x00\x00\x00\x00IEND\xaeB`\x82"
    assert fingerprints([saved(picture(1, (40, 48))), saved(Image.new("L", (200, 240))), bomb, b"no"]) == []


# -- hostile files -----------------------------------------------------------------------------------------

TEXT = b"BT /F1 11 Tf 60 780 Td (Skills) Tj ET"
NESTED = b"[" * 20000 + b"]" * 20000

HOSTILE_PDFS = {
    "no objects": b"%PDF-1.7\n" + bytes(random.Random(7).randbytes(5000)),  # noqa: S311 - noise
    "a page that unpacks to 200 MB": pdf_of(b" " * 200_000_000),
    "a page tree that holds itself": pdf_of(TEXT).replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"),
    "a table of objects that leads to itself": pdf_of(TEXT, trailer=b"/Prev 9 ").replace(
        b"%%EOF", b"startxref\n9\n%%EOF"
    ),
    "lists in lists": pdf_of(TEXT, page=b"/Junk " + NESTED + b" "),
    "drawing orders in lists in lists": pdf_of(NESTED + b" TJ"),
    "a form that draws itself": pdf_of(
        b"/X Do",
        objects=b"6 0 obj\n<< /Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /X 6 0 R >> >>"
        b" /Length 5 >>\nstream\n/X Do\nendstream\nendobj\n",
        page=b"/Resources << /XObject << /X 6 0 R >> >> ",
    ),
    "cut in the middle": (SAMPLES / "sample_resume.pdf").read_bytes()[:700],
}


@pytest.mark.parametrize("content", HOSTILE_PDFS.values(), ids=HOSTILE_PDFS)
def test_a_hostile_pdf_is_one_record_with_a_reason_or_without_text(tmp_path: Path, content: bytes) -> None:
    record = record_of(tmp_path, "x.pdf", content)
    assert record.raw == content
    if record.problem:
        assert record.line == b""
        assert "\n" not in record.problem
    else:
        assert not orjson.loads(record.line)["is_resume"]


def test_a_pdf_with_a_bomb_for_a_page_is_rejected(tmp_path: Path) -> None:
    assert record_of(tmp_path, "x.pdf", HOSTILE_PDFS["a page that unpacks to 200 MB"]).problem


HOSTILE_DOCX: dict[str, tuple[bytes, str]] = {
    "a text that unpacks to 40 MB": (docx_of(b"<a>" + b" " * 40_000_000 + b"</a>"), "unpacks to more"),
    "entities that grow": (
        docx_of(b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'),
        "entities",
    ),
    "no XML": (docx_of(b"\x00\x01<"), "broken"),
    "too many entries": (docx_of(b"<a/>", **{f"word__x{i}.bin": b"" for i in range(2100)}), "2000 entries"),
}


@pytest.mark.parametrize(("content", "reason"), HOSTILE_DOCX.values(), ids=HOSTILE_DOCX)
def test_a_hostile_word_file_is_rejected_with_its_reason(content: bytes, reason: str) -> None:
    assert reason in read_docx(content)["problem"]


def test_a_word_file_whose_entry_lies_about_its_size_unpacks_no_further_than_it_may() -> None:
    content = bytearray(docx_of(b"<a>" + b" " * 30_000_000 + b"</a>"))
    where = content.rindex(b"PK\x01\x02", 0, content.rindex(b"PK\x05\x06"))
    content[where + 24 : where + 28] = struct.pack("<I", 10)  # the directory says ten bytes
    found = read_docx(bytes(content))
    assert found.get("problem") or not found["is_resume"]


def test_a_file_larger_than_a_resume_can_be_is_not_read(tmp_path: Path) -> None:
    record = record_of(tmp_path, "x.pdf", b"%PDF-1.7\n" + b"0" * parse.MAXIMUM_BYTES)
    assert "larger than 16 MB" in record.problem
    assert len(record.raw) == 64 * 1024


def test_a_reading_that_stalls_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "MAXIMUM_SECONDS", 0.001)
    record = record_of(tmp_path, "x.pdf", (SAMPLES / "sample_resume.pdf").read_bytes())
    assert record.problem.startswith("reading the document took more than")


@pytest.mark.parametrize(
    ("code", "answer"), [(1, b""), (-9, b""), (0, b""), (0, b"[]"), (0, b'"x"'), (0, b" " * 5_000_000)]
)
def test_a_reading_process_that_fails_is_a_problem_of_the_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, answer: bytes
) -> None:
    def run(*_: Any, **__: Any) -> Any:
        return subprocess.CompletedProcess([], code, answer, b"")

    monkeypatch.setattr(subprocess, "run", run)
    record = record_of(tmp_path, "x.pdf", (SAMPLES / "sample_resume.pdf").read_bytes())
    assert record.problem
    assert record.line == b""


def test_the_reading_process_does_not_get_our_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}

    def run(*_: Any, env: dict[str, str], **__: Any) -> Any:
        seen.update(env)
        return subprocess.CompletedProcess([], 1, b"", b"")

    monkeypatch.setenv("PICKGLASS_KEY", "not for others")
    monkeypatch.setattr(subprocess, "run", run)
    record_of(tmp_path, "x.pdf", (SAMPLES / "sample_resume.pdf").read_bytes())
    assert "PYTHONPATH" in seen
    assert "not for others" not in "".join(seen.values())
