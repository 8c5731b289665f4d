"""Verbs about one person."""

from __future__ import annotations

from pathlib import Path

import click

from pickglass.errors import NotFound
from pickglass.faces.cli.care import add_to_subject
from pickglass.faces.cli.output import filled_home, home_option, json_option, print_json, reveal_option


@click.group()
def subject() -> None:
    """Subjects: the people as the records claim."""


add_to_subject(subject)


@subject.command("show")
@click.argument("subject_id")
@home_option
@json_option
@reveal_option
@click.option(
    "--originals", is_flag=True, help="Add the original records behind the findings; needs --reveal."
)
def subject_show(
    subject_id: str, home: Path | None, as_json: bool, reveal: str | None, originals: bool
) -> None:
    """Show everything found about one person, in sentences. The view is logged.

    SUBJECT_ID is a subject's id, its beginning, or one of the vendors' own ids (workday:E1042 or E1042).

    \b
    pickglass subject show S-0F3K7QX2MD --home h
    pickglass subject show E1042 --home h --originals --reveal "case C-7D1K assigned to me"
    """
    from pickglass.faces.cli.attest import masked
    from pickglass.faces.exports.run_document import stored_links, subject_document
    from pickglass.faces.exports.text import subject_text
    from pickglass.faces.printable import printable_lines
    from pickglass.faces.reveal import record_reveal
    from pickglass.pipeline import attestations, original_records, show_subject

    if originals and reveal is None:
        raise click.UsageError(
            "original records hold personal data in clear: give --reveal REASON with --originals"
        )
    settings = filled_home(home)
    stored = show_subject(settings, subject_id)
    try:
        vouched = attestations(settings, stored["subject"]["id"], exact=True)
    except NotFound:  # an assessment may outlive its lake
        vouched = []
    if reveal is None:
        vouched = [masked(one) for one in vouched]
    if reveal is not None:
        record_reveal(settings, reveal, stored["subject"]["id"])
    document = subject_document(stored, reveal is not None)
    links = stored_links(stored, reveal is not None)
    if as_json:
        shown = {"version": 1, "subject": document, "links": links, "versions": stored["versions"]}
        shown["attestations"] = vouched
        print_json(shown | ({"originals": original_records(settings, stored)} if originals else {}))
        return
    click.echo(printable_lines(subject_text(document, links, stored["versions"])))
    if vouched:
        click.echo("\nAttested")
    for one in vouched:
        about = " ".join(
            part for part in (one["kind"].replace("_", " "), one["outcome"], one["value"]) if part
        )
        until = f", until {one['valid_until'][:10]}" if one["valid_until"] else ""
        state = one["state"].replace("_", " ")
        click.echo(
            printable_lines(
                f"  {about}: by {one['author']} on {one['time'][:10]}{until}; {state} ({one['id']})"
            )
        )
    for record in original_records(settings, stored) if originals else ():
        place = f"{record['file']} record {record['record']} ({record['source']}, {', '.join(record['indicators'])})"
        click.echo(printable_lines(f"\n{place}\n{record.get('text') or record['problem']}"))
