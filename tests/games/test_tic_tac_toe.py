from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest

from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.solo import solo_game
from textenvs.games.tic_tac_toe import TicTacToe, TicTacToeState
from textenvs.planning.reference import reference_values

GAME = TicTacToe()
WAYS = ("123", "456", "789", "147", "258", "369", "159", "357")
"""Cells numbered as on a telephone."""


def naive_winner(board: str) -> str | None:
    return next(
        (
            board[int(w[0]) - 1]
            for w in WAYS
            if board[int(w[0]) - 1] != "." and len({board[int(c) - 1] for c in w}) == 1
        ),
        None,
    )


@cache
def naive_value(board: str) -> int:
    """Worth to X by plain recursion."""
    winner = naive_winner(board)
    if winner or "." not in board:
        return {"X": 1, "O": -1, None: 0}[winner]
    mark = "X" if board.count("X") == board.count("O") else "O"
    values = [naive_value(board[:c] + mark + board[c + 1 :]) for c in range(9) if board[c] == "."]
    return max(values) if mark == "X" else min(values)


def positions() -> dict[str, TicTacToeState]:
    seen: dict[str, TicTacToeState] = {}
    todo = [TicTacToeState()]
    while todo:
        state = todo.pop()
        if state.board not in seen:
            seen[state.board] = state
            for player in GAME.to_move(state):
                todo += [GAME.apply(state, move) for move in GAME.legal(state, player)]
    return seen


def test_every_position_agrees_with_a_naive_second_implementation() -> None:
    seen = positions()
    assert len(seen) == 5_478
    assert sum(bool(GAME.to_move(state)) for state in seen.values()) == 4_520
    for board, state in seen.items():
        over = naive_winner(board) is not None or "." not in board
        assert GAME.is_over(state) == over
        if not over:
            assert GAME.to_move(state) == ((board.count("X") - board.count("O")) % 2,)
            for move in GAME.legal(state, 0):
                after = GAME.apply(state, move)
                value = {"X": 1.0, "O": -1.0, None: 0.0}[naive_winner(after.board)]
                assert GAME.rewards(state, move, after) == (value, -value)


def test_the_known_numbers_of_plays() -> None:
    @cache
    def plays(board: str) -> Counter[str | None]:
        state = TicTacToeState(board)
        if not GAME.to_move(state):
            return Counter([naive_winner(board)])
        return sum((plays(GAME.apply(state, move).board) for move in GAME.legal(state, 0)), Counter())

    assert plays("." * 9) == {"X": 131_184, "O": 77_904, None: 46_080}


def test_perfect_players_draw_from_every_drawn_position() -> None:
    assert naive_value("." * 9) == 0
    for board, state in list(positions().items())[::17]:
        for player in GAME.to_move(state):
            for move, _ in strategy("perfect")(GAME, state, player):
                assert naive_value(GAME.apply(state, move).board) == naive_value(board)


def test_the_rulers_against_a_random_player() -> None:
    values = reference_values(solo_game("TicTacToe"))
    assert values.optimal.kind == values.plan.kind == "exact"
    assert values.random.value == pytest.approx(naive_random("." * 9))
    assert values.optimal.value == pytest.approx(naive_best("." * 9))
    assert values.cell() == "both"


@cache
def naive_random(board: str) -> float:
    winner = naive_winner(board)
    if winner or "." not in board:
        return {"X": 1.0, "O": -1.0, None: 0.0}[winner]
    mark = "X" if board.count("X") == board.count("O") else "O"
    free = [c for c in range(9) if board[c] == "."]
    return sum(naive_random(board[:c] + mark + board[c + 1 :]) for c in free) / len(free)


@cache
def naive_best(board: str) -> float:
    """What X earns at best against a random O."""
    winner = naive_winner(board)
    if winner or "." not in board:
        return {"X": 1.0, "O": -1.0, None: 0.0}[winner]
    free = [c for c in range(9) if board[c] == "."]
    if board.count("X") == board.count("O"):
        return max(naive_best(board[:c] + "X" + board[c + 1 :]) for c in free)
    return sum(naive_best(board[:c] + "O" + board[c + 1 :]) for c in free) / len(free)


def test_nobody_beats_the_perfect_opponent() -> None:
    for seat in (0, 1):
        assert reference_values(solo_game("TicTacToe", seat=seat, opponent="perfect")).optimal.value == pytest.approx(0)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("mark B2", 4), ("b2", 4), ("I place my mark at B2.", 4), ("**B2**", 4), ("take the cell b2!", 4),
        ("put X on C1", 2), ("row 1, column C", 2), ("column C, row 1", 2), ("not A2 but C1", 2), ("play c1", 2),
        ("mark A1", None), ("D4", None), ("the centre", None), ("", None), ("X", None),
    ],
)  # fmt: skip
def test_replies(text: str, cell: int | None) -> None:
    read = GAME.read(TicTacToeState("X........"), 1, text)
    assert isinstance(read, Refusal) if cell is None else read == cell


def test_a_marked_cell_is_refused_with_the_free_ones() -> None:
    read: Any = GAME.read(TicTacToeState("XOXOXO..."), 0, "A1")
    assert (read.kind, read.text) == ("illegal", "A1 is marked already. Free cells: A3, B3, C3.")
