"""The retention period of originals: their bytes go, the hashes in the rows stay."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pickglass.lake import load
from pickglass.lake.care import Carer
from pickglass.lake.erasure import originals_of
from pickglass.lake.originals import list_originals, original_path
from pickglass.lake.tables import Tables
from pickglass.settings import Settings
from pickglass.store import Store, keeping, ledger


def expire_originals(settings: Settings, store: Store, days: int, *, actor: str) -> dict[str, int]:
    """Remove the originals that were loaded more than `days` ago, but none with a record of a held subject.

    The ledger notes each before its bytes go; so a crash leaves an original that is noted and goes next time.
    Rows stay as they are, with the hash of their record.
    """
    limit = datetime.now(UTC) - timedelta(days=days)
    loaded: dict[str, datetime] = {}
    for file in ledger.files_of(store):
        if file.raw_file and file.loaded is not None:
            loaded[file.raw_file] = max(file.loaded, loaded.get(file.raw_file, file.loaded))
    past = {raw_file for raw_file, moment in loaded.items() if moment < limit}
    held = _held(settings, store) if past else set()
    gone = past - held
    keeping.note_expired(store, gone, actor=actor)
    load.step("originals noted")
    removed = 0
    for raw_file in sorted(gone):
        path = original_path(settings.originals, raw_file)
        if path.exists():
            path.unlink()
            removed += 1
    return {"expired": removed, "held": len(past & held)}


def of_no_load(settings: Settings, store: Store) -> list[str]:
    """Name the originals that no load brought: it was stopped between sealing them and its ledger."""
    named = {file.raw_file for file in ledger.files_of(store)}
    return [raw_file for raw_file in list_originals(settings.originals) if raw_file not in named]


def remove_of_no_load(settings: Settings, store: Store) -> int:
    """Remove the originals that no load brought, and count them; nobody but a load under way would miss them."""
    left = of_no_load(settings, store)
    for raw_file in left:
        original_path(settings.originals, raw_file).unlink()
    return len(left)


def _held(settings: Settings, store: Store) -> set[str]:
    """Name the originals that hold a record of a subject on legal hold, also one that a later version replaced."""
    subjects = sorted({hold.subject_id for hold in keeping.holds(store)})
    if not subjects or not ledger.current_snapshots(store):
        return set()
    with closing(Tables(settings.catalog_uri, Path(settings.warehouse))) as tables:
        carer = Carer(settings, store, tables)
        return {raw_file for subject_id in subjects for raw_file in originals_of(carer, subject_id)}
