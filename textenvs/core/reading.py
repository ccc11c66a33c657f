"""Reading a move out of what a player wrote: the last well-formed action of a chatty reply counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")


def last_match(text: str, *patterns: str) -> re.Match[str] | None:
    r"""Return the last match of the first of `patterns` that matches at all, ignoring case.

    Give the explicit wording first and the terse one after it: in "I guess 50, since 1 to 100 is
    left", `guess (\d+)` must win over `(\d+)`.
    """
    for pattern in patterns:
        matches = list(_compiled(pattern).finditer(text))
        if matches:
            return matches[-1]
    return None


def last_phrase(text: str, meanings: Mapping[str, T]) -> T | None:
    """Return the meaning of the phrase that ends last in `text`, or None if none occurs.

    Case and the amount of white space are ignored, phrases match whole words only, and of two
    phrases that end at the same place the longer one counts.

    Args:
        text: a player's reply.
        meanings: from a phrase, such as `move up`, to what it stands for.
    """
    if not meanings:
        return None
    found = max(_compiled(_any_phrase(tuple(meanings))).finditer(text), key=lambda match: match.end(1), default=None)
    return meanings[_keys(tuple(meanings))[_normal(found.group(1))]] if found else None


def last_whole_number(text: str, *patterns: str) -> int | None:
    """Return the number in group 1 of the last match of `patterns`; absurdly long digits are ignored."""
    found = last_match(text, *patterns)
    return int(found.group(1)) if found and len(found.group(1)) <= 18 else None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


@lru_cache(maxsize=512)
def _keys(phrases: tuple[str, ...]) -> dict[str, str]:
    return {_normal(phrase): phrase for phrase in phrases}


@lru_cache(maxsize=512)
def _any_phrase(phrases: tuple[str, ...]) -> str:
    """Return a pattern that matches in front of every phrase, overlapping ones too; the phrase is group 1."""
    longest_first = sorted(map(_normal, phrases), key=len, reverse=True)
    alternatives = (re.escape(phrase).replace(r"\ ", r"\s+") for phrase in longest_first)
    return rf"(?<![\w-])(?=((?a:{'|'.join(alternatives)}))(?![\w-]))"


def _normal(phrase: str) -> str:
    return " ".join(phrase.lower().split())
