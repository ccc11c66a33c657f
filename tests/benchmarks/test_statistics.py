from __future__ import annotations

import numpy as np
import pytest

from benchmarks.compare.statistics import (
    bootstrap,
    coverage,
    equivalence,
    estimate,
    holm,
    paired_p,
    permutation_p,
)


def test_an_estimate_lies_within_its_interval_and_equal_values_leave_no_doubt():
    sample = np.random.default_rng(0).normal(0.3, 0.1, 10)
    found = estimate(sample, np.random.default_rng(1))
    assert found.low < found.value < found.high
    assert estimate(np.full(5, 0.25), np.random.default_rng(1)) == (0.25, 0.25, 0.25)


def test_the_same_generator_gives_the_same_interval():
    sample = np.random.default_rng(0).random(10)
    assert estimate(sample, np.random.default_rng(3)) == estimate(sample, np.random.default_rng(3))


def test_bootstrap_treats_each_row_by_itself():
    rows = np.random.default_rng(0).random((4, 10)) + np.arange(4)[:, None]
    low, high = bootstrap(rows, np.random.default_rng(0))
    assert low.shape == high.shape == (4,)
    assert np.all(np.floor(low) == np.arange(4))
    assert np.all(np.floor(high) == np.arange(4))


def test_coverage_rises_with_the_number_of_seeds_and_is_short_of_95_percent_for_few():
    generator = np.random.default_rng(0)
    three, ten, forty = (coverage(n, generator, samples=1_000) for n in (3, 10, 40))
    assert 0.65 < three < 0.82
    assert three < ten
    assert 0.88 < ten < 0.97
    assert 0.91 < forty < 0.975


def test_coverage_notices_an_interval_that_is_too_narrow(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("benchmarks.compare.statistics.CONFIDENCE", 0.5)
    assert coverage(20, np.random.default_rng(0), samples=500) < 0.6


@pytest.mark.parametrize(
    ("differences", "p"),
    [([1.0, 2.0, 3.0], 2 / 8), ([1.0] * 10, 2 / 1024), ([1.0, -1.0], 1.0), ([3.0, -1.0, 2.0], 4 / 8)],
)
def test_permutation_p_counts_the_sign_patterns_at_least_as_extreme(differences: list[float], p: float):
    assert permutation_p(np.array(differences)) == pytest.approx(p)


def test_permutation_p_is_uniform_enough_without_a_difference():
    samples = np.random.default_rng(0).standard_normal((400, 8))
    assert np.mean([permutation_p(sample) <= 0.05 for sample in samples]) < 0.08


def test_holm_corrects_in_order_of_size_and_never_beyond_one():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


def test_equivalence_has_three_verdicts():
    noise = np.array([-0.01, 0.0, 0.01, 0.005, -0.005])
    assert equivalence(noise, 0.05).verdict == "equivalent"
    assert equivalence(noise + 0.2, 0.05).verdict == "different"
    assert equivalence(noise - 0.2, 0.05).verdict == "different"
    assert equivalence(20 * noise, 0.05).verdict == "undecided"
    assert equivalence(np.zeros(4), 0.05) == (0.0, 0.0, 0.0, "equivalent")


def test_equivalence_errs_in_at_most_five_percent_at_the_margin():
    samples = np.random.default_rng(0).normal(0.05, 0.02, (2_000, 10))
    accepted = np.mean([equivalence(sample, 0.05).verdict == "equivalent" for sample in samples])
    assert 0.035 < accepted < 0.065


def test_with_few_seeds_the_paired_test_is_students():
    assert paired_p(np.array([0.9, 1.0, 1.1])) == pytest.approx(0.0033, abs=1e-4)  # t = 17.32 with 2 degrees of freedom
    assert paired_p(np.array([1.0, -1.0, 0.0])) == pytest.approx(1.0)
    assert paired_p(np.zeros(3)) == 1.0
    assert paired_p(np.full(3, 0.2)) == 0.0


def test_with_many_seeds_the_paired_test_is_by_signs():
    sample = np.array([1.0, 2.0, 3.0, -0.5, 1.0, 1.0, 2.0, 0.5])
    assert paired_p(sample) == permutation_p(sample)


def test_the_paired_test_rejects_no_more_than_its_level_with_three_seeds():
    samples = np.random.default_rng(0).standard_normal((2_000, 3))
    assert 0.035 < np.mean([paired_p(sample) < 0.05 for sample in samples]) < 0.065
