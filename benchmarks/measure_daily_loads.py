"""Whether loads stay fast after years of daily ones: many small real loads into one home, one after the other.

Run: .venv/bin/python benchmarks/measure_daily_loads.py [LOADS] [CARE_AFTER]

Each load is one day: a small Okta log and, once a week, a roster. Everything is real: recognition, mapping, sealed
originals, Iceberg commits, the ledger, and the care that is taken on its own after so many batches (0: never). Readers'
hours are 0, because a year passes here in minutes. CPU seconds stand beside the wall clock: others may use the machine.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from pickglass import pipeline
from pickglass.settings import Settings, load_settings

LOADS = 1000
WINDOWS = ((1, 20), (480, 500), (980, 1000))
EVENTS = 20


def write_day(folder: Path, number: int) -> list[Path]:
    """Write the exports of one day."""
    day = date(2023, 1, 1) + timedelta(days=number)
    log = folder / f"okta_{day}.json"
    lines = [json.dumps(sign_in(number, event, day)) for event in range(EVENTS)]
    log.write_text("\n".join(lines) + "\n")
    if number % 7:
        return [log]
    roster = folder / f"roster_{day}.json"
    roster.write_text("\n".join(json.dumps(worker(one, day)) for one in range(5)) + "\n")
    return [log, roster]


def sign_in(number: int, event: int, day: date) -> dict[str, object]:
    """Write one sign-in as Okta does."""
    return {
        "uuid": f"{number}-{event}",
        "published": f"{day}T{event % 24:02d}:15:00.000Z",
        "eventType": "user.session.start",
        "actor": {"id": "1", "type": "User", "alternateId": f"w{event % 5}@example.com", "displayName": "W"},
        "client": {"ipAddress": "192.0.2.17"},
        "outcome": {"result": "SUCCESS", "reason": None},
    }


def worker(one: int, day: date) -> dict[str, object]:
    """Write one line of a Workday roster."""
    return {
        "As_of_Date": str(day),
        "Roster_Scope": "All",
        "Worker_Type": "Employee",
        "Employee_ID": f"E100{one}",
        "Legal_Name": f"Worker Number{one}",
        "Worker_Status": "Active",
        "Email_Work": f"w{one}@example.com",
        "Hire_Date": "2022-03-02",
    }


def measure(settings: Settings, folder: Path, loads: int) -> list[tuple[float, float]]:
    """Load day after day; return wall and CPU seconds of each."""
    found = []
    for number in range(loads):
        paths = write_day(folder, number)
        wall, work = time.perf_counter(), time.process_time()
        pipeline.load(settings, paths)
        found.append((time.perf_counter() - wall, time.process_time() - work))
        for path in paths:
            path.unlink()
        for first, last in WINDOWS:
            if number + 1 == last:
                print(f"loads {first:4d} to {last:4d}: {line(found[first - 1 : last])}", flush=True)
        if (number + 1) % 100 == 0:
            print(f"after {number + 1:10d}: {line(found[-20:])}", flush=True)
    return found


def line(some: Sequence[tuple[float, float]]) -> str:
    """Tell the middle and the longest of some loads."""
    wall, work = [one[0] for one in some], [one[1] for one in some]
    return (
        f"wall {statistics.median(wall) * 1000:6.0f} ms (longest {max(wall) * 1000:6.0f})   "
        f"CPU {statistics.median(work) * 1000:6.0f} ms (longest {max(work) * 1000:6.0f})"
    )


def main() -> None:
    """Measure and print."""
    loads = int(sys.argv[1]) if len(sys.argv) > 1 else LOADS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = replace(load_settings(folder / "home"), reader_hours=0)
        if len(sys.argv) > 2:
            settings = replace(settings, care_after=int(sys.argv[2]))
        found = measure(settings, folder, loads)
        start = statistics.median(one[1] for one in found[4:20])
        end = statistics.median(one[1] for one in found[-20:])
        print(f"CPU of the last loads over that of the first: {end / start:.2f}")
        status = pipeline.lake_status(settings)
        for table, one in status["tables"].items():
            print(f"{table}: {one['rows']:,} rows, {one['files']} files, {one['snapshots']} snapshots")
        files = sum(1 for path in (settings.home / "lake").rglob("*") if path.is_file())
        print(f"files below lake/: {files}")


if __name__ == "__main__":
    main()
