"""Games of perfect information, position by position: where histories are far too many, positions may be few."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from textenvs.core.errors import ArgumentError
from textenvs.core.game import Distribution, Game, Probability, Strategy
from textenvs.planning.errors import TooLargeError, check_mixed_move


def positions(game: Game[Any, Any], *, limit: int = 200_000) -> tuple[Any, ...]:
    """Return all states that play can reach, each before any that only it leads to.

    Args:
        game: of perfect information, with deals that can be listed.
        limit: the most positions.

    Raises:
        ArgumentError: for a game without perfect information.
        TooLargeError: if there are too many positions, or the deals cannot be listed.
    """
    found = dict.fromkeys(state for state, _ in _deals(game))
    waiting = list(found)
    while waiting:
        state = waiting.pop()
        for after in _after(game, state):
            if after not in found:
                found[after] = None
                waiting.append(after)
        if len(found) > limit:
            raise TooLargeError(f"{game!r} has more than {limit} positions")
    return tuple(found)


def best_response(game: Game[Any, Any], strategy: Strategy, player: int, *, limit: int = 200_000) -> Probability:
    """Return the most that `player` can earn on average while the other one plays `strategy`, by backward induction.

    Args:
        game: of perfect information, with deals that can be listed.
        strategy: how the other one plays; it is not asked what `player` does.
        player: 0 or 1.
        limit: the most positions to look at.

    Returns:
        A Fraction, exact, where the rules and the strategy state rational probabilities.

    Raises:
        ArgumentError: for a game without perfect information, or if the strategy is no distribution over the legal
            moves of every position that it meets.
        TooLargeError: if there are too many positions, or the deals cannot be listed.
    """
    deals = _deals(game)
    response = _Response(game, strategy, player, limit)
    return sum(chance * response.worth(state) for state, chance in deals)


class _Response:
    """Remembers what positions are worth to the player who responds."""

    def __init__(self, game: Game[Any, Any], strategy: Strategy, player: int, limit: int) -> None:
        self.game = game
        self.strategy = strategy
        self.player = player
        self.limit = limit
        self.known: dict[Any, Probability] = {}

    def worth(self, state: Any) -> Probability:
        if state not in self.known:
            if len(self.known) >= self.limit:
                raise TooLargeError(f"{self.game!r} has more than {self.limit} positions")
            self.known[state] = self._found(state)
        return self.known[state]

    def _found(self, state: Any) -> Probability:
        movers = self.game.to_move(state)
        if self.player in movers:
            return max(self._worth_of(state, move) for move in self.game.legal(state, self.player))
        drawn = self._other(state, movers[0]) if movers else self.game.chance(state)
        return sum(chance * self._worth_of(state, move) for move, chance in drawn if chance)

    def _other(self, state: Any, player: int) -> Distribution[Any]:
        """Return what the other one does, checked."""
        chosen = self.strategy(self.game, state, player)
        check_mixed_move(dict(chosen), self.game.legal(state, player), state)
        return chosen

    def _worth_of(self, state: Any, move: Any) -> Probability:
        after = self.game.apply(state, move)
        return Fraction(self.game.rewards(state, move, after)[self.player]) + self.worth(after)


def _deals(game: Game[Any, Any]) -> Distribution[Any]:
    if not game.perfect_information:
        raise ArgumentError(f"{game.name} is no game of perfect information, so that positions do not tell all")
    deals = game.deals()
    if deals is None:
        raise TooLargeError(f"{game!r} has too many deals to list")
    return deals


def _after(game: Game[Any, Any], state: Any) -> list[Any]:
    movers = game.to_move(state)
    moves = game.legal(state, movers[0]) if movers else [outcome for outcome, chance in game.chance(state) if chance]
    return [game.apply(state, move) for move in moves]
