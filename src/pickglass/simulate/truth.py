"""What is really so: truth.json names every worker and applicant with the hypothesis that holds for them."""

from __future__ import annotations

from typing import Any

from pickglass.simulate.acts import Application
from pickglass.simulate.clock import DAY, date_text, iso
from pickglass.simulate.tables import table
from pickglass.simulate.world.company import Company, Worker

_DONE: dict[str, list[str]] = {
    "H1": [
        "asked for an own laptop and a virtual desktop",
        "worked through VPN exits",
        "took code and documents in the first days",
        "changed the pay account twice",
        "was dismissed",
        "extorted by mail",
    ],
    "H2": [
        "gave and got references inside the ring",
        "laptop sent to a shared unit",
        "two remote tools",
        "one operator in shifts",
        "pay to transfer services",
    ],
    "H3": [
        "address changed after the offer",
        "parcel redirected to a counter",
        "malware and a USB gadget within minutes",
        "shell history rewritten",
        "declined a call and vanished",
    ],
    "H4": ["laptop sent to a farm", "remote tools or a KVM over IP on arrival", "pay redirected"],
    "ADMIN25": ["parcels to a mail store", "worked abroad behind a VPN router", "authenticator abroad"],
    "payroll-pirate": ["account taken over", "pay account changed by the intruder", "reported by the victim"],
    "disloyal": ["took documents before leaving", "extorted by mail"],
    "applicant-ring": ["cloned résumés", "one phone for several names"],
}


def truth(company: Company, applications: dict[int, Application]) -> dict[str, Any]:
    subjects = [_worker(company, one, applications) for one in company.workers]
    subjects += [
        _applicant(applications[number])
        for number in sorted(applications)
        if applications[number].worker is None
    ]
    return {
        "version": 1,
        "seed": company.seed,
        "company": {
            "name": company.name,
            "domain": company.domain,
            "first_day": date_text(company.first),
            "last_day": date_text(company.last),
            "workers": len(company.workers),
            "applications": len(applications),
        },
        "subjects": subjects,
    }


def _worker(company: Company, worker: Worker, applications: dict[int, Application]) -> dict[str, Any]:
    part = table("parts").get(worker.part, {})
    refs = {"workday": worker.employee}
    if worker.candidate:
        refs["greenhouse"] = str(worker.candidate)
    case = part.get("case")
    stage = "device" if worker.hired <= company.last else "offer"
    return {
        "refs": refs,
        "hypothesis": part.get("hypothesis", "ordinary"),
        "case": case,
        "ring": part.get("ring"),
        "stage": stage,
        "part": worker.part or None,
        "lookalike": part.get("lookalike"),
        "first_evidence": _first(company, worker, applications) if case else None,
        "events": _DONE.get(case, []) if case else [],
    }


def _first(company: Company, worker: Worker, applications: dict[int, Application]) -> str:
    """The first record that the scheme left after the offer (or, for a longer-serving worker, at all)."""
    part = worker.part
    if part in {"hijacked", "pirate-victim"}:
        return iso(company.day(110 if part == "hijacked" else 165) * DAY)
    if part == "disloyal" and worker.left is not None:
        return iso((worker.left - 9) * DAY)
    application = applications[worker.candidate]
    days = 8 if part in {"H1", "H3"} else 9 if part[:2] == "H2" or part == "elsewhere" else 7
    return iso(max(application.accepted or 0, (worker.hired - days) * DAY))


def _applicant(one: Application) -> dict[str, Any]:
    ring = one.part or None
    return {
        "refs": {"greenhouse": str(one.candidate)},
        "hypothesis": "operated" if ring else "ordinary",
        "case": "applicant-ring" if ring else None,
        "ring": ring,
        "stage": "application" if not one.interviews else "interview",
        "part": None,
        "lookalike": None,
        "first_evidence": iso(one.applied) if ring else None,
        "events": _DONE["applicant-ring"] if ring else [],
    }
