"""The world of Escape: rooms in a row, their locks and hiding places, what can be done, and how they are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from textenvs.core.draws import draw_names, draw_some
from textenvs.core.game import Random
from textenvs.games.quest_world import METALS, ROOMS, key_of

PLACES = (
    "armchair", "bed", "bookcase", "carpet", "clock", "couch", "curtain", "cushion", "desk", "drawer", "fireplace",
    "globe", "lamp", "mirror", "painting", "piano", "plant", "shelf", "stove", "table", "trunk", "vase", "wardrobe",
)  # fmt: skip

_FEW_CODES = 9


class Note(NamedTuple):
    """A hidden note: the code of the door of a room."""

    room: str
    code: str


class Home(NamedTuple):
    """Where something is hidden, as indices of a room and of a place in it."""

    room: int
    place: int


class World(NamedTuple):
    """What never changes in an instance.

    Attributes:
        rooms: the names of the rooms in their order, all different.
        locks: what opens the door of each room: a metal, for a key, or the digits of a code; all different.
        places: what can be searched in each room, sorted.
        homes: where what opens each door is hidden, never in a later room; then where each decoy is.
        decoys: notes of no use, about rooms that are none of `rooms`, sorted.
        digits: the number of digits in a code.
        highest: the highest digit of codes; the lowest is 1.
    """

    rooms: tuple[str, ...]
    locks: tuple[str, ...]
    places: tuple[tuple[str, ...], ...]
    homes: tuple[Home, ...]
    decoys: tuple[Note, ...]
    digits: int
    highest: int

    def all_codes(self) -> Iterator[str]:
        """Yield all codes that there may be, in ascending order."""
        return map("".join, product(map(str, range(1, self.highest + 1)), repeat=self.digits))


class EscapeMove(NamedTuple):
    """One command.

    Attributes:
        verb: what to do: search, unlock, enter, go or look.
        thing: a place to search, a key to unlock the door with, a code to enter; else "".
    """

    verb: str
    thing: str = ""


GO = EscapeMove("go")
LOOK = EscapeMove("look")


class EscapeState(NamedTuple):
    """The world and what has happened in it.

    Attributes:
        world: what never changes.
        room: where the player is; the number of rooms once it is outside.
        searched: the places of this room that have been searched, as indices.
        found: what has been found, as indices of `World.homes`.
        is_open: whether the door of this room is open.
        wrong: the wrong codes entered at this door.
        turn: commands carried out so far.
        last: the last command if the view must tell what came of it, else None.
    """

    world: World
    room: int = 0
    searched: frozenset[int] = frozenset()
    found: frozenset[int] = frozenset()
    is_open: bool = False
    wrong: frozenset[str] = frozenset()
    turn: int = 0
    last: EscapeMove | None = None


# What is the case ------------------------------------------------------------------------------------


def is_outside(state: EscapeState) -> bool:
    """Return whether the player has escaped."""
    return state.room == len(state.world.rooms)


def lock(state: EscapeState) -> str:
    """Return what opens the door of the room: a metal or digits."""
    return state.world.locks[state.room]


def is_code(lock: str) -> bool:
    """Return whether a lock wants a code and not a key."""
    return lock.isdigit()


def notes_at(state: EscapeState, place: int) -> list[Note]:
    """Return the notes hidden in a place of the room, sorted."""
    world = state.world
    notes = [Note(*each) for each in zip(world.rooms, world.locks, strict=True)] + list(world.decoys)
    return sorted(notes[item] for item in _items_at(state, place) if is_code(notes[item].code))


def keys_at(state: EscapeState, place: int) -> list[str]:
    """Return the keys hidden in a place of the room, sorted."""
    locks = state.world.locks
    at = [item for item in _items_at(state, place) if item < len(locks)]
    return sorted(key_of(locks[item]) for item in at if not is_code(locks[item]))


def _items_at(state: EscapeState, place: int) -> list[int]:
    return [item for item, home in enumerate(state.world.homes) if home == (state.room, place)]


def carried(state: EscapeState) -> list[str]:
    """Return the keys found and not used yet, sorted: their order tells nothing of the doors to come."""
    locks = enumerate(state.world.locks[state.room + state.is_open :], start=state.room + state.is_open)
    return sorted(key_of(lock) for door, lock in locks if door in state.found and not is_code(lock))


def codes_read(state: EscapeState) -> list[str]:
    """Return the codes on all notes found, sorted."""
    codes = (*state.world.locks, *(decoy.code for decoy in state.world.decoys))
    return sorted(codes[item] for item in state.found if is_code(codes[item]))


# What can be done ------------------------------------------------------------------------------------


def moves(state: EscapeState) -> Iterator[EscapeMove]:
    """Yield the commands that make sense by what the player has seen; see `_codes_to_try` for the codes."""
    places = state.world.places[state.room]
    yield from (EscapeMove("search", place) for k, place in enumerate(places) if k not in state.searched)
    if state.is_open:
        yield GO
    elif is_code(lock(state)):
        yield from (EscapeMove("enter", code) for code in _codes_to_try(state))
    else:
        yield from (EscapeMove("unlock", key) for key in carried(state))
    yield LOOK


def _codes_to_try(state: EscapeState) -> list[str]:
    """All codes where they are few, else those read so far and the lowest other one; none twice at a door."""
    untried = (code for code in state.world.all_codes() if code not in state.wrong)
    if state.world.highest**state.world.digits <= _FEW_CODES:
        return list(untried)
    read = codes_read(state)
    stand_in = next((code for code in untried if code not in read), None)
    return [*(code for code in read if code not in state.wrong), *([stand_in] if stand_in else [])]


def act(state: EscapeState, move: EscapeMove) -> EscapeState:
    """Return `state` with what `move` changes in the world; looking changes nothing."""
    match move.verb:
        case "search":
            place = state.world.places[state.room].index(move.thing)
            found = state.found.union(_items_at(state, place))
            return state._replace(searched=state.searched | {place}, found=found)
        case "unlock":
            return state._replace(is_open=move.thing == key_of(lock(state)))
        case "enter" if move.thing == lock(state):
            return state._replace(is_open=True)
        case "enter":
            return state._replace(wrong=state.wrong | {move.thing})
        case "go":
            return EscapeState(state.world, state.room + 1, found=state.found)
    return state


# How worlds are drawn --------------------------------------------------------------------------------


class Sizes(NamedTuple):
    """How much there is in a world.

    Attributes:
        rooms: rooms, each with a lock.
        places: places to search in each room.
        codes: locks with a code.
        digits: digits of each code.
        highest: the highest digit.
        decoys: notes of no use.
    """

    rooms: int
    places: int
    codes: int
    digits: int
    highest: int
    decoys: int


def draw_opening(random: Random, sizes: Sizes, *, named_anew: bool) -> EscapeState:
    """Draw an opening state; one who searches everything can escape, since nothing is hidden behind its own door.

    Unless `named_anew`, names are the first of their lists.
    """
    rooms = range(sizes.rooms)
    named = draw_names(random, ROOMS, sizes.rooms + sizes.decoys, anew=named_anew)
    coded = draw_some(random, rooms, sizes.codes)
    codes = _draw_codes(random, sizes)
    metals = iter(draw_names(random, METALS, sizes.rooms - sizes.codes, anew=named_anew))
    by_room = dict(zip(coded, codes, strict=False))
    world = World(
        rooms=named[: sizes.rooms],
        locks=tuple(by_room[room] if room in by_room else next(metals) for room in rooms),
        places=tuple(tuple(sorted(draw_names(random, PLACES, sizes.places, anew=named_anew))) for _ in rooms),
        homes=tuple(
            Home(random.below(last + 1), random.below(sizes.places))
            for last in (*rooms, *[sizes.rooms - 1] * sizes.decoys)
        ),
        decoys=tuple(sorted(map(Note, named[sizes.rooms :], codes[sizes.codes :]))),
        digits=sizes.digits,
        highest=sizes.highest,
    )
    return EscapeState(world)


def _draw_codes(random: Random, sizes: Sizes) -> tuple[str, ...]:
    """Draw the codes of the locks and then of the decoys, all different."""
    numbers = draw_some(random, range(sizes.highest**sizes.digits), sizes.codes + sizes.decoys)
    places = [sizes.highest**k for k in reversed(range(sizes.digits))]
    return tuple("".join(str(1 + number // place % sizes.highest) for place in places) for number in numbers)
