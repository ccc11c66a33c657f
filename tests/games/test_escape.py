from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from tests.games.playing import after_replies, deal
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.escape import Escape
from textenvs.games.escape_world import GO, LOOK, EscapeMove, EscapeState, Home, Note, World, is_outside
from textenvs.planning.reference import reference_values

LEVELS = tuple(Escape(**arguments) for arguments in Escape.levels.values())
by_level = pytest.mark.parametrize("game", LEVELS, ids=list(Escape.levels))


def random_play(game: Escape, seed: int) -> Iterator[tuple[EscapeState, EscapeMove, EscapeState]]:
    """Random commands, now and then the expert's, so that doors are passed."""
    random = Stream(seed, Purpose.POLICY)
    state = deal(game, seed)
    while game.to_move(state):
        move = random.choice(game.legal(state, 0)) if random.below(4) == 0 else game.expert(state, 0)[0][0]
        after = game.apply(state, move)
        yield state, move, after
        state = after


# A second implementation: what is found is told and forgotten; everything is looked up by name.


@dataclass
class House:
    """A simulator that is told canonical wordings.

    Attributes:
        turns: turns left.
        tries: wrong codes allowed at each door, the last one losing.
        rooms: names with what opens their doors, such as "brass key" or "417", in order.
        hidden: what is hidden by room and place, notes as "hall 417".
        codes: all codes if they are few enough to be listed.
    """

    turns: int
    tries: int
    rooms: list[tuple[str, str]]
    hidden: dict[str, dict[str, list[str]]]
    codes: set[str]
    seen: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    opened: bool = False
    told: str = ""

    def places(self) -> dict[str, list[str]]:
        return self.hidden[self.rooms[0][0]]

    def needs(self) -> str:
        return self.rooms[0][1]

    def over(self) -> bool:
        return not self.rooms or len(self.failed) == self.tries or self.turns == 0

    def options(self) -> set[str]:
        options = {"look", *(f"search the {place}" for place in self.places() if place not in self.seen)}
        if self.opened:
            return options | {"go through the door"}
        if "key" in self.needs():
            return options | {f"unlock the door with the {key}" for key in self.keys}
        read = {note.split()[1] for note in self.notes}
        codes = self.codes or read
        listed = {f"enter {code}" for code in codes if code not in self.failed}
        if not self.codes:
            every = ("".join(code) for code in product("123456789", repeat=len(self.needs())))
            listed.add("enter " + next(code for code in every if code not in read and code not in self.failed))
        return options | listed

    def hears(self, command: str) -> float:
        """Carry out a command and return its reward."""
        self.turns -= 1
        self.told = ""
        words = command.split()
        if words[0] == "search":
            self.seen.add(words[2])
            found = self.places()[words[2]]
            self.keys |= {thing for thing in found if "key" in thing}
            self.notes |= {thing for thing in found if "key" not in thing}
            self.told = ", ".join(sorted(found)) or "nothing"
        elif words[0] == "unlock":
            self.opened = " ".join(words[5:]) == self.needs()
            self.keys -= {self.needs()} if self.opened else set()
        elif words[0] == "enter":
            self.opened = words[1] == self.needs()
            self.failed += [] if self.opened else [words[1]]
        elif words[0] == "go":
            self.rooms = self.rooms[1:]
            self.seen, self.failed, self.opened = set(), [], False
        return float(not self.rooms)

    def facts(self) -> dict[str, object]:
        """What a view must tell while the game goes on."""
        door = "open" if self.opened else self.needs()
        return {
            "room": self.rooms[0][0],
            "door": f"{len(self.needs())} digits, {self.tries - len(self.failed)}" if door.isdigit() else door,
            "seen": {f"{place} (searched)" if place in self.seen else place for place in self.places()},
            "carried": self.keys or {"nothing"},
            "left": self.turns,
            "told": self.told,
        }


def house(game: Escape, state: EscapeState) -> House:
    world = state.world
    opens = [lock if lock.isdigit() else f"{lock} key" for lock in world.locks]
    hidden: dict[str, dict[str, list[str]]] = {
        room: {place: [] for place in places} for room, places in zip(world.rooms, world.places, strict=True)
    }
    things = [f"{room} {what}" if what.isdigit() else what for room, what in zip(world.rooms, opens, strict=True)]
    for thing, home in zip([*things, *map(" ".join, world.decoys)], world.homes, strict=True):
        hidden[world.rooms[home.room]][world.places[home.room][home.place]].append(thing)
    every = {"".join(code) for code in product("123456789"[: game.highest], repeat=game.digits)}
    rooms = list(zip(world.rooms, opens, strict=True))
    return House(game.max_turns, game.tries, rooms, hidden, every if len(every) <= 9 else set())


VIEW = re.compile(
    r"(?:(?P<told>.*)\n)?You are in the (?P<room>\w+)(?:, room \d+ of \d+)?\. "
    r"The door (?:is|needs) (?:the )?(?P<door>.*)\.\n"
    r"You see: (?P<seen>.*?)\.(?: You carry: (?P<carried>.*)\.)?\n(?P<left>\d+) turns? left\."
)


def facts(view: str) -> dict[str, object]:
    told = VIEW.fullmatch(view)
    assert told, view
    door = re.sub(r"a code of (\d) digits?; (\d) tr(?:y|ies) left", r"\1 digits, \2", told["door"])
    found = [f"{metal} key" for metal in re.findall(r"the (\w+) key and take", told["told"] or "")]
    notes = re.findall(r"A note says that the code of the (\w+) is (\d+), and falls to dust\.", told["told"] or "")
    found += map(" ".join, notes)
    searched = "You search the" in (told["told"] or "")
    assert ("find nothing" in (told["told"] or "")) == (searched and not found)
    return {
        "room": told["room"],
        "door": door,
        "seen": set(told["seen"].split(", ")),
        "carried": set((told["carried"] or "nothing").split(", ")),
        "left": int(told["left"]),
        "told": (", ".join(sorted(found)) or "nothing") if searched else "",
    }


@by_level
@pytest.mark.parametrize("seed", range(6))
def test_play_agrees_with_the_second_implementation(game: Escape, seed: int) -> None:
    second = house(game, deal(game, seed))
    for state, move, after in random_play(game, seed):
        assert {game.say(state, each) for each in game.legal(state, 0)} == second.options()
        assert facts(game.view(state, 0)) == second.facts()
        assert game.rewards(state, move, after) == (second.hears(game.say(state, move)),)
    assert second.over()


def every_play(game: Escape, state: EscapeState, second: House) -> int:
    """Compare all plays from `state` on; return their number."""
    assert (not game.to_move(state)) == second.over()
    if second.over():
        return 1
    assert {game.say(state, each) for each in game.legal(state, 0)} == second.options()
    assert facts(game.view(state, 0)) == second.facts()
    plays = 0
    for move in game.legal(state, 0):
        after, other = game.apply(state, move), deepcopy(second)
        assert game.rewards(state, move, after) == (other.hears(game.say(state, move)),)
        plays += every_play(game, after, other)
    return plays


@pytest.mark.parametrize("tries", [1, 2])
def test_all_plays_agree_with_the_second_implementation(tries: int) -> None:
    game = Escape(rooms=2, places=1, codes=1, digits=1, highest=2, decoys=0, tries=tries, turns=5, names="fixed")
    for state, _ in (game.deals() or ())[::3]:
        assert every_play(game, state, house(game, state)) > 20


# What is known exactly -------------------------------------------------------------------------------

EASY = LEVELS[0]


@pytest.mark.slow
def test_easy_has_exact_values_of_every_kind() -> None:
    values = reference_values(EASY)
    assert {values.optimal.kind, values.plan.kind, values.myopic.kind, values.random.kind} == {"exact"}
    assert values.cell() == "both"
    means = [round(value.value, 3) for value in (values.optimal, values.plan, values.myopic, values.random)]
    assert means == [1, 0.333, 0.109, 0.055]


@pytest.mark.parametrize(("highest", "digits"), [(2, 1), (3, 1), (4, 1)])
def test_a_plan_can_only_guess_the_code(highest: int, digits: int) -> None:
    arguments = {**Escape.levels["easy"], "highest": highest, "digits": digits, "places": 1}
    values = reference_values(Escape(**arguments))
    assert values.optimal.value == pytest.approx(1)
    assert values.plan.value == pytest.approx(1 / highest**digits)


def earned_at_random(second: House) -> Fraction:
    """What random commands earn from here on, by the second implementation."""
    known: dict[str, Fraction] = {}

    def value(here: House) -> Fraction:
        if here.over():
            return Fraction(0)
        fact = str([len(here.rooms), here.turns, here.opened, sorted(here.failed)])
        fact += str([sorted(things) for things in (here.seen, here.keys, here.notes)])
        if fact not in known:
            outcomes = [heard(here, each) for each in sorted(here.options())]
            known[fact] = sum((Fraction(paid) + value(there) for there, paid in outcomes), Fraction(0)) / len(outcomes)
        return known[fact]

    def heard(here: House, command: str) -> tuple[House, float]:
        there = deepcopy(here)
        return there, there.hears(command)

    return value(second)


def test_the_random_value_by_the_second_implementation() -> None:
    game = Escape(**{**Escape.levels["easy"], "places": 1, "tries": 2})
    deals = game.deals() or ()
    assert reference_values(game).random.value == pytest.approx(
        float(sum(p * earned_at_random(house(game, s)) for s, p in deals))
    )


def test_lists_agree_with_draws() -> None:
    deals = dict(EASY.deals() or ())
    drawn = Counter(deal(EASY, seed) for seed in range(2_000))
    assert sum(deals.values()) == 1
    assert len(deals) == len({EASY.content(state) for state in deals}) == 48
    assert set(drawn) == set(deals)
    assert all(abs(drawn[state] - 2_000 * p) < 5 * (2_000 * p) ** 0.5 for state, p in deals.items())


@pytest.mark.parametrize(
    "changed", [{"names": "drawn"}, {"rooms": 3}, {"places": 3}, {"digits": 2}, {"decoys": 1}, {"codes": 2}]
)
def test_larger_games_are_not_listed(changed: dict[str, Any]) -> None:
    assert Escape(**{**Escape.levels["easy"], **changed}).deals() is None


# Worlds ----------------------------------------------------------------------------------------------


@by_level
def test_worlds_are_what_the_arguments_say(game: Escape) -> None:
    for seed in range(100):
        world = game.content(deal(game, seed))
        names = [*world.rooms, *(note.room for note in world.decoys)]
        assert len(set(names)) == len(names) == game.rooms + game.decoys
        codes = [*filter(str.isdigit, world.locks), *(note.code for note in world.decoys)]
        assert len(set(codes)) == len(codes) == game.codes + game.decoys
        assert all(len(code) == game.digits and set(code) <= set("123456789"[: game.highest]) for code in codes)
        assert len(set(world.locks)) == len(world.locks) == game.rooms
        assert [len(set(places)) for places in world.places] == [game.places] * game.rooms
        assert [*map(sorted, world.places), sorted(world.decoys)] == [*map(list, world.places), list(world.decoys)]
        assert len(world.homes) == game.rooms + game.decoys
        assert all(home.room < game.rooms and home.place < game.places for home in world.homes)


@by_level
def test_nothing_is_hidden_behind_its_own_door(game: Escape) -> None:
    """So who searches everything in order has at every door what opens it."""
    for seed in range(200):
        world = game.content(deal(game, seed))
        assert all(home.room <= door for door, home in enumerate(world.homes[: game.rooms]))


@by_level
def test_the_expert_always_escapes(game: Escape) -> None:
    for seed in range(400 // game.rooms):
        state = deal(game, seed)
        while game.to_move(state):
            state = game.apply(state, game.expert(state, 0)[0][0])
        assert is_outside(state)


def test_codes_are_equally_likely() -> None:
    game = Escape(rooms=1, codes=1, digits=2, highest=3, decoys=1)
    codes = Counter(deal(game, seed).world.locks[0] for seed in range(1_800))
    assert sorted(codes) == ["11", "12", "13", "21", "22", "23", "31", "32", "33"]
    assert all(140 < times < 260 for times in codes.values())


def test_a_thousand_seeds_give_a_thousand_instances() -> None:
    assert len({Escape().content(deal(Escape(), seed)) for seed in range(1_000)}) == 1_000


# What is said ----------------------------------------------------------------------------------------

WORLD = World(
    rooms=("hall", "kitchen", "attic"),
    locks=("brass", "417", "iron"),
    places=(("desk", "carpet"), ("stove", "vase"), ("bed", "trunk")),
    homes=(Home(0, 0), Home(0, 1), Home(0, 1), Home(1, 0)),
    decoys=(Note("shed", "235"),),
    digits=3,
    highest=9,
)
GAME = Escape(rooms=3, places=2, codes=1, decoys=1)
START = EscapeState(WORLD)
SEARCHED = after_replies(GAME, START, "search the desk", "search the carpet")
OPENED = after_replies(GAME, SEARCHED, "unlock the door with the brass key")
KITCHEN = after_replies(GAME, OPENED, "go through the door")
ATTIC = after_replies(GAME, KITCHEN, "enter 417", "go on")

DESK = EscapeMove("search", "desk")
BRASS = EscapeMove("unlock", "brass key")
IRON = EscapeMove("unlock", "iron key")
RIGHT = EscapeMove("enter", "417")


@pytest.mark.parametrize(
    ("state", "reply", "move"),
    [
        (START, "search the desk", DESK),
        (START, "Search desk.", DESK),
        (START, "examine the desk", DESK),
        (START, "look in the desk", DESK),
        (START, "look under the desk", DESK),
        (START, "open the desk", DESK),
        (START, "I am searching the desk now", DESK),
        (START, "I would like to check the **desk**", DESK),
        (START, "lift the carpet", EscapeMove("search", "carpet")),
        (after_replies(GAME, START, "search the desk"), "search it", EscapeMove("search", "carpet")),
        (SEARCHED, "unlock the door with the brass key", BRASS),
        (SEARCHED, "unlock the brass door using the brass key", BRASS),
        (SEARCHED, "open the door with the brass key", BRASS),
        (SEARCHED, "use the brass key on the door", BRASS),
        (SEARCHED, "use brass key", BRASS),
        (SEARCHED, "put the brass key in the lock", BRASS),
        (SEARCHED, "insert the iron key into the lock", IRON),
        (SEARCHED, "try the iron key", IRON),
        (SEARCHED, "unlock the door with the brass key (12 turns left)", BRASS),
        (after_replies(GAME, START, "search the desk"), "unlock the door", BRASS),
        (after_replies(GAME, START, "search the desk"), "open the door", BRASS),
        (KITCHEN, "enter 417", RIGHT),
        (KITCHEN, "enter the code 417", RIGHT),
        (KITCHEN, "Enter 4 1 7", RIGHT),
        (KITCHEN, "enter 4-1-7 on the keypad", RIGHT),
        (KITCHEN, "417", RIGHT),
        (KITCHEN, "type in 417", RIGHT),
        (KITCHEN, "dial 417", RIGHT),
        (KITCHEN, "try the number 417", RIGHT),
        (KITCHEN, "use the kitchen code 417", RIGHT),
        (KITCHEN, "The code is 417.", RIGHT),
        (KITCHEN, "open the door with the code 417", RIGHT),
        (KITCHEN, "unlock the door by entering 417", RIGHT),
        (KITCHEN, "I remember: the note said 417. I have 3 tries, so I enter 417.", RIGHT),
        (KITCHEN, "not 235, so enter 417", RIGHT),
        (KITCHEN, "enter 999", EscapeMove("enter", "999")),
        (OPENED, "go through the door", GO),
        (OPENED, "go through the open door", GO),
        (OPENED, "go on", GO),
        (OPENED, "go", GO),
        (OPENED, "leave", GO),
        (OPENED, "leave the room", GO),
        (OPENED, "walk to the next room", GO),
        (OPENED, "enter the next room", GO),
        (OPENED, "Step outside", GO),
        (OPENED, "exit", GO),
        (START, "look", LOOK),
        (START, "l", LOOK),
        (START, "look around", LOOK),
        (START, "inventory", LOOK),
        (START, "i", LOOK),
        (START, "I take a look", LOOK),
        (START, "search the carpet or, better, search the desk", DESK),
        (START, '{"action": "search the desk"}', DESK),
        (START, "search the desk before you go through the door", DESK),
    ],
)
def test_replies_that_parse(state: EscapeState, reply: str, move: EscapeMove) -> None:
    assert GAME.read(state, 0, reply) == move


UNSEEN = "You see no such thing here."


@pytest.mark.parametrize(
    ("state", "reply", "text"),
    [
        (START, "search the piano", UNSEEN),
        (START, "search the ceiling", UNSEEN),
        (START, "take the sword", UNSEEN),
        (SEARCHED, "search the desk", "You have searched the desk already."),
        (START, "search it", "Which one do you mean: the desk or the carpet?"),
        (START, "search the room", "Search one thing at a time: desk, carpet."),
        (SEARCHED, "search everything", "Search one thing at a time: nothing is left."),
        (START, "unlock the door", "You carry no key."),
        (START, "unlock the door with the brass key", "You carry no key."),
        (SEARCHED, "unlock the door", "Which one do you mean: the brass key or the iron key?"),
        (SEARCHED, "unlock the door with the tin key", "You carry no such key."),
        (OPENED, "unlock the door with the iron key", "The door is open; go through it."),
        (OPENED, "enter 417", "The door is open; go through it."),
        (KITCHEN, "unlock the door with the iron key", "The door has no lock for a key; enter its code."),
        (START, "enter 417", "The door has no keypad; unlock it with its key."),
        (START, "unlock the door with the code 417", "The door has no keypad; unlock it with its key."),
        (KITCHEN, "enter 41", "The code has 3 digits, not 2."),
        (KITCHEN, "enter 4 1 7 2", "The code has 3 digits, not 4."),
        (KITCHEN, "enter 410", "The keypad has the digits from 1 to 9 only."),
        (after_replies(GAME, KITCHEN, "enter 235"), "enter 235", "You have tried 235 at this door already."),
        (START, "go through the door", "The door is locked; unlock it with its key."),
        (KITCHEN, "leave", "The door is locked; enter its code."),
        (KITCHEN, "go back to the hall", "The door is locked; enter its code."),
        (SEARCHED, "take the brass key", "You take every key as soon as you find it."),
        (SEARCHED, "read the note", "A note falls to dust once it is read."),
        (SEARCHED, "drop the key", "There is no need to put anything down."),
    ],
)
def test_commands_that_are_refused_with_a_reason(state: EscapeState, reply: str, text: str) -> None:
    assert GAME.read(state, 0, reply) == Refusal(text, "illegal")


@pytest.mark.parametrize(
    "reply",
    ["", "hello", "I have 417 reasons", "the desk", "sing a song", "I am lost.", "do not search the desk", "deskwork",
     "I can't open the door", "not going through the door", "искать", "\x00", "yes", "The desk? 12 drawers"],
)  # fmt: skip
def test_replies_without_a_command(reply: str) -> None:
    refusal = GAME.read(START, 0, reply)
    assert isinstance(refusal, Refusal)
    assert refusal.kind == "malformed"
    assert "Reply with one command" in refusal.text


def test_the_order_of_keys_and_codes_tells_nothing_of_the_doors() -> None:
    world = WORLD._replace(locks=("tin", "iron", "brass"), homes=(Home(0, 0),) * 4)
    state = after_replies(GAME, EscapeState(world), "search the desk")
    assert "You find the brass key and take it. You find the iron key and take it." in GAME.view(state, 0)
    assert "You carry: brass key, iron key, tin key." in GAME.view(state, 0)
    coded = WORLD._replace(locks=("417", "311", "212"), homes=(Home(0, 0),) * 4)
    state = after_replies(GAME, EscapeState(coded), "search the desk")
    assert [move.thing for move in GAME.legal(state, 0) if move.verb == "enter"] == ["212", "235", "311", "417", "111"]


def test_codes_that_are_not_listed_can_be_entered() -> None:
    assert {move.thing for move in GAME.legal(KITCHEN, 0) if move.verb == "enter"} == {"417", "111"}
    tried = after_replies(GAME, KITCHEN, "search the stove", "enter 111", "enter 112")
    assert {move.thing for move in GAME.legal(tried, 0) if move.verb == "enter"} == {"417", "235", "113"}
    assert after_replies(GAME, KITCHEN, "enter 999").wrong == {"999"}


# What is shown ---------------------------------------------------------------------------------------


def test_views_of_a_won_game() -> None:
    views = []
    state = START
    for reply in (
        "search the desk", "search the carpet", "unlock the door with the iron key", "use the brass key",
        "go through the door", "enter 235", "search the stove", "enter 417", "go on", "unlock the door", "leave",
    ):  # fmt: skip
        views.append(GAME.view(state, 0))
        state = after_replies(GAME, state, reply)
    hall, kitchen = "You are in the hall, room 1 of 3.", "You are in the kitchen, room 2 of 3."
    attic = "You are in the attic, room 3 of 3."
    both = "You see: desk (searched), carpet (searched)."
    keypad = "The door needs a code of 3 digits;"
    assert views == [
        f"{hall} The door needs the brass key.\nYou see: desk, carpet. You carry: nothing.\n12 turns left.",
        f"You search the desk. You find the brass key and take it.\n{hall} The door needs the brass key.\n"
        "You see: desk (searched), carpet. You carry: brass key.\n11 turns left.",
        "You search the carpet. You find the iron key and take it. "
        "A note says that the code of the kitchen is 417, and falls to dust.\n"
        f"{hall} The door needs the brass key.\n{both} You carry: brass key, iron key.\n10 turns left.",
        f"The iron key does not fit.\n{hall} The door needs the brass key.\n"
        f"{both} You carry: brass key, iron key.\n9 turns left.",
        f"You unlock the door with the brass key.\n{hall} The door is open.\n"
        f"{both} You carry: iron key.\n8 turns left.",
        f"{kitchen} {keypad} 3 tries left.\nYou see: stove, vase. You carry: iron key.\n7 turns left.",
        f"The code 235 is wrong.\n{kitchen} {keypad} 2 tries left.\n"
        "You see: stove, vase. You carry: iron key.\n6 turns left.",
        f"You search the stove. A note says that the code of the shed is 235, and falls to dust.\n"
        f"{kitchen} {keypad} 2 tries left.\n"
        "You see: stove (searched), vase. You carry: iron key.\n5 turns left.",
        f"The code 417 is right.\n{kitchen} The door is open.\n"
        "You see: stove (searched), vase. You carry: iron key.\n4 turns left.",
        f"{attic} The door needs the iron key.\nYou see: bed, trunk. You carry: iron key.\n3 turns left.",
        f"You unlock the door with the iron key.\n{attic} The door is open.\n"
        "You see: bed, trunk. You carry: nothing.\n2 turns left.",
    ]
    assert GAME.view(state, 0) == "You step outside. You have escaped."
    assert GAME.to_move(state) == ()


def test_the_keypad_goes_dead_after_the_last_try() -> None:
    state = after_replies(GAME, KITCHEN, "enter 111", "enter 222")
    assert "1 try left" in GAME.view(state, 0)
    after = after_replies(GAME, state, "enter 333")
    assert GAME.to_move(after) == ()
    assert GAME.rewards(state, EscapeMove("enter", "333"), after) == (0.0,)
    assert GAME.view(after, 0) == (
        "The code 333 is wrong.\n"
        "You are in the kitchen, room 2 of 3. The door needs a code of 3 digits; 0 tries left.\n"
        "You see: stove, vase. You carry: iron key.\nThe keypad goes dead: you cannot escape any more."
    )


def test_time_is_up() -> None:
    game = Escape(rooms=3, places=2, codes=1, decoys=1, turns=2)
    after = after_replies(game, START, "look", "look")
    assert game.view(after, 0).endswith("\nNo turns left: you did not escape.")
    assert game.to_move(after) == ()


def test_the_last_turn_may_lead_outside() -> None:
    game = Escape(rooms=3, places=2, codes=1, decoys=1, turns=8)
    state = after_replies(game, ATTIC, "unlock the door", "go on")
    assert (state.turn, is_outside(state)) == (8, True)
    assert game.view(state, 0) == "You step outside. You have escaped."


def test_progress_counts_doors_and_finds() -> None:
    assert [GAME.progress(state) for state in (START, SEARCHED, KITCHEN)] == [0, 1, 2]
    assert GAME.progress(EscapeState(WORLD, room=3)) == 4


def test_instructions_by_their_arguments() -> None:
    assert Escape().instructions(0) == (
        "You are locked in a house of 4 rooms in a row. Each room has a locked door to the next one, the last room to "
        "the outside. Doors fall shut behind you: there is no way back. Get outside within 20 turns to earn 1 point.\n"
        "A door needs a key or a code of 3 digits from 1 to 9. The key, or a note with the code, is hidden in the same "
        "room or in an earlier one. Search the things that you see; each shows all that it hides. You take the keys "
        "that you find. A note tells the code and the name of its room once and falls to dust, so remember both. Some "
        "notes are of no use. 3 wrong codes at a door lose the game.\n"
        "Commands: search the desk, unlock the door with the brass key, enter 121, go through the door, look. Each "
        "uses a turn.\n"
        "Reply with one command, for example: look"
    )
    keys = Escape(codes=0, decoys=0).instructions(0)
    assert not any(word in keys for word in ("code", "note", "enter", "digit"))
    codes = Escape(codes=4, tries=1, decoys=0, digits=1).instructions(0)
    assert not any(word in codes for word in ("key", "unlock", "no use"))
    assert "a code of 1 digit from 1 to 9. A note with the code is hidden" in codes
    assert "A wrong code loses the game." in codes
    one = Escape(rooms=1, codes=1, turns=1).instructions(0)
    assert "a house of one room. Its door leads outside. Get outside within 1 turn to" in one


@pytest.mark.parametrize(
    "arguments",
    [
        {"rooms": 0}, {"rooms": 31}, {"places": 0}, {"places": 24}, {"codes": 5}, {"codes": -1}, {"digits": 0},
        {"digits": 5}, {"highest": 1}, {"highest": 10}, {"decoys": -1}, {"decoys": 27}, {"tries": 0}, {"turns": -1},
        {"rooms": 20, "codes": 9}, {"digits": 1, "codes": 2, "decoys": 8}, {"places": 2.5},
    ],
)  # fmt: skip
def test_arguments_out_of_range(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=f"{list(arguments)[-1]} must be a whole number"):
        Escape(**arguments)


def test_an_unknown_way_to_name_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="drawn, fixed"):
        Escape(names="odd")
