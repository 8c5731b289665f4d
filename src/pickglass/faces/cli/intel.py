"""Verbs about intelligence lists and address databases."""

from __future__ import annotations

from pathlib import Path

import click

from pickglass.faces.cli.dates import moment
from pickglass.faces.cli.output import (
    filled_home,
    home_option,
    json_option,
    print_json,
    say,
    settings_of,
    table,
)
from pickglass.faces.printable import printable

# As in `pickglass.sources.lists`, which is imported when it is used: start-up is a promise.
KINDS = ("any", "ip", "domain", "url", "mail", "phone", "file", "wallet", "bank", "code_host", "tool")
_REASONS = 8  # why something was skipped: the most frequent reasons


@click.group()
def intel() -> None:
    """Intelligence lists and address databases: add, list, expire."""


@intel.command("add")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--list", "name", metavar="NAME", help="Name of the list; by default that of the file.")
@click.option(
    "--confidence",
    type=click.Choice(("low", "medium", "high")),
    help="For entries that do not say; medium by default, low for warning lists.",
)
@click.option("--valid-until", metavar="DATE", help="When all entries end that do not end earlier.")
@click.option("--date", "dated", metavar="DATE", help="Date of entries where the list tells none.")
@home_option
@json_option
def intel_add(
    *,
    kind: str,
    path: Path,
    name: str | None,
    confidence: str | None,
    valid_until: str | None,
    dated: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Add a list of known values, or a database of addresses, that you have.

    KIND limits what is taken: `any` takes all whose kind can be told. FILE is a STIX 2.1 bundle, a MISP event or warning
    list, LOLRMM tools (a file or the folder), a list of sanctioned wallets, a CSV with a header, lines of text, or a
    database in MaxMind's format. A list that is added again under its name takes the place of its older edition.

    \b
    pickglass intel add any partner-bundle.json --list partner --valid-until 2027-03-31 --home h
    pickglass intel add wallet sanctioned_addresses_XBT.txt --list ofac --confidence high --home h
    pickglass intel add ip addresses.txt --list shared --home h
    pickglass intel add any city.mmdb --home h
    """
    from pickglass.pipeline import add_intelligence

    done = add_intelligence(
        settings_of(home),
        kind,
        path,
        name=name,
        confidence=confidence,
        valid_until=moment(valid_until),
        dated=moment(dated),
    )
    if as_json:
        print_json(done)
        return
    count = f"{done['entries']:,} entries, " if done["entries"] is not None else ""
    say(f"{printable(done['list'])} ({done['form']}): {done['state']}, {count}of {done['dated'][:10]}")
    for reason, number in list(done["skipped"].items())[:_REASONS]:
        say(f"left out: {number:,} {printable(reason)}")
    if done["rejected"]:
        say(f"{done['rejected']:,} could not be normalised; `pickglass doctor` names them")


@intel.command("list")
@home_option
@json_option
def intel_list(home: Path | None, as_json: bool) -> None:
    """List what is in force: how much, how old, how sure, and until when.

    \b
    pickglass intel list --home h
    """
    from pickglass.pipeline import intelligence_lists

    found = intelligence_lists(filled_home(home))
    if as_json:
        print_json({"version": 1, "lists": found})
        return
    columns = ("list", "kinds", "entries", "oldest", "newest", "added", "confidence", "valid_until")
    days = {"oldest", "newest", "added", "valid_until"}
    rows = [
        ["" if one[name] is None else one[name][:10] if name in days else one[name] for name in columns]
        for one in found
    ]
    table(columns, rows)


@intel.command("expire")
@click.argument("name", metavar="LIST")
@click.option("--reason", default="", help="Why; logged.")
@home_option
@json_option
def intel_expire(name: str, reason: str, home: Path | None, as_json: bool) -> None:
    """End a list now. Assessments as of an earlier day still see it.

    \b
    pickglass intel expire partner --reason "no longer kept" --home h
    """
    from pickglass.pipeline import expire_intelligence

    done = expire_intelligence(filled_home(home), name, reason=reason)
    if as_json:
        print_json(done)
        return
    say(f"{printable(done['list'])}: {done['entries']:,} entries and {done['databases']} databases ended")
