"""The values of a small game by brute force, from a naive implementation: no beliefs, only lists of what may be."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Step = tuple[Fraction, Fraction, Any]
"""Probability, reward, and the state after; None if the game is over."""


@dataclass(frozen=True)
class BruteForce:
    """A game as three functions.

    Attributes:
        moves: from a state to what may be done in it.
        steps: from a state and a move to everything that can come of it.
        seen: from a state to what the player is shown.
    """

    moves: Callable[[Any], Sequence[Any]]
    steps: Callable[[Any, Any], Sequence[Step]]
    seen: Callable[[Any], Hashable]

    def optimal(self, openings: Sequence[tuple[Fraction, Any]]) -> Fraction:
        """Return the best expected return over openings with their probabilities."""
        return sum((self._best(tuple(group)) for group in self._told_apart(openings)), Fraction(0))

    def random(self, openings: Sequence[tuple[Fraction, Any]]) -> Fraction:
        """Return the expected return of uniformly random moves."""
        return sum((p * self._random(state) for p, state in openings), Fraction(0))

    def _told_apart(self, states: Sequence[tuple[Fraction, Any]]) -> list[list[tuple[Fraction, Any]]]:
        groups: dict[Hashable, list[tuple[Fraction, Any]]] = {}
        for p, state in states:
            groups.setdefault(self.seen(state), []).append((p, state))
        return list(groups.values())

    def _best(self, possible: tuple[tuple[Fraction, Any], ...]) -> Fraction:
        return max(self._worth(possible, move) for move in self.moves(possible[0][1]))

    def _worth(self, possible: Sequence[tuple[Fraction, Any]], move: Any) -> Fraction:
        value, after = Fraction(0), []
        for p, state in possible:
            for share, reward, next_state in self.steps(state, move):
                value += p * share * reward
                if next_state is not None:
                    after.append((p * share, next_state))
        return value + self.optimal(after)

    def _random(self, state: Any) -> Fraction:
        moves = self.moves(state)
        steps = [step for move in moves for step in self.steps(state, move)]
        after = [(share, next_state) for share, _, next_state in steps if next_state is not None]
        paid = sum((share * reward for share, reward, _ in steps), Fraction(0))
        return (paid + self.random(after)) / len(moves)
