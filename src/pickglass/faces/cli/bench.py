"""Verbs that measure pickglass itself on invented data: one command for each measure, `pickglass bench <measure>`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from pickglass.errors import InputError
from pickglass.faces.cli.output import json_option, print_json, say, table


@click.group()
def bench() -> None:
    """Benchmarks: measure pickglass on invented data whose truth is known."""


@bench.command("linkage")
@json_option
@click.option("--people", metavar="N", type=int, default=20_000, show_default=True, help="Invented subjects.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed invents the same people.")
@click.option(
    "--sets",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with public sets of persons: febrl/dataset1.csv …, splink_fake_1000/fake_1000.csv.",
)
@click.option("--only", metavar="NAME", multiple=True, help="Only the set of this name; may be repeated.")
@click.option("--quick", is_flag=True, help="Few people and no increment: does it work at all?")
@click.option("--alone", is_flag=True, help="Leave plain Splink out: it takes its time with a million.")
@click.option(
    "--results",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="Instead of measuring: take the JSON of an earlier run; may be repeated.",
)
@click.option(
    "--write",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the page of the figures as well, and its curves beside it as SVG.",
)
def bench_linkage(
    as_json: bool,
    people: int,
    seed: int,
    sets: Path | None,
    only: tuple[str, ...],
    quick: bool,
    alone: bool,
    results: tuple[Path, ...],
    page: Path | None,
) -> None:
    """Measure how well linkage tells persons apart, beside plain Splink on the same people.

    \b
    pickglass bench linkage --quick
    pickglass bench linkage --people 100000 --sets sets --json > figures.json
    pickglass bench linkage --results figures.json --write docs/linkage-benchmark.md
    """
    from pickglass.benchmark.linkage import linkage_document, measure_linkage
    from pickglass.benchmark.linkage_page import linkage_page, linkage_picture

    documents = (
        [_read(path) for path in results]
        if results
        else [
            linkage_document(
                measure_linkage(people, sets=sets, seed=seed, only=only, quick=quick, alone=alone, tell=say)
            )
        ]
    )
    if page is not None:
        picture = page.with_suffix(".svg")
        page.write_text(linkage_page(documents, picture.name), encoding="utf-8")
        picture.write_text(linkage_picture(documents), encoding="utf-8")
    if as_json:
        print_json(documents[0] if len(documents) == 1 else documents)
        return
    columns = (
        "people",
        "precision",
        "recall",
        "cluster_precision",
        "cluster_recall",
        "largest_cluster",
        "seconds",
    )
    for document in documents:
        rows = [
            [f"{result['name']} {by}", *(answer[column] for column in columns[1:])]
            for result in document["results"]
            for by, answer in (("pickglass", result), ("splink", result["splink"]))
            if answer
        ]
        table(columns, rows, document["command"])


def _read(path: Path) -> dict[str, Any]:
    try:
        document = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path} is no JSON of an earlier run", where=str(path)) from error
    if not isinstance(document, dict) or "results" not in document:
        raise InputError(f"{path} is no JSON of an earlier run", where=str(path))
    return document


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
