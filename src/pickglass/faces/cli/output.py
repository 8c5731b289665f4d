"""What all commands share: where home is, how JSON and tables are printed, how progress is told."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from pickglass.settings import Settings, load_settings


def home_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command take --home after the verb as well as before it."""
    return click.option(
        "--home",
        type=click.Path(path_type=Path),
        default=None,
        help="Folder that holds everything (PICKGLASS_HOME).",
    )(command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command print its result as JSON."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")(command)


def reveal_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command show personal data in clear, for a reason that is logged."""
    return click.option(
        "--reveal", metavar="REASON", default=None, help="Show personal data in clear; the reason is logged."
    )(command)


def settings_of(home: Path | None) -> Settings:
    """Read the settings of the home that was given before or after the verb, or by the environment."""
    context = click.get_current_context()
    return load_settings(home or (context.find_root().obj or {}).get("home"))


def print_json(document: Any) -> None:
    """Print one JSON document, a line if nobody is looking."""
    import orjson

    option = orjson.OPT_INDENT_2 if sys.stdout.isatty() else 0
    sys.stdout.buffer.write(orjson.dumps(document, option=option | orjson.OPT_NON_STR_KEYS))
    sys.stdout.buffer.write(b"\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """Tell the user something that is not data."""
    click.echo(text, err=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str | None = None) -> None:
    """Print a table: drawn on a terminal, tab-separated otherwise. Cells are data and never markup."""
    if not sys.stdout.isatty():
        click.echo("\t".join(columns))
        for row in rows:
            click.echo("\t".join(_plain(cell) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(_plain(cell)) for cell in row))
    Console().print(drawn)


def _plain(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def safe(text: str) -> str:
    """Make text from the data safe for a terminal: what cannot be printed is replaced, lines are kept."""
    return "\n".join(_plain(line) for line in text.split("\n"))


@contextmanager
def progress() -> Iterator[Callable[[str, int], None]]:
    """Tell how far long work is: a live line on a terminal, a line per part otherwise."""
    start, total, part = time.monotonic(), 0, ""
    live = sys.stderr.isatty()

    def tell(what: str, count: int) -> None:
        nonlocal total, part
        total += count
        if live:
            elapsed = max(time.monotonic() - start, 0.001)
            rate = f", {total:,} records, {total / elapsed:,.0f}/s" if total else ""
            sys.stderr.write(f"\r\033[K{what}{rate}")
            sys.stderr.flush()
        elif what != part:
            sys.stderr.write(f"{what}\n")
        part = what

    try:
        yield tell
    finally:
        if live and part:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
