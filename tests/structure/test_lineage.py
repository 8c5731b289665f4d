"""No indicator reads what may serve linkage only: through no view, clause or trick of SQL. The check can fail."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pickglass.errors import ConfigError
from pickglass.indicators import reads
from pickglass.indicators.catalogue import catalogue
from pickglass.indicators.testing import complete
from pickglass.lake.session import rows_as_tables, session
from pickglass.model.schema import schema

PROTECTED = {
    (table.name, column.name)
    for table in schema().tables.values()
    for column in table.columns.values()
    if column.personal_data == "protected"
}


def protected(sql: str) -> set[tuple[str, str]]:
    """Name the protected columns that the SQL reads."""
    return {
        (view, column)
        for view, columns in reads.reads(sql).items()
        for column in columns
        if reads.personal_data(view, column) == "protected"
    }


def test_the_birth_date_is_all_that_is_protected() -> None:
    """A column that joins the class is held by every test here without being named."""
    assert {("worker", "birth_date")} == PROTECTED


def test_no_scored_indicator_reads_a_protected_column() -> None:
    found = {one.id: protected(one.sql) for one in catalogue().values() if one.status != "manual"}
    assert len(found) > 50
    assert {name: columns for name, columns in found.items() if columns} == {}


PLANTED = {
    "directly": "SELECT subject_id, birth_date IS NULL AS fired FROM worker",
    "by a star": "SELECT * FROM worker",
    "by a star of one table": "SELECT w.* FROM worker w JOIN subject s ON s.subject_id = w.subject_id",
    "in a condition": "SELECT subject_id FROM worker WHERE birth_date < TIMESTAMPTZ '1980-01-01'",
    "in a join's condition": "SELECT a.subject_id FROM worker a JOIN worker b ON a.birth_date = b.birth_date",
    "by USING": "SELECT a.subject_id FROM worker a JOIN worker b USING (birth_date)",
    "by a natural join": "SELECT a.subject_id FROM worker a NATURAL JOIN worker b",
    "in an order": "SELECT subject_id FROM worker ORDER BY birth_date",
    "in a grouping": "SELECT min(subject_id) FROM worker GROUP BY birth_date",
    "in HAVING": "SELECT subject_id FROM worker GROUP BY subject_id HAVING min(birth_date) IS NOT NULL",
    "in a window": "SELECT subject_id, row_number() OVER (PARTITION BY role ORDER BY birth_date) AS n FROM worker",
    "in QUALIFY": "SELECT subject_id FROM worker QUALIFY row_number() OVER (ORDER BY birth_date) = 1",
    "in an aggregate's order": "SELECT list(subject_id ORDER BY birth_date) AS ids FROM worker",
    "in a filter": "SELECT count(*) FILTER (WHERE birth_date IS NULL) AS n FROM worker",
    "through a common table": "WITH a AS (SELECT subject_id, birth_date AS day FROM worker) SELECT subject_id, day FROM a",
    "through two common tables": "WITH a AS (SELECT * FROM worker), b AS (SELECT subject_id, birth_date AS x FROM a) SELECT x FROM b",
    "through a subquery": "SELECT x FROM (SELECT year(birth_date) AS x FROM worker) t",
    "in EXISTS": "SELECT subject_id FROM subject s WHERE EXISTS (SELECT 1 FROM worker w WHERE w.birth_date > s.hire_date)",
    "in a scalar subquery": "SELECT (SELECT max(birth_date) FROM worker w WHERE w.subject_id = s.subject_id) AS x FROM subject s",
    "in a union": "SELECT hire_date AS day FROM worker UNION ALL SELECT birth_date FROM worker",
    "as a whole row": "SELECT w FROM worker w",
    "by a pattern of columns": "SELECT COLUMNS('birth.*') FROM worker",
    "by a struct of a row": "SELECT struct_pack(d := birth_date) AS d FROM worker",
    "in other letters": 'SELECT "BIRTH_DATE" FROM Worker',
}  # fmt: skip


@pytest.mark.parametrize("how", PLANTED)
def test_reading_it_is_found(how: str) -> None:
    assert protected(PLANTED[how]), f"reading the birth date {how} is not seen"


INNOCENT = {
    "other columns": "SELECT subject_id, hire_date FROM worker",
    "a star of what was chosen before": "WITH a AS (SELECT subject_id, role FROM worker) SELECT * FROM a",
    "a name of its own": "SELECT subject_id, hire_date AS birth_date FROM worker",
    "the subject": "SELECT * FROM subject",
}


@pytest.mark.parametrize("what", INNOCENT)
def test_what_does_not_read_it_is_not_blamed(what: str) -> None:
    assert not protected(INNOCENT[what])


HIDDEN = ("known_worker", "worker_now", "statement", "main_statement", "duckdb_columns()")


@pytest.mark.parametrize("table", HIDDEN)
def test_what_stands_behind_the_views_is_refused(table: str) -> None:
    """The session's own tables hold the column as well, so reading them is refused whole (lint `views`)."""
    try:
        found = set(reads.reads(f"SELECT * FROM {table}"))
    except ConfigError:
        return
    assert found - set(reads.views())


def test_no_view_hands_it_on_under_another_name() -> None:
    """A day that nothing else has is in the roster's view and in no other: subject, identity, shared things, history."""
    day = "1901-02-03"
    rows = complete(
        {
            "worker": [
                {"account": f"w:{number}", "time": f"2026-0{time}-01", "birth_date": day, "name": f"A {number}{time}",
                 "hire_date": "2026-01-01", "work_mail": f"a{number}@example.com", "work_city": "Leeds",
                 "work_country": "GB", "address_key": "1 elm st|leeds|LS1"}
                for number in (1, 2) for time in (1, 2)
            ]
        }
    )  # fmt: skip
    seen = set()
    with session(
        rows_as_tables(rows), datetime(2026, 3, 1, tzinfo=UTC), b"a key of tests", threads=1
    ) as lake:
        for view, columns in reads.open_views(lake).items():
            for column in columns:
                found = lake.query(
                    f'SELECT count(*) AS n FROM "{view}" WHERE contains(CAST("{column}" AS VARCHAR), \'{day}\')'
                )
                if found.to_pylist()[0]["n"]:
                    seen.add((view, column))
    assert seen == PROTECTED
