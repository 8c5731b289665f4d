"""The sentence of a finding: the indicator's template filled with typed values, the same on every face."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pickglass.model.records import Indicator

SHOWN = 5  # entries of a list that a sentence names before it says how many more there are

Mask = Callable[[str, Any], Any]  # (field, value) → what may be shown in its place


def fields(template: str) -> tuple[str, ...]:
    """Name the fields that a template asks for, in order, each once."""
    names = (name for _, name, _, _ in string.Formatter().parse(template) if name)
    return tuple(dict.fromkeys(names))


def render(indicator: Indicator, values: Mapping[str, Any], mask: Mask | None = None) -> str:
    """Write the indicator's sentence with these values; `mask` may replace a value before it is written."""
    return fill(indicator.sentence, values, mask)


def fill(template: str, values: Mapping[str, Any], mask: Mask | None = None) -> str:
    """Write a sentence from its template, as a case document keeps it."""
    shown = {name: values.get(name) for name in fields(template)}
    if mask is not None:
        shown = {name: mask(name, value) for name, value in shown.items()}
    return template.format_map({name: text(value) for name, value in shown.items()})


def text(value: Any) -> str:
    """Write one value for people: UTC times to the minute, numbers as exact as they are telling."""
    if value is None or value == "":
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, int):
        return _whole(value)
    if isinstance(value, float | Decimal):
        return _number(float(value))
    if isinstance(value, timedelta):
        return f"{_number(value.total_seconds() / 3600)} h"
    if isinstance(value, list | tuple | set | frozenset):
        return _listed(list(value))
    return str(value)


def _whole(value: int) -> str:
    return f"{value:,}" if abs(value) >= 10_000 else str(value)


def _number(value: float) -> str:
    if math.isnan(value):
        return "unknown"
    if abs(value) >= 100 or value == int(value):
        return _whole(round(value))
    digits = 1 if abs(value) >= 1 else 2
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def _listed(values: list[Any]) -> str:
    if not values:
        return "none"
    shown = ", ".join(text(value) for value in values[:SHOWN])
    more = len(values) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
