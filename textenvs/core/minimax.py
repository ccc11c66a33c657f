"""Search in games of two players who see everything and win what the other loses."""

from __future__ import annotations

from functools import lru_cache
from math import inf
from typing import Any

from textenvs.core.errors import ArgumentError
from textenvs.core.game import Distribution, Game, Strategy, uniform

POSITIONS = 300_000
"""Positions that `perfect` play may look at before it gives up."""

_SAME = 1e-9


def minimax_strategy(depth: int | None) -> Strategy:
    """Return the strategy that looks `depth` moves ahead, or to the end if None, and mixes between the best moves.

    Positions at that depth count what `Game.estimate` says; chance counts its mean.

    Raises (when asked for a move):
        ArgumentError: where the game is not of this kind, or too large for perfect play.
    """

    def minimax(game: Game[Any, Any], state: Any, player: int) -> Distribution[Any]:
        _check_kind(game)
        if depth is not None:
            return _best(player, _Search(game, inf).worths(state, depth))
        own = game.perfect(state, player)
        return _solved(game, state, player) if own is None else own

    return minimax


@lru_cache(maxsize=50_000)
def _solved(game: Game[Any, Any], state: Any, player: int) -> Distribution[Any]:
    return _best(player, _solver(game).worths(state, None))


@lru_cache(maxsize=8)
def _solver(game: Game[Any, Any]) -> _Search:
    return _Search(game, POSITIONS)


def _best(player: int, worths: dict[Any, float]) -> Distribution[Any]:
    """Return the moves that are worth most to `player`, each equally likely."""
    sign = 1 if player == 0 else -1
    most = max(sign * worth for worth in worths.values())
    return uniform([move for move, worth in worths.items() if sign * worth >= most - _SAME])


def _check_kind(game: Game[Any, Any]) -> None:
    if not game.perfect_information:
        raise ArgumentError(f"{game.name} is no game of two players who see everything; use the opponent 'expert'")


class _Search:
    """Alpha-beta search (Knuth & Moore 1975, doi:10.1016/0004-3702(75)90019-3); worths are those to player 0.

    Whole games are remembered position by position, without bounds, so that they serve later searches too.
    """

    def __init__(self, game: Game[Any, Any], most: float) -> None:
        self.game = game
        self.left = most
        self.known: dict[Any, float] = {}

    def worths(self, state: Any, depth: int | None) -> dict[Any, float]:
        """Return the exact worth of each move in `state`."""
        (player,) = self.game.to_move(state)
        return {move: self.after(state, move, depth, -inf, inf) for move in self.game.legal(state, player)}

    def after(self, state: Any, move: Any, depth: int | None, low: float, high: float) -> float:
        """Return what a move pays and leads to; exact if it lies between `low` and `high`, else a bound."""
        then = self.game.apply(state, move)
        paid = self.game.rewards(state, move, then)[0]
        return paid + self.worth(then, None if depth is None else depth - 1, low - paid, high - paid)

    def worth(self, state: Any, depth: int | None, low: float, high: float) -> float:
        """Return the worth of a position, likewise."""
        if outcomes := self.game.chance(state):
            again = None if depth is None else depth + 1
            return sum(float(p) * self.after(state, event, again, -inf, inf) for event, p in outcomes)
        movers = self.game.to_move(state)
        if not movers:
            return 0.0
        if depth == 0:
            return self.game.estimate(state)
        if depth is None:
            return self.whole(state, movers[0])
        return self.searched(state, movers[0], depth, low, high)

    def whole(self, state: Any, player: int) -> float:
        """Return the worth of a position that is played to the end, remembered."""
        known = self.known.get(state)
        if known is None:
            self.left -= 1
            if self.left < 0:
                raise ArgumentError(f"{self.game!r} is too large for perfect play; use minimax:D or 'expert'")
            worths = [self.after(state, move, None, -inf, inf) for move in self.game.legal(state, player)]
            known = self.known[state] = max(worths) if player == 0 else min(worths)
        return known

    def searched(self, state: Any, player: int, depth: int, low: float, high: float) -> float:
        best = -inf if player == 0 else inf
        for move in self.game.legal(state, player):
            worth = self.after(state, move, depth, low, high)
            if player == 0:
                best, low = max(best, worth), max(low, worth)
            else:
                best, high = min(best, worth), min(high, worth)
            if low >= high:
                break
        return best
