"""What the others did: the one who is elsewhere, the thief of pay, the disloyal leaver."""

from __future__ import annotations

from dataclasses import replace

from pickglass.simulate.acts import (
    Diary,
    FileAct,
    Plugged,
    SignIn,
)
from pickglass.simulate.casting import World
from pickglass.simulate.clock import DAY
from pickglass.simulate.draws import Draw
from pickglass.simulate.life import document
from pickglass.simulate.ordinary import account, parcel
from pickglass.simulate.schemes.deeds import extort, forget, serial, ticket
from pickglass.simulate.schemes.plot import Plot
from pickglass.simulate.tables import table
from pickglass.simulate.world.company import Company
from pickglass.simulate.world.people import draw_name
from pickglass.simulate.world.places import (
    hosting_exits,
    vpn_exits,
)


def play_elsewhere(world: World, company: Company, plot: Plot, diary: Diary) -> None:
    worker, draw = company.who("elsewhere"), Draw(company.seed, "play elsewhere")
    forget(diary, worker, "parcels")
    claimed = worker.told[0][1].address
    store = replace(world.land.address(claimed.place, flat=False), unit="PMB 214", kind="mailbox")
    ticket(diary, worker, worker.hired - 9, 700, "address_change", "parcels reach me at a mail store")
    diary.parcels.append(
        parcel(company, draw, worker, worker.hired, serial(worker), store, signed="STORE CLERK")
    )
    for day in range(worker.hired + 3, company.last, 23):
        diary.signins.append(
            SignIn(
                day * DAY + 61_000,
                worker.index,
                "okta",
                "mfa",
                "",
                plot.abroad,
                worker.phone,
                session="idx" + draw.letters(17),
                authenticator=worker.authenticator,
                authenticator_network=plot.abroad,
            )
        )
    ticket(
        diary,
        worker,
        min(worker.hired + 60, company.last),
        610,
        "in_person_postponed",
        "cannot travel this month",
    )


def play_hijacked(company: Company, diary: Diary, part: str) -> None:
    """Somebody else signs in as an honest worker and turns the pay away; the own laptop is silent."""
    worker, draw = company.who(part), Draw(company.seed, "play", part)
    day = company.day(110 if part == "hijacked" else 165)
    exit_ = draw.pick(hosting_exits() + vpn_exits("EXPRESS_VPN"))
    thief = replace(worker.own, name=f"DESKTOP-{draw.letters(7)}", system="Windows")
    session = "idx" + draw.letters(17)
    time = worker.home(day).address.place.time(day, draw.between(150, 290))
    diary.signins.append(
        SignIn(
            time - 50,
            worker.index,
            "okta",
            "session",
            "",
            exit_,
            thief,
            ok=False,
            detail="VERIFICATION_ERROR",
        )
    )
    diary.signins.append(
        SignIn(time, worker.index, "okta", "session", "Okta Dashboard", exit_, thief, session=session)
    )
    diary.signins.append(
        SignIn(
            time + 40,
            worker.index,
            "okta",
            "enrol",
            "",
            exit_,
            thief,
            session=session,
            authenticator="opf" + draw.letters(17),
            authenticator_network=exit_,
        )
    )
    diary.signins.append(
        SignIn(time + 90, worker.index, "okta", "sso", "Workday", exit_, thief, session=session)
    )
    before = [one for one in diary.pay if one.worker == worker.index]
    diary.pay.append(
        account(draw, worker, time + 400, money=True, network=exit_, owner=draw_name(draw).full)._replace(
            session=session
        )
    )
    ticket(
        diary,
        worker,
        day + draw.between(9, 16),
        600,
        "other",
        "my pay did not arrive; I did not change my account",
    )
    later = day + 18
    if later <= company.last and before:
        back = before[-1]._replace(time=later * DAY + 50_000, actor="payroll", network=None, session="")
        diary.pay.append(back)
    diary.signins.append(
        SignIn(
            (day + 17) * DAY + 50_000,
            worker.index,
            "okta",
            "reset",
            "",
            company.offices[0].network,
            worker.own,
            session="",
        )
    )


def play_disloyal(company: Company, diary: Diary) -> None:
    worker, draw = company.who("disloyal"), Draw(company.seed, "play disloyal")
    left = worker.left or company.last
    machine = worker.machine(left)
    ticket(diary, worker, left - 15, 700, "performance_notice", "contract will not be renewed")
    home = worker.home(left)
    for day in (left - 9, left - 8, left - 4, left - 2):
        time = home.address.place.time(day, 1080)
        for _ in range(draw.between(110, 220)):
            time += draw.between(2, 12)
            diary.data.append(document(company, draw, worker, "download", time, home.network, machine))
        diary.plugged.append(
            Plugged(time + 100, worker.index, machine, "stick", draw.hexadecimal(16).upper())
        )
        for number in range(draw.between(8, 16)):
            diary.files.append(
                FileAct(
                    time + 150 + 9 * number,
                    worker.index,
                    machine,
                    "FileCreated",
                    "E:",
                    f"{draw.pick(table('jobs')['documents'])}_{number}.zip",
                    draw.between(40_000_000, 300_000_000),
                    "sevenzip",
                )
            )
    time = home.address.place.time(left - 1, 1140)
    for _ in range(3):
        time += 60
        diary.data.append(
            document(company, draw, worker, "share", time, home.network, machine, target=worker.person.mail)
        )
    extort(
        company,
        diary,
        draw,
        worker,
        min(left + max(2, (company.last - left) // 4), company.last),
        wallet=False,
    )
