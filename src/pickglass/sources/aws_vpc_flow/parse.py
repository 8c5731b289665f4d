"""Flow logs as text: values between blanks, in the default order or in that of the file's header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import orjson

from pickglass.sources.reading import Record, blocks

if TYPE_CHECKING:
    from pickglass.sources.reading import Member

_DEFAULT = (
    "version", "account_id", "interface_id", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "packets", "bytes", "start", "end",
    "action", "log_status",
)  # fmt: skip
_CAPITALS = {"srcaddr": "srcAddr", "dstaddr": "dstAddr", "srcport": "srcPort", "dstport": "dstPort"}
# CloudWatch's export puts the moment of arrival in front.
_ARRIVAL = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z ")


def records(member: Member) -> Iterator[Record]:
    """Read each line as one record, by the header if there is one."""
    names: tuple[str, ...] = _DEFAULT
    for block in blocks(member):
        for place, raw in enumerate(block.raws):
            if place in block.problems:
                yield Record(b"", raw, block.problems[place])
                continue
            values = _ARRIVAL.sub("", raw.decode("utf-8", "replace")).split()
            if "srcaddr" in values or "pkt-srcaddr" in values:
                names = tuple(_CAPITALS.get(value, value.replace("-", "_")) for value in values)
            elif len(values) != len(names):
                yield Record(b"", raw, f"{len(values)} values, the format has {len(names)}")
            else:
                found = {name: value for name, value in zip(names, values, strict=True) if value != "-"}
                yield Record(orjson.dumps(found), raw)
