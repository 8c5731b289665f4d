"""Ordinary incidents of a company: pay accounts, parcels, tickets, attestations, leavers, mail."""

from __future__ import annotations

from pickglass.simulate.acts import (
    Attestation,
    Diary,
    FileAct,
    Letter,
    Listed,
    Parcel,
    PayAccount,
    Plugged,
    SignIn,
    Ticket,
)
from pickglass.simulate.casting import World
from pickglass.simulate.clock import DAY
from pickglass.simulate.draws import Draw
from pickglass.simulate.life import document, run
from pickglass.simulate.tables import rate, table
from pickglass.simulate.world.company import Company, Worker
from pickglass.simulate.world.people import draw_name
from pickglass.simulate.world.places import CARRIER_EXITS, Address, Network, carrier_exit, vpn_exits

YEAR = 365


def happen(world: World, company: Company, diary: Diary) -> None:
    for worker in company.workers:
        draw = Draw(company.seed, "incidents", worker.dice)
        end = company.last if worker.left is None else min(worker.left, company.last)
        _pay(company, diary, draw.branch(), worker, end)
        start = draw.branch()
        if worker.hired >= company.first - 60:
            _onboard(world, company, diary, start, worker)
        _year(company, diary, draw.branch(), worker, end)
        if worker.left is not None and worker.left <= company.last:
            _leave(company, diary, draw, worker, worker.left)
        for trip in worker.trips:
            if trip.approved and not trip.away:
                diary.attestations.append(
                    Attestation(
                        (trip.first - 3) * DAY + 36_000,
                        worker.index,
                        "approved_travel",
                        trip.network.place.city,
                        worker.manager,
                        "working trip",
                        until=(trip.last + 1) * DAY,
                    )
                )
    _company_wide(company, diary)
    _letters(company, diary)


def span(company: Company) -> int:
    return company.last - company.first


def account(
    draw: Draw,
    worker: Worker,
    time: int,
    *,
    money: bool,
    owner: str = "",
    network: Network | None = None,
    actor: str = "",
) -> PayAccount:
    """A pay account of a worker's own, with nobody else's number."""
    data = table("banks")["money" if money else "banks"]
    bank = draw.pick(data)
    return PayAccount(
        time,
        worker.index,
        bank["name"],
        bank["routing"],
        draw.digits(10),
        owner or worker.person.name.full,
        "money" if money else "bank",
        network,
        draw.hexadecimal(6),
        actor or worker.employee,
    )


def _pay(company: Company, diary: Diary, draw: Draw, worker: Worker, end: int) -> None:
    new = worker.hired >= company.first - 90
    money = draw.chance(rate("money_institution_new") if new else rate("money_institution"))
    owner = ""
    if draw.chance(rate("joint_account_name")):
        owner = f"{worker.person.name.given} {draw_name(draw).family}"
    first = worker.hired * DAY + draw.between(2, 60) * 3600
    diary.pay.append(
        account(draw, worker, first, money=money, owner=owner, network=worker.home(worker.hired).network)
    )
    if new and draw.chance(rate("bank_change_at_start")):
        day = worker.hired + draw.between(4, 25)
        if day <= end:
            diary.pay.append(
                account(draw, worker, day * DAY + 60_000, money=False, network=worker.home(day).network)
            )
    if draw.chance(rate("bank_change_in_year") * span(company) // YEAR):
        day = draw.between(max(company.first, worker.hired), max(end, worker.hired))
        diary.pay.append(
            account(draw, worker, day * DAY + 66_000, money=money, network=worker.home(day).network)
        )


def _onboard(world: World, company: Company, diary: Diary, draw: Draw, worker: Worker) -> None:
    told = worker.told[0][1].address
    if draw.chance(rate("live_video_check")):
        diary.attestations.append(
            Attestation(
                (worker.hired + draw.between(-1, 4)) * DAY + 50_000,
                worker.index,
                "live_video_check",
                "identity document shown on a call",
                company.workers[worker.manager].index,
                "new staff",
            )
        )
    diary.signins.append(
        SignIn(
            worker.hired * DAY + 40_000,
            worker.index,
            "okta",
            "enrol",
            "",
            worker.home(worker.hired).network,
            worker.machine(worker.hired),
            authenticator=worker.authenticator,
        )
    )
    if draw.chance(rate("self_service")):  # forms filled in before the laptop is there
        early = (worker.hired - draw.between(1, 4)) * DAY + draw.between(8, 21) * 3600
        diary.signins.append(
            SignIn(
                early,
                worker.index,
                "okta",
                "sso",
                "Workday",
                worker.home(worker.hired).network,
                worker.own,
                session="idx" + draw.letters(17),
            )
        )
    if draw.chance(rate("own_device_ticket")):
        diary.tickets.append(
            Ticket(
                (worker.hired - draw.between(1, 8)) * DAY + 48_000,
                worker.index,
                "own_device",
                detail="would rather use an own computer",
            )
        )
    if worker.habits.office:
        return
    to = told
    if draw.chance(rate("address_change_after_offer")):
        to = world.land.address(told.place)
        diary.tickets.append(
            Ticket(
                (worker.hired - 9) * DAY + 40_000,
                worker.index,
                "address_change",
                detail="please send the laptop to the new flat",
            )
        )
    machine = worker.machine(worker.hired)
    if not machine.virtual:
        diary.parcels.append(parcel(company, draw, worker, worker.hired, machine.serial, to))


def parcel(
    company: Company,
    draw: Draw,
    worker: Worker,
    needed: int,
    serial: str,
    to: Address,
    *,
    kind: str = "issue",
    redirect: Address | None = None,
    signed: str = "",
    carrier: str = "",
) -> Parcel:
    """A parcel to arrive before a day; redirected when somebody asks for it."""
    number = len(serial) * 1_000_003 + needed * 977 + worker.index * 7919
    chosen = carrier or ("fedex" if draw.chance(600) else "easypost")
    tracking = f"77{number % 10**10:010}" if chosen == "fedex" else f"1Z{draw.digits(6)}03{number % 10**8:08}"
    sent = (needed - draw.between(5, 8)) * DAY + draw.between(14, 22) * 3600
    office = company.offices[1].address
    late = draw.between(1, 4) * DAY if draw.chance(rate("parcel_late")) else 0
    arrive = sent + draw.between(2, 4) * DAY + late
    scans: list[tuple[int, str, Address]] = [
        (sent - 5 * 3600, "ordered", office),
        (sent, "picked_up", office),
        (sent + 7 * 3600, "in_transit", office),
    ]
    where = redirect or to
    if redirect is None and draw.chance(rate("parcel_redirected")):
        line = draw.pick(["Depot Road 4", "Market Place 12", "Station Approach 2"])
        where = Address(line, "", to.place, to.postal, "pickup_point")
        redirect = where
    if redirect is not None:
        asked = sent + draw.between(9, 30) * 3600
        scans.append((asked, "redirect_requested", where))
        scans.append((asked + 5 * 3600, "redirected", to))
        arrive = max(arrive, asked + DAY)
        if where.kind == "pickup_point":
            scans.append((arrive - 4 * 3600, "ready_for_pickup", where))
    scans.append((arrive, "delivered", where))
    if not signed:
        signed = worker.person.name.full
        if draw.chance(rate("signed_by_other")):
            signed = draw.pick(["FRONT DESK", "PORTER", "NEIGHBOUR", draw_name(draw).family.upper()])
    return Parcel(
        number,
        worker.index,
        chosen,
        tracking,
        serial,
        worker.person.name.full,
        to,
        where,
        signed,
        tuple(scans),
        kind,
    )


def _year(company: Company, diary: Diary, draw: Draw, worker: Worker, end: int) -> None:
    start = max(company.first, worker.hired)
    if end <= start + 2:
        return
    days = end - start
    it_staff = [one for one in company.workers if one.team.name == "IT" and not one.part]
    if draw.chance(rate("support_session") * days // YEAR):
        day = draw.between(start, end)
        machine = worker.machine(day)
        if not machine.virtual:
            time = worker.home(day).address.place.time(day, draw.between(560, 960))
            run(
                diary,
                draw,
                worker,
                machine,
                draw.pick(["quickassist", "teamviewer"]),
                time,
                parent="explorer.exe",
            )
            number = f"INC{day}{worker.index:04}"
            diary.tickets.append(
                Ticket(
                    time - 1800,
                    worker.index,
                    "access",
                    detail="needs help with the laptop",
                    related=draw.pick(it_staff).index,
                    number=number,
                )
            )
            diary.tickets.append(
                Ticket(
                    time + 1800,
                    worker.index,
                    "access",
                    "closed",
                    "solved",
                    "helped over a remote session",
                    draw.pick(it_staff).index,
                    number,
                )
            )
    if draw.chance(rate("usb_stick") * days // YEAR):
        day = draw.between(start, end)
        machine = worker.machine(day)
        if not machine.virtual:
            time = worker.home(day).address.place.time(day, draw.between(560, 960))
            diary.plugged.append(Plugged(time, worker.index, machine, "stick", draw.hexadecimal(16).upper()))
            for _ in range(draw.between(1, 6)):
                diary.files.append(
                    FileAct(
                        time + draw.between(60, 900),
                        worker.index,
                        machine,
                        "FileCreated",
                        "E:",
                        f"{draw.pick(table('jobs')['documents'])}.pdf",
                        draw.between(90_000, 30_000_000),
                        "explorer",
                    )
                )
    if draw.chance(rate("migration") * days // YEAR):
        day = draw.between(start, end)
        network = worker.home(day).network
        time = worker.home(day).address.place.time(day, draw.between(560, 900))
        for _ in range(draw.between(60, 220)):
            time += draw.between(3, 25)
            diary.data.append(document(company, draw, worker, "download", time, network, worker.machine(day)))
    if draw.chance(rate("performance_notice") * days // YEAR):
        diary.tickets.append(
            Ticket(
                draw.between(start, end) * DAY + 50_000,
                worker.index,
                "performance_notice",
                detail="improvement plan agreed",
            )
        )
    if draw.chance(15):
        diary.tickets.append(
            Ticket(
                draw.between(start, end) * DAY + 50_000, worker.index, "other", detail="question about leave"
            )
        )


def _leave(company: Company, diary: Diary, draw: Draw, worker: Worker, left: int) -> None:
    machine = worker.machine(left)
    place = worker.home(left).address.place
    if worker.part:
        return
    if draw.chance(rate("leaver_handover")):
        time = place.time(left - draw.between(1, 6), 600)
        for _ in range(draw.between(15, 70)):
            time += draw.between(5, 60)
            diary.data.append(
                document(company, draw, worker, "download", time, worker.home(left).network, machine)
            )
    if draw.chance(rate("leaver_photos")) and not machine.virtual:
        time = place.time(left - draw.between(0, 4), 840)
        diary.plugged.append(Plugged(time, worker.index, machine, "stick", draw.hexadecimal(16).upper()))
        for number in range(draw.between(10, 60)):
            diary.files.append(
                FileAct(
                    time + 40 + number * 3,
                    worker.index,
                    machine,
                    "FileCreated",
                    "E:",
                    f"IMG_{draw.digits(4)}.jpg",
                    draw.between(1_000_000, 6_000_000),
                    "explorer",
                )
            )
    if draw.chance(rate("deprovisioning_late")):
        diary.signins.append(
            SignIn(
                (left + 1) * DAY + draw.between(20_000, 70_000),
                worker.index,
                "entra",
                "token",
                "Office 365 Exchange Online",
                carrier_exit(worker.carrier, draw.below(CARRIER_EXITS)),
                worker.phone,
                session=draw.guid(),
            )
        )


def _company_wide(company: Company, diary: Diary) -> None:
    draw = Draw(company.seed, "company wide")
    security = next(one for one in company.workers if one.role == "Head of Security")
    for tool in ("quickassist", "teamviewer"):
        product = table("software")["programs"][tool]["product"]
        diary.attestations.append(
            Attestation(
                (company.first - 20) * DAY + 36_000,
                None,
                "sanctioned_tool",
                product,
                security.index,
                "help desk uses it",
                department="IT",
            )
        )
    # Lists that the company subscribes to: old, mostly about nobody here, and some of them shared VPN exits.
    for number in range(40):
        kind = ("mail", "phone", "ip", "code_host", "wallet")[number % 5]
        value = {
            "mail": f"{draw_name(draw).key}{draw.digits(3)}@inbox.example.net",
            "phone": f"+1{draw.digits(3)}5550{draw.digits(3)}",
            "ip": draw.pick(vpn_exits("ASTRILL_VPN") + vpn_exits("MULLVAD_VPN")).ip
            if number % 10 == 2
            else f"198.51.100.{draw.between(100, 149)}",
            "code_host": f"dev-{draw.letters(7).lower()}-example",
            "wallet": "0x" + draw.hexadecimal(40),
        }[kind]
        listed = (company.first - draw.between(0, 200)) * DAY
        diary.listed.append(
            Listed(
                listed,
                kind,
                value,
                draw.pick(["sector sharing group", "vendor report 2026-02"]),
                draw.pick(["low", "medium", "medium", "high"]),
                listed + 500 * DAY,
            )
        )


def _letters(company: Company, diary: Diary) -> None:
    draw = Draw(company.seed, "letters")
    staff = [one for one in company.workers if one.hired < company.first and not one.part]
    employers = table("resumes")["employers"]
    for day in range(company.first, company.last + 1):
        if draw.chance(rate("invoice_mail")):
            firm = draw.pick(employers)
            host = f"{firm.lower().replace(' ', '-')}.example"
            who = draw_name(draw)
            to = draw.pick(staff)
            number = draw.digits(6)
            zipped = draw.chance(350)
            subject = draw.pick(
                [
                    f"Invoice {number}",
                    f"Documents for order {number}",
                    f"Delivery note {number}",
                    "Minutes of our meeting",
                    "Updated rate card",
                ]
            )
            name = f"invoice_{number}.zip" if zipped else f"invoice_{number}.pdf"
            inside = ((f"invoice_{number}.csv", f"position;amount\n1;{draw.digits(4)}\n"),) if zipped else ()
            diary.letters.append(
                Letter(
                    day * DAY + draw.between(7 * 3600, 18 * 3600),
                    f"{who.key}@{host}",
                    who.full,
                    (to.mail,),
                    subject,
                    f"Dear {to.person.name.given},\n\nplease find the papers for {number} attached.\n\n"
                    f"{who.full}\n{firm}\n",
                    ((name, inside),),
                    f"198.51.100.{draw.between(100, 140)}",
                )
            )
        if draw.chance(250):
            one, other = draw.pick(staff), draw.pick(staff)
            diary.letters.append(
                Letter(
                    day * DAY + draw.between(7 * 3600, 18 * 3600),
                    one.mail,
                    one.person.name.full,
                    (other.mail,),
                    draw.pick(
                        ["Lunch on Thursday", "Notes from the review", "Port schedule", "Holiday rota"]
                    ),
                    "See the shared document, and tell me if something is missing.\n",
                )
            )
        if draw.chance(18):
            diary.letters.append(_spam(draw, day, draw.pick(staff).mail))


def _spam(draw: Draw, day: int, to: str) -> Letter:
    """The blackmail that everybody gets: no names, no proof, nothing of the company's."""
    return Letter(
        day * DAY + draw.between(0, DAY - 1),
        f"{draw.letters(9).lower()}@bulk.example",
        "",
        (to,),
        "Your device was infected",
        "I recorded you. Send 900 USD in bitcoin within two days or I send the film to your contacts.\n",
        sender_ip=f"198.51.100.{draw.between(141, 149)}",
        passes=False,
    )
