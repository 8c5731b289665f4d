"""The verb with which people vouch for facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pickglass.faces.cli.dates import moment
from pickglass.faces.cli.output import (
    filled_home,
    home_option,
    json_option,
    print_json,
    reveal_option,
    say,
    table,
)
from pickglass.faces.printable import printable


@click.command()
@click.argument("kind", required=False)
@click.argument("subject", required=False)
@click.option("--department", metavar="NAME", help="In place of a subject: everybody of this department.")
@click.option(
    "--reason", default="", help="Why; kept and logged. Of an accessibility need say only that it is agreed."
)
@click.option("--until", metavar="DATE", help="When it ends; needed for what passes.")
@click.option("--value", help="The tool, the place, the device, or the other person of a household.")
@click.option("--outcome", type=click.Choice(("passed", "failed", "declined")), help="Of a check.")
@click.option("--on", "made", metavar="DATE", help="When it was, if not now.")
@click.option(
    "--list", "listing", is_flag=True, help="List the attestations of the subject named, or of everybody."
)
@click.option("--withdraw", metavar="ID", help="Take one back; with --until give it another end instead.")
@home_option
@json_option
@reveal_option
def attest(
    *,
    kind: str | None,
    subject: str | None,
    department: str | None,
    reason: str,
    until: str | None,
    value: str | None,
    outcome: str | None,
    made: str | None,
    listing: bool,
    withdraw: str | None,
    home: Path | None,
    as_json: bool,
    reveal: str | None,
) -> None:
    """Vouch for a fact that speaks for somebody, with your name, a reason and an end.

    KIND is live_video_check, in_person_meeting, approved_travel, sanctioned_tool, household, accessibility,
    approved_device, address_confirmed or device_shown. It counts from the next assessment on.

    \b
    pickglass attest live_video_check E1042 --outcome passed --reason "passport seen" --home h
    pickglass attest approved_travel E1042 --value Lisbon --until 2026-12-20 --reason "family visit" --home h
    pickglass attest sanctioned_tool --department Support --value anydesk --until 2026-12-31 --reason "help desk" --home h
    pickglass attest --list E1042 --home h
    pickglass attest --withdraw A-7F3K2M9Q4D --reason "wrong person" --home h
    """
    from pickglass import pipeline

    if listing:
        if subject or withdraw:
            raise click.UsageError("--list takes one subject or none, and nothing is withdrawn with it")
        _list(home, kind, as_json, reveal)
        return
    if withdraw is not None:
        if kind:
            raise click.UsageError("--withdraw takes an attestation's id and nothing else")
        done = pipeline.withdraw_attestation(filled_home(home), withdraw, reason=reason, until=moment(until))
        told = "is withdrawn" if done["withdrawn"] else f"ends {done['valid_until'][:10]}"
        _tell(done, f"{done['attestation']} {told}", as_json)
        return
    if kind is None:
        raise click.UsageError("Missing argument 'KIND'.")
    done = pipeline.attest(
        filled_home(home),
        kind,
        subject=subject,
        department=department,
        reason=reason,
        until=moment(until),
        value=value,
        outcome=outcome,
        on=moment(made),
    )
    _tell(done, f"{done['attestation']}: {kind} for {done['subject'] or done['department']}", as_json)


def _tell(done: dict[str, Any], text: str, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        say(printable(text))


def _list(home: Path | None, subject: str | None, as_json: bool, reveal: str | None) -> None:
    from pickglass.faces.reveal import record_reveal
    from pickglass.pipeline import attestations

    settings = filled_home(home)
    found = attestations(settings, subject)
    if reveal is not None:
        record_reveal(settings, reveal, "attestations")
    else:
        found = [masked(one) for one in found]
    if as_json:
        print_json({"version": 1, "attestations": found})
        return
    columns = ("id", "kind", "state", "subject", "outcome", "value", "author", "time", "until", "reason")
    rows = [
        [
            one["id"], one["kind"], one["state"].replace("_", " "), whose(one), one["outcome"] or "", one["value"] or "",
            one["author"], one["time"][:10], (one["valid_until"] or "")[:10], one["reason"] or "",
        ]
        for one in found
    ]  # fmt: skip
    table(columns, rows)


def masked(one: dict[str, Any]) -> dict[str, Any]:
    """Hide what somebody wrote; who vouched for what, and until when, stays."""
    from pickglass.faces.masking import mask

    hidden = {name: mask(one[name], "content") for name in ("value", "reason")}
    return {**one, **hidden, "author": mask(one["author"], "pseudonym")}


def whose(one: dict[str, Any]) -> str:
    """Say for whom it speaks."""
    if one["department"]:
        return f"{one['department']} ({len(one['subjects'])})"
    return ", ".join(one["subjects"]) or "nobody known"
