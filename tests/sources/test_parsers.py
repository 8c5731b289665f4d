"""Sources with a parser of their own: whose file is it, and what becomes of records and of damage."""

import types
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pickglass.model.source import Recognition, SourceDefinition
from pickglass.sources import parsers
from pickglass.sources.definitions import definitions
from pickglass.sources.parsers import parsed_blocks, parser_sources
from pickglass.sources.reading import Damaged, Member, Record, members
from pickglass.sources.recognition import recognise_member

HEAD = "<134>Mar 01 10:00:00 gate VPN: user=ann.example@example.com, action=login, from=192.0.2.7\n"


def lines_of(id: str, pattern: str) -> SourceDefinition:
    mail = definitions()["mail_message"]
    return replace(mail, id=id, forms=("text", "csv"), recognise=Recognition(text=pattern), folder=id)


def member(folder: Path, text: str = HEAD) -> Member:
    path = folder / "gate.log"
    path.write_text(text)
    (found,) = members(path)
    assert isinstance(found, Member)
    return found


def use(monkeypatch: pytest.MonkeyPatch, **functions: Any) -> None:
    monkeypatch.setattr(parsers, "_module", lambda _id: types.SimpleNamespace(**functions))


def test_a_text_belongs_to_the_source_whose_pattern_fits() -> None:
    vpn, other = lines_of("vpn", r"^<\d+>.* VPN: "), lines_of("other", r"^#Fields")
    assert [source.id for source in parser_sources("text", HEAD, [vpn, other])] == ["vpn"]
    assert parser_sources("mail", HEAD, [vpn, other]) == []


def test_a_pattern_goes_before_a_form() -> None:
    """Mail is anybody's; a source that knows a mail by its text has it."""
    mail = definitions()["mail_message"]
    notice = replace(mail, id="notice", recognise=Recognition(text="^Subject: Notice"))
    assert [one.id for one in parser_sources("mail", "Subject: Notice\n", [mail, notice])] == ["notice"]
    assert [one.id for one in parser_sources("mail", "Subject: Lunch\n", [mail, notice])] == ["mail_message"]


def test_two_sources_that_fit_are_told_and_none_is_guessed(tmp_path: Path) -> None:
    known = {"a": lines_of("a", "VPN"), "b": lines_of("b", "gate")}
    source, why = recognise_member(member(tmp_path), known)
    assert source is None
    assert why == "fits several sources equally: a, b"


def test_lines_are_records_even_where_they_look_like_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, parse=lambda raw: {"text": raw.decode()} if b"VPN" in raw else {"problem": "no VPN"})
    text = HEAD * 3 + "\n" + HEAD.replace("VPN", "SSH")
    (block,) = parsed_blocks(member(tmp_path, text), lines_of("vpn", "VPN"))
    assert len(block.lines) == 4
    assert block.problems == {3: "no VPN"}
    assert b"SSH" in block.raws[3]


def test_a_file_that_ends_early_says_so_in_a_record_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def records(_member: Member) -> Iterator[Record]:
        yield Record(b"{}", b"one")
        raise Damaged("compressed data ends early")

    use(monkeypatch, records=records)
    (block,) = parsed_blocks(member(tmp_path), lines_of("vpn", "VPN"))
    assert block.lines == [b"{}", b""]
    assert block.problems == {1: "compressed data ends early"}


def test_a_parser_that_forgot_a_case_loses_one_record_and_no_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(raw: bytes) -> dict[str, int]:
        return {"number": int(raw.split(b"#")[1])}

    use(monkeypatch, parse=parse)
    (block,) = parsed_blocks(
        member(tmp_path, "VPN gate: one #1\nVPN gate: two\nVPN gate: three #x\n"), lines_of("vpn", "VPN")
    )
    assert block.lines[0] == b'{"number":1}'
    assert {place: "please report it" in why for place, why in block.problems.items()} == {1: True, 2: True}
