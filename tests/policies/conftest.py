from __future__ import annotations

import pytest
import torch

from textenvs.games.guess_number import GuessNumber
from textenvs.policies.models import tiny_llama
from textenvs.policies.tokenizer import WordTokenizer


@pytest.fixture(scope="session")
def guesses():
    """A game whose episodes have different lengths and where one wording begins another: "guess 1", "guess 12"."""
    return GuessNumber(high=12, guesses=4)


@pytest.fixture(scope="session")
def tokenizer(guesses):
    return WordTokenizer.from_games([guesses], episodes=4)


@pytest.fixture(scope="session")
def opinionated(tokenizer):
    """A model far from uniform; freshly initialised weights hardly prefer any word."""
    model = tiny_llama(len(tokenizer), seed=1)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.mul_(6)
    return model


@pytest.fixture(scope="session")
def indifferent(tokenizer):
    """A model that finds every word equally likely."""
    model = tiny_llama(len(tokenizer))
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    return model
