"""What published cases show must be seen, and what honest people do must not be held against them."""

from __future__ import annotations

import pytest
from tests.score.catalogue import Weigh

from pickglass.score import Scorecard
from pickglass.score.scorecard import ALTERNATIVES

SEVERITY = ["none", "insufficient", "watch", "review", "act"]


def at_least(band: str, limit: str) -> bool:
    return SEVERITY.index(band) >= SEVERITY.index(limit)


# Combinations that published cases satisfy

PUBLISHED = {
    "address changed and remote tool at receipt (Chapman, Knoot)": (
        "new_hire",
        ("ship-address-changed-after-offer", "dev-remote-tool-early"),
    ),
    "one line and several remote tools (Mandiant)": (
        "new_hire",
        ("link-shared-residential-egress", "dev-multiple-remote-tools"),
    ),
    "one line and several remote tools, found after a year (Mandiant)": (
        "staff",
        ("link-shared-residential-egress", "dev-multiple-remote-tools"),
    ),
    "country flip, own device, tunnel (LevelBlue)": (
        "new_hire",
        ("net-first-week-country-flip", "onb-signin-before-device", "net-vpn-tunnel-provider"),
    ),
    "KVM over IP, capture card, racked within a day (Huntress)": (
        "new_hire",
        ("dev-ipkvm-usb-signature", "dev-hdmi-capture-as-webcam", "dev-network-rack-timeline"),
    ),
    "another person in two rounds, who cannot show the computer (Truflation, Mandiant)": (
        "new_hire",
        ("int-voice-or-person-switch", "id-continuity-break", "onb-serial-or-possession-fail"),
    ),
    "documents made together, one referred the other (Huntress healthcare)": (
        "new_hire",
        ("id-document-production-twins", "link-referral-lineage"),
    ),
    "the same, while applying": (
        "applicant",
        ("id-document-production-twins", "link-referral-lineage"),
    ),
    "upload to a personal cloud, later an archive as proof (CTU extortion)": (
        "new_hire",
        ("exf-personal-cloud-upload", "ext-proof-archive-mail"),
    ),
    "reconnaissance, unattended Chrome Remote Desktop, code relay (honeypots)": (
        "new_hire",
        ("dev-day1-recon", "dev-crd-unattended", "dev-personal-sync-and-otp-relay"),
    ),
}


@pytest.mark.parametrize("case", PUBLISHED)
def test_published_combinations_reach_a_person(case: str, weigh: Weigh) -> None:
    population, fired = PUBLISHED[case]
    assessment = weigh(*fired, population=population)
    assert at_least(assessment.band, "review"), assessment.why_band
    assert assessment.threat >= 0.5
    assert assessment.leading in ("operated", "disloyal")


@pytest.mark.parametrize(
    "fired",
    [
        ("dev-ipkvm-usb-signature", "dev-hdmi-capture-as-webcam", "dev-network-rack-timeline"),
        ("exf-personal-cloud-upload", "ext-proof-archive-mail"),
        ("ext-proof-archive-mail", "ext-ransom-terms", "ext-drive-share-in"),
    ],
)
def test_the_plainest_cases_reach_act(fired: tuple[str, ...], weigh: Weigh) -> None:
    assert weigh(*fired).band == "act"


@pytest.mark.parametrize(
    "fired",
    [
        # the extortion of 2024, the ring of contractors, the security firm's hire, the farm
        (
            "onb-byod-or-vdi-insistence",
            "net-hosting-or-resproxy",
            "exf-personal-cloud-upload",
            "pay-bank-change-burst",
            "exf-notice-window-surge",
            "ext-proof-archive-mail",
            "ext-ransom-terms",
            "ext-drive-share-in",
        ),
        (
            "link-mutual-references",
            "link-shared-ship-address",
            "app-resume-text-cluster",
            "link-activity-complement",
            "dev-multiple-remote-tools",
            "int-virtual-or-capture-camera",
        ),
        (
            "app-reference-unverifiable",
            "ship-address-changed-after-offer",
            "ship-pod-name-mismatch",
            "dev-history-tamper",
            "ext-vanish-on-verification",
        ),
        (
            "link-shared-ship-address",
            "link-shared-residential-egress",
            "dev-remote-tool-early",
            "id-owner-complaint",
            "ship-reappears-elsewhere",
        ),
    ],
)
def test_reconstructed_cases_reach_act_although_all_else_is_clear(
    fired: tuple[str, ...], weigh: Weigh, scorecard: Scorecard
) -> None:
    clear = tuple(name for name in scorecard.weights if name not in fired and not name.startswith("against"))
    assert weigh(*fired, clear=clear).band == "act"


def test_an_honest_employee_who_lives_abroad_is_elsewhere(weigh: Weigh) -> None:
    assessment = weigh(
        "dev-location-suppressed", "net-mfa-geo-divergence", "ship-cmra-forwarder-or-po", population="staff"
    )
    assert assessment.leading == "elsewhere"
    assert assessment.band == "review"
    assert assessment.threat < 0.1


@pytest.mark.parametrize("population", ["applicant", "new_hire", "staff"])
def test_one_sign_alone_never_reaches_review(population: str, weigh: Weigh, scorecard: Scorecard) -> None:
    for name, weight in scorecard.weights.items():
        assessment = weigh(name, population=population)
        if weight.tier >= 2:
            assert not at_least(assessment.band, "review"), (name, assessment.why_band)
        assert assessment.band != "act" or name in scorecard.decisive, name


@pytest.mark.parametrize("population", ["new_hire", "staff"])
def test_an_owners_complaint_or_a_kvm_reaches_a_person(population: str, weigh: Weigh) -> None:
    assert weigh("id-owner-complaint", population=population).band in ("review", "act")
    assert at_least(weigh("dev-ipkvm-usb-signature", population=population).band, "watch")


# The hypotheses keep apart

WHEREABOUTS = (
    "net-geo-never-matches-claim",
    "net-mfa-geo-divergence",
    "dev-location-never-converges",
    "dev-timezone-mismatch",
    "net-improbable-travel",
    "ship-reappears-elsewhere",
)


@pytest.mark.parametrize("population", ["applicant", "new_hire", "staff"])
def test_whereabouts_alone_lead_to_elsewhere(population: str, weigh: Weigh) -> None:
    for count in range(1, len(WHEREABOUTS) + 1):
        assessment = weigh(*WHEREABOUTS[:count], population=population)
        assert assessment.leading == "elsewhere"
        assert assessment.threat < 0.5
    assert weigh(*WHEREABOUTS, population=population).band == "review"


def test_a_bank_change_from_an_odd_session_leads_to_hijacked(weigh: Weigh) -> None:
    alone = weigh("pay-change-session-anomaly")
    assert alone.leading == "hijacked"
    both = weigh("pay-change-session-anomaly", "pay-bank-change-burst")
    assert both.leading == "hijacked"
    assert both.band == "review"
    assert "victim" in both.why_band
    assert both.threat < 0.05


def test_data_taken_without_signs_of_a_false_identity_leads_to_disloyal(weigh: Weigh) -> None:
    taken = ("exf-repo-breadth-early", "exf-personal-cloud-upload", "exf-saas-mass-download")
    for population in ("new_hire", "staff"):
        for count in range(1, 4):
            assert weigh(*taken[:count], population=population).leading == "disloyal"
    assert weigh(*taken).band == "review"


def test_two_meetings_at_once_lead_to_moonlighting(weigh: Weigh) -> None:
    assert weigh("mtg-concurrent").leading == "moonlighting"
    assert not at_least(weigh("mtg-concurrent").band, "review")


# Honest look-alikes

HONEST = {
    "married couple in one flat": (
        "staff",
        ("link-shared-ship-address", "link-shared-residential-egress", "link-shared-gateway-or-bssid"),
    ),
    "married couple, both just hired": (
        "new_hire",
        ("link-shared-ship-address", "link-shared-residential-egress", "link-shared-gateway-or-bssid"),
    ),
    "couple with a joint account, a family computer and shifts": (
        "new_hire",
        (
            "link-shared-ship-address",
            "link-shared-residential-egress",
            "link-shared-gateway-or-bssid",
            "link-shared-bank-or-wallet",
            "link-shared-hardware-or-browser-id",
            "link-activity-complement",
        ),
    ),
    "streamer": ("new_hire", ("dev-hdmi-capture-as-webcam", "int-virtual-or-capture-camera")),
    "consultant": (
        "new_hire",
        ("dev-multiple-remote-tools", "dev-remote-tool-early", "dev-crd-unattended"),
    ),
    "newcomer": (
        "new_hire",
        (
            "pay-emoney-or-prepaid-routing",
            "int-camera-refused-repeat",
            "mtg-camera-off-vs-team",
            "net-vpn-tunnel-provider",
            "dev-consumer-vpn-on-host",
        ),
    ),
    "newcomer whose camera also failed the check": (
        "new_hire",
        (
            "pay-emoney-or-prepaid-routing",
            "int-camera-refused-repeat",
            "mtg-camera-off-vs-team",
            "net-vpn-tunnel-provider",
            "dev-consumer-vpn-on-host",
            "id-liveness-or-injection-fail",
        ),
    ),
    "recent mover": (
        "new_hire",
        ("ship-address-changed-after-offer", "ship-intransit-redirect", "ship-delivered-region-mismatch"),
    ),
    "honest referral of a former colleague": (
        "new_hire",
        ("link-referral-lineage", "app-reference-unverifiable"),
    ),
    "supplied by an agency, moved from abroad for the job": (
        "new_hire",
        (
            "app-anonymiser-egress",
            "app-third-party-supply",
            "app-claimed-vs-submission-geo",
            "int-join-network-mismatch",
            "ship-address-not-on-identity-docs",
            "onb-contact-churn",
        ),
    ),
    "flatmates who looked for work together": (
        "new_hire",
        (
            "app-application-velocity",
            "onb-esign-network-mismatch",
            "link-shared-ship-address",
            "link-shared-residential-egress",
        ),
    ),
    "old portrait, bad camera, a picture sent through a messenger": (
        "new_hire",
        ("id-portrait-not-owner", "id-liveness-or-injection-fail", "id-image-edit-trace"),
    ),
    "angry about wages, slow to send the computer back": (
        "staff",
        ("ext-threat-on-pay-dispute", "ext-device-not-returned-or-moves"),
    ),
    "partners of a small firm": ("new_hire", ("pay-shell-vendor", "link-referral-lineage")),
    "platform engineer who clones everything": ("new_hire", ("exf-repo-breadth-early",)),
    "home laboratory": ("staff", ("dev-usb-gadget-generic", "dev-os-or-ua-drift")),
}


@pytest.mark.parametrize("case", HONEST)
def test_honest_look_alikes_stay_below_review(case: str, weigh: Weigh) -> None:
    population, fired = HONEST[case]
    assessment = weigh(*fired, population=population)
    assert not at_least(assessment.band, "review"), assessment.why_band


def test_the_couple_stays_below_review_in_every_population(weigh: Weigh) -> None:
    couple = ("link-shared-ship-address", "link-shared-residential-egress", "link-shared-gateway-or-bssid")
    for population in ("applicant", "new_hire", "staff"):
        assessment = weigh(*couple, "link-shared-bank-or-wallet", population=population)
        assert assessment.threat < 0.5
        assert weigh(*couple, population=population).threat < 0.15


# What cannot be told of somebody all of whose sign-ins come through a VPN, every day, on every device.
HIDDEN = (
    "dev-places-never-converge",
    "int-join-network-mismatch",
    "link-shared-residential-egress",
    "mtg-join-ip-vs-idp",
    "net-first-week-country-flip",
    "net-geo-never-matches-claim",
    "net-improbable-travel",
    "net-many-ips-short-window",
    "net-mfa-geo-divergence",
    "onb-esign-network-mismatch",
    "ship-reappears-elsewhere",
)


@pytest.mark.parametrize("population", ["applicant", "new_hire", "staff"])
def test_a_vpn_that_hides_every_place_is_less_than_half_a_bit(population: str, weigh: Weigh) -> None:
    """Neither the VPN itself nor all the clear answers that it makes impossible tell much of anybody."""
    vpn = ("net-vpn-tunnel-provider", "dev-consumer-vpn-on-host", "app-anonymiser-egress")
    hidden = weigh(*vpn, not_assessable=HIDDEN, population=population)
    shown = weigh(clear=HIDDEN, population=population)
    more = {name: hidden.totals[name] - shown.totals[name] for name in ALTERNATIVES}
    assert max(more.values()) < 50, more
    assert more["operated"] > 0


def test_the_victim_of_a_payroll_pirate_is_a_victim(weigh: Weigh) -> None:
    assessment = weigh(
        "pay-bank-change-burst",
        "pay-change-session-anomaly",
        "pay-account-owner-mismatch",
        "pay-emoney-or-prepaid-routing",
        "net-hosting-or-resproxy",
        "net-improbable-travel",
        "net-vpn-tunnel-provider",
        population="staff",
    )
    assert assessment.leading == "hijacked"
    assert assessment.band == "review"
    assert assessment.threat < 0.05


def test_somebody_with_nothing_against_him_is_none(weigh: Weigh, scorecard: Scorecard) -> None:
    clear = tuple(name for name in scorecard.weights if not name.startswith("against"))
    for population in ("new_hire", "staff"):
        assert weigh(clear=clear, population=population).band == "none"
    assert weigh(clear=clear[:5], population="applicant").band == "none"


def test_a_passed_check_speaks_for_the_worker(weigh: Weigh) -> None:
    before = weigh("ship-address-changed-after-offer", "dev-remote-tool-early")
    after = weigh("ship-address-changed-after-offer", "dev-remote-tool-early", "against-in-person-meeting")
    assert before.band == "review"
    assert after.band == "watch"
    assert after.totals["operated"] < before.totals["operated"]
