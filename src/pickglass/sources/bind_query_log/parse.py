"""BIND's query log: who asked for which name, in the clock that the channel was given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_LONGEST: Final = 8 * 1024
_MONTHS: Final = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_QUERY: Final = re.compile(
    r"\bclient (?:@0x[0-9a-f]+ )?(?P<address>[0-9A-Fa-f.:]+)(?:%\w+)?#\d+(?: \(\S*\))?(?:: view [^:\s]+)?: query: (?P<name>\S+) \S+ (?P<type>\S+) "
)
_OWN: Final = re.compile(rf"^(\d\d)-({_MONTHS})-(\d{{4}}) (\d\d:\d\d:\d\d(?:\.\d+)?)")
_ISO: Final = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_SYSLOG: Final = re.compile(rf"^(?:<\d+>)?({_MONTHS}) +(\d{{1,2}}) (\d\d:\d\d:\d\d)\b")


def parse(raw: bytes) -> Mapping[str, Any]:
    """Read one line: the clock, and the question if it is one."""
    text = raw[:_LONGEST].decode("utf-8", "replace")
    found: dict[str, Any] = {}
    if own := _OWN.match(text):
        found["clock"] = f"{own[3]}-{_number(own[2]):02d}-{own[1]}T{own[4]}"
    elif iso := _ISO.match(text):
        found["clock"] = iso[0]
    elif syslog := _SYSLOG.match(text):
        found |= {"day": f"{_number(syslog[1]):02d}-{int(syslog[2]):02d}", "hour": syslog[3]}
    else:
        return {"problem": "no clock in front"}
    if query := _QUERY.search(text + " "):
        found |= query.groupdict()
    return found


def _number(month: str) -> int:
    return _MONTHS.split("|").index(month) + 1
