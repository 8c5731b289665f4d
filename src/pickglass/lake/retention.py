"""The retention period of originals: their bytes go, the hashes in the rows stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pickglass.lake import load
from pickglass.lake.originals import original_path
from pickglass.lake.reading import open_lake
from pickglass.lake.session import Session
from pickglass.model.schema import schema
from pickglass.settings import Settings
from pickglass.store import Store, keeping, ledger

_OF_NOBODY = ("intelligence", "rejects", "attestation", "superseded")


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


def _held(settings: Settings, store: Store) -> set[str]:
    """Name the originals that hold a record of a subject on legal hold."""
    subjects = sorted({hold.subject_id for hold in keeping.holds(store)})
    if not subjects or not ledger.current_snapshots(store):
        return set()
    with open_lake(settings, store) as session:
        return {raw_file for subject_id in subjects for raw_file in _originals_of(session, subject_id)}


def _originals_of(session: Session, subject_id: str) -> set[str]:
    found: set[str] = set()
    for table in schema().tables.values():
        if table.name not in _OF_NOBODY:
            rows = session.query(
                f"SELECT DISTINCT raw_file FROM {table.name} WHERE subject_id = $subject_id",
                {"subject_id": subject_id},
            )
            found.update(row["raw_file"] for row in rows.to_pylist())
    return found
