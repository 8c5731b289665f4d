"""The tables that the simulator draws from, as data beside it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def table(name: str) -> Any:
    """A table of this package by its name; read once."""
    text = files(__package__).joinpath(f"{name}.yaml").read_text("utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def rate(name: str) -> int:
    """An honest rate of `rates.yaml`, as it stands there."""
    rates = yaml.safe_load(files("pickglass.simulate").joinpath("rates.yaml").read_text("utf-8"))
    return int(rates[name]["value"])
