"""Free talk: what players say to each other beside their moves, kept apart from them."""

from __future__ import annotations

import re
from typing import NamedTuple

from textenvs.core.dialogue import printable

_LINE = re.compile(r"^[ \t>*_`]*say[ \t*_`]*:(.*)$", re.IGNORECASE | re.MULTILINE)


class Said(NamedTuple):
    """A reply taken apart.

    Attributes:
        talk: what is said to others, on one line; empty if nothing.
        rest: the reply without it, from which the move is read.
    """

    talk: str
    rest: str


def taken_apart(text: str, most: int) -> Said:
    """Return the talk in a reply (its lines that begin with `say:`, at most `most` characters) and the rest.

    Nothing in the talk is ever read as a move, and nothing of it can look like a line of the game to others.
    """
    if most == 0:
        return Said("", text)
    talk = " ".join(" ".join(_LINE.findall(text)).split())
    return Said(printable(talk)[:most], _LINE.sub("", text))


def heard(speaker: int, talk: str) -> str:
    """Return how others are told what a player said."""
    return f'player_{speaker} says: "{talk}"'


def talk_rule(most: int) -> str:
    """Return how the instructions tell that players can talk."""
    return (
        f'You may talk to other players in a line of its own that begins with "say:" (at most {most} characters). '
        "It is no move; your move stands on another line."
    )
