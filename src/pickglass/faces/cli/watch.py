"""The verb that watches a folder until it is told to stop."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType

import click

from pickglass.faces.cli.output import home_option, json_option, print_line, progress, say, settings_of
from pickglass.faces.cli.work import load_code, tell_load
from pickglass.faces.printable import printable_lines

seconds = click.FloatRange(0, 86_400)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--every", default=10.0, show_default=True, type=seconds, help="Seconds between two looks.")
@click.option(
    "--settle",
    default=5.0,
    show_default=True,
    type=seconds,
    help="Seconds for which a file must not have changed.",
)
@click.option(
    "--patience",
    default=300.0,
    show_default=True,
    type=seconds,
    help="Seconds to wait for the missing end of a compressed file before it is loaded and reported as it is.",
)
@click.option("--once", is_flag=True, help="Load what is there and settled, then end.")
@home_option
@json_option
def watch(
    *,
    folder: Path,
    every: float,
    settle: float,
    patience: float,
    once: bool,
    home: Path | None,
    as_json: bool,
) -> int:
    """Load what appears in a folder, once it is whole, until stopped by Ctrl-C or SIGTERM.

    Names with a dot in front or ending in .part, .tmp, .crdownload and the like are left alone until renamed. A stop
    ends the batch under way first; a second one does not wait. With --json each load is one line.

    \b
    pickglass watch /srv/exports --home h
    pickglass watch /srv/exports --once --json --home h
    """
    from pickglass.faces.exports.run_document import load_document
    from pickglass.watching import watch as reports

    settings = settings_of(home)
    code = 0
    with _stopping() as stop, progress() as tell:
        if not once:
            say(f"watching {printable_lines(str(folder))}; Ctrl-C ends it")
        for report in reports(
            settings,
            folder,
            every=every,
            settle=settle,
            patience=patience,
            once=once,
            stop=stop,
            say=lambda text: say(printable_lines(text)),
            tell=tell.standing,
        ):
            if as_json:
                print_line({"version": 1, "load": load_document(report)})
            tell_load(report)
            tell.begin_anew()
            code = max(code, load_code(report))
    if not once:
        say("stopped")
    return code if once else 0


@contextmanager
def _stopping() -> Iterator[Event]:
    """Give an event that Ctrl-C and SIGTERM set; the second one ends the process at once, as it would have."""
    stop = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        sys.stdout.flush()
        for number, handler in before.items():
            signal.signal(number, handler)
