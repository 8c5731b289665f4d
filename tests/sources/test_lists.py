"""Lists become entries, whatever form they have; what cannot be used is counted, and nothing is made up."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pickglass.errors import InputError
from pickglass.sources.lists import ReadList, read_list


def read(
    folder: Path, content: str | bytes | Mapping[str, Any], kind: str = "any", name: str = "list.txt"
) -> ReadList:
    path = folder / name
    if isinstance(content, Mapping):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_list(path, kind)


def values(found: ReadList) -> list[tuple[str, str]]:
    return [(one.kind, one.value) for one in found.entries]


def test_lines_are_told_apart_by_what_they_look_like(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "# a comment\n198.51.100.7\n203.0.113.0/25\n2001:db8::/32\n2001:db8:0:0::7\nBAD.example.com.\nhxxps://bad[.]example/x\n"
        f"Mule@Example.org\n{'A' * 64}\n0.0.0.0 blocked.example\n198.51.100.8 # seen twice\n198.51.100.7\n",
    )
    assert values(found) == [
        ("ip", "198.51.100.7"),
        ("network", "203.0.113.0/25"),
        ("network", "2001:db8::/32"),
        ("ip", "2001:db8::7"),
        ("domain", "bad.example.com"),
        ("url", "https://bad.example/x"),
        ("mail", "mule@example.org"),
        ("file", "a" * 64),
        ("domain", "blocked.example"),
        ("ip", "198.51.100.8"),
    ]
    assert dict(found.skipped) == {"named twice": 1}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("203.0.113.9/24", "a network with host bits set"),
        ("2001:db8::9/32", "a network with host bits set"),
        ("203.0.113.0/33", "no address or network"),
        ("203.0.113.300", "no address or network"),
        ("203.0.113", "no address or network"),
        ("0.0.0.0/0", "a network that is far too wide"),
        ("2000::/3", "a network that is far too wide"),
        ("10.1.2.3", "an address of a private network"),
        ("192.168.0.0/24", "an address of a private network"),
        ("fe80::1", "an address of a private network"),
        ("203.0.113.9-203.0.113.1", "no address or network"),
        ("203.0.113.9-2001:db8::1", "no address or network"),
        ("x" * 3000, "longer than any value"),
    ],
)
def test_a_wrong_address_is_counted_and_the_others_stay(tmp_path: Path, line: str, reason: str) -> None:
    found = read(tmp_path, f"198.51.100.1\n{line}\n198.51.100.2\n", "ip")
    assert values(found) == [("ip", "198.51.100.1"), ("ip", "198.51.100.2")]
    assert dict(found.skipped) == {reason: 1}


def test_a_range_becomes_its_networks(tmp_path: Path) -> None:
    found = read(tmp_path, "203.0.113.0 - 203.0.113.4\n")
    assert values(found) == [("network", "203.0.113.0/30"), ("ip", "203.0.113.4")]


def test_mixed_encodings_cost_only_the_lines_that_have_them(tmp_path: Path) -> None:
    mixed = read(tmp_path, b"\xef\xbb\xbfbad.example\nb\xfccher.example\nb\xc3\xbccher.example\n")
    assert values(mixed) == [("domain", "bad.example"), ("domain", "xn--bcher-kva.example")]
    assert dict(mixed.skipped) == {"not UTF-8": 1}
    wide = read(tmp_path, "bad.example\r\n".encode("utf-16"))
    assert values(wide) == [("domain", "bad.example")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n \n",
        b"\x00\x01\x02",
        b"{",
        b"[1, 2]",
        b'{"a": 1}',
        b"just words\n",
        b'{"type": "bundle"}',
        b"[" * 5000,
    ],
)
def test_a_file_of_nothing_usable_is_an_error_with_a_hint(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    assert caught.value.hint


def test_a_table_says_kind_dates_and_confidence(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "indicator,type,confidence,first_seen,expires,source\n"
        '198.51.100.7,ip,85,2026-01-02,2027-01-02,"partner, weekly"\n'
        "bad.example,domain,Low,,,\n"
        "thing,certificate,,,,\n"
        "mule@example.org,email,,not a day,,\n",
    )
    first, second, third = found.entries
    assert (first.kind, first.value, first.confidence, first.reference) == (
        "ip",
        "198.51.100.7",
        "high",
        "partner, weekly",
    )
    assert (first.time, first.valid_until) == (
        datetime(2026, 1, 2, tzinfo=UTC),
        datetime(2027, 1, 2, tzinfo=UTC),
    )
    assert (second.kind, second.confidence, second.time) == ("domain", "low", None)
    assert (third.kind, third.time) == ("mail", None)
    assert dict(found.skipped) == {"of a kind that is not used (certificate)": 1}


def test_an_open_quote_swallows_no_other_line(tmp_path: Path) -> None:
    found = read(tmp_path, 'ip,reference\n8.8.8.8,"open\n1.1.1.1,x\n9.9.9.9,y\n')
    assert values(found) == [("ip", "8.8.8.8"), ("ip", "1.1.1.1"), ("ip", "9.9.9.9")]


def test_old_line_ends_are_line_ends(tmp_path: Path) -> None:
    assert len(values(read(tmp_path, "ip,reference\r8.8.8.8,x\r1.1.1.1,y\r"))) == 2
    assert len(values(read(tmp_path, "8.8.8.8\r1.1.1.1\r"))) == 2


def test_wallets_need_their_kind_and_keep_their_case(tmp_path: Path) -> None:
    text = "12SyntheticWalletForTests00000000A\nnot a wallet\n"
    assert values(read(tmp_path, text, "wallet")) == [("wallet", "12SyntheticWalletForTests00000000A")]
    with pytest.raises(InputError):
        read(tmp_path, text)


def test_the_sanctions_lists_remarks_give_wallets_and_no_names(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        '1,"DOE, Jan","individual","TEST","Digital Currency Address - XBT 12SyntheticWalletForTests00000000A; '
        'alt. Digital Currency Address - ETH 0x00000000000000000000000000000000000000Ab; Passport 000"\n',
    )
    assert [(one.kind, one.value, one.reference) for one in found.entries] == [
        ("wallet", "12SyntheticWalletForTests00000000A", "XBT"),
        ("wallet", "0x00000000000000000000000000000000000000Ab", "ETH"),
    ]


def indicator(pattern: str, **other: Any) -> dict[str, Any]:
    return {
        "type": "indicator",
        "id": "indicator--00000000-0000-4000-8000-000000000001",
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
        "pattern": pattern,
        **other,
    }


def bundle(*objects: Any) -> dict[str, Any]:
    return {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000", "objects": list(objects)}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[ipv4-addr:value = '198.51.100.7']", [("ip", "198.51.100.7")]),
        ("[ipv4-addr:value = '198.51.100.0/24']", [("network", "198.51.100.0/24")]),
        ("[ipv6-addr:value = '2001:db8::1']", [("ip", "2001:db8::1")]),
        ("[domain-name:value IN ('a.example', 'b.example')]", [("domain", "a.example"), ("domain", "b.example")]),
        ("[url:value = 'https://a.example/it\\'s']", [("url", "https://a.example/it's")]),
        ("[email-addr:value = 'a@example.org' OR email-message:from_ref.value = 'b@example.org']",
         [("mail", "a@example.org"), ("mail", "b@example.org")]),
        (f"[file:hashes.'SHA-256' = '{'0' * 64}'] OR [file:hashes.MD5 = '{'1' * 32}']",
         [("file", "0" * 64), ("file", "1" * 32)]),
        ("[cryptocurrency-wallet:value = '12SyntheticWalletForTests00000000A']",
         [("wallet", "12SyntheticWalletForTests00000000A")]),
    ],
)  # fmt: skip
def test_a_stix_pattern_of_single_values_gives_them(
    tmp_path: Path, pattern: str, expected: list[tuple[str, str]]
) -> None:
    found = read(tmp_path, bundle(indicator(pattern, confidence=80, valid_until="2027-01-01T00:00:00Z")))
    assert values(found) == expected
    assert {(one.confidence, one.valid_until) for one in found.entries} == {
        ("high", datetime(2027, 1, 1, tzinfo=UTC))
    }


@pytest.mark.parametrize(
    ("left_out", "reason"),
    [
        (
            indicator("[ipv4-addr:value = '198.51.100.7' AND url:value = 'https://a.example']"),
            "more than single values",
        ),
        (
            indicator("[ipv4-addr:value = '198.51.100.7'] FOLLOWEDBY [url:value = 'x']"),
            "more than single values",
        ),
        (indicator("[ipv4-addr:value = '198.51.100.7'] REPEATS 5 TIMES"), "more than single values"),
        (indicator("[domain-name:value LIKE '%.example']"), "no equality"),
        (indicator("[domain-name:value != 'a.example']"), "no equality"),
        (indicator("[process:name = 'a.exe']"), "about something else"),
        (indicator("nonsense"), "more than single values"),
        (indicator("rule x {}", pattern_type="yara"), "another language (yara)"),
        (indicator("[ipv4-addr:value = '198.51.100.7']", revoked=True), "revoked"),
        ({"type": "x-made-up", "value": "198.51.100.7"}, "names no value (x-made-up)"),
        ("a text", "no STIX object"),
    ],
)
def test_what_a_bundle_holds_besides_is_counted(tmp_path: Path, left_out: Any, reason: str) -> None:
    found = read(tmp_path, bundle(indicator("[domain-name:value = 'a.example']"), left_out))
    assert values(found) == [("domain", "a.example")]
    assert [reason in why for why in found.skipped] == [True]


def test_a_misp_event_gives_the_attributes_that_are_values(tmp_path: Path) -> None:
    attributes = [
        {"type": "ip-dst|port", "value": "198.51.100.7|443", "to_ids": True, "timestamp": "1767225600"},
        {"type": "filename|sha256", "value": f"cv.pdf|{'0' * 64}"},
        {"type": "btc", "value": "12SyntheticWalletForTests00000000A", "to_ids": False},
        {"type": "comment", "value": "a word"},
        {"type": "domain", "value": "gone.example", "deleted": True},
    ]
    held = [{"Attribute": [{"type": "github-username", "value": "Octo-Mule"}]}]
    event = {"Event": {"uuid": "u-1", "date": "2026-02-01", "Attribute": attributes, "Object": held}}
    for document in (event, {"response": [event]}):
        found = read(tmp_path, document)
        assert [(one.kind, one.value, one.confidence) for one in found.entries] == [
            ("ip", "198.51.100.7", None),
            ("file", "0" * 64, None),
            ("wallet", "12SyntheticWalletForTests00000000A", "low"),
            ("code_host", "octo-mule", None),
        ]
        assert [one.time for one in found.entries[:2]] == [
            datetime(2026, 1, 1, tzinfo=UTC),
            datetime(2026, 2, 1, tzinfo=UTC),
        ]
        assert dict(found.skipped) == {"of a kind that is not used (comment)": 1, "deleted": 1}


def test_a_warning_list_alone_convicts_nobody(tmp_path: Path) -> None:
    found = read(
        tmp_path, {"list": ["198.51.100.0/24"], "type": "cidr", "version": 20260301, "name": "relays"}
    )
    assert (values(found), found.confidence) == ([("network", "198.51.100.0/24")], "low")
    assert found.dated == datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(InputError, match="patterns"):
        read(tmp_path, {"list": ["a.*"], "type": "regex", "version": 1})


TOOL = """
Name: Made Up Desk
LastModified: '2026-02-03'
Details:
  PEMetadata:
    - {Filename: MadeUpDesk.exe}
    - {Filename: setup.exe}
    - {Filename: nvda.exe}
  InstallationPaths: ['C:\\Program Files\\MadeUp\\madeupagent.exe', '/Applications/MadeUp.app']
Artifacts:
  Network:
    - {Domains: ['*.madeup.example:443', 'relay-[a-f0-9]{8}.madeup.example', user_managed]}
"""


def test_a_tool_of_lolrmm_gives_its_own_names_only(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "made_up.yaml").write_text(TOOL)
    (tmp_path / "tools" / "broken.yaml").write_text("Name: [")
    found = read_list(tmp_path / "tools")
    assert values(found) == [
        ("tool", "madeupdesk.exe"),
        ("tool", "madeupagent.exe"),
        ("tool_domain", "madeup.example"),
    ]
    assert {one.reference for one in found.entries} == {"Made Up Desk"}
    assert dict(found.skipped) == {
        "file: not YAML": 1,
        "a process name that many programs have": 1,
        "a program for people who need it": 1,
        "a path that names no process": 1,
        "a domain that is a pattern or a word": 2,
    }


def test_another_kind_than_the_one_asked_for_is_left_out(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        bundle(indicator("[domain-name:value = 'a.example' OR ipv4-addr:value = '198.51.100.7']")),
        "ip",
    )
    assert values(found) == [("ip", "198.51.100.7")]
    assert dict(found.skipped) == {"of another kind (domain)": 1}
