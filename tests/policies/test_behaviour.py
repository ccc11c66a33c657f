from __future__ import annotations

import math

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.envs.episode import Episode
from textenvs.evaluation.rollout import play
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.nim import Nim
from textenvs.policies.behaviour import memoryless_strategy
from textenvs.policies.language_model import LanguageModelPolicy
from textenvs.policies.models import tiny_llama
from textenvs.policies.tokenizer import WordTokenizer

GAME = Nim(heaps=3, most=3)


def test_a_memoryless_strategy_is_what_the_models_sample_with() -> None:
    tokenizer = WordTokenizer.from_games([GAME])
    models = [tiny_llama(len(tokenizer), seed=seed) for seed in (1, 2)]
    known = memoryless_strategy(GAME, models, tokenizer)
    seats = {seat: LanguageModelPolicy(model, tokenizer, memoryless=True) for seat, model in enumerate(models)}
    episodes = [Episode(GAME, seed=seed) for seed in range(12)]
    openings = [episode.state for episode in episodes]
    checked = 0
    for state, played in zip(openings, play(episodes, seats), strict=True):
        for turn in played.turns:
            moves = dict(known(GAME, state, turn.player))
            assert sum(moves.values()) == pytest.approx(1, abs=1e-12)
            move = GAME.read(state, turn.player, turn.reply.text)
            assert sum(turn.reply.trace.log_probs) == pytest.approx(math.log(moves[move]), abs=1e-4)
            state = GAME.apply(state, move)
            checked += 1
    assert checked > 24


def test_without_perfect_information_there_is_no_strategy_of_states() -> None:
    tokenizer = WordTokenizer.from_games([KuhnPoker()])
    with pytest.raises(ArgumentError, match="no game of perfect information"):
        memoryless_strategy(KuhnPoker(), [tiny_llama(len(tokenizer))] * 2, tokenizer)
