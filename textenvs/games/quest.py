"""Explore a house of rooms, find the keys to its locked doors, and take the treasure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
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
    TREASURE,
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


@dataclass(frozen=True)
class Quest(Game[QuestState, QuestMove]):
    """Explore a house, open what is closed, unlock what is locked, and take the hidden treasure.

    Source:
        Written for textenvs in the manner of Adventure (Crowther & Woods 1977), Zork and TextWorld
        (Côté et al. 2018, arXiv:1806.11532).
    Players and turns:
        One player, one command a turn.
    What the player sees:
        What came of the last command; the room with its exits and things; what the player carries;
        the turns left. A closed container hides what it holds. An exit shows the room behind it
        once the player has been there.
    Replies:
        `go north`, `open the chest`, `open the north door`, `take the brass key`, `unlock the north
        door with the brass key`, `drop the brass key`, `look`, `inventory`, and many synonyms.
        In a longer reply the last command counts.
    Rules:
        The rooms lie on a square grid; passages north, east, south or west join them into a tree,
        so there is one direct walk between any two. A passage may have a closed wooden door, which
        is opened, or a locked metal door, which is unlocked with the key of the same metal: that
        opens it, and the key stays in the lock. A wrong key achieves nothing. Doors and containers
        stay open. A room has at most one container; at first, things lie in the container of
        their room if it has one. The locked doors cut the house into zones. The zones have
        an order in which each is entered from an earlier one; the key to each lies in the zone
        just before it and the treasure in the last, so every lock must be opened. Trinkets are of
        no use. `look`, `inventory` and examining things use a turn and change nothing.
    Rewards:
        1 for taking the treasure, 0 otherwise. Return in 0 … 1.
    End:
        The treasure is taken or the turns are used up.
    Parameters:
        rooms: the number of rooms.
        locks: the number of locked doors, fewer than rooms.
        containers: the number of containers, no more than rooms; where every room has one nothing lies open.
        trinkets: the number of useless things.
        turns: the turns in an episode; 0 means TODO.
    Size:
        TODO
    Known values:
        TODO
    Versions:
        v0: first release.
    """

    rooms: int = 8
    locks: int = 2
    containers: int = 4
    trinkets: int = 2
    turns: int = 0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("rooms", self.rooms, 2, len(ROOMS))
        check_range("locks", self.locks, 0, min(self.rooms - 1, len(METALS)))
        check_range("containers", self.containers, 0, self.rooms)
        check_range("trinkets", self.trinkets, 0, len(TRINKETS))
        check_range("turns", self.turns, 0, 10_000)

    @property
    def max_turns(self) -> int:
        return self.turns or 10 * self.rooms

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deal(self, random: Random) -> QuestState:
        return QuestState(*draw_world(random, self.rooms, self.locks, self.containers, self.trinkets))

    def content(self, state: QuestState) -> tuple[World, tuple[Place, ...]]:
        return state.world, state.places

    def to_move(self, state: QuestState) -> tuple[int, ...]:
        return () if _is_won(state) or state.turn == self.max_turns else (0,)

    def legal(self, state: QuestState, player: int) -> tuple[QuestMove, ...]:
        return tuple(_moves(state))

    def apply(self, state: QuestState, move: QuestMove) -> QuestState:
        after = _ACTIONS[move.verb](state, move)
        return after._replace(turn=state.turn + 1, last=move if move.verb in _TOLD else None)

    def rewards(self, state: QuestState, move: QuestMove, after: QuestState) -> tuple[float, ...]:
        return (1.0 if _is_won(after) else 0.0,)

    def instructions(self, player: int) -> str:
        things = f"{WOODEN} doors and containers" if self.containers else f"{WOODEN} doors"
        chest = ", open the chest" if self.containers else ""
        unlocking = " A locked door needs the key of its metal, which stays in the lock." if self.locks else ""
        unlock = ", unlock the north door with the brass key" if self.locks else ""
        return (
            f"You are in a house of {self.rooms} rooms. Find the treasure and take it within {_turns(self.max_turns)} "
            f"to earn 1 point. It may be hidden: explore the rooms and open closed {things}.{unlocking}\n"
            f"Commands: go north, open the north door{chest}{unlock}, take the coin, drop the coin, look, inventory. "
            "Each uses a turn.\n"
            "Reply with one command, for example: look"
        )

    def view(self, state: QuestState, player: int) -> str:
        if _is_won(state):
            return "You take the treasure. You win."
        left = self.max_turns - state.turn
        turns = f"{_turns(left)} left." if left else "No turns left: you did not find the treasure."
        return "\n".join((*_told(state), *_situation(state), turns))

    def say(self, state: QuestState, move: QuestMove) -> str:
        if not move.thing or move.verb == "go":
            return f"{move.verb} {move.thing}".strip()
        return f"{move.verb} the {move.thing}" + (f" with the {move.key}" if move.key else "")

    def read(self, state: QuestState, player: int, text: str) -> QuestMove | Refusal:
        command = parse(text)
        return _READERS[command.verb](state, command) if command else Refusal(_HELP)

    def progress(self, state: QuestState) -> float:
        """Minus the fewest moves that still win, known only to one who sees the whole house."""
        return -float(moves_left(state))

    def expert(self, state: QuestState, player: int) -> Distribution[QuestMove]:
        """Takes what is of use, else unlocks, else opens or enters what is nearest of all it has seen."""
        errands = (_errand(state, verbs) for verbs in _PRIORITIES)
        return ((next(filter(None, errands), LOOK), Fraction(1)),)


def moves_left(state: QuestState) -> int:
    """Return the fewest moves that take the treasure, whatever the turns left, to one who sees everything.

    What must be fetched and opened is fixed, since passages form a tree; only the order is searched.
    """
    fetched = _to_fetch(state)
    rooms = {thing: state.places[thing].room for thing in fetched}
    crossed = frozenset[int]().union(*(passages(state.world, state.room, room) for room in rooms.values()))
    doors = sum(_is_closed(state, passage) for passage in crossed)
    containers = {place.room for place in map(state.places.__getitem__, fetched) if place.inside} - state.containers

    @cache
    def walk(room: int, left: frozenset[int]) -> int:
        """The fewest steps from `room` to fetch the things `left`, never through a lock without its key."""
        lengths = [
            len(passages(state.world, room, rooms[thing])) + walk(rooms[thing], left - {thing})
            for thing in left
            if left.isdisjoint(_keys_between(state, room, rooms[thing]))
        ]
        return min(lengths, default=0)

    return len(fetched) + doors + len(containers) + walk(state.room, fetched)


def _to_fetch(state: QuestState) -> frozenset[int]:
    """The treasure and every key needed to get it, as indices of things, without those at hand."""
    found: set[int] = set()
    pending = {0}
    while pending:
        thing = pending.pop()
        if state.places[thing] != HELD:
            found.add(thing)
            pending |= set(_keys_between(state, state.room, state.places[thing].room)) - found
    return frozenset(found)


def _keys_between(state: QuestState, start: int, end: int) -> list[int]:
    """The keys to the doors still locked between two rooms, as indices of things."""
    world = state.world
    locked = [k for k in passages(world, start, end) if _is_locked(state, k)]
    return [world.things.index(key_of(world.doors[k])) for k in locked]


# What is the case ------------------------------------------------------------------------------------


def _is_won(state: QuestState) -> bool:
    return state.places[0] == HELD


def _is_closed(state: QuestState, passage: int) -> bool:
    return bool(state.world.doors[passage]) and passage not in state.doors


def _is_locked(state: QuestState, passage: int) -> bool:
    return _is_closed(state, passage) and state.world.doors[passage] != WOODEN


def _container(state: QuestState) -> str:
    """The container in the room, "" for none."""
    return state.world.containers[state.room]


def _contents(state: QuestState, place: Place) -> list[str]:
    return [thing for thing, where in zip(state.world.things, state.places, strict=True) if where == place]


def _carried(state: QuestState) -> list[str]:
    return _contents(state, HELD)


def _within_reach(state: QuestState) -> list[str]:
    """The things to take: on the floor and in an open container."""
    inside = _contents(state, Place(state.room, inside=True)) if state.room in state.containers else []
    return _contents(state, Place(state.room)) + inside


def _exits(state: QuestState) -> tuple[Exit, ...]:
    return exits(state.world, state.room)


def _exit(state: QuestState, move: QuestMove) -> Exit:
    """The exit that a move names first: "north" or "north door"."""
    return next(leaving for leaving in _exits(state) if leaving.way == move.thing.split()[0])


# What can be done ------------------------------------------------------------------------------------


def _moves(state: QuestState) -> Iterator[QuestMove]:
    closed = [leaving for leaving in _exits(state) if _is_closed(state, leaving.passage)]
    locked = [leaving for leaving in closed if _is_locked(state, leaving.passage)]
    carried = _carried(state)
    yield from (QuestMove("go", leaving.way) for leaving in _exits(state) if leaving not in closed)
    if _container(state) and state.room not in state.containers:
        yield QuestMove("open", _container(state))
    yield from (QuestMove("open", f"{leaving.way} door") for leaving in closed if leaving not in locked)
    yield from (QuestMove("take", thing) for thing in _within_reach(state))
    yield from (QuestMove("unlock", f"{leaving.way} door", key) for leaving in locked for key in _keys(carried))
    yield from (QuestMove("drop", thing) for thing in carried)
    yield from (LOOK, INVENTORY)


def _keys(things: Iterable[str]) -> list[str]:
    return [thing for thing in things if thing.endswith(" key")]


def _put(state: QuestState, thing: str, place: Place) -> QuestState:
    index = state.world.things.index(thing)
    return state._replace(places=(*state.places[:index], place, *state.places[index + 1 :]))


def _go(state: QuestState, move: QuestMove) -> QuestState:
    room = _exit(state, move).room
    return state._replace(room=room, visited=state.visited | {room})


def _open(state: QuestState, move: QuestMove) -> QuestState:
    if move.thing == _container(state):
        return state._replace(containers=state.containers | {state.room})
    return state._replace(doors=state.doors | {_exit(state, move).passage})


def _unlock(state: QuestState, move: QuestMove) -> QuestState:
    passage = _exit(state, move).passage
    if move.key != key_of(state.world.doors[passage]):
        return state
    return _put(state, move.key, IN_LOCK)._replace(doors=state.doors | {passage})


def _take(state: QuestState, move: QuestMove) -> QuestState:
    return _put(state, move.thing, HELD)


def _drop(state: QuestState, move: QuestMove) -> QuestState:
    return _put(state, move.thing, Place(state.room))


def _nothing(state: QuestState, move: QuestMove) -> QuestState:
    return state


_ACTIONS: dict[str, Callable[[QuestState, QuestMove], QuestState]] = {
    "go": _go, "open": _open, "unlock": _unlock, "take": _take, "drop": _drop, "look": _nothing, "inventory": _nothing,
}  # fmt: skip
_TOLD = ("open", "unlock", "take", "drop")


# What is told ----------------------------------------------------------------------------------------


def _told(state: QuestState) -> Iterator[str]:
    """What came of the last command."""
    if state.last is None:
        return
    verb, thing, key = state.last
    if verb != "unlock":
        yield f"You {verb} the {thing}."
    elif _is_closed(state, _exit(state, state.last).passage):
        yield f"The {key} does not fit the lock of the {thing}."
    else:
        yield f"The {key} turns: the {thing} is open. The key stays in the lock."


def _situation(state: QuestState) -> Iterator[str]:
    yield f"You are in the {state.world.rooms[state.room]}. Exits: {_exits_told(state)}."
    things = _contents(state, Place(state.room))
    if _container(state):
        inside = ", ".join(_contents(state, Place(state.room, inside=True))) or "empty"
        is_open = state.room in state.containers
        things.append(f"open {_container(state)} ({inside})" if is_open else f"closed {_container(state)}")
    yield f"You see: {', '.join(things) or 'nothing'}. You carry: {', '.join(_carried(state)) or 'nothing'}."


def _exits_told(state: QuestState) -> str:
    return ", ".join(f"{leaving.way} ({_behind(state, leaving)})" for leaving in _exits(state))


def _behind(state: QuestState, leaving: Exit) -> str:
    if _is_closed(state, leaving.passage):
        return _door(state, leaving)
    return state.world.rooms[leaving.room] if leaving.room in state.visited else "unexplored"


def _door(state: QuestState, leaving: Exit) -> str:
    """A closed door as told: "locked brass door"."""
    return f"{'locked' if _is_locked(state, leaving.passage) else 'closed'} {state.world.doors[leaving.passage]} door"


def _turns(n: int) -> str:
    return f"{n} turn{'s' * (n != 1)}"


# What is meant ---------------------------------------------------------------------------------------

_HELP = (
    "I read no command in that. Reply with one command, such as: go north, open the north door, open the chest, "
    "take the coin, unlock the north door with the brass key, drop the coin, look, inventory."
)
_UNSEEN = "You see no such thing here."


def _fits(words: str, name: str) -> bool:
    return words == IT or set(words.split()) <= set(name.split())


def _only(words: str, *choices: Iterable[str], unseen: str = _UNSEEN) -> str | Refusal:
    """The one name that fits `words`, out of the first of `choices` that has any."""
    found: list[str] = next(filter(None, ([name for name in names if _fits(words, name)] for names in choices)), [])
    if len(found) > 1:
        return illegal(f"Which one do you mean: {' or '.join(f'the {name}' for name in found)}?")
    return found[0] if found else illegal(unseen)


def _doors(state: QuestState) -> dict[str, Exit]:
    """The doors of the room, open ones too, by their full names."""
    doors = [(leaving, state.world.doors[leaving.passage]) for leaving in _exits(state)]
    return {f"{leaving.way} {door} door": leaving for leaving, door in doors if door}


def _ways(state: QuestState) -> dict[str, Exit]:
    """The exits of the room by all that may tell them apart."""
    world, doors = state.world, {leaving: name for name, leaving in _doors(state).items()}
    known = {leaving: world.rooms[leaving.room] if leaving.room in state.visited else "" for leaving in _exits(state)}
    return {f"{doors.get(leaving, leaving.way)} {room}".strip(): leaving for leaving, room in known.items()}


def _read_go(state: QuestState, command: Command) -> QuestMove | Refusal:
    ways = _ways(state)
    name = _only(command.noun, ways, unseen=f"You cannot go there from here. Exits: {_exits_told(state)}.")
    if isinstance(name, Refusal):
        return name
    leaving = ways[name]
    return _still_closed(state, leaving) if _is_closed(state, leaving.passage) else QuestMove("go", leaving.way)


def _still_closed(state: QuestState, leaving: Exit) -> Refusal:
    if _is_locked(state, leaving.passage):
        return illegal(
            f"The {leaving.way} door is locked; unlock it with the {key_of(state.world.doors[leaving.passage])}."
        )
    return illegal(f"The {leaving.way} door is closed; open it first.")


def _read_open(state: QuestState, command: Command) -> QuestMove | Refusal:
    doors = _doors(state)
    full = {leaving.way: name for name, leaving in doors.items()}
    names = {full.get(thing.split()[0], thing): thing for verb, thing, _ in _moves(state) if verb == "open"}
    name = _only(command.noun, names, [*doors, _container(state)])
    if isinstance(name, Refusal):
        return name
    if name in names:
        return QuestMove("open", names[name])
    if name in doors and _is_closed(state, doors[name].passage):
        return _still_closed(state, doors[name])
    return illegal(f"The {name} is already open.")


def _read_unlock(state: QuestState, command: Command) -> QuestMove | Refusal:
    doors = _doors(state)
    locked = [name for name, leaving in doors.items() if _is_locked(state, leaving.passage)]
    name = _only(command.noun, locked, doors)
    if isinstance(name, Refusal):
        return name
    if name not in locked:
        return illegal(f"The {name} is not locked.")
    key = _read_key(state, command.key)
    return key if isinstance(key, Refusal) else QuestMove("unlock", f"{doors[name].way} door", key)


def _read_key(state: QuestState, words: str) -> str | Refusal:
    carried = _keys(_carried(state))
    if words == IT and not carried:
        return illegal("You carry no key.")
    key = _only(words, carried, _keys(_within_reach(state)))
    return key if isinstance(key, Refusal) or key in carried else illegal(f"You do not carry the {key}.")


def _read_take(state: QuestState, command: Command) -> QuestMove | Refusal:
    here, carried = _within_reach(state), _carried(state)
    name = _only(command.noun, here, carried, [_container(state)])
    if isinstance(name, Refusal):
        return name
    if name in here:
        return QuestMove("take", name)
    return illegal(f"You already carry the {name}." if name in carried else f"The {name} is too heavy to carry.")


def _read_drop(state: QuestState, command: Command) -> QuestMove | Refusal:
    carried = _carried(state)
    name = _only(command.noun, carried, _within_reach(state))
    if isinstance(name, Refusal):
        return name
    return QuestMove("drop", name) if name in carried else illegal(f"You do not carry the {name}.")


def _read_examine(state: QuestState, command: Command) -> QuestMove | Refusal:
    """Whatever the player looks at closely, the view of the room tells all there is to see."""
    seen = (*_within_reach(state), *_carried(state), _container(state), *_ways(state))
    return LOOK if any(_fits(command.noun, name) for name in seen) else illegal(_UNSEEN)


_READERS: dict[str, Callable[[QuestState, Command], QuestMove | Refusal]] = {
    "go": _read_go, "open": _read_open, "unlock": _read_unlock, "take": _read_take, "drop": _read_drop,
    "examine": _read_examine, "look": lambda state, command: LOOK, "inventory": lambda state, command: INVENTORY,
}  # fmt: skip

# What the expert wants -------------------------------------------------------------------------------

_PRIORITIES: tuple[tuple[str, ...], ...] = (("take",), ("unlock",), ("open", "go"))


def _errand(state: QuestState, verbs: tuple[str, ...]) -> QuestMove | None:
    """The nearest useful command with one of `verbs` in the rooms visited, or the first step towards it."""
    reached = {state.room}
    pending: deque[tuple[QuestState, QuestMove | None]] = deque([(state, None)])
    while pending:
        there, first = pending.popleft()
        useful = [move for move in _moves(there) if move.verb in verbs and _is_useful(there, move)]
        if useful:
            return first or useful[0]
        for leaving in _exits(there):
            if leaving.room in state.visited - reached and not _is_closed(state, leaving.passage):
                reached.add(leaving.room)
                pending.append((there._replace(room=leaving.room), first or QuestMove("go", leaving.way)))
    return None


def _is_useful(state: QuestState, move: QuestMove) -> bool:
    if move.verb == "go":
        return _exit(state, move).room not in state.visited
    if move.verb == "unlock":
        return move.key == key_of(state.world.doors[_exit(state, move).passage])
    return move.verb == "open" or move.thing == TREASURE or bool(_keys([move.thing]))
