from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import mean
from typing import Any

import pytest

from tests.games.playing import after_replies, deal
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.instances import in_split
from textenvs.core.refusal import Refusal
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.kitchen import Kitchen
from textenvs.games.kitchen_world import (
    LOOK,
    READ,
    SERVE,
    Ingredient,
    KitchenMove,
    KitchenState,
    World,
)
from textenvs.planning.reference import reference_values

LEVELS = tuple(Kitchen(**arguments) for arguments in Kitchen.levels.values())
by_level = pytest.mark.parametrize("game", LEVELS, ids=list(Kitchen.levels))


def random_play(game: Kitchen, seed: int) -> Iterator[tuple[KitchenState, KitchenMove, KitchenState]]:
    """Random commands; the meal is seldom served, so that plays get long."""
    random = Stream(seed, Purpose.POLICY)
    state = deal(game, seed)
    while game.to_move(state):
        legal = game.legal(state, 0)
        move = random.choice([each for each in legal if each != SERVE or random.below(10) == 0])
        after = game.apply(state, move)
        yield state, move, after
        state = after


def expert_play(game: Kitchen, state: KitchenState) -> tuple[float, int]:
    """Return what the expert earns from a state on, and in how many moves."""
    earned, moves = 0.0, 0
    while game.to_move(state):
        ((move, _),) = game.expert(state, 0) or ()
        after = game.apply(state, move)
        earned += game.rewards(state, move, after)[0]
        state, moves = after, moves + 1
    return earned, moves


# A second implementation: everything is looked up by name and changes in place.

PARTICIPLES = {
    "peel": "peeled", "wash": "washed", "chop": "chopped", "dice": "diced", "slice": "sliced", "boil": "boiled",
    "fry": "fried", "grill": "grilled", "roast": "roasted", "butter": "buttered", "salt": "salted",
}  # fmt: skip
BY_KIND = (("peel", "wash"), ("chop", "dice", "slice"), ("boil", "fry", "grill", "roast"), ("butter", "salt"))


@dataclass
class House:
    """A simulator that is told canonical wordings."""

    turns: int
    ways: dict[str, set[str]]
    boxes: dict[str, str]
    foods: dict[str, set[str]]
    recipe: dict[str, list[str]]
    steps: list[str]
    where: str = "kitchen"
    hand: dict[str, list[str]] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
    spoilt: set[str] = field(default_factory=set)
    over: bool = False

    def reach(self) -> set[str]:
        return set() if self.where in self.boxes and self.where not in self.opened else self.foods[self.where]

    def options(self) -> set[str]:
        options = {"look", *(f"go to the {way}" for way in self.ways[self.where])}
        options |= {f"take the {food}" for food in self.reach()}
        if self.where in self.boxes and self.where not in self.opened:
            options.add(f"open the {self.boxes[self.where]}")
        if self.where == "kitchen":
            options.add("read the cookbook")
            options |= {f"{step} the {food}" for food in self.hand if food not in self.spoilt for step in self.steps}
            options |= {"serve the meal"} if self.hand else set()
        return options

    def hears(self, command: str) -> float:
        """Carry out a command and return its reward."""
        self.turns -= 1
        verb, *_, thing = command.split() if " " in command else (command, "")
        if verb == "go":
            self.where = thing
        elif verb == "open":
            self.opened.add(self.where)
        elif verb == "take":
            self.foods[self.where].remove(thing)
            self.hand[thing] = []
        elif verb == "serve":
            self.over = True
            right = [f for f, steps in self.recipe.items() if self.hand.get(f) == steps and f not in self.spoilt]
            return len(right) / len(self.recipe)
        elif verb in PARTICIPLES:
            self.hand[thing].append(verb)
            so_far = len(self.hand[thing])
            if self.recipe.get(thing, [])[:so_far] != self.hand[thing]:
                self.spoilt.add(thing)
        return 0.0

    def facts(self) -> dict[str, object]:
        """What a view must tell."""
        inside = sorted(self.reach())
        seen = {"cookbook"} if self.where == "kitchen" else set()
        if self.where in self.boxes:
            is_open = self.where in self.opened
            seen.add(
                f"open {self.boxes[self.where]} {inside or ['empty']}"
                if is_open
                else f"closed {self.boxes[self.where]}"
            )
        else:
            seen |= set(inside)
        states = {
            food: "(ruined)" if food in self.spoilt else f"({', '.join(PARTICIPLES[step] for step in steps)})"
            for food, steps in self.hand.items()
        }
        return {
            "room": self.where,
            "exits": self.ways[self.where],
            "seen": seen or {"nothing"},
            "carried": {f"{food} {state}".removesuffix(" ()") for food, state in states.items()} or {"nothing"},
            "left": self.turns,
        }


def house(game: Kitchen, state: KitchenState) -> House:
    world = state.world
    ways: dict[str, set[str]] = {room: set() for room in world.rooms}
    for child, parent in enumerate(world.parents, start=1):
        ways[world.rooms[child]].add(world.rooms[parent])
        ways[world.rooms[parent]].add(world.rooms[child])
    foods: dict[str, set[str]] = {room: set() for room in world.rooms}
    for food, home in zip(world.foods, world.homes, strict=True):
        foods[world.rooms[home]].add(food)
    return House(
        turns=game.max_turns,
        ways=ways,
        boxes={room: box for room, box in zip(world.rooms, world.containers, strict=True) if box},
        foods=foods,
        recipe={world.foods[food]: list(steps) for food, steps in world.recipe},
        steps=[step for kind in BY_KIND[: game.kinds] for step in kind],
    )


VIEW = re.compile(
    r"(?P<told>.*\n)?You are in the (?P<room>\w+)\.(?: Exits: (?P<exits>.*)\.)?\n"
    r"You see: (?P<seen>.*)\. You carry: (?P<carried>.*)\.\n(?P<left>\d+|No) turns? ?(?:left)[.:].*"
)


def facts(view: str) -> dict[str, object]:
    told = VIEW.fullmatch(view)
    assert told, view
    parts = {name: set(re.split(r", (?![^(]*\))", told[name] or "")) - {""} for name in ("exits", "seen", "carried")}
    parts["seen"] = {re.sub(r"\((.*)\)", lambda m: str(sorted(m[1].split(", "))), each) for each in parts["seen"]}
    return {"room": told["room"], **parts, "left": 0 if told["left"] == "No" else int(told["left"])}


@by_level
@pytest.mark.parametrize("seed", range(6))
def test_random_play_agrees_with_the_second_implementation(game: Kitchen, seed: int) -> None:
    second = house(game, deal(game, seed))
    for state, move, after in random_play(game, seed):
        assert {game.say(state, each) for each in game.legal(state, 0)} == second.options()
        assert facts(game.view(state, 0)) == second.facts()
        spoilt = len(second.spoilt)
        assert game.rewards(state, move, after) == (second.hears(game.say(state, move)),)
        assert ("is ruined" in game.view(after, 0)) == (len(second.spoilt) > spoilt)
    assert second.over == after.is_served
    assert second.over or second.turns == 0


@by_level
@pytest.mark.parametrize("seed", range(6))
def test_the_experts_play_agrees_with_the_second_implementation(game: Kitchen, seed: int) -> None:
    state = deal(game, seed)
    second = house(game, state)
    earned = 0.0
    while game.to_move(state):
        assert facts(game.view(state, 0)) == second.facts()
        ((move, _),) = game.expert(state, 0)
        earned += second.hears(game.say(state, move))
        state = game.apply(state, move)
    assert earned == 1.0
    assert second.over


def every_play(game: Kitchen, state: KitchenState, second: House) -> int:
    """Compare all plays from `state` on; return their number."""
    if not game.to_move(state):
        assert second.over or not second.turns
        return 1
    assert {game.say(state, each) for each in game.legal(state, 0)} == second.options()
    plays = 0
    for move in game.legal(state, 0):
        after, other = game.apply(state, move), deepcopy(second)
        assert game.rewards(state, move, after) == (other.hears(game.say(state, move)),)
        plays += every_play(game, after, other)
    return plays


def test_all_plays_agree_with_the_second_implementation() -> None:
    game = Kitchen(**{**Kitchen.levels["easy"], "turns": 4})
    for state, _ in (game.deals() or ())[::5]:
        assert every_play(game, state, house(game, state)) > 10


# What is known exactly -------------------------------------------------------------------------------

EASY = LEVELS[0]


@pytest.mark.slow
def test_easy_has_exact_values_of_every_kind() -> None:
    values = reference_values(EASY)
    assert {values.optimal.kind, values.plan.kind, values.myopic.kind, values.random.kind} == {"exact"}
    assert values.cell() == "both"
    means = [round(value.value, 3) for value in (values.optimal, values.plan, values.myopic, values.random)]
    assert means == [1, 0.4, 0.069, 0.016]


def earned_at_random(second: House) -> Fraction:
    """What random commands earn from here on, by the second implementation."""
    known: dict[str, Fraction] = {}

    def value(here: House) -> Fraction:
        if here.over or not here.turns:
            return Fraction(0)
        fact = str([here.where, here.turns, sorted(here.hand.items()), sorted(here.opened), sorted(here.spoilt)])
        if fact not in known:
            outcomes = [heard(here, each) for each in sorted(here.options())]
            known[fact] = sum((Fraction(paid) + value(there) for there, paid in outcomes), Fraction(0)) / len(outcomes)
        return known[fact]

    def heard(here: House, command: str) -> tuple[House, float]:
        there = deepcopy(here)
        return there, there.hears(command)

    return value(second)


def test_the_random_value_by_the_second_implementation() -> None:
    game = Kitchen(**{**Kitchen.levels["easy"], "turns": 5})
    deals = game.deals() or ()
    assert reference_values(game).random.value == pytest.approx(
        float(sum(p * earned_at_random(house(game, s)) for s, p in deals))
    )


def test_without_a_cookbook_the_better_of_two_guesses_is_the_best_plan() -> None:
    """In one room, who cannot read the recipe takes both foods and peels, or washes, both."""
    values = reference_values(Kitchen(ingredients=1, steps=1, kinds=1, extras=1, rooms=1, containers=0, names="fixed"))
    assert values.optimal.value == pytest.approx(1)
    assert values.plan.value == pytest.approx(1 / 2)


def test_lists_agree_with_draws() -> None:
    deals = dict(EASY.deals() or ())
    drawn = Counter(deal(EASY, seed) for seed in range(2_000))
    assert sum(deals.values()) == 1
    assert len(deals) == len({EASY.content(state) for state in deals}) == 32
    assert set(drawn) == set(deals)
    assert all(abs(drawn[state] - 2_000 * p) < 5 * (2_000 * p) ** 0.5 for state, p in deals.items())


@pytest.mark.parametrize("changed", [{"names": "drawn"}, {"rooms": 3}, {"extras": 2}, {"ingredients": 2}])
def test_larger_games_are_not_listed(changed: dict[str, Any]) -> None:
    assert Kitchen(**{**Kitchen.levels["easy"], **changed}).deals() is None


# Worlds ----------------------------------------------------------------------------------------------


@by_level
def test_worlds_are_what_the_arguments_say(game: Kitchen) -> None:
    for seed in range(100):
        world = game.content(deal(game, seed))
        assert len(set(world.rooms)) == len(world.rooms) == game.rooms
        assert world.rooms[0] == "kitchen"
        assert len(world.parents) == game.rooms - 1
        assert all(parent <= child for child, parent in enumerate(world.parents))
        assert sum(map(bool, world.containers)) == game.containers
        assert len(set(world.foods)) == len(world.foods) == len(world.homes) == game.ingredients + game.extras
        assert (list(world.foods), list(world.recipe)) == (sorted(world.foods), sorted(world.recipe))
        assert len({food for food, _ in world.recipe}) == len(world.recipe) == game.ingredients
        for _, steps in world.recipe:
            kinds = [next(k for k, kind in enumerate(BY_KIND) if step in kind) for step in steps]
            assert len(set(kinds)) == len(kinds) == game.steps
            assert max(kinds) < game.kinds


@by_level
def test_the_expert_cooks_every_meal_in_the_turns_that_the_page_promises(game: Kitchen) -> None:
    plays = [expert_play(game, deal(game, seed)) for seed in range(300 // game.rooms)]
    assert {earned for earned, _ in plays} == {1.0}
    assert max(moves for _, moves in plays) <= game.max_turns - game.ingredients


@pytest.mark.parametrize(("level", "moves"), [("medium", 17.6), ("hard", 29.6), ("extreme", 88.8)])
def test_the_experts_moves_of_the_page(level: str, moves: float) -> None:
    game = Kitchen(**Kitchen.levels[level])
    assert round(mean(expert_play(game, deal(game, seed))[1] for seed in range(100)), 1) == moves


def test_every_food_reached_can_be_cooked_by_the_recipe_in_every_world() -> None:
    """Solvable whatever the names, also where everything lies in containers far away."""
    for seed in range(200):
        game = Kitchen(ingredients=2, steps=4, extras=1, rooms=10, containers=10)
        assert expert_play(game, deal(game, seed))[0] == 1.0


def test_the_expert_serves_what_is_ready_when_time_is_short() -> None:
    earned = [expert_play(Kitchen(turns=14), deal(Kitchen(), seed))[0] for seed in range(100)]
    assert {round(3 * each) for each in earned} == {1, 2, 3}
    assert mean(earned) > 0.5


def test_the_expert_recovers_from_random_moves() -> None:
    for seed in range(30):
        for state, _, after in list(random_play(Kitchen(turns=60), seed))[:20:4]:
            if Kitchen().to_move(after):
                left = sum(state.prepared[each.food] is not None for each in state.world.recipe) - 1
                assert expert_play(Kitchen(turns=60), after)[0] >= left / 3 - 1e-9


def test_recipes_of_the_test_split_are_new() -> None:
    """By content a house and its recipe are in one split; by chance alone a recipe hardly ever comes twice."""
    game = Kitchen()
    openings = [deal(game, seed) for seed in range(1_500)]
    recipes = {split: set[Any]() for split in ("train", "test")}
    for opening in openings:
        world = opening.world
        named = frozenset((world.foods[food], steps) for food, steps in world.recipe)
        for split in recipes:
            if in_split(game, opening, split):
                recipes[split].add(named)
    assert len(recipes["train"]) > 900
    assert len(recipes["test"]) > 200
    assert not recipes["train"] & recipes["test"]
    assert len({game.content(opening) for opening in openings}) == 1_500


# What is said ----------------------------------------------------------------------------------------

WORLD = World(
    rooms=("kitchen", "pantry", "cellar"),
    parents=(0, 1),
    containers=("fridge", "", "box"),
    foods=("carrot", "onion", "leek", "pear"),
    homes=(0, 1, 1, 2),
    recipe=(Ingredient(0, ("peel", "fry")), Ingredient(1, ("salt", "dice"))),
    kinds=4,
)
GAME = Kitchen(ingredients=2, extras=2, rooms=3)
START = KitchenState(WORLD, ((), (), (), ()))
FRIDGE = after_replies(GAME, START, "open the fridge")
CARROT = after_replies(GAME, FRIDGE, "take the carrot")
PANTRY = after_replies(GAME, CARROT, "go to the pantry")
TWO = after_replies(GAME, PANTRY, "take the onion", "go to the kitchen")
RUINED = after_replies(GAME, CARROT, "boil the carrot")
PEELED = after_replies(GAME, CARROT, "peel the carrot")

TO_PANTRY = KitchenMove("go", "pantry")
OPEN_FRIDGE = KitchenMove("open", "fridge")
TAKE_CARROT = KitchenMove("take", "carrot")
TAKE_LEEK = KitchenMove("take", "leek")
FRY = KitchenMove("fry", "carrot")


@pytest.mark.parametrize(
    ("state", "reply", "move"),
    [
        (START, "go to the pantry", TO_PANTRY),
        (START, "go pantry", TO_PANTRY),
        (START, "Pantry.", TO_PANTRY),
        (START, "I'll walk to the PANTRY now", TO_PANTRY),
        (START, "enter the pantry", TO_PANTRY),
        (START, "head into the pantry", TO_PANTRY),
        (START, "open the fridge", OPEN_FRIDGE),
        (START, "open fridge", OPEN_FRIDGE),
        (START, "Open up the closed fridge!", OPEN_FRIDGE),
        (START, "open it", OPEN_FRIDGE),
        (START, "open the container", OPEN_FRIDGE),
        (FRIDGE, "take the carrot", TAKE_CARROT),
        (FRIDGE, "take carrot from the fridge", TAKE_CARROT),
        (FRIDGE, "grab the carrot out of the open fridge", TAKE_CARROT),
        (FRIDGE, "get the carrots", TAKE_CARROT),
        (FRIDGE, "pick the raw carrot up", TAKE_CARROT),
        (FRIDGE, "take it", TAKE_CARROT),
        (PANTRY, "take a leek", TAKE_LEEK),
        (START, "read the cookbook", READ),
        (START, "read", READ),
        (START, "Consult the recipe.", READ),
        (START, "open the cookbook", READ),
        (START, "look at the recipe", READ),
        (START, "examine the book", READ),
        (START, "I take a look first, then I read the cookbook", READ),
        (CARROT, "fry the carrot", FRY),
        (CARROT, "fry it", FRY),
        (CARROT, "**Fry** the carrot, please", FRY),
        (CARROT, "I am frying the carrot now", FRY),
        (CARROT, "fry up the carrot", FRY),
        (TWO, "fry the carrot", FRY),
        (PEELED, "Fry the peeled carrot", FRY),
        (CARROT, "rinse the carrot", KitchenMove("wash", "carrot")),
        (CARROT, "clean the carrot", KitchenMove("wash", "carrot")),
        (CARROT, "chop up the carrot", KitchenMove("chop", "carrot")),
        (CARROT, "dicing the carrot", KitchenMove("dice", "carrot")),
        (CARROT, "slice the carrot with a knife", KitchenMove("slice", "carrot")),
        (CARROT, "use the knife to slice the carrot", KitchenMove("slice", "carrot")),
        (CARROT, "put some salt on the carrot", KitchenMove("salt", "carrot")),
        (CARROT, "add butter to the carrot", KitchenMove("butter", "carrot")),
        (CARROT, "roast the carrot in the oven", KitchenMove("roast", "carrot")),
        (CARROT, "bake the carrot", KitchenMove("roast", "carrot")),
        (CARROT, "grill the carrot", KitchenMove("grill", "carrot")),
        (CARROT, "cook in water the carrot", KitchenMove("boil", "carrot")),
        (CARROT, "serve the meal", SERVE),
        (CARROT, "serve", SERVE),
        (CARROT, "Serve it.", SERVE),
        (CARROT, "eat the meal", SERVE),
        (CARROT, "I am done. Serve the dish!", SERVE),
        (CARROT, "I will fry the carrot before I serve the meal", FRY),
        (CARROT, "I don't want to serve the meal yet; fry the carrot first", FRY),
        (START, "look", LOOK),
        (START, "l", LOOK),
        (START, "look around", LOOK),
        (START, "inventory", LOOK),
        (START, "i", LOOK),
        (START, "What am I carrying?", LOOK),
        (START, "examine the fridge", LOOK),
        (CARROT, "look at the carrot", LOOK),
        (START, '{"action": "go to the pantry"}', TO_PANTRY),
        (START, "open the fridge, then go to the pantry", TO_PANTRY),
    ],
)
def test_replies_that_parse(state: KitchenState, reply: str, move: KitchenMove) -> None:
    assert GAME.read(state, 0, reply) == move
    assert move in GAME.legal(state, 0)


UNSEEN = "You see no such thing here."
WAYS = "Food can be prepared in these ways: boil, butter, chop, dice, fry, grill, peel, roast, salt, slice, wash."


@pytest.mark.parametrize(
    ("state", "reply", "text"),
    [
        (START, "go to the cellar", "You cannot go there from here. Exits: pantry."),
        (START, "go to the attic", "You cannot go there from here. Exits: pantry."),
        (START, "go to the moon", "You cannot go there from here. Exits: pantry."),
        (START, "go to the kitchen", "You are in the kitchen already."),
        (START, "open the box", UNSEEN),
        (PANTRY, "open it", UNSEEN),
        (FRIDGE, "open the fridge", "The fridge is already open."),
        (START, "take the carrot", UNSEEN),
        (START, "take the knife", UNSEEN),
        (CARROT, "take the carrot", "You already carry the carrot."),
        (PANTRY, "take it", "Which one do you mean: the onion or the leek?"),
        (PANTRY, "read the cookbook", "The cookbook is in the kitchen."),
        (START, "fry the carrot", UNSEEN),
        (START, "fry the steak", UNSEEN),
        (FRIDGE, "fry the carrot", "You do not carry the carrot; take it first."),
        (PANTRY, "fry the carrot", "Food can be prepared in the kitchen only."),
        (TWO, "fry it", "Which one do you mean: the carrot or the onion?"),
        (RUINED, "fry the carrot", "The carrot is ruined; nothing can be done with it."),
        (CARROT, "cut the carrot", WAYS),
        (CARROT, "cook it", WAYS),
        (START, "serve the meal", "You carry nothing that could be served."),
        (PANTRY, "serve the meal", "The meal can be served in the kitchen only."),
        (CARROT, "drop the carrot", "There is no need to put anything down."),
        (START, "drop the carrot", "You carry nothing."),
        (START, "examine the pear", UNSEEN),
    ],
)
def test_commands_that_are_refused_with_a_reason(state: KitchenState, reply: str, text: str) -> None:
    assert GAME.read(state, 0, reply) == Refusal(text, "illegal")


def test_steps_that_are_not_there_are_refused() -> None:
    state = CARROT._replace(world=WORLD._replace(kinds=1))
    few = Refusal("Food can be prepared in these ways: peel, wash.", "illegal")
    assert Kitchen(kinds=1, steps=1).read(state, 0, "fry the carrot") == few


@pytest.mark.parametrize(
    "reply",
    ["", "hello", "42", "I am not sure what to do.", "the carrot", "cookbook?", "sing a song", "fryer", "I observe.",
     "I cannot go to the pantry", "do not serve the meal", "not frying the carrot", "жарить", "\x00", "yes"],
)  # fmt: skip
def test_replies_without_a_command(reply: str) -> None:
    refusal = GAME.read(CARROT, 0, reply)
    assert isinstance(refusal, Refusal)
    assert refusal.kind == "malformed"
    assert "Reply with one command" in refusal.text


# What is shown ---------------------------------------------------------------------------------------


def test_views_of_a_game() -> None:
    views = []
    state = START
    for reply in (
        "read the cookbook", "open the fridge", "take the carrot", "peel the carrot", "fry the carrot", "go to pantry",
        "take the onion", "take the leek", "go to the cellar", "open the box", "go to the pantry", "go to the kitchen",
        "dice the onion", "serve the meal",
    ):  # fmt: skip
        views.append(GAME.view(state, 0))
        state = after_replies(GAME, state, reply)
    kitchen, pantry = "You are in the kitchen. Exits: pantry.", "You are in the pantry. Exits: kitchen, cellar."
    cellar = "You are in the cellar. Exits: pantry."
    fried = "carrot (peeled, fried)"
    assert views == [
        f"{kitchen}\nYou see: cookbook, closed fridge. You carry: nothing.\n16 turns left.",
        "The recipe: peel, then fry the carrot; salt, then dice the onion.\n"
        f"{kitchen}\nYou see: cookbook, closed fridge. You carry: nothing.\n15 turns left.",
        f"You open the fridge.\n{kitchen}\n"
        "You see: cookbook, open fridge (carrot). You carry: nothing.\n14 turns left.",
        f"You take the carrot.\n{kitchen}\nYou see: cookbook, open fridge (empty). You carry: carrot.\n13 turns left.",
        f"You peel the carrot.\n{kitchen}\n"
        "You see: cookbook, open fridge (empty). You carry: carrot (peeled).\n12 turns left.",
        f"You fry the carrot.\n{kitchen}\nYou see: cookbook, open fridge (empty). You carry: {fried}.\n11 turns left.",
        f"{pantry}\nYou see: onion, leek. You carry: {fried}.\n10 turns left.",
        f"You take the onion.\n{pantry}\nYou see: leek. You carry: {fried}, onion.\n9 turns left.",
        f"You take the leek.\n{pantry}\nYou see: nothing. You carry: {fried}, onion, leek.\n8 turns left.",
        f"{cellar}\nYou see: closed box. You carry: {fried}, onion, leek.\n7 turns left.",
        f"You open the box.\n{cellar}\nYou see: open box (pear). You carry: {fried}, onion, leek.\n6 turns left.",
        f"{pantry}\nYou see: nothing. You carry: {fried}, onion, leek.\n5 turns left.",
        f"{kitchen}\nYou see: cookbook, open fridge (empty). You carry: {fried}, onion, leek.\n4 turns left.",
        f"You dice the onion. That was wrong: the onion is ruined.\n{kitchen}\n"
        f"You see: cookbook, open fridge (empty). You carry: {fried}, onion (ruined), leek.\n3 turns left.",
    ]
    assert GAME.view(state, 0) == "You serve the meal: 1 of 2 ingredients ready."
    assert GAME.to_move(state) == ()


def test_time_is_up() -> None:
    game = Kitchen(ingredients=2, extras=2, rooms=3, turns=2)
    assert game.view(after_replies(game, START, "look"), 0).endswith("\n1 turn left.")
    after = after_replies(game, START, "look", "inventory")
    assert game.view(after, 0).endswith("\nNo turns left: you did not serve a meal.")
    assert game.to_move(after) == ()


@pytest.mark.parametrize(
    ("state", "reply", "outcome"),
    [
        (CARROT, "peel the carrot", ("peel",)),
        (PEELED, "fry the carrot", ("peel", "fry")),
        (CARROT, "fry the carrot", None),
        (PEELED, "peel the carrot", None),
        (PEELED, "boil the carrot", None),
        (after_replies(GAME, PEELED, "fry the carrot"), "salt the carrot", None),
    ],
)
def test_only_the_next_step_of_the_recipe_does_not_ruin(
    state: KitchenState, reply: str, outcome: tuple[str, ...] | None
) -> None:
    assert after_replies(GAME, state, reply).prepared[0] == outcome


def test_what_is_not_in_the_recipe_is_ruined_by_any_step() -> None:
    state = after_replies(GAME, PANTRY, "take the leek", "go to the kitchen", "wash the leek")
    assert state.prepared == ((), (), None, ())


def test_progress_counts_foods_taken_and_steps_done() -> None:
    assert [GAME.progress(state) for state in (START, CARROT, PEELED, RUINED)] == [0, 1 / 6, 2 / 6, 0]


def test_instructions_by_their_arguments() -> None:
    assert Kitchen().instructions(0) == (
        "You are the cook in a house of 4 rooms and have 22 turns to make a meal. Read the cookbook in the kitchen: "
        "it names 3 ingredients and how to prepare each of them, step by step. It is shown only when you read it. "
        "Foods lie in the rooms or in closed containers. Take what the recipe names and prepare it in the kitchen, "
        "taking the steps in their order. Any other step ruins the food for good. Then serve the meal in the kitchen. "
        "That ends the game and pays the share of the ingredients that you carry with all their steps done: 1 point "
        "for all 3. Without serving you earn nothing.\n"
        "Commands: read the cookbook, go to the pantry, open the box, take the carrot, peel the carrot, serve the "
        "meal, look. The steps there are: boil, butter, chop, dice, fry, grill, peel, roast, salt, slice, wash. "
        "Each command uses a turn.\n"
        "Reply with one command, for example: read the cookbook"
    )
    plain = Kitchen(ingredients=1, steps=1, kinds=1, extras=0, rooms=1, containers=0, turns=1).instructions(0)
    assert "a house of one room and have 1 turn " in plain
    assert not any(word in plain for word in ("pantry", "box", "container", "share", "boil"))


@pytest.mark.parametrize(
    "arguments",
    [
        {"ingredients": 0}, {"ingredients": 25}, {"steps": 0}, {"steps": 5}, {"kinds": 1, "steps": 2}, {"kinds": 5},
        {"extras": -1}, {"extras": 22}, {"rooms": 0}, {"rooms": 17}, {"containers": 5}, {"turns": -1}, {"rooms": 2.5},
    ],
)  # fmt: skip
def test_arguments_out_of_range(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=f"{list(arguments)[-1]} must be a whole number"):
        Kitchen(**arguments)


def test_an_unknown_way_to_name_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="drawn, fixed"):
        Kitchen(names="odd")
