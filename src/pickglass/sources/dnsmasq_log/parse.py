"""dnsmasq's log, which is also Pi-hole's: questions, answers, forwards and leases, each a line of syslog's kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_LONGEST: Final = 8 * 1024
_MONTHS: Final = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_LINE: Final = re.compile(
    rf"^(?:<\d+>)?(?:(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?(?P<month>{_MONTHS}) +(?P<day>\d{{1,2}}) (?P<hour>\d\d:\d\d:\d\d)(?: (?P<year>\d{{4}}))?"
    r"|(?P<iso>\d{4}-\d\d-\d\dT\S+))(?: \S+)? dnsmasq(?:-dhcp)?\[\d+\]: (?P<rest>.*)$"
)
# With log-queries=extra a number and the asker stand in front.
_QUERY: Final = re.compile(
    r"^(?:\d+ \S+ )?query\[(?P<type>[^\]]+)\] (?P<name>\S+) from (?P<address>[0-9A-Fa-f.:]+)"
)


def parse(raw: bytes) -> Mapping[str, Any]:
    """Read one line: the clock, and the question if it is one."""
    line = _LINE.match(raw[:_LONGEST].decode("utf-8", "replace").strip())
    if line is None:
        return {"problem": "not a line of dnsmasq"}
    found: dict[str, Any] = {"clock": line["iso"]} if line["iso"] else {}
    if line["month"]:
        number = _MONTHS.split("|").index(line["month"]) + 1
        day = f"{number:02d}-{int(line['day']):02d}"
        # OpenWrt's logread adds the day of the week, the year and «daemon.info».
        found |= (
            {"clock": f"{line['year']}-{day}T{line['hour']}"}
            if line["year"]
            else {"day": day, "hour": line["hour"]}
        )
    if query := _QUERY.match(line["rest"]):
        found |= query.groupdict()
    return found
