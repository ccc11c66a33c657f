"""A1 and A2: RLHF on single replies. Labels, then a reward model, then one-step PPO with KL to the start.

The prompts are all decisions in episodes of the behaviour strategy. What the behaviour replied is labelled at no cost,
since the episode shows what it earned; where replies are compared, the start policy gives a second one to the same
prompt, which is played on a copy of the episode and counts as an environment step. So every environment step is
labelled. Once the labels are in, no environment step is taken, and the policy that comes out is never labelled itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from agents import losses
from agents.learner import Averages, Clipping, PolicyLearner, ScalarLearner, in_order, minibatches, ppo_update
from agents.training import Cell, Evaluate, Meter, OnProgress, Run, shuffler, training_seeds
from textenvs.core.errors import check_choice
from textenvs.envs.episode import Episode
from textenvs.envs.streams import Purpose, Stream
from textenvs.policies.base import Reply, Request
from textenvs.policies.language_model import LanguageModelPolicy
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.policies.tokens import EpisodeTokens, collate
from textenvs.policies.traces import Conversation, TokenTrace

LABELS = ("myopic", "farsighted", "farsighted_preferences")


@dataclass(frozen=True)
class Config:
    """The knobs.

    Attributes:
        labels: `myopic`: preferences between two replies, by what each earns at once (A1); `farsighted`: scores, by
            what is earned from the reply to the end while the behaviour plays on (A2); `farsighted_preferences`:
            preferences by the same.
        episodes: behaviour episodes in a batch of labels.
        reward_rate: step size of AdamW for the reward model.
        reward_epochs: its passes over all labels.
        reward_minibatch: labels in an update of it.
        beta: price of a nat of divergence from the start, where rewards have standard deviation 1 within a prompt.
        prompts: prompts in a batch of PPO.
        replies: replies to each prompt; the mean of the others is each one's baseline.
        batches: batches of PPO.
        rate: step size of AdamW for the policy.
        clipping: how a batch is reused.
        permute_returns: null control: each label belongs to another reply.
    """

    labels: Literal["myopic", "farsighted", "farsighted_preferences"] = "myopic"
    episodes: int = 32
    reward_rate: float = 1e-3
    reward_epochs: int = 3
    reward_minibatch: int = 64
    beta: float = 0.1
    prompts: int = 32
    replies: int = 4
    batches: int = 30
    rate: float = 1e-3
    clipping: Clipping = field(default_factory=lambda: Clipping(epochs=1))
    permute_returns: bool = False


class Asked(NamedTuple):
    """A prompt and what the behaviour replied to it.

    Attributes:
        prompt: the episode just before the reply.
        reply: its text.
        reward: what it earned at once.
        return_to_go: what was earned from it to the end.
    """

    prompt: Episode
    reply: str
    reward: float
    return_to_go: float


class Labels(NamedTuple):
    """N labels of texts, each text a prompt with a reply.

    Attributes:
        first: int64 [N]; the text that is labelled.
        second: int64 [N]; the text it was compared with; the same one where it was given a score.
        label: float32 [N]; 1 where the first is preferred, 0 where the second is, 1/2 for a tie; or the score.
    """

    first: Tensor
    second: Tensor
    label: Tensor


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
    """Label replies until the budget is spent, fit a reward model, and optimise the start policy against it.

    Rows of the curve: while labels are collected, `return`, mean of the behaviour's episodes, and `return_spread`; for
    each pass of the reward model, `reward_loss` and `reward_gradient_norm`; for each batch of PPO, `score`, mean of the
    reward model in units of its deviation, `score_spread` within prompts, `kl_to_start`, `invalid`, and what
    `agents.learner.ppo_update` returns.

    Diagnostics: `reward_model`, for each reply of the behaviour its score by the reward model, its `reward` and its
    `return_to_go`.

    Args:
        cell: the task.
        start: the cloned start; left as it is.
        tokenizer: the vocabulary of the model.
        seed: names everything random.
        budget: the most environment steps; less than a whole batch is left unspent.
        config: the knobs.
        evaluate: see `agents.training.Meter`.
        on_progress: see `agents.training.Meter`.

    Raises:
        UnknownNameError: for an unknown kind of labels.
    """
    config = config or Config()
    check_choice("labels", config.labels, LABELS)
    meter = Meter(budget, evaluate, on_progress)
    seeds, generator = training_seeds(seed), shuffler(seed)
    learner = PolicyLearner.copy_of(start, meter.ledger, config.rate)
    policy = cell.policy(learner.model, tokenizer, meter.ledger)
    meter.evaluate(learner.model)
    texts = Texts(tokenizer)

    asked = collect(...)
    raise NotImplementedError
