from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.game import uniform
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.solo import solo_game
from textenvs.games.nim import Nim, NimState
from textenvs.planning.reference import reference_values

Heaps = tuple[int, ...]


def naive_moves(heaps: Heaps) -> dict[tuple[int, int], Heaps]:
    return {
        (place, taken): (*heaps[:place], size - taken, *heaps[place + 1 :])
        for place, size in enumerate(heaps)
        for taken in range(1, size + 1)
    }


@cache
def naive_wins(heaps: Heaps, misere: bool) -> bool:
    """Whether who is to move wins, by plain recursion."""
    if not any(heaps):
        return misere
    return any(not naive_wins(after, misere) for after in naive_moves(heaps).values())


@pytest.mark.parametrize("misere", [False, True])
def test_bouton_is_right_everywhere(misere: bool) -> None:
    game = Nim(heaps=3, most=5, misere=misere)
    for heaps in product(range(6), repeat=3):
        if any(heaps):
            moves = naive_moves(heaps)
            assert set(game.legal(NimState(heaps), 0)) == set(moves)
            winning = [move for move, after in moves.items() if not naive_wins(after, misere)]
            assert dict(game.perfect(NimState(heaps), 0)) == dict(uniform(winning or list(moves)))


@given(st.lists(st.integers(0, 4), min_size=2, max_size=2), st.booleans(), st.integers(0, 1))
def test_search_finds_the_same_moves(heaps: list[int], misere: bool, player: int) -> None:
    game, state = Nim(heaps=2, most=4, misere=misere), NimState(tuple(heaps), player)
    if any(heaps):
        assert set(strategy("minimax:20")(game, state, player)) == set(game.perfect(state, player))


@pytest.mark.parametrize("misere", [False, True])
def test_who_takes_the_last_object_is_paid(misere: bool) -> None:
    game = Nim(heaps=2, most=2, misere=misere)
    state, moves = NimState((1, 2)), [(1, 2), (0, 1)]
    paid = []
    for move in moves:
        after = game.apply(state, move)
        paid.append(game.rewards(state, move, after))
        state = after
    assert game.is_over(state)
    assert paid == [(0.0, 0.0), (1.0, -1.0) if misere else (-1.0, 1.0)]
    assert game.view(state, 0) == f"All heaps are empty. You {'win' if misere else 'lose'}."


def test_the_rulers_at_easy() -> None:
    values = reference_values(solo_game("Nim", level="easy"))
    assert values.expert is not None
    assert values.expert.value < values.optimal.value, "perfect play does not make the most of a random opponent"
    perfect = reference_values(solo_game("Nim", level="easy", opponent="perfect"))
    won = sum(naive_wins(heaps, False) for heaps in product(range(1, 4), repeat=3)) / 27
    assert perfect.optimal.value == pytest.approx(2 * won - 1)
    assert values.cell() == "both"


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("take 2 from heap 3", (2, 2)), ("Take 2 objects from the heap 3.", (2, 2)), ("I remove 2 from heap 3", (2, 2)),
        ("heap 3: 2", (2, 2)), ("from heap 3 take 2", (2, 2)), ("2 from 3", (2, 2)), ("**take 2 from heap 3**", (2, 2)),
        ("take 1 from heap 1? No: take 2 from heap 3", (2, 2)), ("draw 2 off heap 3", (2, 2)),
        ("take 9 from heap 3", None), ("take 0 from heap 1", None), ("take 1 from heap 4", None), ("take two", None),
        ("2", None), ("", None), ("heap 3", None), ("take 99999 from heap 1", None),
    ],
)  # fmt: skip
def test_replies(text: str, move: tuple[int, int] | None) -> None:
    read = Nim(heaps=3, most=5).read(NimState((1, 2, 4)), 0, text)
    assert isinstance(read, Refusal) if move is None else read == move


@pytest.mark.parametrize("arguments", [{"heaps": 0}, {"most": 1}, {"misere": 1}])
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        Nim(**arguments)
