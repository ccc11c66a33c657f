"""Stored episodes turn by turn, each turn with what optimal play would still have earned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from textenvs.core.errors import ArgumentError, TextenvsError, check_range
from textenvs.core.refusal import Refusal
from textenvs.envs.episode import Episode
from textenvs.envs.forms import OneShotEpisode
from textenvs.evaluation.records import EpisodeRow, reopen, row_game
from textenvs.evaluation.verify import problem_with
from textenvs.planning.enumeration import build_graph
from textenvs.planning.errors import TooLargeError
from textenvs.planning.graph import InformationGraph
from textenvs.planning.values import action_values, evaluate, optimal, uniform_policy
from textenvs.policies.rulers import Follower

WORK = 300_000
"""How much to examine, unless asked for otherwise: some seconds for each game."""


class Worth(NamedTuple):
    """What a turn meant to a player who plays optimally from there on, in units of return.

    Attributes:
        before: what it would earn from the situation on, this turn included.
        lost: how much of that the reply gave away, before chance answered it; not negative.
    """

    before: float
    lost: float


@dataclass(frozen=True)
class Turn:
    """A reply, or a move of the one reply of a one-shot form, with what was known when it was written.

    Attributes:
        kind: `reply`; in a one-shot form `whole`, the one reply, and then `move`, of which the player saw nothing.
        player: who replied.
        view: what the player was shown before; for a `move`, what it would have been shown.
        situation: the view of the game itself, without talk and refusals before it.
        reply: the raw text, or the wording of the move.
        refusal: why it was no legal move, else None.
        scores: undiscounted return of each player after it.
        move: as it was read; None for a `whole` reply.
        worth: None where it is not known.
    """

    kind: Literal["reply", "whole", "move"]
    player: int
    view: str
    situation: str
    reply: str
    refusal: str | None
    scores: tuple[float, ...]
    move: Any = None
    worth: Worth | None = None


@dataclass(frozen=True)
class Replay:
    """An episode that was played again.

    Attributes:
        told: the instructions of each player.
        turns: in order; a one-shot form has its reply first and then each of its moves.
        end: what each player was shown last.
        problem: how the replay differs from what was recorded, else None; then nothing else is given.
        unknown: why turns lack their worth, else None.
    """

    told: tuple[str, ...]
    turns: tuple[Turn, ...]
    end: tuple[str, ...]
    problem: str | None = None
    unknown: str | None = None


class Replayer:
    """Replays rows; the graph of each game is built once.

    Attributes:
        work: the most (state, move) pairs to examine for the graph of a game; roughly 15 µs each.
    """

    def __init__(self, work: int = WORK) -> None:
        check_range("work", work, 0, 1_000_000_000)
        self.work = work
        self._charts: dict[str, Chart | str] = {}

    def replay(self, row: EpisodeRow) -> Replay:
        """Return an episode turn by turn."""
        problem = problem_with(row)
        if problem is not None:
            return Replay((), (), (), problem)
        episode = reopen(row)
        turns = tuple(_turns(episode, row))
        told = tuple(dialogue[0].text for dialogue in episode.dialogues)
        end = tuple(dialogue[-1].text for dialogue in episode.dialogues)
        chart = self.chart(row)
        if isinstance(chart, str):
            return Replay(told, turns, end, unknown=chart)
        valued, unknown = chart.along(turns)
        return Replay(told, valued, end, unknown=unknown)

    def chart(self, row: EpisodeRow) -> Chart | str:
        """Return the exact values of the game of a row, or why they are not known."""
        dials = row["dials"]
        if "seat" not in row["arguments"] and row_game(row).players > 1:
            return "several players reply, so there is no one optimal play"
        if dials["form"] == "reply":
            return "a judge scores the one reply of this form"
        if dials["feedback"] != "full":
            return f"with feedback={dials['feedback']} the player is not shown what happened"
        key = json.dumps([row["game"], row["arguments"], row["split"]], sort_keys=True)
        if key not in self._charts:
            self._charts[key] = self._built(row)
        return self._charts[key]

    def _built(self, row: EpisodeRow) -> Chart | str:
        try:
            return Chart(build_graph(row_game(row), row["split"], work=self.work))
        except TooLargeError:
            return f"the game has too many situations to list with {self.work:,} steps of work"
        except TextenvsError as error:
            return f"the situations of the game cannot be listed: {error}"


class Chart:
    """The exact values of every situation of a game.

    Attributes:
        optimal: what the best policy earns in an episode.
        random: what uniformly random moves earn.
    """

    def __init__(self, graph: InformationGraph) -> None:
        best = optimal(graph)
        self._follower = Follower(graph)
        self._values = best.values
        self._action_values = action_values(graph, best.values)
        self.optimal = best.start
        self.random = evaluate(graph, uniform_policy(graph)).start

    def along(self, turns: tuple[Turn, ...]) -> tuple[tuple[Turn, ...], str | None]:
        """Return turns with their worth, and why some of them lack it, else None."""
        moves = [turn for turn in turns if turn.kind != "whole"]
        valued = [turn for turn in turns if turn.kind == "whole"]
        node, score = self._follower.opening(moves[0].situation) if moves else 0, 0.0
        for turn, following in zip(moves, [*moves[1:], None], strict=True):
            before = float(self._values[node])
            try:
                if turn.refusal is not None:
                    kept = turn.scores[0] - score + (before if following else 0.0)
                else:
                    kept = float(self._action_values[self._follower.pair(node, turn.move)])
                    node = self._follower.after(node, turn.move, following.situation) if following else node
            except ArgumentError as error:
                return (*valued, *turns[len(valued) :]), f"from turn {len(valued) + 1} on: {error}"
            valued.append(replace(turn, worth=Worth(before, max(0.0, before - kept))))
            score = turn.scores[0]
        return tuple(valued), None


def _turns(episode: Episode, row: EpisodeRow) -> Iterator[Turn]:
    """Play an episode and yield its turns."""
    opening = episode.state
    for player, text in row["replies"]:
        view, situation = episode.dialogues[player][-1].text, episode.game.view(episode.state, player)
        if isinstance(episode, OneShotEpisode):
            episode.reply(player, text)
            yield Turn("whole", player, view, situation, text, None, (0.0,))
            yield from _moves(episode, opening)
            return
        move = episode.move_in(player, text)
        refusal = episode.reply(player, text).refusal
        why = None if refusal is None else refusal.text
        yield Turn("reply", player, view, situation, text, why, episode.scores, move)


def _moves(episode: OneShotEpisode, state: Any) -> Iterator[Turn]:
    """Yield the moves of a one-shot form that began in `state`."""
    for step in episode.played:
        view = episode.game.view(state, 0)
        if isinstance(step.move, Refusal):
            yield Turn("move", 0, view, view, "", step.move.text, step.scores)
        else:
            yield Turn("move", 0, view, view, episode.game.say(state, step.move), None, step.scores, step.move)
        state = step.state
