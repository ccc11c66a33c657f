"""The worlds of Quest: rooms, doors, containers and things, what can be done with them, and how they are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Literal, NamedTuple

from textenvs.core.game import Random

WAYS = ("north", "east", "south", "west")
TREASURE = "treasure"
WOODEN = "wooden"
METALS = ("brass", "bronze", "copper", "golden", "iron", "nickel", "pewter", "silver", "steel", "tin")
ROOMS = (
    "armory", "attic", "ballroom", "barn", "bathroom", "bedroom", "cellar", "chapel", "courtyard", "crypt",
    "dairy", "gallery", "garden", "greenhouse", "hall", "kitchen", "laundry", "library", "lounge", "museum",
    "nursery", "office", "pantry", "parlor", "shed", "stable", "study", "theater", "tower", "workshop",
)  # fmt: skip
CONTAINERS = ("barrel", "basket", "box", "cabinet", "chest", "crate", "cupboard", "jar", "trunk", "wardrobe")
TRINKETS = ("bell", "candle", "coin", "comb", "feather", "hat", "mirror", "rope", "spoon", "whistle")

Neighbours = tuple[int, int, int, int]

_NO_ROOM = -1
_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))  # on the grid, in the order of WAYS
_WOODEN_SHARE = 3  # one in so many of the passages without a lock has a wooden door


class World(NamedTuple):
    """What never changes in an instance. The passages join the rooms into a tree that grows from room 0.

    Attributes:
        rooms: the name of each room, all different.
        neighbours: the rooms next to each room in the order of `WAYS`, -1 for none. Exactly one of them
            has a lower index, but for room 0. A passage is named by the higher index of its two rooms.
        doors: what closes each passage at first: "" for nothing, `WOODEN`, or the metal of a locked
            door; "" for index 0, which is no passage.
        containers: the container in each room, "" for none.
        things: the treasure, then the keys, then the trinkets, all different.
    """

    rooms: tuple[str, ...]
    neighbours: tuple[Neighbours, ...]
    doors: tuple[str, ...]
    containers: tuple[str, ...]
    things: tuple[str, ...]


class Place(NamedTuple):
    """Where a thing is.

    Attributes:
        room: the room it lies in; negative in `HELD` and `IN_LOCK`.
        inside: whether it lies in that room's container.
    """

    room: int
    inside: bool = False


HELD = Place(-1)
IN_LOCK = Place(-2)


class QuestMove(NamedTuple):
    """One command.

    Attributes:
        verb: what to do.
        thing: a direction to go; a container or a door such as "north door" to open; a door to
            unlock; a thing to take or drop; else "".
        key: the key to unlock with, else "".
    """

    verb: Literal["go", "open", "unlock", "take", "drop", "look", "inventory"]
    thing: str = ""
    key: str = ""


LOOK = QuestMove("look")
INVENTORY = QuestMove("inventory")


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


class Exit(NamedTuple):
    """A way out of a room.

    Attributes:
        way: the direction.
        room: the room it leads to.
        passage: the index of the passage.
    """

    way: str
    room: int
    passage: int


# What is the case ------------------------------------------------------------------------------------


def exits(state: QuestState) -> tuple[Exit, ...]:
    """Return the ways out of the room, in the order of `WAYS`."""
    beside = zip(WAYS, state.world.neighbours[state.room], strict=True)
    return tuple(Exit(way, room, max(room, state.room)) for way, room in beside if room != _NO_ROOM)


def passages(world: World, start: int, end: int) -> frozenset[int]:
    """Return the passages on the only direct walk between two rooms."""
    return _lineage(world, start) ^ _lineage(world, end)


def _lineage(world: World, room: int) -> frozenset[int]:
    """The passages between room 0 and `room`."""
    found = set()
    while room:
        found.add(room)
        room = _parent(world.neighbours, room)
    return frozenset(found)


def _parent(neighbours: Sequence[Sequence[int]], room: int) -> int:
    return min(beside for beside in neighbours[room] if beside != _NO_ROOM)


def is_won(state: QuestState) -> bool:
    """Return whether the treasure is taken."""
    return state.places[0] == HELD


def is_closed(state: QuestState, passage: int) -> bool:
    """Return whether a door, locked or not, closes `passage`."""
    return bool(state.world.doors[passage]) and passage not in state.doors


def is_locked(state: QuestState, passage: int) -> bool:
    """Return whether a locked door closes `passage`."""
    return is_closed(state, passage) and state.world.doors[passage] != WOODEN


def key_of(metal: str) -> str:
    """Return the name of the key that fits the doors of `metal`."""
    return f"{metal} key"


def is_key(thing: str) -> bool:
    """Return whether `thing` is a key."""
    return thing.endswith(" key")


def contents(state: QuestState, place: Place) -> list[str]:
    """Return the things at `place`."""
    return [thing for thing, where in zip(state.world.things, state.places, strict=True) if where == place]


def carried(state: QuestState) -> list[str]:
    """Return the things the player carries."""
    return contents(state, HELD)


def within_reach(state: QuestState) -> list[str]:
    """Return the things to take: those on the floor and in an open container."""
    inside = contents(state, Place(state.room, inside=True)) if state.room in state.containers else []
    return contents(state, Place(state.room)) + inside


def container(state: QuestState) -> str:
    """Return the container in the room, "" for none."""
    return state.world.containers[state.room]


def exit_named(state: QuestState, thing: str) -> Exit:
    """Return the exit that a move's `thing` names by its first word: "north" or "north door"."""
    return next(leaving for leaving in exits(state) if leaving.way == thing.split()[0])


def exits_told(state: QuestState) -> str:
    """Return the exits of the room in words: "north (kitchen), east (locked brass door), west (unexplored)"."""
    return ", ".join(f"{leaving.way} ({_behind(state, leaving)})" for leaving in exits(state))


def _behind(state: QuestState, leaving: Exit) -> str:
    """The closed door of an exit, else the room behind it once visited."""
    if is_closed(state, leaving.passage):
        shut = "locked" if is_locked(state, leaving.passage) else "closed"
        return f"{shut} {state.world.doors[leaving.passage]} door"
    return state.world.rooms[leaving.room] if leaving.room in state.visited else "unexplored"


# What can be done ------------------------------------------------------------------------------------


def moves(state: QuestState) -> Iterator[QuestMove]:
    """Yield the commands that make sense by what the player sees."""
    leavings = exits(state)
    closed = [leaving for leaving in leavings if is_closed(state, leaving.passage)]
    locked = [leaving for leaving in closed if is_locked(state, leaving.passage)]
    held = carried(state)
    yield from (QuestMove("go", leaving.way) for leaving in leavings if leaving not in closed)
    if container(state) and state.room not in state.containers:
        yield QuestMove("open", container(state))
    yield from (QuestMove("open", f"{leaving.way} door") for leaving in closed if leaving not in locked)
    yield from (QuestMove("take", thing) for thing in within_reach(state))
    yield from (QuestMove("unlock", f"{leaving.way} door", key) for leaving in locked for key in filter(is_key, held))
    yield from (QuestMove("drop", thing) for thing in held)
    yield from (LOOK, INVENTORY)


def act(state: QuestState, move: QuestMove) -> QuestState:
    """Return `state` with what `move` changes in the world; looking changes nothing."""
    return _ACTIONS[move.verb](state, move) if move.verb in _ACTIONS else state


def _put(state: QuestState, thing: str, place: Place) -> QuestState:
    index = state.world.things.index(thing)
    return state._replace(places=(*state.places[:index], place, *state.places[index + 1 :]))


def _go(state: QuestState, move: QuestMove) -> QuestState:
    room = exit_named(state, move.thing).room
    return state._replace(room=room, visited=state.visited | {room})


def _open(state: QuestState, move: QuestMove) -> QuestState:
    if move.thing == container(state):
        return state._replace(containers=state.containers | {state.room})
    return state._replace(doors=state.doors | {exit_named(state, move.thing).passage})


def _unlock(state: QuestState, move: QuestMove) -> QuestState:
    passage = exit_named(state, move.thing).passage
    if move.key != key_of(state.world.doors[passage]):
        return state
    return _put(state, move.key, IN_LOCK)._replace(doors=state.doors | {passage})


def _take(state: QuestState, move: QuestMove) -> QuestState:
    return _put(state, move.thing, HELD)


def _drop(state: QuestState, move: QuestMove) -> QuestState:
    return _put(state, move.thing, Place(state.room))


_ACTIONS: dict[str, Callable[[QuestState, QuestMove], QuestState]] = {
    "go": _go, "open": _open, "unlock": _unlock, "take": _take, "drop": _drop,
}  # fmt: skip


# How worlds are drawn --------------------------------------------------------------------------------


def draw_opening(
    random: Random, rooms: int, locks: int, containers: int, trinkets: int, *, named_anew: bool
) -> QuestState:
    """Draw an opening state in which the treasure can be reached, but only by opening every lock.

    Unless `named_anew`, names are the first of their lists. The locked passages cut the tree of rooms
    into zones. The zones are put into a random order in which each one is entered from an earlier one;
    the key to a zone lies in the zone just before it and the treasure in the last.
    """
    ordered = random.shuffled if named_anew else tuple
    one_of = random.choice if named_anew else itemgetter(0)
    neighbours = _draw_tree(random, rooms)
    order = _draw_order(random, neighbours, random.shuffled(range(1, rooms))[:locks])
    metals = dict(zip(order[1:], ordered(METALS), strict=False))
    furnished = random.shuffled(range(rooms))[:containers]
    world = World(
        rooms=ordered(ROOMS)[:rooms],
        neighbours=neighbours,
        doors=("", *(metals.get(k) or ("" if random.below(_WOODEN_SHARE) else WOODEN) for k in range(1, rooms))),
        containers=tuple(one_of(CONTAINERS) if room in furnished else "" for room in range(rooms)),
        things=(TREASURE, *map(key_of, metals.values()), *ordered(TRINKETS)[:trinkets]),
    )
    homes = _draw_homes(random, neighbours, order, trinkets)
    return QuestState(world, tuple(Place(room, inside=room in furnished) for room in homes))


def _draw_tree(random: Random, rooms: int) -> tuple[Neighbours, ...]:
    """Grow a tree on the square grid: each new room lies beside an earlier one, in a free cell."""
    cells = {(0, 0): 0}
    neighbours = [[_NO_ROOM] * 4 for _ in range(rooms)]
    for room in range(1, rooms):
        beside = [(old, way, (x + dx, y + dy)) for (x, y), old in cells.items() for way, (dx, dy) in enumerate(_STEPS)]
        old, way, cell = random.choice([candidate for candidate in beside if candidate[2] not in cells])
        cells[cell] = room
        neighbours[old][way] = room
        neighbours[room][(way + 2) % 4] = old
    return tuple((north, east, south, west) for north, east, south, west in neighbours)


def _draw_order(random: Random, neighbours: tuple[Neighbours, ...], locked: tuple[int, ...]) -> tuple[int, ...]:
    """Order the zones, each named by its first room, so that each is entered from an earlier one."""
    zones = _zones(neighbours, locked)
    order = [0]
    while len(order) <= len(locked):
        order.append(random.choice([k for k in locked if k not in order and zones[_parent(neighbours, k)] in order]))
    return tuple(order)


def _zones(neighbours: tuple[Neighbours, ...], locked: Sequence[int]) -> list[int]:
    """The zone of each room: the room behind the last locked door on the way to it, or room 0."""
    zones = [0]
    for room in range(1, len(neighbours)):
        zones.append(room if room in locked else zones[_parent(neighbours, room)])
    return zones


def _draw_homes(
    random: Random, neighbours: tuple[Neighbours, ...], order: tuple[int, ...], trinkets: int
) -> tuple[int, ...]:
    """Draw the rooms of the treasure (never room 0), of the keys in the order of use, and of the trinkets."""
    rooms = range(len(neighbours))
    zones = _zones(neighbours, order[1:])
    treasure = random.choice([room for room in rooms if room and zones[room] == order[-1]])
    keys_in = [random.choice([room for room in rooms if zones[room] == earlier]) for earlier, _ in pairwise(order)]
    return (treasure, *keys_in, *(random.choice(rooms) for _ in range(trinkets)))
