"""Four ways of playing the same episodes with the same model, which write the same ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import transformers

from benchmarks.rollouts.subjects import episode
from textenvs.envs.episode import Episode
from textenvs.evaluation.rollout import flow
from textenvs.policies.agent import Agent, Direct
from textenvs.policies.transformers_chat import TransformersChat

Ids = tuple[int, ...]
Written = dict[int, list[Ids]]
"""For each episode, by its seed, the ids of its replies."""


class Subject(NamedTuple):
    """What is measured.

    Attributes:
        chat: the chat model, greedy; `rows` is how many episodes are under way at a time.
        seeds: the episodes.
        turns: the replies in each.
        tokens: the most ids of a reply.
    """

    chat: TransformersChat
    seeds: Sequence[int]
    turns: int
    tokens: int

    def episodes(self) -> list[Episode]:
        """Return new episodes, dealt but not played."""
        return [episode(seed, self.turns) for seed in self.seeds]


def ours(subject: Subject) -> Written:
    """Play with `Agent` and `flow`."""
    agent = Agent(subject.chat, Direct(max_tokens=subject.tokens))
    played = flow(subject.episodes(), agent, in_flight=subject.chat.rows)
    return {each.episode.seed: [turn.reply.trace.tokens for turn in each.turns] for each in played}


def one_by_one(subject: Subject) -> Written:
    """Play one episode after the other, each reply by `generate` on the whole dialogue, read anew."""
    return _by_generate(subject, 1)


def batched(subject: Subject) -> Written:
    """Play all episodes side by side, each turn by one `generate` on the padded dialogues, read anew."""
    return _by_generate(subject, subject.chat.rows)


def _by_generate(subject: Subject, batch: int) -> Written:
    written: Written = {seed: [] for seed in subject.seeds}
    episodes = subject.episodes()
    for first in range(0, len(episodes), batch):
        some = episodes[first : first + batch]
        for _ in range(subject.turns):
            for each, ids in zip(some, _generated(subject, some, written), strict=True):
                each.reply(0, subject.chat.format.decode(_said(subject, ids)).strip())
                written[each.seed].append(ids)
    return written


def _generated(subject: Subject, episodes: Sequence[Episode], written: Written) -> list[Ids]:
    """Return a reply for each episode.

    Replies stay the ids they were, as in `ours`: texts that were cut off at their length often encode to other ids.
    """
    chat = subject.chat
    prompts = []
    for each in episodes:
        dialogue = each.dialogues[0]
        said = iter(written[each.seed])
        replies = [_said(subject, next(said)) if role == "assistant" else None for role, _ in dialogue]
        prompts.append(torch.tensor(chat.format.prompt(dialogue, replies)))
    pad = torch.nn.utils.rnn.pad_sequence
    read = [torch.ones_like(prompt) for prompt in prompts]
    ids = pad(prompts, batch_first=True, padding_value=chat.format.end, padding_side="left")
    with torch.inference_mode():
        whole = chat.model.generate(
            input_ids=ids,
            attention_mask=pad(read, batch_first=True, padding_side="left"),
            do_sample=False,
            max_new_tokens=subject.tokens,
            eos_token_id=sorted(chat.format.ends),
            pad_token_id=chat.format.end,
        )
    return [_ended(tuple(row), chat.format.ends) for row in whole[:, ids.shape[1] :].tolist()]


def _said(subject: Subject, ids: Ids) -> Ids:
    """Return the ids of a reply without the one that ended it."""
    return ids[:-1] if ids[-1] in subject.chat.format.ends else ids


def _ended(ids: Ids, ends: set[int]) -> Ids:
    """Return `ids` up to the first that ends an answer."""
    return ids[: next((place for place, id_ in enumerate(ids, 1) if id_ in ends), len(ids))]


# The limit ----------------------------------------------------------------------------------------


class Block(NamedTuple):
    """One call of the model: ids, int64 [b, n]; the columns they can look back on; the positions whose logits count."""

    ids: torch.Tensor
    width: int
    kept: torch.Tensor


def recorded(subject: Subject) -> list[Block]:
    """Return the calls of the model that `ours` makes."""
    blocks: list[Block] = []

    def note(_: Any, __: Any, inputs: dict[str, Any]) -> None:
        width = inputs["attention_mask"].shape[-1]
        blocks.append(Block(inputs["input_ids"], width, inputs["logits_to_keep"]))

    hook = subject.chat.model.register_forward_pre_hook(note, with_kwargs=True)
    ours(subject)
    hook.remove()
    return blocks


class LevelCache(transformers.Cache):
    """Keys and values of texts that are all equally long, in memory taken beforehand: no index, no copy."""

    def __init__(self, config: Any, rows: int, columns: int) -> None:
        """Take the memory."""
        super().__init__(layers=[])
        heads = config.num_key_value_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        self._stores = torch.zeros(config.num_hidden_layers, 2, rows, heads, columns, size)
        self.width = 0

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Store a block that ends at `width`."""
        rows, _, new, _ = key_states.shape
        keys, values = self._stores[layer_idx]
        keys[:rows, :, self.width - new : self.width] = key_states
        values[:rows, :, self.width - new : self.width] = value_states
        return keys[:rows, :, : self.width], values[:rows, :, : self.width]

    def get_mask_sizes(self, query_length: int, layer_idx: int) -> tuple[int, int]:
        return self.width, 0

    def get_query_offset(self, layer_idx: int = 0) -> int:
        return self.width - 1


class Limit:
    """The ids of `ours` pushed through the model in the same blocks, with nothing else done: the speed to compare with.

    No games, no sampling, no templates; masks are made beforehand, all texts of a batch are as long as the longest.
    """

    def __init__(self, subject: Subject, blocks: Sequence[Block]) -> None:
        """Prepare everything that is not the model's own work."""
        self._model = subject.chat.model
        config = self._model.config
        self._blocks = blocks
        self._cache = LevelCache(config, max(len(block.ids) for block in blocks), max(block.width for block in blocks))
        self._positions = torch.arange(max(block.width for block in blocks)).unsqueeze(0)
        self._masks = {shape: _mask(*shape) for shape in {_shape(block) for block in blocks}}

    @torch.inference_mode()
    def run(self) -> None:
        """Read all blocks."""
        for block in self._blocks:
            new, width = _shape(block)
            self._cache.width = width
            self._model(
                input_ids=block.ids,
                position_ids=self._positions[:, width - new : width],
                attention_mask=self._masks[new, width],
                past_key_values=self._cache,
                use_cache=True,
                logits_to_keep=block.kept,
            )


def _shape(block: Block) -> tuple[int, int]:
    return block.ids.shape[1], block.width


def _mask(new: int, width: int) -> torch.Tensor | None:
    """Return the additive mask of a block, [1, 1, new, width]; a single id needs none."""
    if new == 1:
        return None
    hidden = torch.ones(new, width, dtype=torch.bool).triu(width - new + 1)
    return torch.zeros(new, width).masked_fill(hidden, float("-inf"))[None, None]
