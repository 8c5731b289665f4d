"""Breaks samples until the time is up: `python tests/fuzz/for_long.py SECONDS [SOURCE...]`; by default parsers only.

Prints, for each source, how many variants were read and what was found. A finding names the seed, which breaks the sample
the same way again.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz.mutations import mutated
from tests.fuzz.reading import read, samples

LARGEST = 200_000


def main(seconds: float, chosen: list[str]) -> int:
    """Give each chosen source the same share of the time; returns the number of findings."""
    found = 0
    everything = samples()
    mine = [
        (source, path) for source, path in everything if (source.id in chosen if chosen else source.forms)
    ]
    for source, path in mine:
        until = time.monotonic() + seconds / len(mine)
        data = path.read_bytes()[:LARGEST]
        seed = 0
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, f"broken{path.suffix}")
            while time.monotonic() < until:
                seed += 1
                file.write_bytes(
                    mutated(data, seed, everything[seed % len(everything)][1].read_bytes()[:LARGEST])
                )
                try:
                    read(file, source, mapped=bool(chosen))
                except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
                    found += 1
                    print(f"{source.id} {path.name} seed {seed}: {type(error).__name__}: {error}", flush=True)
        print(f"{source.id} {path.name}: {seed} variants", flush=True)
    print(f"{found} findings")
    return found


if __name__ == "__main__":
    sys.exit(bool(main(float(sys.argv[1]), sys.argv[2:])))
