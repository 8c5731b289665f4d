"""Verbs about the state of the data."""

from __future__ import annotations

from pathlib import Path

import click

from pickglass.faces.cli.output import home_option, json_option, print_json, safe, say, settings_of, table


@click.command()
@home_option
@json_option
def doctor(home: Path | None, as_json: bool) -> None:
    """Say how healthy the data is: per source what came in, what was rejected and why, and which indicators are blind."""
    from pickglass.pipeline import health

    report = health(settings_of(home))
    if as_json:
        print_json(report)
        return
    table(
        ("source", "files", "records", "mapped", "rejected", "last record", "unknown keys"),
        [
            (
                one["source"],
                one["files"],
                one["records"]["read"],
                one["records"]["mapped"],
                one["records"]["rejected"],
                one["last_record"] or "",
                ", ".join(one["unknown_keys"][:5]),
            )
            for one in report["sources"]
        ],
    )
    for reject in report["rejects"][:10]:
        say(safe(f"rejected: {reject['records']} records of {reject['source']}: {reject['reason']}"))
    for table_name, count in report["unresolved"].items():
        say(f"unresolved: {count:,} rows of {table_name} belong to no subject")
    for doubt in report["time_zone_doubts"]:
        say(
            f"time zone in doubt: {doubt['rows']:,} rows of {doubt['table']} from {doubt['source']} have a clock without a zone"
        )
    for blind in report["blind"]:
        say(f"blind: {blind['indicator']} lacks {', '.join(blind['missing'])}")
    for problem in report["problems"]:
        say(f"problem: {problem}")
