from __future__ import annotations

from functools import cache
from typing import Any

import gymnasium as gym
import pyspiel
import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.solo import solo_game
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.cells import cell_name, members
from textenvs.games.othello import Othello, OthelloState
from textenvs.planning.reference import reference_values

WAYS = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right]


def opening(game: Othello) -> OthelloState:
    return game.deal(Stream(0, Purpose.DEAL))


def naive_turned(board: str, size: int, cell: int, mark: str) -> set[int]:
    """Return what a disc turns over, cell by cell from the rules; none where it cannot be placed."""
    turned: set[int] = set()
    for down, right in WAYS * (board[cell] == "."):
        line, (row, column) = [], divmod(cell, size)
        while 0 <= (row := row + down) < size and 0 <= (column := column + right) < size:
            sign = board[row * size + column]
            if sign == mark:
                turned.update(line)
            if sign not in "XO" or sign == mark:
                break
            line.append(row * size + column)
    return turned


def naive_moves(board: str, size: int, mark: str) -> dict[int, str]:
    after = {}
    for cell in range(size * size):
        if turned := naive_turned(board, size, cell, mark):
            after[cell] = "".join(mark if i == cell or i in turned else sign for i, sign in enumerate(board))
    return after


def other(mark: str) -> str:
    return "O" if mark == "X" else "X"


def drawn(view: str) -> str:
    return "".join("".join(line.split()[1:]) for line in view.splitlines()[2:])


def check_against_naive(game: Othello, state: OthelloState) -> None:
    board = drawn(game.view(state, 0))
    assert drawn(game.view(state, 1)) == board
    moves = {mark: naive_moves(board, game.size, mark) for mark in "XO"}
    assert game.is_over(state) == (not moves["X"] and not moves["O"])
    ahead = board.count("X") - board.count("O")
    if game.is_over(state):
        told = "win" if ahead > 0 else "lose"
        assert game.view(state, 0).startswith(f"You {told}." if ahead else "It is a draw.")
        return
    assert game.to_move(state) == (state.player,)
    mark = "XO"[state.player]
    assert game.legal(state, state.player) == tuple(moves[mark])
    for move, then in moves[mark].items():
        after = game.apply(state, move)
        assert drawn(game.view(after, 0)) == then
        replies = {each: naive_moves(then, game.size, each) for each in "XO"}
        if replies[other(mark)]:
            assert (after.player, after.passed) == (1 - state.player, False)
        elif replies[mark]:
            assert (after.player, after.passed) == (state.player, True)
            assert game.view(after, state.player).startswith("Your opponent had to pass. It is your turn")
            assert game.view(after, 1 - state.player).startswith("You had to pass. Your opponent is to move")
        ahead = then.count("X") - then.count("O")
        worth = 0.0 if any(replies.values()) else float((ahead > 0) - (ahead < 0))
        assert game.rewards(state, move, after) == (worth, -worth)


@pytest.mark.parametrize(("size", "blocked"), [(4, 0), (4, 4), (6, 0), (6, 5), (8, 0)])
def test_random_plays_agree_with_a_naive_second_implementation(size: int, blocked: int) -> None:
    game = Othello(size, blocked)
    for seed in range(3 if size > 4 else 30):
        random, state = Stream(seed, Purpose.POLICY), game.deal(Stream(seed, Purpose.DEAL))
        check_against_naive(game, state)
        while movers := game.to_move(state):
            state = game.apply(state, random.choice(game.legal(state, movers[0])))
            check_against_naive(game, state)


def test_passes_happen() -> None:
    game = Othello(4)
    states = [opening(game)]
    for seed in range(20):
        random, state = Stream(seed, Purpose.POLICY), opening(game)
        while movers := game.to_move(state):
            state = game.apply(state, random.choice(game.legal(state, movers[0])))
            states.append(state)
    assert any(state.passed for state in states)


def test_random_plays_agree_with_open_spiel() -> None:
    game, rules = Othello(8), pyspiel.load_game("othello")
    for seed in range(3):
        random, state, theirs = Stream(seed, Purpose.POLICY), opening(game), rules.new_initial_state()
        while movers := game.to_move(state):
            while theirs.legal_actions() == [64]:
                theirs.apply_action(64)
            assert theirs.current_player() == movers[0]
            assert tuple(theirs.legal_actions()) == game.legal(state, movers[0])
            move = random.choice(game.legal(state, movers[0]))
            theirs.apply_action(move)
            after = game.apply(state, move)
            paid = game.rewards(state, move, after)
            state = after
        while not theirs.is_terminal():
            theirs.apply_action(64)
        assert tuple(theirs.returns()) == paid


def plays(game: Othello, state: OthelloState, moves: int) -> int:
    legal = game.legal(state, state.player)
    if moves == 1:
        return len(legal)
    return sum(plays(game, game.apply(state, move), moves - 1) for move in legal)


def test_known_numbers_of_plays() -> None:
    game = Othello(8)
    assert [plays(game, opening(game), moves) for moves in range(1, 6)] == [4, 12, 56, 244, 1_396]


@cache
def naive_worth(board: str, mark: str) -> int:
    """Return by how many discs who has `mark` and is to move ends ahead on 4 x 4."""
    moves = naive_moves(board, 4, mark)
    if moves:
        return max(-naive_worth(after, other(mark)) for after in moves.values())
    return -naive_worth(board, other(mark)) if naive_moves(board, 4, other(mark)) else (
        board.count(mark) - board.count(other(mark))
    )  # fmt: skip


@pytest.mark.slow
def test_the_second_player_wins_4_x_4_with_11_discs_to_3() -> None:
    game = Othello(4)
    assert naive_worth(drawn(game.view(opening(game), 0)), "X") == 3 - 11
    for seed in range(40):
        random, state = Stream(seed, Purpose.POLICY), opening(game)
        while movers := game.to_move(state):
            board, mark = drawn(game.view(state, 0)), "XO"[movers[0]]
            worths = {m: -naive_worth_for(game.apply(state, m), mark) for m in game.legal(state, movers[0])}
            assert sign(max(worths.values())) == sign(naive_worth(board, mark))
            best = [m for m, worth in worths.items() if sign(worth) == sign(max(worths.values()))]
            assert [m for m, _ in game.perfect(state, movers[0])] == best
            state = game.apply(state, random.choice(game.legal(state, movers[0])))


def naive_worth_for(state: OthelloState, mark: str) -> int:
    """Return the naive worth to the player without `mark`."""
    board = drawn(Othello(4).view(state, 0))
    return naive_worth(board, other(mark))


def sign(number: int) -> int:
    return (number > 0) - (number < 0)


def test_perfect_players_let_the_second_one_win_4_x_4() -> None:
    game = Othello(4)
    state, paid = opening(game), (0.0, 0.0)
    assert len(game.perfect(state, 0)) == 4, "all moves lose"
    while movers := game.to_move(state):
        move = game.perfect(state, movers[0])[0][0]
        after = game.apply(state, move)
        paid, state = game.rewards(state, move, after), after
    assert paid == (-1.0, 1.0)


@pytest.mark.slow
def test_the_rulers_at_easy() -> None:
    values = reference_values(solo_game("Othello", level="easy"))
    assert values.optimal.kind == values.plan.kind == values.myopic.kind == values.random.kind == "exact"
    assert values.cell() == "both"
    assert values.expert is not None
    assert values.random.value < values.expert.value <= values.optimal.value


def test_perfect_play_is_refused_early_on_large_boards_and_works_later() -> None:
    game = Othello()
    random, state = Stream(1, Purpose.POLICY), opening(game)
    with pytest.raises(ArgumentError, match="too large for perfect play; use minimax:D"):
        strategy("perfect")(game, state, 0)
    while (state.first | state.second).bit_count() < 28:
        state = game.apply(state, random.choice(game.legal(state, state.player)))
    assert strategy("perfect")(game, state, state.player)


@pytest.mark.parametrize("opponent", ["minimax:2", "random", "expert", "script:greedy", "pool:train"])
def test_opponents(opponent: str) -> None:
    env: Any = gym.make("textenvs/Othello-v0", opponent=opponent, size=4, seat=1).unwrapped
    env.reset(seed=1)
    over = False
    while not over:
        _, reward, over, _, _ = env.step(env.legal_replies()[0])
    assert reward in (-1.0, 0.0, 1.0)


def test_the_greedy_script_turns_most() -> None:
    game = Othello()
    random, state = Stream(1, Purpose.POLICY), opening(game)
    for _ in range(10):
        board, mark = drawn(game.view(state, 0)), "XO"[state.player]
        gains = {move: len(naive_turned(board, 6, move, mark)) for move in game.legal(state, state.player)}
        most = [move for move, gain in gains.items() if gain == max(gains.values())]
        assert [move for move, _ in game.script("greedy", state, state.player)] == most
        state = game.apply(state, random.choice(game.legal(state, state.player)))


def test_blocked_cells_leave_the_first_moves_alone() -> None:
    game = Othello(8, blocked=6)
    assert game.deals() is None
    drawn_cells = [members(game.deal(Stream(seed, Purpose.DEAL)).blocked) for seed in range(60)]
    assert len(set(map(tuple, drawn_cells))) == 60
    for cells in drawn_cells:
        assert len(cells) == 6
        assert not {cell_name(cell, 8) for cell in cells} & set("D4 D5 E4 E5 D3 C4 F5 E6 C3".split())
    outcomes = Othello(4, 2).deals() or ()
    assert len(outcomes) == 21
    dealt = {Othello(4, 2).deal(Stream(seed, Purpose.DEAL)) for seed in range(400)}
    assert dealt == {state for state, _ in outcomes}
    assert "6 cells, shown as #, are blocked" in game.instructions(0)


def test_the_examples_are_legal() -> None:
    for size in (4, 6, 8, 10):
        game = Othello(size)
        first, second = (game.instructions(player).rsplit(": ", 1)[1] for player in (0, 1))
        move = game.read(opening(game), 0, first)
        assert not isinstance(move, Refusal)
        assert not isinstance(game.read(game.apply(opening(game), move), 1, second), Refusal)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("place C4", "C4"), ("c4", "C4"), ("I put my disc on C4.", "C4"), ("**C4**", "C4"), ("play c4!", "C4"),
        ("row 4, column C", "C4"), ("column C, row 4", "C4"), ("not D3 but C4", "C4"), ("C4 or D3? place D3", "D3"),
        ("place A1", None), ("I9", None), ("place D4", None), ("the corner", None), ("", None), ("pass", None),
    ],
)  # fmt: skip
def test_replies(text: str, cell: str | None) -> None:
    read = Othello(8).read(opening(Othello(8)), 0, text)
    assert isinstance(read, Refusal) if isinstance(read, Refusal) or cell is None else cell_name(read, 8) == cell
    assert isinstance(read, Refusal) == (cell is None)


def test_refusals_say_why() -> None:
    game, state = Othello(8, blocked=1), opening(Othello(8))._replace(blocked=1)

    def refusal(text: str) -> str:
        read: Any = game.read(state, 0, text)
        assert read.kind == "illegal"
        return str(read.text)

    choices = "Cells you can choose: D3, C4, F5, E6."
    assert refusal("place B1") == f"B1 encloses none of your opponent's discs. {choices}"
    assert refusal("place D4") == f"D4 has a disc already. {choices}"
    assert refusal("place A1") == f"A1 is blocked. {choices}"


@pytest.mark.parametrize("arguments", [{"size": 2}, {"size": 5}, {"blocked": -1}, {"blocked": 28}])
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        Othello(**arguments)
