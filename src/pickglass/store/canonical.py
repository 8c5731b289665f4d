"""Canonical JSON: one value has one text, so that a hash proves the value.

Keys are sorted, nothing is spaced, text is UTF-8, times are UTC with a Z. Reading it back and writing it
again gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def canonical_text(value: Any) -> str:
    """Write records, maps, lists, numbers and times as canonical JSON; TypeError for anything else."""
    return orjson.dumps(value, default=_plain, option=_OPTIONS).decode()


def plain(value: Any) -> Any:
    """Turn a value into the maps, lists, texts and numbers that its canonical JSON reads back as."""
    return orjson.loads(canonical_text(value))


def sha256_of(text: str) -> str:
    """Give the hex SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError(f"a time without a zone cannot be written: {value!r}")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
