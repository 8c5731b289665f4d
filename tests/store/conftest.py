"""A home of its own for every test; with PICKGLASS_TEST_STORE_URL the tests run on that PostgreSQL server."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from pickglass.settings import Settings, load_settings
from pickglass.store import Store, open_store


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    settings = load_settings(tmp_path / "home", {})
    server = os.environ.get("PICKGLASS_TEST_STORE_URL")
    if server is None:
        yield settings
        return
    from sqlalchemy import create_engine, text

    name = f"pickglass_{uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield replace(settings, store_url=engine.url.set(database=name).render_as_string(hide_password=False))
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings) as store:
        yield store
