"""Putting the questions: every indicator's SQL against one session, and what each found.

Answers stay columns until the end. Only fired rows become findings, clear ones are kept as a set of subjects
per indicator, and not assessable is whoever is in neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pickglass.errors import ConfigError, Problem
from pickglass.indicators import sentence
from pickglass.indicators.catalogue import catalogue
from pickglass.lake.engine import EngineError
from pickglass.model.records import Evidence, Finding, Indicator, Subject

if TYPE_CHECKING:
    from pickglass.lake.session import Session

REQUIRED = ("subject_id", "fired", "time", "event_ids")
_ONE_ROW = "group by subject_id, or QUALIFY row_number() OVER (PARTITION BY subject_id ...) = 1"

Overrides = Mapping[str, Mapping[str, Any]]  # indicator → parameter → value


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What all indicators answered for all subjects."""

    asked: tuple[str, ...]  # the indicators that were run, in order
    fired: Mapping[str, tuple[Finding, ...]]  # by subject
    clear: Mapping[str, frozenset[str]]  # by indicator: the subjects for whom it is clear
    problems: tuple[Problem, ...] = ()  # indicators that could not be run; not assessable for everybody

    def evidence(self, subject: Subject) -> Evidence:
        """Gather one subject's answers; an indicator that says nothing about them is not assessable."""
        fired = self.fired.get(subject.id, ())
        said = {finding.indicator for finding in fired}
        clear = tuple(name for name in self.asked if subject.id in self.clear.get(name, ()))
        answered = said.union(clear)
        silent = tuple(name for name in self.asked if name not in answered)
        return Evidence(subject=subject, fired=fired, clear=clear, not_assessable=silent)


def run(
    session: Session,
    indicators: Iterable[Indicator] | None = None,
    parameters_override: Overrides | None = None,
) -> Outcomes:
    """Ask `indicators` (all but the manual ones) about everybody that `session` knows.

    An indicator that cannot be run becomes a problem and stops no other. A parameter that no indicator has
    is a ConfigError before anything runs.
    """
    every = catalogue().values() if indicators is None else indicators
    asked = [one for one in every if indicators is not None or one.status != "manual"]
    overrides = parameters_override or {}
    _check_overrides(overrides, asked)
    fired: defaultdict[str, list[Finding]] = defaultdict(list)
    clear: dict[str, frozenset[str]] = {}
    problems: list[Problem] = []
    for indicator in asked:
        try:
            findings, unmoved = ask(session, indicator, overrides.get(indicator.id))
        except ConfigError as error:
            problems.append(Problem(indicator.id, str(error)))
            continue
        clear[indicator.id] = unmoved
        for finding in findings:
            fired[finding.subject_id].append(finding)
    return Outcomes(
        asked=tuple(one.id for one in asked),
        fired={subject: tuple(findings) for subject, findings in fired.items()},
        clear=clear,
        problems=tuple(problems),
    )


def ask(
    session: Session, indicator: Indicator, override: Mapping[str, Any] | None = None
) -> tuple[list[Finding], frozenset[str]]:
    """Run one indicator: its findings, and the subjects for whom it is clear."""
    values = sentence.fields(indicator.sentence)
    rows = _answers(session, indicator, override or {}, values)
    fired = rows.filter(rows["fired"])
    return (
        [_finding(indicator, row, values) for row in fired.to_pylist()],
        frozenset(rows.filter(_inverted(rows["fired"]))["subject_id"].to_pylist()),
    )


def _answers(
    session: Session, indicator: Indicator, override: Mapping[str, Any], values: tuple[str, ...]
) -> Any:
    try:
        rows = session.query(indicator.sql, {**indicator.parameters, **override})
    except EngineError as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"the SQL fails: {reason}", "run `pickglass indicator check`", indicator.id
        ) from error
    _check_answers(indicator, rows, values)
    return rows.select(list(dict.fromkeys([*REQUIRED, *values])))


def _check_answers(indicator: Indicator, rows: Any, values: tuple[str, ...]) -> None:
    """Refuse answers that could be misread: missing columns, other types, two rows for one subject."""
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = [name for name in dict.fromkeys([*REQUIRED, *values]) if name not in rows.column_names]
    if missing:
        raise ConfigError(
            f"the SQL has no column {', '.join(missing)}", "name it in the SELECT", indicator.id
        )
    types = {
        "subject_id": (pa.types.is_string, "text"),
        "fired": (pa.types.is_boolean, "boolean"),
        "time": (lambda kind: pa.types.is_timestamp(kind) and kind.tz is not None, "a UTC instant"),
        "event_ids": (lambda kind: pa.types.is_list(kind) and pa.types.is_string(kind.value_type), "texts"),
    }
    for name, (fits, wanted) in types.items():
        kind = rows.schema.field(name).type
        if not fits(kind):
            raise ConfigError(f"column {name} is {kind}", f"it has to be {wanted}: CAST it", indicator.id)
    for name in ("subject_id", "fired"):
        if rows[name].null_count:
            raise ConfigError(f"column {name} is null in some rows", "leave such rows out", indicator.id)
    if pc.count_distinct(rows["subject_id"]).as_py() != rows.num_rows:
        raise ConfigError("the SQL has several rows for one subject", _ONE_ROW, indicator.id)
    bare = rows.filter(rows["fired"])
    if bare["time"].null_count or bare["event_ids"].null_count:
        raise ConfigError("a fired row lacks its time or its event_ids", "name the evidence", indicator.id)


def _inverted(fired: Any) -> Any:
    import pyarrow.compute as pc

    return pc.invert(fired)


def _finding(indicator: Indicator, row: Mapping[str, Any], values: tuple[str, ...]) -> Finding:
    return Finding(
        indicator=indicator.id,
        subject_id=row["subject_id"],
        outcome="fired",
        time=row["time"].astimezone(UTC),
        event_ids=tuple(dict.fromkeys(event for event in row["event_ids"] if event)),
        values={name: _plain(row[name]) for name in values},
    )


def _plain(value: Any) -> Any:
    """Give times the standard library's own UTC, so that values compare and serialise alike everywhere."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return tuple(_plain(one) for one in value) if isinstance(value, list) else value


def _check_overrides(overrides: Overrides, asked: Iterable[Indicator]) -> None:
    known = {**catalogue(), **{one.id: one for one in asked}} if overrides else {}
    for name, parameters in overrides.items():
        if name not in known:
            raise ConfigError(
                f"parameters are set for {name}, which is no indicator", "mend the name", "settings"
            )
        unknown = sorted(set(parameters) - set(known[name].parameters))
        if unknown:
            has = ", ".join(known[name].parameters) or "none"
            raise ConfigError(f"{name} has no parameter {', '.join(unknown)}", f"it has {has}", "settings")
