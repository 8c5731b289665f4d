"""A company of honest people, each of whom has a counterpart in every group that must not stand out.

A counterpart repeats somebody's life throw for throw of the dice, in a home and on machines of their own, and
differs in what marks the group: a name, hours, a line, tools. What an assessment says of the two therefore
differs by what marks the group and by nothing else. Nobody in this company has anything to hide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pickglass.errors import InputError
from pickglass.simulate import casting, export, hiring, life, ordinary
from pickglass.simulate.acts import Application, Diary, Plugged, Resume
from pickglass.simulate.clock import DAY, weekday
from pickglass.simulate.draws import Draw
from pickglass.simulate.ordinary import account
from pickglass.simulate.tables import table
from pickglass.simulate.world.company import Camera, Company, Tool, Trip, Worker
from pickglass.simulate.world.machines import Machine
from pickglass.simulate.world.people import WEBMAIL, Name, PhoneBook, draw_name, plain
from pickglass.simulate.world.places import Home, Land, Network, carrier_exit, places, vpn_exits

POSTS = 6  # of the company itself: in no group
FEWEST_DAYS = 30

Play = Callable[[Company, Diary, Worker, Draw], None]


@dataclass(frozen=True, slots=True)
class Group:
    """People who differ from their counterparts by one thing."""

    id: str
    differs: str
    twin: bool = False
    names: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a mark is put on: the company before its counterparts, and the members that the group has so far."""

    world: casting.World
    company: Company
    others: tuple[Worker, ...]

    @property
    def number(self) -> int:
        return len(self.others)


Mark = Callable[[Setting, Worker], Worker]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: who is in which group, and whose counterpart they are, by employee number."""

    base: tuple[str, ...]
    members: Mapping[str, Mapping[str, str]]  # group → member → counterpart in the base group
    records: int


def groups() -> tuple[Group, ...]:
    """Every group, in the order of the table."""
    return tuple(Group(name, **row) for name, row in table("groups")["groups"].items())


def write(out: Path, people: int, days: int, seed: int) -> Written:
    """Write the exports of a company of so many people, as many in each group as there are without a mark."""
    every = groups()
    size = (people - POSTS) // (1 + len(every))
    if size < 1 or days < FEWEST_DAYS:
        raise InputError(
            f"a company of {people} people and {days} days has nobody to compare",
            hint=f"use at least {POSTS + 1 + len(every)} people and {FEWEST_DAYS} days",
        )
    world = casting.World(seed, Land(seed), PhoneBook(seed))
    company = casting.cast(world, POSTS + size, days, {})
    base = [one for one in company.workers if not one.post]
    staff = list(company.workers)
    members: dict[str, list[Worker]] = {}
    for group in every:
        found = members.setdefault(group.id, [])
        for model in base:
            setting = Setting(world, company, tuple(found))
            one = _counterpart(setting, model, len(staff), group)
            found.append(MARKS[group.id](setting, one) if group.id in MARKS else one)
            staff.append(found[-1])
    company = replace(company, workers=tuple(staff))
    applications = _applications(company, hiring.apply(world, company, 0))
    diary = Diary()
    life.live(company, diary)
    ordinary.happen(world, company, diary)
    _own_things(company, diary)
    for group in every:
        for marked in members[group.id]:
            if group.id in PLAYS:
                PLAYS[group.id](company, diary, marked, Draw(seed, "play", marked.index))
            if group.id in INTERVIEWS and marked.candidate:
                applications[marked.candidate] = INTERVIEWS[group.id](
                    applications[marked.candidate], Draw(seed, "interviews", marked.index)
                )
    written = export(company, applications, diary, out)
    return Written(
        tuple(one.employee for one in base),
        {
            name: {one.employee: company.workers[one.dice].employee for one in found}
            for name, found in members.items()
        },
        sum(written.counts.values()),
    )


# Counterparts


def _counterpart(setting: Setting, model: Worker, index: int, group: Group) -> Worker:
    """Somebody with the same work and the same luck, in a home and on machines of their own."""
    world, company = setting.world, setting.company
    draw = Draw(company.seed, "counterpart", index)
    name, shown = _named(group, setting.number) if group.names else (draw_name(draw), "")
    key = plain(name.full.lower()).replace(" ", ".").replace("'", "")
    homes = {home: _similar(world, home) for _, home in (*model.homes, *model.told)}
    person = replace(
        model.person,
        name=name,
        phone=world.phones.number(model.person.home.address.place.country),
        mail=f"{key}{index}@{draw.pick(WEBMAIL)}",
        home=homes[model.homes[0][1]],
    )
    return replace(
        model,
        index=index,
        counterpart=model.index,
        employee=f"E{1001 + index}",
        candidate=70_000 + 17 * index + draw.below(17) if model.candidate else 0,
        person=person,
        mail=f"{key}{index}@{company.domain}",
        login=f"{key.replace('.', '-')}-{index}",
        homes=tuple((day, homes[home]) for day, home in model.homes),
        told=tuple((day, homes[home]) for day, home in model.told),
        machines=tuple((day, _another(world, draw, machine)) for day, machine in model.machines),
        own=replace(model.own, name=f"{model.own.name}-{index}", wifi_mac="", ethernet_mac=""),
        phone=replace(model.phone, device_id=draw.guid()),
        authenticator="opf" + draw.letters(17, "abcdefghjkmnpqrstuvwxyz0123456789"),
        trips=tuple(
            replace(trip, network=_elsewhere(world, trip.network)) if not trip.away else trip
            for trip in model.trips
        ),
        shown=shown,
    )


def _named(group: Group, number: int) -> tuple[Name, str]:
    """A name of the group's list, and how this person writes it in meetings: every other one in Latin letters."""
    listed = table("groups")["names"][group.names]
    given = listed["given"][number % len(listed["given"])]
    family = listed["family"][(number // 2) % len(listed["family"])]
    if number % 2:
        return Name(given[0], family[0]), ""
    parts = (family[1], given[1]) if listed["first"] == "family" else (given[1], family[1])
    return Name(given[0], family[0]), " ".join(parts).strip()


def _similar(world: casting.World, home: Home) -> Home:
    """Another home in the same city, on the same provider's network."""
    new = world.land.home(home.address.place, flat=bool(home.address.unit))
    line = home.network
    return replace(
        new, network=replace(new.network, asn=line.asn, as_org=line.as_org, place=line.place, kind=line.kind)
    )


def _elsewhere(world: casting.World, network: Network) -> Network:
    return world.land.guest(network.place) if network.kind == "guest" else network


def _another(world: casting.World, draw: Draw, machine: Machine) -> Machine:
    new = world.cloud_desktop(draw) if machine.virtual else world.laptop(draw, mac=machine.system == "macOS")
    return replace(new, maker=machine.maker, model=machine.model, version=machine.version)


def _applications(company: Company, found: dict[int, Application]) -> dict[int, Application]:
    """Give every counterpart the application of their model, with papers of their own."""
    result = dict(found)
    for worker in company.workers:
        if worker.counterpart is None or not worker.candidate:
            continue
        model = found[company.workers[worker.counterpart].candidate]
        own = found[worker.candidate]
        draw = Draw(company.seed, "papers", worker.index)
        result[worker.candidate] = replace(
            own,
            # A form that wants a family name gets the only name again.
            family=own.family or own.given,
            applied=model.applied,
            source=model.source,
            ended_at=model.ended_at,
            offered=model.offered,
            accepted=model.accepted,
            interviews=model.interviews,
            resume=_resume(draw, worker, model),
            references=tuple(
                replace(
                    hiring.reference(draw, one.time), outcome=one.outcome, mail=_mail_like(one.mail, draw)
                )
                for one in model.references
            ),
            checks=tuple(
                replace(
                    one,
                    document_number=draw.letters(9) if one.document_number else "",
                    document_template="tpl-" + draw.hexadecimal(12) if one.document_template else "",
                )
                for one in model.checks
            ),
        )
    return result


def _resume(draw: Draw, worker: Worker, model: Application) -> Resume:
    """Another text, from the same kind of program."""
    like = model.resume
    own = hiring.draw_resume(draw, worker.person.name, model.job, worker.team, model.applied)
    author = worker.person.name.full if like.author == model.name else like.author
    return replace(own, author=author, producer=like.producer)


def _mail_like(mail: str, draw: Draw) -> str:
    """A mail of the same kind: webmail or an employer's."""
    return f"{draw.letters(8).lower()}.{draw.letters(6).lower()}@{mail.split('@')[1]}"


def _own_things(company: Company, diary: Diary) -> None:
    """Give counterparts numbers of their own where the same throw of the dice gave the same number."""

    def copied(index: int) -> bool:
        return company.workers[index].counterpart is not None

    diary.signins = [
        act._replace(session=f"{act.session}{act.worker}") if act.session and copied(act.worker) else act
        for act in diary.signins
    ]
    diary.plugged = [
        act._replace(port=f"{act.worker:x}{act.port}") if copied(act.worker) else act for act in diary.plugged
    ]
    diary.pay = [
        act._replace(
            number=f"{act.worker:05}{act.number[5:]}",
            session=f"{act.session}{act.worker}",
            owner=_as_banks_write(company.workers[act.worker].person.name, act.owner),
        )
        if copied(act.worker)
        else act
        for act in diary.pay
    ]
    diary.parcels = [
        act._replace(signed=_as_banks_write(company.workers[act.worker].person.name, act.signed))
        if copied(act.worker)
        else act
        for act in diary.parcels
    ]


def _as_banks_write(name: Name, text: str) -> str:
    """Somebody's own name as a bank or carrier prints it: capitals without accents, family name first, one surname."""
    if text != name.full:
        return text
    return plain(f"{name.family.split(' ')[0]} {name.given}").upper().strip()


# What marks the groups


def _told(worker: Worker, **private: str) -> Worker:
    """Some exports tell this of the person."""
    return replace(worker, person=replace(worker.person, private=private))


def _born(setting: Setting, worker: Worker) -> Worker:
    years = 20 if setting.number % 2 else -20
    return replace(worker, person=replace(worker.person, birth=worker.person.birth + years * 365))


def _titled(setting: Setting, worker: Worker) -> Worker:
    title, gender = (("Ms", "Female"), ("Mr", "Male"), ("Mx", "Non-binary"))[setting.number % 3]
    return _told(
        worker, Title=title, Gender=gender, Marital_Status=("Married", "Widowed")[setting.number % 2]
    )


def _born_abroad(setting: Setting, worker: Worker) -> Worker:
    country = ("Nigeria", "China", "Ukraine", "Pakistan", "Iran", "Viet Nam")[setting.number % 6]
    return _told(
        worker,
        Country_of_Birth=country,
        Nationality=country,
        Ethnicity=f"From {country}",
        Religion=("None", "Muslim", "Buddhist", "Orthodox")[setting.number % 4],
    )


def _speaks(setting: Setting, worker: Worker) -> Worker:
    language = ("ko_KR", "zh_CN", "ar_EG", "ru_RU", "vi_VN")[setting.number % 5]
    return _told(worker, Preferred_Language=language, Mother_Tongue=language[:2])


def _other_language(setting: Setting, worker: Worker) -> Worker:
    names = table("groups")["devices"]
    return replace(worker, habits=replace(worker.habits, devices=Camera(*names[setting.number % len(names)])))


def _married(setting: Setting, worker: Worker) -> Worker:
    name = Name(
        worker.person.name.given, draw_name(Draw(setting.company.seed, "spouse", worker.index)).family
    )
    return replace(worker, shown=name.full, renamed=(_middle(setting.company, worker), name))


def _chosen(setting: Setting, worker: Worker) -> Worker:
    name = Name(
        draw_name(Draw(setting.company.seed, "chosen", worker.index)).given, worker.person.name.family
    )
    marked = _told(worker, Title="Mx", Gender="Changed")
    return replace(marked, shown=name.full, renamed=(_middle(setting.company, worker), name))


def _middle(company: Company, worker: Worker) -> int:
    """A day in the middle of what the calendar shows of somebody."""
    return (max(company.first, worker.hired) + company.last) // 2


def _at_night(_setting: Setting, worker: Worker) -> Worker:
    return replace(worker, habits=replace(worker.habits, blocks=((560, 110), (1290, 330)), weekend=200))


def _half_time(setting: Setting, worker: Worker) -> Worker:
    marked = replace(worker, habits=replace(worker.habits, blocks=((worker.habits.blocks[0][0], 240),)))
    return _away(marked, [(day, day) for day in _days(setting.company) if weekday(day) in {0, 4}])


def _on_leave(setting: Setting, worker: Worker) -> Worker:
    company = setting.company
    start = max(company.first, worker.hired) + 10
    back = start + (company.last - start) * 45 // 100
    marked = _away(worker, [(start, back)])
    draw = Draw(company.seed, "laptop after leave", worker.index)
    return replace(
        marked, machines=(*worker.machines, (back + 1, _another(setting.world, draw, worker.machine(start))))
    )


def _observant(setting: Setting, worker: Worker) -> Worker:
    company = setting.company
    holy = {day for start in (20, 75, 90) for day in range(company.first + start, company.first + start + 3)}
    marked = replace(worker, habits=replace(worker.habits, weekend=400))
    return _away(marked, [(day, day) for day in _days(company) if weekday(day) == 4 or day in holy])


def _days(company: Company) -> range:
    return range(company.first, company.last + 1)


def _away(worker: Worker, spells: list[tuple[int, int]]) -> Worker:
    """Does not work on these days; other journeys are unchanged."""
    line = carrier_exit(worker.carrier, 0)
    trips = tuple(Trip(first, last, line, approved=True, away=True) for first, last in spells)
    return replace(worker, trips=(*trips, *worker.trips))


def _unseen(_setting: Setting, worker: Worker) -> Worker:
    return replace(worker, habits=replace(worker.habits, camera=0))


def _assisted(_setting: Setting, worker: Worker) -> Worker:
    tools = tuple(
        Tool(name, worker.hired, share)
        for name, share in (
            ("nvda", 900),
            ("magnifier", 200),
            ("dictation", 500),
            ("keyboard_on_screen", 300),
        )
    )
    return replace(worker, habits=replace(worker.habits, tools=(*worker.habits.tools, *tools)))


def _new_here(setting: Setting, worker: Worker) -> Worker:
    """A room for the first weeks, then a flat in the same city; both told in time."""
    first = worker.homes[0][1]
    settled = _similar(setting.world, first)
    if len(worker.homes) > 1:
        return worker
    day = worker.hired + 30
    return replace(worker, homes=((0, first), (day, settled)), told=((0, first), (day + 3, settled)))


def _national_vpn(setting: Setting, worker: Worker) -> Worker:
    """Every other one never switches it off."""
    habits = worker.habits
    tools = (*habits.tools, Tool("astrill", worker.hired, 200))
    share = 1000 if setting.number % 2 else 400
    return replace(
        worker, habits=replace(habits, vpn=vpn_exits("ASTRILL_VPN")[:3], vpn_share=share, tools=tools)
    )


def _in_a_flat(setting: Setting, worker: Worker) -> Worker:
    """Two by two: the odd ones live where the one before lives, whom they do not know from work."""
    home = setting.others[-1].person.home if setting.number % 2 else worker.homes[0][1]
    return replace(
        worker,
        person=replace(worker.person, home=home),
        homes=((0, home),),
        told=((0, home),),
        remote=True,
        habits=replace(worker.habits, office=0),
        carrier=home.address.place,
    )


def _in_the_country(setting: Setting, worker: Worker) -> Worker:
    """The line comes out at the country's one gateway, behind addresses that many customers share in turn."""
    company = setting.company
    draw = Draw(company.seed, "satellite", worker.index)
    home = worker.homes[0][1]
    countries = sorted({one.country for one in places()})
    number = countries.index(home.address.place.country)
    gateway = next(one for one in places() if one.country == countries[number])
    homes = []
    for day in range(company.first, company.last, 4):
        # Addresses that homes are never given, 64 for each country.
        ip = f"198.19.{253 + number // 4}.{number % 4 * 64 + draw.below(64)}"
        line = replace(home.network, ip=ip, asn=65_551, as_org="Highsky Satellite", place=gateway)
        homes.append((day, replace(home, network=line)))
    return replace(
        worker, homes=((0, homes[0][1]), *homes), habits=replace(worker.habits, latency=620, office=0)
    )


MARKS: Mapping[str, Mark] = {
    "birth-date": _born,
    "title-and-gender": _titled,
    "country-of-birth": _born_abroad,
    "stated-language": _speaks,
    "language": _other_language,
    "married-name": _married,
    "chosen-name": _chosen,
    "night-carer": _at_night,
    "part-time": _half_time,
    "parental-leave": _on_leave,
    "religious-days": _observant,
    "camera-off": _unseen,
    "assistive-tools": _assisted,
    "newcomer": _new_here,
    "national-vpn": _national_vpn,
    "shared-flat": _in_a_flat,
    "rural-line": _in_the_country,
}


def _bank_knows(_company: Company, diary: Diary, worker: Worker, draw: Draw) -> None:
    """After a wedding the bank has the new name, and the account is given anew."""
    assert worker.renamed is not None  # noqa: S101 the mark of this group
    day = worker.renamed[0] - 12
    owner = worker.renamed[1].full
    diary.pay.append(
        account(draw, worker, day * DAY + 50_000, money=False, owner=owner, network=worker.home(day).network)
    )


def _plug_in(company: Company, diary: Diary, worker: Worker, draw: Draw) -> None:
    """A Braille display with its storage, and an eye tracker, on every machine."""
    for first, machine in worker.machines:
        day = max(company.first, first) + 1
        if machine.virtual or day > company.last:
            continue
        time = worker.home(day).address.place.time(day, 600)
        for thing in ("braille", "braille_drive", "eye_tracker"):
            diary.plugged.append(Plugged(time, worker.index, machine, thing, draw.hexadecimal(7) + "&0&3"))


def _e_money(_company: Company, diary: Diary, worker: Worker, draw: Draw) -> None:
    """Pay goes to a payout service from the first day."""
    diary.pay = [one for one in diary.pay if one.worker != worker.index]
    diary.pay.append(
        account(
            draw,
            worker,
            worker.hired * DAY + 50_000,
            money=True,
            network=worker.home(worker.hired).network,
        )
    )


PLAYS: Mapping[str, Play] = {
    "married-name": _bank_knows,
    "assistive-tools": _plug_in,
    "newcomer": _e_money,
}


def _never_on(one: Application, _draw: Draw) -> Application:
    return replace(one, interviews=tuple(replace(met, camera_on=False) for met in one.interviews))


def _referees_abroad(one: Application, draw: Draw) -> Application:
    """Few traces on the network, a passport, and referees far away who have webmail only."""
    return replace(
        one,
        social=(),
        references=tuple(
            replace(
                known,
                mail=f"{draw.letters(9).lower()}@{draw.pick(WEBMAIL)}",
                phone=f"+234803{draw.digits(7)}",
            )
            for known in one.references
        ),
        checks=tuple(
            replace(check, document_kind="passport", document_region="") if check.document_kind else check
            for check in one.checks
        ),
    )


INTERVIEWS: Mapping[str, Callable[[Application, Draw], Application]] = {
    "camera-off": _never_on,
    "newcomer": _referees_abroad,
}
