"""How much an input may ask of us before we refuse it.

Everything that is read was written by somebody who may want to stop the reading: each limit here is the
answer to one way of doing so. They are generous for real exports; a caller may pass others.
"""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """What one input file may cost at most; beyond it a `Problem` or a problem record says so."""

    member_bytes: int = 64 * GIB  # one readable file, decompressed
    total_bytes: int = 256 * GIB  # everything that one input file decompresses to
    ratio: int = 200  # decompressed over compressed; judged only after `free_bytes`
    free_bytes: int = 64 * MIB  # a small file may have any ratio
    depth: int = 3  # archives in archives; also compressions of compressions
    members: int = 10_000  # entries of all archives in one input file
    record_bytes: int = 16 * MIB  # one record
    workbook_bytes: int = 1 * GIB  # the parts of one Excel workbook, decompressed

    @property
    def kept_bytes(self) -> int:
        """How much is kept of a record that is larger than allowed or has no known end."""
        return min(64 * KIB, self.record_bytes)

    def allowance(self, compressed: int) -> int:
        """Tell how many bytes may come out of so many compressed ones."""
        return min(self.member_bytes, max(self.free_bytes, self.ratio * compressed))
