"""The newest scorecard, an indicator for each of its lines, and a short way to weigh some of them."""

from __future__ import annotations

import pytest
from tests.score.catalogue import Weigh, evidence_for, indicator_for

from pickglass.model.records import Assessment, Indicator
from pickglass.score import Scorecard, load_scorecard, score


@pytest.fixture(scope="session")
def scorecard() -> Scorecard:
    return load_scorecard()


@pytest.fixture(scope="session")
def catalogue(scorecard: Scorecard) -> dict[str, Indicator]:
    return {name: indicator_for(name, scorecard) for name in scorecard.weights}


@pytest.fixture(scope="session")
def weigh(scorecard: Scorecard, catalogue: dict[str, Indicator]) -> Weigh:
    def weigh(
        *fired: str,
        clear: tuple[str, ...] = (),
        population: str = "new_hire",
        not_assessable: tuple[str, ...] = (),
    ) -> Assessment:
        return score(evidence_for(fired, clear, population, not_assessable), scorecard, catalogue)

    return weigh
