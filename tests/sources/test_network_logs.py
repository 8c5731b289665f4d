"""Logs of firewalls, sensors and name servers: what their lines say, and that no line keeps us busy or stops us."""

from __future__ import annotations

import dataclasses
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pickglass.sources.reading import Member, members

LINES = ("bind_query_log", "cisco_asa", "cisco_umbrella_dns", "dnsmasq_log")
FILES = ("aws_vpc_flow", "paloalto_firewall", "windows_dns_debug_log", "zeek_network")


def one(source: str, line: str) -> dict[str, Any]:
    """Parse one line of a source whose lines stand alone."""
    return dict(import_module(f"pickglass.sources.{source}.parse").parse(line.encode()))


def many(source: str, folder: Path, text: str) -> list[Any]:
    """Parse a file of a source that reads whole files: a map for each record, or the reason why there is none."""
    path = folder / "log"
    path.write_bytes(text.encode())
    (found,) = members(path, digest=False)
    assert isinstance(found, Member)
    records = import_module(f"pickglass.sources.{source}.parse").records(
        dataclasses.replace(found, form="text")
    )
    return [json.loads(record.line) if record.line else record.problem for record in records]


def test_each_zeek_header_counts_from_its_place_on(tmp_path: Path) -> None:
    """Proves that logs put behind each other keep their columns, also with another separator."""
    text = (
        "#separator \\x09\n#unset_field\t-\n#empty_field\t(empty)\n#path\tconn\n#fields\tts\tuid\tid.orig_h\n1.5\tC1\t10.0.0.1\n2.5\t-\t(empty)\n"
        "#separator \\x7c\n#unset_field|none\n#path|dns\n#fields|ts|query\n3.5|a\\x7cb.example\n4.5|none\n5.5\n"
    )
    assert many("zeek_network", tmp_path, text) == [
        {"_path": "conn", "ts": "1.5", "uid": "C1", "id.orig_h": "10.0.0.1"},
        {"_path": "conn", "ts": "2.5"},
        {"_path": "dns", "ts": "3.5", "query": "a|b.example"},
        {"_path": "dns", "ts": "4.5"},
        "1 fields, header has 2",
    ]


def test_a_zeek_line_without_a_header_has_no_names(tmp_path: Path) -> None:
    """Proves that the second half of a cut file is told and not guessed."""
    assert many("zeek_network", tmp_path, "1.5\tC1\t10.0.0.1\n") == [
        "no header names the columns of this line"
    ]


TRAFFIC = "1,2026/03/02 09:33:51,0128,TRAFFIC,end,2305,2026/03/02 09:33:50,10.0.0.1,192.0.2.1,,,r,,,ssl"


@pytest.mark.parametrize(
    ("line", "clock"),
    [
        (TRAFFIC, "2026-03-02T09:33:50"),
        (f"Mar  2 09:33:50 fw {TRAFFIC}", "2026-03-02T09:33:50"),
        (f"<14>1 2026-03-02T09:33:50-05:00 fw - - - - {TRAFFIC}", "2026-03-02T09:33:50-05:00"),
        (TRAFFIC + "," * 20 + "2026-03-02T09:33:50.123+01:00,", "2026-03-02T09:33:50+01:00"),
        # A firewall that never set this clock.
        (TRAFFIC + "," * 20 + "1970-01-01T01:00:00.000+01:00,", "2026-03-02T09:33:50"),
        (
            TRAFFIC.replace("2026/03/02 09:33:50", "2026-03-02T14:33:50.000000Z"),
            "2026-03-02T14:33:50.000000Z",
        ),
    ],
)
def test_a_firewalls_clock_gets_the_offset_that_the_line_has(tmp_path: Path, line: str, clock: str) -> None:
    """Proves that an offset is taken where there is one, and none is made up."""
    (found,) = many("paloalto_firewall", tmp_path, line + "\n")
    assert found["clock"] == clock


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("<166>Mar 02 2026 14:05:00 fw : ", {"clock": "2026-03-02T14:05:00"}),
        ("Mar  2 2026 14:05:00 UTC: ", {"clock": "2026-03-02T14:05:00Z"}),
        ("Mar  2 14:05:09 relay 2026-03-02T14:05:00+01:00 fw ", {"clock": "2026-03-02T14:05:00+01:00"}),
        ("Mar  2 14:05:00 fw ", {"day": "03-02", "hour": "14:05:00"}),
        ("", {}),
    ],
)
def test_the_clock_of_a_cisco_message(prefix: str, found: dict[str, str]) -> None:
    """Proves that the firewall's own clock is read, and that a clock without a year stays without one."""
    parsed = one("cisco_asa", f"{prefix}%ASA-6-305011: Built dynamic TCP translation")
    assert parsed == {"number": "305011", **found}


@pytest.mark.parametrize("user", ["jroe", "jane.roe@example.com", "Jane Roe", "CORP\\jroe"])
@pytest.mark.parametrize("shape", ["Group <g p> User <{}> IP <192.0.2.1>", "Group g User {} IP 192.0.2.1"])
def test_the_user_of_a_cisco_session(user: str, shape: str) -> None:
    """Proves that a name is read whole, with and without the brackets of newer versions."""
    parsed = one("cisco_asa", f"%ASA-6-113039: {shape.format(user)} AnyConnect parent session started.")
    assert (parsed["user"], parsed["address"]) == (user, "192.0.2.1")


@pytest.mark.parametrize(
    ("date", "clock"),
    [
        ("3/2/2026 12:05:54 AM", "2026-03-02T00:05:54"),
        ("3/2/2026 12:05:54 PM", "2026-03-02T12:05:54"),
        ("02/03/2026 14:05:54", "2026-03-02T14:05:54"),
        ("02.03.2026 14:05:54", "2026-03-02T14:05:54"),
        ("2026-03-02 14:05:54", "2026-03-02T14:05:54"),
        ("20260302 14:05:54", "2026-03-02T14:05:54"),
    ],
)
def test_the_order_of_a_date_in_windows_dns_log(tmp_path: Path, date: str, clock: str) -> None:
    """Proves that each language's date is read in its own order."""
    packet = f"{date} 0E70 PACKET  00000000033397A0 UDP Rcv 10.0.0.1        5b47   Q [0001   D   NOERROR] A      (3)www(7)example(0)\n"
    (found,) = many("windows_dns_debug_log", tmp_path, packet)
    assert (found["clock"], found["name"]) == (clock, "www.example")


def test_flow_logs_follow_the_header_that_stands_above(tmp_path: Path) -> None:
    """Proves that fields of one's own are read by name, and that arrival times in front do no harm."""
    text = (
        "srcaddr dstaddr start bytes\n10.0.0.1 192.0.2.1 1772460300 7\n2026-03-02T14:05:00.000Z 10.0.0.1 192.0.2.2 1772460301 8\n"
        "10.0.0.1 192.0.2.3\n"
    )
    assert many("aws_vpc_flow", tmp_path, text) == [
        {"srcAddr": "10.0.0.1", "dstAddr": "192.0.2.1", "start": "1772460300", "bytes": "7"},
        {"srcAddr": "10.0.0.1", "dstAddr": "192.0.2.2", "start": "1772460301", "bytes": "8"},
        "2 values, the format has 4",
    ]


@settings(deadline=None, max_examples=60)
@given(line=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=200))
@pytest.mark.parametrize("source", LINES)
def test_any_line_is_read_or_has_a_reason(source: str, line: str) -> None:
    """Proves that no line raises: it gives columns or a problem, both as JSON can hold them."""
    assert json.dumps(one(source, line))


@settings(deadline=None, max_examples=30)
@given(body=st.text(st.sampled_from("%ASA-6:0123. ,\t#fields()PACKETUDPRcv\\x/[]=<>\"'|"), max_size=200))
@pytest.mark.parametrize("source", FILES)
def test_any_file_is_read_or_has_reasons(
    tmp_path_factory: pytest.TempPathFactory, source: str, body: str
) -> None:
    """Proves that no file raises: each record is a map or a reason."""
    for found in many(source, tmp_path_factory.mktemp("any"), f"x\n{body}\n"):
        assert isinstance(found, dict) or found
