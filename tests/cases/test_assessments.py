"""The latest assessment of each subject is kept, and looking at it leaves an entry in the log."""

from collections.abc import Callable

import pytest
from tests.cases.assessed import assess, documented

from pickglass.cases import latest_assessments, view_assessment
from pickglass.errors import NotAllowed, NotFound
from pickglass.store import Store, audit

Save = Callable[..., int]


def test_the_least_ordinary_come_first(store: Store, save: Save) -> None:
    save(assess("S-0000000001", "none"), assess("S-0000000002", "review"), assess("S-0000000003", "act"))
    queue = latest_assessments(store)
    assert [one.subject_id for one in queue] == ["S-0000000003", "S-0000000002", "S-0000000001"]
    assert queue[0].not_ordinary == pytest.approx(0.967)
    assert [one.subject_id for one in latest_assessments(store, band="review")] == ["S-0000000002"]
    assert [one.subject_id for one in latest_assessments(store, limit=1, offset=1)] == ["S-0000000002"]


def test_a_complete_run_replaces_all_and_a_partial_one_only_its_subjects(store: Store, save: Save) -> None:
    first = save(assess("S-0000000001", "act"), assess("S-0000000002", "act"))
    second = save(assess("S-0000000002", "watch"), complete=False)
    runs = {one.subject_id: (one.run_id, one.band) for one in latest_assessments(store)}
    assert runs == {"S-0000000001": (first, "act"), "S-0000000002": (second, "watch")}
    third = save(assess("S-0000000002", "review"))
    assert [(one.subject_id, one.run_id) for one in latest_assessments(store)] == [("S-0000000002", third)]


def test_many_subjects_are_saved_in_one_run(store: Store, save: Save) -> None:
    save(*(assess(f"S-{number:010}", "watch") for number in range(1201)))
    assert len(latest_assessments(store)) == 1201


def test_a_run_that_fails_leaves_the_one_before(store: Store, save: Save) -> None:
    save(assess("S-0000000001"))
    twice = assess("S-0000000002")
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        save(twice, twice)
    assert [one.subject_id for one in latest_assessments(store)] == ["S-0000000001"]


def test_a_view_gives_the_document_and_is_logged(store: Store, save: Save) -> None:
    save(assess("S-0000000001"))
    content = view_assessment(store, "S-0000000001", actor="bob", reason="ticket 7")
    assert content == documented(assess("S-0000000001"))
    (entry,) = audit.entries(store, object="S-0000000001")
    assert (entry.actor, entry.action, entry.reason) == ("bob", "view", "ticket 7")


def test_without_actor_or_assessment_there_is_nothing_to_see(store: Store, save: Save) -> None:
    save(assess("S-0000000001"))
    with pytest.raises(NotAllowed):
        view_assessment(store, "S-0000000001", actor="")
    with pytest.raises(NotFound):
        view_assessment(store, "S-0000000009", actor="bob")
