from __future__ import annotations

import re
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
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.countdown import Countdown, CountdownState
from textenvs.games.countdown_search import CountdownMove, fewest_steps
from textenvs.games.countdown_words import HELP
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values

Bag = tuple[int, ...]  # numbers in ascending order
History = tuple[Bag, ...]  # the numbers after every combination that stands


def naive_steps(bag: Bag) -> dict[str, Bag]:
    """All combinations by their wording, over all ordered pairs, in fractions."""
    after = {}
    for x, y, *rest in permutations(bag) if len(bag) > 1 else ():
        a, b = Fraction(x), Fraction(y)
        for sign, value in (("+", a + b), ("-", a - b), ("*", a * b), ("/", a / b)):
            if value.denominator == 1 and value > 0 and (x >= y or sign in "-/"):
                after[f"{x} {sign} {y}"] = tuple(sorted((*rest, int(value))))
    return after


def naive_options(history: History) -> dict[str, History | None]:
    """All steps with the history after them, None for the end."""
    options: dict[str, History | None] = {s: (*history, after) for s, after in naive_steps(history[-1]).items()}
    if len(history) > 1:
        options["undo"] = history[:-1]
    return {**options, "stop": None}


def naive_points(bag: Bag, target: int, near: int) -> float:
    off = min(abs(number - target) for number in bag)
    return 1.0 if off == 0 else 0.7 if 2 * off <= near else 0.5 if off <= near else 0.0


def history_told(view: str, start: Bag) -> History:
    """The history that the view tells, from the numbers at first."""
    made = re.search(r"\nMade: (.*)\.\n", view)
    bags = [start]
    for step in made[1].split("; ") if made else ():
        calculation, _, value = step.partition(" = ")
        bags.append(naive_steps(bags[-1])[calculation])
        assert int(value) in bags[-1]
    told = re.search(r"^Target: \d+\. Numbers: (.*)\.\n", view)
    assert told
    assert tuple(sorted(map(int, told[1].split(", ")))) == bags[-1]
    return tuple(bags)


def check_turn(game: Countdown, state: CountdownState) -> None:
    """Compare a position and all its moves with the naive rules."""
    view, start = game.view(state, 0), tuple(sorted(state.start))
    history = history_told(view, start)
    assert view.startswith(f"Target: {state.target}. ")
    won = state.target in history[-1]
    assert game.is_over(state) == (won or state.stopped or state.left == 0)
    assert ("You win." in view) == won
    if game.is_over(state):
        assert won or f": {naive_points(history[-1], state.target, game.near):g} points." in view
        return
    expected = naive_options(history)
    assert sorted(game.say(state, move) for move in game.legal(state, 0)) == sorted(expected)
    for move in game.legal(state, 0):
        after = game.apply(state, move)
        changed = expected[game.say(state, move)]
        assert after.left == state.left - 1
        bag = (changed or history)[-1]
        assert history_told(game.view(after, 0), start)[-1] == bag
        over = changed is None or state.target in bag or after.left == 0
        assert game.is_over(after) == over
        assert game.rewards(state, move, after) == (naive_points(bag, state.target, game.near) if over else 0.0,)


@pytest.mark.parametrize(
    "arguments",
    [{}, {"numbers": 3, "large": 0, "small": 5, "slack": 3}, {"numbers": 4, "large": 2, "near": 1}],
    ids=str,
)
def test_random_plays_equal_the_naive_second_implementation(arguments: dict[str, Any]) -> None:
    game = Countdown(**arguments)
    for seed in range(2):
        state, random = game.deal(Stream(seed, Purpose.DEAL)), Stream(seed, Purpose.POLICY)
        while not game.is_over(state):
            check_turn(game, state)
            state = game.apply(state, random.choice(game.legal(state, 0)))
        check_turn(game, state)


@cache
def naive_values(history: History, target: int, near: int, left: int) -> tuple[Fraction, Fraction, Fraction]:
    """The values of optimal, myopic and random play."""
    options = list(naive_options(history).values())
    paid, later = [], []
    for after in options:
        bag = (after or history)[-1]
        over = after is None or target in bag or left == 1
        paid.append(Fraction(naive_points(bag, target, near)).limit_denominator(10) if over else Fraction(0))
        zero = (Fraction(0),) * 3
        later.append(zero if over or after is None else naive_values(after, target, near, left - 1))
    best, myopic, random = ([reward + values[i] for reward, values in zip(paid, later, strict=True)] for i in range(3))
    greedy = [value for value, reward in zip(myopic, paid, strict=True) if reward == max(paid)]
    return max(best), sum(greedy, Fraction(0)) / len(greedy), sum(random, Fraction(0)) / len(random)


def test_the_rulers_of_the_easy_level_are_those_of_brute_force() -> None:
    game = Countdown(**Countdown.levels["easy"])
    totals = [Fraction(0)] * 3
    for state, p in game.deals() or ():
        values = naive_values((tuple(sorted(state.start)),), state.target, game.near, state.left)
        totals = [total + Fraction(p) * value for total, value in zip(totals, values, strict=True)]
    rulers = reference_values(game)
    assert [rulers.optimal.value, rulers.myopic.value, rulers.random.value] == pytest.approx(list(map(float, totals)))
    assert [rulers.optimal.value, rulers.plan.value] == pytest.approx([1, 1])
    assert rulers.cell() == "foresight"
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(1)


# The search ------------------------------------------------------------------------------------------


def naive_fewest(start: Bag) -> dict[int, int]:
    """The fewest combinations that make each number that can be made, by breadth-first search over bags."""
    fewest, frontier, count = dict.fromkeys(start, 0), {start}, 0
    while frontier := {after for bag in frontier for after in naive_steps(bag).values()}:
        count += 1
        fewest = {number: count for bag in frontier for number in bag} | fewest
        frontier = {bag for bag in frontier if len(bag) > 1}
    return fewest


@pytest.mark.parametrize("start", [(1, 1, 2), (9, 9, 10, 11), (3, 7, 8, 11), (1, 6, 7, 7)])
def test_the_search_finds_the_fewest_combinations_of_everything_that_can_be_made(start: Bag) -> None:
    fewest = naive_fewest(start)
    for target in range(1, 300):
        steps = fewest_steps(start[::-1], target)
        assert (steps is None) == (target not in fewest)
        if steps is not None:
            assert len(steps) == fewest[target]
            bag = start
            for step in steps:
                bag = naive_steps(bag)[f"{step.a} {step.verb} {step.b}"]
            assert target in bag


def test_the_famous_952() -> None:
    """The numbers of an episode of 1997, and the way in which James Martin made the target."""
    game = Countdown(numbers=6, large=4, slack=0)
    state = game._opening((100, 75, 50, 25, 6, 3), 952)
    for reply in ["100 + 6", "106 * 3", "318 x 75 = 23850", "subtract 50 from 23850", "23800 / 25"]:
        assert not game.is_over(state)
        move = game.read(state, 0, reply)
        assert isinstance(move, CountdownMove)
        state = game.apply(state, move)
    assert game.view(state, 0) == (
        "Target: 952. Numbers: 952.\n"
        "Made: 100 + 6 = 106; 106 * 3 = 318; 318 * 75 = 23850; 23850 - 50 = 23800; 23800 / 25 = 952.\n"
        "You made the target. You win."
    )
    assert len(fewest_steps((100, 75, 50, 25, 6, 3), 952) or ()) <= 5


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    arguments=st.sampled_from([{}, {"numbers": 6, "large": 2}, {"numbers": 4, "large": 4}, {"large": 0, "slack": 0}]),
)
def test_every_target_can_be_made_and_the_expert_does(seed: int, arguments: dict[str, Any]) -> None:
    game = Countdown(**arguments)
    state = game.deal(Stream(seed, Purpose.DEAL))
    assert len([number for number in state.start if number in (25, 50, 75, 100)]) == game.large
    assert max(Counter(number for number in state.start if number <= 10).values(), default=0) <= 2
    assert max(state.start) + game.near < state.target <= 999
    assert game.rewards(state, CountdownMove("stop"), game.apply(state, CountdownMove("stop"))) == (0.0,)
    while not game.is_over(state):
        state = game.apply(state, game.expert(state, 0)[0][0])
    assert "You win." in game.view(state, 0)


def expert_reply(game: Countdown, state: CountdownState) -> str:
    return game.say(state, game.expert(state, 0)[0][0])


def test_the_expert_takes_back_what_is_in_the_way() -> None:
    game = Countdown(numbers=3, large=0, small=5, slack=2)
    state = game.apply(game._opening((5, 4, 2), 40), CountdownMove("+", 5, 4))
    assert expert_reply(game, state) == "undo"
    state = state._replace(left=2)  # too late: 9 * 2 = 18 and all else is far from 40
    assert expert_reply(game, state) == "stop"
    near = game._opening((5, 4, 2), 19)._replace(made=(CountdownMove("+", 5, 4),), left=2)
    assert expert_reply(game, near) == "9 * 2"
    assert expert_reply(game, game.apply(near, CountdownMove("*", 9, 2))) == "stop"


# Deals -----------------------------------------------------------------------------------------------


def test_the_easy_deals_are_those_of_the_rules() -> None:
    """All draws of tiles and all orders of combinations, enumerated with their chances."""
    game = Countdown(**Countdown.levels["easy"])
    chances = Counter[tuple[Bag, int]]()
    exact: dict[tuple[Bag, int], Fraction] = {}
    for tiles in permutations([1, 2, 3, 4, 5] * 2, 3):
        chances[tuple(sorted(tiles)), 0] += 1
    for (bag, _), ways in chances.items():
        for middle in (first := naive_steps(bag)).values():
            for end in (second := naive_steps(middle)).values():
                key = (bag, end[0])
                exact[key] = exact.get(key, Fraction(0)) + Fraction(ways, len(first) * len(second))
    wanted = {(bag, target): p for (bag, target), p in exact.items() if max(bag) + 4 < target <= 999}
    total = sum(wanted.values())
    deals = {(tuple(sorted(state.start)), state.target): p for state, p in game.deals() or ()}
    assert deals == {key: p / total for key, p in wanted.items()}
    assert len(deals) == 156


def test_deals_that_are_drawn_are_spread_as_those_listed() -> None:
    game = Countdown(**Countdown.levels["easy"])
    listed = dict(game.deals() or ())
    draws = 6_000
    drawn = Counter(game.deal(Stream(seed, Purpose.DEAL)) for seed in range(draws))
    assert set(drawn) <= set(listed)
    chi_squared = sum((drawn[state] - draws * float(p)) ** 2 / (draws * float(p)) for state, p in listed.items())
    freedom = len(listed) - 1
    assert chi_squared < freedom + 4 * (2 * freedom) ** 0.5


# Words -----------------------------------------------------------------------------------------------

GAME = Countdown()
STATE = CountdownState((75, 10, 6, 6, 5), 500, (), 8)
LATER = STATE._replace(made=(CountdownMove("+", 75, 10),), left=7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("75 + 6", "75 + 6"), ("6+75", "75 + 6"), ("add 6 and 75", "75 + 6"), ("75 plus 6", "75 + 6"),
        ("Add 6 to 75.", "75 + 6"), ("75 + 6 = 81", "75 + 6"), ("81 = 75 + 6", "75 + 6"), ("**75 + 6**", "75 + 6"),
        ("largest + smallest", "75 + 5"), ("75 - 6", "75 - 6"), ("75 minus 6", "75 - 6"), ("75 − 6", "75 - 6"),
        ("subtract 6 from 75", "75 - 6"), ("the largest number minus the smallest", "75 - 5"), ("75 * 6", "75 * 6"),
        ("75 x 6", "75 * 6"), ("75×6", "75 * 6"), ("6 times 75", "75 * 6"), ("multiply 6 by 75", "75 * 6"),
        ("$75 \\times 6$", "75 * 6"), ("**6 * 6**", "6 * 6"), ("75 / 5", "75 / 5"), ("75 ÷ 5", "75 / 5"),
        ("75 divided by 5", "75 / 5"), ("Divide 75 by 5", "75 / 5"), ("6 / 6", "6 / 6"), ("stop", "stop"),
        ("I stop here.", "stop"), ("Stop!", "stop"), ("finish", "stop"), ("end the game", "stop"),
        ("I would like to multiply 75 by 6", "75 * 6"), ("- 75 + 6", "75 + 6"), ("```\n75 + 6\n```", "75 + 6"),
        ("8 turns left, target 500: 75 * 6", "75 * 6"), ("First 75 + 5 = 80, no: 75 * 6 = 450", "75 * 6"),
        ("Not 75 + 6 but 75 * 6", "75 * 6"), ("75 * 6, not 75 + 6", "75 * 6"), ("I don't stop: 75 + 10", "75 + 10"),
        ("(75 + 10) * 6 - 10 = 500 works, so 75 + 10", "75 + 10"),
    ],
)  # fmt: skip
def test_replies_that_are_steps(text: str, said: str) -> None:
    move = GAME.read(STATE, 0, text)
    assert isinstance(move, CountdownMove), move
    assert GAME.say(STATE, move) == said
    assert move in GAME.legal(STATE, 0)


@pytest.mark.parametrize("text", ["undo", "Undo that.", "take back", "I take it back", "go back", "revert"])
def test_replies_that_take_back(text: str) -> None:
    assert GAME.read(LATER, 0, text) == CountdownMove("undo")
    assert GAME.read(STATE, 0, text) == Refusal("There is nothing to take back.", "illegal")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("75 + 7", "You have no 7; your numbers are 75, 10, 6, 6 and 5."),
        ("80 + 5", "You have no 80; your numbers are 75, 10, 6, 6 and 5."),
        ("75 + 75", "You have only one 75."), ("6 - 75", "6 - 75 is not positive."),
        ("6 - 6", "6 - 6 is not positive."),
        ("75 / 6", "75 / 6 is not a whole number."), ("5 / 75", "5 / 75 is not a whole number."),
        ("75 / 0", "You have no 0; your numbers are 75, 10, 6, 6 and 5."),
    ],
)  # fmt: skip
def test_replies_that_are_illegal(text: str, why: str) -> None:
    assert GAME.read(STATE, 0, text) == Refusal(why, "illegal")


def test_one_number_cannot_be_combined_with_itself() -> None:
    state = STATE._replace(start=(6, 5), made=(CountdownMove("+", 6, 5),))
    assert GAME.read(state, 0, "largest + smallest") == Refusal("You have only one 11.", "illegal")
    assert [GAME.say(state, move) for move in GAME.legal(state, 0)] == ["undo", "stop"]


@pytest.mark.parametrize(
    "text", ["", "75", "75 +", "75 + 6 + 5", "(75 + 6) * 5", "10 - 5 + 6", "7.5 + 6", "seventy-five plus six",
             "nonstop", "do not stop", "75 6", "never 75 + 6", "七十五加六", "subtract 75 and 6"]
)  # fmt: skip
def test_replies_that_are_no_step(text: str) -> None:
    assert GAME.read(STATE, 0, text) == Refusal(HELP)


def test_views() -> None:
    assert GAME.view(STATE, 0) == "Target: 500. Numbers: 75, 10, 6, 6, 5.\n8 turns left."
    assert GAME.view(LATER, 0) == "Target: 500. Numbers: 85, 6, 6, 5.\nMade: 75 + 10 = 85.\n7 turns left."
    near = LATER._replace(made=(*LATER.made, CountdownMove("*", 85, 6)), left=1)
    assert GAME.view(near, 0).endswith("\n1 turn left.")
    stopped = GAME.apply(near, CountdownMove("stop"))
    assert GAME.view(stopped, 0).endswith("You stopped. Your nearest number, 510, is 10 off: 0.5 points.")
    out = GAME.apply(near, CountdownMove("-", 510, 6))
    assert GAME.view(out, 0).endswith("No turns left. Your nearest number, 504, is 4 off: 0.7 points.")


@pytest.mark.parametrize(
    ("near", "told"),
    [
        (10, "your number nearest to the target earns 0.7 points if it is at most 5 off, 0.5 points if it is at most "
             "10 off, else nothing."),
        (1, "your number nearest to the target earns 0.5 points if it is at most 1 off, else nothing."),
        (0, "you earn nothing."),
    ],
)  # fmt: skip
def test_instructions_tell_what_near_numbers_earn(near: int, told: str) -> None:
    assert f"If it ends otherwise, {told}\n" in Countdown(near=near).instructions(0)


@pytest.mark.parametrize(
    "arguments",
    [{"numbers": 2}, {"numbers": 8}, {"large": 5}, {"large": 4, "numbers": 3}, {"small": 4}, {"small": 11},
     {"near": -1}, {"near": 11}, {"slack": -1}, {"large": True}],
)  # fmt: skip
def test_a_bad_argument_is_named(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        Countdown(**arguments)
