from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.lights_out import LightsOut, LightsOutState
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

Rows = tuple[str, ...]


@cache
def naive_press(rows: Rows, name: str) -> Rows:
    """The board after a press, by the rules as told, on rows of `#` and `.`."""
    row, column = int(name[1:]) - 1, ord(name[0]) - ord("A")
    grid = [list(signs) for signs in rows]
    for r, c in ((row, column), (row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
        if 0 <= r < len(grid) and 0 <= c < len(grid[0]):
            grid[r][c] = "." if grid[r][c] == "#" else "#"
    return tuple("".join(signs) for signs in grid)


def names(rows: int, columns: int) -> list[str]:
    return [f"{chr(ord('A') + column)}{row}" for row in range(1, rows + 1) for column in range(columns)]


def rows_of(game: LightsOut, state: LightsOutState) -> Rows:
    """The board as the view shows it."""
    return tuple(line.split(maxsplit=1)[1].replace(" ", "") for line in game.view(state, 0).split("\n")[2:])


def state_of(rows: Rows) -> LightsOutState:
    return LightsOutState(sum(1 << cell for cell, sign in enumerate("".join(rows)) if sign == "#"))


def dealt(game: LightsOut, seed: int) -> LightsOutState:
    return game.deal(Stream(seed, Purpose.DEAL))


@pytest.mark.parametrize("arguments", [{}, {"rows": 2, "columns": 3}, {"rows": 10, "columns": 10, "scramble": 60}])
def test_random_play_agrees_with_a_second_implementation(arguments: dict[str, Any]) -> None:
    game = LightsOut(**{"scramble": 6, **arguments, "turns": 60})
    for seed in range(12):
        state = dealt(game, seed)
        policy = Stream(seed, Purpose.POLICY)
        while not game.is_over(state):
            move = policy.choice(game.legal(state, 0))
            expected = naive_press(rows_of(game, state), game.say(state, move).removeprefix("press "))
            after = game.apply(state, move)
            dark = "#" not in "".join(expected)
            assert rows_of(game, after) == expected
            assert game.rewards(state, move, after) == (1.0 if dark else 0.0,)
            assert game.is_over(after) == (dark or after.turn == 60)
            assert game.view(after, 0).startswith(f"Lights on: {''.join(expected).count('#')}. ")
            state = after


def test_every_press_on_every_board_of_two_by_three_agrees_with_a_second_implementation() -> None:
    game = LightsOut(rows=2, columns=3, scramble=2)
    for signs in product(".#", repeat=6):
        rows = ("".join(signs[:3]), "".join(signs[3:]))
        for move, name in enumerate(names(2, 3)):
            assert rows_of(game, game.apply(state_of(rows), move)) == naive_press(rows, name)


# Solutions ---------------------------------------------------------------------------------------------


def fewest_presses(rows: int, columns: int) -> dict[Rows, int]:
    """The fewest presses of every board that can be solved, by breadth-first search."""
    dark = ("." * columns,) * rows
    far, frontier = {dark: 0}, [dark]
    while frontier:
        reached = {naive_press(board, name): far[board] + 1 for board in frontier for name in names(rows, columns)}
        frontier = [board for board in reached if board not in far]
        far.update({board: reached[board] for board in frontier})
    return far


@pytest.mark.parametrize(
    ("rows", "columns", "boards", "most"), [(2, 2, 16, 4), (2, 3, 16, 3), (3, 2, 16, 3), (3, 3, 512, 9)]
)
def test_the_expert_needs_the_fewest_presses(rows: int, columns: int, boards: int, most: int) -> None:
    game = LightsOut(rows=rows, columns=columns, scramble=0)
    far = fewest_presses(rows, columns)
    assert (len(far), max(far.values())) == (boards, most)
    for board, presses in far.items():
        state = state_of(board)
        assert game.progress(state) == -presses
        if presses:
            assert {far[rows_of(game, game.apply(state, move))] for move, _ in game.expert(state, 0)} == {presses - 1}


def nullity(size: int) -> int:
    """The cells less the rank of the presses of a square board, by elimination in numpy."""
    places = np.array(list(product(range(size), repeat=2)))
    matrix = (np.abs(places[:, None] - places[None]).sum(axis=2) <= 1).astype(int)
    rank = 0
    for column in range(size**2):
        below = np.flatnonzero(matrix[rank:, column])
        if len(below):
            matrix[[rank, rank + below[0]]] = matrix[[rank + below[0], rank]]
            others = np.flatnonzero(matrix[:, column])
            matrix[others[others != rank]] ^= matrix[rank]
            rank += 1
    return size**2 - rank


def test_the_rank_is_the_published_one() -> None:
    published = [0, 0, 4, 2, 0, 0, 0, 8, 0]  # OEIS A159257 for 2 x 2 to 10 x 10
    assert [nullity(size) for size in range(2, 11)] == published
    assert 25 - nullity(5) == 23


@pytest.mark.slow
@pytest.mark.parametrize(("size", "most"), [(4, 7), (5, 15)])
def test_the_most_presses_are_the_published_ones(size: int, most: int) -> None:
    """Over all sets of presses, the smallest of those with the same effect: those that differ by a quiet set."""
    cells = size**2
    dark = np.uint32(0)
    effect = np.zeros(1, np.uint32)
    for cell in range(cells):
        row, column = divmod(cell, size)
        near = [x for x in range(cells) if abs(x // size - row) + abs(x % size - column) <= 1]
        effect = np.concatenate([effect, effect ^ np.uint32(sum(1 << x for x in near))])
    quiet = np.flatnonzero(effect == dark).astype(np.uint32)
    assert len(quiet) == 2 ** nullity(size)
    del effect
    ones = np.array([n.bit_count() for n in range(1 << 13)], np.uint8)
    worst = 0
    for start in range(0, 1 << cells, 1 << 20):
        presses = np.arange(start, min(start + (1 << 20), 1 << cells), dtype=np.uint32)
        weights = [ones[(presses ^ q) & 0x1FFF] + ones[(presses ^ q) >> 13] for q in quiet]
        worst = max(worst, int(np.min(weights, axis=0).max()))
    assert worst == most


@pytest.mark.parametrize("level", ["easy", "medium", "hard", "extreme"])
def test_the_expert_puts_out_every_board_dealt(level: str) -> None:
    game = make_game("LightsOut", level=level)
    assert isinstance(game, LightsOut)
    for seed in range(40):
        state = dealt(game, seed)
        assert state.lights
        presses = 0
        while not game.is_over(state):
            left = -(game.progress(state) or 0)
            state = game.apply(state, game.expert(state, 0)[0][0])
            assert -(game.progress(state) or 0) == left - 1
            presses += 1
        assert not state.lights
        assert presses <= (game.scramble or 100)


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(2, 10), columns=st.integers(2, 10), seed=st.integers(0), scramble=st.integers(0, 4))
def test_any_board_dealt_can_be_solved(rows: int, columns: int, seed: int, scramble: int) -> None:
    game = LightsOut(rows=rows, columns=columns, scramble=scramble, turns=100)
    state = dealt(game, seed)
    while not game.is_over(state):
        state = game.apply(state, game.expert(state, 0)[-1][0])
    assert not state.lights
    assert state.turn <= (scramble or rows * columns)


# Deals -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "columns", "scramble"), [(3, 3, 4), (2, 3, 6), (2, 2, 2)])
def test_listed_boards_are_as_likely_as_told(rows: int, columns: int, scramble: int) -> None:
    chances: dict[Rows, Fraction] = {}
    for size in range(1, scramble + 1):
        for chosen in combinations(names(rows, columns), size):
            board: Rows = ("." * columns,) * rows
            for name in chosen:
                board = naive_press(board, name)
            chances[board] = chances.get(board, Fraction(0)) + Fraction(1, scramble * comb(rows * columns, size))
    dark = chances.pop(("." * columns,) * rows, Fraction(0))
    game = LightsOut(rows=rows, columns=columns, scramble=scramble)
    listed = {rows_of(game, state): p for state, p in game.deals() or ()}
    assert listed == {board: chance / (1 - dark) for board, chance in chances.items()}


def test_without_scramble_all_boards_that_can_be_solved_are_equally_likely() -> None:
    game = LightsOut(rows=2, columns=3, scramble=0)
    deals = game.deals() or ()
    assert {rows_of(game, state) for state, _ in deals} == fewest_presses(2, 3).keys() - {("...", "...")}
    assert {p for _, p in deals} == {Fraction(1, 15)}


@pytest.mark.parametrize("scramble", [0, 5])
def test_drawn_boards_are_distributed_like_listed_ones(scramble: int, monkeypatch: pytest.MonkeyPatch) -> None:
    game = LightsOut(rows=2, columns=3, scramble=scramble)
    listed = {state.lights: float(p) for state, p in game.deals() or ()}
    monkeypatch.setattr("textenvs.games.lights_out._LISTED_CELLS", 0)
    assert game.deals() is None
    draws = 3_000
    drawn = Counter(dealt(game, seed).lights for seed in range(draws))
    assert drawn.keys() == listed.keys()
    chi_squared = sum((drawn[board] - draws * p) ** 2 / (draws * p) for board, p in listed.items())
    freedom = len(listed) - 1
    assert chi_squared < freedom + 4 * (2 * freedom) ** 0.5


def test_instances_are_many() -> None:
    assert len({dealt(LightsOut(), seed).lights for seed in range(300)}) > 230
    assert len({dealt(LightsOut(scramble=0), seed).lights for seed in range(300)}) == 300


# Values ------------------------------------------------------------------------------------------------


def test_the_values_at_easy_equal_brute_force() -> None:
    game = make_game("LightsOut", level="easy")

    @cache
    def value(board: Rows, left: int, policy: str) -> float:
        if left == 0 or "#" not in "".join(board):
            return float("#" not in "".join(board))
        after = [naive_press(board, name) for name in names(3, 3)]
        if policy == "myopic":
            after = [rows for rows in after if "#" not in "".join(rows)] or after
        return sum(value(rows, left - 1, policy) for rows in after) / len(after)

    deals = game.deals() or ()
    assert len(deals) == 255
    values = reference_values(game)
    for policy in ("myopic", "random"):
        mean = sum(float(p) * value(rows_of(game, state), game.max_turns, policy) for state, p in deals)  # type: ignore[arg-type]
        assert getattr(values, policy).value == pytest.approx(mean)
    assert (values.optimal.value, values.plan.value) == (pytest.approx(1), pytest.approx(1))
    assert (round(values.myopic.value, 4), round(values.random.value, 4)) == (0.4080, 0.0613)
    assert values.cell() == "foresight"


# Words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "name"),
    [
        ("press B3", "B3"), ("b3", "B3"), ("Press B-3.", "B3"), ("push b 3", "B3"), ("toggle the cell B3", "B3"),
        ("I would like to click B3, since A1 is off", "B3"), ("**B3**", "B3"), ("```\npress B3\n```", "B3"),
        ("column B, row 3", "B3"), ("row 3, column 2", "B3"), ("A1 is on, so B3", "B3"), ("not A1 but B3", "B3"),
        ("switch B3", "B3"), ("press A1? No: press B3", "B3"), ("press B3 instead of A1", "B3"), ("press E5", "E5"),
        ("", None), ("press", None), ("7", None), ("all of them", None), ("I have 3 presses left", None),
    ],
)  # fmt: skip
def test_reading(reply: str, name: str | None) -> None:
    game = LightsOut()
    state = dealt(game, 0)
    read = game.read(state, 0, reply)
    if name is None:
        assert isinstance(read, Refusal)
        assert read.kind == "malformed"
    else:
        assert not isinstance(read, Refusal)
        assert game.say(state, read) == f"press {name}"


@pytest.mark.parametrize("reply", ["press F1", "A6", "B0"])
def test_a_cell_off_the_board_is_illegal(reply: str) -> None:
    game = LightsOut()
    read = game.read(dealt(game, 0), 0, reply)
    assert isinstance(read, Refusal)
    assert read.kind == "illegal"


def test_views() -> None:
    game = LightsOut(rows=2, columns=3, scramble=2, turns=2)
    state = state_of(("##.", "#.."))
    assert game.view(state, 0) == "Lights on: 3. Press 1 of 2.\n  A B C\n1 # # .\n2 # . ."
    assert game.view(game.apply(state, 0), 0) == "Lights on: 0. You win.\n  A B C\n1 . . .\n2 . . ."
    lost = game.apply(game.apply(state, 5), 4)
    assert game.view(lost, 0) == "Lights on: 2. You have no presses left.\n  A B C\n1 # . #\n2 . . ."


def test_instructions_name_the_cells() -> None:
    assert LightsOut(rows=3, columns=4, turns=20).instructions(0) == (
        "This is a board of lights, A1 to D3: # is a light that is on, . is one that is off. Put out all lights "
        "within 20 presses. Each turn you press one cell. That changes its light and the lights directly above, "
        "below, left and right of it: each of them that is on goes off, and each that is off goes on. You earn 1 "
        "point when all lights are off.\n"
        "Reply with a column and a row, for example: press B1"
    )


@pytest.mark.parametrize(
    ("arguments", "name"),
    [({"rows": 1}, "rows"), ({"columns": 11}, "columns"), ({"scramble": -1}, "scramble"),
     ({"scramble": 26}, "scramble"), ({"turns": 7}, "turns"), ({"turns": 2.5}, "turns"),
     ({"scramble": 0, "turns": 24}, "turns")],
)  # fmt: skip
def test_a_bad_argument_is_named(arguments: dict[str, Any], name: str) -> None:
    with pytest.raises(ArgumentError, match=name):
        LightsOut(**arguments)
