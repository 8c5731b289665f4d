"""Reading scorecards from YAML, with every mistake told at once and by its line.

A table that people's lives depend on is checked hard: numbers must follow from the assumptions written beside
them, partial proxies stay at one bit, decisive facts must be safe ones, and a group caps whatever it adds to.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pickglass.errors import InputError, NotFound, Problem
from pickglass.model.records import Hypothesis, Indicator
from pickglass.score.scorecard import (
    ALTERNATIVES,
    POPULATIONS,
    PROXY_BITS,
    Group,
    Population,
    Prior,
    Scorecard,
    Sufficiency,
    Weight,
)

FOLDER = Path(__file__).parent / "scorecards"
WATCH = 0.05  # priors that alone reach this would put everybody on watch

Key = tuple[str, ...]


def scorecard_versions() -> tuple[str, ...]:
    """Tell the shipped scorecards, oldest first."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def load_scorecard(which: str | Path | None = None) -> Scorecard:
    """Read a shipped scorecard by its version or any file by its path; without either, the newest shipped."""
    if which is None:
        which = scorecard_versions()[-1]
    path = which if isinstance(which, Path) else FOLDER / f"{which}.yaml"
    if not path.is_file():
        raise NotFound(
            f"there is no scorecard {which}",
            hint=f"shipped scorecards: {', '.join(scorecard_versions())}",
        )
    card = parse_scorecard(path.read_text(encoding="utf-8"), where=path.name)
    if card.version != path.stem:
        raise InputError(
            f"the file is named {path.stem} and holds version {card.version}",
            hint="name the file after the version, so that a verdict finds the table it used",
            where=path.name,
        )
    return card


def parse_scorecard(text: str, where: str = "scorecard") -> Scorecard:
    """Build a scorecard from its text, or raise one InputError that lists all mistakes."""
    reading = _Reading(where)
    document = reading.document(text)
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    card = reading.scorecard(document, digest) if not reading.problems else None
    if card is None or reading.problems:
        count = len(reading.problems)
        raise InputError(
            f"the scorecard has {count} mistake{'s' if count != 1 else ''}",
            hint="mend each line named below; docs/score.md explains the file",
            where=where,
            problems=reading.problems,
        )
    return card


def check(scorecard: Scorecard, indicators: Mapping[str, Indicator]) -> tuple[Problem, ...]:
    """Tell where scorecard and catalogue disagree, without raising: a table may outlive an indicator."""
    problems: list[Problem] = []

    def say(indicator: str, message: str) -> None:
        problems.append(Problem(f"{scorecard.version}: {indicator}", message))

    for question, weight in scorecard.weights.items():
        indicator = indicators.get(question)
        if indicator is None:
            if not weight.awaited:
                say(question, "is weighed, and the catalogue has no such indicator")
            continue
        if weight.awaited:
            say(question, "is no longer awaited: the catalogue has it")
        if indicator.fairness == "restricted" or indicator.status == "manual":
            say(question, "is restricted or manual, and must never be scored")
        elif indicator.fairness != weight.fairness:
            say(question, f"is {indicator.fairness} in the catalogue and {weight.fairness} here")
        if indicator.proxy != weight.proxy:
            say(question, "is a partial proxy in the catalogue or here, and not in both")
        if question in scorecard.decisive and indicator.fairness != "safe":
            say(question, f"is decisive, and {indicator.fairness} in the catalogue")
    for question, indicator in indicators.items():
        if (
            indicator.status == "active"
            and indicator.fairness != "restricted"
            and question not in scorecard.weights
        ):
            say(question, "is active and has no weight")
    return tuple(problems)


class _Reading:
    """One pass over one file: takes the parts apart and remembers every mistake with its line."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[Problem] = []
        self.lines: dict[Key, int] = {}

    def wrong(self, key: Key, message: str) -> None:
        known = key
        while known and known not in self.lines:
            known = known[:-1]
        place = f"{self.where}:{self.lines[known]}" if known else self.where
        self.problems.append(Problem(place, f"{' › '.join(key)}: {message}" if key else message))

    # The text

    def document(self, text: str) -> dict[str, Any]:
        import yaml

        # The C loader reads a table in a tenth of the time; a build of PyYAML may lack it.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        try:
            node = loader.get_single_node()
            data = loader.construct_document(node) if node else None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            place = f"{self.where}:{mark.line + 1}" if mark else self.where
            self.problems.append(
                Problem(place, f"is not YAML: {getattr(error, 'problem', None) or 'cannot be read'}")
            )
            return {}
        finally:
            loader.dispose()
        self._walk(node, ())
        if not isinstance(data, dict):
            self.wrong((), "must be a mapping")
            return {}
        return data

    def _walk(self, node: Any, key: Key) -> None:
        # PyYAML lets a later key silently win over an earlier one; a weight that is written twice must not.
        if getattr(node, "id", "") == "mapping":
            for name, value in node.value:
                inner = (*key, str(name.value))
                if inner in self.lines:
                    self.wrong(inner, f"is stated a second time in line {name.start_mark.line + 1}")
                self.lines[inner] = name.start_mark.line + 1
                self._walk(value, inner)
        elif getattr(node, "id", "") == "sequence":
            for number, value in enumerate(node.value, start=1):
                inner = (*key, str(number))
                self.lines[inner] = value.start_mark.line + 1
                self._walk(value, inner)

    # Small pieces

    def mapping(
        self, key: Key, value: Any, allowed: Iterable[str], required: Iterable[str]
    ) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.wrong(key, "must be a mapping")
            return {}
        for name in value:
            if name not in allowed:
                self.wrong((*key, str(name)), f"is not known here; known are {', '.join(allowed)}")
        for name in required:
            if name not in value:
                self.wrong(key, f"{name} is missing")
        return value

    def text(self, key: Key, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            self.wrong(key, "must say something in words")
            return ""
        return value.strip()

    def texts(self, key: Key, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong(key, "must be a list of names")
            return ()
        if len(set(value)) < len(value):
            self.wrong(key, "names something twice")
        return tuple(value)

    def flag(self, key: Key, value: Any) -> bool:
        if not isinstance(value, bool):
            self.wrong(key, "must be true or false")
        return value is True

    def count(self, key: Key, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            self.wrong(key, "must be a whole number above zero")
            return 1
        return value

    def hundredths(self, key: Key, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 40:
            self.wrong(key, "must be a number of bits between -40 and 40")
            return 0
        exact = round(value * 100)
        if abs(value * 100 - exact) > 1e-6:
            self.wrong(key, f"{value} has more than two decimals")
        return exact

    def bits(self, key: Key, value: Any) -> dict[Hypothesis, int]:
        given = self.mapping(key, value, ALTERNATIVES, ())
        return {name: self.hundredths((*key, name), given[name]) for name in ALTERNATIVES if name in given}

    def chances(self, key: Key, value: Any) -> dict[str, float]:
        given = self.mapping(key, value, ("ordinary", *ALTERNATIVES), ("ordinary",))
        chances = {}
        for name, chance in given.items():
            if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 < chance < 1:
                self.wrong((*key, str(name)), "must be a probability between 0 and 1")
            else:
                chances[str(name)] = float(chance)
        return chances

    def follows(self, key: Key, stated: Mapping[Hypothesis, int], expected: Mapping[str, float]) -> None:
        for name in ALTERNATIVES:
            want = expected.get(name, 0.0)
            have = stated.get(name, 0) / 100
            if abs(want - have) > 0.0101:
                self.wrong((*key, name), f"is {have:.2f}, and the assumption beside it gives {want:.2f}")

    # The parts

    def scorecard(self, document: dict[str, Any], digest: str) -> Scorecard:
        parts = (
            "version",
            "date",
            "hypotheses",
            "new_hire_days",
            "priors",
            "assessable",
            "decisive",
            "clear_weight",
            "clear_floor",
            "groups",
            "indicators",
        )
        given = self.mapping((), document, parts, parts)
        if not isinstance(given.get("date"), date):
            self.wrong(("date",), "must be a day, as in 2026-11-01")
        clear_weight = given.get("clear_weight", 1)
        if (
            isinstance(clear_weight, bool)
            or not isinstance(clear_weight, int | float)
            or not 0 <= clear_weight <= 1
        ):
            self.wrong(("clear_weight",), "must be a number from 0 to 1")
            clear_weight = 1
        clear_floor = self.hundredths(("clear_floor",), given.get("clear_floor", 0))
        if clear_floor > 0:
            self.wrong(("clear_floor",), "must not be above zero")
        weights = self.weights(given.get("indicators", {}), float(clear_weight))
        return Scorecard(
            version=self.text(("version",), given.get("version")),
            date=given["date"] if isinstance(given.get("date"), date) else date.min,
            digest=digest,
            hypotheses=self.hypotheses(given.get("hypotheses", {})),
            new_hire_days=self.count(("new_hire_days",), given.get("new_hire_days")),
            priors=self.priors(given.get("priors", {})),
            assessable=self.assessable(given.get("assessable", {})),
            decisive=self.decisive(given.get("decisive", []), weights),
            clear_floor=clear_floor,
            groups=self.groups(given.get("groups", []), weights),
            weights=weights,
        )

    def hypotheses(self, value: Any) -> dict[Hypothesis, str]:
        given = self.mapping(("hypotheses",), value, ALTERNATIVES, ALTERNATIVES)
        return {name: self.text(("hypotheses", name), given[name]) for name in ALTERNATIVES if name in given}

    def priors(self, value: Any) -> dict[Population, Prior]:
        populations = self.mapping(("priors",), value, POPULATIONS, POPULATIONS)
        return {name: self.prior(name, populations[name]) for name in POPULATIONS if name in populations}

    def prior(self, population: Population, value: Any) -> Prior:
        key = ("priors", population)
        given = self.mapping(key, value, ("one_in", "bits", "basis"), ("bits", "basis"))
        stated = self.bits((*key, "bits"), given.get("bits", {}))
        for name in ALTERNATIVES:
            if name not in stated:
                self.wrong((*key, "bits"), f"{name} is missing")
            elif stated[name] >= 0:
                self.wrong((*key, "bits", name), "must be below zero: nobody is suspect beforehand")
        odds = sum(2.0 ** (bits / 100) for bits in stated.values())
        if odds / (1 + odds) >= WATCH:
            self.wrong((*key, "bits"), f"put everybody on watch: together {odds / (1 + odds):.3f}")
        if "one_in" in given:
            rates = self.mapping((*key, "one_in"), given["one_in"], ALTERNATIVES, ALTERNATIVES)
            counts = {name: self.count((*key, "one_in", name), rates[name]) for name in rates}
            rest = 1 - sum(1 / count for count in counts.values())
            if rest <= 0:
                self.wrong((*key, "one_in"), "leave no ordinary people")
            else:
                expected = {name: math.log2(1 / count / rest) for name, count in counts.items()}
                self.follows((*key, "bits"), stated, expected)
        return Prior(population, stated, self.text((*key, "basis"), given.get("basis")))

    def assessable(self, value: Any) -> dict[Population, Sufficiency]:
        populations = self.mapping(("assessable",), value, POPULATIONS, POPULATIONS)
        enough: dict[Population, Sufficiency] = {}
        for name in POPULATIONS:
            key = ("assessable", name)
            parts = ("indicators", "families", "beside")
            given = self.mapping(key, populations.get(name, {}), parts, parts[:2])
            enough[name] = Sufficiency(
                self.count((*key, "indicators"), given.get("indicators", 1)),
                self.count((*key, "families"), given.get("families", 1)),
                frozenset(self.texts((*key, "beside"), given.get("beside", []))),
            )
        return enough

    def decisive(self, value: Any, weights: Mapping[str, Weight]) -> frozenset[str]:
        names = self.texts(("decisive",), value)
        for number, name in enumerate(names, start=1):
            key = ("decisive", str(number))
            weight = weights.get(name)
            if weight is None:
                self.wrong(key, f"{name} has no weight")
            elif weight.fairness != "safe" or weight.proxy:
                self.wrong(key, f"{name} is marked care or is a partial proxy, and cannot be decisive")
            elif max(weight.fired.get("operated", 0), weight.fired.get("disloyal", 0)) <= 0:
                self.wrong(key, f"{name} adds nothing to a threat")
        return frozenset(names)

    def groups(self, value: Any, weights: Mapping[str, Weight]) -> tuple[Group, ...]:
        if not isinstance(value, list):
            self.wrong(("groups",), "must be a list")
            return ()
        groups: list[Group] = []
        adds: dict[str, set[Hypothesis]] = {
            question: {name for name, bits in weight.fired.items() if bits > 0}
            for question, weight in weights.items()
        }
        taken: dict[str, str] = {}
        for number, item in enumerate(value, start=1):
            key = ("groups", str(number))
            given = self.mapping(key, item, parts := ("name", "why", "cap", "members"), parts)
            name = self.text((*key, "name"), given.get("name"))
            if name in adds:
                self.wrong((*key, "name"), f"{name} is the name of an indicator or of an earlier group")
                continue
            members = self.texts((*key, "members"), given.get("members", []))
            touched: set[Hypothesis] = set()
            for member in members:
                if member not in adds:
                    self.wrong((*key, "members"), f"{member} is neither weighed nor an earlier group")
                elif member in taken:
                    self.wrong((*key, "members"), f"{member} is in {taken[member]} already")
                else:
                    touched |= adds[member]
                    taken[member] = name
            cap = self.cap((*key, "cap"), given.get("cap"), touched)
            groups.append(Group(name, self.text((*key, "why"), given.get("why")), cap, members))
            adds[name] = touched
        return tuple(groups)

    def cap(self, key: Key, value: Any, touched: set[Hypothesis]) -> dict[Hypothesis, int]:
        if isinstance(value, dict):
            cap = self.bits(key, value)
            for name in ALTERNATIVES:
                if name in touched and name not in cap:
                    self.wrong(key, f"{name} is missing, and a member adds to it")
        else:
            bound = self.hundredths(key, value)
            cap = {name: bound for name in ALTERNATIVES if name in touched}
        if any(bound <= 0 for bound in cap.values()):
            self.wrong(key, "must be above zero")
        return cap

    def weights(self, value: Any, clear_weight: float) -> dict[str, Weight]:
        if not isinstance(value, dict):
            self.wrong(("indicators",), "must be a mapping")
            return {}
        return {
            str(question): self.weight(str(question), item, clear_weight) for question, item in value.items()
        }

    def weight(self, question: str, value: Any, clear_weight: float) -> Weight:
        key = ("indicators", question)
        parts = ("tier", "fairness", "proxy", "awaited", "assumes", "fired", "clear", "basis")
        given = self.mapping(key, value, parts, ("tier", "fairness", "fired", "clear", "basis"))
        fired = self.bits((*key, "fired"), given.get("fired", {}))
        clear = self.bits((*key, "clear"), given.get("clear", {}))
        proxy = self.flag((*key, "proxy"), given.get("proxy", False))
        if given.get("tier") not in (1, 2, 3, 4):
            self.wrong((*key, "tier"), "must be 1, 2, 3 or 4")
        if given.get("fairness") not in ("safe", "care"):
            self.wrong((*key, "fairness"), "must be safe or care; what is restricted is never scored")
        if any(bits > 0 for bits in clear.values()):
            self.wrong((*key, "clear"), "a clear answer must not add suspicion")
        if proxy and any(abs(bits) > PROXY_BITS for bits in (*fired.values(), *clear.values())):
            self.wrong(key, "is a partial proxy, and counts more than 1 bit")
        if "assumes" in given:
            chances = self.chances((*key, "assumes"), given["assumes"])
            if ordinary := chances.pop("ordinary", None):
                ratios = {name: math.log2(chance / ordinary) for name, chance in chances.items()}
                bound = PROXY_BITS / 100 if proxy else math.inf
                self.follows(
                    (*key, "fired"), fired, {name: min(bound, bits) for name, bits in ratios.items()}
                )
                # «clear: {}» says on purpose that not finding it tells nothing.
                if clear:
                    rest = {
                        name: clear_weight * math.log2((1 - chance) / (1 - ordinary))
                        for name, chance in chances.items()
                    }
                    self.follows((*key, "clear"), clear, rest)
        return Weight(
            indicator=question,
            fired=fired,
            clear=clear,
            basis=self.text((*key, "basis"), given.get("basis")),
            tier=given["tier"] if given.get("tier") in (1, 2, 3, 4) else 4,
            fairness="safe" if given.get("fairness") == "safe" else "care",
            proxy=proxy,
            awaited=self.flag((*key, "awaited"), given.get("awaited", False)),
        )
