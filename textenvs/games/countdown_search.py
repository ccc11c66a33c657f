"""Combining numbers two at a time, and the fewest combinations that make a target."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from typing import Literal, NamedTuple

Numbers = tuple[int, ...]  # in descending order


class CountdownMove(NamedTuple):
    """What to do: combine `a` and `b`, of which `a` is not the smaller, or neither."""

    verb: Literal["+", "-", "*", "/", "stop", "undo"]
    a: int = 0
    b: int = 0


Steps = tuple[CountdownMove, ...]


def result(move: CountdownMove) -> int | None:
    """Return what a combination gives, None if that is no positive whole number."""
    match move.verb:
        case "+":
            return move.a + move.b
        case "*":
            return move.a * move.b
        case "-":
            return move.a - move.b if move.a > move.b else None
        case _:
            return None if move.a % move.b else move.a // move.b


def pairings(a: int, b: int) -> Iterator[CountdownMove]:
    """Yield the combinations of two numbers that give a positive whole number."""
    a, b = max(a, b), min(a, b)
    moves = (CountdownMove("+", a, b), CountdownMove("-", a, b), CountdownMove("*", a, b), CountdownMove("/", a, b))
    yield from (move for move in moves if result(move) is not None)


@lru_cache(maxsize=4096)
def choices(numbers: Numbers) -> Steps:
    """Return all combinations of two of the numbers."""
    return tuple(move for a, b in dict.fromkeys(combinations(numbers, 2)) for move in pairings(a, b))


def combined(numbers: Numbers, move: CountdownMove) -> Numbers:
    """Return the numbers after a combination."""
    rest = list(numbers)
    rest.remove(move.a)
    rest.remove(move.b)
    return tuple(sorted((*rest, result(move) or 0), reverse=True))


@lru_cache(maxsize=4096)
def fewest_steps(numbers: Numbers, target: int) -> Steps | None:
    """Return the fewest combinations that make `target`, None if there are none."""
    for size in range(1, len(numbers) + 1):
        for chosen in dict.fromkeys(combinations(numbers, size)):
            steps = _steps(chosen, target)
            if steps is not None:
                return steps
    return None


@lru_cache(maxsize=50_000)
def _steps(numbers: Numbers, target: int) -> Steps | None:
    """Return combinations of all the numbers that make `target`, None if there are none."""
    if len(numbers) <= _LISTED:
        return _makeable(numbers).get(target)
    for some, others in _splits(numbers):
        for one, steps in _makeable(some).items():
            for move, other in _last_moves(one, target):
                rest = _steps(others, other)
                if rest is not None:
                    return (*steps, *rest, move)
    return None


_LISTED = 3
"""All that so many numbers can make is listed; what more can make is searched from the target backwards."""


@lru_cache(maxsize=4096)
def _makeable(numbers: Numbers) -> dict[int, Steps]:
    """Return all that can be made with all the numbers, and how."""
    if len(numbers) == 1:
        return {numbers[0]: ()}
    made: dict[int, Steps] = {}
    for some, others in _splits(numbers):
        for one, steps in _makeable(some).items():
            for other, more in _makeable(others).items():
                for move in pairings(one, other):
                    made.setdefault(result(move) or 0, (*steps, *more, move))
    return made


@lru_cache(maxsize=4096)
def _splits(numbers: Numbers) -> tuple[tuple[Numbers, Numbers], ...]:
    """Return the ways to split the numbers in two, the first part not the larger."""
    places = range(len(numbers))
    found: dict[tuple[Numbers, Numbers], None] = {}
    for size in range(1, len(numbers) // 2 + 1):
        for chosen in combinations(places, size):
            some = tuple(numbers[place] for place in chosen)
            found[some, tuple(numbers[place] for place in places if place not in chosen)] = None
    return tuple(found)


def _last_moves(one: int, target: int) -> Iterator[tuple[CountdownMove, int]]:
    """Yield the combinations of `one` and another number that give `target`, with that number."""
    for other in dict.fromkeys((target - one, one - target, one + target, target // one, one // target, one * target)):
        if other > 0:
            yield from ((move, other) for move in pairings(one, other) if result(move) == target)
