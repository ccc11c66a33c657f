"""What all arms share: the task, the budget, the seeds, and the record of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from transformers import LlamaForCausalLM

from textenvs.core.errors import ArgumentError
from textenvs.core.game import Game
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.settings import Settings
from textenvs.evaluation.rollout import Played
from textenvs.policies.language_model import LanguageModelPolicy
from textenvs.policies.ledger import Ledger
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.policies.traces import Mode

Form = Literal["turns", "plan"]
Row = dict[str, float]
Evaluate = Callable[[LlamaForCausalLM], float]
OnProgress = Callable[[Row], None]

TRAINING_SEEDS = range(2**62, 2**63)
"""Where the episode seeds of training come from. Evaluation uses seeds below, so it shares none with training."""

EVALUATIONS = 10
"""Points at which a run is evaluated on its way, besides the start and the end."""


# The task ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """A task and how a language model meets it.

    Attributes:
        game: the rules, for one player.
        behaviour: the scripted player whose episodes are cloned and labelled (`textenvs.core.strategies`).
        settings: the dials; their `form` and `behaviour` are set as an arm needs them.
        split: where instances come from.
        mode: how replies are made, `choose` or `free` (`textenvs.policies.language_model`).
        max_new_tokens: the most ids of a reply in mode `free`.
    """

    game: Game[Any, Any]
    behaviour: str
    settings: Settings = field(default_factory=Settings)
    split: str = "all"
    mode: Mode = "choose"
    max_new_tokens: int = 32

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        if self.game.players > 1:
            raise ArgumentError(f"{self.game.name} has {self.game.players} players; give one seat of it")

    def episode(self, seed: int, form: Form = "turns") -> Episode:
        """Return a new episode in one of the forms `turns` and `plan`."""
        settings = replace(self.settings, form=form, behaviour=self.behaviour)
        return new_episode(self.game, settings, seed=seed, split=self.split)

    def group(self, seeds: Iterator[int], size: int, form: Form = "turns") -> list[Episode]:
        """Return `size` episodes that share their opening and nothing else."""
        opening = self.episode(next(seeds), form)
        return [opening.branch(next(seeds)) for _ in range(size)]

    def policy(self, model: LlamaForCausalLM, tokenizer: WordTokenizer, ledger: Ledger) -> LanguageModelPolicy:
        """Return `model` as a policy that samples at temperature 1."""
        return LanguageModelPolicy(model, tokenizer, mode=self.mode, max_new_tokens=self.max_new_tokens, ledger=ledger)

    def longest(self, form: Form = "turns") -> int:
        """Return the most environment steps that an episode can take.

        Chosen replies are legal. A chosen plan has a line for each turn and then goes on with empty lines until it is
        refused. Free replies may be refused all but once too often before each one that is accepted.
        """
        turns, refusals = self.game.max_turns, self.settings.max_refusals
        if self.mode == "free":
            return turns * refusals
        return turns if form == "turns" else turns + refusals


def environment_steps(played: Sequence[Played]) -> int:
    """Return the replies given to environments; a plan counts as many as moves were played of it."""
    return sum(each.episode.steps for each in played)


def invalid_rate(played: Sequence[Played]) -> float:
    """Return the share of replies that were refused (of plans: those in which a move was)."""
    refused = [turn.refusal is not None for each in played for turn in each.turns]
    return sum(refused) / max(len(refused), 1)


# Randomness --------------------------------------------------------------------------------------


def training_seeds(seed: int, purpose: int = 0) -> Iterator[int]:
    """Yield episode seeds from `TRAINING_SEEDS`, other ones for each run `seed` and each `purpose`."""
    bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(purpose,)))
    while True:
        yield TRAINING_SEEDS.start + (int(bits.random_raw()) >> 2)


def shuffler(seed: int) -> np.random.Generator:
    """Return the generator of everything that a run draws outside of episodes."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1_000,)))


def paid(played: Sequence[Played]) -> list[list[float]]:
    """Return the rewards of each episode, turn by turn."""
    return [[turn.rewards[0] for turn in each.turns] for each in played]


def permuted(rewards: Sequence[Sequence[float]], generator: np.random.Generator) -> list[list[float]]:
    """Return the rewards of each episode if each were paid, at its end, the return of another one: a null control."""
    returns = generator.permutation([sum(of_turns) for of_turns in rewards]).tolist()
    return [[0.0] * (len(of_turns) - 1) + [last] for of_turns, last in zip(rewards, returns, strict=True)]


# The record --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """What training gave.

    Attributes:
        model: the final policy.
        curve: a row for each batch and each evaluation, in order. All rows have `environment_steps` and `flops` spent
            so far; those of batches have what the arm logs; those of evaluations have `evaluation`.
        ledger: what it took; evaluation is not booked.
        diagnostics: what else the arm has to show; see its `train`.
    """

    model: LlamaForCausalLM
    curve: list[Row]
    ledger: Ledger
    diagnostics: dict[str, Any]


class Meter:
    """Keeps a run within its budget of environment steps and writes its curve.

    Attributes:
        budget: the most environment steps.
        ledger: what was spent.
        curve: the rows so far.
        diagnostics: becomes that of the run.
    """

    def __init__(self, budget: int, evaluate: Evaluate | None = None, on_progress: OnProgress | None = None) -> None:
        """Begin with nothing spent.

        Args:
            budget: the most environment steps.
            evaluate: gives the value of a policy; whatever it plays is not booked.
            on_progress: called with each row.
        """
        self.budget = budget
        self.ledger = Ledger()
        self.curve: list[Row] = []
        self.diagnostics: dict[str, Any] = {}
        self._evaluate = evaluate
        self._on_progress = on_progress
        self._evaluated_at: int | None = None

    def affords(self, steps: int) -> bool:
        """Return whether `steps` more are within the budget."""
        return self.ledger.environment_steps + steps <= self.budget

    @property
    def left(self) -> float:
        """Share of the budget that is not spent."""
        return 1 - self.ledger.environment_steps / self.budget

    def spend(self, steps: int, labels: int = 0) -> None:
        """Book environment steps and labels."""
        self.ledger.environment_steps += steps
        self.ledger.labels += labels

    def note(self, **numbers: float) -> None:
        """Add a row with these numbers."""
        spent = {"environment_steps": self.ledger.environment_steps, "flops": sum(self.ledger.flops.values())}
        self.curve.append({**spent, **numbers})
        if self._on_progress:
            self._on_progress(self.curve[-1])

    def evaluate(self, model: LlamaForCausalLM) -> None:
        """Add a row with the value of `model`, if this can be told."""
        if self._evaluate:
            self.note(evaluation=self._evaluate(model))
            self._evaluated_at = self.ledger.environment_steps

    def evaluate_if_due(self, model: LlamaForCausalLM) -> None:
        """Evaluate at the start, and whenever a tenth of the budget was spent since the last time."""
        last, spent = self._evaluated_at, self.ledger.environment_steps
        if last is None or spent >= last + self.budget / EVALUATIONS:
            self.evaluate(model)

    def run(self, model: LlamaForCausalLM) -> Run:
        """Evaluate the final `model` and return the finished run."""
        model.train(False)
        self.evaluate(model)
        return Run(model, self.curve, self.ledger, self.diagnostics)
