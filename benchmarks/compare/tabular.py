"""One training run of an arm on a softmax table."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from agents.tabular import cloning
from agents.tabular.runs import TabularRun
from benchmarks.compare.folder import Point, Result
from benchmarks.compare.jobs import Job
from benchmarks.compare.references import behaviour_policy, cell_graph
from benchmarks.compare.sweep import ARM, START, Preset


def train(preset: Preset, job: Job) -> Result:
    """Train the arm of a job from the start that all arms of its cell and seed share."""
    run = _start(preset, job.cell, job.seed) if job.arm == START.id else _arm(preset, job)
    curve = [Point(environment_steps=steps, flops=None, value=value) for steps, value in run.curve]
    return Result(
        part=job.part,
        cell=job.cell,
        arm=job.arm,
        seed=job.seed,
        value=curve[-1]["value"],
        episodes=None,
        curve=curve,
        ledger=run.ledger.as_dict(),
        diagnostics={},
    )


def _start(preset: Preset, cell_id: str, seed: int) -> TabularRun[Any]:
    """Clone the behaviour of a cell. Every arm does so again: it takes milliseconds and gives the same policy."""
    cell, part = preset.cells[cell_id], preset.tabular
    config = cloning.Config(**part.settings.get(START.id, {}))
    generator = Job("tabular", cell_id, START.id, seed).generator()
    return cloning.train(cell_graph(cell), behaviour_policy(cell), part.steps(cell, START.id), generator, config)


def _arm(preset: Preset, job: Job) -> TabularRun[Any]:
    arm, cell, part = ARM[job.arm], preset.cells[job.cell], preset.tabular
    module = import_module(f"agents.tabular.{arm.module}")
    config = module.Config(**{**arm.settings, **part.settings.get(arm.id, {})})
    start = _start(preset, job.cell, job.seed).policy
    run: TabularRun[Any] = module.train(cell_graph(cell), start, part.steps(cell, job.arm), job.generator(), config)
    return run
