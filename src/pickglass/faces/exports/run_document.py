"""A run as one plain object: the shape that `pickglass run --json` prints, stable and versioned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pickglass.faces.masking import mask, name, sentence_mask
from pickglass.indicators.sentence import render
from pickglass.model.records import Finding, Indicator, Link, Step
from pickglass.pipeline import Assessed, LoadReport, Run

VERSION = 1

# The personal-data class of what a link shares.
_THING_CLASSES = {"bank": "financial", "wallet": "financial", "document": "financial"}
_PLAIN_THINGS = ("egress", "gateway", "device", "mfa_device")


def bits(hundredths: int) -> float:
    """Turn integer hundredths of a bit into bits."""
    return round(hundredths / 100, 2)


def moment(time: datetime | None) -> str | None:
    """Write an instant in UTC, as ISO 8601 with a Z."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z") if time else None


def run_document(run: Run, reveal: bool = False) -> dict[str, Any]:
    """Return the whole run; values are masked unless `reveal`."""
    return {
        "version": VERSION,
        **({"load": load_document(run.load)} if run.load else {}),
        "as_of": moment(run.as_of),
        "scorecard": run.scorecard,
        "subjects": [subject_document(one, run, reveal) for one in run.subjects],
        "links": [link_document(link, reveal) for link in run.links],
        "problems": [{"indicator": indicator, "message": message} for indicator, message in run.problems],
    }


def load_document(load: LoadReport) -> dict[str, Any]:
    """Return what a load did."""
    return {
        "id": load.id,
        "files": load.files,
        "records": dict(load.records),
        "rows": dict(load.rows),
        "unrecognised": [{"file": one.file, "why": one.why, "records": one.records} for one in load.unrecognised],
        "quarantined": [{"file": one.file, "why": one.why, "records": one.records} for one in load.quarantined],
        "ignored": dict(load.ignored),
        "drift": {source: list(keys) for source, keys in load.drift.items()},
        "sources": {source: dict(tally) for source, tally in load.by_source.items()},
    }


def subject_document(one: Assessed, run: Run, reveal: bool = False) -> dict[str, Any]:
    """Return one subject with everything found, in the order of the steps."""
    assessment, evidence = one.assessment, one.evidence
    by_indicator = {step.label: step for step in assessment.steps if step.kind == "fired"}
    fired = [
        finding_document(finding, run.indicators[finding.indicator], by_indicator.get(finding.indicator), assessment.leading, reveal)
        for finding in evidence.fired
    ]
    fired.sort(key=lambda found: (-found["bits"], found["id"]))
    return {
        "id": one.subject.id,
        "refs": dict(one.subject.refs),
        "kind": one.subject.kind,
        "name": name(one.subject.name, reveal),
        "role": one.subject.role,
        "stage": one.subject.stage,
        "band": assessment.band,
        "why_band": assessment.why_band,
        "threat": round(assessment.threat, 4),
        "posterior": {hypothesis: round(share, 4) for hypothesis, share in assessment.posterior.items()},
        "leading": assessment.leading,
        "bits": bits(assessment.bits),
        "families": list(assessment.families),
        "fired": [found for found in fired if found["bits"] >= 0],
        "against": [found for found in fired if found["bits"] < 0],
        "clear": list(evidence.clear),
        "not_assessable": list(evidence.not_assessable),
        "steps": [step_document(step) for step in assessment.steps],
    }


def finding_document(
    finding: Finding, indicator: Indicator, step: Step | None, leading: str, reveal: bool
) -> dict[str, Any]:
    """Return one fired indicator: its sentence, bits for the leading hypothesis, and the original records."""
    weight = {str(hypothesis): value for hypothesis, value in step.bits.items()} if step else {}
    return {
        "id": finding.indicator,
        "title": indicator.title,
        "family": indicator.family,
        "status": indicator.status,
        "bits": bits(weight.get(leading, 0)),
        "bits_by_hypothesis": {hypothesis: bits(value) for hypothesis, value in weight.items() if value},
        "time": moment(finding.time),
        "sentence": render(indicator, finding.values, sentence_mask(indicator, reveal)),
        "innocent": list(indicator.innocent),
        "ask_next": list(indicator.ask_next),
        "records": [
            {"source": record.source, "file": record.file, "record": record.record} for record in finding.records
        ],
    }


def step_document(step: Step) -> dict[str, Any]:
    """Return one line of the sum."""
    return {
        "kind": step.kind,
        "label": step.label,
        "bits": {hypothesis: bits(value) for hypothesis, value in step.bits.items() if value},
        "reason": step.reason,
    }


def link_document(link: Link, reveal: bool = False) -> dict[str, Any]:
    """Return one link; the shared value is masked by its class."""
    shown: dict[str, Any] = {"kind": link.kind, "subjects": list(link.subjects), "reasons": list(link.reasons)}
    if link.kind == "persona":
        return shown | {"probability": round(link.probability or 0.0, 4)}
    thing = link.thing or ""
    personal = "none" if thing in _PLAIN_THINGS else _THING_CLASSES.get(thing, "contact")
    label = link.label if reveal or personal == "none" else mask(link.label, personal)  # type: ignore[arg-type] # a class by name
    return shown | {"thing": thing, "label": label, "bits": bits(link.bits or 0)}


def summary(documents: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Count subjects by band."""
    counts: dict[str, int] = {}
    for document in documents:
        counts[document["band"]] = counts.get(document["band"], 0) + 1
    return counts
