"""Evaluate a policy: its mean score with an interval, on the rulers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from textenvs.core.game import Game
from textenvs.envs.policy import Policy
from textenvs.envs.settings import Settings
from textenvs.evaluation.rollout import Played, rollout
from textenvs.planning.bounds import Value
from textenvs.planning.reference import ReferenceValues

_NORMAL_95 = 1.959964  # 97.5 % quantile of the standard normal distribution


@dataclass(frozen=True)
class Evaluation:
    """What a policy scored.

    Attributes:
        scores: undiscounted return of player 0 in each episode, in order of the seeds.
        refused: share of replies that were refused.
    """

    scores: tuple[float, ...]
    refused: float

    @property
    def mean(self) -> float:
        """The mean score."""
        return float(np.mean(self.scores))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the mean by the normal approximation; meant for at least some tens of episodes."""
        if len(self.scores) < 2:
            return (-np.inf, np.inf)
        half = _NORMAL_95 * float(np.std(self.scores, ddof=1)) / len(self.scores) ** 0.5
        return (self.mean - half, self.mean + half)

    def on_rulers(self, values: ReferenceValues) -> dict[str, Value | None]:
        """Return the normalised score (0 random, 1 optimal) and the interaction gain (0 the best plan, 1 optimal).

        Each is None where the two ends of its ruler may coincide. The sampling error of the mean is not included.
        """
        return {"normalised": values.normalised(self.mean), "interaction gain": values.interaction_gain(self.mean)}

    def __str__(self) -> str:
        """Return for example `0.82 [0.79, 0.85] over 1024 episodes, 0.0 % of replies refused`."""
        low, high = self.interval
        of = f"over {len(self.scores)} episodes, {self.refused:.1%} of replies refused"
        return f"{self.mean:.4g} [{low:.4g}, {high:.4g}] {of}"


def evaluate(
    game: Game[Any, Any],
    policy: Policy | Mapping[int, Policy],
    seeds: Sequence[int],
    *,
    settings: Settings | None = None,
    split: str = "all",
    batch: int = 64,
) -> Evaluation:
    """Play one episode for each seed and return the scores; arguments and errors as for `rollout`."""
    return summarised(list(rollout(game, policy, seeds, settings=settings, split=split, batch=batch)))


def summarised(played: Sequence[Played]) -> Evaluation:
    """Return the evaluation of episodes that were played."""
    turns = [turn for each in played for turn in each.turns]
    refused = sum(turn.refusal is not None for turn in turns) / max(len(turns), 1)
    return Evaluation(tuple(each.score for each in played), refused)
