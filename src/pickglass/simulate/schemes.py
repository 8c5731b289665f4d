"""The planted: what the published cases did, told as acts of people with machines.

Each part changes the habits and places of the worker who plays it (`prepare`), the applications (`enrol`) and adds
acts of its own to the diary (`perform`). Days are days of the play (`Company.day`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pickglass.simulate.acts import (
    Application,
    Attestation,
    Check,
    Connection,
    DataAct,
    Diary,
    FileAct,
    Letter,
    Listed,
    PayAccount,
    Plugged,
    Process,
    Reference,
    Resume,
    SignIn,
    Ticket,
)
from pickglass.simulate.casting import World
from pickglass.simulate.clock import DAY
from pickglass.simulate.draws import Draw
from pickglass.simulate.hiring import draw_resume
from pickglass.simulate.life import document, run
from pickglass.simulate.ordinary import account, parcel
from pickglass.simulate.tables import rate, table
from pickglass.simulate.world.company import Camera, Company, Habits, Tool, Worker
from pickglass.simulate.world.machines import Machine
from pickglass.simulate.world.people import draw_mail, draw_name, near
from pickglass.simulate.world.places import (
    Address,
    Home,
    Land,
    Network,
    carrier_exit,
    hosting_exits,
    place,
    places,
    vpn_exits,
)


@dataclass(frozen=True, slots=True)
class Farm:
    """A home where company laptops stand for people who are somewhere else."""

    home: Home
    keeper: str                     # who signs for parcels
    exits: tuple[Network, ...]      # where the operators come out when they use machines of their own


@dataclass(frozen=True, slots=True)
class Plot:
    farms: dict[str, Farm]
    abroad: Network                 # where the worker who is elsewhere really is


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
    for part, change in _PREPARE.items():
        index = company.parts[part]
        staff[index] = change(world, company, plot, staff[index])
    return replace(company, workers=tuple(staff)), plot


# What the players are like -------------------------------------------------------------------------------------------


def _settle(
    world: World, worker: Worker, country: str, *, other_than: str = "", offset: int | None = None
) -> Worker:
    """Where the person claims to live: a city of a country, drawn like everybody's."""
    draw = Draw(world.seed, "settle", worker.index)
    known = [one for one in places() if one.country == country and one.city != other_than]
    known = [one for one in known if offset is None or one.offset == offset]
    home = world.land.home(draw.weighted(known, [one.weight for one in known]))
    person = replace(worker.person, home=home, phone=world.phones.number(country))
    return replace(worker, person=person, homes=((0, home),), told=((0, home),), trips=(), remote=True,
                   machines=worker.machines[:1], carrier=carrier_exit(home.address.place, 0))  # fmt: skip


def _operated(
    world: World, worker: Worker, farm: Farm, habits: Habits, tools: tuple[Tool, ...], *, one_clock: bool = False
) -> Worker:
    """The laptop stands in the farm; meetings and the odd sign-in come from the operator's own machine."""
    return replace(
        _settle(world, worker, "US", other_than=farm.home.address.place.city, offset=-300 if one_clock else None),
        desk=farm.home.network,
        habits=replace(habits, office=0, vpn=(), vpn_share=0, corporate_vpn=0, own_computer_network=farm.exits,
                       phone=0, tools=tools, repositories=3, authenticator_networks=farm.exits[:2]),
    )  # fmt: skip


def _h1(world: World, company: Company, plot: Plot, worker: Worker) -> Worker:
    draw = Draw(world.seed, "H1")
    worker = _settle(world, worker, draw.pick(["US", "GB"]))
    exits = (*vpn_exits("ASTRILL_VPN")[2:5], hosting_exits()[0])
    return replace(
        worker,
        machines=((worker.hired, world.cloud_desktop(draw)),),
        habits=replace(worker.habits, vpn=exits, vpn_share=850, own_computer=500, own_computer_network=exits, phone=0,
                       camera=40, meets_on_own=True, commits=180, documents=2, latency=210, tools=(),
                       authenticator_networks=exits[:2], blocks=((560, 230), (830, 220))),
    )  # fmt: skip


_SHIFTS = (((540, 85), (720, 85), (900, 85)), ((630, 80), (810, 80), (990, 80)),
           ((1080, 40), (1130, 40), (1180, 30)), ((540, 85), (720, 85), (900, 85)))


def _h2(number: int) -> Callable[[World, Company, Plot, Worker], Worker]:
    def change(world: World, company: Company, plot: Plot, worker: Worker) -> Worker:
        farm = plot.farms["H2"]
        ready = worker.hired + 2
        habits = replace(worker.habits, blocks=_SHIFTS[number], camera=60 if number != 1 else 260, meets_on_own=True,
                         own_computer=90, latency=230, commits=520,
                         devices=Camera("SplitCam Video Driver", "SplitCam Audio Mixer", "Speakers"))  # fmt: skip
        tools = (Tool("crd", ready, 330), Tool("anydesk", ready, 420))[: 1 + (number != 2)]
        tools = (*tools, Tool("splitcam", ready, 90)) if number < 2 else tools
        worker = _operated(world, worker, farm, habits, tools, one_clock=True)
        authenticator = company.who("H2A").authenticator if number in {1, 3} else worker.authenticator
        return replace(worker, authenticator=authenticator)

    return change


def _h3(world: World, company: Company, plot: Plot, worker: Worker) -> Worker:
    worker = _settle(world, worker, "US")
    desk = world.land.access(near(worker.person.home.address.place, places())[4])
    return replace(worker, desk=desk, habits=replace(worker.habits, office=0, vpn=(), vpn_share=0, corporate_vpn=0,
                                                     phone=0, blocks=((1240, 150),), tools=()))  # fmt: skip


def _h4(number: int) -> Callable[[World, Company, Plot, Worker], Worker]:
    def change(world: World, company: Company, plot: Plot, worker: Worker) -> Worker:
        farm = plot.farms["H4"]
        ready = worker.hired + 1
        tools: tuple[Tool, ...] = (Tool("anydesk", ready, 480), Tool("crd", ready + 1, 300))
        if number == 2:
            tools = (Tool("anydesk", ready, 400),)
        devices = Camera("Guermok USB3 Video", "USB3 Digital Audio", "Speakers") if number != 1 else worker.habits.devices
        habits = replace(worker.habits, stays_on=True, camera=120, own_computer=50, devices=devices, latency=190,
                         meets_on_own=number == 1, meets_long=160 if number == 0 else 0,
                         blocks=((540, 240), (800, 230)))  # fmt: skip
        return _operated(world, worker, farm, habits, tools)

    return change


def _elsewhere(world: World, company: Company, plot: Plot, worker: Worker) -> Worker:
    """The claimed person, abroad without saying so, behind a travel router with a VPN exit near the claimed city."""
    worker = _settle(world, worker, "US")
    claimed = worker.person.home.address.place
    exits = sorted(vpn_exits("PROTON_VPN") + vpn_exits("NORD_VPN"),
                   key=lambda exit_: (claimed.kilometres(exit_.place), exit_.ip))[:2]  # fmt: skip
    return replace(
        worker, desk=exits[0],
        habits=replace(worker.habits, office=0, vpn=tuple(exits), vpn_share=1000, corporate_vpn=0, own_computer=0, phone=25,
                       authenticator_networks=(*exits, *exits, *exits, plot.abroad), latency=260, camera=500),
    )  # fmt: skip


def _moonlighting(world: World, company: Company, plot: Plot, worker: Worker) -> Worker:
    return replace(worker, habits=replace(worker.habits, commits=170, documents=0, camera=90, calm=450,
                                          tools=(Tool("jiggler", worker.hired + 6, 800),
                                                 Tool("foreign_agent", worker.hired + 3, 120))))  # fmt: skip


_PREPARE: dict[str, Callable[[World, Company, Plot, Worker], Worker]] = {
    "H1": _h1, "H2A": _h2(0), "H2B": _h2(1), "H2C": _h2(2), "H2D": _h2(3), "H3": _h3, "H4A": _h4(0), "H4B": _h4(1),
    "H4C": _h4(2), "elsewhere": _elsewhere, "moonlighting": _moonlighting,
}  # fmt: skip


# How they applied ----------------------------------------------------------------------------------------------------


def enrol(world: World, company: Company, plot: Plot, applications: dict[int, Application]) -> dict[int, Application]:
    """The applications of the players, and of rings that were never hired."""
    draw = Draw(company.seed, "enrol")
    found = dict(applications)

    def change(part: str, one: Application) -> None:
        found[company.who(part).candidate] = one

    for part in ("H1", "H2A", "H2B", "H2C", "H2D", "H3", "H4A", "H4B", "H4C"):
        one = found[company.who(part).candidate]
        shy = tuple(replace(met, camera_on=met.camera_on and draw.chance(350),
                            notes="camera failed again" if number else "") for number, met in enumerate(one.interviews))  # fmt: skip
        change(part, replace(one, interviews=shy, references=_webmail_references(draw, one)))
    a, b, c, d = (found[company.who(f"H2{letter}").candidate] for letter in "ABCD")
    body = a.resume.text.split(". ", 1)[1]
    change("H2B", replace(b, referred_by=company.who("H2A").index, source="Referral", references=_vouch(b, a, c)))
    change("H2C", replace(c, references=_vouch(c, b, a), phone=b.phone))
    change("H2A", replace(a, references=_vouch(a, c, b)))
    change("H2D", replace(d, references=_vouch(d, b, c), referred_by=company.who("H2B").index,
                          resume=_cloned(draw, d, body, company, share=720)))  # fmt: skip
    template = "tpl-" + draw.hexadecimal(12)
    for part in ("H4A", "H4C"):
        one = found[company.who(part).candidate]
        change(part, replace(one, checks=tuple(
            replace(check, document_template=template) if check.document_template else check for check in one.checks)))  # fmt: skip
    injected = found[company.who("H4B").candidate]
    change("H4B", replace(injected, checks=tuple(
        replace(check, attempts=4, virtual_camera=True, liveness="failed", outcome="review")
        if check.activity == "identity_check" else check for check in injected.checks)))  # fmt: skip
    side = found[company.who("moonlighting").candidate]
    change("moonlighting", replace(side, checks=(
        *side.checks[:1], Check(side.checks[1].time, "background_check", "review",
                                "another current full-time employment on record"))))  # fmt: skip
    _rings(world, company, draw, found)
    return found


def _webmail_references(draw: Draw, one: Application) -> tuple[Reference, ...]:
    result = []
    for known in one.references:
        name = draw_name(draw)
        result.append(replace(known, name=name.full, mail=draw_mail(draw, name)))
    return tuple(result)


def _vouch(one: Application, *others: Application) -> tuple[Reference, ...]:
    assert one.offered is not None
    return tuple(Reference(one.offered - (3 + number) * DAY, other.name, other.mails[0], other.phone)
                 for number, other in enumerate(others))  # fmt: skip


def _cloned(draw: Draw, one: Application, body: str, company: Company, *, share: int) -> Resume:
    """A résumé written over another one: most sentences stay."""
    team = next(team for team in company.teams if team.name == one.team)
    fresh = draw_resume(draw, draw_name(draw), one.job, team, one.applied).text.split(". ")
    sentences = [old if draw.chance(share) else draw.pick(fresh) for old in body.split(". ")]
    text = f"{one.name}. {'. '.join(sentences)}"
    return replace(one.resume, text=text, author="Admin", producer="WPS Writer")


def _rings(world: World, company: Company, draw: Draw, found: dict[int, Application]) -> None:
    """Applicants of rings who were not hired: written from one résumé, reachable by one phone, on a list."""
    chorus = sorted(number for number, one in found.items() if one.worker is None)
    count = max(8, len(found) * rate("ring_applicant") // 1000)
    chosen = draw.sample(chorus, count)
    size = 4
    for ring in range((len(chosen) + size - 1) // size):
        members = chosen[ring * size : ring * size + size]
        first = found[members[0]]
        body = first.resume.text.split(". ", 1)[1]
        phone = first.phone
        start = first.applied
        for number, candidate in enumerate(members):
            one = found[candidate]
            applied = min(start + number * draw.between(1, 9) * DAY, company.last * DAY)
            moved = applied - one.applied
            ended = None if one.ended_at is None else one.ended_at + moved
            one = replace(
                one, phone=phone if draw.chance(600) else one.phone, part=f"A{ring + 1}", applied=applied, person=2_000_000 + ring,
                interviews=tuple(replace(met, time=met.time + moved, camera_on=False) for met in one.interviews),
                ended_at=ended if ended is None or ended // DAY <= company.last else None,
            )  # fmt: skip
            if one.ended_at is None:
                one = replace(one, ended="active")
            resume = _cloned(draw, one, body, company, share=850) if number else one.resume
            found[candidate] = replace(one, resume=replace(resume, time=applied + 60, author="Admin"))


# What they did -------------------------------------------------------------------------------------------------------


def perform(world: World, company: Company, plot: Plot, applications: dict[int, Application], diary: Diary) -> None:
    _play_h1(world, company, diary)
    _play_h2(world, company, plot, diary)
    _play_h3(world, company, diary)
    _play_h4(world, company, plot, diary)
    _play_elsewhere(world, company, plot, diary)
    _play_moonlighting(company, diary)
    for part in ("hijacked", "pirate-victim"):
        _play_hijacked(company, diary, part)
    _play_disloyal(company, diary)
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


def _forget(diary: Diary, worker: Worker, *kinds: str) -> None:
    """Takes back what the chorus did in a player's name where the player did something else instead."""
    if "parcels" in kinds:
        diary.parcels = [one for one in diary.parcels if one.worker != worker.index]
    if "pay" in kinds:
        first = next(one for one in diary.pay if one.worker == worker.index)
        diary.pay = [one for one in diary.pay if one.worker != worker.index or one is first]
    if "check" in kinds:
        diary.attestations = [one for one in diary.attestations
                              if one.worker != worker.index or one.kind != "live_video_check"]  # fmt: skip


def _serial(worker: Worker) -> str:
    machine = worker.machine(worker.hired + 1)
    assert machine is not None
    return machine.serial


def _ticket(diary: Diary, worker: Worker, day: int, minute: int, category: str, detail: str, outcome: str = "",
            activity: str = "opened") -> None:  # fmt: skip
    diary.tickets.append(Ticket(day * DAY + minute * 60, worker.index, category, activity, outcome, detail))


def _play_h1(world: World, company: Company, diary: Diary) -> None:
    worker, draw = company.who("H1"), Draw(company.seed, "play H1")
    _forget(diary, worker, "parcels", "pay", "check")
    hired, left = worker.hired, worker.left
    assert left is not None
    _ticket(diary, worker, hired - 8, 610, "own_device", "asks to work on an own laptop")
    _ticket(diary, worker, hired - 7, 650, "virtual_desktop", "asks for a virtual desktop instead of the laptop")
    _ticket(diary, worker, hired - 3, 650, "own_device", "asks again for an own laptop")
    machine = worker.machine(hired)
    assert machine is not None
    network = worker.habits.vpn[0]
    for day in range(hired, hired + 3):
        time = day * DAY + draw.between(15, 19) * 3600
        _clone_all(company, diary, draw, worker, network, machine, time, draw.between(7, 12))
        time += 3000
        for _ in range(draw.between(90, 240)):
            time += draw.between(4, 15)
            diary.data.append(document(company, draw, worker, "download", time, network, machine))
        for number in range(draw.between(3, 5)):
            name = f"backup_{day % 100}_{number}.zip"
            diary.files.append(FileAct(time + 60 * number, worker.index, machine, "FileCreated", "Downloads", name,
                                       draw.between(120_000_000, 420_000_000), "sevenzip"))  # fmt: skip
            diary.files.append(FileAct(time + 60 * number + 30, worker.index, machine, "FileCreated",
                                       "Google Drive\\My Drive", name, draw.between(120_000_000, 420_000_000), "chrome"))  # fmt: skip
            _connect(diary, worker, machine, time + 60 * number + 31, "chrome", "drive.google.com")
    for day, money in ((hired + max(2, (left - hired) * 14 // 120), False), (hired + max(4, (left - hired) * 30 // 120), True)):
        diary.pay.append(account(draw, worker, day * DAY + 57_000, money=money, network=network,
                                 owner=draw_name(draw).full if money else ""))  # fmt: skip
    _ticket(diary, worker, left - 5, 700, "performance_notice", "little output, camera never works")
    day = left - max(1, (left - hired) // 30)
    time = day * DAY + 70_000
    for _ in range(draw.between(150, 260)):
        time += draw.between(4, 20)
        diary.data.append(document(company, draw, worker, "download", time, network, machine))
    _extort(company, diary, draw, worker, left + 1, wallet=True)


def _clone_all(company: Company, diary: Diary, draw: Draw, worker: Worker, network: Network, machine: Machine, time: int,
               count: int) -> None:  # fmt: skip
    every = sorted({name for names in table("jobs")["repositories"].values() for name in names})
    for name in draw.sample(every, count):
        time += draw.between(20, 200)
        diary.data.append(DataAct(time, worker.index, "github", draw.pick(["clone", "clone", "zip"]), name, name, network,
                                  machine, draw.between(5_000_000, 300_000_000)))  # fmt: skip


def _connect(diary: Diary, worker: Worker, machine: Machine, time: int, program: str, host: str, port: int = 443) -> None:
    address = f"198.51.100.{150 + sum(map(ord, host)) % 50}"
    diary.connections.append(Connection(time, worker.index, machine, program, host, address, port))


def _extort(company: Company, diary: Diary, draw: Draw, worker: Worker, day: int, *, wallet: bool) -> None:
    """Mails with archives as proof, a demand, and a shared folder, from outside and from nobody known."""
    if day > company.last:
        day = company.last
    chief = next(one for one in company.workers if one.role == "Chief Executive")
    people = next(one for one in company.workers if one.role == "Head of People")
    sender = f"{draw.letters(8).lower()}{draw.digits(4)}@{draw.pick(['mailbox.example', 'inbox.example.net'])}"
    other = f"{draw.letters(7).lower()}{draw.digits(3)}@post.example.org"
    every = sorted({name for names in table("jobs")["repositories"].values() for name in names})
    names = draw.sample(every, 3)
    proof = tuple(
        (f"{name}.zip", tuple((f"{name}/{file}", f"# {name}\n{draw.hexadecimal(40)}\n")
                              for file in ("README.md", "main.go", "deploy.yaml")))
        for name in names
    )  # fmt: skip
    documents = draw.sample(table("jobs")["documents"], 2)
    start = day * DAY
    diary.letters.append(
        Letter(start + 10 * 3600 + 600, sender, "", (chief.mail,), "Your source code",
               "I worked for you. Look at the archives to see what I have. I will write again today.\n", proof,
               vpn_exits("ASTRILL_VPN")[1].ip, passes=True)
    )  # fmt: skip
    address = "0x52908400098527886E0F7030069857D2E4169EE7" if wallet else "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    diary.letters.append(
        Letter(start + 13 * 3600 + 2400, sender, "", (chief.mail, people.mail), "Payment within 72 hours",
               "Pay 380000 USD in cryptocurrency within 72 hours or I publish and sell your source code and your customer "
               f"list. Send it to {address}. Do not contact the police.\n",
               ((f"{documents[0].replace(' ', '_')}.zip", ((f"{documents[0]}.txt", f"{documents[0]}\n"),)),),
               vpn_exits("ASTRILL_VPN")[1].ip)
    )  # fmt: skip
    diary.letters.append(
        Letter(start + 18 * 3600 + 1200, other, "", (chief.mail,), f"Shared folder: {documents[1]}",
               f'<p>I shared a folder with you: <a href="https://drive.google.com/drive/folders/1{draw.letters(20)}">'
               f"{documents[1]}</a> with {names[0]} and {names[1]}</p>\n", (), vpn_exits("ASTRILL_VPN")[1].ip, html=True)
    )  # fmt: skip


def _play_h2(world: World, company: Company, plot: Plot, diary: Diary) -> None:
    farm, draw = plot.farms["H2"], Draw(company.seed, "play H2")
    shared: PayAccount | None = None
    unit = farm.home.address
    for letter in "ABCD":
        worker = company.who(f"H2{letter}")
        _forget(diary, worker, "parcels", "pay", "check")
        _ticket(diary, worker, worker.hired - 9, 560, "address_change", "please send the laptop to another address")
        to = unit if letter in "ABD" else replace(unit, unit=world.land.unit(unit.place))
        diary.parcels.append(parcel(world, company, draw, worker, worker.hired, _serial(worker), to, signed=farm.keeper))
        _remote_set_up(diary, draw, worker, worker.hired, 17, ("anydesk", "crd"))
        money = account(draw, worker, (worker.hired + draw.between(6, 16)) * DAY + 62_000, money=True, network=farm.exits[0],
                        owner=farm.keeper if letter in "AC" else "")  # fmt: skip
        if letter in "AC":
            shared = money if shared is None else shared
            money = money._replace(bank=shared.bank, routing=shared.routing, number=shared.number, owner=shared.owner)
        diary.pay.append(money)
        if letter in "BD":
            later = min(worker.hired + draw.between(25, 40), company.last)
            diary.pay.append(account(draw, worker, later * DAY + 62_000, money=True, network=farm.exits[1]))
        if letter in "AD":
            time = (worker.hired + 4) * DAY + 15 * 3600
            machine = worker.machine(worker.hired + 1)
            assert machine is not None
            _clone_all(company, diary, draw, worker, farm.home.network, machine, time, draw.between(8, 13))


def _remote_set_up(diary: Diary, draw: Draw, worker: Worker, day: int, hour: int, programs: tuple[str, ...]) -> None:
    machine = worker.machine(day)
    assert machine is not None
    time = day * DAY + hour * 3600 + draw.between(100, 2400)
    for program in programs:
        time += draw.between(120, 900)
        if program == "crd":
            diary.processes.append(
                Process(time, worker.index, machine, "crd_start",
                        f'--code="4/0A{draw.letters(12)}" --redirect-url="https://remotedesktop.google.com/_/oauthredirect" '
                        f"--name={machine.name} --pin={draw.digits(6)}", "powershell.exe")
            )  # fmt: skip
            time += 20
        run(diary, draw, worker, machine, program, time, parent="explorer.exe" if program != "crd" else "services.exe")


def _play_h3(world: World, company: Company, diary: Diary) -> None:
    worker, draw = company.who("H3"), Draw(company.seed, "play H3")
    _forget(diary, worker, "parcels", "check")
    told = worker.told[0][1].address
    other = world.land.address(near(told.place, places())[3])
    counter = Address("Carrier Counter 5", "", other.place, world.land.postal(other.place), "pickup_point")
    _ticket(diary, worker, worker.hired - 8, 840, "address_change", "laptop should go to another address")
    diary.parcels.append(parcel(world, company, draw, worker, worker.hired, _serial(worker), other, redirect=counter,
                                signed=worker.person.name.full, carrier="easypost"))  # fmt: skip
    machine = worker.machine(worker.hired)
    assert machine is not None and worker.desk is not None
    start = worker.hired * DAY + 21 * 3600 + 40 * 60
    diary.signins.append(SignIn(start, worker.index, "entra", "session", "Office 365 Exchange Online", worker.desk, machine,
                                session=draw.guid()))  # fmt: skip
    diary.plugged.append(Plugged(start + 300, worker.index, machine, "raspberry_net", draw.hexadecimal(6) + "&0&2"))
    run(diary, draw, worker, machine, "loader", start + 900, "--quiet --install", "powershell.exe")
    for number in range(4):
        run(diary, draw, worker, machine, "loader", start + 960 + 70 * number, f"--stage {number}", "powershell.exe")
    history = ("Library", ".zsh_history") if machine.system == "macOS" else (
        "AppData\\Roaming\\Microsoft\\Windows\\PowerShell\\PSReadLine", "ConsoleHost_history.txt")  # fmt: skip
    for number, action in enumerate(("FileModified", "FileDeleted", "FileCreated")):
        diary.files.append(FileAct(start + 1000 + 40 * number, worker.index, machine, action, *history, 120 * number,
                                   "powershell"))  # fmt: skip
    profile = "AppData\\Local\\Google\\Chrome\\User Data\\Default"
    diary.files.append(FileAct(start + 1150, worker.index, machine, "FileCreated", profile, "Login Data.tmp", 40_960, "loader"))
    time = worker.hired * DAY
    number = f"SEC{worker.hired}"
    for minute, category, activity, outcome, detail in (
        (21 * 60 + 58, "verification_request", "opened", "", "alert on the new laptop: asked for a call"),
        (22 * 60 + 5, "verification_declined", "updated", "declined", "says a router guide was followed; no call possible"),
        (22 * 60 + 20, "verification_missed", "updated", "missed", "no answer any more; machine isolated"),
    ):
        diary.tickets.append(Ticket(time + minute * 60, worker.index, category, activity, outcome, detail, None, number))


def _play_h4(world: World, company: Company, plot: Plot, diary: Diary) -> None:
    farm, draw = plot.farms["H4"], Draw(company.seed, "play H4")
    for letter in "ABC":
        worker = company.who(f"H4{letter}")
        _forget(diary, worker, "parcels", "check", "pay")
        _ticket(diary, worker, worker.hired - 7, 780, "address_change", "please use my other address for the laptop")
        redirect = farm.home.address if letter == "C" else None
        to = worker.told[0][1].address if letter == "C" else farm.home.address
        diary.parcels.append(parcel(world, company, draw, worker, worker.hired, _serial(worker), to, redirect=redirect,
                                    signed=farm.keeper, carrier="fedex" if letter != "B" else "easypost"))  # fmt: skip
        _remote_set_up(diary, draw, worker, worker.hired, 18, ("anydesk", "crd") if letter != "C" else ("anydesk",))
        machine = worker.machine(worker.hired)
        assert machine is not None
        time = (worker.hired + 1) * DAY + 18 * 3600
        things = {"A": ("pikvm", "pikvm_keyboard", "pikvm_drive", "guermok"), "B": (), "C": ("tinypilot", "guermok")}[letter]
        for number, thing in enumerate(things):
            port = table("software")["gadgets"][thing].get("serial") or draw.hexadecimal(6) + f"&0&{number}"
            diary.plugged.append(Plugged(time + number * 3, worker.index, machine, thing, port))
        if letter != "B":
            for number, program in enumerate(("systeminfo", "whoami", "wmic", "dxdiag")):
                run(diary, draw, worker, machine, program, time + 200 + 60 * number, parent="cmd.exe")
        first = min(worker.hired + draw.between(8, 13), company.last)
        diary.pay.append(account(draw, worker, first * DAY + 59_000, money=True, network=farm.exits[0],
                                 owner=draw_name(draw).full if letter == "B" else ""))  # fmt: skip
        second = min(worker.hired + draw.between(30, 45), company.last)
        diary.pay.append(account(draw, worker, second * DAY + 59_000, money=letter != "A", network=farm.exits[1]))
    first_worker = company.who("H4A")
    _ticket(diary, first_worker, min(company.day(215), company.last), 640, "identity_complaint",
            "a letter: somebody got a tax form from us and never worked here")  # fmt: skip
    third = company.who("H4C")
    for number in range(2):
        _ticket(diary, third, min(third.hired + 9 + 8 * number, company.last), 640, "in_person_postponed",
                "cannot come to the office meeting")  # fmt: skip


def _play_elsewhere(world: World, company: Company, plot: Plot, diary: Diary) -> None:
    worker, draw = company.who("elsewhere"), Draw(company.seed, "play elsewhere")
    _forget(diary, worker, "parcels")
    claimed = worker.told[0][1].address
    store = replace(world.land.address(claimed.place, flat=False), unit="PMB 214", kind="mailbox")
    _ticket(diary, worker, worker.hired - 9, 700, "address_change", "parcels reach me at a mail store")
    diary.parcels.append(parcel(world, company, draw, worker, worker.hired, _serial(worker), store, signed="STORE CLERK"))
    for day in range(worker.hired + 3, company.last, 23):
        diary.signins.append(SignIn(day * DAY + 61_000, worker.index, "okta", "mfa", "", plot.abroad, worker.phone,
                                    session="idx" + draw.letters(17), authenticator=worker.authenticator,
                                    authenticator_network=plot.abroad))  # fmt: skip
    _ticket(diary, worker, min(worker.hired + 60, company.last), 610, "in_person_postponed", "cannot travel this month")


def _play_moonlighting(company: Company, diary: Diary) -> None:
    worker, draw = company.who("moonlighting"), Draw(company.seed, "play moonlighting")
    machine = worker.machine(worker.hired + 5)
    assert machine is not None
    diary.plugged.append(Plugged((worker.hired + 6) * DAY + 58_000, worker.index, machine, "jiggler", draw.hexadecimal(6)))
    joins = [one for one in diary.joins if one.worker == worker.index]
    for one in joins[3::5]:  # a second employer's meeting at the same time, joined with our account by mistake
        diary.joins.append(one._replace(meeting="C" + draw.letters(19) + "==", topic="Partner call", video=0,
                                        time=one.time + draw.between(60, 400), machine=worker.own))  # fmt: skip
    _ticket(diary, worker, min(worker.hired + 95, company.last), 640, "performance_notice", "misses meetings, slow answers")


def _play_hijacked(company: Company, diary: Diary, part: str) -> None:
    """Somebody else signs in as an honest worker and turns the pay away; the worker's own laptop stays silent."""
    worker, draw = company.who(part), Draw(company.seed, "play", part)
    day = company.day(110 if part == "hijacked" else 165)
    exit_ = draw.pick(hosting_exits() + vpn_exits("EXPRESS_VPN"))
    thief = replace(worker.own, name=f"DESKTOP-{draw.letters(7)}", system="Windows")
    session = "idx" + draw.letters(17)
    time = worker.home(day).address.place.time(day, draw.between(150, 290))
    diary.signins.append(SignIn(time - 50, worker.index, "okta", "session", "", exit_, thief, ok=False,
                                detail="VERIFICATION_ERROR"))  # fmt: skip
    diary.signins.append(SignIn(time, worker.index, "okta", "session", "Okta Dashboard", exit_, thief, session=session))
    diary.signins.append(SignIn(time + 40, worker.index, "okta", "enrol", "", exit_, thief, session=session,
                                authenticator="opf" + draw.letters(17), authenticator_network=exit_))  # fmt: skip
    diary.signins.append(SignIn(time + 90, worker.index, "okta", "sso", "Workday", exit_, thief, session=session))
    before = [one for one in diary.pay if one.worker == worker.index]
    diary.pay.append(account(draw, worker, time + 400, money=True, network=exit_, owner=draw_name(draw).full)
                     ._replace(session=session))  # fmt: skip
    _ticket(diary, worker, day + draw.between(9, 16), 600, "other", "my pay did not arrive; I did not change my account")
    later = day + 18
    if later <= company.last and before:
        back = before[-1]._replace(time=later * DAY + 50_000, actor="payroll", network=None, session="")
        diary.pay.append(back)
    diary.signins.append(SignIn((day + 17) * DAY + 50_000, worker.index, "okta", "reset", "", company.offices[0].network,
                                worker.own, session=""))  # fmt: skip


def _play_disloyal(company: Company, diary: Diary) -> None:
    worker, draw = company.who("disloyal"), Draw(company.seed, "play disloyal")
    left = worker.left
    assert left is not None
    machine = worker.machine(left)
    assert machine is not None
    _ticket(diary, worker, left - 15, 700, "performance_notice", "contract will not be renewed")
    home = worker.home(left)
    for day in (left - 9, left - 8, left - 4, left - 2):
        time = home.address.place.time(day, 1080)
        for _ in range(draw.between(110, 220)):
            time += draw.between(2, 12)
            diary.data.append(document(company, draw, worker, "download", time, home.network, machine))
        diary.plugged.append(Plugged(time + 100, worker.index, machine, "stick", draw.hexadecimal(16).upper()))
        for number in range(draw.between(8, 16)):
            diary.files.append(FileAct(time + 150 + 9 * number, worker.index, machine, "FileCreated", "E:",
                                       f"{draw.pick(table('jobs')['documents'])}_{number}.zip",
                                       draw.between(40_000_000, 300_000_000), "sevenzip"))  # fmt: skip
    time = home.address.place.time(left - 1, 1140)
    for _ in range(3):
        time += 60
        diary.data.append(document(company, draw, worker, "share", time, home.network, machine,
                                   target=worker.person.mail))  # fmt: skip
    _extort(company, diary, draw, worker, min(left + max(2, (company.last - left) // 4), company.last), wallet=False)


def household(company: Company, diary: Diary, one: Worker, other: Worker) -> None:
    diary.attestations.append(
        Attestation((max(one.hired, other.hired) + 2) * DAY + 40_000, one.index, "household", other.account,
                    company.workers[one.manager].index, "live together")
    )  # fmt: skip
