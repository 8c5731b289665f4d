"""The tables that the simulator draws from, as data beside it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def table(name: str) -> Any:
    """A table of this package by its name; read once."""
    return _read(files(__package__).joinpath(f"{name}.yaml").read_text("utf-8"))


@cache
def rates() -> dict[str, dict[str, Any]]:
    """How often honest people do ordinary things, with where each number is from."""
    found: dict[str, dict[str, Any]] = _read(
        files("pickglass.simulate").joinpath("rates.yaml").read_text("utf-8")
    )
    return found


@cache
def rate(name: str) -> int:
    """An honest rate of `rates.yaml`, as it stands there."""
    return int(rates()[name]["value"])


def _read(text: str) -> Any:
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 a safe loader either way
