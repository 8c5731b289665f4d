"""Every indicator of the catalogue passes its own tests."""

import pytest

from pickglass.indicators.catalogue import Trial, catalogue, get, load_tests
from pickglass.indicators.testing import try_out

TRIALS = [
    pytest.param(name, trial, id=f"{name}: {trial.name}")
    for name in catalogue()
    for trial in load_tests(name)
]


@pytest.mark.parametrize(("name", "trial"), TRIALS)
def test_an_indicator_does_what_its_tests_say(name: str, trial: Trial) -> None:
    assert not try_out(get(name), trial)
