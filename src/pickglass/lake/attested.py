"""Attestations as the lake holds them: whose they are, which are in force, and the record behind one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pickglass.errors import NotFound
from pickglass.lake.session import Session


def subject_account(session: Session, subject_id: str) -> str:
    """Give a key that leads to this subject and to nobody else."""
    rows = session.query(
        "SELECT a.account FROM account_subject a JOIN subject s ON s.subject_id = a.subject_id "
        "WHERE a.subject_id = $subject ORDER BY NOT list_contains(s.accounts, a.account), a.account LIMIT 1",
        {"subject": subject_id},
    ).to_pylist()
    if not rows:
        raise NotFound(
            "no account leads to this subject alone", "`pickglass doctor` names unclear accounts", subject_id
        )
    return str(rows[0]["account"])


def department_exists(session: Session, department: str) -> bool:
    """Say whether anybody works in a department of this very name."""
    sql = "SELECT 1 FROM subject WHERE department = $department LIMIT 1"
    return bool(session.query(sql, {"department": department}).num_rows)


_LISTED = """
    SELECT t.attestation_id, t.event_id, t.kind, t.value, t.outcome, t.author, t.reason, t.department, t.time, t.valid_until,
           t.source, list(a.subject_id ORDER BY a.subject_id) FILTER (WHERE a.subject_id IS NOT NULL) AS subjects
    FROM known_attestation t LEFT JOIN attested a ON a.event_id = t.event_id
    GROUP BY ALL
    HAVING CAST($subject AS VARCHAR) IS NULL OR list_contains(subjects, CAST($subject AS VARCHAR))
    ORDER BY t.time DESC, t.event_id
"""


def list_attestations(session: Session, subject_id: str | None, now: datetime) -> list[dict[str, Any]]:
    """List attestations, newest first; `state` is in_force, ended or withdrawn at `now`."""
    found = []
    for row in session.query(_LISTED, {"subject": subject_id}).to_pylist():
        ended = row["valid_until"] is not None and row["valid_until"] <= now
        state = "withdrawn" if row["kind"] == "withdrawn" else "ended" if ended else "in_force"
        found.append(
            {
                "id": row["attestation_id"] or row["event_id"],
                "kind": row["kind"],
                "state": state,
                "value": row["value"],
                "outcome": row["outcome"],
                "author": row["author"],
                "reason": row["reason"],
                "department": row["department"],
                "subjects": row["subjects"] or [],
                "time": row["time"].isoformat(),
                "valid_until": row["valid_until"].isoformat() if row["valid_until"] else None,
                "source": row["source"],
            }
        )
    return found


def find_attestation(session: Session, id: str) -> dict[str, Any]:
    """Give the record of one attestation that was made here and not withdrawn; NotFound for any other."""
    rows = session.query(
        "SELECT * FROM known_attestation WHERE attestation_id = $id AND source = 'pickglass_attestations'",
        {"id": id.strip().upper()},
    ).to_pylist()
    if not rows:
        raise NotFound(
            f"there is no attestation {id} that was made here",
            "`pickglass attest --list` names them; one from a file is changed by loading the file anew",
        )
    row = rows[0]
    if row["kind"] == "withdrawn":
        raise NotFound(f"attestation {id} is withdrawn already", "`pickglass attest --list`")
    record = {name: row[name] for name in ("account", "department", "value", "outcome", "author", "reason")}
    return {
        "attestation_id": row["attestation_id"],
        "attested": row["time"].isoformat(),
        "attestation_kind": row["kind"],
        "valid_until": row["valid_until"].isoformat() if row["valid_until"] else None,
        **record,
    }
