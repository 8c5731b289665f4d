"""What all commands share: where home is, how JSON and tables are printed, how progress is told."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from pickglass.errors import NotFound
from pickglass.faces.printable import printable, printable_tree
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
        "--reveal",
        metavar="REASON",
        default=None,
        callback=_reason,
        help="Show personal data in clear; the reason is logged.",
    )(command)


def _reason(context: click.Context, option: click.Parameter, reason: str | None) -> str | None:
    # Asked before any work is done; what logs the reason asks again.
    if reason is not None and not reason.strip():
        raise click.BadParameter("give a reason; it is logged", context, option)
    return reason


def settings_of(home: Path | None) -> Settings:
    """Read the settings of the home that was given before or after the verb, or by the environment."""
    context = click.get_current_context()
    return load_settings(home or (context.find_root().obj or {}).get("home"))


def filled_home(home: Path | None) -> Settings:
    """Read the settings of a home that something was loaded into; NotFound for any other.

    A verb that only looks must not make a home: a mistyped path would then say that nobody stands out.
    """
    settings = settings_of(home)
    kind, _, database = settings.store_url.partition(":///")
    if kind == "sqlite" and not (settings.home / database).exists():
        raise NotFound(
            "nothing has been loaded here yet",
            hint=f"`pickglass run PATH --home {settings.home}`, or name another home (PICKGLASS_HOME)",
            where=str(settings.home),
        )
    return settings


def print_json(document: Any) -> None:
    """Print one JSON document, a line if nobody is looking."""
    import orjson

    option = orjson.OPT_NON_STR_KEYS | (orjson.OPT_INDENT_2 if sys.stdout.isatty() else 0)
    try:
        text = orjson.dumps(document, option=option)
    except TypeError:  # a file name that is no Unicode
        text = orjson.dumps(printable_tree(document), option=option)
    stdout = sys.stdout.buffer
    stdout.write(text + b"\n")
    stdout.flush()


WHOLE = frozenset({"id", "case", "subject", "band"})  # columns of a drawn table that are never broken


def say(text: str = "") -> None:
    """Tell the user something that is not data."""
    click.echo(text, err=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str | None = None) -> None:
    """Print a table: drawn on a terminal, tab-separated otherwise. Cells are data and never markup."""
    if not sys.stdout.isatty():
        click.echo("\t".join(columns))
        for row in rows:
            click.echo("\t".join(printable(cell) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold", no_wrap=column in WHOLE)
    for row in rows:
        drawn.add_row(*(Text(printable(cell)) for cell in row))
    Console().print(drawn)


@contextmanager
def progress() -> Iterator[Callable[[str, int], None]]:
    """Tell how far long work is: live on a terminal, otherwise a line for each part once it is done."""
    if sys.stderr.isatty():
        with _live_progress() as tell:
            yield tell
        return
    part = _Part()

    def note(what: str, count: int) -> None:
        nonlocal part
        if what != part.what:
            part.end()
            part = _Part(what)
        part.records += count

    try:
        yield note
    finally:
        part.end()


@dataclass(slots=True)
class _Part:
    """A part of long work: what it is, when it began, how many records it saw."""

    what: str = ""
    records: int = 0
    start: float = field(default_factory=time.monotonic)

    def end(self) -> None:
        if self.what:
            say(f"{printable(self.what)}: {self.told()}")

    def told(self) -> str:
        seconds = time.monotonic() - self.start
        if not self.records:
            return f"{seconds:.1f} s"
        return f"{self.records:,} records, {self.records / max(seconds, 0.001):,.0f} a second"


@contextmanager
def _live_progress() -> Iterator[Callable[[str, int], None]]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.text import Text

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as drawn:
        task = drawn.add_task("", total=None)
        part, total, start = _Part(), 0, time.monotonic()

        def tell(what: str, count: int) -> None:
            nonlocal part, total
            if what != part.what:
                part = _Part(what)
            part.records += count
            total += count
            rate = f"  {total:,} records, {total / max(time.monotonic() - start, 0.001):,.0f} a second"
            # Text and not a string: square brackets in a name are no markup.
            line = Text(printable(what) + (rate if count else "")).markup
            drawn.update(task, description=line)

        yield tell
