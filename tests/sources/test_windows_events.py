"""Windows events: nothing is lost silently in a damaged event log, and XML that means harm stops nobody."""

from __future__ import annotations

import os
import re
from pathlib import Path

import orjson
import pytest
from tests.sources.evtx_files import CHUNK_BYTES, HEADER_BYTES, event_log

from pickglass.sources.reading import Member, Record, members
from pickglass.sources.windows_events.parse import records


def event(number: int, value: str = "desk") -> str:
    return (
        "<Event><System><Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID>"
        f"<TimeCreated SystemTime='2026-11-02T09:00:{number % 60:02d}.123456Z'/><EventRecordID>{number}</EventRecordID>"
        "<Channel>Security</Channel><Computer>desk-1.corp.example</Computer></System>"
        f"<EventData><Data Name='Image'>C:\\tools\\{value}.exe</Data></EventData></Event>"
    )


def read(folder: Path, content: bytes, name: str = "log") -> list[Record]:
    path = folder / name
    path.write_bytes(content)
    (member,) = members(path)
    assert isinstance(member, Member), member
    return list(records(member))


def numbers(found: list[Record]) -> list[int]:
    return [int(orjson.loads(record.line)["EventRecordId"]) for record in found if record.line]


def told(found: list[Record]) -> list[str]:
    return [record.problem for record in found if record.problem]


def missing(found: list[Record]) -> list[int]:
    gone: list[int] = []
    for problem in told(found):
        first, last = (re.findall(r"\d+", problem) * 2)[:2]
        gone += range(int(first), int(last) + 1)
    return gone


def test_a_whole_log_is_read_whole(tmp_path: Path) -> None:
    found = read(tmp_path, event_log([event(number) for number in range(1, 121)]))
    assert numbers(found) == list(range(1, 121))
    assert told(found) == []
    assert orjson.loads(found[0].line) == {
        "TimeCreated": "2026-11-02T09:00:01.123456Z",
        "Provider": "Microsoft-Windows-Sysmon",
        "EventID": "1",
        "Computer": "desk-1.corp.example",
        "Channel": "Security",
        "EventRecordId": "1",
        "SystemUserId": None,
        "Task": None,
        "EventData": {"Image": "C:\\tools\\desk.exe"},
    }


def test_a_lost_chunk_is_told_with_its_records_and_the_rest_is_read(tmp_path: Path) -> None:
    log = bytearray(event_log([event(number) for number in range(1, 151)]))
    place = HEADER_BYTES + CHUNK_BYTES
    log[place : place + 8] = b"\xff" * 8
    found = read(tmp_path, bytes(log))
    assert numbers(found) == [*range(1, 51), *range(101, 151)]
    assert told(found) == ["records 51 to 100 are missing: a chunk is damaged"]


@pytest.mark.parametrize("seed", range(12))
def test_flipped_bytes_lose_no_record_silently(tmp_path: Path, seed: int) -> None:
    """400 bytes turned over in one chunk: what is not read is told by its numbers, and nothing is told that was read."""
    log = bytearray(event_log([event(number) for number in range(1, 151)]))
    start = HEADER_BYTES + CHUNK_BYTES + (600 + seed * 1609)
    for place in range(start, start + 400):
        log[place] ^= 0xFF
    found = read(tmp_path, bytes(log))
    seen = numbers(found)
    assert set(seen) | set(missing(found)) >= set(range(1, 151))
    assert set(seen) >= {*range(1, 51), *range(101, 151)}
    assert missing(found), "some record of the chunk cannot be whole"


def test_a_log_that_ran_full_and_began_again_misses_nothing(tmp_path: Path) -> None:
    log = event_log([event(number) for number in range(1, 101)])
    first, second = log[HEADER_BYTES : HEADER_BYTES + CHUNK_BYTES], log[HEADER_BYTES + CHUNK_BYTES :]
    found = read(tmp_path, log[:HEADER_BYTES] + second + first)
    assert sorted(numbers(found)) == list(range(1, 101))
    assert told(found) == []


def test_a_log_that_is_none_is_told(tmp_path: Path) -> None:
    log = bytearray(event_log([event(1)]))
    log[HEADER_BYTES:] = b"\xee" * (len(log) - HEADER_BYTES)
    assert told(read(tmp_path, bytes(log))) == ["not readable as an event log"]


def test_events_without_a_root_and_in_another_encoding_are_read(tmp_path: Path) -> None:
    document = (
        "\ufeff<?xml version='1.0' encoding='utf-16'?><Events>" + event(1) + event(2, "Zoë") + "</Events>"
    )
    found = read(tmp_path, document.encode("utf-16-le"))
    assert numbers(found) == [1, 2]
    assert orjson.loads(found[1].line)["EventData"] == {"Image": "C:\\tools\\Zoë.exe"}
    assert numbers(read(tmp_path, "\n".join([event(1), event(2), event(3)]).encode())) == [1, 2, 3]


def test_what_is_no_event_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, (event(1) + "<Evil/>" + event(2)).encode())
    assert numbers(found) == [1, 2]
    assert told(found) == ["text that is no event"]


def test_entities_are_not_opened(tmp_path: Path) -> None:
    bomb = (
        event(2).replace("<Event>", "<Event><!DOCTYPE a [<!ENTITY b 'bbbbbbbb'>]>").replace("desk.exe", "&b;")
    )
    found = read(tmp_path, (event(1) + bomb + event(3)).encode())
    assert numbers(found) == [1, 3]
    assert len(told(found)) == 1


@pytest.mark.parametrize(
    ("end", "image"), [("C:\\a.exe -x", None), ("C:\\a.exe -x\n", "C:\\a.exe -x"), ("C:\\a.exe\n -x", None)]
)
def test_an_event_cut_off_is_read_as_far_as_it_goes(tmp_path: Path, end: str, image: str | None) -> None:
    """Only a value that ends with its line is known to be whole so far."""
    cut = event(1).partition("<Data Name='Image'>")[0] + "<Data Name='User'>a</Data><Data Name='Image'>" + end
    (found,) = read(tmp_path, cut.encode())
    data = orjson.loads(found.line)["EventData"]
    assert data["User"] == "a"
    assert (data.get("Image") or None) == image


def test_an_event_cut_off_in_its_head_is_rejected(tmp_path: Path) -> None:
    (found,) = read(tmp_path, event(1).partition("<Channel>")[0].encode())
    assert found.problem == "an event that is cut off or not readable as XML"


@pytest.mark.corpus
def test_real_logs_lose_nothing() -> None:
    """The folder that PICKGLASS_CORPUS names: every event log in it is read without a gap."""
    folder = os.environ.get("PICKGLASS_CORPUS")
    if not folder:
        pytest.skip("PICKGLASS_CORPUS names no folder")
    for path in sorted(Path(folder).rglob("*.evtx")):
        for member in members(path):
            if isinstance(member, Member) and member.form == "evtx":
                assert told(list(records(member))) == [], path.name


def test_beginnings_without_an_end_are_told_and_not_looked_through_from_each(tmp_path: Path) -> None:
    """A text of comments that never end is one problem; what is written between events is none."""
    text = f"<!-- kept --><Events>{event(1)}\n</Events>" + "<!--" * 200_000
    found = read(tmp_path, text.encode())
    assert numbers(found) == [1]
    assert set(told(found)) == {"text that is no event"}
