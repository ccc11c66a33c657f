"""Reward models of single replies, as tables over (node, move) pairs, and the labels they are fitted to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from agents.tabular.runs import Episodes, Meter, permuted, play
from agents.tabular.table import Sampler
from textenvs.planning.graph import FloatArray, InformationGraph, IntArray

_CONVERGED = 1e-8
_NEWTON_STEPS = 100

# Returns closer than this are a tie: sums of the same rewards may differ by rounding.
_TIE = 1e-9


class Comparisons:
    """Preferences: of two replies to one prompt, the labeller prefers the one that is paid more.

    Every turn of an episode is a prompt. Its first reply is the one played; a second one is drawn from the same
    policy and, if it differs, played on a copy of the episode, which costs one step. A myopic labeller compares what
    the replies pay at once. A far-sighted one compares what is paid from the replies on, for which the same policy
    also plays the copy to its end, at the cost of those steps.

    Attributes:
        first: int64[C]; the played replies that were compared, as pairs of the graph.
        second: int64[C]; the replies they were compared with.
        preference: float64[C]; 1 where the first is preferred, 0 where the second is, 1/2 for a tie.
    """

    def __init__(self, graph: InformationGraph, labelled: FloatArray, ridge: float, *, farsighted: bool) -> None:
        """Take the policy, float64[P], whose replies are labelled, and the price of large rewards."""
        self.graph = graph
        self.labelled = labelled
        self.ridge = ridge
        self.farsighted = farsighted
        self.first = self.second = np.zeros(0, dtype=np.int64)
        self.preference = np.zeros(0)

    @property
    def most_steps(self) -> int:
        """The most environment steps that one episode and its second replies can take."""
        horizon = self.graph.horizon
        return horizon + (horizon * (horizon + 1) // 2 if self.farsighted else horizon)

    def label(
        self, episodes: Episodes, generator: np.random.Generator, meter: Meter[FloatArray], *, permute: bool = False
    ) -> None:
        """Play a second reply at every turn, compare, and book all steps."""
        nodes, first = episodes.nodes[episodes.played], episodes.pairs[episodes.played]
        worth = (episodes.returns_to_go if self.farsighted else episodes.rewards)[episodes.played]
        second = Sampler(self.graph.pair_start, self.labelled).draw(nodes, generator)
        differ = first != second
        second_worth, steps = self._play(nodes[differ], second[differ], generator)
        preference = preferences(worth[differ], second_worth)
        if permute:
            preference = generator.permutation(preference)
        self.first = np.concatenate([self.first, first[differ]])
        self.second = np.concatenate([self.second, second[differ]])
        self.preference = np.concatenate([self.preference, preference])
        meter.spend(episodes.steps + steps, labels=len(preference))

    def _play(self, nodes: IntArray, pairs: IntArray, generator: np.random.Generator) -> tuple[FloatArray, int]:
        """Return what second replies are worth to the labeller, float64[C], and the steps it takes to know."""
        worth, after = self.graph.sample_step(nodes, pairs - self.graph.pair_start[nodes], generator)
        if not self.farsighted:
            return worth, len(pairs)
        rest = play(self.graph, self.labelled, after[after >= 0], generator)
        worth[after >= 0] += rest.returns
        return worth, len(pairs) + rest.steps

    def rewards(self) -> FloatArray:
        """Return the Bradley-Terry rewards, float64[P]; 0 for replies never compared."""
        return bradley_terry(self.first, self.second, self.preference, self.graph.n_pairs, self.ridge)


class Scores:
    """Far-sighted, cardinal labels: every reply played is scored by what its episode paid from it on.

    Attributes:
        most_steps: the most environment steps that one episode can take.
        count: float64[P]; how often each reply was scored.
        total: float64[P]; the sum of its scores.
    """

    def __init__(self, graph: InformationGraph, prior: float) -> None:
        """Take how many scores the mean of a node weighs in the reward of each of its replies."""
        self.graph = graph
        self.most_steps = graph.horizon
        self.prior = prior
        self.count = np.zeros(graph.n_pairs)
        self.total = np.zeros(graph.n_pairs)

    def label(
        self, episodes: Episodes, generator: np.random.Generator, meter: Meter[FloatArray], *, permute: bool = False
    ) -> None:
        """Score every reply of the episodes, and book their steps."""
        if permute:
            episodes = permuted(episodes, generator)
        pairs = episodes.pairs[episodes.played]
        self.count += np.bincount(pairs, minlength=len(self.count))
        self.total += np.bincount(pairs, episodes.returns_to_go[episodes.played], len(self.total))
        meter.spend(episodes.steps, labels=len(pairs))

    def rewards(self) -> FloatArray:
        """Return the mean score of each reply, float64[P], drawn towards the mean of its node."""
        first = self.graph.pair_start[:-1]
        count, total = np.add.reduceat(self.count, first), np.add.reduceat(self.total, first)
        node_mean = (total / np.maximum(count, 1))[self.graph.pair_node]
        rewards: FloatArray = (self.total + self.prior * node_mean) / (self.count + self.prior)
        return rewards


def preferences(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return 1 where the first of two replies is worth more, 0 where it is worth less, 1/2 for a tie; float64[C]."""
    margin = first - second
    return np.where(np.abs(margin) < _TIE, 0.5, (margin > 0).astype(np.float64))


def bradley_terry(first: IntArray, second: IntArray, preference: FloatArray, n_items: int, ridge: float) -> FloatArray:
    """Return the rewards r that maximise `Σ p log σ(r_1 - r_2) + (1 - p) log σ(r_2 - r_1) - ridge / 2 |r|²`.

    Newton's method, in steps that change no reward by more than 1.

    Args:
        first: int64[C]; one item of each comparison.
        second: int64[C]; the other.
        preference: float64[C]; p.
        n_items: P, the length of the result.
        ridge: above 0.

    Source:
        Bradley & Terry 1952, doi:10.2307/2334029.
    """
    rewards = np.zeros(n_items)
    key, inverse, count = np.unique(first * n_items + second, return_inverse=True, return_counts=True)
    wins = np.bincount(inverse, preference, len(key))
    first, second = np.divmod(key, n_items)

    def divergence(flow: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(first, flow, n_items) - np.bincount(second, flow, n_items), dtype=np.float64)

    for _ in range(_NEWTON_STEPS):
        expected = 1 / (1 + np.exp(rewards[second] - rewards[first]))
        curvature = count * expected * (1 - expected)
        slope = divergence(wins - count * expected) - ridge * rewards

        def curved(x: FloatArray, curvature: FloatArray = curvature) -> FloatArray:
            return divergence(curvature * (x[first] - x[second])) + ridge * x

        step = conjugate_gradients(curved, slope)
        rewards += step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < _CONVERGED:
            break
    return rewards


def conjugate_gradients(product: Callable[[FloatArray], FloatArray], target: FloatArray) -> FloatArray:
    """Return x with `product(x) = target`, float64[P], for a symmetric positive definite product.

    Source:
        Hestenes & Stiefel 1952, doi:10.6028/jres.049.044.
    """
    x, residual = np.zeros_like(target), target.copy()
    direction, square = residual, float(residual @ residual)
    enough = square * _CONVERGED**2
    for _ in range(len(target)):
        if square <= enough:
            break
        image = product(direction)
        length = square / float(direction @ image)
        x, residual = x + length * direction, residual - length * image
        square, before = float(residual @ residual), square
        direction = residual + square / before * direction
    return x
