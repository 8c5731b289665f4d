"""From a sentence back to the record: what an export said is shown as it was, or why it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from pickglass import pipeline
from pickglass.lake.originals import original_path
from pickglass.lake.retention import expire_originals
from pickglass.settings import Settings, load_settings
from pickglass.store import open_store

ROSTER = "time,account,kind,hire_date\n2026-03-01,workday:E1,employee,2026-01-05\n2026-04-01,workday:E1,employee,2026-01-05\n"
COMPLAINT = "2026-03-20T09:00:00Z,workday:E1,opened,identity_complaint"
TICKETS = f"time,account,activity,category\n{COMPLAINT}\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return a home in which one subject has one finding."""
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "roster.csv").write_text(ROSTER)
    (exports / "tickets.csv").write_text(TICKETS)
    settings = load_settings(tmp_path / "home", {})
    pipeline.run(settings, [exports])
    return settings


def test_the_record_behind_a_finding_is_shown_as_its_file_had_it(settings: Settings) -> None:
    """The text is the very line of the export, with file and record number."""
    (record,) = pipeline.original_records(settings, pipeline.show_subject(settings, "E1"))
    assert record["text"].strip() == COMPLAINT
    assert (record["file"], record["record"]) == ("tickets.csv", 1)
    assert record["indicators"] == ["id-owner-complaint"]


def test_a_damaged_original_is_told_and_not_shown(settings: Settings) -> None:
    """One changed byte, and there is a problem in place of the text."""
    document = pipeline.show_subject(settings, "E1")
    (finding,) = document["evidence"]["fired"]
    path = original_path(settings.originals, finding["records"][0]["raw_file"])
    sealed = bytearray(path.read_bytes())
    sealed[len(sealed) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(sealed))
    (record,) = pipeline.original_records(settings, document)
    assert "text" not in record
    assert record["problem"]


def test_originals_on_the_command_line_need_a_reason(settings: Settings) -> None:
    """Without a reason nothing is shown; with one the record is, and the reason is in the log."""
    from click.testing import CliRunner

    from pickglass.faces.cli.main import cli

    refused = CliRunner().invoke(cli, ["subject", "show", "E1", "--home", str(settings.home), "--originals"])
    assert refused.exit_code == 2
    shown = CliRunner().invoke(
        cli, ["subject", "show", "E1", "--home", str(settings.home), "--originals", "--reveal", "case 1"]
    )
    assert shown.exit_code == 0, shown.output
    assert COMPLAINT in shown.stdout


def test_an_original_past_its_retention_says_so(settings: Settings) -> None:
    """Since which day; the finding, its sentence and the hash in the row stay."""
    document = pipeline.show_subject(settings, "E1")
    with open_store(settings) as store:
        assert expire_originals(settings, store, -1, actor="test")["expired"] == 2
    (record,) = pipeline.original_records(settings, document)
    assert "text" not in record
    assert record["problem"].startswith("past retention since 20")
    assert pipeline.show_subject(settings, "E1")["evidence"]["fired"] == document["evidence"]["fired"]
