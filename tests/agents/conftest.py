from __future__ import annotations

import pytest
import torch

from agents.training import Cell
from textenvs.games.assembly import Assembly
from textenvs.games.guess_number import GuessNumber
from textenvs.policies.models import tiny_llama
from textenvs.policies.tokenizer import WordTokenizer


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    torch.set_num_threads(1)


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
    """Fresh weights, made large enough to prefer some words to others."""
    model = tiny_llama(len(tokenizer), seed=1)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.mul_(2)
    return model
