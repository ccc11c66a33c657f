from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.peg_solitaire import PegSolitaire, PegSolitaireState
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

Pegs = frozenset[int]

BOARDS = ["triangle_10", "triangle_15", "triangle_21", "english_33"]


def drawn_places(drawing: list[str]) -> dict[int, tuple[int, int]]:
    """Row and column of every number in a drawing whose columns are three signs wide, from 0."""
    return {int(n[0]): (row, n.end() // 3) for row, line in enumerate(drawing) for n in re.finditer(r"\d+", line)}


@cache
def numbering(board: str) -> dict[int, tuple[int, int]]:
    return drawn_places(PegSolitaire(board, pegs=2).instructions(0).split("\n")[1:-2])


@cache
def naive_lines(board: str) -> dict[tuple[int, int], int]:
    """The jumps of a board: between holes two apart in the plane, as the board is made, with a hole halfway."""
    triangle = board.startswith("triangle")
    plane = {hole: (column - row / 2 * triangle, row) for hole, (row, column) in numbering(board).items()}
    lines = {}
    for start, (x, y) in plane.items():
        for end, (other_x, other_y) in plane.items():
            over = [hole for hole, place in plane.items() if place == ((x + other_x) / 2, (y + other_y) / 2)]
            squared = (x - other_x) ** 2 + (y - other_y) ** 2 * (0.75 if triangle else 1)
            if over and squared == 4:
                lines[start, end] = over[0]
    return lines


def naive_jump(board: str, pegs: Pegs, jump: tuple[int, int]) -> Pegs:
    """The pegs after a jump, by the rules as told; the same pegs if it is not possible."""
    (start, end), over = jump, naive_lines(board)[jump]
    return pegs - {start, over} | {end} if start in pegs and over in pegs and end not in pegs else pegs


def naive_possible(board: str, pegs: Pegs) -> list[tuple[int, int]]:
    return [jump for jump in naive_lines(board) if naive_jump(board, pegs, jump) != pegs]


def pegs_in(game: PegSolitaire, state: PegSolitaireState) -> Pegs:
    """The pegs as the view shows them."""
    return frozenset(drawn_places(game.view(state, 0).split("\n")[1:]))


def state_of(*pegs: int) -> PegSolitaireState:
    return PegSolitaireState(sum(1 << hole for hole in pegs))


def dealt(game: PegSolitaire, seed: int) -> PegSolitaireState:
    return game.deal(Stream(seed, Purpose.DEAL))


def test_boards_have_so_many_holes_and_lines() -> None:
    for board, lines in zip(BOARDS, (18, 36, 60, 76), strict=True):
        game = PegSolitaire(board, pegs=2)
        assert len(game.legal(dealt(game, 0), 0)) == lines == len(naive_lines(board))
        assert set(game.legal(dealt(game, 0), 0)) == naive_lines(board).keys()
        assert list(numbering(board)) == list(range(1, int(board.rpartition("_")[2]) + 1))


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("credit", [0.0, 0.5, 1.0])
def test_random_play_agrees_with_a_second_implementation(board: str, credit: float) -> None:
    for seed in range(12):
        game = PegSolitaire(board, pegs=7, turns=40, credit=credit)
        state = dealt(game, seed)
        policy = Stream(seed, Purpose.POLICY)
        while not game.is_over(state):
            pegs = pegs_in(game, state)
            assert f"Pegs: {len(pegs)}. " in game.view(state, 0)
            possible = naive_possible(board, pegs)
            move = policy.choice(possible if policy.random() < 0.7 else game.legal(state, 0))
            expected = naive_jump(board, pegs, move)
            after = game.apply(state, move)
            assert pegs_in(game, after) == expected
            won = (1 - credit) * (len(expected) == 1)
            reward = 0 if expected == pegs else credit / 6 + won
            assert game.rewards(state, move, after) == (pytest.approx(reward),)
            assert game.is_over(after) == (not naive_possible(board, expected) or after.turn == 40)
            assert game.view(after, 0).startswith("That jump was not possible.") == (expected == pegs)
            assert ("You win." in game.view(after, 0)) == (len(expected) == 1)
            state = after


def test_every_jump_in_every_position_of_ten_holes_agrees_with_a_second_implementation() -> None:
    game = PegSolitaire("triangle_10", pegs=9)
    for bits in range(1, 1 << 10):
        pegs = frozenset(hole for hole in range(1, 11) if bits >> hole - 1 & 1)
        for jump in naive_lines("triangle_10"):
            after = game.apply(state_of(*pegs), jump)
            expected = naive_jump("triangle_10", pegs, jump)
            assert after == state_of(*expected)._replace(turn=1, missed=expected == pegs)


# Solutions ---------------------------------------------------------------------------------------------


@cache
def solutions(board: str, pegs: Pegs) -> int:
    """The number of ways to a single peg."""
    return len(pegs) == 1 or sum(solutions(board, naive_jump(board, pegs, x)) for x in naive_possible(board, pegs))


@cache
def last_holes(board: str, pegs: Pegs) -> Pegs:
    """The holes in which a last peg can be."""
    reached = [last_holes(board, naive_jump(board, pegs, jump)) for jump in naive_possible(board, pegs)]
    return frozenset[int]().union(*reached) if len(pegs) > 1 else pegs


@pytest.mark.slow
def test_the_solutions_of_fifteen_holes_are_as_many_as_published() -> None:
    every = frozenset(range(1, 16))
    published = {1: 29_760, 2: 14_880, 4: 85_258, 5: 1_550}
    assert {hole: solutions("triangle_15", every - {hole}) for hole in published} == published
    assert sum(solutions("triangle_15", every - {hole}) for hole in every) == 438_984
    endings = {1: {1, 7, 10, 13}, 2: {2, 6, 11, 14}, 4: {3, 12, 4, 9, 15}, 5: {13}}  # HAKMEM (1972)
    assert {hole: set(last_holes("triangle_15", every - {hole})) for hole in endings} == endings


def test_every_hole_of_the_triangle_may_be_the_empty_one() -> None:
    game = PegSolitaire("triangle_15", pegs=14)
    assert [state.pegs for state, _ in game.deals() or ()] == sorted((1 << 16) - 2 ^ 1 << hole for hole in range(1, 16))


def test_bergholts_solution_of_the_english_cross() -> None:
    """From Beasley 1985; 18 moves of a column and a row each, from the empty centre to the last peg in it."""
    moves = (
        "46-44 65-45 57-55 54-56 52-54 73-53 43-63 75-73-53 35-55 15-35 23-43-63-65-45-25 37-57-55-53 31-33 34-32 "
        "51-31-33 13-15-35 36-34-32-52-54-34 24-44"
    )
    game = PegSolitaire(pegs=20, turns=40)
    hole = {f"{column + 1}{row + 1}": hole for hole, (row, column) in numbering("english_33").items()}
    state = state_of(*(set(hole.values()) - {hole["44"]}))
    for move in moves.split():
        stops = move.split("-")
        for start, end in pairwise(stops):
            state = game.apply(state, (hole[start], hole[end]))
            assert not state.missed
    assert state == state_of(hole["44"])._replace(turn=31)


@pytest.mark.parametrize(("board", "pegs"), [("triangle_10", 5), ("triangle_10", 9), ("triangle_15", 4)])
def test_the_listed_positions_are_all_that_have_a_solution(board: str, pegs: int) -> None:
    game = PegSolitaire(board, pegs=pegs)
    holes = int(board.rpartition("_")[2])
    every = [frozenset(x for x in range(1, holes + 1) if n >> x & 1) for n in range(2 << holes) if n & 1 == 0]
    expected = {position for position in every if len(position) == pegs and solutions(board, position)}
    deals = game.deals() or ()
    assert {pegs_in(game, state) for state, _ in deals} == expected
    assert {p for _, p in deals} == {Fraction(1, len(expected))}


def expert_return(game: PegSolitaire, state: PegSolitaireState) -> float:
    total = 0.0
    while not game.is_over(state):
        move = (game.expert(state, 0) or ())[0][0]
        after = game.apply(state, move)
        assert not after.missed
        total += game.rewards(state, move, after)[0]
        state = after
    return total


@pytest.mark.parametrize(("level", "deals"), [("easy", 81), ("medium", 30), ("hard", 5)])
def test_every_position_dealt_is_solved(level: str, deals: int) -> None:
    game = make_game("PegSolitaire", level=level)
    assert isinstance(game, PegSolitaire)
    for seed in range(deals):
        state = dealt(game, seed)
        assert state.pegs.bit_count() == game.pegs
        assert expert_return(game, state) == pytest.approx(1)


@pytest.mark.slow
def test_the_expert_solves_most_positions_at_extreme() -> None:
    game = make_game("PegSolitaire", level="extreme")
    assert isinstance(game, PegSolitaire)
    assert sum(expert_return(game, dealt(game, seed)) for seed in range(6)) > 5


def test_a_wrong_jump_is_final_and_the_expert_then_takes_what_it_can() -> None:
    game = PegSolitaire("triangle_10", pegs=4, turns=9)
    state = next(
        state for state, _ in game.deals() or () if not all(
            solutions("triangle_10", naive_jump("triangle_10", pegs_in(game, state), jump))
            for jump in naive_possible("triangle_10", pegs_in(game, state))
        )
    )  # fmt: skip
    pegs = pegs_in(game, state)
    wrong = [
        x
        for x in naive_possible("triangle_10", pegs)
        if not solutions("triangle_10", naive_jump("triangle_10", pegs, x))
    ]
    after = game.apply(state, wrong[0])
    assert expert_return(game, state) == pytest.approx(1)
    assert expert_return(game, after) < 0.5
    stuck = state_of(1, 10)
    assert game.is_over(stuck)
    assert "No jump is possible any more." in game.view(stuck, 0)


def test_drawn_positions_are_many() -> None:
    game = PegSolitaire()
    assert len({game.content(dealt(game, seed)) for seed in range(300)}) == 300


@settings(max_examples=20, deadline=None)
@given(board=st.sampled_from(BOARDS), pegs=st.integers(2, 8), seed=st.integers(0))
def test_any_position_dealt_has_a_solution(board: str, pegs: int, seed: int) -> None:
    game = PegSolitaire(board, pegs=pegs)
    assert expert_return(game, dealt(game, seed)) == pytest.approx(1)


def test_drawn_positions_are_as_likely_as_random_jumps_backwards_make_them() -> None:
    game, draws = PegSolitaire("triangle_21", pegs=3), 4_000
    chances: Counter[Pegs] = Counter()
    singles = [(frozenset({hole}), 1 / 21) for hole in range(1, 22)]
    for _ in range(2):
        following: Counter[Pegs] = Counter()
        for pegs, p in singles:
            before = [
                pegs - {end} | {start, over}
                for (start, end), over in naive_lines("triangle_21").items()
                if end in pegs and not {start, over} & pegs
            ]
            for position in before:
                following[position] += p / len(before)  # type: ignore[assignment]
        singles = list(following.items())
    chances.update(dict(singles))  # type: ignore[arg-type]
    drawn = Counter(pegs_in(game, dealt(game, seed)) for seed in range(draws))
    assert drawn.keys() <= chances.keys()
    assert sum(chances.values()) == pytest.approx(1)
    chi_squared = sum((drawn[x] - draws * p) ** 2 / (draws * p) for x, p in chances.items())
    assert chi_squared < len(chances) + 4 * (2 * len(chances)) ** 0.5


# Values ------------------------------------------------------------------------------------------------


def test_the_values_at_easy_equal_brute_force() -> None:
    game = make_game("PegSolitaire", level="easy")
    assert isinstance(game, PegSolitaire)
    lines = list(naive_lines("triangle_10"))

    def pays(pegs: Pegs, after: Pegs) -> float:
        return 0.0 if after == pegs else 0.5 / 4 + 0.5 * (len(after) == 1)

    @cache
    def value(pegs: Pegs, left: int, policy: str) -> float:
        if left == 0 or not naive_possible("triangle_10", pegs):
            return 0.0
        after = [naive_jump("triangle_10", pegs, jump) for jump in lines]
        if policy == "myopic":
            best = max(pays(pegs, x) for x in after)
            after = [x for x in after if pays(pegs, x) == best]
        values = [pays(pegs, x) + value(x, left - 1, policy) for x in after]
        return max(values) if policy == "optimal" else sum(values) / len(values)

    deals = game.deals() or ()
    assert len(deals) == 81
    values = reference_values(game)
    for policy in ("optimal", "myopic", "random"):
        mean = sum(value(pegs_in(game, state), game.turns, policy) for state, _ in deals) / len(deals)
        assert getattr(values, policy).value == pytest.approx(mean)
    assert values.plan.value == pytest.approx(1)
    assert (round(values.myopic.value, 4), round(values.random.value, 4)) == (0.5003, 0.1343)
    assert values.cell() == "foresight"


# Words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "jump"),
    [
        ("jump 4 to 1", (4, 1)), ("4 to 1", (4, 1)), ("4-1", (4, 1)), ("4 -> 1", (4, 1)), ("4→1", (4, 1)),
        ("jump 4 over 2 to 1", (4, 1)), ("jump 4 over 2", (4, 1)), ("4 over 2 into 1", (4, 1)), ("(4, 1)", (4, 1)),
        ("move peg 4 into hole 1", (4, 1)), ("from hole 4 to hole 1", (4, 1)), ("**jump 4 to 1**", (4, 1)),
        ("The peg in 4 jumps over the peg in 2 into 1.", (4, 1)), ("```\njump 4 to 1\n```", (4, 1)), ("4 1", (4, 1)),
        ("I would like to jump 4 to 1, since the holes are 1 to 15", (4, 1)), ("jump 1 to 4? No: jump 4 to 1", (4, 1)),
        ("not 1 to 4 but 4 to 1", (4, 1)), ("4 to 1, not 6 to 1", (4, 1)), ("4 to 1 instead of jumping 1 to 4", (4, 1)),
        ("Pegs: 5. Turn 2 of 8. jump 13 to 15", (13, 15)), ("4 to 1 (3 turns left)", (4, 1)), ("04 to 01", (4, 1)),
        ("", None), ("jump", None), ("jump 4", None), ("4 turns left", None), ("I have 5 pegs and 3 turns", None),
        ("four to one", None), ("not 4 to 1", None), ("1.5 to 3", None),
    ],
)  # fmt: skip
def test_reading(reply: str, jump: tuple[int, int] | None) -> None:
    game = PegSolitaire("triangle_15", pegs=5)
    read = game.read(dealt(game, 0), 0, reply)
    assert read == jump if jump else isinstance(read, Refusal) and read.kind == "malformed"


@pytest.mark.parametrize(
    "reply", ["jump 1 to 2", "4 to 2", "1-15", "jump 4 over 5 to 1", "4 over 10", "20 to 30", "4 to 4"]
)
def test_what_is_no_line_is_illegal(reply: str) -> None:
    game = PegSolitaire("triangle_15", pegs=5)
    read = game.read(dealt(game, 0), 0, reply)
    assert isinstance(read, Refusal)
    assert read.kind == "illegal"


def test_a_wall_of_numbers_is_read_fast() -> None:
    game = PegSolitaire("triangle_15", pegs=5)
    for text in ("1 " * 50_000, "1" + " " * 500_000, "not " * 20_000, "1 over " * 20_000, "the " * 20_000):
        assert isinstance(game.read(dealt(game, 0), 0, text), Refusal)


def test_views() -> None:
    game = PegSolitaire("triangle_10", pegs=3, turns=3)
    state = state_of(1, 2, 9)
    assert game.view(state, 0) == "Pegs: 3. Turn 1 of 3.\n 1\n 2  .\n .  .  .\n .  .  9  ."
    missed = game.apply(state, (1, 6))
    assert game.view(missed, 0).split("\n")[0] == "That jump was not possible. Pegs: 3. Turn 2 of 3."
    after = game.apply(missed, (1, 4))
    assert game.view(after, 0).split("\n")[0] == "Pegs: 2. No jump is possible any more."
    assert game.view(state_of(2, 4, 9)._replace(turn=3), 0).split("\n")[0] == "Pegs: 3. Your turns are used up."
    won = game.apply(state_of(2, 4), (4, 1))
    assert game.view(won, 0) == "Pegs: 1. You win.\n 1\n .  .\n .  .  .\n .  .  .  ."
    assert PegSolitaire().view(state_of(1, 33), 0) == (
        "Pegs: 2. No jump is possible any more.\n       1  .  .\n       .  .  .\n"
        + " .  .  .  .  .  .  .\n" * 3
        + "       .  .  .\n       .  . 33"
    )


def test_instructions_tell_the_arguments() -> None:
    assert PegSolitaire("triangle_10", pegs=5, turns=8).instructions(0) == (
        "This is peg solitaire. The holes of the board have these numbers:\n"
        " 1\n 2  3\n 4  5  6\n 7  8  9 10\n"
        "A peg can jump over a peg next to it into the empty hole behind that, along a row, a column or the diagonal "
        "from top left to bottom right, in both directions; the peg jumped over is removed. So a peg in 1 can jump to "
        "4 if there is a peg in 2 and none in 4. Remove all pegs but one. You have 5 pegs and 8 turns, each for one "
        "jump. A jump that is not possible changes nothing, but the turn is used up. The game ends when one peg is "
        "left, no jump is possible or your turns are used up. Each of the 4 jumps it takes earns an equal "
        "share of 0.5 points, and you earn 0.5 points when one peg is left. On the board, a number is a peg in the "
        "hole with that number, and . is an empty hole.\n"
        "Reply with a jump, for example: jump 1 to 4"
    )
    assert "along a row or a column, in both" in PegSolitaire().instructions(0)
    assert " You earn 1 point when one peg is left. On" in PegSolitaire(credit=0.0).instructions(0)
    shares = " Each of the 9 jumps it takes earns an equal share of 1 point. On"
    assert shares in PegSolitaire(credit=1.0).instructions(0)
    two = PegSolitaire(pegs=2, turns=1).instructions(0)
    assert "You have 2 pegs and 1 turn, each for one jump." in two
    assert " The jump it takes earns 0.5 points, and you earn 0.5 points when one peg is left. On" in two


@pytest.mark.parametrize(
    ("arguments", "name", "error"),
    [({"board": "square"}, "board", UnknownNameError), ({"pegs": 1}, "pegs", ArgumentError),
     ({"pegs": 25}, "pegs", ArgumentError), ({"board": "triangle_10", "pegs": 10}, "pegs", ArgumentError),
     ({"turns": 0}, "turns", ArgumentError), ({"turns": 8}, "turns", ArgumentError),
     ({"credit": 1.5}, "credit", ArgumentError)],
)  # fmt: skip
def test_a_bad_argument_is_named(arguments: dict[str, Any], name: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=name):
        PegSolitaire(**arguments)
