"""What must hold for any bytes at all: told, never raised; numbered, never lost; in bounded time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from pickglass.errors import PickglassError
from pickglass.model.source import SourceDefinition
from pickglass.sources.check import rows
from pickglass.sources.definitions import definitions
from pickglass.sources.reading import Block, Form, Member, members
from pickglass.sources.recognition import member_blocks, recognise_member

SECONDS = 20.0  # for one small file, on a busy machine; a bomb that works takes minutes


def samples() -> list[tuple[SourceDefinition, Path]]:
    """List every sample of every shipped source."""
    return [
        (source, path)
        for source in definitions().values()
        if source.folder
        for path in sorted(Path(source.folder).glob("sample*"))
    ]


def read(path: Path, source: SourceDefinition, *, mapped: bool) -> int:
    """Read a file as whatever it is and as this source's; returns how many records that were.

    Raises AssertionError where a promise of the readers is broken, and lets anything else that is raised pass.
    """
    begun = time.monotonic()
    known = definitions()
    count = 0
    for member in members(path):
        if not isinstance(member, Member):
            assert member.reason, "a problem says why"
            continue
        recognised, why = recognise_member(member, known)
        assert why, "a recognition says why"
        if recognised is not None:
            count += _proved(list(member_blocks(member, recognised)))
        form = _form(member, source)
        if form is not None and (recognised is None or recognised.id != source.id):
            # Bytes that look like no text at all have no encoding; whoever hands them over as text must choose one.
            encoding = (
                "latin-1"
                if member.encoding == "binary" and form in ("text", "xml", "csv")
                else member.encoding
            )
            count += _proved(list(member_blocks(replace(member, form=form, encoding=encoding), source)))
        if mapped and (
            recognised is source or (member.form in ("ndjson", "json", "csv") and not source.forms)
        ):
            try:
                rows(source, member, "fuzzed")
            except PickglassError as error:
                raise AssertionError(f"the mapping of {source.id} stopped: {error}") from error
    taken = time.monotonic() - begun
    assert taken < SECONDS, f"{taken:.0f} s for one small file"
    return count


def _form(member: Member, source: SourceDefinition) -> Form | None:
    """Say as which form a source's own parser gets the bytes, even where recognition would not hand them over."""
    if not source.forms:
        return None
    return member.form if member.form in source.forms else cast(Form, source.forms[0])


def _proved(blocks: Sequence[Block]) -> int:
    count = 0
    for block in blocks:
        assert block.first == count + 1, "records are numbered without a gap"
        assert len(block.lines) == len(block.raws)
        for place, line in enumerate(block.lines):
            assert line or place in block.problems, "a record without a line says why"
        for place, reason in block.problems.items():
            assert reason
            assert not block.lines[place]
        count += len(block.lines)
    return count
