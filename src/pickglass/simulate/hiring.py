"""Applicants: what they send, whom they meet, and how the hired ones come to the company.

Everybody applies the same way; `schemes` and `lookalikes` then change what their parts did differently.
"""



from __future__ import annotations

from pickglass.simulate.acts import Application, Check, Interview, Reference, Resume
from pickglass.simulate.casting import World
from pickglass.simulate.clock import DAY, next_workday
from pickglass.simulate.draws import Draw
from pickglass.simulate.tables import rate, table
from pickglass.simulate.world.company import Company, Team, Worker
from pickglass.simulate.world.people import Name, draw_mail, draw_name, draw_person
from pickglass.simulate.world.places import Address

SOURCES = ("Company website", "LinkedIn", "Job board", "Referral", "Agency")


def sentence(draw: Draw, *, engineer: bool) -> str:
    """One sentence of somebody's own: common words about a project that only this person has."""
    words = table("resumes")
    objects = words["engineer_objects" if engineer else "other_objects"]
    project = "".join(draw.pick(words["syllables"]) for _ in range(3)).capitalize()
    return (
        f"{draw.pick(words['verbs'])} {project}, {draw.pick(objects)} of {draw.between(3, 980)} "
        f"{draw.pick(words['units'])} {draw.pick(words['purposes'])}, in {draw.between(2, 30)} months, "
        f"{draw.pick(words['results'])}."
    )


def resume_text(draw: Draw, name: Name, job: str, *, engineer: bool, body: str = "") -> str:
    words = table("resumes")
    if not body:
        parts = [f"{job} with {draw.between(2, 19)} years of practice {draw.pick(words['purposes'])}."]
        for employer in draw.sample(words["employers"], draw.between(2, 4)):
            parts.append(f"{employer}, {draw.between(2009, 2021)} to {draw.between(2022, 2026)}.")
            parts += [sentence(draw, engineer=engineer) for _ in range(draw.between(2, 4))]
        parts.append(f"Degree from {draw.pick(words['schools'])} in {draw.between(1994, 2022)}.")
        body = " ".join(parts)
        if draw.chance(rate("resume_template")):
            body = f"{words['template']} {body}"
    return f"{name.full}. {body}"


def draw_resume(draw: Draw, name: Name, job: str, team: Team, applied: int, body: str = "") -> Resume:
    words = table("resumes")
    text = resume_text(draw, name, job, engineer=team.engineer, body=body)
    built = draw.chance(rate("resume_service"))
    producer = draw.pick(words["builders"] if built else words["producers"])
    author = producer if built else name.full if draw.chance(700) else ""
    return Resume(applied + 60, text, author, producer, applied - draw.between(600, 90 * DAY))


def interviews(
    company: Company, draw: Draw, applied: int, rounds: int, *, passed: bool
) -> tuple[Interview, ...]:
    stages = ("Recruiter Phone Screen", "Technical Interview", "Team Interview", "Manager Interview")
    met = []
    time = applied
    chorus = [
        one.index
        for one in company.workers
        if not one.part and one.hired < company.first and one.left is None
    ]
    for number in range(rounds):
        time = next_workday(time // DAY + draw.between(2, 6)) * DAY + draw.between(9 * 60, 17 * 60) * 60
        good = passed or number + 1 < rounds
        met.append(
            Interview(
                time,
                stages[number],
                draw.pick(chorus),
                draw.pick(["yes", "strong_yes"]) if good else "no",
                camera_on=number > 0 and not draw.chance(rate("camera_off_interview")),
                medium="phone" if number == 0 else "video",
            )
        )
    return tuple(met)


def reference(draw: Draw, time: int) -> Reference:
    name = draw_name(draw)
    if draw.chance(rate("reference_webmail")):
        mail = draw_mail(draw, name)
    else:
        employer = draw.pick(table("resumes")["employers"]).lower().replace(" ", "-")
        mail = f"{name.key}@{employer}.example"
    return Reference(time, name.full, mail, f"+1{draw.between(201, 989)}55501{draw.digits(2)}")


def checks(draw: Draw, time: int, address: Address) -> tuple[Check, ...]:
    """The identity check and the background check of somebody who got an offer."""
    repeated = draw.chance(rate("check_repeated"))
    live = "failed" if draw.chance(rate("liveness_failed")) else "passed"
    region = address.place.region
    if draw.chance(rate("document_other_region")):
        region = draw.pick(["TX", "CA", "ENG", "NY", "SN", region])
    identity = Check(
        time,
        "identity_check",
        "passed" if live == "passed" else "review",
        "",
        draw.pick(["driving_licence", "passport", "identity_card"]),
        draw.letters(9),
        region,
        "tpl-" + draw.hexadecimal(12),
        live,
        attempts=1 + repeated + (live == "failed"),
        city=address.place.city,
        region=address.place.region,
        country=address.place.country,
    )
    review = draw.chance(rate("check_review"))
    background = Check(
        time + draw.between(1, 4) * DAY,
        "background_check",
        "review" if review else "passed",
        draw.pick(["date of one employment differs", "one employer not reached"]) if review else "",
    )
    return identity, background


def hire(company: Company, worker: Worker) -> Application:
    """How somebody who works here now came: application, interviews, references, checks, offer."""
    draw = Draw(company.seed, "hire", worker.index)
    applied = (worker.hired - draw.between(38, 75)) * DAY + draw.below(DAY)
    person = worker.person
    met = interviews(company, draw, applied, 3 + draw.chance(300), passed=True)
    offered = max(met[-1].time // DAY + 1, worker.hired - draw.between(14, 24))
    accepted = offered * DAY + draw.between(10, 90) * 3600
    address = worker.told[0][1].address
    referees = tuple(
        reference(draw, (offered - draw.between(1, 5)) * DAY + 50_000) for _ in range(draw.between(1, 3))
    )
    return Application(
        candidate=worker.candidate,
        person=worker.index,
        name=person.name.full,
        given=person.name.given,
        family=person.name.family,
        mails=(person.mail,),
        phone=person.phone,
        address=address,
        social=social(draw, person.name),
        job=worker.role,
        team=worker.team.name,
        applied=applied,
        source="Referral" if draw.chance(rate("referred")) else draw.pick(SOURCES),
        ended="hired",
        ended_at=accepted,
        resume=draw_resume(draw, person.name, worker.role, worker.team, applied),
        interviews=met,
        references=referees,
        checks=checks(draw, accepted + draw.between(2, 40) * 3600, address),
        offered=offered * DAY + 54_000,
        accepted=accepted,
        starts=worker.hired,
        worker=worker.index,
        part=worker.part,
    )


def social(draw: Draw, name: Name) -> tuple[str, ...]:
    key = name.key.replace(".", "-")
    found = [f"https://profiles.example/in/{key}-{draw.digits(4)}"]
    if draw.chance(500):
        found.append(f"https://github.com/{key.replace('-', '')}{draw.digits(2)}-example")
    return tuple(found)


def apply(world: World, company: Company, count: int) -> dict[int, Application]:
    """All applications by candidate id: the hired, and everybody else who tried."""
    found = {worker.candidate: hire(company, worker) for worker in company.workers if worker.candidate}
    draw = Draw(company.seed, "applicants")
    weights = [int(row["weight"]) for row in table("jobs")["teams"]]
    agencies = [world.phones.number("US"), world.phones.number("GB")]
    earlier: list[Application] = []
    number = 0
    while len(found) < count:
        number += 1
        candidate = 200_000 + 13 * number + draw.below(13)
        team = draw.weighted(company.teams, weights)
        applied = draw.between(company.first - 150, company.last) * DAY + draw.below(DAY)
        name = draw_name(Draw(company.seed, "names", "applicant", number))
        person = draw_person(draw, name, world.land.home(world.land.home_place(draw)), world.phones)
        mails: tuple[str, ...] = (person.mail,)
        home, phone, who = person.home.address, person.phone, 1_000_000 + number
        links = social(draw, name)
        if earlier and draw.chance(rate("applies_again")):
            before = draw.pick(earlier)
            name, home, who, links = (
                Name(before.given, before.family),
                before.address,
                before.person,
                before.social,
            )
            if not draw.chance(rate("applies_again_other_phone")):
                phone = before.phone
        elif earlier and draw.chance(rate("family_contact")):
            before = draw.pick(earlier)
            name, home, phone = Name(name.given, before.family), before.address, before.phone
        elif draw.chance(rate("recruiter_phone")):
            phone = draw.pick(agencies)
        job = draw.pick(team.roles)
        rounds = draw.weighted([0, 1, 2, 3], [66, 20, 9, 5])
        met = interviews(company, draw, applied, rounds, passed=False)
        ended = met[-1].time + draw.between(1, 5) * DAY if met else applied + draw.between(1, 20) * DAY
        over = ended // DAY <= company.last and not draw.chance(40)
        one = Application(
            candidate=candidate,
            person=who,
            name=name.full,
            given=name.given,
            family=name.family,
            mails=mails,
            phone=phone,
            address=home,
            social=links,
            job=job,
            team=team.name,
            applied=applied,
            source="Referral" if draw.chance(rate("referred")) else draw.pick(SOURCES),
            ended="rejected" if over else "active",
            ended_at=ended if over else None,
            resume=draw_resume(draw, name, job, team, applied),
            interviews=met,
        )
        found[candidate] = one
        earlier.append(one)
    return found
