"""How long the indicators take over a lake, view by view and indicator by indicator, and with how much memory.

Run: .venv/bin/python benchmarks/measure_indicator_speed.py [HOME] [--events N] [--workers N] [--memory 4GB] [--no-day]
         [--months 2025-03,2026-03] [--json PATH]

Without HOME a lake is made (`make_big_lake.py`) in a folder that is removed afterwards. Each measure is a process of its own,
whose peak of memory is told: the first opening, which finds no rollups; a second one; and one after one more day was loaded.
Seconds are told by the clock and by processor time: other work on the machine slows the clock more.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MEASURE = """
import json, resource, sys, time
from pathlib import Path
from pickglass.indicators import run as asking
from pickglass.indicators.catalogue import catalogue
from pickglass.lake import reading, session as opening
from pickglass.settings import load_settings
from pickglass.store import open_store
import pickglass.indicators.sentence

def clocks():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.monotonic(), used.ru_utime + used.ru_stime

def took(start):
    return [round(now - then, 3) for then, now in zip(start, clocks())]

home, result = sys.argv[1:3]
views, indicators = {}, {}

def timed(name, function):
    def inner(connection, *given, **more):
        start = clocks()
        try:
            return function(connection, *given, **more)
        finally:
            what = next((one if isinstance(one, str) else one.name for one in given if isinstance(one, str) or hasattr(one, "columns")), "")
            key = f"{name} {what}".strip()
            views[key] = [a + b for a, b in zip(views.get(key, [0, 0]), took(start))]
    return inner

for name in [one for one in dir(opening) if one.startswith("_install_") or one == "_run"]:
    setattr(opening, name, timed(name.removeprefix("_install_").strip("_"), getattr(opening, name)))

months = sys.argv[3].split(",") if sys.argv[3] else None
every = reading.parts
reading.parts = lambda tables, name, snapshot: [
    part for part in every(tables, name, snapshot) if months is None or name not in (*opening.ROLLED, "mail") or part.month in months
]
asked = [one for one in catalogue().values() if one.status != "manual"]
settings = load_settings(Path(home))
begin = clocks()
with open_store(settings) as store, reading.open_lake(settings, store) as session:
    opened = took(begin)
    problems, fired = {}, 0
    for one in asked:
        start = clocks()
        try:
            findings, _ = asking.ask(session, one)
            fired += len(findings)
        except Exception as error:
            problems[one.id] = str(error)
        indicators[one.id] = took(start)
    total = took(begin)
json.dump({"open": opened, "views": views, "indicators": indicators, "total": total, "problems": problems, "fired": fired,
           "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}, open(result, "w"))
"""


def measure(home: Path, memory: str, months: str) -> dict[str, Any]:
    """Open the lake in a process of its own and put every question to it."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        environment = {**os.environ, "PICKGLASS_MEMORY_LIMIT": memory, "PICKGLASS_THREADS": "2"}
        subprocess.run(
            [sys.executable, "-c", MEASURE, str(home), str(result), months], check=True, env=environment
        )
        found: dict[str, Any] = json.loads(result.read_text())
    return found | {"load": os.getloadavg()[0]}


def make(home: Path, *options: str) -> None:
    """Call the generator in a process of its own."""
    subprocess.run(
        [sys.executable, str(Path(__file__).with_name("make_big_lake.py")), str(home), *options], check=True
    )


def tell(title: str, found: dict[str, Any], most: int) -> None:
    """Print one measure: its totals, and what took longest."""
    print(
        f"\n{title}: {found['total'][0]:.1f} s, {found['total'][1]:.1f} processor seconds, opening {found['open'][0]:.1f} s,"
    )
    print(f"peak {found['peak_mb']} MB, load {found['load']:.1f}, {found['fired']} findings")
    for kind in ("views", "indicators"):
        slowest = sorted(found[kind].items(), key=lambda pair: -pair[1][1])[:most]
        print(f"  {'seconds':>8} {'processor':>9}  {kind}")
        for name, (wall, processor) in slowest:
            print(f"  {wall:8.2f} {processor:9.2f}  {name}")
    for name, problem in found["problems"].items():
        print(f"  PROBLEM {name}: {problem}")


def main() -> None:
    """Measure, and print what was found."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("home", type=Path, nargs="?")
    options.add_argument("--events", type=int, default=50_000_000)
    options.add_argument("--workers", type=int, default=10_000)
    options.add_argument("--memory", default="4GB")
    options.add_argument("--months", default="", help="read the logs of these months only")
    options.add_argument("--no-day", action="store_true", help="only the lake as it is, once")
    options.add_argument("--most", type=int, default=10, help="how many of the slowest are told")
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="big-lake-") as folder:
        home = given.home or Path(folder)
        if given.home is None:
            make(home, "--events", str(given.events), "--workers", str(given.workers))
        found = {"first": measure(home, given.memory, given.months)}
        tell("first", found["first"], given.most)
        if not given.no_day:
            found["again"] = measure(home, given.memory, given.months)
            tell("again", found["again"], given.most)
            make(home, "--day")
            found["one more day"] = measure(home, given.memory, given.months)
            tell("one more day", found["one more day"], given.most)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
