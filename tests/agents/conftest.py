from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from agents.training import Cell
from textenvs.games.assembly import Assembly
from textenvs.games.guess_number import GuessNumber
from textenvs.policies.tokenizer import WordTokenizer


@pytest.fixture(scope="session")
def assembly():
    """Replies are single words; episodes end early when the product is finished."""
    return Cell(Assembly(length=2, horizon=4, slip=0.2, lure=0.1), "mixed:0.5")


@pytest.fixture(scope="session")
def guesses():
    """Replies are several tokens with more than one choice among them: "guess 1", "guess 12"."""
    return Cell(GuessNumber(high=12, guesses=3), "mixed:0.5")


@pytest.fixture(scope="session")
def tokenizer(assembly, guesses):
    return WordTokenizer.from_games([assembly.game, guesses.game], episodes=8)


@pytest.fixture(scope="session")
def model(tokenizer):
    """A model of one narrow layer, with weights large enough to prefer some words to others."""
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=1024, tie_word_embeddings=True, initializer_range=0.15, pad_token_id=tokenizer.pad,
        bos_token_id=tokenizer.bos, eos_token_id=tokenizer.end,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return LlamaForCausalLM(config)
