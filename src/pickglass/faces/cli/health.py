"""Verbs about the state of the data."""

from __future__ import annotations

from pathlib import Path

import click

from pickglass.faces.cli.output import filled_home, home_option, json_option, print_json, say, table


@click.command()
@home_option
@json_option
def doctor(home: Path | None, as_json: bool) -> None:
    """Say how healthy the data is: what came in, what was rejected and why, what is blind.

    \b
    pickglass doctor --home h
    """
    from pickglass.faces.exports.run_document import shown
    from pickglass.pipeline import health

    report = health(filled_home(home))
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
    noted: list[tuple[str, str, str]] = [
        *(("not loaded", one["file"], f"{one['state']}: {one['why']}") for one in report["not_loaded"]),
        *(
            ("rejected", one["source"], f"{one['records']:,} records: {one['reason']}")
            for one in report["rejects"]
        ),
        *(
            ("unresolved", name, f"{rows:,} rows belong to no subject")
            for name, rows in report["unresolved"].items()
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
            ("blind indicator", one["indicator"], f"no rows of {', '.join(one['missing'])}")
            for one in report["blind"]
        ),
        *(("problem", "", str(one)) for one in report["problems"]),
    ]
    if noted:
        click.echo()
        table(
            ("what to look at", "where", "why"),
            [(kind, where, shown(why, reveal=False)) for kind, where, why in noted],
        )
    say(f"sources: {len(report['sources'])}; to look at: {len(noted)}")
