"""One résumé a file: what it says of its writer, and what its making left behind; read without trust.

Whoever wrote the file may wish us harm, and the formats are rich. PDF and Word files are therefore read in a process
of their own, one a file, which may use so much memory and time, write nothing, and does not have our environment: a
file that breaks or stalls the reading, or subverts a library, ends that process and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson

from pickglass.sources.reading import Damaged, Record, Refused
from pickglass.sources.resume_file.statements import MAXIMUM_TEXT, statements_in

if TYPE_CHECKING:
    from pickglass.sources.reading import Member

MAXIMUM_BYTES = 16 * 1024 * 1024
MAXIMUM_SECONDS = 20.0
MAXIMUM_ANSWER = 4 * 1024 * 1024
_KEPT = 64 * 1024  # bytes kept of a file that is too large


def records(member: Member) -> Iterator[Record]:
    """Read the whole file as one record: its raw columns, or why it cannot be read. Never raises."""
    limit = min(MAXIMUM_BYTES, member.limits.record_bytes)
    try:
        with member.open() as file:
            raw = file.read(limit + 1)
    except (Damaged, Refused, OSError) as error:
        yield Record(b"", b"", str(error))
        return
    if len(raw) > limit:
        yield Record(b"", raw[:_KEPT], f"larger than {limit // (1024 * 1024)} MB: no résumé is")
        return
    found = _plain(raw, member.encoding) if member.form == "text" else _apart(raw, member.form)
    if problem := found.get("problem"):
        yield Record(b"", raw, str(problem))
        return
    yield Record(orjson.dumps(found | {"form": member.form, "sha256": hashlib.sha256(raw).hexdigest()}), raw)


def _plain(raw: bytes, encoding: str) -> dict[str, Any]:
    try:
        text = raw.decode(encoding, "replace")
    except LookupError:
        text = raw.decode("utf-8", "replace")
    return statements_in(text[:MAXIMUM_TEXT])


def _apart(raw: bytes, form: str) -> dict[str, Any]:
    """Have the file read by a process of its own; its answer, or in words why there is none."""
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module; the file goes in as data
            [sys.executable, "-m", "pickglass.sources.resume_file.apart", form],
            input=raw,
            capture_output=True,
            timeout=MAXIMUM_SECONDS,
            # Nothing of ours is in there: a key in the environment is not for a process that reads hostile files.
            env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "OMP_NUM_THREADS": "1",
                 "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"problem": f"reading the document took more than {MAXIMUM_SECONDS:.0f} seconds"}
    except OSError as error:
        return {"problem": f"the reading process did not start: {error.strerror}"}
    if done.returncode != 0:
        return {"problem": "reading the document needed more memory or time than it may"}
    if len(done.stdout) > MAXIMUM_ANSWER:
        return {"problem": "the document gave a longer answer than it may"}
    try:
        answer = orjson.loads(done.stdout)
    except orjson.JSONDecodeError:
        return {"problem": "the reading process gave no answer"}
    return answer if isinstance(answer, dict) else {"problem": "the reading process gave no answer"}
