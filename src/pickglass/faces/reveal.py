"""Showing personal data in clear: only for a reason, and only once the reason is in the audit log."""

from __future__ import annotations

from pickglass.errors import InputError
from pickglass.pipeline import actor
from pickglass.settings import Settings


def record_reveal(settings: Settings, reason: str, shown: str) -> None:
    """Write into the audit log who reveals what and why; raises where that fails: show nothing then.

    `shown` is a pseudonymous id or the name of a list, never what was typed: the log outlives an erasure.
    """
    from pickglass.store import audit, open_store

    if not reason.strip():
        raise InputError("--reveal needs a reason", hint='for example --reveal "case C-… assigned to me"')
    with open_store(settings) as store:
        audit.record(store, actor=actor(), action="reveal", object=shown, reason=reason)
