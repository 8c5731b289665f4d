"""Why an indicator answers about one person as it does: what it found, or what it lacked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pickglass.errors import ConfigError
from pickglass.indicators.reads import WITHHELD, reads, tables_read
from pickglass.indicators.run import ask
from pickglass.lake.engine import identifier
from pickglass.model.records import Indicator
from pickglass.model.schema import schema

if TYPE_CHECKING:
    from pickglass.lake.session import Session

_OF_NOBODY = {*WITHHELD, "intelligence"}  # lists and attestations have no subject of their own
_FAR = 1_000_000  # a threshold that nothing passes


def why(
    session: Session, indicator: Indicator, subject_id: str, override: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Say what the indicator answers about one subject and what of its records it could look at.

    `tables` are those that it reads, with the rows of everybody and of this person; `unknown` are facts of the person
    that it uses and nobody states; `thresholds` are those with which it would answer, were they lower or higher.
    """
    findings, clear = ask(session, indicator, override)
    outcome = _outcome(subject_id, findings, clear)
    return {
        "subject": subject_id,
        "outcome": outcome,
        "finding": next((one for one in findings if one.subject_id == subject_id), None),
        "tables": [
            _table(session, indicator, name, subject_id) for name in sorted(tables_read(indicator.sql))
        ],
        "unknown": _unknown(session, indicator, subject_id),
        "thresholds": list(_thresholds(session, indicator, subject_id, override or {}))
        if outcome == "not_assessable"
        else [],
        "everybody": {
            "fired": len(findings),
            "clear": len(clear),
            "subjects": session.query("SELECT count(*) AS n FROM subject").to_pylist()[0]["n"],
        },
    }


def _outcome(subject_id: str, findings: list[Any], clear: frozenset[str]) -> str:
    if any(one.subject_id == subject_id for one in findings):
        return "fired"
    return "clear" if subject_id in clear else "not_assessable"


def _table(session: Session, indicator: Indicator, name: str, subject_id: str) -> dict[str, Any]:
    """Count a table's rows, and say from when to when this person has some and which columns are empty in them."""
    known = identifier("known_" + name)
    (total,) = session.query(f"SELECT count(*) AS rows FROM {known}").to_pylist()  # noqa: S608 - of our schema
    told: dict[str, Any] = {"table": name, "rows": total["rows"]}
    if name in _OF_NOBODY:
        return told
    wanted = sorted(reads(indicator.sql).get(name, frozenset()) & set(schema().tables[name].own))
    filled = "".join(f", count({identifier(column)}) AS {identifier(column)}" for column in wanted)
    counted = (
        "count(*) AS own_rows, count(DISTINCT CAST(time AS DATE)) AS days, "
        f"min(time) AS first_time, max(time) AS last_time{filled}"
    )
    (own,) = session.query(
        f"SELECT {counted} FROM {identifier(name)} WHERE subject_id = $subject",  # noqa: S608 - names of our schema
        {"subject": subject_id},
    ).to_pylist()
    return told | {
        "own_rows": own["own_rows"],
        "first_time": own["first_time"],
        "last_time": own["last_time"],
        "days": own["days"],
        "empty": [column for column in wanted if own["own_rows"] and not own[column]],
    }


def _unknown(session: Session, indicator: Indicator, subject_id: str) -> list[str]:
    columns = sorted(reads(indicator.sql).get("subject", frozenset()) - {"subject_id"})
    rows = session.query(
        "SELECT * FROM subject WHERE subject_id = $subject", {"subject": subject_id}
    ).to_pylist()
    return [column for column in columns for row in rows if row[column] is None]


def _thresholds(
    session: Session, indicator: Indicator, subject_id: str, override: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Try each number at its ends: where the answer comes then, the number is what keeps it back."""
    for name, value in {**indicator.parameters, **override}.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        for tried, way in ((0, "lower"), (_FAR, "higher")):
            try:
                findings, clear = ask(session, indicator, {**override, name: type(value)(tried)})
            except ConfigError:  # zero may be no threshold at all
                continue
            outcome = _outcome(subject_id, findings, clear)
            if outcome != "not_assessable":
                yield {"name": name, "value": value, "with": way, "outcome": outcome}
                break
