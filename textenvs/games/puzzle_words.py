"""What puzzles say and read alike: the turns left, the outcome, and the last move in a reply that is not ruled out."""

from __future__ import annotations

import re
from functools import lru_cache


def count(n: int, one: str) -> str:
    """Return `1 turn`, `2 turns` …"""
    return f"{n} {one}{'s' * (n != 1)}"


def listed(names: tuple[str, ...], last: str = "and") -> str:
    """Return `A`, `A and B`, `A, B and C` …"""
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def outcome(left: int, *, solved: bool) -> str:
    """Return how many turns are left, or how the puzzle ended."""
    if solved:
        return "You reached the goal. You win."
    return f"{count(left, 'turn')} left." if left else "No turns left: you did not reach the goal."


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
    return re.compile(rf"(?P<no>(?:\b(?:{_NEGATION})|n't) (?:(?:to|{verbs}) ){{0,3}})?{move}", re.ASCII)


_MARKUP = re.compile(r"[_`\"“”()\[\]{}|]+")
_SPACES = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r" ?\n[ \n]*")
_NEGATION = "not|never|cannot|avoid|than|instead of|rather than"
