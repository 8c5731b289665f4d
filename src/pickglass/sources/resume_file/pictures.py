"""Fingerprints of photographs in a document: alike pictures give one fingerprint, whatever their size."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable

MAXIMUM_PICTURES = 12
MAXIMUM_PICTURE_BYTES = 8 * 1024 * 1024
MAXIMUM_PIXELS = 16_000_000
MINIMUM_SIDE = 80  # pixels; smaller ones are icons
_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP")


def fingerprints(pictures: Iterable[bytes]) -> list[str]:
    """Return the perceptual hash of each picture that may be a photograph of a person; the rest gives nothing.

    Icons, lines, whole scanned pages and plain areas are no photographs: a template's would join strangers.
    """
    found: dict[str, None] = {}
    for index, data in enumerate(pictures):
        if index >= MAXIMUM_PICTURES:
            break
        mark = _fingerprint(data) if 0 < len(data) <= MAXIMUM_PICTURE_BYTES else None
        if mark:
            found[mark] = None
    return list(found)


def _fingerprint(data: bytes) -> str | None:
    from PIL import Image, ImageStat

    Image.MAX_IMAGE_PIXELS = MAXIMUM_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                width, height = picture.size
                if min(width, height) < MINIMUM_SIDE or width * height > MAXIMUM_PIXELS:
                    return None
                if not 0.5 <= width / height <= 2 or height > 1800:
                    return None
                grey = picture.convert("L")
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, Warning):
        return None
    if ImageStat.Stat(grey).stddev[0] < 12:
        return None
    import imagehash

    return str(imagehash.phash(grey))
