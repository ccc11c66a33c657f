"""A1 and A2: RLHF on single replies. Labels, then a reward model, then one-step PPO with KL to the start.

Every turn of the start policy's own episodes is a prompt. With `myopic` labels a second reply is drawn at
every turn and played on a copy, and the labeller prefers the reply that is paid more at once (A1). With `farsighted`
labels each reply is scored by what the episode paid from it on (A2, cardinal). No environment step is taken
after the labels are in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from agents.tabular.runs import Episodes, Meter, MoveSampler, TabularRun, graph_meter, permuted, play
from agents.tabular.table import Adam, Clipping, SoftmaxTable, leave_one_out_advantages, ppo_update
from textenvs.planning.graph import FloatArray, InformationGraph, IntArray


@dataclass(frozen=True)
class Config:
    """The knobs.

    Attributes:
        labels: `myopic` preferences on immediate reward, or `farsighted` scores: the return-to-go of the start policy.
        episodes: episodes in a batch of labels.
        prior: pseudo-observations: the ridge on Bradley-Terry rewards, or how many times the mean of a node
            is counted as a score of each of its moves.
        beta: price of a nat of KL divergence from the start, where the rewards' standard deviation is 1.
        optimiser: `ppo`, or the `exact` solution of the same objective.
        prompts: prompts in a batch of PPO.
        replies: replies to each prompt; each one's baseline is the mean of the others.
        batches: batches of PPO.
        rate: step size of Adam in the first batch; falls linearly to 0.
        clipping: how a batch is reused.
        permute_returns: null control: labels are dealt to other replies of their batch.
    """

    labels: Literal["myopic", "farsighted"] = "myopic"
    episodes: int = 32
    prior: float = 1.0
    beta: float = 0.1
    optimiser: Literal["ppo", "exact"] = "ppo"
    prompts: int = 256
    replies: int = 4
    batches: int = 60
    rate: float = 0.2
    clipping: Clipping = field(default_factory=lambda: Clipping(minibatches=1))
    permute_returns: bool = False


@dataclass
class Labels:
    """What the labeller was asked.

    Attributes:
        pairs: int64[B]; the replies of the start policy's episodes, as (node, move) pairs; their nodes are the prompts.
        scores: float64[B]; with far-sighted labels, what each was worth.
        compared: int64[C, 2]; with myopic labels, two replies to the same prompt …
        preferences: float64[C]; … and 1 if the first is preferred, 0 if the second, 1/2 for a tie.
    """

    pairs: IntArray
    scores: FloatArray
    compared: IntArray
    preferences: FloatArray

    def __add__(self, other: Labels) -> Labels:
        """Return both together."""
        return Labels(*(np.concatenate(both) for both in zip(vars(self).values(), vars(other).values(), strict=True)))
