"""The sum is exact, the caps hold, and nothing that was not answered counts."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.score.catalogue import AS_OF, Weigh, evidence_for, indicator_for

from pickglass.model.records import HYPOTHESES, Evidence, Finding, Indicator
from pickglass.score import Scorecard, load_scorecard, population, score

CARD = load_scorecard()
NAMES = sorted(CARD.weights)
CATALOGUE = {name: indicator_for(name, CARD) for name in NAMES}
PROXIES = [name for name in NAMES if CARD.weights[name].proxy]


@st.composite
def bodies_of_evidence(draw: st.DrawFn) -> Evidence:
    outcomes = draw(
        st.lists(st.sampled_from(["fired", "clear", "absent"]), min_size=len(NAMES), max_size=len(NAMES))
    )
    chosen = dict(zip(NAMES, outcomes, strict=True))
    return evidence_for(
        tuple(name for name in NAMES if chosen[name] == "fired"),
        tuple(name for name in NAMES if chosen[name] == "clear"),
        draw(st.sampled_from(["applicant", "new_hire", "staff"])),
        tuple(name for name in NAMES if chosen[name] == "absent"),
    )


@given(bodies_of_evidence(), st.randoms(use_true_random=False))
def test_steps_sum_to_the_totals_in_any_order_of_the_evidence(
    evidence: Evidence, shuffle: random.Random
) -> None:
    assessment = score(evidence, CARD, CATALOGUE)
    for name in HYPOTHESES:
        assert sum(step.bits[name] for step in assessment.steps) == assessment.totals[name]
    assert assessment.totals["ordinary"] == 0
    fired, clear = list(evidence.fired), list(evidence.clear)
    shuffle.shuffle(fired)
    shuffle.shuffle(clear)
    again = score(replace(evidence, fired=tuple(fired), clear=tuple(clear)), CARD, CATALOGUE)
    assert again == assessment


@given(bodies_of_evidence())
def test_caps_are_never_exceeded(evidence: Evidence) -> None:
    assessment = score(evidence, CARD, CATALOGUE)
    bits = {step.label: step.bits for step in assessment.steps if step.kind == "fired"}
    for group in CARD.groups:
        leaves = list(group.members)
        inner = {other.name: other for other in CARD.groups}
        names = {group.name}
        while any(leaf in inner for leaf in leaves):
            names |= {leaf for leaf in leaves if leaf in inner}
            leaves = [
                member for leaf in leaves for member in (inner[leaf].members if leaf in inner else (leaf,))
            ]
        cuts = [step.bits for step in assessment.steps if step.kind == "cap" and step.label in names]
        for name, bound in group.cap.items():
            total = sum(bits[leaf][name] for leaf in leaves if leaf in bits)
            assert total + sum(cut[name] for cut in cuts) <= bound


@given(bodies_of_evidence())
def test_clear_answers_never_take_more_than_the_floor(evidence: Evidence) -> None:
    assessment = score(evidence, CARD, CATALOGUE)
    for name in HYPOTHESES:
        total = sum(
            step.bits[name]
            for step in assessment.steps
            if step.kind == "clear" or (step.kind == "cap" and step.label == "clear answers")
        )
        assert CARD.clear_floor <= total <= 0


@given(bodies_of_evidence())
def test_what_could_not_be_assessed_changes_nothing(evidence: Evidence) -> None:
    without = replace(evidence, not_assessable=())
    assert score(without, CARD, CATALOGUE) == score(evidence, CARD, CATALOGUE)


@given(st.sets(st.sampled_from(PROXIES)), st.sampled_from(["applicant", "new_hire", "staff"]))
def test_proxies_alone_never_go_above_watch(fired: set[str], group: str) -> None:
    assessment = score(evidence_for(tuple(fired), (), group), CARD, CATALOGUE)
    assert assessment.band in ("watch", "insufficient", "none")
    assert assessment.families == ()


@given(bodies_of_evidence())
def test_the_posterior_is_a_probability_that_follows_from_the_totals(evidence: Evidence) -> None:
    assessment = score(evidence, CARD, CATALOGUE)
    assert math.isclose(math.fsum(assessment.posterior.values()), 1)
    odds = assessment.posterior["operated"] / assessment.posterior["ordinary"]
    assert math.isclose(odds, 2 ** (assessment.totals["operated"] / 100), rel_tol=1e-9)
    assert assessment.leading != "ordinary"
    assert assessment.bits == max(assessment.totals[name] for name in HYPOTHESES[1:])
    assert math.isclose(
        assessment.threat, assessment.posterior["operated"] + assessment.posterior["disloyal"]
    )


@settings(max_examples=50)
@given(bodies_of_evidence())
def test_a_protected_twin_gets_the_same_assessment(evidence: Evidence) -> None:
    twin = replace(evidence, subject=replace(evidence.subject, name="Another", refs={"workday": "E2"}))
    assert score(twin, CARD, CATALOGUE) == score(evidence, CARD, CATALOGUE)


def test_the_steps_stand_in_the_order_of_the_employment(weigh: Weigh) -> None:
    assessment = weigh(
        "link-shared-ship-address",
        "ship-address-changed-after-offer",
        "app-resume-text-cluster",
        "dev-remote-tool-early",
        "ship-intransit-redirect",
        "ship-delivered-region-mismatch",
        clear=("net-intel-ip-hit", "id-owner-complaint"),
    )
    assert [(step.kind, step.label) for step in assessment.steps] == [
        ("prior", "new hires"),
        ("fired", "app-resume-text-cluster"),
        ("fired", "ship-address-changed-after-offer"),
        ("fired", "ship-delivered-region-mismatch"),
        ("fired", "ship-intransit-redirect"),
        ("fired", "dev-remote-tool-early"),
        ("fired", "link-shared-ship-address"),
        ("clear", "id-owner-complaint"),
        ("clear", "net-intel-ip-hit"),
        ("cap", "delivery"),
    ]
    assert all(step.reason for step in assessment.steps)


def test_a_finding_twice_counts_once(weigh: Weigh) -> None:
    once = weigh("dev-remote-tool-early", clear=("net-intel-ip-hit",))
    twice = weigh(
        "dev-remote-tool-early",
        "dev-remote-tool-early",
        clear=("net-intel-ip-hit", "net-intel-ip-hit", "dev-remote-tool-early"),
    )
    assert twice == once


# Status, fairness and proxies


def test_a_draft_is_shown_and_carries_no_bits(scorecard: Scorecard, catalogue: dict[str, Indicator]) -> None:
    name = "dev-remote-tool-early"
    drafts = {**catalogue, name: indicator_for(name, scorecard, status="draft")}
    assessment = score(evidence_for((name,)), scorecard, drafts)
    (step,) = [step for step in assessment.steps if step.kind == "fired"]
    assert not any(step.bits.values())
    assert "draft" in step.reason
    assert assessment.families == ()
    clear = score(evidence_for((), (name,)), scorecard, drafts)
    assert [step.kind for step in clear.steps] == ["prior"]


def test_manual_and_restricted_indicators_never_appear(
    scorecard: Scorecard, catalogue: dict[str, Indicator]
) -> None:
    name = "dev-remote-tool-early"
    for never in (
        indicator_for(name, scorecard, status="manual"),
        indicator_for(name, scorecard, fairness="restricted"),
    ):
        assessment = score(evidence_for((name,), (name,)), scorecard, {**catalogue, name: never})
        assert [step.kind for step in assessment.steps] == ["prior"]


def test_what_has_no_weight_is_shown_and_carries_no_bits(
    scorecard: Scorecard, catalogue: dict[str, Indicator]
) -> None:
    wider = {**catalogue, "dev-not-weighed": indicator_for("dev-not-weighed", scorecard)}
    assessment = score(evidence_for(("dev-not-weighed", "dev-unheard-of")), scorecard, wider)
    steps = [step for step in assessment.steps if step.kind == "fired"]
    assert [step.label for step in steps] == ["dev-not-weighed", "dev-unheard-of"]
    assert not any(any(step.bits.values()) for step in steps)
    assert assessment.families == ()


def test_the_catalogues_word_for_a_proxy_bounds_the_scorecard(
    scorecard: Scorecard, catalogue: dict[str, Indicator]
) -> None:
    name = "dev-remote-tool-early"
    proxies = {**catalogue, name: indicator_for(name, scorecard, proxy=True)}
    assessment = score(evidence_for((name,)), scorecard, proxies)
    (step,) = [step for step in assessment.steps if step.kind == "fired"]
    assert max(step.bits.values()) == 100
    assert assessment.families == ()


# Bands


def test_act_needs_a_second_family_or_a_decisive_fact(weigh: Weigh) -> None:
    endpoint = (
        "dev-remote-tool-early",
        "dev-multiple-remote-tools",
        "dev-usb-gadget-generic",
        "dev-history-tamper",
        "dev-day1-recon",
    )
    one = weigh(*endpoint)
    assert one.threat >= 0.9
    assert one.band == "review"
    assert one.families == ("endpoint",)
    assert "only one family" in one.why_band
    two = weigh(*endpoint, "ship-intransit-redirect")
    assert two.band == "act"
    assert two.families == ("endpoint", "logistics")
    decisive = weigh(*endpoint, "dev-ipkvm-usb-signature")
    assert decisive.band == "act"
    assert "dev-ipkvm-usb-signature is decisive" in decisive.why_band


def test_a_proxy_is_no_second_family(weigh: Weigh) -> None:
    endpoint = ("dev-remote-tool-early", "dev-usb-gadget-generic", "dev-history-tamper", "dev-day1-recon")
    assessment = weigh(*endpoint, "net-vpn-tunnel-provider", "pay-emoney-or-prepaid-routing")
    assert assessment.threat >= 0.9
    assert assessment.band == "review"


def test_a_family_that_speaks_for_another_hypothesis_is_no_second_one(weigh: Weigh) -> None:
    assessment = weigh("dev-ipkvm-usb-signature", "against-live-video-check")
    assert assessment.families == ("endpoint",)


def test_a_decisive_fact_must_be_safe_in_the_catalogue(
    scorecard: Scorecard, catalogue: dict[str, Indicator]
) -> None:
    name = "dev-ipkvm-usb-signature"
    careful = {**catalogue, name: indicator_for(name, scorecard, fairness="care")}
    evidence = evidence_for((name, "dev-day1-recon", "dev-history-tamper"))
    assert score(evidence, scorecard, catalogue).band == "act"
    assert score(evidence, scorecard, careful).band == "review"


def test_silence_means_something_only_when_enough_was_asked(weigh: Weigh) -> None:
    nothing = weigh()
    assert nothing.band == "insufficient"
    assert "0 of at least 6 questions" in nothing.why_band
    recruiting = tuple(name for name in NAMES if name.startswith(("app-", "int-")))
    assert weigh(clear=recruiting).band == "insufficient"
    assert weigh(clear=recruiting, population="applicant").band == "none"
    assert weigh(clear=(*recruiting, "dev-remote-tool-early", "net-intel-ip-hit")).band == "none"
    assert weigh(clear=tuple(PROXIES)).band == "insufficient"
    assert weigh("id-owner-complaint").band == "review"  # what speaks loudly needs no second question


# Populations


def test_the_population_follows_from_kind_and_tenure(scorecard: Scorecard) -> None:
    assert population(evidence_for(population="applicant"), scorecard) == "applicant"
    assert population(evidence_for(population="new_hire"), scorecard) == "new_hire"
    assert population(evidence_for(population="staff"), scorecard) == "staff"
    unknown = evidence_for(population="staff")
    assert population(replace(unknown, as_of=None), scorecard) == "new_hire"
    not_yet = replace(unknown, subject=replace(unknown.subject, hire_date=AS_OF + timedelta(days=20)))
    assert population(not_yet, scorecard) == "new_hire"
    edge = AS_OF - timedelta(days=scorecard.new_hire_days)
    assert (
        population(replace(unknown, subject=replace(unknown.subject, hire_date=edge)), scorecard) == "staff"
    )


def test_findings_need_no_values(weigh: Weigh) -> None:
    evidence = replace(evidence_for(), fired=(Finding("dev-remote-tool-early", "S-1", "fired"),))
    assert score(evidence, CARD, CATALOGUE).steps == weigh("dev-remote-tool-early").steps
