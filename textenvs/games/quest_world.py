"""The worlds of Quest: rooms in a tree of passages, doors, containers, things, and how they are drawn."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

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

_STEPS = {"north": (0, 1), "east": (1, 0), "south": (0, -1), "west": (-1, 0)}
_WOODEN_SHARE = 3  # one in so many of the passages without a lock has a wooden door


class World(NamedTuple):
    """What never changes in an instance. Room 0 is the first; passage k leads from `parents[k]` to room k.

    Attributes:
        rooms: the name of each room, all different.
        parents: the room on the near side of each room's passage, a lower index; 0 for room 0, which has none.
        ways: the direction from the parent into each room; "" for room 0.
        doors: what closes each passage at first: "" for nothing, `WOODEN`, or the metal of a locked door.
        containers: the container in each room, "" for none.
        things: the treasure, then the keys, then the trinkets, all different.
    """

    rooms: tuple[str, ...]
    parents: tuple[int, ...]
    ways: tuple[str, ...]
    doors: tuple[str, ...]
    containers: tuple[str, ...]
    things: tuple[str, ...]


class Place(NamedTuple):
    """Where a thing is.

    Attributes:
        room: the room it lies in; see also `HELD` and `IN_LOCK`.
        inside: whether it lies in that room's container.
    """

    room: int
    inside: bool = False


HELD = Place(-1)
IN_LOCK = Place(-2)


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


def opposite(way: str) -> str:
    """Return the direction that leads back."""
    return WAYS[(WAYS.index(way) + 2) % 4]


def exits(world: World, room: int) -> tuple[Exit, ...]:
    """Return the ways out of `room`, in the order of `WAYS`."""
    found = [Exit(world.ways[k], k, k) for k in range(1, len(world.rooms)) if world.parents[k] == room]
    if room:
        found.append(Exit(opposite(world.ways[room]), world.parents[room], room))
    return tuple(sorted(found, key=lambda leaving: WAYS.index(leaving.way)))


def passages(world: World, start: int, end: int) -> frozenset[int]:
    """Return the passages on the only direct walk between two rooms."""
    return _lineage(world, start) ^ _lineage(world, end)


def key_of(metal: str) -> str:
    """Return the name of the key that fits the doors of `metal`."""
    return f"{metal} key"


def draw_world(random: Random, rooms: int, locks: int, containers: int, trinkets: int) -> tuple[World, tuple[Place, ...]]:
    """Draw a world in which the treasure can be reached, but only by opening every lock.

    The locked passages cut the tree of rooms into zones. The zones are put into a random order in
    which each one is entered from an earlier one; the key to a zone lies in the zone just before it
    and the treasure in the last.

    Returns:
        The world, and where each of its things lies at first.
    """
    parents, ways = _draw_tree(random, rooms)
    locked = random.shuffled(range(1, rooms))[:locks]
    order = _draw_order(random, parents, locked)
    metals = dict(zip(order[1:], random.shuffled(METALS), strict=False))
    doors = [metals.get(k) or (WOODEN if k and not random.below(_WOODEN_SHARE) else "") for k in range(rooms)]
    furnished = random.shuffled(range(rooms))[:containers]
    held = [random.choice(CONTAINERS) if room in furnished else "" for room in range(rooms)]
    things = (TREASURE, *map(key_of, metals.values()), *random.shuffled(TRINKETS)[:trinkets])
    homes = _draw_homes(random, parents, order, trinkets)
    world = World(random.shuffled(ROOMS)[:rooms], parents, ways, tuple(doors), tuple(held), things)
    return world, tuple(Place(room, bool(held[room])) for room in homes)


def _lineage(world: World, room: int) -> frozenset[int]:
    """The passages between room 0 and `room`."""
    found = set()
    while room:
        found.add(room)
        room = world.parents[room]
    return frozenset(found)


def _draw_tree(random: Random, rooms: int) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Grow a tree on the square grid, each room beside an earlier one; returns its parents and ways."""
    cells, parents, ways = [(0, 0)], [0], [""]
    while len(cells) < rooms:
        beside = [(room, way, (x + _STEPS[way][0], y + _STEPS[way][1])) for room, (x, y) in enumerate(cells) for way in WAYS]
        parent, way, cell = random.choice([candidate for candidate in beside if candidate[2] not in cells])
        cells.append(cell)
        parents.append(parent)
        ways.append(way)
    return tuple(parents), tuple(ways)


def _draw_order(random: Random, parents: tuple[int, ...], locked: tuple[int, ...]) -> tuple[int, ...]:
    """Order the zones, each named by its first room, so that each is entered from an earlier one."""
    zones = _zones(parents, locked)
    order = [0]
    while len(order) <= len(locked):
        order.append(random.choice([k for k in locked if k not in order and zones[parents[k]] in order]))
    return tuple(order)


def _zones(parents: tuple[int, ...], locked: tuple[int, ...]) -> list[int]:
    """The zone of each room: the room behind the last locked door on the way to it, or room 0."""
    zones = [0]
    for room in range(1, len(parents)):
        zones.append(room if room in locked else zones[parents[room]])
    return zones


def _draw_homes(random: Random, parents: tuple[int, ...], order: tuple[int, ...], trinkets: int) -> list[int]:
    """Draw the rooms of the treasure (never room 0), of the keys in the order of use, and of the trinkets."""
    zones = _zones(parents, order[1:])
    members = {zone: [room for room in range(len(parents)) if zones[room] == zone] for zone in order}
    treasure = random.choice([room for room in members[order[-1]] if room])
    keys = [random.choice(members[earlier]) for earlier, _ in pairwise(order)]
    return [treasure, *keys, *(random.below(len(parents)) for _ in range(trinkets))]
