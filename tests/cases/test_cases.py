"""People work on cases under rules: everything is logged, verdicts rest on frozen documents, two confirm."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, update
from tests.cases.assessed import assess, documented

from pickglass.cases import (
    add_note,
    assign,
    count_cases,
    erase_subject,
    find,
    frozen_document,
    list_cases,
    open_case,
    open_for,
    set_verdict,
    show_case,
)
from pickglass.cases.records import Case, Finding
from pickglass.errors import ConfigError, InputError, NotAllowed, NotFound
from pickglass.store import Store, audit, tables

Save = Callable[..., int]
ONE, TWO, THREE = "S-0000000001", "S-0000000002", "S-0000000003"


@pytest.fixture
def case(store: Store, save: Save) -> Case:
    save(assess(ONE))
    (case,) = open_for(store, [assess(ONE)])
    return case


# -- opening -----------------------------------------------------------------------------------------------


def test_the_rule_opens_a_case_for_each_urgent_subject_once(store: Store, save: Save) -> None:
    assessments = [assess(ONE, "act"), assess(TWO, "review"), assess(THREE, "watch")]
    save(*assessments)
    opened = open_for(store, assessments)
    assert [(one.subject_id, one.band, one.state) for one in opened] == [
        (ONE, "act", "open"),
        (TWO, "review", "open"),
    ]
    assert all(len(one.id) == 12 and one.id.startswith("C-") for one in opened)
    assert open_for(store, assessments * 2) == []
    assert count_cases(store) == 2


def test_a_judged_subject_comes_back_only_with_something_new(store: Store, case: Case, save: Save) -> None:
    set_verdict(store, case.id, "cleared", author="ada", reason="met in person")
    assert open_for(store, [assess(ONE)]) == []
    assert open_for(store, [assess(ONE, "review")]) == [], "less urgent than it was"
    (again,) = open_for(store, [assess(ONE, fired=("ship-intransit-redirect", "dev-ipkvm-usb-signature"))])
    assert again.id != case.id


def test_a_judged_subject_comes_back_in_a_more_urgent_band(store: Store, save: Save) -> None:
    save(assess(ONE, "review"))
    (case,) = open_for(store, [assess(ONE, "review")])
    set_verdict(store, case.id, "cleared", author="ada", reason="met in person")
    assert len(open_for(store, [assess(ONE, "act")])) == 1


def test_a_case_is_opened_by_hand_for_an_assessed_subject(store: Store, save: Save) -> None:
    save(assess(ONE, "none"))
    case = open_case(store, ONE, actor="ada", reason="a tip")
    assert (case.opened_by, case.band) == ("ada", "none")
    with pytest.raises(InputError, match=case.id):
        open_case(store, ONE, actor="ada", reason="a tip")
    with pytest.raises(InputError, match="reason"):
        open_case(store, ONE, actor="ada", reason=" ")
    with pytest.raises(NotFound):
        open_case(store, TWO, actor="ada", reason="a tip")


# -- verdicts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "state"), [("cleared", "closed"), ("needs_more", "open"), ("suspected", "open")]
)
def test_a_verdict_closes_the_case_only_if_nothing_is_left_to_do(
    store: Store, case: Case, verdict: Finding, state: str
) -> None:
    given = set_verdict(store, case.id, verdict, author="ada", reason="because")
    (shown,) = show_case(store, case.id, actor="ada").verdicts
    assert shown == given
    assert show_case(store, case.id, actor="ada").case.state == state


def test_a_second_person_confirms(store: Store, case: Case) -> None:
    for second in (None, "", "ada", " ADA "):
        with pytest.raises(NotAllowed):
            set_verdict(store, case.id, "confirmed", author="ada", reason="because", second=second)
    assert show_case(store, case.id, actor="ada").verdicts == ()
    verdict = set_verdict(store, case.id, "confirmed", author="ada", reason="because", second="bob")
    assert (verdict.author, verdict.second) == ("ada", "bob")
    with pytest.raises(NotAllowed, match="closed"):
        set_verdict(store, case.id, "cleared", author="ada", reason="because")


def test_a_verdict_freezes_the_document_that_it_rests_on(store: Store, case: Case, save: Save) -> None:
    seen = show_case(store, case.id, actor="ada")
    verdict = set_verdict(store, case.id, "suspected", author="ada", reason="because", seen=seen.sha256)
    save(assess(ONE, "review"))
    assert frozen_document(store, verdict.document, actor="ada") == documented(assess(ONE))
    later = set_verdict(store, case.id, "needs_more", author="ada", reason="it changed")
    assert later.document != verdict.document
    assert frozen_document(store, later.document, actor="ada")["assessment"]["band"] == "review"


def test_two_verdicts_may_rest_on_one_document(store: Store, case: Case) -> None:
    first = set_verdict(store, case.id, "needs_more", author="ada", reason="because")
    second = set_verdict(store, case.id, "suspected", author="bob", reason="because")
    assert first.document == second.document


def test_a_verdict_on_what_has_changed_meanwhile_is_refused(store: Store, case: Case, save: Save) -> None:
    seen = show_case(store, case.id, actor="ada").sha256
    save(assess(ONE, "review"))
    with pytest.raises(InputError, match="changed since"):
        set_verdict(store, case.id, "cleared", author="ada", reason="because", seen=seen)


def test_a_frozen_document_that_was_changed_is_not_shown(store: Store, case: Case) -> None:
    verdict = set_verdict(store, case.id, "suspected", author="ada", reason="because")
    with store.writing() as connection:
        connection.execute(update(tables.case_document).values(content="{}"))
    with pytest.raises(InputError, match="changed after it was frozen"):
        frozen_document(store, verdict.document, actor="ada")
    with pytest.raises(NotFound):
        frozen_document(store, "0" * 64, actor="ada")


def test_a_verdict_needs_a_known_word_a_reason_and_an_assessment(
    store: Store, case: Case, save: Save
) -> None:
    with pytest.raises(InputError, match="no verdict"):
        set_verdict(store, case.id, "guilty", author="ada", reason="because")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="reason"):
        set_verdict(store, case.id, "cleared", author="ada", reason=" ")
    with pytest.raises(InputError, match="second person"):
        set_verdict(store, case.id, "cleared", author="ada", reason="because", second="bob")
    with pytest.raises(NotFound):
        set_verdict(store, "C-NOTTHERE00", "cleared", author="ada", reason="because")
    save(assess(TWO))
    with pytest.raises(NotFound, match="no assessment"):
        set_verdict(store, case.id, "cleared", author="ada", reason="because")


# -- the log -----------------------------------------------------------------------------------------------


def test_everything_done_to_a_case_is_logged_without_personal_words(store: Store, case: Case) -> None:
    assign(store, case.id, "bob", actor="ada")
    add_note(store, case.id, "Robin Example called", author="ada")
    show_case(store, case.id, actor="bob", reason="my turn")
    set_verdict(store, case.id, "suspected", author="bob", reason="Robin Example did not call back")
    logged = audit.entries(store, object=case.id)
    assert [entry.action for entry in reversed(logged)] == [
        "case.open",
        "case.assign",
        "case.note",
        "case.view",
        "case.verdict",
    ]
    assert "Robin" not in repr(logged)
    assert audit.verify(store).whole


def test_what_cannot_be_logged_is_refused(store: Store, case: Case) -> None:
    with store.writing() as connection:
        connection.execute(delete(tables.head).where(tables.head.c.name == "audit"))
    actions: list[Callable[[], object]] = [
        lambda: show_case(store, case.id, actor="ada"),
        lambda: add_note(store, case.id, "text", author="ada"),
        lambda: assign(store, case.id, "bob", actor="ada"),
        lambda: set_verdict(store, case.id, "cleared", author="ada", reason="because"),
        lambda: open_for(store, [assess(TWO)]),
        lambda: erase_subject(store, ONE, actor="ada", reason="because"),
    ]
    for action in actions:
        with pytest.raises(ConfigError, match="audit log"):
            action()
    with store.reading() as connection:
        for table in (tables.note, tables.verdict, tables.case_document):
            assert connection.execute(table.select()).all() == []
    (only,) = list_cases(store)
    assert only.case == case


# -- notes, lists, finding ---------------------------------------------------------------------------------


def test_notes_come_in_order_and_are_not_empty(store: Store, case: Case) -> None:
    notes = [add_note(store, case.id, text, author="ada") for text in ("first", "second")]
    assert show_case(store, case.id.lower(), actor="ada").notes == tuple(notes)
    with pytest.raises(InputError):
        add_note(store, case.id, " ", author="ada")


def test_the_list_shows_what_a_subject_looks_like_now(store: Store, save: Save) -> None:
    assessments = [assess(ONE, "review"), assess(TWO, "act")]
    save(*assessments)
    open_for(store, assessments)
    assert [one.case.subject_id for one in list_cases(store)] == [TWO, ONE]
    save(assess(ONE, "act"))
    first, second = list_cases(store)
    assert first.case.subject_id == ONE
    assert first.assessment is not None
    assert (first.case.band, first.assessment.band) == ("review", "act")
    assert second.assessment is None, "no longer assessed, still a case"
    set_verdict(store, first.case.id, "suspected", author="ada", reason="because")
    set_verdict(store, first.case.id, "cleared", author="ada", reason="because")
    assert [one.verdict for one in list_cases(store, state=None)] == ["cleared", None]


def test_the_list_is_filtered_and_paged(store: Store, save: Save) -> None:
    assessments = [assess(f"S-000000000{number}", "act" if number < 3 else "review") for number in range(6)]
    save(*assessments)
    opened = open_for(store, assessments)
    assign(store, opened[4].id, "bob", actor="ada")
    assert count_cases(store, band="act") == len(list_cases(store, band="act")) == 3
    assert [one.case.id for one in list_cases(store, assignee="bob")] == [opened[4].id]
    assert [one.case.id for one in list_cases(store, subject_id="S-0000000002")] == [opened[2].id]
    pages = [one.case.id for offset in (0, 2, 4) for one in list_cases(store, limit=2, offset=offset)]
    assert pages == [one.case.id for one in list_cases(store)]
    assert count_cases(store, state="closed") == 0


@pytest.mark.parametrize("upper", [True, False])
def test_find_goes_by_ids_people_and_notes(store: Store, case: Case, upper: bool) -> None:
    assign(store, case.id, "bob@example.com", actor="ada")
    add_note(store, case.id, "Parcel at Zürich, 100% sure", author="ada")
    for text in (case.id, case.id[:5], ONE, "bob", "parcel at", "100% s"):
        (found,) = find(store, text.upper() if upper else text.lower())
        assert found.case.id == case.id
    for text in ("C-%", "carol", "1000"):
        assert find(store, text) == []
    with pytest.raises(InputError):
        find(store, " ")


def test_a_case_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        show_case(store, "C-NOTTHERE00", actor="ada")


# -- erasure -----------------------------------------------------------------------------------------------


def test_erasure_removes_the_person_and_keeps_the_chain(store: Store, case: Case, save: Save) -> None:
    save(assess(TWO), complete=False)
    (other,) = open_for(store, [assess(TWO)])
    add_note(store, case.id, "Robin Example called", author="ada")
    set_verdict(store, case.id, "cleared", author="ada", reason="because")
    removed = erase_subject(store, ONE, actor="ada", reason="request 12")
    kept = {name: count for name, count in removed.items() if count}
    assert kept == {"notes": 1, "verdicts": 1, "cases": 1, "documents": 1, "assessments": 1}
    assert set(removed) - set(kept) == {"decisions", "personas", "persona_changes", "links", "models"}
    assert [one.case.id for one in list_cases(store, state=None)] == [other.id]
    assert audit.verify(store).whole
    with pytest.raises(InputError, match="reason"):
        erase_subject(store, TWO, actor="ada", reason="")
