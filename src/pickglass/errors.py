"""The errors that pickglass raises on purpose, each with what a person needs to mend it.

An error says what is wrong (`message`), where (`where`: a file and line, a setting, an id) and what to do
next (`hint`). There are four kinds, and the kind decides the exit code of the command line:

* `InputError`: something we were given to read is wrong. It can carry many `Problem`s, so that all mistakes
  of an input are shown at once and not one per attempt.
* `ConfigError`: a setting, key or home folder is wrong.
* `NotFound`: what was asked for does not exist.
* `NotAllowed`: the person or role may not do this.

Whatever else is raised is a bug in pickglass.
"""

from collections.abc import Iterable
from typing import ClassVar, NamedTuple


class Problem(NamedTuple):
    """One mistake of an input: its place and what is wrong there."""

    where: str
    message: str


class PickglassError(Exception):
    """The root of all errors that pickglass raises on purpose; raise one of its children."""

    exit_code: ClassVar[int] = 1

    message: str
    hint: str
    where: str

    def __init__(self, message: str, hint: str = "", where: str = "") -> None:
        # All values go into args, so that an error crosses a process boundary unharmed.
        super().__init__(message, hint, where)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        """Tell place and message on the first line, and the hint, if any, on the last."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterable[str]:
        yield f"{self.where}: {self.message}" if self.where else self.message
        if self.hint:
            yield f"hint: {self.hint}"


class InputError(PickglassError):
    """Something that pickglass was given to read is wrong, in one place or in several."""

    exit_code = 3

    problems: tuple[Problem, ...]

    def __init__(
        self, message: str, hint: str = "", where: str = "", problems: Iterable[tuple[str, str]] = ()
    ) -> None:
        super().__init__(message, hint, where)
        self.problems = tuple(Problem(place, wrong) for place, wrong in problems)
        self.args = (message, hint, where, self.problems)

    def _lines(self) -> Iterable[str]:
        first, *rest = super()._lines()
        yield first
        for problem in self.problems:
            yield f"  {problem.where}: {problem.message}" if problem.where else f"  {problem.message}"
        yield from rest


class ConfigError(PickglassError):
    """A setting, a key or the home folder is wrong, so that nothing can start."""

    exit_code = 4


class NotFound(PickglassError):
    """What was asked for does not exist."""

    exit_code = 5


class NotAllowed(PickglassError):
    """The person or role that asks may not do this."""

    exit_code = 6
