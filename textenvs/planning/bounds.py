"""A number together with how surely it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from statistics import fmean, variance
from typing import Literal

from textenvs.core.errors import ArgumentError

Kind = Literal["exact", "bounds", "sampled"]

_ERROR = 0.05
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Value:
    """An expected return, known exactly, between certified bounds, or from sampled episodes.

    Attributes:
        low: the lowest it can be; for `sampled`, the lower end of a 95 % interval.
        high: the highest it can be, likewise.
        kind: how it is known. Nothing is called exact that is not (rounding of floats aside).
        n: the episodes behind a sampled end, None if neither end rests on sampling.
    """

    low: float
    high: float
    kind: Kind
    n: int | None = None

    @property
    def value(self) -> float:
        """The number itself, or the mean of the samples.

        Raises:
            ArgumentError: if only bounds are known.
        """
        if self.kind == "bounds":
            raise ArgumentError(f"only bounds are known: {self}")
        return (self.low + self.high) / 2

    def __str__(self) -> str:
        """Return for example `0.6776`, `0.07 … 1` or `0.51 ± 0.02 (95 %, n=2000)`."""
        if self.kind == "exact":
            return f"{self.value:.4g}"
        sampled = f"95 %, n={self.n}"
        if self.kind == "sampled":
            return f"{self.value:.4g} ± {(self.high - self.low) / 2:.2g} ({sampled})"
        return f"{self.low:.4g} … {self.high:.4g}" + (f" ({sampled})" if self.n else "")

    def __sub__(self, other: Value) -> Value:
        """Return the difference, surely between the differences of opposite ends."""
        return joined(self.low - other.high, self.high - other.low, self, other)


def exact(value: float) -> Value:
    """Return a number known exactly."""
    return Value(value, value, "exact")


def between(low: float, high: float, n: int | None = None) -> Value:
    """Return a number that lies between two ends, exact where certain ends meet.

    Args:
        low: the lowest it can be.
        high: the highest it can be.
        n: how many episodes an end was estimated from, None if both ends are certain.
    """
    return exact(low) if n is None and high - low <= _SAME else Value(low, high, "bounds", n)


def joined(low: float, high: float, *sources: Value) -> Value:
    """Return a number computed from others, known no better than the worst known of them."""
    kinds = [source.kind for source in sources]
    kind: Kind = "bounds" if "bounds" in kinds else "sampled" if "sampled" in kinds else "exact"
    episodes = [source.n for source in sources if source.n is not None]
    return Value(low, high, kind, min(episodes, default=None))


def sampled(returns: Sequence[float], span: float) -> Value:
    """Return the mean of independent returns with a 95 % interval that holds for any bounded return.

    Args:
        returns: at least two returns.
        span: highest minus lowest return possible.

    Source:
        Maurer & Pontil (2009), "Empirical Bernstein bounds and sample variance penalization",
        theorem 4, applied to both sides. It stays honest where all samples agree.
    """
    n = len(returns)
    logarithm = log(4 / _ERROR)
    spread = sqrt(2 * variance(returns) * logarithm / n) + 7 * span * logarithm / (3 * (n - 1))
    mean = fmean(returns)
    return Value(mean - spread, mean + spread, "sampled", n)
