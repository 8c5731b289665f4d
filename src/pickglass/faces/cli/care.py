"""Verbs for the care of the lake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pickglass.errors import InputError
from pickglass.faces.cli.output import filled_home, home_option, json_option, print_json, progress, say, table
from pickglass.faces.printable import printable_lines

SHOWN = 50


@click.group()
def lake() -> None:
    """The lake on disk: compact, expire, verify, status."""


@lake.command("compact")
@click.option(
    "--least",
    default=2,
    show_default=True,
    type=click.IntRange(2),
    help="Rewrite a month of this many small files or more.",
)
@home_option
@json_option
def lake_compact(least: int, home: Path | None, as_json: bool) -> None:
    """Bring the small files of each month together, sorted by account, then time. No row changes.

    \b
    pickglass lake compact --home h
    """
    from pickglass.pipeline import compact_lake

    done = compact_lake(filled_home(home), least)
    if as_json:
        print_json(done)
        return
    table(
        ("table", "files before", "files after"),
        [(name, one["before"], one["after"]) for name, one in done["tables"].items()],
    )
    say("the files that were replaced go with `pickglass lake expire`")


@lake.command("expire")
@click.option("--days", default=0.0, type=click.FloatRange(0), help="Keep snapshots younger than this.")
@click.option("--keep", default=0, type=click.IntRange(0), help="But no more than this many. [default: 0]")
@click.option(
    "--now", is_flag=True, help="Remove replaced files at once, though a reader may have them open."
)
@click.option(
    "--originals-older-than",
    "originals_days",
    metavar="DAYS",
    default=None,
    type=click.IntRange(1),
    help="Remove originals loaded longer ago; the hashes stay. Default: originals_retention_days.",
)
@home_option
@json_option
def lake_expire(
    days: float, keep: int, now: bool, originals_days: int | None, home: Path | None, as_json: bool
) -> None:
    """Forget past snapshots, and remove the files that nothing refers to any more.

    What is in force stays readable. A legal hold keeps the originals of its subject.

    \b
    pickglass lake expire --home h
    pickglass lake expire --home h --originals-older-than 730
    """
    from pickglass.pipeline import expire_lake

    kept = keep or (10**9 if days else 0)
    done = expire_lake(filled_home(home), days=days, kept=kept, now=now, originals_days=originals_days)
    if as_json:
        print_json(done)
        return
    say(f"{done['snapshots']} snapshots expired, {done['files']} files removed ({done['bytes']:,} bytes)")
    if done["originals_of_no_load"]:
        say(f"{done['originals_of_no_load']} originals removed that a stopped load had left")
    if done["originals"] is not None:
        one = done["originals"]
        say(f"{one['expired']} originals removed, {one['held']} kept because of a legal hold")


@lake.command("verify")
@click.option("--all", "everything", is_flag=True, help="Every row and every record, instead of a sample.")
@home_option
@json_option
def lake_verify(everything: bool, home: Path | None, as_json: bool) -> int:
    """Prove that rows, originals, snapshots and ledger agree; exit 3 where something is broken.

    \b
    pickglass lake verify --home h --all
    """
    from pickglass.pipeline import verify_lake

    with progress() as tell:
        done = verify_lake(filled_home(home), everything=everything, progress=tell)
    if as_json:
        print_json(done)
    else:
        for one in done["problems"][:SHOWN]:
            click.echo(printable_lines(f"{one['where']}: {one['what']}"))
        if len(done["problems"]) > SHOWN:
            say(f"… and {len(done['problems']) - SHOWN} more: --json lists them all")
        say(", ".join(f"{name} {count:,}" for name, count in done["checked"].items()))
        say("everything agrees" if not done["problems"] else f"{len(done['problems'])} problems")
    return InputError.exit_code if done["problems"] else 0


@lake.command("status")
@home_option
@json_option
def lake_status(home: Path | None, as_json: bool) -> None:
    """Say how the lake lies on disk, which subjects are on hold, and what is due.

    \b
    pickglass lake status --home h
    """
    from pickglass.pipeline import lake_status as status

    done = status(filled_home(home))
    if as_json:
        print_json(done)
        return
    columns = ("rows", "files", "months", "most_files_in_a_month", "snapshots", "bytes", "unreferenced")
    rows: list[list[Any]] = [[name, *(one[key] for key in columns)] for name, one in done["tables"].items()]
    table(("table", *(key.replace("_", " ") for key in columns)), rows)
    for one in done["holds"]:
        say(f"on hold: {one['subject']} since {one['placed'][:10]}")
    say(f"{done['loads_since_care']} batches since the last care; {done['suppressed']} values suppressed")


def add_to_subject(group: click.Group) -> None:
    """Give the verbs about one person those that remove and hold."""
    group.add_command(subject_erase)
    group.add_command(subject_hold)


@click.command("erase")
@click.argument("subject_id")
@click.option("--reason", required=True, help="The request that this answers; logged, so name no person.")
@click.option("--yes", is_flag=True, help="Do it. Without, it only says what would go.")
@home_option
@json_option
def subject_erase(subject_id: str, reason: str, yes: bool, home: Path | None, as_json: bool) -> None:
    """Remove one person from everywhere below home: rows, old files, original records, cases, notes.

    The hashes of the original records stay, and so does the rest of each original. What names the person goes
    to a suppression list as keyed hashes, so that later loads leave the person out. A legal hold forbids it.

    \b
    pickglass subject erase E1042 --home h --reason "request 2026-118"
    pickglass subject erase E1042 --home h --reason "request 2026-118" --yes
    """
    from pickglass.pipeline import erase_subject

    done = erase_subject(filled_home(home), subject_id, reason=reason, dry=not yes)
    if as_json:
        print_json(done)
        return
    for name, count in done["rows"].items():
        say(f"{name}: {count:,} rows")
    say(f"{done['records']:,} original records in {done['originals']:,} files")
    for one in done["by_hand"]:
        say(printable_lines(f"to be looked at by hand: {one['file']}: {one['why']}"))
    say(f"{done['subject']} was erased" if yes else "nothing was changed: --yes does it")


@click.command("hold")
@click.argument("subject_id")
@click.option("--reason", required=True, help="The matter; logged, so name no person.")
@click.option("--release", is_flag=True, help="End the hold.")
@home_option
@json_option
def subject_hold(subject_id: str, reason: str, release: bool, home: Path | None, as_json: bool) -> None:
    """Put one person on legal hold: nothing about them is erased or runs out of retention until released.

    \b
    pickglass subject hold E1042 --home h --reason "matter 2026-7"
    pickglass subject hold E1042 --home h --reason "matter 2026-7 closed" --release
    """
    from pickglass.pipeline import hold_subject

    done = hold_subject(filled_home(home), subject_id, reason=reason, release=release)
    if as_json:
        print_json(done)
        return
    say(f"{done['subject']} is {'on hold' if done['held'] else 'no longer on hold'}")
