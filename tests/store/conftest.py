"""A home of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.store.servers import settings_of_a_new_home

from pickglass.settings import Settings
from pickglass.store import Store, open_store


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    with settings_of_a_new_home(tmp_path / "home") as settings:
        yield settings


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings) as store:
        yield store
