"""The search behind the defaults: twelve trials for every arm, on cells that no claim is tested on.

A trial's score is the mean, over cells and seeds, of the final value as a share of what its form allows at best: the
plan value for `plan_rl`, the optimal value for the others. `reply_rlhf` is searched with far-sighted labels and the
exact solution; myopic labels take the same knobs, for where immediate reward is a lure, the best `beta` would be
the one that forbids any learning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from agents.tabular import cloning, filtered_sft, plan_rl, reply_rlhf, trajectory_grpo, turn_ppo
from agents.tabular.runs import TabularRun
from agents.tabular.table import Clipping
from textenvs.core.strategies import strategy
from textenvs.games.assembly import Assembly
from textenvs.planning.enumeration import build_graph
from textenvs.planning.graph import FloatArray, InformationGraph
from textenvs.planning.plans import plan_value
from textenvs.planning.values import optimal, state_policy

Train = Callable[[InformationGraph, FloatArray, int, np.random.Generator, Any], TabularRun[Any]]

GAMES = (
    Assembly(length=3, horizon=5, slip=0.2, lure=0.03),
    Assembly(length=5, horizon=8, slip=0.1, lure=0.03),
    Assembly(length=6, horizon=6, slip=0.0, lure=0.03),
    Assembly(length=7, horizon=7, slip=0.0, lure=0.03),
    Assembly(length=2, horizon=8, slip=0.5, lure=0.05, recovery=0.5),
)
BEHAVIOUR = "mixed:0.5"
CLONING_STEPS = 5_000

_RATES, _EPOCHS, _GROUPS = (0.05, 0.1, 0.2), (2, 4), (4, 8)

GRIDS: dict[str, tuple[Train, Sequence[Any]]] = {
    "reply_rlhf": (
        reply_rlhf.train,
        [
            reply_rlhf.Config(labels="farsighted", optimiser="exact", beta=beta, prior=prior)
            for beta, prior in product((0.05, 0.1, 0.2, 0.5), (0.3, 1.0, 3.0))
        ],
    ),
    "plan_rl": (
        plan_rl.train,
        [
            plan_rl.Config(rate=rate, clipping=Clipping(epochs=epochs), groups=groups)
            for rate, epochs, groups in product(_RATES, _EPOCHS, _GROUPS)
        ],
    ),
    "filtered_sft": (
        filtered_sft.train,
        [
            filtered_sft.Config(rate=rate, epochs=epochs, groups=groups)
            for rate, epochs, groups in product(_RATES, _EPOCHS, _GROUPS)
        ],
    ),
    "trajectory_grpo": (
        trajectory_grpo.train,
        [
            trajectory_grpo.Config(rate=rate, clipping=Clipping(epochs=epochs), groups=groups)
            for rate, epochs, groups in product(_RATES, _EPOCHS, _GROUPS)
        ],
    ),
    "turn_ppo": (
        turn_ppo.train,
        [
            turn_ppo.Config(rate=rate, clipping=Clipping(epochs=epochs), lambda_=lambda_)
            for rate, epochs, lambda_ in product(_RATES, _EPOCHS, (0.8, 0.95))
        ],
    ),
}


@dataclass(frozen=True)
class Trial:
    """One configuration and its score."""

    config: Any
    score: float


def search(arm: str, budget: int = 20_000, seeds: int = 10) -> list[Trial]:
    """Return the trials of an arm of `GRIDS`, the best first.

    Args:
        arm: its module's name.
        budget: environment steps of each run.
        seeds: runs of each trial on each cell; each has a cloned start of its own.
    """
    train, configs = GRIDS[arm]
    scores = np.zeros(len(configs))
    for game in GAMES:
        graph = build_graph(game)
        best = plan_value(game).value if arm == "plan_rl" else optimal(graph).start
        behaviour = state_policy(graph, strategy(BEHAVIOUR))
        for seed in range(seeds):
            start = cloning.train(graph, behaviour, CLONING_STEPS, np.random.default_rng([seed, 0])).policy
            runs = [train(graph, start, budget, np.random.default_rng([seed, 1]), config) for config in configs]
            scores += [run.curve[-1][1] / best for run in runs]
    trials = [Trial(config, score / (len(GAMES) * seeds)) for config, score in zip(configs, scores, strict=True)]
    return sorted(trials, key=lambda trial: -trial.score)
