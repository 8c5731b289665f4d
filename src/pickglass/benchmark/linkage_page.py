"""Writes the page of the linkage bench from the documents of its runs: tables, and curves in an SVG beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pickglass.benchmark.drawing import draw_curves
from pickglass.benchmark.linkage import PRECISION

Document = Mapping[str, Any]

_HEAD = """\
# How well linkage tells persons apart

Written by `pickglass bench linkage`; the commands stand below. People are generated with known duplicates
(`clean`, `corrupted`, `namesakes`: [simulate](simulate.md) says how), or read from public sets given with `--sets`.
Plain Splink reads the same canonical values, placeholders taken out, in the same run: its ready-made comparisons with
term frequencies, expectation maximisation, and connected components.

A pair is *right* if both subjects are one person. *Precision* is the share of found pairs that are right, *recall* the
share of right pairs that are found; for clusters every pair in a cluster counts as found. Some right pairs share no value
at all but perhaps a name, which alone never links: nobody can find those but through a third subject. Seconds by the clock say
little where others use the machine: read the processor's.
"""

_NEWCOMERS = """\
## A day's newcomers

Scored against everybody, and added to the clusters of the day before. *Different* counts the pairs and the clusters that
a full run finds and this does not, or the other way round.
"""
_NAMES = """\
## Common names

False links per 1,000 subjects, from the fifth with the rarest names to the fifth with the commonest. The rarest
hold the misspelt ones, which seldom equal anybody's.
"""


def linkage_page(documents: Sequence[Document], picture: str) -> str:
    """Write the page; `picture` is the file name of its curves."""
    results = [(document, result) for document in documents for result in document["results"]]
    parts = [
        _HEAD,
        "## Runs\n",
        _table(
            ("made", "command", "seed", "load of the machine"),
            [
                (document["made"], f"`{document['command']}`", document["seed"], document["load"])
                for document in documents
            ],
        ),
        "## Pairs and clusters\n",
        _table(
            (
                "people",
                "subjects",
                "right pairs",
                "of these sharing nothing",
                "by, from which probability",
                "precision",
                "recall",
                "of those sharing a value",
                "cluster precision",
                "cluster recall",
                "largest cluster (truth)",
                f"recall at precision {PRECISION}",
            ),
            [row for _, result in results for row in _quality(result)],
        ),
        f"![Precision over recall]({picture})\n",
        "## Cost\n",
        _table(
            (
                "people",
                "subjects",
                "by",
                "seconds",
                "processor seconds",
                "peak memory",
                "of these (processor)",
            ),
            [row for _, result in results for row in _cost(result)],
        ),
        _NEWCOMERS,
        _table(
            (
                "people",
                "subjects",
                "newcomers",
                "pairs",
                "different",
                "different clusters",
                "seconds",
                "processor seconds",
            ),
            [_increment(result) for _, result in results if result["increment"]],
        ),
        _NAMES,
        _table(
            ("people", "subjects", "rarest", "second", "third", "fourth", "commonest"),
            [
                (result["name"], f"{result['subjects']:,}", *result["false_links_per_1000_by_name"])
                for _, result in results
            ],
        ),
    ]
    return "\n".join(parts)


def linkage_picture(documents: Sequence[Document]) -> str:
    """Draw the curves of all results."""
    panels = {}
    for document in documents:
        for result in document["results"]:
            title = f"{result['name']}, {result['subjects']:,} subjects"
            panels[title] = {"pickglass": _points(result["curve"])}
            if result["splink"]:
                panels[title]["plain Splink"] = _points(result["splink_curve"])
    return draw_curves(panels)


def _points(curve: Sequence[Document]) -> list[tuple[float, float]]:
    return [(point["recall"], point["precision"]) for point in curve]


def _answers(result: Document) -> list[tuple[str, Document]]:
    return [("pickglass", result), *([("plain Splink", result["splink"])] if result["splink"] else [])]


def _quality(result: Document) -> list[tuple[Any, ...]]:
    who = (
        result["name"],
        f"{result['subjects']:,}",
        f"{result['true_pairs']:,}",
        f"{result['nothing_shared']:,}",
    )
    rows: list[tuple[Any, ...]] = []
    for name, answer in _answers(result):
        best = answer["recall_at_precision"]
        rows.append(
            (
                *who,
                f"{name}, {answer['threshold']}",
                *(
                    f"{answer[figure]:.4f}"
                    for figure in (
                        "precision",
                        "recall",
                        "recall_of_sharing",
                        "cluster_precision",
                        "cluster_recall",
                    )
                ),
                f"{answer['largest_cluster']} ({result['largest_truth']})",
                "never" if best is None else f"{best['recall']:.4f}",
            )
        )
    return rows


def _cost(result: Document) -> list[tuple[Any, ...]]:
    stages = ", ".join(f"{name} {cost['processor_seconds']:.1f}" for name, cost in result["stages"].items())
    return [
        (
            result["name"],
            f"{result['subjects']:,}",
            name,
            f"{answer['seconds']:.1f}",
            f"{answer['processor_seconds']:.1f}",
            f"{answer['peak_mb']:,} MB",
            stages if answer is result else "",
        )
        for name, answer in _answers(result)
    ]


def _increment(result: Document) -> tuple[Any, ...]:
    one = result["increment"]
    return (
        result["name"],
        f"{result['subjects']:,}",
        f"{one['newcomers']:,}",
        f"{one['pairs']:,}",
        one["different"],
        one["different_clusters"],
        f"{one['cost']['seconds']:.1f}",
        f"{one['cost']['processor_seconds']:.1f}",
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"
