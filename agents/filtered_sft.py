"""A5: filtered iterative supervised fine-tuning. Imitate those of one's own episodes that beat their group."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from agents.learner import PolicyLearner, episode_tokens, imitate, sampled_entropy
from agents.training import (
    Cell,
    Evaluate,
    Meter,
    OnProgress,
    Run,
    environment_steps,
    invalid_rate,
    paid,
    permuted,
    shuffler,
    training_seeds,
)
from textenvs.evaluation.rollout import play
from textenvs.policies.tokenizer import WordTokenizer

# Returns closer than this are equal: a mean of equal floats may be off by rounding.
SAME_RETURN = 1e-6


@dataclass(frozen=True)
class Config:
    """The knobs.

    Attributes:
        groups: groups in a batch.
        size: episodes in a group; they share the opening.
        rate: step size of AdamW at first; it falls linearly to 0.
        epochs: passes over what is kept of each batch.
        parts: updates in each pass.
        permute_returns: null control: pay each episode the return of another one of its batch.
    """

    groups: int = 8
    size: int = 8
    rate: float = 2e-3
    epochs: int = 1
    parts: int = 4
    permute_returns: bool = False


def train(
    cell: Cell,
    start: LlamaForCausalLM,
    tokenizer: WordTokenizer,
    *,
    seed: int,
    budget: int,
    config: Config | None = None,
    evaluate: Evaluate | None = None,
    on_progress: OnProgress | None = None,
) -> Run:
    """Improve `start` by cloning the episodes whose return is above the mean of their group.

    Rows of the curve: `return`, mean of the batch; `return_spread`, mean over groups of the standard deviation within;
    `kept`, share of the episodes that are imitated; `invalid`, share of refused replies; `entropy` of a reply; and, if
    anything was kept, what `agents.learner.imitate` returns.

    Args:
        cell: the task.
        start: the cloned start; left as it is.
        tokenizer: the vocabulary of the model.
        seed: names everything random.
        budget: the most environment steps; less than a whole batch is left unspent.
        config: the knobs.
        evaluate: see `agents.training.Meter`.
        on_progress: see `agents.training.Meter`.
    """
    config = config or Config()
    meter = Meter(budget, evaluate, on_progress)
    learner = PolicyLearner.copy_of(start, meter.ledger, config.rate)
    policy = cell.policy(learner.model, tokenizer, meter.ledger)
    seeds, generator = training_seeds(seed), shuffler(seed)
    while meter.affords(config.groups * config.size * cell.longest()):
        meter.evaluate_if_due(learner.model)
        learner.anneal(meter.left)
        with meter.ledger.timed():
            episodes = [each for _ in range(config.groups) for each in cell.group(seeds, config.size)]
            played = play(episodes, policy)
            meter.spend(environment_steps(played))
            rewards = permuted(paid(played), generator) if config.permute_returns else paid(played)
            returns = torch.tensor([sum(of_turns) for of_turns in rewards]).view(config.groups, config.size)
            kept = above_the_mean(returns).view(-1).tolist()
            tokens = [episode_tokens(each) for each, keep in zip(played, kept, strict=True) if keep]
            numbers = imitate(learner, tokens, config.epochs if tokens else 0, config.parts, generator)
        meter.note(
            **{"return": float(returns.mean())},
            return_spread=float(returns.std(dim=1).mean()),
            kept=sum(kept) / len(kept),
            invalid=invalid_rate(played),
            entropy=sampled_entropy(played),
            **numbers,
        )
    return meter.run(learner.model)


def above_the_mean(returns: Tensor) -> Tensor:
    """Return which returns, float32 [G, K], lie above the mean of their group, bool [G, K]; equal ones do not."""
    return returns > returns.mean(dim=1, keepdim=True) + SAME_RETURN
