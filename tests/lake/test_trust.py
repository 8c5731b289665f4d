"""What people say of themselves must not undo what the company knows, and answers to an alert count at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pickglass import pipeline
from pickglass.lake.engine import connect, install_macros
from pickglass.lake.reading import open_lake
from pickglass.lake.session import rows_as_tables, session
from pickglass.settings import load_settings
from pickglass.store import open_store

KEY = b"k" * 32
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def row(number: int, **values: Any) -> dict[str, Any]:
    """Return one row with plain provenance."""
    time = values["time"]
    return {
        "event_id": f"e{number}",
        "source": "test",
        "time_precision": "instant",
        "known": time,
        "raw_file": "f",
        "raw_record": number,
        "record_hash": f"h{number}",
        "mapping_version": "1",
        "load_id": 1,
        **values,
    }


def test_an_application_under_a_colleagues_mail_hides_nothing() -> None:
    """The work mail of the roster stays the worker's, whoever else names it as theirs."""
    rows = {
        "worker": [
            row(1, account="workday:E1", time="2026-03-01", kind="employee", work_mail="a@co.example")
        ],
        "hiring_event": [row(2, account="greenhouse:9", time="2026-03-02", activity="applied", name="Other")],
        "identifier": [row(3, account="greenhouse:9", time="2026-03-02", kind="mail", value="a@co.example")],
        "signin": [row(4, account="a@co.example", time="2026-03-03", activity="signin", outcome="success")],
    }
    with session(rows_as_tables(rows), NOW, KEY) as opened:
        found = opened.query("SELECT accounts FROM signin JOIN subject USING (subject_id)").to_pylist()
    assert found == [{"accounts": ["workday:E1"]}]


def test_an_attestation_newer_than_the_last_export_counts(tmp_path: Path) -> None:
    """At the latest moment it counts; as of a day before it was written it does not."""
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "roster.csv").write_text("time,account,kind\n2026-03-01,workday:E1,employee\n")
    (exports / "attested.csv").write_text(
        "time,account,kind,author,outcome\n2026-03-05T10:00:00Z,workday:E1,in_person_meeting,hr,passed\n"
    )
    settings = load_settings(tmp_path / "home", {})
    pipeline.load(settings, [exports])
    with open_store(settings) as store:
        with open_lake(settings, store) as now:
            assert now.query("SELECT kind FROM attested").to_pylist() == [{"kind": "in_person_meeting"}]
        with open_lake(settings, store, datetime(2026, 3, 2, tzinfo=UTC)) as then:
            assert then.query("SELECT kind FROM attested").to_pylist() == []


def test_a_home_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    """Loading into a folder that anybody could enter makes it its owner's."""
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    export = tmp_path / "roster.csv"
    export.write_text("time,account,kind\n2026-03-01,workday:E1,employee\n")
    pipeline.load(load_settings(home, {}), [export])
    assert home.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("UK", "GB"),
        ("uk", "GB"),
        ("United Kingdom", "GB"),
        ("GB", "GB"),
        ("us", "US"),
        ("ZZ", "ZZ"),
        ("", None),
    ],
)
def test_one_country_has_one_code(text: str, code: str | None) -> None:
    """A common other spelling is the same country, or people there never match their own claim."""
    connection = connect()
    try:
        install_macros(connection, KEY)
        assert connection.execute("SELECT nullif(country_code(?), '')", [text]).fetchone()[0] == code
    finally:
        connection.close()


@pytest.mark.parametrize(("number", "key"), [("555-1234", None), ("+1 614 555 0168", "+16145550168")])
def test_a_local_number_is_nobodys_key(number: str, key: str | None) -> None:
    """Seven digits without a country are somebody else's in the next town."""
    connection = connect()
    try:
        install_macros(connection, KEY)
        assert connection.execute("SELECT phone_key(?, NULL)", [number]).fetchone()[0] == key
    finally:
        connection.close()
