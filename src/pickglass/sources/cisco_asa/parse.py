"""Messages of Cisco ASA and Secure Firewall: a number says what a line is about, and so how its text is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_MESSAGE: Final = re.compile(r"%(?:ASA|FTD|PIX)-(?:[a-z]+-)?\d-(\d{6}):? ?(.*)$", re.DOTALL)
_MONTHS: Final = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
_DATED: Final = re.compile(
    rf"\b({_MONTHS}) +(\d{{1,2}}) (\d{{4}}) (\d\d:\d\d:\d\d(?:\.\d+)?)(?: ([A-Z]{{2,5}})\b)?"
)
_UNDATED: Final = re.compile(rf"\b({_MONTHS}) +(\d{{1,2}}) (\d\d:\d\d:\d\d)\b")
_SIDE: Final = (
    r"[^\s:]+:(?P<{0}_address>[^\s/(]+)/(?P<{0}_port>\d+)(?: \([^)]*\))?(?: ?\((?P<{0}_user>[^)]*)\))?"
)
_WHO: Final = r"Group <?(?P<group>.*?)>? User <?(?P<user>[^<>]*?)>? IP <?(?P<address>[0-9A-Fa-f.:]+)>?"  # with or without the brackets
_BUILT: Final = re.compile(
    r"Built (?P<direction>inbound|outbound) (?P<protocol>TCP|UDP) connection \d+ for "
    + _SIDE.format("near")
    + " to "
    + _SIDE.format("far")
)
_SESSION: Final = re.compile(_WHO)
_SHAPES: Final[dict[str, re.Pattern[str]]] = {
    "302013": _BUILT,
    "302015": _BUILT,
    "113039": _SESSION,
    "716001": _SESSION,
    "716002": re.compile(_WHO + r".*?(?:terminated: (?P<reason>.*?)\.?)?$"),
    "716039": re.compile(_WHO + r"|rejected, group = (?P<old_group>.*?) user = (?P<old_user>.*?) ?, Session Type"),
    "716059": re.compile(
        r"Group <?(?P<group>.*?)>? User <?(?P<user>[^<>]*?)>? IP <?[0-9A-Fa-f.:]+>? AnyConnect session resumed.*?"
        r"from (?:IP )?<?(?P<address>[0-9A-Fa-f.:]*[0-9A-Fa-f])"
    ),
    "751025": re.compile(r"Remote:(?P<address>\S+):\d+ Username:(?P<user>.*?) (?:IKEv\d )?Group:(?P<group>\S+) .*assigned to session"),
    "722022": _SESSION,
    "722023": _SESSION,
    "722051": _SESSION,
    "722055": re.compile(_WHO + r" Client Type: (?P<client>.*)$"),
    "113005": re.compile(
        r"(?i:rejected) ?: reason = (?P<reason>.*?) ?: server = \S+ ?: user = (?P<user>.*?)(?: ?: user IP = (?P<address>\S+))?$"
    ),
    "113015": re.compile(
        r"(?i:rejected) ?: reason = (?P<reason>.*?) ?: local database ?: user = (?P<user>.*?)(?: ?: user IP = (?P<address>\S+))?$"
    ),
    "113019": re.compile(
        r"Group = (?P<group>.*?), Username = (?P<user>.*?), IP = (?P<address>\S+?), Session disconnected\..*?Reason: (?P<reason>.*?)\.?$"
    ),
    "605004": re.compile(r"Login denied from (?P<address>[^/\s]+)/\S+ to \S+ for user [\"'](?P<user>.*?)[\"']"),
    "605005": re.compile(r"Login permitted from (?P<address>[^/\s]+)/\S+ to \S+ for user [\"'](?P<user>.*?)[\"']"),
    "304001": re.compile(
        r"^(?:(?P<user>\S+)@)?(?P<address>[0-9A-Fa-f.:]+)(?:\((?P<mapped>[^)]*)\))? Accessed (?:JAVA )?URL "
        r"(?:(?P<old_user>[^\s@]+)@)?(?P<far_address>[0-9A-Fa-f.]+):(?P<url>\S+)"
    ),
    "734003": re.compile(
        r"DAP: User (?P<user>.*?), Addr (?P<address>\S+?): Session Attribute (?P<attribute>[\w.\[\]\"]+?) ?= ?\"?(?P<value>.*?)\"?$"
    ),
}  # fmt: skip
_LONGEST: Final = 16 * 1024  # no message is longer, and no text may keep the patterns busy
_WORDED: Final = 2 * 1024
_PAIR: Final = re.compile(r"(?:^|, )([A-Z]\w+): (.*?)(?=, [A-Z]\w+: |$)")
_CONNECTIONS: Final = frozenset({"430002", "430003"})
_PAIRS: Final = {
    "SrcIP": "near_address",
    "DstIP": "far_address",
    "DstPort": "far_port",
    "Protocol": "protocol",
    "User": "user",
    "InitiatorBytes": "bytes_out",
    "ResponderBytes": "bytes_in",
    "URL": "url",
    "DNSQuery": "question",
    "AccessControlRuleAction": "verdict",
    "WebApplication": "app",
    "Client": "client",
}


def parse(raw: bytes) -> Mapping[str, Any]:
    """Read one line: its number, its clock, and what the message with that number says."""
    text = raw[:_LONGEST].decode("utf-8", "replace").strip()
    message = _MESSAGE.search(text)
    if message is None:
        return {"problem": "no message number of an ASA or FTD"}
    number, body = message[1], message[2].strip()
    found: dict[str, Any] = {"number": number, **_clock(text[: message.start()])}
    if number in _CONNECTIONS:
        told = dict(_PAIR.findall(body))
        found |= {name: told[key] for key, name in _PAIRS.items() if told.get(key)}
    elif shape := _SHAPES.get(number):
        said = shape.search(body[:_WORDED])
        if said is None:
            return {"problem": f"message {number} is not worded as it is documented"}
        # Older versions word some messages otherwise, with the same facts in another place.
        found |= {name.removeprefix("old_"): value for name, value in said.groupdict().items() if value}
    return found


def _clock(prefix: str) -> dict[str, str]:
    """Find the firewall's own clock, which stands last; without a year it says less."""
    if iso := _ISO.findall(prefix):
        return {"clock": iso[-1]}
    if dated := list(_DATED.finditer(prefix)):
        month, day, year, clock, zone = dated[-1].groups()
        utc = "Z" if zone in {"UTC", "GMT"} else ""
        return {"clock": f"{year}-{_number(month):02d}-{int(day):02d}T{clock}{utc}"}
    if undated := list(_UNDATED.finditer(prefix)):
        month, day, clock = undated[-1].groups()
        return {"day": f"{_number(month):02d}-{int(day):02d}", "hour": clock}
    return {}


def _number(month: str) -> int:
    return _MONTHS.split("|").index(month) + 1
