"""What linkage keeps: no decision is lost, and an erased subject is in nothing of it."""

from __future__ import annotations

import pytest

from pickglass.errors import InputError
from pickglass.store import Store, audit, keeping, linkage

ONE, TWO, THREE = "S-AAAAAAAAAA", "S-BBBBBBBBBB", "S-CCCCCCCCCC"


def decide(store: Store, *pair: str, linked: bool, kind: linkage.DecisionKind = "person") -> None:
    linkage.decide(store, kind, [(pair[0], pair[1])], linked=linked, actor="ada", reason="seen in person")


def save(store: Store) -> None:
    documents: dict[str, dict[str, object]] = {
        "P-AAAAAAAAAA": {"id": "P-AAAAAAAAAA", "subjects": [ONE, TWO], "label": "octo@example.com"},
        "T-1": {"id": "T-1", "subjects": [TWO, THREE], "label": None},
    }
    change = {"persona_id": "P-AAAAAAAAAA", "kind": "new", "others": [], "subjects": [ONE, TWO]}
    linkage.save_links(store, documents, {"P-AAAAAAAAAA": (ONE, TWO)}, [change])


def test_all_decisions_stay_as_history_oldest_first(store: Store) -> None:
    decide(store, TWO, ONE, linked=True)
    decide(store, ONE, TWO, linked=False)
    decide(store, ONE, TWO, linked=True, kind="farm")
    told = linkage.decision_history(store, [TWO, ONE])
    assert [(one.kind, one.linked) for one in told] == [("person", True), ("person", False), ("farm", True)]
    assert {(one.left_subject, one.right_subject) for one in told} == {(ONE, TWO)}
    assert linkage.decision_history(store, [ONE, THREE]) == []


def test_a_decision_is_in_the_audit_log_and_needs_a_reason(store: Store) -> None:
    decide(store, ONE, TWO, linked=False)
    (entry,) = [one for one in audit.entries(store) if one.action == "link.reject"]
    assert (entry.actor, entry.object, entry.reason) == ("ada", f"{ONE} {TWO}", "seen in person")
    with pytest.raises(InputError, match="a reason"):
        linkage.decide(store, "person", [(ONE, TWO)], linked=True, actor="ada", reason=" ")
    assert len(linkage.decision_history(store)) == 1


def test_links_of_a_run_take_the_place_of_those_before_and_history_grows(store: Store) -> None:
    save(store)
    save(store)
    assert list(linkage.links(store)) == ["P-AAAAAAAAAA", "T-1"]
    assert linkage.personas(store) == {"P-AAAAAAAAAA": frozenset({ONE, TWO})}
    assert [one.kind for one in linkage.persona_history(store, "P-AAAAAAAAAA")] == ["new", "new"]
    linkage.save_links(store, {}, {}, [])
    assert linkage.links(store) == {}
    assert linkage.personas(store) == {}


def test_the_newest_model_is_used_and_few_are_kept(store: Store) -> None:
    assert linkage.newest_model(store) is None
    for number in range(5):
        linkage.save_model(store, f"model {number}", number)
    assert linkage.newest_model(store) == ("model 4", 4)


def test_an_erased_subject_is_in_nothing_that_linkage_keeps(store: Store) -> None:
    save(store)
    decide(store, ONE, TWO, linked=True)
    decide(store, TWO, THREE, linked=False)
    linkage.save_model(store, "frequencies of names", 6_000)
    with store.writing() as connection:
        removed = linkage.forget_subject(connection, ONE)
    assert removed == {"decisions": 1, "personas": 2, "persona_changes": 1, "links": 1, "models": 1}
    assert list(linkage.links(store)) == ["T-1"]
    (left,) = linkage.decision_history(store)
    assert (left.left_subject, left.right_subject, left.linked) == (TWO, THREE, False)
    assert linkage.newest_model(store) is None
    assert linkage.persona_history(store, "P-AAAAAAAAAA") == []


def test_no_persona_is_called_after_an_erased_subject(store: Store) -> None:
    change = {"persona_id": "P-AAAAAAAAAA", "kind": "shrunk", "others": [], "subjects": [THREE]}
    merged = {"persona_id": "P-BBBBBBBBBB", "kind": "merged", "others": ["P-AAAAAAAAAA"], "subjects": [THREE]}
    linkage.save_links(store, {}, {"P-AAAAAAAAAA": (ONE, TWO, THREE)}, [change, merged])
    with store.writing() as connection:
        removed = linkage.forget_subject(connection, ONE)
    assert (removed["personas"], removed["persona_changes"]) == (3, 2)
    assert linkage.personas(store) == {}


def test_what_others_keep_of_an_erased_persons_values_is_redacted(store: Store) -> None:
    save(store)
    decide(store, ONE, TWO, linked=True)

    def redacted(value: object) -> object:
        if isinstance(value, dict):
            return {key: redacted(one) for key, one in value.items()}
        return "[erased]" if value in ("octo@example.com", "seen in person") else value

    assert keeping.redact(store, redacted) == {"link": 1, "link_decision": 1}
    assert linkage.links(store)["P-AAAAAAAAAA"]["label"] == "[erased]"
    assert linkage.decision_history(store)[0].reason == "[erased]"
