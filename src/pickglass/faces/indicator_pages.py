"""Writes the pages of the catalogue: `python -m pickglass.faces.indicator_pages docs`.

`docs/indicators/` gets an index and a page for each stage, and `docs/coverage.md` what each source lets them see. All of
it follows from the indicators, the scorecard, the samples of the sources and the measured numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pickglass.coverage import blind, gains, matrix, missing, strongest_bits, supplied_by_rosters
from pickglass.indicators.catalogue import STAGES, catalogue
from pickglass.indicators.citations import address, known_references, known_techniques
from pickglass.indicators.needs import measured, needs_of
from pickglass.model.records import Indicator
from pickglass.score import Scorecard, load_scorecard

_INDEX = """\
# The indicators

Written by `python -m pickglass.faces.indicator_pages docs`. [How to write one](../indicators.md);
[what each source lets them see](../coverage.md).

An indicator puts one question to the records and is fired, clear or not assessable for each person. None of them says who
somebody is, and none alone says that anybody did anything: most of what fires has an innocent cause, which each names.

**Bits** are those that a fired indicator adds at most, to the hypothesis for which it says most; drafts add none.
**Simulated** is for how many of {simulated} people it fires in the company that `pickglass simulate` writes with seed {seed}
({workers} workers, {applicants} applicants, {days} days; measured on {measured}). Most of what the company holds is ordinary
life; the few that are not are planted so that much can fire, so these are no rates of the world.
**Real logs** is the same for {corpus} people in a folder of real logs and published samples (measured on {corpus_measured}).
`benchmarks/measure_indicators.py` says how both are measured again; `–` is for nobody assessable.

"""
_COVERAGE = """\
# What each source lets the indicators see

Written by `python -m pickglass.faces.indicator_pages docs`. `pickglass indicator coverage --home HOME` says the same of your own
home: what is blind there, and which further export would open most.

What an indicator needs was found out from its own tests by taking away one thing after the other; what a source supplies is
what its sample proves. A roster is always taken to be there.

"""


def pages() -> dict[str, str]:
    """Return every page by its place below `docs`."""
    scorecard = load_scorecard()
    found = {f"indicators/{stage}.md": _stage(stage, scorecard) for stage in STAGES}
    return {"indicators/README.md": _index(scorecard), **found, "coverage.md": _coverage(scorecard)}


def _of(stage: str) -> list[Indicator]:
    return [one for one in catalogue().values() if one.stage == stage]


def _index(scorecard: Scorecard) -> str:
    simulated, corpus = measured()["simulated"], measured()["corpus"]
    lines = [
        _INDEX.format(
            **{name: simulated[name] for name in ("seed", "workers", "applicants", "days", "measured")},
            simulated=f"{simulated['subjects']:,}",
            corpus=f"{corpus['subjects']:,}",
            corpus_measured=corpus["measured"],
        ).rstrip(),
        "",
    ]
    for stage in STAGES:
        lines += [f"## {stage.capitalize()}", ""]
        lines += [
            "| indicator | title | status | fairness | bits | simulated | real logs |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [
            f"| [{one.id}]({stage}.md#{one.id}) | {_cell(one.title)} | {one.status} | {one.fairness}{_proxy(one)} | "
            f"{strongest_bits(one, scorecard):g} | {_fired('simulated', one.id)} | {_fired('corpus', one.id)} |"
            for one in _of(stage)
        ]
        lines.append("")
    return "\n".join(lines)


def _stage(stage: str, scorecard: Scorecard) -> str:
    lines = [
        f"# Indicators: {stage}",
        "",
        "Written by `python -m pickglass.faces.indicator_pages docs`. [All stages](README.md).",
        "",
    ]
    for one in _of(stage):
        lines += [*_indicator(one, scorecard), ""]
    return "\n".join(lines)


def _indicator(one: Indicator, scorecard: Scorecard) -> Iterator[str]:
    yield f"## {one.id}"
    yield ""
    yield f"**{one.title}.** {one.question}"
    yield ""
    yield f"* {one.status}, family {one.family}, tier {one.tier}, fairness {one.fairness}{_proxy(one)}"
    yield f"* Says: «{one.sentence}»"
    yield f"* Innocent causes: {'; '.join(one.innocent)}"
    yield f"* Ask next: {'; '.join(one.ask_next)}"
    yield from _weight(one, scorecard)
    if one.parameters:
        yield "* Thresholds: " + ", ".join(
            f"`{name}` {_value(value)}" for name, value in one.parameters.items()
        )
    yield "* Can fire with: " + "; or ".join(
        ", ".join(f"`{need}`" for need in sorted(needs)) for needs in needs_of(one.id)
    )
    for place, words in (("simulated", "the simulated company"), ("corpus", "real logs")):
        yield f"* Fires in {words} for {_fired(place, one.id)}; clear for {_clear(place, one.id)}"
    titles = known_references()
    yield from (f"* {key}: {titles[key]}" for key in one.references)
    yield from (f"* [{key}]({address(key)}): {known_techniques()[key]}" for key in (*one.attack, *one.itm))
    yield ""
    yield "<details><summary>SQL</summary>"
    yield ""
    yield f"```sql\n{one.sql.rstrip()}\n```"
    yield ""
    yield "</details>"


def _weight(one: Indicator, scorecard: Scorecard) -> Iterator[str]:
    weight = scorecard.weights.get(one.id)
    if weight is None or one.status != "active":
        yield f"* Weight: none in scorecard {scorecard.version}; shown, not counted"
        return
    fired, clear = (
        ", ".join(f"{name} {value / 100:+g}" for name, value in bits.items() if value) or "nothing"
        for bits in (weight.fired, weight.clear)
    )
    yield f"* Weight in scorecard {scorecard.version}: fired {fired}; clear {clear}. {_cell(weight.basis)}"
    group = scorecard.group_of.get(one.id)
    if group:
        yield f"* Capped together with «{group}»" + ("; decisive" if one.id in scorecard.decisive else "")
    elif one.id in scorecard.decisive:
        yield "* Decisive: lifts a threat of 0.9 to act without a second family"


def _coverage(scorecard: Scorecard) -> str:
    rosters = supplied_by_rosters()
    unseeing = blind(catalogue().values(), rosters)
    lines = [
        _COVERAGE.rstrip(),
        "",
        "## What one export opens",
        "",
        f"Of {len(catalogue())} indicators {len(catalogue()) - len(unseeing)} can fire with a roster alone. These open most others by themselves:",
        "",
        "| source | bits | opens |",
        "|---|---|---|",
    ]
    lines += [
        f"| {one['source']} | {one['bits']:g} | {', '.join(one['opens'])} |"
        for one in gains(unseeing, rosters, scorecard)
        if one["opens"]
    ]
    lines += [
        "",
        "## Stage by source",
        "",
        "`opens/feeds`: how many indicators of the stage the source opens beside a roster, and for how many it supplies a part.",
        "",
        f"| source | {' | '.join(STAGES)} |",
        f"|---|{'---|' * len(STAGES)}",
    ]
    lines += [
        f"| {source} | {' | '.join(f'{opens}/{feeds}' if feeds else '' for opens, feeds in row.values())} |"
        for source, row in matrix().items()
        if any(feeds for _, feeds in row.values())
    ]
    alone = sorted(
        {one.id for one in unseeing}
        - {name for one in gains(unseeing, rosters, scorecard) for name in one["opens"]}
    )
    lines += [
        "",
        "## What takes more than one export",
        "",
        "These need records of several systems, a list of your own, or what people attest:",
        "",
        *(f"* {name}: {', '.join(missing(name, rosters))}" for name in alone),
        "",
    ]
    return "\n".join(lines)


def _count(place: str, id: str) -> list[int]:
    found: Mapping[str, Any] = measured()[place]["indicators"]
    return list(found.get(id, (0, 0)))


def _fired(place: str, id: str) -> str:
    fired, clear = _count(place, id)
    return f"{fired:,}" if fired or clear else "–"


def _clear(place: str, id: str) -> str:
    return f"{_count(place, id)[1]:,} of {measured()[place]['subjects']:,}"


def _proxy(one: Indicator) -> str:
    return ", a partial proxy" if one.proxy else ""


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def write(docs: Path) -> None:
    """Write every page below `docs`."""
    for name, text in pages().items():
        path = docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("name the folder of the documentation: python -m pickglass.faces.indicator_pages docs")
    write(Path(sys.argv[1]))
