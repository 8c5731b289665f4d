"""How well linkage tells persons apart, and at what cost, beside plain Splink on the same people in the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pickglass.benchmark.marks import (
    ClusterMark,
    Mark,
    Truth,
    best_recall,
    curve,
    false_links_by_commonness,
    mark,
    mark_clusters,
    share,
)
from pickglass.benchmark.meter import Cost, load_of_machine, measured
from pickglass.benchmark.public_sets import KnownPeople, public_sets
from pickglass.errors import InputError
from pickglass.linkage.clusters import cluster
from pickglass.linkage.model import LINKED, Model, score_pairs, train
from pickglass.linkage.people import people as gather
from pickglass.linkage.plain import plain_splink
from pickglass.simulate.people import MESSES, Mess, invent_people

PLAIN_THRESHOLD = 0.95  # the same for plain Splink, as its documentation has it
LEAST = 0.1  # where curves end
PRECISION = 0.98  # at which recalls are compared
NEWCOMERS = 2_000
_QUICK = 2_000  # subjects
_ROUNDS, _QUICK_ROUNDS = 25, 5  # of plain Splink's training at most

_WEAK = ("postal_codes",)  # what half a town has in common

Whole = NDArray[np.int64]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one way of linking found: marks at the threshold, of its clusters, and along its curve."""

    pairs: Mark
    recall_of_sharing: float  # of the right pairs that share any value at all
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
    different_clusters: int
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
    splink: Answer | None
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


def measure_linkage(
    people: int = 20_000,
    *,
    sets: Path | None = None,
    seed: int = 7,
    only: Sequence[str] = (),
    quick: bool = False,
    alone: bool = False,
    tell: Tell = lambda _: None,
) -> LinkageBench:
    """Link generated people of each kind, and the public sets of the folder, by us and by plain Splink.

    `only` keeps the sets of these names. `quick` takes few people and leaves the increment out: it shows that all
    works, and no figure that holds. `alone` leaves plain Splink out, which takes its time with millions.
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
        rounds = 0 if alone else _QUICK_ROUNDS if quick else _ROUNDS
        results.append(_measure(known, seed, newcomers, rounds))
    command = f"pickglass bench linkage --people {count} --seed {seed}"
    command += (
        "".join(f" --only '{name}'" for name in only)
        + (" --sets DIR" if sets else "")
        + (" --alone" if alone else "")
    )
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


def _measure(known: KnownPeople, seed: int, newcomers: int, rounds: int) -> Result:
    truth = Truth.of(known.truth)
    with measured() as gathering:
        table, dropped = gather(known.identifiers, known.subjects)
    with measured() as training:
        model = train(table, seed=seed)
    with measured() as scoring:
        pairs = score_pairs(table, model, threshold=LEAST)
    with measured() as clustering:
        clusters = cluster(_linked(pairs))
    cost = gathering + training + scoring + clustering
    sharing = _sharing(table, truth)
    return Result(
        known.name,
        len(known.subjects),
        truth.pairs,
        truth.largest,
        truth.pairs - len(sharing),
        sum(one.values for one in dropped),
        _answer(pairs, clusters.members.values(), truth, sharing, LINKED, cost),
        _plain_answer(table, seed, rounds, truth, sharing) if rounds else None,
        {"people": gathering, "train": training, "score": scoring, "cluster": clustering},
        false_links_by_commonness(pairs, truth, _commonness(table), LINKED),
        _add_newcomers(table, model, pairs, newcomers) if newcomers else None,
    )


def _plain_answer(table: pa.Table, seed: int, rounds: int, truth: Truth, sharing: Whole) -> Answer:
    with measured() as cost:
        plain = plain_splink(table, seed=seed, least=LEAST, threshold=PLAIN_THRESHOLD, rounds=rounds)
    return _answer(plain.pairs, plain.clusters, truth, sharing, PLAIN_THRESHOLD, cost)


def _answer(
    pairs: pa.Table,
    clusters: Iterable[Sequence[str]],
    truth: Truth,
    sharing: Whole,
    threshold: float,
    cost: Cost,
) -> Answer:
    points = curve(pairs, truth)
    found = pairs.filter(pc.field("probability") >= threshold)
    numbers = _number(truth.places(found.column("left")), truth.places(found.column("right")), truth)
    return Answer(
        mark(pairs, truth, threshold),
        share(int(np.isin(numbers, sharing).sum()), len(sharing)),
        mark_clusters(clusters, truth),
        best_recall(points, PRECISION),
        points,
        cost,
    )


def _linked(pairs: pa.Table) -> pa.Table:
    """The pairs that a run of pickglass makes clusters of; those below are for the curve."""
    return pairs.filter(pc.field("probability") >= LINKED)


def _sharing(table: pa.Table, truth: Truth) -> Whole:
    """Number the right pairs that share a mail, phone, address, account, paper, machine, text or date of birth."""
    found = [np.zeros(0, dtype=np.int64)]
    own = truth.places(table.column("subject_id"))
    for name in table.schema.names:
        column = table.column(name).combine_chunks()
        if name == "birth_date":
            known = column.is_valid()
            found.append(_same_value(own[known.to_numpy(zero_copy_only=False)], column.filter(known), truth))
        elif pa.types.is_list(column.type) and name not in _WEAK:
            holders = own[pc.list_parent_indices(column).to_numpy()]
            found.append(_same_value(holders, pc.list_flatten(column), truth))
    return np.unique(np.concatenate(found))


def _same_value(holders: Whole, values: pa.Array, truth: Truth) -> Whole:
    """Number the right pairs in which both hold one value."""
    codes = values.dictionary_encode().indices.to_numpy()
    persons = truth.persons[holders]
    order = np.lexsort((holders, codes, persons))
    holders, codes, persons = holders[order], codes[order], persons[order]
    found = [np.zeros(0, dtype=np.int64)]
    for step in range(1, truth.largest):
        near = (persons[step:] == persons[:-step]) & (codes[step:] == codes[:-step])
        found.append(_number(holders[:-step][near], holders[step:][near], truth))
    return np.concatenate(found)


def _number(left: Whole, right: Whole, truth: Truth) -> Whole:
    """Give each pair of places a number of its own."""
    return left * len(truth.persons) + right


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
    before = {name: frozenset(ones) for name, ones in cluster(_linked(known)).members.items()}
    with measured() as cost:
        found = score_pairs(table, model, new=new, threshold=LEAST)
        after = cluster(_linked(found), previous=before, increment=True)
    groups, whole = (
        {frozenset(ones) for ones in made.members.values()} for made in (after, cluster(_linked(pairs)))
    )
    one, other = (
        set(zip(part.column("left").to_pylist(), part.column("right").to_pylist(), strict=True))
        for part in (found, pairs.filter(fresh))
    )
    return Increment(count, len(found), len(one ^ other), len(groups ^ whole), cost)


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
        **_figures(ours),
        "largest_truth": result.largest_truth,
        "nothing_shared": result.nothing_shared,
        "values_dropped": result.dropped,
        "false_links_per_1000_by_name": list(result.false_by_name),
        "stages": {name: asdict(cost) for name, cost in result.stages.items()},
        "splink_seconds": None if splink is None else splink.cost.seconds,
        "splink": None if splink is None else _figures(splink),
        "increment": None if result.increment is None else asdict(result.increment),
        "curve": [asdict(point) for point in ours.curve],
        "splink_curve": [] if splink is None else [asdict(point) for point in splink.curve],
    }


def _figures(answer: Answer) -> dict[str, Any]:
    return {
        "threshold": answer.pairs.threshold,
        "precision": answer.pairs.precision,
        "recall": answer.pairs.recall,
        "recall_of_sharing": answer.recall_of_sharing,
        "cluster_precision": answer.clusters.precision,
        "cluster_recall": answer.clusters.recall,
        "largest_cluster": answer.clusters.largest,
        "recall_at_precision": None if answer.at_precision is None else asdict(answer.at_precision),
        **asdict(answer.cost),
    }
