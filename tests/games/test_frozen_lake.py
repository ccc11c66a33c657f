from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest
from gymnasium.envs.toy_text.frozen_lake import MAPS, FrozenLakeEnv, is_valid
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.choices import Choice, any_of, best, greedy
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy, random_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.frozen_lake import FrozenLake, FrozenLakeState
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

MOVES = ("up", "down", "left", "right")
GYMNASIUM = {"left": 0, "down": 1, "right": 2, "up": 3}


def rows(lake: str) -> list[str]:
    side = round(len(lake) ** 0.5)
    return [lake[start : start + side] for start in range(0, len(lake), side)]


# The rules again, on rows and columns -------------------------------------------------------------------

STEPS = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1)}  # clockwise


def naive_outcomes(board: list[str], place: tuple[int, int], move: str, slip: Fraction) -> Counter[tuple[int, int]]:
    """The probability of each place that a move may lead to."""
    clockwise = list(STEPS)
    number = clockwise.index(move)
    found: Counter[tuple[int, int]] = Counter()
    for turned, chance in ((0, 1 - slip), (1, slip / 2), (-1, slip / 2)):
        down, right = STEPS[clockwise[(number + turned) % 4]]
        row = min(max(place[0] + down, 0), len(board) - 1)
        column = min(max(place[1] + right, 0), len(board) - 1)
        found[row, column] += chance
    return +found


def naive_value(lake: str, slip: Fraction, turns: int, choose: Choice) -> Fraction:
    """The chance to reach the goal if `choose` makes one of the pairs (at once, in the end) of the moves."""
    board = rows(lake)

    @cache
    def value(place: tuple[int, int], left: int) -> Fraction:
        content = board[place[0]][place[1]]
        if content in "GH" or left == 0:
            return Fraction(content == "G")
        moves = []
        for move in MOVES:
            outcomes = naive_outcomes(board, place, move, slip)
            now = sum((p for (r, c), p in outcomes.items() if board[r][c] == "G"), Fraction(0))
            moves.append((now, sum((p * value(there, left - 1) for there, p in outcomes.items()), Fraction(0))))
        return choose(moves)

    return value((0, 0), turns)


def mean_value(game: FrozenLake, choose: Choice) -> float:
    slip = Fraction(game.slip).limit_denominator(1_000)
    deals = game.deals() or ()
    return float(sum(naive_value(state.lake, slip, game.turns, choose) * Fraction(p) for state, p in deals))


def outcomes(game: FrozenLake, state: FrozenLakeState, move: str) -> Counter[tuple[int, int]]:
    """The probability of each place in the game itself."""
    side = len(rows(state.lake))
    trying = game.apply(state, move)  # type: ignore[arg-type]
    found: Counter[tuple[int, int]] = Counter()
    for direction, p in game.chance(trying):
        after = game.apply(trying, direction)
        found[divmod(after.here, side)] += p  # type: ignore[assignment]
        assert game.rewards(trying, direction, after) == (1.0 if state.lake[after.here] == "G" else 0.0,)
        assert (after.slipped is None) == (direction == move)
    return found


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_random_plays_agree_with_a_second_implementation(data: st.DataObject) -> None:
    slip = data.draw(st.sampled_from([0.0, 0.25, 0.5, 2 / 3, 1.0]))
    game = FrozenLake(size=data.draw(st.integers(2, 7)), slip=slip, turns=8)
    state = game.deal(Stream(data.draw(st.integers(0, 10**6)), Purpose.DEAL))
    board = rows(state.lake)
    for turn in range(8):
        row, column = divmod(state.here, len(board))
        content = board[row][column]
        assert game.is_over(state) == (content in "GH")
        assert f"({row}, {column})" in game.view(state, 0)
        if content in "GH":
            assert ("won" if content == "G" else "lost") in game.view(state, 0)
            return
        assert f"{8 - turn} move{'s' * (turn < 7)} left" in game.view(state, 0)
        move = data.draw(st.sampled_from(MOVES))
        naive = naive_outcomes(board, (row, column), move, Fraction(slip).limit_denominator(1_000))
        assert outcomes(game, state, move) == naive
        trying = game.apply(state, move)  # type: ignore[arg-type]
        direction = data.draw(st.sampled_from([direction for direction, _ in game.chance(trying)]))
        state = game.apply(trying, direction)
    assert game.is_over(state)


@pytest.mark.parametrize("layout", ["4x4", "8x8"])
def test_every_transition_is_that_of_gymnasium(layout: str) -> None:
    table = FrozenLakeEnv(map_name=layout).P
    game = FrozenLake(layout=layout)
    ((opening, _),) = game.deals() or ()
    assert rows(opening.lake) == MAPS[layout]
    for square, content in enumerate(opening.lake):
        if content in "SF":
            for move in MOVES:
                expected: Counter[tuple[int, int]] = Counter()
                for p, there, reward, ended in table[square][GYMNASIUM[move]]:
                    expected[divmod(there, len(rows(opening.lake)))] += p
                    assert ended == (opening.lake[there] in "GH")
                    assert reward == (opening.lake[there] == "G")
                found = outcomes(game, opening._replace(here=square), move)
                assert found == pytest.approx(expected)


def value_iteration(table: Any, turns: int) -> float:
    """The best chance to reach the goal within `turns`, on a transition table of Gymnasium."""
    values = [0.0] * len(table)
    for _ in range(turns):
        values = [
            max(sum(p * (reward + (not ended) * values[there]) for p, there, reward, ended in table[square][move])
                for move in range(4))
            for square in range(len(table))
        ]  # fmt: skip
    return values[0]


@pytest.mark.parametrize(("layout", "turns", "value"), [("4x4", 100, 0.744), ("4x4", 20, None), ("8x8", 200, 0.913)])
def test_optimal_is_that_of_value_iteration_on_gymnasiums_table(layout: str, turns: int, value: float | None) -> None:
    game = FrozenLake(layout=layout, turns=turns)
    expected = value_iteration(FrozenLakeEnv(map_name=layout).P, turns)
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(expected)
    assert value is None or round(expected, 3) == value


def test_without_a_limit_of_moves() -> None:
    game = FrozenLake(layout="4x4", turns=600)
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(14 / 17, abs=1e-4)


def test_the_rulers_of_gymnasiums_small_map() -> None:
    game = FrozenLake(layout="4x4", turns=10)
    values = reference_values(game)
    assert values.optimal.value == pytest.approx(value_iteration(FrozenLakeEnv(map_name="4x4").P, 10))
    assert values.random.value == pytest.approx(evaluate_strategy(game, random_strategy))


def test_the_rulers_of_the_easy_level() -> None:
    game = make_game("FrozenLake", level="easy")
    values = reference_values(game)
    assert values.optimal.value == pytest.approx(mean_value(game, best))
    assert values.myopic.value == pytest.approx(mean_value(game, greedy))
    assert values.random.value == pytest.approx(mean_value(game, any_of))
    rulers = (values.optimal, values.plan, values.myopic, values.random)
    assert [round(ruler.value, 3) for ruler in rulers] == [0.554, 0.457, 0.145, 0.066]
    assert values.cell() == "both"
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(values.optimal.value)


def naive_plan(board: list[str], slip: Fraction, moves: tuple[str, ...]) -> Fraction:
    """The chance that a fixed list of moves reaches the goal."""
    places = Counter({(0, 0): Fraction(1)})
    for move in moves:
        after: Counter[tuple[int, int]] = Counter()
        for place, p in places.items():
            over = board[place[0]][place[1]] in "GH"
            for there, share in ({place: Fraction(1)} if over else naive_outcomes(board, place, move, slip)).items():
                after[there] += p * share  # type: ignore[assignment]
        places = after
    return Fraction(places[len(board) - 1, len(board) - 1])


def test_the_plan_value_is_that_of_the_best_fixed_moves() -> None:
    game = FrozenLake(size=2, slip=0.4, turns=4)
    expected = Fraction(0)
    for state, p in game.deals() or ():
        chances = [naive_plan(rows(state.lake), Fraction(2, 5), moves) for moves in product(MOVES, repeat=4)]
        expected += Fraction(p) * max(chances)
    assert reference_values(game).plan.value == pytest.approx(float(expected))


def test_without_slipping_every_lake_is_crossed_on_a_shortest_path() -> None:
    game = FrozenLake(size=3, slip=0.0, turns=9)
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(1)
    assert reference_values(game).cell() == "foresight"
    assert evaluate_strategy(FrozenLake(layout="8x8", slip=0.0, turns=14), expert_strategy) == 1
    hurried = game.expert(FrozenLakeState("SFFFFHFFG", 0), 0)
    assert hurried[0][0] in ("down", "right")


@pytest.mark.parametrize("arguments", [{}, {"size": 8, "holes": 0.4}, {"size": 2, "holes": 0.4}, {"holes": 0.0}])
def test_every_random_lake_can_be_crossed(arguments: dict[str, Any]) -> None:
    game = FrozenLake(**arguments)
    for seed in range(60):
        board = rows(game.deal(Stream(seed, Purpose.DEAL)).lake)
        assert len(board) == len(board[0]) == game.size
        assert (board[0][0], board[-1][-1]) == ("S", "G")
        assert is_valid([list(row) for row in board], game.size)


def test_deals_are_listed_as_they_are_drawn() -> None:
    listed = {state.lake: p for state, p in FrozenLake(size=2).deals() or ()}
    assert listed == {"SFFG": Fraction(2, 3), "SFHG": Fraction(1, 6), "SHFG": Fraction(1, 6)}
    drawn = Counter(FrozenLake(size=2).deal(Stream(seed, Purpose.DEAL)).lake for seed in range(3_000))
    for lake, p in listed.items():
        assert drawn[lake] / 3_000 == pytest.approx(float(p), abs=0.03)
    easy = {state.lake for state, _ in make_game("FrozenLake", level="easy").deals()}
    every = {f"S{''.join(squares)}G" for squares in product("FH", repeat=7)}
    assert easy == {lake for lake in every if is_valid([list(row) for row in rows(lake)], 3)}
    assert FrozenLake().deals() is None


OPENING = FrozenLakeState("SFFF" "FHFH" "FFFH" "HFFG", 0)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("move right", "right"), ("Go right!", "right"), ("I walk to the right.", "right"), ("RIGHT", "right"),
        ("east", "right"), ("r", "right"), ("Not down but right", "right"), ("**move right**", "right"),
        ("The hole is down, so I move right", "right"), ("move down? No: move right", "right"),
        ("move up", "up"), ("step north", "up"), ("u", "up"), ("move down", "down"), ("head south", "down"),
        ("Down.", "down"), ("move left", "left"), ("slide west", "left"), ("I have 5 moves left, so move up", "up"),
        ("", None), ("jump", None), ("I have 5 moves left", None), ("upright", None), ("5", None),
        ("xyzzy " * 99, None),
    ],
)  # fmt: skip
def test_replies(text: str, move: str | None) -> None:
    read = FrozenLake().read(OPENING, 0, text)
    assert read == move if move else isinstance(read, Refusal) and read.kind == "malformed"


def test_views() -> None:
    game = FrozenLake(layout="4x4", turns=3)
    assert game.view(OPENING, 0) == "You are at (0, 0). Goal: (3, 3). Holes: (1, 1) (1, 3) (2, 3) (3, 0). 3 moves left."
    slipped = game.apply(game.apply(OPENING, "up"), "right")
    assert game.view(slipped, 0).startswith("You slipped right. You are at (0, 1). Goal: (3, 3). Holes:")
    fallen = game.apply(game.apply(slipped, "down"), "down")
    assert game.view(fallen, 0) == "You are at (1, 1), in a hole. You have lost."
    late = OPENING._replace(turn=2)
    assert game.view(late, 0).endswith(" 1 move left.")
    end = game.apply(game.apply(late, "left"), "left")
    assert game.view(end, 0) == "You are at (0, 0). You are out of moves and have not reached the goal."
    near = OPENING._replace(here=14)
    won = game.apply(game.apply(near, "down"), "right")
    assert game.view(won, 0) == "You slipped right. You are at (3, 3), the goal. You have won."
    assert "Holes: none." in FrozenLake(size=2).view(FrozenLakeState("SFFG", 0), 0)


def test_instructions() -> None:
    told = FrozenLake(layout="8x8").instructions(0)
    assert "a frozen lake of 8 rows and 8 columns" in told
    assert "with probability 1/3 you go where you want, with probability 1/3 you slip to one side" in told
    assert "with probability 3/5 you go where you want, with probability 1/5 you slip" in FrozenLake(
        slip=0.4
    ).instructions(0)
    assert "slippery" not in FrozenLake(slip=0.0).instructions(0)
    assert "within 1 move." in FrozenLake(turns=1).instructions(0)


def test_progress_is_made_towards_the_goal() -> None:
    game = FrozenLake(layout="4x4")
    assert [game.progress(OPENING._replace(here=here)) for here in (0, 4, 14, 15, 5)] == [-6, -5, -1, 0, -16]


@pytest.mark.parametrize(
    ("name", "bad"),
    [("size", 1), ("size", 17), ("holes", -0.1), ("holes", 0.5), ("slip", 1.1), ("turns", 0), ("turns", 2.5)],
)
def test_a_bad_argument_is_named(name: str, bad: Any) -> None:
    with pytest.raises(ArgumentError, match=name):
        FrozenLake(**{name: bad})


def test_an_unknown_layout_is_named() -> None:
    with pytest.raises(UnknownNameError, match="layout"):
        FrozenLake(layout="5x5")
