"""Random streams: one seed per episode, split by purpose, equal on every platform.

Draws come from the raw output of PCG64 seeded through `numpy.random.SeedSequence`; both are covered by
numpy's stream-compatibility promise (NEP 19), unlike the methods of `numpy.random.Generator`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, TypeVar

import numpy as np

from textenvs.core.errors import ArgumentError

T = TypeVar("T")


class Purpose(IntEnum):
    """What a stream is for. The number is part of the seed, so it never changes."""

    DEAL = 0
    CHANCE = 1
    POLICY = 3
    SHADOW = 4
    INSTANCE = 5
    BEHAVIOUR = 6
    JUDGE = 7
    LATER_CHANCE = 8
    LATER_BEHAVIOUR = 9


class Stream:
    """A stream of draws for one purpose of one episode; satisfies `textenvs.core.game.Random`.

    The generator is built at the first draw, since building one costs more than a turn.
    """

    __slots__ = ("_bits", "purpose", "seat", "seed")

    def __init__(self, seed: int, purpose: Purpose, seat: int = 0) -> None:
        """Name the stream by a non-negative episode `seed` of any size, a `purpose` and a player."""
        self.seed = seed
        self.purpose = purpose
        self.seat = seat
        self._bits: np.random.PCG64 | None = None

    def _raw(self) -> int:
        """Return 64 random bits."""
        if self._bits is None:
            self._bits = np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=(self.purpose, self.seat)))
        return int(self._bits.random_raw())

    def random(self) -> float:
        """Return a float drawn uniformly from [0, 1): the upper 53 of 64 random bits."""
        return (self._raw() >> 11) * 2.0**-53

    def below(self, n: int) -> int:
        """Return an integer drawn uniformly from 0 … n - 1 (rejection, so without bias).

        Raises:
            ArgumentError: for an n that is not from 1 to 2^64.
        """
        if not 0 < n <= 1 << 64:
            raise ArgumentError(f"can draw below a whole number from 1 to 2**64, not {n}")
        limit = (1 << 64) - (1 << 64) % n
        while (draw := self._raw()) >= limit:
            pass
        return draw % n

    def choice(self, items: Sequence[T]) -> T:
        """Return one of `items`, each equally likely."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> tuple[T, ...]:
        """Return `items` in a uniformly random order (Fisher and Yates)."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return tuple(order)

    def __getstate__(self) -> tuple[int, int, int, Any]:
        return self.seed, int(self.purpose), self.seat, self._bits.state if self._bits else None

    def __setstate__(self, state: tuple[int, int, int, Any]) -> None:
        self.seed, purpose, self.seat, bits = state
        self.purpose = Purpose(purpose)
        self._bits = None
        if bits is not None:
            self._bits = np.random.PCG64()
            self._bits.state = bits

    def copy(self) -> Stream:
        """Return an independent stream that continues from the same place."""
        twin = Stream.__new__(Stream)
        twin.__setstate__(self.__getstate__())
        return twin
