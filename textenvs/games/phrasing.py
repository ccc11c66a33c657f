"""What several games say and read alike: numbers with their nouns, lists, and the last phrase that is not ruled out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from textenvs.core.reading import last_phrase

T = TypeVar("T")


def count(n: int, one: str) -> str:
    """Return a number with its noun: `1 turn`, `2 turns`."""
    return f"{n} {one}{'s' * (n != 1)}"


def points(value: float) -> str:
    """Return an amount of points: `1 point`, `0.5 points`."""
    return f"{value:g} point{'s' * (value != 1)}"


def listed(items: Sequence[str], last: str = "and") -> str:
    """Return `a`, `a and b`, `a, b and c` …"""
    *others, final = items
    return f"{', '.join(others)} {last} {final}" if others else final


def last_wanted(text: str, meanings: Mapping[str, T]) -> T | None:
    """Return the meaning of the last phrase in `text` that no negation rules out, as in "do not stand yet".

    See `textenvs.core.reading.last_phrase` for the rest.
    """
    text = text.lower().replace("’", "'")
    if _NEGATION.search(text):
        text = _ruled_out(tuple(meanings)).sub(" ", text)
    return last_phrase(text, meanings)


_NEGATION = re.compile(r"(?<!why )\b(?:not|never|cannot|instead of|rather than)\b|n't\b")

_BETWEEN = r"(?:(?!but|so|then|and)[a-z]+\s+){0,2}?"
"""A few words may stand between a negation and what it rules out: "not want to stand"."""


@lru_cache(maxsize=64)
def _ruled_out(phrases: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted({" ".join(phrase.lower().split()) for phrase in phrases}, key=lambda phrase: -len(phrase))
    alternatives = "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in longest_first)
    return re.compile(rf"(?:{_NEGATION.pattern})\s+{_BETWEEN}(?:{alternatives})(?![\w-])", re.ASCII)
