"""Scorecards, and the pure function that applies them to evidence.

A scorecard is a dated table that a person can read. The result is its own explanation: ordered steps in
hundredths of a bit whose sum is the total, caps included.

* `load_scorecard(version)` reads a shipped table, or any file; every mistake in it is told at once.
* `score(evidence, scorecard, indicators)` weighs what was found about one subject.
* `check(scorecard, indicators)` tells where table and catalogue disagree.
"""

from pickglass.score.scorecard import Group, Prior, Scorecard, Sufficiency, Weight
from pickglass.score.scorecard_file import check, load_scorecard, parse_scorecard, scorecard_versions
from pickglass.score.weighing import population, score

__all__ = [
    "Group",
    "Prior",
    "Scorecard",
    "Sufficiency",
    "Weight",
    "check",
    "load_scorecard",
    "parse_scorecard",
    "population",
    "score",
    "scorecard_versions",
]
