"""Honest people whose lives look like a scheme to somebody who sees only one system."""

from __future__ import annotations

from dataclasses import replace

from pickglass.simulate.acts import Application, Attestation, Diary, Plugged, Ticket
from pickglass.simulate.casting import World
from pickglass.simulate.clock import DAY
from pickglass.simulate.draws import Draw
from pickglass.simulate.life import run
from pickglass.simulate.ordinary import account, parcel
from pickglass.simulate.tables import rate
from pickglass.simulate.world.company import Camera, Company, Tool, Trip, Worker
from pickglass.simulate.world.people import near
from pickglass.simulate.world.places import Home, place, places, vpn_exits


def prepare(world: World, company: Company) -> Company:
    draw = Draw(company.seed, "lookalikes")
    staff = list(company.workers)

    def put(part: str, worker: Worker) -> None:
        staff[company.parts[part]] = worker

    def who(part: str) -> Worker:
        return staff[company.parts[part]]

    home = who("couple-1").person.home
    for part in ("couple-1", "couple-2"):
        put(part, _at_home(who(part), home))
    put(
        "streamer",
        replace(
            who("streamer"),
            habits=replace(
                who("streamer").habits,
                camera=930,
                devices=Camera("Elgato Cam Link 4K", "Shure MV7", "Headphones"),
                tools=(Tool("obs", 0, 350),),
            ),
        ),
    )
    consultant = who("consultant")
    put(
        "consultant",
        replace(
            consultant,
            habits=replace(
                consultant.habits,
                tools=(
                    Tool("teamviewer", consultant.hired, 300),
                    Tool("screenconnect", consultant.hired + 4, 260),
                    Tool("splashtop", consultant.hired, 60),
                ),
            ),
        ),
    )
    newcomer = who("newcomer")
    exits = vpn_exits("NORD_VPN")[:3]
    put("newcomer", replace(newcomer, habits=replace(newcomer.habits, camera=0, vpn=exits, vpn_share=450)))
    put("traveller", _traveller(world, company, draw, who("traveller")))
    put("mover", _mover(world, who("mover")))
    campus = world.land.access(place("Leeds"), "campus")
    building = world.land.address(place("Leeds"), flat=True)
    for number, part in enumerate(("dorm-1", "dorm-2", "dorm-3")):
        room = replace(building, unit=f"Flat {11 + 3 * number}")
        put(part, _at_home(who(part), Home(room, campus)))
    carer = who("carer")
    put(
        "carer",
        replace(
            carer, habits=replace(carer.habits, blocks=((560, 110), (1290, 330)), camera=120, weekend=200)
        ),
    )
    vpn = who("vpn")
    put(
        "vpn",
        replace(
            vpn,
            habits=replace(
                vpn.habits,
                vpn=vpn_exits("MULLVAD_VPN")[:5],
                vpn_share=960,
                corporate_vpn=0,
                tools=(Tool("mullvad", vpn.hired, 300),),
            ),
        ),
    )
    company = replace(company, workers=tuple(staff))
    return _more_households(company, draw)


def _at_home(worker: Worker, home: Home) -> Worker:
    """Lives in a given home, alone or not; a telephone at its place."""
    return replace(
        worker,
        person=replace(worker.person, home=home),
        homes=((0, home),),
        told=((0, home),),
        remote=True,
        habits=replace(worker.habits, office=0),
        carrier=home.address.place,
    )


def _traveller(world: World, company: Company, draw: Draw, worker: Worker) -> Worker:
    trips = []
    day = company.first + 4
    while day < company.last - 4:
        there = draw.pick([one for one in places() if one is not worker.home(day).address.place])
        length = draw.between(2, 5)
        trips.append(Trip(day, day + length, world.land.guest(there), approved=draw.chance(700)))
        day += length + draw.between(5, 16)
    return replace(worker, trips=tuple(trips))


def _mover(world: World, worker: Worker) -> Worker:
    """Moves to another city in the week of the start, and tells everybody."""
    old = worker.person.home
    around = near(old.address.place, places())
    new = world.land.home(around[0] if around else old.address.place)
    return replace(
        worker, homes=((0, old), (worker.hired - 2, new)), told=((0, old), (worker.hired - 4, new))
    )


def _more_households(company: Company, draw: Draw) -> Company:
    """Some of the chorus live with a colleague, as a couple or in a shared flat."""
    staff = list(company.workers)
    free = [one.index for one in staff if not one.part and one.remote]
    pairs = len(staff) * (rate("couple") + rate("flat_share")) // 1000
    chosen = draw.sample(free, 2 * pairs)
    for one, other in zip(chosen[::2], chosen[1::2], strict=True):
        staff[other] = _at_home(staff[other], staff[one].person.home)
    return replace(company, workers=tuple(staff))


def enrol(company: Company, applications: dict[int, Application]) -> dict[int, Application]:
    found = dict(applications)
    newcomer = company.who("newcomer")
    one = found[newcomer.candidate]
    found[newcomer.candidate] = replace(
        one, interviews=tuple(replace(met, camera_on=False) for met in one.interviews)
    )
    return found


def perform(world: World, company: Company, diary: Diary) -> None:
    draw = Draw(company.seed, "play lookalikes")
    security = next(one for one in company.workers if one.role == "Head of Security")
    consultant = company.who("consultant")
    for tool in ("TeamViewer", "ScreenConnect"):
        diary.attestations.append(
            Attestation(
                consultant.hired * DAY + 40_000,
                consultant.index,
                "sanctioned_tool",
                tool,
                security.index,
                "works for two other clients",
                until=(company.last + 200) * DAY,
            )
        )
    newcomer = company.who("newcomer")
    diary.pay = [one for one in diary.pay if one.worker != newcomer.index]
    diary.pay.append(
        account(
            draw,
            newcomer,
            newcomer.hired * DAY + 50_000,
            money=True,
            network=newcomer.home(newcomer.hired).network,
        )
    )
    diary.attestations.append(
        Attestation(
            (newcomer.hired + 1) * DAY + 40_000,
            newcomer.index,
            "accessibility",
            "camera off",
            company.workers[newcomer.manager].index,
            "agreed with the People team",
        )
    )
    gadget = company.who("gadget")
    machine = gadget.machine(gadget.hired + 4)
    for number in range(5):
        time = (gadget.hired + 4 + 6 * number) * DAY + 70_000
        if time // DAY <= company.last:
            diary.plugged.append(Plugged(time, gadget.index, machine, "raspberry", "00000000lab"))
            diary.plugged.append(Plugged(time + 2, gadget.index, machine, "raspberry_net", "00000000lab&0"))
    run(diary, draw, gadget, machine, "tailscale", (gadget.hired + 6) * DAY + 70_000)
    streamer = company.who("streamer")
    held = streamer.machine(company.first + 1)
    for number in range(3):
        diary.plugged.append(
            Plugged(
                (company.first + 5 + 15 * number) * DAY + 60_000,
                streamer.index,
                held,
                "camlink",
                "0004A1B2C3",
            )
        )
    _parcels(world, company, diary, draw)
    done: set[str] = set()
    addresses: dict[str, Worker] = {}
    for worker in company.workers:  # couples: some tell the company, the labelled one does not
        street = worker.person.home.address.street
        other = addresses.setdefault(street, worker)
        if (
            other is not worker
            and not worker.part
            and street not in done
            and draw.chance(rate("couple_declares"))
        ):
            household(company, diary, other, worker)
            done.add(street)


def _parcels(world: World, company: Company, diary: Diary, draw: Draw) -> None:
    def again(worker: Worker, to: Home, away: Home | None, signed: str) -> None:
        machine = worker.machine(worker.hired + 1)
        diary.parcels = [one for one in diary.parcels if one.worker != worker.index]
        diary.parcels.append(
            parcel(
                company,
                draw,
                worker,
                worker.hired,
                machine.serial,
                to.address,
                redirect=None if away is None else away.address,
                signed=signed,
            )
        )

    receiver = company.who("parcel")
    here = receiver.person.home.address.place
    family = world.land.home(near(here, places())[0] if near(here, places()) else here)
    again(receiver, receiver.person.home, family, receiver.person.name.family.upper())
    mover = company.who("mover")
    again(mover, mover.homes[0][1], mover.homes[1][1], mover.person.name.full)
    diary.tickets.append(
        Ticket(
            (mover.hired - 8) * DAY + 40_000,
            mover.index,
            "address_change",
            detail="moving house before the first day",
        )
    )
    diary.attestations.append(
        Attestation(
            (mover.hired + 2) * DAY + 40_000,
            mover.index,
            "address_confirmed",
            mover.homes[1][1].address.place.city,
            company.workers[mover.manager].index,
            "new lease shown on a call",
        )
    )
    for part in ("dorm-1", "dorm-2", "dorm-3"):
        worker = company.who(part)
        again(worker, worker.person.home, None, "PORTER")


def household(company: Company, diary: Diary, one: Worker, other: Worker) -> None:
    diary.attestations.append(
        Attestation(
            (max(one.hired, other.hired) + 2) * DAY + 40_000,
            one.index,
            "household",
            other.account,
            company.workers[one.manager].index,
            "live together",
        )
    )
