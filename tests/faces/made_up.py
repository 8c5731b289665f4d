"""A run that was never made: two subjects whose records were written by somebody who means harm."""

from datetime import UTC, datetime
from typing import Any

from pickglass.cases import document
from pickglass.model.records import (
    Assessment,
    Evidence,
    Finding,
    Indicator,
    Link,
    RecordReference,
    Step,
    Subject,
)
from pickglass.pipeline import LoadReport, Run, Unrecognised

TIME = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
VERSIONS: dict[str, Any] = {
    "snapshots": {"signin": 8_934_712_309_471_230_947},
    "indicators": "0123456789ab",
    "scorecard": "2026-11",
    "pickglass": "0.0.0",
    "as_of": "2026-03-20T00:00:00Z",
}
MARKUP = "<img src=http://evil.example/x onerror=alert(1)>"
TURNED = "innocent\u202etxt.exe\u0007\x1b[31m"
NAME = "Robin Verylongname"
MAIL = "robin.verylongname@mailbox.example"
PHONE = "+1 (303) 555-0142"
ADDRESS = "418 Alderbrook Crossing, Denver"
HUGE = "x" * 1_000_000

REDIRECT = Indicator(
    id="made-up-redirect",
    title="Equipment redirected after dispatch",
    question="Was equipment sent somewhere else?",
    stage="onboarding",
    family="logistics",
    status="active",
    fairness="safe",
    tier=1,
    sentence="Shipment {shipment_id} went to {place}, asked by {by} ({phone}, {mail}), {hours} h later.",
    sql="SELECT 1",
    fields={"place": "contact", "by": "contact", "phone": "contact"},
    innocent=("holiday at family", "moved house"),
    ask_next=("confirm the address on a live video call",),
)
TOOL = Indicator(
    id="made-up-tool",
    title="Remote-control tool",
    question="Was a remote-control tool seen?",
    stage="device",
    family="endpoint",
    status="active",
    fairness="safe",
    tier=2,
    sentence="{tool} ran on {device} at {time}.",
    sql="SELECT 1",
    innocent=("support by IT",),
    ask_next=("ask IT whether they installed it",),
)
MET = Indicator(
    id="made-up-met",
    title="Met in person",
    question="Did somebody meet them?",
    stage="interviewing",
    family="identity",
    status="active",
    fairness="safe",
    tier=3,
    sentence="A colleague met them on {time}.",
    sql="SELECT 1",
    innocent=(),
)
INDICATORS = (REDIRECT, TOOL, MET)


def run_with_two() -> Run:
    """Give a run in which one subject is in band act and one in none."""
    suspect = Evidence(
        Subject(
            "S-AAAA1111BB",
            "contractor",
            {"workday": "E1042", "entra": MAIL},
            "device",
            name=NAME,
            role=MARKUP,
        ),
        fired=(
            _finding(
                REDIRECT,
                "S-AAAA1111BB",
                {
                    "shipment_id": MARKUP,
                    "place": ADDRESS,
                    "by": NAME,
                    "phone": PHONE,
                    "mail": MAIL,
                    "hours": 4.5,
                },
            ),
            _finding(TOOL, "S-AAAA1111BB", {"tool": HUGE, "device": TURNED, "time": TIME}),
            _finding(MET, "S-AAAA1111BB", {"time": TIME}),
        ),
        clear=("made-up-jiggler", "made-up-travel"),
        not_assessable=("made-up-camera",),
    )
    steps = (
        Step("prior", "new hires", {"operated": -995, "elsewhere": -795}, "assumed"),
        Step("fired", REDIRECT.id, {"operated": 900, "elsewhere": 300}, "assumed"),
        Step("fired", TOOL.id, {"operated": 700}, "assumed"),
        Step("fired", MET.id, {"operated": -200}, "assumed"),
        Step("clear", "made-up-jiggler", {"operated": -7}, "asked, and not found"),
        Step("clear", "made-up-travel", {"operated": -3}, "asked, and not found"),
        Step("cap", "remote-control software", {"operated": -50}, "One habit brings several tools."),
    )
    weighed = Assessment(
        subject_id="S-AAAA1111BB",
        scorecard="2026-11",
        steps=steps,
        totals={"ordinary": 0, "operated": 345, "elsewhere": -495},
        posterior={"ordinary": 0.08, "operated": 0.91, "elsewhere": 0.01},
        threat=0.91,
        leading="operated",
        bits=345,
        band="act",
        families=("endpoint", "logistics"),
        why_band="Threat 0.910 is at least 0.9, with evidence from 2 families.",
    )
    quiet = Evidence(
        Subject("S-BBBB2222CC", "applicant", {"greenhouse": "88123"}, "applying"), clear=("made-up-travel",)
    )
    nothing = Assessment(
        subject_id="S-BBBB2222CC",
        scorecard="2026-11",
        steps=(Step("prior", "applicants", {"operated": -841}, "assumed"),),
        totals={"ordinary": 0, "operated": -841},
        posterior={"ordinary": 0.997, "operated": 0.003},
        threat=0.003,
        leading="operated",
        bits=-841,
        band="none",
        families=(),
        why_band="P(not ordinary) 0.003 is below 0.05.",
    )
    links = (
        Link("persona", ("S-AAAA1111BB", "S-BBBB2222CC"), probability=0.98, reasons=(f"both wrote {MAIL}",)),
        Link(
            "thing",
            ("S-AAAA1111BB", "S-BBBB2222CC"),
            thing="address",
            label=ADDRESS,
            bits=720,
            reasons=("rare",),
        ),
    )
    documents = tuple(
        document(one, evidence, links, VERSIONS, indicators=INDICATORS)
        for one, evidence in ((weighed, suspect), (nothing, quiet))
    )
    return Run(
        as_of=TIME,
        scorecard="2026-11",
        documents=documents,
        assessments=(weighed, nothing),
        links=links,
        versions=VERSIONS,
        problems=(("made-up-broken", f"cannot cast {MARKUP} of {MAIL}"),),
        load=_load(),
    )


def _load() -> LoadReport:
    fates = {"read": 10, "mapped": 5, "rejected": 1, "duplicate": 1, "ignored": 1, "unrecognised": 2}
    return LoadReport(
        id=7,
        files=3,
        records=fates,
        rows={"signin": 5},
        unrecognised=(Unrecognised(f"{MARKUP}.json", f"no source has these keys: {MAIL}", 2),),
        quarantined=(Unrecognised("bad.csv", "8 of 10 records rejected", 10),),
        by_source={"okta_system_log": {"files": 1, "records": 8, "rejected": 1}},
    )


def _finding(indicator: Indicator, subject_id: str, values: dict[str, Any]) -> Finding:
    return Finding(
        indicator=indicator.id,
        subject_id=subject_id,
        outcome="fired",
        time=TIME,
        event_ids=("e1",),
        values=values,
        records=(RecordReference("fedex_track", "fedex.json", 17, "a" * 64),),
    )
