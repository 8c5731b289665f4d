"""What a piece of work costs: time on the clock, time of the processors, and memory at its peak."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_RESET, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


@dataclass(slots=True)
class Cost:
    """Seconds by the clock and by all processors, and the most memory that the process held meanwhile."""

    seconds: float = 0.0
    processor_seconds: float = 0.0
    peak_mb: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            round(self.seconds + other.seconds, 2),
            round(self.processor_seconds + other.processor_seconds, 2),
            max(self.peak_mb, other.peak_mb),
        )


@contextmanager
def measured() -> Iterator[Cost]:
    """Fill the cost when the block ends."""
    cost = Cost()
    with suppress(OSError):  # the peak starts anew where the system lets it: Linux
        _RESET.write_text("5", encoding="ascii")
    clock, processor = time.perf_counter(), time.process_time()
    yield cost
    cost.seconds = round(time.perf_counter() - clock, 2)
    cost.processor_seconds = round(time.process_time() - processor, 2)
    cost.peak_mb = _peak_mb()


def load_of_machine() -> str:
    """Say how busy the machine is: processes that want to run, on average, per processor."""
    with suppress(OSError):
        return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    return "not known"


def _peak_mb() -> int:
    with suppress(OSError):
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
