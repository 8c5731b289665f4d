"""Writes the page of the sources: `python -m pickglass.sources.pages > docs/source-catalogue.md`.

What a source fills is read from its expected rows, not from its mapping: only what a sample proves is claimed.
"""

from __future__ import annotations

from pathlib import Path

import orjson

from pickglass.model.schema import schema
from pickglass.model.source import SourceDefinition
from pickglass.sources.definitions import definitions

_HEAD = """\
# The sources

Written by `python -m pickglass.sources.pages > docs/source-catalogue.md` from the sources themselves.

**verified** means that the format was checked against a real sample or against the vendor's own documented example; the
source's README says which. **unverified** sources follow the vendor's description only: look at their first loads twice.
A clock without a zone is read in the time zone given; `local` keeps it as written and marks it, `none` rejects the record.
*Keeps* is how long the vendor keeps what nobody exported, where that is known.

"""


def page() -> str:
    """Return the page: the table of all sources, then for each the columns that it fills."""
    found = [source for source in definitions().values() if source.folder]
    found.sort(key=lambda source: source.id)
    verified = sum(source.status == "verified" for source in found)
    generic = sum(source.folder is None for source in definitions().values())
    count = (
        f"{len(found)} sources of vendors' exports, {verified} of them verified, and {generic} generic ones, one for each "
        "table, that read any CSV or JSON with the columns of `model/schema.yaml`."
    )
    lines = [
        count,
        "",
        "| source | export | status | time zone | delay (h) | keeps (d) | tables |",
        "|---|---|---|---|---|---|---|",
        *(_row(source) for source in found),
    ]
    for source in found:
        lines += [
            "",
            f"## {source.id}",
            "",
            f"{source.title} ({source.vendor}). {_sentence(source.export)}",
            "",
        ]
        lines += ["| table | columns |", "|---|---|"]
        lines += [f"| {table} | {', '.join(columns)} |" for table, columns in filled(source).items()]
    return _HEAD + "\n".join(lines) + "\n"


def filled(source: SourceDefinition) -> dict[str, list[str]]:
    """Give the columns of each table that the source's expected rows fill, in the order of the vocabulary."""
    seen: dict[str, set[str]] = {name: set() for name in source.tables}
    for line in Path(source.folder or "", "expected.jsonl").read_bytes().splitlines():
        row = orjson.loads(line)
        if row["table"] in seen:
            seen[row["table"]] |= {name for name, value in row.items() if value is not None}
    return {
        table: [name for name in ("time", *schema().tables[table].own) if name in columns]
        for table, columns in seen.items()
    }


def _row(source: SourceDefinition) -> str:
    keeps = "" if source.keeps_days is None else f"{source.keeps_days:g}"
    return (
        f"| [{source.id}](#{source.id}) | {source.title} | {source.status} | {source.time_zone} | "
        f"{source.delay_hours:g} | {keeps} | {', '.join(source.tables)} |"
    )


def _sentence(text: str) -> str:
    text = " ".join(text.split()).replace("|", "\\|")
    return text if text.endswith(".") else text + "."


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - the page is its output
