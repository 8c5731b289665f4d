"""What each source lets the indicators see: which of them are blind, and which export would open them.

What an indicator needs was found out from its tests (`pickglass.indicators.needs`), and what a source supplies is what
its sample proves; so both sides are measured, and nobody keeps a table by hand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from pickglass.indicators.catalogue import STAGES, catalogue
from pickglass.indicators.needs import can_fire, needs_of, supplied
from pickglass.model.records import Indicator
from pickglass.model.schema import schema
from pickglass.score import Scorecard, load_scorecard
from pickglass.settings import Settings
from pickglass.sources.definitions import definitions

PLANNED = 8  # exports that a plan names, one after the other


@cache
def supplied_by_sources() -> Mapping[str, frozenset[str]]:
    """Return what each source of a vendor's export supplies, by its sample."""
    found: dict[str, frozenset[str]] = {}
    for source in definitions().values():
        if source.folder is None:
            continue  # the generic ones supply whatever a file holds
        rows: dict[str, list[dict[str, Any]]] = {}
        for line in Path(source.folder, "expected.jsonl").read_bytes().splitlines():
            row = orjson.loads(line)
            rows.setdefault(row["table"], []).append(row)
        tables = schema().tables
        found[source.id] = frozenset(
            need for name, some in rows.items() if name in tables for need in supplied(tables[name], some)
        )
    return dict(sorted(found.items()))


def supplied_by_rosters() -> frozenset[str]:
    """Return what rosters supply: nobody can be asked about without one."""
    return frozenset(
        need for needs in supplied_by_sources().values() for need in needs if need.split(".")[0] == "worker"
    )


def coverage(settings: Settings | None) -> dict[str, Any]:
    """Say which indicators are blind in this home, and what each further export would open, the most bits first.

    Without settings it is said of a home without data. `plan` takes the best export again and again.
    """
    have: set[str] = _loaded(settings) if settings is not None else set()
    scorecard = load_scorecard(settings.scorecard if settings is not None else None)
    indicators = catalogue(settings.home if settings is not None else None)
    unseeing = blind(indicators.values(), have)
    return {
        "version": 1,
        "scorecard": scorecard.version,
        "open": [
            one.id for one in indicators.values() if needs_of(one.id) and can_fire(needs_of(one.id), have)
        ],
        "blind": [
            {
                "indicator": one.id,
                "stage": one.stage,
                "bits": strongest_bits(one, scorecard),
                "missing": missing(one.id, have),
            }
            for one in unseeing
        ],
        "not_measured": [name for name in indicators if not needs_of(name)],
        "gains": gains(unseeing, have, scorecard),
        "plan": _plan(unseeing, have, scorecard),
    }


def blind(indicators: Iterable[Indicator], have: Collection[str]) -> list[Indicator]:
    """Return those that cannot fire with what is there, in the order given; of those never measured nobody knows."""
    return [one for one in indicators if needs_of(one.id) and not can_fire(needs_of(one.id), have)]


def _loaded(settings: Settings) -> set[str]:
    from pickglass.lake.health import filled
    from pickglass.lake.reading import open_lake
    from pickglass.store import open_store

    with open_store(settings) as store, open_lake(settings, store) as session:
        return filled(session)


def missing(id: str, have: Collection[str]) -> list[str]:
    """Name what an indicator lacks on the shortest of its ways."""
    return min((sorted(needs - set(have)) for needs in needs_of(id)), key=len, default=[])


def strongest_bits(indicator: Indicator, scorecard: Scorecard) -> float:
    """Return the bits that an indicator adds at most to any hypothesis when it fires; a draft adds none."""
    weight = scorecard.weights.get(indicator.id)
    if weight is None or indicator.status != "active":
        return 0.0
    return max((0, *weight.fired.values())) / 100


def gains(
    unseeing: Collection[Indicator], have: Collection[str], scorecard: Scorecard
) -> list[dict[str, Any]]:
    """List what each source would open of the blind indicators, and for how many more it would supply a part."""
    found = []
    for source, supplies in supplied_by_sources().items():
        both = supplies | set(have)
        opened = [one for one in unseeing if can_fire(needs_of(one.id), both)]
        nearer = [
            one.id
            for one in unseeing
            if one not in opened and any((supplies - set(have)) & needs for needs in needs_of(one.id))
        ]
        if opened or nearer:
            found.append(
                {
                    "source": source,
                    "bits": round(sum(strongest_bits(one, scorecard) for one in opened), 2),
                    "opens": [one.id for one in opened],
                    "nearer": nearer,
                }
            )
    return sorted(
        found, key=lambda one: (-one["bits"], -len(one["opens"]), -len(one["nearer"]), one["source"])
    )


def _plan(
    unseeing: Collection[Indicator], have: Collection[str], scorecard: Scorecard
) -> list[dict[str, Any]]:
    """Take the export that opens most, then the one that opens most beside it, and so on."""
    left, now = list(unseeing), set(have)
    planned: list[dict[str, Any]] = []
    while left and len(planned) < PLANNED:
        best = next(iter(gains(left, now, scorecard)), None)
        if best is None:
            break
        planned.append({name: best[name] for name in ("source", "bits", "opens")})
        now |= supplied_by_sources()[best["source"]]
        left = [one for one in left if one.id not in best["opens"]]
    return planned


def matrix() -> dict[str, dict[str, tuple[int, int]]]:
    """Count for each source and stage the indicators that it opens beside a roster, and those that it feeds at all."""
    rosters = supplied_by_rosters()
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for source, supplies in supplied_by_sources().items():
        row: dict[str, tuple[int, int]] = {}
        for stage in STAGES:
            ids = [one.id for one in catalogue().values() if one.stage == stage]
            opens = sum(
                can_fire(needs_of(one), supplies | rosters) and not can_fire(needs_of(one), rosters)
                for one in ids
            )
            feeds = sum(any(supplies & needs - rosters for needs in needs_of(one)) for one in ids)
            row[stage] = (opens, feeds)
        found[source] = row
    return found
