"""What may be attested, and what each kind needs: an end for what passes, an outcome for what was tested.

An attestation speaks for somebody, so it is as easily misused as an accusation: it has an author, a reason and, where the
fact passes, an end.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pickglass.errors import InputError

OUTCOMES: Final = ("passed", "failed", "declined")
_LONGEST: Final = timedelta(days=3 * 366)
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is taken for another


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of attestation means and needs; `value` says in words what its value is."""

    about: str
    value: str = ""
    ends: bool = False
    outcome: bool = False
    department: bool = False


ATTESTED: Final[Mapping[str, Kind]] = {
    "live_video_check": Kind("seen on a live video call, documents in hand", outcome=True),
    "in_person_meeting": Kind("met in person, documents in hand", outcome=True),
    "approved_travel": Kind("may work from elsewhere", value="the place", ends=True),
    "sanctioned_tool": Kind("may use a tool", value="the tool", ends=True, department=True),
    "household": Kind("lives with a colleague", value="the other person", ends=True),
    "accessibility": Kind("needs an arrangement, of which nothing more is written"),
    "approved_device": Kind("may use a device of their own", value="the device", ends=True, department=True),
    "address_confirmed": Kind("the delivery address was confirmed", outcome=True),
    "device_shown": Kind("showed the issued computer and its label when asked", outcome=True),
}


def attestation_record(
    kind: str,
    *,
    subject: str | None,
    department: str | None,
    reason: str,
    until: datetime | None,
    value: str | None,
    outcome: str | None,
    on: datetime | None,
    now: datetime,
    author: str,
) -> dict[str, Any]:
    """Make the record of an attestation (its account is filled in later); InputError with every mistake in it."""
    if kind not in ATTESTED:
        raise InputError(f"there is no attestation {kind}", hint=f"one of {', '.join(ATTESTED)}")
    rule = ATTESTED[kind]
    problems = []
    if (subject is None) == (department is None):
        problems.append("name either a subject or a department")
    if department is not None and not rule.department:
        problems.append("it speaks for one person, not for a department")
    if not reason.strip():
        problems.append("it needs a reason")
    if rule.value and not (value or "").strip():
        problems.append(f"it needs a value: {rule.value}")
    if not rule.value and value:
        problems.append("it takes no value")
    if rule.ends and until is None:
        problems.append("it needs an end")
    if rule.outcome and outcome is None:
        problems.append("it needs an outcome: passed, failed or declined")
    if outcome is not None and (not rule.outcome or outcome not in OUTCOMES):
        problems.append("it takes no outcome" if not rule.outcome else f"{outcome} is no outcome")
    made = on or now
    if made > now:
        problems.append("it lies in the future")
    if until is not None and until <= made:
        problems.append("it ends before it begins")
    if until is not None and until > now + _LONGEST:
        problems.append("its end is more than three years away")
    if problems:
        raise InputError(f"{kind} cannot be attested so: {'; '.join(problems)}", hint="docs/attestations.md")
    return {
        "attestation_id": "A-" + "".join(secrets.choice(_LETTERS) for _ in range(10)),
        "attested": made.isoformat(),
        "account": None,
        "department": department,
        "attestation_kind": kind,
        "value": value.strip() if value else None,
        "outcome": outcome,
        "author": author,
        "reason": reason.strip(),
        "valid_until": until.isoformat() if until else None,
    }


def require_reason(reason: str) -> None:
    """Raise InputError where no reason is given."""
    if not reason.strip():
        raise InputError("a withdrawal needs a reason", hint="--reason TEXT")
