from __future__ import annotations

import numpy as np
import pytest

from textenvs.evaluation.evaluate import Evaluation, evaluate
from textenvs.planning.reference import reference_values
from textenvs.policies.scripted import ScriptPolicy, StrategyPolicy
from textenvs.registry import make_game

GAME = make_game("GuessNumber", high=7, guesses=3)


def test_the_rulers_read_0_for_random_and_1_for_the_expert() -> None:
    values = reference_values(GAME)
    expert = evaluate(GAME, StrategyPolicy("expert"), range(50)).on_rulers(values)
    assert expert["normalised"] is not None
    assert expert["normalised"].value == pytest.approx(1)
    assert expert["interaction gain"] is not None
    assert expert["interaction gain"].value == pytest.approx(1)
    random = evaluate(GAME, StrategyPolicy("random"), range(400))
    low, high = random.interval
    assert low - 0.03 <= values.random.value <= high + 0.03


def test_the_interval_by_hand() -> None:
    evaluation = Evaluation((0.0, 1.0, 1.0, 0.0), 0.0)
    half = 1.959964 * (1 / 3) ** 0.5 / 2
    assert evaluation.mean == 0.5
    assert evaluation.interval == pytest.approx((0.5 - half, 0.5 + half))


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    hits = 0
    for _ in range(2_000):
        low, high = Evaluation(tuple(generator.random(200)), 0.0).interval
        hits += low <= 0.5 <= high
    assert 0.93 <= hits / 2_000 <= 0.97


def test_one_episode_says_nothing_about_the_mean() -> None:
    assert Evaluation((1.0,), 0.0).interval == (-np.inf, np.inf)


def test_refused_replies_are_counted() -> None:
    evaluation = evaluate(GAME, ScriptPolicy(["what", "1", "2", "3"]), [0, 1])
    assert 0 < evaluation.refused < 1
    assert "refused" in str(evaluation)
