"""Playing many episodes side by side on an `InformationGraph`, within a budget of environment steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from agents.tabular.table import BoolArray, Sampler
from textenvs.planning.graph import FloatArray, InformationGraph, IntArray
from textenvs.planning.values import evaluate
from textenvs.policies.ledger import Ledger

P = TypeVar("P")

CURVE_POINTS = 20


class Episodes(NamedTuple):
    """B whole episodes of at most H turns.

    Attributes:
        nodes: int64[B, H]; where each move was made, -1 after the end.
        pairs: int64[B, H]; each move as a (node, move) pair, -1 after the end.
        rewards: float64[B, H]; 0 after the end.
    """

    nodes: IntArray
    pairs: IntArray
    rewards: FloatArray

    @property
    def played(self) -> BoolArray:
        """bool[B, H]: the turns that took place."""
        return self.nodes >= 0

    @property
    def steps(self) -> int:
        """The number of moves made."""
        return int(self.played.sum())

    @property
    def returns(self) -> FloatArray:
        """float64[B]."""
        returns: FloatArray = self.rewards.sum(axis=1)
        return returns

    @property
    def returns_to_go(self) -> FloatArray:
        """float64[B, H]: the sum of the rewards from each turn on."""
        return np.cumsum(self.rewards[:, ::-1], axis=1)[:, ::-1]


def play(graph: InformationGraph, policy: FloatArray, nodes: IntArray, generator: np.random.Generator) -> Episodes:
    """Play one episode, or the rest of one, from each of some nodes.

    Args:
        graph: the game.
        policy: float64[P].
        nodes: int64[B]; where to start: opening nodes, or any others.
        generator: draws moves and outcomes.
    """
    shape = (len(nodes), graph.horizon)
    episodes = Episodes(np.full(shape, -1), np.full(shape, -1), np.zeros(shape))
    sampler = Sampler(graph.pair_start, policy)
    live = np.arange(len(nodes))
    for turn in range(graph.horizon):
        pairs = sampler.draw(nodes, generator)
        rewards, after = graph.sample_step(nodes, pairs - graph.pair_start[nodes], generator)
        episodes.nodes[live, turn], episodes.pairs[live, turn], episodes.rewards[live, turn] = nodes, pairs, rewards
        nodes, live = after[after >= 0], live[after >= 0]
        if not len(live):
            break
    return episodes


def grouped_openings(graph: InformationGraph, groups: int, size: int, generator: np.random.Generator) -> IntArray:
    """Draw opening nodes, int64[groups x size], one for each group; a group's episodes are neighbours."""
    return np.repeat(graph.sample_openings(groups, generator), size)


def permuted(episodes: Episodes, generator: np.random.Generator) -> Episodes:
    """Return the episodes, each paid at its end the return of another one drawn from the batch (a null control)."""
    rewards = np.zeros_like(episodes.rewards)
    last = episodes.played.sum(axis=1) - 1
    rewards[np.arange(len(last)), last] = generator.permutation(episodes.returns)
    return episodes._replace(rewards=rewards)


@dataclass(frozen=True)
class TabularRun(Generic[P]):
    """What training gave.

    Attributes:
        policy: the final policy: float64[P], or a plan policy.
        curve: environment steps spent and the exact value reached with them; the first is (0, value of the start).
        ledger: what it took.
    """

    policy: P
    curve: tuple[tuple[int, float], ...]
    ledger: Ledger


@dataclass
class Meter(Generic[P]):
    """Keeps a run within its budget, and notes its exact value about twenty times on the way.

    Attributes:
        budget: the most environment steps.
        value: gives the exact value of a policy.
    """

    budget: int
    value: Callable[[P], float]
    ledger: Ledger = field(default_factory=Ledger)
    curve: list[tuple[int, float]] = field(default_factory=list)
    started: float = field(default_factory=perf_counter)

    def affords(self, steps: int) -> bool:
        """Return whether `steps` more are within the budget."""
        return self.ledger.environment_steps + steps <= self.budget

    def spend(self, steps: int, labels: int = 0) -> None:
        """Book environment steps and labels."""
        self.ledger.environment_steps += steps
        self.ledger.labels += labels

    @property
    def due(self) -> bool:
        """Whether a twentieth of the budget was spent since the last point of the curve."""
        return not self.curve or self.ledger.environment_steps >= self.curve[-1][0] + self.budget / CURVE_POINTS

    def note(self, policy: P) -> None:
        """Add a point to the curve; evaluation costs no environment steps."""
        self.curve.append((self.ledger.environment_steps, self.value(policy)))

    def note_if_due(self, policy: P) -> None:
        """Add a point to the curve if one is due."""
        if self.due:
            self.note(policy)

    def run(self, policy: P) -> TabularRun[P]:
        """Return the finished run of a final `policy`."""
        if not self.curve or self.curve[-1][0] < self.ledger.environment_steps:
            self.note(policy)
        self.ledger.seconds = perf_counter() - self.started
        return TabularRun(policy, tuple(self.curve), self.ledger)


def graph_meter(graph: InformationGraph, budget: int) -> Meter[FloatArray]:
    """Return the meter of a run whose policies are float64[P] of `graph`."""
    return Meter(budget, lambda policy: evaluate(graph, policy).start)
