"""B1: trajectory-level GRPO. Groups of episodes; every move of an episode gets the episode's advantage."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from agents.tabular.runs import TabularRun, graph_meter, grouped_openings, permuted, play
from agents.tabular.table import Adam, Clipping, SoftmaxTable, group_advantages, ppo_update
from textenvs.planning.graph import FloatArray, InformationGraph


@dataclass(frozen=True)
class Config:
    """The knobs.

    Attributes:
        groups: groups in a batch.
        size: episodes in a group; they share the opening.
        rate: step size of Adam.
        clipping: how a batch is reused.
        permute_returns: null control: pay each episode the return of another one of its batch.
    """

    groups: int = 8
    size: int = 8
    rate: float = 0.2
    clipping: Clipping = field(default_factory=Clipping)
    permute_returns: bool = False


def train(
    graph: InformationGraph,
    start: FloatArray,
    budget: int,
    generator: np.random.Generator,
    config: Config | None = None,
) -> TabularRun[FloatArray]:
    """Improve `start` on whole returns (Shao et al. 2024, arXiv:2402.03300), every move weighing the same.

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
        advantages = group_advantages(episodes.returns.reshape(config.groups, config.size)).ravel()
        of_moves = np.broadcast_to(advantages[:, None], episodes.pairs.shape)[episodes.played]
        ppo_update(table, optimiser, episodes.pairs[episodes.played], of_moves, config.clipping)
        meter.note_if_due(table.probabilities())
    return meter.run(table.probabilities())
