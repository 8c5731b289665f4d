"""The stage of linking: what the lake holds of persons and things goes to linkage, and what it finds is kept.

Both questions are asked of one session: who is probably one person, and who shares a thing that few share. What people
decided about pairs is obeyed, and personas keep their ids from run to run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import combinations
from typing import TYPE_CHECKING, Any

from pickglass.errors import InputError, NotFound
from pickglass.model.records import Evidence, Link
from pickglass.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

    from pickglass.lake.session import Session
    from pickglass.linkage import Clusters, Dropped, Farm, Model
    from pickglass.linkage.farms import Claim, Place
    from pickglass.store import Store
    from pickglass.store.linkage import Decision, DecisionKind

TRAIN_FROM = 5_000  # subjects; with fewer, the shipped model knows more than the company can teach
TRAIN_AGAIN = 1.5  # times as many subjects as the model was trained on

# What an indicator found about a subject that bears on the farm it may belong to.
_HINTS = {"link-activity-complement": "exclusive", "link-mutual-references": "vouching"}


@dataclass(frozen=True, slots=True)
class Linked:
    """Everything that one run of linkage found: links in their order, and the personas behind them."""

    links: tuple[Link, ...]
    personas: Clusters
    trained: tuple[Model, int] | None = None  # a model trained in this run, and on how many subjects


def link_everybody(session: Session, store: Store, evidence: Iterable[Evidence] = ()) -> Linked:
    """Link all subjects of a session: personas first, then farms and rings, then things; the order is fixed."""
    from pickglass.lake import sharing
    from pickglass.linkage import cluster, farms, read_shared, score_pairs, thing_links
    from pickglass.store import linkage as kept

    table, _ = _people(session)
    model, trained = _model(store, table)
    pairs = score_pairs(table, model)
    ids = {**sharing.former_ids(session), **{one: one for one in table["subject_id"].to_pylist()}}
    history = kept.decision_history(store)
    same = _last(history, "person", ids)
    personas = cluster(
        pairs,
        decisions={frozenset(pair): linked for pair, linked in same.items()},
        previous={
            name: frozenset(ids.get(one, one) for one in members)
            for name, members in kept.personas(store).items()
        },
    )
    things = read_shared(sharing.shared_things(session))
    places = _places(session)
    found = farms(
        things,
        _claims(session),
        places,
        hints=_hints(evidence),
        cleared={frozenset(pair) for pair, linked in _last(history, "farm", ids).items() if not linked},
    )
    links = (
        *_persona_links(table, pairs, personas, same),
        *map(_farm_link, found),
        *thing_links(things, table.num_rows, found, _ordinary(places)),
    )
    return Linked(links, personas, trained)


def left_out(session: Session) -> dict[str, list[dict[str, Any]]]:
    """Say what linkage leaves out: placeholders and values that too many share, and things that link nobody."""
    from pickglass.lake import sharing
    from pickglass.linkage import common_things, read_shared

    table, dropped = _people(session)
    things = read_shared(sharing.shared_things(session))
    common: dict[tuple[str, str], list[int]] = {}
    for thing in common_things(things, table.num_rows, _ordinary(_places(session))):
        common.setdefault((thing.kind, thing.why), []).append(thing.subjects)
    return {
        "values": [asdict(one) for one in dropped],
        "things": [
            {"kind": kind, "reason": why, "things": len(counts), "most_subjects": max(counts)}
            for (kind, why), counts in sorted(common.items())
        ],
    }


def keep(store: Store, linked: Linked) -> None:
    """Keep what a run found, so that it can be shown without a new run and the next run knows it."""
    from pickglass.store import linkage as kept
    from pickglass.store.canonical import plain

    kept.save_links(
        store,
        {link.id: plain(link) for link in linked.links},
        linked.personas.members,
        [
            {
                "persona_id": change.cluster, "kind": change.kind,
                "others": list(change.others), "subjects": list(change.subjects),
            }
            for change in linked.personas.changes
        ],
    )  # fmt: skip
    if linked.trained is not None:
        model, subjects = linked.trained
        kept.save_model(store, model.to_json(), subjects)


def _last(
    history: Iterable[Decision], kind: DecisionKind, ids: Mapping[str, str]
) -> dict[tuple[str, str], bool]:
    """Give what was decided last on each pair of today's subjects, under the ids of today.

    A decision on somebody whom the lake does not hold (yet, or at this moment in time) waits until it does.
    """
    found: dict[tuple[str, str], bool] = {}
    for one in history:
        left, right = ids.get(one.left_subject), ids.get(one.right_subject)
        if one.kind == kind and left and right and left != right:
            found[min(left, right), max(left, right)] = one.linked
    return found


def _model(store: Store, table: pa.Table) -> tuple[Model, tuple[Model, int] | None]:
    """Give the model to score with: the one trained here, trained anew where many joined since; else the shipped one."""
    from pickglass.linkage import Model, default_model, train
    from pickglass.store.linkage import newest_model

    count = table.num_rows
    if count < TRAIN_FROM:
        return default_model(), None
    known = newest_model(store)
    if known is not None and count < TRAIN_AGAIN * known[1]:
        with suppress(InputError):  # trained by another version of pickglass: this one trains its own
            return Model.from_json(known[0]), None
    model = train(table)
    return model, (model, count)


def _people(session: Session) -> tuple[pa.Table, tuple[Dropped, ...]]:
    from pickglass.lake import sharing
    from pickglass.linkage import people

    return people(sharing.identifiers(session), sharing.persons(session))


def _hints(evidence: Iterable[Evidence]) -> dict[str, set[str]]:
    hints: dict[str, set[str]] = {}
    for one in evidence:
        for finding in one.fired:
            if finding.indicator in _HINTS:
                hints.setdefault(one.subject.id, set()).add(_HINTS[finding.indicator])
    return hints


def _claims(session: Session) -> dict[str, Claim]:
    from pickglass.lake import sharing
    from pickglass.linkage.farms import Claim

    return {row["subject_id"]: Claim(**row) for row in sharing.claims(session).to_pylist()}


def _places(session: Session) -> dict[tuple[str, str], Place]:
    from pickglass.lake import sharing
    from pickglass.linkage.farms import Place

    places = {
        ("egress", row["value"]): Place(row["ordinary"], row["most_at_once"], row["hours_together"])
        for row in sharing.lines(session).to_pylist()
    }
    ordinary: dict[str, str | None] = {}
    deliveries: dict[str, dict[str, datetime]] = {}
    for row in sharing.units(session).to_pylist():
        ordinary[row["value"]] = row["ordinary"]
        if row["subject_id"] is not None:
            deliveries.setdefault(row["value"], {})[row["subject_id"]] = row["time"]
    places |= {
        ("address", unit): Place(why, deliveries=deliveries.get(unit, {})) for unit, why in ordinary.items()
    }
    return places


def _ordinary(places: Mapping[tuple[str, str], Place]) -> dict[tuple[str, str], str]:
    return {key: place.ordinary for key, place in places.items() if place.ordinary is not None}


# -- what is shown of a persona --------------------------------------------------------------------------------

# Columns of the table of people, and the words for what a pair shares there.
_SHARED_WORDS = {
    "documents": "identity document", "banks": "bank account or wallet", "code_hosts": "code-host account",
    "devices": "device or authenticator", "mails": "mail address", "phones": "phone number",
    "photos": "photograph", "address_keys": "address", "referees": "referee",
}  # fmt: skip


def _persona_links(
    table: pa.Table, pairs: pa.Table, personas: Clusters, same: Mapping[tuple[str, str], bool]
) -> list[Link]:
    """One link for each persona, and one for each likely pair that is in none; the surest first."""
    chances = {
        (row["left"], row["right"]): row
        for row in pairs.to_pylist()
        if same.get((row["left"], row["right"])) is not False
    }
    grouped = {pair for members in personas.members.values() for pair in combinations(members, 2)}
    # Whom somebody called one person and others of the group are not is shown as a pair: it must not be lost.
    wanted = {*grouped, *chances, *(pair for pair, linked in same.items() if linked)}
    known = _known(table, {subject for pair in wanted for subject in pair})
    links = [_persona_link(name, members, chances, same, known) for name, members in personas.members.items()]
    links += [_persona_link(_id("L", *pair), pair, chances, same, known) for pair in sorted(wanted - grouped)]
    return sorted(links, key=lambda link: (-(link.probability or 0), link.subjects))


def _persona_link(
    id: str,
    members: tuple[str, ...],
    chances: Mapping[tuple[str, str], Mapping[str, Any]],
    same: Mapping[tuple[str, str], bool],
    known: Mapping[str, Mapping[str, Any]],
) -> Link:
    reasons: list[str] = []
    best: dict[str, float] = {}
    for pair in combinations(members, 2):
        decided = same.get(pair)
        chance = 1.0 if decided else chances[pair]["probability"] if pair in chances else 0.0
        for subject in pair:
            best[subject] = max(best.get(subject, 0.0), chance)
        shared = _shared_words(known, pair)
        whose = "" if len(members) == 2 else f"{pair[0]} and {pair[1]}: "
        if decided:
            reasons.append(f"{whose}somebody decided that they are one person")
        elif pair in chances:
            bits = chances[pair]["bits"]
            reasons.append(
                f"{whose}{', '.join(shared) or 'alike in many small ways'}: {bits:+.1f} bits in all"
            )
    return Link(
        kind="persona",
        id=id,
        subjects=tuple(members),
        # Whoever is least sure to belong decides how sure the whole is.
        probability=round(min(best.values()), 4),
        reasons=tuple(reasons),
    )


def _known(table: pa.Table, subjects: set[str]) -> dict[str, dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    chosen = table.filter(pc.is_in(table["subject_id"], value_set=pa.array(sorted(subjects), pa.string())))
    rows = chosen.select(["subject_id", "full_name", "birth_date", *_SHARED_WORDS]).to_pylist()
    return {row["subject_id"]: row for row in rows}


def _shared_words(known: Mapping[str, Mapping[str, Any]], pair: Sequence[str]) -> list[str]:
    """Say in words what a pair shares, never the value."""
    one, other = (known[subject] for subject in pair)
    words = [f"one {name}" for column, name in _SHARED_WORDS.items() if set(one[column]) & set(other[column])]
    if one["full_name"] and one["full_name"] == other["full_name"]:
        words.append("one name")
    if one["birth_date"] and one["birth_date"] == other["birth_date"]:
        words.append("one date of birth")
    return words


def _farm_link(farm: Farm) -> Link:
    return Link(
        kind="thing",
        id=farm.id,
        subjects=farm.subjects,
        thing=farm.kind,
        probability=round(farm.probability, 4),
        bits=farm.bits,
        reasons=farm.why,
        event_ids=farm.event_ids,
        farm=farm.id,
        things=tuple(asdict(thing) for thing in farm.things),
    )


def _id(prefix: str, *parts: str) -> str:
    from pickglass.linkage import short_id

    return short_id(prefix, *parts)


# -- what people ask and decide --------------------------------------------------------------------------------


def decide(
    settings: Settings, references: Sequence[str], *, linked: bool, reason: str, actor: str
) -> dict[str, Any]:
    """Keep that two subjects, or all of one link, are one person (or one farm) or are not; the next run obeys it.

    One reference is the id of a link; two are subjects. NotFound for what there is not.
    """
    from pickglass.lake.reading import open_lake
    from pickglass.store import linkage as kept
    from pickglass.store import open_store

    kind: kept.DecisionKind = "person"
    with open_store(settings) as store:
        if len(references) == 1:
            link = _find_link(store, references[0])
            if link["kind"] == "thing" and not link["things"]:
                raise InputError(
                    "a shared thing is a fact and needs no decision",
                    "name two subjects, a persona or a farm; a shared household is attested",
                    references[0],
                )
            subjects = link["subjects"]
            kind = "farm" if link["kind"] == "thing" else "person"
        else:
            with open_lake(settings, store) as session:
                subjects = list(_two_subjects(session, references))
        pairs = list(combinations(sorted(subjects), 2))
        kept.decide(store, kind, pairs, linked=linked, actor=actor, reason=reason)
    return {"version": 1, "kind": kind, "subjects": sorted(subjects), "linked": linked, "pairs": len(pairs)}


def kept_links(settings: Settings) -> list[dict[str, Any]]:
    """List the links of the latest run, in its order."""
    from pickglass.store import linkage as kept
    from pickglass.store import open_store

    with open_store(settings) as store:
        return list(kept.links(store).values())


def show_link(settings: Settings, reference: str, *, actor: str) -> dict[str, Any]:
    """Give one link of the latest run with the decisions on its members, and a persona's history; the view is logged."""
    from pickglass.store import audit, open_store
    from pickglass.store import linkage as kept

    with open_store(settings) as store:
        link = _find_link(store, reference)
        audit.record(store, actor=actor, action="link.view", object=link["id"])
        return {
            "version": 1,
            "link": link,
            "decisions": [asdict(one) for one in kept.decision_history(store, link["subjects"])],
            "history": [one._asdict() for one in kept.persona_history(store, link["id"])],
        }


def why(settings: Settings, references: Sequence[str], *, actor: str) -> dict[str, Any]:
    """Say why two subjects are one person or are not, step by step, and what they share; the view is logged."""
    from pickglass.lake.reading import open_lake
    from pickglass.store import open_store

    with open_store(settings) as store, open_lake(settings, store) as session:
        return explain(session, store, references, actor=actor)


def explain(session: Session, store: Store, references: Sequence[str], *, actor: str) -> dict[str, Any]:
    """Do what `why` does, in an open lake. NotFound for an unknown subject, InputError for one subject named twice."""
    from pickglass.lake import sharing
    from pickglass.linkage import is_rare, read_shared, waterfall
    from pickglass.store import audit
    from pickglass.store import linkage as kept

    pair = _two_subjects(session, references)
    audit.record(store, actor=actor, action="link.why", object=" ".join(pair))
    table, _ = _people(session)
    steps = waterfall(table, _model(store, table)[0], *pair)
    bits = sum(step.bits for step in steps)
    probability = 1 / (1 + 2 ** min(max(-bits / 100, -500), 500))
    ordinary = _ordinary(_places(session))
    both = [
        thing for thing in read_shared(sharing.shared_things(session)) if set(pair) <= set(thing.subjects)
    ]
    ids = {**sharing.former_ids(session), **{one: one for one in pair}}
    decided = kept.decision_history(store, [name for name, one in ids.items() if one in pair])
    last = _last(decided, "person", ids).get(pair)
    groups = [name for name, members in kept.personas(store).items() if members.issuperset(pair)]
    return {
        "version": 1,
        "subjects": pair,
        "linked": bool(groups) if last is None else last,
        "verdict": _verdict(last, bool(groups), probability, bool(both)),
        "probability": round(probability, 4),
        "bits": bits,
        "steps": [asdict(step) for step in steps],
        "personas": groups,
        "links": [one["id"] for one in kept.links(store).values() if set(pair) <= set(one["subjects"])],
        "shared": [
            {
                "thing": thing.kind, "label": thing.label, "subjects": len(thing.subjects),
                "rare": is_rare(thing, table.num_rows) and (thing.kind, thing.value) not in ordinary,
            }
            for thing in both
        ],
        "decisions": [asdict(one) for one in decided],
    }  # fmt: skip


def _verdict(decided: bool | None, grouped: bool, probability: float, share: bool) -> str:
    from pickglass.linkage import LINKED

    if decided is not None:
        return f"somebody decided that they are {'one person' if decided else 'two people'}; that is obeyed for ever"
    if grouped:
        return "they are probably one person"
    if probability >= LINKED:
        return "more likely one person than not, but others of the group speak against it"
    if share:
        return "they share something, but that is better explained by two people"
    return "nothing that they share makes them one person"


def _find_link(store: Store, reference: str) -> dict[str, Any]:
    from pickglass.store import linkage as kept

    wanted = reference.strip().upper()
    found = [one for one in kept.links(store).values() if one["id"].startswith(wanted)] if wanted else []
    exact = [one for one in found if one["id"] == wanted]
    if not found:
        raise NotFound(
            "there is no such link", "`pickglass link list` lists those of the latest run", reference
        )
    if len(found) > 1 and not exact:
        raise InputError(f"{reference} fits {len(found)} links", "give more of the id", reference)
    return (exact or found)[0]


def _two_subjects(session: Session, references: Sequence[str]) -> tuple[str, str]:
    from pickglass.lake.erasure import subject_of

    left, right = sorted(subject_of(session, one) for one in references)
    if left == right:
        raise InputError("both are the same subject", "name two different subjects", " ".join(references))
    return left, right
