"""Verbs about the questions that are put to the lake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from pickglass.errors import InputError, NotFound
from pickglass.faces.cli.output import (
    filled_home,
    home_option,
    json_option,
    print_json,
    reveal_option,
    say,
    settings_of,
    table,
)
from pickglass.faces.cli.suggestions import require_known
from pickglass.faces.printable import printable_lines


@click.group()
def indicator() -> None:
    """Indicators: the questions that are put to the lake."""


@indicator.command("list")
@home_option
@json_option
def indicator_list(home: Path | None, as_json: bool) -> None:
    """List every indicator with its stage, family and status.

    \b
    pickglass indicator list
    """
    from pickglass.indicators.catalogue import catalogue

    found = list(catalogue(settings_of(home).home).values())
    if as_json:
        print_json([_indicator(one) for one in found])
        return
    table(
        ("id", "stage", "family", "tier", "status", "title"),
        [(one.id, one.stage, one.family, one.tier, one.status, one.title) for one in found],
    )


@indicator.command("show")
@click.argument("indicator_id")
@home_option
@json_option
def indicator_show(indicator_id: str, home: Path | None, as_json: bool) -> None:
    """Show one indicator as it is written: question, innocent causes, what to ask, SQL.

    \b
    pickglass indicator show ship-intransit-redirect
    """
    from pickglass.indicators.catalogue import catalogue

    known = catalogue(settings_of(home).home)
    require_known([indicator_id], known, "indicator", "pickglass indicator list")
    found = known[indicator_id]
    if as_json:
        print_json(_indicator(found) | {"sql": found.sql})
        return
    click.echo("\n".join(_about(found)))
    click.echo("\n" + found.sql)


@indicator.command("explain")
@click.argument("indicator_id")
@click.argument("subject_id", metavar="[SUBJECT]", required=False)
@click.option("--reason", help="Why a manual indicator is asked about SUBJECT; logged.")
@home_option
@json_option
@reveal_option
def indicator_explain(
    indicator_id: str,
    subject_id: str | None,
    reason: str | None,
    home: Path | None,
    as_json: bool,
    reveal: str | None,
) -> None:
    """Explain one indicator: what it reads and needs, thresholds in force, weight, how often it fires.

    With SUBJECT (an id as `subject show` takes it) also why it fired for this person, is clear, or could not be
    assessed: which records, dates and facts are missing. That look is logged. This is also how a manual indicator, which
    no run asks, is asked about one person: it needs a reason.

    \b
    pickglass indicator explain ship-intransit-redirect
    pickglass indicator explain net-hosting-or-resproxy E1042 --home h
    """
    from pickglass.faces.reveal import record_reveal
    from pickglass.indicators.catalogue import catalogue
    from pickglass.pipeline import explain_indicator

    settings = settings_of(home) if subject_id is None else filled_home(home)
    require_known([indicator_id], catalogue(settings.home), "indicator", "pickglass indicator list")
    told = explain_indicator(settings, indicator_id, subject_id, reason)
    if reveal is not None and told["why"]:
        record_reveal(settings, reveal, told["why"]["subject"])
    if as_json:
        print_json(_explained(told, reveal is not None))
        return
    lines = [*_about(told["indicator"]), *_in_force(told)]
    if told["why"]:
        lines += ["", *_why(told["indicator"], told["why"], reveal is not None)]
    click.echo(printable_lines("\n".join(lines)))


@indicator.command("coverage")
@home_option
@json_option
def indicator_coverage(home: Path | None, as_json: bool) -> None:
    """Say which indicators are blind in this home, and which further export would open most of them.

    The bits are those that the opened indicators could add at most, each to the hypothesis for which it says most.

    \b
    pickglass indicator coverage --home h
    """
    from pickglass.coverage import coverage

    try:
        found = coverage(filled_home(home))
    except NotFound:
        found = coverage(None)
        say("nothing is loaded: everything is blind, and this is where to begin")
    if as_json:
        print_json(found)
        return
    table(
        ("blind indicator", "stage", "bits", "missing"),
        [
            (one["indicator"], one["stage"], f"{one['bits']:g}", ", ".join(one["missing"]))
            for one in found["blind"]
        ],
    )
    say()
    table(
        ("further export", "bits", "opens", "supplies a part for"),
        [
            (one["source"], f"{one['bits']:g}", len(one["opens"]), len(one["nearer"]))
            for one in found["gains"]
            if one["opens"]
        ],
    )
    say()
    for number, one in enumerate(found["plan"], start=1):
        say(f"{number}. add {one['source']}: opens {len(one['opens'])}, {one['bits']:g} bits")
    say(f"{len(found['open'])} indicators can fire here, {len(found['blind'])} are blind")
    if found["not_measured"]:
        say(f"not measured, of your own: {', '.join(found['not_measured'])}")


@indicator.command("check")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Check every indicator.")
@home_option
@json_option
def indicator_check(ids: tuple[str, ...], everything: bool, home: Path | None, as_json: bool) -> int:
    """Run the lints and the tests of indicators; exit 3 if any fails.

    \b
    pickglass indicator check ship-intransit-redirect
    """
    from pickglass.indicators.catalogue import files, folders
    from pickglass.indicators.lint import check

    if not ids and not everything:
        raise click.UsageError("name indicators, or give --all")
    roots = folders(settings_of(home).home)
    known = {path.stem for path in files(*roots)}
    require_known(ids, known, "indicator", "pickglass indicator list")
    problems = check(None if everything else ids, roots)
    if as_json:
        print_json([problem._asdict() for problem in problems])
    for problem in problems:
        say(str(problem))
    say(f"{len(ids) or len(known)} indicators checked, {len(problems)} problems")
    return InputError.exit_code if problems else 0


@indicator.command("new")
@click.argument("indicator_id", metavar="ID")
@click.option("--stage", required=True, help="The stage of the employment that it belongs to.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write it below this folder instead of HOME/indicators, e.g. src/pickglass/indicators.",
)
@home_option
@json_option
def indicator_new(
    indicator_id: str, stage: str, folder: Path | None, home: Path | None, as_json: bool
) -> None:
    """Draft an indicator: two files, with tests, that say what to fill in; the check names each gap.

    \b
    pickglass indicator new net-odd-hours --stage network --home h
    """
    from pickglass.indicators.drafting import gaps
    from pickglass.pipeline import new_indicator

    path = new_indicator(settings_of(home), indicator_id, stage, folder)
    open_questions = [f"{place}: {what}" for place, what in gaps(path)]
    if as_json:
        print_json({"id": indicator_id, "file": str(path), "open": open_questions})
        return
    say(f"wrote {path} and {path.with_suffix('.sql').name}: a draft; it answers about nobody yet")
    for question in open_questions:
        say(f"  open: {question}")
    say(f"next: fill it in, then pickglass indicator check {indicator_id}")


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


def _about(one: Any) -> Iterator[str]:
    from pickglass.indicators.citations import known_references, known_techniques

    yield f"{one.id}: {one.title}\n\n{one.question}\n"
    proxy = ", a partial proxy" if one.proxy else ""
    yield f"stage {one.stage}, family {one.family}, tier {one.tier}, {one.status}, fairness {one.fairness}{proxy}\n"
    yield "Innocent causes: " + "; ".join(one.innocent)
    yield "Ask next: " + "; ".join(one.ask_next)
    yield "References:"
    titles = {**known_references(), **known_techniques()}
    for key in (*one.references, *one.attack, *one.itm):
        yield f"  {key}: {titles.get(key, 'unknown')}"


def _in_force(told: Mapping[str, Any]) -> Iterator[str]:
    """Say what the indicator reads and needs, its thresholds and weight, and how often it fires."""
    own = told["indicator"].parameters
    yield "\nReads:"
    for view, columns in told["reads"].items():
        yield f"  {view}: {', '.join(columns) or 'its rows'}"
    yield "Can fire with: " + ("; or ".join(", ".join(needs) for needs in told["needs"]) or "not measured")
    yield "Thresholds in force:"
    for name, value in told["thresholds"].items():
        changed = "" if own[name] == value else f" (shipped: {own[name]})"
        yield f"  {name}: {value}{changed}"
    weight = told["weight"]
    if weight is None or told["indicator"].status != "active":
        yield f"Weight: none in scorecard {told['scorecard']}; it is shown and not counted"
    else:
        for way in ("fired", "clear"):
            bits = ", ".join(
                f"{name} {value / 100:+g}" for name, value in getattr(weight, way).items() if value
            )
            yield f"Weight in scorecard {told['scorecard']}, {way}: {bits or 'no bits'}"
        yield f"  basis: {' '.join(weight.basis.split())}"
        if told["group"]:
            yield f"  capped together with others as “{told['group'].name}”: {told['group'].why}"
        if told["decisive"]:
            yield "  decisive: lifts a threat of 0.9 to act without a second family"
    places = {"simulated": "a simulated company", "corpus": "real logs"}
    for place, count in told["fires"].items():
        yield (
            f"Fires in {places[place]}: for {count['fired']} of {count['subjects']:,}; "
            f"clear for {count['clear']:,}, not assessable for the rest"
        )


def _why(one: Any, why: Mapping[str, Any], reveal: bool) -> Iterator[str]:
    words = {"fired": "it fired", "clear": "it is clear", "not_assessable": "it could not be assessed"}
    yield f"For {why['subject']} {words[why['outcome']]}."
    if why["finding"]:
        yield f"  {_sentence(one, why['finding'], reveal)}"
    for about in why["tables"]:
        yield f"  {about['table']}: {_seen(about)}"
    if why["unknown"]:
        yield f"  nobody states of this person: {', '.join(why['unknown'])}"
    for threshold in why["thresholds"]:
        yield (
            f"  with {threshold['name']} {threshold['with']} than {threshold['value']} it would be "
            f"{threshold['outcome']}"
        )
    every = why["everybody"]
    yield f"  In this home it fires for {every['fired']} and is clear for {every['clear']} of {every['subjects']}."


def _seen(about: Mapping[str, Any]) -> str:
    if not about["rows"]:
        return "no source has filled it"
    if "own_rows" not in about:
        return f"{about['rows']:,} rows, of nobody in particular"
    if not about["own_rows"]:
        return f"{about['rows']:,} rows, none of this person"
    told = (
        f"{about['own_rows']:,} rows of this person on {about['days']} days, "
        f"{about['first_time']:%Y-%m-%d} to {about['last_time']:%Y-%m-%d}"
    )
    return told + (f"; empty in all of them: {', '.join(about['empty'])}" if about["empty"] else "")


def _sentence(one: Any, finding: Any, reveal: bool) -> str:
    from pickglass.faces.masking import sentence_mask
    from pickglass.indicators.sentence import render

    return render(one, finding.values, sentence_mask(one.fields, reveal))


def _explained(told: Mapping[str, Any], reveal: bool) -> dict[str, Any]:
    """Return an explanation as a JSON document."""
    from pickglass.faces.exports.run_document import moment

    weight, group, why = told["weight"], told["group"], told["why"]
    document = _indicator(told["indicator"]) | {
        "thresholds": dict(told["thresholds"]),
        "reads": told["reads"],
        "needs": told["needs"],
        "scorecard": told["scorecard"],
        "weight": weight
        and {
            "fired": {name: value / 100 for name, value in weight.fired.items()},
            "clear": {name: value / 100 for name, value in weight.clear.items()},
            "basis": " ".join(weight.basis.split()),
        },
        "group": group and {"name": group.name, "why": group.why},
        "decisive": told["decisive"],
        "fires": told["fires"],
    }
    if why is None:
        return document
    finding = why["finding"]
    shown = {
        **why,
        "finding": finding
        and {
            "time": moment(finding.time),
            "sentence": _sentence(told["indicator"], finding, reveal),
            "event_ids": list(finding.event_ids),
        },
        "tables": [
            {
                name: moment(value) if name in ("first_time", "last_time") else value
                for name, value in about.items()
            }
            for about in why["tables"]
        ],
    }
    return document | {"why": shown}
