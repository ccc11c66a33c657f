"""Episodes as padded batches of ids, and the log-probability of what was chosen in them.

One rule gives the probability of a token, wherever one is asked for: `choice_log_probs`. The policy samples by
it, old log-probabilities are remembered from it, and updates differentiate it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from textenvs.core.errors import ArgumentError
from textenvs.policies.errors import check_positions
from textenvs.policies.extra import torch, transformers
from textenvs.policies.ledger import forward_flops
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.policies.traces import TokenTrace
from textenvs.policies.trie import Ids

NEVER = -1e9
"""Log-probability of what is not allowed: its exponential is exactly 0, and 0 x NEVER is 0, not NaN."""


@dataclass(frozen=True)
class EpisodeTokens:
    """All ids of one seat of one episode; L ids, T replies.

    Attributes:
        ids: int64 [L].
        sampled: bool [L]; which ids the policy wrote, freely or with nothing to choose. All others came from the
            game, and no loss may touch them.
        turn: int64 [L]; number of the reply, from 0, that each id belongs to or leads up to.
        old_log_probs: float32 [L]; as in `TokenTrace`, 0 where not sampled.
        allowed: for each id what it was chosen from (see `TokenTrace`); itself alone where not sampled.
        decisions: int64 [T]; position of the last id read before each reply, where a critic looks.
    """

    ids: torch.Tensor
    sampled: torch.Tensor
    turn: torch.Tensor
    old_log_probs: torch.Tensor
    allowed: tuple[Ids | None, ...]
    decisions: torch.Tensor

    @classmethod
    def from_traces(cls, traces: Sequence[TokenTrace]) -> EpisodeTokens:
        """Join the traces of one seat, in order: `[turn.reply.trace for turn in played.turns]` for one player.

        Raises:
            ArgumentError: if there is no trace.
        """
        if not traces:
            raise ArgumentError("an episode without replies has no tokens to learn from")
        ids: list[int] = []
        sampled: list[bool] = []
        old_log_probs: list[float] = []
        allowed: list[Ids | None] = []
        decisions: list[int] = []
        for trace in traces:
            before, after = len(trace.context), len(trace.tokens)
            decisions.append(len(ids) + before - 1)
            ids += (*trace.context, *trace.tokens)
            sampled += [False] * before + [True] * after
            old_log_probs += [0.0] * before + list(trace.log_probs)
            allowed += (*((id_,) for id_ in trace.context), *trace.allowed)
        turns = [turn for turn, trace in enumerate(traces) for _ in (*trace.context, *trace.tokens)]
        return cls(
            torch.tensor(ids),
            torch.tensor(sampled),
            torch.tensor(turns),
            torch.tensor(old_log_probs, dtype=torch.float32),
            tuple(allowed),
            torch.tensor(decisions),
        )


class Group(NamedTuple):
    """Episodes of a batch that begin alike.

    Attributes:
        rows: their numbers, int64 [b].
        shared: how many ids all of them begin with; 0 if there is but one.
    """

    rows: torch.Tensor
    shared: int


@dataclass(frozen=True)
class TokenBatch:
    """Episodes padded on the right to L ids; B episodes, T replies at most, N choices in all, V ids known.

    Padding comes last, so a causal model computes the same at all other positions without a mask. What episodes with
    equal instructions begin with is computed once for all of them, with all its gradients.

    Attributes:
        ids: int64 [B, L].
        real: bool [B, L]; False on padding.
        sampled: bool [B, L]; as in `EpisodeTokens`, False on padding.
        turn: int64 [B, L]; -1 on padding.
        old_log_probs: float32 [B, L]; 0 on padding.
        decisions: int64 [B, T]; position of the last id read before each reply; 0 where there is no such reply.
        turns: bool [B, T]; which replies there are.
        choices: int64 [N, 2]; episode and position of each sampled id that had an alternative.
        allowed: bool [N, V]; the alternatives, the chosen id included.
        groups: the episodes by their instructions: one group for each role in a game.
    """

    ids: torch.Tensor
    real: torch.Tensor
    sampled: torch.Tensor
    turn: torch.Tensor
    old_log_probs: torch.Tensor
    decisions: torch.Tensor
    turns: torch.Tensor
    choices: torch.Tensor
    allowed: torch.Tensor
    groups: tuple[Group, ...]

    @property
    def lengths(self) -> torch.Tensor:
        """Number of ids of each episode, int64 [B]."""
        return self.real.sum(1)

    @property
    def tokens(self) -> int:
        """Number of ids that one pass over the batch reads: those that a group begins with count once."""
        new, _ = self._blocks()
        return sum(new)

    def _blocks(self) -> tuple[list[int], list[int]]:
        """Return how many ids each block that is read at once has, and how many it looks back on."""
        new, known = [], []
        for rows, shared in self.groups:
            own = self.lengths[rows] - shared
            new += [shared, *own.tolist()]
            known += [0, *[shared] * len(own)]
        return new, known

    def forward_flops(self, config: transformers.LlamaConfig, outputs: int) -> int:
        """Return the FLOPs of one pass over the batch without gradient.

        Args:
            config: of the model.
            outputs: numbers its head computes: `allowed.numel()` for `log_probs`, `positions.numel()` for `scalars`.
        """
        return forward_flops(config, *self._blocks(), outputs)


def collate(episodes: Sequence[EpisodeTokens], vocabulary_size: int) -> TokenBatch:
    """Pad `episodes` to one batch.

    Args:
        episodes: at least one.
        vocabulary_size: number of ids, V.

    Raises:
        ArgumentError: if there is no episode.
    """
    if not episodes:
        raise ArgumentError("a batch needs at least one episode")
    choices = [
        (row, position)
        for row, episode in enumerate(episodes)
        for position, ids in enumerate(episode.allowed)
        if ids is None or len(ids) > 1
    ]
    ids = _padded([episode.ids for episode in episodes], WordTokenizer.pad)
    return TokenBatch(
        ids=ids,
        real=_padded([torch.ones_like(episode.sampled) for episode in episodes], False),
        sampled=_padded([episode.sampled for episode in episodes], False),
        turn=_padded([episode.turn for episode in episodes], -1),
        old_log_probs=_padded([episode.old_log_probs for episode in episodes], 0.0),
        decisions=_padded([episode.decisions for episode in episodes], 0),
        turns=_padded([torch.ones_like(episode.decisions, dtype=torch.bool) for episode in episodes], False),
        choices=torch.tensor(choices, dtype=torch.int64).reshape(-1, 2),
        allowed=allowed_mask([episodes[row].allowed[position] for row, position in choices], vocabulary_size),
        groups=_groups(episodes, ids),
    )


def allowed_mask(allowed: Sequence[Ids | None], vocabulary_size: int) -> torch.Tensor:
    """Return which ids each token could be, bool [N, V]; everything where `allowed` is None."""
    mask = torch.zeros(len(allowed), vocabulary_size, dtype=torch.bool)
    listed = [(row, id_) for row, ids in enumerate(allowed) if ids is not None for id_ in ids]
    rows, columns = torch.tensor(listed, dtype=torch.int64).reshape(-1, 2).T
    mask[rows, columns] = True
    mask[torch.tensor([ids is None for ids in allowed], dtype=torch.bool)] = True
    return mask


def choice_log_probs(logits: torch.Tensor, allowed: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return the log-probabilities a token is drawn with: log-softmax of logits / temperature over what is allowed.

    Args:
        logits: float [N, V].
        allowed: bool [N, V].
        temperature: above 0.

    Returns:
        float32 [N, V]; `NEVER` (or less) where not allowed.
    """
    scaled = (logits.float() / temperature).masked_fill(~allowed, NEVER)
    return torch.log_softmax(scaled, dim=-1)


def choice_distributions(
    model: transformers.LlamaForCausalLM, batch: TokenBatch, temperature: float = 1.0
) -> torch.Tensor:
    """Return the log-probabilities of all alternatives of each choice in `batch`: float32 [N, V].

    Entropies and divergences between policies follow from it exactly. The head is computed at choices alone.
    """
    rows, positions = batch.choices.T
    hidden = hidden_states(model.model, batch)
    return choice_log_probs(model.lm_head(hidden[rows, positions - 1]), batch.allowed, temperature)


def chosen_log_probs(distributions: torch.Tensor, batch: TokenBatch) -> torch.Tensor:
    """Return the log-probability of each id of `batch`: float32 [B, L]; exactly 0 where nothing was chosen.

    Args:
        distributions: what `choice_distributions` returned for `batch`.
        batch: the episodes.
    """
    rows, positions = batch.choices.T
    chosen = distributions.gather(1, batch.ids[rows, positions].unsqueeze(1)).squeeze(1)
    return torch.zeros_like(batch.old_log_probs).index_put((rows, positions), chosen)


def log_probs(model: transformers.LlamaForCausalLM, batch: TokenBatch, temperature: float = 1.0) -> torch.Tensor:
    """Return the log-probability of each id of `batch` given all before it: float32 [B, L], aligned with `ids`.

    Exactly 0, without gradient, at ids that came from the game, had no alternative, or are padding. Sums over an
    episode or a reply are the log-probability of its replies.
    """
    return chosen_log_probs(choice_distributions(model, batch, temperature), batch)


def scalars(
    model: transformers.LlamaForTokenClassification, batch: TokenBatch, positions: torch.Tensor
) -> torch.Tensor:
    """Return what a scalar head (see `with_scalar_head`) says after reading certain ids.

    Args:
        model: a critic or a reward model.
        batch: the episodes.
        positions: int64 [B, K]: `batch.decisions` for the value before each reply, `batch.lengths.unsqueeze(1) - 1`
            for the score of whole episodes.

    Returns:
        float32 [B, K].
    """
    hidden = hidden_states(model.model, batch)
    rows = torch.arange(len(positions)).unsqueeze(1)
    numbers: torch.Tensor = model.score(hidden[rows, positions]).squeeze(-1)
    return numbers


def hidden_states(body: transformers.LlamaModel, batch: TokenBatch) -> torch.Tensor:
    """Return what the body of a model makes of each id and those before it, float32 [B, L, hidden size].

    Raises:
        ContextOverflowError: if the batch is longer than the model's positions.
    """
    check_positions(batch.ids.shape[1], body.config.max_position_embeddings)
    if len(batch.groups) == 1:
        return _hidden(body, batch.ids, batch.groups[0].shared)
    by_group = torch.cat([_hidden(body, batch.ids[rows], shared) for rows, shared in batch.groups])
    return by_group[torch.cat([rows for rows, _ in batch.groups]).argsort()]


def _hidden(body: transformers.LlamaModel, ids: torch.Tensor, shared: int) -> torch.Tensor:
    """Return the same of rows that begin with so many `shared` ids: float32 [b, L, hidden size]."""
    if not shared:
        whole: torch.Tensor = body(input_ids=ids).last_hidden_state
        return whole
    cache = transformers.DynamicCache()
    first = body(input_ids=ids[:1, :shared], past_key_values=cache, use_cache=True).last_hidden_state
    cache.batch_repeat_interleave(len(ids))
    rest = body(input_ids=ids[:, shared:], past_key_values=cache, use_cache=True).last_hidden_state
    return torch.cat([first.expand(len(ids), -1, -1), rest], dim=1)


def _groups(episodes: Sequence[EpisodeTokens], ids: torch.Tensor) -> tuple[Group, ...]:
    """Return the rows of equal instructions, which go on to the first view or reply."""
    ends = (WordTokenizer.view, WordTokenizer.reply)
    rows: defaultdict[Ids, list[int]] = defaultdict(list)
    for row, episode in enumerate(episodes):
        rows[tuple(takewhile(lambda id_: id_ not in ends, episode.ids.tolist()))].append(row)
    return tuple(
        Group(torch.tensor(alike), _shared(ids[alike], min(len(episodes[row].ids) for row in alike)))
        for alike in rows.values()
    )


def _shared(ids: torch.Tensor, shortest: int) -> int:
    """Return how many ids all rows begin with, at least one of each row left out."""
    alike = (ids == ids[:1]).all(0).long().cumprod(0).sum()
    return min(int(alike), shortest - 1) if len(ids) > 1 else 0


def _padded(rows: list[torch.Tensor], padding: float) -> torch.Tensor:
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=padding)
