"""Why two subjects are one person, or are not: the score of a pair as a sum of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from pickglass.linkage.model import Model


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the sum, in hundredths of a bit for «one person» against «two»; never the shared value itself."""

    kind: Literal["prior", "agree", "differ", "unknown", "family"]
    label: str  # what was compared: mails, phones, names …
    bits: int
    reason: str = ""


def waterfall(people: pa.Table, model: Model, left: str, right: str) -> tuple[Step, ...]:
    """Explain the score of any two subjects, linked or not; the steps' bits sum to the pair's."""
    raise NotImplementedError
