"""Leaving out at a load whoever was erased: their accounts are known again by keyed hashes only."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pickglass.lake.engine import identifier, literal

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
