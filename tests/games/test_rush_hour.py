from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.rush_hour import RushHour, RushHourState
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

Square = tuple[int, int]
Yard = tuple[tuple[str, frozenset[Square]], ...]  # the squares of each car, by letter
STEPS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
HARDEST = "GBBoLo GHIoLM GHIAAM CCCKoM ooJKDD EEJFFo"  # of 6 x 6 without walls: Fogleman 2018


def yard_of(rows: list[str]) -> Yard:
    squares: dict[str, set[Square]] = {}
    for r, row in enumerate(rows):
        for c, sign in enumerate(row):
            if sign != ".":
                squares.setdefault(sign, set()).add((r, c))
    return tuple(sorted((car, frozenset(where)) for car, where in squares.items()))


def seen(game: RushHour, state: RushHourState) -> Yard:
    """The yard as the view shows it."""
    return yard_of([line.removesuffix(" >").replace(" ", "") for line in game.view(state, 0).split("\n")[:-1]])


@cache
def naive_move(yard: Yard, car: str, way: str, size: int) -> Yard:
    """The yard after a move, by the rules as told; the same where it is not possible."""
    cars = dict(yard)
    down, right = STEPS[way]
    rows, columns = ({square[axis] for square in cars[car]} for axis in (0, 1))
    there = frozenset((r + down, c + right) for r, c in cars[car])
    inside = all(0 <= r < size and 0 <= c < size for r, c in there)
    others = frozenset[Square]().union(*(where for other, where in yard if other != car))
    along = len(rows) == 1 if right else len(columns) == 1
    if not along or not inside or there & others:
        return yard
    return tuple(sorted({**cars, car: there}.items()))


def naive_out(yard: Yard, size: int) -> bool:
    return any(column == size - 1 for _, column in dict(yard)["A"])


def naive_moves(yard: Yard, size: int, *, slides: bool = False) -> Iterator[Yard]:
    """The yards that one move leads to, or one slide of any length."""
    for car, _ in yard:
        for way in STEPS:
            here = yard
            while (there := naive_move(here, car, way, size)) != here:
                yield there
                here = there
                if not slides:
                    break


def reachable(yard: Yard, size: int, *, slides: bool = False) -> Iterator[list[Yard]]:
    """Yield the yards that are 0, 1, 2 … moves away."""
    layer, known = [yard], {yard}
    while layer:
        yield layer
        found = dict.fromkeys(x for here in layer for x in naive_moves(here, size, slides=slides))
        layer = [x for x in found if x not in known]
        known.update(layer)


def fewest(yard: Yard, size: int, *, slides: bool = False) -> int | None:
    """The moves of a shortest way out."""
    layers = enumerate(reachable(yard, size, slides=slides))
    return next((n for n, layer in layers if any(naive_out(x, size) for x in layer)), None)


def dealt(game: RushHour, seed: int) -> RushHourState:
    return game.deal(Stream(seed, Purpose.DEAL))


@pytest.mark.parametrize("level", ["easy", "medium"])
def test_random_play_agrees_with_a_second_implementation(level: str) -> None:
    game = make_game("RushHour", level=level, turns=80)
    assert isinstance(game, RushHour)
    for seed in range(12):
        state = dealt(game, seed)
        policy = Stream(seed, Purpose.POLICY)
        while not game.is_over(state):
            yard = seen(game, state)
            car, way = policy.choice(game.legal(state, 0))
            expected = naive_move(yard, car, way, game.size)
            after = game.apply(state, (car, way))
            out = naive_out(expected, game.size)
            assert seen(game, after) == expected
            assert game.rewards(state, (car, way), after) == (float(out),)
            assert game.is_over(after) == (out or after.turn == 80)
            assert ("The way is blocked." in game.view(after, 0)) == (expected == yard)
            assert ("You win." in game.view(after, 0)) == out
            state = after


def test_legal_are_the_two_directions_of_each_car() -> None:
    game = RushHour()
    for seed in range(10):
        state = dealt(game, seed)
        legal = set(game.legal(state, 0))
        for car, where in seen(game, state):
            lying = len({row for row, _ in where}) == 1
            assert {way for other, way in legal if other == car} == ({"left", "right"} if lying else {"up", "down"})
        assert len(legal) == 2 * game.cars


def test_all_moves_from_everywhere_in_small_yards_agree_with_a_second_implementation() -> None:
    game = make_game("RushHour", level="easy")
    assert isinstance(game, RushHour)
    for state, _ in (game.deals() or ())[::6]:
        todo = [state]
        for here in todo:
            for car, way in game.legal(here, 0) if not game.is_over(here) else ():
                after = game.apply(here, (car, way))
                assert seen(game, after) == naive_move(seen(game, here), car, way, 4)
                fresh = after._replace(turn=0, blocked=False)
                todo += [fresh] * (fresh not in todo)


# Ways out ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cars", [2, 3])
def test_the_listed_yards_are_all_that_take_so_many_moves(cars: int) -> None:
    places = [frozenset((r, c + i) for i in range(n)) for n in (2, 3) for r in (0, 2, 3) for c in range(5 - n)]
    places += [frozenset((r + i, c) for i in range(n)) for n in (2, 3) for r in range(5 - n) for c in range(4)]
    red = frozenset({(1, 0), (1, 1)})
    expected = set()
    for others in combinations(places, cars - 1):
        if len(frozenset().union(red, *others)) == sum(map(len, (red, *others))):
            yard = tuple(zip("ABC", (red, *sorted(others, key=min)), strict=False))
            if (fewest(yard, 4) or 0) >= 3:
                expected.add(yard)
    game = RushHour(size=4, cars=cars, least=3, turns=14)
    deals = game.deals() or ()
    assert {seen(game, state) for state, _ in deals} == expected
    assert {p for _, p in deals} == {Fraction(1, len(expected))}
    assert len(expected) == {2: 4, 3: 58}[cars]


def expert_moves(game: RushHour, state: RushHourState) -> int:
    while not game.is_over(state):
        state = game.apply(state, (game.expert(state, 0) or ())[0][0])
        assert not state.blocked
    assert naive_out(seen(game, state), game.size)
    return state.turn


def test_the_expert_takes_a_shortest_way_out_of_all_small_yards() -> None:
    game = RushHour(size=4, cars=3, least=1, turns=20)
    for state, _ in game.deals() or ():
        assert expert_moves(game, state) == fewest(seen(game, state), 4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_expert_takes_a_shortest_way_out_of_drawn_yards(seed: int) -> None:
    game = RushHour(size=5, least=5, turns=100)
    state = dealt(game, seed)
    assert expert_moves(game, state) == fewest(seen(game, state), 5)


@pytest.mark.parametrize(("level", "deals"), [("easy", 58), ("medium", 15), ("hard", 2)])
def test_every_yard_dealt_has_a_way_out(level: str, deals: int) -> None:
    game = make_game("RushHour", level=level)
    assert isinstance(game, RushHour)
    for seed in range(deals):
        assert game.least <= expert_moves(game, dealt(game, seed)) <= game.turns


@pytest.mark.slow
def test_every_yard_dealt_at_extreme_has_a_way_out() -> None:
    game = make_game("RushHour", level="extreme")
    assert isinstance(game, RushHour)
    for seed in range(5):
        assert 16 <= expert_moves(game, dealt(game, seed)) <= game.turns


@pytest.mark.slow
def test_the_hardest_yard_takes_as_long_as_published() -> None:
    rows = HARDEST.replace("o", ".").split()
    assert sum(map(len, reachable(yard_of(rows), 6, slides=True))) == 4_780
    assert fewest(yard_of(rows), 6, slides=True) == 51
    game = RushHour(cars=9, turns=200)
    assert expert_moves(game, RushHourState("\n".join(rows))) == fewest(yard_of(rows), 6) == 81


# Yards -------------------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(size=st.integers(4, 7), cars=st.integers(2, 8), seed=st.integers(0))
def test_yards_are_as_asked_for(size: int, cars: int, seed: int) -> None:
    game = RushHour(size=size, cars=min(cars, 2 * size - 3), least=1, turns=100)
    state = dealt(game, seed)
    yard = seen(game, state)
    row = (size + 1) // 2 - 1
    assert [car for car, _ in yard] == list("ABCDEFGH")[: game.cars]
    assert dict(yard)["A"] == {(row, 0), (row, 1)}
    for _, where in yard:
        rows, columns = {r for r, _ in where}, {c for _, c in where}
        assert sorted((len(rows), len(columns))) in ([1, 2], [1, 3])
        assert len(where) == max(len(rows), len(columns))
    assert [min(where) for _, where in yard[1:]] == sorted(min(where) for _, where in yard[1:])
    if size > 4:
        before = sum(any(r == row for r, _ in where) for _, where in yard[1:])
        assert before >= min(2, game.cars - 1)
    assert game.view(state, 0).split("\n")[row].endswith(" >")


def test_instances_are_many() -> None:
    assert len({dealt(RushHour(), seed).yard for seed in range(60)}) == 60


# Values ------------------------------------------------------------------------------------------------


def test_the_values_at_easy_equal_brute_force() -> None:
    game = make_game("RushHour", level="easy")

    @cache
    def value(yard: Yard, left: int, policy: str) -> float:
        if left == 0 or naive_out(yard, 4):
            return float(naive_out(yard, 4))
        lying = {car: len({row for row, _ in where}) == 1 for car, where in yard}
        ways = [(car, way) for car, _ in yard for way in (("left", "right") if lying[car] else ("up", "down"))]
        after = [naive_move(yard, car, way, 4) for car, way in ways]
        if policy == "myopic":
            after = [x for x in after if naive_out(x, 4)] or after
        return sum(value(x, left - 1, policy) for x in after) / len(after)

    deals = game.deals() or ()
    assert len(deals) == 58
    values = reference_values(game)
    for policy in ("myopic", "random"):
        mean = sum(value(seen(game, state), game.max_turns, policy) for state, _ in deals) / len(deals)  # type: ignore[arg-type]
        assert getattr(values, policy).value == pytest.approx(mean)
    assert (values.optimal.value, values.plan.value) == (pytest.approx(1), pytest.approx(1))
    assert (round(values.myopic.value, 4), round(values.random.value, 4)) == (0.2996, 0.1214)
    assert values.cell() == "foresight"


# Words -------------------------------------------------------------------------------------------------

PARKED = RushHourState("B..C..\nB..C..\nAA.C..\n....DD\n..EEE.\n......")


@pytest.mark.parametrize(
    ("reply", "move"),
    [
        ("move A right", ("A", "right")), ("A right", ("A", "right")), ("a right", ("A", "right")),
        ("move a right", ("A", "right")), ("Slide car A to the right.", ("A", "right")), ("A: right", ("A", "right")),
        ("**move C down**", ("C", "down")), ("```\nmove C down\n```", ("C", "down")), ("c down", ("C", "down")),
        ("push C downwards", ("C", "down")), ("C goes south", ("C", "down")), ("C -> down", ("C", "down")),
        ("I would like to move the car C down by one", ("C", "down")), ("move C down 2", ("C", "down")),
        ("move C 1 square down", ("C", "down")), ("car D moves left", ("D", "left")), ("truck E left", ("E", "left")),
        ("move B up", ("B", "up")), ("First I thought A right, but B is in the way: move B up", ("B", "up")),
        ("not A right but B up", ("B", "up")), ("B up, not A right", ("B", "up")),
        ("A right? No: C down", ("C", "down")), ("move A right? No: C down", ("A", "right")),
        ("I move left next, but now: move D left", ("D", "left")), ("move the red car A right", ("A", "right")),
        ("move D left (3 turns left)", ("D", "left")), ("Don't move A right. Move D left.", ("D", "left")),
        ("", None), ("move A", None), ("right", None), ("up", None), ("I move left", None),
        ("a move to the left", None), ("I have 3 turns left", None), ("make a right", None), ("not A right", None),
        ("B is up there", None),
    ],
)  # fmt: skip
def test_reading(reply: str, move: tuple[str, str] | None) -> None:
    read = RushHour(cars=5).read(PARKED, 0, reply)
    assert read == move if move else isinstance(read, Refusal) and read.kind == "malformed"


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("move F up", "There is no car F: the cars are A, B, C, D, E."),
        ("move B left", "Car B can only move up or down."),
        ("E up", "Car E can only move left or right."),
    ],
)
def test_what_no_car_can_do_is_illegal(reply: str, answer: str) -> None:
    assert RushHour(cars=5).read(PARKED, 0, reply) == Refusal(answer, "illegal")


def test_a_wall_of_words_is_read_fast() -> None:
    for text in ("A " * 50_000, "move " * 20_000, "not " * 20_000, "car a one " * 10_000, "A" + " " * 500_000):
        assert isinstance(RushHour(cars=5).read(PARKED, 0, text), Refusal)


def test_views() -> None:
    game = RushHour(size=4, cars=2, least=1, turns=4)
    state = RushHourState("....\nAA.B\n...B\n....")
    assert game.view(state, 0) == ". . . .\nA A . B >\n. . . B\n. . . .\nTurn 1 of 4."
    blocked = game.apply(game.apply(state, ("A", "right")), ("A", "right"))
    assert game.view(blocked, 0) == ". . . .\n. A A B >\n. . . B\n. . . .\nThe way is blocked. Turn 3 of 4."
    won = game.apply(game.apply(blocked, ("B", "down")), ("A", "right"))
    assert game.view(won, 0) == ". . . .\n. . A A >\n. . . B\n. . . B\nCar A is at the exit. You win."
    late = game.apply(state._replace(turn=3), ("B", "up"))
    assert game.view(late, 0) == ". . . B\nA A . B >\n. . . .\n. . . .\nYour turns are used up."


def test_instructions_tell_the_arguments() -> None:
    assert RushHour(turns=60).instructions(0) == (
        "Cars are parked in a yard of 6 x 6 squares. Each letter is a car, . is a free square and > is the exit, "
        "at the right end of the row of car A. Bring car A to the exit, that is, to the last two squares of its "
        "row, within 60 turns. Each turn, move one car by one square. A car that lies in a row can only move left "
        "or right, and one that stands in a column only up or down. If another car or the end of the yard is in "
        "the way, nothing moves, but the turn is used up. You earn 1 point when car A is at the exit.\n"
        "Reply with a car and a direction, for example: move A right"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("size", 3), ("size", 9), ("cars", 1), ("cars", 10), ("least", 0), ("least", 101), ("turns", 7), ("turns", 9.5)],
)
def test_a_bad_argument_is_named(name: str, value: Any) -> None:
    with pytest.raises(ArgumentError, match=name):
        RushHour(**{name: value})


def test_moves_that_no_yard_takes_are_told() -> None:
    with pytest.raises(ArgumentError, match="least=50"):
        RushHour(size=4, cars=3, least=50).deals()
    with pytest.raises(ArgumentError, match="least=90"):
        dealt(RushHour(size=5, cars=2, least=90, turns=90), 0)
