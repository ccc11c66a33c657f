"""What planning raises: a game too large to enumerate, or one that breaks a promise of `Game`."""

from __future__ import annotations

from textenvs.core.errors import TextenvsError


class TooLargeError(TextenvsError, RuntimeError):
    """A game, with these arguments, has more to enumerate than the limit given."""


class BrokenGameError(TextenvsError, RuntimeError):
    """The rules break a promise of `textenvs.core.game.Game` that planning relies on."""


class UnequalMovesError(BrokenGameError):
    """Two states that the player cannot tell apart have different legal moves."""


class PeekingPolicyError(TextenvsError, RuntimeError):
    """A policy acts differently in two states that the player cannot tell apart."""
