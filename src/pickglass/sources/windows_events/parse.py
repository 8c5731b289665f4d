"""Windows events, out of event logs (EVTX) and out of their XML, in one shape of raw columns.

A record becomes the columns of Microsoft's own WindowsEvent table: TimeCreated, Provider, EventID, Computer, Channel,
EventRecordId, SystemUserId, Task and EventData, which holds the event's own fields as texts by name (unnamed ones as
Data1, Data2 …).

Records are numbered in an event log without a gap. Where numbers are missing, a piece of the file is damaged: each
missing range becomes one problem record, and the rest is read.
"""

from __future__ import annotations

import codecs
import io
import re
import struct
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import IO, Any, cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

import orjson
from defusedxml import ElementTree  # type: ignore[import-untyped]
from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from evtx import PyEvtxParser

from pickglass.sources.reading import Feed, Member, Record

MAXIMUM_FIELDS = 300  # of one event; the largest that Windows itself writes has fewer than 100
MAXIMUM_DEPTH = 30
MAXIMUM_MISTAKES = 10_000  # records in a row that cannot be read: then the rest is given up
MEMORY_BYTES = 64 * 1024 * 1024  # a larger log waits on disk while it is read

_HEADER_BYTES = 4096
_CHUNK_BYTES = 65536
_TEXT_CHARACTERS = 1024 * 1024
_START = re.compile(r"<Event(?=[\s>])")
_END = "</Event>"
# Not past the next `<`: else a text of nothing but beginnings would be looked through from each of them.
_BETWEEN = re.compile(r"<\?xml[^<>]*\?>|</?Events(?:\s[^<>]*)?>|\ufeff|\s+|<!--[^<>]*-->")


def records(member: Member) -> Iterator[Record]:
    """Read every event of an event log or of a file of XML events, and tell what is missing."""
    if member.form == "evtx":
        yield from _log_records(member)
    else:
        yield from _xml_records(member)


# --- event logs ------------------------------------------------------------------------------------------


def _log_records(member: Member) -> Iterator[Record]:
    with tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES) as log:
        feed = Feed(member.content)
        for piece in feed.chunks():
            log.write(piece)
        held, damaged = _numbers(log)
        log.seek(0)
        seen: list[list[int]] = []
        mistakes = 0
        for found in _read(log):
            if isinstance(found, str):
                mistakes += 1
                continue
            _note(seen, found["event_record_id"])
            yield _log_record(found["data"])
        missing = _missing(_joined(seen), held)
        if not seen and not missing and (mistakes or damaged):
            yield Record(b"", b"", "not readable as an event log")
        elif (mistakes or damaged) and not missing:
            yield Record(
                b"", b"", "a part of the event log is damaged; how many records it held is not known"
            )
        for first, last in missing:
            which = f"record {first} is" if first == last else f"records {first} to {last} are"
            yield Record(b"", b"", f"{which} missing: a chunk is damaged")
        if feed.damage:  # what came before it was read all the same
            yield Record(b"", b"", feed.damage)


def _read(log: IO[bytes]) -> Iterator[Any]:
    """Yield what the library reads: a record, or the text of its complaint about one."""
    try:
        found = iter(PyEvtxParser(log, 1).records_json())
    except (RuntimeError, OSError, ValueError) as error:
        yield str(error)
        return
    mistakes = 0
    while mistakes < MAXIMUM_MISTAKES:
        try:
            record = next(found)
        except StopIteration:
            return
        except (RuntimeError, OSError, ValueError) as error:
            mistakes += 1
            yield str(error)
        except BaseException as error:  # the library's panics are no Exceptions
            if type(error).__name__ != "PanicException":
                raise
            yield "the record stops the reader"
            return
        else:
            mistakes = 0
            yield record


def _log_record(text: str) -> Record:
    try:
        event = orjson.loads(text)["Event"]
        columns = _columns(_system(event["System"]), _fields(event))
    except (KeyError, TypeError, AttributeError, ValueError):
        return Record(b"", text.encode("utf-8", "replace"), "not an event: it has no System part")
    return Record(orjson.dumps(columns), text.encode("utf-8", "replace"))


def _numbers(log: IO[bytes]) -> tuple[list[list[int]], bool]:
    """Return the ranges of record numbers that the chunks say they hold, and whether a chunk's head is damaged."""
    ranges: list[list[int]] = []
    damaged = False
    end = log.seek(0, io.SEEK_END)
    place = _HEADER_BYTES
    while place < end:
        log.seek(place)
        head = log.read(512)
        place += _CHUNK_BYTES
        if len(head) < 512 or not head.strip(b"\0"):  # the rest of a file is often empty
            continue
        sound = zlib.crc32(head[:120] + head[128:512]) == struct.unpack_from("<I", head, 124)[0]
        if head[:8] != b"ElfChnk\0" or not sound:
            damaged = True
            continue
        first, last = struct.unpack_from("<QQ", head, 24)
        if 0 < first <= last < 2**63:
            ranges.append([first, last])
    return _joined(ranges), damaged


def _note(ranges: list[list[int]], number: int) -> None:
    """Add one number to ranges in order of reading; neighbours grow into one range."""
    if ranges and number == ranges[-1][1] + 1:
        ranges[-1][1] = number
    else:
        ranges.append([number, number])


def _joined(ranges: list[list[int]]) -> list[list[int]]:
    """Return the same numbers as few ranges in rising order: a log that ran full begins again at its start."""
    joined: list[list[int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], last)
        else:
            joined.append([first, last])
    return joined


def _missing(seen: list[list[int]], held: list[list[int]]) -> list[tuple[int, int]]:
    """Return the ranges of numbers that lie between those seen, or that a chunk says it holds, and were not read."""
    known = [*seen, *held]
    if not known:
        return []
    missing: list[tuple[int, int]] = []
    expected = min(first for first, _ in known)
    for first, last in seen:
        if first > expected:
            missing.append((expected, first - 1))
        expected = last + 1
    final = max(last for _, last in known)
    if final >= expected:
        missing.append((expected, final))
    return missing


def _system(system: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "TimeCreated": _attribute(system.get("TimeCreated"), "SystemTime"),
        "Provider": _attribute(system.get("Provider"), "Name"),
        "EventID": _plain(system.get("EventID")),
        "Computer": _plain(system.get("Computer")),
        "Channel": _plain(system.get("Channel")),
        "EventRecordId": _plain(system.get("EventRecordID")),
        "SystemUserId": _attribute(system.get("Security"), "UserID"),
        "Task": _plain(system.get("Task")),
    }


def _attribute(value: Any, name: str) -> str | None:
    attributes = value.get("#attributes") if isinstance(value, dict) else None
    return _plain(attributes.get(name)) if isinstance(attributes, dict) else None


def _plain(value: Any) -> str | None:
    """Return a value as text, or None where it is none; the library writes an element with attributes as a map."""
    if value.__class__ is str:
        return value
    if isinstance(value, dict):
        value = value.get("#text")
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _fields(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the event's own fields by name, from EventData or from wherever below UserData they are."""
    fields: dict[str, str] = {}
    for part in ("EventData", "UserData", "ProcessingErrorData", "DebugData", "BinaryEventData"):
        if event.get(part) is not None:
            _gather(event[part], "", fields, MAXIMUM_DEPTH)
    return fields


def _gather(value: Any, name: str, fields: dict[str, str], levels: int) -> None:
    if levels == 0 or len(fields) >= MAXIMUM_FIELDS:
        return
    if isinstance(value, dict):
        for key, child in value.items():
            if key == "#attributes":
                below = {k: v for k, v in child.items() if not k.startswith("xmlns")}
                _gather(below, name, fields, levels - 1)
            elif child.__class__ is str and key not in ("#text", "Data") and len(fields) < MAXIMUM_FIELDS:
                fields.setdefault(key, child)  # nearly every field of nearly every event
            elif child is not None:
                _gather(child, name if key == "#text" else key, fields, levels - 1)
    elif isinstance(value, list):
        for number, child in enumerate(value, 1):
            _gather(child, f"{name}{number}", fields, levels - 1)
    else:
        text = _plain(value)
        if text is not None and name:
            # The only unnamed field comes without a number.
            fields.setdefault("Data1" if name == "Data" else name, text)


def _columns(system: dict[str, Any], fields: dict[str, str]) -> dict[str, Any]:
    return system | {"EventData": fields}


# --- XML -------------------------------------------------------------------------------------------------


def _xml_records(member: Member) -> Iterator[Record]:
    """Cut events out of XML: one alone, a document of them, or many one after another without a root."""
    limit = member.limits.record_bytes
    held, searched, inside, problem = "", 0, False, ""
    feed = Feed(member.content)
    letters = codecs.getincrementaldecoder(member.encoding)("replace")
    text = io.IncrementalNewlineDecoder(letters, translate=True)
    with closing(feed):
        while True:
            content = feed.read(_TEXT_CHARACTERS)
            piece = text.decode(content, final=not content)
            held += piece
            while True:
                if not inside:
                    start = _START.search(held)
                    kept = (
                        start.start()
                        if start
                        else (max(0, len(held) - len("<Event")) if content else len(held))
                    )
                    # A tag cut in two by the end of the piece waits for its rest.
                    if start is None and content and "<" in held:
                        kept = min(kept, held.rindex("<"))
                    between = held[:kept]
                    if _BETWEEN.sub("", between):
                        yield Record(
                            b"", between[: member.limits.kept_bytes].encode(), "text that is no event"
                        )
                    held, searched = held[kept:], 0
                    if start is None:
                        break
                    inside = True
                end = held.find(_END, searched)
                if end < 0:
                    if len(held) > limit:
                        problem, held = f"an event larger than {limit // 1024 // 1024} MB", held[-len(_END) :]
                    searched = max(0, len(held) - len(_END))
                    break
                one, held = held[: end + len(_END)], held[end + len(_END) :]
                yield Record(b"", one.encode(), problem) if problem else _xml_record(one)
                searched, inside, problem = 0, False, ""
            if not content:
                break
    problem = problem or feed.damage
    if problem:
        yield Record(b"", held[: member.limits.kept_bytes].encode(), problem)
    elif inside:
        yield _xml_record(held)


def _xml_record(text: str) -> Record:
    raw = text.encode("utf-8", "replace")
    try:
        event = ElementTree.fromstring(text, forbid_dtd=True)
    except ParseError:
        event = _as_far_as_it_goes(text)
        if event is None:
            return Record(b"", raw, "an event that is cut off or not readable as XML")
    except (DefusedXmlException, ValueError, RecursionError) as error:
        return Record(b"", raw, f"not readable as XML: {type(error).__name__}")
    parts = {_name(part): part for part in event}
    if "System" not in parts:
        return Record(b"", raw, "not an event: it has no System part")
    system = {_name(part): part for part in parts["System"]}
    columns = {
        "TimeCreated": _xml_attribute(system, "TimeCreated", "SystemTime"),
        "Provider": _xml_attribute(system, "Provider", "Name"),
        "EventID": _xml_text(system, "EventID"),
        "Computer": _xml_text(system, "Computer"),
        "Channel": _xml_text(system, "Channel"),
        "EventRecordId": _xml_text(system, "EventRecordID"),
        "SystemUserId": _xml_attribute(system, "Security", "UserID"),
        "Task": _xml_text(system, "Task"),
    }
    fields: dict[str, str] = {}
    for part in ("EventData", "UserData", "ProcessingErrorData", "DebugData"):
        if part in parts:
            _xml_fields(parts[part], fields)
    return Record(orjson.dumps(_columns(columns, fields)), raw)


def _as_far_as_it_goes(text: str) -> Element | None:
    """Read an event that is cut off, as collectors do which take a line for a record; None if its System is not whole.

    A value that the cut goes through is kept only where it was cut at the end of a line: then its first lines are whole.
    """
    if "<!" in text:  # no event declares anything
        return None
    reader: XMLPullParser[Any] = XMLPullParser(("start", "end"))
    opened: list[Element] = []
    root: Element | None = None
    whole = False
    try:
        reader.feed(text)
        for event, element in _told(reader):
            if event == "start":
                opened.append(element)
                root = element if root is None else root
            else:
                opened.pop()
                whole = whole or _name(element) == "System"
        if whole and text.endswith("\n"):
            for element in reversed(opened):
                reader.feed(f"</{_name(element)}>")
    except ParseError:
        pass  # what was read before it stands in the tree
    return root if whole else None


def _told(reader: XMLPullParser[Any]) -> Iterator[tuple[str, Element]]:
    for told in reader.read_events():
        event, element = cast("tuple[str, Element]", told)
        yield event, element


def _xml_fields(part: Element, fields: dict[str, str]) -> None:
    """Gather named Data, unnamed Data by number, and whatever else is a leaf."""
    unnamed = 0
    for element in part.iter():
        if len(fields) >= MAXIMUM_FIELDS:
            return
        name, text = _name(element), (element.text or "").strip()
        if name == "Data" and "Name" in element.attrib:
            fields.setdefault(element.attrib["Name"], text)
            continue
        if name == "Data":
            unnamed += 1
            name = f"Data{unnamed}"
        elif len(element):
            text = ""
        if text:
            fields.setdefault(name, text)
        for key, value in element.attrib.items():
            fields.setdefault(key.rpartition("}")[2], value)


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _xml_text(parts: Mapping[str, Element], name: str) -> str | None:
    return (parts[name].text or "").strip() or None if name in parts else None


def _xml_attribute(parts: Mapping[str, Element], name: str, key: str) -> str | None:
    return parts[name].get(key) or None if name in parts else None
