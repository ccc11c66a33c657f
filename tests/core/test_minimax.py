from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.game import Distribution, Game, uniform
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.games.kuhn_poker import KuhnPoker

Position = tuple[int, int]


@dataclass(frozen=True)
class Take(Game[Position, int]):
    """Take 1 or 2 stones in turn; who takes the last one wins 1. State: (stones left, who is to move)."""

    players = 2
    perfect_information = True
    scripts = ("greedy",)
    pools = {"train": ("random", "script:greedy"), "test": ("perfect",)}  # noqa: RUF012

    stones: int = 7
    most: int = 2

    @property
    def max_turns(self) -> int:
        return self.stones

    @property
    def return_range(self) -> tuple[float, float]:
        return (-1.0, 1.0)

    def deals(self) -> Distribution[Position]:
        return (((self.stones, 0), Fraction(1)),)

    def to_move(self, state: Position) -> tuple[int, ...]:
        return (state[1],) if state[0] else ()

    def legal(self, state: Position, player: int) -> tuple[int, ...]:
        return tuple(range(1, min(self.most, state[0]) + 1))

    def apply(self, state: Position, move: int) -> Position:
        return (state[0] - move, 1 - state[1])

    def rewards(self, state: Position, move: Any, after: Position) -> tuple[float, ...]:
        won = 1.0 if after[0] == 0 and state[1] == 0 else -1.0 if after[0] == 0 else 0.0
        return (won, -won)

    def script(self, name: str, state: Position, player: int) -> Distribution[int]:
        return ((self.legal(state, player)[-1], Fraction(1)),)

    def estimate(self, state: Position) -> float:
        return -0.5 if state[0] % (self.most + 1) == 0 and state[1] == 0 else 0.0

    def instructions(self, player: int) -> str:
        return "For example: 1"

    def view(self, state: Position, player: int) -> str:
        return str(state)

    def say(self, state: Position, move: int) -> str:
        return str(move)

    def read(self, state: Position, player: int, text: str) -> int | Refusal:
        return int(text) if text in ("1", "2") else Refusal("1 or 2?")


@dataclass(frozen=True)
class Dice(Take):
    """After each move but the last, one stone more is lost with chance 1/2."""

    def to_move(self, state: Any) -> tuple[int, ...]:
        return (state[1],) if state[0] and len(state) == 2 else ()

    def chance(self, state: Any) -> Distribution[Any]:
        return ((0, Fraction(1, 2)), (-1, Fraction(1, 2))) if len(state) == 3 else ()

    def apply(self, state: Any, move: int) -> Any:
        if len(state) == 3:
            return (max(1, state[0] + move), state[1])
        left = state[0] - move
        return (left, 1 - state[1], "roll") if left else (0, 1 - state[1])

    def rewards(self, state: Any, move: Any, after: Any) -> tuple[float, ...]:
        return super().rewards(state, move, after) if len(state) == 2 else (0.0, 0.0)


def naive(game: Any, state: Any) -> Fraction:
    """Worth to player 0 by plain recursion."""

    @cache
    def worth(state: Any) -> Fraction:
        if outcomes := game.chance(state):
            return sum((p * worth(game.apply(state, event)) for event, p in outcomes), Fraction(0))
        if not game.to_move(state):
            return Fraction(0)
        worths = []
        for move in game.legal(state, state[1]):
            after = game.apply(state, move)
            worths.append(Fraction(game.rewards(state, move, after)[0]) + worth(after))
        return max(worths) if state[1] == 0 else min(worths)

    return worth(state)


@pytest.mark.parametrize("game", [Take(12), Take(11, 3), Dice(9), Dice(8, 3)], ids=str)
@pytest.mark.parametrize("name", ["perfect", "minimax:20"])
def test_perfect_moves_are_those_of_plain_recursion(game: Take, name: str) -> None:
    for stones in range(1, game.stones + 1):
        for player in (0, 1):
            state = (stones, player)
            sign = 1 - 2 * player
            worths = {}
            for move in game.legal(state, player):
                after = game.apply(state, move)
                worths[move] = sign * (game.rewards(state, move, after)[0] + naive(game, after))
            best = [move for move, worth in worths.items() if worth == max(worths.values())]
            assert strategy(name)(game, state, player) == uniform(best)


def test_the_known_rule_of_taking_stones() -> None:
    for stones in (1, 2, 4, 5, 7, 8, 10, 11):
        assert strategy("perfect")(Take(12), (stones, 0), 0) == ((stones % 3, Fraction(1)),)


def test_a_short_search_trusts_the_estimate() -> None:
    assert strategy("minimax:1")(Take(12), (11, 1), 1) == ((2, Fraction(1)),)
    assert strategy("minimax:1")(Take(12), (10, 0), 0) == uniform([1, 2]), "only player 0's losses are estimated"


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Endless(Take):
        def apply(self, state: Any, move: int) -> Any:
            return (state[0] + move, 1 - state[1])

    monkeypatch.setattr("textenvs.core.minimax.POSITIONS", 100)
    with pytest.raises(ArgumentError, match="too large for perfect play; use minimax:D"):
        strategy("perfect")(Endless(), (1, 0), 0)


@pytest.mark.parametrize("name", ["perfect", "minimax:2"])
def test_hidden_cards_are_refused(name: str) -> None:
    game = KuhnPoker()
    with pytest.raises(ArgumentError, match="KuhnPoker is no game of two players who see everything"):
        strategy(name)(game, (game.deals() or ())[0][0], 0)


@pytest.mark.parametrize("number", ["0", "x", "-1", "1.5", "101"])
def test_a_depth_that_is_none(number: str) -> None:
    with pytest.raises(ArgumentError, match="minimax:D needs a whole number from 1 to 100"):
        strategy(f"minimax:{number}")


def test_scripts_are_a_games_own() -> None:
    assert strategy("script:greedy")(Take(), (7, 0), 0) == ((2, Fraction(1)),)
    with pytest.raises(UnknownNameError, match="did you mean 'greedy'"):
        strategy("script:greed")(Take(), (7, 0), 0)
