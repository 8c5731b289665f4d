"""Subjects that were assessed, made up for tests."""

import math
from datetime import UTC, datetime
from typing import Any

from pickglass.cases import document
from pickglass.model.records import (
    Assessment,
    Band,
    Evidence,
    Finding,
    Indicator,
    Link,
    RecordReference,
    Step,
    Subject,
)

TIME = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
VERSIONS = {"snapshots": {"signin": 8_934_712_309_471_230_947}, "indicators": "abc", "scorecard": "2026-11"}

REDIRECT = Indicator(
    id="ship-intransit-redirect",
    title="Equipment redirected after dispatch",
    question="Was company equipment sent somewhere else after it left us?",
    stage="onboarding",
    family="logistics",
    status="active",
    fairness="safe",
    tier=1,
    sentence="Shipment {shipment_id} was redirected.",
    sql="SELECT 1",
    parameters={"grace_hours": 0},
    innocent=("holiday at family",),
)


def assess(subject_id: str, band: Band = "act", fired: tuple[str, ...] = (REDIRECT.id,)) -> Assessment:
    ordinary = {"act": 0.03, "review": 0.4, "watch": 0.9, "insufficient": 0.99, "none": 0.999}[band]
    ordinary += int(subject_id[-1]) / 1000 if subject_id[-1].isdigit() and band != "none" else 0
    bits = round(100 * math.log2((1 - ordinary) / ordinary))
    steps = (
        Step("prior", "contractor", {"operated": -842}),
        *(Step("fired", one, {"operated": 500}) for one in fired),
    )
    return Assessment(
        subject_id=subject_id,
        scorecard="2026-11",
        steps=steps,
        totals={"ordinary": 0, "operated": bits},
        posterior={"ordinary": ordinary, "operated": 1 - ordinary},
        threat=1 - ordinary,
        leading="operated",
        bits=bits,
        band=band,
        families=("logistics",),
        why_band="for the test",
    )


def evidence(subject_id: str, fired: tuple[str, ...] = (REDIRECT.id,)) -> Evidence:
    findings = tuple(
        Finding(
            indicator=one,
            subject_id=subject_id,
            outcome="fired",
            time=TIME,
            event_ids=("e1", "e2"),
            values={"shipment_id": "SH-1", "hours": 4.5},
            records=(RecordReference("fedex_track", "fedex.json", 17, "a" * 64),),
        )
        for one in fired
    )
    subject = Subject(subject_id, "contractor", {"workday": "E1042"}, "device", name="Robin Example")
    return Evidence(subject, findings, clear=("net-improbable-travel",), not_assessable=("dev-b", "dev-a"))


def documented(assessment: Assessment) -> dict[str, Any]:
    fired = tuple(step.label for step in assessment.steps if step.kind == "fired")
    subject_id = assessment.subject_id
    links = [Link("thing", (subject_id, "S-OTHER00000"), thing="address"), Link("persona", ("S-X", "S-Y"))]
    return document(assessment, evidence(subject_id, fired), links, VERSIONS, indicators=[REDIRECT])
