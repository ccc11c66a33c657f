"""Judges of the `reply` form: what scores one reply to a position reached by someone else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.refusal import Refusal

if TYPE_CHECKING:
    from textenvs.envs.episode import Episode


@dataclass(frozen=True)
class JudgedReply:
    """What a judge may look at.

    Attributes:
        before: the episode as the player met it, dialogue included; not to be changed.
        after: the episode with the reply played; a copy of the judge's own, which it may play on.
        player: who replied.
        reply: the raw text.
        reward: what the reply earned at once, refusal price included.
        refusal: why the reply was no legal move, else None.
    """

    before: Episode
    after: Episode
    player: int
    reply: str
    reward: float
    refusal: Refusal | None


Judge = Callable[[JudgedReply], float]
"""From a judged reply to its score; rule lists, preference and reward models are functions of this kind."""


@dataclass(frozen=True)
class Lookahead:
    """Scores a reply by the sum of its reward and the next ones while the behaviour strategy plays on.

    One sampled continuation, so an unbiased estimate of the truncated return-to-go.

    Attributes:
        turns: rewards summed, the first being the reply's own; None sums all.
    """

    turns: int | None

    def __call__(self, judged: JudgedReply) -> float:
        """Return the score of one reply; the continuation's chance is the episode's own."""
        episode, total, turns = judged.after, judged.reward, 1
        while not episode.over and (self.turns is None or turns < self.turns):
            total += episode.play_behaviour(judged.player)
            turns += 1
        return total


def named_judge(name: str) -> Judge:
    """Return the judge called `name`: `immediate`, `lookahead:H` with H from 1, or `return`.

    Raises:
        UnknownNameError: for any other name.
        ArgumentError: for an H that is no whole number from 1.
    """
    kind, _, number = str(name).partition(":")
    if kind == "lookahead" and number:
        if not number.isdecimal() or int(number) < 1:
            raise ArgumentError(f"lookahead:H needs a whole number H from 1, not {number!r}")
        return Lookahead(int(number))
    plain = {"immediate": Lookahead(1), "return": Lookahead(None)}
    if name not in plain:
        raise UnknownNameError("judge", name, [*plain, "lookahead:H"])
    return plain[name]
