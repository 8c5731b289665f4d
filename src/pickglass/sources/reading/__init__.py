"""Reading: any input file becomes bounded blocks of records, numbered, with their own bytes, none lost.

The way through, for a new colleague:

* `list_files(paths)` lists the files below what somebody named; `remote` lists and fetches the objects of an
  object store.
* `members(path)` tells what one file holds: a `Member` for each readable file in it (itself, what a
  compressed file holds, the entries of zips and tars, archives within archives), and a `Problem` for each
  that is not. A member knows its form and encoding, judged by content and never by name, and can be opened
  again and again.
* `blocks(member)` yields its records in a `Block` at a time: a JSON line and the original bytes of each. A
  record that cannot be read keeps its number and its bytes, and says why.
* `sample` gives the first few as dicts, for recognising a source; `count_records` counts those of a file that
  nobody knows; `raw_records` gives the bytes alone, for sources with a parser of their own.

Whoever wrote the files may wish us harm. `Limits` bounds what each can cost.
"""

from __future__ import annotations

from pickglass.sources.reading.blocks import (
    blocks,
    count_records,
    raw_records,
    sample,
    table_header,
    whole_text,
)
from pickglass.sources.reading.content import Damaged, Feed, Refused
from pickglass.sources.reading.files import FoundFile, Listing, expanded, find_files, list_files
from pickglass.sources.reading.limits import Limits
from pickglass.sources.reading.member import Form, Member, Problem
from pickglass.sources.reading.members import members
from pickglass.sources.reading.records import Block, Record, pack
from pickglass.sources.reading.wholeness import is_cut_off

__all__ = [
    "Block",
    "Damaged",
    "Feed",
    "Form",
    "FoundFile",
    "Limits",
    "Listing",
    "Member",
    "Problem",
    "Record",
    "Refused",
    "blocks",
    "count_records",
    "expanded",
    "find_files",
    "is_cut_off",
    "list_files",
    "members",
    "pack",
    "raw_records",
    "sample",
    "table_header",
    "whole_text",
]
