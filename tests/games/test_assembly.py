from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.games.assembly import Assembly, AssemblyState
from textenvs.planning.reference import reference_values

MOVES = ("advance", "clear", "sell")


def naive_value(moves: tuple[str, ...], length: int, slip: float, lure: float, recovery: float) -> float:
    """Expected return of a fixed sequence of moves: every history of outcomes is walked through."""
    if not moves:
        return 0.0

    def walk(index: int, done: int, jammed: bool) -> float:
        if index == len(moves) or done == length:
            return 0.0
        move = moves[index]
        if move == "sell":
            return lure + walk(index + 1, done, jammed)
        if move == "clear":
            if not jammed:
                return walk(index + 1, done, False)
            return recovery * walk(index + 1, done, False) + (1 - recovery) * walk(index + 1, done, True)
        if jammed:
            return walk(index + 1, done, True)
        finished = 1.0 if done + 1 == length else 0.0
        return (1 - slip) * (finished + walk(index + 1, done + 1, False)) + slip * walk(index + 1, done, True)

    return walk(0, 0, False)


def naive_optimum(length: int, horizon: int, slip: float, lure: float, recovery: float) -> float:
    @cache
    def best(left: int, done: int, jammed: bool) -> float:
        if left == 0 or done == length:
            return 0.0
        sell = lure + best(left - 1, done, jammed)
        if jammed:
            cleared, stuck = best(left - 1, done, False), best(left - 1, done, True)
            return max(sell, recovery * cleared + (1 - recovery) * stuck, stuck)
        finished = 1.0 if done + 1 == length else 0.0
        advance = (1 - slip) * (finished + best(left - 1, done + 1, False)) + slip * best(left - 1, done, True)
        return max(sell, advance, best(left - 1, done, False))

    return best(horizon, 0, False)


CASES = [
    (1, 1, 0.3, 0.02, 1.0),
    (4, 4, 0.0, 0.05, 1.0),
    (4, 6, 0.1, 0.02, 1.0),
    (3, 5, 0.3, 0.1, 0.5),
    (2, 5, 0.5, 0.3, 0.0),
]


@pytest.mark.parametrize("case", CASES)
def test_optimal_and_plan_equal_a_naive_second_implementation(case: tuple[Any, ...]) -> None:
    length, horizon, slip, lure, recovery = case
    game = Assembly(length=length, horizon=horizon, slip=slip, lure=lure, recovery=recovery)
    values = reference_values(game)
    plans = product(MOVES, repeat=horizon)
    assert values.plan.value == pytest.approx(max(naive_value(p, length, slip, lure, recovery) for p in plans))
    assert values.optimal.value == pytest.approx(naive_optimum(*case))


@pytest.mark.parametrize("case", CASES)
def test_every_plan_pays_what_the_naive_walk_says(case: tuple[Any, ...]) -> None:
    length, horizon, slip, lure, recovery = case
    game = Assembly(length=length, horizon=horizon, slip=slip, lure=lure, recovery=recovery)
    for moves in product(MOVES, repeat=min(horizon, 4)):
        assert expected(game, AssemblyState(), moves) == pytest.approx(naive_value(moves, length, slip, lure, recovery))


def expected(game: Assembly, state: AssemblyState, moves: tuple[Any, ...]) -> float:
    if outcomes := game.chance(state):
        return sum(
            float(p) * (game.rewards(state, o, game.apply(state, o))[0] + expected(game, game.apply(state, o), moves))
            for o, p in outcomes
        )
    if not moves or not game.to_move(state):
        return 0.0
    after = game.apply(state, moves[0])
    return game.rewards(state, moves[0], after)[0] + expected(game, after, moves[1:])


def test_the_known_values_of_the_page() -> None:
    assert reference_values(Assembly(length=1, horizon=1, slip=0.3)).optimal.value == pytest.approx(0.7)
    values = reference_values(Assembly())
    assert values.plan.value == pytest.approx(0.9**4 * 1.1)
    assert values.myopic.value == pytest.approx(6 * 0.02)
    assert reference_values(Assembly(lure=0.0)).optimal.value == pytest.approx(0.9**4 * 1.4)


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("advance", "advance"), ("ADVANCE!", "advance"), ("I will advance now.", "advance"), ("build", "advance"),
        ("go  on", "advance"), ("Continue", "advance"), ("clear", "clear"), ("unjam it", "clear"),
        ("free the machine", "clear"), ("fix", "clear"), ("sell", "sell"), ("sell a part", "sell"),
        ("sell a spare part please", "sell"), ("I could sell, but I advance", "advance"),
        ("```\nclear\n```", "clear"), ("<think>sell?</think> clear", "clear"),
        ("advanced", None), ("resell", None), ("", None), ("продать", None), ("wait", None),
    ],
)  # fmt: skip
def test_replies(text: str, move: str | None) -> None:
    read = Assembly().read(AssemblyState(), 0, text)
    assert isinstance(read, Refusal) if move is None else read == move


@pytest.mark.parametrize("arguments", [{"length": 0}, {"horizon": 0}, {"slip": 1.5}, {"lure": -1}, {"recovery": "a"}])
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        Assembly(**arguments)
