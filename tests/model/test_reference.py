"""The reference tables are well formed: a reader can join on them without cleaning them first."""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path
from zoneinfo import available_timezones

import pytest

import pickglass.model

FOLDER = Path(pickglass.model.__path__[0]) / "reference"

SHAPES = {
    "remote_tool": ("name", "kind", "process_name", "domain", "product", "publisher", "source"),
    "kvm_device": (
        "name",
        "vendor_id",
        "product_id",
        "manufacturer",
        "product",
        "serial",
        "display_vendor",
        "display_name",
        "source",
    ),
    "capture_device": ("name", "kind", "source"),
    "jiggler": ("name", "kind", "process_name", "domain", "vendor_id", "product_id", "source"),
    "vpn_operator": ("name", "operator", "kind", "match", "source"),
    "hosting_network": ("asn", "name", "source"),
    "payout_institution": ("name", "match", "routing_number", "kind", "source"),
    "mailbox_service": ("name", "kind", "source"),
    "disposable_mail": ("domain", "source"),
    "webmail": ("domain", "kind", "source"),
    "file_drop": ("domain", "kind", "product", "source"),
    "virtual_microphone": ("name", "kind", "source"),
    "antidetect_browser": ("name", "process_name", "domain", "source"),
    "interview_aid": ("name", "process_name", "domain", "source"),
    "country": ("name", "code", "source"),
    "region": ("country", "name", "code", "source"),
    "place": ("city", "region", "country", "latitude", "longitude", "time_zone", "source"),
}

KEYS = {
    "remote_tool": ("process_name", "domain"),
    "kvm_device": SHAPES["kvm_device"][1:-1],
    "capture_device": ("name",),
    "jiggler": ("process_name", "domain", "vendor_id", "product_id"),
    "vpn_operator": ("name",),
    "hosting_network": ("asn",),
    "payout_institution": ("name", "routing_number"),
    "mailbox_service": ("name",),
    "disposable_mail": ("domain",),
    "webmail": ("domain",),
    "file_drop": ("domain",),
    "virtual_microphone": ("name",),
    "antidetect_browser": ("process_name", "domain"),
    "interview_aid": ("process_name", "domain"),
    "country": ("name",),
    "region": ("country", "name"),
    "place": ("city", "region", "country"),
}

KINDS = {
    "remote_tool": {"remote_control", "tunnel", "rmm"},
    "capture_device": {"capture_card", "virtual_camera"},
    "jiggler": {"software", "hardware"},
    "virtual_microphone": {"virtual_cable", "voice_changer"},
    "vpn_operator": {"vpn", "proxy", "tor"},
    "payout_institution": {"e_money", "prepaid", "payout_platform"},
    "mailbox_service": {"mail_store", "virtual_mailbox", "forwarder", "pickup_point", "private_box"},
    "webmail": {"free", "provider", "relay"},
    "file_drop": {"personal_cloud", "file_drop", "code_drop", "code_host", "screen_relay", "messenger"},
}

AT_LEAST = {
    "remote_tool": 500,
    "vpn_operator": 26,
    "hosting_network": 60,
    "disposable_mail": 50,
    "country": 249,
    "region": 51 + 13 + 8,
    "place": 300 + 51 + 249,
}

# Every column that is compared with the lake is lower case; codes and names for people are as they are.
MATCHED = {
    "name",
    "process_name",
    "domain",
    "city",
    "vendor_id",
    "product_id",
    "manufacturer",
    "serial",
    "display_vendor",
    "display_name",
}


def rows(table: str) -> list[dict[str, str]]:
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def kilometres(a: dict[str, str], b: dict[str, str]) -> float:
    numbers = (a["latitude"], a["longitude"], b["latitude"], b["longitude"])
    lat1, lon1, lat2, lon2 = (math.radians(float(number)) for number in numbers)
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 12742 * math.asin(math.sqrt(h))


def test_every_table_is_known_here_and_described() -> None:
    assert {path.stem for path in FOLDER.glob("*.csv")} == set(SHAPES)
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [table for table in SHAPES if f"`{table}`" not in readme] == []


@pytest.mark.parametrize("table", SHAPES)
def test_shape(table: str) -> None:
    lines = (FOLDER / f"{table}.csv").read_text(encoding="utf-8").splitlines()
    assert tuple(lines[0].split(",")) == SHAPES[table]
    content = rows(table)
    assert len(content) >= AT_LEAST.get(table, 10)
    for number, row in enumerate(content, start=2):
        assert None not in row, f"line {number} has too many cells"
        assert None not in row.values(), f"line {number} has too few cells"
        assert row["source"], f"line {number} has no source"
        assert all(value == value.strip() for value in row.values()), f"line {number} has stray spaces"
        assert any(row[column] for column in KEYS[table]), f"line {number} would match nothing"


@pytest.mark.parametrize("table", SHAPES)
def test_no_row_twice(table: str) -> None:
    keys = [tuple(row[column] for column in KEYS[table]) for row in rows(table)]
    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize("table", SHAPES)
def test_what_is_compared_is_lower_case(table: str) -> None:
    matched = MATCHED if table != "hosting_network" else set()
    wrong = [
        row[column]
        for row in rows(table)
        for column in matched & set(row)
        if row[column] != row[column].lower()
    ]
    assert wrong == []


@pytest.mark.parametrize("table", KINDS)
def test_kinds(table: str) -> None:
    assert {row["kind"] for row in rows(table)} <= KINDS[table]


def test_the_catalogues_tools_are_known() -> None:
    names = {row["name"] for row in rows("remote_tool")}
    assert len(names) >= 200
    assert names >= {
        "anydesk",
        "teamviewer",
        "rustdesk",
        "chrome remote desktop",
        "gotomypc",
        "logmein",
        "gotomeeting",
        "anyviewer",
        "jump desktop",
        "meshcentral",
        "screenconnect",
        "splashtop",
        "parsec",
        "ngrok",
        "tailscale",
        "cloudflared",
        "zerotier",
    }
    processes = {row["process_name"] for row in rows("remote_tool")}
    assert processes >= {"anydesk.exe", "remoting_host.exe", "remoting_start_host.exe", "rustdesk.exe"}


@pytest.mark.parametrize("table", ["remote_tool", "antidetect_browser", "interview_aid"])
def test_a_tool_row_is_a_process_or_a_domain(table: str) -> None:
    for row in rows(table):
        assert bool(row["process_name"]) != bool(row["domain"]), row


@pytest.mark.parametrize("table", ["remote_tool", "jiggler", "antidetect_browser", "interview_aid"])
def test_no_row_is_a_process_of_the_system_or_of_somebody_with_a_need(table: str) -> None:
    """Names that every computer has, and programs that read the screen aloud, convict nobody."""
    common = {"agent.exe", "client.exe", "service.exe", "server.exe", "setup.exe", "chrome.exe", "explorer.exe", "mstsc.exe",
              "svchost.exe", "python.exe", "java.exe", "node.exe", "nvda.exe", "jfw.exe", "zoomtext.exe"}  # fmt: skip
    assert {row["process_name"] for row in rows(table)} & common == set()


def test_what_cleans_an_honest_persons_sound_is_no_virtual_microphone() -> None:
    names = [row["name"] for row in rows("virtual_microphone")]
    honest = ("krisp", "nvidia broadcast", "microphone array (realtek)", "airpods", "jabra link", "otter")
    assert [(name, one) for name in names for one in honest if name in one] == []


def test_usb_ids_are_four_hex_digits() -> None:
    for table in ("kvm_device", "jiggler"):
        for row in rows(table):
            for column in ("vendor_id", "product_id"):
                assert re.fullmatch(r"([0-9a-f]{4})?", row[column]), row


def test_a_bare_linux_gadget_is_not_a_kvm() -> None:
    for row in rows("kvm_device"):
        named = ("manufacturer", "product", "serial", "display_vendor", "display_name")
        assert row["vendor_id"] != "1d6b" or any(row[column] for column in named), row


@pytest.mark.parametrize(
    "table", ["disposable_mail", "webmail", "file_drop", "remote_tool", "antidetect_browser", "interview_aid"]
)
def test_domains_look_like_domains(table: str) -> None:
    wrong = [
        row["domain"]
        for row in rows(table)
        if row["domain"] and not re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", row["domain"])
    ]
    assert wrong == []


def test_routing_numbers_have_a_right_check_digit() -> None:
    for row in rows("payout_institution"):
        number = row["routing_number"]
        if len(number) == 9:
            digits = [int(digit) for digit in number]
            weights = (3, 7, 1) * 3
            assert sum(a * b for a, b in zip(digits, weights, strict=True)) % 10 == 0, row


def test_network_numbers() -> None:
    assert all(0 < int(row["asn"]) < 2**32 for row in rows("hosting_network"))


def test_codes_of_countries_and_regions_hang_together() -> None:
    codes = {row["code"] for row in rows("country")}
    assert all(re.fullmatch(r"[A-Z]{2}", code) for code in codes)
    assert len(codes) >= 249
    names = {row["name"]: row["code"] for row in rows("country")}
    assert names["usa"] == names["united states"] == names["us"] == "US"
    assert names["uk"] == names["gb"] == names["england"] == "GB"
    assert names["south korea"] == names["korea, republic of"] == "KR"
    regions = {(row["country"], row["code"]) for row in rows("region")}
    count = {country: sum(1 for of, _ in regions if of == country) for country in ("US", "CA", "AU")}
    assert count == {"US": 51, "CA": 13, "AU": 8}
    assert {row["country"] for row in rows("place")} == codes
    assert {(row["country"], row["region"]) for row in rows("place") if row["region"]} == regions


def test_places_are_on_the_globe_and_in_a_real_zone() -> None:
    zones = available_timezones()
    for row in rows("place"):
        assert -90 <= float(row["latitude"]) <= 90, row
        assert -180 <= float(row["longitude"]) <= 180, row
        assert row["time_zone"] in zones, row


def test_every_region_and_country_has_a_middle() -> None:
    middles = {(row["country"], row["region"]) for row in rows("place") if not row["city"]}
    assert middles >= {(row["code"], "") for row in rows("country")}
    assert middles >= {(row["country"], row["code"]) for row in rows("region")}


def test_a_city_lies_in_its_region() -> None:
    """A slip of a digit or a sign puts a city far from the middle of its region."""
    content = rows("place")
    middle = {(row["country"], row["region"]): row for row in content if not row["city"]}
    wide = {"AK", "TX", "BC", "NL", "NU", "ON", "QC", "NT", "QLD", "WA"}
    huge = {"RU", "CN", "BR", "KI", "ID", "IN", "MX", "ES"}
    for row in content:
        if row["city"]:
            in_region = 1250 if row["region"] in wide else 650
            in_country = 3500 if row["country"] in huge else 1500
            limit = in_region if row["region"] else in_country
            assert kilometres(row, middle[row["country"], row["region"]]) <= limit, row
