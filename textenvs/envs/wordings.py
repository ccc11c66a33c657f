"""What moves of a game are called, beyond those that are legal now: what a plan can be made of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

from textenvs.core.game import Game, Strategy, draw
from textenvs.core.strategies import has_expert, strategy
from textenvs.envs.episode import settle
from textenvs.envs.streams import Purpose, Stream

EPISODES = 32
"""Of each scripted player; their seeds are the first ones, whatever is played."""


@lru_cache(maxsize=64)
def usual_wordings(game: Game[Any, Any]) -> tuple[str, ...]:
    """Return the wordings of all moves that are legal at some time in a few episodes of the scripted players.

    The instances of these episodes are always the same ones, so the wordings tell nothing of an instance at hand.
    """
    names = ("random", "expert") if has_expert(game, Stream(0, Purpose.DEAL)) else ("random",)
    plays = (_wordings(game, strategy(name), seed) for name in names for seed in range(EPISODES))
    return tuple(dict.fromkeys(chain.from_iterable(plays)))


def _wordings(game: Game[Any, Any], play: Strategy, seed: int) -> Iterator[str]:
    """Yield the wordings of all moves that are legal in the course of one episode."""
    random, chance = Stream(seed, Purpose.BEHAVIOUR), Stream(seed, Purpose.CHANCE)
    state, _ = settle(game, game.deal(Stream(seed, Purpose.DEAL)), chance)
    while players := game.to_move(state):
        for player in players:
            yield from (game.say(state, move) for move in game.legal(state, player))
        moves = tuple(draw(play(game, state, player), random) for player in players)
        state, _ = settle(game, game.apply(state, moves if len(moves) > 1 else moves[0]), chance)
