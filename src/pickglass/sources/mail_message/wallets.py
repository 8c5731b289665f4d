"""Wallet addresses in a text, told from look-alikes by their checksum.

Bitcoin (Base58Check, Bech32, Bech32m), Ethereum (EIP-55, or written in one case and thus without a checksum),
TRON.
"""

from __future__ import annotations

import hashlib
import re
from itertools import islice

MAXIMUM_CANDIDATES = 5000

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_CANDIDATE = re.compile(
    r"(?<![0-9A-Za-z])"
    r"(?:0x[0-9a-fA-F]{40}"
    r"|bc1[02-9ac-hj-np-z]{11,87}|BC1[02-9AC-HJ-NP-Z]{11,87}"
    r"|[13T][1-9A-HJ-NP-Za-km-z]{25,34})"
    r"(?![0-9A-Za-z])"
)


def wallets_in(text: str) -> list[str]:
    """Return the addresses whose checksum is right, each once; where case means nothing, in lower case."""
    found: dict[str, None] = {}
    for match in islice(_CANDIDATE.finditer(text), MAXIMUM_CANDIDATES):
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
        digit.isdigit() or digit.isupper() == (int(nibble, 16) >= 8)
        for digit, nibble in zip(digits, sums, strict=False)
    )


_ROUNDS = (
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
    0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
    0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
)  # fmt: skip
_WORD = (1 << 64) - 1


def _rotated(value: int, by: int) -> int:
    by %= 64
    return (value << by | value >> (64 - by)) & _WORD


def _keccak256(data: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it: SHA-3's permutation with the older padding, which hashlib lacks.

    For short input only: one block of 136 bytes.
    """
    block = bytearray(136)
    block[: len(data)] = data
    block[len(data)] ^= 0x01
    block[135] ^= 0x80
    lanes = [
        [
            int.from_bytes(block[8 * (x + 5 * y) : 8 * (x + 5 * y) + 8], "little") if x + 5 * y < 17 else 0
            for y in range(5)
        ]
        for x in range(5)
    ]
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
