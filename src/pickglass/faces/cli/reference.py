"""Writes the page of the command line: `python -m pickglass.faces.cli.reference > docs/cli.md`."""

from __future__ import annotations

from collections.abc import Iterator

import click

WIDTH = 92

_HEAD = """\
# The command line

Written by `python -m pickglass.faces.cli.reference > docs/cli.md` from the help of the commands themselves.

**stdout is data, stderr is talk.** With `--json` a command prints one JSON document; without it, a table on
a terminal and tab-separated lines elsewhere. Progress and everything said about the work goes to stderr.
`NO_COLOR` is respected.

**Home.** `--home DIR`, before or after the verb, or the variable `PICKGLASS_HOME`, names the folder that
holds everything; the default is `~/.pickglass`. Only verbs that load make a home; the others say (exit 5)
that nothing is there.

**Personal data is masked** in every output. `--reveal REASON` shows it; who, what and why is in the audit log
before anything is shown. Looking at one person is logged in any case.

| Exit code | Meaning |
|---|---|
| 0 | it is done |
| 1 | a bug in pickglass; an id is printed, and a log without personal data says where |
| 2 | wrong use: no such verb or option, a missing argument |
| 3 | bad input: no such file, a quarantined file, a failed check |
| 4 | configuration: settings, key, store, or what disk and rights do not allow |
| 5 | not found: no such subject, case, indicator or source, or nothing loaded yet |
| 6 | not allowed: a closed case, a confirmation without a second person |
| 10 | somebody is in the band of `--fail-on` or a more urgent one; it wins over 3 |
| 130 | stopped by Ctrl-C |

Errors say what is wrong, where, and, after `hint:`, what to do.
"""


def reference() -> str:
    """Return the page: every help text, word for word."""
    from pickglass.faces.cli.main import cli

    parts = [_HEAD]
    parts += [f"## {path}\n\n```text\n{text}\n```\n" for path, text in pages(cli, "pickglass", None)]
    return "\n".join(parts)


def pages(command: click.Command, path: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    """Yield the path and the help text of a command and all below it."""
    context = click.Context(
        command,
        parent,
        info_name=path.rsplit(maxsplit=1)[-1],
        terminal_width=WIDTH,
        **command.context_settings,
    )
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for verb in command.list_commands(context):
            found = command.get_command(context, verb)
            if found is not None:
                yield from pages(found, f"{path} {verb}", context)


if __name__ == "__main__":
    click.echo(reference(), nl=False)
