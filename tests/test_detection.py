"""The promise on the simulated company: planted cases are seen, honest look-alikes are left in peace.

The company is the one that `pickglass demo` makes. The truth is read from the simulator's `truth.json`, which
nothing else reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pickglass import pipeline
from pickglass.settings import load_settings
from pickglass.simulate import simulate

BELOW_REVIEW = {"married couple", "streamer", "consultant"}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], pipeline.Run]]:
    """Return the truth about the demo company, and the run on its exports."""
    folder = tmp_path_factory.mktemp("company")
    simulate(folder / "exports", workers=300, days=240, seed=7)
    run = pipeline.run(load_settings(folder / "home"), [folder / "exports"])
    yield json.loads((folder / "exports" / "truth.json").read_text("utf-8")), run


def _documents(run: pipeline.Run) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {
        (system, reference): document
        for document in run.documents
        for system, reference in document["subject"]["refs"].items()
    }


def _band(truth: Mapping[str, Any], documents: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    found = [documents[key] for key in truth["refs"].items() if key in documents]
    assert found, f"{truth['refs']} is in the exports and not among the subjects"
    band: str = found[0]["assessment"]["band"]
    return band
