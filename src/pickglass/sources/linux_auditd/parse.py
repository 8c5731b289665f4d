"""The audit log of Linux: lines of one event share its number and become one record.

A program start is told in pieces: SYSCALL says who and what, EXECVE the words of the command, PATH the files. They stand near
each other, but other events' lines may lie between: events are held open until enough others have come, or EOE ends them.
"""

from __future__ import annotations

import io
import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from pickglass.sources.reading import Damaged, Member, Record

MAXIMUM_OPEN = 200  # events that are held at a time; auditd writes the lines of one within a few others
MAXIMUM_EVENT = 1024 * 1024  # characters of one event; a command of two million words would be one
MAXIMUM_LINE = 64 * 1024
MAXIMUM_WORDS = 2000  # of one command

_HEAD = re.compile(
    r"^(?:node=(?P<node>\S+) )?type=(?P<type>[A-Z0-9_\[\]]+) msg=audit\((?P<time>\d+\.\d+):(?P<number>\d+)\): ?"
)
# A name begins where no letter stands in front of it: or else a line of nothing but letters would be read from each of them.
_FIELD = re.compile(
    r"""(?<![\w\[\]-])(?P<name>[\w\[\]-]{1,64})=(?:"(?P<quoted>[^"]{0,16384})"|(?P<bare>[^\s"']+))"""
)
_HEX = re.compile(r"^(?:[0-9A-F]{2})+$")
_WORD = re.compile(r"^a(\d{1,6})(?:\[(\d{1,6})\])?$")
# Values that auditd writes in hexadecimal where they hold a blank or a quote.
_ENCODED = {"proctitle", "cmd", "name", "exe", "comm", "cwd", "acct"}
_UNKNOWN = {"?", "", "(null)", "(none)", "(unknown)", "unset", "4294967295", "-1"}


@dataclass(slots=True)
class _Event:
    time: str
    number: str
    node: str | None
    lines: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)
    paths: list[dict[str, str]] = field(default_factory=list)
    size: int = 0


def records(member: Member) -> Iterator[Record]:
    """Read every event; a line that is none becomes a record that says so."""
    opened: OrderedDict[tuple[str, str, str], _Event] = OrderedDict()
    try:
        yield from _closed(member, opened)
    except Damaged:  # what came before the damage is told all the same
        yield from map(_record, opened.values())
        raise
    yield from map(_record, opened.values())


def _closed(member: Member, opened: OrderedDict[tuple[str, str, str], _Event]) -> Iterator[Record]:
    """Yield the events that are complete and the lines that are none; `opened` keeps those under way."""
    with io.TextIOWrapper(member.open(), encoding=member.encoding, errors="replace", newline="\n") as text:
        while line := text.readline(MAXIMUM_LINE):
            line = line.rstrip("\r\n")
            if not line.strip():
                continue
            head = _HEAD.match(line)
            if head is None:
                yield Record(b"", line.encode(), "no line of an audit log")
                continue
            key = (head["node"] or "", head["time"], head["number"])
            if head["type"] != "EOE":
                event = opened.get(key)
                if event is None:
                    event = opened[key] = _Event(head["time"], head["number"], head["node"])
                event.size += len(line)
                if event.size <= MAXIMUM_EVENT:
                    _add(event, head["type"], line, line[head.end() :])
            if head["type"] == "EOE" and key in opened:
                yield _record(opened.pop(key))
            while len(opened) > MAXIMUM_OPEN:
                yield _record(opened.popitem(last=False)[1])


def _add(event: _Event, kind: str, line: str, rest: str) -> None:
    """Take one line's fields into its event; what is said twice counts as said first."""
    event.lines.append(line)
    event.kinds.append(kind)
    # Names behind a group separator are auditd's own translation of numbers (AUID="ubuntu"); older ones have it bare.
    found = {
        match["name"]: _value(match["name"], match["quoted"], match["bare"])
        for match in _FIELD.finditer(rest.replace("\x1d", " ").replace("msg='", " ").replace("'", " "))
    }
    if kind == "EXECVE":
        for name, value in found.items():
            word = _WORD.match(name)
            if word and len(event.words) < MAXIMUM_WORDS:
                place = int(word[1])
                if place < MAXIMUM_WORDS:
                    event.words[place] = event.words.get(place, "") + value
    elif kind == "PATH":
        event.paths.append({name: found[name] for name in ("name", "nametype") if name in found})
    else:
        for name, value in found.items():
            event.values.setdefault(name, value)


def _value(name: str, quoted: str | None, bare: str | None) -> str:
    if quoted is not None:
        return quoted
    text = bare or ""
    if (name in _ENCODED or _WORD.match(name)) and len(text) >= 4 and _HEX.match(text):
        return bytes.fromhex(text).replace(b"\0", b" ").decode("utf-8", "replace")
    return text


def _record(event: _Event) -> Record:
    raw = "\n".join(event.lines).encode("utf-8", "replace")
    if event.size > MAXIMUM_EVENT:
        return Record(b"", raw, f"an event larger than {MAXIMUM_EVENT // 1024 // 1024} MB")
    words = [event.words[place] for place in sorted(event.words)]
    known = {name: value for name, value in event.values.items() if value not in _UNKNOWN}
    columns: dict[str, Any] = {
        "time": event.time,
        "number": event.number,
        "node": event.node,
        "kinds": event.kinds,
        "command": " ".join(words) or known.get("cmd") or None,
        "first_word": words[0] if words else None,
        "title": known.get("proctitle"),
        "syscall": known.get("SYSCALL") or known.get("syscall"),
        "exe": known.get("exe"),
        "comm": known.get("comm"),
        "user": known.get("AUID") or known.get("auid"),
        "acct": known.get("acct") or known.get("ID"),
        "addr": known.get("addr"),
        "hostname": known.get("hostname"),
        "terminal": known.get("terminal") or known.get("tty"),
        "session": known.get("ses"),
        "result": known.get("res") or known.get("success"),
        "key": known.get("key"),
        "paths": event.paths,
    }
    return Record(orjson.dumps(columns), raw)
