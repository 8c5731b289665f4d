"""The stage of linking on a simulated company: every planted ring is one group, and honest lives are no group."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pickglass import linking, pipeline
from pickglass.errors import InputError, NotFound
from pickglass.lake.reading import open_lake
from pickglass.lake.session import Session, session
from pickglass.linkage import default_model
from pickglass.linking import Linked, link_everybody
from pickglass.model.records import Link
from pickglass.model.schema import schema
from pickglass.settings import Settings, derived_key, load_settings
from pickglass.simulate import simulate
from pickglass.store import Store, audit, linkage, open_store
from pickglass.store.tables import link_decision

# One process makes the company once for all of these tests.
pytestmark = pytest.mark.xdist_group("linking")

LOADED = ("recruiting", "hr", "payroll", "shipping", "identity", "checks", "people")  # what linkage reads
HONEST = ("married-couple", "student-dormitory")


@dataclass(frozen=True)
class Company:
    """A loaded company, who is who in it by the simulator's truth, and what linkage found."""

    settings: Settings
    truth: Mapping[str, Mapping[str, Any]]  # by subject
    linked: Linked
    store: Store
    session: Session


@contextmanager
def made(folder: Path, workers: int, days: int, seed: int) -> Iterator[Company]:
    """Make a company, load it, link it, and hold its lake open: opening it costs more than any test here."""
    simulate(folder / "exports", workers=workers, days=days, seed=seed)
    settings = load_settings(folder / "home")
    pipeline.load(settings, [folder / "exports" / name for name in LOADED])
    truth = json.loads((folder / "exports" / "truth.json").read_text("utf-8"))
    with open_store(settings) as store, open_lake(settings, store) as session:
        rows = session.query("SELECT subject_id, unnest(accounts) AS account FROM subject").to_pylist()
        subject_of = {row["account"]: row["subject_id"] for row in rows}
        known = {
            subject_of[f"{system}:{reference}"]: one
            for one in truth["subjects"]
            for system, reference in one["refs"].items()
            if f"{system}:{reference}" in subject_of
        }
        linked = link_everybody(session, store)
        linking.keep(store, linked)
        yield Company(settings, known, linked, store, session)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with made(tmp_path_factory.mktemp("linking"), workers=40, days=60, seed=7) as company:
        yield company


@pytest.fixture
def company(loaded: Company) -> Iterator[Company]:
    """The one company of these tests, in which nobody has decided anything yet."""
    yield loaded
    with loaded.store.writing() as connection:
        connection.execute(link_decision.delete())


def groups(company: Company) -> list[tuple[str, ...]]:
    return [link.subjects for link in company.linked.links if link.things]


def rings(company: Company) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for subject, one in company.truth.items():
        if one["ring"]:
            found.setdefault(one["ring"], set()).add(subject)
    return found


def check_groups(company: Company) -> None:
    """Every planted ring is one group, whole; nobody else is in a group."""
    planted = sorted(sorted(members) for members in rings(company).values())
    assert len(planted) >= 4
    assert sorted(sorted(group) for group in groups(company)) == planted


def test_every_planted_ring_is_one_group_and_nobody_else_is_in_one(company: Company) -> None:
    check_groups(company)


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "days", "seed"), [(300, 240, 7), (120, 120, 21)])
def test_every_planted_ring_of_bigger_companies(tmp_path: Path, workers: int, days: int, seed: int) -> None:
    with made(tmp_path, workers, days, seed) as company:
        check_groups(company)


def test_honest_people_who_live_together_are_in_no_group(company: Company) -> None:
    honest = {subject for subject, one in company.truth.items() if one["lookalike"] in HONEST}
    assert len(honest) >= 4
    assert not honest & {subject for group in groups(company) for subject in group}


def test_personas_are_of_one_name_or_of_one_ring(company: Company) -> None:
    """Whoever applied twice is one person; nobody honest is joined with another."""
    rows = company.session.query("SELECT subject_id, name FROM subject").to_pylist()
    names = {row["subject_id"]: row["name"] for row in rows}
    personas = [link for link in company.linked.links if link.kind == "persona"]
    assert any(len({names[one] for one in link.subjects}) == 1 for link in personas)
    for link in personas:
        told = {company.truth[one]["ring"] for one in link.subjects if one in company.truth}
        assert len({names[one] for one in link.subjects}) == 1 or (len(told) == 1 and None not in told)


def test_an_office_or_a_tunnel_is_no_link(company: Company) -> None:
    """The company's own lines (203.0.113.…) and exits of tunnels (192.0.2.…, 198.51.100.…) tell nothing."""
    labels = [link.label or "" for link in company.linked.links if link.thing == "egress"]
    assert labels
    assert not [one for one in labels if one.startswith(("203.0.113.", "192.0.2.", "198.51.100."))]


def test_no_reason_holds_a_shared_value(company: Company) -> None:
    labels = {link.label for link in company.linked.links if link.label}
    reasons = " ".join(reason for link in company.linked.links for reason in link.reasons)
    assert not [label for label in labels if label in reasons]


def test_a_second_run_finds_the_same_under_the_same_ids(company: Company) -> None:
    again = link_everybody(company.session, company.store)
    assert again.links == company.linked.links
    assert again.personas.members == company.linked.personas.members
    assert again.personas.changes == ()


@pytest.mark.slow
def test_the_order_of_files_and_records_does_not_matter(company: Company) -> None:
    """The same rows, given backwards, give the same links; ids are pseudonyms under the home's own key."""
    key = derived_key(company.settings, "subjects")

    def linked(backwards: bool) -> tuple[Link, ...]:
        tables = {}
        for name in schema().tables:
            rows = company.session.query(
                f"SELECT * FROM known_{name} ORDER BY event_id, known, raw_file, raw_record"
            )
            tables[name] = (
                rows.take(pa.array(range(rows.num_rows - 1, -1, -1), pa.int64())) if backwards else rows
            )
        with session(tables, company.session.as_of, key) as opened:
            return link_everybody(opened, company.store).links

    assert linked(backwards=True) == linked(backwards=False)


def test_why_explains_pairs_that_are_linked_and_pairs_that_are_not(company: Company) -> None:
    persona = next(link for link in company.linked.links if link.kind == "persona")
    farm = next(link for link in company.linked.links if link.things)

    def why(*references: str) -> dict[str, Any]:
        return linking.explain(company.session, company.store, references, actor="ada")

    linked = why(*persona.subjects[:2])
    assert linked["linked"]
    assert linked["verdict"] == "they are probably one person"
    assert sum(step["bits"] for step in linked["steps"]) == linked["bits"]
    apart = why(persona.subjects[0], farm.subjects[0])
    assert not apart["linked"]
    assert apart["verdict"] == "nothing that they share makes them one person"
    assert len(apart["steps"]) > 5
    assert audit.entries(company.store, limit=1)[0].action == "link.why"
    with pytest.raises(InputError, match="same subject"):
        why(farm.subjects[0], farm.subjects[0])
    with pytest.raises(NotFound):
        why(farm.subjects[0], "S-NOBODY")


def test_a_decision_is_obeyed_by_the_next_run(company: Company) -> None:
    persona = next(link for link in company.linked.links if link.kind == "persona")
    farm = next(link for link in company.linked.links if link.things)
    pair = persona.subjects[:2]

    def decide(linked: bool) -> Sequence[Link]:
        for reference in (persona.id, farm.id):
            linking.decide(company.settings, [reference], linked=linked, reason="both met", actor="ada")
        return link_everybody(company.session, company.store).links

    after = decide(linked=False)
    assert not [link for link in after if link.kind == "persona" and set(pair) <= set(link.subjects)]
    assert farm.id not in {link.id for link in after}
    told = linking.show_link(company.settings, farm.id, actor="ada")
    assert {(one["reason"], one["linked"]) for one in told["decisions"]} == {("both met", False)}
    after = decide(linked=True)
    confirmed = next(link for link in after if set(pair) <= set(link.subjects) and link.kind == "persona")
    assert confirmed.probability == 1.0
    assert farm.id in {link.id for link in after}


def test_a_decision_outlives_a_change_of_id_and_waits_for_whom_the_lake_does_not_hold(
    company: Company,
) -> None:
    """A worker who is found to have applied gets the id of the application; the lake of an earlier day lacks people."""
    rows = company.session.query(
        "SELECT subject_id, subject_id_of(account) AS former_id FROM "
        "(SELECT subject_id, unnest(accounts) AS account FROM subject) WHERE former_id <> subject_id ORDER BY ALL"
    ).to_pylist()
    (one, other) = rows[0], rows[-1]
    assert one["subject_id"] != other["subject_id"]
    pairs = [(one["former_id"], other["former_id"]), (one["subject_id"], "S-NOBODY")]
    decision: Any = {"linked": True, "actor": "ada", "reason": "both met"}
    linkage.decide(company.store, "person", pairs, **decision)
    found = link_everybody(company.session, company.store)
    both = {one["subject_id"], other["subject_id"]}
    assert any(both <= set(members) for members in found.personas.members.values())
    told = linking.explain(company.session, company.store, sorted(both), actor="ada")
    assert (told["linked"], [one["reason"] for one in told["decisions"]]) == (True, ["both met"])


def test_of_decisions_that_contradict_each_other_none_is_lost(company: Company) -> None:
    (one,) = company.session.query(
        "SELECT list(subject_id ORDER BY subject_id)[1:3] AS first FROM subject"
    ).to_pylist()
    first, second, third = one["first"]
    for pair, same in (((first, second), True), ((second, third), True), ((first, third), False)):
        linkage.decide(company.store, "person", [pair], linked=same, actor="ada", reason="both met")
    links = [link for link in link_everybody(company.session, company.store).links if link.kind == "persona"]
    told = {pair for link in links for pair in combinations(link.subjects, 2)}
    assert {(first, second), (second, third)} <= told
    assert (first, third) not in told


def test_a_model_of_another_version_is_trained_anew(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linking, "TRAIN_FROM", 1)
    monkeypatch.setattr("pickglass.linkage.train", lambda _: default_model())
    linkage.save_model(company.store, '{"version": 0}', 1_000_000)
    trained = link_everybody(company.session, company.store).trained
    assert trained is not None
    assert trained[0] == default_model()


def test_what_cannot_be_decided_is_refused(company: Company) -> None:
    thing = next(link for link in company.linked.links if link.kind == "thing" and not link.farm)
    farm = next(link for link in company.linked.links if link.things)
    with pytest.raises(InputError, match="a fact"):
        linking.decide(company.settings, [thing.id], linked=False, reason="no", actor="ada")
    with pytest.raises(InputError, match="a reason"):
        linking.decide(company.settings, [farm.id], linked=False, reason=" ", actor="ada")
    with pytest.raises(NotFound):
        linking.decide(company.settings, ["F-NOBODY"], linked=True, reason="no", actor="ada")


def test_data_health_says_what_links_nobody(company: Company) -> None:
    told = linking.left_out(company.session)
    assert {"egress"} == {one["kind"] for one in told["things"]}
    assert "organisation" in {one["reason"] for one in told["things"]}
