"""Verbs that measure pickglass itself on invented data: one command for each measure, `pickglass bench <measure>`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from pickglass.errors import InputError
from pickglass.faces.cli.output import json_option, print_json, say, table


@click.group()
def bench() -> None:
    """Benchmarks: measure pickglass on invented data whose truth is known."""


@bench.command("fairness")
@click.option("--workers", default=876, show_default=True, type=click.IntRange(35, 20_000))
@click.option("--days", default=120, show_default=True, type=click.IntRange(30, 1_000))
@click.option("--seed", default=7, show_default=True, type=click.IntRange(0))
@click.option(
    "--write", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write the page about it, too."
)
@json_option
def bench_fairness(*, workers: int, days: int, seed: int, page: Path | None, as_json: bool) -> int:
    """Compare honest groups with their counterparts: bits, bands and every indicator; exit 3 if one stands out.

    \b
    pickglass bench fairness
    pickglass bench fairness --write docs/fairness.md
    """
    from pickglass.benchmark import fairness_page
    from pickglass.benchmark.fairness import fairness

    result = fairness(workers, days, seed)
    if page is not None:
        page.write_text(fairness_page.page(result, datetime.now(UTC).date()), encoding="utf-8")
        say(f"wrote {page}")
    if as_json:
        print_json(result)
    else:
        table(
            ("group", "people", "hypothesis", "bits", "low", "high", "act or review", "base", "same", "held"),
            [
                (
                    one["id"],
                    one["people"],
                    *one["bits"].values(),
                    one["urgent"]["group"],
                    one["urgent"]["base"],
                    one["same"],
                    "yes" if one["passed"] else "no",
                )
                for one in result["groups"]
            ],
        )
    return 0 if result["passed"] else InputError.exit_code
