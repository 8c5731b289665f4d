"""Verbs about cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pickglass.faces.cli.output import (
    filled_home,
    home_option,
    json_option,
    print_json,
    reveal_option,
    say,
    table,
)

if TYPE_CHECKING:
    from pickglass.cases import Case, Note, Verdict

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
    """List cases, most urgent first.

    \b
    pickglass case list --home h
    """
    from pickglass.cases import list_cases
    from pickglass.store import open_store

    with open_store(filled_home(home)) as store:
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
    say(f"cases: {len(found)}")


@case.command("show")
@click.argument("case_id")
@home_option
@json_option
@reveal_option
def case_show(case_id: str, home: Path | None, as_json: bool, reveal: str | None) -> None:
    """Show one case: verdicts, notes, and the assessment as it is now. The view is logged.

    \b
    pickglass case show C-0F3K7QX2MD --home h
    """
    from pickglass.cases import show_case
    from pickglass.faces.exports.run_document import stored_links, subject_document
    from pickglass.faces.exports.text import subject_text
    from pickglass.faces.printable import printable_lines
    from pickglass.faces.reveal import record_reveal
    from pickglass.pipeline import actor
    from pickglass.store import open_store

    settings = filled_home(home)
    with open_store(settings) as store:
        file = show_case(store, case_id, actor=actor(), reason=reveal or "")
    if reveal is not None:
        record_reveal(settings, reveal, file.case.id)
    clear = reveal is not None
    document = subject_document(file.document, clear) if file.document else None
    links = stored_links(file.document, clear) if file.document else []
    notes = [_note(note, clear) for note in file.notes]
    verdicts = [_verdict(one, clear) for one in file.verdicts]
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
    opened = f"opened {file.case.opened:%Y-%m-%d %H:%M} UTC by {file.case.opened_by}"
    lines = [f"Case {file.case.id}, {file.case.state}, {opened}"]
    lines += [
        f"Verdict of {one['time']}: {one['verdict']}, by {one['author']}"
        + (f" and {one['second']}" if one["second"] else "")
        + f": {one['reason']}"
        for one in verdicts
    ]
    lines += [f"Note of {note['time']} by {note['author']}: {note['text']}" for note in notes]
    lines.append("")
    if document is not None and file.document is not None:
        lines.append(subject_text(document, links, file.document["versions"]))
    else:
        lines.append("The subject is no longer in the data, so there is no assessment to show.")
    click.echo(printable_lines("\n".join(lines)))


@case.command("note")
@click.argument("case_id")
@click.argument("text")
@home_option
@json_option
def case_note(case_id: str, text: str, home: Path | None, as_json: bool) -> None:
    """Add a note to a case.

    \b
    pickglass case note C-0F3K7QX2MD "asked the manager about the delivery" --home h
    """
    from pickglass.cases import add_note
    from pickglass.pipeline import actor
    from pickglass.store import open_store

    with open_store(filled_home(home)) as store:
        note = add_note(store, case_id, text, author=actor())
    if as_json:
        print_json({"case": note.case_id, "id": note.id, **_note(note, reveal=True)})
    say(f"note {note.id} added to {note.case_id}")


@case.command("verdict")
@click.argument("case_id")
@click.argument("verdict", type=click.Choice(VERDICTS))
@click.option("--reason", required=True, help="Why; it is kept with the verdict.")
@click.option("--second", metavar="NAME", help="The second person; a confirmed verdict needs one.")
@home_option
@json_option
def case_verdict(
    *, case_id: str, verdict: str, reason: str, second: str | None, home: Path | None, as_json: bool
) -> None:
    """Set a verdict; the case document is frozen with it.

    \b
    cleared     an innocent cause was found; closes the case
    needs_more  nothing can be said yet
    suspected   the evidence stands, and somebody must go on asking
    confirmed   asked and proved; a second person agrees; closes the case

    \b
    pickglass case verdict C-0F3K7QX2MD cleared --reason "moved house; HR knew" --home h
    """
    from pickglass.cases import set_verdict
    from pickglass.pipeline import actor
    from pickglass.store import open_store

    with open_store(filled_home(home)) as store:
        done = set_verdict(store, case_id, verdict, author=actor(), reason=reason, second=second)  # type: ignore[arg-type] # a choice
    if as_json:
        print_json({"case": done.case_id, **_verdict(done, reveal=True)})
    say(f"{done.case_id}: {done.verdict} by {done.author}; document {done.document[:12]} is frozen with it")


def _note(note: Note, reveal: bool) -> dict[str, Any]:
    from pickglass.faces.exports.run_document import moment, shown

    return {"time": moment(note.created), "author": note.author, "text": shown(note.text, reveal, None)}


def _verdict(one: Verdict, reveal: bool) -> dict[str, Any]:
    from pickglass.faces.exports.run_document import moment, shown

    return {
        "time": moment(one.created),
        "verdict": one.verdict,
        "author": one.author,
        "second": one.second,
        "reason": shown(one.reason, reveal, None),
        "document": one.document,
    }


def _case(one: Case) -> dict[str, Any]:
    from pickglass.faces.exports.run_document import moment

    return {
        "id": one.id,
        "subject": one.subject_id,
        "state": one.state,
        "band": one.band,
        "opened": moment(one.opened),
        "opened_by": one.opened_by,
        "assignee": one.assignee,
    }
