"""The mail parser keeps its promises on hostile input: it never raises, and it stays within its limits."""

from __future__ import annotations

import base64
import hashlib
import io
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pickglass.sources.mail_message.demand import is_share, terms_in
from pickglass.sources.mail_message.parse import parse
from pickglass.sources.mail_message.wallets import wallets_in

HEAD = (
    b"From: A <a@example.org>\r\nTo: b@example.com\r\nSubject: x\r\nMessage-ID: <1@example.org>\r\n"
    b"Date: Mon, 9 Nov 2026 02:14:29 +0100\r\nMIME-Version: 1.0\r\n"
)


@contextmanager
def within(seconds: float, megabytes: float) -> Iterator[None]:
    """Fail where the block takes longer, or allocates more at its peak."""
    tracemalloc.start()
    started = time.monotonic()
    try:
        yield
        spent, (_, peak) = time.monotonic() - started, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert spent < seconds
    assert peak < megabytes * 1024 * 1024


def zipped(entries: dict[str, bytes], encrypted: bool = False) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    data = bytearray(file.getvalue())
    if encrypted:  # the flag that real ones set in both headers of an entry
        for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            place = data.find(mark)
            while place >= 0:
                data[place + offset] |= 1
                place = data.find(mark, place + 4)
    return bytes(data)


def with_attachment(data: bytes, name: str = "proof.zip") -> bytes:
    return (
        HEAD
        + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        + b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n"
        + b'Content-Type: application/zip\r\nContent-Disposition: attachment; filename="'
        + name.encode()
        + b'"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + base64.encodebytes(data)
        + b"\r\n--b--\r\n"
    )


def with_text(text: str, kind: str = "text/plain; charset=utf-8") -> bytes:
    return HEAD + b"Content-Type: " + kind.encode() + b"\r\n\r\n" + text.encode()


def test_an_ordinary_message() -> None:
    found = parse(with_attachment(zipped({"a/customers.csv": b"1", "b.txt": b"2"})))
    assert found["time"] == "2026-11-09T01:14:29Z"
    assert (found["sender"], found["recipients"]) == ("a@example.org", ["b@example.com"])
    assert found["attachment_names"] == ["proof.zip"]
    assert found["archive_names"] == ["a/customers.csv", "b.txt"]
    assert found["encrypted_archive"] is False
    assert found["findings"] == []


def test_no_text_is_kept() -> None:
    found = parse(with_text("the secret word is zanzibar, pay 5 btc within 48 hours"))
    assert "zanzibar" not in repr(found)
    assert found["terms"] == ["cryptocurrency", "pay", "deadline"]


def test_attachment_hash_is_of_the_decoded_bytes() -> None:
    data = b"\x00\x01 not text" * 7
    assert parse(with_attachment(data, "x.bin"))["attachment_hashes"] == [hashlib.sha256(data).hexdigest()]


@pytest.mark.parametrize(
    ("date", "received", "expected"),
    [
        ("Mon, 9 Nov 2026 02:14:29 -0000", "", ("2026-11-09T02:14:29Z", "date")),
        ("Mon, 9 Nov 2026 02:14:29 GMT", "", ("2026-11-09T02:14:29Z", "date")),
        (
            "Mon, 9 Nov 2026 02:14:29",
            "x; Mon, 9 Nov 2026 03:00:00 +0100",
            ("2026-11-09T02:00:00Z", "received"),
        ),
        ("Mon, 9 Nov 2026 02:14:29", "", (None, None)),
        ("yesterday", "x; also yesterday", (None, None)),
        ("Mon, 99 Nov 99999 02:14:29 +0000", "", (None, None)),
    ],
)
def test_a_clock_without_a_zone_is_no_instant(date: str, received: str, expected: tuple[Any, Any]) -> None:
    found = parse(f"From: a@example.org\r\nReceived: {received}\r\nDate: {date}\r\n\r\nx".encode())
    assert (found["time"], found["time_basis"]) == expected


def test_only_the_topmost_authentication_results_count() -> None:
    top = b"Authentication-Results: mx.example.com; dmarc=fail header.from=example.com\r\n"
    forged = b"Authentication-Results: mx.example.com; dmarc=pass; spf=pass\r\n"
    assert parse(top + forged + HEAD + b"\r\nx")["authentication"] == "fail"
    assert parse(forged + HEAD + b"\r\nx")["authentication"] == "pass"
    assert parse(HEAD + b"\r\nx")["authentication"] == "none"


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("spf=pass smtp.mailfrom=example.org", "pass"),
        ("spf=pass (mx: domain of x; ok) smtp.mailfrom=bounce@mail.example.org", "pass"),
        ("dkim=pass header.d=other.test; dkim=pass header.i=@example.org", "pass"),
        ("spf=pass smtp.mailfrom=evil.test", "none"),
        ("dkim=pass header.d=notexample.org; spf=fail smtp.mailfrom=example.org", "fail"),
        ("dkim=pass header.d=org; spf=pass", "none"),
        ("dmarc=pass header.from=example.org; spf=fail smtp.mailfrom=evil.test", "pass"),
    ],
)
def test_spf_and_dkim_count_for_the_domain_of_the_sender_only(results: str, expected: str) -> None:
    head = f"Authentication-Results: mx.example.com; {results}\r\nFrom: a@example.org\r\n\r\nx"
    assert parse(head.encode())["authentication"] == expected


def test_the_sender_is_who_reached_our_side() -> None:
    hops = (
        b"Received: from inside (inside [10.1.2.3]) by mail; x\r\n"
        b"Received: from relay.example.org (relay.example.org [203.0.113.45]) by mx [192.0.2.9]; x\r\n"
        b"Received: from claimed ([198.51.100.1]) by relay.example.org; x\r\n"
        b"X-Originating-IP: [198.51.100.2]\r\n"
    )
    assert parse(hops + HEAD + b"\r\nx")["sender_ip"] == "203.0.113.45"


# --- hostile MIME ----------------------------------------------------------------------------------------


def test_deep_nesting_stops_at_twenty() -> None:
    message = HEAD
    for level in range(3000):
        message += f'Content-Type: multipart/mixed; boundary="b{level}"\r\n\r\n--b{level}\r\n'.encode()
    with within(seconds=5, megabytes=64):
        found = parse(message + b"\r\nend")
    assert "parts nested deeper than 20" in found["findings"]


def test_messages_inside_messages_stop_at_twenty() -> None:
    with within(seconds=5, megabytes=64):
        found = parse(HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 5000 + b"x")
    assert "parts nested deeper than 20" in found["findings"]


def test_parts_stop_at_five_hundred() -> None:
    body = b"".join(b"--b\r\nContent-Type: image/png; name=x.png\r\n\r\nx\r\n" for _ in range(20_000))
    with within(seconds=5, megabytes=64):
        found = parse(HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body + b"--b--")
    assert "more than 500 parts" in found["findings"]
    assert len(found["attachment_names"]) <= 500


def test_an_ancestor_boundary_inside_is_the_inner_part_s_own_text() -> None:
    nested = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b--\r\n"
    )
    assert "problem" not in parse(HEAD + nested)


def test_huge_headers_are_refused() -> None:
    with within(seconds=2, megabytes=32):
        found = parse(HEAD + b"X-Filler: " + b"a" * 2_000_000 + b"\r\n\r\nx")
    assert "headers longer" in found["problem"]


@pytest.mark.parametrize(
    "header",
    [
        b"To: " + b"(" * 100_000,
        b"To: " + b'"' * 100_000,
        b"To: " + b"a@example.org," * 15_000,
        b"Subject: " + b"=?utf-8?q?" * 20_000,
        b"Subject: =?utf-8?b?" + b"!" * 50_000 + b"?=",
        b"Subject: =?no-such-charset?q?=FF=FE?=",
        b"Content-Type: multipart/mixed; " + b'x="' * 50_000,
        b"Content-Type: multipart/mixed; " + b"a*0*=utf-8''%ff;" * 10_000,
        b"Content-Type: multipart/mixed; boundary*=bad-charset''%80%81",
        b"Content-Type: text/plain; charset=" + b"x" * 5000,
        b"Content-Disposition: attachment; filename*0*=nothing''%e0%e0; filename*1=x",
        b"Date: " + b"9" * 5000,
        b"Received: " + b"from " * 20_000 + b"; Mon, 9 Nov 2026 02:14:29 +0000",
        b"Authentication-Results: " + b"spf=" * 30_000,
    ],
)
def test_hostile_headers_neither_raise_nor_take_long(header: bytes) -> None:
    with within(seconds=3, megabytes=64):
        found = parse(header + b"\r\n" + HEAD + b"\r\nhello")
    assert isinstance(found, dict)


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n\r\n", b"\x00" * 1000, b"hello", b"\xff\xfe" * 500, b":\r\n:\r\n\r\n"]
)
def test_what_is_no_mail_is_a_problem(raw: bytes) -> None:
    assert "problem" in parse(raw)


def test_a_message_beyond_the_size_limit_is_a_problem() -> None:
    assert "larger than" in parse(HEAD + b"\r\n" + b"x" * (65 * 1024 * 1024))["problem"]


def test_wrong_charsets_still_give_the_terms() -> None:
    for charset in ("no-such-charset", "utf-16", "ascii", "idna", "base64", "zip"):
        found = parse(
            HEAD + f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode() + b"\xff\xe9 ransom \x81"
        )
        assert "problem" not in found


@pytest.mark.parametrize(
    "text",
    [
        "<style" * 200_000,
        "<" * 1_000_000,
        "http://" * 100_000,
        "your " * 200_000,
        "pay " * 200_000,
        " " * 1_000_000,
        "1" * 1_000_000,
        "bc1" * 300_000,
        "&" * 1_000_000,
        "we have your " * 80_000,
        "do not " * 150_000,
    ],
)
def test_text_made_to_be_slow(text: str) -> None:
    with within(seconds=8, megabytes=128):
        assert "problem" not in parse(with_text(text, "text/html"))


# --- archives --------------------------------------------------------------------------------------------


def test_encrypted_zip_is_flagged_and_its_names_read() -> None:
    found = parse(with_attachment(zipped({"customers.sql": b"x"}, encrypted=True)))
    assert found["encrypted_archive"] is True
    assert found["archive_names"] == ["customers.sql"]


def test_zip_bomb_is_a_finding() -> None:
    with within(seconds=5, megabytes=64):
        found = parse(with_attachment(zipped({"bomb.bin": b"\0" * 20_000_000})))
    assert any(finding.startswith("archive bomb") for finding in found["findings"])


def test_nested_zip_bomb_is_not_unpacked() -> None:
    inner = zipped({"bomb.bin": b"\0" * 50_000_000})
    outer = zipped({f"{number}.zip": inner for number in range(50)} | {"flat.zip": b"\0" * 30_000_000})
    with within(seconds=8, megabytes=160):
        found = parse(with_attachment(outer))
    assert "an archive inside an archive was not opened" in found["findings"]


def test_archives_are_opened_two_deep_and_no_deeper() -> None:
    third = zipped({"third.txt": b"3"})
    second = zipped({"second.txt": b"2", "third.zip": third})
    found = parse(with_attachment(zipped({"second.zip": second})))
    assert found["archive_names"] == ["second.zip", "second.txt", "third.zip"]
    assert "archives nested deeper than 2" in found["findings"]


def test_names_that_lead_outside_stay_names() -> None:
    names = ["../../etc/passwd", "/etc/shadow", "C:\\Windows\\x.dll", "ok\u202egpj.exe"]
    found = parse(with_attachment(zipped(dict.fromkeys(names, b"x"))))
    assert "archive name leads out of its folder" in found["findings"]
    assert "\u202e" not in "".join(found["archive_names"])
    assert len(found["archive_names"]) == 4


def test_an_archive_with_too_many_entries_is_not_listed() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(25_000):
            archive.writestr(zipfile.ZipInfo(f"{number}"), b"")
    with within(seconds=5, megabytes=128):
        found = parse(with_attachment(file.getvalue()))
    assert found["archive_names"] == []
    assert "a ZIP archive has too many entries" in found["findings"]


@pytest.mark.parametrize("cut", [30, 60, 100])
def test_a_broken_archive_is_a_finding(cut: int) -> None:
    found = parse(with_attachment(zipped({"a": b"x" * 100, "b": b"y" * 100})[:-cut]))
    assert "a ZIP archive cannot be read" in found["findings"]


def test_an_office_document_is_no_archive() -> None:
    found = parse(
        with_attachment(zipped({"[Content_Types].xml": b"x", "word/document.xml": b"y"}), "cv.docx")
    )
    assert (found["archive_names"], found["encrypted_archive"]) == ([], None)


# --- wallets, links, terms -------------------------------------------------------------------------------

# Test vectors of BIP 173, BIP 350 and EIP-55, and addresses made from nothing but a checksum.
VALID = [
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
    "1QFBdaSjQNkfxuSRkAN21cHhrxdcfnZpky",
    "TBw4tYVxfE7yCkBVJxpmq8pvKDvcJYyxms",
    "1111111111111111111114oLvT2",
]


@pytest.mark.parametrize("wallet", VALID)
def test_wallets_with_a_right_checksum(wallet: str) -> None:
    assert wallets_in(f"pay to {wallet}, now") == [wallet]


@pytest.mark.parametrize(
    "text",
    [
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",  # one character changed
        "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8f3t4",  # two cases in one
        "bc1zw508d6qejxtdg4y5r3zarvaryvg6kdaj",  # version 16 with the older checksum
        "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",  # a character outside the alphabet
        "1QFBdaSjQNkfxuSRkAN21cHhrxdcfnZpkz",
        "TBw4tYVxfE7yCkBVJxpmq8pvKDvcJYyxmt",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",  # EIP-55 with one letter's case changed
        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed00000000000000000000000a",  # a longer hex number
        "x1QFBdaSjQNkfxuSRkAN21cHhrxdcfnZpky",
        "0000-1111-2222-3333",
    ],
)
def test_look_alikes_are_no_wallets(text: str) -> None:
    assert wallets_in(text) == []


def test_ethereum_has_one_spelling() -> None:
    written = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed 0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED"
    assert wallets_in(written) == ["0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"]


def test_a_wallet_cut_by_tags_or_in_a_link_is_found() -> None:
    cut = (
        "<p>1QFBdaSjQNkfx<b></b>uSRkAN21cHhrxdcfnZpky</p>"
        "<a href='bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'>"
    )
    assert set(parse(with_text(cut, "text/html"))["wallets"]) == {VALID[4], VALID[0]}


def test_links_and_sharing_hosts() -> None:
    found = parse(with_text("see https://user:pw@Drive.Google.com:443/x, and http://files.example.org."))
    assert found["link_hosts"] == ["drive.google.com", "files.example.org"]
    assert found["share_link"] is True
    assert is_share("acme.sharepoint.com")
    assert not is_share("notdropbox.com")
    assert not is_share("dropbox.com.example.org")


def test_terms_survive_line_breaks_and_stay_quiet_on_ordinary_mail() -> None:
    assert "deadline" in parse(with_text("pay within\r\n48   hours"))["terms"]
    ordinary = "Please find the quarterly report attached. Lunch on Friday? The invoice is due next month."
    assert terms_in(ordinary) == []
