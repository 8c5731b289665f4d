"""What an indicator needs so that it can fire: found out from its own tests, by taking away one thing after the other.

A need is written `table`, `table.column`, or `table.column=value` for a column that takes listed values only. An
indicator has as many sets of needs as its tests know ways to fire; whoever has all of one set can see it fire.
`measured.json` keeps what was found, because finding it out takes a minute.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import orjson

from pickglass.errors import ConfigError
from pickglass.indicators import reads, testing
from pickglass.indicators.catalogue import Trial, folder
from pickglass.model.records import Indicator
from pickglass.model.schema import Table, schema

MEASURED = "measured.json"

Needs = frozenset[str]
Given = Mapping[str, Sequence[Mapping[str, Any]]]


@cache
def measured() -> Mapping[str, Any]:
    """Return what was measured about the shipped catalogue: needs, and how often each fires where."""
    found: dict[str, Any] = orjson.loads((folder() / MEASURED).read_bytes())
    return found


def needs_of(id: str) -> tuple[Needs, ...]:
    """Return the sets of needs of a shipped indicator; none for one that was never measured."""
    return tuple(frozenset(one) for one in measured()["needs"].get(id, ()))


def can_fire(needs: Iterable[Needs], have: Collection[str]) -> bool:
    """Tell whether all of one set is there."""
    return any(one.issubset(have) for one in needs)


def supplied(table: Table, rows: Iterable[Mapping[str, Any]]) -> set[str]:
    """Name the needs that these rows of a table supply."""
    found: set[str] = set()
    for row in rows:
        found.add(table.name)
        for name in table.own:
            if row.get(name) is not None:
                told = f"={row[name]}" if table.columns[name].values else ""
                found.add(f"{table.name}.{name}{told}")
    return found


def least_needs(indicator: Indicator, trials: Iterable[Trial]) -> list[list[str]]:
    """Find the sets of needs of an indicator from the tests in which it fires, the smallest first."""
    found = {one for trial in trials if trial.fires for one in _ways(indicator, trial)}
    smallest = [one for one in found if not any(other < one for other in found)]
    return sorted((sorted(one) for one in smallest), key=lambda one: (len(one), one))


def _ways(indicator: Indicator, trial: Trial) -> Iterator[Needs]:
    """Yield the ways in which one test fires: of two things either of which is enough, each once."""
    for last_first in (False, True):
        needs, choice = _least(indicator, trial, last_first)
        yield frozenset(needs)
        if not choice:
            return


def _least(indicator: Indicator, trial: Trial, last_first: bool) -> tuple[list[str], bool]:
    """Take away tables, columns and values in turn; return what cannot be missed, and whether there was a choice."""
    given: Given = {
        name: [{**row, "time": testing.row_time(row)} for row in rows] for name, rows in trial.given.items()
    }
    # What the SQL does not read is seldom needed, and asking once for all of it saves most of the asking.
    bare = {name: [_read_part(indicator, name, row) for row in rows] for name, rows in given.items()}
    if _still_fires(indicator, trial, bare):
        given = bare
    needs: list[str] = []
    choice = False
    for name in sorted(given, reverse=last_first):
        rest = {table: rows for table, rows in given.items() if table != name}
        if name != "worker" and _still_fires(indicator, trial, rest):
            given, choice = rest, True
            continue
        needs.append(name)
        table = schema().tables[name]
        # Rows also find their person by device, name or parcel: the account alone decides nothing.
        columns = {column for row in given[name] for column in row} & set(table.own) - {"account"}
        for column in sorted(columns, reverse=last_first):
            without = [{key: value for key, value in row.items() if key != column} for row in given[name]]
            if not table.columns[column].required and _still_fires(
                indicator, trial, {**given, name: without}
            ):
                given = {**given, name: without}
                continue
            if not table.columns[column].values:
                needs.append(f"{name}.{column}")
                continue
            if not _is_read(indicator, name, column):
                continue
            values = {str(row[column]) for row in given[name] if row.get(column) is not None}
            for value in sorted(values, reverse=last_first):
                kept = {**given, name: [row for row in given[name] if str(row.get(column)) != value]}
                if _still_fires(indicator, trial, kept):
                    given, choice = kept, True
                else:
                    needs.append(f"{name}.{column}={value}")
    return needs, choice


def _read_part(indicator: Indicator, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    columns = schema().tables[table].columns
    return {
        name: value
        for name, value in row.items()
        if columns[name].required or name in ("time", "account") or _is_read(indicator, table, name)
    }


def _is_read(indicator: Indicator, table: str, column: str) -> bool:
    # Whose a thing is and who somebody is comes from these tables, through views that do not show it.
    return table in ("identifier", "worker") or column in reads.reads(indicator.sql).get(table, ())


def _still_fires(indicator: Indicator, trial: Trial, given: Given) -> bool:
    try:
        found = testing.answer(indicator, trial, given)
    except ConfigError:  # a row without what every row has
        return False
    return any(found.outcomes[account] == "fired" for account, how in trial.expect.items() if how == "fired")
