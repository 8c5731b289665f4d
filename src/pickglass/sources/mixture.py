"""Files in which the records of several systems stand one after another, as a log archive or a SIEM gives them.

No mapping fits such a file, and yet every record says whose it is. So it is read like an archive: the records of each
source become a file of their own (`archive.ndjson!okta_system_log`), and what nobody knows becomes one as well, counted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from pickglass.model.source import SourceDefinition
from pickglass.sources.reading import Member, blocks, sample
from pickglass.sources.recognition import SAMPLE_RECORDS, belongs, recognise

_FOLDER: Final = "mixture-"
REST: Final = "unrecognised"  # the name of the file of those records that no source knows


def is_mixture(member: Member, main: SourceDefinition | None, known: Mapping[str, SourceDefinition]) -> bool:
    """Say whether records of several sources, or of one among strangers, stand in a file that is `main`'s or nobody's."""
    if member.form != "ndjson":
        return False
    records = sample(member, (), SAMPLE_RECORDS)
    if main is not None:
        own = [belongs(record, main) for record in records]
        # None at all where each line is a page that holds the source's records.
        if all(own) or not any(own):
            return False
    found = {source for record in records if (source := _source_of(record, main, known)) is not None}
    return bool(found - {main.id if main else None})


def split(
    member: Member, main: SourceDefinition | None, known: Mapping[str, SourceDefinition], workspace: Path
) -> dict[str, Path]:
    """Write the records of each source to a file of their own below `workspace`; returns the files by source.

    What is no record at all stays with `main`, or with those that no source knows, to be told there.
    """
    folder = Path(tempfile.mkdtemp(prefix=_FOLDER, dir=workspace))
    paths: dict[str, Path] = {}
    with ExitStack() as stack:
        files: dict[str, BinaryIO] = {}
        for block in blocks(member):
            for place, raw in enumerate(block.raws):
                record = _object(block.lines[place]) if place not in block.problems else None
                rest = main.id if main is not None and record is None else REST
                source = (_source_of(record, main, known) if record is not None else None) or rest
                if source not in files:
                    paths[source] = folder / f"{source}.ndjson"
                    files[source] = stack.enter_context(paths[source].open("wb"))
                files[source].write(raw.replace(b"\n", b" ") + b"\n")
    return dict(sorted(paths.items()))


def drop_part(path: Path, workspace: Path) -> None:
    """Remove a file that `split` wrote below `workspace`, and its folder with the last; any other file stays."""
    folder = path.parent
    if folder.parent == workspace and folder.name.startswith(_FOLDER):
        path.unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return record if isinstance(record, dict) else None


def _source_of(
    record: Mapping[str, Any], main: SourceDefinition | None, known: Mapping[str, SourceDefinition]
) -> str | None:
    """Name the source of one record: the file's own if it fits, else the one that fits best."""
    if main is not None and belongs(record, main):
        return main.id
    found = recognise({(): [record]}, known.values(), "ndjson").source
    return found.id if found is not None else None
