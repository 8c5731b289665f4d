"""One mail message, read without trust: bytes in, a dict of what was found out, no text kept.

The message may be written by an extortionist. So MIME is walked by hand over the original bytes with fixed limits
(size, depth, parts, header bytes, text looked at, bytes unpacked, time) instead of the standard library's parser,
whose cost grows with the depth of nesting. A limit that cuts a look short is named in `findings`; a message that
cannot be read at all gives `{"problem": why}`. `parse` never raises and touches neither disk nor network.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import ipaddress
import quopri
import re
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_tz
from typing import Any

MAXIMUM_BYTES = 64 * 1024 * 1024
MAXIMUM_HEADER_BYTES = 256 * 1024
MAXIMUM_VALUE = 8 * 1024  # characters of one header value that are looked at
MAXIMUM_DEPTH = 20
MAXIMUM_PARTS = 500
MAXIMUM_TEXT = 2 * 1024 * 1024  # characters of text searched, over all parts
MAXIMUM_DIRECTORY = 4 * 1024 * 1024  # bytes of a ZIP's table of contents
MAXIMUM_NAMES = 2000  # names kept from archives
MAXIMUM_NAME = 300  # characters of one name
MAXIMUM_UNPACKED = 32 * 1024 * 1024  # bytes unpacked from nested ZIPs, over the whole message
MAXIMUM_RATIO = 200  # unpacked to packed size
ARCHIVE_DEPTH = 2
MAXIMUM_RECIPIENTS = 500
MAXIMUM_FOUND = 100  # wallets, hosts
MAXIMUM_CANDIDATES = 5000
MAXIMUM_SECONDS = 10.0

# What demands and threats say, matched on text with single spaces. Each pattern is bounded, so a search takes linear
# time. Topics, never language: a mail in any other language simply has no terms.
TERMS: dict[str, str] = {
    "cryptocurrency": r"\b(?:bitcoins?|btc|monero|xmr|usdt|tether|ethereum|crypto(?:currenc(?:y|ies))?)\b",
    "ransom": r"\b(?:ransom|extortion)\b",
    "leak": r"\b(?:leak|leaks|leaked|leaking)\b",
    "publish": r"\b(?:publish|publicly release|release publicly|make (?:it|them|this|everything|your \w{1,20}) public)",
    "sell your data": r"\b(?:sell|auction|sold|auctioned)\b[^.]{0,40}\b(?:data|files?|code|documents?|database|information)\b",
    "stolen data": r"\b(?:(?:we|i) (?:have |also )?(?:downloaded|copied|stolen|exfiltrated|taken)\b"
    r"|(?:downloaded|copied|stole|exfiltrated|have|took)\b[^.]{0,30}\byour (?:\w{1,20} ){0,2}(?:data|files|code|source|documents|database|repositor))",
    "pay": r"\b(?:pay|payment|send|transfer)\b[^.]{0,60}(?:\$|€|£|\b(?:usd|eur|btc|bitcoins?|xmr|usdt|dollars|ransom)\b)",
    "deadline": r"\b(?:within|in|have|after) (?:\d{1,3}|one|two|three|five|seven)[- ]?(?:hours?|hrs?|days?)\b|\bdeadline\b",
    "contact the press or clients": r"\b(?:inform|contact|notify|email|tell|send to)\b[^.]{0,40}"
    r"\b(?:clients|customers|competitors|journalists|regulators?|press|media|partners)\b",
    "proof": r"\b(?:proof|sample|evidence)\b[^.]{0,30}\b(?:attached|data|files|archive|zip|below|we have)\b",
    "do not call police": r"\b(?:do not|don'?t)\b[^.]{0,30}\b(?:police|fbi|law enforcement|authorities)\b",
    "dark web": r"\b(?:dark ?web|dark ?net|onion site|tor browser)\b",
}  # fmt: skip
_TERMS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in TERMS.items()}

SHARE_HOSTS = (
    "drive.google.com", "docs.google.com", "dropbox.com", "dropboxusercontent.com", "db.tt", "mega.nz", "mega.io", "mega.co.nz",
    "1drv.ms", "onedrive.live.com", "sharepoint.com", "box.com", "wetransfer.com", "we.tl", "mediafire.com", "gofile.io",
    "transfer.sh", "file.io", "sendspace.com", "pixeldrain.com", "pcloud.com", "pcloud.link", "sync.com", "drive.proton.me",
    "icloud.com", "swisstransfer.com", "filebin.net", "files.fm", "anonfiles.com", "send.cm", "bayfiles.com", "catbox.moe",
)  # fmt: skip

_PRIVATE = [
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10", "0.0.0.0/8",
        "::1/128", "fc00::/7", "fe80::/10",
    )
]  # fmt: skip
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_LINK = re.compile(r"https?://[^\s\"'<>()\[\]{}\\]{3,2000}", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_TAG = re.compile(r"<[^<>]{0,4000}>")
_SPACE = re.compile(r"\s+")
_OTHER_ARCHIVES = {b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "rar", b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}


class _TooLong(Exception):
    """The message takes more time than we give it."""


class _Found:
    """What the walk gathers; everything keeps the order of appearance. (A plain class: parsers are loaded by path.)"""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.names: list[str] = []
        self.hashes: list[str] = []
        self.sizes: list[int] = []
        self.archive_names: list[str] = []
        self.encrypted: bool | None = None
        self.hosts: dict[str, None] = {}
        self.wallets: dict[str, None] = {}
        self.terms: dict[str, None] = {}
        self.findings: dict[str, None] = {}
        self.parts = 0
        self.text_left = MAXIMUM_TEXT
        self.unpack_left = MAXIMUM_UNPACKED

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
    except (ValueError, LookupError, RecursionError, OverflowError, MemoryError, TypeError, AttributeError, MessageError) as error:
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
    when, basis = _when(headers)
    return {
        "message_id": _clean(_first(headers, "message-id")).strip("<> ") or None,
        "time": when,
        "time_basis": basis,
        "sender": sender[0][1].lower() if sender else None,
        "sender_name": (sender[0][0] or None) if sender else None,
        "reply_to": next((mail.lower() for _, mail in _addresses(_all(headers, "reply-to")[:1])), None),
        "recipients": list(
            dict.fromkeys(mail.lower() for name in ("to", "cc", "bcc") for _, mail in _addresses(_all(headers, name)[:5]))
        )[:MAXIMUM_RECIPIENTS],
        "subject": _clean(_decoded(_first(headers, "subject")))[:500] or None,
        "sender_ip": _sender_address(headers),
        "authentication": _authentication(headers),
        "attachment_names": found.names,
        "attachment_hashes": found.hashes,
        "attachment_sizes": found.sizes,
        "archive_names": found.archive_names,
        "encrypted_archive": found.encrypted,
        "link_hosts": list(found.hosts)[:MAXIMUM_FOUND],
        "wallets": list(found.wallets)[:MAXIMUM_FOUND],
        "terms": list(found.terms),
        "share_link": any(_is_share(host) for host in found.hosts),
        "findings": list(found.findings),
    }


# --- headers ---------------------------------------------------------------------------------------------------------


def _headers(raw: bytes, start: int, end: int) -> tuple[dict[str, list[str]] | None, int]:
    """Read a header block that begins at `start`; returns it by lower-case name, and where the body begins."""
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
    parts = parsedate_tz(text[:200])
    if parts is None:
        return None
    offset = parts[9]
    if offset is None:
        # The library reads -0000 as "no zone"; RFC 5322 means a UTC instant from somewhere unsaid.
        if not re.search(r"[+-]0000\b", text):
            return None
        offset = 0
    try:
        moment = datetime(*parts[:6], tzinfo=UTC) - timedelta(seconds=offset)
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


def _authentication(headers: dict[str, list[str]]) -> str:
    """pass, fail or none by the topmost Authentication-Results: any other may be forged by the sender."""
    results = dict(re.findall(r"\b(dmarc|dkim|spf)\s*=\s*([a-z]+)", _first(headers, "authentication-results")[:MAXIMUM_VALUE].lower())[::-1])
    verdict = results.get("dmarc")
    if verdict in ("pass", "bestguesspass"):
        return "pass"
    if verdict in ("fail", "reject", "quarantine"):
        return "fail"
    others = [results.get("spf"), results.get("dkim")]
    if "pass" in others:
        return "pass"
    return "fail" if any(other in ("fail", "softfail", "permerror") for other in others) else "none"


# --- the tree of parts -----------------------------------------------------------------------------------------------


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
    if not attached and not kind.startswith("text/") and kind.split("/")[0] not in ("image", "application", "audio", "video"):
        return
    data = _transferred(content, transfer)
    if attached or not kind.startswith("text/"):
        if not data and not name:
            return
        label = _clean(_decoded(name or ""))[:MAXIMUM_NAME] or f"unnamed {kind}"
        found.names.append(label)
        found.hashes.append(hashlib.sha256(data).hexdigest())
        found.sizes.append(len(data))
        _archive(data, label, found, 1)
    if kind in ("text/plain", "text/html") or (kind.startswith("text/") and not attached):
        _text(_text_of(data[: found.text_left * 4], described.get_content_charset() or "utf-8"), kind == "text/html", found)


def _transferred(content: bytes, transfer: str) -> bytes:
    if transfer == "base64":
        kept = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
        if len(kept) % 4 == 1:  # cut off: six bits make no byte
            kept = kept[:-1]
        return base64.b64decode(kept + b"=" * (-len(kept) % 4))
    if transfer == "quoted-printable":
        return quopri.decodestring(content)
    return content


# --- archives --------------------------------------------------------------------------------------------------------


def _archive(data: bytes, name: str, found: _Found, depth: int) -> None:
    """List what an archive names; nothing is written, and only small stored or deflated ZIPs inside are opened."""
    found.check_time()
    for magic, label in _OTHER_ARCHIVES.items():
        if data.startswith(magic):
            found.note(f"{label} archive not opened")
            return
    if not data.startswith(b"PK\x03\x04") and not data.startswith(b"PK\x05\x06") and not name.lower().endswith((".zip", ".zipx")):
        return
    directory = _directory_bytes(data)
    if directory is None:
        found.note("a ZIP archive cannot be read")
        return
    if directory > MAXIMUM_DIRECTORY:
        found.note("a ZIP archive has too many entries")
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, EOFError, struct.error):
        found.note("a ZIP archive cannot be read")
        return
    if any(entry.filename in ("[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF") for entry in archive.infolist()[:200]):
        return  # an office document or a program, which is a ZIP only inside
    if found.encrypted is None:
        found.encrypted = False
    packed = sum(entry.compress_size for entry in archive.infolist())
    if sum(entry.file_size for entry in archive.infolist()) > max(packed, 1) * MAXIMUM_RATIO:
        found.note("archive bomb: unpacks to more than 200 times its size")
    for entry in archive.infolist():
        if entry.flag_bits & 1:
            found.encrypted = True
        label = _CONTROL.sub("", entry.filename)[:MAXIMUM_NAME]
        if label.startswith(("/", "\\")) or re.search(r"(^|[\\/])\.\.([\\/]|$)|^[A-Za-z]:", label):
            found.note("archive name leads out of its folder")
        if len(found.archive_names) >= MAXIMUM_NAMES:
            found.note("more than 2000 names in archives")
            return
        found.archive_names.append(label)
        if label.lower().endswith((".zip", ".zipx")):
            _nested(archive, entry, label, found, depth)


def _nested(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, label: str, found: _Found, depth: int) -> None:
    """Open a ZIP inside a ZIP, within what is left of the bytes to unpack."""
    if depth >= ARCHIVE_DEPTH:
        found.note("archives nested deeper than 2")
        return
    if entry.flag_bits & 1:
        return
    # bzip2 and LZMA cannot be unpacked in bounded steps.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.file_size > found.unpack_left:
        found.note("an archive inside an archive was not opened")
        return
    try:
        with archive.open(entry) as stream:
            inner = stream.read(min(found.unpack_left, max(entry.compress_size, 1) * MAXIMUM_RATIO) + 1)
    except (zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError, OSError, EOFError, zlib.error, struct.error):
        found.note("an archive inside an archive was not opened")
        return
    found.unpack_left -= len(inner)
    _archive(inner, label, found, depth + 1)


def _directory_bytes(data: bytes) -> int | None:
    """Size of a ZIP's table of contents as its end record states it; None if there is no plain end record.

    Read before the library sees the file, because it builds an object for every entry.
    """
    place = data.rfind(b"PK\x05\x06", max(0, len(data) - 65557))
    if place < 0 or len(data) < place + 22:
        return None
    size = int.from_bytes(data[place + 12 : place + 16], "little")
    # 0xFFFFFFFF means ZIP64: no attachment needs it.
    return size if size < len(data) else None


# --- text ------------------------------------------------------------------------------------------------------------


def _text(text: str, is_html: bool, found: _Found) -> None:
    """Look for links, wallets and terms; the text itself is forgotten."""
    found.check_time()
    if len(text) > found.text_left:
        found.note("only the first 2 MB of text were searched")
        text = text[: found.text_left]
    found.text_left -= len(text)
    for link in _limited(_LINK.finditer(text)):
        host = link.group().split("/", 3)[2].rpartition("@")[2].partition(":")[0].rstrip(".,;").lower()
        if re.fullmatch(r"[a-z0-9\u0080-\uffff.-]{1,253}", host) and "." in host:
            found.hosts[host] = None
    shown = _SPACE.sub(" ", html.unescape(_TAG.sub(" ", text)) if is_html else text)
    # In HTML a wallet may also stand in a link's target, or be cut in pieces by tags that nobody sees.
    for wallet in wallets_in("\n".join([shown, text, _TAG.sub("", text)]) if is_html else shown):
        found.wallets[wallet] = None
    for name, pattern in _TERMS.items():
        if pattern.search(shown):
            found.terms[name] = None


def _limited(matches: Iterator[re.Match[str]]) -> Iterator[re.Match[str]]:
    for count, match in enumerate(matches):
        if count >= MAXIMUM_CANDIDATES:
            return
        yield match


def _is_share(host: str) -> bool:
    return any(host == known or host.endswith("." + known) for known in SHARE_HOSTS)


# --- wallets ---------------------------------------------------------------------------------------------------------

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_CANDIDATE = re.compile(
    r"(?<![0-9A-Za-z])(?:0x[0-9a-fA-F]{40}|bc1[02-9ac-hj-np-z]{11,87}|BC1[02-9AC-HJ-NP-Z]{11,87}|[13T][1-9A-HJ-NP-Za-km-z]{25,34})(?![0-9A-Za-z])"
)


def wallets_in(text: str) -> list[str]:
    """Return the wallet addresses whose checksum is right, each once, in one spelling per address.

    Bitcoin (Base58Check, Bech32, Bech32m), Ethereum (EIP-55, or one case and thus without a checksum), TRON.
    """
    found: dict[str, None] = {}
    for match in _limited(_CANDIDATE.finditer(text)):
        candidate = match.group()
        if candidate.startswith("0x"):
            if _ethereum(candidate):
                found[candidate.lower()] = None
        elif candidate[:3].lower() == "bc1":
            if _bech32(candidate.lower()):
                found[candidate.lower()] = None
        elif _base58check(candidate) in ((0x41,) if candidate[0] == "T" else (0x00, 0x05)):
            found[candidate] = None
    return list(found)


def _base58check(text: str) -> int | None:
    """Return the version byte of a valid 25-byte Base58Check text, else None."""
    number = 0
    for character in text:
        number = number * 58 + _BASE58.index(character)
    if number >= 1 << 200:
        return None
    data = number.to_bytes(25, "big")
    # Leading zero bytes are written as ones, exactly as many.
    if len(text) - len(text.lstrip("1")) != len(data) - len(data.lstrip(b"\0")):
        return None
    if hashlib.sha256(hashlib.sha256(data[:21]).digest()).digest()[:4] != data[21:]:
        return None
    return data[0]


def _bech32(text: str) -> bool:
    """Check a Bitcoin segregated-witness address (BIP 173 and BIP 350)."""
    values = [_BECH32.index(character) for character in text[3:]]
    if len(text) > 90 or len(values) < 8:
        return False
    checksum = 1
    for value in [3, 3, 0, 2, 3, *values]:  # the expanded prefix "bc"
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            checksum ^= generator if top >> bit & 1 else 0
    version = values[0]
    if checksum != (1 if version == 0 else 0x2BC830A3) or version > 16:
        return False
    bits = (len(values) - 7) * 5
    size, spare = divmod(bits, 8)
    if spare >= 5 or values[-7] & ((1 << spare) - 1):  # padding: fewer than five bits, all zero
        return False
    return size in (20, 32) if version == 0 else 2 <= size <= 40


def _ethereum(text: str) -> bool:
    digits = text[2:]
    if digits in (digits.lower(), digits.upper()):
        return True
    sums = _keccak256(digits.lower().encode()).hex()
    return all(
        digit.isdigit() or digit.isupper() == (int(nibble, 16) >= 8) for digit, nibble in zip(digits, sums, strict=False)
    )


_ROUNDS = (
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B, 0x0000000080000001,
    0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
    0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
    0x000000000000800A, 0x800000008000000A, 0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
)  # fmt: skip
_WORD = (1 << 64) - 1


def _rotated(value: int, by: int) -> int:
    by %= 64
    return (value << by | value >> (64 - by)) & _WORD


def _keccak256(data: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it: SHA-3's permutation with the older padding, which hashlib does not offer.

    For short input only: one block of 136 bytes.
    """
    block = bytearray(136)
    block[: len(data)] = data
    block[len(data)] ^= 0x01
    block[135] ^= 0x80
    lanes = [[int.from_bytes(block[8 * (x + 5 * y) : 8 * (x + 5 * y) + 8], "little") if x + 5 * y < 17 else 0 for y in range(5)] for x in range(5)]
    for constant in _ROUNDS:
        column = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        for x in range(5):
            mix = column[(x - 1) % 5] ^ _rotated(column[(x + 1) % 5], 1)
            lanes[x] = [lane ^ mix for lane in lanes[x]]
        x, y, current = 1, 0, lanes[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x][y] = lanes[x][y], _rotated(current, (step + 1) * (step + 2) // 2)
        for y in range(5):
            row = [lanes[x][y] for x in range(5)]
            for x in range(5):
                lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5] & _WORD)
        lanes[0][0] ^= constant
    return b"".join(lanes[x][0].to_bytes(8, "little") for x in range(4))
