"""The tests inside the indicators' YAML: rows in, outcome and rendered sentence out.

`try_out` runs one test in a session of its own, so that what all subjects share (mail, addresses, lists)
cannot leak from one test into another, and returns in words whatever differs from what is expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from pickglass.errors import ConfigError
from pickglass.indicators.catalogue import GUIDE, Trial, moment
from pickglass.indicators.run import ask
from pickglass.indicators.sentence import render
from pickglass.lake.session import prepare, rows_as_tables, session
from pickglass.model.records import Finding, Indicator
from pickglass.model.schema import Table, schema

if TYPE_CHECKING:
    from pickglass.lake.session import Session

KEY = b"the key of the indicators' tests"
QUIET = datetime(2026, 7, 1, tzinfo=UTC)  # the day that a test without any time is assessed

# What a row is taken to say where it leaves a required column out.
_PLAIN: Mapping[str, Mapping[str, Any]] = {
    "worker": {"kind": "employee"},
    "hr_change": {"origin": "audit"},
    "attestation": {"author": "test"},
    "device_state": {"activity": "checkin"},
    "signin": {"activity": "signin", "outcome": "success"},
    "process": {"activity": "start"},
    "peripheral": {"activity": "connected"},
    "network": {"activity": "connection"},
    "data_access": {"service": "github"},
    "meeting": {"meeting_id": "m1"},
    "ticket": {"activity": "opened"},
    "intelligence": {"list_name": "test"},
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an indicator answered in one test, by the accounts that the test names."""

    outcomes: Mapping[str, str]  # account → fired, clear, not_assessable, or unknown subject
    findings: Mapping[str, Finding]  # account → what fired
    fired: Mapping[str, Finding]  # by subject, also those that the test does not name


def try_out(indicator: Indicator, trial: Trial) -> list[str]:
    """Run one test; what differs from what it expects, in words."""
    try:
        found = answer(indicator, trial, trial.given)
    except ConfigError as error:
        return [str(error)]
    return list(_differences(indicator, trial, found))


def answer(indicator: Indicator, trial: Trial, given: Mapping[str, Sequence[Mapping[str, Any]]]) -> Answer:
    """Ask the indicator about `given` at the trial's moment."""
    as_of = trial.as_of or default_as_of(trial.given)
    with opened(given, as_of) as lake:
        findings, clear = ask(lake, indicator, trial.parameters)
        subjects = subjects_of(lake)
    fired = {finding.subject_id: finding for finding in findings}
    outcomes: dict[str, str] = {}
    for account in trial.expect:
        subject = subjects.get(account.lower())
        if subject in fired:
            outcomes[account] = "fired"
        elif subject in clear:
            outcomes[account] = "clear"
        else:
            outcomes[account] = "not_assessable" if subject else "no subject has this account"
    named = {account: fired[subjects[account.lower()]] for account, how in outcomes.items() if how == "fired"}
    return Answer(outcomes, named, fired)


def absence_faults(indicator: Indicator, trial: Trial, excused: Mapping[str, str]) -> list[str]:
    """Take away each table of a firing test in turn: nobody who fired may become clear by that.

    Who would not have been seen is not assessable. The roster is left, since without it there is no subject;
    `excused` names tables whose absence does prove something, with the reason.
    """
    faults = []
    fired = [account for account, outcome in trial.expect.items() if outcome == "fired"]
    for label, given in _bereft(trial, fired, excused):
        found = answer(indicator, trial, given)
        cleared = [account for account in fired if found.outcomes[account] == "clear"]
        if cleared:
            faults.append(f"{trial.name}: without {label}, {', '.join(cleared)} becomes clear")
    return faults


def _bereft(
    trial: Trial, fired: list[str], excused: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, Sequence[Mapping[str, Any]]]]]:
    """Yield the trial's rows without a whole table, and without the fired subjects' rows of a table."""
    for table, rows in trial.given.items():
        if table == "worker" or table in excused:
            continue
        rest = {name: others for name, others in trial.given.items() if name != table}
        yield f"any {table}", dict(rest)
        theirs = [row for row in rows if row.get("account") in fired]
        if theirs and len(theirs) < len(rows):
            kept = tuple(row for row in rows if row.get("account") not in fired)
            yield f"their own {table}", {**rest, table: kept}


def subjects_of(lake: Session) -> dict[str, str]:
    """Map every account key of the session, in lower case, to its subject."""
    rows = lake.query("SELECT account, subject_id FROM account_subject").to_pylist()
    return {row["account"]: row["subject_id"] for row in rows}


@contextmanager
def opened(given: Mapping[str, Sequence[Mapping[str, Any]]], as_of: datetime) -> Iterator[Session]:
    """Open a session over rows as a test writes them."""
    with session(rows_as_tables(complete(given)), as_of, KEY, engine=_engine()) as lake:
        yield lake


@cache
def _engine() -> Any:
    """Return the database that all tests of a process share; each has a session of its own in it."""
    return prepare(KEY, threads=1)


def default_as_of(given: Mapping[str, Sequence[Mapping[str, Any]]]) -> datetime:
    """Return the moment one day after the last time in the rows."""
    times = [row_time(row) for rows in given.values() for row in rows]
    last = max((time for time in times if time is not None), default=None)
    return QUIET if last is None else last + timedelta(days=1)


def row_time(row: Mapping[str, Any]) -> datetime | None:
    """Return when a row happened; a roster row without a time is of the day of hiring."""
    value = row.get("time", row.get("hire_date"))
    return None if value is None else moment(value)


def complete(given: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Fill in what a test leaves out: provenance, and plain values of required columns.

    Rows are numbered e1, e2, … in the order in which the test gives them. A table or column that the schema
    does not have is a ConfigError: a misspelt column would otherwise test nothing.
    """
    mistakes: list[str] = []
    relations: dict[str, list[dict[str, Any]]] = {}
    number = 0
    for name, rows in given.items():
        table = schema().tables.get(name)
        if table is None:
            mistakes.append(f"there is no table {name}")
            continue
        relations[name] = []
        for row in rows:
            number += 1
            full = _complete_row(row, table, number)
            mistakes += [f"{name} row e{number}: {why}" for why in _row_mistakes(row, full, table)]
            relations[name].append(full)
    if mistakes:
        raise ConfigError(f"the given rows are wrong: {'; '.join(mistakes)}", GUIDE)
    return relations


def _complete_row(row: Mapping[str, Any], table: Table, number: int) -> dict[str, Any]:
    time = row_time(row)
    provenance = {
        "event_id": f"e{number}",
        "source": "test",
        "time": time,
        "time_precision": "instant",
        "known": time,
        "raw_file": "test",
        "raw_record": number,
        "record_hash": f"h{number}",
        "mapping_version": "1",
        "load_id": 1,
    }
    return {**provenance, **_PLAIN.get(table.name, {}), **{k: _typed(v, k, table) for k, v in row.items()}}


def _typed(value: Any, column: str, table: Table) -> Any:
    """Read what YAML made of a value as the column's type: a number in a text column is its digits."""
    known = table.columns.get(column)
    if known is None or value is None:
        return value
    if known.type == "time":
        return moment(value)
    return str(value) if known.type == "text" and not isinstance(value, str) else value


def _row_mistakes(row: Mapping[str, Any], full: Mapping[str, Any], table: Table) -> Iterator[str]:
    for name in sorted(set(row) - set(table.columns)):
        yield f"there is no column {name}"
    for column in table.columns.values():
        if column.required and full.get(column.name) is None:
            yield f"column {column.name} is required and has no plain value"


def _differences(indicator: Indicator, trial: Trial, found: Answer) -> Iterator[str]:
    for account, outcome in trial.expect.items():
        if found.outcomes[account] != outcome:
            told = "".join(f": {render(indicator, f.values)}" for f in _of(found, account))
            yield f"{account} should be {outcome} and is {found.outcomes[account]}{told}"
    named = {finding.subject_id for finding in found.findings.values()}
    for subject, finding in found.fired.items():
        if subject not in named:
            yield f"a subject that the test does not name fires: {render(indicator, finding.values)}"
    ids = {f"e{number}" for number in range(1, 1 + sum(len(rows) for rows in trial.given.values()))}
    ids |= {str(row["event_id"]) for rows in trial.given.values() for row in rows if "event_id" in row}
    for account, finding in found.findings.items():
        strange = [event for event in finding.event_ids if event.partition("/")[0] not in ids]
        if not finding.event_ids or strange:
            yield f"{account} names {strange or 'no event'} as evidence, which is not among the given rows"
    first = next((account for account, outcome in trial.expect.items() if outcome == "fired"), None)
    for finding in _of(found, first):
        written = render(indicator, finding.values)
        if trial.sentence is not None and written != trial.sentence:
            yield f"the sentence reads\n    {written}\n  and should read\n    {trial.sentence}"
        if trial.evidence is not None and set(finding.event_ids) != set(trial.evidence):
            yield f"the evidence is {', '.join(finding.event_ids)} and should be {', '.join(trial.evidence)}"


def _of(found: Answer, account: str | None) -> list[Finding]:
    finding = found.findings.get(account or "")
    return [] if finding is None else [finding]
