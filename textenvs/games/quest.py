"""Explore a house of rooms, find the keys to its locked doors, and take the treasure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Literal, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Random
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.quest_parser import IT, Command, parse
from textenvs.games.quest_world import (
    HELD,
    IN_LOCK,
    METALS,
    ROOMS,
    TRINKETS,
    WOODEN,
    Exit,
    Place,
    World,
    draw_world,
    exits,
    key_of,
    passages,
)


class QuestMove(NamedTuple):
    """One command.

    Attributes:
        verb: what to do.
        thing: a direction to go; a container or "north door" to open; a door to unlock; a thing to take or drop.
        key: the key to unlock with.
    """

    verb: Literal["go", "open", "unlock", "take", "drop", "look", "inventory"]
    thing: str = ""
    key: str = ""


class QuestState(NamedTuple):
    """The world and what has happened in it.

    Attributes:
        world: what never changes.
        places: where each of `world.things` is.
        room: where the player is.
        visited: rooms the player has been in.
        doors: passages whose doors have been opened.
        containers: rooms whose containers have been opened.
        turn: commands carried out so far.
        last: the last command if the view must tell what came of it, else None.
    """

    world: World
    places: tuple[Place, ...]
    room: int = 0
    visited: frozenset[int] = frozenset((0,))
    doors: frozenset[int] = frozenset()
    containers: frozenset[int] = frozenset()
    turn: int = 0
    last: QuestMove | None = None


LOOK = QuestMove("look")
INVENTORY = QuestMove("inventory")
