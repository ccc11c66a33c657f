"""B1: trajectory-level GRPO. Groups of episodes; every token of an episode gets the episode's advantage.

Departs from Shao et al. 2024 (arXiv:2402.03300) in three ways: an episode of many replies stands for one answer, and
what the game says between them is masked; there is no penalty on the distance to the start; and all tokens of a batch
weigh the same (DAPO, Yu et al. 2025, arXiv:2503.14476, section 3.3), so long episodes count in full.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from transformers import LlamaForCausalLM

from agents import losses
from agents.learner import Clipping, PolicyLearner, episode_tokens, ppo_update
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


@dataclass(frozen=True)
class Config:
    """The knobs.

    Attributes:
        groups: groups in a batch.
        size: episodes in a group; they share the opening.
        rate: step size of AdamW at first; it falls linearly to 0.
        clipping: how a batch is reused; the ratio is taken of each token.
        permute_returns: null control: pay each episode the return of another one of its batch.
    """

    groups: int = 8
    size: int = 8
    rate: float = 2e-3
    clipping: Clipping = field(default_factory=lambda: Clipping(ratio_of="token"))
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
    """Improve `start` on whole returns, relative to other episodes with the same opening.

    Rows of the curve: `return`, mean of the batch; `return_spread`, mean over groups of the standard deviation within;
    `flat_groups`, share of groups without any, which teach nothing; `invalid`, share of refused replies; and what
    `agents.learner.ppo_update` returns.

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
            advantages = losses.group_advantages(returns).view(-1, 1)
            of_replies = advantages.expand(-1, max(len(each.turns) for each in played))
            tokens = [episode_tokens(each) for each in played]
            numbers = ppo_update(learner, tokens, of_replies, config.clipping, generator)
        spread = returns.std(dim=1)
        meter.note(
            **{"return": float(returns.mean())},
            return_spread=float(spread.mean()),
            flat_groups=float((spread == 0).float().mean()),
            invalid=invalid_rate(played),
            **numbers,
        )
    return meter.run(learner.model)
