"""Which characters the bytes of a text mean, and reading them as such without losing a byte.

Order of belief: a byte-order mark, the pattern of zero bytes that UTF-16 and UTF-32 leave, UTF-8 if it is
valid, then the single-byte and East Asian encodings that office software writes. Bytes that do not belong to
the encoding travel as surrogates, so that the record they are in can be set aside with its own bytes intact.
"""

from __future__ import annotations

import codecs
from typing import Final

from pickglass.sources.reading.content import Feed

# The longer marks first: the UTF-32 mark begins with the UTF-16 one.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OFFICE: Final = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258",
    "cp932", "gb18030", "big5", "cp949", "euc_jp", "koi8_r",
)  # fmt: skip


def wide_encoding(head: bytes) -> str | None:
    """Name the encoding that a byte-order mark or zero bytes give away."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    sample = head[: min(len(head), 4096) // 4 * 4]
    if len(sample) < 4 or 0 not in sample:
        return None
    zeros = [sample[lane::4].count(0) / (len(sample) // 4) for lane in range(4)]
    # ASCII letters dominate every export: their zero bytes name the width and the order.
    if min(zeros[1:]) > 0.9 and zeros[0] < 0.1:
        return "utf-32-le"
    if min(zeros[:3]) > 0.9 and zeros[3] < 0.1:
        return "utf-32-be"
    if min(zeros[1], zeros[3]) > 0.5 and max(zeros[0], zeros[2]) < 0.1:
        return "utf-16-le"
    if min(zeros[0], zeros[2]) > 0.5 and max(zeros[1], zeros[3]) < 0.1:
        return "utf-16-be"
    return None


def is_utf8(head: bytes) -> bool:
    """Tell whether the bytes are UTF-8, perhaps cut within their last character."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def office_encoding(sample: bytes) -> str:
    """Name the most likely encoding of a text that is not UTF-8.

    A guess by nature. Western Europe's cp1252 wins unless another one makes clearly more sense.
    """
    from charset_normalizer import from_bytes  # slow to import, rarely needed

    found = from_bytes(sample[: 64 * 1024], cp_isolation=list(_OFFICE), preemptive_behaviour=False)
    best = found.best()
    western = next(
        (match for match in found if "cp1252" in (match.encoding, *match.could_be_from_charset)), None
    )
    if best is not None and (western is None or best.chaos + 0.02 < western.chaos):
        return best.encoding
    try:
        sample.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def errors_of(encoding: str) -> str:
    """Name the error handler under which an encoding gives every byte back."""
    return "surrogatepass" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"


class TextFeed:
    """Reads a feed as text; `encode` gives any stretch of it back as the file's own bytes."""

    def __init__(self, feed: Feed, encoding: str) -> None:
        self.encoding = encoding
        self.errors = errors_of(encoding)
        self._feed = feed
        self._decoder = codecs.getincrementaldecoder(encoding)(self.errors)
        self._fault = ""
        self._started = self._ended = False

    @property
    def damage(self) -> str:
        """Say why the text ended before its end, if it did."""
        return self._feed.damage or self._fault

    def read(self, size: int) -> str:
        """Return the text of about the next `size` bytes; nothing at the end."""
        while not self._ended:
            data = self._feed.read(size)
            self._ended = not data
            try:
                text = self._decoder.decode(data, final=self._ended)
            except UnicodeDecodeError as error:
                # Only the wide encodings come here: beyond a fault their bytes have no meaning.
                text = error.object[: error.start].decode(self.encoding, self.errors)
                self._fault = f"not {self.encoding.upper()} from here on"
                self._ended = True
            if text and not self._started:
                self._started = True
                text = text.removeprefix("\ufeff")
            if text:
                return text
        return ""

    def encode(self, text: str) -> bytes:
        """Return the bytes that this text was in the file."""
        return text.encode(self.encoding, self.errors)
