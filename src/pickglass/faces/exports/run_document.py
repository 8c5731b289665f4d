"""A run as one plain object: the shape that `pickglass run --json` prints, stable and versioned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pickglass.faces.masking import mask, name, sentence_mask, swept
from pickglass.faces.printable import LIMIT, printable
from pickglass.indicators.sentence import fill
from pickglass.pipeline import LoadReport, Run, Unrecognised

VERSION = 1
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

# Shared things whose label says nothing of a person: identifiers of machines, and account numbers, of which
# the lake keeps the last digits only. All others are masked as contact data.
_PLAIN_THINGS = ("egress", "gateway", "device", "mfa_device", "bank", "document")


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
        "subjects": [subject_document(document, reveal) for document in run.documents],
        "links": [link_document(asdict(link), reveal) for link in run.links],
        "problems": [
            {"indicator": indicator, "message": shown(message, reveal)} for indicator, message in run.problems
        ],
    }


def load_document(load: LoadReport) -> dict[str, Any]:
    """Return what a load did."""
    return {
        "id": load.id,
        "files": load.files,
        "recognised": load.recognised,
        "records": dict(load.records),
        "rows": dict(load.rows),
        "unrecognised": [_left(one) for one in load.unrecognised],
        "quarantined": [_left(one) for one in load.quarantined],
        "ignored": dict(load.ignored),
        "drift": {source: masked(drift) for source, drift in load.drift.items()},
        "sources": {source: dict(tally) for source, tally in load.by_source.items()},
        "before": load.before,
        "older": load.older,
        "stopped": load.stopped,
    }


def _left(one: Unrecognised) -> dict[str, Any]:
    return {"file": printable(one.file, None), "why": shown(one.why, reveal=False), "records": one.records}


def masked(value: Any) -> Any:
    """Return a JSON value with every text in it masked, also the keys: a record may have a person's address for one."""
    if isinstance(value, Mapping):
        return {shown(key, reveal=False): masked(one) for key, one in value.items()}
    if isinstance(value, str):
        return shown(value, reveal=False)
    return [masked(one) for one in value] if isinstance(value, list) else value


def subject_document(document: Mapping[str, Any], reveal: bool = False) -> dict[str, Any]:
    """Return one subject with everything found, strongest first, from its case document."""
    subject, assessment, evidence = document["subject"], document["assessment"], document["evidence"]
    steps = {step["label"]: step for step in assessment["steps"] if step["kind"] == "fired"}
    found = [
        finding_document(
            finding,
            document["indicators"][finding["indicator"]],
            steps.get(finding["indicator"]),
            assessment["leading"],
            reveal,
        )
        for finding in evidence["fired"]
    ]
    found.sort(key=lambda one: (-one["bits"], one["id"]))
    against = [one for one in found if _speaks_against(one)]
    return {
        "id": subject["id"],
        "refs": {system: shown(reference, reveal) for system, reference in subject["refs"].items()},
        "kind": subject["kind"],
        "name": name(subject["name"], reveal),
        "role": None if subject["role"] is None else shown(subject["role"], reveal),
        "stage": subject["stage"],
        "band": assessment["band"],
        "why_band": assessment["why_band"],
        "threat": round(assessment["threat"], 4),
        "posterior": {hypothesis: round(share, 4) for hypothesis, share in assessment["posterior"].items()},
        "leading": assessment["leading"],
        "bits": bits(assessment["bits"]),
        "families": list(assessment["families"]),
        "fired": [one for one in found if not _speaks_against(one)],
        "against": against,
        "clear": list(evidence["clear"]),
        "not_assessable": list(evidence["not_assessable"]),
        "steps": [step_document(step) for step in assessment["steps"]],
    }


def _speaks_against(found: Mapping[str, Any]) -> bool:
    """Say whether a finding lowers the leading hypothesis, or is silent on it and raises no other."""
    weights = found["bits_by_hypothesis"].values()
    return found["bits"] < 0 or (
        found["bits"] == 0 and any(weights) and all(weight <= 0 for weight in weights)
    )


def finding_document(
    finding: Mapping[str, Any],
    indicator: Mapping[str, Any],
    step: Mapping[str, Any] | None,
    leading: str,
    reveal: bool,
) -> dict[str, Any]:
    """Return one fired indicator: its sentence, bits for the leading hypothesis, and the original records."""
    weight = step["bits"] if step else {}
    return {
        "id": finding["indicator"],
        "title": indicator["title"],
        "question": indicator["question"],
        "family": indicator["family"],
        "status": indicator["status"],
        "bits": bits(weight.get(leading, 0)),
        "bits_by_hypothesis": {hypothesis: bits(value) for hypothesis, value in weight.items() if value},
        "time": finding["time"],
        "sentence": sentence_of(finding, indicator, reveal),
        "innocent": list(indicator["innocent"]),
        "ask_next": list(indicator["ask_next"]),
        "records": [
            {"source": record["source"], "file": printable(record["file"], None), "record": record["record"]}
            for record in finding["records"]
        ],
    }


def sentence_of(finding: Mapping[str, Any], indicator: Mapping[str, Any], reveal: bool) -> str:
    """Write the sentence of a finding, with masked values unless `reveal`."""
    values = {field: _typed(value) for field, value in finding["values"].items()}
    return fill(indicator["sentence"], values, sentence_mask(indicator["fields"], reveal))


def _typed(value: Any) -> Any:
    """Give a value of a document its type back: JSON has no times."""
    if isinstance(value, list):
        return [_typed(element) for element in value]
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return datetime.fromisoformat(value)
    return value


def shown(text: str, reveal: bool, limit: int | None = LIMIT) -> str:
    """Return a text of no class, made harmless; what looks like a mail address or telephone is masked."""
    return printable(text if reveal else swept(text), limit)


def step_document(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return one line of the sum, in bits."""
    weight = {hypothesis: bits(value) for hypothesis, value in step["bits"].items() if value}
    return {"kind": step["kind"], "label": step["label"], "bits": weight, "reason": step["reason"]}


def link_document(link: Mapping[str, Any], reveal: bool = False) -> dict[str, Any]:
    """Return one link; the shared value is masked by its class."""
    document: dict[str, Any] = {
        "id": link.get("id") or None,  # links that an earlier version kept have none
        "kind": link["kind"],
        "subjects": list(link["subjects"]),
        "reasons": [shown(reason, reveal) for reason in link["reasons"]],
    }
    if link["kind"] == "persona":
        return document | {"probability": round(link["probability"] or 0.0, 4)}
    document |= thing_document(link, reveal) | {"bits": bits(link["bits"] or 0), "farm": link.get("farm")}
    if things := link.get("things"):
        document["probability"] = link["probability"]
        document["things"] = [
            {**thing_document({**one, "thing": one["kind"]}, reveal), "subjects": list(one["subjects"])}
            for one in things
        ]
    return document


def thing_document(link: Mapping[str, Any], reveal: bool) -> dict[str, Any]:
    """Return what is shared, and its value as this viewer may see it."""
    thing, label = link["thing"], link["label"]
    if not reveal:
        label = mask(
            label, "none" if thing in _PLAIN_THINGS else "financial" if thing == "wallet" else "contact"
        )
    return {"thing": thing, "label": None if label is None else printable(label)}


def stored_links(document: Mapping[str, Any], reveal: bool = False) -> list[dict[str, Any]]:
    """Return the links of one subject from its case document."""
    return [link_document(link, reveal) for link in document["links"]]
