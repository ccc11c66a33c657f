"""A5: filtered iterative supervised fine-tuning. Imitate those of one's own episodes that beat their group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agents.tabular.runs import TabularRun, graph_meter, grouped_openings, permuted, play
from agents.tabular.table import Adam, BoolArray, SoftmaxTable
from textenvs.planning.graph import FloatArray, InformationGraph, IntArray

# Returns closer than this are equal: a mean of equal floats may be off by rounding.
SAME_RETURN = 1e-9


@dataclass(frozen=True)
class Config:
    """The knobs.

    Attributes:
        groups: groups in a batch.
        size: episodes in a group; they share the opening.
        rate: step size of Adam.
        epochs: supervised updates on what is kept of each batch.
        permute_returns: null control: pay each episode the return of another one of its batch.
    """

    groups: int = 8
    size: int = 8
    rate: float = 0.1
    epochs: int = 2
    permute_returns: bool = False


def train(
    graph: InformationGraph,
    start: FloatArray,
    budget: int,
    generator: np.random.Generator,
    config: Config | None = None,
) -> TabularRun[FloatArray]:
    """Improve `start` by cloning the episodes whose return is above the mean of their group.

    Args:
        graph: the game.
        start: float64[P]; the policy to start from.
        budget: the most environment steps; less than a whole batch is left unspent.
        generator: draws everything.
        config: the knobs.
    """
    config = config or Config()
    meter = graph_meter(graph, budget)
    table, optimiser = SoftmaxTable.of(graph, start), Adam(config.rate)
    meter.note(start)
    while meter.affords(config.groups * config.size * graph.horizon):
        openings = grouped_openings(graph, config.groups, config.size, generator)
        episodes = play(graph, table.probabilities(), openings, generator)
        meter.spend(episodes.steps)
        if config.permute_returns:
            episodes = permuted(episodes, generator)
        kept = above_the_mean(episodes.returns.reshape(config.groups, config.size)).ravel()
        imitate(table, optimiser, episodes.pairs[kept][episodes.played[kept]], config.epochs)
        meter.note_if_due(table.probabilities())
    return meter.run(table.probabilities())


def above_the_mean(returns: FloatArray) -> BoolArray:
    """Return which returns, float64[G, K], lie above the mean of their group, bool[G, K]; equal ones do not."""
    mean: FloatArray = returns.mean(axis=1, keepdims=True)
    return returns > mean + SAME_RETURN


def imitate(table: SoftmaxTable, optimiser: Adam, moves: IntArray, epochs: int) -> None:
    """Climb the mean log-likelihood of `moves`, int64[B], for some epochs of one update each."""
    share = np.bincount(moves, minlength=len(table.logits)) / max(len(moves), 1)
    for _ in range(epochs if len(moves) else 0):
        optimiser.ascend(table.logits, table.score_gradient(share, table.log_probabilities()))
