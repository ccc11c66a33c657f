"""Episode rows: everything needed to replay an episode and to check its score to the bit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from hashlib import sha256
from typing import Any, TypedDict

from textenvs import __version__
from textenvs.core.errors import ArgumentError
from textenvs.core.game import Game
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.policy import NO_USAGE, Usage
from textenvs.envs.settings import Settings
from textenvs.envs.solo import solo_game
from textenvs.evaluation.rollout import Played
from textenvs.registry import entry, make_game


class EpisodeRow(TypedDict):
    """One finished episode as JSON.

    Attributes:
        textenvs: package version that played it.
        game: registered id with its version.
        arguments: arguments of the game, with `seat` and `opponent` where one seat was played.
        dials: the settings.
        policy: name of the policy.
        seed: names the randomness of the episode.
        split: where the instance came from.
        choice: number or address by which the instance was chosen, None if the seed drew it.
        instance: content address of the instance.
        replies: pairs of player and raw reply, in order.
        rewards: what was paid after each reply, one float per player.
        scores: undiscounted return of each player.
        refusals: refused replies.
        forfeited: who ended the episode by refusals in a row, else None.
        told: digest of every word that was said to and by the players.
    """

    textenvs: str
    game: str
    arguments: dict[str, Any]
    dials: dict[str, Any]
    policy: str
    seed: int
    split: str
    choice: int | str | None
    instance: str
    replies: list[tuple[int, str]]
    rewards: list[tuple[float, ...]]
    scores: tuple[float, ...]
    refusals: int
    forfeited: int | None
    told: str


class EvaluationRow(EpisodeRow):
    """An episode of an evaluation: what replays it, and what it cost.

    Attributes:
        index: its position among the episodes of its task and form, from 0.
        thoughts: what the policy thought before each reply; empty texts where it did not or does not show it.
        usage: what each reply cost, the fields of `textenvs.envs.policy.Usage`.
        seconds: its share of the time that passed while it was played, in seconds: where n episodes are under way,
            each counts a part of n. The shares add up to the time of the process.
        normalised: the score on the ruler from 0 (random) to 1 (optimal); None where one of the two is not exact,
            or they coincide.
    """

    index: int
    thoughts: list[str]
    usage: list[dict[str, int]]
    seconds: float
    normalised: float | None


def evaluation_row(played: Played, policy: str, index: int, seconds: float, normalised: float | None) -> EvaluationRow:
    """Return the row of an episode of an evaluation; arguments as the attributes of `EvaluationRow`."""
    return EvaluationRow(
        **episode_row(played, policy),
        index=index,
        thoughts=[turn.reply.thought for turn in played.turns],
        usage=[asdict(turn.reply.usage) for turn in played.turns],
        seconds=seconds,
        normalised=normalised,
    )


def usage_of(rows: Iterable[EvaluationRow]) -> Usage:
    """Return what all replies of some episodes cost together."""
    return sum((Usage(**usage) for row in rows for usage in row["usage"]), NO_USAGE)


def episode_row(played: Played, policy: str) -> EpisodeRow:
    """Return the row of a finished episode.

    Raises:
        ArgumentError: for an episode scored by a judge without a name, which no row can hold.
    """
    episode = played.episode
    if not isinstance(episode.settings.judge, str):
        raise ArgumentError("only episodes with a named judge can be stored and verified")
    return EpisodeRow(
        textenvs=__version__,
        game=entry(episode.game.name).id,
        arguments=dict(episode.game.arguments),
        dials=asdict(episode.settings),
        policy=policy,
        seed=episode.seed,
        split=episode.split,
        choice=episode.choice,
        instance=episode.instance,
        replies=[(turn.player, turn.reply.text) for turn in played.turns],
        rewards=[turn.rewards for turn in played.turns],
        scores=episode.scores,
        refusals=sum(turn.refusal is not None for turn in played.turns),
        forfeited=episode.forfeited,
        told=words_digest(episode),
    )


def words_digest(episode: Episode) -> str:
    """Return the digest of all dialogues and raw replies so far: 16 hexadecimal digits.

    With it verification notices a changed reply, or a changed wording, even where the score stays the same.
    """
    return sha256(json.dumps([episode.dialogues, episode.replies]).encode()).hexdigest()[:16]


def row_game(row: EpisodeRow) -> Game[Any, Any]:
    """Return the rules that a row names: a whole game, or one seat of it.

    Raises:
        UnknownNameError: for a game or argument that this version does not have.
        ArgumentError: for an argument's value that is not accepted.
    """
    make = solo_game if "seat" in row["arguments"] else make_game
    return make(row["game"], **row["arguments"])


def reopen(row: EpisodeRow) -> Episode:
    """Return the episode of a row before its first reply; raises as `row_game`, `Settings`, `Episode` do."""
    return new_episode(
        row_game(row), Settings(**row["dials"]), seed=row["seed"], split=row["split"], instance=row["choice"]
    )
