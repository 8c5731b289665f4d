"""Makes the company: who is employed when, where they live, what they hold and how they work.

Everybody is drawn the same way first, part or not; only then do `schemes` and `lookalikes` change what their
part needs. Names come from their own stream in the order of the employee numbers: no name tells a part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pickglass.simulate.clock import LAST_DAY, next_workday
from pickglass.simulate.draws import Draw
from pickglass.simulate.tables import rate, table
from pickglass.simulate.world.company import Camera, Company, Habits, Office, Team, Tool, Trip, Worker
from pickglass.simulate.world.machines import Machine, cloud_desktop, laptop, own_computer, own_phone
from pickglass.simulate.world.people import PhoneBook, draw_name, draw_person, near
from pickglass.simulate.world.places import (
    Address,
    Home,
    Land,
    Network,
    Place,
    carrier_exit,
    carrier_place,
    place,
    places,
    vpn_exits,
)

YEAR = 365


@dataclass(slots=True)
class World:
    """What casting hands out from, and players after it: land, phones, numbers not yet given."""

    seed: int
    land: Land
    phones: PhoneBook
    machines: int = 0

    def laptop(self, draw: Draw, *, mac: bool) -> Machine:
        self.machines += 1
        return laptop(draw, self.machines, mac=mac)

    def cloud_desktop(self, draw: Draw) -> Machine:
        self.machines += 1
        return cloud_desktop(draw, self.machines)


@dataclass(frozen=True, slots=True)
class _Post:
    """An employment before anybody has it."""

    hired: int
    left: int | None
    part: str
    team: str
    kind: Literal["employee", "contractor"]
    agency: bool
    role: str = ""


def cast(world: World, workers: int, days: int, parts: Mapping[str, Mapping[str, Any]]) -> Company:
    """Employ so many workers, among them whoever plays a part."""
    data = table("jobs")
    teams = tuple(
        Team(
            row["name"],
            row["engineer"],
            tuple(row["roles"]),
            tuple(data["repositories"].get(row["name"], ())) + tuple(data["repositories"]["common"]),
        )
        for row in data["teams"]
    )
    company = data["company"]
    asn, organisation = table("networks")["office_asn"]
    offices = tuple(
        Office(
            place(row["city"]),
            Address(row["line"], "", place(row["city"]), row["postal"], "business"),
            Network("office", row["ip"], asn, organisation, place(row["city"]), wired=True),
        )
        for row in company["offices"]
    )
    corporate = tuple(
        Network("corporate_vpn", ip, asn, organisation, offices[number].place)
        for number, ip in enumerate(company["corporate_vpn"])
    )
    empty = Company(
        company["name"],
        company["domain"],
        company["github"],
        company["agency"],
        world.seed,
        LAST_DAY - days + 1,
        LAST_DAY,
        teams,
        offices,
        corporate,
        (),
    )
    posts = _posts(empty, workers, parts)
    staff = tuple(_worker(world, empty, index, post) for index, post in enumerate(posts))
    staff = _unique(staff, company["domain"])
    staff = tuple(replace(one, manager=_manager(one, staff)) for one in staff)
    return replace(empty, workers=staff, parts={one.part: one.index for one in staff if one.part})


def _posts(company: Company, workers: int, parts: Mapping[str, Mapping[str, Any]]) -> list[_Post]:
    draw = Draw(company.seed, "posts")
    posts = [
        _Post(company.first - 2600, None, "", "Product", "employee", agency=False, role="Chief Executive"),
        _Post(company.first - 2200, None, "", "IT", "employee", agency=False, role="Head of IT"),
        _Post(company.first - 1500, None, "", "IT", "employee", agency=False, role="IT Support Specialist"),
        _Post(company.first - 1900, None, "", "People", "employee", agency=False, role="Head of People"),
        _Post(company.first - 1400, None, "", "People", "employee", agency=False, role="Recruiter"),
        _Post(company.first - 1700, None, "", "Security", "employee", agency=False, role="Head of Security"),
    ]
    span = company.last - company.first
    for part, row in parts.items():
        hired = company.day(row["hired"]) if row["hired"] >= 0 else company.first + row["hired"]
        left = max(company.day(row["left"]), hired + 2) if "left" in row else None
        posts.append(
            _Post(next_workday(hired), left, part, row["team"], row["kind"], bool(row.get("agency")))
        )
    names = [team.name for team in company.teams]
    weights = [int(row["weight"]) for row in table("jobs")["teams"]]
    while len(posts) < workers:
        if draw.chance(rate("hired_in_calendar") * span // 239):
            hired = next_workday(company.first + draw.between(3, max(4, span - 8)))
        else:
            hired = next_workday(company.first - draw.between(20, 1900))
        left = None
        if draw.chance(rate("leaves") * span // YEAR):
            earliest = max(hired + 20, company.first + 5)
            left = draw.between(earliest, company.last - 3) if earliest < company.last - 3 else None
        contractor = draw.chance(rate("contractor"))
        posts.append(
            _Post(
                hired,
                left,
                "",
                draw.weighted(names, weights),
                "contractor" if contractor else "employee",
                contractor and draw.chance(rate("through_agency")),
            )
        )
    return sorted(posts, key=lambda post: post.hired)


def _worker(world: World, company: Company, index: int, post: _Post) -> Worker:
    draw = Draw(company.seed, "worker", index)
    name = draw_name(Draw(company.seed, "names", "worker", index))
    remote = draw.chance(rate("remote")) or bool(post.part)
    office = draw.pick(company.offices)
    if post.role:
        remote, office = False, company.offices[0]
    where = world.land.home_place(draw) if remote else office.place
    home = world.land.home(where)
    if draw.chance(rate("geolocation_error")):
        home = misplaced(home)
    person = draw_person(draw, name, home, world.phones)
    team = next(team for team in company.teams if team.name == post.team)
    recent = post.hired > company.first - 400
    homes, told = _moves(world, company, post, draw, home)
    mac = draw.chance(rate("mac"))
    key = name.key
    return Worker(
        index=index,
        employee=f"E{1001 + index}",
        candidate=70_000 + 17 * index + draw.below(17) if recent else 0,
        person=person,
        mail=f"{key}@{company.domain}",
        login=draw.pick(
            [key.replace(".", "-"), key.replace(".", ""), f"{key.split('.')[0]}{draw.between(10, 99)}"]
        ),
        team=team,
        role=post.role or draw.pick(team.roles),
        kind=post.kind,
        agency=company.agency if post.agency else "",
        remote=remote,
        office=office,
        manager=0,
        hired=post.hired,
        left=post.left,
        left_reason="resigned" if post.left else "",
        habits=habits(draw, team, post.kind, remote=remote),
        homes=homes,
        told=told,
        machines=_machines(world, company, post, draw, mac=mac),
        own=own_computer(draw, "macOS" if draw.chance(300) else "Windows"),
        phone=own_phone(draw),
        authenticator="opf" + draw.letters(17, "abcdefghjkmnpqrstuvwxyz0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"),
        carrier=carrier_place(where, draw, rate("carrier_gateway_elsewhere")),
        trips=_trips(world, company, draw, where),
        part=post.part,
        post=bool(post.role),
    )


def misplaced(home: Home) -> Home:
    """The same home, whose line the world believes to be in the nearest other city."""
    neighbours = near(home.address.place, places())
    if not neighbours:
        return home
    return replace(home, network=replace(home.network, place=neighbours[0]))


def _moves(
    world: World, company: Company, post: _Post, draw: Draw, home: Home
) -> tuple[tuple[tuple[int, Home], ...], tuple[tuple[int, Home], ...]]:
    homes, told = [(0, home)], [(0, home)]
    if draw.chance(rate("moves_home") * (company.last - company.first) // YEAR):
        day = draw.between(max(company.first, post.hired), company.last)
        around = near(home.address.place, places())
        same_city = draw.chance(700) or not around
        new = world.land.home(home.address.place if same_city else draw.pick(around[:3]))
        homes.append((day, new))
        told.append((day + draw.between(-12, 25), new))
    return tuple(homes), tuple(told)


def _machines(
    world: World, company: Company, post: _Post, draw: Draw, *, mac: bool
) -> tuple[tuple[int, Machine], ...]:
    if post.kind == "contractor" and draw.chance(rate("cloud_desktop")):
        return ((post.hired, world.cloud_desktop(draw)),)
    issued = [(post.hired, world.laptop(draw, mac=mac))]
    if post.hired < company.first - 200 and draw.chance(
        rate("laptop_replaced") * (company.last - company.first) // YEAR
    ):
        issued.append((draw.between(company.first + 3, company.last), world.laptop(draw, mac=mac)))
    return tuple(issued)


def _trips(world: World, company: Company, draw: Draw, where: Place) -> tuple[Trip, ...]:
    trips = []
    span = company.last - company.first
    for _ in range(2):
        if draw.chance(850 * span // 240):
            first = draw.between(company.first, company.last)
            trips.append(
                Trip(first, first + draw.between(3, 12), carrier_exit(where, 0), approved=True, away=True)
            )
    count = (rate("trip_in_year") * span // YEAR + draw.below(1000)) // 1000
    for _ in range(count):
        first = draw.between(company.first, company.last)
        known = [one for one in places() if one is not where]
        abroad = draw.chance(rate("trip_abroad"))
        there = [one for one in known if (one.country != where.country) == abroad]
        trips.append(
            Trip(
                first,
                first + draw.between(1, 6),
                world.land.guest(draw.pick(there or known)),
                approved=draw.chance(rate("trip_approved")),
            )
        )
    return tuple(sorted(trips, key=lambda trip: (trip.first, trip.last)))


_CAMERAS = (
    ("Logitech BRIO", "Logitech BRIO", "Speakers"),
    ("Logitech Webcam C270", "Headset", "Headset"),
    ("Integrated Camera", "Jabra Evolve2 65", "Jabra Evolve2 65"),
    ("FaceTime HD Camera", "AirPods", "AirPods"),
    ("Logitech StreamCam", "Yeti Stereo Microphone", "Speakers"),
)
_ODD_CAMERAS = (
    ("Cam Link 4K", "Shure MV7", "Headphones"),
    ("OBS Virtual Camera", "Rode NT-USB", "Headphones"),
)


def habits(draw: Draw, team: Team, kind: str, *, remote: bool) -> Habits:
    start, length = draw.bell(530, 90), draw.bell(490, 60)
    blocks: tuple[tuple[int, int], ...] = ((start, length // 2 - 20), (start + length // 2 + 25, length // 2))
    kinds = draw.below(1000)
    if kinds < rate("night_owl"):
        late = draw.between(720, 900)
        blocks = ((late, 240), (late + 270, 240))
    elif kinds < rate("night_owl") + rate("split_day"):
        blocks = ((draw.bell(500, 30), 270), (draw.between(1170, 1230), 170))
    uses_vpn = draw.chance(rate("vpn_engineer") if team.engineer else rate("vpn_other"))
    operators = table("networks")["weights"]
    exits = vpn_exits(draw.weighted(list(operators), list(operators.values()))) if uses_vpn else ()
    always = draw.chance(rate("vpn_always"))
    shy = draw.below(1000)
    camera = draw.between(600, 960)
    if shy < rate("camera_off"):
        camera = draw.between(0, 80)
    elif shy < rate("camera_off") + rate("camera_sometimes"):
        camera = draw.between(200, 600)
    devices = Camera("Integrated Camera", "Microphone Array", "Speakers")
    if draw.chance(rate("extra_camera")):
        devices = Camera(*draw.pick(_CAMERAS))
    if draw.chance(rate("capture_or_virtual_camera")):
        devices = Camera(*draw.pick(_ODD_CAMERAS))
    tools = []
    if draw.chance(rate("stay_awake_tool")):
        tools.append(Tool(draw.pick(["caffeine", "awake", "awake", "jiggler"]), 0, draw.between(50, 500)))
    if draw.chance(rate("own_remote_tool")):
        tools.append(Tool(draw.pick(["anydesk", "teamviewer", "parsec", "crd"]), 0, draw.between(5, 60)))
    if team.engineer and draw.chance(rate("mesh_network")):
        tools.append(Tool(draw.pick(["tailscale", "tailscale", "ngrok"]), 0, draw.between(20, 400)))
    if kind == "contractor" and draw.chance(rate("client_tools")):
        tools.append(
            Tool(draw.pick(["teamviewer", "anydesk", "screenconnect", "splashtop"]), 0, draw.between(30, 300))
        )
    if uses_vpn and draw.chance(500):
        product = {
            "NORD_VPN": "nordvpn",
            "PROTON_VPN": "protonvpn",
            "MULLVAD_VPN": "mullvad",
            "ASTRILL_VPN": "astrill",
        }
        tools.append(Tool(product.get(exits[0].operator, "nordvpn"), 0, draw.between(50, 300)))
    return Habits(
        blocks=blocks,
        office=0 if remote else draw.between(300, 750),
        vpn=exits[: 2 + draw.below(3)],
        vpn_share=0 if not uses_vpn else draw.between(700, 950) if always else draw.between(30, 300),
        corporate_vpn=draw.between(50, 300) if draw.chance(rate("corporate_vpn")) else 0,
        phone=draw.between(20, 150),
        own_computer=draw.between(20, 150) if draw.chance(rate("own_computer")) else 0,
        camera=camera,
        devices=devices,
        latency=draw.between(240, 420) if draw.chance(rate("slow_line")) else draw.between(22, 95),
        meets_on_own=draw.chance(rate("meets_on_own")),
        tools=tuple(tools),
        weekend=draw.below(2 * rate("works_weekend") + 1),
        repositories=draw.between(1, 3),
        documents=draw.between(0, 3),
        commits=draw.between(350, 850),
    )


def _unique(staff: tuple[Worker, ...], domain: str) -> tuple[Worker, ...]:
    """Namesakes get a number in their mail and code-host names, as directories do."""
    seen: dict[str, int] = {}
    result = list(staff)
    for position, one in enumerate(staff):
        key = one.person.name.key
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1:
            number = seen[key]
            result[position] = replace(one, mail=f"{key}{number}@{domain}", login=f"{one.login}-{number}")
    logins: set[str] = set()
    for position, one in enumerate(result):
        if one.login in logins:
            result[position] = replace(one, login=f"{one.login}-{one.index}")
        logins.add(result[position].login)
    return tuple(result)


def _manager(worker: Worker, staff: tuple[Worker, ...]) -> int:
    """The longest-serving employee of the team; of those, the chief executive."""
    for other in staff:
        if other.team is worker.team and not other.part and other.kind == "employee" and other.left is None:
            return other.index if other.index < worker.index else staff_head(staff)
    return staff_head(staff)


def staff_head(staff: tuple[Worker, ...]) -> int:
    return next(one.index for one in staff if one.role == "Chief Executive")
