"""Doing the jobs of a comparison in several processes, so that a run can be killed and continued at any moment."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from rich.console import Console

from benchmarks.compare import references, tabular
from benchmarks.compare.folder import Reference, Result, RunFolder, configuration
from benchmarks.compare.jobs import REFERENCE, Job, jobs_of
from benchmarks.compare.sweep import Preset
from textenvs.core.errors import TextenvsError
from textenvs.evaluation.lock import only_writer
from textenvs.evaluation.progress import Advance, progress
from textenvs.evaluation.workers import pool


class FailedJobsError(TextenvsError, RuntimeError):
    """Some jobs raised an error, or their process died; the results of all others are kept."""


def run(preset: Preset, path: Path, workers: int, console: Console) -> None:
    """Do all jobs of a preset that the run folder has no result of.

    Args:
        preset: what to do.
        path: the run folder; made if it does not exist.
        workers: how many processes work side by side. No result depends on it.
        console: where progress is shown.

    Raises:
        DifferentRunError: if the folder holds a run of another configuration.
        BusyRunError: if another process is writing into the folder.
        FailedJobsError: if a job failed; starting again tries it again.
    """
    with only_writer(path):
        folder = RunFolder(path)
        folder.open(configuration(preset))
        jobs = jobs_of(preset)
        for corrupt in folder.set_corrupt_aside(jobs):
            console.print(f"A result could not be read and is made again; it was kept as {corrupt}")
        todo = folder.unfinished(jobs)
        if 0 < len(todo) < len(jobs):
            console.print(f"Continuing: {len(jobs) - len(todo)} of {len(jobs)} jobs are done.")
        if todo:
            total, left = sum(job.cost for job in jobs), sum(job.cost for job in todo)
            showing = progress(console, "jobs", len(todo), total=total, left=left)
            with showing as advance, pool(min(workers, len(todo))) as processes:
                _Schedule(preset, path, processes, todo, 2 * workers).run(advance)


def perform(preset: Preset, job: Job, path: Path) -> None:
    """Do one job and store its result."""
    folder = RunFolder(path)
    folder.write(job, _result(preset, job, folder))


def _result(preset: Preset, job: Job, folder: RunFolder) -> Reference | Result:
    if job.part == REFERENCE:
        return references.reference(preset.cells[job.cell])
    if job.part == "tabular":
        return tabular.train(preset, job)
    from benchmarks.compare import language  # imports torch, which takes seconds

    return language.train(preset, job, folder)


class _Schedule:
    """Hands jobs to a pool, a few ahead of what it can do at once, so that the order stays ours."""

    def __init__(self, preset: Preset, path: Path, pool: ProcessPoolExecutor, todo: Sequence[Job], ahead: int) -> None:
        self.preset = preset
        self.path = path
        self.pool = pool
        self.ahead = ahead
        self.waiting = list(todo)
        self.unfinished = {job.id for job in todo}
        self.running: dict[Future[None], Job] = {}
        self.failures: dict[str, BaseException] = {}

    def run(self, advance: Advance) -> None:
        """Do everything; raises `FailedJobsError` at the end if a job failed."""
        self._submit()
        while self.running:
            finished, _ = wait(self.running, return_when=FIRST_COMPLETED)
            for future in finished:
                job = self.running.pop(future)
                error = future.exception()
                if error is None:
                    self.unfinished.remove(job.id)
                else:
                    self.failures[job.id] = error
                advance(job.cost, "")
            self._submit()
        if self.failures:
            raise FailedJobsError(_report(self.failures))

    def _submit(self) -> None:
        """Start the first jobs whose needs are met, unless the pool is broken."""
        if any(isinstance(error, BrokenProcessPool) for error in self.failures.values()):
            return
        ready = [job for job in self.waiting if job.needs not in self.unfinished]
        for job in ready[: max(0, self.ahead - len(self.running))]:
            self.waiting.remove(job)
            self.running[self.pool.submit(perform, self.preset, job, self.path)] = job


def _report(failures: dict[str, BaseException]) -> str:
    if any(isinstance(error, BrokenProcessPool) for error in failures.values()):
        return "a worker process died (out of memory?); all finished jobs are kept, so start again to continue"
    (job, error), *others = failures.items()
    more = f" (and {len(others)} more)" if others else ""
    return f"job {job} failed{more}: {type(error).__name__}: {error}"
