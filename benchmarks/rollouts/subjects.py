"""What plays, and what is played."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import tokenizers
import torch
import transformers

from textenvs.core.dialogue import Message
from textenvs.envs.episode import Episode
from textenvs.envs.settings import Settings
from textenvs.policies.models import tiny_llama
from textenvs.registry import make_game

SPECIAL = ("<|pad|>", "<|begin|>", "<|end|>", "<|unknown|>", "<|user|>", "<|system|>", "<|assistant|>")
TEMPLATE = (
    "{{ '<|begin|>' }}{% for message in messages %}{{ '<|' + message.role + '|> ' + message.content + ' ' }}"
    "{% if message.role == 'assistant' %}{{ '<|end|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


LIVELY = 6.0
"""What the initial weights of the small model are multiplied by."""


class ShortEpisode(Episode):
    """An episode that is left after a number of replies, legal or not."""

    most_replies = 10

    @property
    def over(self) -> bool:
        return super().over or len(self.replies) >= self.most_replies


def episode(seed: int, turns: int) -> Episode:
    """Return an episode of so many replies: a sliding puzzle, since openings differ and none is solved by chance."""
    made = ShortEpisode(make_game("SlidingPuzzle", "extreme"), Settings(max_refusals=turns + 1), seed=seed)
    made.most_replies = turns
    return made


def small_llama(preset: str = "2M", positions: int = 4096) -> tuple[Any, Any]:
    """Return a Llama model with random weights and a tokenizer of words, which encodes again what it decoded."""
    tokenizer = word_tokenizer(text for seed in range(8) for text in _said(seed))
    model = tiny_llama(len(tokenizer), preset, positions=positions)
    with torch.no_grad():  # fresh weights are so small that the model would say one word again and again
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.mul_(LIVELY)
    return model, tokenizer


def word_tokenizer(texts: Iterable[str]) -> Any:
    """Return a tokenizer of transformers whose ids are the words and signs of `texts`."""
    splitter = tokenizers.pre_tokenizers.Whitespace()
    words = {word for text in texts for word, _ in splitter.pre_tokenize_str(text)}
    vocabulary = {word: number for number, word in enumerate((*SPECIAL, *sorted(words)))}
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token=SPECIAL[3]))
    inner.pre_tokenizer = splitter
    made: Any = transformers.PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner,
        pad_token=SPECIAL[0],
        bos_token=SPECIAL[1],
        eos_token=SPECIAL[2],
        unk_token=SPECIAL[3],
        additional_special_tokens=list(SPECIAL[4:]),
    )
    made.chat_template = TEMPLATE
    return made


def _said(seed: int) -> list[str]:
    """Return what is said in an episode of random moves and of refused ones."""
    played = episode(seed, 10)
    while not played.over:
        played.play_behaviour(0)
        if not played.over:
            played.reply(0, "?")
    return [message.text for message in played.dialogues[0] if isinstance(message, Message)]
