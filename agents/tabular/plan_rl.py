"""A3: reinforcement learning on one-shot plans. A plan is one action, scored by its true return."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from agents.tabular.plan_value import plan_value
from agents.tabular.plans import PlanGame, PlanTable
from agents.tabular.runs import Meter, TabularRun, grouped_openings, play
from agents.tabular.table import Adam, Clipping, leave_one_out_advantages, ppo_update
from textenvs.planning.graph import FloatArray, InformationGraph


@dataclass(frozen=True)
class Config:
    """The knobs.

    Attributes:
        warm_share: share of the budget spent on episodes of the start policy, whose moves are cloned as plans.
        smoothing: how many of them the mean over all prefixes of a length weighs in each prefix.
        groups: groups in a batch.
        size: plans in a group, written from the same opening; the mean of the others is each one's baseline.
        rate: step size of Adam.
        clipping: how a batch is reused; the ratio is taken of each line.
        permute_returns: null control: score each plan by the return of another one of its batch.
    """

    warm_share: float = 0.1
    smoothing: float = 1.0
    groups: int = 4
    size: int = 8
    rate: float = 0.05
    clipping: Clipping = field(default_factory=Clipping)
    permute_returns: bool = False


def train(
    graph: InformationGraph,
    start: FloatArray,
    budget: int,
    generator: np.random.Generator,
    config: Config | None = None,
) -> TabularRun[PlanTable]:
    """Clone the move sequences of `start` as plans, and improve them on their scores.

    Args:
        graph: the game.
        start: float64[P]; the policy to start from.
        budget: the most environment steps, those of the cloned episodes included; less than a whole batch is left
            unspent.
        generator: draws everything.
        config: the knobs.
    """
    config = config or Config()
    game = PlanGame(graph)
    plans, optimiser = PlanTable(game), Adam(config.rate)
    meter = Meter(budget, plan_value)
    meter.note(plans)
    watched = int(config.warm_share * budget) // graph.horizon
    if watched:
        meter.spend(clone(plans, start, watched, config.smoothing, generator))
        meter.note_if_due(plans)
    while meter.affords(config.groups * config.size * game.most_steps):
        openings = grouped_openings(graph, config.groups, config.size, generator)
        lines = plans.write(openings, generator)
        played = game.play(openings, lines, generator)
        meter.spend(played.steps)
        returns = generator.permutation(played.returns) if config.permute_returns else played.returns
        advantages = leave_one_out_advantages(returns.reshape(config.groups, config.size)).ravel()
        choices = plans.choices(openings, lines, played.read)[played.read]
        of_lines = np.broadcast_to(advantages[:, None], lines.shape)[played.read]
        ppo_update(plans.table, optimiser, choices, of_lines, config.clipping)
        meter.note_if_due(plans)
    return meter.run(plans)


def clone(
    plans: PlanTable, policy: FloatArray, n_episodes: int, smoothing: float, generator: np.random.Generator
) -> int:
    """Initialise `plans` with the moves of some episodes of a policy, as if it had not seen the answers.

    Args:
        plans: fresh.
        policy: float64[P].
        n_episodes: at least 1.
        smoothing: see `Config`.
        generator: draws the episodes.

    Returns:
        The environment steps taken.
    """
    graph = plans.game.graph
    episodes = play(graph, policy, graph.sample_openings(n_episodes, generator), generator)
    lines, read = plans.game.word_of[episodes.pairs], episodes.played
    choices = plans.choices(episodes.nodes[:, 0], lines, read)
    counts = np.bincount(choices[read], minlength=len(plans.table.logits)).reshape(-1, plans.n_words)
    by_length = np.zeros((graph.horizon, plans.n_words))
    np.add.at(by_length, plans.length, counts)
    mean = (by_length + 1) / (by_length + 1).sum(axis=1, keepdims=True)
    plans.table.logits[:] = np.log(counts + smoothing * mean[plans.length]).ravel()
    return episodes.steps
