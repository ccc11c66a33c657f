"""A0: supervised cloning of a behaviour policy. Its policy is the start that all other arms share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agents.tabular.runs import TabularRun, graph_meter, play
from textenvs.planning.graph import FloatArray, InformationGraph


@dataclass(frozen=True)
class Config:
    """The knobs.

    Attributes:
        episodes: behaviour episodes in a batch.
        smoothing: added to the count of every pair; nodes that were not visited stay uniform.
    """

    episodes: int = 32
    smoothing: float = 1.0


def train(
    graph: InformationGraph,
    behaviour: FloatArray,
    budget: int,
    generator: np.random.Generator,
    config: Config | None = None,
) -> TabularRun[FloatArray]:
    """Watch the behaviour policy and imitate it by maximum likelihood.

    Args:
        graph: the game.
        behaviour: float64[P]; the policy that is watched.
        budget: the most environment steps; less than a whole batch is left unspent.
        generator: draws everything.
        config: the knobs.
    """
    config = config or Config()
    meter = graph_meter(graph, budget)
    counts = np.zeros(graph.n_pairs)
    meter.note(fit(graph, counts, config.smoothing))
    while meter.affords(config.episodes * graph.horizon):
        openings = graph.sample_openings(config.episodes, generator)
        episodes = play(graph, behaviour, openings, generator)
        meter.spend(episodes.steps)
        counts += np.bincount(episodes.pairs[episodes.played], minlength=graph.n_pairs)
        if meter.due:
            meter.note(fit(graph, counts, config.smoothing))
    return meter.run(fit(graph, counts, config.smoothing))


def fit(graph: InformationGraph, counts: FloatArray, smoothing: float) -> FloatArray:
    """Return the most likely policy, float64[P], for `counts`, float64[P], each raised by `smoothing` > 0."""
    raised = counts + smoothing
    policy: FloatArray = raised / np.add.reduceat(raised, graph.pair_start[:-1])[graph.pair_node]
    return policy
