from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.tower_of_hanoi import TowerOfHanoi, TowerOfHanoiState
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values

Stacks = tuple[tuple[int, ...], ...]  # the disks of each peg from bottom to top


def stacks_told(view: str, label: str) -> Stacks:
    line = next(line for line in view.splitlines() if line.startswith(f"{label}: "))
    return tuple(tuple(map(int, disks.split())) for disks in re.findall(r"\[([\d ]*)\]", line))


def naive_moves(stacks: Stacks) -> dict[str, Stacks]:
    """Every legal move by its standard wording, with the stacks after it."""
    after = {}
    for a, b in product(range(len(stacks)), repeat=2):
        if a != b and stacks[a] and (not stacks[b] or stacks[b][-1] > stacks[a][-1]):
            changed = [list(stack) for stack in stacks]
            changed[b].append(changed[a].pop())
            after[f"move {'ABCD'[a]} to {'ABCD'[b]}"] = tuple(map(tuple, changed))
    return after


@cache
def naive_values(stacks: Stacks, goal: Stacks, left: int) -> tuple[Fraction, Fraction, Fraction]:
    """The values of optimal, myopic and random play."""
    if stacks == goal:
        return (Fraction(1),) * 3
    if left == 0:
        return (Fraction(0),) * 3
    values = [naive_values(after, goal, left - 1) for after in naive_moves(stacks).values()]
    best, myopic, random = zip(*values, strict=True)
    at_once = goal in naive_moves(stacks).values()
    return max(best), Fraction(1) if at_once else sum(myopic) / len(values), sum(random) / len(values)


def check_play(game: TowerOfHanoi, state: TowerOfHanoiState, depth: int) -> None:
    """Compare the game with the naive rules on every play of `depth` moves from `state`."""
    view = game.view(state, 0)
    now, goal = stacks_told(view, "Now"), stacks_told(view, "Goal")
    assert game.is_over(state) == (now == goal or state.left == 0)
    if game.is_over(state):
        assert ("You win." in view) == (now == goal)
        return
    assert f"\n{state.left} turn{'s' * (state.left > 1)} left." in view
    expected = naive_moves(now)
    assert {game.say(state, move) for move in game.legal(state, 0)} == set(expected)
    for move in game.legal(state, 0) if depth else ():
        after = game.apply(state, move)
        assert stacks_told(game.view(after, 0), "Now") == expected[game.say(state, move)]
        assert game.rewards(state, move, after) == (1.0 if expected[game.say(state, move)] == goal else 0.0,)
        check_play(game, after, depth - 1)


@pytest.mark.parametrize("pegs", [3, 4])
def test_all_short_plays_equal_the_naive_second_implementation(pegs: int) -> None:
    game = TowerOfHanoi(disks=2, pegs=pegs, slack=1)
    for state, _ in game.deals() or ():
        check_play(game, state, depth=4)


@pytest.mark.parametrize("arguments", [{}, {"disks": 7, "pegs": 4}])
def test_random_plays_equal_the_naive_second_implementation(arguments: dict[str, Any]) -> None:
    game = TowerOfHanoi(**arguments)
    for seed in range(3):
        state, random = game.deal(Stream(seed, Purpose.DEAL)), Stream(seed, Purpose.POLICY)
        while not game.is_over(state):
            check_play(game, state, depth=1)
            state = game.apply(state, random.choice(game.legal(state, 0)))


def test_the_rulers_of_the_easy_level_are_those_of_brute_force() -> None:
    game = TowerOfHanoi(**TowerOfHanoi.levels["easy"])
    totals = [Fraction(0)] * 3
    for state, p in game.deals() or ():
        view = game.view(state, 0)
        values = naive_values(stacks_told(view, "Now"), stacks_told(view, "Goal"), state.left)
        totals = [total + Fraction(p) * value for total, value in zip(totals, values, strict=True)]
    rulers = reference_values(game)
    assert [rulers.optimal.value, rulers.myopic.value, rulers.random.value] == pytest.approx(list(map(float, totals)))
    assert rulers.plan.value == totals[0] == 1
    assert rulers.cell() == "foresight"
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(1)


def moves_by_recursion(start: Sequence[int], goal: Sequence[int]) -> int:
    """The fewest moves with 3 pegs: the largest disk that differs moves once, or twice by way of the third peg."""
    while start and start[-1] == goal[-1]:
        start, goal = start[:-1], goal[:-1]
    if not start:
        return 0
    *small, here = start
    *small_at_goal, there = goal
    third = ({0, 1, 2} - {here, there}).pop()
    onto = [(peg,) * len(small) for peg in range(3)]
    once = moves_by_recursion(small, onto[third]) + 1 + moves_by_recursion(onto[third], small_at_goal)
    ends = moves_by_recursion(small, onto[there]) + moves_by_recursion(onto[here], small_at_goal)
    return min(once, ends + 1 + (1 << len(small)))


@pytest.mark.parametrize("disks", [2, 3, 5, 7])
def test_turns_are_those_of_the_recursive_solution(disks: int) -> None:
    game = TowerOfHanoi(disks=disks, slack=0)
    drawn = [game.deal(Stream(seed, Purpose.DEAL)) for seed in range(8)]
    for state in drawn if disks > 3 else [state for state, _ in game.deals() or ()]:
        assert state.left == moves_by_recursion(state.here, state.goal)


@pytest.mark.parametrize(("pegs", "published"), [(3, [3, 7, 15, 31, 63, 127, 255, 511]), (4, [3, 5, 9, 13, 17, 25])])
def test_the_classic_puzzle_takes_the_published_number_of_moves(pegs: int, published: list[int]) -> None:
    for disks, moves in enumerate(published, start=2):
        game = TowerOfHanoi(disks=disks, pegs=pegs, layout="classic", slack=0)
        state = game.deal(Stream(0, Purpose.DEAL))
        assert (state.left, game.max_turns) == (moves, moves)
        assert game.content(state) == (pegs, (0,) * disks, (pegs - 1,) * disks)


@pytest.mark.parametrize(("disks", "pegs"), [(2, 3), (3, 3), (2, 4), (3, 4)])
def test_no_instance_has_more_turns_than_max_turns(disks: int, pegs: int) -> None:
    game = TowerOfHanoi(disks=disks, pegs=pegs, slack=3)
    starts = [(0, *rest) for rest in product(range(pegs), repeat=disks - 1)]
    goals = list(product(range(pegs), repeat=disks))
    turns = [game._opening(start, goal).left for start in starts for goal in goals]
    assert max(turns) == game.max_turns
    assert len(turns) - len(starts) == pegs ** (disks - 1) * (pegs**disks - 1)


def test_the_mean_over_all_pairs_is_as_documented() -> None:
    deals = TowerOfHanoi(disks=3, slack=0).deals() or ()
    mean = Fraction(sum(state.left for state, _ in deals), 9 * 27)  # equal pairs take 0 moves
    assert (len(deals), mean) == (234, Fraction(2838, 729))
    root = 17**0.5  # the formula of Hinz 1989
    small = [(12 / 59 + 18 * r / 1003) * ((5 + r) / 18) ** 3 for r in (root, -root)]
    assert float(mean) == pytest.approx(466 / 885 * 8 - 1 / 3 - 3 / 5 * 3**-3 + sum(small))


def test_deals_that_are_drawn_are_spread_as_those_listed() -> None:
    game = TowerOfHanoi(disks=2)
    listed = dict(game.deals() or ())
    drawn = [game.deal(Stream(seed, Purpose.DEAL)) for seed in range(4_800)]
    assert set(drawn) == set(listed)
    assert len(listed) == 24
    chi_squared = sum((drawn.count(state) - 200) ** 2 / 200 for state in listed)
    assert chi_squared < 23 + 4 * 46**0.5


@given(seed=st.integers(0, 10**6), arguments=st.sampled_from([{"disks": 3}, {"disks": 4, "pegs": 4, "slack": 0}, {}]))
def test_the_expert_reaches_the_goal_with_the_slack_unused(seed: int, arguments: dict[str, Any]) -> None:
    game = TowerOfHanoi(**arguments)
    state = game.deal(Stream(seed, Purpose.DEAL))
    while not game.is_over(state):
        moves = game.expert(state, 0)
        state = game.apply(state, moves[seed % len(moves)][0])
    assert state.here == state.goal
    assert state.left == game.slack


ON_A_AND_B = TowerOfHanoiState((0, 1, 0), (2, 2, 2), 9)  # disk 1 on disk 3 on A, disk 2 on B


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("move A to C", "AC"), ("A to C", "AC"), ("from A to C", "AC"), ("A -> C", "AC"), ("a->c", "AC"), ("AC", "AC"),
        ("A, C", "AC"), ("(A, C)", "AC"), ("**Move A to C**", "AC"), ("```\nmove A to C\n```", "AC"), ("A → C", "AC"),
        ("move the top disk of peg A onto peg C", "AC"), ("take the disk from A and put it on C", "AC"),
        ("move disk 1 to C", "AC"), ("Move disk 1 from A to C.", "AC"), ("disk 1 -> C", "AC"), ("disc 2 to C", "BC"),
        ("I would like to move disk 2 to rod C", "BC"), ("move disk 1 (on A) to B", "AB"), ("move 1 to B", "AB"),
        ("First I thought of A to B, but I move B to C", "BC"), ("Disk 3 must go to C, so first:\nA B", "AB"),
        ("not A to B but A to C", "AC"), ("move A to C, not A to B", "AC"), ("A to C rather than A to B", "AC"),
        ("Don't move A to B! Move B to C.", "BC"), ("I cannot move disk 3 to C yet: disk 1 to B", "AB"),
        ("I have 9 turns left and 3 disks, so A to B", "AB"), ("move:\nA to B", "AB"), ("Move: AB", "AB"),
    ],
)  # fmt: skip
def test_replies_that_are_moves(text: str, move: str) -> None:
    read = TowerOfHanoi(disks=3).read(ON_A_AND_B, 0, text)
    assert read == ("ABC".index(move[0]), "ABC".index(move[1]))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("B to A", "Disk 2 cannot go onto disk 1, which is smaller."),
        ("move C to A", "Peg C is empty."),
        ("A to A", "A move goes from one peg to another."),
        ("A to D", "There is no peg D; the pegs are A, B and C."),
        ("D to A", "There is no peg D; the pegs are A, B and C."),
        ("move disk 3 to C", "Disk 3 is not on top of peg A: disk 1 is."),
        ("move disk 1 from B to C", "Disk 1 is on peg A, not on peg B."),
        ("move disk 4 to C", "There is no disk 4; the disks are 1 to 3."),
        ("move disk 0 to C", "There is no disk 0; the disks are 1 to 3."),
        ("move disk 1 to A", "A move goes from one peg to another."),
    ],
)
def test_replies_that_are_illegal(text: str, why: str) -> None:
    assert TowerOfHanoi(disks=3).read(ON_A_AND_B, 0, text) == Refusal(why, "illegal")


@pytest.mark.parametrize(
    "text",
    ["", "move", "A", "move a disk to C", "move disk 1", "move disk 1 to a free peg", "do not move A to B", "E to F",
     "I don't move A to B", "peg A has disks 3 and 1", "bad", "ABC", "向上", "A B C", "move disk 99999 to C"],
)  # fmt: skip
def test_replies_that_are_no_move(text: str) -> None:
    read = TowerOfHanoi(disks=3).read(ON_A_AND_B, 0, text)
    assert isinstance(read, Refusal)
    assert read.kind == "malformed"


def test_the_fourth_peg_can_be_named() -> None:
    game = TowerOfHanoi(disks=2, pegs=4)
    assert game.read(TowerOfHanoiState((0, 0), (1, 1), 5), 0, "A to D") == (0, 3)
    assert "on pegs A, B, C and D." in game.instructions(0)


def test_a_view() -> None:
    view = TowerOfHanoi(disks=3).view(ON_A_AND_B._replace(left=1), 0)
    assert view == "Now: A [3 1], B [2], C []\nGoal: A [], B [], C [3 2 1]\n1 turn left."


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"disks": 1}, ArgumentError), ({"disks": 10}, ArgumentError), ({"pegs": 2}, ArgumentError),
        ({"pegs": 5}, ArgumentError), ({"slack": -1}, ArgumentError), ({"slack": 0.5}, ArgumentError),
        ({"layout": "clasic"}, UnknownNameError), ({"disks": 8, "pegs": 4}, ArgumentError),
    ],
)  # fmt: skip
def test_a_bad_argument_is_named(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=next(iter(arguments))):
        TowerOfHanoi(**arguments)
