"""Checks over the catalogue: what every indicator must be, each check with a name and a recommendation.

`check` is what `pickglass indicator check` and the tests about the code base call. It reads the files itself,
so it also speaks about indicators that the runner would refuse.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pickglass.errors import ConfigError
from pickglass.indicators import drafting, portable, reads, sentence, testing
from pickglass.indicators.catalogue import Entry, Trial, files, read_entry
from pickglass.indicators.citations import known_references, known_techniques
from pickglass.indicators.run import ask
from pickglass.lake.engine import EngineError
from pickglass.lake.session import session
from pickglass.model.records import Indicator

if TYPE_CHECKING:
    from pickglass.lake.session import Session

# Partial proxies of who a person is: they may support, and never decide.
PROXIES = frozenset(
    {
        "app-voip-number",
        "dev-consumer-vpn-on-host",
        "mtg-camera-off-vs-team",
        "net-vpn-tunnel-provider",
        "pay-emoney-or-prepaid-routing",
    }
)

# Words that accuse, or that say who somebody is instead of what a record says.
ACCUSING = re.compile(
    r"(?i)\b(fraud\w*|criminal\w*|scam\w*|thief|thieves|stole|steals?|impost[oe]r\w*|guilty|malicious\w*|suspects?"
    r"|suspicious|north korea\w*|dprk|chin(?:a|ese)|russian?|pakistani?|iran(?:ian)?|asian?|foreign\w*"
    r"|nationality|ethnic\w*|accent|religio\w*|disab(?:led|ility)|gender)\b"
)


class Complaint(NamedTuple):
    """One thing that a check found, and what to do about it."""

    indicator: str
    check: str
    why: str
    recommendation: str

    def __str__(self) -> str:
        return f"{self.indicator}: {self.check}: {self.why} ({self.recommendation})"


class Case(NamedTuple):
    """What a check looks at: an indicator that could be read, and its tests."""

    indicator: Indicator
    trials: tuple[Trial, ...]
    absence: Mapping[str, str]
    empty: Session  # a lake without any rows


@dataclass(frozen=True, slots=True)
class Lint:
    """A named check: says in words what is wrong, once per mistake."""

    name: str
    recommendation: str
    find: Callable[[Case], Iterator[str]]


LINTS: list[Lint] = []


def lint(name: str, recommendation: str) -> Callable[[Callable[[Case], Iterator[str]]], Lint]:
    """Make a function a check of the catalogue."""

    def register(find: Callable[[Case], Iterator[str]]) -> Lint:
        made = Lint(name, recommendation, find)
        LINTS.append(made)
        return made

    return register


def check(
    ids: Iterable[str] | None = None,
    roots: Sequence[Path] = (),
    trials: bool = True,
    absence: bool = False,
) -> list[Complaint]:
    """Check the indicators `ids` (all of them): their files, their SQL, and (`trials`) their own tests.

    They are looked for below `roots`, by default among the shipped ones. Of a draft only what is still open is told.
    `absence` also takes every table of every firing test away in turn, which takes its time.
    """
    wanted = None if ids is None else set(ids)
    entries = [read_entry(path) for path in files(*roots) if wanted is None or path.stem in wanted]
    found = [
        Complaint(name, "exists", "there are no such files", "`<stage>/<id>.yaml` and `<id>.sql`")
        for name in sorted((wanted or set()) - {entry.path.stem for entry in entries})
    ]
    found += _found_twice(entries)
    with empty_lake() as empty:
        for entry in entries:
            if unfinished := check_finished(entry.path):
                found += unfinished
                continue
            found += check_entry(entry, empty)
            if entry.indicator is not None and trials:
                found += check_trials(entry.indicator, entry.trials)
            if entry.indicator is not None and absence:
                found += check_absence(entry.indicator, entry.trials, entry.absence)
    return found


@contextmanager
def empty_lake() -> Iterator[Session]:
    """Open a lake without any rows: nothing may be said about anybody in it."""
    with session({}, datetime(2026, 1, 1, tzinfo=UTC), testing.KEY, threads=1) as lake:
        yield lake


def check_finished(path: Path) -> list[Complaint]:
    """Name what a draft leaves open; nothing else can be judged before."""
    recommendation = f"write it in place of {drafting.GAP}"
    return [
        Complaint(path.stem, "unfinished", f"{place}: {what}", recommendation)
        for place, what in drafting.gaps(path)
    ]


def check_entry(entry: Entry, empty: Session) -> list[Complaint]:
    """Run every check that needs no rows on one indicator."""
    name = entry.path.stem
    found = [
        Complaint(name, "files", f"{file}: {field}: {why}", hint) for file, field, why, hint in entry.mistakes
    ]
    if entry.indicator is None:
        return found
    case = Case(entry.indicator, entry.trials, entry.absence, empty)
    for one in LINTS:
        try:
            found += [Complaint(name, one.name, why, one.recommendation) for why in one.find(case)]
        except (ConfigError, EngineError) as error:
            why = " ".join(str(error).split())
            found.append(Complaint(name, one.name, why, one.recommendation))
    return found


def check_trials(indicator: Indicator, trials: Iterable[Trial]) -> list[Complaint]:
    """Run one indicator's own tests."""
    return [
        Complaint(indicator.id, "test", f"{trial.name}: {wrong}", "mend the SQL or the test")
        for trial in trials
        for wrong in testing.try_out(indicator, trial)
    ]


def check_absence(
    indicator: Indicator, trials: Iterable[Trial], excused: Mapping[str, str]
) -> list[Complaint]:
    """See that no subject becomes clear merely because a table is missing."""
    recommendation = "clear needs proof: join `coverage`, or write the reason as `absence: {table: why}`"
    return [
        Complaint(indicator.id, "absence", fault, recommendation)
        for trial in trials
        if trial.fires
        for fault in testing.absence_faults(indicator, trial, excused)
    ]


def _found_twice(entries: Iterable[Entry]) -> list[Complaint]:
    counts = Counter(entry.path.stem for entry in entries)
    return [
        Complaint(name, "unique", f"{count} stages have it", "an id is unique over all stages")
        for name, count in counts.items()
        if count > 1
    ]


# What an indicator says


@lint("references", "cite keys of references.yaml; OURS where nothing public says it")
def _references(case: Case) -> Iterator[str]:
    if not case.indicator.references:
        yield "cites nothing"
    for key in case.indicator.references:
        if key not in known_references():
            yield f"{key} is not a known key"


@lint("technique", "name ids of techniques.yaml; a new one is added there with its title")
def _techniques(case: Case) -> Iterator[str]:
    for kind, keys, begin in (
        ("ATT&CK technique", case.indicator.attack, "T"),
        ("key of the Insider Threat Matrix", case.indicator.itm, ("MT", "ME", "PR", "IF", "AF")),
    ):
        for key in keys:
            if not key.startswith(begin) or key not in known_techniques():
                yield f"{key} is no known {kind}"


@lint("fair explanations", "an investigator needs the honest explanations and the next question to ask")
def _explained(case: Case) -> Iterator[str]:
    if not case.indicator.innocent:
        yield "`innocent` is empty"
    if not case.indicator.ask_next:
        yield "`ask_next` is empty"


@lint("plain words", "say what the records say, never what somebody is")
def _plain_words(case: Case) -> Iterator[str]:
    indicator = case.indicator
    for field, text in (
        ("title", indicator.title),
        ("sentence", indicator.sentence),
        ("question", indicator.question),
    ):
        for word in ACCUSING.findall(text):
            yield f"`{field}` says {word!r}"


@lint("proxy", "set `proxy: true`: it stands in part for who somebody is and may only support")
def _proxies(case: Case) -> Iterator[str]:
    if case.indicator.id in PROXIES and not case.indicator.proxy:
        yield "is a partial proxy and not marked as one"


# Its SQL


@lint("one SELECT", "an indicator is one question")
def _one_select(case: Case) -> Iterator[str]:
    from sqlglot import exp

    tree = reads.parse(case.indicator.sql)
    if not isinstance(tree, exp.Query):
        yield f"is a {tree.key.upper()}"


@lint("columns", "docs/indicators.md names the columns and their types")
def _columns(case: Case) -> Iterator[str]:
    ask(case.empty, case.indicator)
    yield from ()


@lint("empty lake", "nothing may be said about anybody in a lake without rows: start from the records")
def _empty_lake(case: Case) -> Iterator[str]:
    try:
        findings, clear = ask(case.empty, case.indicator)
    except ConfigError:  # told by `columns`
        return
    if findings or clear:
        yield f"answers {len(findings) + len(clear)} rows about nobody"


@lint("views", "docs/indicators.md lists what may be read")
def _views(case: Case) -> Iterator[str]:
    for view in reads.reads(case.indicator.sql):
        if view in reads.WITHHELD:
            yield f"reads {view}: {reads.WITHHELD[view]}"
        elif view not in reads.views():
            yield f"reads {view or 'a table function'}, which is no view"


@lint("protected", "compare a person's claims with the machines, never who the person is; name the columns")
def _protected(case: Case) -> Iterator[str]:
    for view, columns in reads.reads(case.indicator.sql).items():
        for column in sorted(columns):
            if reads.personal_data(view, column) == "protected":
                yield f"reads {view}.{column}"


@lint("field classes", "every face masks a value by the class of what it is made of")
def _field_classes(case: Case) -> Iterator[str]:
    import pyarrow as pa

    rows = case.empty.query(case.indicator.sql, case.indicator.parameters)
    classes = reads.field_classes(case.indicator.sql)
    needed = dict(case.indicator.fields)
    for name in sentence.fields(case.indicator.sentence):
        kind = rows.schema.field(name).type if name in rows.column_names else None
        if kind is not None and (pa.types.is_string(kind) or pa.types.is_list(kind)):
            # Numbers, times and truths say nothing that a mask would hide.
            needed[name] = reads.stricter(classes.get(name, "none"), case.indicator.fields.get(name, "none"))
    needed = {name: kind for name, kind in needed.items() if kind != "none"}
    declared = {name: kind for name, kind in case.indicator.fields.items() if kind != "none"}
    if needed != declared:
        yield f"needs `fields: {{{', '.join(f'{name}: {kind}' for name, kind in needed.items())}}}`"
    for name in sorted(set(case.indicator.fields) - set(sentence.fields(case.indicator.sentence))):
        yield f"{name} is no field of the sentence"


@lint("parameters", "declare what the SQL binds, and nothing else")
def _parameters(case: Case) -> Iterator[str]:
    used = reads.parameters(case.indicator.sql) - {"as_of"}
    for name in sorted(used - set(case.indicator.parameters)):
        yield f"${name} is not declared"
    for name in sorted(set(case.indicator.parameters) - used):
        yield f"{name} is declared and not used"


@lint("portable", "keep to the SQL that DuckDB and Spark run alike")
def _portable(case: Case) -> Iterator[str]:
    yield from portable.refused(case.indicator.sql)


@lint("Spark", "the same SQL has to be writable for Spark")
def _spark(case: Case) -> Iterator[str]:
    yield from portable.unwritable(case.indicator.sql)


# Its tests


@lint("enough tests", "one that fires, two near misses, one not assessable")
def _enough(case: Case) -> Iterator[str]:
    if not any(trial.fires for trial in case.trials):
        yield "no test fires"
    if sum(1 for trial in case.trials if trial.near and not trial.fires) < 2:
        yield "fewer than two near misses (`near:` names the test that fires)"
    if not any("not_assessable" in trial.expect.values() for trial in case.trials):
        yield "no test is not assessable"
    if not any(trial.sentence for trial in case.trials if trial.fires):
        yield "no firing test states its sentence"
    for name, count in Counter(trial.name for trial in case.trials).items():
        if count > 1:
            yield f"{count} tests are called {name!r}"


@lint("near misses", "a near miss differs from the test that fires in exactly one fact")
def _near_misses(case: Case) -> Iterator[str]:
    by_name = {trial.name: trial for trial in case.trials}
    for trial in case.trials:
        if trial.near is None:
            continue
        origin = by_name.get(trial.near)
        if origin is None:
            yield f"{trial.name}: there is no test {trial.near!r}"
        elif not origin.fires:
            yield f"{trial.name}: {trial.near!r} does not fire"
        else:
            yield from (f"{trial.name}: {why}" for why in _not_one_fact(origin, trial))


def _not_one_fact(origin: Trial, near: Trial) -> Iterator[str]:
    if origin.parameters != near.parameters:
        yield "has other parameters"
    gone, come = _difference(origin, near)
    moved = origin.as_of != near.as_of
    if not gone and not come:
        if not moved:
            yield "does not differ at all"
    elif moved:
        yield "differs in the moment as well"
    elif len(gone) + len(come) > 1 and not _one_value(gone, come):
        yield f"differs in {len(gone)} rows gone and {len(come)} rows new"


_Row = tuple[str, tuple[tuple[str, str], ...]]


def _difference(origin: Trial, near: Trial) -> tuple[list[_Row], list[_Row]]:
    before, after = _rows(origin), _rows(near)
    return list((before - after).elements()), list((after - before).elements())


def _rows(trial: Trial) -> Counter[_Row]:
    return Counter(
        (table, tuple(sorted((column, repr(value)) for column, value in row.items())))
        for table, rows in trial.given.items()
        for row in rows
    )


def _one_value(gone: list[_Row], come: list[_Row]) -> bool:
    """Tell whether one row became another of the same table by one value."""
    if len(gone) != 1 or len(come) != 1 or gone[0][0] != come[0][0]:
        return False
    before, after = dict(gone[0][1]), dict(come[0][1])
    return sum(before.get(column) != after.get(column) for column in {*before, *after}) == 1
