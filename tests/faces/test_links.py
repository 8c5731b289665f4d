"""Links on the command line: listed, shown, decided; masked unless a reason is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from tests.faces.conftest import Answer

from pickglass.faces.exports.run_document import link_document
from pickglass.faces.exports.wording import link_sentence
from pickglass.model.records import Link
from pickglass.settings import load_settings
from pickglass.store import audit, open_store
from pickglass.store.canonical import plain
from pickglass.store.linkage import save_links

Call = Callable[..., Answer]

ONE, TWO, THREE = "S-AAAA1111BB", "S-BBBB2222CC", "S-CCCC3333DD"
PHONE = "+12065550142"
FARM = Link(
    "thing",
    (ONE, TWO, THREE),
    thing="farm",
    id="F-AAAAAAAAAA",
    farm="F-AAAAAAAAAA",
    bits=700,
    probability=0.99,
    reasons=("a household explains two people in one place, not 3: +2 bits",),
    things=(
        {"kind": "egress", "label": "192.0.2.7", "subjects": (ONE, TWO, THREE)},
        {"kind": "phone", "label": PHONE, "subjects": (ONE, TWO)},
    ),
)
PERSONA = Link(
    "persona",
    (ONE, TWO),
    id="P-AAAA1111BB",
    probability=0.97,
    reasons=("one phone number: +7.0 bits in all",),
)
THING = Link(
    "thing", (ONE, TWO), thing="phone", label=PHONE, bits=560, id="T-BBBBBBBBBB", farm="F-AAAAAAAAAA"
)


@pytest.fixture
def linked(home: Path) -> Path:
    change = {"persona_id": PERSONA.id, "kind": "merged", "others": ["P-OLD"], "subjects": [TWO]}
    with open_store(load_settings(home)) as store:
        save_links(
            store, {one.id: plain(one) for one in (PERSONA, FARM, THING)}, {PERSONA.id: (ONE, TWO)}, [change]
        )
    return home


def test_links_are_listed_masked_and_by_kind(call: Call, linked: Path) -> None:
    listed = call("link", "list", "--home", linked, "--json").json()["links"]
    assert [one["id"] for one in listed] == [PERSONA.id, FARM.id, THING.id]
    assert [
        one["id"]
        for one in call("link", "list", "--kind", "farm", "--home", linked, "--json").json()["links"]
    ] == [FARM.id]
    assert len(call("link", "list", "--subject", THREE, "--home", linked, "--json").json()["links"]) == 1
    first = call("link", "list", "--limit", 1, "--home", linked, "--json").json()
    assert (first["total"], [one["id"] for one in first["links"]]) == (3, [PERSONA.id])
    answer = call("link", "list", "--home", linked)
    assert answer.code == 0
    assert "the internet line and the telephone number" in answer.out
    assert PHONE not in answer.out


def test_a_farm_shows_its_things_and_why(call: Call, linked: Path) -> None:
    answer = call("link", "show", "f-aaaa", "--home", linked)
    assert answer.code == 0
    for part in (
        ONE,
        THREE,
        "the internet line 192.0.2.7",
        "a household explains two",
        "farm, probability 0.99",
    ):
        assert part in answer.out
    assert PHONE not in answer.out
    clear = call("link", "show", FARM.id, "--home", linked, "--json", "--reveal", "case 7").json()
    assert clear["link"]["things"][1]["label"] == PHONE
    with open_store(load_settings(linked)) as store:
        assert {"link.view", "reveal"} <= {one.action for one in audit.entries(store)}


def test_a_persona_shows_its_history_and_what_was_decided(call: Call, linked: Path) -> None:
    done = call(
        "link", "confirm", PERSONA.id, "--reason", "write to dana@example.com", "--home", linked, "--json"
    ).json()
    assert done == {"version": 1, "kind": "person", "subjects": [ONE, TWO], "linked": True, "pairs": 1}
    answer = call("link", "show", PERSONA.id, "--home", linked)
    assert f"merged with P-OLD: {TWO}" in answer.out
    assert f"{ONE} and {TWO}: one person" in answer.out
    assert "dana@example.com" not in answer.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "F-NOBODY"), 5),
        (("reject", "F-NOBODY", "--reason", "none"), 5),
        (("reject", THING.id, "--reason", "none"), 3),
        (("reject", FARM.id, "--reason", " "), 3),
        (("reject", FARM.id), 2),
        (("reject", "a", "b", "c", "--reason", "none"), 2),
        (("why", ONE), 2),
    ],
)
def test_a_mistake_has_its_code(call: Call, linked: Path, arguments: tuple[str, ...], code: int) -> None:
    assert call("link", *arguments, "--home", linked).code == code


def test_a_home_that_is_empty_is_not_made(call: Call, tmp_path: Path) -> None:
    assert call("link", "list", "--home", tmp_path / "none").code == 5
    assert not (tmp_path / "none").exists()


def test_a_farm_in_a_sentence_names_its_things_and_the_others() -> None:
    document: dict[str, Any] = link_document(asdict(FARM))
    assert document["things"][1] == {"thing": "phone", "label": "+1…42", "subjects": [ONE, TWO]}
    assert link_sentence(ONE, document) == (
        f"Belongs to a farm (F-AAAAAAAAAA) with {TWO}, {THREE}, by the internet line 192.0.2.7 and the telephone number +1…42."
    )
