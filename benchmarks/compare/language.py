"""One training run of an arm on a language model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import torch
from transformers import LlamaForCausalLM
from transformers.utils.logging import disable_progress_bar

from agents.training import Cell as Task
from agents.training import Run
from benchmarks.compare.folder import Point, Result, RunFolder
from benchmarks.compare.jobs import Job
from benchmarks.compare.sweep import ARM, START, Arm, Cell, Preset
from textenvs.core.game import Game
from textenvs.envs.settings import Settings
from textenvs.evaluation.records import episode_row
from textenvs.evaluation.rollout import Played, rollout
from textenvs.evaluation.store import write_episodes
from textenvs.policies.language_model import LanguageModelPolicy
from textenvs.policies.models import tiny_llama
from textenvs.policies.tokenizer import WordTokenizer

EVALUATION_SEEDS = range(2**20)
"""Episode seeds of final evaluations, from the first on: the same for all arms, and none of training."""

CURVE_SEEDS = range(2**20, 2**21)
"""Episode seeds of evaluations during training, likewise."""

FIRST_SEED = 1_000
"""Seed of the first run. Smaller ones were used up by trials in which cells and settings were chosen."""

_BATCH = 256
_KEPT_REPLIES = 1_000


def train(preset: Preset, job: Job, folder: RunFolder) -> Result:
    """Train the arm of a job from the start that all arms of its cell and seed share, and evaluate it.

    The start's model goes to the run folder, and so do the episodes of the final evaluation.
    """
    torch.set_num_threads(1)
    disable_progress_bar()  # type: ignore[no-untyped-call]
    part, evaluation = preset.language, _Evaluation(preset.cells[job.cell], ARM[job.arm])
    run = _run(preset, job, folder, evaluation)
    policy = evaluation.policy(run.model)
    if job.arm == START.id:
        policy.save(folder.model_path(job.id))
    played = evaluation.play(policy, EVALUATION_SEEDS[: part.evaluation_episodes])
    write_episodes(folder.path, job.id, [episode_row(each, policy.name) for each in played])
    return Result(
        part=job.part,
        cell=job.cell,
        arm=job.arm,
        seed=job.seed,
        value=_mean(played),
        episodes=part.evaluation_episodes,
        curve=_curve(run),
        ledger=run.ledger.as_dict(),
        diagnostics=_diagnostics(run),
    )


def _run(preset: Preset, job: Job, folder: RunFolder, evaluation: _Evaluation) -> Run:
    arm, cell, part = ARM[job.arm], preset.cells[job.cell], preset.language
    module = import_module(f"agents.{arm.module}")
    tokenizer = _tokenizer(cell.rules)
    if arm == START:
        begin = tiny_llama(len(tokenizer), part.model, seed=FIRST_SEED + job.seed)
    else:
        begin = LanguageModelPolicy.load(folder.model_path(job.needs)).model
    run: Run = module.train(
        evaluation.task,
        begin,
        tokenizer,
        seed=FIRST_SEED + job.seed,
        budget=part.steps(cell, arm.id),
        config=module.Config(**{**arm.settings, **part.settings.get(arm.id, {})}),
        evaluate=lambda model: _mean(evaluation.play(evaluation.policy(model), CURVE_SEEDS[: part.curve_episodes])),
    )
    return run


class _Evaluation:
    """Episodes that are played to measure a model and are booked on nobody's ledger."""

    def __init__(self, cell: Cell, arm: Arm) -> None:
        self.task = Task(cell.rules, cell.behaviour)
        self.settings = Settings(form="plan" if arm.module == "plan_rl" else "turns")
        self.name = f"{arm.id} {arm.label}"
        self.tokenizer = _tokenizer(cell.rules)

    def policy(self, model: LlamaForCausalLM) -> LanguageModelPolicy:
        """Return the policy that is measured: the model sampled from as in training."""
        return LanguageModelPolicy(model, self.tokenizer, mode=self.task.mode, name=self.name)

    def play(self, policy: LanguageModelPolicy, seeds: range) -> list[Played]:
        """Play an episode for each seed."""
        return list(rollout(self.task.game, policy, seeds, settings=self.settings, batch=_BATCH))


@cache
def _tokenizer(rules: Game[Any, Any]) -> WordTokenizer:
    return WordTokenizer.from_games([rules])


def _mean(played: Sequence[Played]) -> float:
    return float(np.mean([each.score for each in played]))


def _diagnostics(run: Run) -> dict[str, Any]:
    """Return what the arm logged, with what it says of each reply cut to the first thousand."""
    logged = [row for row in run.curve if "evaluation" not in row]
    return {"batches": logged, **{name: rows[:_KEPT_REPLIES] for name, rows in run.diagnostics.items()}}


def _curve(run: Run) -> list[Point]:
    return [
        Point(environment_steps=int(row["environment_steps"]), flops=row["flops"], value=row["evaluation"])
        for row in run.curve
        if "evaluation" in row
    ]
