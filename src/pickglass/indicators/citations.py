"""What indicators cite: publications, ATT&CK techniques and sections of the Insider Threat Matrix, with their titles."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from pickglass.indicators.catalogue import folder

_ARTICLES = {"MT": 1, "ME": 2, "PR": 3, "IF": 4, "AF": 5}  # the five parts of the Insider Threat Matrix


@cache
def known_references() -> Mapping[str, str]:
    """Return what an indicator may cite: key → title."""
    return _read("references.yaml")


@cache
def known_techniques() -> Mapping[str, str]:
    """Return the techniques and sections that an indicator may name: id → title."""
    return _read("techniques.yaml")


def address(technique: str) -> str:
    """Return where a technique of ATT&CK or a section of the Insider Threat Matrix is described."""
    whole, _, part = technique.partition(".")
    if technique.startswith("T"):
        return f"https://attack.mitre.org/techniques/{whole}/{part + '/' if part else ''}"
    section = f"https://insiderthreatmatrix.org/articles/AR{_ARTICLES[whole[:2]]}/sections/{whole}"
    return f"{section}/subsections/{technique}" if part else section


def _read(name: str) -> Mapping[str, str]:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, str] = yaml.load((folder() / name).read_text("utf-8"), Loader=loader)  # noqa: S506 - a safe loader
    return found
