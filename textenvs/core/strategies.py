"""Scripted players by name: `random`, `expert`, `mixed:E` between them, `script:NAME`, `minimax:D` and `perfect`."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from textenvs.core.errors import ArgumentError, UnknownNameError, check_choice
from textenvs.core.game import Distribution, Game, Random, Strategy, draw, uniform
from textenvs.core.minimax import minimax_strategy


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


def script_strategy(name: str) -> Strategy:
    """Return the strategy of one of a game's own scripted players."""

    def script(game: Game[Any, Any], state: Any, player: int) -> Distribution[Any]:
        check_choice(f"scripted player of {game.name}", name, game.scripts)
        return game.script(name, state, player)

    return script


@lru_cache(maxsize=256)
def strategy(name: str) -> Strategy:
    """Return the scripted player called `name`.

    Args:
        name: `random`; `expert`; `mixed:E`, at random with probability E in 0 … 1, else like the expert;
            `script:NAME`, a player of the game's own; `minimax:D`, which looks D moves ahead; `perfect`, which
            looks ahead to the end.

    Raises:
        UnknownNameError: for any other name.
        ArgumentError: for an E or D out of range.
    """
    kind, _, given = str(name).partition(":")
    if given and kind in _WITH_ARGUMENT:
        return _WITH_ARGUMENT[kind](given)
    if name not in _PLAIN:
        raise UnknownNameError("strategy", name, [*_PLAIN, "mixed:E", "script:NAME", "minimax:D"])
    return _PLAIN[name]


def _share(number: str) -> Fraction:
    try:
        share = Fraction(number)
    except (ValueError, ZeroDivisionError):
        share = Fraction(-1)
    if not 0 <= share <= 1:
        raise ArgumentError(f"mixed:E needs a number from 0 to 1, not {number!r}")
    return share


def _depth(number: str) -> int:
    if not number.isdecimal() or not 1 <= int(number) <= 100:
        raise ArgumentError(f"minimax:D needs a whole number from 1 to 100, not {number!r}")
    return int(number)


_PLAIN: dict[str, Strategy] = {
    "random": random_strategy,
    "expert": expert_strategy,
    "perfect": minimax_strategy(None),
}
_WITH_ARGUMENT: dict[str, Callable[[str], Strategy]] = {
    "mixed": lambda given: mixed_strategy(_share(given)),
    "minimax": lambda given: minimax_strategy(_depth(given)),
    "script": script_strategy,
}
