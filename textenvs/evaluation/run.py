"""Evaluate a policy on many tasks in several forms, so that a run can be killed at any moment and continued."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from time import perf_counter
from typing import Any

from textenvs.core.errors import ArgumentError, TextenvsError, check_choice, check_range
from textenvs.core.instances import SPLITS
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.policy import NO_USAGE, ContinuousPolicy, Policy
from textenvs.envs.settings import Settings
from textenvs.evaluation.lock import only_writer
from textenvs.evaluation.progress import Advance, Console, progress
from textenvs.evaluation.records import EvaluationRow, evaluation_row, usage_of
from textenvs.evaluation.rollout import flow
from textenvs.evaluation.run_folder import (
    HELD_OUT,
    RUN,
    SUMMARY,
    Cell,
    Player,
    Run,
    RunFolder,
    Skipped,
    TaskRecord,
    missing,
    task_key,
    task_record,
)
from textenvs.evaluation.seeds import checked_salt, commitment, episode_seed, new_salt
from textenvs.evaluation.sources import Given, Source
from textenvs.evaluation.store import write_json
from textenvs.evaluation.summary import Summary, summary_of
from textenvs.evaluation.workers import pool
from textenvs.policies.errors import UnplayableError
from textenvs.policies.named import named_policy
from textenvs.registry import entry
from textenvs.suites import Suite, Task

EVALUATED_FORMS = ("turns", "plan", "strategy")

_DEAD_WORKER = "a worker process died (out of memory?); all stored episodes are kept, so start again to continue"


class FailedRunError(TextenvsError, RuntimeError):
    """Not all episodes could be played; those that were are kept."""


def run_evaluation(
    policy: str | Policy | Source,
    tasks: Suite | Sequence[Task],
    out: Path | str,
    *,
    forms: Sequence[str] = ("turns", "plan"),
    episodes: int = 100,
    split: str = HELD_OUT,
    salt: str | None = None,
    workers: int = 1,
    in_flight: int = 64,
    console: Console | None = None,
) -> Summary:
    """Play every task in every form and return what was found; a folder that holds part of it is continued.

    Args:
        policy: who is evaluated: a spec, as on the command line, a policy, or what makes one for each cell.
        tasks: a suite, or tasks one by one.
        out: the run folder; made if it does not exist.
        forms: of `EVALUATED_FORMS`.
        episodes: of each task in each form.
        split: one of `textenvs.core.instances.SPLITS`, or `held-out`: `test` for each game that has enough instances
            there, else `all`.
        salt: what all seeds come from, any text; a secret one is drawn if None.
        workers: how many processes play side by side; only for a source that can be pickled. No result depends on it.
        in_flight: the most episodes that a process plays at a time. No result depends on it, except as a policy's does.
        console: where progress is shown; the standard error if None.

    Raises:
        DifferentRunError: if the folder holds a run of something else; the message names what differs.
        UnplayableError: if the policy can play none of the tasks in none of the forms.
        BusyRunError: if another process is writing into the folder.
        FailedRunError: if a worker process died; starting again continues.
        CorruptRunError: if the folder cannot be read.
        ArgumentError: for a number out of range, or tasks or forms that are missing or named twice.
        UnknownNameError: for an unknown form or split.
        EmptySplitError: for a split in which a game has no instances.
    """
    _check(tasks, forms, episodes, split, workers, in_flight)
    source = _source(policy)
    if workers > 1 and isinstance(source, Given):
        raise ArgumentError(
            "a policy object plays in this process alone: leave workers=1, or name the policy by a spec"
        )
    console = console or Console(stderr=True)
    folder = RunFolder(Path(out))
    chosen = new_salt() if salt is None else checked_salt(salt)
    wanted = Run(
        policy=Player(source.name, source.spec, source.settings),
        suite=tasks.name if isinstance(tasks, Suite) else None,
        forms=tuple(forms),
        episodes=episodes,
        split=split,
        tasks=_records(tasks, split, folder, console),
        commitment=commitment(chosen),
        started=_now(),
        machine=_machine(),
    )
    with only_writer(folder.path):
        run, chosen = folder.open(wanted, chosen, given=salt is not None)
        if run.finished is None:
            run = _Playing(folder, run, chosen, source, in_flight).play(workers, console)
            run = replace(run, salt=chosen, finished=_now())
            write_json(folder.path / SUMMARY, summary_of(run, folder.rows()).to_json())
            folder.complete(run)
    return summary_of(run, folder.rows())


@dataclass(frozen=True)
class Place:
    """Where an episode belongs: a task, a form and its index there."""

    task: TaskRecord
    form: str
    index: int

    @property
    def cell(self) -> Cell:
        """Task and form."""
        return Cell(self.task.key, self.form)

    @property
    def settings(self) -> Settings:
        """The dials: all but the form as they are by default."""
        return Settings(form=self.form)  # type: ignore[arg-type]

    def policy(self, source: Source) -> Policy:
        """Return who plays here; raises `UnplayableError`."""
        return source.policy_for(self.task.rules, self.settings, self.task.split)


def play_places(
    policy: Policy, name: str, places: Iterable[Place], salt: str, in_flight: int
) -> Iterator[EvaluationRow]:
    """Play the episode of each place and yield its row as soon as it is over, in any order.

    Args:
        policy: who plays.
        name: what rows call it.
        places: of any tasks and forms for a `ContinuousPolicy`, else all of one cell.
        salt: what the seeds come from.
        in_flight: the most episodes at a time.
    """
    clock = _Clock()
    under_way: dict[int, Place] = {}

    def episodes() -> Iterator[Episode]:
        for place in places:
            game = place.task.rules
            seed = episode_seed(salt, game, place.index)
            episode = new_episode(game, place.settings, seed=seed, split=place.task.split)
            under_way[id(episode)] = place
            clock.begin(id(episode))
            yield episode

    for played in flow(episodes(), policy, in_flight=in_flight):
        place = under_way.pop(id(played.episode))
        seconds = clock.end(id(played.episode))
        yield evaluation_row(played, name, place.index, seconds, place.task.normalised(played.score))


class _Clock:
    """Shares out the time that passes among the episodes under way, as a processor shared by all of them would."""

    def __init__(self) -> None:
        self._now = perf_counter()
        self._each = 0.0
        self._begun: dict[int, float] = {}

    def begin(self, episode: int) -> None:
        self._pass()
        self._begun[episode] = self._each

    def end(self, episode: int) -> float:
        """Return the share of an episode that is over, in seconds."""
        self._pass()
        return self._each - self._begun.pop(episode)

    def _pass(self) -> None:
        now = perf_counter()
        self._each += (now - self._now) / max(len(self._begun), 1)
        self._now = now


class _Playing:
    """Plays what a run lacks and stores it."""

    def __init__(self, folder: RunFolder, run: Run, salt: str, source: Source, in_flight: int) -> None:
        self.folder = folder
        self.run = run
        self.salt = salt
        self.source = source
        self.in_flight = in_flight
        self.usage = NO_USAGE

    def play(self, workers: int, console: Console) -> Run:
        """Play everything and return the run, with what had to be skipped."""
        rows = self.folder.rows()
        self.usage = usage_of(rows)
        cells = self.run.cells
        lacking = missing(self.run, rows)
        places = [Place(cells[cell], cell.form, index) for cell, indices in lacking.items() for index in indices]
        if rows:
            console.print(f"Continuing: {len(rows)} episodes are stored, {len(places)} are left.", soft_wrap=True)
        total = len(rows) + len(places)
        with progress(console, "episodes", len(places), total=total, left=len(places)) as advance:
            if workers > 1:
                self._play_in_processes(places, workers, advance)
            else:
                self._play_here(places, advance)
        if not self.run.cells:
            raise UnplayableError(f"{self.run.policy.name} can play nothing of this: {self.run.skipped[0].reason}")
        return self.run

    def _play_here(self, places: Sequence[Place], advance: Advance) -> None:
        """Play in this process: a policy that allows it all cells at once, the first episodes of each first."""
        together: dict[int, tuple[Policy, list[Place]]] = {}
        for of_cell in _by_cell(places):
            try:
                policy = of_cell[0].policy(self.source)
            except UnplayableError as error:
                self._skip(of_cell, error, advance)
                continue
            if isinstance(policy, ContinuousPolicy):
                together.setdefault(id(policy), (policy, []))[1].extend(of_cell)
                continue
            for chunk in _chunks(of_cell, self.in_flight):
                self._keep([*self._played(policy, chunk)], advance)
        for policy, of_policy in together.values():
            for row in self._played(policy, sorted(of_policy, key=lambda place: place.index)):
                self._keep([row], advance)

    def _played(self, policy: Policy, places: Sequence[Place]) -> Iterator[EvaluationRow]:
        return play_places(policy, self.run.policy.name, places, self.salt, self.in_flight)

    def _play_in_processes(self, places: Sequence[Place], workers: int, advance: Advance) -> None:
        chunks = [chunk for of_cell in _by_cell(places) for chunk in _chunks(of_cell, self.in_flight)]
        with pool(workers) as processes:
            arguments = (self.source, self.run.policy.name, self.salt, self.in_flight)
            futures = {processes.submit(_play_chunk, chunk, *arguments): chunk for chunk in chunks}
            for future in as_completed(futures):
                try:
                    self._keep(future.result(), advance)
                except UnplayableError as error:
                    self._skip(futures[future], error, advance)
                except BrokenProcessPool as error:
                    raise FailedRunError(_DEAD_WORKER) from error

    def _keep(self, rows: Sequence[EvaluationRow], advance: Advance) -> None:
        self.folder.append(rows)
        for row in rows:
            self.usage += usage_of([row])
            advance(1.0, f"{self.usage.processed:,} tokens" if self.usage.calls else "")

    def _skip(self, places: Sequence[Place], error: UnplayableError, advance: Advance) -> None:
        """Note that a cell is not played, before anything is told to be complete."""
        skipped = Skipped(places[0].task.title, places[0].form, str(error))
        if skipped not in self.run.skipped:
            self.run = replace(self.run, skipped=(*self.run.skipped, skipped))
            self.folder.write(self.run)
        for _ in places:
            advance(1.0, "")


_POLICIES: dict[Cell, Policy] = {}
"""In a worker process: who plays, since making a policy can take longer than an episode."""


def _play_chunk(places: Sequence[Place], source: Source, name: str, salt: str, in_flight: int) -> list[EvaluationRow]:
    """Play episodes of one cell in a worker process."""
    first = places[0]
    if first.cell not in _POLICIES:
        _POLICIES[first.cell] = first.policy(source)
    return [*play_places(_POLICIES[first.cell], name, places, salt, in_flight)]


def _by_cell(places: Sequence[Place]) -> list[list[Place]]:
    return [[*of_cell] for _, of_cell in groupby(places, key=lambda place: place.cell)]


def _source(policy: str | Policy | Source) -> Source:
    if isinstance(policy, str):
        return named_policy(policy)
    return Given(policy) if isinstance(policy, Policy) else policy


def _check(
    tasks: Suite | Sequence[Task], forms: Sequence[str], episodes: int, split: str, workers: int, in_flight: int
) -> None:
    """Raise an error for arguments that are not accepted; see `run_evaluation`."""
    for form in forms:
        check_choice("form of an evaluation", form, EVALUATED_FORMS)
    check_choice("split of an evaluation", split, (HELD_OUT, *SPLITS))
    check_range("episodes", episodes, 1, 1_000_000)
    check_range("workers", workers, 1, 1_000)
    check_range("in_flight", in_flight, 1, 1_000_000)
    titles = [task.title for task in _tasks(tasks)]
    for what, names in (("forms", list(forms)), ("tasks", titles)):
        if not names or len(set(names)) < len(names):
            raise ArgumentError(f"an evaluation has one or more {what}, each of them once, not {names}")


def _tasks(tasks: Suite | Sequence[Task]) -> Sequence[Task]:
    return tasks.tasks if isinstance(tasks, Suite) else tasks


def _records(tasks: Suite | Sequence[Task], split: str, folder: RunFolder, console: Console) -> tuple[TaskRecord, ...]:
    """Return the tasks with their rulers; those that the folder holds already are not computed again."""
    held = folder.read() if (folder.path / RUN).exists() else None
    known = {(task.title, task.key): task for task in held.tasks} if held and held.split == split else {}
    records = []
    with console.status("Computing the rulers"):
        for task in _tasks(tasks):
            game = task.rules
            named = (task.title, task_key(entry(game.name).id, game.arguments))
            records.append(known.get(named) or task_record(task, split))
    keys = {record.key: record for record in records}
    if len(keys) < len(records):
        raise ArgumentError(f"the same task under several names: {', '.join(record.title for record in records)}")
    return tuple(records)


def _chunks(places: Sequence[Place], size: int) -> list[Sequence[Place]]:
    return [places[first : first + size] for first in range(0, len(places), size)]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _machine() -> dict[str, Any]:
    """Return what results or times may depend on; nothing that names a person or a place."""
    return {
        "python": platform.python_version(),
        **{library: version(library) for library in ("numpy", "scipy")},
        "system": platform.system(),
        "architecture": platform.machine(),
        "processors": os.cpu_count(),
    }
