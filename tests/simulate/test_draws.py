"""Draws are integers made from raw PCG64 output: pinned, so that a changed number is noticed."""

from __future__ import annotations

from pickglass.simulate.clock import at, date_text, day_of, iso, next_workday, offset_minutes, weekday
from pickglass.simulate.draws import Draw

PINNED = [875, 606, 861, 619, 569, 627]


def test_draws_are_pinned() -> None:
    draw = Draw(7, "pinned")
    assert [draw.below(1000) for _ in range(6)] == PINNED
    assert [Draw(7, "pinned").below(1000) for _ in range(3)] == PINNED[:1] * 3
    assert Draw(7, "other").below(10**9) != Draw(7, "pinned").below(10**9)


def test_a_branch_is_one_throw_however_often_it_is_asked() -> None:
    idle, busy = Draw(7, "stem"), Draw(7, "stem")
    unasked, asked = idle.branch(), busy.branch()
    first = [asked.below(1000) for _ in range(50)]
    assert [idle.below(1000) for _ in range(6)] == [busy.below(1000) for _ in range(6)]
    assert [unasked.below(1000) for _ in range(50)] == first
    assert [idle.branch().below(10**9) for _ in range(2)] == [busy.branch().below(10**9) for _ in range(2)]
    assert len({Draw(7, "stem").branch().below(10**9), idle.branch().below(10**9)}) == 2


def test_draws_stay_in_their_bounds() -> None:
    draw = Draw(1, "bounds")
    assert {draw.between(3, 5) for _ in range(200)} == {3, 4, 5}
    assert all(-4 <= draw.bell(0, 4) <= 4 for _ in range(500))
    assert sorted(draw.sample(range(6), 9)) == list(range(6))
    assert not any(draw.chance(0) for _ in range(100))
    assert all(draw.chance(1000) for _ in range(100))
    assert {draw.weighted("abc", (0, 1, 0)) for _ in range(50)} == {"b"}
    assert len(draw.hexadecimal(21)) == 21


def test_local_clocks_follow_their_summer_rules() -> None:
    winter, summer = day_of("2026-01-15"), day_of("2026-07-15")
    assert iso(at(summer, 9 * 60, -300, "us")) == "2026-07-15T13:00:00Z"
    assert iso(at(winter, 9 * 60, 0, "eu")) == "2026-01-15T09:00:00Z"
    assert offset_minutes(0, "eu", day_of("2026-03-29")) == 60
    assert offset_minutes(0, "eu", day_of("2026-10-25")) == 0
    assert offset_minutes(-300, "us", day_of("2026-03-08")) == -240
    assert offset_minutes(-300, "us", day_of("2026-03-07")) == -300
    assert weekday(day_of("2026-11-02")) == 0
    assert date_text(next_workday(day_of("2026-10-31"))) == "2026-11-02"
