"""Where tests keep their stores: SQLite, or a new database of the server PICKGLASS_TEST_STORE_URL names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, text

from pickglass.settings import Settings, load_settings


@contextmanager
def settings_of_a_new_home(home: Path) -> Iterator[Settings]:
    settings = load_settings(home, {})
    server = os.environ.get("PICKGLASS_TEST_STORE_URL")
    if server is None:
        yield settings
        return
    name = f"pickglass_{uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield replace(settings, store_url=engine.url.set(database=name).render_as_string(hide_password=False))
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()
