"""How much memory and time 1 GB of Okta System Log takes to load, beside DuckDB's bare typed read and write.

Run: .venv/bin/python benchmarks/measure_load_memory.py [MEGABYTES]

The load includes record numbers, hashes, the drift check, mapping, and the sealed originals; the bare run reads the
same columns with the same types and writes them as Parquet. Both are whole processes on the same machine, one after
the other; the ratio is what to look at, times are of this machine.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

MEGABYTES = 1024

BARE = """
import sys
from pickglass.lake.engine import connect, literal
from pickglass.sources.definitions import definitions
source = definitions()["okta_system_log"]
columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in source.columns.items())
connection = connect("1GB", 2)
connection.execute(
    f"COPY (SELECT * FROM read_json({literal(sys.argv[1])}, format = 'newline_delimited', columns = {{{columns}}})) "
    f"TO {literal(sys.argv[2])} (FORMAT parquet, COMPRESSION zstd)"
)
"""

LOAD = """
import sys
from pathlib import Path
import pickglass
report = pickglass.load(pickglass.load_settings(Path(sys.argv[2])), [Path(sys.argv[1])])
print(dict(report.records), dict(report.rows))
"""


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


def measured(program: str, *arguments: str) -> tuple[float, int]:
    """Run a Python program as a process; returns its seconds and its peak memory in MB."""
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", program, *arguments], check=True)
    seconds = time.monotonic() - start
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def main() -> None:
    """Measure and print."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "okta.ndjson"
        events = write_log(log, megabytes)
        size = log.stat().st_size / 1e6
        # The bare run first: the peak that the system keeps is the highest of all children so far.
        bare, bare_memory = measured(BARE, str(log), str(Path(folder) / "bare.parquet"))
        load, memory = measured(LOAD, str(log), str(Path(folder) / "home"))
    print(f"{size:,.0f} MB, {events:,} events")
    print(f"bare read and write {bare:6.1f} s  {size / bare:6.0f} MB/s  peak {bare_memory:,} MB")
    print(f"load                {load:6.1f} s  {size / load:6.0f} MB/s  peak {memory:,} MB (of both)")
    print(f"speed of the load beside the bare run: {bare / load:.2f}")


if __name__ == "__main__":
    main()
