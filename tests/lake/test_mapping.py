"""Records in, rows out: every record has exactly one fate, and only what is wrong with a record costs it."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lake.sources import mapped, source

from pickglass.errors import ConfigError
from pickglass.lake import mapping

GOOD = {"id": "d1", "time": "2026-03-01T10:00:00Z", "activity": "checkin"}
NESTED = {
    "id": "VARCHAR",
    "time": "VARCHAR",
    "who": "STRUCT(name VARCHAR, age BIGINT, tags VARCHAR[])",
    "places": "STRUCT(city VARCHAR, latitude DOUBLE)[]",
    "anything": "JSON",
}
NESTED_SQL = (
    "SELECT _n, time, id AS device_id, 'checkin' AS activity, who.name AS device_name, who.age AS os_version,"
    " "
    "array_to_string(who.tags, ',') AS model, places[1].city AS city, places[1].latitude AS latitude, "
    "CAST(anything AS VARCHAR) AS manufacturer FROM raw"
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
)
RECORD = st.fixed_dictionaries(
    {"id": TEXT, "time": st.just("2026-03-01T10:00:00Z")},
    optional={
        "who": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "name": SCALAR,
                "age": st.none() | st.integers(-(2**62), 2**62),
                "tags": st.lists(SCALAR, max_size=3),
            },
        ),
        "places": st.none()
        | st.lists(
            st.fixed_dictionaries({}, optional={"city": SCALAR, "latitude": st.none() | st.floats(-90, 90)}),
            max_size=2,
        ),
        "anything": st.recursive(
            SCALAR,
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
            max_leaves=4,
        ),
        "undeclared": SCALAR,
    },
)


def lines(*records: Any) -> list[bytes]:
    return [record if isinstance(record, bytes) else json.dumps(record).encode() for record in records]


@given(records=st.lists(RECORD, min_size=1, max_size=25))
@settings(max_examples=12, deadline=None)
def test_reading_record_by_record_gives_the_same_rows_as_reading_all_at_once(
    records: list[dict[str, Any]],
) -> None:
    """One bad record forces the strict way; the good ones' rows are identical to those of the fast way."""
    definition = source({"device_state": NESTED_SQL}, NESTED)
    fast = mapped(definition, lines(*records))
    strict = mapped(definition, lines(*records, {**GOOD, "who": "not an object"}))
    assert fast.fates == {"mapped": len(records)}
    assert strict.fates == {"mapped": len(records), "rejected": 1}
    assert strict.rows["device_state"] == fast.rows["device_state"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({**GOOD, "who": "a text"}, "who: not an object"),
        ({**GOOD, "who": ["a list"]}, "who: not an object"),
        ({**GOOD, "who": {"age": "old"}}, "who.age: not of type BIGINT"),
        ({**GOOD, "who": {"age": 10**30}}, "who.age: not of type BIGINT"),
        ({**GOOD, "places": {"city": "Denver"}}, "places: not a list"),
        ({**GOOD, "places": ["Denver"]}, "places: not an object"),
        ({**GOOD, "places": [{"latitude": 1}, {"latitude": "north"}]}, "places.latitude: not of type DOUBLE"),
        (b'{"id": "d1", "time": "2026-03-01T10:00:00Z", "who": {', "not valid JSON"),
        (b'{"id": "d1"} {"id": "d2"}', "not valid JSON"),
        (b'{"id": "d1", "time": \x00}', "not valid JSON"),
        (b'{"id": "\\ud800"}', "not valid JSON"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, None),
    ],
)
def test_a_record_that_does_not_fit_is_lost_alone(bad: Any, reason: str | None) -> None:
    """It is rejected with its number and reason; its neighbours become the rows that they always do."""
    outcome = mapped(
        source({"device_state": NESTED_SQL}, NESTED),
        lines(GOOD, {**GOOD, "id": "d2"}, bad, {**GOOD, "id": "d4"}),
    )
    assert outcome.fates == {"mapped": 3, "rejected": 1}
    assert [(row["raw_record"], row["device_id"]) for row in outcome.rows["device_state"]] == [
        (1, "d1"),
        (2, "d2"),
        (4, "d4"),
    ]
    assert outcome.reasons().keys() == {3}
    if reason is not None:
        assert outcome.reasons()[3] == reason


def test_a_key_that_comes_twice_means_the_same_on_both_ways() -> None:
    """Whatever it means, a bad neighbour does not change it."""
    twice = b'{"id": "first", "time": "2026-03-01T10:00:00Z", "activity": "checkin", "id": "second"}'
    fast, strict = mapped(source(), [twice]), mapped(source(), [twice, b"{"])
    assert [row["device_id"] for row in fast.rows["device_state"]] == [
        row["device_id"] for row in strict.rows["device_state"]
    ]


@pytest.mark.parametrize(
    "text", ["é\u202e\U0001f50d", "a\0b", "x" * 5_000_000, "'; DROP TABLE raw; --", "\\", '"']
)
def test_any_text_is_kept_as_it_is_or_rejects_its_record(text: str) -> None:
    outcome = mapped(source(), lines(GOOD, {**GOOD, "id": text}))
    kept = [row["device_id"] for row in outcome.rows["device_state"]]
    assert outcome.fates.total() == 2
    assert kept in (["d1", text], ["d1"])
    assert (len(kept) == 2) or outcome.reasons().keys() == {2}


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("latitude", "1.5", 1.5),
        ("latitude", " 2 ", 2.0),
        ("latitude", 3, 3.0),
        ("latitude", "nan", None),
        ("latitude", "inf", None),
        ("latitude", "1e999", None),
        ("latitude", "north", None),
        ("latitude", "1,5", None),
        ("managed", "true", True),
        ("managed", False, False),
        ("managed", "1", True),
        ("managed", "perhaps", None),
    ],
)
def test_a_text_becomes_the_number_or_truth_that_it_says_or_rejects_its_record(
    column: str, text: Any, value: Any
) -> None:
    outcome = mapped(source(), lines({**GOOD, column: text}))
    if value is None:
        assert list(outcome.reasons().values()) == [
            f"device_state.{column}: not a {'number' if column == 'latitude' else 'boolean'}"
        ]
    else:
        assert outcome.rows["device_state"][0][column] == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("443", 443),
        (443.0, 443),
        ("9007199254740993", 2**53 + 1),
        ("1.6", None),
        ("0x10", None),
        ("9" * 30, None),
    ],
)
def test_an_integer_is_never_rounded(text: Any, value: int | None) -> None:
    sql = "SELECT _n, time, id AS device_id, 'connection' AS activity, latitude AS dst_port FROM raw"
    outcome = mapped(source({"network": sql}), lines({**GOOD, "latitude": text}))
    assert [row["dst_port"] for row in outcome.rows.get("network", [])] == ([] if value is None else [value])
    assert outcome.fates.total() == 1


@given(texts=st.lists(st.one_of(TEXT, st.floats().map(str), st.integers().map(str)), min_size=1, max_size=20))
@settings(max_examples=12, deadline=None)
def test_a_text_that_is_no_number_never_becomes_null_silently(texts: list[str]) -> None:
    """A blank is null, a number is itself, and everything else rejects its record."""
    outcome = mapped(source(), lines(*({**GOOD, "latitude": text} for text in texts)))
    assert outcome.fates.total() == len(texts)
    for row in outcome.rows.get("device_state", []):
        text = texts[row["raw_record"] - 1]
        if row["latitude"] is None:
            assert text.strip(' "') == ""
        else:
            assert math.isfinite(row["latitude"])
            assert any(sign.isdigit() for sign in text)


def test_records_that_make_no_row_are_ignored_by_a_rule_or_rejected() -> None:
    sql = "SELECT _n, time, id AS device_id, activity FROM raw WHERE id LIKE 'd%'"
    definition = source({"device_state": sql}, ignore={"noise": "activity = 'noise'"})
    outcome = mapped(
        definition, lines(GOOD, {**GOOD, "activity": "noise"}, {**GOOD, "id": "x"}), problems=None
    )
    assert outcome.fates == {"mapped": 1, "ignored": 1, "rejected": 1}
    assert outcome.reasons() == {3: mapping.NO_MAPPING}


def test_a_record_is_lost_whole_if_one_of_its_rows_is_bad() -> None:
    """Half a record would be a statement that nobody made."""
    tables = {
        "device_state": "SELECT _n, time, id AS device_id, 'checkin' AS activity FROM raw",
        "process": "SELECT _n, activity AS time, id AS device_id, 'start' AS activity FROM raw",
    }
    outcome = mapped(
        source(tables), lines({**GOOD, "activity": "2026-03-01T10:00:00Z"}, {**GOOD, "activity": "never"})
    )
    assert {name: [row["raw_record"] for row in rows] for name, rows in outcome.rows.items()} == {
        "device_state": [1],
        "process": [1],
        "rejects": [2],
    }


def test_problems_of_the_reader_become_rejects_with_their_own_numbers() -> None:
    outcome = mapped(source(), [b"", *lines(GOOD), b""], problems={0: "not UTF-8", 2: "is cut off"})
    assert outcome.reasons() == {1: "not UTF-8", 3: "is cut off"}
    assert [row["raw_record"] for row in outcome.rows["device_state"]] == [2]


def test_records_of_many_small_files_keep_their_own_file_and_number() -> None:
    """A thousand files in one chunk, every seventh record bad: no row is taken for another's."""
    records = [
        {**GOOD, "id": f"f{n % 1000} r{n // 1000}", "managed": "bad" if n % 7 == 0 else None}
        for n in range(3000)
    ]
    outcome = mapped(
        source(),
        lines(*records),
        files=[f"f{n % 1000}" for n in range(3000)],
        records=[n // 1000 for n in range(3000)],
    )
    kept = outcome.rows["device_state"]
    assert len(kept) == 3000 - len(range(0, 3000, 7))
    assert all(row["device_id"] == f"{row['raw_file']} r{row['raw_record']}" for row in kept)
    assert {(row["raw_file"], row["raw_record"]) for row in outcome.rows["rejects"]} == {
        (f"f{n % 1000}", n // 1000) for n in range(0, 3000, 7)
    }


def test_a_large_chunk_keeps_the_numbers_of_its_records() -> None:
    """The engine reads it in parallel and in any order."""
    outcome = mapped(source(), lines(*({**GOOD, "id": str(n)} for n in range(1, 50_001))))
    assert all(row["device_id"] == str(row["raw_record"]) for row in outcome.rows["device_state"])
    assert outcome.fates == {"mapped": 50_000}


SPOILED = (
    "SELECT _n, time, id AS device_id, activity, CAST(CAST(latitude AS INTEGER) AS VARCHAR) AS model FROM raw"
)


def test_a_value_that_stops_the_mapping_costs_its_record_alone() -> None:
    """A source's SQL may fail on a value; the reason does not repeat the value, which may be a secret."""
    given = [
        {**GOOD, "id": str(n), "latitude": "078-05-1120" if n in (3, 70) else "1"} for n in range(1, 101)
    ]
    outcome = mapped(source({"device_state": SPOILED}), lines(*given))
    assert outcome.fates == {"mapped": 98, "rejected": 2}
    assert outcome.reasons() == dict.fromkeys(
        (3, 70), "the mapping cannot compute with its values (conversion error)"
    )


def test_a_file_full_of_values_that_stop_the_mapping_takes_no_other_file_with_it() -> None:
    """The search for such records is bounded, and its bound is each file's own."""
    given = [{**GOOD, "latitude": "x" if n % 2 else "1"} for n in range(160)]
    files = ["bad" if n % 2 or n % 4 == 0 else "good" for n in range(160)]
    outcome = mapped(source({"device_state": SPOILED}), lines(*given), files=files)
    assert [row["raw_file"] for row in outcome.rows["device_state"]].count("good") == files.count("good")
    assert {row["raw_file"] for row in outcome.rows["rejects"]} == {"bad"}
    assert outcome.fates.total() == 160


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"device_state": "SELECT _n, nonsense FROM raw"}, "does not run"),
        ({"device_state": "SELECT _n, time, id AS device FROM raw"}, "unknown columns: device"),
        ({"device_state": "SELECT time FROM raw"}, "must pass _n on"),
        ({"nowhere": "SELECT _n FROM raw"}, "there is no table nowhere"),
        ({"device_state": "SELEC"}, "does not run"),
    ],
)
def test_a_mapping_that_is_wrong_in_itself_is_told_with_its_place(
    tables: dict[str, str], message: str
) -> None:
    """It is the source's mistake and not a record's."""
    with pytest.raises(ConfigError, match=message) as caught:
        mapped(source(tables), lines(GOOD))
    assert caught.value.where.startswith("made_up/source.yaml")


def test_event_ids_depend_on_source_table_key_and_part_alone() -> None:
    """So the same event in another file is the same event, whatever else the record says."""
    parts = "(SELECT *, unnest(['a', 'b']) AS part FROM raw)"
    sql = f"SELECT _n, time, id AS device_id, activity, part AS _part FROM {parts}"
    keyed = source({"device_state": sql}, key="id")
    first = mapped(keyed, lines(GOOD)).rows["device_state"]
    again = mapped(keyed, lines(b"{}", {**GOOD, "managed": True}), files=["a" * 64] * 2).rows["device_state"]
    assert sorted(row["event_id"] for row in first) == sorted(row["event_id"] for row in again)
    assert len({row["event_id"] for row in first}) == 2
    other = mapped(source({"device_state": sql}, key="id", id="other"), lines(GOOD)).rows["device_state"]
    assert not {row["event_id"] for row in first} & {row["event_id"] for row in other}


def test_without_a_key_the_record_itself_is_the_key() -> None:
    rows = mapped(
        source(key="nullif(id, 'none')"),
        lines({**GOOD, "id": "none"}, {**GOOD, "id": "none", "managed": True}),
    )
    assert len({row["event_id"] for row in rows.rows["device_state"]}) == 2


@given(text=st.text(max_size=50))
@settings(max_examples=8, deadline=None)
def test_a_rejected_text_shows_no_digit(text: str) -> None:
    """Whatever separates or escapes them: an account number cannot be put together again."""
    (row,) = mapped(
        source(), [b'{"id": "123-45-6789", "iban": "DE89 3704", "x": ' + text.encode("utf-8", "replace")]
    ).rows["rejects"]
    assert not any(sign.isdigit() for sign in row["text"] or "")
