"""The words that word games play with, and reading one word out of a reply.

Origin and licence of the lists: `textenvs/data/words/README.md`.
"""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache
from importlib.resources import files

from textenvs.core.errors import ArgumentError, check_range

SHORTEST, LONGEST = 4, 7
"""The lengths of the words in the lists."""
_MOST_TOLD = 100

GUESSING = (
    r"guess(?:es|ed|ing)?|answer|try(?!\s+to\b)|trying|choose|pick|go(?:ing)?\s+with"
    r"|word(?=\W{1,3}(?:is|\w{3,5}\s+be)\b)"
)
"""What a guess is said with, as a pattern."""


def check_told(words: int, least: int) -> None:
    """Raise `ArgumentError` unless `words`, a number of words told to the player, is 0 or from `least` to 100."""
    check_range("words", words, 0, _MOST_TOLD)
    if 0 < words < least:
        raise ArgumentError(f"words must be 0 or from {least} to {_MOST_TOLD}, not {words}")


@lru_cache(maxsize=64)
def common_words(length: int, first: int = 0) -> tuple[str, ...]:
    """Return the common words of a length, in the fixed order of the list; only the `first` ones unless 0."""
    words = tuple(word for word in _lines("common.txt") if len(word) == length)
    return words[:first] if first else words


@lru_cache(maxsize=8)
def other_words(length: int) -> tuple[str, ...]:
    """Return the less common words of a length, in alphabetical order."""
    return tuple(word for word in _lines("other.txt") if len(word) == length)


@lru_cache(maxsize=2)
def _lines(name: str) -> tuple[str, ...]:
    return tuple(files("textenvs").joinpath("data", "words", name).read_text(encoding="ascii").split())


def last_word(text: str, accepted: Container[str], verbs: str = GUESSING) -> str | None:
    """Return the word that a reply means, in lower case, or None if that is not clear.

    What follows one of `verbs` counts first, then what stands in quotes or other marks, in capital
    letters or alone on a line. Of several words of a kind the last one counts. Where there is none, a word counts
    that is the only accepted one of a very short reply. Words that are not accepted are returned only if
    there is no better one.

    Args:
        text: a player's reply.
        accepted: the words that make sense, in lower case; single letters can be among them.
        verbs: a pattern of what comes before a word, with alternatives.
    """
    said, marked = _found(_said(verbs), text), _found(_MARKED, text)
    for words in (said, marked):
        known = [word for word in words if word in accepted]
        if known:
            return known[-1]
    return said[-1] if said else marked[-1] if marked else _only(text, accepted)


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    """Return the words of all matches, which are those groups of a match that are not empty."""
    return ["".join(filter(None, match.groups())).lower() for match in pattern.finditer(text)]


def _only(text: str, accepted: Container[str]) -> str | None:
    """Return the only accepted word of a reply of one or two words."""
    words = _found(_PLAIN, text)
    known = {word for word in words if word in accepted}
    return known.pop() if len(known) == 1 and len(words) <= 2 else None


_FILLER = (
    r"(?:is|was|be|will|would|should|could|might|may|must|the|word|letter|my|next|now|it|\d{1,3}"
    r"|(?:that|with)(?! *\n)|guess(?= +[a-z]))"
)
_APART = r"[\s:;=#*_\"'`“‘(\[{<-]{1,6}"
_NO_ARTICLE = r"(?!(?:a|I)[^\S\n]+(?!(?:as|because|first|for|next|now|please|since)\b)[a-z])"


@lru_cache(maxsize=8)
def _said(verbs: str) -> re.Pattern[str]:
    verb = rf"\b(?:{verbs})"
    return re.compile(rf"{verb}(?:{_APART}{_FILLER}\b){{0,4}}{_APART}{_NO_ARTICLE}([a-z]+)(?![\w'’-])", re.IGNORECASE)


_MARKED = re.compile(
    r"(?:(?<![^\W_])[\"'`*_“‘]|[(\[{<]){1,4}\s?([A-Za-z]+)[.!?]?\s?[\"'`*_”’)\]}>]{1,4}"
    r"|^[^\w\n]{0,6}([A-Za-z]+)[^\w\n]{0,6}$"
    r"|(?<![\w'’-])([A-Z]{4,})(?![\w'’-])",
    re.MULTILINE,
)

# Neither a verb, nor the second word of "not stare", nor the article.
_PLAIN = re.compile(r"(?<![\w'’-])(?!(?:guess|think|not|a|I)\s)(?<!\bnot )([A-Za-z]+)(?![\w'’-])")
