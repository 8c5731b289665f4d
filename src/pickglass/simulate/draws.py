"""Random draws that are the same everywhere: integers from one PCG64 stream per concern.

numpy promises that the raw output of PCG64 never changes, but not what the methods of Generator make of it.
So a `Draw` turns the raw 64-bit numbers into choices by integer arithmetic alone. Every concern (names,
moves, sign-ins …) has a stream of its own, found by its name: a new concern does not disturb the others.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

_FIRST, _BUFFER = 32, 2048


def _stream(seed: int, name: tuple[str | int, ...]) -> np.random.PCG64:
    key = zlib.crc32("/".join(str(part) for part in name).encode())
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(key,)))


class Draw:
    """One stream of draws; the same seed and name give the same draws on any machine."""

    __slots__ = ("_at", "_bits", "_buffer", "_name", "_seed")

    def __init__(self, seed: int, *name: str | int) -> None:
        self._seed, self._name = seed, name
        self._bits: np.random.PCG64 | None = None  # dear to make, and many streams are never asked
        self._buffer: list[int] = []  # short at first: many streams serve one choice or two
        self._at = 0

    def branch(self) -> Draw:
        """A stream of its own for one throw of this one: however often it is asked, what follows here is the same."""
        return Draw(self.raw())

    def raw(self) -> int:
        if self._at == len(self._buffer):
            if self._bits is None:
                self._bits = _stream(self._seed, self._name)
            self._buffer = self._bits.random_raw(_BUFFER if self._buffer else _FIRST).tolist()
            self._at = 0
        value = self._buffer[self._at]
        self._at += 1
        return value

    def below(self, count: int) -> int:
        """A whole number from 0 up to, not including, `count`."""
        return (self.raw() * count) >> 64

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + ((self.raw() * (high - low + 1)) >> 64)

    def chance(self, per_mille: int) -> bool:
        return (self.raw() * 1000) >> 64 < per_mille

    def bell(self, middle: int, spread: int) -> int:
        """Around `middle`, at most `spread` away, mostly near: three uniform draws summed."""
        total = sum(self.below(2 * spread + 1) for _ in range(3))
        return middle - spread + total // 3

    def pick(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def weighted(self, items: Sequence[T], weights: Sequence[int]) -> T:
        left = self.below(sum(weights))
        for item, weight in zip(items, weights, strict=True):
            left -= weight
            if left < 0:
                return item
        return items[-1]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """`count` different items, in random order; all of them if there are fewer."""
        pool = list(items)
        count = min(count, len(pool))
        for position in range(count):
            other = position + self.below(len(pool) - position)
            pool[position], pool[other] = pool[other], pool[position]
        return pool[:count]

    def hexadecimal(self, digits: int) -> str:
        text = ""
        while len(text) < digits:
            text += f"{self.raw():016x}"
        return text[:digits]

    def guid(self) -> str:
        text = self.hexadecimal(32)
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def letters(self, count: int, alphabet: str = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789") -> str:
        return "".join(alphabet[self.below(len(alphabet))] for _ in range(count))

    def digits(self, count: int) -> str:
        return "".join(str(self.below(10)) for _ in range(count))


class Draws:
    """One stream of draws of which many are wanted at once: whole arrays, by the same arithmetic."""

    __slots__ = ("_bits",)

    def __init__(self, seed: int, *name: str | int) -> None:
        self._bits = _stream(seed, name)

    def raw(self, size: int) -> NDArray[np.uint64]:
        """So many numbers of 64 bits."""
        return np.asarray(self._bits.random_raw(size), dtype=np.uint64)

    def below(self, count: int, size: int) -> NDArray[np.int64]:
        """Whole numbers from 0 up to, not including, `count`, which fits into 32 bits."""
        high = self.raw(size) >> np.uint64(32)
        return ((high * np.uint64(count)) >> np.uint64(32)).astype(np.int64)

    def chance(self, per_mille: int, size: int) -> NDArray[np.bool_]:
        """True so often in a thousand."""
        return self.below(1000, size) < per_mille

    def falling(self, count: int, power: int, size: int) -> NDArray[np.int64]:
        """Whole numbers below `count`, small ones oftener the higher the power; 1 gives all alike."""
        drawn = self.below(1 << 20, size)
        place = drawn
        for _ in range(power - 1):
            place = (place * drawn) >> 20
        return (place * count) >> 20
