"""The leaderboard: a static site that compares evaluations and leads to their transcripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from textenvs.core.errors import ArgumentError
from textenvs.evaluation.page import page
from textenvs.evaluation.replays import Replayer
from textenvs.evaluation.run_folder import RUN, Run, RunFolder, TaskRecord
from textenvs.evaluation.statistics import Estimate
from textenvs.evaluation.store import write_atomically
from textenvs.evaluation.submission import verify_submission
from textenvs.evaluation.summary import CellSummary, FormSummary, Summary, summarise
from textenvs.evaluation.verify import verify_run
from textenvs.evaluation.viewer import EPISODES, write_viewer

INDEX = "index.html"

_SHOWN_PROBLEMS = 5


@dataclass(frozen=True)
class Entrant:
    """An evaluation on the leaderboard.

    Attributes:
        path: of its run folder.
        name: of the policy, told apart from others of the same name.
        address: of its row and of its page, from the name.
        run: what was asked for.
        summary: what was found.
        problems: what does not verify; None where nobody looked.
    """

    path: Path
    name: str
    address: str
    run: Run
    summary: Summary
    problems: tuple[str, ...] | None

    @property
    def page(self) -> str:
        """Name of the file of its transcripts."""
        return f"{self.address}.html"

    @property
    def standing(self) -> str:
        """`verified`, `problems`, `incomplete` or `not checked`."""
        if not self.summary.complete:
            return "incomplete"
        if self.problems is None:
            return "not checked"
        return "problems" if self.problems else "verified"


def write_leaderboard(
    folders: Sequence[Path], out: Path, *, verify: bool = True, episodes: int = EPISODES
) -> list[Entrant]:
    """Write the site and return its entrants.

    Args:
        folders: run folders of evaluations, or folders that hold such.
        out: folder of the site; pages in it are replaced.
        verify: whether to replay every episode and check every claim that can be checked.
        episodes: the most on each page of transcripts.

    Raises:
        ArgumentError: if there is no evaluation in a folder.
        CorruptRunError: for a run folder that cannot be read.
    """
    paths = [path for folder in folders for path in run_folders(folder)]
    entrants = entrants_of(paths, verify=verify)
    replayer = Replayer()
    for entrant in entrants:
        if entrant.summary.cells:
            home = f"{INDEX}#{entrant.address}"
            write_viewer([entrant.path], out / entrant.page, episodes=episodes, replayer=replayer, home=home)
    write_atomically(out / INDEX, page("leaderboard", leaderboard_data(entrants), runs=len(entrants)))
    return entrants


def run_folders(folder: Path) -> list[Path]:
    """Return the folder itself if it is that of an evaluation, else those in it; raises `ArgumentError` for none."""
    if (folder / RUN).exists():
        return [folder]
    found = sorted(file.parent for file in folder.glob(f"*/{RUN}"))
    if not found:
        raise ArgumentError(f"{folder} holds no evaluation: there is no {RUN} in it or in a folder of it")
    return found


def entrants_of(paths: Sequence[Path], *, verify: bool) -> list[Entrant]:
    """Return the evaluations of run folders, the best first."""
    runs = [RunFolder(path).read() for path in paths]
    names = _distinct([run.policy.name for run in runs], [path.resolve().name for path in paths])
    addresses = _distinct([_address(name) for name in names], [str(number) for number in range(len(names))])
    entrants = [
        Entrant(path, name, address, run, summarise(path), problems_of(path) if verify else None)
        for path, name, address, run in zip(paths, names, addresses, runs, strict=True)
    ]
    return sorted(entrants, key=lambda entrant: -_best(entrant.summary))


def problems_of(path: Path) -> tuple[str, ...]:
    """Return what does not verify in a run folder, at most a few of them in words."""
    findings = [*verify_run(path), *verify_submission(path)]
    problems = [f"{finding.place}: {finding.problem}" for finding in findings if finding.problem]
    more = len(problems) - _SHOWN_PROBLEMS
    return tuple(problems[:_SHOWN_PROBLEMS]) + ((f"and {more} more",) if more > 0 else ())


def leaderboard_data(entrants: Sequence[Entrant]) -> dict[str, Any]:
    """Return what the page reads."""
    tasks = {task.key: task for entrant in entrants for task in entrant.run.tasks}
    return {
        "tasks": [
            {"key": task.key, "title": task.title, "family": task.family, "split": task.split, "rulers": _rulers(task)}
            for task in tasks.values()
        ],
        "entrants": [_entrant(entrant) for entrant in entrants],
    }


def _rulers(task: TaskRecord) -> dict[str, Any]:
    rulers = task.rulers
    named = {"random": rulers.random, "myopic": rulers.myopic, "plan": rulers.plan, "optimal": rulers.optimal}
    return {name: {"low": value.low, "high": value.high, "kind": value.kind} for name, value in named.items()}


def _entrant(entrant: Entrant) -> dict[str, Any]:
    run, summary = entrant.run, entrant.summary
    return {
        "name": entrant.name,
        "address": entrant.address,
        "page": entrant.page if summary.cells else None,
        "spec": run.policy.spec,
        "settings": {name: str(value) for name, value in run.policy.settings.items()},
        "harness": str(run.policy.settings.get("harness") or "–"),
        "suite": summary.suite or f"{len(run.tasks)} tasks",
        "episodes": summary.episodes,
        "standing": entrant.standing,
        "problems": entrant.problems or (),
        "skipped": [asdict(skipped) for skipped in run.skipped],
        "commitment": run.commitment[:12],
        "textenvs": run.textenvs,
        "finished": run.finished,
        "forms": [
            _form(form, summary) for form in summary.forms if any(cell.form == form.form for cell in summary.cells)
        ],
        "cells": [_cell(cell, run) for cell in summary.cells],
    }


def _form(form: FormSummary, summary: Summary) -> dict[str, Any]:
    cells = [cell for cell in summary.cells if cell.form == form.form]
    gains = [cell.interaction_gain.value for cell in cells if cell.interaction_gain]
    return {
        "form": form.form,
        "tasks": form.tasks,
        "iqm": _json(form.iqm),
        "mean": _json(form.mean),
        "gain": sum(gains) / len(gains) if gains else None,
        "difference": _json(summary.difference) if form.form == "turns" else None,
        "invalid": _mean(cells, lambda cell: cell.invalid, lambda cell: cell.replies * cell.episodes),
        "tokens": _mean(cells, lambda cell: cell.tokens, lambda cell: cell.episodes),
        "seconds": _mean(cells, lambda cell: cell.seconds, lambda cell: cell.episodes),
        "families": {family: _json(estimate) for family, estimate in form.families.items()},
    }


def _cell(cell: CellSummary, run: Run) -> dict[str, Any]:
    key = next(task.key for task in run.tasks if task.title == cell.title)
    return {"task": key, "form": cell.form, "score": _json(cell.score), "episodes": cell.episodes}


def _mean(
    cells: Sequence[CellSummary], value: Callable[[CellSummary], float], weight: Callable[[CellSummary], float]
) -> float | None:
    """Return a mean over all episodes, or over whatever `weight` counts; None over nothing."""
    total = sum(map(weight, cells))
    return sum(value(cell) * weight(cell) for cell in cells) / total if total else None


def _json(estimate: Estimate | None) -> dict[str, float | None] | None:
    return None if estimate is None else asdict(estimate)


def _best(summary: Summary) -> float:
    return max((form.iqm.value for form in summary.forms if form.iqm), default=-float("inf"))


def _distinct(names: Sequence[str], marks: Sequence[str]) -> list[str]:
    """Return names with a mark where several are equal; `index` would be another page."""
    return [
        f"{name}-{mark}" if names.count(name) > 1 or name == "index" else name
        for name, mark in zip(names, marks, strict=True)
    ]


def _address(name: str) -> str:
    """Return a name as part of an address and of a file's name."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "run"
