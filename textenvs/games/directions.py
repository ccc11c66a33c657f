"""The four directions of a grid, and reading one out of a reply."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from textenvs.core.reading import NOT, last_phrase

Direction = Literal["up", "down", "left", "right"]

DIRECTIONS: tuple[Direction, ...] = ("up", "down", "left", "right")

OPPOSITE: dict[Direction, Direction] = {"up": "down", "down": "up", "left": "right", "right": "left"}

WORDS: dict[str, Direction] = {
    "up": "up", "upward": "up", "upwards": "up", "north": "up",
    "down": "down", "downward": "down", "downwards": "down", "south": "down",
    "left": "left", "leftward": "left", "leftwards": "left", "west": "left",
    "right": "right", "rightward": "right", "rightwards": "right", "east": "right",
}  # fmt: skip


def read_direction(text: str, verbs: Sequence[str]) -> Direction | None:
    """Return the direction that a reply asks for, or None if it names none.

    The last direction behind one of `verbs` counts, else the last direction; `u`, `d`, `l` and `r` and the letters of
    the compass are understood as the whole reply. Directions that a reply rules out ("not left") do not count, nor
    does the "left" of "3 moves left".
    """
    letter = _LETTERS.get(text.strip().rstrip(".!").lower())
    text = meant(text)
    return letter or last_phrase(text, _phrases(tuple(verbs))) or last_phrase(text, WORDS)


def meant(text: str) -> str:
    """Return a reply without the directions that it rules out, and without the "left" of "3 moves left"."""
    return _REMAINING.sub(" ", _RULED_OUT.sub(" ", text))


@lru_cache(maxsize=16)
def _phrases(verbs: tuple[str, ...]) -> dict[str, Direction]:
    return {
        f"{verb}{to}{word}": meaning for verb in verbs for to in (" ", " to the ") for word, meaning in WORDS.items()
    }


_LETTERS: dict[str, Direction] = {
    "u": "up", "d": "down", "l": "left", "r": "right",
    "n": "up", "s": "down", "w": "left", "e": "right",
}  # fmt: skip

_BETWEEN = r"(?:(?:to|the|go|going|move|moving|push|pushing|box|it|car|be|further)\s+){0,4}"
_RULED_OUT = re.compile(rf"{NOT}{_BETWEEN}(?:{'|'.join(WORDS)})\b", re.IGNORECASE)
_REMAINING = re.compile(r"(?:\b(?:moves|turns)|\b\d+\s+(?:more\s+)?(?:move|turn))\s+left\b", re.IGNORECASE)
