"""Greenhouse: candidates with their applications, scorecards and offers (recruiting/)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pickglass.simulate.acts import Application, Interview
from pickglass.simulate.clock import DAY, date_text, iso_fraction
from pickglass.simulate.exports import Exports
from pickglass.simulate.world.company import Company

_QUESTIONS = (
    "Was the candidate's camera on for the whole interview?",
    "Did the candidate refuse to turn the camera on?",
    "Did the name shown in the meeting match the application?",
    "Was the candidate told that the camera is required?",
)


def write(company: Company, applications: dict[int, Application], exports: Exports) -> None:
    ordered = [applications[number] for number in sorted(applications)]
    exports.array("recruiting/greenhouse_candidates.json", (_candidate(company, one) for one in ordered))
    exports.array(
        "recruiting/greenhouse_scorecards.json",
        (card for one in ordered for card in _scorecards(company, one)),
    )
    exports.array(
        "recruiting/greenhouse_offers.json", (_offer(one) for one in ordered if one.offered is not None)
    )


def _stamp(time: int) -> str:
    return iso_fraction(time, time % 991)


def _user(company: Company, index: int) -> dict[str, Any]:
    worker = company.workers[index]
    name = worker.person.name
    return {
        "id": 4_080_000 + index,
        "first_name": name.given,
        "last_name": name.family,
        "name": name.full,
        "employee_id": worker.employee,
    }


def _number(one: Application) -> int:
    return 90_000_000 + one.candidate


def _candidate(company: Company, one: Application) -> dict[str, Any]:
    recruiter = next(worker.index for worker in company.workers if worker.role == "Recruiter")
    last = max([one.applied, one.ended_at or 0, *(met.time for met in one.interviews)])
    place = one.address.place
    file = {
        "filename": f"{one.given}_{one.family}_Resume.pdf",
        "url": None,
        "type": "resume",
        "created_at": _stamp(one.resume.time),
    }
    line = f"{one.address.street}\n{place.city}, {place.region} {one.address.postal}"
    if place.country not in {"US", "CA"}:
        line = f"{one.address.street}\n{one.address.postal} {place.city}, {place.country_name}"
    application = {
        "id": _number(one),
        "candidate_id": one.candidate,
        "prospect": False,
        "applied_at": _stamp(one.applied),
        "rejected_at": _stamp(one.ended_at) if one.ended == "rejected" and one.ended_at else None,
        "last_activity_at": _stamp(last),
        "location": {"address": f"{place.city}, {place.region_name}, {place.country_name}"},
        "source": {"id": 7, "public_name": one.source},
        "credited_to": _user(company, one.referred_by if one.referred_by is not None else recruiter),
        "recruiter": _user(company, recruiter),
        "coordinator": None,
        "rejection_reason": {
            "id": 11,
            "name": "Another candidate fits better",
            "type": {"id": 1, "name": "We rejected them"},
        }
        if one.ended == "rejected"
        else None,
        "rejection_details": None,
        "jobs": [{"id": 512_000 + sum(map(ord, one.job)) % 900, "name": one.job}],
        "status": one.ended,
        "current_stage": {"id": 9_030_018, "name": "Offer"}
        if one.offered is not None
        else {"id": 9_030_002, "name": one.interviews[-1].stage if one.interviews else "Application Review"},
        "answers": [],
        "attachments": [file],
    }
    return {
        "id": one.candidate,
        "first_name": one.given,
        "last_name": one.family,
        "company": None,
        "title": one.job,
        "created_at": _stamp(one.applied),
        "updated_at": _stamp(last),
        "last_activity": _stamp(last),
        "is_private": False,
        "photo_url": None,
        "attachments": [file],
        "application_ids": [_number(one)],
        "phone_numbers": [{"value": one.phone, "type": "mobile"}],
        "addresses": [{"value": line, "type": "home"}],
        "email_addresses": [{"value": mail, "type": "personal"} for mail in one.mails],
        "website_addresses": [
            {"value": link, "type": "portfolio"} for link in one.social if "github" in link
        ],
        "social_media_addresses": [{"value": link} for link in one.social if "github" not in link],
        "recruiter": _user(company, recruiter),
        "coordinator": None,
        "can_email": True,
        "tags": [],
        "applications": [application],
        "educations": [],
        "employments": [],
        "linked_user_ids": [],
        "custom_fields": dict(company.workers[one.worker].person.private) if one.worker is not None else {},
        "keyed_custom_fields": {},
    }


def _scorecards(company: Company, one: Application) -> Iterator[dict[str, Any]]:
    for number, met in enumerate(one.interviews):
        video = met.medium == "video"
        yield {
            "id": 55_000_000 + one.candidate * 10 + number,
            "updated_at": _stamp(met.time + 4000),
            "created_at": _stamp(met.time),
            "interview": f"{met.stage} (video)" if video else met.stage,
            "interview_step": {"id": 410_000 + number, "name": met.stage},
            "candidate_id": one.candidate,
            "application_id": _number(one),
            "interviewed_at": _stamp(met.time),
            "submitted_by": _user(company, met.interviewer),
            "interviewer": _user(company, met.interviewer),
            "submitted_at": _stamp(met.time + 4000),
            "overall_recommendation": met.rating,
            "attributes": [{"name": "Communication", "type": "Skills", "note": None, "rating": "yes"}],
            "ratings": {
                "definitely_not": [],
                "no": [],
                "mixed": [],
                "yes": ["Communication"],
                "strong_yes": [],
            },
            "questions": [{"id": None, "question": "Private Notes", "answer": None}, *_answers(met)]
            if video
            else [],
        }


def _answers(met: Interview) -> list[dict[str, Any]]:
    answers = (
        "Yes" if met.camera_on else "No",
        "No" if met.camera_on or not met.notes else "Yes",
        "Yes",
        "Yes",
    )
    return [
        {"id": 7_300_011 + number, "question": question, "answer": answer}
        for number, (question, answer) in enumerate(zip(_QUESTIONS, answers, strict=True))
    ]


def _offer(one: Application) -> dict[str, Any]:
    offered = one.offered or one.applied
    return {
        "id": 6_000_000 + one.candidate,
        "version": 1,
        "application_id": _number(one),
        "job_id": 512_000,
        "candidate_id": one.candidate,
        "opening": None,
        "created_at": _stamp(offered - 7200),
        "updated_at": _stamp(one.accepted or offered),
        "sent_at": date_text(offered // DAY),
        "resolved_at": _stamp(one.accepted) if one.accepted else None,
        "starts_at": date_text(one.starts) if one.starts else None,
        "status": "accepted" if one.accepted else "unresolved",
        "custom_fields": {"employment_type": "Full-time"},
        "keyed_custom_fields": {},
    }
