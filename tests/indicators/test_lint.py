"""The checks of the catalogue find what they are for."""

from pathlib import Path

import pytest

from pickglass.indicators.lint import check
from pickglass.indicators.portable import refused, unwritable

YAML = """\
id: net-x
title: Failed sign-ins
question: Did sign-ins fail?
family: network
status: active
tier: 3
fairness: safe
parameters: {most: 1}
sentence: "{n} sign-ins failed up to {last}."
innocent: [forgotten password]
ask_next: [ask the person]
references: [OURS]
tests:
  - name: fires
    given:
      worker: [&w {account: S1, time: 2026-01-01}]
      signin:
        - &a {account: S1, time: 2026-01-02T10:00:00Z, outcome: failure}
        - &b {account: S1, time: 2026-01-02T10:01:00Z, outcome: failure}
    expect: {S1: fired, sentence: "2 sign-ins failed up to 2026-01-02 10:01 UTC.", evidence: [e2, e3]}
  - name: near, one succeeded
    near: fires
    given: {worker: [*w], signin: [*a, {account: S1, time: 2026-01-02T10:01:00Z, outcome: success}]}
    expect: {S1: clear}
  - name: near, only one
    near: fires
    given: {worker: [*w], signin: [*a]}
    expect: {S1: clear}
  - name: nothing seen
    given: {worker: [*w]}
    expect: {S1: not_assessable}
"""
SQL = """\
SELECT subject_id, count(*) FILTER (WHERE outcome = 'failure') > $most AS fired, max(time) AS time,
       list(event_id ORDER BY time) AS event_ids, count(*) AS n, max(time) AS last
FROM signin
GROUP BY subject_id
"""
OVER_ALL = """\
SELECT s.subject_id, count(i.event_id) > $most AS fired, max(i.time) AS time, list(i.event_id) AS event_ids,
       count(*) AS n, max(i.time) AS last
FROM subject s LEFT JOIN signin i ON i.subject_id = s.subject_id AND i.outcome = 'failure'
GROUP BY s.subject_id
"""


def complaints(root: Path, yaml: str = YAML, sql: str = SQL, *, absence: bool = False) -> str:
    folder = root / "network"
    folder.mkdir()
    (folder / "net-x.yaml").write_text(yaml)
    (folder / "net-x.sql").write_text(sql)
    return "\n".join(str(one) for one in check(roots=[root], absence=absence))


def test_a_good_indicator_has_no_complaints(tmp_path: Path) -> None:
    assert complaints(tmp_path, absence=True) == ""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[OURS]", "[NOBODY]", "references: NOBODY is not a known key"),
        ("Failed sign-ins", "A suspicious worker", "plain words: `title` says 'suspicious'"),
        ("innocent: [forgotten password]", "innocent: []", "`innocent` is empty"),
        ("{most: 1}", "{most: 1, spare: 2}", "spare is declared and not used"),
        ("{last}", "{latest}", "columns: net-x: the SQL has no column latest"),
        (
            "S1: clear}\n  - name: near, only",
            "S1: fired}\n  - name: near, only",
            "fewer than two near misses",
        ),
        (
            "near: fires\n    given: {worker: [*w], signin: [*a]}",
            "near: fires\n    given: {worker: [*w]}",
            "2 rows gone",
        ),
        (
            "2026-01-02T10:01:00Z, outcome: success",
            "2026-01-02T10:02:00Z, outcome: success",
            "1 rows gone and 1",
        ),
        (
            "worker: [*w], signin: [*a, {",
            "worker: [{account: S1, time: 2026-01-01, kind: contractor}], signin: [*a, {",
            "2 rows gone and 2",
        ),
        ("    near: fires\n", "    near: fires\n    as_of: 2026-02-01\n", "differs in the moment as well"),
        ("    near: fires\n", "    near: fires\n    parameters: {most: 2}\n", "has other parameters"),
        ("2 sign-ins failed", "3 sign-ins failed", "the sentence reads"),
        ("evidence: [e2, e3]", "evidence: [e2]", "the evidence is e2, e3"),
        ("outcome: success", "outcme: success", "there is no column outcme"),
    ],
)
def test_a_mistake_in_the_yaml_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in YAML
    assert told in complaints(tmp_path, YAML.replace(old, new))


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (SQL.replace("FROM signin", "FROM attestation"), "reads attestation"),
        (
            SQL.replace(
                "FROM signin", "FROM signin JOIN worker w USING (subject_id) WHERE w.birth_date > $as_of"
            ),
            "worker.birth_date",
        ),
        (SQL.replace("$most", "$least"), "$least is not declared"),
        ("DELETE FROM signin", "one SELECT: is a DELETE"),
        (SQL.replace("count(*) AS n", "max(src_ip) AS n"), "needs `fields: {n: pseudonym}`"),
        (SQL.replace("FROM signin", "FROM signin, read_csv('x')"), "an indicator reads views only"),
        (SQL.replace("> $most", "> $most AND now() > max(time)"), "use $as_of"),
        (SQL + "UNION ALL SELECT 'S', false, NULL, NULL, 0, NULL", "empty lake"),
    ],
)
def test_a_mistake_in_the_sql_is_told(tmp_path: Path, sql: str, told: str) -> None:
    assert told in complaints(tmp_path, sql=sql)


def test_clear_by_mere_absence_is_told(tmp_path: Path) -> None:
    assert "without any signin, S1 becomes clear" in complaints(tmp_path, sql=OVER_ALL, absence=True)


def test_an_unknown_id_is_told() -> None:
    assert [one.check for one in check(["no-such-indicator"])] == ["exists"]


@pytest.mark.parametrize(
    "piece",
    [
        "date_diff('day', a, b)",
        "a // b",
        "a / b",
        "a % 7 / b",
        "x[1:2]",
        "x && y",
        "regexp_matches(a, 'b', 'i')",
        "epoch(a - b)",
        "quantile_cont(a, 0.9)",
        "j ->> 'a'",
        "dayofweek(a)",
        "current_date",
        "suffix(a, 'b')",
        "to_days(3)",
    ],
)
def test_what_the_engines_do_not_share_is_refused(piece: str) -> None:
    assert list(refused(f"SELECT {piece} FROM signin"))


@pytest.mark.parametrize(
    "piece",
    [
        "a / nullif(b, 0)",
        "a / 3600",
        "a % 2",
        "a / (60 * 60.0)",
        "epoch(a) - epoch(b)",
        "regexp_matches(a, '(?i)b')",
        "'now() and a // b and date_diff('",
        "list_transform(x, lambda y: y + 1)",
        "x[1]",
        "median(a)",
    ],
)
def test_what_they_share_is_not(piece: str) -> None:
    assert not list(refused(f"SELECT {piece} FROM signin -- now() in a comment"))


def test_it_can_be_written_for_spark() -> None:
    assert not list(unwritable(SQL))
