"""Game states by number, with what the rules say of each remembered, and chance resolved between moves."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import chain
from math import inf
from typing import Any

from textenvs.core.errors import ArgumentError
from textenvs.core.game import Game, Probability
from textenvs.core.instances import deals_in
from textenvs.planning.errors import BrokenGameError, TooLargeError

OVER = -1

TRANSITIONS = 30
"""Transitions that take about as long as examining a (state, move) pair."""

Weight = Probability | int
"""A probability up to a common factor: rational where the rules are, else a float."""

Belief = tuple[tuple[int, Weight], ...]
"""Numbers of states with their weights, in ascending order."""

Step = tuple[Weight, float, int]
"""One way a move can turn out: its probability, what is paid, and the number of the state the player
moves in next, or -1 if the game is over."""


class StateTable:
    """The states in which the player of a solo game moves, numbered from 0 as they are first met.

    Attributes:
        game: the rules.
        states: by number.
        settled: transitions made so far to find out how moves turn out.
        most: how many of them may be made.
    """

    def __init__(self, game: Game[Any, Any], *, most: float = inf) -> None:
        """Begin without states.

        Args:
            game: the rules; one player.
            most: how many transitions to make before `TooLargeError` is raised; a single move can take millions.
        """
        if game.players != 1:
            raise ArgumentError(f"planning is for games of one player; {game.name} has {game.players}")
        self.game = game
        self.states: list[Any] = []
        self._numbers: dict[Hashable, int] = {}
        self._moves: list[tuple[Any, ...] | None] = []
        self._shared: dict[tuple[Any, ...], tuple[Any, ...]] = {}  # equal tuples of moves are stored once
        self._views: list[str | None] = []
        self._steps: list[dict[Any, tuple[Step, ...]]] = []
        self.settled = 0
        self.most = most

    def moves(self, number: int) -> tuple[Any, ...]:
        """Return the legal moves in a state."""
        known = self._moves[number]
        if known is None:
            moves = self.game.legal(self.states[number], 0)
            known = self._moves[number] = self._shared.setdefault(moves, moves)
        return known

    def all_moves(self) -> tuple[Any, ...]:
        """Return every move that is legal in a state whose moves were asked for."""
        return tuple(dict.fromkeys(chain.from_iterable(self._shared)))

    def view(self, number: int) -> str:
        """Return what the player is shown in a state."""
        known = self._views[number]
        if known is None:
            known = self._views[number] = self.game.view(self.states[number], 0)
        return known

    def step(self, number: int, move: Any) -> tuple[Step, ...]:
        """Return the ways a legal move can turn out, with chance played to the next own move or the end."""
        known = self._steps[number].get(move)
        if known is None:
            known = self._steps[number][move] = self._play(number, move)
        return known

    def openings(self, split: str) -> dict[int, Weight]:
        """Return the probability of each state in which an episode of a split can open.

        Raises:
            TooLargeError: if the deals cannot be listed.
            BrokenGameError: if the game pays, or ends, before the player's first move.
        """
        deals = deals_in(self.game, split)
        if deals is None:
            raise TooLargeError(f"{self.game!r} has too many deals to list")
        outcomes: dict[tuple[float, int], Weight] = {}
        for deal, chance in deals:
            self._settle(deal, chance, 0.0, outcomes)
        if any(state == OVER or reward for reward, state in outcomes):
            raise BrokenGameError(f"{self.game!r} pays or ends before the first move")
        return {state: weight for (_, state), weight in outcomes.items()}

    def _play(self, number: int, move: Any) -> tuple[Step, ...]:
        state = self.states[number]
        after = self.game.apply(state, move)
        outcomes: dict[tuple[float, int], Weight] = {}
        self._settle(after, 1, self.game.rewards(state, move, after)[0], outcomes)
        return tuple([(weight, reward, after) for (reward, after), weight in outcomes.items()])

    def _settle(self, state: Any, weight: Weight, reward: float, outcomes: dict[tuple[float, int], Weight]) -> None:
        """Add to `outcomes` what chance makes of `state`, reached with a `weight` and a `reward` so far."""
        self.settled += 1
        if self.settled > self.most:
            raise TooLargeError(f"in {self.game!r} moves can turn out in more than {self.most} ways")
        own = self.game.to_move(state)
        chances = () if own else self.game.chance(state)
        if not chances:
            outcome = (reward, self._number(state) if own else OVER)
            outcomes[outcome] = outcomes.get(outcome, 0) + weight
        for event, chance in chances:
            if chance > 0:
                after = self.game.apply(state, event)
                self._settle(after, weight * chance, reward + self.game.rewards(state, event, after)[0], outcomes)

    def _number(self, state: Hashable) -> int:
        number = self._numbers.get(state)
        if number is None:
            number = self._numbers[state] = len(self.states)
            self.states.append(state)
            self._moves.append(None)
            self._views.append(None)
            self._steps.append({})
        return number
