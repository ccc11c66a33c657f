"""B2: turn-level PPO with a critic and GAE, turns being the time steps. The true-RL arm.

It departs from PPO for chat models in one respect: an action is a reply, not a token. Each reply has one advantage, and
one probability ratio, of the product of its tokens; rewards come from the game after each reply; and time goes on
through the episode, so what a reply earns may come many replies later.

The critic is a transformer of its own that begins with the weights of the start policy (Stiennon et al. 2020,
arXiv:2009.01325, section 3.4, found this better than sharing weights). It costs another reading of each episode, but it
reads all that was said, as the policy does, and its errors never disturb the policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from agents import losses
from agents.learner import (
    Clipping,
    PolicyLearner,
    ScalarLearner,
    distinct,
    episode_tokens,
    in_order,
    minibatches,
    ppo_update,
)
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
from textenvs.evaluation.rollout import Played, play
from textenvs.policies.ledger import Ledger
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.policies.tokens import EpisodeTokens
from textenvs.policies.traces import Conversation, TokenTrace


@dataclass(frozen=True)
class Config:
    """The knobs.

    Attributes:
        episodes: episodes in a batch.
        rate: step size of AdamW for the policy at first; it falls linearly to 0.
        critic_rate: the same for the critic.
        critic_epochs: passes of the critic over each batch.
        warm_up_epochs: further passes, over the first batch, before the first advantages are taken.
        lambda_: from one-step errors (0) to whole returns (1).
        clipping: how a batch is reused.
        anneal_entropy: let the entropy bonus fall linearly to 0, as the step size does.
        cut: turns after which a training episode is left, the critic standing for the rest; None plays to the end.
        permute_returns: null control: pay each episode the return of another one of its batch.
    """

    episodes: int = 64
    rate: float = 2e-3
    critic_rate: float = 2e-3
    critic_epochs: int = 1
    warm_up_epochs: int = 4
    lambda_: float = 0.95
    clipping: Clipping = field(default_factory=Clipping)
    anneal_entropy: bool = False
    cut: int | None = None
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
    """Improve `start` by proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347) on whole episodes.

    Rows of the curve: `return`, mean of the batch, with its standard deviation `return_spread`; `invalid`, share of
    refused replies; `value_error`, mean squared distance of the critic from its targets before it learns from them; and
    what `agents.learner.ppo_update` returns.

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
    actor_critic = ActorCritic(start, tokenizer, meter.ledger, config, seed)
    model = actor_critic.learner.model
    policy = cell.policy(model, tokenizer, meter.ledger)
    seeds, generator = training_seeds(seed), actor_critic.generator
    while meter.affords(config.episodes * min(cell.longest(), config.cut or cell.longest())):
        meter.evaluate_if_due(model)
        actor_critic.anneal(meter.left)
        with meter.ledger.timed():
            played = play([cell.episode(next(seeds)) for _ in range(config.episodes)], policy, longest=config.cut)
            meter.spend(environment_steps(played))
            rewards = permuted(paid(played), generator) if config.permute_returns else paid(played)
            numbers = actor_critic.improve(played, rewards)
        meter.note(invalid=invalid_rate(played), **numbers)
    return meter.run(model)


class ActorCritic:
    """A policy and its critic, which learn from batches of episodes."""

    def __init__(
        self,
        start: LlamaForCausalLM,
        tokenizer: WordTokenizer,
        ledger: Ledger,
        config: Config,
        seed: int,
        *,
        memoryless: bool = False,
    ) -> None:
        """Begin with the weights of `start`.

        Args:
            start: left as it is.
            tokenizer: its vocabulary.
            ledger: where all is booked.
            config: the knobs.
            seed: names what is drawn.
            memoryless: whether each reply was made, and is judged, from its view alone; see `LanguageModelPolicy`.
                Episodes must then not have been cut.
        """
        self.learner = PolicyLearner.copy_of(start, ledger, config.rate)
        self.critic = ScalarLearner.from_policy(start, "critic", ledger, config.critic_rate, seed)
        self.tokenizer = tokenizer
        self.config = config
        self.memoryless = memoryless
        self.clipping = config.clipping
        self.generator = shuffler(seed)
        self._fresh = True

    def anneal(self, left: float) -> None:
        """Let what falls during training be at `left` of its first value, the share of the training to come."""
        self.learner.anneal(left)
        if self.config.anneal_entropy:
            self.clipping = replace(self.config.clipping, entropy=self.config.clipping.entropy * left)

    def improve(self, played: Sequence[Played], rewards: Sequence[Sequence[float]]) -> dict[str, float]:
        """Make one PPO update and fit the critic; return what `train` says of the rows of its curve.

        Args:
            played: episodes that the policy, as it is now, has just played.
            rewards: of each turn of each.
        """
        config = self.config
        tokens, seen = self._texts(played)
        r_t, discount_t, mask = time_major(played, rewards)
        if self._fresh:
            whole = mask & torch.tensor([each.episode.over for each in played])  # a cut return is no return
            self._fit(seen, losses.returns_to_go(r_t, discount_t), whole, mask, config.warm_up_epochs)
            self._fresh = False
        v_t = self._values(seen, mask)
        advantages = losses.gae(r_t, discount_t, v_t, config.lambda_)
        targets = advantages + v_t[:-1]
        error = 2 * losses.masked_mean(losses.value_loss(v_t[:-1], targets), mask)
        self._fit(seen, targets, mask, mask, config.critic_epochs)
        of_replies = self._by_text(losses.standardised(advantages, mask), mask)
        numbers = ppo_update(self.learner, tokens, of_replies, self.clipping, self.generator)
        returns = r_t.sum(dim=0)
        earned = {"return": float(returns.mean()), "return_spread": float(returns.std())}
        return {**earned, "value_error": float(error), **numbers}

    def _texts(self, played: Sequence[Played]) -> tuple[list[EpisodeTokens], list[EpisodeTokens]]:
        """Return what the policy and what the critic reads: episodes, or without memory their replies one by one."""
        if self.memoryless:
            replies = [EpisodeTokens.from_traces([turn.reply.trace]) for each in played for turn in each.turns]
            return replies, replies
        return [episode_tokens(each) for each in played], [with_last_view(each, self.tokenizer) for each in played]

    def _by_text(self, of_replies: Tensor, mask: Tensor) -> Tensor:
        """Return something of each reply, [T, B], as [texts, replies of each]."""
        return of_replies.T[mask.T].unsqueeze(1) if self.memoryless else of_replies.T

    def _values(self, seen: Sequence[EpisodeTokens], mask: Tensor) -> Tensor:
        """Return what the critic expects before each reply and at the end, float32 [T + 1, B]."""
        if not self.memoryless:
            return values(self.critic, seen, len(mask) + 1)
        v_t = torch.zeros(len(mask) + 1, mask.shape[1])
        v_t[:-1].T[mask.T] = values(self.critic, seen, 1)[0]
        return v_t

    def _fit(self, seen: Sequence[EpisodeTokens], targets: Tensor, fitted: Tensor, mask: Tensor, epochs: int) -> None:
        """Move the values of the replies in `fitted` towards `targets`, both [T, B]."""
        of_texts = self._by_text(targets, mask), self._by_text(fitted, mask)
        fit_critic(self.critic, seen, *of_texts, epochs, self.config.clipping.minibatches, self.generator)


def time_major(played: Sequence[Played], rewards: Sequence[Sequence[float]]) -> tuple[Tensor, Tensor, Tensor]:
    """Return rewards and discounts, float32 [T, B], and which replies there are, bool [T, B].

    The discount is 1 but for the last reply of an episode that is over, after which nothing is worth anything; an
    episode that was cut keeps it.

    Args:
        played: B episodes.
        rewards: of each turn of each.
    """
    shape = max(len(each.turns) for each in played), len(played)
    r_t, discount_t, mask = torch.zeros(shape), torch.zeros(shape), torch.zeros(shape, dtype=torch.bool)
    for column, (each, of_turns) in enumerate(zip(played, rewards, strict=True)):
        turns = len(each.turns)
        r_t[:turns, column] = torch.tensor(of_turns)
        discount_t[: turns - each.episode.over, column] = 1.0
        mask[:turns, column] = True
    return r_t, discount_t, mask


def with_last_view(played: Played, tokenizer: WordTokenizer) -> EpisodeTokens:
    """Return the ids of an episode; if it was cut, up to the reply that was not asked for any more."""
    traces = [turn.reply.trace for turn in played.turns]
    if not played.episode.over:
        dialogue = played.episode.dialogues[0]
        conversation = Conversation(tokenizer)
        conversation.context(dialogue[:-2])
        conversation.replied(traces[-1].tokens)
        traces.append(TokenTrace(conversation.context(dialogue), (), (), ()))
    return EpisodeTokens.from_traces(traces)


def values(critic: ScalarLearner, episodes: Sequence[EpisodeTokens], steps: int) -> Tensor:
    """Return what the critic expects before each reply, float32 [steps, B], 0 where there is none; no gradient."""
    v_t = torch.zeros(steps, len(episodes))
    with torch.no_grad():
        for part in in_order(len(episodes)):
            batch, of = distinct(episodes[part], critic.vocabulary_size)
            found = torch.where(batch.turns, critic.values(batch), 0.0)[of]
            v_t[: found.shape[1], part] = found.T
    return v_t


def fit_critic(
    critic: ScalarLearner,
    episodes: Sequence[EpisodeTokens],
    targets: Tensor,
    mask: Tensor,
    epochs: int,
    parts: int,
    generator: np.random.Generator,
) -> None:
    """Move the values of the replies in `mask`, bool [B, T], towards `targets`, float32 [B, T]."""
    for _ in range(epochs):
        for rows in minibatches(len(episodes), parts, generator):
            batch, of = distinct([episodes[row] for row in rows], critic.vocabulary_size)
            found = critic.values(batch)[of]
            steps = min(found.shape[1], targets.shape[1])
            errors = losses.value_loss(found[:, :steps], targets[rows, :steps])
            critic.descend(losses.masked_mean(errors, mask[rows, :steps]))
