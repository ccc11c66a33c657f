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


@dataclass
class SoftmaxTable:
    """A policy with one free parameter for each choice.

    Attributes:
        logits: float64[P]; changed in place by learners.
        start: int64[N + 1]; the choices of situation n are `start[n]` … `start[n + 1] - 1`.
    """

    logits: FloatArray
    start: IntArray

    @classmethod
    def of(cls, graph: InformationGraph, policy: FloatArray) -> SoftmaxTable:
        """Return the table whose probabilities are `policy`, float64[P]; zeros become 1e-12."""
        return cls(np.log(np.maximum(policy, _SMALLEST_PROBABILITY)), graph.pair_start)

    @property
    def owner(self) -> IntArray:
        """int64[P]: the situation of each choice."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def log_probabilities(self) -> FloatArray:
        """Return log π of every choice, float64[P]."""
        first, owner = self.start[:-1], self.owner
        shifted = self.logits - np.maximum.reduceat(self.logits, first)[owner]
        normaliser: FloatArray = np.log(np.add.reduceat(np.exp(shifted), first))
        return shifted - normaliser[owner]

    def probabilities(self) -> FloatArray:
        """Return π of every choice, float64[P]."""
        return np.exp(self.log_probabilities())

    def score_gradient(self, choices: IntArray, weights: FloatArray) -> FloatArray:
        """Return the gradient of `Σ weights log π(choices)` with respect to the logits, float64[P].

        Args:
            choices: int64[B]; indices into the table.
            weights: float64[B].
        """
        taken = np.bincount(choices, weights, len(self.logits))
        return taken - self.probabilities() * np.add.reduceat(taken, self.start[:-1])[self.owner]

    def entropy_gradient(self, choices: IntArray) -> FloatArray:
        """Return the gradient of the sum, over the situations of `choices`, of the policy's entropy, float64[P]."""
        log_p = self.log_probabilities()
        p = np.exp(log_p)
        entropy = -np.add.reduceat(p * log_p, self.start[:-1])
        visits = np.add.reduceat(np.bincount(choices, minlength=len(p)), self.start[:-1])
        return -p * (log_p + entropy[self.owner]) * visits[self.owner]


@dataclass
class Adam:
    """Adam (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1), going uphill; the parameters may grow at their end.

    Attributes:
        rate: the step size.
    """

    rate: float
    steps: int = 0
    mean: FloatArray = field(default_factory=lambda: np.zeros(0))
    square: FloatArray = field(default_factory=lambda: np.zeros(0))

    def ascend(self, parameters: FloatArray, gradient: FloatArray) -> None:
        """Change `parameters`, float64[P], in place, in the direction of `gradient`, float64[P]."""
        new = len(gradient) - len(self.mean)
        self.steps += 1
        self.mean = 0.9 * np.pad(self.mean, (0, new)) + 0.1 * gradient
        self.square = 0.999 * np.pad(self.square, (0, new)) + 0.001 * gradient**2
        mean = self.mean / (1 - 0.9**self.steps)
        square = self.square / (1 - 0.999**self.steps)
        parameters += self.rate * mean / (np.sqrt(square) + 1e-8)


@dataclass(frozen=True)
class Clipping:
    """How PPO reuses a batch.

    Attributes:
        clip: how far the probability ratio counts.
        epochs: passes over each batch.
        minibatches: updates in each pass.
        entropy: what a nat of entropy adds to the objective.
    """

    clip: float = 0.2
    epochs: int = 4
    minibatches: int = 4
    entropy: float = 0.0


def ppo_update(
    table: SoftmaxTable,
    optimiser: Adam,
    choices: IntArray,
    advantages: FloatArray,
    generator: np.random.Generator,
    clipping: Clipping,
) -> None:
    """Climb the clipped surrogate of one batch of choices that `table`, as it is now, has sampled.

    Args:
        table: the policy; its logits are changed in place.
        optimiser: keeps its moments from batch to batch.
        choices: int64[B]; indices into the table.
        advantages: float64[B].
        generator: draws the minibatches.
        clipping: how often, and how far.
    """
    old = table.log_probabilities()[choices]
    for _ in range(clipping.epochs):
        for part in np.array_split(generator.permutation(len(choices)), clipping.minibatches):
            chosen = choices[part]
            ratio = np.exp(table.log_probabilities()[chosen] - old[part])
            weights = clipped_weights(ratio, advantages[part], clipping.clip)
            gradient = table.score_gradient(chosen, weights)
            if clipping.entropy:
                gradient += clipping.entropy * table.entropy_gradient(chosen)
            optimiser.ascend(table.logits, gradient / max(len(part), 1))


def clipped_weights(ratio: FloatArray, advantages: FloatArray, clip: float) -> FloatArray:
    """Return the derivative of `min(r A, clamp(r, 1 - clip, 1 + clip) A)` with respect to log π; all float64[B].

    Source:
        Schulman et al. 2017, arXiv:1707.06347, eq. 7.
    """
    outside = np.where(advantages > 0, ratio > 1 + clip, ratio < 1 - clip)
    return np.where(outside, 0.0, ratio * advantages)


def group_advantages(returns: FloatArray) -> FloatArray:
    """Return `(R - mean) / (standard deviation + 1e-4)` within each group; both float64[G, K], K from 2.

    Source:
        GRPO, Shao et al. 2024, arXiv:2402.03300, section 4.1.2.
    """
    _check_groups(returns)
    centred = returns - returns.mean(axis=1, keepdims=True)
    return centred / (returns.std(axis=1, ddof=1, keepdims=True) + _SMALLEST_SPREAD)


def leave_one_out_advantages(scores: FloatArray) -> FloatArray:
    """Return each score minus the mean of the others in its group; both float64[G, K], K from 2.

    Source:
        RLOO: Ahmadian et al. 2024, arXiv:2402.14740.
    """
    _check_groups(scores)
    size = scores.shape[1]
    return (scores - scores.mean(axis=1, keepdims=True)) * (size / (size - 1))


def standardised(values: FloatArray) -> FloatArray:
    """Return `values`, float64[B], with mean 0 and standard deviation 1."""
    centred = values - values.mean()
    return centred / (centred.std() + _SMALLEST_SPREAD)


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
