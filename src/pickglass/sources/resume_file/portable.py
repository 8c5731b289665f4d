"""A résumé in PDF: its text, its links, its making."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from pickglass.sources.resume_file.pictures import MAXIMUM_PIXELS, fingerprints
from pickglass.sources.resume_file.statements import MAXIMUM_TEXT, statements_in

MAXIMUM_PAGES = 40  # of a document that may be a résumé
READ_PAGES = 15
MAXIMUM_CONTENT = 4 * 1024 * 1024  # bytes of one page's drawing orders, unpacked
MAXIMUM_STREAM = 32 * 1024 * 1024  # bytes that any stream may unpack to

_DATE = re.compile(r"^\s*(?:D:)?(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?\s*(Z|[+-]\d\d)?'?(\d\d)?'?")


def read_pdf(raw: bytes) -> dict[str, Any]:
    """Read a PDF's statements, or `{"problem": why}`; called in a process of its own, for the library may stall."""
    import pypdf

    pypdf.overwrite_configuration(
        maximum_declared_stream_length=MAXIMUM_STREAM,
        array_based_stream_maximum_output_length=MAXIMUM_STREAM,
        lzw_maximum_output_length=MAXIMUM_STREAM,
        run_length_maximum_output_length=MAXIMUM_STREAM,
        zlib_maximum_output_length=MAXIMUM_STREAM,
        brotli_maximum_output_length=MAXIMUM_STREAM,
        stream_decoding_work_maximum_length=MAXIMUM_STREAM * 2,
        stream_parsing_work_maximum_count=500_000,
        page_tree_maximum_entries=5_000,
        page_tree_maximum_page_entries=5_000,
        xform_maximum_invocations_per_extraction=500,
        jbig2dec_binary=None,  # the library would start a program for a kind of picture
        disable_legacy_handling=True,
    )
    reader = pypdf.PdfReader(
        io.BytesIO(raw), strict=False, root_object_recovery_limit=1000, xref_stream_maximum_entries=200_000
    )
    if reader.is_encrypted and not reader.decrypt(""):
        return {"problem": "is encrypted with a password"}
    count = len(reader.pages)
    if count > MAXIMUM_PAGES:
        # Nobody sends forty pages about himself. It is read no further, and left out as no résumé.
        return statements_in("document") | {"is_resume": False, "pages": count}
    texts, links, pictures, length = list[str](), list[str](), list[bytes](), 0
    for page in reader.pages[:READ_PAGES]:
        content = page.get_contents()
        if content is not None and len(content.get_data()) > MAXIMUM_CONTENT:
            return {
                "problem": f"a page has more than {MAXIMUM_CONTENT // (1024 * 1024)} MB of drawing orders"
            }
        text = page.extract_text() or ""
        texts.append(text)
        length += len(text)
        links += _links(page)
        pictures += _pictures(page)
        if length > MAXIMUM_TEXT:
            break
    facts: Any = reader.metadata or {}
    return statements_in("\n".join(texts), links) | {
        "pages": count,
        "photos": fingerprints(pictures),
        "author": _fact(facts, "/Author"),
        "producer": _fact(facts, "/Producer") or _fact(facts, "/Creator"),
        "created": pdf_time(_fact(facts, "/CreationDate")),
        "modified": pdf_time(_fact(facts, "/ModDate")),
    }


def pdf_time(text: str | None) -> str | None:
    """Write a PDF's clock as ISO 8601, with its zone if it has one; a text that is none gives nothing."""
    match = _DATE.match(text or "")
    if match is None:
        return None
    year, month, day, hour, minute, second, zone, minutes = match.groups()
    date = f"{year}-{month}-{day}"
    if not 1990 <= int(year) <= 2100 or not 1 <= int(month) <= 12 or not 1 <= int(day) <= 31:
        return None
    if hour is None:
        return date
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        return None
    offset = "" if zone is None else "Z" if zone == "Z" else f"{zone}:{minutes or '00'}"
    return f"{date}T{hour}:{minute}:{second or '00'}{offset}"


def _fact(facts: Any, name: str) -> str | None:
    value = facts.get(name)
    return " ".join(str(value).replace("\x00", "").split())[:200] or None if value is not None else None


def _links(page: Any) -> list[str]:
    """List where the page's links lead: a profile often stands behind the word «LinkedIn»."""
    found: list[str] = []
    for note in list(page.get("/Annots") or [])[:100]:
        action = note.get_object().get("/A")
        target = action.get_object().get("/URI") if action is not None else None
        if target is not None:
            found.append(str(target)[:300])
    return found


def _pictures(page: Any) -> Iterator[bytes]:
    """Yield the page's pictures as files; what is no picture of sensible size is passed over."""
    resources = page.get("/Resources")
    things = resources.get_object().get("/XObject") if resources is not None else None
    if things is None:
        return
    for name, thing in list(things.get_object().items())[:30]:
        about = thing.get_object()
        if about.get("/Subtype") != "/Image":
            continue
        if int(about.get("/Width", 0)) * int(about.get("/Height", 0)) > MAXIMUM_PIXELS:
            continue
        try:
            yield page.images[name].data
        except (KeyError, ValueError, TypeError, OSError, NotImplementedError, AttributeError):
            continue  # in a way of packing that the library does not know
