"""The catalogue: every indicator that lies in the stage folders, read from its YAML and SQL files.

An indicator is found by being there, with pickglass or below HOME/indicators; nothing is registered. Whatever is wrong
with the files is told at once, with file, field and reason, because whoever adds three indicators wants to hear of
three mistakes.
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from pickglass.errors import ConfigError, NotFound
from pickglass.model.records import Indicator

STAGES = (
    "applying",
    "identity",
    "interviewing",
    "onboarding",
    "paying",
    "device",
    "network",
    "meeting",
    "data",
    "leaving",
    "linking",
)
FAMILIES = (
    "recruiting",
    "identity",
    "logistics",
    "payroll",
    "endpoint",
    "network",
    "meeting",
    "data",
    "mail",
    "link",
)
STATUSES = ("active", "draft", "manual")
FAIRNESS = ("safe", "care", "restricted")
TIERS = (1, 2, 3, 4)
CLASSES = ("none", "pseudonym", "content", "contact", "financial")  # of a sentence's field, by strictness
OUTCOMES = ("fired", "clear", "not_assessable")
GUIDE = "docs/indicators.md says what an indicator's files hold"

_TEXTS = ("id", "title", "question", "family", "status", "fairness", "sentence")
_LISTS = ("innocent", "ask_next", "references", "attack", "itm")
_OPTIONAL = (
    "proxy",
    "parameters",
    "fields",
    "attack",
    "itm",
    "absence",
    "references",
    "innocent",
    "ask_next",
    "tier",
)
_TEST_KEYS = ("name", "near", "as_of", "parameters", "given", "expect")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Mistake(NamedTuple):
    """One thing that is wrong in an indicator's files."""

    file: str
    field: str
    why: str
    hint: str = GUIDE

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: {self.why} ({self.hint})"


@dataclass(frozen=True, slots=True)
class Trial:
    """One test of an indicator: rows in, outcome for each subject and the sentence out.

    `expect` maps an account to fired, clear or not_assessable. `near` names the trial that this one is a near
    miss of. `sentence` and `evidence` speak about the first account that is expected to fire.
    """

    name: str
    given: Mapping[str, tuple[Mapping[str, Any], ...]]
    expect: Mapping[str, str]
    sentence: str | None = None
    evidence: tuple[str, ...] | None = None
    as_of: datetime | None = None
    near: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fires(self) -> bool:
        return "fired" in self.expect.values()


def folder() -> Path:
    """Return the folder that holds the stages of what comes with pickglass."""
    return Path(__file__).parent


def folders(home: Path | None = None) -> tuple[Path, ...]:
    """Return the folders that hold stages: the shipped one, and HOME/indicators."""
    return (folder(),) if home is None else (folder(), home / "indicators")


@dataclass(frozen=True, slots=True)
class Entry:
    """One indicator's files as far as they can be read: itself, its tests, and what is wrong with them."""

    path: Path
    indicator: Indicator | None
    trials: tuple[Trial, ...] = ()
    absence: Mapping[str, str] = field(default_factory=dict)  # table → why its absence may make it clear
    mistakes: tuple[Mistake, ...] = ()


def files(*roots: Path) -> list[Path]:
    """List the YAML files of all indicators below `roots` (by default the shipped ones), by id."""
    found = [
        path for root in roots or folders() for stage in STAGES for path in (root / stage).glob("*.yaml")
    ]
    return sorted(found, key=lambda path: path.stem)


def catalogue(home: Path | None = None) -> Mapping[str, Indicator]:
    """Return every indicator by its id: the shipped ones, and those below HOME/indicators.

    Raises a ConfigError that names every mistake. An id that is shipped cannot be given again: its weight was argued
    for what it asks now.
    """
    return read_catalogue(home / "indicators", _shipped()) if home is not None else _shipped()


@cache
def _shipped() -> Mapping[str, Indicator]:
    return read_catalogue(folder())


def read_catalogue(root: Path, known: Mapping[str, Indicator] | None = None) -> dict[str, Indicator]:
    """Read every indicator below `root` to those that are known, or raise a ConfigError that names all mistakes."""
    found = dict(known or {})
    mistakes: list[Mistake] = []
    for path in files(root):
        indicator, wrong = read_indicator(path)
        mistakes += wrong
        if indicator is not None and indicator.id in found:
            mistakes.append(Mistake(place(path), "id", f"{indicator.id} exists twice", "ids are unique"))
        elif indicator is not None:
            found[indicator.id] = indicator
    refuse(mistakes)
    return found


def get(id: str, home: Path | None = None) -> Indicator:
    """Return one indicator, or raise NotFound with the ids that look like it."""
    import difflib

    known = catalogue(home)
    if id not in known:
        near = difflib.get_close_matches(id, known, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "`pickglass indicator list` names them all"
        raise NotFound(f"there is no indicator {id}", hint)
    return known[id]


def refuse(mistakes: Iterable[Mistake]) -> None:
    """Raise a ConfigError that names every mistake, if there is any."""
    every = list(mistakes)
    if every:
        count = f"{len(every)} mistakes" if len(every) > 1 else "a mistake"
        lines = "\n".join(f"  {mistake}" for mistake in every)
        raise ConfigError(f"{count} in the catalogue of indicators\n{lines}", GUIDE)


def place(path: Path) -> str:
    """Name a file of the catalogue by stage and name: the same on every machine."""
    return f"{path.parent.name}/{path.name}"


def read_indicator(path: Path) -> tuple[Indicator | None, list[Mistake]]:
    """Read one indicator's files, without its tests; None with the mistakes when they cannot be used."""
    sql_path = path.with_suffix(".sql")
    spec, mistakes = _read_yaml(path, head(path.read_text("utf-8")))
    if not sql_path.exists():
        mistakes.append(Mistake(place(sql_path), "file", "is missing", "the SQL lies beside the YAML"))
    if spec is None:
        return None, mistakes
    mistakes += [Mistake(place(path), name, why, hint) for name, why, hint in _wrong(spec, path)]
    if mistakes:
        return None, mistakes
    return _indicator(spec, path.parent.name, sql_path.read_text("utf-8")), []


def head(text: str) -> str:
    """Return the part of the YAML before its tests: running an indicator never needs them."""
    return text.partition("\ntests:")[0]


def _read_yaml(path: Path, text: str) -> tuple[dict[str, Any] | None, list[Mistake]]:
    try:
        spec = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        return None, [Mistake(place(path), "YAML", " ".join(str(error).split()), "mend the syntax")]
    if not isinstance(spec, dict):
        return None, [Mistake(place(path), "YAML", "is not a mapping of fields")]
    return spec, []


def _wrong(spec: Mapping[str, Any], path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (field, why, hint) for everything in the YAML that would mislead the runner."""
    for name in _TEXTS:
        if not isinstance(spec.get(name), str) or not spec[name].strip():
            yield name, "is missing or not a text", GUIDE
    if spec.get("id") != path.stem:
        yield "id", f"is {spec.get('id')!r}, the file is {path.stem}", "the id is the file's name"
    for name, allowed in (
        ("family", FAMILIES),
        ("status", STATUSES),
        ("fairness", FAIRNESS),
        ("tier", TIERS),
    ):
        if spec.get(name) not in allowed:
            yield name, f"{spec.get(name)!r} is not known", f"one of {', '.join(map(str, allowed))}"
    if not isinstance(spec.get("proxy", False), bool):
        yield "proxy", "is neither true nor false", GUIDE
    if not isinstance(spec.get("parameters", {}), dict):
        yield "parameters", "is not a mapping of names to values", GUIDE
    if not isinstance(spec.get("fields", {}), dict):
        yield "fields", "is not a mapping of sentence fields to personal-data classes", GUIDE
    else:
        for name, kind in spec.get("fields", {}).items():
            if kind not in CLASSES:
                yield f"fields.{name}", f"{kind!r} is not known", f"one of {', '.join(CLASSES)}"
    if not isinstance(spec.get("absence", {}), dict):
        yield "absence", "is not a mapping of tables to reasons", GUIDE
    for name in _LISTS:
        items = spec.get(name, [])
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            yield name, "is not a list of texts", "quote entries that hold a colon"
    for name in sorted(set(spec) - {*_TEXTS, *_OPTIONAL, "tests"}, key=str):
        yield str(name), "is not a field of an indicator", GUIDE
    yield from _wrong_sentence(spec.get("sentence"))


def _wrong_sentence(sentence: object) -> Iterator[tuple[str, str, str]]:
    if not isinstance(sentence, str):
        return
    try:
        parts = list(string.Formatter().parse(sentence))
    except ValueError as error:
        yield "sentence", str(error), "write fields as {name}"
        return
    for _, name, form, conversion in parts:
        if name is not None and (not name.isidentifier() or form or conversion):
            yield "sentence", f"{{{name}}} is more than a name", "values are formatted by their type"


def _indicator(spec: Mapping[str, Any], stage: str, sql: str) -> Indicator:
    return Indicator(
        id=spec["id"],
        title=spec["title"],
        question=spec["question"],
        stage=stage,
        family=spec["family"],
        status=spec["status"],
        fairness=spec["fairness"],
        tier=spec["tier"],
        sentence=spec["sentence"],
        sql=sql,
        fields=dict(spec.get("fields", {})),
        proxy=spec.get("proxy", False),
        parameters=dict(spec.get("parameters", {})),
        **{name: tuple(spec.get(name, ())) for name in _LISTS},
    )


def read_entry(path: Path) -> Entry:
    """Read one indicator's files with its tests, and all mistakes in them."""
    indicator, mistakes = read_indicator(path)
    spec, unreadable = _read_yaml(path, path.read_text("utf-8"))
    if spec is None:
        return Entry(path, None, mistakes=tuple(dict.fromkeys([*mistakes, *unreadable])))
    tests = spec.get("tests") or []
    if not isinstance(tests, list):
        tests, mistakes = [], [*mistakes, Mistake(place(path), "tests", "is not a list")]
    if list(spec)[-1] != "tests":
        mistakes.append(Mistake(place(path), "tests", "is not the last field", "move it to the end"))
    trials: list[Trial] = []
    for number, test in enumerate(tests, start=1):
        wrong = list(_wrong_test(test))
        mistakes += [Mistake(place(path), f"tests[{number}].{name}", why) for name, why in wrong]
        if not wrong:
            trials.append(_trial(test))
    absence = spec.get("absence") or {}
    return Entry(
        path, indicator, tuple(trials), absence if isinstance(absence, dict) else {}, tuple(mistakes)
    )


def _wrong_test(test: object) -> Iterator[tuple[str, str]]:
    if not isinstance(test, dict):
        yield "", "is not a mapping"
        return
    for name in sorted(set(test) - set(_TEST_KEYS), key=str):
        yield str(name), f"is not a field of a test; known are {', '.join(_TEST_KEYS)}"
    if not isinstance(test.get("name"), str):
        yield "name", "is missing"
    if not isinstance(test.get("given", {}), dict):
        yield "given", "is not a mapping of tables to rows"
    else:
        for table, rows in (test.get("given") or {}).items():
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                yield f"given.{table}", "is not a list of rows"
    expect = test.get("expect")
    if not isinstance(expect, dict) or not expect:
        yield "expect", "is missing: name each subject's outcome"
        return
    for account, outcome in expect.items():
        if account not in ("sentence", "evidence") and outcome not in OUTCOMES:
            yield f"expect.{account}", f"{outcome!r} is none of {', '.join(OUTCOMES)}"


def _trial(test: Mapping[str, Any]) -> Trial:
    expect = {key: value for key, value in test["expect"].items() if key not in ("sentence", "evidence")}
    evidence = test["expect"].get("evidence")
    return Trial(
        name=test["name"],
        given={table: tuple(rows) for table, rows in (test.get("given") or {}).items()},
        expect={str(account): outcome for account, outcome in expect.items()},
        sentence=test["expect"].get("sentence"),
        evidence=None if evidence is None else tuple(evidence),
        as_of=None if test.get("as_of") is None else moment(test["as_of"]),
        near=test.get("near"),
        parameters=dict(test.get("parameters") or {}),
    )


def moment(value: datetime | date | str) -> datetime:
    """Read a time of a YAML file as a UTC instant: a day is its midnight, a bare clock is UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def catalogue_version(home: Path | None = None) -> str:
    """Name the catalogue by its content: the same files always give the same twelve hex digits."""
    digest = hashlib.sha256()
    for path in files(*folders(home)):
        digest.update(path.name.encode() + path.read_bytes() + path.with_suffix(".sql").read_bytes())
    return digest.hexdigest()[:12]
