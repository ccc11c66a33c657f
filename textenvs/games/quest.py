"""Explore a house of rooms, find the keys to its locked doors, and take the treasure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import ClassVar

from textenvs.core.draws import every_outcome
from textenvs.core.errors import check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.refusal import Refusal
from textenvs.games import quest_parser
from textenvs.games.quest_world import (
    CONTAINERS,
    HELD,
    LOOK,
    METALS,
    ROOMS,
    TREASURE,
    TRINKETS,
    WOODEN,
    Place,
    QuestMove,
    QuestState,
    World,
    act,
    carried,
    container,
    contents,
    draw_opening,
    exit_named,
    exits,
    exits_told,
    is_closed,
    is_key,
    is_locked,
    is_won,
    key_of,
    moves,
    passages,
)


@dataclass(frozen=True)
class Quest(Game[QuestState, QuestMove]):
    """Explore a house, open what is closed, unlock what is locked, and take the hidden treasure.

    Source:
        Written for textenvs in the manner of Adventure (Crowther & Woods 1977), Zork and TextWorld
        (Côté et al. 2018, arXiv:1806.11532).
    Players and turns:
        One player, one command a turn.
    What the player sees:
        What came of the last command; the room with its exits, doors and things; what the player
        carries; the turns left. A closed container hides what it holds. An exit shows the name of
        the room behind it once the player has been there. Nothing else is told of other rooms.
    Replies:
        `go north`, `open the chest`, `open the north door`, `take the brass key`, `unlock the north
        door with the brass key`, `drop the brass key`, `look`, `inventory`, and many synonyms.
        In a longer reply the last command counts. "It", "the key" and "the door" mean what is in view,
        also in a plan, which can so adapt a little: the plan ruler bounds fixed sequences of moves only.
    Rules:
        The rooms lie on a square grid; passages north, east, south or west join them into a tree,
        so there is one direct walk between any two. A passage may have a closed wooden door, to be
        opened, or a locked metal door, to be unlocked with the key of the same metal: that opens
        it, and the key stays in the lock. Another key does not fit; trying it uses a turn. Doors
        and containers stay open. A room has at most one container; if it has one, whatever the room
        holds at first lies inside. There is no limit to what can be carried.
        The locked doors cut the house into zones, which have an order in which each is entered from
        an earlier one. The key to a zone lies in the zone just before it and the treasure in the
        last, so every lock must be opened; given the turns, every instance can be won.
        Trinkets are of no use. `look`, `inventory` and examining what is in view use a turn and
        change nothing. What the player does not see cannot be named, and nobody walks through a
        closed door: such commands are refused and use no turn.
    Rewards:
        1 for taking the treasure, 0 otherwise. Return in 0 … 1.
    End:
        The treasure is taken or the turns are used up.
    Parameters:
        rooms: the number of rooms.
        locks: the number of locked doors, fewer than rooms.
        containers: the number of containers, at most rooms; as many as rooms hide everything.
        trinkets: the number of useless things.
        turns: the turns in an episode; 0 stands for 4 x rooms + 6 x locks + containers.
        names: "drawn" for every house, or "fixed", which leaves so few instances of up to 3 rooms and
            1 trinket that they are listed, and their values exact.
    Size:
        By the names of the rooms alone 30! / (30 - rooms)! instances, 2 x 10^11 at the defaults; 192
        with fixed names for rooms=3, locks=1, containers=0.
        4 or 5 legal commands a turn in random play, seldom more than 10.
    Known values:
        Level easy: optimal 1, plan 0.840, myopic 0.056, random 0.018.
        The fewest moves that win: for rooms=2, locks=1, 4 without containers and 6 with two; for
        rooms=2, locks=0, containers=0, 2, or 3 if there is a wooden door. Measured means over seeds
        from 0, the range in brackets: rooms=4, locks=1, containers=2: 7.0 (4 … 12); the defaults:
        14.4 (7 … 24); 12, 3, 6: 22.7 (12 … 38); 20, 5, 10: 41.7 (28 … 61). The expert needs 8.3,
        19.0, 30.7 and 59.9 moves and always won; random play won 0.08, 0 at the defaults (300 seeds).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"rooms": 3, "locks": 1, "containers": 0, "trinkets": 0, "turns": 7, "names": "fixed"},
        "medium": {},
        "hard": {"rooms": 12, "locks": 3, "containers": 6},
        "extreme": {"rooms": 20, "locks": 5, "containers": 10},
    }

    rooms: int = 8
    locks: int = 2
    containers: int = 4
    trinkets: int = 2
    turns: int = 0
    names: str = "drawn"

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("rooms", self.rooms, 2, len(ROOMS))
        check_range("locks", self.locks, 0, min(self.rooms - 1, len(METALS)))
        check_range("containers", self.containers, 0, self.rooms)
        check_range("trinkets", self.trinkets, 0, len(TRINKETS))
        check_range("turns", self.turns, 0, 10_000)
        check_choice("names", self.names, ("drawn", "fixed"))

    @property
    def max_turns(self) -> int:
        return self.turns or 4 * self.rooms + 6 * self.locks + self.containers

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[QuestState] | None:
        few = self.names == "fixed" and self.rooms <= 3 and self.trinkets <= 1
        return _every_deal(self) if few else None

    def deal(self, random: Random) -> QuestState:
        return draw_opening(
            random, self.rooms, self.locks, self.containers, self.trinkets, named_anew=self.names == "drawn"
        )

    def content(self, state: QuestState) -> tuple[World, tuple[Place, ...]]:
        return state.world, state.places

    def to_move(self, state: QuestState) -> tuple[int, ...]:
        return () if is_won(state) or state.turn == self.max_turns else (0,)

    def legal(self, state: QuestState, player: int) -> tuple[QuestMove, ...]:
        return tuple(moves(state))

    def apply(self, state: QuestState, move: QuestMove) -> QuestState:
        told = move.verb in ("open", "unlock", "take", "drop")
        return act(state, move)._replace(turn=state.turn + 1, last=move if told else None)

    def rewards(self, state: QuestState, move: QuestMove, after: QuestState) -> tuple[float, ...]:
        return (1.0 if is_won(after) else 0.0,)

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
        if is_won(state):
            return "You take the treasure. You win."
        left = self.max_turns - state.turn
        turns = f"{_turns(left)} left." if left else "No turns left: you did not find the treasure."
        return "\n".join((*_told(state), *_situation(state), turns))

    def say(self, state: QuestState, move: QuestMove) -> str:
        if not move.thing or move.verb == "go":
            return f"{move.verb} {move.thing}".strip()
        return f"{move.verb} the {move.thing}" + (f" with the {move.key}" if move.key else "")

    def read(self, state: QuestState, player: int, text: str) -> QuestMove | Refusal:
        return quest_parser.read(state, text)

    def progress(self, state: QuestState) -> float:
        """Minus the fewest moves that still win, known only to one who sees the whole house."""
        return -float(moves_left(state))

    def vocabulary(self) -> tuple[str, ...]:
        return (*ROOMS, *METALS, *CONTAINERS, *TRINKETS, "open", "closed", "empty")

    def expert(self, state: QuestState, player: int) -> Distribution[QuestMove]:
        """Takes what is of use, else unlocks, else opens or enters what is nearest of all it has seen."""
        _, first = min(_errands(state), key=lambda errand: _PRIORITY[errand[0].verb], default=(LOOK, LOOK))
        return ((first, Fraction(1)),)


@lru_cache(maxsize=16)
def _every_deal(game: Quest) -> Distribution[QuestState] | None:
    return every_outcome(game.deal)


def moves_left(state: QuestState) -> int:
    """Return the fewest moves that take the treasure, whatever the turns left, to one who sees everything.

    What must be fetched and opened is fixed, since passages form a tree; only the order is searched.
    """
    fetched = _to_fetch(state)
    rooms = {thing: state.places[thing].room for thing in fetched}
    crossed = frozenset[int]().union(*(passages(state.world, state.room, room) for room in rooms.values()))
    doors = sum(is_closed(state, passage) for passage in crossed)
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
    locked = [k for k in passages(world, start, end) if is_locked(state, k)]
    return [world.things.index(key_of(world.doors[k])) for k in locked]


# What is told ----------------------------------------------------------------------------------------


def _told(state: QuestState) -> Iterator[str]:
    """What came of the last command."""
    if state.last is None:
        return
    verb, thing, key = state.last
    if verb != "unlock":
        yield f"You {verb} the {thing}."
    elif is_closed(state, exit_named(state, thing).passage):
        yield f"The {key} does not fit the lock of the {thing}."
    else:
        yield f"The {key} turns: the {thing} is open. The key stays in the lock."


def _situation(state: QuestState) -> Iterator[str]:
    yield f"You are in the {state.world.rooms[state.room]}. Exits: {exits_told(state)}."
    things = contents(state, Place(state.room))
    if container(state):
        inside = ", ".join(contents(state, Place(state.room, inside=True))) or "empty"
        is_open = state.room in state.containers
        things.append(f"open {container(state)} ({inside})" if is_open else f"closed {container(state)}")
    yield f"You see: {', '.join(things) or 'nothing'}. You carry: {', '.join(carried(state)) or 'nothing'}."


def _turns(n: int) -> str:
    return f"{n} turn{'s' * (n != 1)}"


# What the expert wants -------------------------------------------------------------------------------

_PRIORITY = {"take": 0, "unlock": 1, "open": 2, "go": 2}


def _errands(state: QuestState) -> Iterator[tuple[QuestMove, QuestMove]]:
    """Yield the useful commands of all rooms visited, nearest first, each with the first move towards it."""
    reached = {state.room}
    pending: deque[tuple[QuestState, QuestMove | None]] = deque([(state, None)])
    while pending:
        there, first = pending.popleft()
        yield from ((move, first or move) for move in moves(there) if _is_useful(there, move))
        for leaving in exits(there):
            if leaving.room in state.visited - reached:
                reached.add(leaving.room)
                pending.append((there._replace(room=leaving.room), first or QuestMove("go", leaving.way)))


def _is_useful(state: QuestState, move: QuestMove) -> bool:
    match move.verb:
        case "go":
            return exit_named(state, move.thing).room not in state.visited
        case "open":
            return True
        case "unlock":
            return move.key == key_of(state.world.doors[exit_named(state, move.thing).passage])
        case "take":
            return move.thing == TREASURE or is_key(move.thing)
        case _:
            return False
