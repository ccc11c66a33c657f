"""Policies that need no model: scripted strategies and fixed replies."""

from __future__ import annotations

from collections.abc import Sequence

from textenvs.core.errors import ArgumentError
from textenvs.core.game import Strategy, draw
from textenvs.core.strategies import random_strategy, strategy
from textenvs.envs.policy import Reply, Request


class StrategyPolicy:
    """Plays a strategy of `textenvs.core.strategies` (`random`, `expert`, `mixed:E`, or a function).

    In the `plan` form only `random` is defined: it writes random legal opening moves, one for each turn.
    """

    def __init__(self, strategy_or_name: str | Strategy, name: str | None = None) -> None:
        """Take a strategy or its name; raises as `strategy` does."""
        if isinstance(strategy_or_name, str):
            self.name = name or strategy_or_name
            self.strategy = strategy(strategy_or_name)
        else:
            self.name = name or str(getattr(strategy_or_name, "__name__", "strategy"))
            self.strategy = strategy_or_name

    def start(self, slots: int) -> None:
        """Nothing is remembered between turns."""

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        return [self._reply(request) for request in requests]

    def _reply(self, request: Request) -> Reply:
        episode = request.episode
        if episode.settings.form == "plan":
            return self._plan(request)
        move = draw(self.strategy(episode.game, episode.state, request.player), request.random)
        return Reply(episode.game.say(episode.state, move))

    def _plan(self, request: Request) -> Reply:
        if self.strategy is not random_strategy:
            raise ArgumentError(f"policy {self.name!r} writes no plans; use form='turns'")
        moves = (request.random.choice(request.legal) for _ in range(request.episode.game.max_turns))
        return Reply("\n".join(moves))


class ScriptPolicy:
    """Gives the same list of replies in every episode, then empty ones; for tests and transcripts."""

    name = "script"

    def __init__(self, script: Sequence[str]) -> None:
        """Take the replies in order."""
        self.script = tuple(script)
        self._next: list[int] = []

    def start(self, slots: int) -> None:
        self._next = [0] * slots

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        return [self._reply(request.slot) for request in requests]

    def _reply(self, slot: int) -> Reply:
        position = self._next[slot]
        self._next[slot] += 1
        return Reply(self.script[position] if position < len(self.script) else "")
