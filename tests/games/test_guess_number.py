from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.games.guess_number import GuessNumber, GuessNumberState
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values


def naive_play(secret: int, guesses: list[int], allowed: int) -> tuple[list[float], list[str]]:
    """Rewards and answers by the rules as told, on plain lists."""
    rewards, answers = [], []
    for guess in guesses[:allowed]:
        rewards.append(1.0 if guess == secret else 0.0)
        answers.append("right" if guess == secret else "higher" if secret > guess else "lower")
        if guess == secret:
            break
    return rewards, answers


def test_all_plays_equal_the_naive_second_implementation() -> None:
    game = GuessNumber(high=4, guesses=3)
    for secret, guesses in product(range(1, 5), product(range(1, 5), repeat=3)):
        state = (game.deals() or ())[secret - 1][0]
        rewards, answers = naive_play(secret, list(guesses), 3)
        for guess, reward, answer in zip(guesses, rewards, answers, strict=False):
            after = game.apply(state, guess)
            assert game.rewards(state, guess, after) == (reward,)
            assert answer in game.view(after, 0)
            state = after
        assert game.is_over(state)


def naive_myopic(numbers: int, guesses: int) -> Fraction:
    """Greedy play: any number still possible is equally likely to be right, so any of them is guessed."""

    @cache
    def value(low: int, high: int, left: int) -> Fraction:
        size = high - low + 1
        if left == 0 or size <= 0:
            return Fraction(0)
        total = Fraction(0)
        for guess in range(low, high + 1):
            below, above = guess - low, high - guess
            total += 1 + below * value(low, guess - 1, left - 1) + above * value(guess + 1, high, left - 1)
        return total / size / size

    return value(1, numbers, guesses)


def test_the_known_values_of_the_page() -> None:
    values = reference_values(GuessNumber(high=7, guesses=3))
    assert values.optimal.value == pytest.approx(1)
    assert values.plan.value == pytest.approx(3 / 7)
    assert values.random.value == pytest.approx(1 - (6 / 7) ** 3)
    assert values.myopic.value == pytest.approx(float(naive_myopic(7, 3)))
    assert round(values.myopic.value, 2) == 0.68


@pytest.mark.parametrize(("high", "guesses"), [(5, 1), (5, 2), (10, 3), (9, 2)])
def test_the_formulas_of_the_page(high: int, guesses: int) -> None:
    values = reference_values(GuessNumber(high=high, guesses=guesses))
    assert values.optimal.value == pytest.approx(min(1, (2**guesses - 1) / high))
    assert values.plan.value == pytest.approx(min(1, guesses / high))


def test_bisection_always_wins_the_default_game() -> None:
    assert evaluate_strategy(GuessNumber(), expert_strategy) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("guess 4", 4), ("4", 4), ("Guess: 4", 4), ("my guess is 4.", 4), ("I guess 4, since 1 to 7 is left", 4),
        ("**4**", 4), ("[4]", 4), ("not 3, so 4", 4), ("guess 3? No: guess 4", 4), ("４", 4), ("0004", 4),
        ("Guess 1: 4", 4), ("Guess 2:4", 4), ("I guess 3 is too low, so 4", 4), ("I go with 4 (2 guesses left)", 4),
        ("3 was wrong, now 4", 4), ("4, with 2 more guesses to go", 4), ("Here are my 3 guesses:", None),
        ("guess 8", None), ("0", None), ("-4", None), ("guess -4", None), ("four", None), ("4.5", None), ("", None),
        ("4th", None), ("9" * 400, None), ("五", None),
    ],
)  # fmt: skip
def test_replies(text: str, number: int | None) -> None:
    read = GuessNumber(high=7, guesses=3).read(GuessNumberState(5, 0, None, 1, 7), 0, text)
    assert isinstance(read, Refusal) if number is None else read == number


@pytest.mark.parametrize("arguments", [{"high": 1}, {"guesses": 0}, {"high": 2.5}, {"guesses": True}])
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        GuessNumber(**arguments)
