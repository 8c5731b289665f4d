"""DuckDB connections: one place that says memory, threads, time zone and macros."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

EngineError = duckdb.Error  # what a stage may catch without knowing the engine

HMAC_BLOCK = 64  # bytes, SHA-256's block size in RFC 2104


def connect(
    memory_limit: str = "1GB", threads: int = 2, workspace: Path | None = None, *, shares: int = 1
) -> Any:
    """Open an in-memory DuckDB that spills to `workspace` and counts time in UTC.

    `shares` says how many engines the memory limit is for, each with an equal part.
    """
    amount, unit = re.fullmatch(r"\s*([\d.]+)\s*(\D+)", memory_limit).groups()  # type: ignore[union-attr]
    config: dict[str, Any] = {
        "memory_limit": f"{float(amount) / shares:.3f}{unit}",
        "threads": threads,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if workspace is not None:
        config["temp_directory"] = str(workspace)
    connection = duckdb.connect(config=config)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # it would write into our standard output
    # Rows carry their own numbers, so order need not be kept, which bounds memory.
    connection.execute("SET preserve_insertion_order = false")
    return connection


def reference_path(name: str) -> Path:
    """Return where the reference table `name` lies."""
    return Path(str(resources.files("pickglass.model"))) / "reference" / f"{name}.csv"


def reference_names() -> list[str]:
    """Name every reference table that ships with pickglass, in order."""
    return sorted(path.stem for path in reference_path("x").parent.glob("*.csv"))


@cache
def _reference_list(name: str, key: str, value: str) -> tuple[str, str]:
    """Write one reference table as two lists of literals in step, names and values, for macros that look names up."""
    pairs: dict[str, str] = {}
    with reference_path(name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pairs.setdefault(row[key].lower(), row[value])
    return ", ".join(map(literal, pairs)), ", ".join(map(literal, pairs.values()))


def literal(value: str) -> str:
    """Quote a text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Quote a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _blob(data: bytes) -> str:
    return "unhex('" + data.hex() + "')"


def install_macros(connection: Any, key: bytes) -> None:
    """Create the macros of docs/sources.md; `key` is the secret of `keyed_hash` (HMAC-SHA256)."""
    padded = key.ljust(HMAC_BLOCK, b"\0")
    text = resources.files("pickglass.lake").joinpath("macros.sql").read_text("utf-8")
    country_names, country_codes = _reference_list("country", "name", "code")
    region_names, region_codes = _reference_list("region", "name", "code")
    substitutions = {
        "$inner_pad": _blob(bytes(byte ^ 0x36 for byte in padded)),
        "$outer_pad": _blob(bytes(byte ^ 0x5C for byte in padded)),
        "$country_names": country_names,
        "$country_codes": country_codes,
        "$region_names": region_names,
        "$region_codes": region_codes,
    }
    for name, value in substitutions.items():
        text = text.replace(name, value)
    text = re.sub(r"--[^\n]*", "", text)
    for statement in text.split(";\n"):
        if statement.strip():
            connection.execute(statement)
