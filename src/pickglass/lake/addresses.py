"""What lists and address databases say of the addresses in the lake: looked up once for each distinct address.

Two questions, for a new colleague:

* Which network on an intelligence list holds this address? Each address is cut to the lengths that the list has, and
  compared as equal numbers: no address meets a million networks one by one, and networks within networks are all found.
* What does a database in MaxMind's format (MMDB) say of it: operator, place, anonymity? Of each kind the edition that
  was built last before the record's own time speaks; for records older than all editions, the oldest one does.

The databases belong to the user. Nothing is fetched, and what they hold beyond these facts is never read.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from pickglass.errors import InputError

# Kind of database by a word in the name of its type. Others (income, users, risk scores of persons) are refused.
_KINDS: Final = (
    ("anonymous", "anonymity"),
    ("residential-proxy", "anonymity"),
    ("enterprise", "place"),
    ("city", "place"),
    ("country", "place"),
    ("asn", "operator"),
    ("isp", "operator"),
)
_MARK: Final = b"\xab\xcd\xefMaxMind.com"
_MARK_WITHIN: Final = 128 * 1024  # from the end of the file, says the format
MOST_ADDRESSES: Final = 5_000_000  # distinct ones that a session looks up
EDITIONS: Final = 12  # of one kind that a session opens
_TEXT: Final = 200  # characters of a name that are kept

FACTS: Final = {
    "asn": pa.int64(),
    "as_org": pa.string(),
    "anonymous": pa.bool_(),
    "tunnel_operator": pa.string(),
    "city": pa.string(),
    "region": pa.string(),
    "country": pa.string(),
    "latitude": pa.float64(),
    "longitude": pa.float64(),
}
_FIRST = datetime(1900, 1, 1, tzinfo=UTC)
_LAST = datetime(9998, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AddressDatabase:
    """One database in MaxMind's format: where it lies, what it tells (place, operator, anonymity), when it was built."""

    path: Path
    kind: str
    built: datetime
    type: str = ""
    valid_until: datetime | None = None


def is_address_database(path: Path) -> bool:
    """Say whether a file is in MaxMind's format, by the mark that its last part holds."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _MARK_WITHIN))
        return _MARK in file.read(_MARK_WITHIN)


def read_address_database(path: Path) -> AddressDatabase:
    """Describe a database; InputError where it is damaged or of a kind that is not for us."""
    reader = _open(path)
    try:
        metadata = reader.metadata()
        built = datetime.fromtimestamp(metadata.build_epoch, UTC)
        for probe in ("192.0.2.1", "198.51.100.1", "8.8.8.8"):
            reader.get(probe)  # a damaged tree shows here and not in the middle of an assessment
    except _damage() as error:
        raise _damaged(path) from error
    finally:
        reader.close()
    name = str(metadata.database_type)[:_TEXT]
    kind = next((kind for word, kind in _KINDS if word in name.lower()), None)
    if kind is None:
        raise InputError(
            f"a database of the type «{name}» tells nothing that is asked here",
            hint="city, country, ASN, ISP, anonymous-IP and residential-proxy databases are read",
            where=str(path),
        )
    return AddressDatabase(path, kind, built, name)


def _open(path: Path) -> Any:
    import maxminddb

    try:
        return maxminddb.open_database(str(path))
    except _damage() as error:
        raise _damaged(path) from error


def _damage() -> tuple[type[Exception], ...]:
    """Damage shows in many ways, by which part of the file it hits."""
    import maxminddb

    return (maxminddb.InvalidDatabaseError, ValueError, LookupError, OverflowError, OSError)


def _damaged(path: Path) -> InputError:
    return InputError("the address database cannot be read", hint="fetch it again", where=str(path))


# -- facts from address databases --------------------------------------------------------------------------


def address_facts(
    addresses: Sequence[str], databases: Iterable[AddressDatabase], as_of: datetime | None = None
) -> pa.Table:
    """Tell what the databases say of each address, and from when until when: `address, from_time, until_time`, FACTS.

    With `as_of`, editions that were built later do not exist. An address of which nothing is said has no row.
    """
    periods = _periods(databases, as_of)
    opened = {one.path: _open(one.path) for _, _, used in periods for one in used}
    columns: dict[str, list[Any]] = {name: [] for name in ("address", "from_time", "until_time", *FACTS)}
    try:
        for address in addresses[:MOST_ADDRESSES]:
            parsed = _public(address)
            if parsed is None:
                continue
            for start, end, used in periods:
                facts: dict[str, Any] = {}
                for one in used:
                    for name, value in _facts_of(opened[one.path], parsed).items():
                        facts.setdefault(name, value)
                if facts:
                    columns["address"].append(address)
                    columns["from_time"].append(start)
                    columns["until_time"].append(end)
                    for name in FACTS:
                        columns[name].append(facts.get(name))
    finally:
        for reader in opened.values():
            reader.close()
    time = pa.timestamp("us", tz="UTC")
    kinds = {"address": pa.string(), "from_time": time, "until_time": time, **FACTS}
    return pa.table({name: pa.array(values, kinds[name]) for name, values in columns.items()})


def _periods(
    databases: Iterable[AddressDatabase], as_of: datetime | None
) -> list[tuple[datetime, datetime, list[AddressDatabase]]]:
    """Cut time where an edition begins to speak: from when, until when, which editions."""
    known = sorted(
        (one for one in databases if as_of is None or one.built <= as_of),
        key=lambda one: (one.built, str(one.path)),
    )
    by_kind: dict[str, list[AddressDatabase]] = {}
    for one in known:
        by_kind.setdefault(f"{one.kind} {one.type}", []).append(one)
    by_kind = {kind: its[-EDITIONS:] for kind, its in by_kind.items()}
    # Of one kind, a finer database speaks before a coarser one: a city before a country.
    order = sorted(by_kind, key=lambda kind: ("country" in kind.lower(), kind))
    cuts = sorted({one.built for its in by_kind.values() for one in its[1:]})
    found = []
    for start, end in zip([_FIRST, *cuts], [*cuts, _LAST], strict=True):
        used = []
        for kind in order:
            its = by_kind[kind]
            speaking = [one for one in its if one.built <= start] or its[:1]
            used.append(speaking[-1])
        if used:
            found.append((start, end, used))
    return found


def _public(address: str) -> str | None:
    """Give an address as a database knows it; None for what is no address, or belongs to no network of the world."""
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    # Some databases answer for private ranges, and wrongly: they are never asked.
    inside = parsed.is_private and not _is_documentation(parsed)
    return (
        None if inside or parsed.is_loopback or parsed.is_link_local or parsed.is_multicast else str(parsed)
    )


_DOCUMENTATION: Final = tuple(
    ipaddress.ip_network(one)
    for one in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)


def _is_documentation(parsed: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(parsed in network for network in _DOCUMENTATION)


def _facts_of(reader: Any, address: str) -> dict[str, Any]:
    """Read the facts of one address; a damaged record tells nothing."""
    try:
        record = reader.get(address)
    except _damage():
        return {}
    return facts_of_record(record) if isinstance(record, Mapping) else {}


_HIDDEN: Final = ("is_anonymous_vpn", "is_public_proxy", "is_residential_proxy", "is_tor_exit_node")


def facts_of_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Read what a database's record says; both the nested form of MaxMind and flat ones are understood."""
    traits = _map(record.get("traits"))
    location = _map(record.get("location"))
    found: dict[str, Any] = {
        "asn": _number(record.get("autonomous_system_number") or traits.get("autonomous_system_number")),
        "as_org": _text(
            record.get("autonomous_system_organization")
            or traits.get("autonomous_system_organization")
            or record.get("isp")
            or traits.get("isp")
        ),
        "city": _name(record.get("city")),
        "region": _region(record),
        "country": _country(record),
        "latitude": _degrees(location.get("latitude", record.get("latitude")), 90),
        "longitude": _degrees(location.get("longitude", record.get("longitude")), 180),
    }
    # Renting out servers alone hides nobody: `is_anonymous` would count that as well.
    if any(record.get(flag) is True or traits.get(flag) is True for flag in _HIDDEN):
        found["anonymous"] = True
    elif (
        "provider_name" in record and "anonymizer_confidence" in record
    ):  # a list of residential proxies says no more
        found["anonymous"] = True
    if found.get("anonymous"):
        tor = record.get("is_tor_exit_node") is True or traits.get("is_tor_exit_node") is True
        found["tunnel_operator"] = _text(record.get("provider_name")) or ("tor" if tor else None)
    if (found["latitude"] is None) != (found["longitude"] is None):
        found["latitude"] = found["longitude"] = None
    return {name: value for name, value in found.items() if value is not None}


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return value.strip()[:_TEXT] or None if isinstance(value, str) else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**32 else None


def _degrees(value: Any, most: int) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
        return None
    return float(value)


def _name(value: Any) -> str | None:
    """A place's English name, or the plain text of a flat database."""
    return _text(_map(_map(value).get("names")).get("en")) if isinstance(value, Mapping) else _text(value)


def _region(record: Mapping[str, Any]) -> str | None:
    parts = record.get("subdivisions")
    if isinstance(parts, Sequence) and not isinstance(parts, str) and parts:
        first = _map(parts[0])
        code = _text(first.get("iso_code"))
        return code if code and code.isalpha() else _name(first) or code
    return _text(record.get("state1"))


def _country(record: Mapping[str, Any]) -> str | None:
    # Where the address is used, not where its network is registered: the latter says nothing of a person.
    code = _text(_map(record.get("country")).get("iso_code")) or _text(record.get("country_code"))
    return code.upper() if code and len(code) == 2 and code.isalpha() else None


# -- networks on lists -------------------------------------------------------------------------------------

# Addresses and networks of IPv4 as numbers; what is not written as one is null and meets nothing.
_NUMBER = (
    "CASE WHEN regexp_full_match({0}, '\\d{{1,3}}(\\.\\d{{1,3}}){{3}}') THEN "
    "list_reduce([CAST(p AS BIGINT) FOR p IN string_split({0}, '.')], lambda x, y: x * 256 + y) END"
)


def match_networks(connection: Any, networks: str, addresses: str, name: str) -> None:
    """Make the table `name(address, network)`: which listed network holds which address.

    `networks` and `addresses` are SQL relations with one text column, `network` (`address/length`) and `address`.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {name}_part AS "
        f"SELECT network, {_NUMBER.format('base')} AS number, length FROM ("
        "SELECT network, split_part(network, '/', 1) AS base, try_cast(split_part(network, '/', 2) AS INTEGER) AS length "
        f"FROM (SELECT DISTINCT network FROM {networks}) WHERE network NOT LIKE '%:%') WHERE length BETWEEN 0 AND 32"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS "
        "WITH place AS (SELECT address, number FROM (SELECT address, "
        f"{_NUMBER.format('plain')} AS number FROM (SELECT address, regexp_replace(address, '^(?i)::ffff:', '') AS plain "
        f"FROM (SELECT DISTINCT address FROM {addresses}))) WHERE number IS NOT NULL), "
        f"cut AS (SELECT p.address, l.length, p.number >> (32 - l.length) AS number FROM place p "
        f"CROSS JOIN (SELECT DISTINCT length FROM {name}_part) l) "
        f"SELECT c.address, n.network FROM cut c JOIN {name}_part n ON n.length = c.length "
        "AND n.number >> (32 - n.length) = c.number"
    )
    connection.execute(f"DROP TABLE {name}_part")
    held = [
        row[0]
        for row in connection.execute(
            f"SELECT DISTINCT address FROM {addresses} WHERE address LIKE '%:%'"
        ).fetchall()
    ]
    if held:
        listed = connection.execute(
            f"SELECT DISTINCT network FROM {networks} WHERE network LIKE '%:%'"
        ).fetchall()
        found = _match_long(held[:MOST_ADDRESSES], (row[0] for row in listed))
        if found:
            connection.register(
                "given", pa.table({"address": [a for a, _ in found], "network": [n for _, n in found]})
            )
            connection.execute(f"INSERT INTO {name} SELECT address, network FROM given")
            connection.unregister("given")


def _match_long(addresses: Iterable[str], networks: Iterable[str]) -> list[tuple[str, str]]:
    """Match IPv6 addresses: SQL has no number that is long enough everywhere."""
    by_length: dict[int, dict[int, str]] = {}
    for network in networks:
        base, _, length = network.partition("/")
        number = _long(base)
        if number is not None and length.isdigit() and int(length) <= 128:
            by_length.setdefault(int(length), {})[number >> (128 - int(length))] = network
    found = []
    for address in addresses:
        number = _long(address)
        if number is None:
            continue
        for bits, its in by_length.items():
            hit = its.get(number >> (128 - bits))
            if hit is not None:
                found.append((address, hit))
    return found


def _long(text: str) -> int | None:
    try:
        return int.from_bytes(socket.inet_pton(socket.AF_INET6, text.strip()), "big")
    except (OSError, ValueError):
        return None
