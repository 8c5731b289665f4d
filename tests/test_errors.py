"""Errors say what, where and what next, and survive the trip between processes."""

import pickle

import pytest

from pickglass.errors import ConfigError, InputError, NotAllowed, NotFound, PickglassError, Problem


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [(PickglassError, 1), (InputError, 3), (ConfigError, 4), (NotFound, 5), (NotAllowed, 6)],
)
def test_each_kind_has_its_exit_code(kind: type[PickglassError], exit_code: int) -> None:
    assert kind("no").exit_code == exit_code
    assert issubclass(kind, PickglassError)


def test_text_names_place_message_and_hint() -> None:
    error = ConfigError("no such folder", hint="create it", where="home")
    assert str(error) == "home: no such folder\nhint: create it"


def test_text_leaves_out_what_is_unknown() -> None:
    assert str(NotFound("no case C-1")) == "no case C-1"


def test_input_error_shows_all_problems_between_message_and_hint() -> None:
    error = InputError(
        "2 lines cannot be read",
        hint="export again",
        where="staff.csv",
        problems=[("line 3", "no date"), ("", "no header")],
    )
    assert error.problems == (Problem("line 3", "no date"), Problem("", "no header"))
    assert str(error).splitlines() == [
        "staff.csv: 2 lines cannot be read",
        "  line 3: no date",
        "  no header",
        "hint: export again",
    ]


def test_problems_may_come_from_an_iterator() -> None:
    assert len(InputError("bad", problems=iter([("a", "b")])).problems) == 1


@pytest.mark.parametrize(
    "error",
    [NotAllowed("not yours", "ask the owner", "case C-1"), InputError("bad", "mend it", "f", [("1", "x")])],
)
def test_an_error_survives_pickling(error: PickglassError) -> None:
    # The pickle is our own, made one line up.
    back = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(back) is type(error)
    assert vars(back) == vars(error)
    assert str(back) == str(error)
