"""Verbs about what pickglass knows: its indicators and its sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pickglass.errors import InputError
from pickglass.faces.cli.output import home_option, json_option, print_json, say, settings_of, table
from pickglass.faces.cli.suggestions import require_known
from pickglass.faces.printable import printable


@click.group()
def indicator() -> None:
    """Indicators: the questions that are put to the lake."""


@indicator.command("list")
@json_option
def indicator_list(as_json: bool) -> None:
    """List every indicator with its stage, family and status.

    \b
    pickglass indicator list
    """
    from pickglass.indicators.catalogue import catalogue

    found = list(catalogue().values())
    if as_json:
        print_json([_indicator(one) for one in found])
        return
    table(
        ("id", "stage", "family", "tier", "status", "title"),
        [(one.id, one.stage, one.family, one.tier, one.status, one.title) for one in found],
    )


@indicator.command("show")
@click.argument("indicator_id")
@json_option
def indicator_show(indicator_id: str, as_json: bool) -> None:
    """Show one indicator: question, innocent causes, what to ask, SQL.

    \b
    pickglass indicator show ship-intransit-redirect
    """
    from pickglass.indicators.catalogue import catalogue

    require_known([indicator_id], catalogue(), "indicator", "pickglass indicator list")
    found = catalogue()[indicator_id]
    if as_json:
        print_json(_indicator(found) | {"sql": found.sql})
        return
    click.echo(f"{found.id}: {found.title}\n\n{found.question}\n")
    click.echo(
        f"stage {found.stage}, family {found.family}, tier {found.tier}, {found.status}, "
        f"fairness {found.fairness}\n"
    )
    click.echo("Innocent causes: " + "; ".join(found.innocent))
    click.echo("Ask next: " + "; ".join(found.ask_next))
    click.echo("References: " + ", ".join((*found.references, *found.attack, *found.itm)))
    click.echo("\n" + found.sql)


@indicator.command("check")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Check every indicator.")
@json_option
def indicator_check(ids: tuple[str, ...], everything: bool, as_json: bool) -> int:
    """Run the lints and the tests of indicators; exit 3 if any fails.

    \b
    pickglass indicator check ship-intransit-redirect
    """
    from pickglass.indicators.catalogue import catalogue
    from pickglass.indicators.lint import check

    if not ids and not everything:
        raise click.UsageError("name indicators, or give --all")
    require_known(ids, catalogue(), "indicator", "pickglass indicator list")
    problems = check(None if everything else ids)
    if as_json:
        print_json([problem._asdict() for problem in problems])
    for problem in problems:
        say(str(problem))
    say(f"{len(ids) or len(catalogue())} indicators checked, {len(problems)} problems")
    return InputError.exit_code if problems else 0


def _indicator(one: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "status": one.status,
        "title": one.title,
        "question": one.question,
        "stage": one.stage,
        "family": one.family,
        "tier": one.tier,
        "fairness": one.fairness,
        "proxy": one.proxy,
        "parameters": dict(one.parameters),
        "innocent": list(one.innocent),
        "ask_next": list(one.ask_next),
        "references": list(one.references),
        "attack": list(one.attack),
        "itm": list(one.itm),
    }


@click.group()
def source() -> None:
    """Sources: the exports that pickglass can read."""


@source.command("list")
@home_option
@json_option
def source_list(home: Path | None, as_json: bool) -> None:
    """List every source with the tables that it fills.

    \b
    pickglass source list
    """
    from pickglass.sources.definitions import definitions

    found = sorted(definitions(settings_of(home).home).values(), key=lambda one: one.id)
    if as_json:
        print_json(
            [
                {
                    "id": one.id,
                    "status": one.status,
                    "title": one.title,
                    "vendor": one.vendor,
                    "export": one.export,
                    "formats": list(one.formats),
                    "tables": list(one.tables),
                    "references": list(one.references),
                }
                for one in found
            ]
        )
        return
    table(
        ("id", "status", "title", "tables"),
        [(one.id, one.status, one.title, ", ".join(one.tables)) for one in found],
    )


@source.command("detect")
@click.argument("files", nargs=-1, required=True)
@home_option
@json_option
def source_detect(files: tuple[str, ...], home: Path | None, as_json: bool) -> None:
    """Say what a file is, or each file of a folder, and why. Takes the files that a load would take.

    \b
    pickglass source detect export.json
    pickglass source detect exports/
    """
    from pickglass.faces.exports.run_document import shown
    from pickglass.pipeline import detect
    from pickglass.sources.reading.files import expanded

    fitting = {file: expanded(file) for file in files}
    missing = [
        (file, "there is no such file or folder" if paths else "no file fits this pattern")
        for file, paths in fitting.items()
        if not any(path.exists() for path in paths)
    ]
    if missing:
        raise InputError("cannot read what is not there", hint="check the path", problems=missing)
    found = detect(settings_of(home), [path for paths in fitting.values() for path in paths])
    found = [one | {"why": shown(one["why"], reveal=False)} for one in found]
    if as_json:
        print_json(found)
        return
    table(
        ("file", "form", "source", "why"),
        [(one["file"], one["form"], one["source"] or "unrecognised", one["why"]) for one in found],
    )


@source.command("check")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Check every source.")
@click.option(
    "--update", is_flag=True, help="Write the rows found as the expected ones; read the difference."
)
@home_option
@json_option
def source_check(
    *, ids: tuple[str, ...], everything: bool, update: bool, home: Path | None, as_json: bool
) -> int:
    """Compare the rows of samples with the expected ones; exit 3 if they differ.

    \b
    pickglass source check fedex_track
    """
    from pickglass.pipeline import check_sources
    from pickglass.sources.definitions import definitions

    if not ids and not everything:
        raise click.UsageError("name sources, or give --all")
    settings = settings_of(home)
    require_known(ids, definitions(settings.home), "source", "pickglass source list")
    results = check_sources(settings, None if everything else ids, update=update)
    if as_json:
        print_json(results)
    for one in results:
        say(
            f"{one['id']}: "
            + ("ok" if not one["problems"] else f"{len(one['problems'])} problems")
            + f", {one['rows']} rows"
        )
        for problem in one["problems"]:
            say(printable(f"  {problem}", 2_000))
    return InputError.exit_code if any(one["problems"] for one in results) else 0


@source.command("new")
@click.argument("source_id", metavar="ID")
@click.argument("sample", type=click.Path(path_type=Path))
@click.option(
    "--table", "table_name", metavar="TABLE", help="Draft for this table; by default the likeliest."
)
@click.option("--vendor", default="", help="Who writes this export; by default the id's first word.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write it below this folder instead of HOME/sources, e.g. src/pickglass/sources.",
)
@home_option
@json_option
def source_new(
    *,
    source_id: str,
    sample: Path,
    table_name: str | None,
    vendor: str,
    folder: Path | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Draft a source from a sample file: recognition, types and a mapping, for you to correct.

    \b
    pickglass source new acme_access access.json --home h
    """
    from pickglass.pipeline import new_source

    place, draft, problems = new_source(
        settings_of(home), source_id, sample, table=table_name, vendor=vendor, folder=folder
    )
    if as_json:
        print_json(
            {
                "id": draft.id,
                "folder": str(place),
                "table": draft.table,
                "open": list(draft.open_questions),
                "problems": problems,
            }
        )
        return
    click.echo(draft.definition)
    say(f"wrote {place}: a draft for the table {draft.table}; its sample is a copy of {sample.name}")
    for question in draft.open_questions:
        say(printable(f"  open: {question}", 500))
    for problem in problems:
        say(printable(f"  problem: {problem}", 500))
    say("a sample that leaves the company holds invented people only")
    say(f"next: correct {place / 'source.yaml'}, then pickglass source check {draft.id}")
