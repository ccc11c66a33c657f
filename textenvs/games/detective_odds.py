"""Who may own what, by exact counting: how many ways to share out the clues agree with what is known."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

Owners = tuple[tuple[int, ...], ...]
"""For each clue who may own it: -1 for the truth, else a witness."""

_Left = tuple[int, ...]
"""How many clues each witness, and last the truth within the present kind, is still to own."""


@lru_cache(maxsize=4096)
def owner_odds(kinds: tuple[int, ...], hands: tuple[int, ...], possible: Owners) -> tuple[dict[int, int], ...]:
    """Return for each clue in how many ways each possible owner owns it.

    Args:
        kinds: how many clues there are of each kind, in the order of the clues; the truth owns one of each.
        hands: how many clues each witness owns.
        possible: for each clue who may own it.
    """
    ends = _ends(kinds)
    forward: list[dict[_Left, int]] = [{(*hands, 1): 1}]
    for clue, owners in enumerate(possible):
        following: dict[_Left, int] = {}
        for left, ways in forward[clue].items():
            for _, after in _choices(left, owners, clue in ends):
                following[after] = following.get(after, 0) + ways
        forward.append(following)
    odds: list[dict[int, int]] = []
    backward = dict.fromkeys(forward[-1], 1)
    for clue in reversed(range(len(possible))):
        before: dict[_Left, int] = {}
        counts = dict.fromkeys(possible[clue], 0)
        for left, ways in forward[clue].items():
            for owner, after in _choices(left, possible[clue], clue in ends):
                later = backward.get(after, 0)
                counts[owner] += ways * later
                before[left] = before.get(left, 0) + later
        odds.append(counts)
        backward = before
    return tuple(reversed(odds))


def _ends(kinds: tuple[int, ...]) -> set[int]:
    """Return the last clue of each kind."""
    return {sum(kinds[: i + 1]) - 1 for i in range(len(kinds))}


def _choices(left: _Left, owners: tuple[int, ...], is_end: bool) -> Iterator[tuple[int, _Left]]:
    """Yield who may own a clue, and how many are then left; the truth must own one before its kind ends."""
    for owner in owners:
        if left[owner]:
            after = list(left)
            after[owner] -= 1
            if is_end and after[-1]:
                continue
            if is_end:
                after[-1] = 1
            yield owner, tuple(after)
