"""Firewall logs of PAN-OS: values in an order that depends on the kind of log, behind a syslog prefix or not.

Newer versions add values at the end, so a line may have more of them than we name, and older ones have fewer.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import orjson

from pickglass.sources.reading import Record, blocks

if TYPE_CHECKING:
    from pickglass.sources.reading import Member

# Where the values begin: a number or nothing, the moment of receipt, the firewall's serial number, the kind of log.
_START: Final = re.compile(
    r"(?:^|[ \t])(\d*,(\d{4}[/-]\d\d[/-]\d\d[ T]\d\d:\d\d:\d\d[^,]*),[^,]*,"
    r"(TRAFFIC|THREAT|GLOBALPROTECT|SYSTEM|CONFIG|AUTHENTICATION|AUTH|USERID|USER-ID|HIPMATCH|HIP-MATCH|DECRYPTION|CORRELATION|"
    r"TUNNEL|START|END|SCTP|GTP|IPTAG|AUDIT),)"
)
_HEADER: Final = re.compile(r"^Domain,Receive Time,Serial #,Type,")
_OFFSET: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?([+-]\d\d:\d\d|Z)$")
_SANE: Final = "2000"  # a clock that was never set says 1970

_FLOW: Final = {
    7: "source",
    8: "destination",
    12: "source_user",
    14: "app",
    22: "session",
    25: "port",
    29: "protocol",
    30: "action",
}
_NAMES: Final[dict[str, dict[int, str]]] = {
    "TRAFFIC": _FLOW | {32: "bytes_sent", 33: "bytes_received", 35: "start"},
    "THREAT": _FLOW | {31: "url", 37: "direction"},
    "GLOBALPROTECT": {
        8: "event", 9: "stage", 10: "method", 11: "tunnel", 12: "source_user", 13: "region", 14: "machine", 15: "public_address",
        16: "public_address_6", 19: "host_id", 20: "machine_serial", 22: "os", 23: "os_version", 25: "reason", 26: "error", 28: "status",
        33: "portal", 34: "sequence",
    },
    "SYSTEM": {8: "event", 14: "description", 15: "sequence"},
}  # fmt: skip


def records(member: Member) -> Iterator[Record]:
    """Read each line as one record; the header of an export is none."""
    for block in blocks(replace(member, form="text") if member.form == "csv" else member):
        for place, raw in enumerate(block.raws):
            if place in block.problems:
                yield Record(b"", raw, block.problems[place])
                continue
            text = raw.decode("utf-8", "replace")
            if not _HEADER.match(text):
                yield _record(text, raw)


def _record(text: str, raw: bytes) -> Record:
    start = _START.search(text)
    if start is None:
        return Record(b"", raw, "not a line of a firewall's log")
    try:
        values = next(csv.reader([text[start.start(1) :]]))
    except (csv.Error, StopIteration) as error:
        return Record(b"", raw, f"not separated as it should be ({error})")
    kind = {"AUTH": "AUTHENTICATION", "USER-ID": "USERID", "HIP-MATCH": "HIPMATCH"}.get(start[3], start[3])
    found = {"kind": kind, "subtype": values[4] if len(values) > 4 else "", "firewall": values[2]}
    names = _NAMES.get(kind, {})
    found |= {name: values[place] for place, name in names.items() if len(values) > place and values[place]}
    clock = values[6] if len(values) > 6 and values[6] else values[1]
    zone = _zone(text[: start.start(1)], values)
    found["clock"] = _clock(clock, zone)
    if "start" in found:
        found["start"] = _clock(found["start"], zone)
    return Record(orjson.dumps(found), raw)


def _zone(prefix: str, values: list[str]) -> str:
    """Find the firewall's offset: in the clock that newer versions write at the end, or in front by syslog."""
    for value in (*values[30:], *prefix.split()):
        if value > _SANE and (found := _OFFSET.match(value)):
            return found[1]
    return ""


def _clock(value: str, zone: str) -> str:
    text = value.replace("/", "-").replace(" ", "T")
    return text if text.endswith("Z") or _OFFSET.match(text) else text + zone
