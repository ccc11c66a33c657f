"""The folder of an evaluation: what was asked for, the episodes so far, and a summary once it is complete.

run.json                        what is played, the rulers, the commitment to the salt; the salt once all is played
episodes/<Game>.<form>.jsonl    one `EvaluationRow` a line, in the order in which they were finished
summary.json                    the `Summary`, once all is played
.salt                           the salt until then; no part of what is handed in
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from textenvs import __version__
from textenvs.catalogue import rulers, rulers_from_json
from textenvs.core.errors import CorruptRunError, DifferentRunError
from textenvs.core.game import Game
from textenvs.envs.solo import solo_game
from textenvs.evaluation.records import EvaluationRow
from textenvs.evaluation.seeds import commitment, episode_seed, held_out_split
from textenvs.evaluation.store import (
    EPISODES,
    append_episodes,
    drop_torn_lines,
    plain,
    read_evaluation,
    read_json,
    refuse_another_run,
    write_atomically,
    write_json,
)
from textenvs.planning.reference import ReferenceValues
from textenvs.registry import entry
from textenvs.suites import Task

FORMAT = 1
RUN = "run.json"
SUMMARY = "summary.json"
SALT = ".salt"

HELD_OUT = "held-out"
"""The split of an evaluation that leaves the choice to `textenvs.evaluation.seeds.held_out_split`."""

_NOT_ASKED_FOR = ("commitment", "salt", "started", "finished", "machine", "skipped")


class Cell(NamedTuple):
    """What a row belongs to: a task, named as `TaskRecord.key` does, in a form."""

    task: str
    form: str


@dataclass(frozen=True)
class TaskRecord:
    """A task as a run holds it.

    Attributes:
        game: registered id with its version.
        title: game and arguments as one text, as the suite has it.
        arguments: all arguments of the game, with `seat` and `opponent` where one seat is played.
        family: of the game.
        split: where its instances come from.
        rulers: the reference values on that split.
    """

    game: str
    title: str
    arguments: Mapping[str, Any]
    family: str
    split: str
    rulers: ReferenceValues

    @cached_property
    def key(self) -> str:
        """Game and all arguments as one text; equal for the rows of this task alone."""
        return task_key(self.game, self.arguments)

    @cached_property
    def rules(self) -> Game[Any, Any]:
        """The game, or a seat of it; raises as `solo_game` does."""
        return solo_game(self.game, **self.arguments)

    def normalised(self, score: float) -> float | None:
        """Return the score on the ruler from 0 (random) to 1 (optimal), None where it has no exact ends."""
        value = self.rulers.normalised(score)
        return value.value if value is not None and value.kind == "exact" else None


@dataclass(frozen=True)
class Skipped:
    """A cell that the policy cannot play.

    Attributes:
        title: of the task.
        form: in which it cannot.
        reason: why.
    """

    title: str
    form: str
    reason: str


@dataclass(frozen=True)
class Player:
    """Who is evaluated.

    Attributes:
        name: what results call it.
        spec: what it was made of, as on the command line; None for a policy that was given as an object.
        settings: what it was made with; never a secret, since the folder is handed on.
    """

    name: str
    spec: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """What an evaluation was asked to do, and whether it is done: the content of `run.json`.

    Attributes:
        policy: who is evaluated.
        suite: name of the suite, None for tasks that were named one by one.
        forms: in which each task is offered.
        episodes: of each task in each form.
        split: what was asked for: one of `textenvs.core.instances.SPLITS`, or `HELD_OUT`.
        tasks: in order.
        commitment: SHA-256 of the salt.
        salt: what all seeds come from; None until the run is complete.
        started: when, in ISO 8601 (UTC).
        finished: when the last episode was stored, None until then.
        machine: where.
        skipped: what the policy cannot play.
        textenvs: package version.
        format: of the folder.
    """

    policy: Player
    suite: str | None
    forms: tuple[str, ...]
    episodes: int
    split: str
    tasks: tuple[TaskRecord, ...]
    commitment: str
    salt: str | None = None
    started: str = ""
    finished: str | None = None
    machine: Mapping[str, Any] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    textenvs: str = __version__
    format: int = FORMAT

    @property
    def cells(self) -> dict[Cell, TaskRecord]:
        """The tasks by the cells that are played, in order."""
        left_out = {(each.title, each.form) for each in self.skipped}
        return {
            Cell(task.key, form): task
            for task in self.tasks
            for form in self.forms
            if (task.title, form) not in left_out
        }

    def to_json(self) -> dict[str, Any]:
        """Return the run as plain JSON values."""
        row: dict[str, Any] = plain(asdict(self))
        return row

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Run:
        """Return the run that `to_json` made `row` of; raises KeyError or TypeError for anything else."""
        tasks = tuple(TaskRecord(**{**task, "rulers": rulers_from_json(task["rulers"])}) for task in row["tasks"])
        return cls(
            **{
                **row,
                "policy": Player(**row["policy"]),
                "forms": tuple(row["forms"]),
                "tasks": tasks,
                "skipped": tuple(Skipped(**each) for each in row["skipped"]),
            }
        )


class RunFolder:
    """The folder of one evaluation on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Run:
        """Return what the run was asked to do.

        Raises:
            CorruptRunError: if there is no such run, or it is of another format.
        """
        row = read_json(self.path / RUN)
        wanted = {each.name for each in fields(Run)}
        if not isinstance(row, dict) or row.get("format") != FORMAT or row.keys() != wanted:
            raise CorruptRunError(f"{self.path / RUN}: not an evaluation of format {FORMAT} with {sorted(wanted)}")
        try:
            return Run.from_json(row)
        except (KeyError, TypeError, AttributeError) as error:
            raise CorruptRunError(f"{self.path / RUN}: {type(error).__name__}: {error}") from error

    def rows(self) -> list[EvaluationRow]:
        """Return all episodes so far; raises `CorruptRunError` for one that cannot be read."""
        if not any((self.path / EPISODES).glob("*.jsonl")):
            return []
        return [row for _, row in read_evaluation(self.path)]

    def open(self, wanted: Run, salt: str, *, given: bool) -> tuple[Run, str]:
        """Begin a run, or go on with the one that the folder holds.

        Args:
            wanted: what to do, committed to `salt`.
            salt: what all seeds come from.
            given: whether the caller chose the salt, so that it must be that of the folder.

        Returns:
            The run as it is stored, and its salt.

        Raises:
            DifferentRunError: if the folder holds another run; the message names what differs.
            CorruptRunError: if its salt is lost, or what it holds cannot be read.
        """
        if not (self.path / RUN).exists():
            write_atomically(self.path / SALT, salt)
            self.write(wanted)
            return wanted, salt
        held = self.read()
        refuse_another_run(self.path, _asked_for(held), _asked_for(wanted))
        if given and held.commitment != wanted.commitment:
            raise DifferentRunError(f"{self.path} holds a run with another salt; choose another --out")
        drop_torn_lines(self.path)
        return held, held.salt or (salt if given else self._kept_salt(held))

    def write(self, run: Run) -> None:
        """Store what the run was asked to do."""
        write_json(self.path / RUN, run.to_json())

    def append(self, rows: Iterable[EvaluationRow]) -> None:
        """Store episodes; they are on the disk when this returns."""
        files: dict[str, list[EvaluationRow]] = {}
        for row in rows:
            files.setdefault(file_name(row), []).append(row)
        for name, together in files.items():
            append_episodes(self.path, name, together)

    def complete(self, run: Run) -> None:
        """Store that a run is complete, with its salt, which is a secret no more."""
        self.write(run)
        (self.path / SALT).unlink(missing_ok=True)

    def _kept_salt(self, held: Run) -> str:
        file = self.path / SALT
        salt = file.read_text("utf-8") if file.exists() else ""
        if commitment(salt) != held.commitment:
            raise CorruptRunError(f"{file}: not the salt that this run is committed to; give it by --salt to go on")
        return salt


def task_record(task: Task, split: str) -> TaskRecord:
    """Return a task as a run holds it; its rulers may have to be computed, for up to a minute.

    Args:
        task: game and arguments.
        split: one of `textenvs.core.instances.SPLITS`, or `HELD_OUT`.

    Raises:
        UnknownNameError: for a game, argument or split that does not exist.
        EmptySplitError: for a split without instances.
    """
    game = task.rules
    chosen = held_out_split(game) if split == HELD_OUT else split
    named = entry(game.name)
    return TaskRecord(named.id, task.title, game.arguments, named.family, chosen, rulers(game, chosen))


def task_key(game: str, arguments: Mapping[str, Any]) -> str:
    """Return a game's id and arguments as one text."""
    return json.dumps([game, arguments], sort_keys=True)


def cell_of(row: EvaluationRow) -> Cell:
    """Return the cell that a row belongs to."""
    return Cell(task_key(row["game"], row["arguments"]), row["dials"]["form"])


def file_name(row: EvaluationRow) -> str:
    """Return the name, without its ending, of the file that holds a row."""
    return f"{entry(row['game']).name}.{row['dials']['form']}"


def missing(run: Run, rows: Sequence[EvaluationRow]) -> dict[Cell, list[int]]:
    """Return the indices of the episodes that a run still lacks, by cell; cells that are complete are left out."""
    found: dict[Cell, set[int]] = {}
    for row in rows:
        found.setdefault(cell_of(row), set()).add(row["index"])
    lacking = {cell: [index for index in range(run.episodes) if index not in found.get(cell, ())] for cell in run.cells}
    return {cell: indices for cell, indices in lacking.items() if indices}


def seed_of(row: EvaluationRow, task: TaskRecord, salt: str) -> int:
    """Return the seed that an episode of a task must have."""
    return episode_seed(salt, task.rules, row["index"])


def _asked_for(run: Run) -> dict[str, Any]:
    """Return the part of a run that decides what is played."""
    return {key: value for key, value in run.to_json().items() if key not in _NOT_ASKED_FOR}
