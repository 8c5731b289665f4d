"""Personas: groups of subjects that are each other's likely selves, stable from run to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

Decisions = Mapping[frozenset[str] | tuple[str, str], bool]  # True: the same person, for ever


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a cluster since the previous run."""

    kind: Literal["new", "grown", "shrunk", "merged", "split", "gone"]
    cluster: str
    others: tuple[str, ...] = ()  # merged: the ids that went into it; split: the ids that came out of it
    subjects: tuple[str, ...] = ()  # who came or went


@dataclass(frozen=True, slots=True)
class Clusters:
    """All clusters of two or more by id, and what changed."""

    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()


def cluster(
    pairs: pa.Table,
    *,
    decisions: Decisions = {},  # never written to
    previous: Mapping[str, frozenset[str]] = {},
    threshold: float = 0.9,
) -> Clusters:
    """Group subjects so that every member is justified by its own pairs, whatever the order of rows."""
    raise NotImplementedError
