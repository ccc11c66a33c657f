"""What planning raises: a game too large to enumerate, or one that breaks a promise of `Game`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textenvs.core.errors import ArgumentError, TextenvsError
from textenvs.core.game import Probability

_SLACK = 1e-9


class TooLargeError(TextenvsError, RuntimeError):
    """A game, with these arguments, has more to enumerate than the limit given."""


class BrokenGameError(TextenvsError, RuntimeError):
    """The rules break a promise of `textenvs.core.game.Game` that planning relies on."""


class UnequalMovesError(BrokenGameError):
    """Two states that the player cannot tell apart have different legal moves."""


class PeekingPolicyError(TextenvsError, RuntimeError):
    """A policy acts differently in two states that the player cannot tell apart."""


def check_mixed_move(chosen: Mapping[Any, Probability], moves: tuple[Any, ...], situation: object) -> None:
    """Raise `ArgumentError` unless what a strategy does in a situation is a distribution over its legal `moves`."""
    if not chosen.keys() <= set(moves) or abs(float(sum(chosen.values())) - 1) > _SLACK:
        raise ArgumentError(f"a strategy is a distribution over {moves!r} in {situation!r}, not {dict(chosen)!r}")
