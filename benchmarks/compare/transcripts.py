"""Stored episodes of two arms on one instance, to be read side by side."""

from __future__ import annotations

from itertools import zip_longest
from typing import NamedTuple

from benchmarks.compare.folder import RunFolder
from benchmarks.compare.jobs import Job
from benchmarks.compare.sweep import RL
from textenvs.core.errors import CorruptRunError
from textenvs.evaluation.records import EpisodeRow, reopen
from textenvs.evaluation.store import read_episodes

SIDES = ("A1", RL.id)


class Side(NamedTuple):
    """One arm's episode.

    Attributes:
        arm: id of the arm.
        score: what the episode earned.
        turns: what was shown, what was replied, and what that paid; the last view has no reply.
    """

    arm: str
    score: float
    turns: list[tuple[str, str | None, float]]


class SideBySide(NamedTuple):
    """Two arms on the same instance, with the same luck.

    Attributes:
        cell: id of the cell.
        number: position of the episode in the evaluation, from 1.
        seed: of the episode.
        instructions: what both were told at first.
        sides: the episodes.
    """

    cell: str
    number: int
    seed: int
    instructions: str
    sides: list[Side]


def side_by_side(folder: RunFolder, cell: str) -> SideBySide:
    """Return the first evaluation episode, of the first run in a cell, in which `SIDES` reply differently.

    If they never do, it is the first episode.

    Raises:
        CorruptRunError: if the episodes are not in the run folder.
    """
    left, right = (_stored(folder, cell, arm) for arm in SIDES)
    pairs = list(zip(left, right, strict=True))
    number = next((n for n, (one, other) in enumerate(pairs) if one["replies"] != other["replies"]), 0)
    opening = reopen(pairs[number][0])
    return SideBySide(
        cell=cell,
        number=number + 1,
        seed=opening.seed,
        instructions=opening.dialogues[0][0].text,
        sides=[_side(arm, row) for arm, row in zip(SIDES, pairs[number], strict=True)],
    )


def _stored(folder: RunFolder, cell: str, arm: str) -> list[EpisodeRow]:
    """Return the stored episodes of the first run of an arm."""
    name = f"{Job('language', cell, arm).id}.jsonl"
    rows = [row for place, row in read_episodes(folder.path) if place.partition(":")[0] == name]
    if not rows:
        raise CorruptRunError(f"{folder.path}: no episodes in {name}")
    return rows


def _side(arm: str, row: EpisodeRow) -> Side:
    episode = reopen(row)
    for player, text in row["replies"]:
        episode.reply(player, text)
    said = episode.dialogues[0][1:]
    views = [message.text for message in said if message.role == "user"]
    replies = [message.text for message in said if message.role == "assistant"]
    paid = [rewards[0] for rewards in row["rewards"]]
    return Side(arm, row["scores"][0], list(zip_longest(views, replies, paid)))
