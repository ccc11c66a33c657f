"""What `verify` checks of a whole evaluation, beyond the replay of each of its episodes.

Together they show that the scores are those of the replies, on the episodes that the salt names, and that none was
left out or chosen. What nobody can recompute from a folder stays a claim: who wrote the replies, thoughts, usage and
seconds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from textenvs import __version__
from textenvs.catalogue import rulers
from textenvs.core.errors import TextenvsError
from textenvs.envs.policy import NO_USAGE
from textenvs.envs.settings import Settings
from textenvs.evaluation.records import EvaluationRow
from textenvs.evaluation.run_folder import (
    HELD_OUT,
    RUN,
    SUMMARY,
    Run,
    RunFolder,
    TaskRecord,
    cell_of,
    file_name,
    missing,
)
from textenvs.evaluation.seeds import commitment, episode_seed, held_out_split
from textenvs.evaluation.store import EPISODES, differing, plain, read_evaluation, read_json
from textenvs.evaluation.summary import summary_of
from textenvs.evaluation.verify import Finding
from textenvs.registry import entry
from textenvs.suites import suite

_PRECISION = 1e-9
"""Relative; sums of floats may differ in their last bits between machines."""


class _Submission(NamedTuple):
    """A run with all its rows and where they stand."""

    path: Path
    run: Run
    rows: Sequence[tuple[str, EvaluationRow]]


def verify_submission(path: Path) -> Iterator[Finding]:
    """Check what must hold of a complete evaluation and yield one finding for each check, or for each problem in it.

    Raises:
        CorruptRunError: if the folder cannot be read as an evaluation.
    """
    run = RunFolder(path).read()
    rows = [*read_evaluation(path)] if any((path / EPISODES).glob("*.jsonl")) else []
    for check in (_version, _salt, _tasks, _membership, _seeds, _numbers, _completeness, _summary):
        yield from _findings(check, _Submission(path, run, rows))


def _findings(check: Callable[[_Submission], Iterator[Finding]], submission: _Submission) -> Iterator[Finding]:
    """Yield the problems that a check finds, or a finding without one."""
    sound = True
    try:
        for finding in check(submission):
            sound = False
            yield finding
    except (TextenvsError, TypeError, ValueError, KeyError, AttributeError) as error:
        sound = False
        yield Finding(RUN, f"{check.__name__[1:]} cannot be checked: {type(error).__name__}: {error}")
    if sound:
        yield Finding(check.__name__[1:], None)


def _version(submission: _Submission) -> Iterator[Finding]:
    """The package that played is the one installed; `_tasks` says the same of the games."""
    played = {submission.run.textenvs, *(row["textenvs"] for _, row in submission.rows)}
    for other in sorted(played - {__version__}):
        yield Finding(RUN, f"played with textenvs {other}, installed is {__version__}; verify it with {other}")


def _salt(submission: _Submission) -> Iterator[Finding]:
    run = submission.run
    if run.salt is None or run.finished is None:
        yield Finding(RUN, "the salt is not revealed: the run is not complete")
    elif commitment(run.salt) != run.commitment:
        yield Finding(RUN, f"the commitment to the salt {run.salt!r} would be {commitment(run.salt)}")


def _tasks(submission: _Submission) -> Iterator[Finding]:
    """Tasks are those of the suite, and what is said of them is what it is."""
    run = submission.run
    if run.suite is not None and (named := [task.title for task in suite(run.suite).tasks]) != [*_titles(run)]:
        yield Finding(RUN, f"the tasks of suite {run.suite} are {named}, not {[*_titles(run)]}")
    for task in run.tasks:
        installed = entry(task.game)
        if installed.id != task.game:
            yield Finding(RUN, f"{task.title}: played with {task.game}, installed is {installed.id}")
            continue
        game = task.rules
        split = held_out_split(game) if run.split == HELD_OUT else run.split
        expected = TaskRecord(installed.id, task.title, game.arguments, installed.family, split, rulers(game, split))
        yield from _differences(RUN, f"{task.title}: ", plain(asdict(task)), plain(asdict(expected)))


def _titles(run: Run) -> Iterator[str]:
    return (task.title for task in run.tasks)


def _membership(submission: _Submission) -> Iterator[Finding]:
    """Every row belongs to the run: to a cell, to the file it stands in, to the policy; and it occurs once."""
    cells, episodes = submission.run.cells, submission.run.episodes
    times = Counter((cell_of(row), row["index"]) for _, row in submission.rows)
    for place, row in submission.rows:
        cell = cell_of(row)
        if cell not in cells:
            yield Finding(place, f"the run has no cell of {row['game']} {row['arguments']} in form {cell.form!r}")
        elif not place.startswith(f"{file_name(row)}.jsonl:"):
            yield Finding(place, f"belongs into {file_name(row)}.jsonl")
        elif not 0 <= row["index"] < episodes:
            yield Finding(place, f"index is {row['index']}, of {episodes} episodes")
        elif times[cell, row["index"]] > 1:
            yield Finding(place, f"index {row['index']} occurs {times[cell, row['index']]} times")
        elif row["policy"] != submission.run.policy.name:
            yield Finding(place, f"played by {row['policy']!r}, the run is of {submission.run.policy.name!r}")
        elif row["dials"] != asdict(Settings(form=cell.form)):  # type: ignore[arg-type]
            yield Finding(place, "played with other dials than those of an evaluation")


def _seeds(submission: _Submission) -> Iterator[Finding]:
    """Every episode has the seed that the salt gives, which draws its instance too."""
    salt = submission.run.salt
    if salt is None:
        yield Finding(RUN, "without the salt no seed can be checked")
        return
    cells = submission.run.cells
    for place, row in submission.rows:
        task = cells.get(cell_of(row))
        if task is None:
            continue  # a finding already
        seed = episode_seed(salt, task.rules, row["index"])
        if row["seed"] != seed:
            yield Finding(place, f"seed of index {row['index']} is {seed}, recorded {row['seed']}")
        elif (row["split"], row["choice"]) != (task.split, None):
            yield Finding(
                place, f"instance {row['choice']} was chosen from split {row['split']!r}, not drawn by the seed"
            )


def _numbers(submission: _Submission) -> Iterator[Finding]:
    """Scores are on the rulers of the run, and costs are such as can be."""
    cells = submission.run.cells
    for place, row in submission.rows:
        task = cells.get(cell_of(row))
        if task is not None and row["normalised"] != (place_on_ruler := task.normalised(row["scores"][0])):
            yield Finding(place, f"normalised is {place_on_ruler}, recorded {row['normalised']}")
        elif not len(row["replies"]) == len(row["thoughts"]) == len(row["usage"]):
            yield Finding(place, "there are not as many thoughts and usages as replies")
        elif not all(map(_is_usage, row["usage"])):
            yield Finding(place, "a usage that cannot be")
        elif not all(isinstance(thought, str) for thought in row["thoughts"]) or not 0 <= row["seconds"] < math.inf:
            yield Finding(place, "thoughts or seconds that cannot be")


def _is_usage(usage: Any) -> bool:
    """Return whether a usage has its fields, counts from 0, with each part no larger than its whole."""
    return (
        isinstance(usage, dict)
        and usage.keys() == asdict(NO_USAGE).keys()
        and all(type(count) is int and count >= 0 for count in usage.values())
        and usage["cached"] <= usage["prompt"]
        and usage["thought"] <= usage["sampled"]
    )


def _completeness(submission: _Submission) -> Iterator[Finding]:
    for cell, indices in missing(submission.run, [row for _, row in submission.rows]).items():
        title = submission.run.cells[cell].title
        yield Finding(RUN, f"{title} in form {cell.form!r} lacks {len(indices)} episodes, the first is {indices[0]}")


def _summary(submission: _Submission) -> Iterator[Finding]:
    """The summary is what the rows give."""
    recomputed = summary_of(submission.run, [row for _, row in submission.rows]).to_json()
    yield from _differences(SUMMARY, "", read_json(submission.path / SUMMARY), recomputed)


def _differences(place: str, what: str, recorded: Any, recomputed: Any) -> Iterator[Finding]:
    for each in differing(recorded, recomputed):
        numbers = isinstance(each.one, float) and isinstance(each.other, float)
        if not (numbers and math.isclose(each.one, each.other, rel_tol=_PRECISION, abs_tol=_PRECISION)):
            yield Finding(place, f"{what}{each.place} is {each.other!r:.60}, recorded {each.one!r:.60}")
