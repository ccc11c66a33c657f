from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from textenvs.core.game import Probability, draw, uniform
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.assembly import Assembly, AssemblyState
from textenvs.games.guess_number import GuessNumber


class Scripted:
    """Gives the draws it is told."""

    def __init__(self, *draws: float) -> None:
        self.draws = list(draws)

    def random(self) -> float:
        return self.draws.pop(0)

    def below(self, n: int) -> int:
        raise NotImplementedError

    def choice(self, items: Sequence[Any]) -> Any:
        raise NotImplementedError

    def shuffled(self, items: Sequence[Any]) -> Any:
        raise NotImplementedError


ALMOST_ONE = 1 - 2.0**-53
TENTHS: list[tuple[str, Probability]] = [(letter, 0.1) for letter in "abcdefghij"]


@pytest.mark.parametrize(
    ("number", "outcome"),
    [(0.0, "b"), (0.2499, "b"), (0.25, "c"), (0.7499, "c"), (0.75, "d"), (ALMOST_ONE, "d")],
)
def test_an_outcome_is_drawn_with_its_probability(number: float, outcome: str) -> None:
    outcomes = [("a", Fraction(0)), ("b", Fraction(1, 4)), ("c", 0.5), ("d", Fraction(1, 4))]
    assert draw(outcomes, Scripted(number)) == outcome


def test_probabilities_may_sum_to_a_little_less_than_one() -> None:
    assert sum(p for _, p in TENTHS) < 1
    assert draw(TENTHS, Scripted(ALMOST_ONE)) == "j"


def test_a_sure_outcome_draws_nothing() -> None:
    assert draw([("only", Fraction(1))], Scripted()) == "only"


def test_uniform_is_exact() -> None:
    assert uniform("abc") == (("a", Fraction(1, 3)), ("b", Fraction(1, 3)), ("c", Fraction(1, 3)))
    assert uniform(()) == ()


def test_a_game_that_lists_its_deals_draws_among_them() -> None:
    game = GuessNumber(high=3)
    assert {game.deal(Stream(seed, Purpose.DEAL)).secret for seed in range(40)} == {1, 2, 3}


def test_a_game_without_deals_says_so() -> None:
    class Bare(GuessNumber):
        def deals(self) -> Any:
            return None

    with pytest.raises(NotImplementedError, match="Bare gives neither"):
        Bare().deal(Stream(0, Purpose.DEAL))


def test_over_means_that_nobody_moves() -> None:
    game = Assembly(length=1)
    assert not game.is_over(AssemblyState())
    assert not game.is_over(AssemblyState(turn=1, trying="advance"))
    assert game.is_over(AssemblyState(turn=1, stage=1, last=("advance", True)))


def test_arguments_are_those_of_the_constructor() -> None:
    game = GuessNumber(high=9)
    assert game.name == "GuessNumber"
    assert game.arguments == {"high": 9, "guesses": 7}
    assert type(game)(**game.arguments) == game
