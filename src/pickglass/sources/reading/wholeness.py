"""Whether a compressed file or an archive is all there, or still on its way."""

from __future__ import annotations

from pathlib import Path

from pickglass.sources.reading.archives import BadArchive, zip_entries
from pickglass.sources.reading.content import Feed, FilePart
from pickglass.sources.reading.limits import Limits
from pickglass.sources.reading.members import codec_of
from pickglass.sources.reading.unpack import ENDS_EARLY, Unpacked


def is_cut_off(path: Path, limits: Limits | None = None) -> bool:
    """Say whether a compressed file or zip ends before its end, as one does that is still being written.

    Other files have no end of their own that could be missing; for them, and for what is broken otherwise, it is
    no. A compressed file is read through once.
    """
    limits = limits or Limits()
    content = FilePart(path)
    feed = Feed(content)
    head = feed.read(1024)
    feed.close()
    if head.startswith(b"PK\x03\x04"):
        try:
            next(zip_entries(content, limits), None)
        except BadArchive:
            return True
        return False
    codec = codec_of(head)
    if codec is None:
        return False
    unpacked = Feed(Unpacked(content, codec, limits))
    for _ in unpacked.chunks():
        pass
    return unpacked.damage == ENDS_EARLY
