"""The command line: `pickglass VERB`. Each command is a thin wrapper around a public function.

stdout is data, stderr is talk. Exit codes: 0 ok, 1 bug, 2 usage, 3 bad input, 4 configuration, 5 not found,
6 not allowed, 10 findings at or above --fail-on, 130 stopped by Ctrl-C. Commands are imported when they are
called: start-up is a promise.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import FrameType

import click

from pickglass import __version__
from pickglass.errors import ConfigError, PickglassError
from pickglass.faces.printable import printable_lines

EXIT_BUG = 1
EXIT_FINDINGS = 10
EXIT_STOPPED = 130  # by Ctrl-C, as the shell counts it

# What the machine refuses, and what no change of ours would mend.
_OF_THE_MACHINE = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.EMFILE,
        errno.ENAMETOOLONG,
        errno.EIO,
    }
)

# Verb → module and attribute that holds its command.
COMMANDS = {
    "demo": ("work", "demo", "Make a synthetic company, run everything on it, and write a report."),
    "run": ("work", "run", "Load exports, assess everybody, and print the queue."),
    "load": ("work", "load", "Load exports into the lake."),
    "watch": ("watch", "watch", "Load what appears in a folder."),
    "assess": ("work", "assess", "Assess everybody in the lake."),
    "link": ("link", "link", "Links: list, show, why, confirm, reject."),
    "case": ("cases", "case", "Cases: list, show, verdict, note."),
    "subject": ("subjects", "subject", "Subjects: show, erase, hold."),
    "attest": ("attest", "attest", "Vouch for a fact that speaks for somebody."),
    "intel": ("intel", "intel", "Intelligence lists and address databases: add, list, expire."),
    "indicator": ("indicators", "indicator", "Indicators: list, show, explain, coverage, check, new."),
    "source": ("sources", "source", "Sources: list, detect, check, new."),
    "simulate": ("work", "simulate", "Write the exports of a synthetic company."),
    "bench": ("bench", "bench", "Benchmarks: fairness, linkage."),
    "lake": ("care", "lake", "The lake on disk: compact, expire, verify, status."),
    "doctor": ("health", "doctor", "Say how healthy the data is, and what is blind."),
}


class _ReaderGoneError(Exception):
    """The reader of our output went away, as `head` does; nothing is wrong."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; help texts stand above."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is Click's
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"pickglass.faces.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(verb, text) for verb, (_, _, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderGoneError from error  # Click would call it a failure

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            # Click's own suggestion is too shy for words of three letters.
            raise click.UsageError(f"No such command {args[0]!r}.{_meant(args[0])}", ctx)
        return super().resolve_command(ctx, args)


def _meant(verb: str) -> str:
    import difflib

    close = difflib.get_close_matches(verb, COMMANDS, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pickglass")
@click.option(
    "--home", type=click.Path(path_type=Path), help="Folder that holds everything (PICKGLASS_HOME)."
)
@click.pass_context
def cli(context: click.Context, home: Path | None) -> None:
    """Find workers who are not who they say they are, with evidence that stands.

    \b
    pickglass demo                      see it work on an invented company
    pickglass run exports/ --home h     load exports, assess everybody, print the queue
    pickglass subject show ID --home h  everything found about one person
    """
    context.obj = {"home": home}


def main() -> None:
    """Run the command line and end the process with the exit code that the error, if any, stands for."""
    stopping = _watch_for_stop()
    os.umask(0o077)  # whatever we write holds what others on this machine may not read
    try:
        code = cli.main(prog_name="pickglass", standalone_mode=False)
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        _tell("stopped")
        sys.exit(EXIT_STOPPED)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        _tell_usage(error)
        sys.exit(error.exit_code)
    except PickglassError as error:
        _tell(f"error: {error}")
        sys.exit(error.exit_code)
    except (_ReaderGoneError, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if error.errno not in _OF_THE_MACHINE:
            sys.exit(_report_bug(error))
        where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        _tell(
            f"error: {where}{error.strerror}\n"
            "hint: see whether disk and rights allow it, or name another --home"
        )
        sys.exit(ConfigError.exit_code)
    except Exception as error:  # noqa: BLE001 - the one place where a bug meets the user
        if stopping.is_set():  # the SQL engine makes an error of its own of a Ctrl-C
            _tell("stopped")
            sys.exit(EXIT_STOPPED)
        sys.exit(_report_bug(error))
    sys.exit(code if isinstance(code, int) else 0)


def _watch_for_stop() -> threading.Event:
    """Return an event that is set once the user presses Ctrl-C, whatever becomes of the interrupt."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    return stopping


def _tell_usage(error: click.ClickException) -> None:
    """Show a wrong use as Click does; what was typed may hold control codes."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _tell(error.format_message())
        return
    if isinstance(error, click.UsageError) and error.ctx is not None:
        _tell(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help' for help.\n")
    _tell(f"Error: {error.format_message()}")


def _tell(text: str) -> None:
    click.echo(printable_lines(text), err=True)


def _report_bug(error: Exception) -> int:
    """Tell that this is a bug, under an id, and where its trace is; the trace holds no values of the data."""
    import secrets
    import traceback

    number = secrets.token_hex(4)
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "pickglass"
    frames = traceback.extract_tb(error.__traceback__)
    # Lines and names only: the message of an exception may hold values of the data.
    lines = [f"{datetime.now(UTC).isoformat()} bug {number}: {type(error).__name__}"]
    lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "bugs.log").open("a", encoding="utf-8") as log:
            log.write("\n".join(lines) + "\n")
        where = f"where it happened is in {folder / 'bugs.log'} (no personal data in it)"
    except OSError:
        where = "; ".join(lines[-3:])
    _tell(f"error: this is a bug in pickglass ({type(error).__name__}, id {number}); {where}")
    _tell("hint: report it with the id and the log")
    return EXIT_BUG


if __name__ == "__main__":
    main()
