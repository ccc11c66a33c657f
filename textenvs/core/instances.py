"""Content-addressed instances and their splits.

An instance is named by a digest of its content, and the digest alone decides the split: whatever the
seed, the platform or the process, an instance seen in training is never one of the test instances.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate
from typing import Any

from textenvs.core.errors import ArgumentError, EmptySplitError, check_choice
from textenvs.core.game import Distribution, Game, Random

SPLITS = ("all", "train", "validation", "test")

_DRAWS_BEFORE_GIVING_UP = 10_000


def canonical(value: Hashable) -> str:
    """Return a text that is equal for equal plain values, on any platform and under any hash seed.

    Values of different types, such as 1 and 1.0, have different texts even where Python calls them equal.

    Raises:
        TypeError: for a value that is not built from plain immutable ones.
    """
    if value is None or (isinstance(value, bool | int | str | Fraction) and not isinstance(value, Enum)):
        return ascii(value)
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple):
        return f"({','.join(map(canonical, value))})"
    if isinstance(value, frozenset):
        return f"{{{','.join(sorted(map(canonical, value)))}}}"
    raise TypeError(f"no canonical text for a {type(value).__name__}: {value!r}")


def digest(game: Game[Any, Any], opening: Hashable) -> str:
    """Return the content address of an opening state: 16 hexadecimal digits."""
    text = f"{game.name}:{canonical(game.content(opening))}"
    return sha256(text.encode()).hexdigest()[:16]


def split_of(address: str) -> str:
    """Return the split of a content address: 70 % train, 10 % validation, 20 % test."""
    bucket = int(address, 16) % 10
    return "train" if bucket < 7 else "validation" if bucket < 8 else "test"


def in_split(game: Game[Any, Any], opening: Hashable, split: str) -> bool:
    """Return whether an opening state belongs to `split`."""
    return split == "all" or split_of(digest(game, opening)) == split


@lru_cache(maxsize=64)
def deals_in(game: Game[Any, Any], split: str) -> Distribution[Any] | None:
    """Return the enumerable deals of one split with their conditional probabilities, else None.

    Raises:
        UnknownNameError: for a split that does not exist.
        EmptySplitError: if no deal belongs to the split.
    """
    check_choice("split", split, SPLITS)
    outcomes = game.deals()
    if outcomes is None or split == "all":
        return outcomes
    kept = [(state, p) for state, p in outcomes if in_split(game, state, split)]
    if not kept:
        raise _empty(game, split)
    total = sum(p for _, p in kept)
    return tuple((state, p / total) for state, p in kept)


@lru_cache(maxsize=64)
def _cumulative(game: Game[Any, Any], split: str) -> tuple[float, ...]:
    """Return the probability of each deal of `deals_in` and all before it together."""
    return tuple(accumulate(float(p) for _, p in deals_in(game, split) or ()))


def deal_in(game: Game[Any, Any], split: str, random: Random) -> Any:
    """Draw an opening state from one split; like `textenvs.core.game.draw`, but fast among many deals.

    Raises:
        UnknownNameError: for a split that does not exist.
        EmptySplitError: if no deal of the split was found.
    """
    outcomes = deals_in(game, split)
    if outcomes is not None and len(outcomes) == 1:
        return outcomes[0][0]
    if outcomes is not None:
        place = bisect_right(_cumulative(game, split), random.random())
        return outcomes[min(place, len(outcomes) - 1)][0]
    for _ in range(_DRAWS_BEFORE_GIVING_UP):
        state = game.deal(random)
        if in_split(game, state, split):
            return state
    raise _empty(game, split)


def deal_at(game: Game[Any, Any], split: str, index: int | str, random: Random) -> Any:
    """Return the instance of a split with a given index or content address.

    Args:
        game: the rules.
        split: one of `SPLITS`.
        index: where deals can be listed, their position in the split (from 0) or their content
            address; elsewhere any whole number from 0, naming the instance that `random` draws.
        random: draws the instance where deals cannot be listed; must depend on `index` alone.

    Raises:
        ArgumentError: for an index or address that the split does not have.
    """
    outcomes = deals_in(game, split)
    if outcomes is None:
        if not _is_number(index):
            raise ArgumentError(f"{game.name} draws its instances; name one by a whole number from 0, not {index!r}")
        return deal_in(game, split, random)
    states = [state for state, _ in outcomes if not isinstance(index, str) or digest(game, state) == index]
    place = 0 if isinstance(index, str) else index
    if not _is_number(place) or place >= len(states):
        raise ArgumentError(f"no instance {index!r} in split {split!r} of {game!r}; it has {len(outcomes)}, from 0")
    return states[place]


def _is_number(index: int | str) -> bool:
    return isinstance(index, int) and not isinstance(index, bool) and index >= 0


def _empty(game: Game[Any, Any], split: str) -> EmptySplitError:
    return EmptySplitError(f"{game!r} has no instance in split {split!r}; use split='all' or a larger game")
