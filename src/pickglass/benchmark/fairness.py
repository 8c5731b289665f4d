"""Compares honest people with honest people: nobody stands out for what they are.

Everybody in the base group of `pickglass.simulate.groups` has a counterpart in every other group, who lives the
same life but for what marks the group. All go through the whole pipeline, and the two assessments of each pair
are compared.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pickglass import pipeline
from pickglass.benchmark.rates import bootstrap, holm, sign_test, wilson
from pickglass.model.records import BANDS, Assessment
from pickglass.model.schema import schema
from pickglass.score import load_scorecard
from pickglass.score.scorecard import ALTERNATIVES, Scorecard
from pickglass.settings import load_settings
from pickglass.simulate import groups

PEOPLE, DAYS, SEED = 876, 120, 7
LIMIT = 0.5  # bits that an honest group may differ by on average, for any hypothesis
SIGNIFICANT = 0.05
URGENT = ("act", "review")


@dataclass(frozen=True)
class Pair:
    """What was found about one person of a group, and about their counterpart in the base group."""

    own: Assessment
    base: Assessment

    @cached_property
    def fired(self) -> frozenset[str]:
        return _fired(self.own)

    @cached_property
    def base_fired(self) -> frozenset[str]:
        return _fired(self.base)

    @cached_property
    def same(self) -> bool:
        """Whether the two assessments differ in nothing but whom they are about."""
        return _without_person(self.own) == _without_person(self.base)

    def more_bits(self, hypothesis: str) -> float:
        totals: tuple[Mapping[Any, int], Mapping[Any, int]] = (self.own.totals, self.base.totals)
        return (totals[0][hypothesis] - totals[1][hypothesis]) / 100


def fairness(people: int = PEOPLE, days: int = DAYS, seed: int = SEED) -> dict[str, Any]:
    """Make the company, assess everybody in it, and compare every group with its counterparts."""
    with tempfile.TemporaryDirectory(prefix="pickglass-fairness-") as folder:
        written = groups.write(Path(folder, "exports"), people, days, seed)
        # No environment: the measure must not depend on how somebody has set up pickglass.
        settings = load_settings(Path(folder, "home"), {})
        run = pipeline.run(settings, [Path(folder, "exports")])
    pairs = _pairs(written, run)
    scorecard = load_scorecard(run.scorecard)
    corrected = holm(dict(_chances(pairs)))
    compared = [_compared(group, pairs[group.id], corrected, seed) for group in groups.groups()]
    base = [pair.base for pair in next(iter(pairs.values()))]
    noticed = {row["indicator"] for group in compared for row in group["indicators"] if row["significant"]}
    return {
        "version": 1,
        "command": f"pickglass bench fairness --workers {people} --days {days} --seed {seed}",
        "seed": seed,
        "workers": people,
        "days": days,
        "records": written.records,
        "scorecard": run.scorecard,
        "limit_bits": LIMIT,
        "base": {"people": len(base), "bands": _bands(base)},
        "groups": compared,
        "noticed": [_weight(name, scorecard) for name in sorted(noticed)],
        "never_answered": never_answered(run),
        "never_read": never_read(),
        "passed": all(group["passed"] for group in compared),
    }


def never_answered(run: pipeline.Run) -> list[str]:
    """Name the indicators that were assessable for nobody: of those the measure says nothing."""
    silent = [set(document["evidence"]["not_assessable"]) for document in run.documents]
    return sorted(set.intersection(*silent)) if silent else []


def never_read() -> list[dict[str, str]]:
    """Name the columns that may serve linkage only; no indicator reads them, through any view."""
    return [
        {"table": table.name, "column": column.name, "label": column.label}
        for table in schema().tables.values()
        for column in table.columns.values()
        if column.personal_data == "protected"
    ]


def _pairs(written: groups.Written, run: pipeline.Run) -> dict[str, list[Pair]]:
    by_subject = {one.subject_id: one for one in run.assessments}
    by_worker = {
        document["subject"]["refs"]["workday"]: by_subject[document["subject"]["id"]]
        for document in run.documents
        if "workday" in document["subject"]["refs"]
    }
    return {
        group: [Pair(by_worker[one], by_worker[other]) for one, other in members.items()]
        for group, members in written.members.items()
    }


def _fired(assessment: Assessment) -> frozenset[str]:
    return frozenset(step.label for step in assessment.steps if step.kind == "fired")


def _without_person(assessment: Assessment) -> dict[str, Any]:
    return {
        name: getattr(assessment, name) for name in Assessment.__dataclass_fields__ if name != "subject_id"
    }


def _bands(assessments: list[Assessment]) -> dict[str, int]:
    found = Counter(one.band for one in assessments)
    return {band: found[band] for band in BANDS}


def _moved(pairs: list[Pair]) -> dict[str, tuple[int, int]]:
    """Tell of each indicator for how many people it fired and not for the counterpart, and the other way round."""
    more = Counter(name for pair in pairs for name in pair.fired - pair.base_fired)
    fewer = Counter(name for pair in pairs for name in pair.base_fired - pair.fired)
    return {name: (more[name], fewer[name]) for name in sorted({*more, *fewer})}


def _chances(pairs: Mapping[str, list[Pair]]) -> Iterator[tuple[tuple[str, str], float]]:
    for group, found in pairs.items():
        for name, (more, fewer) in _moved(found).items():
            yield (group, name), sign_test(more, fewer)


def _compared(
    group: groups.Group, pairs: list[Pair], corrected: Mapping[tuple[str, str], float], seed: int
) -> dict[str, Any]:
    count = len(pairs)
    differences = {name: [pair.more_bits(name) for pair in pairs] for name in ALTERNATIVES}
    # The hypothesis that the group comes off worst by.
    worst = max(ALTERNATIVES, key=lambda name: sum(differences[name]))
    low, high = bootstrap(differences[worst], seed)
    mean = sum(differences[worst]) / count
    own, base = [pair.own for pair in pairs], [pair.base for pair in pairs]
    urgent = sum(one.band in URGENT for one in own)
    base_urgent = sum(one.band in URGENT for one in base)
    same = sum(pair.same for pair in pairs)
    return {
        "id": group.id,
        "differs": group.differs,
        "twin": group.twin,
        "people": count,
        "bits": {"hypothesis": worst, "mean": round(mean, 3), "low": round(low, 3), "high": round(high, 3)},
        "bands": _bands(own),
        "urgent": {"group": urgent, "base": base_urgent},
        "same": same,
        "indicators": [_rates(name, pairs, corrected[group.id, name]) for name in _moved(pairs)],
        "passed": mean <= LIMIT and urgent <= base_urgent and (same == count or not group.twin),
    }


def _rates(name: str, pairs: list[Pair], chance: float) -> dict[str, Any]:
    fired = sum(name in pair.fired for pair in pairs)
    base = sum(name in pair.base_fired for pair in pairs)
    return {
        "indicator": name,
        "fired": fired,
        "interval": [round(one, 3) for one in wilson(fired, len(pairs))],
        "base_fired": base,
        "base_interval": [round(one, 3) for one in wilson(base, len(pairs))],
        "chance": round(chance, 6),
        "significant": chance < SIGNIFICANT,
    }


def _weight(name: str, scorecard: Scorecard) -> dict[str, Any]:
    """Say the most that one indicator may add, and what holds it down."""
    weight = scorecard.weights.get(name)
    if weight is None:
        return {"indicator": name, "bits": 0.0, "proxy": False, "caps": [], "basis": "no weight: shown only"}
    caps = []
    inner = name
    by_name = {group.name: group for group in scorecard.groups}
    while inner in scorecard.group_of:
        group = by_name[scorecard.group_of[inner]]
        caps.append({"group": group.name, "bits": max(group.cap.values()) / 100, "why": group.why})
        inner = group.name
    return {
        "indicator": name,
        "bits": max(weight.fired.values(), default=0) / 100,
        "proxy": weight.proxy,
        "caps": caps,
        "basis": weight.basis,
    }
