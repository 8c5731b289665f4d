"""The promise on the simulated company: planted cases are seen, honest look-alikes are left in peace.

The company is the one that `pickglass demo` makes. The truth is read from the simulator's `truth.json`, which
nothing else reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from pickglass import pipeline
from pickglass.settings import load_settings
from pickglass.simulate import simulate

# One process makes the company once for all of these tests.
pytestmark = pytest.mark.xdist_group("detection")

URGENT = ("act", "review")
BELOW_REVIEW = ("married-couple", "streamer", "consultant")
CASES = ("H1", "H2", "H3", "H4")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], pipeline.Run]:
    """Return the truth about the demo company, and the run on its exports."""
    folder = tmp_path_factory.mktemp("company")
    simulate(folder / "exports", workers=300, days=240, seed=7)
    run = pipeline.run(load_settings(folder / "home"), [folder / "exports"])
    return json.loads((folder / "exports" / "truth.json").read_text("utf-8")), run


def _documents(run: pipeline.Run) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {
        (system, reference): document
        for document in run.documents
        for system, reference in document["subject"]["refs"].items()
    }


def _band(truth: Mapping[str, Any], documents: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    found = [documents[key] for key in truth["refs"].items() if key in documents]
    assert found, f"{truth['refs']} is in the exports and not among the subjects"
    band: str = found[0]["assessment"]["band"]
    return band


def _named(truth: Mapping[str, Any], **wanted: str) -> list[Mapping[str, Any]]:
    found = [
        subject
        for subject in truth["subjects"]
        if all(subject[name] == value for name, value in wanted.items())
    ]
    assert found, f"the company has nobody with {wanted}"
    return found


@pytest.mark.parametrize("case", CASES)
def test_every_planted_case_is_at_least_under_review(
    company: tuple[dict[str, Any], pipeline.Run], case: str
) -> None:
    """Each person of the published cases is in act or review."""
    truth, run = company
    documents = _documents(run)
    bands = {str(one["refs"]): _band(one, documents) for one in _named(truth, case=case)}
    assert set(bands.values()) <= set(URGENT), bands


def test_every_hired_schemer_is_at_least_under_review(company: tuple[dict[str, Any], pipeline.Run]) -> None:
    """Whoever was hired and is not ordinary, whatever the hypothesis, is in act or review."""
    truth, run = company
    documents = _documents(run)
    hired = [one for one in truth["subjects"] if one["hypothesis"] != "ordinary" and "workday" in one["refs"]]
    bands = {f"{one['case']} {one['refs']}": _band(one, documents) for one in hired}
    assert set(bands.values()) <= set(URGENT), bands


def test_no_honest_person_is_in_act(company: tuple[dict[str, Any], pipeline.Run]) -> None:
    """Nobody whose life is ordinary is in act, look-alike or not."""
    truth, run = company
    documents = _documents(run)
    accused = [one["refs"] for one in _named(truth, hypothesis="ordinary") if _band(one, documents) == "act"]
    assert accused == []


@pytest.mark.parametrize("lookalike", BELOW_REVIEW)
def test_the_best_explained_lookalikes_are_below_review(
    company: tuple[dict[str, Any], pipeline.Run], lookalike: str
) -> None:
    """The couple in one flat, the streamer and the consultant are not even put before a person."""
    truth, run = company
    documents = _documents(run)
    bands = [_band(one, documents) for one in _named(truth, lookalike=lookalike)]
    assert not set(bands) & set(URGENT), bands


def test_a_victim_is_taken_for_a_victim(company: tuple[dict[str, Any], pipeline.Run]) -> None:
    """Whose pay was taken over leads to `hijacked`, and never to act."""
    truth, run = company
    documents = _documents(run)
    for one in _named(truth, hypothesis="hijacked"):
        document = next(documents[key] for key in one["refs"].items() if key in documents)
        assert document["assessment"]["leading"] == "hijacked"
        assert document["assessment"]["band"] != "act"
