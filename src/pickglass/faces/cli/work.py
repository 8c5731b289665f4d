"""Verbs that do the work: load, assess, run, simulate, demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pickglass.errors import InputError
from pickglass.faces.cli.dates import moment
from pickglass.faces.cli.main import EXIT_FINDINGS
from pickglass.faces.cli.output import (
    filled_home,
    home_option,
    json_option,
    print_json,
    progress,
    reveal_option,
    say,
    settings_of,
    table,
)
from pickglass.faces.printable import printable

if TYPE_CHECKING:
    from pickglass.pipeline import LoadReport, Run
    from pickglass.settings import Settings

SHOWN = 25  # subjects that a terminal lists; JSON lists all
BANDS = ("act", "review", "watch")

as_of_option = click.option(
    "--as-of", metavar="DATE", help="Read only what was known then (UTC), e.g. 2026-03-31."
)
fail_option = click.option(
    "--fail-on",
    type=click.Choice(BANDS),
    help=f"Exit {EXIT_FINDINGS} if anybody is in this band or a more urgent one.",
)
# Texts and not paths: a path would make s3:/bucket of s3://bucket.
paths_argument = click.argument("paths", nargs=-1, required=True)
since_option = click.option(
    "--since",
    metavar="DATE",
    help="Load only what was last modified then or later (UTC): the time of the file on disk, or the one that the "
    "object store tells; an object without one is loaded.",
)


@click.command()
@click.argument("paths", nargs=-1)
@home_option
@json_option
@since_option
@click.option(
    "--remap",
    metavar="SOURCE",
    default=None,
    help="Instead of loading: make the rows of this source anew from the originals, with its mapping of today.",
)
def load(
    paths: tuple[str, ...], home: Path | None, as_json: bool, since: str | None, remap: str | None
) -> int:
    """Load exports into the lake: files, folders, patterns or objects, whatever system they come from.

    What was loaded before is skipped, so a load that was stopped or killed is simply started again.

    \b
    pickglass load exports/ --home h
    pickglass load 'exports/**/*.json.gz' --since 2026-03-01 --home h
    pickglass load s3://bucket/exports/2026-03 --home h
    pickglass load --remap workday_workers --home h
    """
    from pickglass import pipeline
    from pickglass.faces.exports.run_document import load_document

    if remap is not None:
        if paths or since:
            raise click.UsageError("--remap reads the originals: give no paths and no --since with it")
        return _remap(home, remap, as_json)
    if not paths:
        raise click.UsageError("Missing argument 'PATHS...'.")
    settings = settings_of(home)
    with progress() as tell:
        report = pipeline.load(settings, paths, since=moment(since), tell=tell.standing)
    if as_json:
        print_json({"version": 1, "load": load_document(report)})
    tell_load(report)
    return load_code(report)


def _remap(home: Path | None, source_id: str, as_json: bool) -> int:
    """Tell the rows before and after; files that keep their old rows are bad input."""
    from pickglass.pipeline import remap_source

    done = remap_source(filled_home(home), source_id)
    if as_json:
        print_json(done)
    else:
        rows = [(name, one["before"], one["after"]) for name, one in done["rows"].items()]
        table(("table", "rows before", "rows after"), rows)
    say(f"{done['files']} files were read again with {done['mapping_version']}")
    for one in done["kept"]:
        say(f"kept as it is: {printable(one['file'])}: {one['why']}")
    return InputError.exit_code if done["kept"] else 0


@click.command()
@as_of_option
@fail_option
@home_option
@json_option
@reveal_option
def assess(
    as_of: str | None, fail_on: str | None, home: Path | None, as_json: bool, reveal: str | None
) -> int:
    """Assess everybody in the lake: ask the indicators, link, and weigh.

    Only looks: nothing is kept and no case is opened. `run` keeps; what it loaded before it skips.

    \b
    pickglass assess --home h --as-of 2026-03-31
    """
    from pickglass import pipeline

    settings = filled_home(home)
    with progress() as tell:
        done = pipeline.assess(settings, moment(as_of), tell)
    return _show(settings, done, as_json, reveal, fail_on)


@click.command()
@click.argument("paths", nargs=-1)
@as_of_option
@fail_option
@home_option
@json_option
@reveal_option
@since_option
def run(
    *,
    paths: tuple[str, ...],
    as_of: str | None,
    fail_on: str | None,
    home: Path | None,
    as_json: bool,
    reveal: str | None,
    since: str | None,
) -> int:
    """Load exports, assess everybody, keep it, open cases, and print the queue, most urgent first.

    Without PATHS it assesses and keeps what was loaded before.

    \b
    pickglass run exports/ --home h
    pickglass run exports/ --home h --json > run.json
    """
    from pickglass import pipeline

    settings = settings_of(home) if paths else filled_home(home)
    with progress() as tell:
        done = pipeline.run(settings, paths, moment(as_of), tell, since=moment(since), tell=tell.standing)
    code = _show(settings, done, as_json, reveal, fail_on)
    if done.load is None:
        return code
    tell_load(done.load)
    return code or load_code(done.load)


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--workers", default=300, show_default=True, type=click.IntRange(40, 20_000))
@click.option(
    "--applicants", default=None, type=click.IntRange(0, 2_000_000), help="Default: six for each worker."
)
@click.option("--days", default=240, show_default=True, type=click.IntRange(60, 1_000))
@click.option("--seed", default=7, show_default=True, type=click.IntRange(0))
@json_option
def simulate(*, out: Path, workers: int, applicants: int | None, days: int, seed: int, as_json: bool) -> None:
    """Write the exports of a synthetic company, in its vendors' formats, with the truth beside them.

    \b
    pickglass simulate company --workers 300 --days 240 --seed 7
    """
    from dataclasses import asdict

    from pickglass.simulate import simulate as write

    summary = write(out, workers=workers, applicants=applicants, days=days, seed=seed)
    if as_json:
        print_json(asdict(summary))
        return
    say(f"wrote {out}; the truth is in {out / 'truth.json'}")
    say(f"next: pickglass run {out} --home home")


@click.command()
@click.option("--workers", default=300, show_default=True, type=click.IntRange(40, 20_000))
@click.option("--days", default=240, show_default=True, type=click.IntRange(60, 1_000))
@click.option("--seed", default=7, show_default=True, type=click.IntRange(0))
@home_option
@json_option
def demo(workers: int, days: int, seed: int, home: Path | None, as_json: bool) -> int:
    """Make a synthetic company, run everything on it, and write a report to look at.

    \b
    pickglass demo
    """
    from pickglass import pipeline
    from pickglass.faces.exports.report import write_report
    from pickglass.faces.exports.run_document import run_document
    from pickglass.simulate import simulate as write

    folder = _demo_folder(home)
    company = folder / "company"
    settings = settings_of(folder)
    say(f"writing an invented company of {workers} workers over {days} days to {company}")
    write(company, workers=workers, days=days, seed=seed)
    exports = [path for path in sorted(company.iterdir()) if path.name != "truth.json"]
    with progress() as tell:
        done = pipeline.run(settings, exports, progress=tell, tell=tell.standing)
    report = write_report(done, folder / "report.html")
    if as_json:
        print_json(run_document(done) | {"report": str(report)})
    else:
        _print_queue(done, reveal=False)
    if done.load is not None:
        tell_load(done.load)
    say()
    say(f"the report is {report}: open it in a browser")
    first = done.assessments[0].subject_id if done.assessments else "ID"
    say(f"next: pickglass subject show {first} --home {folder}")
    return 0


def _demo_folder(home: Path | None) -> Path:
    """Return the demo's own folder, emptied of an earlier demo; one that holds anything else is refused."""
    import shutil

    folder = home or Path("pickglass-demo")
    if folder.exists() and any(folder.iterdir()):
        if not (folder / "company" / "truth.json").exists():
            raise InputError(
                "this folder holds something that is no demo",
                hint="name another with --home",
                where=str(folder),
            )
        shutil.rmtree(folder)
    return folder


def _show(settings: Settings, done: Run, as_json: bool, reveal: str | None, fail_on: str | None) -> int:
    from pickglass.faces.exports.run_document import run_document, shown
    from pickglass.faces.reveal import record_reveal

    if reveal is not None:
        record_reveal(settings, reveal, "queue")
    if as_json:
        print_json(run_document(done, reveal is not None))
    else:
        _print_queue(done, reveal is not None)
    for indicator, message in done.problems:
        say(f"warning: {indicator} could not be asked: {shown(message, reveal=False)}")
    urgent = BANDS[: BANDS.index(fail_on) + 1] if fail_on else ()
    return EXIT_FINDINGS if any(one.band in urgent for one in done.assessments) else 0


def _print_queue(done: Run, reveal: bool) -> None:
    from pickglass.faces.exports.run_document import subject_document

    listed = [one for one in done.documents if one["assessment"]["band"] in BANDS][:SHOWN]
    rows: list[list[Any]] = []
    for one in listed:
        document = subject_document(one, reveal)
        reasons = "; ".join(found["title"] for found in document["fired"][:3])
        rows.append(
            [
                document["id"],
                document["name"],
                document["band"],
                f"{document['threat']:.2f}",
                document["leading"],
                f"{document['bits']:+.1f}",
                reasons,
            ]
        )
    table(("subject", "name", "band", "threat", "leading", "bits", "why, strongest first"), rows)
    counts: dict[str, int] = {}
    for assessment in done.assessments:
        counts[assessment.band] = counts.get(assessment.band, 0) + 1
    shown = ", ".join(f"{count} {band}" for band, count in sorted(counts.items()))
    say(
        f"{len(done.documents)} subjects as known at {done.as_of:%Y-%m-%d %H:%M} UTC: {shown}; "
        f"{len(done.links)} links"
    )


def tell_load(report: LoadReport) -> None:
    """Say on stderr what a load did."""
    from pickglass.faces.exports.run_document import shown

    counts = report.records
    say(
        f"load {report.id}: {report.recognised:,} of {report.files:,} files recognised{_share(report)}; "
        f"{counts['read']:,} records read = "
        f"{counts['mapped']:,} mapped + {counts['rejected']:,} rejected + "
        f"{counts['duplicate']:,} duplicate + {counts['ignored']:,} ignored + "
        f"{counts['unrecognised']:,} in unrecognised files"
    )
    if not report.files and not report.older:
        say("no file is there: hidden ones, with a dot in front, count only if they are named")
    if report.before:
        say(f"files loaded before: {report.before:,}; nothing of them changes")
    if report.older:
        say(f"files left out as last modified before --since: {report.older:,}")
    if report.stopped:
        say("stopped before the end: the same command goes on from here")
    say("rows: " + (", ".join(f"{name} {count:,}" for name, count in report.rows.items()) or "none new"))
    for one in report.quarantined:
        say(f"quarantined: {printable(one.file)}: {shown(one.why, reveal=False)}")
    for one in report.unrecognised[:SHOWN]:
        say(f"unrecognised: {printable(one.file)}: {shown(one.why, reveal=False)}")
    if len(report.unrecognised) > SHOWN:
        say(f"… and {len(report.unrecognised) - SHOWN} more unrecognised files: --json lists them all")


def _share(report: LoadReport) -> str:
    return f" ({report.recognised / report.files:.0%})" if report.files else ""


def load_code(report: LoadReport) -> int:
    """A quarantined file is bad input; a file that no source knows is merely told."""
    return InputError.exit_code if report.quarantined else 0
