"""Days and times: a day is its number since 1970-01-01, a time is whole seconds of UTC since then.

The zones are our own small rules (offset and summer time of the Union or of the United States), so that no
machine's time-zone files can change a byte.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache

DAY = 86_400
EPOCH = date(1970, 1, 1)
LAST_DAY = (date(2026, 10, 31) - EPOCH).days  # the company's calendar always ends here


def day_of(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


@cache
def date_text(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()


def weekday(day: int) -> int:
    """Monday is 0."""
    return (day + 3) % 7


def next_workday(day: int) -> int:
    while weekday(day) > 4:
        day += 1
    return day


def quarter(time: int) -> str:
    """The file that a record goes into: exports are taken every three months."""
    year, month, _ = date_text(time // DAY).split("-")
    return f"{year}_q{(int(month) + 2) // 3}"


def iso(time: int) -> str:
    seconds = time % DAY
    return f"{date_text(time // DAY)}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"


def iso_fraction(time: int, fraction: int, digits: int = 3) -> str:
    return f"{iso(time)[:-1]}.{fraction:0{digits}}Z"


def mail_date(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")


def _sunday(year: int, month: int, which: int) -> int:
    """The day number of a month's Sunday: 1 the first, 2 the second, -1 the last."""
    if which > 0:
        first = (date(year, month, 1) - EPOCH).days
        return first + (6 - weekday(first)) % 7 + 7 * (which - 1)
    last = (date(year, month + 1, 1) - EPOCH).days - 1
    return last - (weekday(last) + 1) % 7


@cache
def summer(rule: str, day: int) -> bool:
    year = (EPOCH + timedelta(days=day)).year
    if rule == "eu":
        return _sunday(year, 3, -1) <= day < _sunday(year, 10, -1)
    if rule == "us":
        return _sunday(year, 3, 2) <= day < _sunday(year, 11, 1)
    return False


def offset_minutes(standard: int, rule: str, day: int) -> int:
    """Minutes to add to UTC for the local clock; the hour of the change counts to the whole day."""
    return standard + (60 if summer(rule, day) else 0)


def at(day: int, minute: int, standard: int = 0, rule: str = "") -> int:
    """The instant when a local clock shows `minute` of `day`."""
    return day * DAY + (minute - offset_minutes(standard, rule, day)) * 60
