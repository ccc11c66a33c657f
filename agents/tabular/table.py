"""Softmax policies as tables of logits, and the numpy counterparts of the losses in `agents.losses`.

The choices of one situation are neighbours in a table, so `start`, int64[N + 1], says where each of N situations
begins: `pair_start` of an `InformationGraph`, or equal steps where every situation has the same choices.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from textenvs.core.errors import ArgumentError
from textenvs.planning.graph import FloatArray, InformationGraph, IntArray

BoolArray = npt.NDArray[np.bool_]

# Added to a standard deviation before dividing by it, as in `agents.losses`.
_SMALLEST_SPREAD = 1e-4
_SMALLEST_PROBABILITY = 1e-12

# Adam's own defaults.
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8


@dataclass
class SoftmaxTable:
    """A policy with one free parameter for each choice.

    Attributes:
        logits: float64[P]; changed in place by learners.
        start: int64[N + 1]; the choices of situation n are `start[n]` … `start[n + 1] - 1`.
    """

    logits: FloatArray
    start: IntArray

    def __post_init__(self) -> None:
        """Note the situation of each choice, int64[P]."""
        self.owner = np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    @classmethod
    def of(cls, graph: InformationGraph, policy: FloatArray) -> SoftmaxTable:
        """Return the table whose probabilities are `policy`, float64[P]; zeros become 1e-12."""
        return cls(np.log(np.maximum(policy, _SMALLEST_PROBABILITY)), graph.pair_start)

    def log_probabilities(self) -> FloatArray:
        """Return log π of every choice, float64[P]."""
        first, owner = self.start[:-1], self.owner
        shifted = self.logits - np.maximum.reduceat(self.logits, first)[owner]
        normaliser: FloatArray = np.log(np.add.reduceat(np.exp(shifted), first))
        return shifted - normaliser[owner]

    def probabilities(self) -> FloatArray:
        """Return π of every choice, float64[P]."""
        return np.exp(self.log_probabilities())

    def score_gradient(self, weights: FloatArray, log_p: FloatArray) -> FloatArray:
        """Return the gradient of `Σ weights log π` with respect to the logits; all float64[P].

        Args:
            weights: of each choice.
            log_p: what `log_probabilities` returns.
        """
        of_situation: FloatArray = np.add.reduceat(weights, self.start[:-1])
        return weights - np.exp(log_p) * of_situation[self.owner]

    def entropy_gradient(self, visits: FloatArray, log_p: FloatArray) -> FloatArray:
        """Return the gradient of `Σ visits x entropy` with respect to the logits; all float64[P].

        Args:
            visits: how often each choice was made; a situation counts as often as any of its choices.
            log_p: what `log_probabilities` returns.
        """
        p, first = np.exp(log_p), self.start[:-1]
        entropy: FloatArray = -np.add.reduceat(p * log_p, first)
        weight: FloatArray = np.add.reduceat(visits, first)
        return -p * (log_p + entropy[self.owner]) * weight[self.owner]


class Sampler:
    """Draws choices from a table of probabilities, float64[P], whose situations begin at `start`, int64[N + 1]."""

    def __init__(self, start: IntArray, probabilities: FloatArray) -> None:
        self.start = start
        self.cumulative = np.cumsum(probabilities)

    def draw(self, situations: IntArray, generator: np.random.Generator) -> IntArray:
        """Return one choice for each of `situations`, both int64[B], as indices into the table."""
        first, last = self.start[situations], self.start[situations + 1] - 1
        below = np.where(first > 0, self.cumulative[first - 1], 0.0)
        target = below + generator.random(len(situations)) * (self.cumulative[last] - below)
        return np.clip(np.searchsorted(self.cumulative, target, side="right"), first, last)


@dataclass
class Adam:
    """Adam (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1), going uphill; the parameters may grow at their end.

    Attributes:
        rate: the step size.
        steps: updates made.
        mean: running mean of the gradient, float64[P].
        square: running mean of its square, float64[P].
    """

    rate: float
    steps: int = 0
    mean: FloatArray = field(default_factory=lambda: np.zeros(0))
    square: FloatArray = field(default_factory=lambda: np.zeros(0))

    def ascend(self, parameters: FloatArray, gradient: FloatArray) -> None:
        """Change `parameters`, float64[P], in place, in the direction of `gradient`, float64[P]."""
        if len(gradient) > len(self.mean):
            new = np.zeros(len(gradient) - len(self.mean))
            self.mean, self.square = np.append(self.mean, new), np.append(self.square, new)
        self.steps += 1
        self.mean += (1 - _BETA_1) * (gradient - self.mean)
        self.square += (1 - _BETA_2) * (gradient**2 - self.square)
        mean = self.mean / (1 - _BETA_1**self.steps)
        square = self.square / (1 - _BETA_2**self.steps)
        parameters += self.rate * mean / (np.sqrt(square) + _EPSILON)


@dataclass(frozen=True)
class Clipping:
    """How PPO reuses a batch.

    Attributes:
        clip: how far the probability ratio counts.
        epochs: updates on each batch.
        entropy: what a nat of entropy adds to the objective.
    """

    clip: float = 0.2
    epochs: int = 4
    entropy: float = 0.0


def ppo_update(
    table: SoftmaxTable, optimiser: Adam, choices: IntArray, advantages: FloatArray, clipping: Clipping
) -> None:
    """Climb the clipped surrogate of a batch of choices that `table`, as it is now, has sampled.

    Each epoch is one update on the whole batch. All samples of a choice share its ratio, so their advantages are added
    up first, those above and those below 0 apart, and an update costs as much as the table is long.

    Args:
        table: the policy; its logits are changed in place.
        optimiser: keeps its moments from batch to batch.
        choices: int64[B]; indices into the table.
        advantages: float64[B].
        clipping: how often, and how far.
    """
    size = len(table.logits)
    gains = np.bincount(choices, np.maximum(advantages, 0.0), size) / len(choices)
    losses = np.bincount(choices, np.minimum(advantages, 0.0), size) / len(choices)
    visits = np.bincount(choices, minlength=size) / len(choices)
    old = table.log_probabilities()
    for _ in range(clipping.epochs):
        log_p = table.log_probabilities()
        gradient = table.score_gradient(clipped_weights(np.exp(log_p - old), gains, losses, clipping.clip), log_p)
        if clipping.entropy:
            gradient += clipping.entropy * table.entropy_gradient(visits, log_p)
        optimiser.ascend(table.logits, gradient)


def clipped_weights(ratio: FloatArray, gains: FloatArray, losses: FloatArray, clip: float) -> FloatArray:
    """Return the derivative of `Σ min(r A, clamp(r, 1 - clip, 1 + clip) A)` with respect to each choice's log π.

    Args:
        ratio: r, float64[P].
        gains: the sum of the positive advantages of each choice's samples, float64[P].
        losses: the sum of the negative ones, float64[P].
        clip: from 0.

    Source:
        Schulman et al. 2017, arXiv:1707.06347, eq. 7.
    """
    counted: FloatArray = np.where(ratio <= 1 + clip, gains, 0.0) + np.where(ratio >= 1 - clip, losses, 0.0)
    return ratio * counted


def group_advantages(returns: FloatArray) -> FloatArray:
    """Return `(R - mean) / (standard deviation + 1e-4)` within each group; both float64[G, K], K from 2.

    Source:
        GRPO, Shao et al. 2024, arXiv:2402.03300, section 4.1.2.
    """
    _check_groups(returns)
    mean: FloatArray = returns.mean(axis=1, keepdims=True)
    spread: FloatArray = returns.std(axis=1, ddof=1, keepdims=True)
    return (returns - mean) / (spread + _SMALLEST_SPREAD)


def leave_one_out_advantages(scores: FloatArray) -> FloatArray:
    """Return each score minus the mean of the others in its group; both float64[G, K], K from 2.

    Source:
        RLOO: Ahmadian et al. 2024, arXiv:2402.14740.
    """
    _check_groups(scores)
    mean: FloatArray = scores.mean(axis=1, keepdims=True)
    size: int = scores.shape[1]
    return (scores - mean) * (size / (size - 1))


def standardised(values: FloatArray) -> FloatArray:
    """Return `values`, float64[B], with mean 0 and standard deviation 1."""
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return (values - float(values.mean())) / (spread + _SMALLEST_SPREAD)


def gae(r_t: FloatArray, v_t: FloatArray, lambda_: float) -> FloatArray:
    """Return undiscounted generalized advantage estimates, float64[B, T].

    `δ_t = r_t + v_{t+1} - v_t` and `A_t = δ_t + λ A_{t+1}`. Rewards and values are 0 after the end, so nothing is
    bootstrapped there.

    Args:
        r_t: reward of turn t, float64[B, T].
        v_t: value of the situation at turn t, float64[B, T].
        lambda_: from 0 to 1.

    Source:
        Schulman et al. 2016, arXiv:1506.02438, eq. 16.
    """
    delta_t = r_t + np.pad(v_t[:, 1:], ((0, 0), (0, 1))) - v_t
    advantages = np.zeros_like(delta_t)
    following = np.zeros(len(delta_t))
    for t in reversed(range(delta_t.shape[1])):
        following = advantages[:, t] = delta_t[:, t] + lambda_ * following
    return advantages


def _check_groups(scores: FloatArray) -> None:
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise ArgumentError(f"scores are in groups of at least 2, not of shape {list(scores.shape)}")
