from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.sliding_puzzle import SlidingPuzzle, SlidingPuzzleState, can_be_solved
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

Board = tuple[int, ...]

WITHIN = {  # how many boards of 3 x 3 are a number of slides away from order: 8 Puzzle, Reinefeld 1993; OEIS A089473
    0: 1, 1: 2, 2: 4, 3: 8, 4: 16, 5: 20, 6: 39, 7: 62, 8: 116, 9: 152, 10: 286, 11: 396, 12: 748, 13: 1024, 14: 1893,
    15: 2512, 16: 4485, 17: 5638, 18: 9529, 19: 10878, 20: 16993, 21: 17110, 22: 23952, 23: 20224, 24: 24047, 25: 15578,
    26: 14560, 27: 6274, 28: 3910, 29: 760, 30: 221, 31: 2,
}  # fmt: skip


def naive_slide(rows: list[list[str]], tile: str) -> list[list[str]]:
    """The rows of a board after naming a tile, by the rules as told."""
    places = {sign: (r, c) for r, row in enumerate(rows) for c, sign in enumerate(row)}
    (r, c), (gap_r, gap_c) = places[tile], places["_"]
    beside = (r == gap_r and c in (gap_c - 1, gap_c + 1)) or (c == gap_c and r in (gap_r - 1, gap_r + 1))
    if not beside:
        return rows
    return [[{tile: "_", "_": tile}.get(sign, sign) for sign in row] for row in rows]


def naive_solved(rows: list[list[str]]) -> bool:
    signs = [sign for row in rows for sign in row]
    return signs == [*map(str, range(1, len(signs))), "_"]


def rows_of(game: SlidingPuzzle, state: SlidingPuzzleState) -> list[list[str]]:
    return [line.split() for line in game.view(state, 0).split("\n")[:-1]]


def dealt(game: SlidingPuzzle, seed: int) -> SlidingPuzzleState:
    return game.deal(Stream(seed, Purpose.DEAL))


def slides_to_order(rows: int, columns: int) -> dict[Board, int]:
    """How many slides every board is away from order, by breadth-first search with the naive rules on tuples."""
    near = {
        (r * columns + c): [
            x * columns + y
            for x, y in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1))
            if 0 <= x < rows and 0 <= y < columns
        ]
        for r in range(rows)
        for c in range(columns)
    }
    solved = (*range(1, rows * columns), 0)
    far, frontier = {solved: 0}, [solved]
    while frontier:
        following = []
        for board in frontier:
            gap = board.index(0)
            for cell in near[gap]:
                swapped = list(board)
                swapped[gap], swapped[cell] = swapped[cell], 0
                after = tuple(swapped)
                if after not in far:
                    far[after] = far[board] + 1
                    following.append(after)
        frontier = following
    return far


@pytest.mark.parametrize("level", ["easy", "medium", "hard", "extreme"])
def test_random_play_agrees_with_a_second_implementation(level: str) -> None:
    game = make_game("SlidingPuzzle", level=level, turns=90)
    assert isinstance(game, SlidingPuzzle)
    for seed in range(8):
        state = dealt(game, seed)
        policy = Stream(seed, Purpose.POLICY)
        while not game.is_over(state):
            move = policy.choice(game.legal(state, 0))
            rows = rows_of(game, state)
            expected = naive_slide(rows, str(move))
            after = game.apply(state, move)
            assert rows_of(game, after) == expected
            assert game.rewards(state, move, after) == (1.0 if naive_solved(expected) else 0.0,)
            assert game.is_over(after) == (naive_solved(expected) or after.turn == 90)
            assert ("not next to the gap" in game.view(after, 0)) == (rows == expected)
            assert ("You win" in game.view(after, 0)) == naive_solved(expected)
            state = after


def test_all_boards_of_two_by_three_slide_as_in_the_second_implementation() -> None:
    game = SlidingPuzzle(rows=2)
    for board in permutations(range(6)):
        state = SlidingPuzzleState(board)
        for tile in game.legal(state, 0) if not game.is_over(state) else ():
            assert rows_of(game, game.apply(state, tile)) == naive_slide(rows_of(game, state), str(tile))


# Which boards can be solved, and how ---------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "columns"), [(2, 3), (3, 2)])
def test_parity_tells_exactly_which_boards_can_be_solved(rows: int, columns: int) -> None:
    boards = list(permutations(range(rows * columns)))
    solvable = {board for board in boards if can_be_solved(board, columns)}
    assert solvable == slides_to_order(rows, columns).keys()
    assert 2 * len(solvable) == len(boards)


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "columns"), [(2, 4), (4, 2)])
def test_parity_tells_exactly_which_boards_of_eight_cells_can_be_solved(rows: int, columns: int) -> None:
    boards = list(permutations(range(8)))
    solvable = {board for board in boards if can_be_solved(board, columns)}
    assert solvable == slides_to_order(rows, columns).keys()
    assert 2 * len(solvable) == len(boards)


@pytest.mark.parametrize(("rows", "columns", "boards", "most"), [(2, 3, 360, 21), (2, 4, 20_160, 36)])
def test_the_most_slides_on_small_boards(rows: int, columns: int, boards: int, most: int) -> None:
    far = slides_to_order(rows, columns)
    assert (len(far), max(far.values())) == (boards, most)


@pytest.mark.slow
def test_the_boards_of_three_by_three_are_as_far_as_published() -> None:
    far = slides_to_order(3, 3)
    assert len(far) == 181_440
    assert Counter(far.values()) == WITHIN
    assert all(can_be_solved(board, 3) for board in far)


@pytest.mark.parametrize("level", ["easy", "medium", "hard", "extreme"])
def test_only_boards_that_can_be_solved_are_dealt_and_the_expert_solves_them(level: str) -> None:
    game = make_game("SlidingPuzzle", level=level)
    assert isinstance(game, SlidingPuzzle)
    for seed in range({"easy": 30, "medium": 8}.get(level, 3)):
        state = dealt(game, seed)
        assert can_be_solved(state.board, game.columns)
        assert not naive_solved(rows_of(game, state))
        while not game.is_over(state):
            ((move, _),) = game.expert(state, 0)
            state = game.apply(state, move)
            assert not state.stuck
        assert naive_solved(rows_of(game, state))


def expert_slides(game: SlidingPuzzle, board: Board) -> int:
    state = SlidingPuzzleState(board)
    while not game.is_over(state):
        ((move, _),) = game.expert(state, 0)
        state = game.apply(state, move)
    return state.turn


def test_the_expert_needs_the_fewest_slides_on_every_board_of_two_by_three() -> None:
    game = SlidingPuzzle(rows=2)
    for board, slides in slides_to_order(2, 3).items():
        assert expert_slides(game, board) == slides


@pytest.mark.slow
def test_the_expert_needs_the_fewest_slides_on_boards_of_three_by_three() -> None:
    far = slides_to_order(3, 3)
    for board in [*list(far)[::4_000], *[board for board, slides in far.items() if slides == 31]]:
        assert expert_slides(SlidingPuzzle(), board) == far[board]


@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (4, 4)])
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_the_expert_solves_any_large_board_in_time(shape: tuple[int, int], data: st.DataObject) -> None:
    rows, columns = shape
    board = tuple(data.draw(st.permutations(range(rows * columns))))
    if not can_be_solved(board, columns):
        board = tuple({1: 2, 2: 1}.get(tile, tile) for tile in board)
    game = SlidingPuzzle(rows=rows, columns=columns, turns=200)
    assert expert_slides(game, board) < 200


def test_an_undone_board_of_the_sam_loyd_puzzle_cannot_be_solved() -> None:
    assert can_be_solved((*range(1, 16), 0), 4)
    assert not can_be_solved((*range(1, 14), 15, 14, 0), 4)


# Deals -------------------------------------------------------------------------------------------------


def test_all_boards_of_two_by_three_are_equally_likely_without_scramble() -> None:
    deals = SlidingPuzzle(rows=2, scramble=0).deals() or ()
    assert {state.board for state, _ in deals} == slides_to_order(2, 3).keys() - {(1, 2, 3, 4, 5, 0)}
    assert {p for _, p in deals} == {Fraction(1, 359)}


@pytest.mark.parametrize(("rows", "scramble"), [(2, 3), (3, 2), (2, 5)])
def test_listed_scrambles_are_as_likely_as_told(rows: int, scramble: int) -> None:
    """All walks of each length, none of which takes back its last slide, by brute force."""
    chances: Counter[Board] = Counter()

    def walk(grid: list[list[str]], last: str, left: int, chance: Fraction) -> None:
        if left == 0:
            chances[tuple(0 if sign == "_" else int(sign) for row in grid for sign in row)] += chance  # type: ignore[assignment]
            return
        ways = [tile for row in grid for tile in row if tile not in ("_", last) and naive_slide(grid, tile) != grid]
        for tile in ways:
            walk(naive_slide(grid, tile), tile, left - 1, chance / len(ways))

    signs = [*map(str, range(1, 3 * rows)), "_"]
    for length in range(1, scramble + 1):
        walk([signs[3 * r : 3 * r + 3] for r in range(rows)], "", length, Fraction(1, scramble))
    deals = SlidingPuzzle(rows=rows, scramble=scramble).deals() or ()
    assert {state.board: p for state, p in deals} == chances


@pytest.mark.parametrize("rows", [2, 3])
def test_few_slides_never_lead_back_to_order(rows: int) -> None:
    deals = SlidingPuzzle(rows=rows, scramble=8).deals() or ()
    assert sum(p for _, p in deals) == 1
    assert (*range(1, 3 * rows), 0) not in [state.board for state, _ in deals]


def test_drawn_scrambles_are_distributed_like_listed_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    game = SlidingPuzzle(rows=2, scramble=6)
    listed = {state.board: float(p) for state, p in game.deals() or ()}
    monkeypatch.setattr("textenvs.games.sliding_puzzle._LISTED_SLIDES", 0)
    assert game.deals() is None
    draws = 4_000
    drawn = Counter(dealt(game, seed).board for seed in range(draws))
    assert drawn.keys() == listed.keys()
    chi_squared = sum((drawn[board] - draws * p) ** 2 / (draws * p) for board, p in listed.items())
    freedom = len(listed) - 1
    assert chi_squared < freedom + 4 * (2 * freedom) ** 0.5


def test_shuffled_boards_are_uniform(monkeypatch: pytest.MonkeyPatch) -> None:
    game = SlidingPuzzle(rows=2, scramble=0)
    monkeypatch.setattr("textenvs.games.sliding_puzzle._LISTED_CELLS", 0)
    assert game.deals() is None
    draws = 7_180
    drawn = Counter(dealt(game, seed).board for seed in range(draws))
    assert len(drawn) == 359
    assert sum((n - 20) ** 2 / 20 for n in drawn.values()) < 358 + 4 * (2 * 358) ** 0.5


def test_instances_are_many() -> None:
    assert len({dealt(SlidingPuzzle(), seed).board for seed in range(300)}) > 240
    assert len({dealt(SlidingPuzzle(columns=4, scramble=0), seed).board for seed in range(300)}) == 300


# Values ------------------------------------------------------------------------------------------------


def test_the_values_at_easy_equal_brute_force() -> None:
    game = make_game("SlidingPuzzle", level="easy")
    tiles = "12345"

    @cache
    def value(grid: tuple[str, ...], left: int, policy: str) -> float:
        rows = [list(row) for row in grid]
        if left == 0 or naive_solved(rows):
            return float(naive_solved(rows))
        after = [naive_slide(rows, tile) for tile in tiles]
        if policy == "myopic" and any(map(naive_solved, after)):
            after = [rows for rows in after if naive_solved(rows)]
        return sum(value(tuple(map("".join, rows)), left - 1, policy) for rows in after) / len(after)

    deals = game.deals() or ()
    assert len(deals) == 57
    values = reference_values(game)
    for policy in ("myopic", "random"):
        openings = [(tuple(map("".join, rows_of(game, state))), float(p)) for state, p in deals]  # type: ignore[arg-type]
        mean = sum(p * value(grid, game.max_turns, policy) for grid, p in openings)
        assert getattr(values, policy).value == pytest.approx(mean)
    assert (values.optimal.value, values.plan.value) == (pytest.approx(1), pytest.approx(1))
    assert (round(values.myopic.value, 4), round(values.random.value, 4)) == (0.2706, 0.1444)
    assert values.cell() == "foresight"


# Words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "tile"),
    [
        ("slide 5", 5), ("5", 5), ("Slide tile 5.", 5), ("move 5", 5), ("I would like to push the 5 up.", 5),
        ("**slide 5**", 5), ("`5`", 5), ("```\nslide 5\n```", 5), ("sliding tile number 5 left", 5), ("tile: 5", 5),
        ("slide: 5", 5), ("Tile 5 moves right", 5), ("shift 5 into the gap", 5), ("not 3, so 5", 5), ("5, not 3", 5),
        ("slide 3? No: slide 5", 5), ("Move 1: slide 5", 5), ("Move 3: 5", 5), ("Turn 3 of 100: slide 5", 5),
        ("I slide 5, since 2 turns are left", 5), ("5, with 2 turns to go", 5), ("Rather than slide 3, I slide 5", 5),
        ("don't move 3 but 5", 5), ("005", 5), ("５", 5), ("I slide 5 because 8 moves are left", 5),
        ("", None), ("slide", None), ("left", None), ("slide the gap up", None), ("five", None), ("2 turns left", None),
        ("-5", None), ("5.5", None), ("5th", None), ("9" * 400, None),
    ],
)  # fmt: skip
def test_reading(reply: str, tile: int | None) -> None:
    game = SlidingPuzzle()
    read = game.read(dealt(game, 0), 0, reply)
    assert read == tile if tile else isinstance(read, Refusal) and read.kind == "malformed"


@pytest.mark.parametrize("reply", ["slide 9", "0", "tile 15", "slide 99"])
def test_a_tile_that_does_not_exist_is_illegal(reply: str) -> None:
    game = SlidingPuzzle()
    read = game.read(dealt(game, 0), 0, reply)
    assert isinstance(read, Refusal)
    assert read.kind == "illegal"
    assert "numbered from 1 to 8" in read.text


def test_views() -> None:
    game = SlidingPuzzle(turns=31)
    state = SlidingPuzzleState((1, 2, 3, 4, 5, 6, 0, 7, 8))
    assert game.view(state, 0) == "1 2 3\n4 5 6\n_ 7 8\nTurn 1 of 31."
    state = game.apply(state, 8)
    assert game.view(state, 0) == "1 2 3\n4 5 6\n_ 7 8\nThat tile is not next to the gap. Turn 2 of 31."
    state = game.apply(game.apply(state, 7), 8)
    assert game.view(state, 0) == "1 2 3\n4 5 6\n7 8 _\nThe board is in order. You win."
    late = SlidingPuzzleState((1, 2, 3, 4, 5, 6, 0, 7, 8), turn=30)
    assert game.view(game.apply(late, 4), 0) == "1 2 3\n_ 5 6\n4 7 8\nYour turns are used up."
    wide = SlidingPuzzle(rows=3, columns=4)
    assert (
        wide.view(SlidingPuzzleState((11, *range(1, 11), 0)), 0) == "11 1  2  3\n4  5  6  7\n8  9  10 _\nTurn 1 of 100."
    )


def test_instructions_show_the_goal() -> None:
    assert SlidingPuzzle(rows=2, turns=40).instructions(0) == (
        "Slide the tiles of this board into order within 40 turns. In order, it looks like this:\n"
        "1 2 3\n4 5 _\n"
        "_ is the gap. Each turn, name a tile that is directly above, below, left or right of the gap: it slides into "
        "the gap, and the gap is then where the tile was. If you name another tile, nothing moves, but the turn is "
        "used up. You earn 1 point for bringing the board into order.\n"
        "Reply with a tile, for example: slide 5"
    )


@pytest.mark.parametrize(
    ("arguments", "name"),
    [({"rows": 1}, "rows"), ({"rows": 5}, "rows"), ({"columns": 2}, "columns"), ({"columns": 3.0}, "columns"),
     ({"scramble": -1}, "scramble"), ({"turns": 0}, "turns"), ({"scramble": 20, "turns": 19}, "turns"),
     ({"scramble": 0, "turns": 30}, "turns"), ({"rows": 2, "scramble": 0, "turns": 20}, "turns"),
     ({"rows": 2, "scramble": 30, "turns": 20}, "turns")],
)  # fmt: skip
def test_a_bad_argument_is_named(arguments: dict[str, Any], name: str) -> None:
    with pytest.raises(ArgumentError, match=name):
        SlidingPuzzle(**arguments)
