"""A Gymnasium space of texts: any text belongs to it, and it samples sensible ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from textenvs.core.errors import ArgumentError


class TextSpace(gym.Space[str]):
    """All texts. `gymnasium.spaces.Text` cannot mean that: it wants a closed set of characters.

    Attributes:
        samples: what `sample` draws from, each equally likely; strings.
    """

    def __init__(self, samples: Sequence[str], seed: int | np.random.Generator | None = None) -> None:
        """Name the `samples`; raises `ArgumentError` if there are none."""
        if not samples:
            raise ArgumentError("a text space needs at least one sample")
        self.samples = tuple(samples)
        super().__init__(shape=None, dtype=None, seed=seed)

    @property
    def is_np_flattenable(self) -> bool:
        """Texts have no fixed length."""
        return False

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """Return one of `samples`; `mask`, if given, is the sequence of texts to choose from instead.

        Raises:
            ArgumentError: if a `probability` is given, which texts do not have, or an empty `mask`.
        """
        if probability is not None:
            raise ArgumentError("a text space has no use for probability")
        texts = self.samples if mask is None else tuple(mask)
        if not texts:
            raise ArgumentError("the mask leaves no text to choose from")
        return texts[int(self.np_random.integers(len(texts)))]

    def contains(self, x: Any) -> bool:
        """Return whether `x` is a text: a policy may write anything, so nothing else is asked."""
        return isinstance(x, str)

    def __repr__(self) -> str:
        return f"TextSpace({len(self.samples)} samples)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextSpace) and self.samples == other.samples

    def __hash__(self) -> int:
        return hash(self.samples)
