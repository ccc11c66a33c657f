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
    return rf"(?<![\w-])(?=((?a:{_alternatives(phrases)}))(?![\w-]))"


def _alternatives(phrases: tuple[str, ...]) -> str:
    """Return a pattern for any of the phrases with any white space in them, longer ones first."""
    longest_first = sorted(map(_normal, phrases), key=len, reverse=True)
    return "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in longest_first)


def _normal(phrase: str) -> str:
    return " ".join(phrase.lower().split())


# What is ruled out -----------------------------------------------------------------------------------

_NEGATION = r"(?:(?<!why )\b(?:not|cannot|never|avoid|instead of|rather than)|n['’]t)\b"
NOT = rf"{_NEGATION}\s+"
"""A pattern for words that rule out the move named after them, as in "not left but right"; a pattern for it follows."""


def last_wanted(text: str, meanings: Mapping[str, T]) -> T | None:
    """Return the meaning of the last phrase in `text` that no negation rules out, as in "do not stand yet".

    See `last_phrase` for the rest.
    """
    text = text.lower().replace("’", "'")
    if _compiled(_NEGATION).search(text):
        text = _ruled_out(tuple(meanings)).sub(" ", text)
    return last_phrase(text, meanings)


_BETWEEN = r"(?:(?!but|so|then|and)[a-z]+\s+){0,2}?"
"""A few words may stand between a negation and what it rules out: "not want to stand"."""


@lru_cache(maxsize=64)
def _ruled_out(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"{NOT}{_BETWEEN}(?:{_alternatives(phrases)})(?![\w-])", re.ASCII)


def plain(text: str, *, stars: bool = False) -> str:
    """Return `text` in lower case, without markup and brackets, its words apart by single spaces, line by line.

    Args:
        text: a reply.
        stars: whether asterisks mean something and stay.
    """
    words = _MARKUP.sub(" ", text.lower().replace("’", "'"))
    spaced = _SPACES.sub(" ", words if stars else words.replace("*", " "))
    return _LINE_ENDS.sub("\n", spaced).strip()


def name_a(after: str) -> str:
    """Return a pattern for `a` as a name, which is not the article in "take a look".

    Args:
        after: a pattern of the words that may follow a name.
    """
    return rf"a(?! (?!(?:{after})\b)[a-z]{{2}})"


def last_said(text: str, move: str, verbs: str) -> re.Match[str] | None:
    """Return the last match of `move` that no negation rules out, as in "do not move A to B".

    Args:
        text: a reply made `plain`.
        move: a pattern without a group named `no`. A match of its group `void`, if there is one, is ruled out too.
        verbs: a pattern of the words that may stand between a negation and the move.
    """
    found = [
        match
        for match in _with_negation(move, verbs).finditer(text)
        if not match["no"] and not match.groupdict().get("void")
    ]
    return found[-1] if found else None


@lru_cache(maxsize=64)
def _with_negation(move: str, verbs: str) -> re.Pattern[str]:
    return re.compile(rf"(?P<no>(?:{_NEGATION}|\bthan) (?:(?:to|{verbs}) ){{0,3}})?{move}", re.ASCII)


_MARKUP = re.compile(r"[_`\"“”()\[\]{}|]+")
_SPACES = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r" ?\n[ \n]*")
