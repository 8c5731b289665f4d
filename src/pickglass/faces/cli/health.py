"""Verbs about the state of the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from pickglass.faces.cli.dates import moment
from pickglass.faces.cli.output import filled_home, home_option, json_option, print_json, say, table
from pickglass.faces.printable import printable

KEYS_SHOWN = 8


@click.command()
@click.option(
    "--as-of",
    metavar="DATE",
    help="Judge freshness and retention as of this day (UTC) instead of now, e.g. 2026-03-31.",
)
@home_option
@json_option
def doctor(as_of: str | None, home: Path | None, as_json: bool) -> None:
    """Say how healthy the data is: what came in, what is late or about to be lost, what is rejected, what is blind.

    \b
    pickglass doctor --home h
    pickglass doctor --home h --json
    """
    from pickglass.pipeline import health

    report = health(filled_home(home), moment(as_of))
    if as_json:
        print_json(_masked_report(report))
        return
    table(
        (
            "source",
            "files",
            "records",
            "mapped",
            "rejected",
            "last record",
            "age (days)",
            "freshness",
            "export by",
        ),
        [
            (
                one["source"] + (" (unverified)" if one["status"] == "unverified" else ""),
                one["files"],
                one["records"]["read"],
                one["records"]["mapped"],
                one["records"]["rejected"],
                (one["last_record"] or "")[:16],
                "" if one["age_days"] is None else one["age_days"],
                one["freshness"],
                one["retention"]["export_by"][:10] if one["retention"] else "",
            )
            for one in report["sources"]
        ],
    )
    noted = _noted(report)
    if noted:
        click.echo()
        table(("what to look at", "where", "why"), noted)
    say(f"sources: {len(report['sources'])}; to look at: {len(noted)}")


def _masked_report(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report with what comes out of files masked: keys, and why a file was not loaded."""
    from pickglass.faces.exports.run_document import masked

    sources = [{**one, "drift": masked(one["drift"])} for one in report["sources"]]
    left = [{**one, "why": masked(one["why"])} for one in report["not_loaded"]]
    return {**report, "sources": sources, "not_loaded": left}


def _noted(report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    from pickglass.faces.exports.run_document import shown

    about_sources = [note for one in report["sources"] for note in _source_notes(one)]
    found = [  # what is gone tomorrow, then what cannot be seen, then what is in doubt
        *_evidence_to_save(report["sources"]),
        *(
            ("blind indicator", one["indicator"], f"lacks {', '.join(one['missing'])}")
            for one in report["blind"]
        ),
        *(("not loaded", one["file"], f"{one['state']}: {one['why']}") for one in report["not_loaded"]),
        *(note for note in about_sources if note[0] == "late"),
        *(
            ("rejected", one["source"], f"{one['records']:,} records: {one['reason']}")
            for one in report["rejects"]
        ),
        *(note for note in about_sources if note[0] != "late"),
        *(
            (
                "unresolved",
                one["source"],
                f"{one['rows']:,} rows of {one['table']} ({one['accounts']:,} accounts) belong to no subject",
            )
            for one in report["unresolved"]
        ),
        *(
            (
                "time zone in doubt",
                one["source"],
                f"{one['rows']:,} rows of {one['table']} have a clock without a zone",
            )
            for one in report["time_zone_doubts"]
        ),
        *(
            (
                "left out of linkage",
                one["kind"],
                f"{one['values']:,} values of {one['subjects']:,} subjects: {one['reason']}",
            )
            for one in report["linkage"]["values"]
        ),
        *(
            ("dim indicator", one["indicator"], f"no source fills {', '.join(one['columns'])}")
            for one in report["dim"]
        ),
    ]
    return [(kind, printable(where, None), shown(why, reveal=False)) for kind, where, why in found]


def _evidence_to_save(sources: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Name the sources whose vendor has forgotten, or soon forgets, what was not exported; the most urgent first."""
    due = [(one["retention"], one["source"]) for one in sources if one["retention"]]
    notes = []
    for kept, source in sorted(due, key=lambda pair: pair[0]["export_by"]):
        if kept["state"] != "kept":
            how = "is being lost" if kept["state"] == "losing" else "is about to be lost"
            why = f"evidence {how}: the vendor keeps {kept['keeps_days']:g} days; export it by {kept['export_by'][:10]}"
            notes.append(("retention", source, why))
    return notes


def _source_notes(one: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name what is late, or no longer as its source declares it."""
    source, drift = one["source"], one["drift"]
    notes = []
    if one["freshness"] == "late":
        why = (
            f"silent for {one['age_days']} days; nine of ten gaps are at most {one['usual_gap_days']:g} days"
        )
        notes.append(("late", source, why))
    for kind, what in (
        ("new", "keys that the source does not know"),
        ("lost", "keys that earlier files had"),
        ("missing", "declared keys that no record has"),
        ("retyped", "keys of another type"),
    ):
        if drift.get(kind):
            notes.append(("drift", source, f"{what}: {_listed(drift[kind])}"))
    return notes


def _listed(keys: Any) -> str:
    """List the first keys; of retyped ones with what was found."""
    said = (
        [f"{key} ({why})" if isinstance(why, str) else key for key, why in keys.items()]
        if isinstance(keys, dict)
        else list(keys)
    )
    more = len(said) - KEYS_SHOWN
    return ", ".join(said[:KEYS_SHOWN]) + (f" and {more} more" if more > 0 else "")
