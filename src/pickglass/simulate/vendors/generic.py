"""Files in our own vocabulary: checks, résumés, tickets, attestations, lists."""

from __future__ import annotations

from typing import Any

from pickglass.simulate.acts import Application, Diary
from pickglass.simulate.clock import iso
from pickglass.simulate.exports import Exports
from pickglass.simulate.world.company import Company

_CHECKS = (
    "time",
    "account",
    "activity",
    "name",
    "mail",
    "job",
    "outcome",
    "outcome_detail",
    "provider",
    "reference_name",
    "reference_mail",
    "reference_phone",
    "document_kind",
    "document_number",
    "document_region",
    "document_template",
    "liveness",
    "virtual_camera",
    "attempts",
    "city",
    "region",
    "country",
)


def write(company: Company, applications: dict[int, Application], diary: Diary, exports: Exports) -> None:
    ordered = [applications[number] for number in sorted(applications)]
    rows = [row for one in ordered for row in _checks(one)]
    exports.csv(
        "checks/identity_checks.csv",
        _CHECKS,
        sorted(rows, key=lambda row: (row[0], row[1], row[2], row[9] or "")),
    )
    exports.ndjson("checks/resumes.ndjson", (_resume(one) for one in ordered))
    _tickets(company, diary, exports)
    _attestations(company, diary, exports)
    listed = sorted(diary.listed, key=lambda one: (one.time, one.kind, one.value))
    exports.csv(
        "intelligence/list.csv",
        ("time", "kind", "value", "list_name", "confidence", "valid_until"),
        [
            (iso(one.time), one.kind, one.value, one.list_name, one.confidence, iso(one.until))
            for one in listed
        ],
    )


def _checks(one: Application) -> list[tuple[Any, ...]]:
    account = f"greenhouse:{one.candidate}"
    rows: list[tuple[Any, ...]] = []
    for check in one.checks:
        rows.append(  # noqa: PERF401 a comprehension of such a tuple is no easier to read
            (
                iso(check.time),
                account,
                check.activity,
                one.name,
                one.mails[0],
                one.job,
                check.outcome,
                check.detail,
                "Quayside Identity" if check.activity == "identity_check" else "Plumbline Screening",
                None,
                None,
                None,
                check.document_kind,
                check.document_number,
                check.document_region,
                check.document_template,
                check.liveness,
                check.virtual_camera if check.document_kind else None,
                check.attempts or None,
                check.city,
                check.region,
                check.country,
            )
        )
    for known in one.references:
        rows.append(  # noqa: PERF401 a comprehension of such a tuple is no easier to read
            (
                iso(known.time),
                account,
                "reference",
                one.name,
                one.mails[0],
                one.job,
                known.outcome,
                known.detail,
                "reference form",
                known.name,
                known.mail,
                known.phone,
                *([None] * 10),
            )
        )
    return rows


def _resume(one: Application) -> dict[str, Any]:
    return {
        "time": iso(one.resume.time),
        "account": f"greenhouse:{one.candidate}",
        "activity": "resume",
        "name": one.name,
        "mail": one.mails[0],
        "job": one.job,
        "resume_text": one.resume.text,
        "file_author": one.resume.author or None,
        "file_producer": one.resume.producer,
        "file_created": iso(one.resume.created),
    }


def _tickets(company: Company, diary: Diary, exports: Exports) -> None:
    ordered = sorted(diary.tickets, key=lambda one: (one.time, one.worker, one.category, one.activity))
    rows = []
    for number, one in enumerate(ordered):
        related = company.workers[one.related].mail if one.related is not None else None
        rows.append(
            (
                iso(one.time),
                company.workers[one.worker].mail,
                one.number or f"REQ{10_000 + number}",
                one.activity,
                one.category,
                one.outcome,
                one.detail,
                related,
            )
        )
    exports.csv(
        "service/tickets.csv",
        ("time", "account", "ticket_id", "activity", "category", "outcome", "detail", "related_account"),
        rows,
    )


def _attestations(company: Company, diary: Diary, exports: Exports) -> None:
    ordered = sorted(
        diary.attestations,
        key=lambda one: (one.time, -1 if one.worker is None else one.worker, one.kind, one.value),
    )
    rows = [
        (
            iso(one.time),
            company.workers[one.worker].account if one.worker is not None else None,
            one.department or None,
            one.kind,
            one.value,
            one.outcome,
            company.workers[one.author].mail,
            one.reason,
            iso(one.until) if one.until else None,
        )
        for one in ordered
    ]
    exports.csv(
        "people/attestations.csv",
        ("time", "account", "department", "kind", "value", "outcome", "author", "reason", "valid_until"),
        rows,
    )
