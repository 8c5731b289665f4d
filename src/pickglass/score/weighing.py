"""Weighing one subject's evidence by one scorecard.

The order of the steps is the order in which a person reads them: the prior, what fired in the order of the
employment, what is clear, then the caps. The order of the evidence makes no difference. Every number is an
integer of hundredths of a bit, so that the steps sum to the totals exactly; only the posterior is a fraction.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pickglass.model.records import (
    Assessment,
    Band,
    Evidence,
    Hypothesis,
    Indicator,
    Step,
)
from pickglass.score.scorecard import (
    ALTERNATIVES,
    NO_BITS,
    PROXY_BITS,
    Population,
    Scorecard,
    all_hypotheses,
)

ACT = 0.9
REVIEW = 0.5
WATCH = 0.05

STAGES = (
    "applying",
    "identity",
    "interviewing",
    "onboarding",
    "paying",
    "device",
    "network",
    "meeting",
    "data",
    "leaving",
    "linking",
)
_STAGE_ORDER = {stage: number for number, stage in enumerate(STAGES)}

_POPULATION_WORDS: Mapping[Population, str] = {
    "applicant": "applicants",
    "new_hire": "new hires",
    "staff": "staff",
}


def population(evidence: Evidence, scorecard: Scorecard) -> Population:
    """Tell which prior holds; who started nobody knows when counts as a new hire."""
    subject = evidence.subject
    if subject.kind == "applicant":
        return "applicant"
    if subject.hire_date is None or evidence.as_of is None:
        return "new_hire"
    tenure = (evidence.as_of.date() - subject.hire_date.date()).days
    return "new_hire" if tenure < scorecard.new_hire_days else "staff"


def score(evidence: Evidence, scorecard: Scorecard, indicators: Mapping[str, Indicator]) -> Assessment:
    """Weigh the evidence; the same evidence gives the same assessment, in whatever order it comes."""
    group = population(evidence, scorecard)
    fired = _by_stage((finding.indicator for finding in evidence.fired), indicators)
    known = set(fired)
    clear = [question for question in _by_stage(evidence.clear, indicators) if question not in known]
    prior = scorecard.priors[group]
    steps = [Step("prior", _POPULATION_WORDS[group], all_hypotheses(prior.bits), prior.basis)]
    fired_steps = [_fired_step(question, scorecard, indicators) for question in fired]
    clear_steps = [step for question in clear if (step := _clear_step(question, scorecard, indicators))]
    steps += fired_steps
    steps += clear_steps
    steps += _group_caps(fired_steps, scorecard)
    steps += _clear_cap(clear_steps, scorecard)

    totals = _sum(steps)
    posterior = _posterior(totals)
    threat = posterior["operated"] + posterior["disloyal"]
    leading = max(ALTERNATIVES, key=lambda name: totals[name])  # of equals, the first in the records' order
    families = _families(fired_steps, scorecard, indicators)
    decisive = tuple(
        question
        for question in fired
        if question in scorecard.decisive
        and _counts(question, scorecard, indicators)
        and indicators[question].fairness == "safe"
    )
    band, why = _band(posterior, threat, families, decisive)
    if band == "none" and (missing := _missing([*fired, *clear], scorecard, indicators, group)):
        band, why = "insufficient", f"Too little to say anything: {missing}."
    return Assessment(
        subject_id=evidence.subject.id,
        scorecard=scorecard.version,
        steps=tuple(steps),
        totals=totals,
        posterior=posterior,
        threat=threat,
        leading=leading,
        bits=totals[leading],
        band=band,
        families=families,
        why_band=why,
    )


# Steps


def _by_stage(questions: Iterable[str], indicators: Mapping[str, Indicator]) -> list[str]:
    """Each indicator once, in the order of the employment; what must never be scored is left out."""
    places: list[tuple[int, str]] = []
    for question in set(questions):
        indicator = indicators.get(question)
        if indicator is None:
            places.append((len(STAGES) + 1, question))
        elif indicator.status != "manual" and indicator.fairness != "restricted":
            places.append((_STAGE_ORDER.get(indicator.stage, len(STAGES)), question))
    return [question for _, question in sorted(places)]


def _counts(question: str, scorecard: Scorecard, indicators: Mapping[str, Indicator]) -> bool:
    """Whether an answer carries bits: its indicator is active, and the scorecard weighs it."""
    indicator = indicators.get(question)
    return indicator is not None and indicator.status == "active" and question in scorecard.weights


def _is_proxy(question: str, scorecard: Scorecard, indicators: Mapping[str, Indicator]) -> bool:
    # Catalogue and scorecard may disagree; whoever calls it a proxy is believed.
    return indicators[question].proxy or scorecard.weights[question].proxy


def _bounded(step: Step) -> Step:
    """Hold a proxy that the scorecard does not know as one to the same single bit."""
    bits = {name: max(-PROXY_BITS, min(PROXY_BITS, value)) for name, value in step.bits.items()}
    return replace(step, bits=bits)


def _fired_step(question: str, scorecard: Scorecard, indicators: Mapping[str, Indicator]) -> Step:
    """What fired is always shown, also where it carries no bits."""
    if _counts(question, scorecard, indicators):
        step = scorecard.fired_steps[question]
        return _bounded(step) if indicators[question].proxy else step
    if question not in indicators:
        reason = "not in the catalogue: shown, carries no bits"
    elif indicators[question].status == "draft":
        reason = "draft: shown, carries no bits"
    else:
        reason = "no weight in this scorecard: shown, carries no bits"
    return Step("fired", question, all_hypotheses({}), reason)


def _clear_step(question: str, scorecard: Scorecard, indicators: Mapping[str, Indicator]) -> Step | None:
    step = scorecard.clear_steps.get(question)
    if step is None or not _counts(question, scorecard, indicators):
        return None
    return _bounded(step) if indicators[question].proxy else step


def _group_caps(fired: Iterable[Step], scorecard: Scorecard) -> list[Step]:
    """Bring each group's sum down to its cap; inner groups come first, and hand on what they kept."""
    sums: dict[str, dict[Hypothesis, int]] = {}

    def add(member: str, bits: Mapping[Hypothesis, int]) -> None:
        group = scorecard.group_of.get(member)
        if group is not None:
            total = sums.setdefault(group, dict(NO_BITS))
            for name, value in bits.items():
                total[name] += value

    for step in fired:
        add(step.label, step.bits)
    caps: list[Step] = []
    for group in scorecard.groups:
        total = sums.get(group.name)
        if total is None:
            continue
        cut = {name: min(0, bound - total[name]) for name, bound in group.cap.items()}
        if any(cut.values()):
            caps.append(Step("cap", group.name, all_hypotheses(cut), group.why))
        add(group.name, {name: value + cut.get(name, 0) for name, value in total.items()})
    return caps


def _clear_cap(clear: Iterable[Step], scorecard: Scorecard) -> list[Step]:
    """Bring all clear answers together up to the floor."""
    lift = {name: max(0, scorecard.clear_floor - total) for name, total in _sum(clear).items()}
    if not any(lift.values()):
        return []
    floor = -scorecard.clear_floor / 100
    reason = f"Clear answers hang together; all of them count at most {floor:g} bits."
    return [Step("cap", "clear answers", lift, reason)]


def _sum(steps: Iterable[Step]) -> dict[Hypothesis, int]:
    totals = dict(NO_BITS)
    for step in steps:
        for name, value in step.bits.items():
            totals[name] += value
    return totals


# What follows from the totals


def _posterior(totals: Mapping[Hypothesis, int]) -> dict[Hypothesis, float]:
    top = max(totals.values())
    odds = {name: math.exp2((total - top) / 100) for name, total in totals.items()}
    whole = math.fsum(odds.values())
    return {name: value / whole for name, value in odds.items()}


def _families(
    fired: Iterable[Step], scorecard: Scorecard, indicators: Mapping[str, Indicator]
) -> tuple[str, ...]:
    """The owners of evidence that speaks for a threat; a partial proxy never makes one."""
    return tuple(
        sorted(
            {
                indicators[step.label].family
                for step in fired
                if (step.bits["operated"] > 0 or step.bits["disloyal"] > 0)
                and not _is_proxy(step.label, scorecard, indicators)
            }
        )
    )


def _missing(
    answered: Iterable[str],
    scorecard: Scorecard,
    indicators: Mapping[str, Indicator],
    group: Population,
) -> str:
    """Say in words what is lacking before silence means anything; nothing when enough was asked."""
    enough = scorecard.assessable[group]
    counted = [
        question
        for question in answered
        if _counts(question, scorecard, indicators) and not _is_proxy(question, scorecard, indicators)
    ]
    families = {indicators[question].family for question in counted} - enough.beside
    lacking = []
    if len(counted) < enough.indicators:
        lacking.append(f"{len(counted)} of at least {enough.indicators} questions could be answered")
    if len(families) < enough.families:
        beside = f" beside {', '.join(sorted(enough.beside))}" if enough.beside else ""
        lacking.append(f"{len(families)} of at least {enough.families} families of evidence{beside}")
    return " and ".join(lacking)


def _band(
    posterior: Mapping[Hypothesis, float],
    threat: float,
    families: tuple[str, ...],
    decisive: tuple[str, ...],
) -> tuple[Band, str]:
    """Choose the band and say why in words."""
    alone = ""
    if threat >= ACT:
        if decisive:
            return "act", f"Threat {threat:.3f} is at least {ACT}, and {' and '.join(decisive)} is decisive."
        if len(families) >= 2:
            return "act", (
                f"Threat {threat:.3f} is at least {ACT}, with evidence from {len(families)} families "
                f"of different owners ({', '.join(families)})."
            )
        owner = f"only one family ({families[0]})" if families else "no family of its own"
        alone = f" It stays in review: the evidence has {owner} and no decisive fact."
    if threat >= REVIEW:
        return "review", f"Threat {threat:.3f} is at least {REVIEW}.{alone}"
    for name in ("elsewhere", "moonlighting", "hijacked"):
        if posterior[name] >= REVIEW:
            victim = " Treat the worker as the victim." if name == "hijacked" else ""
            return "review", f"P({name}) {posterior[name]:.3f} is at least {REVIEW}.{victim}"
    suspect = 1 - posterior["ordinary"]
    if suspect >= WATCH:
        return "watch", f"P(not ordinary) {suspect:.3f} is at least {WATCH}, and nothing reaches {REVIEW}."
    return "none", f"P(not ordinary) {suspect:.3f} is below {WATCH}."
