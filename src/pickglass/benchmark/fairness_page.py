"""Writes docs/fairness.md from what `fairness` measured: the same result and date give the same page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pickglass.model.records import BANDS

_HEAD = """\
# Fairness, measured

Written by `{command} --write docs/fairness.md` on {day}, with scorecard {scorecard}.

pickglass compares what a person claims with what machines saw, never who the person is. This page measures
whether that holds. In an invented company of {workers} people and {days} days ({records:,} records of a dozen
vendors' exports) nobody has anything to hide. {base} people make the base group; each of them has a **counterpart**
in each of {groups} groups, who repeats their life throw for throw of the dice, in a home and on machines of their own,
and differs in what marks the group. Everybody goes through the whole pipeline, from export to band.

What must hold, and fails the measure otherwise:

* A group's mean differs from its counterparts' by at most {limit} bits, for every hypothesis.
* No group is in band `act` or `review` more often than its counterparts.
* **Twins**, who differ only in what nobody may look at, get the same assessment, step by step.

Result: **{result}**.
"""

_BITS = """
## Bits and bands by group

Mean difference of the totals, person minus counterpart, for the hypothesis that the group comes off worst by,
with the 95 % interval (bootstrap, fixed seed). «Same»: assessments equal in all but the person.

| group | differs by | people | bits | interval | hypothesis | same | {bands} | |
|---|---|---:|---:|---|---|---:|{lines}|---|
"""

_RATES = """
## Indicators that fire more or less often

Every indicator whose answer differed in any pair, with the number of people it fired for, Wilson's 95 % interval of the
rate, and the chance of so uneven a split (McNemar's exact test, corrected by Holm for all rows below).
**Bold**: below {significant}, so more than chance.

| group | indicator | fired | interval | counterparts | interval | chance |
|---|---|---:|---|---:|---|---:|
"""

_CAPS = """
## What is held down, and why

The indicators above in bold do fire more often for some honest group. They stay because schemes leave the same traces,
and are held down so that they cannot decide about anybody.

| indicator | at most | held down by | why |
|---|---:|---|---|
"""

_NEVER = """
## What we never read

{columns} may serve to tell two records of one person apart from two persons' (linkage), and nothing else: the lint
`protected` follows every indicator's SQL through views, joins, conditions, orders and windows to the columns behind,
and refuses it.

Gender, title, marital status, nationality, country of birth, ethnicity, religion, language, disability and the
like have no column in any table: what an export tells of them is not mapped, so there is nothing to read. The
twins' raw exports above do hold such fields.

## What this cannot tell

* The groups are invented, and so is how much their life differs. A group that nobody thought of is not here.
* {silent} indicators were assessable for nobody in this company, so nothing is said of them: {names}.
* Rates of honest incidents are assumptions (`simulate/rates.yaml`). Measure in your own company as well: let the
  people who represent staff compare outcomes by group, outside pickglass, which must not hold the groups.
* {people} people a group show a difference of about {visible} bits; smaller ones stay unseen.
* One rare answer with a high weight moves the mean of so few by some tenths of a bit. Where a group is not held, the rates
  above tell whether an indicator fires more often than chance would have it; only then is it the group's.
* Mail addresses keep the old name after a change of name here; a real directory may rename the account.
* No line type of telephone numbers is read by any indicator of today, so an internet telephone cannot matter.
"""


def page(result: Mapping[str, Any], day: date) -> str:
    """Return the page about one measurement."""
    groups = result["groups"]
    widest = max((one["bits"]["high"] - one["bits"]["low"]) / 2 for one in groups)
    columns = " and ".join(
        f"`{one['table']}.{one['column']}` ({one['label']})" for one in result["never_read"]
    )
    parts = [
        _HEAD.format(
            command=result["command"],
            day=day.isoformat(),
            scorecard=result["scorecard"],
            workers=result["workers"],
            days=result["days"],
            records=result["records"],
            base=result["base"]["people"],
            groups=len(groups),
            limit=result["limit_bits"],
            result=_outcome(result),
        ),
        _BITS.format(bands=" | ".join(BANDS), lines="|".join("---:" for _ in BANDS)),
        *_bits(result),
        _RATES.format(significant=0.05),
        *_rates(groups),
        _CAPS,
        *(_cap(one) for one in result["noticed"]),
        _NEVER.format(
            columns=columns,
            people=result["base"]["people"],
            visible=f"{max(widest, 0.1):.1f}",
            silent=len(result["never_answered"]),
            names=", ".join(f"`{name}`" for name in result["never_answered"]) or "none",
        ),
    ]
    return "".join(parts)


def _outcome(result: Mapping[str, Any]) -> str:
    failed = [one["id"] for one in result["groups"] if not one["passed"]]
    return f"not held for {', '.join(failed)}" if failed else "all of it holds"


def _bits(result: Mapping[str, Any]) -> Iterator[str]:
    base = result["base"]
    yield f"| *base* | | {base['people']} | | | | | {_counts(base['bands'])} | |\n"
    for one in result["groups"]:
        bits = one["bits"]
        moved = bits["mean"] or bits["low"] or bits["high"]
        yield (
            f"| {one['id']} | {one['differs']} | {one['people']} | {bits['mean']:+.2f} "
            f"| {bits['low']:+.2f} to {bits['high']:+.2f} | {bits['hypothesis'] if moved else ''} "
            f"| {one['same']}{' (twins)' if one['twin'] else ''} | {_counts(one['bands'])} "
            f"| {'' if one['passed'] else '**not held**'} |\n"
        )


def _counts(bands: Mapping[str, int]) -> str:
    return " | ".join(str(bands[band]) for band in BANDS)


def _rates(groups: list[Mapping[str, Any]]) -> Iterator[str]:
    for group in groups:
        for one in group["indicators"]:
            mark = "**" if one["significant"] else ""
            yield (
                f"| {group['id']} | {mark}{one['indicator']}{mark} | {one['fired']} | {_interval(one['interval'])} "
                f"| {one['base_fired']} | {_interval(one['base_interval'])} | {one['chance']:.4f} |\n"
            )


def _interval(bounds: list[float]) -> str:
    return f"{100 * bounds[0]:.0f} to {100 * bounds[1]:.0f} %"


def _cap(one: Mapping[str, Any]) -> str:
    caps = [f"{cap['group']}, {cap['bits']:g} bits" for cap in one["caps"]]
    held = "; ".join([*(["partial proxy, 1 bit"] if one["proxy"] else []), *caps]) or "its own weight"
    why = " ".join([cap["why"] for cap in one["caps"]][:1] or [one["basis"]])
    return f"| {one['indicator']} | {one['bits']:g} | {held} | {' '.join(why.split())} |\n"
