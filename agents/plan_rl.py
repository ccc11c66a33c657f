"""A3: reinforcement learning on one-shot plans. A whole plan is one answer, scored by its true return.

This is how verifiable rewards train language models: several answers to each prompt, the mean of the others as the
baseline of each (RLOO), and PPO's clipping. No feedback is seen before the plan is complete.
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
        size: plans in a group, written from the same opening; the mean of the others is each one's baseline.
        rate: step size of AdamW at first; it falls linearly to 0.
        clipping: how a batch is reused.
        permute_returns: null control: score each plan by the return of another one of its batch.
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
    """Improve `start` as a writer of plans. The final model is meant for `form="plan"`.

    Rows of the curve: `return`, mean of the batch; `return_spread`, mean over groups of the standard deviation within;
    `invalid`, share of plans in which a move was refused; and what `agents.learner.ppo_update` returns.

    Args:
        cell: the task.
        start: the cloned start; left as it is.
        tokenizer: the vocabulary of the model.
        seed: names everything random.
        budget: the most environment steps, each move of a plan being one; less than a whole batch is left unspent.
        config: the knobs.
        evaluate: see `agents.training.Meter`.
        on_progress: see `agents.training.Meter`.
    """
    config = config or Config()
    meter = Meter(budget, evaluate, on_progress)
    learner = PolicyLearner.copy_of(start, meter.ledger, config.rate)
    policy = cell.policy(learner.model, tokenizer, meter.ledger)
    seeds, generator = training_seeds(seed), shuffler(seed)
    while meter.affords(config.groups * config.size * cell.longest("plan")):
        meter.evaluate_if_due(learner.model)
        learner.anneal(meter.left)
        with meter.ledger.timed():
            episodes = [each for _ in range(config.groups) for each in cell.group(seeds, config.size, "plan")]
            played = play(episodes, policy)
            meter.spend(environment_steps(played))
            rewards = permuted(paid(played), generator) if config.permute_returns else paid(played)
            returns = torch.tensor([sum(of_turns) for of_turns in rewards]).view(config.groups, config.size)
            advantages = losses.leave_one_out_advantages(returns).view(-1, 1)
            tokens = [episode_tokens(each) for each in played]
            numbers = ppo_update(learner, tokens, advantages, config.clipping, generator)
        meter.note(
            **{"return": float(returns.mean())},
            return_spread=float(returns.std(dim=1).mean()),
            invalid=invalid_rate(played),
            **numbers,
        )
    return meter.run(learner.model)
