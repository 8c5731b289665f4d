"""One self-contained HTML report of a run: no request, no script, everything escaped, values masked."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pickglass.faces.exports import wording
from pickglass.faces.exports.run_document import link_document, load_document, shown, subject_document
from pickglass.faces.printable import printable
from pickglass.model.records import BANDS
from pickglass.pipeline import Run

if TYPE_CHECKING:
    from jinja2 import Environment

SHOWN_BANDS = ("act", "review", "watch")
DETAILED_BANDS = ("act", "review")
DETAILED = 60  # subjects whose evidence is written out; the queue lists more
LISTED = 300


def write_report(run: Run, path: Path) -> Path:
    """Write the report and return its path; a reader never sees half a report."""
    text = render_report(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return path


def render_report(run: Run) -> str:
    """Return the report as HTML, masked."""
    listed = [subject_document(one) for one in run.documents if one["assessment"]["band"] in SHOWN_BANDS]
    detailed = [one for one in listed if one["band"] in DETAILED_BANDS][:DETAILED]
    links: dict[str, list[dict[str, Any]]] = {}
    for shared in (link_document(asdict(link)) for link in run.links):
        for subject in shared["subjects"]:
            links.setdefault(subject, []).append(shared)
    counts = Counter(assessment.band for assessment in run.assessments)
    return (
        _environment()
        .get_template("report.html")
        .render(
            as_of=f"{run.as_of:%Y-%m-%d %H:%M} UTC",
            scorecard=run.scorecard,
            versions={
                name: value
                for name, value in run.versions.items()
                if isinstance(value, str) and name != "as_of"
            },
            counts=[(band, counts.get(band, 0)) for band in BANDS],
            subjects=listed[:LISTED],
            unlisted=max(len(listed) - LISTED, 0),
            detailed=detailed,
            detailed_ids={one["id"] for one in detailed},
            links=links,
            load=load_document(run.load) if run.load else None,
            problems=[(indicator, shown(message, reveal=False)) for indicator, message in run.problems],
            hypotheses=wording.HYPOTHESES,
            reminder=wording.REMINDER,
            not_assessed=wording.NOT_ASSESSED,
            bits_meaning=wording.BITS,
            total=len(run.documents),
        )
    )


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("pickglass.faces.exports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
    )
    environment.filters |= {
        "bits": lambda value: f"{value:+.1f}",
        "by_family": wording.by_family,
        "in_short": wording.in_short,
        "link_sentence": lambda link, subject_id: wording.link_sentence(subject_id, link),
        "questions": wording.questions,
        "strength": wording.strength,
        "sum_of": wording.sum_of,
    }
    return environment


def _harmless(value: Any) -> Any:
    """Make every text that the template writes harmless; what a macro has written is markup already."""
    return printable(value, None) if type(value) is str else value
