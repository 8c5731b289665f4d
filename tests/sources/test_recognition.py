"""What a file is, is told by its content; whoever wrote the file cannot make the telling fail."""

import gzip
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lake.exports import okta, worker

from pickglass.model.source import Recognition
from pickglass.sources.definitions import definitions
from pickglass.sources.folding import is_folded, unfold, unfolded_blocks
from pickglass.sources.reading import Block, Member, members
from pickglass.sources.recognition import fits, recognise, recognise_member
from pickglass.sources.rereading import told_by

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abcd") | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def told(*records: dict[str, Any], form: str = "ndjson") -> str | None:
    found = recognise({(): list(records)}, definitions().values(), form)
    return found.source.id if found.source else None


def test_a_few_odd_records_do_not_change_what_a_file_is() -> None:
    assert told(okta("1"), {"odd": 1}, okta("2")) == "okta_system_log"
    assert told(okta("1"), {"odd": 1}, {"odd": 2}) is None


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.9])
def test_a_small_file_cut_off_in_its_compressed_data_is_told_by_what_is_left(
    tmp_path: Path, kept: float
) -> None:
    """It ends before its first look is full: that must neither raise nor hide what can be read."""
    lines = b"\n".join(json.dumps(okta(f"{number:x}")).encode() for number in range(60))
    packed = gzip.compress(lines)
    path = tmp_path / "okta.json.gz"
    path.write_bytes(packed[: int(len(packed) * kept)])
    (member,) = members(path)
    assert isinstance(member, Member)
    assert member.damage
    source, why = recognise_member(member, definitions())
    assert why
    assert source is None or source.id == "okta_system_log"
    assert kept < 0.5 or source is not None


def test_the_header_of_a_table_cut_off_in_its_compressed_data_is_kept(tmp_path: Path) -> None:
    table = b"event_type,timestamp\r\n" + b"user.session.start,2026-03-01T10:00:00Z\r\n" * 40
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(table)[:-9])
    (member,) = members(path)
    assert isinstance(member, Member)
    assert member.damage
    assert told_by(member)["header"] == "event_type,timestamp"


def test_a_file_without_records_is_nothing() -> None:
    assert recognise({(): []}, definitions().values(), "json").why == "holds no records"


def test_the_form_of_a_file_must_be_one_that_the_source_reads() -> None:
    assert told(okta("1"), form="csv") != "okta_system_log"
    assert told(worker("E1"), form="csv") == told(worker("E1")) == "workday_workers"


def test_two_sources_that_fit_equally_are_an_ambiguity_and_no_guess() -> None:
    from dataclasses import replace

    one = definitions()["okta_system_log"]
    found = recognise({(): [okta("1")]}, [one, replace(one, id="twin")], "ndjson")
    assert found.source is None
    assert found.why == "fits several sources equally: okta_system_log, twin"


@pytest.mark.parametrize(
    ("rules", "record", "fitting"),
    [
        (Recognition(all=("a.b",)), {"a": {"b": None}}, True),
        (Recognition(all=("a.b",)), {"a.b": 1}, True),
        (Recognition(all=("a.b",)), {"a": [{"c": 1}, {"b": 1}]}, True),
        (Recognition(all=("a.b",)), {"a": "b"}, False),
        (Recognition(any=("a", "b")), {"b": 0}, True),
        (Recognition(any=("a", "b")), {"c": 0}, False),
        (Recognition(none=("a",)), {"a": None}, False),
        (Recognition(match={"a": "^x"}), {"a": "xy"}, True),
        (Recognition(match={"a": "^x"}), {"a": ["no", "xy"]}, False),
        (Recognition(match={"a": "^x"}), {"a": 5}, False),
    ],
)
def test_rules_look_at_keys_and_texts(rules: Recognition, record: dict[str, Any], fitting: bool) -> None:
    assert fits(record, rules) is fitting


@given(record=st.dictionaries(st.text(max_size=4), JSON, max_size=4))
@settings(max_examples=50, deadline=None)
def test_any_record_can_be_looked_at(record: dict[str, Any]) -> None:
    """Every source answers, whatever the record holds."""
    assert told(record) is None or told(record) in definitions()


def test_keys_that_a_collector_folded_are_put_back() -> None:
    """Everywhere in the record, where the vendor's spelling is known and one."""
    source = definitions()["okta_system_log"]
    folded = json.loads(
        json.dumps(okta("1"))
        .replace("eventType", "eventtype")
        .replace("alternateId", "alternateid")
        .replace("ipAddress", "ipaddress")
    )
    assert is_folded(folded, source)
    assert unfold(folded, source) == okta("1")
    assert told(folded) == "okta_system_log"
    assert not is_folded(okta("1"), source)


@pytest.mark.parametrize("depth", [100, 500, 1020])
def test_a_folded_record_that_is_nested_too_deep_is_left_as_it_came(depth: int) -> None:
    """It is for the mapping to say what is wrong with it; nothing else may stop."""
    source = definitions()["okta_system_log"]
    deep = b'{"eventtype": "x", "d": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    plain = orjson.dumps({"eventtype": "user.x"})
    (block,) = unfolded_blocks(iter([Block(1, [deep, plain, b"{"], [b"", b"", b""], {})]), source)
    assert block.lines[1] == orjson.dumps({"eventType": "user.x"})
    assert block.lines[2] == b"{"
    assert block.lines[0].count(b'{"a":') == depth


def test_a_column_that_is_read_and_stands_twice_is_told(tmp_path: Path) -> None:
    """Nobody knows which of the two is meant; other columns may come as often as they like."""
    header = "Issue key,Issue id,Summary,Reporter,Created,Labels,Labels"
    row = "IT-1,1,New laptop,ann@example.com,2026-03-01 10:00,a,b"
    once, twice = tmp_path / "once.csv", tmp_path / "twice.csv"
    once.write_text(f"{header}\n{row}\n{row}\n")
    twice.write_text(f"{header},Reporter\n{row},bo@example.com\n{row},bo@example.com\n")
    (fine,), (doubtful,) = members(once), members(twice)
    assert isinstance(fine, Member)
    assert isinstance(doubtful, Member)
    source, _ = recognise_member(fine, definitions())
    assert source is not None
    assert source.id == "jira_issues_csv"
    assert recognise_member(doubtful, definitions()) == (
        None,
        "more than one column is called Reporter; give each a name of its own",
    )


@pytest.mark.parametrize(
    "first",
    [
        "Quill,dana.quill@example.com,2026-03-01",
        "E1042,Quill,Berlin",
        "Quill,Dana,Lisbon",
        "+1 469 555 0142,Quill,x",
    ],
)
def test_a_table_without_a_header_tells_no_value_of_its_first_line(tmp_path: Path, first: str) -> None:
    """The reason goes into reports, logs and the ledger, and the line is somebody's."""
    path = tmp_path / "table.csv"
    path.write_text("\n".join([first] * 5) + "\n")
    (member,) = members(path)
    assert isinstance(member, Member)
    source, why = recognise_member(member, definitions())
    assert source is None
    assert not any(value in why for value in first.split(",") if len(value) > 1), why
    assert "not shown" in why or "is text" in why


def test_the_keys_of_an_unknown_export_are_told_but_no_value_among_them() -> None:
    """They say which export it is; a key that is somebody's address says more."""

    def why(form: str, **record: Any) -> str:
        return recognise({(): [record]}, definitions().values(), form).why

    assert why("csv", Colour="x", **{"User Name": "y"}) == "no source has these keys: Colour, User Name"
    assert why("ndjson", colour=1) == "no source has these keys: colour"
    assert why("ndjson", **{"dana@example.com": 1, "kept": 2}) == "no source has these keys: (a value), kept"
