"""How the players applied, and the rings of applicants who were never hired."""

from __future__ import annotations

from dataclasses import replace

from pickglass.simulate.acts import (
    Application,
    Reference,
    Resume,
)
from pickglass.simulate.clock import DAY
from pickglass.simulate.draws import Draw
from pickglass.simulate.hiring import draw_resume
from pickglass.simulate.tables import rate
from pickglass.simulate.world.company import Company
from pickglass.simulate.world.people import draw_mail, draw_name


def enrol(company: Company, applications: dict[int, Application]) -> dict[int, Application]:
    """The applications of the players, and of rings that were never hired."""
    draw = Draw(company.seed, "enrol")
    found = dict(applications)

    def change(part: str, one: Application) -> None:
        found[company.who(part).candidate] = one

    for part in ("H1", "H2A", "H2B", "H2C", "H2D", "H3", "H4A", "H4B", "H4C"):
        one = found[company.who(part).candidate]
        shy = tuple(
            replace(
                met,
                camera_on=met.camera_on and draw.chance(350),
                notes="camera failed again" if number else "",
            )
            for number, met in enumerate(one.interviews)
        )
        elsewhere = draw.pick(["TX", "CA", "OH", "NV", "TN"])  # the identity's owner lives in another region
        papers = tuple(
            replace(check, document_region=elsewhere) if check.document_kind and draw.chance(600) else check
            for check in one.checks
        )
        change(part, replace(one, interviews=shy, references=_webmail_references(draw, one), checks=papers))
    a, b, c, d = (found[company.who(f"H2{letter}").candidate] for letter in "ABCD")
    body = a.resume.text.split(". ", 1)[1]
    change(
        "H2B", replace(b, referred_by=company.who("H2A").index, source="Referral", references=_vouch(b, a, c))
    )
    change("H2C", replace(c, references=_vouch(c, b, a), phone=b.phone))
    change("H2A", replace(a, references=_vouch(a, c, b)))
    change(
        "H2D",
        replace(
            d,
            references=_vouch(d, b, c),
            referred_by=company.who("H2B").index,
            resume=_cloned(draw, d, body, company, share=720),
        ),
    )
    template = "tpl-" + draw.hexadecimal(12)
    for part in ("H4A", "H4C"):
        one = found[company.who(part).candidate]
        change(
            part,
            replace(
                one,
                checks=tuple(
                    replace(check, document_template=template) if check.document_template else check
                    for check in one.checks
                ),
            ),
        )
    injected = found[company.who("H4B").candidate]
    change(
        "H4B",
        replace(
            injected,
            checks=tuple(
                replace(check, attempts=4, virtual_camera=True, liveness="failed", outcome="review")
                if check.activity == "identity_check"
                else check
                for check in injected.checks
            ),
        ),
    )
    _rings(company, draw, found)
    return found


def _webmail_references(draw: Draw, one: Application) -> tuple[Reference, ...]:
    result = []
    for known in one.references:
        name = draw_name(draw)
        result.append(replace(known, name=name.full, mail=draw_mail(draw, name)))
    return tuple(result)


def _vouch(one: Application, *others: Application) -> tuple[Reference, ...]:
    offered = one.offered or one.applied
    return tuple(
        Reference(offered - (3 + number) * DAY, other.name, other.mails[0], other.phone)
        for number, other in enumerate(others)
    )


def _cloned(draw: Draw, one: Application, body: str, company: Company, *, share: int) -> Resume:
    """A résumé written over another one: most sentences stay."""
    team = next(team for team in company.teams if team.name == one.team)
    fresh = draw_resume(draw, draw_name(draw), one.job, team, one.applied).text.split(". ")
    sentences = [old if draw.chance(share) else draw.pick(fresh) for old in body.split(". ")]
    text = f"{one.name}. {'. '.join(sentences)}"
    return replace(one.resume, text=text, author="Admin", producer="WPS Writer")


def _rings(company: Company, draw: Draw, found: dict[int, Application]) -> None:
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
                one,
                phone=phone if draw.chance(900) else one.phone,
                part=f"A{ring + 1}",
                applied=applied,
                person=2_000_000 + ring,
                interviews=tuple(
                    replace(met, time=met.time + moved, camera_on=False) for met in one.interviews
                ),
                ended_at=ended if ended is None or ended // DAY <= company.last else None,
            )
            if one.ended_at is None:
                one = replace(one, ended="active")
            resume = _cloned(draw, one, body, company, share=940) if number else one.resume
            found[candidate] = replace(one, resume=replace(resume, time=applied + 60, author="Admin"))
