"""Verbs about cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pickglass.faces.cli.output import (
    home_option,
    json_option,
    print_json,
    reveal_option,
    safe,
    say,
    settings_of,
    table,
)

if TYPE_CHECKING:
    from pickglass.cases import Case

VERDICTS = ("cleared", "needs_more", "suspected", "confirmed")


@click.group()
def case() -> None:
    """Cases: assessments that people work on."""


@case.command("list")
@click.option("--state", type=click.Choice(("open", "closed", "all")), default="open", show_default=True)
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1))
@home_option
@json_option
def case_list(state: str, limit: int, home: Path | None, as_json: bool) -> None:
    """List cases, most urgent first."""
    from pickglass.cases import list_cases
    from pickglass.store import open_store

    with open_store(settings_of(home)) as store:
        found = list_cases(store, state=None if state == "all" else state, limit=limit)  # type: ignore[arg-type] # a choice
    if as_json:
        print_json(
            [
                _case(one.case)
                | {"threat": one.assessment.threat if one.assessment else None, "verdict": one.verdict}
                for one in found
            ]
        )
        return
    rows = [
        (
            one.case.id,
            one.case.subject_id,
            one.assessment.band if one.assessment else one.case.band,
            f"{one.assessment.threat:.2f}" if one.assessment else "",
            one.verdict or "",
            one.case.assignee or "",
            f"{one.case.opened:%Y-%m-%d}",
        )
        for one in found
    ]
    table(("case", "subject", "band", "threat", "verdict", "assignee", "opened"), rows)
    say(f"{len(found)} cases")


@case.command("show")
@click.argument("case_id")
@home_option
@json_option
@reveal_option
def case_show(case_id: str, home: Path | None, as_json: bool, reveal: str | None) -> None:
    """Show one case: the assessment as it is now, notes and verdicts."""
    from pickglass.cases import show_case
    from pickglass.faces.exports.run_document import stored_links, subject_document
    from pickglass.faces.exports.text import subject_text
    from pickglass.faces.reveal import record_reveal
    from pickglass.pipeline import actor
    from pickglass.store import open_store

    settings = settings_of(home)
    if reveal is not None:
        record_reveal(settings, reveal, case_id)
    with open_store(settings) as store:
        file = show_case(store, case_id, actor=actor(), reason=reveal or "")
    document = subject_document(file.document, reveal is not None) if file.document else None
    links = stored_links(file.document, reveal is not None) if file.document else []
    notes = [
        {"time": note.created.isoformat(), "author": note.author, "text": note.text} for note in file.notes
    ]
    verdicts = [
        {
            "time": one.created.isoformat(),
            "verdict": one.verdict,
            "author": one.author,
            "second": one.second,
            "reason": one.reason,
            "document": one.document,
        }
        for one in file.verdicts
    ]
    if as_json:
        print_json(
            {
                "version": 1,
                "case": _case(file.case),
                "subject": document,
                "links": links,
                "notes": notes,
                "verdicts": verdicts,
            }
        )
        return
    lines = [
        f"Case {file.case.id}, {file.case.state}, opened {file.case.opened:%Y-%m-%d %H:%M} UTC by {file.case.opened_by}",
        "",
    ]
    if document is not None and file.document is not None:
        lines.append(subject_text(document, links, file.document["versions"]))
    lines += [f"note {note['time']} {note['author']}: {note['text']}" for note in notes]
    lines += [
        f"verdict {one['time']} {one['verdict']} by {one['author']}"
        + (f" and {one['second']}" if one["second"] else "")
        + f": {one['reason']}"
        for one in verdicts
    ]
    click.echo(safe("\n".join(lines)))


@case.command("note")
@click.argument("case_id")
@click.argument("text")
@home_option
def case_note(case_id: str, text: str, home: Path | None) -> None:
    """Add a note to a case."""
    from pickglass.cases import add_note
    from pickglass.pipeline import actor
    from pickglass.store import open_store

    with open_store(settings_of(home)) as store:
        note = add_note(store, case_id, text, author=actor())
    say(f"note {note.id} added to {note.case_id}")


@case.command("verdict")
@click.argument("case_id")
@click.argument("verdict", type=click.Choice(VERDICTS))
@click.option("--reason", required=True, help="Why; it is kept with the verdict.")
@click.option("--second", help="The second person; a confirmed verdict needs one.")
@home_option
def case_verdict(case_id: str, verdict: str, reason: str, second: str | None, home: Path | None) -> None:
    """Set a verdict; the case document is frozen with it."""
    from pickglass.cases import set_verdict
    from pickglass.pipeline import actor
    from pickglass.store import open_store

    with open_store(settings_of(home)) as store:
        done = set_verdict(store, case_id, verdict, author=actor(), reason=reason, second=second)  # type: ignore[arg-type] # a choice
    say(f"{done.case_id}: {done.verdict} by {done.author}; the document {done.document[:12]} is frozen")


def _case(one: Case) -> dict[str, Any]:
    return {
        "id": one.id,
        "subject": one.subject_id,
        "state": one.state,
        "band": one.band,
        "opened": one.opened.isoformat(),
        "opened_by": one.opened_by,
        "assignee": one.assignee,
    }
