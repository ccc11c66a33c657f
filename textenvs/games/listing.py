"""Listing everything that a random drawing can give, so that small games need no second description of their deals."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from fractions import Fraction
from math import prod
from typing import TypeVar

from textenvs.core.game import Distribution, Random

T = TypeVar("T")
D = TypeVar("D", bound=Hashable)


def all_draws(drawing: Callable[[Random], D], most: int) -> Distribution[D] | None:
    """Return all outcomes of `drawing` with their probabilities, in an order that is always the same.

    None if there are more than about `most` ways to draw: the first one tells, by the choices that it had.

    Args:
        drawing: asks its argument for whole numbers, choices and orders, never for floats.
        most: the most ways to list.
    """
    outcomes: dict[D, Fraction] = {}
    script: list[int] | None = []
    while script is not None:
        draws = _Script(script)
        outcome = drawing(draws)
        ways = prod(draws.sizes)
        if not outcomes and ways > most:
            return None
        outcomes[outcome] = outcomes.get(outcome, Fraction(0)) + Fraction(1, ways)
        script = draws.next()
    return tuple(outcomes.items())


class _Script(Random):
    """Draws that follow a script, and then give 0; `sizes` tells among how many numbers each draw was one."""

    def __init__(self, script: Sequence[int]) -> None:
        self.drawn = list(script)
        self.sizes: list[int] = []

    def random(self) -> float:
        raise NotImplementedError("floats cannot be listed")

    def below(self, n: int) -> int:
        if len(self.sizes) == len(self.drawn):
            self.drawn.append(0)
        self.sizes.append(n)
        return self.drawn[len(self.sizes) - 1]

    def choice(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> tuple[T, ...]:
        left = list(items)
        return tuple(left.pop(self.below(len(left))) for _ in range(len(left)))

    def next(self) -> list[int] | None:
        """Return the script that comes after this one, None after the last."""
        for place in reversed(range(len(self.drawn))):
            if self.drawn[place] + 1 < self.sizes[place]:
                return [*self.drawn[:place], self.drawn[place] + 1]
        return None
