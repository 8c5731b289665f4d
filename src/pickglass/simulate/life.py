"""Daily life: where everybody works on each day, and what that leaves in sign-ins, machines and meetings.

Honest and planted workers walk through the same days; they differ in their `Habits`, desks and trips.
"""

from __future__ import annotations

from typing import NamedTuple

from pickglass.simulate.acts import (
    Connection,
    DataAct,
    Diary,
    FileAct,
    GoogleLogin,
    Join,
    Plugged,
    Process,
    SignIn,
)
from pickglass.simulate.clock import day_of, weekday
from pickglass.simulate.draws import Draw
from pickglass.simulate.tables import rate, table
from pickglass.simulate.world.company import Company, Trip, Worker
from pickglass.simulate.world.machines import Machine
from pickglass.simulate.world.places import CARRIER_EXITS, Network, Place, carrier_exit

HOLIDAYS = frozenset(
    day_of(text) for text in ("2025-12-25", "2025-12-26", "2026-01-01", "2026-04-03", "2026-05-01")
)
OKTA_APPS = ("Workday", "GitHub", "Slack", "Jira", "Zoom", "Google Workspace", "Salesforce")
ENTRA_APPS = ("Office 365 Exchange Online", "Microsoft Teams", "SharePoint Online", "Azure Portal")
_DESK_PROGRAMS = ("edge", "teams", "zoom", "slack", "excel", "word", "outlook", "chrome", "spotify")
_ENGINEER_PROGRAMS = (
    "code",
    "git",
    "powershell",
    "docker",
    "chrome",
    "slack",
    "zoom",
    "edge",
    "spotify",
    "whoami",
)
_SITES = (
    "docs.tern-and-tide.example",
    "tracker.tern-and-tide.example",
    "news.example.org",
    "packages.example.net",
)


class Session(NamedTuple):
    """A stretch of work on one day: when, from which network, on which machine."""

    start: int
    end: int
    network: Network
    machine: Machine
    here: Place


def plan(worker: Worker, draw: Draw, day: int) -> list[Session]:
    """What a worker does on a day: nothing, or one session per block."""
    # Every throw is made for everybody, so that who has other habits is not luckier in what follows.
    weekend, absent = draw.chance(worker.habits.weekend), draw.chance(20)  # ill, or a day off
    at_office, shift = draw.chance(worker.habits.office), draw.between(-20, 20)
    trip = trip_on(worker, day)
    if trip is not None and trip.away:
        return []
    free = weekday(day) > 4 or day in HOLIDAYS
    if not weekend if free else absent:
        return []
    home = worker.home(day)
    if trip is not None:
        network, here = trip.network, trip.network.place
    elif at_office:
        network, here = worker.office.network, worker.office.place
    else:
        network, here = worker.desk or home.network, home.address.place
    machine = worker.machine(day)
    if len(worker.habits.blocks) > 2:
        shift = 0
    sessions = []
    for start, minutes in worker.habits.blocks:
        begin = here.time(day, start + shift)
        sessions.append(Session(begin, begin + minutes * 60, network, machine, here))
    return sessions


def trip_on(worker: Worker, day: int) -> Trip | None:
    for trip in worker.trips:
        if trip.first <= day <= trip.last:
            return trip
    return None


def live(company: Company, diary: Diary) -> None:
    """Everybody's days, and the meetings that bring them together."""
    attendance: dict[tuple[str, int], list[tuple[Worker, list[Session]]]] = {}
    for worker in company.workers:
        life = Draw(company.seed, "life", worker.dice)
        last = company.last if worker.left is None else min(company.last, worker.left)
        used: str = ""
        for day in range(max(company.first, worker.hired), last + 1):
            draw = life.branch()
            sessions = plan(worker, draw, day)
            if not sessions:
                continue
            machine = sessions[0].machine
            unpacking = draw.branch()
            if machine.serial != used:
                _set_up(diary, unpacking, worker, machine, sessions[0])
                used = machine.serial
            _sign_in(company, diary, draw.branch(), worker, sessions)
            _use_machine(diary, draw.branch(), worker, day, sessions)
            _use_files(company, diary, draw.branch(), worker, day, sessions)
            attendance.setdefault((worker.team.name, day), []).append((worker, sessions))
    _meet(company, diary, attendance)


def moment(draw: Draw, sessions: list[Session]) -> tuple[int, Session]:
    session = draw.pick(sessions)
    return session.start + draw.below(max(60, session.end - session.start)), session


def egress(company: Company, draw: Draw, worker: Worker, session: Session) -> Network:
    """Where a browser's packets come out: a consumer VPN, the company's VPN, or simply where one is."""
    hidden, corporate = consumer_vpn(draw, worker), draw.chance(worker.habits.corporate_vpn)
    if hidden is not None:
        return hidden
    if corporate:
        return company.corporate_vpn[
            0 if session.here.country in {"GB", "DE", "PL", "PT", "EE", "IN", "BW"} else 1
        ]
    return session.network


def consumer_vpn(draw: Draw, worker: Worker) -> Network | None:
    """The exit that somebody's own VPN uses now, for one throw of the dice whether they have one or not."""
    own = draw.branch()
    return own.pick(worker.habits.vpn) if worker.habits.vpn and own.chance(worker.habits.vpn_share) else None


def _sign_in(company: Company, diary: Diary, draw: Draw, worker: Worker, sessions: list[Session]) -> None:
    habits, add = worker.habits, diary.signins.append
    first = sessions[0]
    machine, network = first.machine, egress(company, draw, worker, first)
    if habits.own_computer and draw.chance(habits.own_computer):
        machine = worker.own
        if habits.own_computer_network:
            network = draw.pick(habits.own_computer_network)
    session = "idx" + draw.letters(17)
    time = first.start + draw.below(900)
    if draw.chance(rate("failed_signin")):
        add(
            SignIn(
                time - draw.between(20, 90),
                worker.index,
                "okta",
                "session",
                "",
                network,
                machine,
                ok=False,
                detail="INVALID_CREDENTIALS",
            )
        )
    if draw.chance(420):
        add(
            SignIn(time, worker.index, "okta", "session", "Okta Dashboard", network, machine, session=session)
        )
        if draw.chance(420):
            add(
                SignIn(
                    time + draw.between(8, 40),
                    worker.index,
                    "okta",
                    "mfa",
                    "",
                    network,
                    machine,
                    session=session,
                    authenticator=worker.authenticator,
                    authenticator_network=phone_network(draw, worker, first),
                )
            )
    if draw.chance(290):
        then, where = moment(draw, sessions)
        app = draw.weighted(OKTA_APPS, (14, 22 if worker.team.engineer else 2, 20, 16, 12, 12, 8))
        add(SignIn(then, worker.index, "okta", "sso", app, network, machine, session=session))
    if draw.chance(450):
        then, where = moment(draw, sessions)
        add(
            SignIn(
                then,
                worker.index,
                "entra",
                "session",
                draw.weighted(ENTRA_APPS, (45, 30, 20, 5)),
                egress(company, draw, worker, where) if machine is where.machine else network,
                machine,
                session=draw.guid(),
            )
        )
    if draw.chance(habits.phone):
        then, where = moment(draw, sessions)
        add(
            SignIn(
                then + draw.between(-7000, 7000),
                worker.index,
                draw.pick(["okta", "entra"]),
                "session",
                "Office 365 Exchange Online",
                phone_network(draw, worker, where),
                worker.phone,
                session=draw.guid(),
            )
        )
    if draw.chance(55):
        then, where = moment(draw, sessions)
        diary.google.append(GoogleLogin(then, worker.index, network, ok=not draw.chance(40)))


def phone_network(draw: Draw, worker: Worker, session: Session) -> Network:
    if worker.habits.authenticator_networks:
        return draw.pick(worker.habits.authenticator_networks)
    if session.network.kind in {"home", "office", "campus"} and draw.chance(550):
        return session.network
    return carrier_exit(worker.carrier, draw.below(CARRIER_EXITS))


def _set_up(diary: Diary, draw: Draw, worker: Worker, machine: Machine, session: Session) -> None:
    """The first day of a machine: it is unpacked and things are plugged in."""
    if machine.virtual:
        return
    things = [
        thing
        for thing, share in (("keyboard", 400), ("mouse", 700), ("dock", 350), ("headset", 250))
        if draw.chance(share)
    ]
    if worker.habits.devices.camera == "Logitech BRIO":
        things.append("brio")
    if worker.habits.devices.camera == "Logitech Webcam C270":
        things.append("webcam")
    if worker.habits.devices.camera == "Cam Link 4K":
        things.append("camlink")
    for number, thing in enumerate(things):
        time = session.start + 300 + draw.below(1800)
        diary.plugged.append(
            Plugged(time, worker.index, machine, thing, draw.hexadecimal(7)[:6] + f"&0&{number + 1}")
        )


def _use_machine(diary: Diary, draw: Draw, worker: Worker, day: int, sessions: list[Session]) -> None:
    if not draw.chance(worker.habits.calm):
        return
    tools = draw.branch()
    for tool in worker.habits.tools:
        using = tools.branch()
        if tool.first <= day and using.chance(tool.per_mille):
            time, session = moment(using, sessions)
            run(diary, using, worker, session.machine, tool.product, time)
    programs = _ENGINEER_PROGRAMS if worker.team.engineer else _DESK_PROGRAMS
    if draw.chance(800):
        time, session = moment(draw, sessions)
        diary.processes.append(Process(time, worker.index, session.machine, draw.pick(programs)))
    if draw.chance(170):
        time, session = moment(draw, sessions)
        host = draw.pick(_SITES)
        diary.connections.append(
            Connection(
                time,
                worker.index,
                session.machine,
                "edge",
                host,
                f"198.51.100.{200 + _SITES.index(host)}",
                443,
            )
        )
    if draw.chance(110):
        time, session = moment(draw, sessions)
        name = f"{draw.pick(table('jobs')['documents'])}.{draw.pick(['docx', 'xlsx', 'pptx', 'pdf'])}"
        diary.files.append(
            FileAct(
                time,
                worker.index,
                session.machine,
                draw.pick(["FileCreated", "FileModified", "FileRenamed"]),
                "Documents",
                name,
                draw.between(20_000, 4_000_000),
                draw.pick(["word", "excel", "explorer"]),
            )
        )
    if draw.chance(30) and not sessions[0].machine.virtual:
        time, session = moment(draw, sessions)
        thing = draw.pick(["mouse", "headset", "phone", "keyboard", "dock"])
        diary.plugged.append(
            Plugged(time, worker.index, session.machine, thing, draw.hexadecimal(6) + "&0&4")
        )


def run(
    diary: Diary,
    draw: Draw,
    worker: Worker,
    machine: Machine,
    program: str,
    time: int,
    arguments: str = "",
    parent: str = "",
) -> None:
    """Start a program; what talks to a service of its own leaves a connection too."""
    diary.processes.append(Process(time, worker.index, machine, program, arguments, parent))
    facts = table("software")["programs"][program]
    if "host" in facts:
        address = f"198.51.100.{150 + sum(map(ord, program)) % 50}"
        diary.connections.append(
            Connection(
                time + draw.between(2, 9),
                worker.index,
                machine,
                program,
                facts["host"],
                address,
                facts["port"],
            )
        )


def _use_files(
    company: Company, diary: Diary, draw: Draw, worker: Worker, day: int, sessions: list[Session]
) -> None:
    if not draw.chance(worker.habits.calm):
        return
    _use_documents(company, diary, draw, worker, sessions)
    if worker.team.engineer:
        _use_code(diary, draw, worker, day, sessions)


def _use_documents(
    company: Company, diary: Diary, draw: Draw, worker: Worker, sessions: list[Session]
) -> None:
    for _ in range(worker.habits.documents):
        if not draw.chance(210):
            continue
        time, session = moment(draw, sessions)
        action = draw.weighted(["view", "edit", "download", "create", "share"], [45, 30, 14, 8, 3])
        diary.data.append(document(company, draw, worker, action, time, session.network, session.machine))


def document(
    company: Company,
    draw: Draw,
    worker: Worker,
    action: str,
    time: int,
    network: Network,
    machine: Machine,
    target: str = "",
) -> DataAct:
    title = f"{worker.team.name} {draw.pick(table('jobs')['documents'])} {draw.between(1, 40)}"
    owner = draw.pick(company.workers) if draw.chance(400) else worker
    if owner.part:
        owner = worker
    return DataAct(
        time,
        worker.index,
        "drive",
        action,
        "1" + draw.letters(20),
        title,
        network,
        machine,
        draw.between(30_000, 9_000_000),
        owner.mail,
        target,
    )


def _use_code(diary: Diary, draw: Draw, worker: Worker, day: int, sessions: list[Session]) -> None:
    repositories = worker.team.repositories
    since = day - worker.hired
    if since < 12 and draw.chance(80 * rate("starter_repositories")):
        _git(diary, draw, worker, "clone", draw.pick(repositories), sessions)
    if draw.chance(worker.habits.commits * 700 // 1000):
        _git(
            diary,
            draw,
            worker,
            draw.weighted(["push", "fetch"], [55, 45]),
            repositories[(worker.dice + draw.below(worker.habits.repositories)) % len(repositories)],
            sessions,
        )
    if draw.chance(6):
        _git(diary, draw, worker, "clone", draw.pick(repositories), sessions)
    if worker.team.name == "Platform" and draw.chance(rate("platform_clones") // 4):
        every = sorted({name for names in table("jobs")["repositories"].values() for name in names})
        for name in draw.sample(every, draw.between(6, 18)):
            _git(diary, draw, worker, "clone", name, sessions)


def _git(
    diary: Diary, draw: Draw, worker: Worker, action: str, repository: str, sessions: list[Session]
) -> None:
    time, session = moment(draw, sessions)
    network = session.network
    diary.data.append(
        DataAct(
            time,
            worker.index,
            "github",
            action,
            repository,
            repository,
            network,
            session.machine,
            draw.between(200_000, 90_000_000),
        )
    )


def _meet(
    company: Company, diary: Diary, attendance: dict[tuple[str, int], list[tuple[Worker, list[Session]]]]
) -> None:
    draw = Draw(company.seed, "meetings")
    hours = {team.name: 12 * 60 + 37 * number for number, team in enumerate(company.teams)}
    for (team, day), present in sorted(attendance.items(), key=lambda item: (item[0][1], item[0][0])):
        if weekday(day) not in {1, 3}:
            continue
        start = day * 86_400 + (hours[team] + draw.between(-3, 3)) * 60
        minutes = draw.between(8, 16)
        meeting = "A" + draw.letters(19) + "=="
        invited = [
            (Draw(company.seed, "join", worker.dice, day), worker, sessions) for worker, sessions in present
        ]
        joined = [one for one in invited if _comes(one[0], one[2], start)]
        if len(joined) < 2:
            continue
        for own, worker, sessions in joined:
            diary.joins.append(join(own, worker, sessions[0], meeting, f"{team} sync", start, minutes))
    for worker in company.workers:
        if worker.habits.meets_long:
            _long_shares(company, diary, attendance, worker)


def _comes(draw: Draw, sessions: list[Session], start: int) -> bool:
    present, fetched = draw.chance(900), draw.chance(350)
    if any(session.start - 900 <= start <= session.end for session in sessions):
        return present
    return len(sessions) < 3 and fetched


def join(
    draw: Draw,
    worker: Worker,
    session: Session,
    meeting: str,
    topic: str,
    start: int,
    minutes: int,
    share: int = 0,
) -> Join:
    habits = worker.habits
    own = habits.meets_on_own
    network = consumer_vpn(draw, worker) or session.network
    if own and habits.own_computer_network:
        network = draw.pick(habits.own_computer_network)
    here = max(3, minutes - draw.below(6))
    late, on = draw.below(max(1, here // 4)), draw.chance(habits.camera)
    video = here - late if on else 0
    return Join(
        start + draw.between(-60, 200),
        meeting,
        topic,
        worker.index,
        here,
        video,
        share,
        worker.own if own else session.machine,
        habits.devices,
        network,
        max(9, draw.bell(habits.latency, max(4, habits.latency // 4))),
        network.wired,
    )


def _long_shares(
    company: Company,
    diary: Diary,
    attendance: dict[tuple[str, int], list[tuple[Worker, list[Session]]]],
    worker: Worker,
) -> None:
    draw = Draw(company.seed, "long shares", worker.index)
    for day in range(max(company.first, worker.hired), company.last + 1):
        for other, sessions in attendance.get((worker.team.name, day), ()):
            if other is worker and draw.chance(worker.habits.meets_long):
                minutes = draw.between(490, 610)
                diary.joins.append(
                    join(
                        draw,
                        worker,
                        sessions[0],
                        "B" + draw.letters(19) + "==",
                        "Focus room",
                        sessions[0].start + draw.below(1200),
                        minutes,
                        share=minutes - draw.below(20),
                    )
                )
