"""ACH files, however they are broken: entries are never lost silently, and numbers come from their places."""

import json
from pathlib import Path

import pytest

from pickglass.sources.definitions import shipped_folder
from pickglass.sources.nacha_ach.parse import records
from pickglass.sources.reading import Member, Record, members

SAMPLE = shipped_folder() / "nacha_ach" / "sample.payroll.ach"
RETURNS = shipped_folder() / "nacha_ach" / "sample.returns.ach"


def read(folder: Path, text: str) -> list[Record]:
    path = folder / "file.ach"
    path.write_bytes(text.encode())
    (member,) = members(path)
    assert isinstance(member, Member)
    return list(records(member))


def facts(found: list[Record]) -> list[dict[str, str]]:
    return [json.loads(record.line) for record in found if not record.problem]


def problems(found: list[Record]) -> list[str]:
    return [record.problem for record in found if record.problem]


def lines(path: Path = SAMPLE) -> list[str]:
    return path.read_text().splitlines()


def test_a_file_without_line_ends_says_the_same(tmp_path: Path) -> None:
    assert facts(read(tmp_path, "".join(lines()))) == facts(read(tmp_path, "\n".join(lines())))


def test_lines_whose_blanks_at_the_end_were_cut_say_the_same(tmp_path: Path) -> None:
    cut = read(tmp_path, "\n".join(line.rstrip() for line in lines()))
    assert problems(cut) == []
    assert facts(cut) == facts(read(tmp_path, "\n".join(lines())))


def test_a_file_that_was_cut_short_keeps_its_entries_and_says_so(tmp_path: Path) -> None:
    short = read(tmp_path, "\n".join(lines()[:4]))
    assert [entry["individual_id"] for entry in facts(short)] == ["E0417", "E1042"]
    assert problems(short) == ["the file ends without its control record: entries may be missing"]


def test_an_entry_outside_a_batch_is_a_problem_of_its_own(tmp_path: Path) -> None:
    """Its meaning stands in the batch's header; a header of another batch must not be taken for it."""
    whole = lines()
    end_of_batch = next(place for place, line in enumerate(whole) if line.startswith("8"))
    whole.insert(end_of_batch + 1, whole[2])
    found = read(tmp_path, "\n".join(whole))
    assert problems(found) == ["an entry stands outside a batch"]
    assert len(facts(found)) == len(facts(read(tmp_path, "\n".join(lines()))))


@pytest.mark.parametrize(
    ("place", "text", "problem"),
    [
        (3, "X" + " " * 93, "the line begins with no record type of an ACH file"),
        (3, "6" + "2" * 120, "the line has 121 characters instead of 94"),
        (2, "705" + " " * 91, "an addenda record follows no entry"),
    ],
)
def test_a_line_that_is_no_record_costs_only_itself(
    tmp_path: Path, place: int, text: str, problem: str
) -> None:
    whole = lines()
    whole.insert(place, text)
    found = read(tmp_path, "\n".join(whole))
    assert problems(found) == [problem]
    assert len(facts(found)) == 7


def test_many_addenda_of_one_entry_do_not_pile_up(tmp_path: Path) -> None:
    whole = lines()
    addenda = next(line for line in whole if line.startswith("705"))
    place = whole.index(addenda)
    found = read(tmp_path, "\n".join([*whole[:place], *[addenda] * 5000, *whole[place:]]))
    assert problems(found) == []
    assert max(len(record.raw) for record in found) < 10_000


@pytest.mark.parametrize(
    ("code", "data", "routing", "account"),
    [
        ("C01", "1918171614", None, "1918171614"),
        ("C02", "999900017", "999900017", None),
        ("C03", "999900017   8800002270", "999900017", "8800002270"),
        ("C06", "8800002270          37", None, "8800002270"),
        ("C07", "9999000178800002270       37", "999900017", "8800002270"),
        ("C04", "KOVALENKO INA", None, None),
        ("C05", "37", None, None),
    ],
)
def test_a_change_brings_the_number_that_its_code_names(
    tmp_path: Path, code: str, data: str, routing: str | None, account: str | None
) -> None:
    whole = lines(RETURNS)
    place = next(place for place, line in enumerate(whole) if line.startswith("798"))
    whole[place] = "798" + code + whole[place][6:35] + data.ljust(29) + whole[place][64:]
    changed = facts(read(tmp_path, "\n".join(whole)))[0]
    assert changed["change_code"] == code
    assert changed.get("new_routing_number") == routing
    assert changed.get("new_account_number") == account
