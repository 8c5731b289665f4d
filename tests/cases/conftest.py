"""A store, and a way to keep assessments in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cases.assessed import TIME, VERSIONS, documented

from pickglass.cases import save_run
from pickglass.model.records import Assessment
from pickglass.settings import load_settings
from pickglass.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(load_settings(tmp_path / "home", {})) as store:
        yield store


@pytest.fixture
def save(store: Store) -> Callable[..., int]:
    def save(*assessments: Assessment, complete: bool = True) -> int:
        return save_run(
            store,
            map(documented, assessments),
            as_of=TIME,
            scorecard="2026-11",
            versions=VERSIONS,
            actor="ada",
            complete=complete,
        )

    return save
