"""Broken and hostile variants of a file, made from a seed: the same seed gives the same bytes."""

from __future__ import annotations

import random

# What breaks readers: limits of numbers, quotes, bombs of nesting, controls, other encodings, ends of things.
TOKENS = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b"\n", b'"', b"'", b"\\", b"{", b"}", b"[", b"]", b",", b";", b"\t", b"|", b"<", b">",
    b"null", b"true", b"NaN", b"-1", b"0", b"1e400", b"9999999999999999999999", b"-9223372036854775809", b"\\u0000", b"\\ud800",
    b"9999-12-31T23:59:59Z", b"0000-00-00", b"13/45/2026", b"=cmd|' /C calc'!A0", b"../../etc/passwd", b"%s%n", b"\xe2\x80\xae",
    b"[" * 2000, b'{"a":' * 500, b"<a>" * 500, b"A" * 70_000, b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"From x Thu Jan 1 00:00:00 2026\n",
)  # fmt: skip


def mutated(data: bytes, seed: int, other: bytes = b"") -> bytes:
    """Change a file in one to six ways; `other` may lend it a piece."""
    draw = random.Random(seed)  # noqa: S311 - chance, not secrecy
    result = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        _change(result, draw, other or data)
    return bytes(result)


def _change(data: bytearray, draw: random.Random, other: bytes) -> None:
    place = draw.randrange(len(data) + 1)
    span = draw.choice((1, 2, 8, 64, 1024))
    match draw.randrange(8):
        case 0:  # bits flip
            for _ in range(draw.randint(1, 16)):
                if data:
                    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        case 1:  # a piece is gone
            del data[place : place + span]
        case 2:  # the file ends early
            del data[place:]
        case 3:  # a piece comes twice
            data[place:place] = data[place : place + span] * draw.randint(1, 20)
        case 4 | 5:  # something stands where it does not belong
            data[place:place] = draw.choice(TOKENS)
        case 6:  # something stands instead
            token = draw.choice(TOKENS)
            data[place : place + len(token)] = token
        case _:  # a piece of elsewhere
            start = draw.randrange(len(other) + 1)
            data[place:place] = other[start : start + span]
