"""The process that reads one hostile document: bytes in, one JSON object out, within limits that the system keeps.

Started as `python -m pickglass.sources.resume_file.apart FORM` with the document on its standard input.
"""

from __future__ import annotations

import json
import sys
from typing import Any

MAXIMUM_MEMORY = 1536 * 1024 * 1024
MAXIMUM_SECONDS = 15


def main() -> int:
    """Read the document and print what was found, or why nothing was; 1 where the limits end the reading."""
    _confine()
    form = sys.argv[1] if len(sys.argv) > 1 else ""
    raw = sys.stdin.buffer.read()
    try:
        found = _read(raw, form)
    except MemoryError:
        return 1
    except RecursionError:
        found = {"problem": "the document is nested too deeply"}
    # A library that trips over hostile bytes raises whatever it likes; here nothing else is at work to be hidden by it.
    except Exception as error:  # noqa: BLE001 - a process of its own, whose one duty is to answer
        found = {"problem": f"not readable as a document: {type(error).__name__}"}
    sys.stdout.write(json.dumps(found))
    return 0


def _read(raw: bytes, form: str) -> dict[str, Any]:
    if form == "pdf":
        from pickglass.sources.resume_file.portable import read_pdf

        return read_pdf(raw)
    from pickglass.sources.resume_file.word import read_docx

    return read_docx(raw)


def _confine() -> None:
    """Take from this process what it does not need: memory, time, files. Windows knows no such limits."""
    try:
        import resource
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_AS, MAXIMUM_MEMORY),
        (resource.RLIMIT_CPU, MAXIMUM_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    sys.exit(main())
