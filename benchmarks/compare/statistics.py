"""Intervals and tests over seeds. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import stats

from textenvs.evaluation.statistics import interquartile_mean

FloatArray: TypeAlias = npt.NDArray[np.float64]
Verdict = Literal["equivalent", "different", "undecided"]

RESAMPLES = 2_000
COVERAGE_SAMPLES = 2_000
CONFIDENCE = 0.95
LISTED_SIGNS = 2**13
FEW = 8
"""Seeds from which on the sign test can reject at 5 % after a correction for five contrasts: 5 x 2 / 2^8 = 0.04."""

LEVEL = 0.05


class Estimate(NamedTuple):
    """An interquartile mean over seeds with its bootstrap interval.

    Attributes:
        value: the interquartile mean.
        low: lower end of the interval.
        high: upper end.
    """

    value: float
    low: float
    high: float


def estimate(sample: FloatArray, generator: np.random.Generator) -> Estimate:
    """Return the interquartile mean of independent values, float64[n], n from 2."""
    low, high = bootstrap(sample, generator)
    return Estimate(float(interquartile_mean(sample)), float(low), float(high))


def bootstrap(
    samples: FloatArray, generator: np.random.Generator, resamples: int = RESAMPLES
) -> tuple[FloatArray, FloatArray]:
    """Return both ends of the percentile bootstrap intervals of samples, float64[…, n], along the last axis."""
    result = stats.bootstrap(
        (samples,),
        interquartile_mean,
        axis=-1,
        n_resamples=resamples,
        batch=max(1, 10_000_000 // samples.size),
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=generator,
    )
    low, high = result.confidence_interval
    return np.asarray(low), np.asarray(high)


def coverage(n: int, generator: np.random.Generator, samples: int = COVERAGE_SAMPLES) -> float:
    """Return how often the 95 % interval of `n` normal values contains their true mean, by simulation."""
    low, high = bootstrap(generator.standard_normal((samples, n)), generator, resamples=1_000)
    return float(np.mean((low <= 0) & (high >= 0)))


def paired_p(by_seed: FloatArray) -> float:
    """Return the two-sided p-value of differences, float64[n], whose mean is tested against zero.

    With `FEW` seeds or more by random signs, which supposes nothing of their distribution; with fewer, where that
    test cannot reject whatever it sees, by Student's t, which supposes that it is normal.
    """
    if len(by_seed) >= FEW:
        return permutation_p(by_seed)
    if np.ptp(by_seed) == 0:
        return float(by_seed[0] == 0)
    return float(stats.ttest_1samp(by_seed, 0.0).pvalue)


def permutation_p(by_seed: FloatArray) -> float:
    """Return the two-sided p-value of a mean difference under random signs of each seed's difference.

    All sign patterns are listed for up to 13 seeds, so that the smallest possible value with n seeds is 2 / 2^n.
    """
    test = stats.permutation_test(
        (by_seed,),
        lambda sample, axis: np.mean(sample, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=LISTED_SIGNS,
        rng=np.random.default_rng(0),
    )
    return float(test.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm 1979), in the order given."""
    order = np.argsort(p_values)
    scaled = np.array(p_values)[order] * np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted.tolist()


class Equivalence(NamedTuple):
    """Two one-sided tests of whether a mean difference is smaller than a margin.

    Attributes:
        mean: the mean.
        low: lower end of the 90 % t interval, which belongs to two tests at 5 % each.
        high: upper end.
        verdict: `equivalent` if the interval lies within the margin, `different` if it lies outside of it.
    """

    mean: float
    low: float
    high: float
    verdict: Verdict


def equivalence(sample: FloatArray, margin: float) -> Equivalence:
    """Return whether independent differences, float64[n], are zero within ± `margin` on average.

    Source:
        Schuirmann 1987, doi:10.1007/BF01068419.
    """
    mean = float(sample.mean())
    reach = float(stats.t.ppf(0.95, len(sample) - 1) * stats.sem(sample))
    low, high = mean - reach, mean + reach
    if -margin < low and high < margin:
        return Equivalence(mean, low, high, "equivalent")
    return Equivalence(mean, low, high, "different" if low >= margin or high <= -margin else "undecided")
