"""A1 and A2: RLHF on single replies. Labels, then a reward model, then one-step PPO with KL to the start.

The prompts are the turns of the start policy's own episodes. No environment step is taken once the labels are in,
and the policy that comes out is never labelled itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from agents.tabular.reward_tables import Comparisons, Scores
from agents.tabular.runs import TabularRun, graph_meter, play
from agents.tabular.table import Adam, Clipping, Sampler, SoftmaxTable, leave_one_out_advantages, ppo_update
from textenvs.core.errors import check_choice
from textenvs.planning.graph import FloatArray, InformationGraph, IntArray

LABELS = ("myopic", "farsighted", "farsighted_preferences")


@dataclass(frozen=True)
class Config:
    """The knobs.

    Attributes:
        labels: `myopic`: preferences between two replies, by what each pays at once (A1); `farsighted`: scores, by
            what is paid from the reply to the end while the start policy plays on (A2); `farsighted_preferences`:
            preferences by the same.
        episodes: episodes in a batch of labels.
        prior: the ridge of `Comparisons`, or the prior of `Scores`.
        beta: price of a nat of KL divergence from the start, where rewards have standard deviation 1.
        optimiser: `ppo`, or the `exact` solution of the same objective.
        prompts: prompts in a batch of PPO.
        replies: replies to each prompt; the mean of the others is each one's baseline.
        batches: batches of PPO.
        rate: step size of Adam at first; it falls linearly to 0.
        clipping: how a batch is reused.
        permute_returns: null control: each label belongs to another reply of its batch.
    """

    labels: Literal["myopic", "farsighted", "farsighted_preferences"] = "myopic"
    episodes: int = 32
    prior: float = 3.0
    beta: float = 0.1
    optimiser: Literal["ppo", "exact"] = "ppo"
    prompts: int = 256
    replies: int = 4
    batches: int = 40
    rate: float = 0.3
    clipping: Clipping = field(default_factory=Clipping)
    permute_returns: bool = False


def train(
    graph: InformationGraph,
    start: FloatArray,
    budget: int,
    generator: np.random.Generator,
    config: Config | None = None,
) -> TabularRun[FloatArray]:
    """Label replies of `start` until the budget is spent, and make the best of the labels.

    Each point of the curve is what the whole procedure makes of the labels paid for until then.

    Args:
        graph: the game.
        start: float64[P]; the policy to start from; its episodes are the prompts.
        budget: the most environment steps; less than a whole batch is left unspent.
        generator: draws everything.
        config: the knobs.
    """
    config = config or Config()
    model = reward_model(graph, start, config)
    meter = graph_meter(graph, budget)
    meter.note(start)
    policy, prompts = start, np.zeros(0, dtype=np.int64)
    batch_steps = config.episodes * model.most_steps
    while meter.affords(batch_steps):
        episodes = play(graph, start, graph.sample_openings(config.episodes, generator), generator)
        model.label(episodes, generator, meter, permute=config.permute_returns)
        prompts = np.concatenate([prompts, episodes.nodes[episodes.played]])
        if meter.due or not meter.affords(batch_steps):
            rewards = normalised(graph, start, prompts, model.rewards())
            policy = optimise(graph, start, prompts, rewards, generator, config)
            meter.note(policy)
    return meter.run(policy)


def reward_model(graph: InformationGraph, start: FloatArray, config: Config) -> Comparisons | Scores:
    """Return the unlabelled reward model that the configuration asks for."""
    check_choice("labels", config.labels, LABELS)
    if config.labels == "farsighted":
        return Scores(graph, config.prior)
    return Comparisons(graph, start, config.prior, farsighted=config.labels == "farsighted_preferences")


def normalised(graph: InformationGraph, start: FloatArray, prompts: IntArray, rewards: FloatArray) -> FloatArray:
    """Return `rewards`, float64[P], with mean 0 in each node and standard deviation 1 over the replies of `start`.

    Only differences within a node matter to a reply; the common scale gives `beta` one meaning for all labels. Ziegler
    et al. 2019, arXiv:1909.08593, normalise reward models to mean 0 and variance 1 likewise.
    """
    first = graph.pair_start[:-1]
    centred = rewards - np.add.reduceat(start * rewards, first)[graph.pair_node]
    variance = np.add.reduceat(start * centred**2, first)[prompts].mean()
    return centred / np.sqrt(variance) if variance > 0 else centred


def optimise(
    graph: InformationGraph,
    start: FloatArray,
    prompts: IntArray,
    rewards: FloatArray,
    generator: np.random.Generator,
    config: Config,
) -> FloatArray:
    """Return the policy, float64[P], that maximises the mean of `rewards - beta KL(policy || start)` over prompts.

    Args:
        graph: the game.
        start: float64[P].
        prompts: int64[B]; nodes.
        rewards: float64[P]; 0 throughout a node that is no prompt.
        generator: draws prompts and replies.
        config: the knobs.
    """
    table, optimiser = SoftmaxTable.of(graph, start), Adam(config.rate)
    reference = table.log_probabilities()
    if config.optimiser == "exact":
        return SoftmaxTable(reference + rewards / config.beta, graph.pair_start).probabilities()
    for batch in range(config.batches):
        optimiser.rate = config.rate * (1 - batch / config.batches)
        log_p = table.log_probabilities()
        nodes = np.repeat(generator.choice(prompts, config.prompts), config.replies)
        pairs = Sampler(graph.pair_start, np.exp(log_p)).draw(nodes, generator)
        scores = rewards[pairs] - config.beta * (log_p - reference)[pairs]
        advantages = leave_one_out_advantages(scores.reshape(-1, config.replies)).ravel()
        ppo_update(table, optimiser, pairs, advantages, config.clipping)
    return table.probabilities()
