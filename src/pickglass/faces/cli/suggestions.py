"""What somebody who mistyped an id may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from pickglass.errors import NotFound


def require_known(given: Collection[str], known: Collection[str], noun: str, listing: str) -> None:
    """Raise NotFound for ids that nobody knows, with the nearest known ones or the command that lists all."""
    unknown = [one for one in given if one not in known]
    if not unknown:
        return
    near = list(dict.fromkeys(name for one in unknown for name in nearest(one, known)))
    raise NotFound(
        f"there is no {noun} {', '.join(unknown)}",
        hint=f"did you mean {' or '.join(near)}?" if near else f"`{listing}` names them all",
    )


def nearest(given: str, known: Collection[str]) -> list[str]:
    """Return the few names that are spelled alike, or else those that hold what was given."""
    alike = difflib.get_close_matches(given, known, n=1, cutoff=0.75)
    if alike or len(given) < 3:
        return alike
    return sorted(name for name in known if given.casefold() in name)[:4]
