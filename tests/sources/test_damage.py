"""Where a file's content ends early, what came before is read, and what was under way is told and never half a record."""

import gzip
from pathlib import Path
from types import ModuleType

import pytest

from pickglass.sources.definitions import shipped_folder
from pickglass.sources.nacha_ach import parse as nacha
from pickglass.sources.reading import Member, Record, members
from pickglass.sources.teams_attendance_csv import parse as teams
from pickglass.sources.windows_events import parse as windows
from pickglass.sources.zoom_participants_csv import parse as zoom

HEAD = 15  # bytes of a gzip file in front of content that is stored as it is

TEAMS = (
    "1. Summary\nMeeting title\tSync\nStart time\t2/5/26, 9:00:00 AM\n\n2. Participants\n"
    "Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail\n"
    "Jo Moss\t2/5/26, 9:01:00 AM\t2/5/26, 9:31:00 AM\t30m\tjo@example.com\n"
    "Kim Ash\t2/5/26, 9:01:00 AM\t2/5/26, 9:31:00 AM\t30m\tkim@example.com\n"
)
ZOOM = (
    "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest\n"
    "Jo Moss,jo@example.com,02/03/2026 09:00:00 AM,02/03/2026 09:42:00 AM,42,No\n"
    "Kim Ash,kim@example.com,02/03/2026 09:00:00 AM,02/03/2026 09:42:00 AM,42,No\n"
)
EVENT = (
    "<Event><System><Provider Name='P'/><EventID>1</EventID><EventRecordID>{}</EventRecordID></System>"
    "<EventData><Data Name='a'>b</Data></EventData></Event>\n"
)
ENTRIES = (shipped_folder() / "nacha_ach" / "sample.returns.ach").read_text()


def cut_off(folder: Path, module: ModuleType, text: str, behind: str) -> list[Record]:
    """Read a compressed file whose content ends behind the last occurrence of a text."""
    path = folder / "file.gz"
    path.write_bytes(
        gzip.compress(text.encode(), 0)[: HEAD + text.encode().rindex(behind.encode()) + len(behind)]
    )
    (member,) = members(path)
    assert isinstance(member, Member)
    return list(module.records(member))


@pytest.mark.parametrize(
    ("module", "text", "behind", "rest"),
    [
        (teams, TEAMS, "Kim Ash\t2/5/26, 9:01:00 AM", b"Kim Ash\t2/5/26, 9:01:00 AM"),
        (teams, TEAMS, "jo@example.com\n", b""),
        (zoom, ZOOM, "kim@exam", b"Kim Ash,kim@exam"),
        (zoom, ZOOM, "Jo Moss,jo@example.com,02/03/2026 09:00:00 AM,02/03/2026 09:42:00 AM,42,No\n", b""),
        (windows, EVENT.format(1) + EVENT.format(2), "<Data Name='a'>", b"<Event><System>"),
        (windows, EVENT.format(1) + EVENT.format(2), "</EventRecordID></System>", b"<Event><System>"),
    ],
)
def test_a_record_that_the_damage_cuts_is_told_and_those_before_are_read(
    tmp_path: Path, module: ModuleType, text: str, behind: str, rest: bytes
) -> None:
    whole, cut = cut_off(tmp_path, module, text, behind)
    assert not whole.problem
    assert b"kim" not in whole.line.lower()
    assert cut.problem
    assert cut.line == b""
    assert cut.raw.startswith(rest)
    assert bool(cut.raw) == bool(rest)


def test_an_entry_whose_addenda_may_be_missing_is_no_payment(tmp_path: Path) -> None:
    """A notification of change without its addenda would read as a plain payment."""
    place = ENTRIES.index("\n798")
    entry = ENTRIES[:place].rpartition("\n")[2]
    found = cut_off(tmp_path, nacha, ENTRIES[: place + 40] + "\n", ENTRIES[place - 10 : place + 30])
    assert [record for record in found if not record.problem] == []
    assert found[0].raw.decode() == entry.rstrip()
    assert len(found) == 2, "the entry, and the end that is missing"
