"""How fast a load is beside DuckDB's bare typed read and write of the same file, and how much memory it takes.

Run: .venv/bin/python benchmarks/measure_load_speed.py [--megabytes 700] [--files 0] [--rounds 3] [--json PATH]

Three ways, each a whole process, one after the other, in every round:

    bare     DuckDB reads the source's columns with their types and writes them as Parquet (zstd): no records counted
    mapped   a load without originals: recognition, record numbers and hashes, drift check, mapping, commit
    kept     the load as it is: the originals compressed, sealed and proved by a hash for each record as well

Each process does the same with a file of 20 events first, into the same home. That is its start-up (libraries, definitions of
sources, making the ledger and the table), the same for one megabyte and for a terabyte; it is told apart, and the clocks of all
three ways begin after it. What was written before is brought to the disk first, so that no way pays for another's writing.

What counts is the ratio within one run, by the clock and by processor time: other work on the machine slows all three,
and the clock more than the processor time. Compared are the medians of all rounds. `--files N` loads N files of one to five
records in place of one big file.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

BARE = """
import sys
from pickglass.lake.engine import connect, literal
from pickglass.sources.definitions import definitions
source = definitions()["okta_system_log"]
columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in source.columns.items())
def work(given, home):
    files = given if given.endswith(".json") else given + "/*.json"
    connect("1GB", 2).execute(
        f"COPY (SELECT * FROM read_json({literal(files)}, format = 'newline_delimited', columns = {{{columns}}})) "
        f"TO {literal(home + '.parquet')} (FORMAT parquet, COMPRESSION zstd)"
    )
"""

LOAD = """
import functools, sys
from pathlib import Path
import pickglass
from pickglass.lake import load
load.Loader = functools.partial(load.Loader, keep_originals=sys.argv[5] == "kept")
def work(given, home):
    report = pickglass.load(pickglass.load_settings(Path(home)), [Path(given)])
    assert report.records["mapped"] == report.records["read"] > 0, report.records
"""

CLOCKS = """
import json, resource, time
def clocks():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.monotonic(), sum(one.ru_utime + one.ru_stime for one in used)
given, small, home, result = sys.argv[1:5]
work(small, home)
start = clocks()
work(given, home)
json.dump([start, clocks()], open(result, "w"))
"""


@dataclass(frozen=True, slots=True)
class Measure:
    """What one process took, after its start-up and for it."""

    seconds: float
    processor_seconds: float
    startup_processor_seconds: float
    peak_mb: int


def write_log(path: Path, megabytes: int) -> int:
    """Write a synthetic Okta log of about this size; returns the number of events."""
    draw = random.Random(7)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    events = 0
    with path.open("wb") as file:
        while file.tell() < megabytes * 1_000_000:
            lines = [json.dumps(event(draw, start, events + step)) for step in range(2_000)]
            file.write("\n".join(lines).encode() + b"\n")
            events += 2_000
    return events


def event(draw: random.Random, start: datetime, number: int) -> dict[str, object]:
    """Return one sign-in as the System Log writes it."""
    person = draw.randrange(5_000)
    address = f"198.18.{person % 256}.{person // 256}"
    user_agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
    place = {
        "city": "Denver",
        "state": "Colorado",
        "country": "United States",
        "postalCode": "80205",
        "geolocation": {"lat": 39.74 + draw.random() / 100, "lon": -104.99 + draw.random() / 100},
    }
    return {
        "actor": {
            "id": f"00u{person:017d}",
            "type": "User",
            "alternateId": f"person.{person}@example.com",
            "displayName": f"Person {person}",
            "detailEntry": None,
        },
        "client": {
            "userAgent": {"rawUserAgent": user_agent, "os": "Windows 10", "browser": "CHROME"},
            "zone": "null",
            "device": "Computer",
            "id": None,
            "ipAddress": address,
            "geographicalContext": place,
        },
        "device": None,
        "authenticationContext": {
            "authenticationProvider": None,
            "credentialProvider": None,
            "credentialType": None,
            "issuer": None,
            "interface": None,
            "authenticationStep": 0,
            "externalSessionId": f"102{draw.getrandbits(60):x}",
        },
        "displayMessage": "User login to Okta",
        "eventType": "user.session.start",
        "outcome": {"result": "SUCCESS", "reason": None},
        "published": (start + timedelta(seconds=number * 0.9))
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
        "securityContext": {
            "asNumber": 64500,
            "asOrg": "example residential",
            "isp": "example residential",
            "domain": "example.net",
            "isProxy": False,
        },
        "severity": "INFO",
        "debugContext": {
            "debugData": {
                "requestId": f"{draw.getrandbits(100):x}",
                "dtHash": f"{draw.getrandbits(250):x}",
                "requestUri": "/idp/idx/authenticators/poll",
                "threatSuspected": "false",
                "url": "/idp/idx/authenticators/poll?",
            }
        },
        "legacyEventType": "core.user_auth.login_success",
        "transaction": {"type": "WEB", "id": f"{draw.getrandbits(100):x}", "detail": {}},
        "uuid": f"{number:032x}",
        "version": "0",
        "request": {
            "ipChain": [{"ip": address, "geographicalContext": place, "version": "V4", "source": None}]
        },
        "target": None,
    }


def write_events(path: Path, count: int) -> None:
    """Write a small log of so many events."""
    draw, start = random.Random(8), datetime(2026, 2, 1, tzinfo=UTC)
    path.write_text("".join(json.dumps(event(draw, start, number)) + "\n" for number in range(count)))


def write_files(folder: Path, count: int) -> int:
    """Write many small files of one to five events each; returns the number of events."""
    draw = random.Random(7)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    events = 0
    folder.mkdir()
    for number in range(count):
        lines = [json.dumps(event(draw, start, events + step)) for step in range(draw.randint(1, 5))]
        (folder / f"{number:06d}.json").write_text("\n".join(lines) + "\n")
        events += len(lines)
    return events


def measured(program: str, given: Path, folder: Path, way: str) -> Measure:
    """Run one way as a process of its own; what it writes is removed."""
    small, result, home = folder / "small.json", folder / "clocks", folder / "home"
    write_events(small, 20)
    arguments = [str(given), str(small), str(home), str(result), way]
    os.sync()
    process = subprocess.Popen([sys.executable, "-c", program + CLOCKS, *arguments])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{way}: ended with status {status}")
    (start, used_before), (end, used) = json.loads(result.read_text())
    for left in folder.glob("home*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    return Measure(
        round(end - start, 2), round(used - used_before, 2), round(used_before, 2), usage.ru_maxrss // 1024
    )


def one_round(given: Path, folder: Path) -> dict[str, Measure]:
    """Measure all three ways once."""
    programs = {"bare": BARE, "mapped": LOAD, "kept": LOAD}
    return {way: measured(program, given, folder, way) for way, program in programs.items()}


def main() -> None:
    """Print a table of each way's medians and the ratios, and all numbers as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=700)
    parser.add_argument("--files", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path, help="where to work; by default the system's temporary folder")
    options = parser.parse_args()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        given = folder / "okta" if options.files else folder / "okta.json"
        events = write_files(given, options.files) if options.files else write_log(given, options.megabytes)
        paths = list(given.iterdir()) if given.is_dir() else [given]
        size = sum(path.stat().st_size for path in paths)
        rounds = [one_round(given, folder) for _ in range(options.rounds)]
    median = {way: _median([one[way] for one in rounds]) for way in rounds[0]}
    print(f"{size / 1e6:,.0f} MB, {events:,} events, {len(paths):,} files, {os.cpu_count()} processors")
    print(f"load of the machine: {before:.1f} before, {os.getloadavg()[0]:.1f} after")
    print("way       seconds  processor s   MB/s  peak MB  ratio  ratio by processor  start-up, processor s")
    for way, one in median.items():
        ratio, by_processor = _ratios(median, way)
        print(
            f"{way:8} {one.seconds:8.1f} {one.processor_seconds:12.1f} {size / 1e6 / one.seconds:6.0f} {one.peak_mb:8,}"
            f" {ratio:6.2f} {by_processor:19.2f} {one.startup_processor_seconds:22.2f}"
        )
    document = {
        "bytes": size,
        "events": events,
        "files": len(paths),
        "load_average": [before, os.getloadavg()[0]],
        "rounds": [{way: asdict(one) for way, one in found.items()} for found in rounds],
        "ratios": {way: _ratios(median, way) for way in median},
    }
    if options.json:
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    else:
        print(json.dumps(document))


def _median(measures: list[Measure]) -> Measure:
    """Return the median of each number."""
    one = {
        name: statistics.median(getattr(measure, name) for measure in measures)
        for name in asdict(measures[0])
    }
    return Measure(**one | {"peak_mb": round(one["peak_mb"])})


def _ratios(median: dict[str, Measure], way: str) -> tuple[float, float]:
    """Return a way's speed beside the bare run's, by the clock and by processor time."""
    bare, one = median["bare"], median[way]
    return (
        round(bare.seconds / one.seconds, 3),
        round(bare.processor_seconds / one.processor_seconds, 3),
    )


if __name__ == "__main__":
    main()
