"""What all commands share: where home is, how JSON and tables are printed, how progress is told."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from pickglass.errors import NotFound
from pickglass.faces.printable import printable, printable_tree
from pickglass.settings import Settings, load_settings

if TYPE_CHECKING:
    from pickglass.loading import Standing


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
    from pickglass.store import store_exists

    settings = settings_of(home)
    if not store_exists(settings):
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


def print_line(document: Any) -> None:
    """Print one JSON document on a line of its own, whoever is looking."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(printable_tree(document), option=orjson.OPT_NON_STR_KEYS) + b"\n")
    sys.stdout.buffer.flush()


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


PLAIN_EVERY = 10.0  # seconds between two lines about one load, where nobody watches a terminal
DRAWN_EVERY = 0.1
SURE_AFTER = 3.0  # seconds; before, nothing is said of the time that is left


class Telling(Protocol):
    """Takes in how far work is, and tells it on stderr."""

    def __call__(self, what: str, count: int) -> None:
        """Take in what is being done, and how many records came on top."""

    def standing(self, standing: Standing) -> None:
        """Take in how far a load is."""

    def begin_anew(self) -> None:
        """Forget the load that was told of: the next one has its own beginning."""


@contextmanager
def progress() -> Iterator[Telling]:
    """Tell how far long work is: live on a terminal; otherwise a line for each part, and every ten seconds of a load."""
    if sys.stderr.isatty():
        with _live_progress() as drawn:
            yield drawn
        return
    plain = _PlainProgress()
    try:
        yield plain
    finally:
        plain.end()


class _PlainProgress:
    """Progress for a log file: whole lines, and few of them."""

    def __init__(self) -> None:
        self._part = _Part()
        self._start = self._told = 0.0

    def __call__(self, what: str, count: int) -> None:
        if what != self._part.what:
            self._part.end()
            self._part = _Part(what)
        self._part.records += count

    def standing(self, standing: Standing) -> None:
        now = time.monotonic()
        if not self._start:
            self._start = self._told = now
        elif now - self._told >= PLAIN_EVERY:
            self._told = now
            say(f"loading: {standing_line(standing, now - self._start)}")

    def begin_anew(self) -> None:
        self._start = self._told = 0.0

    def end(self) -> None:
        self._part.end()


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


def standing_line(standing: Standing, seconds: float) -> str:
    """Say in one line how far a load is after so many seconds."""
    passed = max(seconds, 0.001)
    parts = [f"{standing.files_done:,} of {standing.files:,} files"]
    if standing.looked > standing.files_done:
        parts.append(f"{standing.looked:,} recognised")
    if standing.before:
        parts.append(f"{standing.before:,} loaded before")
    parts.append(f"{standing.records:,} records")
    parts.append(f"{standing.records / passed:,.0f} records/s")
    parts.append(f"{standing.record_bytes / passed / 1e6:,.1f} MB/s")
    parts.append(f"{standing.rejected:,} rejected")
    if (left := _seconds_left(standing, seconds)) is not None:
        parts.append(f"{_duration(left)} left")
    return ", ".join(parts)


def share_done(standing: Standing) -> float:
    """Say which share of a load is done: by bytes, and by files where there are no bytes."""
    if standing.bytes:
        return standing.bytes_done / standing.bytes
    return standing.files_done / standing.files if standing.files else 1.0


def _seconds_left(standing: Standing, seconds: float) -> float | None:
    share = share_done(standing)
    if seconds < SURE_AFTER or share < 0.01:
        return None
    return seconds * (1 - share) / share


def _duration(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}"


@contextmanager
def _live_progress() -> Iterator[Telling]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(
        SpinnerColumn(),
        BarColumn(bar_width=24),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as drawn:
        yield _LiveProgress(drawn)


class _LiveProgress:
    """Progress for somebody who watches: one line that is drawn again and again."""

    def __init__(self, drawn: Any) -> None:
        self._drawn = drawn
        self._task = drawn.add_task("", total=None)
        self._part, self._total = _Part(), 0
        self._start = time.monotonic()
        self._load_start = self._told = 0.0

    def __call__(self, what: str, count: int) -> None:
        if what != self._part.what:
            self._part = _Part(what)
        self._part.records += count
        self._total += count
        passed = max(time.monotonic() - self._start, 0.001)
        rate = f"  {self._total:,} records, {self._total / passed:,.0f} a second"
        self._draw(printable(what) + (rate if count else ""), None, 0)

    def standing(self, standing: Standing) -> None:
        now = time.monotonic()
        if not self._load_start:
            self._load_start = now
        elif now - self._told < DRAWN_EVERY:
            return
        self._told = now
        done = share_done(standing)
        self._draw(standing_line(standing, now - self._load_start), 1.0, done)

    def begin_anew(self) -> None:
        self._load_start = self._told = 0.0
        self._draw("", None, 0)

    def _draw(self, line: str, total: float | None, done: float) -> None:
        from rich.text import Text

        # Text and not a string: square brackets in a name are no markup.
        self._drawn.update(self._task, description=Text(line).markup, total=total, completed=done)
