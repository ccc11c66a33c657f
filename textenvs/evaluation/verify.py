"""Verification: replay stored episodes from seed and replies, and compare every number to the bit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from textenvs.core.errors import TextenvsError
from textenvs.envs.episode import Episode
from textenvs.evaluation.records import EpisodeRow, reopen, words_digest
from textenvs.evaluation.store import read_episodes
from textenvs.registry import entry


class Finding(NamedTuple):
    """The verdict on one stored episode.

    Attributes:
        place: where it is stored, `file:line`.
        problem: what differs from the replay; None if nothing does.
    """

    place: str
    problem: str | None


def verify_run(run: Path) -> Iterator[Finding]:
    """Replay every episode of a run folder and yield a finding for each.

    Raises:
        CorruptRunError: if the folder cannot be read as a run.
    """
    for place, row in read_episodes(run):
        yield Finding(place, problem_with(row))


def problem_with(row: EpisodeRow) -> str | None:
    """Return how the replay of a row differs from what it records, or None if it agrees to the bit."""
    try:
        installed = entry(row["game"]).id
        if installed != row["game"]:
            return f"recorded with {row['game']}, installed is {installed}"
        return _difference(row, reopen(row))
    except (TextenvsError, TypeError, ValueError, KeyError) as error:
        return f"cannot be replayed: {error}"


def _difference(row: EpisodeRow, episode: Episode) -> str | None:
    if episode.instance != row["instance"]:
        return f"instance is {episode.instance}, recorded {row['instance']}"
    rewards: list[tuple[float, ...]] = []
    refusals = 0
    for player, text in row["replies"]:
        if episode.over:
            return f"recorded {len(row['replies'])} replies, but the episode ends after {len(rewards)}"
        outcome = episode.reply(player, text)
        rewards.append(outcome.rewards)
        refusals += outcome.refusal is not None
    if not episode.over:
        return f"the episode is not over after its {len(rewards)} replies"
    replayed = {
        "rewards": rewards,
        "scores": episode.scores,
        "refusals": refusals,
        "forfeited": episode.forfeited,
        "told": words_digest(episode),
    }
    return next((problem for key in replayed if (problem := _compared(key, replayed[key], row)) is not None), None)


def _compared(key: str, replayed: Any, row: EpisodeRow) -> str | None:
    ours, theirs = json.dumps(replayed), json.dumps(row[key])  # type: ignore[literal-required]
    return None if ours == theirs else f"{key} are {ours}, recorded {theirs}"
