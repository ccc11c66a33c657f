from __future__ import annotations

from functools import cache
from typing import Any

import gymnasium as gym
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.solo import solo_game
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.connect_four import ConnectFour, ConnectFourState
from textenvs.planning.reference import reference_values

Columns = tuple[str, ...]
"""A board in the naive way: the discs of each column from the bottom up."""


def naive_winner(board: Columns, line: int) -> str | None:
    cells = {(c, r): mark for c, column in enumerate(board) for r, mark in enumerate(column)}
    for (c, r), mark in cells.items():
        for right, up in ((1, 0), (0, 1), (1, 1), (1, -1)):
            if all(cells.get((c + i * right, r + i * up)) == mark for i in range(line)):
                return mark
    return None


def naive_moves(board: Columns, rows: int) -> dict[int, Columns]:
    mark = "XO"[sum(map(len, board)) % 2]
    return {c: (*board[:c], column + mark, *board[c + 1 :]) for c, column in enumerate(board) if len(column) < rows}


def naive_value(rows: int, line: int) -> Any:
    @cache
    def value(board: Columns) -> int:
        """Worth to X by plain recursion."""
        winner = naive_winner(board, line)
        moves = naive_moves(board, rows)
        if winner or not moves:
            return {"X": 1, "O": -1, None: 0}[winner]
        return (max if sum(map(len, board)) % 2 == 0 else min)(map(value, moves.values()))

    return value


def drawn(view: str) -> Columns:
    """Read the board off a view."""
    rows = [line.split() for line in view.splitlines()[2:]]
    return tuple("".join(reversed(column)).replace(".", "") for column in zip(*rows, strict=True))


def check_against_naive(game: ConnectFour, state: ConnectFourState, board: Columns) -> None:
    winner, moves = naive_winner(board, game.line), naive_moves(board, game.rows)
    over = winner is not None or not moves
    assert drawn(game.view(state, 0)) == drawn(game.view(state, 1)) == board
    assert game.is_over(state) == over
    if over:
        told = ["You win.", "You lose."] if winner == "X" else ["You lose.", "You win."]
        told = told if winner else ["It is a draw."] * 2
        assert [game.view(state, player).splitlines()[0] for player in (0, 1)] == told
        return
    mover = sum(map(len, board)) % 2
    assert game.to_move(state) == (mover,)
    assert game.view(state, mover).startswith(f"It is your turn; you are {'XO'[mover]}.")
    assert game.legal(state, mover) == tuple(moves)
    for move, then in moves.items():
        paid = {"X": 1.0, "O": -1.0, None: 0.0}[naive_winner(then, game.line)]
        assert game.rewards(state, move, game.apply(state, move)) == (paid, -paid)


def can_win(board: Columns, rows: int, line: int) -> bool:
    return any(naive_winner(then, line) for then in naive_moves(board, rows).values())


def positions(game: ConnectFour) -> dict[ConnectFourState, Columns]:
    seen: dict[ConnectFourState, Columns] = {}
    todo = [(ConnectFourState(), ("",) * game.columns)]
    while todo:
        state, board = todo.pop()
        if state not in seen:
            seen[state] = board
            if not game.is_over(state):
                todo += [(game.apply(state, move), then) for move, then in naive_moves(board, game.rows).items()]
    return seen


@pytest.mark.parametrize(("columns", "rows", "line"), [(3, 3, 3), (2, 4, 3), (4, 2, 4), (5, 2, 3)])
def test_every_position_agrees_with_a_naive_second_implementation(columns: int, rows: int, line: int) -> None:
    game, value = ConnectFour(columns, rows, line), naive_value(rows, line)
    for state, board in positions(game).items():
        check_against_naive(game, state, board)
        for player in game.to_move(state):
            moves = naive_moves(board, rows)
            best = (max, min)[player](map(value, moves.values()))
            winning = [move for move, then in moves.items() if naive_winner(then, line)]
            kept = [move for move, then in moves.items() if value(then) == best]
            chosen = [move for move, _ in game.perfect(state, player)]
            if best != (-1, 1)[player]:
                assert chosen == (winning or kept)
            else:
                lasting = [move for move, then in moves.items() if not can_win(then, rows, line)]
                assert chosen == (lasting or kept)


@given(st.lists(st.integers(0, 6), max_size=42))
def test_random_plays_on_the_usual_board_agree(columns: list[int]) -> None:
    game = ConnectFour(7, 6)
    state, board = ConnectFourState(), ("",) * 7
    for column in columns:
        moves = naive_moves(board, 6)
        if game.is_over(state) or column not in moves:
            break
        state, board = game.apply(state, column), moves[column]
        check_against_naive(game, state, board)


def opening_value(game: ConnectFour) -> float:
    """Return the worth of the empty board to player 0, from what perfect players do."""
    state = game.deal(Stream(0, Purpose.DEAL))
    paid = 0.0
    while movers := game.to_move(state):
        move = game.perfect(state, movers[0])[0][0]
        after = game.apply(state, move)
        paid += game.rewards(state, move, after)[0]
        state = after
    return paid


@pytest.mark.parametrize(("columns", "rows", "value"), [(4, 4, 0), (4, 3, 0)])
def test_values_of_small_boards(columns: int, rows: int, value: int) -> None:
    assert opening_value(ConnectFour(columns, rows)) == value


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "rows", "value"), [(5, 4, 0), (5, 5, 0), (6, 4, -1)])
def test_values_that_tromp_published(columns: int, rows: int, value: int) -> None:
    assert opening_value(ConnectFour(columns, rows)) == value


@pytest.mark.slow
def test_positions_of_the_4_x_4_board() -> None:
    """161,029 (Tromp), and the solver agrees with plain recursion on all that are not over."""
    game = ConnectFour(4, 4)
    after: dict[ConnectFourState, dict[int, ConnectFourState]] = {}
    todo = [ConnectFourState()]
    while todo:
        state = todo.pop()
        if state not in after:
            after[state] = {} if game.is_over(state) else {m: game.apply(state, m) for m in game.legal(state, 0)}
            todo += after[state].values()
    assert len(after) == 161_029
    worth: dict[ConnectFourState, float] = {}
    for state in sorted(after, key=lambda s: -(s.first | s.second).bit_count()):
        moves = after[state]
        values = [game.rewards(state, m, then)[0] + worth[then] for m, then in moves.items()]
        player = (state.first | state.second).bit_count() % 2
        worth[state] = (max, min)[player](values, default=0.0)
        if moves and hash(state) % 7 == 0:
            kept = {m for m, value in zip(moves, values, strict=True) if value == worth[state]}
            assert {m for m, _ in game.perfect(state, player)} <= kept
    assert worth[ConnectFourState()] == 0


def test_the_rulers_at_easy() -> None:
    values = reference_values(solo_game("ConnectFour", level="easy"))
    assert values.cell() == "both"
    assert values.optimal.value == pytest.approx(naive_best(("", "", "")))
    assert values.random.value == pytest.approx(naive_random(("", "", "")))
    assert values.one_step.value < values.optimal.value
    assert values.expert is not None
    assert values.random.value < values.expert.value <= values.optimal.value


@cache
def naive_random(board: Columns) -> float:
    winner, moves = naive_winner(board, 3), naive_moves(board, 3)
    if winner or not moves:
        return {"X": 1.0, "O": -1.0, None: 0.0}[winner]
    return sum(map(naive_random, moves.values())) / len(moves)


@cache
def naive_best(board: Columns) -> float:
    """What X earns at best against a random O."""
    winner, moves = naive_winner(board, 3), naive_moves(board, 3)
    if winner or not moves:
        return {"X": 1.0, "O": -1.0, None: 0.0}[winner]
    values = list(map(naive_best, moves.values()))
    return max(values) if sum(map(len, board)) % 2 == 0 else sum(values) / len(values)


@pytest.mark.parametrize(
    ("opponent", "seat"), [("perfect", 0), ("perfect", 1), ("minimax:4", 1), ("random", 0), ("pool:train", 0)]
)
def test_opponents(opponent: str, seat: int) -> None:
    env: Any = gym.make("textenvs/ConnectFour-v0", opponent=opponent, seat=seat).unwrapped
    env.reset(seed=1)
    paid, over = 0.0, False
    while not over:
        _, reward, over, _, _ = env.step(env.legal_replies()[0])
        paid += reward
    assert paid in (-1.0, 0.0, 1.0)
    assert opponent != "perfect" or paid <= 0


def test_perfect_play_is_refused_early_on_the_usual_board_and_works_later() -> None:
    game = ConnectFour(7, 6)
    state = ConnectFourState()
    with pytest.raises(ArgumentError, match="too large for perfect play; use minimax:D"):
        strategy("perfect")(game, state, 0)
    for column in (0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 6, 6, 6, 6, 6, 6, 4, 4, 4, 4):
        assert not game.is_over(state)
        state = game.apply(state, column)
    assert strategy("perfect")(game, state, 0)


def score(game: ConnectFour, first: str, second: str, games: int) -> float:
    total = 0.0
    for seed in range(games):
        random, state = Stream(seed, Purpose.POLICY), game.deal(Stream(seed, Purpose.DEAL))
        while movers := game.to_move(state):
            moves = strategy((first, second)[movers[0]])(game, state, movers[0])
            move = random.choice([move for move, _ in moves])
            after = game.apply(state, move)
            total += game.rewards(state, move, after)[0]
            state = after
    return total / games


def test_looking_further_wins_more() -> None:
    game = ConnectFour(7, 6)
    assert score(game, "minimax:2", "random", 6) == 1
    assert score(game, "minimax:1", "minimax:3", 6) < 0
    assert score(ConnectFour(), "expert", "random", 10) > 0.7


def test_openings_are_drawn_as_they_are_listed() -> None:
    game = ConnectFour(3, 3, 3, opening=2)
    outcomes = game.deals()
    assert outcomes is not None
    assert sum(p for _, p in outcomes) == 1
    chances = dict(outcomes)
    for state, p in chances.items():
        assert state.first.bit_count() == state.second.bit_count() == 2
        assert game.legal(state, 0) == (0, 1, 2)
        mirrored = ConnectFourState(mirror(state.first), mirror(state.second))
        assert chances[mirrored] == p
    assert len(ConnectFour(7, 6, opening=2).deals() or ()) == 1_120
    assert len(ConnectFour(7, 6, opening=1).deals() or ()) == 49


def mirror(discs: int) -> int:
    return (discs & 15) << 8 | (discs >> 4 & 15) << 4 | discs >> 8


def test_large_openings_have_no_winner_and_every_column_open() -> None:
    game = ConnectFour(5, 5, 3, opening=5)
    assert game.deals() is None
    states = {game.deal(Stream(seed, Purpose.DEAL)) for seed in range(40)}
    assert len(states) > 30
    for state in states:
        assert game.legal(state, 0) == tuple(range(5))
        assert naive_winner(drawn(game.view(state, 0)), 3) is None
    assert "Each of you has dropped 5 discs at random already. You move first now" in game.instructions(0)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("drop 4", 3), ("Drop 4.", 3), ("drop my disc into column 4", 3), ("column 4", 3), ("4", 3), ("**drop 4**", 3),
        ("I would like to play in the fourth column", 3), ("the 4th column, please", 3), ("Column: 4", 3),
        ("I put an X in slot 4", 3), ("not column 3 but column 4", 3), ("Don't drop 3. Drop 4!", 3), ("four", 3),
        ("my move: 4", 3), ("I go with 4", 3), ("They have 3 in a row, so I block it: 4", 3), ("`4`", 3),
        ("column 3 is nearly full, so I drop 4", 3), ("drop 4 since column 3 is theirs", 3), ("drop 3? No, drop 4", 3),
        ("drop 4 to get 2 in a row", 3), ("I need 2 more discs; column 4", 3), ("My answer is 4", 3),
        ("I choose column number 4", 3), ("Dropping in 4", 3), ("drop the disc in the column 4", 3),
        ("drop 1", None), ("drop 8", None), ("drop 0", None), ("the middle", None), ("", None), ("drop", None),
        ("drop 4.5", None), ("column", None), ("drop 123456", None),
    ],
)  # fmt: skip
def test_replies(text: str, column: int | None) -> None:
    game = ConnectFour(7, 2)
    state = game.apply(game.apply(ConnectFourState(), 0), 0)
    read = game.read(state, 0, text)
    assert isinstance(read, Refusal) if column is None else read == column


def test_a_full_column_is_refused_with_the_open_ones() -> None:
    game = ConnectFour(4, 2)
    state = game.apply(game.apply(ConnectFourState(), 1), 1)
    read: Any = game.read(state, 0, "drop 2")
    assert (read.kind, read.text) == ("illegal", "Column 2 is full. Columns that take a disc: 1, 3 and 4.")


@pytest.mark.parametrize(
    "arguments",
    [{"columns": 1}, {"rows": 21}, {"line": 1}, {"line": 6}, {"opening": -1}, {"opening": 9}, {"columns": 5.0}],
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        ConnectFour(**arguments)
