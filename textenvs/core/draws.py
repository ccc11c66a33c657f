"""Draws that can also be listed: `every_outcome` turns what draws an instance into the list of all instances."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from fractions import Fraction
from typing import TypeVar

from textenvs.core.game import Distribution, Random

T = TypeVar("T")
H = TypeVar("H", bound=Hashable)


def draw_some(random: Random, items: Sequence[T], n: int) -> tuple[T, ...]:
    """Return `n` different ones of `items`, in a uniformly random order."""
    left = list(items)
    return tuple(left.pop(random.below(len(left))) for _ in range(n))


def draw_names(random: Random, names: Sequence[T], n: int, *, anew: bool) -> tuple[T, ...]:
    """Return `n` different names, drawn `anew` or simply the first, which leaves fewer instances to list."""
    return draw_some(random, names, n) if anew else tuple(names[:n])


def every_outcome(draw: Callable[[Random], H], most: int | None = None) -> Distribution[H] | None:
    """Return all that `draw` can return, each with its exact probability, in the order of its first draws.

    `draw` is called once for every sequence of draws; it may ask for anything but `random()`. `Game.deal` and
    `Game.deals` agree by construction where the latter is `every_outcome` of the former.

    Args:
        draw: asks its argument for whole numbers, choices and orders.
        most: how many sequences of draws are few enough to list; any number if None.

    Returns:
        The outcomes; None if one sequence of draws is rarer than one in `most`, as some are where there are more.

    Raises:
        TypeError: if `draw` asks for `random()`.
    """
    outcomes: dict[H, Fraction] = {}
    script: list[int] | None = []
    while script is not None:
        random = _Scripted(script)
        outcome = draw(random)
        if most is not None and random.probability * most < 1:
            return None
        outcomes[outcome] = outcomes.get(outcome, Fraction(0)) + random.probability
        script = random.next_script()
    return tuple(outcomes.items())


class _Scripted:
    """Gives the numbers of a script, then zeros, and remembers which others it could have given."""

    def __init__(self, script: Sequence[int]) -> None:
        self.script = script
        self.given: list[tuple[int, int]] = []  # a number and how many there were to draw from
        self.probability = Fraction(1)

    def below(self, n: int) -> int:
        number = self.script[len(self.given)] if len(self.given) < len(self.script) else 0
        self.given.append((number, n))
        self.probability /= n
        return number

    def choice(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> tuple[T, ...]:
        return draw_some(self, items, len(items))

    def random(self) -> float:
        raise TypeError("draws from a continuum cannot be listed")

    def next_script(self) -> list[int] | None:
        """Return the numbers that lead to the next sequence of draws, None after the last one."""
        given = list(self.given)
        while given:
            number, n = given.pop()
            if number + 1 < n:
                return [*(earlier for earlier, _ in given), number + 1]
        return None
