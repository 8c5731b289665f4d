"""The planted: what the published cases did, told as acts of people with machines.

Each part changes the habits and places of the worker who plays it (`prepare`) and the applications (`enrol`),
and adds acts of its own to the diary (`perform`). Days are days of the play (`Company.day`).
"""

from __future__ import annotations

from pickglass.simulate.acts import Application, Diary, Listed
from pickglass.simulate.casting import World
from pickglass.simulate.clock import DAY
from pickglass.simulate.draws import Draw
from pickglass.simulate.schemes.applicants import enrol
from pickglass.simulate.schemes.operated import play_h1, play_h2, play_h3, play_h4
from pickglass.simulate.schemes.others import play_disloyal, play_elsewhere, play_hijacked
from pickglass.simulate.schemes.plot import Plot, prepare
from pickglass.simulate.world.company import Company

__all__ = ["Plot", "enrol", "perform", "prepare"]


def perform(
    world: World, company: Company, plot: Plot, applications: dict[int, Application], diary: Diary
) -> None:
    play_h1(company, diary)
    play_h2(world, company, plot, diary)
    play_h3(world, company, diary)
    play_h4(company, plot, diary)
    play_elsewhere(world, company, plot, diary)
    for part in ("hijacked", "pirate-victim"):
        play_hijacked(company, diary, part)
    play_disloyal(company, diary)
    draw = Draw(company.seed, "listed")
    known = sorted({one.part for one in applications.values() if one.part.startswith("A")})
    for ring in known:
        member = next(one for one in applications.values() if one.part == ring)
        when = member.applied - draw.between(10, 90) * DAY
        kind, value = draw.pick([("phone", member.phone), ("mail", member.mails[0])])
        diary.listed.append(Listed(when, kind, value, "sector sharing group", "high", when + 365 * DAY))
    exit_ = plot.farms["H4"].exits[0]
    listed = company.day(70) * DAY
    diary.listed.append(Listed(listed, "ip", exit_.ip, "vendor report 2026-02", "medium", listed + 300 * DAY))
