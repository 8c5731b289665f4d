"""The debug log of Windows' DNS server: a line a packet, in the date of the server's own language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import orjson

from pickglass.sources.reading import Record, blocks

if TYPE_CHECKING:
    from pickglass.sources.reading import Member

_LONGEST: Final = 8 * 1024
_PACKET: Final = re.compile(
    r"^(?P<date>\d{1,4}[/.-]?\d{1,2}[/.-]?\d{1,4}) (?P<hour>\d{1,2}):(?P<rest>\d\d:\d\d)(?: (?P<half>[AP]M))? [0-9A-F]+ PACKET +(?:[0-9A-F]+ +)?"
    r"(?P<protocol>UDP|TCP) +(?P<way>Rcv|Snd) +(?P<address>[0-9A-Fa-f.:]+) +[0-9a-f]{4} (?P<answer>[R ]) (?P<opcode>\S) "
    r"\[[^\]]*\] +(?P<type>\w+) +(?P<name>[(.]\S*)$"
)
_DATED: Final = re.compile(r"^\d{1,4}[/.-]?\d{1,2}[/.-]?\d{1,4} \d{1,2}:\d\d:\d\d ")
_LABEL: Final = re.compile(r"\(\d+\)")


def records(member: Member) -> Iterator[Record]:
    """Read each line that begins with a clock as one record; the legend above and the details below a packet are none."""
    for block in blocks(replace(member, form="text") if member.form == "csv" else member):
        for place, raw in enumerate(block.raws):
            if place in block.problems:
                yield Record(b"", raw, block.problems[place])
                continue
            text = raw[:_LONGEST].decode("utf-8", "replace").strip()
            if packet := _PACKET.match(text):
                yield _record(packet, raw)
            elif _DATED.match(text):
                kind = "event" if " PACKET " not in text else "packet"
                yield (
                    Record(orjson.dumps({"kind": kind}), raw)
                    if kind == "event"
                    else Record(b"", raw, "a packet that is not written as documented")
                )


def _record(packet: re.Match[str], raw: bytes) -> Record:
    date = _date(packet["date"], american=packet["half"] is not None)
    if date is None:
        return Record(b"", raw, f"not a date in a known order: {packet['date']}")
    hour = int(packet["hour"])
    if packet["half"]:
        hour = hour % 12 + (12 if packet["half"] == "PM" else 0)
    found = {
        "kind": "packet",
        "clock": f"{date}T{hour:02d}:{packet['rest']}",
        "protocol": packet["protocol"],
        "way": packet["way"],
        "answer": packet["answer"].strip(),
        "opcode": packet["opcode"],
        "address": packet["address"],
        "type": packet["type"],
        "name": ".".join(_LABEL.split(packet["name"])).strip("."),
    }
    return Record(orjson.dumps(found), raw)


def _date(text: str, *, american: bool) -> str | None:
    """Put a date in order: year first where it stands first, month first beside AM and PM, else day first."""
    if re.fullmatch(r"\d{8}", text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    parts = re.split(r"[/.-]", text)
    if len(parts) != 3:
        return None
    if len(parts[0]) == 4:
        year, month, day = parts
    elif len(parts[2]) == 4:
        month, day, year = parts if american else (parts[1], parts[0], parts[2])
    else:
        return None
    return f"{year}-{int(month):02d}-{int(day):02d}"
