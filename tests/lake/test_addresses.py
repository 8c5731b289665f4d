"""Addresses meet listed networks exactly, and address databases fill only what sources left empty, as of the right day."""

import ipaddress
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.lake.address_databases import address_database

from pickglass.errors import InputError
from pickglass.lake.addresses import (
    AddressDatabase,
    address_facts,
    facts_of_record,
    match_networks,
    read_address_database,
)
from pickglass.lake.engine import connect
from pickglass.lake.session import rows_as_tables, session

MARCH, MAY = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)


def city(name: str, country: str, latitude: float, longitude: float) -> dict[str, Any]:
    return {
        "city": {"names": {"en": name}},
        "country": {"iso_code": country},
        "location": {"latitude": latitude, "longitude": longitude},
    }


HERE = city("Springfield", "US", 39.8, -89.6)
THERE = city("Lisbon", "PT", 38.7, -9.1)


@pytest.mark.parametrize("seed", range(3))
def test_every_network_that_holds_an_address_is_found_and_no_other(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a made-up world, no secret
    addresses = [str(ipaddress.ip_address(chance.getrandbits(32))) for _ in range(60)]
    addresses += [str(ipaddress.ip_address(chance.getrandbits(128))) for _ in range(40)]
    networks = set()
    for address in addresses[::2]:  # networks around half of them, of every length, and some that hold none
        most = 32 if "." in address else 128
        networks |= {
            str(ipaddress.ip_network((address, chance.randint(1, most)), strict=False)) for _ in range(4)
        }
    networks |= {str(ipaddress.ip_network((chance.getrandbits(32), 24), strict=False)) for _ in range(30)}
    connection = connect()
    connection.execute("CREATE TABLE a AS SELECT unnest($1) AS address", [addresses])
    connection.execute("CREATE TABLE n AS SELECT unnest($1) AS network", [sorted(networks)])
    match_networks(connection, "n", "a", "hit")
    found = set(connection.execute("SELECT address, network FROM hit").fetchall())
    expected = {
        (address, network)
        for address in addresses
        for network in networks
        if ipaddress.ip_address(address) in ipaddress.ip_network(network)
    }
    assert found == expected
    assert expected


def test_what_is_no_address_or_network_meets_nothing() -> None:
    connection = connect()
    strange = ["", "no", "300.1.1.1.1", "1.2.3", "::g", "198.51.100.7:443"]
    connection.execute("CREATE TABLE a AS SELECT unnest($1) AS address", [[*strange, "::ffff:198.51.100.7"]])
    lists = ["198.51.100.0/24", "198.51.100.0/x", "/24", "198.51.100.0", "2001:db8::/200", "words"]
    connection.execute("CREATE TABLE n AS SELECT unnest($1) AS network", [lists])
    match_networks(connection, "n", "a", "hit")
    assert connection.execute("SELECT * FROM hit").fetchall() == [("::ffff:198.51.100.7", "198.51.100.0/24")]


def signin(number: int, address: str, time: str, **other: Any) -> dict[str, Any]:
    return {
        **provenance(f"s{number}", time), "account": "s1@example.com", "activity": "signin", "outcome": "success",
        "src_ip": address, **other,
    }  # fmt: skip


def provenance(event_id: str, time: str) -> dict[str, Any]:
    return {
        "event_id": event_id, "source": "test", "time": time, "time_precision": "instant", "known": time, "raw_file": "f",
        "raw_record": 1, "record_hash": "h", "mapping_version": "m", "load_id": 1,
    }  # fmt: skip


def signins(
    rows: list[dict[str, Any]], databases: list[AddressDatabase], *, past: bool = False, **tables: Any
) -> list[dict[str, Any]]:
    worker = {
        **provenance("w", "2026-01-01T00:00:00Z"),
        "account": "hr:1",
        "kind": "employee",
        "work_mail": "s1@example.com",
    }
    relations = rows_as_tables({"worker": [worker], "signin": rows, **tables})
    as_of = datetime(2026, 4, 1, tzinfo=UTC) if past else datetime(2026, 6, 1, tzinfo=UTC)
    uncut = () if past else ("signin", "worker")
    with session(relations, as_of, b"key", databases=databases, uncut=uncut) as opened:
        found: list[dict[str, Any]] = opened.query("SELECT * FROM signin ORDER BY event_id").to_pylist()
        return found


def test_a_place_is_filled_where_the_source_gave_none_of_it(tmp_path: Path) -> None:
    database = read_address_database(
        address_database(
            tmp_path / "city.mmdb", "Made-City", MARCH, {"198.51.100.0/24": HERE, "192.168.0.0/16": THERE}
        )
    )
    found = signins(
        [
            signin(1, "198.51.100.7", "2026-03-02T09:00:00Z"),
            signin(2, "198.51.100.7", "2026-03-02T09:00:00Z", country="CA"),  # half of each would be nowhere
            signin(3, "203.0.113.7", "2026-03-02T09:00:00Z"),
            signin(4, "192.168.0.7", "2026-03-02T09:00:00Z"),
            signin(5, "nonsense", "2026-03-02T09:00:00Z"),
        ],
        [database],
    )
    places = [(one["city"], one["country"], one["latitude"]) for one in found]
    assert places == [("Springfield", "US", 39.8), (None, "CA", None), *[(None, None, None)] * 3]


def test_the_edition_of_the_records_own_time_speaks(tmp_path: Path) -> None:
    old = read_address_database(
        address_database(tmp_path / "a.mmdb", "Made-City", MARCH, {"198.51.100.0/24": HERE})
    )
    new = read_address_database(
        address_database(tmp_path / "b.mmdb", "Made-City", MAY, {"198.51.100.0/24": THERE})
    )
    rows = [
        signin(1, "198.51.100.7", "2026-02-01T09:00:00Z"),
        signin(2, "198.51.100.7", "2026-04-30T09:00:00Z"),
        signin(3, "198.51.100.7", "2026-05-02T09:00:00Z"),
    ]
    assert [one["city"] for one in signins(rows, [new, old])] == ["Springfield", "Springfield", "Lisbon"]
    assert [one["city"] for one in signins(rows[:1], [new], past=True)] == [None]


def test_renting_out_servers_hides_nobody() -> None:
    hosting = {"is_anonymous": True, "is_hosting_provider": True}
    assert facts_of_record(hosting) == {}
    assert facts_of_record({"is_anonymous": True, "is_tor_exit_node": True}) == {
        "anonymous": True,
        "tunnel_operator": "tor",
    }
    proxy = {"provider_name": "made up", "anonymizer_confidence": 80}
    assert facts_of_record(proxy) == {"anonymous": True, "tunnel_operator": "made up"}


def test_where_a_network_is_registered_is_no_place() -> None:
    assert facts_of_record({"registered_country": {"iso_code": "PT"}}) == {}


@pytest.mark.parametrize(
    "record",
    [{"city": 1, "country": "US"}, {"location": {"latitude": 91.0, "longitude": 1.0}}, {"location": {"latitude": 1.0}},
     {"autonomous_system_number": -1}, {"subdivisions": [1]}, {"country": {"iso_code": "USA"}}],
)  # fmt: skip
def test_a_strange_record_tells_nothing(record: dict[str, Any]) -> None:
    assert facts_of_record(record) == {}


def test_a_database_about_people_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    income = address_database(
        tmp_path / "i.mmdb", "Made-DensityIncome", MARCH, {"198.51.100.0/24": {"average_income": 1}}
    )
    with pytest.raises(InputError, match="tells nothing that is asked"):
        read_address_database(income)
    whole = address_database(tmp_path / "c.mmdb", "Made-City", MARCH, {"198.51.100.0/24": HERE}).read_bytes()
    (tmp_path / "cut.mmdb").write_bytes(whole[len(whole) // 2 :])
    with pytest.raises(InputError, match="cannot be read"):
        read_address_database(tmp_path / "cut.mmdb")


def test_a_damaged_record_leaves_the_others(tmp_path: Path) -> None:
    path = address_database(
        tmp_path / "c.mmdb", "Made-City", MARCH, {"198.51.100.0/24": HERE, "203.0.113.0/24": THERE}
    )
    database = read_address_database(path)
    path.write_bytes(
        path.read_bytes().replace(b"\x4bSpringfield", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 1)
    )
    found = address_facts(["198.51.100.7", "203.0.113.7"], [database]).to_pylist()
    assert [(one["address"], one["city"]) for one in found] == [("203.0.113.7", "Lisbon")]


def test_an_entry_that_a_network_became_says_which_list_and_leads_to_its_row() -> None:
    def entry(event_id: str, value: str, **other: Any) -> dict[str, Any]:
        time = "2026-03-01T00:00:00Z"
        return {
            **provenance(event_id, time),
            "kind": "network",
            "value": value,
            "list_name": "partner",
            **other,
        }

    rows = {
        "signin": [signin(1, "198.51.100.7", "2026-03-02T09:00:00Z")],
        "intelligence": [
            entry("i1", "198.51.100.0/24"),
            entry("i2", "203.0.113.0/24"),
            entry("i3", "198.51.0.0/16", list_name="old"),
            entry(
                "i4",
                "old",
                list_name="old",
                kind="withdrawn",
                added="2026-03-05T00:00:00Z",
                known="2026-03-05T00:00:00Z",
            ),
            entry("i5", "198.51.100.0/25", valid_until="2026-02-01T00:00:00Z"),
        ],
    }
    with session(rows_as_tables(rows), datetime(2026, 6, 1, tzinfo=UTC), b"key") as opened:
        found = opened.query("SELECT * FROM intelligence WHERE kind = 'ip'").to_pylist()
        assert [(one["event_id"], one["value"], one["list_name"]) for one in found] == [
            ("i1/198.51.100.7", "198.51.100.7", "partner")
        ]
        assert set(opened.records(["i1/198.51.100.7"])) == {"i1/198.51.100.7"}
    # Before it was withdrawn, the other list still spoke.
    with session(rows_as_tables(rows), datetime(2026, 3, 3, tzinfo=UTC), b"key") as opened:
        lists = opened.query(
            "SELECT DISTINCT list_name FROM intelligence WHERE kind = 'ip' ORDER BY ALL"
        ).to_pylist()
        assert [one["list_name"] for one in lists] == ["old", "partner"]
