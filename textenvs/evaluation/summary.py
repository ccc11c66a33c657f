"""The summary of an evaluation, computed from its rows and rulers alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from textenvs.evaluation.evaluate import Evaluation
from textenvs.evaluation.records import EvaluationRow, usage_of
from textenvs.evaluation.run_folder import Cell, Run, RunFolder, TaskRecord, cell_of
from textenvs.evaluation.statistics import Estimate, FloatArray, iqm_of_means, mean_of_means, stratified
from textenvs.evaluation.store import plain
from textenvs.planning.bounds import Value

Rows = Sequence[EvaluationRow]


@dataclass(frozen=True)
class CellSummary:
    """One task in one form. What concerns replies and costs is a mean over episodes unless it says otherwise.

    Attributes:
        game: registered id with its version.
        title: game and arguments as one text.
        family: of the game.
        form: how the task was offered.
        split: where its instances came from.
        episodes: how many were played.
        score: the mean undiscounted return; the interval is by the normal approximation.
        normalised: the same on the ruler from 0 (random) to 1 (optimal), None where it has no exact ends.
        interaction_gain: the same on the ruler from 0 (the best plan) to 1 (optimal), likewise.
        replies: written in an episode.
        invalid: share of all replies that were refused, from 0 to 1; of a plan, the share of plans with a refused move.
        forfeited: share of episodes that ended by refusals in a row.
        tokens: ids that the model read or wrote in an episode, what was cached not counted.
        usage: by the fields of `textenvs.envs.policy.Usage`.
        seconds: of one process.
    """

    game: str
    title: str
    family: str
    form: str
    split: str
    episodes: int
    score: Estimate
    normalised: Estimate | None
    interaction_gain: Estimate | None
    replies: float
    invalid: float
    forfeited: float
    tokens: float
    usage: Mapping[str, float]
    seconds: float


@dataclass(frozen=True)
class FormSummary:
    """All tasks with exact rulers in one form.

    Attributes:
        form: how they were offered.
        tasks: how many there are.
        iqm: interquartile mean of the normalised scores of these tasks; None if there is no such task.
        mean: mean of the normalised scores, each task counting the same; likewise.
        families: the same by family.
    """

    form: str
    tasks: int
    iqm: Estimate | None
    mean: Estimate | None
    families: Mapping[str, Estimate]


@dataclass(frozen=True)
class Difference:
    """What feedback brought the policy in one task: `turns` minus `plan`, episode by episode on the same instances.

    Attributes:
        game: registered id with its version.
        title: game and arguments as one text.
        score: mean difference of undiscounted returns; the interval is by the paired bootstrap.
        normalised: the same on the ruler, None where it has no exact ends.
    """

    game: str
    title: str
    score: Estimate
    normalised: Estimate | None


@dataclass(frozen=True)
class Summary:
    """What an evaluation found.

    Attributes:
        policy: name of who was evaluated.
        suite: name of the suite, None for tasks that were named one by one.
        episodes: asked for, of each task in each form.
        complete: whether all of them were played.
        cells: by task and form, in the order of the run; those without episodes are left out.
        forms: over the tasks, by form.
        differences: `turns` minus `plan`, by task; over the episodes that both forms have.
        difference: the same over all tasks with exact rulers, normalised, each task counting the same; None if
            there is none.
        usage: of the whole run, by the fields of `textenvs.envs.policy.Usage`.
        seconds: of the whole run, added up over its processes.
    """

    policy: str
    suite: str | None
    episodes: int
    complete: bool
    cells: tuple[CellSummary, ...]
    forms: tuple[FormSummary, ...]
    differences: tuple[Difference, ...]
    difference: Estimate | None
    usage: Mapping[str, int]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Return the summary as plain JSON values."""
        row: dict[str, Any] = plain(asdict(self))
        return row

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Summary:
        """Return the summary that `to_json` made `row` of; raises KeyError or TypeError for anything else."""
        return cls(
            **{
                **row,
                "cells": tuple(CellSummary(**_read(each)) for each in row["cells"]),
                "forms": tuple(FormSummary(**_read(each)) for each in row["forms"]),
                "differences": tuple(Difference(**_read(each)) for each in row["differences"]),
                "difference": _read(row["difference"]),
            }
        )


def summarise(run: Path) -> Summary:
    """Return the summary of the episodes that a run folder holds so far.

    Raises:
        CorruptRunError: if it is no folder of an evaluation.
    """
    folder = RunFolder(run)
    return summary_of(folder.read(), folder.rows())


def summary_of(run: Run, rows: Sequence[EvaluationRow]) -> Summary:
    """Return the summary of a run's episodes."""
    played = _by_cell(run, rows)
    gains = [gain for task in run.tasks if (gain := _gain(task, played))]
    normalised = [gain.normalised for gain in gains if gain.normalised is not None]
    return Summary(
        policy=run.policy.name,
        suite=run.suite,
        episodes=run.episodes,
        complete=run.finished is not None,
        cells=tuple(_cell(run.cells[cell], cell.form, of_cell) for cell, of_cell in played.items()),
        forms=tuple(_form(form, run, played) for form in run.forms),
        differences=tuple(gain.summary() for gain in gains),
        difference=stratified(normalised, mean_of_means) if normalised else None,
        usage=asdict(usage_of(rows)),
        seconds=float(sum(row["seconds"] for row in rows)),
    )


def _by_cell(run: Run, rows: Rows) -> dict[Cell, list[EvaluationRow]]:
    """Return the episodes of each cell that has any, in the order of the run and of their indices."""
    found: dict[Cell, list[EvaluationRow]] = {cell: [] for cell in run.cells}
    for row in sorted(rows, key=lambda row: row["index"]):
        found.get(cell_of(row), []).append(row)
    return {cell: of_cell for cell, of_cell in found.items() if of_cell}


def _cell(task: TaskRecord, form: str, rows: Rows) -> CellSummary:
    usage = usage_of(rows)
    n, replies = len(rows), sum(len(row["replies"]) for row in rows)
    evaluation = Evaluation(tuple(_score(row) for row in rows), sum(row["refusals"] for row in rows) / max(replies, 1))
    low, high = evaluation.interval if n > 1 else (None, None)
    score = Estimate(evaluation.mean, low, high)
    rulers = task.rulers
    return CellSummary(
        game=task.game,
        title=task.title,
        family=task.family,
        form=form,
        split=task.split,
        episodes=n,
        score=score,
        normalised=_on_ruler(score, rulers.normalised),
        interaction_gain=_on_ruler(score, rulers.interaction_gain),
        replies=replies / n,
        invalid=evaluation.refused,
        forfeited=sum(row["forfeited"] is not None for row in rows) / n,
        tokens=usage.processed / n,
        usage={name: total / n for name, total in asdict(usage).items()},
        seconds=float(sum(row["seconds"] for row in rows)) / n,
    )


def _on_ruler(score: Estimate, ruler: Callable[[float], Value | None]) -> Estimate | None:
    """Return an estimate on a ruler that is exact, else None."""
    places = [None if end is None else ruler(end) for end in (score.value, score.low, score.high)]
    if places[0] is None or places[0].kind != "exact":
        return None
    value, low, high = (None if place is None else place.value for place in places)
    return Estimate(cast("float", value), low, high)


def _form(form: str, run: Run, played: Mapping[Cell, Rows]) -> FormSummary:
    """Return what is found over all tasks with exact rulers."""
    strata: list[FloatArray] = []
    families: dict[str, list[FloatArray]] = {}
    for task in run.tasks:
        scores = [row["normalised"] for row in played.get(Cell(task.key, form), ())]
        if scores and None not in scores:
            strata.append(np.array(scores, dtype=np.float64))
            families.setdefault(task.family, []).append(strata[-1])
    return FormSummary(
        form=form,
        tasks=len(strata),
        iqm=stratified(strata, iqm_of_means) if strata else None,
        mean=stratified(strata, mean_of_means) if strata else None,
        families={family: stratified(of_family, mean_of_means) for family, of_family in families.items()},
    )


class _Gain(NamedTuple):
    """What feedback brought in the episodes of a task that both forms have.

    Attributes:
        task: the task.
        score: turns minus plan, float64[n].
        normalised: the same on the ruler, None where it has no exact ends.
    """

    task: TaskRecord
    score: FloatArray
    normalised: FloatArray | None

    def summary(self) -> Difference:
        normalised = None if self.normalised is None else stratified([self.normalised], mean_of_means)
        return Difference(self.task.game, self.task.title, stratified([self.score], mean_of_means), normalised)


def _gain(task: TaskRecord, played: Mapping[Cell, Rows]) -> _Gain | None:
    turns, plans = ({row["index"]: row for row in played.get(Cell(task.key, form), ())} for form in ("turns", "plan"))
    both = sorted(turns.keys() & plans.keys())
    if not both:
        return None
    score = np.array([_score(turns[index]) - _score(plans[index]) for index in both])
    if None in [row["normalised"] for rows in (turns, plans) for row in rows.values()]:
        return _Gain(task, score, None)
    return _Gain(task, score, np.array([turns[i]["normalised"] - plans[i]["normalised"] for i in both]))  # type: ignore[operator]


def _score(row: EvaluationRow) -> float:
    """Return the undiscounted return of the player who is evaluated."""
    return row["scores"][0]


def _read(value: Any) -> Any:
    """Return a value with all estimates in it as such."""
    if not isinstance(value, dict):
        return value
    if value.keys() == Estimate.__annotations__.keys():
        return Estimate(**value)
    return {key: _read(item) for key, item in value.items()}
