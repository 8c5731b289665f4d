"""Meeting reports that people download: tables under tables, read line by line and within limits."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import orjson
import pytest

from pickglass.sources.definitions import definitions
from pickglass.sources.reading import Member, Record, members
from pickglass.sources.recognition import recognise_member
from pickglass.sources.teams_attendance_csv import parse as teams
from pickglass.sources.zoom_participants_csv import parse as zoom

TEAMS = (
    "1. Summary\nMeeting title\tSync\nStart time\t2/5/26, 9:00:00 AM\n\n2. Participants\n"
    "Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail\tParticipant ID (UPN)\tRole\n"
    "Jo Moss\t2/5/26, 9:01:00 AM\t2/5/26, 9:31:00 AM\t30m\tjo@example.com\tjo@example.com\tAttendee\n"
)
ZOOM = (
    "Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),Participants\n"
    "555 0100,Sync,02/03/2026 09:00:00 AM,02/03/2026 09:42:00 AM,r@example.com,42,3\n\n"
    "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest\n"
    "Jo Moss,jo@example.com,02/03/2026 09:00:00 AM,02/03/2026 09:42:00 AM,42,No\n"
)


def read(folder: Path, module: ModuleType, text: str | bytes) -> tuple[list[Record], Member]:
    path = folder / "report.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (member,) = members(path)
    assert isinstance(member, Member)
    return list(module.records(member)), member


@pytest.mark.parametrize(
    ("text", "source"), [(TEAMS, "teams_attendance_csv"), (ZOOM, "zoom_participants_csv")]
)
def test_a_report_is_known_by_its_first_lines(tmp_path: Path, text: str, source: str) -> None:
    found, why = recognise_member(read(tmp_path, teams, text)[1], definitions())
    assert found is not None, why
    assert found.id == source


def test_without_a_table_of_stays_the_one_of_people_serves(tmp_path: Path) -> None:
    (record,), _ = read(tmp_path, teams, TEAMS)
    stay = orjson.loads(record.line)
    assert (stay["join"], stay["minutes"], stay["upn"]) == ("2/5/26, 9:01:00 AM", 30.0, "jo@example.com")
    assert stay["meeting"] == "Sync|2/5/26, 9:00:00 AM"


def test_a_file_in_utf_16_says_the_same(tmp_path: Path) -> None:
    plain, _ = read(tmp_path, teams, TEAMS)
    wide, _ = read(tmp_path, teams, b"\xff\xfe" + TEAMS.encode("utf-16-le"))
    assert [record.line for record in plain] == [record.line for record in wide]


def test_several_reports_in_one_file_keep_their_meetings_apart(tmp_path: Path) -> None:
    records, _ = read(tmp_path, zoom, ZOOM + "\n" + ZOOM.replace("555 0100", "555 0199"))
    assert [orjson.loads(record.line)["meeting_id"] for record in records] == ["5550100", "5550199"]


def test_a_separator_within_a_name_does_not_end_the_line(tmp_path: Path) -> None:
    (record,), _ = read(tmp_path, zoom, ZOOM.replace("Jo Moss", "Jo\u2028Moss"))
    assert orjson.loads(record.line)["email"] == "jo@example.com"


def test_a_line_that_is_none_of_a_table_is_a_problem_with_its_bytes(tmp_path: Path) -> None:
    records, _ = read(tmp_path, zoom, ZOOM + 'Kim "Roe" "x,"y\n')
    assert records[-1].problem.startswith("not a line of a table")
    assert records[-1].raw.startswith(b"Kim")


@pytest.mark.parametrize("module", [teams, zoom])
def test_a_file_that_is_too_large_is_one_problem(
    tmp_path: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAXIMUM_BYTES", 100)
    (record,), _ = read(tmp_path, module, ZOOM)
    assert record.problem.startswith("larger than")


@pytest.mark.parametrize("module", [teams, zoom])
def test_an_unknown_encoding_is_one_problem(tmp_path: Path, module: ModuleType) -> None:
    _, member = read(tmp_path, module, ZOOM)
    (record,) = module.records(replace(member, encoding="klingon"))
    assert "klingon" in record.problem


def test_a_cell_that_is_too_long_is_a_problem_of_its_line(tmp_path: Path) -> None:
    found, _ = read(tmp_path, teams, TEAMS + "x" * 200_000 + "\n")
    assert [record.problem for record in found][-1] == "has no time of joining"
