"""Opening the operational store, and the two kinds of transaction on it.

The tables are migrated when a store is first opened. Later openings compare one stored text with `NEWEST` and
import no migration tool, because every gate's answer waits for them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, insert, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError, ProgrammingError

from pickglass.errors import ConfigError
from pickglass.settings import Settings

NEWEST = "0005"  # the last migration in `migrations/versions`
KNOWN = frozenset({"0001", "0002", "0003", "0004", NEWEST})  # every migration that there has been
BUSY_SECONDS = 30.0  # how long a writer waits for its turn

_WRITING = "pickglass_writing"
_MIGRATION_LOCK = 0x7069636B676C6173  # any number that others will hardly choose


class Store:
    """The operational store; share one in a process, its connections are pooled and safe for threads."""

    def __init__(self, engine: Engine, where: str) -> None:
        self.engine = engine
        self.where = where  # for errors: the URL without its password

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the store for as long as it is held."""
        with self._telling_errors(), self.engine.connect() as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes all happen together at the end, or not at all after an error."""
        with (
            self._telling_errors(),
            self.engine.connect().execution_options(**{_WRITING: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _telling_errors(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            # Its children that tell of a broken rule (a key that exists already) are for the caller.
            if type(error) not in (DatabaseError, OperationalError):
                raise
            raise ConfigError(
                f"the store does not answer: {error.orig}",
                "see whether another program holds it, and whether disk and rights allow writing",
                self.where,
            ) from error


def open_store(settings: Settings) -> Store:
    """Open the operational store of a home, made or migrated to the newest tables where needed.

    ConfigError if it cannot be reached, is no database, or was made by a newer pickglass.
    """
    with _telling_wrong_url():
        url = _url(settings)
        engine = create_engine(url, pool_pre_ping=url.get_backend_name() != "sqlite")
    store = Store(engine, url.render_as_string(hide_password=True))
    try:
        if engine.dialect.name == "sqlite":
            _make_sqlite_file(url.database, settings.home)
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        if _version(store) != NEWEST:
            _migrate(store)
    except BaseException:
        store.close()
        raise
    return store


def store_exists(settings: Settings) -> bool:
    """Say whether the store is there, without making it; one on a server counts as there."""
    with _telling_wrong_url():
        url = _url(settings)
        return url.get_backend_name() != "sqlite" or (settings.home / str(url.database)).exists()


def insert_row(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """Insert a row, and return the id that the database gave it."""
    key = connection.execute(insert(table).values(values)).inserted_primary_key
    if key is None:
        raise AssertionError("the database gave no id")
    return int(key[0])


def _url(settings: Settings) -> URL:
    url = make_url(settings.store_url)
    if url.database in (None, "", ":memory:"):
        raise ArgumentError("the store must outlive this process, so it needs a file or a server")
    return url


@contextmanager
def _telling_wrong_url() -> Iterator[None]:
    try:
        yield
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise ConfigError(
            f"store_url cannot be used: {error}",
            "write it like sqlite:////folder/pickglass.db or postgresql+psycopg://user@host/name",
            "store_url",
        ) from None


def _make_sqlite_file(database: str | None, home: Path) -> None:
    """Make the file before SQLite does, for the owner only; its journals inherit that."""
    path = home / (database or "")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise ConfigError(
            f"the store cannot be opened: {error.strerror}", "choose another home or store_url", str(path)
        ) from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # Python's own handling of transactions begins them too late
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer that only asks for the lock at its first change can be refused in the middle of its work.
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _version(store: Store) -> str | None:
    """Say which migration the tables stand at; None where there are none yet."""
    try:
        with store.reading() as connection:
            found = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    except (ConfigError, ProgrammingError):
        # SQLite says "operational error" for a missing table, as for everything that is really wrong.
        with store.reading() as connection:
            if inspect(connection).has_table("alembic_version"):
                raise
        return None
    version = found[0] if found else None
    if version is not None and version not in KNOWN:
        raise ConfigError(
            f"the store was made by a newer pickglass: its tables stand at {version}, known is {NEWEST}",
            "upgrade pickglass, or choose another home",
            store.where,
        )
    return version


def _migrate(store: Store) -> None:
    """Bring the tables to the newest migration, all or nothing; of several processes at once, one does it."""
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", "pickglass.store:migrations")
    with store.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
