"""B2: turn-level PPO with a critic and GAE, turns being the time steps. The true-RL arm."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from agents.tabular.runs import Episodes, TabularRun, graph_meter, permuted, play
from agents.tabular.table import Adam, Clipping, SoftmaxTable, gae, ppo_update, standardised
from textenvs.planning.graph import FloatArray, InformationGraph


@dataclass(frozen=True)
class Config:
    """The knobs.

    Attributes:
        episodes: episodes in a batch.
        rate: step size of Adam.
        critic_rate: how far each visited value moves towards the mean of its targets.
        lambda_: from one-step errors (0) to whole returns (1).
        clipping: how a batch is reused.
        permute_returns: null control: pay each episode the return of another one of its batch.
    """

    episodes: int = 64
    rate: float = 0.1
    critic_rate: float = 0.3
    lambda_: float = 0.8
    clipping: Clipping = field(default_factory=lambda: Clipping(epochs=2))
    permute_returns: bool = False


def train(
    graph: InformationGraph,
    start: FloatArray,
    budget: int,
    generator: np.random.Generator,
    config: Config | None = None,
) -> TabularRun[FloatArray]:
    """Improve `start` by proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347).

    The critic is fitted to the first batch before the first advantages are taken.

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
    values = np.zeros(graph.n_nodes)
    meter.note(start)
    while meter.affords(config.episodes * graph.horizon):
        openings = graph.sample_openings(config.episodes, generator)
        episodes = play(graph, table.probabilities(), openings, generator)
        if config.permute_returns:
            episodes = permuted(episodes, generator)
        if meter.ledger.environment_steps == 0:
            fit_critic(values, episodes, episodes.returns_to_go, 1.0)
        meter.spend(episodes.steps)
        advantages, targets = credit(values, episodes, config.lambda_)
        fit_critic(values, episodes, targets, config.critic_rate)
        of_moves = standardised(advantages[episodes.played])
        ppo_update(table, optimiser, episodes.pairs[episodes.played], of_moves, config.clipping)
        meter.note_if_due(table.probabilities())
    return meter.run(table.probabilities())


def credit(values: FloatArray, episodes: Episodes, lambda_: float) -> tuple[FloatArray, FloatArray]:
    """Return the advantages of all moves and what the critic should have said before them, both float64[B, H]."""
    v_t = np.where(episodes.played, values[episodes.nodes], 0.0)
    advantages = gae(episodes.rewards, v_t, lambda_)
    return advantages, advantages + v_t


def fit_critic(values: FloatArray, episodes: Episodes, targets: FloatArray, rate: float) -> None:
    """Move `values`, float64[N], in place by the share `rate` towards the mean of `targets`, float64[B, H]."""
    nodes = episodes.nodes[episodes.played]
    visits = np.bincount(nodes, minlength=len(values))
    means = np.bincount(nodes, targets[episodes.played], len(values)) / np.maximum(visits, 1)
    values += np.where(visits > 0, rate * (means - values), 0.0)
