"""What several games say alike: numbers with their nouns, lists, how much is left."""

from __future__ import annotations

from collections.abc import Sequence


def count(n: int, one: str) -> str:
    """Return a number with its noun: `1 turn`, `2 turns`."""
    return f"{n} {one}{'s' * (n != 1)}"


def points(value: float) -> str:
    """Return an amount of points: `1 point`, `0.5 points`."""
    return f"{value:g} point{'s' * (value != 1)}"


def listed(items: Sequence[object], last: str = "and") -> str:
    """Return `a`, `a and b`, `a, b and c` …"""
    *others, final = map(str, items)
    return f"{', '.join(others)} {last} {final}" if others else final


def outcome(left: int, *, solved: bool) -> str:
    """Return how many turns are left, or how the puzzle ended."""
    if solved:
        return "You reached the goal. You win."
    return f"{count(left, 'turn')} left." if left else "No turns left: you did not reach the goal."
