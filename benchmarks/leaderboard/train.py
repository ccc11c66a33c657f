"""Training of the tiny models on the leaderboard: one for each game and form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from agents import cloning, plan_rl, turn_ppo
from agents.training import Cell, Form, Run
from textenvs.core.game import Game
from textenvs.evaluation.seeds import held_out_split
from textenvs.policies.language_model import LanguageModelPolicy
from textenvs.policies.models import tiny_llama
from textenvs.policies.tokenizer import WordTokenizer

TRAINERS: Mapping[Form, ModuleType] = {"turns": turn_ppo, "plan": plan_rl}
"""The learner of each form: turn-level PPO, and reinforcement learning on one-shot plans."""


@dataclass(frozen=True)
class Training:
    """How a model comes about; equal for all games, forms and seeds.

    Attributes:
        behaviour: whose episodes are cloned first.
        preset: size of the model.
        cloning_steps: environment steps of the behaviour that are cloned.
        steps: environment steps of reinforcement learning.
        seed: names everything random.
    """

    behaviour: str = "mixed:0.5"
    preset: str = "0.15M"
    cloning_steps: int = 1_000
    steps: int = 5_000
    seed: int = 0


@dataclass(frozen=True)
class Trained:
    """A trained policy and what it took.

    Attributes:
        policy: ready to be evaluated or saved.
        start: the cloning.
        run: the reinforcement learning after it.
    """

    policy: LanguageModelPolicy
    start: Run = field(repr=False)
    run: Run = field(repr=False)


def train_model(game: Game[Any, Any], form: Form, training: Training) -> Trained:
    """Clone the behaviour and improve the clone by the learner of `form`."""
    torch.set_num_threads(1)
    tokenizer = WordTokenizer.from_games([game])
    cell = Cell(game, training.behaviour, split="train" if held_out_split(game) == "test" else "all")
    blank = tiny_llama(len(tokenizer), training.preset, seed=training.seed)
    start = cloning.train(cell, blank, tokenizer, seed=training.seed, budget=training.cloning_steps)
    learner = TRAINERS[form]
    run: Run = learner.train(cell, start.model, tokenizer, seed=training.seed, budget=training.steps)
    name = f"tiny {learner.__name__.rpartition('.')[2]}"
    return Trained(LanguageModelPolicy(run.model, tokenizer, name=name), start, run)


def model_folder(models: Path, game: Game[Any, Any], form: Form) -> Path:
    """Return where the model of a game and form is kept: what `saved:FOLDER` looks for."""
    return models / f"{game.name}.{form}"
