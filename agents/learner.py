"""How the weights of an arm change: reading batches, supervised updates and PPO updates."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from transformers import LlamaForCausalLM, LlamaForTokenClassification

from agents import losses
from textenvs.evaluation.rollout import Played
from textenvs.policies.ledger import Component, Ledger
from textenvs.policies.models import with_scalar_head
from textenvs.policies.tokens import EpisodeTokens, TokenBatch, choice_distributions, chosen_log_probs, collate, scalars

# Episodes in a forward pass without gradient: what so many need at once still fits the caches of a CPU.
_READ_AT_ONCE = 32


def episode_tokens(played: Played) -> EpisodeTokens:
    """Return the ids of the only player of a played episode."""
    return EpisodeTokens.from_traces([turn.reply.trace for turn in played.turns])


# Models in training ------------------------------------------------------------------------------


class Learner:
    """A model with its optimiser (AdamW without weight decay), booked as one component of the ledger.

    Attributes:
        model: the weights.
        component: what its FLOPs are booked under.
    """

    def __init__(self, model: Any, component: Component, ledger: Ledger, rate: float, max_norm: float = 1.0) -> None:
        """Take a model.

        Args:
            model: changed in place.
            component: see the class.
            ledger: where reading is booked.
            rate: step size at first.
            max_norm: longer gradients are shortened to this norm.
        """
        self.model = model
        self.component: Component = component
        self._ledger = ledger
        self._max_norm = max_norm
        self._rate = rate
        self._optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)

    @property
    def vocabulary_size(self) -> int:
        """Number of ids."""
        return int(self.model.config.vocab_size)

    def anneal(self, left: float) -> None:
        """Let the step size be its first value times `left`, the share of the training to come."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate * left

    def descend(self, loss: Tensor) -> float:
        """Make one step down the gradient of `loss`; return the norm of the gradient before clipping."""
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self._max_norm)
        self._optimiser.step()
        return float(norm)

    def _book(self, batch: TokenBatch, outputs: int) -> None:
        book = self._ledger.train if torch.is_grad_enabled() else self._ledger.score
        book(self.component, batch.tokens, batch.forward_flops(self.model.config, outputs))


class PolicyLearner(Learner):
    """A language model in training, or a fixed one that others are compared with."""

    model: LlamaForCausalLM

    @classmethod
    def copy_of(
        cls, model: LlamaForCausalLM, ledger: Ledger, rate: float = 0.0, component: Component = "policy"
    ) -> PolicyLearner:
        """Return a learner with the weights of `model`, which is left as it is."""
        return cls(copy.deepcopy(model), component, ledger, rate)

    def distributions(self, batch: TokenBatch) -> Tensor:
        """Return what `textenvs.policies.tokens.choice_distributions` returns at temperature 1: float32 [N, V]."""
        self._book(batch, batch.allowed.numel())
        return choice_distributions(self.model, batch)

    def log_probs(self, batch: TokenBatch) -> Tensor:
        """Return the log-probability of each id, float32 [B, L]; 0 where nothing was chosen."""
        return chosen_log_probs(self.distributions(batch), batch)


class ScalarLearner(Learner):
    """A transformer that gives numbers: a critic or a reward model."""

    model: LlamaForTokenClassification

    @classmethod
    def from_policy(
        cls, model: LlamaForCausalLM, component: Component, ledger: Ledger, rate: float, seed: int
    ) -> ScalarLearner:
        """Return a learner with the body of `model` under a head whose first weights `seed` names."""
        return cls(with_scalar_head(model, seed=seed), component, ledger, rate)

    def numbers(self, batch: TokenBatch, positions: Tensor) -> Tensor:
        """Return the numbers said after the ids at `positions`, int64 [B, T]: float32 [B, T]."""
        self._book(batch, positions.numel())
        return scalars(self.model, batch, positions)

    def values(self, batch: TokenBatch) -> Tensor:
        """Return the value of the situation before each reply, float32 [B, T]; meaningless where there is none."""
        return self.numbers(batch, batch.decisions)

    def scores(self, batch: TokenBatch) -> Tensor:
        """Return the score of each text, said after its last id: float32 [B]."""
        return self.numbers(batch, (batch.lengths - 1).unsqueeze(1)).squeeze(1)


# Updates -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Clipping:
    """How PPO reuses a batch.

    Attributes:
        clip: how far the probability ratio counts.
        epochs: passes over each batch.
        minibatches: updates in each pass.
        entropy: what a nat of entropy, of each reply, adds to the objective.
        ratio_of: what the ratio is taken of: a whole `reply`, or each `token`.
    """

    clip: float = 0.2
    epochs: int = 2
    minibatches: int = 4
    entropy: float = 0.0
    ratio_of: Literal["reply", "token"] = "reply"


class Averages:
    """Means of named numbers."""

    def __init__(self) -> None:
        self._numbers: dict[str, list[float]] = defaultdict(list)

    def add(self, **numbers: float) -> None:
        """Note one more of each of these numbers."""
        for name, number in numbers.items():
            self._numbers[name].append(number)

    def means(self) -> dict[str, float]:
        """Return the mean of each."""
        return {name: float(np.mean(numbers)) for name, numbers in self._numbers.items()}


def minibatches(count: int, parts: int, generator: np.random.Generator) -> Iterator[list[int]]:
    """Yield the numbers below `count` in random order, in at most `parts` parts of about equal size."""
    for part in np.array_split(generator.permutation(count), max(parts, 1)):
        if len(part):
            yield part.tolist()


def in_order(count: int) -> Iterator[slice]:
    """Yield slices that cover `count` episodes, as many at once as are read fast."""
    for first in range(0, count, _READ_AT_ONCE):
        yield slice(first, first + _READ_AT_ONCE)


def distinct(episodes: Sequence[EpisodeTokens], vocabulary_size: int) -> tuple[TokenBatch, Tensor]:
    """Return the different ones among `episodes` as a batch, and the row of each of them, int64 [B].

    A trained policy repeats itself, and equal texts need to be read only once.
    """
    rows: dict[tuple[int, ...], int] = {}
    of = [rows.setdefault(tuple(each.ids.tolist()), len(rows)) for each in episodes]
    first = [of.index(row) for row in range(len(rows))]
    return collate([episodes[place] for place in first], vocabulary_size), torch.tensor(of)


def choice_mask(batch: TokenBatch) -> Tensor:
    """Return which ids were chosen among alternatives, bool [B, L]."""
    rows, positions = batch.choices.T
    return torch.zeros_like(batch.sampled).index_put((rows, positions), torch.tensor(True))


def sampled_entropy(played: Sequence[Played]) -> float:
    """Return the mean of `-log p` of the replies under the policy that sampled them, which estimates its entropy."""
    surprises = [-sum(turn.reply.trace.log_probs) for each in played for turn in each.turns]
    return float(np.mean(surprises))


def imitate(
    learner: PolicyLearner,
    episodes: Sequence[EpisodeTokens],
    epochs: int,
    parts: int,
    generator: np.random.Generator,
) -> dict[str, float]:
    """Raise the likelihood of the replies in `episodes`, `epochs` times over in `parts` updates each.

    Returns:
        Means over the updates: `cross_entropy`, of a choice, and `gradient_norm`.
    """
    averages = Averages()
    for _ in range(epochs):
        for rows in minibatches(len(episodes), parts, generator):
            batch, of = distinct([episodes[row] for row in rows], learner.vocabulary_size)
            loss = losses.cross_entropy(learner.log_probs(batch)[of], choice_mask(batch)[of])
            averages.add(cross_entropy=loss.item(), gradient_norm=learner.descend(loss))
    return averages.means()


def ppo_update(
    learner: PolicyLearner,
    episodes: Sequence[EpisodeTokens],
    advantages: Tensor,
    clipping: Clipping,
    generator: np.random.Generator,
) -> dict[str, float]:
    """Climb the clipped surrogate of one batch of episodes that `learner`, as it is now, has played.

    Args:
        learner: the policy.
        episodes: B of them.
        advantages: of each reply, which all its tokens share, float32 [B, T].
        clipping: how often, and how far.
        generator: draws the minibatches.

    Returns:
        Means over the updates: `entropy` of a reply, `kl` from the sampling policy to the updated one per ratio,
        `gradient_norm`; and `first_ratio_error`, how far any ratio was from 1 before the first update.
    """
    averages = Averages()
    first_ratio_error = None
    for _ in range(clipping.epochs):
        for rows in minibatches(len(episodes), clipping.minibatches, generator):
            batch, of = distinct([episodes[row] for row in rows], learner.vocabulary_size)
            distributions = learner.distributions(batch)
            units = _ratio_units(chosen_log_probs(distributions, batch), batch, clipping.ratio_of)
            log_p, old_log_p, mask, turn = (x[of] for x in units)
            advantage = advantages[rows].gather(1, turn)
            if first_ratio_error is None:
                first_ratio_error = (torch.exp(log_p.detach() - old_log_p) - 1)[mask].abs().max().item()
            entropy = (entropies(distributions, batch)[of].sum()) / batch.turns[of].sum()
            surrogate = losses.clipped_surrogate(log_p, old_log_p, advantage, clipping.clip)
            loss = losses.masked_mean(surrogate, mask) - clipping.entropy * entropy
            kl = losses.masked_mean(losses.kl_estimate_positive(log_p.detach(), old_log_p), mask)
            averages.add(entropy=entropy.item(), kl=kl.item(), gradient_norm=learner.descend(loss))
    return {**averages.means(), "first_ratio_error": first_ratio_error or 0.0}


def entropies(distributions: Tensor, batch: TokenBatch) -> Tensor:
    """Return the sum of the entropies of all choices in each episode, float32 [B]."""
    of_choices = -(distributions.exp() * distributions).sum(dim=1)
    return of_choices.new_zeros(len(batch.ids)).index_add(0, batch.choices[:, 0], of_choices)


def _ratio_units(
    log_p: Tensor, batch: TokenBatch, unit: Literal["reply", "token"]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return log-probabilities, old ones, mask and turn of each reply, [B, T], or of each token, [B, L]."""
    if unit == "token":
        return log_p, batch.old_log_probs, choice_mask(batch), batch.turn.clamp(min=0)
    turns = batch.turns.shape[1]
    old_log_p = losses.sum_by_turn(batch.old_log_probs, batch.turn, turns)
    turn = torch.arange(turns).expand(batch.turns.shape)
    return losses.sum_by_turn(log_p, batch.turn, turns), old_log_p, batch.turns, turn
