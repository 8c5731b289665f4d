"""A store, and a way to keep assessments in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cases.assessed import TIME, VERSIONS, documented
from tests.store.servers import settings_of_a_new_home

from pickglass.cases import save_run
from pickglass.model.records import Assessment
from pickglass.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with settings_of_a_new_home(tmp_path / "home") as settings, open_store(settings) as store:
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
