"""How well linkage tells persons apart, and at what cost, beside plain Splink on the same people in the same run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pickglass.bench.marks import (
    ClusterMark,
    Mark,
    Truth,
    best_recall,
    curve,
    false_links_by_commonness,
    mark,
    mark_clusters,
)
from pickglass.bench.meter import Cost, load_of_machine, measured
from pickglass.bench.public_sets import KnownPeople, public_sets
from pickglass.errors import InputError
from pickglass.linkage.clusters import cluster
from pickglass.linkage.model import Model, score_pairs, train
from pickglass.linkage.people import people as gather
from pickglass.linkage.plain import plain_splink
from pickglass.simulate.people import MESSES, Mess, invent_people

THRESHOLD = 0.9  # from which probability on a pair counts as one person
LEAST = 0.1  # where curves end
PRECISION = 0.98  # at which recalls are compared
NEWCOMERS = 2_000
_QUICK = 2_000  # subjects

_WEAK = ("postal_codes",)  # what half a town has in common

Whole = NDArray[np.int64]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one way of linking found: marks at the threshold, of its clusters, and along its curve."""

    pairs: Mark
    clusters: ClusterMark
    at_precision: Mark | None  # the most recall at the precision of the comparison
    curve: tuple[Mark, ...]
    cost: Cost


@dataclass(frozen=True, slots=True)
class Increment:
    """What linking some newcomers to everybody else cost, and whether a full run finds the same pairs."""

    newcomers: int
    pairs: int
    different: int  # pairs that only one of the two ways finds
    cost: Cost


@dataclass(frozen=True, slots=True)
class Result:
    """One set of people, linked by pickglass and by plain Splink."""

    name: str
    subjects: int
    true_pairs: int
    largest_truth: int
    nothing_shared: int  # right pairs without one value in common: a name alone never links
    dropped: int  # values that say nothing
    ours: Answer
    splink: Answer
    stages: Mapping[str, Cost]
    false_by_name: tuple[float, ...]  # per 1,000 subjects, from the rarest names to the commonest
    increment: Increment | None = None


@dataclass(frozen=True, slots=True)
class LinkageBench:
    """All results of one run and what they were made with."""

    made: datetime
    command: str
    seed: int
    people: int
    load: str
    results: tuple[Result, ...]


def bench_linkage(
    people: int = 20_000,
    *,
    sets: Path | None = None,
    seed: int = 7,
    only: Sequence[str] = (),
    quick: bool = False,
    tell: Tell = lambda _: None,
) -> LinkageBench:
    """Link generated people of each kind, and the public sets of the folder, by us and by plain Splink.

    `only` keeps the sets of these names. `quick` takes few people and leaves the increment out: it shows that all
    works, and no figure that holds.
    """
    count = min(people, _QUICK) if quick else people
    if count < 100:
        raise InputError(f"{count} subjects are too few to measure anything", hint="take 100 or more")
    load = load_of_machine()
    results = []
    for name, make in _all_people(count, seed, sets, only).items():
        known = make()
        tell(f"{name}: {len(known.subjects):,} subjects")
        newcomers = 0 if quick or known.name not in MESSES else min(NEWCOMERS, count // 10)
        results.append(_measure(known, seed, newcomers))
    command = f"pickglass bench linkage --people {count} --seed {seed}"
    command += "".join(f" --only '{name}'" for name in only) + (" --sets DIR" if sets else "")
    return LinkageBench(datetime.now(UTC), command, seed, count, load, tuple(results))


def _all_people(
    count: int, seed: int, sets: Path | None, only: Sequence[str]
) -> dict[str, Callable[[], KnownPeople]]:
    """Name every set that is asked for; each is made when its turn comes, for they are large."""
    found: dict[str, Callable[[], KnownPeople]] = {
        mess: partial(_invented, count, mess, seed) for mess in MESSES
    }
    for path in public_sets(sets) if sets else ():
        found[path.name] = path.read
    if unknown := [name for name in only if name not in found]:
        raise InputError(f"there is no set called {unknown[0]!r}", hint=f"take of {', '.join(found)}")
    return {name: make for name, make in found.items() if not only or name in only}


def _invented(count: int, mess: Mess, seed: int) -> KnownPeople:
    invented = invent_people(count, mess, seed)
    return KnownPeople(mess, invented.identifiers, invented.subjects, invented.truth)


def _measure(known: KnownPeople, seed: int, newcomers: int) -> Result:
    truth = Truth.of(known.truth)
    with measured() as gathering:
        table, dropped = gather(known.identifiers, known.subjects)
    with measured() as training:
        model = train(table, seed=seed)
    with measured() as scoring:
        pairs = score_pairs(table, model, threshold=LEAST)
    with measured() as clustering:
        clusters = cluster(pairs, threshold=THRESHOLD)
    with measured() as plain_cost:
        plain = plain_splink(table, seed=seed, least=LEAST, threshold=THRESHOLD)
    ours = clusters.members.values()
    return Result(
        known.name,
        len(known.subjects),
        truth.pairs,
        truth.largest,
        _nothing_shared(table, truth),
        sum(one.values for one in dropped),
        _answer(pairs, mark_clusters(ours, truth), truth, gathering + training + scoring + clustering),
        _answer(plain.pairs, mark_clusters(plain.clusters, truth), truth, plain_cost),
        {"people": gathering, "train": training, "score": scoring, "cluster": clustering},
        false_links_by_commonness(pairs, truth, _commonness(table), THRESHOLD),
        _add_newcomers(table, model, pairs, newcomers) if newcomers else None,
    )


def _answer(pairs: pa.Table, clusters: ClusterMark, truth: Truth, cost: Cost) -> Answer:
    points = curve(pairs, truth)
    return Answer(mark(pairs, truth, THRESHOLD), clusters, best_recall(points, PRECISION), points, cost)


def _nothing_shared(table: pa.Table, truth: Truth) -> int:
    """Count the right pairs that have no mail, phone, address, account, paper, machine or text in common."""
    together = np.zeros(0, dtype=np.int64)
    own = truth.places(table.column("subject_id"))
    for name in table.schema.names:
        column = table.column(name).combine_chunks()
        if pa.types.is_list(column.type) and name not in _WEAK:
            holders = own[pc.list_parent_indices(column).to_numpy()]
            values = pc.dictionary_encode(pc.list_flatten(column)).indices.to_numpy()
            together = np.union1d(together, _same_value(holders, values, truth))
    return truth.pairs - len(together)


def _same_value(holders: Whole, values: Whole, truth: Truth) -> Whole:
    """Number the right pairs in which both hold one value, each by its two places."""
    persons = truth.persons[holders]
    order = np.lexsort((holders, values, persons))
    holders, values, persons = holders[order], values[order], persons[order]
    found = [np.zeros(0, dtype=np.int64)]
    for step in range(1, truth.largest):
        near = (persons[step:] == persons[:-step]) & (values[step:] == values[:-step])
        found.append(holders[:-step][near] * len(truth.persons) + holders[step:][near])
    return np.unique(np.concatenate(found))


def _commonness(table: pa.Table) -> Whole:
    """How common each subject's name is: bearers of the given name times bearers of the family name.

    Counting the whole name would count whoever is linked wrongly for bearing another's name as common for that.
    """
    ordered = table.sort_by("subject_id")
    product = np.ones(len(table), dtype=np.int64)
    for name in ("given_name", "family_name"):
        codes = ordered.column(name).combine_chunks().fill_null("").dictionary_encode().indices.to_numpy()
        product *= np.bincount(codes)[codes]
    return product


def _add_newcomers(table: pa.Table, model: Model, pairs: pa.Table, count: int) -> Increment:
    """Link the last subjects as if they came a day later, onto the clusters of all others."""
    new = table.column("subject_id").slice(len(table) - count).to_pylist()
    among = pa.array(new)
    fresh = pc.or_(
        pc.is_in(pairs.column("left"), value_set=among), pc.is_in(pairs.column("right"), value_set=among)
    )
    known = pairs.filter(pc.invert(fresh))
    before = {name: frozenset(ones) for name, ones in cluster(known, threshold=THRESHOLD).members.items()}
    with measured() as cost:
        found = score_pairs(table, model, new=new, threshold=LEAST)
        cluster(pa.concat_tables([known, found]), previous=before, threshold=THRESHOLD)
    one, other = (
        set(zip(part.column("left").to_pylist(), part.column("right").to_pylist(), strict=True))
        for part in (found, pairs.filter(fresh))
    )
    return Increment(count, len(found), len(one ^ other), cost)


def linkage_document(bench: LinkageBench) -> dict[str, Any]:
    """Make the JSON document of a run: flat figures by set, and the curves."""
    return {
        "made": bench.made.isoformat(timespec="seconds"),
        "command": bench.command,
        "seed": bench.seed,
        "people": bench.people,
        "load": bench.load,
        "results": [_result_document(result) for result in bench.results],
    }


def _result_document(result: Result) -> dict[str, Any]:
    ours, splink = result.ours, result.splink
    return {
        "name": result.name,
        "subjects": result.subjects,
        "true_pairs": result.true_pairs,
        "threshold": THRESHOLD,
        **_figures(ours),
        "largest_truth": result.largest_truth,
        "nothing_shared": result.nothing_shared,
        "values_dropped": result.dropped,
        "false_links_per_1000_by_name": list(result.false_by_name),
        "stages": {name: asdict(cost) for name, cost in result.stages.items()},
        "splink_seconds": splink.cost.seconds,
        "splink": _figures(splink),
        "increment": None if result.increment is None else asdict(result.increment),
        "curve": [asdict(point) for point in ours.curve],
        "splink_curve": [asdict(point) for point in splink.curve],
    }


def _figures(answer: Answer) -> dict[str, Any]:
    return {
        "precision": answer.pairs.precision,
        "recall": answer.pairs.recall,
        "cluster_precision": answer.clusters.precision,
        "cluster_recall": answer.clusters.recall,
        "largest_cluster": answer.clusters.largest,
        "recall_at_precision": None if answer.at_precision is None else asdict(answer.at_precision),
        **asdict(answer.cost),
    }
