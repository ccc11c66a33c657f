"""Ways to play a game from its rules alone, for the tests of several games."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar

from textenvs.core.game import Game
from textenvs.core.refusal import Refusal
from textenvs.envs.streams import Purpose, Stream

S = TypeVar("S", bound=Hashable)


def deal(game: Game[S, Any], seed: int) -> S:
    """Return the opening state that a seed deals."""
    return game.deal(Stream(seed, Purpose.DEAL))


def after_replies(game: Game[S, Any], state: S, *replies: str) -> S:
    """Return the state after replies that must all be understood."""
    for reply in replies:
        move = game.read(state, 0, reply)
        assert not isinstance(move, Refusal), (reply, move)
        state = game.apply(state, move)
    return state
