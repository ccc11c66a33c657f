from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from itertools import permutations
from math import gcd
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.water_jugs import JugMove, WaterJugs, WaterJugsState
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values

Jugs = tuple[tuple[int, int], ...]  # water and size of each jug


def jugs_told(view: str) -> Jugs:
    return tuple((int(a), int(b)) for a, b in re.findall(r"[A-D] has (\d+) of (\d+) litres?", view))


def naive_moves(jugs: Jugs) -> dict[str, Jugs]:
    """All moves that change something by their wording, with the jugs after them, poured litre by litre."""
    after = {}
    for i, (_, size) in enumerate(jugs):
        for verb, water in (("fill", size), ("empty", 0)):
            after[f"{verb} {'ABCD'[i]}"] = (*jugs[:i], (water, size), *jugs[i + 1 :])
    for i, j in permutations(range(len(jugs)), 2):
        litres, sizes = [water for water, _ in jugs], [size for _, size in jugs]
        while litres[i] > 0 and litres[j] < sizes[j]:
            litres[i] -= 1
            litres[j] += 1
        after[f"pour {'ABCD'[i]} into {'ABCD'[j]}"] = tuple(zip(litres, sizes, strict=True))
    return {move: changed for move, changed in after.items() if changed != jugs}


def is_measured(jugs: Jugs, goal: int) -> bool:
    return any(water == goal for water, _ in jugs)


def naive_turns(jugs: Jugs, goal: int) -> int | None:
    """The fewest turns, by breadth-first search."""
    seen, frontier, turns = {jugs}, {jugs}, 0
    while frontier:
        if any(is_measured(each, goal) for each in frontier):
            return turns
        frontier = {after for each in frontier for after in naive_moves(each).values()} - seen
        seen |= frontier
        turns += 1
    return None


@cache
def naive_values(jugs: Jugs, goal: int, left: int) -> tuple[Fraction, Fraction, Fraction]:
    """The values of optimal, myopic and random play."""
    if is_measured(jugs, goal) or left == 0:
        return (Fraction(is_measured(jugs, goal)),) * 3
    afters = list(naive_moves(jugs).values())
    best, myopic, random = zip(*(naive_values(after, goal, left - 1) for after in afters), strict=True)
    at_once = any(is_measured(after, goal) for after in afters)
    return max(best), Fraction(1) if at_once else sum(myopic) / len(afters), sum(random) / len(afters)


def check_turn(game: WaterJugs, state: WaterJugsState) -> None:
    """Compare a position and all its moves with the naive rules."""
    view = game.view(state, 0)
    jugs = jugs_told(view)
    told = re.search(r"\nGoal: (\d+) litres? in one jug\.\n", view)
    assert told
    goal = int(told[1])
    assert game.is_over(state) == (is_measured(jugs, goal) or state.left == 0)
    assert ("You win." in view) == is_measured(jugs, goal)
    if game.is_over(state):
        return
    assert f"\n{state.left} turn" in view
    expected = naive_moves(jugs)
    assert {game.say(state, move) for move in game.legal(state, 0)} == set(expected)
    for move in game.legal(state, 0):
        after = game.apply(state, move)
        assert jugs_told(game.view(after, 0)) == expected[game.say(state, move)]
        assert game.rewards(state, move, after) == (1.0 if is_measured(expected[game.say(state, move)], goal) else 0.0,)
        assert after.left == state.left - 1


@pytest.mark.parametrize("arguments", [{}, {"jugs": 2, "largest": 8}, {"jugs": 4, "largest": 12}], ids=str)
def test_random_plays_equal_the_naive_second_implementation(arguments: dict[str, Any]) -> None:
    game = WaterJugs(**arguments)
    for seed in range(6):
        state, random = game.deal(Stream(seed, Purpose.DEAL)), Stream(seed, Purpose.POLICY)
        while not game.is_over(state):
            check_turn(game, state)
            state = game.apply(state, random.choice(game.legal(state, 0)))
        check_turn(game, state)


def test_the_easy_level_is_that_of_brute_force() -> None:
    """All deals, their turns and the rulers."""
    game = WaterJugs(**WaterJugs.levels["easy"])
    deals = [state for state, _ in game.deals() or ()]
    instances = {(sizes, goal) for sizes in permutations(range(1, 9), 2) for goal in range(1, 9) if goal not in sizes}
    turns = {(s, goal): naive_turns(tuple((0, size) for size in s), goal) for s, goal in instances}
    solvable = {each: n for each, n in turns.items() if n is not None}
    assert {(state.sizes, state.goal): state.left - game.slack for state in deals} == solvable
    assert len(deals) == len(solvable) == 172
    assert max(solvable.values()) == 2 * game.largest - 4 == game.longest
    values = [naive_values(jugs_told(game.view(state, 0)), state.goal, state.left) for state in deals]
    rulers = reference_values(game)
    means = [float(sum(each) / len(deals)) for each in zip(*values, strict=True)]
    assert [rulers.optimal.value, rulers.myopic.value, rulers.random.value] == pytest.approx(means)
    assert [rulers.optimal.value, rulers.plan.value] == pytest.approx([1, 1])
    assert rulers.cell() == "foresight"
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(1)


def test_three_and_five_measure_four_in_six_turns() -> None:
    state = WaterJugs(jugs=2, slack=0)._opening((3, 5), 4)
    assert state is not None
    assert state.left == 6
    game = WaterJugs(jugs=2)
    for reply in ["fill B", "pour B into A", "empty A", "pour B into A", "fill B", "pour B into A"]:
        assert not game.is_over(state)
        move = game.read(state, 0, reply)
        assert isinstance(move, JugMove)
        state = game.apply(state, move)
    assert jugs_told(game.view(state, 0)) == ((3, 3), (4, 5))
    one = game._opening((5, 3), 1)
    assert one is not None
    assert one.left == 4 + game.slack


@pytest.mark.parametrize("largest", [3, 5, 6, 7, 12, pytest.param(20, marks=pytest.mark.slow)])
def test_two_jugs_never_need_more_turns_than_documented(largest: int) -> None:
    for sizes in permutations(range(1, largest + 1), 2):
        for goal in range(1, max(sizes)):
            opening = WaterJugs(jugs=2, largest=largest, longest=2_000, slack=0)._opening(sizes, goal)
            assert (opening is not None) == (goal not in sizes and goal % gcd(*sizes) == 0)
            assert opening is None or opening.left <= 2 * largest - 4


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    arguments=st.sampled_from([{}, {"jugs": 4, "largest": 15}, {"jugs": 2, "largest": 30, "longest": 20}]),
)
def test_deals_can_be_solved_and_the_expert_does(seed: int, arguments: dict[str, Any]) -> None:
    game = WaterJugs(**arguments)
    state = game.deal(Stream(seed, Purpose.DEAL))
    assert game.slack + 2 <= state.left <= game.max_turns
    assert state.goal not in state.sizes
    assert naive_turns(jugs_told(game.view(state, 0)), state.goal) == state.left - game.slack
    while not game.is_over(state):
        state = game.apply(state, game.expert(state, 0)[0][0])
    assert state.goal in state.water
    assert state.left == game.slack


def test_deals_that_are_drawn_are_spread_as_those_listed() -> None:
    game = WaterJugs(jugs=2, largest=5)
    listed = dict(game.deals() or ())
    assert len(listed) == 36
    drawn = [game.deal(Stream(seed, Purpose.DEAL)) for seed in range(3_600)]
    assert set(drawn) == set(listed)
    chi_squared = sum((drawn.count(state) - 100) ** 2 / 100 for state in listed)
    assert chi_squared < 35 + 4 * 70**0.5


# Words -----------------------------------------------------------------------------------------------

HALF = WaterJugsState((3, 5, 8), 4, (0, 3, 8), 9)
GAME = WaterJugs()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fill A", "fill A"), ("Fill jug A.", "fill A"), ("**fill** `a`", "fill A"), ("I fill the jug A", "fill A"),
        ("fill the 3-litre jug", "fill A"), ("fill up the 5 liter jug", "fill B"), ("refill B", "fill B"),
        ("fill the 5L jug", "fill B"), ("fill A up", "fill A"), ("empty B", "empty B"), ("Empty out jug C", "empty C"),
        ("dump B", "empty B"), ("pour out B", "empty B"), ("pour C away", "empty C"),
        ("drain the 8-gallon jug", "empty C"),
        ("pour all the water of B away", "empty B"), ("discard the contents of C", "empty C"),
        ("pour B into A", "pour B into A"), ("pour from B to A", "pour B into A"),
        ("Pour jug B into jug A!", "pour B into A"),
        ("pour the water from C into A", "pour C into A"), ("transfer C to B", "pour C into B"),
        ("empty B into A", "pour B into A"), ("pour C -> A", "pour C into A"),
        ("pour the 8-litre jug into the 3-litre jug", "pour C into A"),
        ("pour everything in jug C into jug B", "pour C into B"), ("I would like to pour B into A", "pour B into A"),
        ("I have 9 turns left, so I fill A first", "fill A"), ("Not fill A but empty B", "empty B"),
        ("Don't fill B. Pour B into A, then see.", "pour B into A"), ("Empty C rather than fill A", "empty C"),
        ("I want 4 litres: with 5 and 3 that is easy.\n```\nfill B\n```", "fill B"),
    ],
)  # fmt: skip
def test_replies_that_are_actions(text: str, said: str) -> None:
    move = GAME.read(HALF, 0, text)
    assert isinstance(move, JugMove), move
    assert GAME.say(HALF, move) == said
    assert move in GAME.legal(HALF, 0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("fill C", "C is already full."), ("empty A", "A is already empty."), ("pour A into B", "A is empty."),
        ("pour B into C", "C is already full."), ("pour B into B", "Pour from one jug into another."),
        ("fill D", "There is no jug D; the jugs are A, B and C."),
        ("fill the 4-litre jug", "There is no jug of 4 litres; the jugs are A, B and C."),
        ("pour the 1-litre jug into A", "There is no jug of 1 litre; the jugs are A, B and C."),
        ("pour B into D", "There is no jug D; the jugs are A, B and C."),
        ("fill the 8 litre jug", "C is already full."),
    ],
)  # fmt: skip
def test_replies_that_are_illegal(text: str, why: str) -> None:
    assert GAME.read(HALF, 0, text) == Refusal(why, "illegal")


@pytest.mark.parametrize(
    "text", ["", "A", "fill", "fill a jug", "fill it", "pour", "pour into A", "empty a container", "never fill A",
             "A has 0 of 3 litres", "fill E", "fill 4", "満たす", "fulfill A", "fill AB"]
)  # fmt: skip
def test_replies_that_are_no_action(text: str) -> None:
    read = GAME.read(HALF, 0, text)
    assert isinstance(read, Refusal)
    assert read.kind == "malformed"


def test_a_view() -> None:
    told = "A has 0 of 1 litre, B has 3 of 5 litres.\nGoal: 4 litres in one jug."
    state = WaterJugsState((1, 5), 4, (0, 3), 1)
    assert WaterJugs(jugs=2).view(state, 0) == f"{told}\n1 turn left."
    assert "Goal: 1 litre in one jug." in WaterJugs(jugs=2).view(state._replace(goal=1), 0)
    assert WaterJugs(jugs=2).view(state._replace(left=0), 0).endswith("No turns left: you did not reach the goal.")


@pytest.mark.parametrize(
    "arguments",
    [
        {"jugs": 1},
        {"jugs": 5},
        {"largest": 3},
        {"largest": 61},
        {"largest": 21, "jugs": 4},
        {"largest": 1_001, "jugs": 2},
        {"longest": 1},
        {"slack": -1},
        {"largest": 5.0},
    ],
)
def test_a_bad_argument_is_named(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        WaterJugs(**arguments)
