"""A catalogue in miniature: indicators without their SQL, and evidence about one subject."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from pickglass.model.records import Assessment, Evidence, Finding, Indicator, Subject
from pickglass.score import Scorecard

# stage and family by the first part of an id
PLACES = {
    "app": ("applying", "recruiting"),
    "id": ("identity", "identity"),
    "against": ("identity", "identity"),
    "int": ("interviewing", "recruiting"),
    "ship": ("onboarding", "logistics"),
    "onb": ("onboarding", "endpoint"),
    "pay": ("paying", "payroll"),
    "dev": ("device", "endpoint"),
    "net": ("network", "network"),
    "mtg": ("meeting", "meeting"),
    "exf": ("data", "data"),
    "ext": ("leaving", "mail"),
    "link": ("linking", "link"),
}

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
HIRED = {
    "applicant": None,
    "new_hire": datetime(2026, 11, 1, tzinfo=UTC),
    "staff": datetime(2023, 4, 1, tzinfo=UTC),
}

Weigh = Callable[..., Assessment]


def indicator_for(
    name: str,
    scorecard: Scorecard,
    status: Literal["active", "draft", "manual"] = "active",
    fairness: Literal["safe", "care", "restricted"] | None = None,
    proxy: bool | None = None,
) -> Indicator:
    stage, family = PLACES[name.split("-", 1)[0]]
    weight = scorecard.weights.get(name)
    return Indicator(
        id=name,
        title=name,
        question=f"{name}?",
        stage=stage,
        family=family,
        status=status,
        fairness=fairness or (weight.fairness if weight else "safe"),
        tier=weight.tier if weight else 3,
        sentence="",
        sql="",
        proxy=bool(weight and weight.proxy) if proxy is None else proxy,
    )


def evidence_for(
    fired: tuple[str, ...] = (),
    clear: tuple[str, ...] = (),
    population: str = "new_hire",
    not_assessable: tuple[str, ...] = (),
) -> Evidence:
    subject = Subject(
        id="S-0F3K7QX2MD",
        kind="applicant" if population == "applicant" else "employee",
        refs={},
        stage="",
        hire_date=HIRED[population],
    )
    return Evidence(
        subject=subject,
        fired=tuple(Finding(name, subject.id, "fired", time=AS_OF) for name in fired),
        clear=clear,
        not_assessable=not_assessable,
        as_of=AS_OF,
    )
