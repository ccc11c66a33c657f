from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import mean
from typing import Any

import pytest

from tests.games.playing import after_replies, deal
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.quest import Quest, moves_left
from textenvs.games.quest_world import (
    HELD,
    IN_LOCK,
    WAYS,
    WOODEN,
    Neighbours,
    Place,
    QuestMove,
    QuestState,
    World,
    is_won,
)
from textenvs.planning.reference import reference_values

LEVELS = (
    Quest(rooms=2, locks=0, containers=0, trinkets=0),
    Quest(rooms=4, locks=1, containers=2),
    Quest(),
    Quest(rooms=12, locks=3, containers=6),
    Quest(rooms=20, locks=5, containers=10, trinkets=4),
)


def level_name(game: Quest) -> str:
    return f"{game.rooms}-{game.locks}-{game.containers}-{game.trinkets}"


by_level = pytest.mark.parametrize("game", LEVELS, ids=level_name)


def random_play(game: Quest, seed: int) -> Iterator[tuple[QuestState, QuestMove, QuestState]]:
    random = Stream(seed, Purpose.POLICY)
    state = deal(game, seed)
    while game.to_move(state):
        move = random.choice(game.legal(state, 0))
        after = game.apply(state, move)
        yield state, move, after
        state = after


# A second implementation: rooms, doors and things are looked up by name and change in place.


@dataclass
class House:
    """A simulator that is told canonical wordings."""

    where: str
    turns: int
    ways: dict[str, dict[str, str]]
    doors: dict[frozenset[str], str]
    boxes: dict[str, str]
    lying: dict[str, set[str]]
    boxed: dict[str, set[str]]
    hand: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)

    def door(self, way: str) -> str:
        return self.doors.get(frozenset((self.where, self.ways[self.where][way])), "")

    def options(self) -> set[str]:
        ways = self.ways[self.where]
        box = self.boxes.get(self.where)
        metal = {way: self.door(way) for way in ways if self.door(way) not in ("", "wooden")}
        return {
            "look",
            "inventory",
            *(f"go {way}" for way in ways if not self.door(way)),
            *(f"open the {way} door" for way in ways if self.door(way) == "wooden"),
            *(f"open the {box}" for _ in "1" if box and self.where not in self.opened),
            *(f"take the {thing}" for thing in self.reach()),
            *(f"drop the {thing}" for thing in self.hand),
            *(f"unlock the {way} door with the {key}" for way in metal for key in self.hand if "key" in key),
        }

    def reach(self) -> set[str]:
        return self.lying[self.where] | (self.boxed[self.where] if self.where in self.opened else set())

    def hears(self, command: str) -> float:
        """Carry out a command and return its reward."""
        self.turns -= 1
        verb, *words = command.replace("the ", "").split()
        thing = " ".join(words)
        if verb == "go":
            self.where = self.ways[self.where][thing]
            self.seen.add(self.where)
        elif verb == "take":
            self.lying[self.where].discard(thing)
            self.boxed[self.where].discard(thing)
            self.hand.add(thing)
        elif verb == "drop":
            self.hand.remove(thing)
            self.lying[self.where].add(thing)
        elif verb == "open" and thing == self.boxes.get(self.where):
            self.opened.add(self.where)
        elif verb == "open":
            del self.doors[frozenset((self.where, self.ways[self.where][words[0]]))]
        elif verb == "unlock" and words[3] == self.door(words[0]):
            self.hand.remove(" ".join(words[3:]))
            del self.doors[frozenset((self.where, self.ways[self.where][words[0]]))]
        return float(verb == "take" and thing == "treasure")

    def facts(self) -> dict[str, object]:
        """What a view must tell."""
        box = self.boxes.get(self.where)
        inside = ", ".join(self.boxed[self.where]) or "empty"
        boxes = {f"open {box} ({inside})" if self.where in self.opened else f"closed {box}"} if box else set()
        return {
            "room": self.where,
            "exits": {f"{way} ({self.behind(way)})" for way in self.ways[self.where]},
            "seen": self.lying[self.where] | boxes or {"nothing"},
            "carried": self.hand or {"nothing"},
            "left": self.turns,
        }

    def behind(self, way: str) -> str:
        door = self.door(way)
        if door:
            return "closed wooden door" if door == "wooden" else f"locked {door} door"
        beyond = self.ways[self.where][way]
        return beyond if beyond in self.seen else "unexplored"


def house(game: Quest, state: QuestState) -> House:
    world = state.world
    names = world.rooms
    around = {
        names[room]: {way: names[other] for way, other in zip(WAYS, beside, strict=True) if other >= 0}
        for room, beside in enumerate(world.neighbours)
    }
    doors = {
        frozenset((names[min(other for other in world.neighbours[k] if other >= 0)], names[k])): world.doors[k]
        for k in range(1, len(names))
        if world.doors[k]
    }
    lying: dict[str, set[str]] = {name: set() for name in names}
    boxed: dict[str, set[str]] = {name: set() for name in names}
    for thing, place in zip(world.things, state.places, strict=True):
        (boxed if place.inside else lying)[names[place.room]].add(thing)
    boxes = {names[room]: kind for room, kind in enumerate(world.containers) if kind}
    return House(names[0], game.max_turns, around, doors, boxes, lying, boxed, seen={names[0]})


VIEW = re.compile(
    r"(?P<told>.*\n)?You are in the (?P<room>\w+)\. Exits: (?P<exits>.*)\.\n"
    r"You see: (?P<seen>.*)\. You carry: (?P<carried>.*)\.\n(?P<left>\d+|No) turns? ?(?:left)[.:].*"
)


def facts(view: str) -> dict[str, object]:
    """What a view tells; a container's several things are one fact, so they are split only outside brackets."""
    told = VIEW.fullmatch(view)
    assert told, view
    parts = {name: set(re.split(r", (?![^(]*\))", told[name])) for name in ("exits", "seen", "carried")}
    return {"room": told["room"], **parts, "left": 0 if told["left"] == "No" else int(told["left"])}


def without_order(said: dict[str, object]) -> dict[str, object]:
    """The same with the things inside of brackets in alphabetical order."""
    seen = said["seen"]
    assert isinstance(seen, set)
    return {**said, "seen": {re.sub(r"\((.*)\)", lambda m: str(sorted(m[1].split(", "))), each) for each in seen}}


@by_level
@pytest.mark.parametrize("seed", range(12))
def test_random_play_agrees_with_the_second_implementation(game: Quest, seed: int) -> None:
    second = house(game, deal(game, seed))
    for state, move, after in random_play(game, seed):
        assert {game.say(state, each) for each in game.legal(state, 0)} == second.options()
        assert without_order(facts(game.view(state, 0))) == without_order(second.facts())
        assert game.rewards(state, move, after) == (second.hears(game.say(state, move)),)
    assert is_won(after) or second.turns == 0


@by_level
@pytest.mark.parametrize("seed", range(12))
def test_the_experts_play_agrees_with_the_second_implementation(game: Quest, seed: int) -> None:
    state = deal(game, seed)
    second = house(game, state)
    earned = 0.0
    while game.to_move(state):
        assert without_order(facts(game.view(state, 0))) == without_order(second.facts())
        ((move, _),) = game.expert(state, 0)
        earned += second.hears(game.say(state, move))
        state = game.apply(state, move)
    assert earned == 1.0
    assert "treasure" in second.hand


# Worlds ----------------------------------------------------------------------------------------------


def cells(world: World) -> list[tuple[int, int]]:
    """Where each room lies on the grid, by walking from room 0."""
    found = {0: (0, 0)}
    pending = [0]
    while pending:
        room = pending.pop()
        x, y = found[room]
        for other, (dx, dy) in zip(world.neighbours[room], ((0, 1), (1, 0), (0, -1), (-1, 0)), strict=True):
            if other >= 0 and other not in found:
                found[other] = (x + dx, y + dy)
                pending.append(other)
    return [found[room] for room in sorted(found)]


def reached(world: World, locked: set[int]) -> set[int]:
    """The rooms to be reached from room 0 without opening the `locked` passages."""
    rooms = {0}
    while True:
        more = {o for r in rooms for o in world.neighbours[r] if o >= 0 and max(o, r) not in locked} - rooms
        if not more:
            return rooms
        rooms |= more


@by_level
def test_worlds_are_what_the_arguments_say(game: Quest) -> None:
    for seed in range(200):
        world, places = game.content(deal(game, seed))
        assert len(set(world.rooms)) == len(world.rooms) == game.rooms
        assert len(set(cells(world))) == game.rooms
        assert sum(other >= 0 for beside in world.neighbours for other in beside) == 2 * (game.rooms - 1)
        assert sum(door not in ("", WOODEN) for door in world.doors) == game.locks
        assert sum(map(bool, world.containers)) == game.containers
        assert len(set(world.things)) == len(world.things) == len(places) == 1 + game.locks + game.trinkets
        assert all(place.inside == bool(world.containers[place.room]) for place in places)


@by_level
def test_every_lock_must_be_opened_in_turn_and_then_the_treasure_is_reached(game: Quest) -> None:
    for seed in range(250):
        world, places = game.content(deal(game, seed))
        homes = dict(zip(world.things, (place.room for place in places), strict=True))
        locked = {k: f"{door} key" for k, door in enumerate(world.doors) if door not in ("", WOODEN)}
        while locked:
            rooms = reached(world, set(locked))
            assert homes["treasure"] not in rooms
            at_hand = [k for k, key in locked.items() if homes[key] in rooms]
            assert len(at_hand) == 1
            assert any(other in rooms for other in world.neighbours[at_hand[0]])
            del locked[at_hand[0]]
        assert homes["treasure"] in reached(world, set()) - {0}


def test_a_thousand_seeds_give_a_thousand_instances() -> None:
    assert len({Quest().content(deal(Quest(), seed)) for seed in range(1000)}) == 1000


# What is known exactly -------------------------------------------------------------------------------

EASY = Quest(**Quest.levels["easy"])


@pytest.mark.slow
def test_easy_has_exact_values_of_every_kind() -> None:
    values = reference_values(EASY)
    assert {values.optimal.kind, values.plan.kind, values.myopic.kind, values.random.kind} == {"exact"}
    assert values.cell() == "both"
    means = [round(value.value, 3) for value in (values.optimal, values.plan, values.myopic, values.random)]
    assert means == [1, 0.840, 0.056, 0.018]
    deals = EASY.deals() or ()
    assert values.random.value == pytest.approx(float(sum(p * wins_at_random(house(EASY, s)) for s, p in deals)))


def wins_at_random(second: House) -> Fraction:
    """How often random commands win from here on, by the second implementation."""
    known: dict[str, Fraction] = {}

    def value(here: House) -> Fraction:
        if "treasure" in here.hand or not here.turns:
            return Fraction("treasure" in here.hand)
        fact = str([here.where, here.turns, *(sorted(map(str, x)) for x in (here.doors, here.hand, here.opened))])
        fact += str(sorted(f"{thing} in {room}" for room, things in here.lying.items() for thing in things))
        if fact not in known:
            options = sorted(here.options())
            known[fact] = sum((value(after(here, each)) for each in options), Fraction(0)) / len(options)
        return known[fact]

    def after(here: House, command: str) -> House:
        there = deepcopy(here)
        there.hears(command)
        return there

    return value(second)


def test_lists_agree_with_draws() -> None:
    deals = dict(EASY.deals() or ())
    drawn = Counter(deal(EASY, seed) for seed in range(3_000))
    assert sum(deals.values()) == 1
    assert len(deals) == len({EASY.content(state) for state in deals}) == 192
    assert set(drawn) <= set(deals)
    assert all(drawn[state] < 3_000 * p + 5 * (3_000 * p) ** 0.5 + 5 for state, p in deals.items())


def test_fixed_names_are_the_first_of_their_lists() -> None:
    world = deal(Quest(names="fixed", rooms=3, containers=2), 0).world
    assert world.rooms == ("armory", "attic", "ballroom")
    assert sorted(world.containers) == ["", "barrel", "barrel"]
    assert set(world.doors) <= {"", "wooden", "brass", "bronze"}
    assert world.things == ("treasure", "brass key", "bronze key", "bell", "candle")


@pytest.mark.parametrize("game", [Quest(), Quest(rooms=4, names="fixed"), Quest(names="fixed")])
def test_large_games_are_not_listed(game: Quest) -> None:
    assert game.deals() is None


# The fewest moves ------------------------------------------------------------------------------------


def shortest_by_search(game: Quest, state: QuestState, idle: tuple[str, ...]) -> int | None:
    """Breadth-first search by the rules alone, without commands whose verb is in `idle`."""
    pending = deque([(state, 0)])
    known = set()
    while pending:
        here, moves = pending.popleft()
        if is_won(here):
            return moves
        for move in game.legal(here, 0):
            if move.verb not in idle:
                after = game.apply(here, move)
                fact = (after.room, after.places, after.doors, after.containers)
                if fact not in known:
                    known.add(fact)
                    pending.append((after, moves + 1))
    return None


@pytest.mark.parametrize(
    ("game", "instances"),
    [
        (Quest(rooms=2, locks=1, containers=1, trinkets=0), 200),
        (Quest(rooms=4, locks=1, containers=2, trinkets=0), 200),
        (Quest(rooms=5, locks=2, containers=2, trinkets=0), 200),
        (Quest(trinkets=0), 5),
    ],
    ids=lambda each: level_name(each) if isinstance(each, Quest) else f"{each} instances",
)
def test_search_solves_every_instance_in_the_fewest_moves(game: Quest, instances: int) -> None:
    for seed in range(instances):
        state = deal(game, seed)
        assert shortest_by_search(game, state, idle=("look", "inventory", "drop")) == moves_left(state)


def test_dropping_things_never_helps() -> None:
    game = Quest(rooms=4, locks=1, containers=1, trinkets=1)
    for seed in range(20):
        state = deal(game, seed)
        assert shortest_by_search(game, state, idle=("look", "inventory")) == moves_left(state)


@by_level
@pytest.mark.parametrize("seed", range(12))
def test_some_move_brings_the_treasure_one_move_nearer_and_none_two(game: Quest, seed: int) -> None:
    """So `moves_left` is the length of a shortest solution wherever play leads, and all can be won."""
    for state, _, _ in list(random_play(game, seed))[::5]:
        least = min(moves_left(game.apply(state, move)) for move in game.legal(state, 0))
        assert least == moves_left(state) - 1


@by_level
def test_following_the_fewest_moves_wins(game: Quest) -> None:
    for seed in range(200 // game.rooms):
        state = deal(game, seed)
        for left in range(moves_left(state), 0, -1):
            assert not is_won(state)
            state = next(s for m in game.legal(state, 0) if moves_left(s := game.apply(state, m)) == left - 1)
        assert is_won(state)


@pytest.mark.parametrize(("locks", "containers", "fewest"), [(1, 0, {4}), (1, 2, {6}), (0, 0, {2, 3}), (0, 2, {3, 4})])
def test_fewest_moves_in_two_rooms(locks: int, containers: int, fewest: set[int]) -> None:
    game = Quest(rooms=2, locks=locks, containers=containers)
    assert {moves_left(deal(game, seed)) for seed in range(60)} == fewest


@pytest.mark.parametrize(
    ("game", "expected"),
    [
        (Quest(rooms=4, locks=1, containers=2), 7.0),
        (Quest(), 14.4),
        (Quest(rooms=12, locks=3, containers=6), 22.7),
        (Quest(rooms=20, locks=5, containers=10), 41.7),
    ],
    ids=lambda each: level_name(each) if isinstance(each, Quest) else "",
)
def test_difficulty_spans_from_seven_to_forty_moves(game: Quest, expected: float) -> None:
    assert mean(moves_left(deal(game, seed)) for seed in range(200)) == pytest.approx(expected, rel=0.05)


# The expert ------------------------------------------------------------------------------------------


def expert_moves(game: Quest, state: QuestState) -> int:
    while not is_won(state):
        assert game.to_move(state), "the expert ran out of turns"
        ((move, p),) = game.expert(state, 0)
        assert p == 1
        assert move in game.legal(state, 0)
        state = game.apply(state, move)
    return state.turn


@pytest.mark.parametrize("game", LEVELS[:3], ids=level_name)
def test_the_expert_solves_200_instances_in_time(game: Quest) -> None:
    openings = [deal(game, seed) for seed in range(200)]
    fewest = [moves_left(state) for state in openings]
    needed = [expert_moves(game, state) for state in openings]
    assert all(own >= best for own, best in zip(needed, fewest, strict=True))
    assert mean(needed) < 1.4 * mean(fewest)


@pytest.mark.parametrize(
    "game",
    [
        *LEVELS[3:],
        Quest(rooms=30, locks=0, containers=0),
        Quest(rooms=30, locks=0, containers=30),
        Quest(rooms=11, locks=10, containers=0),
        Quest(rooms=24, locks=10, containers=24, trinkets=10),
    ],
    ids=level_name,
)
def test_the_expert_solves_large_instances_in_time(game: Quest) -> None:
    for seed in range(8):
        assert expert_moves(game, deal(game, seed)) < game.max_turns


# Nothing unseen is told ------------------------------------------------------------------------------


def in_sight(state: QuestState, room: int) -> Neighbours:
    """The rooms next to `room` if the player has been on one side of the passage, else -1."""
    north, east, south, west = (
        other if {room, other} & state.visited else -1 for other in state.world.neighbours[room]
    )
    return north, east, south, west


def disguised(state: QuestState, random: Stream) -> QuestState:
    """Another state with all the player has seen, and everything else changed."""
    world = state.world
    rooms = range(len(world.rooms))
    unseen = {room for room in rooms if room not in state.visited}
    names = iter(random.shuffled([f"secret{room}" for room in rooms]))
    behind = {k for k in rooms if k in unseen and not any(o in state.visited for o in world.neighbours[k])}
    hidden = [Place(room, inside) for room in unseen for inside in (False, True)]
    hidden += [Place(r, inside=True) for r in state.visited if world.containers[r] and r not in state.containers]
    other = world._replace(
        rooms=tuple(next(names) if room in unseen else world.rooms[room] for room in rooms),
        neighbours=tuple(in_sight(state, room) for room in rooms),
        doors=tuple(random.choice(("", WOODEN, "lead")) if k in behind else world.doors[k] for k in rooms),
        containers=tuple(random.choice(("", "urn")) if r in unseen else world.containers[r] for r in rooms),
    )
    places = tuple(random.choice(hidden) if place in hidden else place for place in state.places)
    return state._replace(world=other, places=places)


REPLIES_ABOUT_ANYTHING = (
    "take the treasure", "take key", "take the iron key", "take coin", "open door", "open the chest", "open the jar",
    "unlock the door", "unlock the north door with the tin key", "go north", "go south", "go to the kitchen",
    "enter the library", "examine the bell", "search the box", "drop the rope", "go through the silver door",
)  # fmt: skip


@by_level
@pytest.mark.parametrize("player", ["random", "expert"])
def test_what_was_not_seen_changes_nothing(game: Quest, player: str) -> None:
    random = Stream(3, Purpose.POLICY)
    differences = 0
    for seed in range(1 + 30 // game.rooms):
        state = deal(game, seed)
        while game.to_move(state):
            twin = disguised(state, random)
            differences += twin != state
            assert game.view(state, 0) == game.view(twin, 0)
            assert game.legal(state, 0) == game.legal(twin, 0)
            assert game.expert(state, 0) == game.expert(twin, 0)
            for reply in REPLIES_ABOUT_ANYTHING:
                assert game.read(state, 0, reply) == game.read(twin, 0, reply)
            ((best, _),) = game.expert(state, 0)
            state = game.apply(state, best if player == "expert" else random.choice(game.legal(state, 0)))
    assert differences


# A house drawn by hand -------------------------------------------------------------------------------
#
#              kitchen
#                 |
#   tower =iron= hall =brass= library
#                 |
#               (wood)
#                 |
#               cellar

GAME = Quest(rooms=5, locks=2, containers=2, trinkets=1)
HOUSE = World(
    rooms=("hall", "kitchen", "library", "cellar", "tower"),
    neighbours=((1, 2, 3, 4), (-1, -1, 0, -1), (-1, -1, -1, 0), (0, -1, -1, -1), (-1, 0, -1, -1)),
    doors=("", "", "brass", WOODEN, "iron"),
    containers=("chest", "jar", "", "", ""),
    things=("treasure", "brass key", "iron key", "coin"),
)
START = QuestState(HOUSE, (Place(4), Place(0), Place(0, inside=True), Place(0)))
CHEST_OPEN = after_replies(GAME, START, "open the chest")
ONE_KEY = after_replies(GAME, START, "take the brass key")
BOTH_KEYS = after_replies(GAME, CHEST_OPEN, "take the brass key", "take the iron key")
CELLAR_OPEN = after_replies(GAME, START, "open the south door")
BEEN_NORTH = after_replies(GAME, START, "go north", "go south")


def test_the_fewest_moves_by_hand() -> None:
    assert moves_left(START) == 5  # open the chest, take the iron key, unlock the west door, go west, take
    assert moves_left(BOTH_KEYS) == 3
    assert moves_left(after_replies(GAME, BOTH_KEYS, "go north", "drop the iron key", "go south")) == 6


OPEN_CHEST = QuestMove("open", "chest")
OPEN_SOUTH = QuestMove("open", "south door")
NORTH = QuestMove("go", "north")
TAKE_BRASS = QuestMove("take", "brass key")
TAKE_IRON = QuestMove("take", "iron key")
TAKE_COIN = QuestMove("take", "coin")
EAST_BRASS = QuestMove("unlock", "east door", "brass key")
WEST_BRASS = QuestMove("unlock", "west door", "brass key")
WEST_IRON = QuestMove("unlock", "west door", "iron key")
DROP_BRASS = QuestMove("drop", "brass key")
LOOK = QuestMove("look")
INVENTORY = QuestMove("inventory")


@pytest.mark.parametrize(
    ("state", "reply", "move"),
    [
        (START, "go north", NORTH),
        (START, "north", NORTH),
        (START, "n", NORTH),
        (START, "N.", NORTH),
        (START, "go n", NORTH),
        (START, "walk north", NORTH),
        (START, "Head to the north", NORTH),
        (START, "**go north**", NORTH),
        (START, "> go north", NORTH),
        (START, "I'll move  NORTH now.", NORTH),
        (START, "Action: go north", NORTH),
        (START, "I am going north", NORTH),
        (START, "I think north is best.", NORTH),
        (START, "The door is locked, so north it is", NORTH),
        (BEEN_NORTH, "go to the kitchen", NORTH),
        (BEEN_NORTH, "enter the kitchen", NORTH),
        (BEEN_NORTH, "return to the kitchen", NORTH),
        (CELLAR_OPEN, "go through the wooden door", QuestMove("go", "south")),
        (CELLAR_OPEN, "go through the south door", QuestMove("go", "south")),
        (CELLAR_OPEN, "enter the south door", QuestMove("go", "south")),
        (START, "open the chest", OPEN_CHEST),
        (START, "open chest", OPEN_CHEST),
        (START, "Open up the closed chest!", OPEN_CHEST),
        (START, "I want to see what is inside, so I am opening the chest", OPEN_CHEST),
        (START, '{"action": "open the chest"}', OPEN_CHEST),
        (START, "open the south door", OPEN_SOUTH),
        (START, "open the wooden door", OPEN_SOUTH),
        (START, "open the door to the south", OPEN_SOUTH),
        (START, "open the closed wooden door in the south", OPEN_SOUTH),
        (START, "open the door", OPEN_SOUTH),
        (START, "open south", OPEN_SOUTH),
        (START, "take the brass key", TAKE_BRASS),
        (START, "take brass key", TAKE_BRASS),
        (START, "get the key", TAKE_BRASS),
        (START, "grab key", TAKE_BRASS),
        (START, "pick up the brass key", TAKE_BRASS),
        (START, "pick the brass key up", TAKE_BRASS),
        (START, "collect the coin", TAKE_COIN),
        (START, "take brass", TAKE_BRASS),
        (CHEST_OPEN, "take the iron key from the chest", TAKE_IRON),
        (CHEST_OPEN, "get the iron key out of the open chest", TAKE_IRON),
        (CHEST_OPEN, "There is an iron key in the open chest. Take the iron key.", TAKE_IRON),
        (ONE_KEY, "unlock the east door with the brass key", EAST_BRASS),
        (ONE_KEY, "unlock the brass door with the brass key", EAST_BRASS),
        (ONE_KEY, "unlock the locked brass door", EAST_BRASS),
        (ONE_KEY, "unlock door to the east using the key", EAST_BRASS),
        (ONE_KEY, "use the brass key on the east door", EAST_BRASS),
        (ONE_KEY, "use brass key to unlock the east door", EAST_BRASS),
        (ONE_KEY, "put the brass key in the brass lock", EAST_BRASS),
        (ONE_KEY, "insert the key into the east door", EAST_BRASS),
        (ONE_KEY, "open the east door with the brass key", EAST_BRASS),
        (ONE_KEY, "unlock the west door with the brass key", WEST_BRASS),
        (ONE_KEY, "unlock the iron door", WEST_BRASS),
        (BOTH_KEYS, "unlock the west door with the iron key", WEST_IRON),
        (BOTH_KEYS, "Use the iron key on the iron door, please", WEST_IRON),
        (ONE_KEY, "drop the brass key", DROP_BRASS),
        (ONE_KEY, "drop key", DROP_BRASS),
        (ONE_KEY, "put down the brass key", DROP_BRASS),
        (ONE_KEY, "put the key down", DROP_BRASS),
        (ONE_KEY, "put the brass key on the floor", DROP_BRASS),
        (ONE_KEY, "drop it", DROP_BRASS),
        (START, "look", LOOK),
        (START, "l", LOOK),
        (START, "look around", LOOK),
        (START, "I will take a look.", LOOK),
        (START, "examine the room", LOOK),
        (START, "examine the chest", LOOK),
        (START, "look at the brass key", LOOK),
        (START, "look in the chest", LOOK),
        (START, "inspect the locked iron door", LOOK),
        (START, "x coin", LOOK),
        (START, "inventory", INVENTORY),
        (START, "i", INVENTORY),
        (START, "Check inventory.", INVENTORY),
        (START, "show my inventory", INVENTORY),
        (START, "What am I carrying?", INVENTORY),
        (START, "First I look around. Then I take the coin.", TAKE_COIN),
        (START, "take the coin, then go north", NORTH),
        (START, "go north\nopen the chest", OPEN_CHEST),
        (START, "I open the chest to look inside", OPEN_CHEST),
        (START, "I go north because I can't go west.", NORTH),
        (START, "Do not open the chest; take the coin. Don't open the chest!", TAKE_COIN),
        (START, "I study the north wall; take coin", TAKE_COIN),
    ],
)
def test_replies_that_parse(state: QuestState, reply: str, move: QuestMove) -> None:
    assert GAME.read(state, 0, reply) == move
    assert move in GAME.legal(state, 0)


UNSEEN = "You see no such thing here."
MANY_DOORS = "Which one do you mean: the east brass door or the south wooden door or the west iron door"
NO_WAY = (
    "You cannot go there from here. Exits: north (unexplored), east (locked brass door), south (closed wooden door), "
    "west (locked iron door)."
)


@pytest.mark.parametrize(
    ("state", "reply", "text"),
    [
        (START, "take the treasure", UNSEEN),
        (START, "take the iron key", UNSEEN),
        (START, "take the silver key", UNSEEN),
        (START, "take the sword", UNSEEN),
        (START, "open the jar", UNSEEN),
        (START, "open the window", UNSEEN),
        (START, "open the silver door", UNSEEN),
        (START, "examine the iron key", UNSEEN),
        (START, "search the jar", UNSEEN),
        (START, "drop the rope", UNSEEN),
        (START, "unlock the silver door with the brass key", UNSEEN),
        (START, "unlock the east door with the tin key", UNSEEN),
        (START, "go up", NO_WAY),
        (START, "go to the kitchen", NO_WAY),
        (START, "go through the silver door", NO_WAY),
        (START, "go south", "The south door is closed; open it first."),
        (START, "go east", "The east door is locked; unlock it with the brass key."),
        (START, "open the brass door", "The east door is locked; unlock it with the brass key."),
        (START, "open it", "Which one do you mean: the south wooden door or the chest?"),
        (START, "unlock the door", "Which one do you mean: the east brass door or the west iron door?"),
        (START, "go through the door", f"{MANY_DOORS}?"),
        (START, "unlock the east door", "You carry no key."),
        (START, "unlock the east door with the brass key", "You do not carry the brass key; take it first."),
        (START, "unlock the south door", "The south wooden door is not locked."),
        (START, "unlock the chest", "The chest is not locked."),
        (START, "drop the coin", "You do not carry the coin."),
        (START, "take the chest", "The chest is too heavy to carry."),
        (ONE_KEY, "take the brass key", "You already carry the brass key."),
        (CHEST_OPEN, "open the chest", "The chest is already open."),
        (CHEST_OPEN, "take the key", "Which one do you mean: the brass key or the iron key?"),
        (CELLAR_OPEN, "open the wooden door", "The south door is already open."),
        (BOTH_KEYS, "unlock the east door", "Which one do you mean: the brass key or the iron key?"),
    ],
)
def test_commands_that_are_refused_with_a_reason(state: QuestState, reply: str, text: str) -> None:
    assert GAME.read(state, 0, reply) == Refusal(text, "illegal")


@pytest.mark.parametrize(
    "reply",
    [
        "", "hello", "42", "I am not sure what to do.", "the chest", "key", "northeast", "eat", "sing a song",
        "I cannot go north", "don't open the chest", "unlockable", "gö nörth", "идти на север", "\x00", "yes", "I see.",
        "I do not want to open the chest", "I can't walk north",
    ],
)  # fmt: skip
def test_replies_without_a_command(reply: str) -> None:
    refusal = GAME.read(START, 0, reply)
    assert isinstance(refusal, Refusal)
    assert refusal.kind == "malformed"
    assert "Reply with one command" in refusal.text


def test_commands_about_one_thing_need_no_name() -> None:
    cellar = after_replies(GAME, CELLAR_OPEN, "take the coin", "go south", "drop it")
    assert GAME.read(cellar, 0, "take it") == TAKE_COIN
    assert GAME.read(cellar, 0, "open it") == Refusal("The north door is already open.", "illegal")


@pytest.mark.parametrize("seed", range(20))
def test_a_house_of_two_rooms_is_won_without_a_name(seed: int) -> None:
    game = Quest(rooms=2, locks=1, containers=2, trinkets=0)
    replies = ("open it", "take the key", "unlock the door", "go through the door", "open it", "take the treasure")
    assert is_won(after_replies(game, deal(game, seed), *replies))


# What is shown ---------------------------------------------------------------------------------------


def test_views_of_a_won_game() -> None:
    views = []
    state = START
    for reply in (
        "open the chest", "take the iron key", "take the coin", "go north", "drop the coin", "open the jar", "go south",
        "take the brass key", "unlock the west door with the brass key", "unlock the west door with the iron key",
        "go west", "take the treasure",
    ):  # fmt: skip
        views.append(GAME.view(state, 0))
        state = after_replies(GAME, state, reply)
    hall = "You are in the hall. Exits: north ({}), east (locked brass door), south (closed wooden door), west ({})."
    iron = "locked iron door"
    assert views == [
        f"{hall.format('unexplored', iron)}\n"
        "You see: brass key, coin, closed chest. You carry: nothing.\n34 turns left.",
        f"You open the chest.\n{hall.format('unexplored', iron)}\n"
        "You see: brass key, coin, open chest (iron key). You carry: nothing.\n33 turns left.",
        f"You take the iron key.\n{hall.format('unexplored', iron)}\n"
        "You see: brass key, coin, open chest (empty). You carry: iron key.\n32 turns left.",
        f"You take the coin.\n{hall.format('unexplored', iron)}\n"
        "You see: brass key, open chest (empty). You carry: iron key, coin.\n31 turns left.",
        "You are in the kitchen. Exits: south (hall).\nYou see: closed jar. You carry: iron key, coin.\n30 turns left.",
        "You drop the coin.\nYou are in the kitchen. Exits: south (hall).\n"
        "You see: coin, closed jar. You carry: iron key.\n29 turns left.",
        "You open the jar.\nYou are in the kitchen. Exits: south (hall).\n"
        "You see: coin, open jar (empty). You carry: iron key.\n28 turns left.",
        f"{hall.format('kitchen', iron)}\nYou see: brass key, open chest (empty). You carry: iron key.\n27 turns left.",
        f"You take the brass key.\n{hall.format('kitchen', iron)}\n"
        "You see: open chest (empty). You carry: brass key, iron key.\n26 turns left.",
        f"The brass key does not fit the lock of the west door.\n{hall.format('kitchen', iron)}\n"
        "You see: open chest (empty). You carry: brass key, iron key.\n25 turns left.",
        "The iron key turns: the west door is open. The key stays in the lock.\n"
        f"{hall.format('kitchen', 'unexplored')}\n"
        "You see: open chest (empty). You carry: brass key.\n24 turns left.",
        "You are in the tower. Exits: east (hall).\nYou see: treasure. You carry: brass key.\n23 turns left.",
    ]
    assert state.places == (HELD, HELD, IN_LOCK, Place(1))
    assert GAME.view(state, 0) == "You take the treasure. You win."
    assert GAME.to_move(state) == ()


def test_looking_uses_turns_until_none_are_left() -> None:
    game = Quest(rooms=5, locks=2, turns=3)
    before = after_replies(game, START, "look", "inventory")
    assert game.view(before, 0).endswith("\n1 turn left.")
    after = after_replies(game, before, "examine the chest")
    assert (after.places, after.room, after.turn) == (START.places, 0, 3)
    assert game.view(after, 0).endswith("\nNo turns left: you did not find the treasure.")
    assert game.to_move(after) == ()
    assert game.rewards(before, LOOK, after) == (0.0,)


def test_the_treasure_taken_at_the_last_turn_counts() -> None:
    game = Quest(rooms=5, locks=2, turns=5)
    beside = after_replies(game, CHEST_OPEN, "take iron key", "unlock west door", "go west")
    after = after_replies(game, beside, "take the treasure")
    assert game.rewards(beside, QuestMove("take", "treasure"), after) == (1.0,)
    assert game.view(after, 0) == "You take the treasure. You win."


def test_progress_counts_the_moves_that_are_missing() -> None:
    assert [GAME.progress(state) for state in (START, CHEST_OPEN, BOTH_KEYS)] == [-5.0, -4.0, -3.0]


def test_instructions_mention_only_what_there_is() -> None:
    assert Quest().instructions(0) == (
        "You are in a house of 8 rooms. Find the treasure and take it within 48 turns to earn 1 point. It may be "
        "hidden: explore the rooms and open closed wooden doors and containers. A locked door needs the key of its "
        "metal, which stays in the lock.\n"
        "Commands: go north, open the north door, open the chest, unlock the north door with the brass key, "
        "take the coin, drop the coin, look, inventory. Each uses a turn.\n"
        "Reply with one command, for example: look"
    )
    plain = Quest(rooms=3, locks=0, containers=0, trinkets=0).instructions(0)
    assert not any(word in plain for word in ("lock", "key", "chest", "container"))


@pytest.mark.parametrize(
    ("game", "turns"),
    [(Quest(), 48), (Quest(rooms=2, locks=0, containers=0), 8), (Quest(rooms=30, locks=10), 184), (Quest(turns=7), 7)],
)
def test_turns(game: Quest, turns: int) -> None:
    assert game.max_turns == turns
    assert game.return_range == (0.0, 1.0)


@pytest.mark.parametrize(
    "arguments",
    [
        {"rooms": 1}, {"rooms": 31}, {"locks": 8}, {"rooms": 30, "locks": 11}, {"locks": -1}, {"containers": 9},
        {"containers": -1}, {"trinkets": 11}, {"turns": -1}, {"rooms": 4.5},
    ],
)  # fmt: skip
def test_arguments_out_of_range(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=f"{list(arguments)[-1]} must be a whole number"):
        Quest(**arguments)


def test_an_unknown_way_to_name_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="drawn, fixed"):
        Quest(names="odd")
