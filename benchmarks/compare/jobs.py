"""Jobs: the independent pieces of a comparison, their names and their seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import numpy as np

from benchmarks.compare.sweep import START, LanguagePart, PartName, Preset, TabularPart

REFERENCE: Literal["reference"] = "reference"

STEPS_PER_SECOND = {"tabular": 40_000, "language": 250}
"""Environment steps that an arm roughly uses in a second of one core, to order jobs and to estimate the time left."""


@dataclass(frozen=True)
class Job:
    """One piece of work that writes one result.

    Attributes:
        part: `reference` for the exact values of a cell, else the part of the comparison.
        cell: id of the cell.
        arm: id of the arm; empty for references.
        seed: number of the run, from 0.
        cost: roughly how many seconds it takes; it orders jobs and scales the progress bar.
        needs: id of the job whose result this one reads; empty if none.
    """

    part: PartName | Literal["reference"]
    cell: str
    arm: str = ""
    seed: int = 0
    cost: float = 1.0
    needs: str = ""

    @property
    def id(self) -> str:
        """Name of the job and of its result file."""
        return f"{self.part}.{self.cell}" + (f".{self.arm}.{self.seed}" if self.arm else "")

    def generator(self) -> np.random.Generator:
        """Return the source of the job's randomness, which depends on its id alone."""
        return np.random.default_rng(int.from_bytes(sha256(self.id.encode()).digest()[:16]))


def jobs_of(preset: Preset) -> tuple[Job, ...]:
    """Return all jobs of a preset, the expected longest first."""
    jobs = [Job(REFERENCE, cell) for cell in preset.cells]
    for name, part in preset.parts.items():
        jobs += _training_jobs(name, part)
    return tuple(sorted(jobs, key=lambda job: (-job.cost, job.id)))


def _training_jobs(name: PartName, part: TabularPart | LanguagePart) -> Iterator[Job]:
    for cell in part.cells:
        for seed in range(part.seeds):
            start = Job(name, cell.id, START.id, seed).id
            for arm in part.arms:
                needs = start if name == "language" and arm != START.id else ""
                yield Job(name, cell.id, arm, seed, part.steps(cell, arm) / STEPS_PER_SECOND[name], needs)
