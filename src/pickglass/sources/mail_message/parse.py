"""One mail message, read without trust: bytes in, a dict of what was found out, no text kept.

The message may be written by an extortionist. So MIME is walked by hand over the original bytes with fixed
limits (size, depth, parts, header bytes, text looked at, bytes unpacked, time) instead of the standard
library's parser, whose cost grows with the depth of nesting. A limit that cuts a look short is named in
`findings`; a message that cannot be read at all gives `{"problem": why}`. `parse` never raises and touches
neither disk nor network.
"""

from __future__ import annotations

import base64
import hashlib
import html
import ipaddress
import quopri
import re
import time
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_tz
from itertools import islice
from typing import Any

from pickglass.sources.mail_message.archives import Archives
from pickglass.sources.mail_message.demand import is_share, terms_in
from pickglass.sources.mail_message.wallets import wallets_in

MAXIMUM_BYTES = 64 * 1024 * 1024
MAXIMUM_HEADER_BYTES = 256 * 1024
MAXIMUM_VALUE = 8 * 1024  # characters of one header value that are looked at
MAXIMUM_DEPTH = 20
MAXIMUM_PARTS = 500
MAXIMUM_TEXT = 512 * 1024  # characters of text searched, over all parts
MAXIMUM_NAME = 300  # characters of one name
MAXIMUM_RECIPIENTS = 500
MAXIMUM_FOUND = 100  # wallets, hosts
MAXIMUM_LINKS = 5000  # links looked at in one part
MAXIMUM_SECONDS = 10.0

_PRIVATE = [
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10",
        "0.0.0.0/8", "::1/128", "fc00::/7", "fe80::/10",
    )
]  # fmt: skip
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_LINK = re.compile(r"https?://[^\s\"'<>()\[\]{}\\]{3,2000}", re.IGNORECASE)
_ZONE = re.compile(r"\d:\d\d(:\d\d)?\s*([+-]\d{4}|UTC?|GMT|Z|[ECMP][SD]T)\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_TAG = re.compile(r"<[^<>]{0,4000}>")
_SPACE = re.compile(r"\s+")


class _TooLong(Exception):
    """The message takes more time than we give it."""


class _Found:
    """What the walk gathers, in the order of appearance."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.names: list[str] = []
        self.hashes: list[str] = []
        self.sizes: list[int] = []
        self.hosts: dict[str, None] = {}
        self.wallets: dict[str, None] = {}
        self.terms: dict[str, None] = {}
        self.findings: dict[str, None] = {}
        self.parts = 0
        self.text_left = MAXIMUM_TEXT
        self.archives = Archives(self.note)

    def note(self, finding: str) -> None:
        self.findings[finding] = None

    def check_time(self) -> None:
        if time.monotonic() - self.started > MAXIMUM_SECONDS:
            raise _TooLong


def parse(raw: bytes) -> dict[str, Any]:
    """Read one message; returns its raw columns, or `{"problem": why}`. Never raises."""
    try:
        return _parse(raw)
    except _TooLong:
        return {"problem": f"reading the message took more than {MAXIMUM_SECONDS:.0f} seconds"}
    except (
        ValueError,
        LookupError,
        RecursionError,
        OverflowError,
        MemoryError,
        TypeError,
        AttributeError,
        MessageError,
    ) as error:
        # The input is hostile by assumption: whatever a parser below trips over is the message's fault.
        return {"problem": f"not readable as a message: {type(error).__name__}"}


def _parse(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAXIMUM_BYTES:
        return {"problem": f"larger than {MAXIMUM_BYTES // (1024 * 1024)} MB"}
    found = _Found()
    headers, body = _headers(raw, 0, len(raw))
    if headers is None:
        return {"problem": f"headers longer than {MAXIMUM_HEADER_BYTES // 1024} KB, or none at all"}
    if not any(_first(headers, name) for name in ("from", "date", "received", "message-id", "subject")):
        return {"problem": "has none of the headers of a mail"}
    _walk(raw, headers, body, len(raw), found)
    sender = _addresses(_all(headers, "from")[:1])
    address = sender[0][1].lower() if sender else None
    when, basis = _when(headers)
    return {
        "message_id": _clean(_first(headers, "message-id")).strip("<> ") or None,
        "time": when,
        "time_basis": basis,
        "sender": address,
        "sender_name": (sender[0][0] or None) if sender else None,
        "reply_to": next((mail.lower() for _, mail in _addresses(_all(headers, "reply-to")[:1])), None),
        "recipients": list(
            dict.fromkeys(
                mail.lower()
                for name in ("to", "cc", "bcc")
                for _, mail in _addresses(_all(headers, name)[:5])
            )
        )[:MAXIMUM_RECIPIENTS],
        "subject": _clean(_decoded(_first(headers, "subject")))[:500] or None,
        "sender_ip": _sender_address(headers),
        "authentication": _authentication(headers, address),
        "attachment_names": found.names,
        "attachment_hashes": found.hashes,
        "attachment_sizes": found.sizes,
        "archive_names": found.archives.names,
        "encrypted_archive": found.archives.encrypted,
        "link_hosts": list(found.hosts)[:MAXIMUM_FOUND],
        "wallets": list(found.wallets)[:MAXIMUM_FOUND],
        "terms": list(found.terms),
        "share_link": any(is_share(host) for host in found.hosts),
        "findings": list(found.findings),
    }


# --- headers ---------------------------------------------------------------------------------------------


def _headers(raw: bytes, start: int, end: int) -> tuple[dict[str, list[str]] | None, int]:
    """Read the headers that begin at `start`; returns them by lower-case name, and where the body begins."""
    window = min(end, start + MAXIMUM_HEADER_BYTES)
    gap = _END_OF_HEADERS.search(raw, start, window)
    if raw[start : start + 2] == b"\r\n" or raw[start : start + 1] == b"\n":  # a part without headers
        return {}, start + (2 if raw[start : start + 1] == b"\r" else 1)
    if gap is None:
        if window < end:
            return None, end
        block, body = raw[start:end], end
    else:
        block, body = raw[start : gap.start()], gap.end()
    found: dict[str, list[str]] = {}
    name = ""
    for line in re.split(r"\r?\n", block.decode("utf-8", "replace")):
        if line[:1] in (" ", "\t"):
            if name and len(found[name][-1]) < MAXIMUM_VALUE * 8:
                found[name][-1] += " " + line.strip()
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            found.setdefault(name, []).append(value.strip())
        else:
            name = ""
    return found, body


def _all(headers: dict[str, list[str]], name: str) -> list[str]:
    return headers.get(name, [])


def _first(headers: dict[str, list[str]], name: str) -> str:
    return next(iter(headers.get(name, [])), "")


def _clean(text: str) -> str:
    return _CONTROL.sub("", text[:MAXIMUM_VALUE]).strip()


def _decoded(value: str) -> str:
    """Undo RFC 2047; where a charset is unknown or false the bytes are read as Latin-1."""
    pieces = []
    try:
        decoded = decode_header(value[:MAXIMUM_VALUE])
    except MessageError:
        return value[:MAXIMUM_VALUE]
    for piece, charset in decoded:
        pieces.append(piece if isinstance(piece, str) else _text_of(piece, charset or "utf-8"))
    return "".join(pieces)


def _text_of(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset[:40], "replace")
    except (LookupError, ValueError, UnicodeError):
        return data.decode("latin-1", "replace")


def _addresses(values: list[str]) -> list[tuple[str, str]]:
    """Return (name, mail) of every address that looks like one; comments nested too deep give none."""
    try:
        pairs = getaddresses([value[: MAXIMUM_VALUE * 4] for value in values])
    except (RecursionError, ValueError, IndexError):
        return []
    return [
        (_clean(_decoded(name))[:200], _clean(mail)[:320])
        for name, mail in pairs[:MAXIMUM_RECIPIENTS]
        if re.fullmatch(r"[^@\s]+@[^@\s]+", mail)
    ]


def _when(headers: dict[str, list[str]]) -> tuple[str | None, str | None]:
    """The moment of the message: its Date if that has a zone, else when our side received it."""
    dated = _instant(_first(headers, "date"))
    if dated is not None:
        return dated, "date"
    for received in _all(headers, "received")[:20]:
        instant = _instant(received.rpartition(";")[2])
        if instant is not None:
            return instant, "received"
    return None, None


def _instant(text: str) -> str | None:
    # The library fills in UTC where a zone is missing, so the zone is looked for first.
    if not _ZONE.search(text[:200]):
        return None
    parts = parsedate_tz(text[:200])
    if parts is None:
        return None
    try:
        moment = datetime(*parts[:6], tzinfo=UTC) - timedelta(seconds=parts[9] or 0)
    except (ValueError, OverflowError):
        return None
    return moment.isoformat().replace("+00:00", "Z")


def _sender_address(headers: dict[str, list[str]]) -> str | None:
    """The address that handed the message to our side: the topmost Received line with a public address.

    X-Originating-IP is the sender's own claim and is not used.
    """
    for received in _all(headers, "received")[:20]:
        origin = re.split(r"\bby\b", received[:MAXIMUM_VALUE], maxsplit=1)[0]
        for text in re.findall(r"\[(?:IPv6:)?([0-9A-Fa-f:.]{3,45})\]|\(([0-9.]{7,15})\)", origin):
            try:
                address = ipaddress.ip_address(text[0] or text[1])
            except ValueError:
                continue
            if not any(address in network for network in _PRIVATE):
                return str(address)
    return None


def _authentication(headers: dict[str, list[str]], sender: str | None) -> str:
    """pass, fail or none by the topmost Authentication-Results: any other may be forged by the sender.

    SPF and DKIM vouch for a domain of their own, often a mailing service's: they count only where it is that of From.
    """
    verdicts: dict[str, str] = {}
    vouched = False
    value = _first(headers, "authentication-results")[:MAXIMUM_VALUE].lower()
    for part in re.sub(r"\([^()]*\)", " ", value).split(";"):
        if (result := re.search(r"\b(dmarc|dkim|spf)\s*=\s*([a-z]+)", part)) is None:
            continue
        verdicts.setdefault(*result.groups())
        domain = re.search(r"\b(?:smtp\.mailfrom|header\.[di])\s*=\s*\"?(?:[^\s@\"]*@)?([a-z0-9.-]+)", part)
        if result[2] == "pass" and domain and sender and _aligned(domain[1], sender.rpartition("@")[2]):
            vouched = True
    if verdicts.get("dmarc") in ("pass", "bestguesspass"):
        return "pass"
    if verdicts.get("dmarc") in ("fail", "reject", "quarantine"):
        return "fail"
    if vouched:
        return "pass"
    return (
        "fail" if {verdicts.get("spf"), verdicts.get("dkim")} & {"fail", "softfail", "permerror"} else "none"
    )


def _aligned(one: str, other: str) -> bool:
    """Of two domains, one is the other or under it."""
    return one == other or one.endswith("." + other) or ("." in one and other.endswith("." + one))


# --- the tree of parts -----------------------------------------------------------------------------------


def _walk(raw: bytes, headers: dict[str, list[str]], body: int, end: int, found: _Found) -> None:
    """Visit every part without recursion; parts are ranges of the original bytes, never copies."""
    waiting: list[tuple[dict[str, list[str]], int, int, int]] = [(headers, body, end, 0)]
    while waiting:
        found.check_time()
        part, start, stop, depth = waiting.pop()
        found.parts += 1
        if found.parts > MAXIMUM_PARTS:
            found.note("more than 500 parts")
            return
        described = _described(part)
        kind = described.get_content_type()
        boundary = _boundary(described, found)
        if kind.startswith("multipart/") and boundary:
            if depth >= MAXIMUM_DEPTH:
                found.note("parts nested deeper than 20")
                continue
            inner = _split(raw, boundary, start, stop, MAXIMUM_PARTS - found.parts + 1)
        elif kind in ("message/rfc822", "message/global") and _plain_transfer(part):
            if depth >= MAXIMUM_DEPTH:
                found.note("parts nested deeper than 20")
                continue
            inner = [(start, stop)]
        else:
            _leaf(raw[start:stop], part, described, found)
            continue
        children = []
        for inner_start, inner_stop in inner:
            child, inner_body = _headers(raw, inner_start, inner_stop)
            if child is None:
                found.note("a part's headers are too long")
                continue
            children.append((child, inner_body, inner_stop, depth + 1))
        waiting.extend(reversed(children))


def _described(part: dict[str, list[str]]) -> Message:
    """The two headers that describe a part, cut to a length that the library reads quickly."""
    message = Message()
    message["Content-Type"] = _clean(_first(part, "content-type"))[:4096] or "text/plain"
    disposition = _clean(_first(part, "content-disposition"))[:4096]
    if disposition:
        message["Content-Disposition"] = disposition
    return message


def _boundary(described: Message, found: _Found) -> str | None:
    try:
        return described.get_boundary()
    except (ValueError, LookupError, TypeError):
        found.note("a part's boundary cannot be read")
        return None


def _plain_transfer(part: dict[str, list[str]]) -> bool:
    return _first(part, "content-transfer-encoding").lower() in ("", "7bit", "8bit", "binary")


def _split(raw: bytes, boundary: str, start: int, stop: int, most: int) -> list[tuple[int, int]]:
    """Return the ranges between the boundary's lines."""
    mark = b"--" + boundary.encode("utf-8", "replace")[:200]
    ranges: list[tuple[int, int]] = []
    opened: int | None = None
    place = raw.find(mark, start, stop)
    while place >= 0 and len(ranges) < most:
        line_end = raw.find(b"\n", place, stop)
        line_end = stop if line_end < 0 else line_end
        rest = raw[place + len(mark) : min(line_end, place + len(mark) + 100)].strip()
        if (place == start or raw[place - 1 : place] == b"\n") and rest in (b"", b"--"):
            if opened is not None:
                gap = 2 if raw[place - 2 : place] == b"\r\n" else 1
                ranges.append((opened, max(opened, place - gap)))
            opened = min(stop, line_end + 1)
            if rest == b"--":
                return ranges
        place = raw.find(mark, place + len(mark), stop)
    if opened is not None and opened < stop and place < 0:
        ranges.append((opened, stop))  # the closing line is missing
    return ranges


def _leaf(content: bytes, part: dict[str, list[str]], described: Message, found: _Found) -> None:
    """Look at one part that holds no others: an attachment or a text."""
    transfer = _first(part, "content-transfer-encoding").lower().strip()
    try:
        name = described.get_filename()
    except (ValueError, LookupError, TypeError, IndexError):
        name = "unreadable name"
    kind = described.get_content_type()
    attached = name is not None or described.get_content_disposition() == "attachment"
    if (
        not attached
        and not kind.startswith("text/")
        and kind.split("/")[0] not in ("image", "application", "audio", "video")
    ):
        return
    data = _transferred(content, transfer)
    if attached or not kind.startswith("text/"):
        if not data and not name:
            return
        label = _clean(_decoded(name or ""))[:MAXIMUM_NAME] or f"unnamed {kind}"
        found.names.append(label)
        found.hashes.append(hashlib.sha256(data).hexdigest())
        found.sizes.append(len(data))
        found.archives.look(data, label)
    if kind in ("text/plain", "text/html") or (kind.startswith("text/") and not attached):
        _text(
            _text_of(data[: found.text_left * 4], described.get_content_charset() or "utf-8"),
            kind == "text/html",
            found,
        )


def _transferred(content: bytes, transfer: str) -> bytes:
    if transfer == "base64":
        kept = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
        if len(kept) % 4 == 1:  # cut off: six bits make no byte
            kept = kept[:-1]
        return base64.b64decode(kept + b"=" * (-len(kept) % 4))
    if transfer == "quoted-printable":
        return quopri.decodestring(content)
    return content


# --- text ------------------------------------------------------------------------------------------------


def _text(text: str, is_html: bool, found: _Found) -> None:
    """Look for links, wallets and terms; the text itself is forgotten."""
    found.check_time()
    if len(text) > found.text_left:
        found.note("only the first 512 KB of text were searched")
        text = text[: found.text_left]
    found.text_left -= len(text)
    for link in islice(_LINK.finditer(text), MAXIMUM_LINKS):
        host = link.group().split("/", 3)[2].rpartition("@")[2].partition(":")[0].rstrip(".,;").lower()
        if re.fullmatch(r"[a-z0-9\u0080-\uffff.-]{1,253}", host) and "." in host:
            found.hosts[host] = None
    shown = _SPACE.sub(" ", html.unescape(_TAG.sub(" ", text)) if is_html else text)
    # In HTML a wallet may also stand in a link's target, or be cut in pieces by tags that nobody sees.
    for wallet in wallets_in("\n".join([shown, text, _TAG.sub("", text)]) if is_html else shown):
        found.wallets[wallet] = None
    for name in terms_in(shown):
        found.terms[name] = None
