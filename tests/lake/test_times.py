"""A clock becomes the instant that it means, or rejects its record; nothing is guessed or made up."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lake.sources import Outcome, mapped, source

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
NAIVE = st.datetimes(datetime(1950, 1, 1), datetime(2199, 12, 31))  # noqa: DTZ001 - clocks without a zone
WHITE = " \t"


def times(texts: list[Any], **rule: Any) -> Outcome:
    lines = [json.dumps({"id": "d1", "time": text, "activity": "checkin"}).encode() for text in texts]
    return mapped(source(**rule), lines)


def found(outcome: Outcome) -> dict[int, tuple[datetime, str]]:
    return {
        row["raw_record"]: (row["time"], row["time_precision"])
        for row in outcome.rows.get("device_state", [])
    }


def with_offset(moment: datetime, style: str) -> str:
    offset = moment.isoformat()[-6:]
    clock = moment.replace(tzinfo=None).isoformat(timespec="microseconds")
    return {
        "iso": clock + offset,
        "compact": clock + offset.replace(":", ""),
        "blank": clock.replace("T", " ") + " " + offset,
        "seven digits": clock + "7" + offset,
    }[style]


@given(
    clocks=st.lists(
        st.tuples(
            NAIVE,
            st.integers(-14 * 60, 14 * 60),
            st.sampled_from(["iso", "compact", "blank", "seven digits"]),
        ),
        min_size=1,
        max_size=30,
    ),
    rule=st.sampled_from(["none", "local", *ZONES]),
)
@settings(max_examples=12, deadline=None)
def test_a_clock_with_its_offset_means_the_same_under_every_rule(
    clocks: list[tuple[datetime, int, str]], rule: str
) -> None:
    """The offset in the text decides, to the microsecond, and the source's rule does not matter."""
    moments = [clock.replace(tzinfo=timezone(timedelta(minutes=minutes))) for clock, minutes, _ in clocks]
    outcome = times(
        [with_offset(moment, style) for moment, (_, _, style) in zip(moments, clocks, strict=True)],
        time_zone=rule,
    )
    assert found(outcome) == {n: (moment, "instant") for n, moment in enumerate(moments, 1)}


@given(clocks=st.lists(NAIVE, min_size=1, max_size=30), zone=st.sampled_from(ZONES), blank=st.booleans())
@settings(max_examples=12, deadline=None)
def test_a_clock_without_a_zone_is_read_in_the_zone_of_its_source(
    clocks: list[datetime], zone: str, blank: bool
) -> None:
    """Read back there the wall clock is the same, unless it never struck because summer time began."""
    outcome = found(times([clock.isoformat(" " if blank else "T") for clock in clocks], time_zone=zone))
    assert len(outcome) == len(clocks)
    for number, clock in enumerate(clocks, 1):
        moment, precision = outcome[number]
        there = clock.replace(tzinfo=ZoneInfo(zone))
        assert precision == "instant"
        if there.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == clock:
            assert moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == clock
        else:
            assert abs(moment - there) <= timedelta(hours=1)


@given(clocks=st.lists(NAIVE, min_size=1, max_size=30))
@settings(max_examples=8, deadline=None)
def test_a_clock_without_a_zone_is_kept_as_written_or_refused_where_nobody_knows_the_zone(
    clocks: list[datetime],
) -> None:
    """Rule local keeps the wall clock and marks it; rule none rejects, naming the column and the reason."""
    texts = [clock.isoformat() for clock in clocks]
    assert found(times(texts, time_zone="local")) == {
        n: (clock.replace(tzinfo=UTC), "local") for n, clock in enumerate(clocks, 1)
    }
    refused = times(texts, time_zone="none")
    assert refused.fates == {"rejected": len(clocks)}
    assert set(refused.reasons().values()) == {
        "device_state.time: a clock without a time zone, and this source declares none"
    }


@given(
    days=st.lists(st.dates(date(1900, 1, 1), date(2999, 12, 31)), min_size=1, max_size=30),
    rule=st.sampled_from(["none", "local", *ZONES]),
)
@settings(max_examples=8, deadline=None)
def test_a_day_stays_that_day_under_every_rule(days: list[date], rule: str) -> None:
    """A calendar day is stored as its own midnight UTC and marked; no zone moves it to the day before."""
    assert found(times([day.isoformat() for day in days], time_zone=rule)) == {
        n: (datetime(day.year, day.month, day.day, tzinfo=UTC), "date") for n, day in enumerate(days, 1)
    }


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00+00:00"),
        ("2026-03-01t10:00:00z", "2026-03-01T10:00:00+00:00"),
        (" 2026-03-01 10:00:00 UTC ", "2026-03-01T10:00:00+00:00"),
        ("2026-03-01 10:00:00 GMT", "2026-03-01T10:00:00+00:00"),
        ("2026-03-01T10:00:00+02", "2026-03-01T08:00:00+00:00"),
        ("2026-03-01T10:00Z", "2026-03-01T10:00:00+00:00"),
        ("2026-3-1 9:05:00Z", "2026-03-01T09:05:00+00:00"),
        ("2026-03-01T24:00:00Z", "2026-03-02T00:00:00+00:00"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999000+00:00"),
    ],
)
def test_spellings_of_one_instant(text: str, means: str) -> None:
    assert found(times([text], time_zone="none")) == {1: (datetime.fromisoformat(means), "instant")}


NO_CLOCKS = [
    "epoch",
    "infinity",
    "-infinity",
    "now",
    "today",
    "10:00",
    "2026",
    "2026-03",
    "1772359200",
    "20260301T100000Z",
    "2026-02-30",
    "2026-02-30T10:00:00Z",
    "2026-03-01T25:00:00Z",
    "2026-03-01T10:61:00Z",
    "2026-03-01 01:00 PM",
    "2026-03-01 12:00:00 AM",
    "2026-03-01 10:00:00 EST",
    "2026-03-01 10:00:00 America/New_York",
    "2026-03-01T10:00:00+99:00",
    "2026-03-01 (BC)",
    "0001-01-01T00:00:00Z",
    "99999-01-01T00:00:00Z",
    "290000-01-01 10:00:00",
    "2026-03-01T10:00:00Z tomorrow",
    "03/01/2026 10:00:00",
    "٢٠٢٦-٠٣-٠١",
    "2026-03-01\u00a010:00:00Z",
]


@pytest.mark.parametrize("rule", ["none", "local", "UTC", "Europe/Berlin"])
def test_a_text_that_is_no_clock_for_certain_rejects_its_record(rule: str) -> None:
    """Not even where the engine's own cast would make some time of it, such as 1970, or drop the «PM»."""
    outcome = times([*NO_CLOCKS, "2026-03-01T10:00:00Z"], time_zone=rule)
    taken = [NO_CLOCKS[number - 1] for number in found(outcome) if number <= len(NO_CLOCKS)]
    assert taken == []
    assert outcome.fates == {"rejected": len(NO_CLOCKS), "mapped": 1}
    assert all(reason.startswith("device_state.time: ") for reason in outcome.reasons().values())


@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_missing_time_rejects_its_record(text: str | None) -> None:
    """It is never filled in."""
    assert times([text]).reasons() == {1: "device_state.time: missing"}


@pytest.mark.parametrize(
    ("form", "text", "rule", "means", "precision"),
    [
        ("%m/%d/%Y %I:%M:%S %p", "03/01/2026 1:00:00 PM", "UTC", "2026-03-01T13:00:00+00:00", "instant"),
        ("%d.%m.%Y %H:%M", "01.03.2026 10:00", "Europe/Berlin", "2026-03-01T09:00:00+00:00", "instant"),
        ("%d-%m-%Y %H:%M", "01-03-2026 10:00", "local", "2026-03-01T10:00:00+00:00", "local"),
        ("%d-%m-%Y", "01-03-2026", "America/New_York", "2026-03-01T00:00:00+00:00", "date"),
        ("%m/%d/%Y", "03/01/2026", "none", "2026-03-01T00:00:00+00:00", "date"),
        (
            "%d/%b/%Y:%H:%M:%S %z",
            "01/Mar/2026:10:00:00 +0200",
            "Europe/Berlin",
            "2026-03-01T08:00:00+00:00",
            "instant",
        ),
        (
            "%d/%b/%Y:%H:%M:%S %z",
            "01/Mar/2026:10:00:00 -0500",
            "none",
            "2026-03-01T15:00:00+00:00",
            "instant",
        ),
        ("%m/%d/%Y", "2026-03-01T10:00:00Z", "UTC", "2026-03-01T10:00:00+00:00", "instant"),
    ],
)
def test_a_format_of_the_source_is_read_as_far_as_it_says(
    form: str, text: str, rule: str, means: str, precision: str
) -> None:
    """A format with a zone is an instant, one without a clock is a day, any other follows the rule."""
    outcome = times([text, "nonsense", "epoch"], time_zone=rule, time_formats=[form])
    assert found(outcome) == {1: (datetime.fromisoformat(means), precision)}
    assert outcome.fates == {"mapped": 1, "rejected": 2}


def test_a_format_with_a_clock_and_no_zone_is_refused_where_the_source_declares_none() -> None:
    outcome = times(["03/01/2026 10:00"], time_zone="none", time_formats=["%m/%d/%Y %H:%M"])
    assert outcome.fates == {"rejected": 1}


def test_known_is_the_time_and_the_delay_of_the_source_and_never_after_the_load() -> None:
    outcome = times(["2026-03-01T10:00:00Z", "2999-01-01T00:00:00Z"], delay_hours=1.5)
    known = [row["known"] for row in outcome.rows["device_state"]]
    assert known == [datetime(2026, 3, 1, 11, 30, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)]


@given(
    texts=st.lists(st.text(max_size=30), min_size=1, max_size=20),
    rule=st.sampled_from(["none", "local", "UTC"]),
)
@settings(max_examples=12, deadline=None)
def test_any_text_is_a_time_of_its_own_digits_or_rejects_its_record(texts: list[str], rule: str) -> None:
    """Every record has one fate, and a text without a year in it never becomes a time."""
    outcome = times(texts, time_zone=rule)
    assert sum(outcome.fates.values()) == len(texts)
    assert set(outcome.fates) <= {"mapped", "rejected"}
    for number, (moment, _) in found(outcome).items():
        assert moment.strftime("%Y")[:3] in texts[number - 1]
