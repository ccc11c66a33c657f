"""Estimates over the episodes of several tasks, with bootstrap intervals. Pure: equal data give equal numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from textenvs.core.errors import MissingExtraError

try:
    from scipy import stats
except ImportError as error:
    raise MissingExtraError("a summary", "evaluation") from error

FloatArray: TypeAlias = npt.NDArray[np.float64]

RESAMPLES = 2_000
CONFIDENCE = 0.95

_AT_ONCE = 4_000_000  # numbers resampled at a time: 32 MB


@dataclass(frozen=True)
class Estimate:
    """A number estimated from episodes.

    Attributes:
        value: the number.
        low: lower end of its 95 % interval; None where too few episodes were played to tell.
        high: upper end, likewise.
    """

    value: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        """Return for example `0.82 [0.79, 0.85]`."""
        return f"{self.value:.3g}" + ("" if self.low is None else f" [{self.low:.3g}, {self.high:.3g}]")


def interquartile_mean(sample: FloatArray, axis: int = -1) -> FloatArray:
    """Return the mean without the lowest and the highest quarter (rounded down) along an axis.

    With three values or fewer nothing is left out.
    """
    return np.asarray(stats.trim_mean(sample, 0.25, axis=axis))


def iqm_of_means(*strata: FloatArray, axis: int = -1) -> FloatArray:
    """Return the interquartile mean over tasks of the mean of their episodes.

    Single episodes, which are often just won or lost, are averaged first: their own interquartile mean would be that of
    a loss until a quarter of them is won, whatever happens beyond.
    """
    return interquartile_mean(np.stack([np.mean(each, axis=axis) for each in strata]), axis=0)


def mean_of_means(*strata: FloatArray, axis: int = -1) -> FloatArray:
    """Return the mean over tasks of the mean of their episodes, so that each task counts the same."""
    return np.asarray(np.mean([np.mean(each, axis=axis) for each in strata], axis=0))


def stratified(strata: Sequence[FloatArray], statistic: Callable[..., FloatArray]) -> Estimate:
    """Return a statistic of the episodes of several tasks with its percentile interval by the stratified bootstrap.

    Episodes are resampled within each task, never across tasks, since the tasks are not drawn at random.

    Args:
        strata: float64[n] for each task.
        statistic: of such arrays along their last axis, as the functions above.

    Source:
        Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical precipice", arXiv:2108.13264,
        sections 4.1 and 4.3, as in their library rliable, with `RESAMPLES` instead of 50,000 resamples.
    """
    value = float(statistic(*strata))
    if min(map(len, strata)) < 2:
        return Estimate(value, None, None)
    found = stats.bootstrap(
        strata,
        statistic,
        axis=-1,
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, _AT_ONCE // sum(map(len, strata))),
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    low, high = found.confidence_interval
    return Estimate(value, float(low), float(high))
