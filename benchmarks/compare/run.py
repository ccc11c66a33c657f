"""Doing the jobs of a comparison in several processes, so that a run can be killed and continued at any moment."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks.compare import references, tabular
from benchmarks.compare.folder import Reference, Result, RunFolder, configuration
from benchmarks.compare.jobs import REFERENCE, Job, jobs_of
from benchmarks.compare.sweep import Preset
from textenvs.core.errors import TextenvsError

Advance = Callable[[Job], None]

_NOTICE = 0.05
"""Share of the work between two lines of progress where the output is no terminal."""


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
        FailedJobsError: if a job failed; starting again tries it again.
    """
    folder = RunFolder(path)
    folder.open(configuration(preset))
    jobs = jobs_of(preset)
    for corrupt in folder.set_corrupt_aside(jobs):
        console.print(f"A result could not be read and is made again; it was kept as {corrupt}")
    todo = folder.unfinished(jobs)
    if 0 < len(todo) < len(jobs):
        console.print(f"Continuing: {len(jobs) - len(todo)} of {len(jobs)} jobs are done.")
    if todo:
        with _progress(jobs, todo, console) as advance, _pool(min(workers, len(todo))) as pool:
            _Schedule(preset, path, pool, todo, 2 * workers).run(advance)


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
                advance(job)
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


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Open a pool of fresh processes; leaving it by an exception ends them at once, whatever they do."""
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker)
    try:
        yield pool
    except BaseException:
        children = set(multiprocessing.active_children()) - others
        pool.shutdown(wait=False, cancel_futures=True)
        for child in children:
            child.terminate()
        raise
    pool.shutdown()


def _begin_worker() -> None:
    """Leave interrupts to the parent process, and end with it even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _progress(jobs: Sequence[Job], todo: Sequence[Job], console: Console) -> Iterator[Advance]:
    """Show a bar over all jobs with the time left, or now and then a line where the output is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    times = (TimeElapsedColumn(), TextColumn("left:"), TimeRemainingColumn())
    total, left = sum(job.cost for job in jobs), sum(job.cost for job in todo)
    with Progress(*columns, *times, console=console, speed_estimate_period=120, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"{len(todo)} jobs", total=total)
        bar.advance(task, total - left)
        notice = _Notices(console, len(todo), left)

        def advance(job: Job) -> None:
            bar.advance(task, job.cost)
            if not console.is_terminal:
                notice(job)

        yield advance


class _Notices:
    """Prints a line each time another share of the work is done."""

    def __init__(self, console: Console, jobs: int, cost: float) -> None:
        self.console = console
        self.jobs = jobs
        self.cost = cost
        self.finished = 0
        self.done = 0.0
        self.next = _NOTICE
        self.started = monotonic()

    def __call__(self, job: Job) -> None:
        self.finished += 1
        self.done += job.cost / self.cost
        if self.done >= self.next:
            self.next = self.done + _NOTICE
            left = (monotonic() - self.started) * (1 / self.done - 1)
            self.console.print(f"{self.finished} of {self.jobs} jobs done, about {left / 60:.1f} minutes left")
