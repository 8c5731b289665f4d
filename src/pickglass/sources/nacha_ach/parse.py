"""ACH files in Nacha's format: lines of 94 characters, where a batch's header says what its entries mean.

One record is an entry with the facts of its batch and file and what its addenda add: the new number that a bank
reports back, the reason of a return, the bank and the name of an international payment. Lines are cut by place, never
by meaning; what does not fit its place is a problem of that line alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from pickglass.sources.reading import Damaged, Member, Record

WIDTH: Final = 94
MAXIMUM_LINE: Final = 64 * 1024  # some systems write a whole file as one line of blocks
MAXIMUM_ADDENDA: Final = 50  # of one entry that are looked at


@dataclass
class _Entry:
    """An entry under way: its own line first, then those of its addenda."""

    values: dict[str, Any]
    raws: list[str] = field(default_factory=list)
    addenda: int = 0

    def record(self) -> Record:
        return Record(orjson.dumps(self.values), "\n".join(self.raws).encode())


def records(member: Member) -> Iterator[Record]:
    """Yield every entry of an ACH file with its batch and addenda; a line that cannot be placed is a problem record."""
    file: dict[str, str] = {}
    batch: dict[str, str] = {}
    entry: _Entry | None = None
    complete = False
    lines = _lines(member)
    while True:
        try:
            line = next(lines, None)
        except Damaged as error:
            if entry is not None:  # its addenda may be among what is missing
                raws = "\n".join(entry.raws).encode()
                yield Record(b"", raws, f"{error} within this entry or right behind it")
            yield Record(b"", b"", str(error))
            return
        if line is None:
            break
        kind = line[:1]
        problem = _problem(line, kind, file, batch, entry)
        if entry is not None and (kind != "7" or problem):
            yield entry.record()
            entry = None
        if problem:
            yield Record(b"", line[:WIDTH].encode(), problem)
        elif kind == "1":
            file, batch, complete = _file_header(line), {}, False
        elif kind == "5":
            batch = _batch_header(line)
        elif kind == "6":
            entry = _Entry(file | batch | _entry(line, batch["sec_code"]), [line.rstrip()])
        elif kind == "7" and entry is not None:
            entry.addenda += 1
            if entry.addenda <= MAXIMUM_ADDENDA:
                entry.raws.append(line.rstrip())
                entry.values |= _addenda(line)
        elif kind == "8":
            batch = {}
        elif kind == "9":
            complete = True
    if entry is not None:
        yield entry.record()
    if not complete:
        yield Record(b"", b"", "the file ends without its control record: entries may be missing")


def _lines(member: Member) -> Iterator[str]:
    """Yield the lines, padded to their width; blocks without line ends are cut apart."""
    with member.open() as feed:
        while raw := feed.readline(MAXIMUM_LINE):
            text = raw.decode(member.encoding if member.encoding != "binary" else "ascii", "replace")
            text = text.rstrip("\r\n").removeprefix("\ufeff")
            if not text.strip() or set(text) <= {"9", " "}:
                continue  # blocks are filled up with nines
            if len(text) > WIDTH and len(text) % WIDTH == 0:
                for start in range(0, len(text), WIDTH):
                    part = text[start : start + WIDTH]
                    if set(part) - {"9", " "}:
                        yield part
            else:
                yield text.ljust(WIDTH)


def _problem(line: str, kind: str, file: dict[str, str], batch: dict[str, str], entry: _Entry | None) -> str:
    if len(line.rstrip()) > WIDTH:
        return f"the line has {len(line)} characters instead of {WIDTH}"
    if kind not in "156789":
        return "the line begins with no record type of an ACH file"
    if kind == "5" and not file:
        return "a batch stands before the file's header"
    if kind == "6" and not batch:
        return "an entry stands outside a batch"
    if kind == "7" and entry is None:
        return "an addenda record follows no entry"
    return ""


def _cut(line: str, first: int, last: int) -> str:
    """Return the places of a line as Nacha counts them, from 1, both ends included."""
    return line[first - 1 : last].strip()


def _file_header(line: str) -> dict[str, str]:
    return {
        "file_origin": _cut(line, 14, 23),
        "file_created": _day(_cut(line, 24, 29)),
        "file_time": _cut(line, 30, 33),
        "file_modifier": _cut(line, 34, 34),
        "origin_name": _cut(line, 64, 86),
    }


def _batch_header(line: str) -> dict[str, str]:
    found = {
        "sec_code": _cut(line, 51, 53),
        "company_id": _cut(line, 41, 50),
        "entry_description": _cut(line, 54, 63),
        "effective_date": _day(_cut(line, 70, 75)),
        "batch_number": _cut(line, 88, 94),
    }
    if found["sec_code"] == "IAT":
        return found | {"country": _cut(line, 39, 40), "currency": _cut(line, 64, 66)}
    return found | {"company_name": _cut(line, 5, 20), "country": "US", "currency": "USD"}


def _entry(line: str, sec_code: str) -> dict[str, str]:
    found = {
        "transaction_code": _cut(line, 2, 3),
        "routing_number": _cut(line, 4, 12),
        "amount_cents": _cut(line, 30, 39),
        "trace_number": _cut(line, 80, 94),
    }
    if sec_code == "IAT":
        return found | {"account_number": _cut(line, 40, 74)}
    return found | {
        "account_number": _cut(line, 13, 29),
        "individual_id": _cut(line, 40, 54),
        "individual_name": _cut(line, 55, 76),
    }


def _addenda(line: str) -> dict[str, str]:
    match _cut(line, 2, 3):
        case "98":
            return {"change_code": _cut(line, 4, 6), **_corrected(_cut(line, 4, 6), line[35:64])}
        case "99":
            return {"return_code": _cut(line, 4, 6)}
        case "10":
            return {"individual_name": _cut(line, 47, 81)}
        case "14":
            return {"institution": _cut(line, 4, 38), "bank_code": _cut(line, 41, 74)}
        case "15":
            return {"individual_id": _cut(line, 4, 18)}
    return {}


def _corrected(code: str, data: str) -> dict[str, str]:
    """Take the new routing and account numbers from a notification of change; other codes change neither."""
    match code:
        case "C01":
            return {"new_account_number": data[:17].strip()}
        case "C02":
            return {"new_routing_number": data[:9].strip()}
        case "C03":
            return {"new_routing_number": data[:9].strip(), "new_account_number": data[12:29].strip()}
        case "C06":
            return {"new_account_number": data[:17].strip()}
        case "C07":
            return {"new_routing_number": data[:9].strip(), "new_account_number": data[9:26].strip()}
    return {}


def _day(text: str) -> str:
    """Write YYMMDD as a day of this century; anything else stays as it is, for the loader to refuse."""
    if len(text) == 6 and text.isdecimal() and text != "000000":
        return f"20{text[:2]}-{text[2:4]}-{text[4:]}"
    return "" if text in ("", "000000") else text
