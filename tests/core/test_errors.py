from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from textenvs.core.errors import (
    ArgumentError,
    CorruptRunError,
    EmptySplitError,
    EpisodeOverError,
    MissingExtraError,
    TextenvsError,
    UnknownNameError,
    check_choice,
    check_flag,
    check_range,
)

ERRORS = [
    ArgumentError("a"),
    UnknownNameError("game", "Gess", ["Guess", "Maze"]),
    EpisodeOverError("b"),
    EmptySplitError("c"),
    MissingExtraError("plotting", "benchmarks"),
    CorruptRunError("d"),
]


def test_an_unknown_name_names_the_nearest() -> None:
    message = str(UnknownNameError("game", "GessNumber", ["Maze", "GuessNumber"]))
    assert message == "unknown game 'GessNumber'; did you mean 'GuessNumber'? Accepted: GuessNumber, Maze."


def test_an_unknown_name_far_from_everything() -> None:
    assert str(UnknownNameError("game", 17, {"Maze": 1})) == "unknown game 17. Accepted: Maze."
    assert str(UnknownNameError("argument", "x", ())) == "unknown argument 'x'. Accepted: none."


def test_a_missing_extra_names_the_command() -> None:
    assert str(MissingExtraError("plotting", "benchmarks")) == (
        "plotting needs an extra: pip install 'textenvs[benchmarks]'"
    )


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_cross_processes(error: TextenvsError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)


def subclasses(cls: type[Exception]) -> Iterator[type[Exception]]:
    for each in cls.__subclasses__():
        yield from (each, *subclasses(each))


def test_every_error_is_also_a_builtin_one() -> None:
    for cls in subclasses(TextenvsError):
        assert any(base.__module__ == "builtins" and base is not Exception for base in cls.__mro__[:-3]), cls


@pytest.mark.parametrize("value", [1, 5, 10])
def test_whole_numbers_in_range(value: int) -> None:
    check_range("n", value, 1, 10)


@pytest.mark.parametrize("value", [0, 11, 2.0, True, "3", None, float("nan"), [1]])
def test_what_is_no_whole_number_in_range(value: Any) -> None:
    with pytest.raises(ArgumentError, match="n must be a whole number from 1 to 10, not "):
        check_range("n", value, 1, 10)


@pytest.mark.parametrize("value", [0, 0.5, 1])
def test_numbers_in_range(value: float) -> None:
    check_range("x", value, 0.0, 1.0)


@pytest.mark.parametrize("value", [-0.1, 1.1, True, "0.5", None, float("nan"), float("inf")])
def test_what_is_no_number_in_range(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"x must be a number from 0\.0 to 1\.0, not "):
        check_range("x", value, 0.0, 1.0)


def test_choices() -> None:
    check_choice("form", "plan", ("turns", "plan"))
    for wrong in ("plam", None, 3, ["plan"]):
        with pytest.raises(UnknownNameError, match="unknown form"):
            check_choice("form", wrong, ("turns", "plan"))


def test_flags_are_true_or_false() -> None:
    check_flag("misere", True)
    for wrong in (1, "yes", None):
        with pytest.raises(ArgumentError, match=r"misere must be True or False, not "):
            check_flag("misere", wrong)
