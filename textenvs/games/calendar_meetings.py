"""The meetings of Calendar, how they may have to lie to each other, and how to place them all."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

Wish = Literal["after", "before", "on the same day as", "on another day than"]

WISHES: tuple[Wish, ...] = ("after", "before", "on the same day as", "on another day than")


class Meeting(NamedTuple):
    """A meeting to book.

    Attributes:
        people: who takes part, ascending.
        wish: how it should lie to another meeting, None if it does not matter.
        other: that meeting, an earlier one in the list.
    """

    people: tuple[int, ...]
    wish: Wish | None = None
    other: int = 0


def holds(wish: Wish | None, slot: int, other: int, hours: int) -> bool:
    """Return whether a meeting at `slot` lies to one at `other` as wished, with so many hours a day."""
    match wish:
        case None:
            return True
        case "after":
            return slot > other
        case "before":
            return slot < other
        case "on the same day as":
            return slot // hours == other // hours
        case "on another day than":
            return slot // hours != other // hours


Choices = dict[int, tuple[int, ...]]


@lru_cache(maxsize=1024)
def solution(
    busy: tuple[tuple[int, ...], ...], meetings: tuple[Meeting, ...], slots: int, hours: int
) -> tuple[int, ...]:
    """Return a slot for each meeting so that all is as it should be."""
    choices = {
        number: tuple(slot for slot in range(slots) if all(slot not in busy[person] for person in meeting.people))
        for number, meeting in enumerate(meetings)
    }
    found = _search(choices, {}, meetings, hours) or {}
    return tuple(slot for _, slot in sorted(found.items()))


def _search(left: Choices, placed: dict[int, int], meetings: tuple[Meeting, ...], hours: int) -> dict[int, int] | None:
    """Try the slots of the meeting with the fewest, striking out elsewhere what does not go together with them."""
    if not left:
        return placed
    fewest = min(left, key=lambda number: len(left[number]))
    for slot in left[fewest]:
        rest = {
            number: tuple(each for each in slots if _go_together(meetings, (fewest, slot), (number, each), hours))
            for number, slots in left.items()
            if number != fewest
        }
        found = _search(rest, {**placed, fewest: slot}, meetings, hours) if all(rest.values()) else None
        if found:
            return found
    return None


def _go_together(meetings: tuple[Meeting, ...], one: tuple[int, int], other: tuple[int, int], hours: int) -> bool:
    """Return whether two meetings can be at two slots; each is a pair of meeting and slot."""
    for (number, slot), (other_number, other_slot) in ((one, other), (other, one)):
        meeting = meetings[number]
        if meeting.wish and meeting.other == other_number and not holds(meeting.wish, slot, other_slot, hours):
            return False
    return one[1] != other[1] or {*meetings[one[0]].people}.isdisjoint(meetings[other[0]].people)
