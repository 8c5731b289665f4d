"""Opening the lake for reading: the snapshots that the ledger names, as a session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pickglass.errors import ConfigError, NotFound
from pickglass.lake.addresses import AddressDatabase
from pickglass.lake.engine import connect
from pickglass.lake.rollups import LATEST, ROLLUPS, Rolling, bare_rows, latest_known
from pickglass.lake.session import Session, session
from pickglass.lake.snapshots import Part, parts
from pickglass.lake.tables import Tables
from pickglass.model.schema import schema
from pickglass.settings import Settings, derived_key
from pickglass.store import Store, ledger
from pickglass.store.address_databases import databases_in_force

# Tables whose dates say when something is valid, not until when the company looked. Assessing at the latest moment, what
# people attested or listed since counts as well: an answer to an alert must not wait for the next export.
NOT_OBSERVED = ("attestation", "intelligence", "rejects", "superseded")


@contextmanager
def open_lake(settings: Settings, store: Store, as_of: datetime | None = None) -> Iterator[Session]:
    """Open the lake as it was known at `as_of` (UTC); by default at the latest moment it knows of.

    The latest known moment and not the clock, because silence after the last export is no silence of people.
    Raises NotFound where nothing has been loaded.
    """
    snapshots = ledger.current_snapshots(store)
    if not snapshots:
        raise NotFound(
            "nothing has been loaded here yet", hint="pickglass load PATH", where=str(settings.home)
        )
    tables = Tables(settings.catalog_uri, Path(settings.warehouse))
    try:
        found = {name: parts(tables, name, snapshot) for name, snapshot in snapshots.items()}
    finally:
        tables.close()
    files = {name: [part.path for part in listed] for name, listed in found.items()}
    moment = as_of or _latest(settings, found)
    settings.workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A folder of its own: what one session spills is no other session's to sweep.
    with (
        TemporaryDirectory(prefix="spill-", dir=settings.workspace) as spill,
        session(
            files,
            moment,
            derived_key(settings, "subjects"),
            settings.memory_limit,
            settings.threads,
            Path(spill),
            # At the latest moment nothing is left out: what was given anew since then corrects what was known then.
            uncut=() if as_of else tuple(schema().tables),
            databases=_databases(settings, store),
            rolling=Rolling(settings.home / ROLLUPS, Path(spill), found),
        ) as opened,
    ):
        yield opened


def database_path(settings: Settings, sha256: str) -> Path:
    """Return where the address database with these bytes lies."""
    return settings.home / "intel" / f"{sha256}.mmdb"


def _databases(settings: Settings, store: Store) -> list[AddressDatabase]:
    rows = databases_in_force(store, datetime.now(UTC))
    found = [
        AddressDatabase(
            database_path(settings, row["sha256"]), row["kind"], row["built"], row["type"], row["valid_until"]
        )
        for row in rows
    ]
    gone = [one for one in found if not one.path.exists()]
    if gone:
        raise ConfigError(
            "an address database that was added is gone",
            hint="put it back, or `pickglass intel expire` its list",
            where=str(gone[0].path),
        )
    return found


def _latest(settings: Settings, found: Mapping[str, Sequence[Part]]) -> datetime:
    """Find the latest moment that any observed row was known at."""
    observed = {name: listed for name, listed in found.items() if name not in NOT_OBSERVED}
    moments, left = latest_known(settings.home / ROLLUPS, observed)
    if paths := [path for listed in left.values() for path in listed]:
        connection = connect()
        try:
            rows = connection.sql(f"SELECT max({LATEST}) FROM {bare_rows(paths)}").fetchall()
        finally:
            connection.close()
        moments += [row[0] for row in rows if row[0]]
    return max(moments, default=datetime.now(UTC)).astimezone(UTC)
