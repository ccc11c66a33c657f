"""Errors for a caller's mistakes: each says what was given, what is accepted and the nearest choice.

A player's mistake is not an error; it is a `Refusal` (see `textenvs.core.refusal`).
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches


class TextenvsError(Exception):
    """Base of every error raised on purpose by textenvs."""


class ArgumentError(TextenvsError, ValueError):
    """An argument has a value outside of what is accepted."""


class UnknownNameError(TextenvsError, LookupError):
    """A name (game, argument, preset …) that does not exist."""

    def __init__(self, kind: str, given: object, accepted: Collection[str]) -> None:
        """Name the `kind` of name, the name `given` and those `accepted`."""
        super().__init__(kind, given, tuple(sorted(accepted)))  # all arguments, so that it can be pickled

    def __str__(self) -> str:
        kind, given, names = self.args
        nearest = get_close_matches(str(given), names, n=1, cutoff=0.5)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
        return f"unknown {kind} {given!r}{hint} Accepted: {', '.join(names) or 'none'}."


class EpisodeOverError(TextenvsError, RuntimeError):
    """A step was asked for after the end of an episode, or before its first reset."""


class EmptySplitError(TextenvsError, LookupError):
    """The game, with these arguments, has no instance in the requested split."""


class MissingExtraError(TextenvsError, ImportError):
    """A feature needs an optional dependency that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        """Name the `feature` and the pip `extra` that brings it."""
        super().__init__(feature, extra)

    def __str__(self) -> str:
        feature, extra = self.args
        return f"{feature} needs an extra: pip install 'textenvs[{extra}]'"


class CorruptRunError(TextenvsError, RuntimeError):
    """A stored run cannot be read, or does not say what it must."""


class DifferentRunError(TextenvsError, RuntimeError):
    """A run folder holds a run that was configured otherwise."""


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise `ArgumentError` unless `low <= value <= high`; integers are wanted where `low` is one."""
    whole = isinstance(low, int)
    number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise ArgumentError(f"{name} must be {kind} from {low} to {high}, not {value!r}")


def check_choice(name: str, value: object, accepted: Collection[str]) -> None:
    """Raise `UnknownNameError` unless `value` is one of the `accepted` strings."""
    if value not in accepted:
        raise UnknownNameError(name, value, accepted)


def check_flag(name: str, value: object) -> None:
    """Raise `ArgumentError` unless `value` is True or False."""
    if not isinstance(value, bool):
        raise ArgumentError(f"{name} must be True or False, not {value!r}")
