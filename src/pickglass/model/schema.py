"""`schema.yaml` as frozen objects: every table and column, and the types that engines derive from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml

ColumnType = Literal["text", "integer", "number", "boolean", "time", "texts"]
PersonalData = Literal["none", "pseudonym", "contact", "financial", "content", "protected"]

DUCKDB_TYPES: dict[str, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMPTZ",
    "texts": "VARCHAR[]",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one table, as the vocabulary states it."""

    name: str
    type: ColumnType
    label: str
    personal_data: PersonalData = "none"
    required: bool = False
    unit: str | None = None
    ocsf: str | None = None
    mask: str | None = None
    values: tuple[str, ...] = ()  # the only ones it takes; empty: any

    @property
    def duckdb_type(self) -> str:
        return DUCKDB_TYPES[self.type]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the lake: its own columns behind the provenance columns that all tables share."""

    name: str
    label: str
    about: str
    ocsf_class: int | None
    columns: dict[str, Column]
    own: tuple[str, ...]

    @property
    def has_account(self) -> bool:
        return "account" in self.columns


@dataclass(frozen=True, slots=True)
class Schema:
    """The whole vocabulary."""

    version: int
    provenance: tuple[str, ...]
    tables: dict[str, Table]


def _column(name: str, spec: list[Any]) -> Column:
    options = spec[2] if len(spec) > 2 else {}
    return Column(
        name=name,
        type=spec[0],
        label=spec[1],
        personal_data=options.get("class", "none"),
        required=options.get("required", False),
        unit=options.get("unit"),
        ocsf=options.get("ocsf"),
        mask=options.get("mask"),
        values=tuple(options.get("values") or ()),
    )


@cache
def schema() -> Schema:
    """Return the vocabulary; read once, never changed."""
    text = resources.files("pickglass.model").joinpath("schema.yaml").read_text("utf-8")
    spec = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    provenance = {name: _column(name, column) for name, column in spec["provenance"].items()}
    tables = {}
    for name, table in spec["tables"].items():
        own = {column: _column(column, value) for column, value in table["columns"].items()}
        tables[name] = Table(
            name=name,
            label=table["label"],
            about=table.get("about", table["label"] + "."),
            ocsf_class=table.get("ocsf"),
            columns={**provenance, **own},
            own=tuple(own),
        )
    return Schema(version=spec["version"], provenance=tuple(provenance), tables=tables)
