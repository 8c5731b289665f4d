"""Leaving out at a load whoever was erased: their accounts are known again by keyed hashes only."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from pickglass.lake.engine import identifier, literal
from pickglass.lake.mentions import LEAST_ID, own_id

RULE = "suppressed"

# Columns in which a row says whose it is.
_OF = {
    "worker": ("account", "applicant_account", "work_mail", "user_name", "personal_mail"),
    "identifier": ("account", "value"),
    "hiring_event": ("account", "mail"),
    "mail": ("sender",),
}
_OTHERS = ("account",)


def suppression_key(key: bytes, value: str) -> str:
    """Hash a value so that it is known again, and by nobody without the key of this home."""
    return hmac.new(key, b"suppressed:" + value.strip().lower().encode(), hashlib.sha256).hexdigest()


_WORDS = re.compile(r"[\w.+\-@:]+")
_ESCAPE = re.compile(r"\\[bfnrt]|%[0-9A-Fa-f]{2}")
_OWN_ID = "id:"  # in front of a vendor's own id without its system: no account is written so


def suppression_keys(key: bytes, values: Iterable[str]) -> set[str]:
    """Hash accounts and mail addresses, and the own id of each account: what a record of any kind may write."""
    return {
        suppression_key(key, form)
        for value in values
        for form in (value, _OWN_ID + own_id(value))
        if form == value or len(own_id(value)) >= LEAST_ID
    }


def leave_out_rejects(
    connection: Any,
    staged: Sequence[Path],
    suppressed: Collection[str],
    key: bytes,
    records: Callable[[str, Iterable[int]], Iterator[tuple[int, bytes]]],
) -> dict[str, set[int]]:
    """Find the rejected records that name a suppressed account: adds to `left_out`, and returns numbers by file.

    Such a record has no columns to look at, so each of its words is compared; `records` opens it in its original.
    """
    if not suppressed or not staged:
        return {}
    files = f"read_parquet([{', '.join(literal(str(path)) for path in staged)}])"
    places: dict[str, list[int]] = {}
    for raw_file, number in connection.execute(
        f"SELECT DISTINCT raw_file, raw_record FROM {files} ORDER BY ALL"
    ).fetchall():
        places.setdefault(raw_file, []).append(number)

    @lru_cache(maxsize=100_000)
    def is_suppressed(word: str) -> bool:
        return any(suppression_key(key, form) in suppressed for form in (word, _OWN_ID + word))

    found: dict[str, set[int]] = {}
    for raw_file, numbers in places.items():
        for number, raw in records(raw_file, numbers):
            if any(map(is_suppressed, _words(raw))):
                found.setdefault(raw_file, set()).add(number)
    if found:
        connection.executemany(
            "INSERT INTO left_out VALUES (?, ?)",
            [(raw_file, number) for raw_file, numbers in found.items() for number in numbers],
        )
    return found


def _words(raw: bytes) -> set[str]:
    """Give what may be an account in a record: its words, whole and in their parts, in lower case."""
    text = _ESCAPE.sub(" ", raw.replace(b"\0", b"").decode("utf-8", "replace")).lower()
    whole = {word.strip(".+-@:") for word in _WORDS.findall(text)}
    parts = {part for word in whole for part in (*re.split(r"[^\w.+\-@]", word), *re.split(r"[\W_]", word))}
    return {word for word in whole | parts if len(word) >= LEAST_ID}


def leave_out(
    connection: Any, staged: Mapping[str, Sequence[Path]], suppressed: Iterable[str], key: bytes
) -> dict[str, set[int]]:
    """Find the staged records of suppressed people: makes `left_out`, and returns record numbers by file."""
    connection.execute("CREATE OR REPLACE TEMP TABLE left_out (raw_file VARCHAR, raw_record BIGINT)")
    wanted = frozenset(suppressed)
    if not wanted:
        return {}
    for name, paths in staged.items():
        if not paths or name in ("rejects", "superseded", "intelligence"):
            continue
        files = f"read_parquet([{', '.join(literal(str(path)) for path in paths)}], union_by_name = true)"
        there = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {files}").fetchall()}
        for column in _OF.get(name, _OTHERS):
            if column not in there:
                continue
            values = connection.execute(
                f"SELECT DISTINCT lower(trim({identifier(column)})) FROM {files} WHERE {identifier(column)} IS NOT NULL"
            ).fetchall()
            hit = [value for (value,) in values if suppression_key(key, value) in wanted]
            if hit:
                connection.register("hit", pa.table({"value": pa.array(hit, pa.string())}))
                connection.execute(
                    f"INSERT INTO left_out SELECT raw_file, raw_record FROM {files} "
                    f"WHERE lower(trim({identifier(column)})) IN (SELECT value FROM hit)"
                )
                connection.unregister("hit")
    found: dict[str, set[int]] = {}
    for raw_file, number in connection.execute(
        "SELECT DISTINCT raw_file, raw_record FROM left_out"
    ).fetchall():
        found.setdefault(raw_file, set()).add(number)
    return found
