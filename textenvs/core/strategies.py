"""Scripted players by name: `random`, `expert`, and `mixed:E` between them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.game import Distribution, Game, Random, draw, uniform

Strategy = Callable[[Game[Any, Any], Any, int], Distribution[Any]]
"""From game, state and player to a mixed move, using only what the player can know."""


def random_strategy(game: Game[Any, Any], state: Any, player: int) -> Distribution[Any]:
    """Play every legal move with equal probability."""
    return uniform(game.legal(state, player))


def expert_strategy(game: Game[Any, Any], state: Any, player: int) -> Distribution[Any]:
    """Play the game's scripted expert.

    Raises:
        ArgumentError: where the game has none.
    """
    move = game.expert(state, player)
    if move is None:
        raise ArgumentError(f"{game.name} has no scripted expert")
    return move


def has_expert(game: Game[Any, Any], random: Random) -> bool:
    """Return whether the game has a scripted expert, as seen in an opening that `random` deals."""
    state = game.deal(random)
    while not (movers := game.to_move(state)):
        state = game.apply(state, draw(game.chance(state), random))
    return game.expert(state, movers[0]) is not None


def mixed_strategy(randomness: Fraction) -> Strategy:
    """Return the strategy that plays at random with probability `randomness`, else like the expert."""

    def mixed(game: Game[Any, Any], state: Any, player: int) -> Distribution[Any]:
        weights = {move: randomness * p for move, p in random_strategy(game, state, player)}
        for move, p in expert_strategy(game, state, player):
            weights[move] += (1 - randomness) * p
        return tuple(weights.items())

    return mixed


def strategy(name: str) -> Strategy:
    """Return the scripted player called `name`: `random`, `expert` or `mixed:E`, E in 0 … 1.

    Raises:
        UnknownNameError: for any other name.
        ArgumentError: for an E that is no number from 0 to 1.
    """
    kind, _, number = str(name).partition(":")
    if kind == "mixed" and number:
        return mixed_strategy(_share(number))
    plain = {"random": random_strategy, "expert": expert_strategy}
    if name not in plain:
        raise UnknownNameError("strategy", name, [*plain, "mixed:E"])
    return plain[name]


def _share(number: str) -> Fraction:
    try:
        share = Fraction(number)
    except (ValueError, ZeroDivisionError):
        share = Fraction(-1)
    if not 0 <= share <= 1:
        raise ArgumentError(f"mixed:E needs a number from 0 to 1, not {number!r}")
    return share
