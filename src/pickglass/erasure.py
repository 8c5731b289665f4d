"""The order of an erasure, and its completion where it was stopped: suppression list, store, originals, rows, files.

A note in the home says that an erasure is under way and what it answers. Whoever next loads into the home, or erases
from it, finds the note and completes it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pickglass.errors import ConfigError, InputError, NotAllowed, NotFound, PickglassError
from pickglass.settings import Settings

if TYPE_CHECKING:
    from pickglass.lake.care import Carer
    from pickglass.lake.erasure import Plan

UNFINISHED = "erasure.unfinished"


def erase_subject(
    settings: Settings, reference: str, *, reason: str, actor: str, dry: bool = False
) -> dict[str, Any]:
    """Remove a subject from everywhere below home, and record that it was done; with `dry`, only count.

    NotFound where nobody fits, InputError where several do, NotAllowed under a legal hold.
    """
    from pickglass.lake import erasure
    from pickglass.lake.care import caring
    from pickglass.store import open_store

    with open_store(settings) as store, caring(settings, store) as carer:
        if not dry and not _is_under_way(carer, reference):
            complete_erasure(carer)
        planned = erasure.plan(carer, reference)
        erasure.refuse_a_name_in(reason, planned)
        if dry:
            return erasure.foretell(carer, planned)
        return _erase(carer, planned, reason, actor)


def complete_erasure(carer: Carer) -> None:
    """Complete an erasure that was stopped, if there is one; a hold that was placed since leaves it as it is.

    ConfigError where it cannot be completed: nothing is loaded on top of it then.
    """
    note = _noted(carer.settings)
    if note is None:
        return
    try:
        _complete(carer, note)
    except PickglassError as error:
        raise ConfigError(
            f"an erasure that was stopped cannot be completed: {error.message}", error.hint, error.where
        ) from error


def _complete(carer: Carer, note: Mapping[str, str]) -> None:
    from pickglass.lake import erasure

    try:
        planned = erasure.plan(carer, note["subject"])
    except NotFound:  # the rows are out of force, but old files still hold them
        erasure.purge(carer)
        _forget_note(carer.settings)
    except NotAllowed:
        return
    else:
        _erase(carer, planned, note["reason"], note["actor"])


def _erase(carer: Carer, planned: Plan, reason: str, actor: str) -> dict[str, Any]:
    from pickglass.cases import erase_subject as erase_cases
    from pickglass.lake import erasure
    from pickglass.store import keeping

    store = carer.store
    _note(carer.settings, {"subject": planned.subject_id, "reason": reason, "actor": actor})
    erasure.suppress(carer, planned)
    removed = erase_cases(store, planned.subject_id, actor=actor, reason=reason)
    redacted = keeping.redact(store, planned.mentions.redacted)
    done = erasure.erase(carer, planned)
    _forget_note(carer.settings)
    told = erasure.audit_mentions(store, planned)
    return {**done, "store": removed, "redacted": redacted, "audit_mentions": told}


def _is_under_way(carer: Carer, reference: str) -> bool:
    """Say whether the same erasure was stopped before: then it is given again, and its reason counts."""
    from pickglass.lake.erasure import find_subject

    note = _noted(carer.settings)
    try:
        return note is not None and find_subject(carer.settings, carer.store, reference) == note["subject"]
    except (NotFound, InputError):
        return False


def _noted(settings: Settings) -> dict[str, str] | None:
    try:
        note: dict[str, str] = json.loads((settings.home / UNFINISHED).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return note


def _forget_note(settings: Settings) -> None:
    (settings.home / UNFINISHED).unlink()


def _note(settings: Settings, note: dict[str, str]) -> None:
    path = settings.home / UNFINISHED
    whole = path.with_name(f".{UNFINISHED}")
    with whole.open("w", encoding="utf-8") as file:
        json.dump(note, file)
        file.flush()
        os.fsync(file.fileno())
    whole.replace(path)
