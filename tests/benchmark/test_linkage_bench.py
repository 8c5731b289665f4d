"""The linkage bench: a run at a tiny size, its page, and its curves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from click.testing import CliRunner

from pickglass.benchmark.drawing import draw_curves
from pickglass.benchmark.linkage import linkage_document, measure_linkage
from pickglass.benchmark.linkage_page import linkage_page, linkage_picture
from pickglass.errors import InputError
from pickglass.faces.cli.main import cli

COST = {"seconds": 1.5, "processor_seconds": 2.5, "peak_mb": 1200}
FIGURES = {
    "threshold": 0.9,
    "precision": 0.99,
    "recall": 0.951,
    "recall_of_sharing": 0.99,
    "cluster_precision": 0.98,
    "cluster_recall": 0.97,
    "largest_cluster": 6,
    "recall_at_precision": {"threshold": 0.8, "precision": 0.981, "recall": 0.96},
    **COST,
}
POINT = {"threshold": 0.9, "precision": 0.99, "recall": 0.951}
DOCUMENT: dict[str, Any] = {
    "made": "2026-01-02T03:04:05+00:00",
    "command": "pickglass bench linkage --people 400 --seed 7",
    "seed": 7,
    "people": 400,
    "load": "0.5 on 2 processors",
    "results": [
        {
            "name": "clean",
            "subjects": 400,
            "true_pairs": 130,
            **FIGURES,
            "largest_truth": 5,
            "nothing_shared": 4,
            "values_dropped": 3,
            "false_links_per_1000_by_name": [0.0, 0.1, 0.2, 0.3, 0.4],
            "stages": {"people": COST},
            "splink_seconds": 1.5,
            "splink": {**FIGURES, "recall_at_precision": None},
            "increment": {"newcomers": 20, "pairs": 9, "different": 0, "different_clusters": 2, "cost": COST},
            "curve": [POINT],
            "splink_curve": [POINT],
        }
    ],
}


def test_a_quick_run_finds_most_duplicates_and_says_what_it_cost() -> None:
    told: list[str] = []
    bench = measure_linkage(400, only=["corrupted"], quick=True, tell=told.append)
    assert told == ["corrupted: 400 subjects"]
    document = linkage_document(bench)
    (result,) = document["results"]
    assert set(DOCUMENT) == set(document)
    assert set(DOCUMENT["results"][0]) == set(result)
    assert result["precision"] > 0.9
    assert result["recall"] > 0.7
    assert result["largest_cluster"] <= 1.2 * result["largest_truth"]
    assert {"people", "train", "score", "cluster"} == set(result["stages"])
    assert "corrupted" in linkage_page([document], "curves.svg")


@pytest.mark.parametrize(
    ("people", "only", "words"), [(99, [], "too few"), (400, ["cleen"], "no set called")]
)
def test_what_cannot_be_measured_is_refused(people: int, only: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        measure_linkage(people, only=only)


def test_the_page_holds_every_figure(tmp_path: Path) -> None:
    figures, page = tmp_path / "figures.json", tmp_path / "page.md"
    figures.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    run = CliRunner().invoke(
        cli, ["bench", "linkage", "--results", str(figures), "--write", str(page), "--json"], obj={}
    )
    assert json.loads(run.stdout) == DOCUMENT
    text = page.read_text(encoding="utf-8")
    for row in (
        "| clean | 400 | 130 | 4 | pickglass, 0.9 | 0.9900 | 0.9510 | 0.9900 | 0.9800 | 0.9700 | 6 (5) | 0.9600 |",
        "| clean | 400 | 130 | 4 | plain Splink, 0.9 | 0.9900 | 0.9510 | 0.9900 | 0.9800 | 0.9700 | 6 (5) | never |",
        "| clean | 400 | pickglass | 1.5 | 2.5 | 1,200 MB | people 2.5 |",
        "| clean | 400 | 20 | 9 | 0 | 2 | 1.5 | 2.5 |",
        "| clean | 400 | 0.0 | 0.1 | 0.2 | 0.3 | 0.4 |",
        "![Precision over recall](page.svg)",
    ):
        assert row in text
    assert page.with_suffix(".svg").read_text(encoding="utf-8") == linkage_picture([DOCUMENT])


def test_a_run_without_plain_splink_has_its_own_rows() -> None:
    alone = DOCUMENT["results"][0] | {"splink": None, "splink_seconds": None, "splink_curve": []}
    text = linkage_page([DOCUMENT | {"results": [alone]}], "curves.svg")
    assert "| pickglass, 0.9 |" in text
    assert "| plain Splink" not in text
    assert "plain Splink" not in linkage_picture([DOCUMENT | {"results": [alone]}])


def test_no_results_make_no_page(tmp_path: Path) -> None:
    for text in ("{", "[]", "{}"):
        (tmp_path / "figures.json").write_text(text, encoding="utf-8")
        run = CliRunner().invoke(
            cli, ["bench", "linkage", "--results", str(tmp_path / "figures.json")], obj={}
        )
        assert isinstance(run.exception, InputError), text


def test_curves_are_drawn_inside_their_frames_and_names_are_escaped() -> None:
    text = draw_curves({"<a> & b": {"ours": [(0.0, 1.0), (1.0, 0.2)]}, "c": {"ours": []}})
    picture = fromstring(text)  # noqa: S314 - our own
    name = "{http://www.w3.org/2000/svg}"
    assert "<a> & b" in [one.text for one in picture.iter(f"{name}text")]
    lines = [one.get("points") for one in picture.iter(f"{name}polyline")]
    assert lines == ["0.0,0.0 290.0,170.0", ""]
