"""What is trained, and how far from perfect it is found to be. Data, and the measures by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import LlamaForCausalLM

from textenvs.core.game import Game
from textenvs.envs.policy import Policy
from textenvs.evaluation.rollout import rollout
from textenvs.planning.equilibrium import exploitability, sequence_form
from textenvs.policies.behaviour import language_behaviour
from textenvs.policies.language_model import LanguageModelPolicy
from textenvs.policies.scripted import StrategyPolicy
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.registry import make_game

Measure = Callable[[Game[Any, Any], WordTokenizer, Sequence[LlamaForCausalLM]], float]

EPISODES = 200
"""Of each seat against the perfect player; the same seeds at every point."""


def exact_exploitability(game: Game[Any, Any], tokenizer: WordTokenizer, models: Sequence[LlamaForCausalLM]) -> float:
    """Return what a best response earns against the models, on average over both seats: 0 at an equilibrium."""
    form = sequence_form(game)
    profile = tuple(language_behaviour(form, seat, models[seat], tokenizer) for seat in (0, 1))
    return float(exploitability(game, (profile[0], profile[1])))


def loss_to_perfect(game: Game[Any, Any], tokenizer: WordTokenizer, models: Sequence[LlamaForCausalLM]) -> float:
    """Return what the models lose to a perfect player on average over both seats, a lower bound of exploitability.

    The value of the game must be 0; a best response that knows the models may earn more than perfect play.
    """
    perfect = StrategyPolicy("perfect")
    lost = []
    for seat, model in enumerate(models):
        seats: dict[int, Policy] = {1 - seat: perfect, seat: LanguageModelPolicy(model, tokenizer)}
        lost += [-played.episode.scores[seat] for played in rollout(game, seats, range(EPISODES))]
    return sum(lost) / len(lost)


MEASURES: dict[str, Measure] = {"exploitability": exact_exploitability, "loss to perfect play": loss_to_perfect}


@dataclass(frozen=True)
class Setting:
    """One way to train in one game.

    Attributes:
        id: short name.
        game: name of the game.
        shared: whether one model plays both seats, told its role by its instructions, or each seat has its own.
        measure: one of `MEASURES`.
        budget: environment steps of a run, those of both seats.
        seeds: runs.
    """

    id: str
    game: str
    shared: bool
    measure: str
    budget: int
    seeds: int

    @property
    def rules(self) -> Game[Any, Any]:
        """The game."""
        return make_game(self.game)


def _settings(kuhn: int, tic_tac_toe: int, seeds: int) -> tuple[Setting, ...]:
    return (
        Setting("kuhn-shared", "KuhnPoker", True, "exploitability", kuhn, seeds),
        Setting("kuhn-roles", "KuhnPoker", False, "exploitability", kuhn, seeds),
        Setting("tic-tac-toe-shared", "TicTacToe", True, "loss to perfect play", tic_tac_toe, seeds),
        Setting("tic-tac-toe-roles", "TicTacToe", False, "loss to perfect play", tic_tac_toe, seeds),
    )


PRESETS = {
    "smoke": _settings(400, 600, 2),
    "quick": _settings(30_000, 20_000, 3),
    "standard": _settings(100_000, 200_000, 10),
}
