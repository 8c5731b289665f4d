"""A source.yaml is read whole or refused with every mistake named."""

from pathlib import Path

import pytest

from pickglass.errors import ConfigError
from pickglass.sources.definitions import definitions, read_definition

WHOLE = """
id: ticket_desk
title: Our ticket desk
formats: [csv]
recognise: {all: [Number, Opened, Requested For]}
time_zone: Europe/Berlin
map:
  ticket:
    time: Opened
    account: 'lower("Requested For")'
    ticket_id: Number
    activity: "'opened'"
    category: Category
"""


def write(folder: Path, text: str, name: str = "ticket_desk") -> Path:
    path = folder / name / "source.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_ten_lines_are_a_source(tmp_path: Path) -> None:
    """The column map names the raw keys that it uses, and the rest is filled in."""
    source = read_definition(write(tmp_path, WHOLE))
    assert source.columns == dict.fromkeys(["Number", "Opened", "Requested For", "Category"], "VARCHAR")
    assert list(source.tables) == ["ticket"]
    assert (source.status, source.delay_hours, source.key) == ("unverified", 0, None)


def test_an_edited_source_is_seen_without_a_restart(tmp_path: Path) -> None:
    """A watch goes on for months; what is not edited is not read again."""
    write(tmp_path / "sources", WHOLE)
    before = definitions(tmp_path)["ticket_desk"]
    assert definitions(tmp_path)["ticket_desk"] is before
    write(tmp_path / "sources", WHOLE.replace("Our ticket desk", "Our other desk"))
    assert definitions(tmp_path)["ticket_desk"].title == "Our other desk"
    write(tmp_path / "sources", WHOLE.replace("ticket_desk", "second_desk"), "second_desk")
    assert "second_desk" in definitions(tmp_path)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "id: other\nformats: [pdf]\ncolour: red\nmap: {nowhere: {}}\n")
    with pytest.raises(ConfigError) as caught:
        read_definition(path)
    for mistake in (
        "unknown field colour",
        "title is missing",
        "recognise is missing",
        "must be the folder's name",
        "unknown format pdf",
        "there is no table nowhere",
    ):
        assert mistake in str(caught.value)
    assert caught.value.where == str(path)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2", "not YAML"),
        ("- a list", "must be a map of fields"),
        ("", "must be a map of fields"),
        (WHOLE.replace("map:", "tables: {}\nmap:"), "give either tables or map"),
        (WHOLE.partition("map:")[0], "give either tables or map"),
        (WHOLE.partition("map:")[0] + "tables: {ticket: SELECT _n FROM raw}", "columns is missing"),
        (
            WHOLE.partition("map:")[0] + "columns:\ntables: {ticket: SELECT _n FROM raw}",
            "columns names no key",
        ),
    ],
)
def test_what_is_no_definition_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_definition(write(tmp_path, text))


def test_the_version_changes_with_any_byte(tmp_path: Path) -> None:
    """It names the mapping that made a row."""
    path = write(tmp_path, WHOLE)
    first = read_definition(path).version
    path.write_text(WHOLE + "\n# nothing\n")
    assert read_definition(path).version != first


def test_a_source_of_the_home_wins_over_a_shipped_one(tmp_path: Path) -> None:
    text = WHOLE.replace("ticket_desk", "okta_system_log")
    write(tmp_path / "sources", text, "okta_system_log")
    assert definitions(tmp_path)["okta_system_log"].title == "Our ticket desk"
    assert definitions()["okta_system_log"].title != "Our ticket desk"


def test_a_parser_says_which_forms_it_reads_and_how_its_own_look(tmp_path: Path) -> None:
    """Text is everybody's form: a source that took any of it would take its neighbours' files."""
    text = WHOLE.replace("formats: [csv]", "formats: [parser]\nforms: [text, memo]")
    with pytest.raises(ConfigError) as error:
        read_definition(write(tmp_path, text))
    assert "unknown form memo" in str(error.value)
    assert "recognise.text is missing" in str(error.value)
    broken = text.replace(", memo", "").replace("{all:", "{text: '(', all:")
    with pytest.raises(ConfigError, match=r"recognise\.text is no pattern"):
        read_definition(write(tmp_path, broken))
