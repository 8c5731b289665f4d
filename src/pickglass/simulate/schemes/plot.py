"""Who the players are: their habits, desks, farms and exits."""

# ruff: noqa: ARG001 -- every change of a player has the same arguments

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pickglass.simulate.casting import World
from pickglass.simulate.draws import Draw
from pickglass.simulate.world.company import Camera, Company, Habits, Tool, Trip, Worker
from pickglass.simulate.world.people import draw_name, near
from pickglass.simulate.world.places import (
    Home,
    Land,
    Network,
    hosting_exits,
    place,
    places,
    vpn_exits,
)


@dataclass(frozen=True, slots=True)
class Farm:
    """A home where company laptops stand for people who are somewhere else."""

    home: Home
    keeper: str  # who signs for parcels
    exits: tuple[Network, ...]  # where the operators come out when they use machines of their own


@dataclass(frozen=True, slots=True)
class Plot:
    farms: dict[str, Farm]
    abroad: Network  # where the worker who is elsewhere really is


def _farm(draw: Draw, land: Land, city: str) -> Farm:
    home = land.home(place(city), flat=True)
    exits = vpn_exits("ASTRILL_VPN")
    start = draw.below(len(exits) - 3)
    return Farm(home, draw_name(draw).full, (*exits[start : start + 3], draw.pick(hosting_exits())))


def prepare(world: World, company: Company) -> tuple[Company, Plot]:
    draw = Draw(company.seed, "plot")
    cities = draw.sample([one.city for one in places() if one.country == "US"], 2)
    plot = Plot(
        {"H2": _farm(draw, world.land, cities[0]), "H4": _farm(draw, world.land, cities[1])},
        world.land.access(place(draw.pick(["Recife", "Gaborone", "Tallinn", "Porto"]))),
    )
    staff = list(company.workers)
    for (
        part,
        change,
    ) in _PREPARE.items():  # in this order: a later player may share things with an earlier one
        index = company.parts[part]
        staff[index] = change(world, company, plot, staff[index])
        company = replace(company, workers=tuple(staff))
    return company, plot


def _settle(
    world: World, worker: Worker, country: str, *, other_than: str = "", offset: int | None = None
) -> Worker:
    """Where the person claims to live: a city of a country, drawn like everybody's."""
    draw = Draw(world.seed, "settle", worker.index)
    known = [one for one in places() if one.country == country and one.city != other_than]
    known = [one for one in known if offset is None or one.offset == offset]
    home = world.land.home(draw.weighted(known, [one.weight for one in known]))
    person = replace(worker.person, home=home, phone=world.phones.number(country))
    return replace(
        worker,
        person=person,
        homes=((0, home),),
        told=((0, home),),
        trips=(),
        remote=True,
        machines=worker.machines[:1],
        carrier=home.address.place,
    )


def _operated(
    world: World,
    worker: Worker,
    farm: Farm,
    habits: Habits,
    tools: tuple[Tool, ...],
    *,
    one_clock: bool = False,
) -> Worker:
    """The laptop stands in the farm; meetings and the odd sign-in come from the operator's own machine."""
    return replace(
        _settle(
            world, worker, "US", other_than=farm.home.address.place.city, offset=-300 if one_clock else None
        ),
        desk=farm.home.network,
        habits=replace(
            habits,
            office=0,
            vpn=(),
            vpn_share=0,
            corporate_vpn=0,
            own_computer_network=farm.exits,
            phone=0,
            tools=tools,
            repositories=3,
            authenticator_networks=farm.exits[:2],
        ),
    )


def _h1(world: World, company: Company, plot: Plot, worker: Worker) -> Worker:
    draw = Draw(world.seed, "H1")
    worker = _settle(world, worker, draw.pick(["US", "GB"]))
    exits = (*vpn_exits("ASTRILL_VPN")[2:5], hosting_exits()[0])
    return replace(
        worker,
        machines=((worker.hired, world.cloud_desktop(draw)),),
        habits=replace(
            worker.habits,
            vpn=exits,
            vpn_share=850,
            own_computer=500,
            own_computer_network=exits,
            phone=0,
            camera=40,
            meets_on_own=True,
            commits=180,
            documents=2,
            latency=210,
            tools=(),
            authenticator_networks=exits[:2],
            blocks=((560, 230), (830, 220)),
        ),
    )


_SHIFTS = (
    ((540, 85), (720, 85), (900, 85)),
    ((630, 80), (810, 80), (990, 80)),
    ((1080, 40), (1130, 40), (1180, 30)),
    ((540, 85), (720, 85), (900, 85)),
)


def _h2(number: int) -> Callable[[World, Company, Plot, Worker], Worker]:
    def change(world: World, company: Company, plot: Plot, worker: Worker) -> Worker:
        farm = plot.farms["H2"]
        ready = worker.hired + 2
        habits = replace(
            worker.habits,
            blocks=_SHIFTS[number],
            camera=60 if number != 1 else 260,
            meets_on_own=True,
            own_computer=90,
            latency=230,
            commits=520,
            devices=Camera("SplitCam Video Driver", "SplitCam Audio Mixer", "Speakers"),
        )
        tools = (Tool("crd", ready, 330), Tool("anydesk", ready, 420))[: 1 + (number != 2)]
        tools = (*tools, Tool("splitcam", ready, 90)) if number < 2 else tools
        worker = _operated(world, worker, farm, habits, tools, one_clock=True)
        authenticator = company.who("H2A").authenticator if number in {1, 3} else worker.authenticator
        if number == 3:
            worker = replace(worker, person=replace(worker.person, phone=company.who("H2B").person.phone))
        return replace(worker, authenticator=authenticator)

    return change


def _h3(world: World, company: Company, plot: Plot, worker: Worker) -> Worker:
    worker = _settle(world, worker, "US")
    desk = world.land.access(near(worker.person.home.address.place, places())[4])
    silence = Trip(
        worker.hired, company.last, desk, approved=False, away=True
    )  # the one evening is told below
    return replace(worker, desk=desk, trips=(silence,), habits=replace(worker.habits, phone=0, tools=()))


def _h4(number: int) -> Callable[[World, Company, Plot, Worker], Worker]:
    def change(world: World, company: Company, plot: Plot, worker: Worker) -> Worker:
        farm = plot.farms["H4"]
        ready = worker.hired + 1
        tools: tuple[Tool, ...] = (Tool("anydesk", ready, 480), Tool("crd", ready + 1, 300))
        if number == 2:
            tools = (Tool("anydesk", ready, 400),)
        devices = (
            Camera("Guermok USB3 Video", "USB3 Digital Audio", "Speakers")
            if number != 1
            else worker.habits.devices
        )
        habits = replace(
            worker.habits,
            stays_on=True,
            camera=120,
            own_computer=50,
            devices=devices,
            latency=190,
            meets_on_own=number == 1,
            meets_long=160 if number == 0 else 0,
            blocks=((540, 240), (800, 230)),
        )
        return _operated(world, worker, farm, habits, tools)

    return change


def _elsewhere(world: World, company: Company, plot: Plot, worker: Worker) -> Worker:
    """The claimed person, abroad without saying so, behind a router with a VPN exit near the claimed city."""
    worker = _settle(world, worker, "US")
    claimed = worker.person.home.address.place
    exits = sorted(
        vpn_exits("PROTON_VPN") + vpn_exits("NORD_VPN"),
        key=lambda exit_: (claimed.kilometres(exit_.place), exit_.ip),
    )[:2]
    return replace(
        worker,
        desk=exits[0],
        habits=replace(
            worker.habits,
            office=0,
            vpn=tuple(exits),
            vpn_share=1000,
            corporate_vpn=0,
            own_computer=0,
            phone=25,
            authenticator_networks=(*exits, *exits, *exits, plot.abroad),
            latency=260,
            camera=500,
        ),
    )


_PREPARE: dict[str, Callable[[World, Company, Plot, Worker], Worker]] = {
    "H1": _h1,
    "H2A": _h2(0),
    "H2B": _h2(1),
    "H2C": _h2(2),
    "H2D": _h2(3),
    "H3": _h3,
    "H4A": _h4(0),
    "H4B": _h4(1),
    "H4C": _h4(2),
    "elsewhere": _elsewhere,
}
