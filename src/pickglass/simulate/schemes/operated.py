"""What the operated personas of the cases H1 to H4 did."""

from __future__ import annotations

from dataclasses import replace

from pickglass.simulate.acts import (
    Diary,
    FileAct,
    PayAccount,
    Plugged,
    SignIn,
    Ticket,
)
from pickglass.simulate.casting import World
from pickglass.simulate.clock import DAY
from pickglass.simulate.draws import Draw
from pickglass.simulate.life import document, run
from pickglass.simulate.ordinary import account, parcel
from pickglass.simulate.schemes.deeds import clone_all, connect, extort, forget, remote_set_up, serial, ticket
from pickglass.simulate.schemes.plot import Plot
from pickglass.simulate.tables import table
from pickglass.simulate.world.company import Company
from pickglass.simulate.world.people import draw_name, near
from pickglass.simulate.world.places import (
    Address,
    places,
)


def play_h1(company: Company, diary: Diary) -> None:
    worker, draw = company.who("H1"), Draw(company.seed, "play H1")
    forget(diary, worker, "parcels", "pay", "check")
    hired, left = worker.hired, worker.left or company.last
    ticket(diary, worker, hired - 8, 610, "own_device", "asks to work on an own laptop")
    ticket(
        diary, worker, hired - 7, 650, "virtual_desktop", "asks for a virtual desktop instead of the laptop"
    )
    ticket(diary, worker, hired - 3, 650, "own_device", "asks again for an own laptop")
    machine = worker.machine(hired)
    network = worker.habits.vpn[0]
    for day in range(hired, hired + 3):
        time = day * DAY + draw.between(15, 19) * 3600
        clone_all(diary, draw, worker, network, machine, time, draw.between(7, 12))
        time += 3000
        for _ in range(draw.between(90, 240)):
            time += draw.between(4, 15)
            diary.data.append(document(company, draw, worker, "download", time, network, machine))
        for number in range(draw.between(3, 5)):
            name = f"backup_{day % 100}_{number}.zip"
            diary.files.append(
                FileAct(
                    time + 60 * number,
                    worker.index,
                    machine,
                    "FileCreated",
                    "Downloads",
                    name,
                    draw.between(120_000_000, 420_000_000),
                    "sevenzip",
                )
            )
            diary.files.append(
                FileAct(
                    time + 60 * number + 30,
                    worker.index,
                    machine,
                    "FileCreated",
                    "Google Drive\\My Drive",
                    name,
                    draw.between(120_000_000, 420_000_000),
                    "chrome",
                )
            )
            connect(diary, worker, machine, time + 60 * number + 31, "chrome", "drive.google.com")
    for day, money in (
        (hired + max(2, (left - hired) * 14 // 120), False),
        (hired + max(4, (left - hired) * 30 // 120), True),
    ):
        diary.pay.append(
            account(
                draw,
                worker,
                day * DAY + 57_000,
                money=money,
                network=network,
                owner=draw_name(draw).full if money else "",
            )
        )
    ticket(diary, worker, left - 5, 700, "performance_notice", "little output, camera never works")
    day = left - max(1, (left - hired) // 30)
    time = day * DAY + 70_000
    for _ in range(draw.between(150, 260)):
        time += draw.between(4, 20)
        diary.data.append(document(company, draw, worker, "download", time, network, machine))
    extort(company, diary, draw, worker, left + 1, wallet=True)


def play_h2(world: World, company: Company, plot: Plot, diary: Diary) -> None:
    farm, draw = plot.farms["H2"], Draw(company.seed, "play H2")
    shared: PayAccount | None = None
    unit = farm.home.address
    for letter in "ABCD":
        worker = company.who(f"H2{letter}")
        forget(diary, worker, "parcels", "pay", "check")
        ticket(
            diary,
            worker,
            worker.hired - 9,
            560,
            "address_change",
            "please send the laptop to another address",
        )
        to = unit if letter in "ABD" else replace(unit, unit=world.land.unit(unit.place))
        diary.parcels.append(
            parcel(company, draw, worker, worker.hired, serial(worker), to, signed=farm.keeper)
        )
        remote_set_up(diary, draw, worker, worker.hired, 17, ("anydesk", "crd"))
        money = account(
            draw,
            worker,
            (worker.hired + draw.between(6, 16)) * DAY + 62_000,
            money=True,
            network=farm.exits[0],
            owner=farm.keeper if letter in "AC" else "",
        )
        if letter in "AC":
            shared = money if shared is None else shared
            money = money._replace(
                bank=shared.bank, routing=shared.routing, number=shared.number, owner=shared.owner
            )
        diary.pay.append(money)
        if letter in "BD":
            later = min(worker.hired + draw.between(25, 40), company.last)
            diary.pay.append(account(draw, worker, later * DAY + 62_000, money=True, network=farm.exits[1]))
        if letter in "AD":
            time = (worker.hired + 4) * DAY + 15 * 3600
            machine = worker.machine(worker.hired + 1)
            clone_all(diary, draw, worker, farm.home.network, machine, time, draw.between(8, 13))


def play_h3(world: World, company: Company, diary: Diary) -> None:
    worker, draw = company.who("H3"), Draw(company.seed, "play H3")
    forget(diary, worker, "parcels", "check")
    told = worker.told[0][1].address
    other = world.land.address(near(told.place, places())[3])
    counter = Address("Carrier Counter 5", "", other.place, world.land.postal(other.place), "pickup_point")
    ticket(diary, worker, worker.hired - 8, 840, "address_change", "laptop should go to another address")
    diary.parcels.append(
        parcel(
            company,
            draw,
            worker,
            worker.hired,
            serial(worker),
            other,
            redirect=counter,
            signed=worker.person.name.full,
            carrier="easypost",
        )
    )
    machine = worker.machine(worker.hired)
    start = worker.hired * DAY + 21 * 3600 + 40 * 60
    diary.signins.append(
        SignIn(
            start,
            worker.index,
            "entra",
            "session",
            "Office 365 Exchange Online",
            worker.desk or worker.home(worker.hired).network,
            machine,
            session=draw.guid(),
        )
    )
    diary.plugged.append(
        Plugged(start + 300, worker.index, machine, "raspberry_net", draw.hexadecimal(6) + "&0&2")
    )
    run(diary, draw, worker, machine, "loader", start + 900, "--quiet --install", "powershell.exe")
    for number in range(4):
        run(
            diary,
            draw,
            worker,
            machine,
            "loader",
            start + 960 + 70 * number,
            f"--stage {number}",
            "powershell.exe",
        )
    history = (
        ("Library", ".zsh_history")
        if machine.system == "macOS"
        else ("AppData\\Roaming\\Microsoft\\Windows\\PowerShell\\PSReadLine", "ConsoleHost_history.txt")
    )
    for number, action in enumerate(("FileModified", "FileDeleted", "FileCreated")):
        diary.files.append(
            FileAct(
                start + 1000 + 40 * number,
                worker.index,
                machine,
                action,
                *history,
                120 * number,
                "powershell",
            )
        )
    profile = "AppData\\Local\\Google\\Chrome\\User Data\\Default"
    diary.files.append(
        FileAct(
            start + 1150, worker.index, machine, "FileCreated", profile, "Login Data.tmp", 40_960, "loader"
        )
    )
    time = worker.hired * DAY
    incident = f"SEC{worker.hired}"
    for minute, category, activity, outcome, detail in (
        (21 * 60 + 58, "verification_request", "opened", "", "alert on the new laptop: asked for a call"),
        (
            22 * 60 + 5,
            "verification_declined",
            "updated",
            "declined",
            "says a router guide was followed; no call possible",
        ),
        (22 * 60 + 20, "verification_missed", "updated", "missed", "no answer any more; machine isolated"),
    ):
        diary.tickets.append(
            Ticket(time + minute * 60, worker.index, category, activity, outcome, detail, None, incident)
        )


def play_h4(company: Company, plot: Plot, diary: Diary) -> None:
    farm, draw = plot.farms["H4"], Draw(company.seed, "play H4")
    for letter in "ABC":
        worker = company.who(f"H4{letter}")
        forget(diary, worker, "parcels", "check", "pay")
        ticket(
            diary,
            worker,
            worker.hired - 7,
            780,
            "address_change",
            "please use my other address for the laptop",
        )
        redirect = farm.home.address if letter == "C" else None
        to = worker.told[0][1].address if letter == "C" else farm.home.address
        diary.parcels.append(
            parcel(
                company,
                draw,
                worker,
                worker.hired,
                serial(worker),
                to,
                redirect=redirect,
                signed=farm.keeper,
                carrier="fedex" if letter != "B" else "easypost",
            )
        )
        remote_set_up(
            diary, draw, worker, worker.hired, 18, ("anydesk", "crd") if letter != "C" else ("anydesk",)
        )
        machine = worker.machine(worker.hired)
        time = (worker.hired + 1) * DAY + 18 * 3600
        things = {
            "A": ("pikvm", "pikvm_keyboard", "pikvm_drive", "guermok"),
            "B": (),
            "C": ("tinypilot", "guermok"),
        }[letter]
        for number, thing in enumerate(things):
            port = table("software")["gadgets"][thing].get("serial") or draw.hexadecimal(6) + f"&0&{number}"
            diary.plugged.append(Plugged(time + number * 3, worker.index, machine, thing, port))
        if letter != "B":
            for number, program in enumerate(("systeminfo", "whoami", "wmic", "dxdiag")):
                run(diary, draw, worker, machine, program, time + 200 + 60 * number, parent="cmd.exe")
        first = min(worker.hired + draw.between(8, 13), company.last)
        diary.pay.append(
            account(
                draw,
                worker,
                first * DAY + 59_000,
                money=True,
                network=farm.exits[0],
                owner=draw_name(draw).full if letter == "B" else "",
            )
        )
        second = min(worker.hired + draw.between(30, 45), company.last)
        diary.pay.append(
            account(draw, worker, second * DAY + 59_000, money=letter != "A", network=farm.exits[1])
        )
    first_worker = company.who("H4A")
    ticket(
        diary,
        first_worker,
        min(company.day(215), company.last),
        640,
        "identity_complaint",
        "a letter: somebody got a tax form from us and never worked here",
    )
    third = company.who("H4C")
    for number in range(2):
        ticket(
            diary,
            third,
            min(third.hired + 9 + 8 * number, company.last),
            640,
            "in_person_postponed",
            "cannot come to the office meeting",
        )
