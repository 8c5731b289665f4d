"""One self-contained HTML report of a run: no request to anywhere, no script, everything escaped, values masked."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

from pickglass.faces.exports.run_document import link_document, load_document, moment, subject_document
from pickglass.faces.exports.text import HYPOTHESES, REMINDER, odds
from pickglass.pipeline import Run

SHOWN_BANDS = ("act", "review", "watch")
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
    from dataclasses import asdict

    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("pickglass.faces.exports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["odds"] = odds
    environment.filters["bits"] = lambda value: f"{value:+.1f}"
    listed = [subject_document(one) for one in run.documents if one["assessment"]["band"] in SHOWN_BANDS][
        :LISTED
    ]
    links: dict[str, list[dict[str, Any]]] = {}
    for shared in (link_document(asdict(link)) for link in run.links):
        for subject in shared["subjects"]:
            links.setdefault(subject, []).append(shared)
    counts = Counter(assessment.band for assessment in run.assessments)
    return environment.get_template("report.html").render(
        as_of=moment(run.as_of),
        scorecard=run.scorecard,
        versions={name: value for name, value in run.versions.items() if isinstance(value, str)},
        counts=[(band, counts.get(band, 0)) for band in ("act", "review", "watch", "none", "insufficient")],
        subjects=listed,
        detailed=[one for one in listed if one["band"] in ("act", "review")][:DETAILED],
        links=links,
        load=load_document(run.load) if run.load else None,
        problems=run.problems,
        hypotheses=HYPOTHESES,
        reminder=REMINDER,
        total=len(run.documents),
    )
