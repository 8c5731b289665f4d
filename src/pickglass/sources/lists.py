"""Intelligence lists as people have them become entries: what a list names, and whatever it says of when and how surely.

`read_list(path, kind)` recognises the form by content: STIX 2.1 bundles, MISP events and warning lists, LOLRMM tools,
the sanctions list's digital currency addresses, CSV with a header, and plain lines (single values, networks, ranges,
hosts files). Whatever cannot be used is counted under its reason; a list of which nothing can be used is an error.

A plain list does not say what kind of thing a bare word is: a wallet and a user's name look alike. So only addresses,
networks, URLs, mails, hashes and domains are guessed; for all else the kind is given.
"""

from __future__ import annotations

import csv
import ipaddress
import re
import socket
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pickglass.errors import InputError

KINDS: Final = ("any", "ip", "domain", "url", "mail", "phone", "file", "wallet", "bank", "code_host", "tool")
MOST_ENTRIES: Final = 5_000_000
MOST_BYTES: Final = 512 * 1024 * 1024  # of one file of plain lines or CSV
_MOST_AT_ONCE: Final = 256 * 1024 * 1024  # of JSON, which is read as a whole
_MOST_YAML: Final = 1024 * 1024
_MOST_FILES: Final = 10_000
_MOST_TEXT: Final = 2_000  # characters of a value; nothing that is compared is longer
_WIDEST: Final = {4: 8, 6: 16}  # a shorter prefix would list half the world


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a list names; times are UTC, and None is what the list does not say."""

    kind: str
    value: str
    time: datetime | None = None
    confidence: str | None = None
    valid_until: datetime | None = None
    last_seen: datetime | None = None
    reference: str | None = None


@dataclass(slots=True)
class ReadList:
    """A list that was read: its form, its own date if it has one, entries, and what was left out and why."""

    form: str
    entries: list[Entry] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    dated: datetime | None = None
    confidence: str | None = None  # what such a list deserves where nobody says otherwise


def read_list(path: Path, kind: str = "any") -> ReadList:
    """Read a list, or every file of a folder, for entries of one kind (`any`: all); InputError where none can be used."""
    if kind not in KINDS:
        raise InputError(f"there is no kind {kind}", hint=f"one of {', '.join(KINDS)}")
    if not path.exists():
        raise InputError("there is no such file or folder", hint="check the path", where=str(path))
    found = _read_folder(path, kind) if path.is_dir() else _read_file(path, kind)
    kept: dict[tuple[str, str], Entry] = {}
    for one in found.entries:
        if kind != "any" and not _of_kind(one.kind, kind):
            found.skipped[f"of another kind ({one.kind})"] += 1
        elif (one.kind, one.value) in kept:
            found.skipped["named twice"] += 1
        else:
            kept[one.kind, one.value] = one
    found.entries = list(kept.values())
    if not found.entries:
        reasons = ", ".join(f"{count} {reason}" for reason, count in found.skipped.most_common(5))
        raise InputError(
            f"nothing in this list ({found.form}) can be used: {reasons or 'it is empty'}",
            hint="name the kind of value that it lists; docs/intelligence.md says what is understood",
            where=str(path),
        )
    return found


def _of_kind(found: str, wanted: str) -> bool:
    return found == wanted or (found, wanted) in {("network", "ip"), ("tool_domain", "tool")}


def _read_folder(folder: Path, kind: str) -> ReadList:
    files = sorted(one for one in folder.rglob("*") if one.is_file() and not one.is_symlink())
    if len(files) > _MOST_FILES:
        raise InputError(f"more than {_MOST_FILES} files", hint="name a smaller folder", where=str(folder))
    whole = ReadList("folder")
    forms: Counter[str] = Counter()
    for one in files:
        try:
            part = _read_file(one, kind)
        except InputError as error:
            whole.skipped[f"file: {error.message}"] += 1
            continue
        if not part.entries:
            whole.skipped[f"file without a usable entry ({part.form})"] += 1
            continue
        forms[part.form] += 1
        whole.entries += part.entries
        whole.skipped += part.skipped
        whole.dated = max((day for day in (whole.dated, part.dated) if day), default=None)
        if len(whole.entries) > MOST_ENTRIES:
            raise _too_many(folder)
    if forms:
        whole.form = ", ".join(sorted(forms))
    return whole


def _read_file(path: Path, kind: str) -> ReadList:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(64 * 1024)
    if not head.strip():
        raise InputError("the file is empty", hint="fetch the list again", where=str(path))
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif b"\0" in head:
        raise InputError(
            "this is no text, and no database in MaxMind's format",
            hint="unpack it, or save it as UTF-8",
            where=str(path),
        )
    else:
        encoding = "utf-8-sig"
    start = head.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    if start[:1] in ("{", "["):
        return _read_json(path, size, encoding)
    if _YAML.search(start) and path.suffix.lower() in (".yaml", ".yml"):
        return _read_tool(path, size)
    if size > MOST_BYTES:
        raise InputError("the list is bigger than 512 MiB", hint="split it", where=str(path))
    lines = _lines(path, encoding)
    if _SANCTIONED.search(start):
        return _read_sanctions(path, encoding)
    header = _header(start)
    return _read_table(lines, header, kind) if header else _read_lines(lines, kind)


def _too_many(path: Path) -> InputError:
    return InputError(f"more than {MOST_ENTRIES:,} entries", hint="split the list", where=str(path))


# -- plain lines and tables ----------------------------------------------------------------------------------


def _lines(path: Path, encoding: str) -> Iterator[str | None]:
    """Yield the lines of a text; None for one that is not in the encoding of the others."""
    if encoding == "utf-16":
        yield from path.read_bytes().decode("utf-16", "replace").splitlines()
        return
    with path.open("rb") as file:
        for raw in file:
            try:
                yield from raw.decode("utf-8").lstrip("\ufeff").splitlines()
            except UnicodeDecodeError:
                yield None


def _read_lines(lines: Iterable[str | None], kind: str) -> ReadList:
    found = ReadList("lines")
    for line in lines:
        if line is None:
            found.skipped["not UTF-8"] += 1
            continue
        text = line.strip()
        if not text or text[0] in "#;" or text.startswith("//"):
            continue
        text = re.split(r"\s+[#;]", text, maxsplit=1)[0].strip()
        words = text.split()
        if len(words) == 2 and words[0] in ("0.0.0.0", "127.0.0.1", "::"):  # noqa: S104 - a hosts file's left side
            text = words[1]
        _take(found, text, kind)
    return found


_VALUE_NAMES: Final = {
    "value": "any", "indicator": "any", "ioc": "any", "observable": "any", "ip": "ip", "ip_address": "ip", "address": "any",
    "cidr": "ip", "network": "ip", "prefix": "ip", "range": "ip", "domain": "domain", "hostname": "domain", "host": "domain",
    "url": "url", "email": "mail", "mail": "mail", "phone": "phone", "hash": "file", "sha256": "file", "sha1": "file",
    "md5": "file", "wallet": "wallet", "wallet_address": "wallet", "iban": "bank", "bank_account": "bank",
    "username": "code_host", "github": "code_host", "process_name": "tool", "tool": "tool",
}  # fmt: skip
_OTHER_NAMES: Final = {
    "type": "kind", "kind": "kind", "ioc_type": "kind", "indicator_type": "kind", "confidence": "confidence",
    "first_seen": "time", "date": "time", "time": "time", "created": "time", "listed": "time", "last_seen": "last_seen",
    "valid_until": "valid_until", "expires": "valid_until", "expiry": "valid_until", "reference": "reference",
    "id": "reference", "source": "reference",
}  # fmt: skip
_TYPE_NAMES: Final = {
    "ip": "ip", "ipv4": "ip", "ipv6": "ip", "ip-src": "ip", "ip-dst": "ip", "ipv4-addr": "ip", "ipv6-addr": "ip", "cidr": "ip",
    "network": "ip", "domain": "domain", "domain-name": "domain", "hostname": "domain", "url": "url", "uri": "url",
    "email": "mail", "mail": "mail", "email-addr": "mail", "email-src": "mail", "email-dst": "mail", "phone": "phone",
    "phone-number": "phone", "md5": "file", "sha1": "file", "sha256": "file", "sha-1": "file", "sha-256": "file",
    "hash": "file", "file": "file", "btc": "wallet", "eth": "wallet", "xmr": "wallet", "dash": "wallet", "wallet": "wallet",
    "cryptocurrency-wallet": "wallet", "iban": "bank", "bank": "bank", "bank-account-nr": "bank", "code_host": "code_host",
    "github-username": "code_host", "github": "code_host", "tool": "tool", "process": "tool",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Header:
    delimiter: str
    values: Mapping[int, str]  # column → kind of its values
    others: Mapping[int, str]  # column → what it says


def _header(start: str) -> _Header | None:
    """Find in the first line the names of columns; None where it is a line like all others."""
    lines = (line for line in start.splitlines() if line.strip() and not line.startswith("//"))
    first = next(lines, "").lstrip("#").strip()
    for delimiter in (",", ";", "\t", "|"):
        names = [re.sub(r"[\s-]+", "_", name.strip(" \"'").lower()) for name in first.split(delimiter)]
        values = {n: _VALUE_NAMES[name] for n, name in enumerate(names) if name in _VALUE_NAMES}
        if values and (len(names) > 1 or names[0] != "address"):
            others = {n: _OTHER_NAMES[name] for n, name in enumerate(names) if name in _OTHER_NAMES}
            return _Header(delimiter, values, others)
    return None


def _read_table(lines: Iterable[str | None], header: _Header, kind: str) -> ReadList:
    found = ReadList("table")

    def decoded() -> Iterator[str]:
        for line in lines:
            if line is None:
                found.skipped["not UTF-8"] += 1
            elif "\0" in line or len(line) > 64 * 1024:
                found.skipped["a line that is no text"] += 1
            elif line.strip():
                yield line

    for number, line in enumerate(decoded()):
        # Each line for itself: an open quote would else swallow all that follows, and nobody would be told.
        row = next(csv.reader([line], delimiter=header.delimiter, strict=False), [])
        if not number:
            continue
        if row and row[0].startswith("#"):
            continue
        about = {name: row[n].strip() for n, name in header.others.items() if n < len(row) and row[n].strip()}
        told = _TYPE_NAMES.get(about.get("kind", "").lower(), None)
        if "kind" in about and told is None:
            found.skipped[f"of a kind that is not used ({about['kind'][:40]})"] += 1
            continue
        extra = {
            "time": _time(about.get("time")),
            "last_seen": _time(about.get("last_seen")),
            "valid_until": _time(about.get("valid_until")),
            "confidence": _confidence(about.get("confidence")),
            "reference": about.get("reference", "")[:200] or None,
        }
        for n, its in header.values.items():
            if n < len(row) and row[n].strip():
                _take(found, row[n].strip(), told or (its if its != "any" else kind), extra)
    return found


# -- documents -----------------------------------------------------------------------------------------------


def _read_json(path: Path, size: int, encoding: str) -> ReadList:
    import json

    import orjson

    if size > _MOST_AT_ONCE:
        raise InputError("the document is bigger than 256 MiB", hint="split it", where=str(path))
    raw = path.read_bytes()
    try:
        text = raw.decode(encoding).encode() if encoding == "utf-16" else raw.removeprefix(b"\xef\xbb\xbf")
        document = orjson.loads(text)
    except (ValueError, json.JSONDecodeError) as error:
        if b"\n" in raw.strip() and raw.lstrip()[:1] == b"{":
            hint = "one document is expected; lines of JSON whose keys are columns of `intelligence` go to `pickglass load`"
        else:
            hint = "fetch the list again; a document is whole, and UTF-8"
        raise InputError("not a JSON document", hint=hint, where=str(path)) from error
    if isinstance(document, Mapping):
        if document.get("type") == "bundle":
            return _read_bundle(document)
        if isinstance(document.get("list"), list):
            return _read_warning_list(document, path)
    events = _events(document)
    if events:
        return _read_events(events)
    raise InputError(
        "a JSON document, but no STIX bundle, MISP event or MISP warning list",
        hint="docs/intelligence.md says what is understood",
        where=str(path),
    )


_COMPARISON: Final = re.compile(
    r"(?P<object>[A-Za-z0-9_-]+):(?P<path>[A-Za-z0-9_.\-'\[\]*]+)\s*(?P<not>NOT\s+)?"
    r"(?P<operator>=|!=|<=|>=|<|>|IN\b|LIKE\b|MATCHES\b|ISSUBSET\b|ISSUPERSET\b)\s*"
    r"(?P<value>'(?:[^'\\]|\\.)*'|\((?:\s*'(?:[^'\\]|\\.)*'\s*,?)+\s*\)|[0-9.]+|t'[^']*')"
)
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'")
_OBJECTS: Final = {
    "ipv4-addr": "ip", "ipv6-addr": "ip", "domain-name": "domain", "url": "url", "email-addr": "mail", "file": "file",
    "email-message": "mail", "cryptocurrency-wallet": "wallet", "x-cryptocurrency-wallet": "wallet", "phone-number": "phone",
    "bank-account": "bank",
}  # fmt: skip
_PATHS: Final = re.compile(
    r"value|address|iban|hashes\.('?(MD5|SHA-?1|SHA-?256)'?)|(from|sender)_ref\.value", re.IGNORECASE
)


def _read_bundle(bundle: Mapping[str, Any]) -> ReadList:
    """Read the indicators of a STIX bundle; every other object only counts."""
    found = ReadList("STIX")
    objects = bundle.get("objects")
    for one in objects if isinstance(objects, list) else ():
        if not isinstance(one, Mapping):
            found.skipped["no STIX object"] += 1
        elif one.get("type") != "indicator":
            found.skipped[f"a STIX object that names no value ({str(one.get('type'))[:40]})"] += 1
        elif one.get("revoked") is True:
            found.skipped["revoked"] += 1
        elif one.get("pattern_type", "stix") != "stix" or not isinstance(one.get("pattern"), str):
            found.skipped[f"a pattern of another language ({str(one.get('pattern_type'))[:40]})"] += 1
        else:
            _take_indicator(found, one)
    return found


def _take_indicator(found: ReadList, one: Mapping[str, Any]) -> None:
    pattern = one["pattern"]
    if len(pattern) > 200_000:
        found.skipped["a pattern that is too long"] += 1
        return
    comparisons = list(_COMPARISON.finditer(pattern))
    rest = _COMPARISON.sub(" ", pattern)
    # What is left must only join: of things that count together only, none counts alone.
    if not comparisons or re.sub(r"\bOR\b", "", rest).strip(" []()\t\r\n"):
        found.skipped["a pattern that is more than single values"] += 1
        return
    extra = {
        "time": _time(one.get("valid_from") or one.get("created")),
        "last_seen": _time(one.get("modified")),
        "valid_until": _time(one.get("valid_until")),
        "confidence": _confidence(one.get("confidence")),
        "reference": str(one.get("id", ""))[:200] or None,
    }
    for each in comparisons:
        kind = _OBJECTS.get(each["object"])
        if kind is None or not _PATHS.fullmatch(each["path"]):
            found.skipped[f"a pattern about something else ({each['object'][:40]}:{each['path'][:40]})"] += 1
        elif each["not"] or each["operator"] not in ("=", "IN"):
            found.skipped["a pattern that is no equality"] += 1
        else:
            for value in _QUOTED.findall(each["value"]):
                _take(found, re.sub(r"\\(.)", r"\1", value), kind, extra)


def _events(document: Any) -> list[Mapping[str, Any]]:
    """Find MISP events in one event, an export, or the answer of a search."""
    if isinstance(document, Mapping):
        document = document.get("response", document)
    if (
        isinstance(document, Mapping)
        and isinstance(document.get("Attribute"), list)
        and "Event" not in document
    ):
        return [document]
    listed = document if isinstance(document, list) else [document]
    found = [one.get("Event") for one in listed if isinstance(one, Mapping)]
    return [one for one in found if isinstance(one, Mapping)]


_ATTRIBUTES: Final = {
    **{name: kind for name, kind in _TYPE_NAMES.items() if "-addr" not in name},
    "email-reply-to": "mail", "target-email": "mail", "whois-registrant-email": "mail", "dns-soa-email": "mail",
    "ip-src|port": "ip", "ip-dst|port": "ip", "domain|ip": "domain", "hostname|port": "domain", "filename|md5": "file",
    "filename|sha1": "file", "filename|sha256": "file", "whois-registrant-phone": "phone",
}  # fmt: skip


def _read_events(events: Iterable[Mapping[str, Any]]) -> ReadList:
    found = ReadList("MISP event")
    for event in events:
        held: list[Any] = list(event.get("Attribute") or ())
        for one in event.get("Object") or ():
            if isinstance(one, Mapping) and one.get("deleted") is not True:
                held += one.get("Attribute") or ()
        day = _time(event.get("date"))
        reference = f"MISP {str(event.get('uuid', ''))[:60]}"
        for one in held:
            if not isinstance(one, Mapping) or not isinstance(one.get("value"), str):
                found.skipped["no MISP attribute"] += 1
                continue
            kind = _ATTRIBUTES.get(str(one.get("type")))
            if one.get("deleted") is True:
                found.skipped["deleted"] += 1
            elif kind is None:
                found.skipped[f"of a kind that is not used ({str(one.get('type'))[:40]})"] += 1
            else:
                named = str(one["type"])
                # Of a pair, the part that the kind is about: the address, the domain, the hash.
                parts = one["value"].split("|")
                value = parts[-1] if named.startswith("filename|") else parts[0]
                extra = {
                    "time": _time(one.get("first_seen") or one.get("timestamp")) or day,
                    "last_seen": _time(one.get("last_seen")),
                    # Not meant for detection, says who wrote it.
                    "confidence": "low" if one.get("to_ids") is False else None,
                    "reference": reference,
                }
                _take(found, value, kind, extra)
    return found


def _read_warning_list(document: Mapping[str, Any], path: Path) -> ReadList:
    """Read a MISP warning list: what is well known, not what is bad. Its entries alone convict nobody."""
    form = str(document.get("type", "string"))
    if form in ("regex", "substring"):
        raise InputError(
            f"a warning list of the type {form} holds patterns and no values",
            hint="it cannot be used",
            where=str(path),
        )
    found = ReadList("MISP warning list", confidence="low")
    version = str(document.get("version", ""))
    found.dated = (
        _time(f"{version[:4]}-{version[4:6]}-{version[6:8]}") if re.fullmatch(r"\d{8,10}", version) else None
    )
    kind = {"cidr": "ip", "hostname": "domain"}.get(form, "any")
    for value in document["list"]:
        if isinstance(value, str):
            _take(found, value.strip().lstrip(".") if kind == "domain" else value.strip(), kind)
        else:
            found.skipped["no text"] += 1
    return found


_YAML: Final = re.compile(r"^Name:\s*\S", re.MULTILINE)
_PROCESS: Final = re.compile(r"[\w .()+-]{1,60}\.exe|[a-z][\w.+-]{2,40}", re.IGNORECASE)
# Names that many programs have: such a one tells no tool.
_MANY_HAVE: Final = frozenset((
    "agent.exe", "client.exe", "service.exe", "server.exe", "setup.exe", "install.exe", "installer.exe",
    "uninstall.exe", "update.exe", "updater.exe", "launcher.exe", "host.exe", "remote.exe", "viewer.exe", "main.exe",
    "app.exe", "start.exe", "run.exe", "helper.exe", "tray.exe", "python.exe", "java.exe", "javaw.exe", "node.exe",
    "chrome.exe", "msedge.exe", "firefox.exe", "powershell.exe", "cmd.exe", "rundll32.exe", "svchost.exe",
    "msiexec.exe", "explorer.exe", "mstsc.exe", "ssh.exe", "putty.exe", "winscp.exe", "filezilla.exe", "curl.exe",
    "bash", "sh", "ssh",
))  # fmt: skip


# Programs with which people who cannot see or hold a mouse use their computer; the lists have some.
_NEEDED: Final = frozenset(("nvda.exe", "nvda_service.exe", "jfw.exe", "zoomtext.exe", "supernova.exe"))


def _read_tool(path: Path, size: int) -> ReadList:
    """Read one tool of LOLRMM: the names of its processes, and the domains that it calls."""
    import yaml

    found = ReadList("LOLRMM")
    if size > _MOST_YAML:
        raise InputError(
            "a tool's description is bigger than 1 MiB", hint="it is no LOLRMM file", where=str(path)
        )
    try:
        tool = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InputError("not YAML", hint="fetch the list again", where=str(path)) from error
    if (
        not isinstance(tool, Mapping)
        or not isinstance(tool.get("Name"), str)
        or not ({"Details", "Artifacts"} & set(tool))
    ):
        raise InputError(
            "YAML, but no tool of LOLRMM", hint="LOLRMM files have Name and Details", where=str(path)
        )
    extra = {
        "time": _time(str(tool.get("LastModified") or tool.get("Created") or "")),
        "reference": tool["Name"][:200],
    }
    details, artifacts = _map(tool.get("Details")), _map(tool.get("Artifacts"))
    names = [
        str(_map(one).get(key) or "")
        for one in _list(details.get("PEMetadata"))
        for key in ("Filename", "OriginalFileName")
    ]
    names += [
        str(one).replace("\\", "/").rsplit("/", 1)[-1] for one in _list(details.get("InstallationPaths"))
    ]
    for name in dict.fromkeys(one.strip().lower() for one in names):
        if not name:
            continue
        if not name.endswith(".exe") or not _PROCESS.fullmatch(name):
            found.skipped["a path that names no process"] += 1
        elif name in _MANY_HAVE:
            found.skipped["a process name that many programs have"] += 1
        elif name in _NEEDED:
            found.skipped["a program for people who need it"] += 1
        else:
            found.entries.append(Entry("tool", name, **extra))
    for network in _list(artifacts.get("Network")):
        for one in _list(_map(network).get("Domains")):
            domain = _domain(re.sub(r"^\*\.", "", re.sub(r":\d+$", "", str(one).strip())))
            if domain is None:
                found.skipped["a domain that is a pattern or a word"] += 1
            else:
                found.entries.append(Entry("tool_domain", domain, **extra))
    return found


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, Mapping | str) else []


_SANCTIONED: Final = re.compile(r"Digital Currency Address - ([A-Z0-9]{3,6})[\s:]+([A-Za-z0-9]{20,120})")


def _read_sanctions(path: Path, encoding: str) -> ReadList:
    """Read the wallets out of the sanctions list's remarks; names and all else there is not for us."""
    found = ReadList("sanctions list")
    for line in _lines(path, encoding):
        if line is None:
            found.skipped["not UTF-8"] += 1
            continue
        for currency, wallet in _SANCTIONED.findall(line):
            _take(found, wallet, "wallet", {"reference": currency})
    return found


# -- values --------------------------------------------------------------------------------------------------


def _take(found: ReadList, text: str, kind: str, extra: Mapping[str, Any] | None = None) -> None:
    """Add one value in the form in which it is compared, or count why it cannot be."""
    if len(text) > _MOST_TEXT:
        found.skipped["longer than any value"] += 1
        return
    if len(found.entries) >= MOST_ENTRIES:
        raise InputError(f"more than {MOST_ENTRIES:,} entries", hint="split the list")
    text = (
        text.strip(" \t\"'").replace("[.]", ".").replace("(.)", ".").replace("[@]", "@").replace("[:]", ":")
    )
    if re.match(r"(?i)hxxps?:", text):
        text = "http" + text[4:]
    name = _guess(text) if kind == "any" else kind
    if name == "ip":
        values = _addresses(text)
        if isinstance(values, str):
            found.skipped[values] += 1
            return
        found.entries += [Entry(its, value, **(extra or {})) for its, value in values]
        return
    value = _READERS[name](text) if name else None
    if name is None or value is None:
        found.skipped[
            "a value whose kind cannot be told" if name is None else f"no {_WORDS.get(name, name)}"
        ] += 1
        return
    found.entries.append(Entry(name, value, **(extra or {})))


def _guess(text: str) -> str | None:
    if re.match(r"(?i)https?://", text):
        return "url"
    if "@" in text:
        return "mail"
    if re.fullmatch(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}", text):
        return "file"
    if re.fullmatch(r"[\d.]+(/[\d.]+)?|[\d.]+\s*-\s*[\d.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(/\d+)?", text):
        return "ip"
    return "domain" if _domain(text) else None


def _addresses(text: str) -> list[tuple[str, str]] | str:
    """Read an address, a network or a range; a text says why it cannot be used."""
    if ":" not in text and "-" not in text:  # the common case, fast: lists of a million lines are no rarity
        base, slash, bits = text.partition("/")
        try:
            packed = socket.inet_aton(base)
        except OSError:
            return "no address or network"
        if socket.inet_ntoa(packed) != base or (slash and not (bits.isdigit() and int(bits) <= 32)):
            return "no address or network"
        return _network(4, int.from_bytes(packed, "big"), int(bits) if slash else 32, text)
    try:
        if "-" in text:
            first, last = (ipaddress.ip_address(part.strip()) for part in text.split("-", 1))
            networks: list[Any] = list(ipaddress.summarize_address_range(first, last))
        elif "/" in text:
            networks = [ipaddress.ip_network(text, strict=False)]
            if int(networks[0].network_address) != int(ipaddress.ip_address(text.split("/", 1)[0])):
                return "a network with host bits set"
        else:
            networks = [ipaddress.ip_network(str(ipaddress.ip_address(text.split("%", 1)[0])))]
    except (ValueError, TypeError):
        return "no address or network"
    found: list[tuple[str, str]] = []
    for one in networks:
        its = _network(one.version, int(one.network_address), one.prefixlen, str(one))
        if isinstance(its, str):
            return its
        found += its
    return found


def _network(version: int, number: int, length: int, text: str) -> list[tuple[str, str]] | str:
    """Judge one network: a single address, too wide, private, or with bits beyond its length."""
    size = 32 if version == 4 else 128
    last = number | ((1 << (size - length)) - 1)
    if number & ((1 << (size - length)) - 1):
        return "a network with host bits set"
    if length < _WIDEST[version]:
        return "a network that is far too wide"
    for start, end in _PRIVATE[version]:
        if number <= end and start <= last:
            return "an address of a private network"
    return [("ip", text.partition("/")[0])] if length == size else [("network", text)]


def _ranges(*networks: str) -> tuple[tuple[int, int], ...]:
    parsed = [ipaddress.ip_network(one) for one in networks]
    return tuple((int(one.network_address), int(one.broadcast_address)) for one in parsed)


_PRIVATE: Final = {
    4: _ranges(
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "224.0.0.0/3",
    ),
    6: _ranges("::/127", "fc00::/7", "fe80::/10", "ff00::/8"),
}  # fmt: skip


def _domain(text: str) -> str | None:
    name = text.lower().rstrip(".")
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            return None
    fits = re.fullmatch(
        r"(?=.{4,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", name
    )
    return name if fits else None


def _mail(text: str) -> str | None:
    return text.lower() if re.fullmatch(r"[^@\s\"<>]{1,64}@([\w-]+\.)+[\w-]{2,}", text) else None


def _phone(text: str) -> str | None:
    return (
        text if re.fullmatch(r"\+?[\d\s()./-]{7,25}", text) and sum(c.isdigit() for c in text) >= 7 else None
    )


def _file(text: str) -> str | None:
    hexadecimal = re.fullmatch(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}", text)
    return text.lower() if hexadecimal else None


def _wallet(text: str) -> str | None:
    text = re.sub(r"^(bitcoin|ethereum|bitcoincash|litecoin|monero):", "", text)
    mixed = re.search(r"\d", text) and re.search(r"[A-Za-z]", text)
    return text if re.fullmatch(r"[A-Za-z0-9]{20,120}", text) and mixed else None


def _bank(text: str) -> str | None:
    plain = re.sub(r"[\s-]", "", text).upper()
    return plain if re.fullmatch(r"[A-Z0-9]{6,34}", plain) and re.search(r"\d{4}", plain) else None


def _code_host(text: str) -> str | None:
    name = re.sub(r"(?i)^(https?://)?(www\.)?github\.com/", "", text).strip("/").lower()
    return name if re.fullmatch(r"[a-z0-9_.-]{1,60}", name) else None


def _tool(text: str) -> str | None:
    name = text.replace("\\", "/").rsplit("/", 1)[-1].lower()
    return name if _PROCESS.fullmatch(name) and name not in _MANY_HAVE | _NEEDED else None


def _url(text: str) -> str | None:
    return text if re.match(r"(?i)[a-z][a-z0-9+.-]*://[^\s/]+", text) else None


_READERS: Final = {
    "domain": _domain, "mail": _mail, "phone": _phone, "file": _file, "wallet": _wallet, "bank": _bank,
    "code_host": _code_host, "tool": _tool, "url": _url,
}  # fmt: skip
_WORDS: Final = {
    "file": "hash of a file",
    "bank": "bank account",
    "code_host": "user's name",
    "tool": "process name",
}


def _time(value: Any) -> datetime | None:
    """Read a moment or a day; what is neither, or lies outside people's lives, is not said."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        return None
    text = value.strip()
    try:
        read = (
            datetime.fromtimestamp(int(text), UTC)
            if re.fullmatch(r"\d{9,10}", text)
            else datetime.fromisoformat(text)
        )
    except (ValueError, OverflowError, OSError):
        return None
    read = read if read.tzinfo else read.replace(tzinfo=UTC)
    return read if 1990 <= read.year <= 2200 else None


def _confidence(value: Any) -> str | None:
    """Read low, medium, high, or the scale from 0 to 100 as STIX cuts it."""
    if isinstance(value, str):
        text = value.strip().lower()
        if text in ("low", "medium", "high"):
            return text
        value = int(text) if re.fullmatch(r"\d{1,3}", text) else None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 100:
        return None
    return "low" if value < 30 else "medium" if value < 70 else "high"
