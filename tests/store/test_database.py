"""A store opens on the newest tables or not at all, and a transaction happens whole or not at all."""

import io
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select, text

from pickglass.errors import ConfigError
from pickglass.settings import Settings, load_settings
from pickglass.store import Store, database, open_store, tables


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "home", {})


def migrations() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", "pickglass.store:migrations")
    return configuration


def test_migrations_make_the_tables_that_the_code_names(store: Store) -> None:
    with store.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    assert differences == []


def test_the_code_knows_every_migration() -> None:
    script = ScriptDirectory.from_config(migrations())
    assert script.get_current_head() == database.NEWEST
    assert {one.revision for one in script.walk_revisions()} == database.KNOWN


def test_migrations_are_valid_for_postgresql() -> None:
    configuration = migrations()
    configuration.output_buffer = io.StringIO()
    configuration.attributes["dialect"] = "postgresql"
    command.upgrade(configuration, "head", sql=True)
    made = configuration.output_buffer.getvalue()
    assert "CREATE TABLE verdict" in made
    assert "TIMESTAMP WITH TIME ZONE" in made
    assert "WHERE state = 'open'" in made


def test_a_second_opening_imports_no_migration_tool(settings: Settings) -> None:
    open_store(settings).close()
    program = (
        "import sys; from pickglass.settings import load_settings; from pickglass.store import open_store;"
        "open_store(load_settings(sys.argv[1], {'PICKGLASS_STORE_URL': sys.argv[2]})).close();"
        "assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, settings.home, settings.store_url], check=True)


def test_sqlite_is_set_up_to_survive_a_power_cut(sqlite_settings: Settings) -> None:
    with open_store(sqlite_settings) as store, store.reading() as connection:
        for pragma, expected in {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}.items():
            assert connection.scalar(text(f"PRAGMA {pragma}")) == expected
        assert connection.scalar(text("PRAGMA busy_timeout")) >= 10_000
    assert (sqlite_settings.home / "pickglass.db").stat().st_mode & 0o777 == 0o600


def test_a_store_of_a_newer_version_is_refused(settings: Settings) -> None:
    with open_store(settings) as store, store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer pickglass"):
        open_store(settings)


def test_a_file_that_is_no_database_is_refused(sqlite_settings: Settings) -> None:
    sqlite_settings.home.mkdir()
    (sqlite_settings.home / "pickglass.db").write_text("this is a letter and no database at all" * 100)
    with pytest.raises(ConfigError, match="does not answer"):
        open_store(sqlite_settings)


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:", "nodatabase://x/y"])
def test_an_address_that_cannot_be_used_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="store_url"):
        open_store(load_settings(tmp_path, {"PICKGLASS_STORE_URL": url}))


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "home", {})
    settings.home.write_text("a file is in the way")
    with pytest.raises(ConfigError, match="cannot be opened"):
        open_store(settings)


def test_threads_that_open_a_new_store_at_once_all_get_it(settings: Settings) -> None:
    wrong: list[BaseException] = []

    def open_it() -> None:
        try:
            open_store(settings).close()
        except BaseException as error:  # noqa: BLE001 the main thread shows it
            wrong.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_error_undoes_the_whole_transaction(store: Store) -> None:
    def write_and_fail() -> None:
        with store.writing() as connection:
            row = {"started": datetime.now(UTC), "version": "1", "state": "running"}
            connection.execute(insert(tables.load).values(row))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with store.reading() as connection:
        assert connection.scalars(select(tables.load.c.id)).all() == []


def test_readers_do_not_wait_for_a_writer_and_see_one_state(store: Store) -> None:
    row = {"started": datetime.now(UTC), "version": "1", "state": "running"}
    with store.reading() as reader:
        assert reader.scalars(select(tables.load.c.id)).all() == []
        with store.writing() as writer:
            writer.execute(insert(tables.load).values(row))
            assert reader.scalars(select(tables.load.c.id)).all() == []
        assert reader.scalars(select(tables.load.c.id)).all() == []
    with store.reading() as reader:
        assert len(reader.scalars(select(tables.load.c.id)).all()) == 1


def test_times_come_back_as_utc_and_a_time_without_zone_is_refused(store: Store) -> None:
    noon = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with store.writing() as connection:
        connection.execute(insert(tables.load).values(started=noon, version="1", state="running"))
    with store.reading() as connection:
        started = connection.scalars(select(tables.load.c.started)).one()
    assert started == noon
    assert started.tzinfo is UTC
    with pytest.raises(Exception, match="without a zone"), store.writing() as connection:
        connection.execute(
            insert(tables.load).values(started=noon.replace(tzinfo=None), version="1", state="running")
        )


def test_a_store_that_stays_locked_is_a_clear_error(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    with (
        closing(open_store(sqlite_settings)) as first,
        closing(open_store(sqlite_settings)) as second,
        first.writing(),
        pytest.raises(ConfigError, match="locked"),
        second.writing(),
    ):
        pass
