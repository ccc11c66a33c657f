"""What is trained, and how far from perfect it is found to be. Data, and the measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from transformers import LlamaForCausalLM

from agents import self_play
from agents.learner import Clipping
from agents.turn_ppo import Config as TurnPPO
from textenvs.core.game import Game
from textenvs.planning.equilibrium import exploitability, sequence_form
from textenvs.policies.behaviour import language_behaviour, memoryless_strategy
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.registry import make_game

MODEL: dict[str, Any] = {"preset": "0.15M", "head_size": 8, "spread": 0.2}
"""Arguments of `tiny_llama`."""


@dataclass(frozen=True)
class Setting:
    """One way to train in one game.

    Attributes:
        id: short name.
        game: name of the game.
        config: how it is trained.
        budget: environment steps of a run, those of both seats.
        seeds: runs.
    """

    id: str
    game: str
    config: self_play.Config
    budget: int
    seeds: int

    @property
    def rules(self) -> Game[Any, Any]:
        """The game."""
        return make_game(self.game)

    def exploitability(self, tokenizer: WordTokenizer, models: Sequence[LlamaForCausalLM]) -> float:
        """Return what a best response earns against the models, on average over both seats: 0 at an equilibrium."""
        game = self.rules
        if self.config.memoryless:
            return float(exploitability(game, memoryless_strategy(game, models, tokenizer)))
        form = sequence_form(game)
        first, second = (language_behaviour(form, seat, models[seat], tokenizer) for seat in (0, 1))
        return float(exploitability(game, (first, second)))


KUHN = self_play.Config(
    ppo=TurnPPO(episodes=128, rate=1e-3, critic_rate=1e-3, critic_epochs=2, clipping=Clipping(entropy=0.2))
)
TIC_TAC_TOE = self_play.Config(
    memoryless=True,
    ppo=TurnPPO(
        episodes=128,
        rate=1e-3,
        critic_rate=1e-3,
        critic_epochs=3,
        lambda_=0.8,
        clipping=Clipping(entropy=0.3, epochs=3, minibatches=8),
        anneal_entropy=True,
    ),
)


def _both_ways(name: str, game: str, config: self_play.Config, budget: int, seeds: int) -> tuple[Setting, ...]:
    return (
        Setting(f"{name}-shared", game, config, budget, seeds),
        Setting(f"{name}-roles", game, replace(config, shared=False), budget, seeds),
    )


def _settings(kuhn: int, tic_tac_toe: int, seeds: int) -> tuple[Setting, ...]:
    return (
        *_both_ways("kuhn", "KuhnPoker", KUHN, kuhn, seeds),
        *_both_ways("tic-tac-toe", "TicTacToe", TIC_TAC_TOE, tic_tac_toe, seeds),
    )


PRESETS = {
    "smoke": _settings(400, 600, 2),
    "quick": _settings(30_000, 200_000, 3),
    "standard": _settings(100_000, 1_000_000, 10),
}
