"""Verbs about links: who is probably one person, who shares a thing, and what people decided."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
from pickglass.faces.printable import printable, printable_lines

KINDS = ("persona", "farm", "ring", "thing")


@click.group()
def link() -> None:
    """Links between subjects: personas, farms, shared things."""


@link.command("list")
@click.option(
    "--kind", type=click.Choice(KINDS), help="Only these; a thing is shared by few and makes no farm."
)
@click.option(
    "--subject", "reference", metavar="ID", help="Only links of this subject (its id, or the beginning)."
)
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1))
@home_option
@json_option
@reveal_option
def link_list(
    kind: str | None, reference: str | None, limit: int, home: Path | None, as_json: bool, reveal: str | None
) -> None:
    """List the links of the latest run: personas first, then farms and rings, then other shared things.

    \b
    pickglass link list --home h
    pickglass link list --kind farm --home h --json
    """
    from pickglass.faces.exports.run_document import link_document
    from pickglass.faces.exports.wording import shared_thing
    from pickglass.faces.reveal import record_reveal
    from pickglass.linking import kept_links

    settings = filled_home(home)
    found = [one for one in kept_links(settings) if _is_of(one, kind, reference)]
    if reveal is not None:
        record_reveal(settings, reveal, "links")
    links = [link_document(one, reveal is not None) for one in found[:limit]]
    if as_json:
        print_json({"version": 1, "total": len(found), "links": links})
        return
    table(
        ("id", "kind", "shared thing", "people", "weight"),
        [
            (one["id"], kind_of(one), shared_thing(one), ", ".join(one["subjects"]), _weight(one))
            for one in links
        ],
    )
    say(f"links: {len(links)}" + (f" of {len(found)}; more with --limit" if len(links) < len(found) else ""))


@link.command("show")
@click.argument("link_id")
@home_option
@json_option
@reveal_option
def link_show(link_id: str, home: Path | None, as_json: bool, reveal: str | None) -> None:
    """Show one link of the latest run with its reasons, what was decided, and a persona's history. The view is logged.

    \b
    pickglass link show F-P7ZOCPSIEY --home h
    """
    from pickglass.faces.exports.run_document import link_document
    from pickglass.faces.exports.wording import shared_thing
    from pickglass.faces.reveal import record_reveal
    from pickglass.linking import show_link
    from pickglass.pipeline import actor

    settings = filled_home(home)
    found = show_link(settings, link_id, actor=actor())
    if reveal is not None:
        record_reveal(settings, reveal, found["link"]["id"])
    shown = {
        **found,
        "link": link_document(found["link"], reveal is not None),
        "decisions": [_decision(one, reveal is not None) for one in found["decisions"]],
    }
    if as_json:
        print_json(shown)
        return
    one = shown["link"]
    lines = [f"{one['id']}: {kind_of(one)}, {_weight(one)}", "", f"People ({len(one['subjects'])})"]
    lines += [f"  {subject}" for subject in one["subjects"]]
    if one.get("things"):
        lines += ["", f"Shared things ({len(one['things'])})"]
        lines += [f"  {shared_thing(thing)}: {', '.join(thing['subjects'])}" for thing in one["things"]]
    lines += ["", "Why"]
    lines += [f"  {reason}" for reason in one["reasons"]]
    lines += _decided(shown["decisions"])
    if shown["history"]:
        lines += ["", "History"]
        lines += [f"  {change['changed']:%Y-%m-%d %H:%M} {_changed(change)}" for change in shown["history"]]
    click.echo(printable_lines("\n".join(lines)))


@link.command("why")
@click.argument("one")
@click.argument("other")
@home_option
@json_option
@reveal_option
def link_why(one: str, other: str, home: Path | None, as_json: bool, reveal: str | None) -> None:
    """Say why two subjects are one person or are not, step by step, and what they share. The view is logged.

    \b
    pickglass link why S-0F3K7QX2MD E1042 --home h
    """
    from pickglass.faces.exports.run_document import bits, thing_document
    from pickglass.faces.exports.wording import shared_thing
    from pickglass.faces.reveal import record_reveal
    from pickglass.linking import why
    from pickglass.pipeline import actor

    settings = filled_home(home)
    found = why(settings, (one, other), actor=actor())
    if reveal is not None:
        record_reveal(settings, reveal, " ".join(found["subjects"]))
    document = {
        **found,
        "bits": bits(found["bits"]),
        "steps": [{**step, "bits": bits(step["bits"])} for step in found["steps"]],
        "shared": [{**thing, **thing_document(thing, reveal is not None)} for thing in found["shared"]],
        "decisions": [_decision(decision, reveal is not None) for decision in found["decisions"]],
    }
    if as_json:
        print_json(document)
        return
    left, right = document["subjects"]
    lines = [
        f"{left} and {right}: {'linked' if document['linked'] else 'not linked'}",
        f"  {document['verdict']}",
    ]
    lines += ["", "One person? In bits"]
    lines += [
        f"  {step['bits']:+7.2f}  {step['label']}" + (f": {step['reason']}" if step["reason"] else "")
        for step in document["steps"]
    ]
    lines += [f"  {document['bits']:+7.2f}  total, probability {document['probability']:.2f}"]
    lines += ["", f"What both have ({len(document['shared'])})"]
    lines += [
        f"  {shared_thing(thing)}, as {thing['subjects']} subjects do"
        + ("" if thing["rare"] else ": too common to mean anything")
        for thing in document["shared"]
    ] or ["  Nothing."]
    lines += _decided(document["decisions"])
    click.echo(printable_lines("\n".join(lines)))


@link.command("confirm")
@click.argument("references", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why; kept and logged.")
@home_option
@json_option
def link_confirm(references: tuple[str, ...], reason: str, home: Path | None, as_json: bool) -> None:
    """Decide that two subjects, or all of one link, are one person; every later run obeys it.

    \b
    pickglass link confirm S-0F3K7QX2MD S-77QAB4T9ZC --reason "same passport, seen in person" --home h
    pickglass link confirm P-0F3K7QX2MD --reason "told us of a change of name" --home h
    """
    _decide(references, True, reason, home, as_json)


@link.command("reject")
@click.argument("references", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why; kept and logged.")
@home_option
@json_option
def link_reject(references: tuple[str, ...], reason: str, home: Path | None, as_json: bool) -> None:
    """Decide that two subjects are two people, or that a farm or ring is none; every later run obeys it.

    \b
    pickglass link reject S-0F3K7QX2MD S-77QAB4T9ZC --reason "twins, both met" --home h
    pickglass link reject F-P7ZOCPSIEY --reason "a shared office that nobody had declared" --home h
    """
    _decide(references, False, reason, home, as_json)


def _decide(references: tuple[str, ...], linked: bool, reason: str, home: Path | None, as_json: bool) -> None:
    from pickglass.linking import decide
    from pickglass.pipeline import actor

    if len(references) > 2:
        raise click.UsageError("name one link, or two subjects")
    done = decide(filled_home(home), references, linked=linked, reason=reason, actor=actor())
    if as_json:
        print_json(done)
        return
    what = {"person": ("one person", "different people"), "farm": ("a farm or ring", "no farm or ring")}
    say(f"{', '.join(done['subjects'])}: {what[done['kind']][not linked]}; the next run obeys it")


def kind_of(one: Mapping[str, Any]) -> str:
    """Say of a link document which of the four kinds it is."""
    return str(one["kind"] if one["kind"] == "persona" else one["thing"] if one.get("things") else "thing")


def _is_of(one: Mapping[str, Any], kind: str | None, reference: str | None) -> bool:
    if kind is not None and kind_of(one) != kind:
        return False
    return reference is None or any(
        subject.startswith(reference.strip().upper()) for subject in one["subjects"]
    )


def _weight(one: Mapping[str, Any]) -> str:
    probability = one.get("probability")
    return f"{one['bits']:+.1f} bits" if probability is None else f"probability {probability:.2f}"


def _decision(one: Mapping[str, Any], reveal: bool) -> dict[str, Any]:
    from pickglass.faces.exports.run_document import shown

    return {**one, "reason": shown(one["reason"], reveal), "decided_by": shown(one["decided_by"], reveal)}


def _decided(decisions: list[dict[str, Any]]) -> list[str]:
    if not decisions:
        return []
    words = {True: "one", False: "not one"}
    return ["", "Decisions"] + [
        f"  {one['decided']:%Y-%m-%d} {one['left_subject']} and {one['right_subject']}: {words[one['linked']]} {one['kind']}, "
        f"by {one['decided_by']}: {one['reason']}"
        for one in decisions
    ]


def _changed(change: Mapping[str, Any]) -> str:
    with_ = f" with {', '.join(change['others'])}" if change["others"] else ""
    return printable(f"{change['kind']}{with_}: {', '.join(change['subjects'])}")
