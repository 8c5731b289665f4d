"""The audit log's lines come together by their number, whatever lies between, and within limits."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson

from pickglass.model.source import SourceDefinition
from pickglass.sources.definitions import definitions
from pickglass.sources.linux_auditd import parse
from pickglass.sources.linux_auditd.parse import MAXIMUM_EVENT, MAXIMUM_OPEN, records
from pickglass.sources.parsers import parsed_blocks
from pickglass.sources.reading import Member, Record, members


def read(folder: Path, text: str) -> list[Record]:
    path = folder / "audit.log"
    path.write_text(text, "utf-8", newline="")
    (member,) = members(path)
    assert isinstance(member, Member)
    return list(records(member))


def found(record: Record) -> dict[str, Any]:
    value = orjson.loads(record.line)
    assert isinstance(value, dict)
    return value


def line(kind: str, number: int, rest: str) -> str:
    return f"type={kind} msg=audit(1793696400.000:{number}): {rest}\n"


def test_lines_of_one_event_are_one_record_though_others_lie_between(tmp_path: Path) -> None:
    text = (
        line("SYSCALL", 1, 'syscall=59 exe="/usr/bin/rsync" auid=1000')
        + line("EXECVE", 2, 'argc=1 a0="ls"')
        + line("EXECVE", 1, 'argc=2 a0="rsync" a1=2F73727620782F')
        + line("EOE", 1, "")
    )
    first, second = read(tmp_path, text)
    assert (found(first)["number"], found(first)["command"]) == ("1", "rsync /srv x/")
    assert found(first)["kinds"] == ["SYSCALL", "EXECVE"]
    assert found(second)["command"] == "ls"


def test_words_in_pieces_and_out_of_order_are_put_together(tmp_path: Path) -> None:
    text = line("EXECVE", 1, 'argc=11 a10="z" a2="c" a1[0]=6161 a1[1]=6262 a0="echo"')
    (record,) = read(tmp_path, text)
    assert found(record)["command"] == "echo aabb c z"


def test_a_line_that_is_none_is_told(tmp_path: Path) -> None:
    told = read(tmp_path, line("EXECVE", 1, 'a0="ls"') + "\nrotated\n")
    assert [record.problem for record in told] == ["no line of an audit log", ""]


def test_no_more_events_are_held_than_the_limit(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(parse, "MAXIMUM_OPEN", 3)
    text = "".join(line("SYSCALL", number, "syscall=59") for number in range(1, 6))
    text += line("EXECVE", 1, 'a0="late"')
    numbers = [found(record)["number"] for record in read(tmp_path, text)]
    assert numbers == ["1", "2", "3", "4", "5", "1"]
    assert MAXIMUM_OPEN >= 100


def test_an_event_without_end_is_refused_and_not_kept(tmp_path: Path) -> None:
    one = line("EXECVE", 1, 'a0="' + "x" * 50_000 + '"')
    (record,) = read(tmp_path, one * (MAXIMUM_EVENT // 50_000 + 5))
    assert record.problem == "an event larger than 1 MB"
    assert len(record.raw) <= MAXIMUM_EVENT + 1000


def test_a_line_of_nothing_but_letters_is_read_once(tmp_path: Path) -> None:
    """A search that began at each letter anew would take minutes: longer than any test may run."""
    text = "".join(line("SYSCALL", number, "A" * 60_000) for number in range(1, 30))
    assert len(read(tmp_path, text)) == 29


def test_a_word_of_an_absurd_number_is_no_word(tmp_path: Path) -> None:
    (record,) = read(tmp_path, line("EXECVE", 1, 'a0="ls" a' + "1" * 5000 + '="x"'))
    assert found(record)["command"] == "ls"


def test_letters_without_a_value_are_looked_through_once() -> None:
    """A name that is too long gives no field at all, and so none that begins somewhere within it."""
    assert parse._FIELD.search("x" * 65 + "=1") is None
    assert [one["name"] for one in parse._FIELD.finditer("x" * 64 + "=1 y=2")] == ["x" * 64, "y"]


def test_events_under_way_when_the_content_ends_early_are_told(tmp_path: Path) -> None:
    path = tmp_path / "audit.log.gz"
    text = line("SYSCALL", 1, "syscall=59") + "".join(
        line("EXECVE", 1, f'a{number}="{number * 7919}"') for number in range(1, 2000)
    )
    whole = gzip.compress(text.encode())
    path.write_bytes(whole[: len(whole) // 2])
    (member,) = members(path)
    assert isinstance(member, Member)
    told = [
        (place, block.problems.get(place, ""))
        for block in parsed_blocks(member, source())
        for place in range(len(block.raws))
    ]
    assert [problem for _, problem in told if problem][-1] == "compressed data ends early"
    assert any(not problem for _, problem in told), "the event that was read in part"


def source() -> SourceDefinition:
    return definitions()["linux_auditd"]
