"""Days and moments as people type them."""

from __future__ import annotations

from datetime import UTC, datetime

from pickglass.errors import InputError


def moment(text: str | None) -> datetime | None:
    """Read an ISO day or moment, without a zone as UTC; None stays None. Raises InputError for anything else."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"{text!r} is not a date", hint="write it as 2026-03-31 or 2026-03-31T14:00:00Z"
        ) from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)
