"""What each indicator needs, and how often it fires: on a company without real people, and on logs of your own.

Run: .venv/bin/python benchmarks/measure_indicators.py needs [ID …] [--write]      a quarter of an hour for all
     .venv/bin/python benchmarks/measure_indicators.py simulated [--write]         two minutes
     PICKGLASS_CORPUS=FOLDER .venv/bin/python benchmarks/measure_indicators.py corpus [--write]

With --write the numbers go into src/pickglass/indicators/measured.json, from which the pages of the catalogue, the
coverage and `pickglass indicator explain` read them. Only counts are kept, none of the data.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pickglass import pipeline
from pickglass.indicators.catalogue import catalogue, files, folder, read_entry
from pickglass.indicators.needs import MEASURED, least_needs
from pickglass.settings import load_settings
from pickglass.simulate import simulate

SEED, WORKERS, APPLICANTS, DAYS = 7, 300, 1000, 240


def needs(ids: list[str]) -> dict[str, list[list[str]]]:
    """Find the needs of some indicators, or of all."""
    entries = [read_entry(path) for path in files() if not ids or path.stem in ids]
    return {
        one.indicator.id: least_needs(one.indicator, one.trials)
        for one in entries
        if one.indicator is not None
    }


def simulated() -> dict[str, Any]:
    """Count what fires in the company that `simulate` writes with a fixed seed."""
    with tempfile.TemporaryDirectory(prefix="pickglass-measure-") as place:
        exports = Path(place, "exports")
        simulate(exports, WORKERS, APPLICANTS, DAYS, SEED)
        company = {"seed": SEED, "workers": WORKERS, "applicants": APPLICANTS, "days": DAYS}
        return company | counts(Path(place, "home"), exports)


def corpus() -> dict[str, Any]:
    """Count what fires in the folder of logs that PICKGLASS_CORPUS names."""
    named = os.environ.get("PICKGLASS_CORPUS")
    if not named:
        sys.exit("PICKGLASS_CORPUS names no folder")
    with tempfile.TemporaryDirectory(prefix="pickglass-measure-") as place:
        return counts(Path(place, "home"), Path(named))


def counts(home: Path, exports: Path) -> dict[str, Any]:
    """Load a folder, ask everything, and count: [fired, clear] for each indicator that answered about somebody."""
    done = pipeline.run(load_settings(home, {}), [exports])
    fired: Counter[str] = Counter()
    clear: Counter[str] = Counter()
    for document in done.documents:
        fired.update({one["indicator"] for one in document["evidence"]["fired"]})
        clear.update(document["evidence"]["clear"])
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
        "subjects": len(done.documents),
        "indicators": {one: [fired[one], clear[one]] for one in catalogue() if fired[one] or clear[one]},
    }


def main() -> None:
    """Measure one part and print it, or keep it."""
    given = [one for one in sys.argv[1:] if one != "--write"]
    part, ids = (given or ["needs"])[0], given[1:]
    found: dict[str, Any] = {"needs": lambda: needs(ids), "simulated": simulated, "corpus": corpus}[part]()
    if "--write" not in sys.argv:
        print(json.dumps(found, indent=1))
        return
    path = folder() / MEASURED
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if part == "needs" and ids:
        found = {**kept.get("needs", {}), **found}
    kept[part] = dict(sorted(found.items())) if part == "needs" else found
    path.write_text(written(dict(sorted(kept.items()))), encoding="utf-8")


def written(kept: dict[str, Any]) -> str:
    """Write a line for each indicator, so that a change is seen as one."""
    parts = []
    for part, content in kept.items():
        plain = {name: value for name, value in content.items() if name != "indicators" and part != "needs"}
        listed = content if part == "needs" else content["indicators"]
        lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in plain.items()]
        inner = [f"   {json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(listed.items())]
        if part == "needs":
            lines = [line[1:] for line in inner]
        else:
            lines.append('  "indicators": {\n' + ",\n".join(inner) + "\n  }")
        parts.append(f" {json.dumps(part)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()
