"""The reward dial: when earned rewards are paid. Every kind pays the same undiscounted return."""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

from textenvs.core.errors import ArgumentError
from textenvs.core.game import Game
from textenvs.envs.settings import Settings

Rewards = tuple[float, ...]


class Payment(Protocol):
    """Turns the stream of earned rewards into the stream of paid ones."""

    def pay(self, earned: Rewards, state: Any, over: bool) -> Rewards:
        """Return what is paid now, given what the last reply earned and where it led."""


class Native:
    """Pays every reward when it is earned."""

    def pay(self, earned: Rewards, state: Any, over: bool) -> Rewards:
        return earned


class Delayed:
    """Pays every reward `turns` replies late, or at the end if that comes first; None: all at the end.

    Who leaves the game before its end is paid all that is due when leaving.
    """

    def __init__(self, turns: int | None, game: Game[Any, Any]) -> None:
        """Delay by `turns` from 0."""
        self.turns = turns
        self.game = game
        self.due: deque[Rewards] = deque()

    def pay(self, earned: Rewards, state: Any, over: bool) -> Rewards:
        self.due.append(earned)
        if over:
            return self._sums()
        late = self.turns is not None and len(self.due) > self.turns
        paid = self.due.popleft() if late else (0.0,) * len(earned)
        gone = self.game.left(state)
        return self._paid_off(paid, gone) if gone else paid

    def _paid_off(self, paid: Rewards, gone: tuple[int, ...]) -> Rewards:
        """Return `paid` and, for those who are gone, all that is due to them."""
        rest = self._sums() or (0.0,) * len(paid)
        self.due = deque(tuple(0.0 if p in gone else reward for p, reward in enumerate(row)) for row in self.due)
        return tuple(reward + (rest[p] if p in gone else 0.0) for p, reward in enumerate(paid))

    def _sums(self) -> Rewards:
        return tuple(sum(column) for column in zip(*self.due, strict=True))


class Shaped:
    """Adds the change of the game's progress measure (Ng, Harada & Russell 1999, discount 1).

    The opening and the end have potential 0, so the additions of an episode sum to 0.
    """

    def __init__(self, game: Game[Any, Any], opening: Any) -> None:
        """Measure progress from the `opening` state; raises `ArgumentError` where there is no measure."""
        self.game = game
        self.zero = self._measure(opening)
        self.before = 0.0

    def _measure(self, state: Any) -> float:
        progress = self.game.progress(state)
        if progress is None:
            raise ArgumentError(f"{self.game.name} has no progress measure, so reward='shaped' is not offered")
        return progress

    def pay(self, earned: Rewards, state: Any, over: bool) -> Rewards:
        now = 0.0 if over else self._measure(state) - self.zero
        change, self.before = now - self.before, now
        return tuple(reward + change for reward in earned)


def payment(settings: Settings, game: Game[Any, Any], opening: Any) -> Payment:
    """Return the payment that `settings.reward` asks for, for an episode from `opening`."""
    if settings.reward == "shaped":
        return Shaped(game, opening)
    if settings.reward == "final":
        return Delayed(None, game)
    return Delayed(settings.delay, game) if settings.delay else Native()
