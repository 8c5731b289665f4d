"""Every indicator of the catalogue keeps the rules of docs/indicators.md and passes its own tests."""

from collections.abc import Iterator

import pytest

from pickglass.indicators.catalogue import Entry, Trial, catalogue, files, read_entry
from pickglass.indicators.lint import check_absence, check_entry, empty_lake
from pickglass.indicators.testing import try_out
from pickglass.lake.session import Session

ENTRIES = [pytest.param(read_entry(path), id=path.stem) for path in files()]
TRIALS = [
    pytest.param(entry, trial, id=f"{entry.path.stem}: {trial.name}")
    for path in files()
    for entry in [read_entry(path)]
    for trial in entry.trials
]


@pytest.fixture(scope="module")
def empty() -> Iterator[Session]:
    with empty_lake() as lake:
        yield lake


def test_the_catalogue_can_be_read() -> None:
    assert set(catalogue()) == {path.stem for path in files()}


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_indicator_keeps_the_rules(entry: Entry, empty: Session) -> None:
    assert not [str(complaint) for complaint in check_entry(entry, empty)]


@pytest.mark.parametrize(("entry", "trial"), TRIALS)
def test_an_indicator_does_what_its_tests_say(entry: Entry, trial: Trial) -> None:
    assert entry.indicator is not None
    assert not try_out(entry.indicator, trial)


@pytest.mark.slow
@pytest.mark.parametrize("entry", ENTRIES)
def test_nobody_becomes_clear_because_a_table_is_missing(entry: Entry) -> None:
    assert entry.indicator is not None
    complaints = check_absence(entry.indicator, entry.trials, entry.absence)
    assert not [str(complaint) for complaint in complaints]
