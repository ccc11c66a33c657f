from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.solo import solo_game
from textenvs.games.commons import Commons, CommonsState
from textenvs.planning.reference import reference_values

EASY = Commons(players=2, seasons=4, capacity=8, most=4)


def naive_season(stock: int, wanted: tuple[int, ...], capacity: int) -> tuple[int, list[int]]:
    """The fish left and caught, by the rules as told."""
    if sum(wanted) > stock:
        each = stock // len(wanted)
        return 0, [fish if fish < each else each for fish in wanted]
    left = stock
    for fish in wanted:
        left -= fish
    return min(capacity, left + left), list(wanted)


@given(st.integers(1, 40), st.lists(st.integers(0, 10), min_size=4, max_size=4))
def test_every_season_agrees_with_a_second_implementation(stock: int, wanted: list[int]) -> None:
    game, state = Commons(), CommonsState(stock)
    after = game.apply(state, tuple(wanted))
    left, caught = naive_season(stock, tuple(wanted), 40)
    assert (after.stock, list(after.caught)) == (left, caught)
    assert game.rewards(state, tuple(wanted), after) == pytest.approx([fish / 40 for fish in caught])
    assert sum(caught) <= stock
    assert game.is_over(after) == (left == 0)


@cache
def naive_best(stock: int, played: int) -> float:
    """The most fish for one of two players whose other one follows the documented expert."""
    if played == 4 or stock == 0:
        return 0.0
    share = stock // 2 if played == 3 else stock // 2 // 2
    best = 0.0
    for own in range(5):
        left, caught = naive_season(stock, (own, min(share, 4)), 8)
        best = max(best, caught[0] + naive_best(left, played + 1))
    return best


def test_the_optimum_against_the_expert() -> None:
    values = reference_values(solo_game("Commons", level="easy"))
    assert values.optimal.value == pytest.approx(naive_best(8, 0) / 8)
    assert values.cell() == "foresight"


def returns(game: Commons, name: str) -> list[float]:
    """What everyone earns if all play one strategy."""
    ((state, _),) = game.deals()
    total = [0.0] * game.players
    while not game.is_over(state):
        moves = tuple(strategy(name)(game, state, player)[0][0] for player in range(game.players))
        after = game.apply(state, moves)
        total = [one + other for one, other in zip(total, game.rewards(state, moves, after), strict=True)]
        state = after
    return total


def test_experts_harvest_half_a_lake_in_every_season() -> None:
    assert returns(EASY, "expert") == pytest.approx([(3 * 2 + 4) / 8] * 2)
    assert returns(Commons(), "expert") == pytest.approx([(9 * 5 + 10) / 40] * 4)


def test_greedy_players_empty_the_lake_at_once() -> None:
    assert returns(Commons(), "script:greedy") == pytest.approx([10 / 40] * 4)


def test_nobody_catches_more_than_the_lake_holds() -> None:
    for wanted in product(range(5), repeat=2):
        assert sum(EASY.apply(CommonsState(3), wanted).caught) <= 3


@pytest.mark.parametrize(
    ("text", "fish"),
    [
        ("take 3", 3), ("3", 3), ("I catch 3 fish.", 3), ("fish three", 3), ("**take 3**", 3), ("nothing", 0),
        ("I take none", 0), ("take 5? no, take 3", 3), ("I want 3", 3),
        ("take 11", None), ("take -2", None), ("take", None), ("", None),
    ],
)  # fmt: skip
def test_replies(text: str, fish: int | None) -> None:
    read = Commons().read(CommonsState(40), 0, text)
    assert isinstance(read, Refusal) if fish is None else read == fish


@pytest.mark.parametrize("arguments", [{"players": 1}, {"seasons": 0}, {"capacity": 1}, {"most": 41}])
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        Commons(**arguments)
