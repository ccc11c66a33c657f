"""The run folder: what was asked for, one result file for each job, and what to do with damaged ones."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from itertools import chain, count
from pathlib import Path
from typing import Any, TypedDict, cast

from benchmarks.compare.jobs import REFERENCE, Job
from benchmarks.compare.sweep import Preset
from textenvs import __version__
from textenvs.core.errors import CorruptRunError, TextenvsError
from textenvs.evaluation.store import plain, read_json, refuse_another_run, write_json

ROOT = Path(__file__).parents[2]
LEARNING_CODE = ("textenvs", "agents", "benchmarks/compare/tabular.py", "benchmarks/compare/language.py")
LIBRARIES = ("numpy", "torch", "transformers")


class UnfinishedRunError(TextenvsError, RuntimeError):
    """A run folder does not hold every result yet."""


class Reference(TypedDict):
    """What is known of a cell before any training.

    Attributes:
        cell: id of the cell.
        values: `low`, `high`, `kind` and `n` of optimal, plan, myopic, random, behaviour and one_step.
        limits: what the rulers leave to arms that start from the behaviour; see `references.limits`.
        corner: what the task takes beyond a greedy plan.
        horizon: the most turns of an episode.
        nodes: information states.
    """

    cell: str
    values: dict[str, dict[str, Any]]
    limits: dict[str, float]
    corner: str
    horizon: int
    nodes: int


class Point(TypedDict):
    """A point of a learning curve: what was spent so far and the value reached; FLOPs are None for tables."""

    environment_steps: int
    flops: float | None
    value: float


class Result(TypedDict):
    """What training one arm once gave.

    Attributes:
        part: `tabular` or `language`.
        cell: id of the cell.
        arm: id of the arm.
        seed: number of the run.
        value: expected return of the final policy.
        episodes: evaluation episodes behind `value`; None if it is exact.
        curve: values on the way, in order.
        ledger: what was spent.
        diagnostics: what the arm reports of its own learning.
    """

    part: str
    cell: str
    arm: str
    seed: int
    value: float
    episodes: int | None
    curve: list[Point]
    ledger: dict[str, float]
    diagnostics: dict[str, Any]


def configuration(preset: Preset) -> dict[str, Any]:
    """Return everything that results depend on, as JSON."""
    libraries = {name: version(name) for name in LIBRARIES}
    return {
        "preset": plain(asdict(preset)),
        "code": _code(),
        "versions": {"textenvs": __version__, "python": sys.version.split()[0], **libraries},
    }


class RunFolder:
    """A run folder on disk; every file in it is written in one piece or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def configuration_path(self) -> Path:
        return self.path / "configuration.json"

    def open(self, wanted: Mapping[str, Any]) -> None:
        """Begin a run, or make sure that the folder holds a run of the same configuration.

        Raises:
            DifferentRunError: if it holds another one; the message names what differs.
            CorruptRunError: if its configuration cannot be read.
        """
        if not self.configuration_path.exists():
            write_json(self.configuration_path, wanted)
            return
        refuse_another_run(self.path, read_json(self.configuration_path), wanted)

    def result_path(self, job: Job) -> Path:
        """Return where the result of a job is stored."""
        return self.path / "jobs" / f"{job.id}.json"

    def model_path(self, job_id: str) -> Path:
        """Return where the model trained by a job is stored."""
        return self.path / "models" / job_id

    def write(self, job: Job, result: Reference | Result) -> None:
        """Store the result of a job; with this the job is done."""
        write_json(self.result_path(job), result)

    def read(self, job: Job) -> Reference | Result:
        """Return the result of a job.

        Raises:
            CorruptRunError: if it is missing or is not such a result.
        """
        path = self.result_path(job)
        result = read_json(path)
        wanted = (Reference if job.part == REFERENCE else Result).__annotations__.keys()
        if not isinstance(result, dict) or result.keys() != wanted:
            raise CorruptRunError(f"{path}: not a result with {', '.join(sorted(wanted))}")
        if any(result[name] != getattr(job, name) for name in ("part", "cell", "arm", "seed") if name in wanted):
            raise CorruptRunError(f"{path}: the result of another job")
        return cast("Reference | Result", result)

    def set_corrupt_aside(self, jobs: Iterable[Job]) -> list[Path]:
        """Rename result files that cannot be read to `….corrupt` and return their new paths."""
        renamed = []
        for job in jobs:
            path = self.result_path(job)
            if path.exists() and not self._readable(job):
                renamed.append(path.rename(_free_name(path)))
        return renamed

    def unfinished(self, jobs: Iterable[Job]) -> list[Job]:
        """Return the jobs without a result, in order."""
        return [job for job in jobs if not self.result_path(job).exists()]

    def results(self, jobs: Sequence[Job]) -> tuple[list[Reference], list[Result]]:
        """Return all references and all results.

        Raises:
            UnfinishedRunError: if some are missing.
            CorruptRunError: if one cannot be read.
        """
        missing = self.unfinished(jobs)
        if missing:
            raise UnfinishedRunError(
                f"{self.path}: {len(missing)} of {len(jobs)} results are missing, the first is {missing[0].id}; "
                "run the comparison again to continue it"
            )
        references = [cast("Reference", self.read(job)) for job in jobs if job.part == REFERENCE]
        return references, [cast("Result", self.read(job)) for job in jobs if job.part != REFERENCE]

    def _readable(self, job: Job) -> bool:
        try:
            self.read(job)
        except CorruptRunError:
            return False
        return True


def _free_name(path: Path) -> Path:
    """Return where a corrupt file can be kept without overwriting another one."""
    names = (f"{path.name}.corrupt{suffix}" for suffix in chain([""], (f".{number}" for number in count(2))))
    return next(aside for name in names if not (aside := path.with_name(name)).exists())


def _code() -> str:
    """Return a digest of the code that results depend on: 16 hexadecimal digits."""
    digest = sha256()
    for place in LEARNING_CODE:
        path = ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
