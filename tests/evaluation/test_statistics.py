from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from textenvs.evaluation.statistics import Estimate, interquartile_mean, iqm_of_means, mean_of_means, stratified


def test_interquartile_mean_leaves_out_a_quarter_at_each_end() -> None:
    assert interquartile_mean(np.array([-100.0, 1, 2, 3, 4, 5, 6, 100])) == 3.5
    assert interquartile_mean(np.array([0.0, 1, 5])) == 2.0, "of three values none is left out"


def test_tasks_weigh_alike_however_many_episodes_they_have() -> None:
    short, long = np.array([0.0, 1.0]), np.array([2.0, 2.0, 2.0, 2.0, 2.0, 100.0])
    assert mean_of_means(short, long) == (0.5 + 110 / 6) / 2


def test_the_interquartile_mean_leaves_out_the_best_and_the_worst_tasks() -> None:
    won_half, lost, won = np.array([0.0, 1.0, 0.0, 1.0]), np.zeros(4), np.ones(8)
    assert iqm_of_means(won, won_half, lost, won_half + 0.2) == pytest.approx(0.6)
    assert iqm_of_means(np.stack([won, won]), np.stack([lost, won[:4]])).tolist() == [0.5, 1.0]


def test_episodes_are_resampled_within_their_tasks() -> None:
    low, high = np.zeros(20), np.ones(20)
    assert stratified([low, high], mean_of_means) == Estimate(0.5, 0.5, 0.5)
    mixed = stratified([np.concatenate([low, high])], mean_of_means)
    assert mixed.low is not None
    assert mixed.high is not None
    assert mixed.low < 0.4 < 0.6 < mixed.high


def test_the_interval_is_that_of_a_plain_bootstrap() -> None:
    generator = np.random.default_rng(5)
    strata = [generator.normal(size=30), generator.normal(3, 2, size=50)]
    found = stratified(strata, mean_of_means)
    resampled = [
        np.mean([each[generator.integers(len(each), size=len(each))].mean() for each in strata]) for _ in range(4_000)
    ]
    assert (found.low, found.high) == pytest.approx(np.quantile(resampled, [0.025, 0.975]), abs=0.03)
    sd = np.sqrt(sum(each.var() / len(each) for each in strata)) / 2
    assert (found.low, found.high) == pytest.approx(stats.norm(found.value, sd).ppf([0.025, 0.975]), abs=0.03)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(11)
    covered = 0
    for _ in range(150):
        strata = [generator.normal(0, 1, size=25), generator.normal(1, 1, size=25)]
        found = stratified(strata, mean_of_means)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.5 <= found.high
    assert 0.88 <= covered / 150 <= 0.99


def test_equal_data_give_equal_numbers() -> None:
    strata = [np.random.default_rng(0).random(10) for _ in range(3)]
    assert stratified(strata, iqm_of_means) == stratified(strata, iqm_of_means)


def test_a_single_episode_has_no_interval() -> None:
    assert stratified([np.array([0.5]), np.array([1.0, 2.0])], mean_of_means) == Estimate(1.0, None, None)
    assert str(Estimate(1.0, None, None)) == "1"
    assert str(Estimate(0.5, 0.25, 0.75)) == "0.5 [0.25, 0.75]"
