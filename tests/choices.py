"""How a player chooses among moves, for second implementations of the reference values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

Worth = tuple[Fraction, Fraction]
"""What a move is expected to pay at once, and in all."""

Choice = Callable[[Sequence[Worth]], Fraction]
"""From the worth of the moves there are to the expected return of the choice among them."""


def best(moves: Sequence[Worth]) -> Fraction:
    """Choose the move that pays most in all."""
    return max(total for _, total in moves)


def greedy(moves: Sequence[Worth]) -> Fraction:
    """Choose any of the moves that pay most at once."""
    most = max(now for now, _ in moves)
    return any_of([move for move in moves if move[0] == most])


def any_of(moves: Sequence[Worth]) -> Fraction:
    """Choose any move."""
    return sum((total for _, total in moves), Fraction(0)) / len(moves)
