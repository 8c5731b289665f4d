"""Verbs about the exports that pickglass can read."""

from __future__ import annotations

from pathlib import Path

import click

from pickglass.errors import InputError
from pickglass.faces.cli.output import home_option, json_option, print_json, say, settings_of, table
from pickglass.faces.cli.suggestions import require_known
from pickglass.faces.printable import printable


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
