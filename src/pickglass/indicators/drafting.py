"""Drafts of indicators: two files that say what to fill in, and what of them is still open.

A draft can be read and run, so that it stops nothing; it answers about nobody, and the check refuses it by naming each
gap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pickglass.indicators.catalogue import catalogue

GAP = "FILL IN"

_YAML = """\
id: {id}
title: "FILL IN: what is seen, in a few words, without accusing"
question: "FILL IN: one question that the records can answer with yes or no?"
family: {family}        # who owns the evidence; most of this stage belong to this family
status: draft        # runs and shows with 0 bits, until a scorecard gives it a weight with a basis
tier: 3              # 1 discriminating, 2 strong in combination, 3 supporting, 4 context
fairness: safe       # safe | care | restricted
parameters: {{least: 3}}
sentence: "FILL IN: what the records say, with columns of the SELECT: {{signins}} sign-ins up to {{time}}."
innocent: ["FILL IN: an honest reason for it", "FILL IN: another one"]
ask_next: ["FILL IN: what would settle it, and whom to ask"]
references: ["FILL IN: keys of references.yaml, or OURS where nothing public says it"]
attack: []
itm: []
tests:
  - name: "FILL IN: fires on what the question asks"
    given:
      worker: [&worker {{account: S1, time: 2026-03-01}}]
      signin:
        - &first {{account: S1, time: 2026-03-02T09:00:00Z}}
        - &second {{account: S1, time: 2026-03-03T09:00:00Z}}
        - &third {{account: S1, time: 2026-03-04T09:00:00Z}}
    expect: {{S1: fired, sentence: "FILL IN: the whole sentence", evidence: [e2, e3, e4]}}
  - name: "FILL IN: near miss, one row less"
    near: "FILL IN: the name of the test that fires"
    given: {{worker: [*worker], signin: [*first, *second]}}
    expect: {{S1: clear}}
  - name: "FILL IN: near miss, one value differs"
    near: "FILL IN: the name of the test that fires"
    given: {{worker: [*worker], signin: [*first, *second, {{account: S1, time: 2026-03-04T09:00:00Z, outcome: failure}}]}}
    expect: {{S1: clear}}
  - name: "FILL IN: not assessable without these records"
    given: {{worker: [*worker]}}
    expect: {{S1: not_assessable}}
"""
_SQL = """\
-- FILL IN: what counts and what does not, in a line; docs/indicators.md lists the views that may be read.
SELECT c.subject_id,
       count(s.event_id) >= $least AS fired,
       max(s.time) AS time,
       list(s.event_id ORDER BY s.time, s.event_id) AS event_ids,
       count(s.event_id) AS signins
FROM coverage c
LEFT JOIN signin s ON s.subject_id = c.subject_id AND s.outcome = 'success'
WHERE c.table_name = 'signin'
  AND FALSE  -- FILL IN: the proof that one would have seen it (days, dates); until then it answers about nobody
GROUP BY c.subject_id
"""


def draft(id: str, stage: str) -> tuple[str, str]:
    """Return the YAML and the SQL of an indicator that is still to be written."""
    families = Counter(one.family for one in catalogue().values() if one.stage == stage)
    family = families.most_common(1)[0][0]
    return _YAML.format(id=id, family=family), _SQL


def gaps(path: Path) -> list[tuple[str, str]]:
    """Name each (place, what is to be filled in) of an indicator's two files that is still as it was drafted."""
    text, sql = path.read_text("utf-8"), path.with_suffix(".sql")
    try:
        spec = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    except yaml.YAMLError:
        return []  # told by whoever reads the indicator
    found = list(_in(spec, "")) if GAP in text else []
    for number, line in enumerate(sql.read_text("utf-8").splitlines() if sql.exists() else (), start=1):
        if GAP in line:
            found.append((f"SQL, line {number}", _told(line)))
    return found


def _in(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _in(inner, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _in(inner, f"{place}[{number}]")
    elif isinstance(value, str) and GAP in value:
        yield place, _told(value)


def _told(text: str) -> str:
    return text.partition(GAP)[2].lstrip(": ").strip() or "is still to be written"
