from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.strategies import strategy
from textenvs.games.guess_number import GuessNumber

GAME = GuessNumber(high=4)
OPENING = GAME.deals()[0][0]


class NoExpert(GuessNumber):
    def expert(self, state: Any, player: int) -> Any:
        return None


def mixed_move(name: str) -> dict[Any, Any]:
    moves = strategy(name)(GAME, OPENING, 0)
    assert len(dict(moves)) == len(moves)
    return dict(moves)


def test_random_is_uniform() -> None:
    assert mixed_move("random") == dict.fromkeys((1, 2, 3, 4), Fraction(1, 4))


def test_expert_is_the_games_own() -> None:
    assert mixed_move("expert") == {2: 1}


@pytest.mark.parametrize("number", ["0.2", "1/5", "2e-1"])
def test_mixed_plays_at_random_with_its_share(number: str) -> None:
    fifth = Fraction(1, 20)
    assert mixed_move(f"mixed:{number}") == {1: fifth, 2: fifth + Fraction(4, 5), 3: fifth, 4: fifth}


def test_the_ends_of_mixed() -> None:
    assert mixed_move("mixed:1") == mixed_move("random")
    assert {move: p for move, p in mixed_move("mixed:0").items() if p} == mixed_move("expert")


@pytest.mark.parametrize("number", ["2", "-0.1", "x", "nan", "inf", "1/0", "0.2:0.3"])
def test_a_share_that_is_none(number: str) -> None:
    with pytest.raises(ArgumentError, match="mixed:E needs a number from 0 to 1"):
        strategy(f"mixed:{number}")


@pytest.mark.parametrize("name", ["exprt", "mixed", "mixed:", "random:1", "", 3, None])
def test_an_unknown_name(name: Any) -> None:
    with pytest.raises(UnknownNameError, match=r"Accepted: expert, minimax:D, mixed:E, perfect, random, script:NAME\."):
        strategy(name)


@pytest.mark.parametrize("name", ["expert", "mixed:0.5"])
def test_a_game_without_an_expert(name: str) -> None:
    with pytest.raises(ArgumentError, match="NoExpert has no scripted expert"):
        strategy(name)(NoExpert(high=4), OPENING, 0)
