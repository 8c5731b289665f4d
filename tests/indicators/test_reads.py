"""What an indicator reads, through every clause and every level of its SQL."""

import pytest

from pickglass.errors import ConfigError
from pickglass.indicators.reads import field_classes, parameters, reads, tables_read

NESTED = """
WITH a AS (SELECT * FROM signin WHERE time <= $as_of),
     b AS (SELECT subject_id, unnest(event_ids) AS event_id FROM shared_thing WHERE kind = 'bank')
SELECT a.subject_id, s.name AS who, count(*) AS n, lower(a.src_ip) AS ip,
       CASE WHEN s.role = 'x' THEN 'yes' ELSE 'no' END AS how
FROM a
JOIN subject s ON s.subject_id = a.subject_id
WHERE EXISTS (SELECT 1 FROM worker w WHERE w.subject_id = a.subject_id AND w.birth_date IS NOT NULL)
  AND a.subject_id IN (SELECT subject_id FROM coverage WHERE table_name = 'process' AND days >= $days)
GROUP BY ALL
QUALIFY row_number() OVER (PARTITION BY a.subject_id ORDER BY s.department) = 1
"""


def test_columns_of_every_clause_are_read() -> None:
    found = reads(NESTED)
    assert found["worker"] == {"subject_id", "birth_date"}
    assert "department" in found["subject"]
    assert found["coverage"] == {"subject_id", "table_name", "days"}


def test_a_star_is_all_columns() -> None:
    assert "birth_date" in reads("SELECT * FROM worker")["worker"]
    assert "birth_date" in reads("SELECT w.* FROM (SELECT * FROM worker) w")["worker"]
    assert "birth_date" in reads("SELECT w FROM worker w")["worker"]
    assert "birth_date" in reads("SELECT max(COLUMNS(*)) FROM worker")["worker"]


def test_counting_rows_reads_no_column() -> None:
    assert reads("SELECT count(*) FROM worker") == {"worker": frozenset()}


def test_tables_behind_views_are_named() -> None:
    assert tables_read(NESTED) == {"signin", "worker", "process", "payroll_event", "identifier"}


def test_parameters_are_named() -> None:
    assert parameters(NESTED) == {"as_of", "days"}


def test_a_shown_value_has_the_strictest_class_of_what_it_is_made_of() -> None:
    classes = field_classes(NESTED)
    assert classes["who"] == "contact"
    assert classes["ip"] == "pseudonym"
    assert classes["n"] == "none"
    assert classes["how"] == "none"  # the role decides and is not shown


def test_a_shared_thing_is_what_its_kind_is() -> None:
    sql = "SELECT value AS v FROM shared_thing WHERE kind = '{}'"
    assert field_classes(sql.format("egress"))["v"] == "pseudonym"
    assert field_classes(sql.format("bank"))["v"] == "financial"
    assert field_classes("SELECT value AS v FROM shared_thing")["v"] == "financial"


def test_a_union_is_as_strict_as_its_strictest_part() -> None:
    sql = "SELECT app AS v FROM signin UNION ALL SELECT bank_last FROM payroll_event"
    assert field_classes(sql)["v"] == "financial"


@pytest.mark.parametrize("sql", ["", "SELECT 1; SELECT 2", "SELECT ((1"])
def test_what_is_no_statement_is_told(sql: str) -> None:
    with pytest.raises(ConfigError):
        reads(sql)


def test_the_tables_behind_derived_views_are_named() -> None:
    sql = "SELECT n.token FROM name_word n JOIN written_word w ON w.token = n.token WHERE w.field = 'owner_name'"
    assert tables_read(sql) == {"hiring_event", "worker", "payroll_event"}
    assert tables_read("SELECT name FROM remote_tool_use") == {"intelligence", "network", "process"}
    assert field_classes(sql)["token"] == "contact"
