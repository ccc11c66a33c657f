"""Read a recipe, fetch its ingredients from a house, prepare each as the recipe says, and serve the meal."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar

from textenvs.core.draws import every_outcome
from textenvs.core.errors import check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.refusal import Refusal
from textenvs.games import kitchen_parser
from textenvs.games.kitchen_world import (
    CONTAINERS,
    COOKBOOK,
    DONE,
    FOODS,
    KINDS_OF_STEPS,
    LOOK,
    READ,
    ROOMS,
    SERVE,
    Ingredient,
    KitchenMove,
    KitchenState,
    Sizes,
    World,
    act,
    container,
    draw_opening,
    exits,
    is_closed,
    is_ready,
    lying,
    moves,
    steps_of,
    within_reach,
)


@dataclass(frozen=True)
class Kitchen(Game[KitchenState, KitchenMove]):
    """Cook a meal: what the cookbook says, from what lies about the house, before the turns are used up.

    Source:
        Written for textenvs after the cooking games of TextWorld (Côté et al. 2018, arXiv:1806.11532;
        the First TextWorld Problems challenge of 2019). There each step needs a tool, a wrong one
        ends the game, and every right one pays at once; here all is paid at the end.
    Players and turns:
        One player, one command a turn.
    What the player sees:
        What came of the last command; the room with its exits and food; what the player carries and
        what has been done with it; the turns left. A closed container hides what it holds. The recipe
        is shown when it is read, and not repeated: the player must remember it, or read it again.
    Replies:
        `read the cookbook`, `go to the pantry`, `open the box`, `take the carrot`, `chop the carrot`,
        `serve the meal`, `look`, and many synonyms. In a longer reply the last command counts. "It"
        means what fits. Nothing can be put down, and everything can be carried.
    Rules:
        The rooms form a tree that grows from the kitchen, where the player starts and the cookbook is:
        each further room is next to a random earlier one. A room has at most one container; if it has
        one, all food of the room lies inside. The recipe names some of the foods and for each a list of
        steps: at most one of peel and wash; of chop, dice and slice; of boil, fry, grill and roast; of
        butter and salt; in any order. A step can be taken in the kitchen with a food that is carried. If
        it is the next one of its list, the food is so prepared; if it is any other, or the food has no
        list, the food is ruined for good, and the player is told. Ingredients may be prepared in any
        order. Serving ends the game; it takes something that is carried.
    Rewards:
        For serving, the share of the recipe's ingredients that are carried and have had all their steps.
        Nothing else pays. Return in 0 … 1.
    End:
        The meal is served or the turns are used up.
    Parameters:
        ingredients: the number of ingredients in the recipe.
        steps: the number of steps for each ingredient.
        kinds: the kinds of steps there are: 1 is peel and wash, 2 adds chop, dice and slice, 3 adds boil,
            fry, grill and roast, 4 adds butter and salt.
        extras: the number of other foods in the house.
        rooms: the number of rooms, the kitchen among them.
        containers: the number of containers, at most rooms; as many as rooms hide everything.
        turns: the turns in an episode; 0 stands for 2 x rooms + containers + ingredients x (steps + 2).
            Who reads the recipe first, opens and enters everything once and makes no mistake needs at
            most `ingredients` fewer.
        names: "drawn" for every house, or "fixed", which leaves so few instances of 1 ingredient, 1
            extra, 1 step and up to 2 rooms that they are listed, and their values exact.
    Size:
        By default 8 x 10^9 recipes, each in many houses; 32 instances at level easy. In the kitchen as
        many legal commands for each food carried as there are steps.
    Known values:
        Level easy: optimal 1, plan 0.4, myopic 0.069, random 0.016. The expert always earns 1, on
        average in 17.6 moves by default, 29.6 at level hard and 88.8 at extreme (100 seeds).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {
            "ingredients": 1,
            "steps": 1,
            "kinds": 1,
            "extras": 1,
            "rooms": 2,
            "containers": 1,
            "names": "fixed",
        },
        "medium": {},
        "hard": {"ingredients": 4, "steps": 3, "extras": 4, "rooms": 6, "containers": 4},
        "extreme": {"ingredients": 12, "steps": 4, "extras": 12, "rooms": 10, "containers": 10},
    }

    ingredients: int = 3
    steps: int = 2
    kinds: int = 4
    extras: int = 3
    rooms: int = 4
    containers: int = 2
    turns: int = 0
    names: str = "drawn"

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("ingredients", self.ingredients, 1, len(FOODS))
        check_range("kinds", self.kinds, 1, len(KINDS_OF_STEPS))
        check_range("steps", self.steps, 1, self.kinds)
        check_range("extras", self.extras, 0, len(FOODS) - self.ingredients)
        check_range("rooms", self.rooms, 1, 1 + len(ROOMS))
        check_range("containers", self.containers, 0, self.rooms)
        check_range("turns", self.turns, 0, 10_000)
        check_choice("names", self.names, ("drawn", "fixed"))

    @property
    def max_turns(self) -> int:
        return self.turns or 2 * self.rooms + self.containers + self.ingredients * (self.steps + 2)

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[KitchenState] | None:
        few = self.ingredients == self.steps == 1 and self.extras <= 1 and self.rooms <= 2
        return _every_deal(self) if few and self.names == "fixed" else None

    def deal(self, random: Random) -> KitchenState:
        sizes = Sizes(self.ingredients, self.steps, self.kinds, self.extras, self.rooms, self.containers)
        return draw_opening(random, sizes, named_anew=self.names == "drawn")

    def content(self, state: KitchenState) -> World:
        return state.world

    def to_move(self, state: KitchenState) -> tuple[int, ...]:
        return () if state.is_served or state.turn == self.max_turns else (0,)

    def legal(self, state: KitchenState, player: int) -> tuple[KitchenMove, ...]:
        return tuple(moves(state))

    def apply(self, state: KitchenState, move: KitchenMove) -> KitchenState:
        told = move.verb not in ("go", "look")
        return act(state, move)._replace(turn=state.turn + 1, last=move if told else None)

    def rewards(self, state: KitchenState, move: KitchenMove, after: KitchenState) -> tuple[float, ...]:
        return (_ready(after) / self.ingredients if after.is_served else 0.0,)

    def instructions(self, player: int) -> str:
        house = f"a house of {self.rooms} rooms" if self.rooms > 1 else "a house of one room"
        lie = "Foods lie in the rooms" if self.rooms > 1 else "Foods lie about"
        go = ", go to the pantry" if self.rooms > 1 else ""
        box = ", open the box" if self.containers else ""
        return (
            f"You are the cook in {house} and have {_turns(self.max_turns)} to make a meal. Read the cookbook in the "
            f"kitchen: it names {self._told_ingredients()}, step by step. It is shown only when you read it. "
            f"{lie}{' or in closed containers' * bool(self.containers)}. Take what the recipe names and prepare it in "
            "the kitchen, taking the steps in their order. Any other step ruins the food for good. Then serve the meal "
            f"in the kitchen. That ends the game and pays {self._told_pay()}. Without serving you earn nothing.\n"
            f"Commands: read the cookbook{go}{box}, take the carrot, peel the carrot, serve the meal, look. "
            f"The steps there are: {', '.join(steps_of(self.kinds))}. Each command uses a turn.\n"
            "Reply with one command, for example: read the cookbook"
        )

    def _told_ingredients(self) -> str:
        if self.ingredients == 1:
            return "one ingredient and how to prepare it"
        return f"{self.ingredients} ingredients and how to prepare each of them"

    def _told_pay(self) -> str:
        if self.ingredients == 1:
            return "1 point if you carry the ingredient with all its steps done"
        return (
            f"the share of the ingredients that you carry with all their steps done: 1 point for all {self.ingredients}"
        )

    def view(self, state: KitchenState, player: int) -> str:
        if state.is_served:
            return f"You serve the meal: {_ready(state)} of {_count(self.ingredients, 'ingredient')} ready."
        left = self.max_turns - state.turn
        turns = f"{_turns(left)} left." if left else "No turns left: you did not serve a meal."
        return "\n".join((*_told(state), *_situation(state), turns))

    def say(self, state: KitchenState, move: KitchenMove) -> str:
        if move == SERVE:
            return "serve the meal"
        if not move.thing:
            return move.verb
        return f"{move.verb} {'to ' * (move.verb == 'go')}the {move.thing}"

    def read(self, state: KitchenState, player: int, text: str) -> KitchenMove | Refusal:
        return kitchen_parser.read(state, text)

    def progress(self, state: KitchenState) -> float:
        """The share of what the recipe takes that is done: its ingredients taken and not ruined, and their steps."""
        fresh = [state.prepared[ingredient.food] for ingredient in state.world.recipe if ingredient.food in state.held]
        done = sum(1 + len(steps) for steps in fresh if steps is not None)
        return done / (self.ingredients * (1 + self.steps))

    def vocabulary(self) -> tuple[str, ...]:
        return (*ROOMS, *CONTAINERS, *FOODS, *DONE, *DONE.values(), "open", "closed", "empty", "ruined")

    def expert(self, state: KitchenState, player: int) -> Distribution[KitchenMove]:
        """Reads the recipe, gathers what it names on a search of the nearest first, then cooks and serves."""
        return ((_wanted(state, self.max_turns - state.turn), Fraction(1)),)


@lru_cache(maxsize=16)
def _every_deal(game: Kitchen) -> Distribution[KitchenState] | None:
    return every_outcome(game.deal)


# What is told ----------------------------------------------------------------------------------------


def _told(state: KitchenState) -> Iterator[str]:
    """What came of the last command."""
    if state.last is None:
        return
    verb, thing = state.last
    if state.last == READ:
        yield f"The recipe: {'; '.join(_line(state.world, ingredient) for ingredient in state.world.recipe)}."
    elif verb in DONE and state.prepared[state.world.foods.index(thing)] is None:
        yield f"You {verb} the {thing}. That was wrong: the {thing} is ruined."
    else:
        yield f"You {verb} the {thing}."


def _line(world: World, ingredient: Ingredient) -> str:
    """One ingredient in words: "peel, then fry the carrot"."""
    return f"{', then '.join(ingredient.steps)} the {world.foods[ingredient.food]}"


def _situation(state: KitchenState) -> Iterator[str]:
    beside = [state.world.rooms[room] for room in exits(state.world, state.room)]
    way = f" Exits: {', '.join(beside)}." if beside else ""
    yield f"You are in the {state.world.rooms[state.room]}.{way}"
    things = [COOKBOOK] if state.room == 0 else []
    if is_closed(state):
        things.append(f"closed {container(state)}")
    elif container(state):
        things.append(f"open {container(state)} ({', '.join(within_reach(state)) or 'empty'})")
    else:
        things += within_reach(state)
    held = [_as_prepared(state, food) for food in sorted(state.held)]
    yield f"You see: {', '.join(things) or 'nothing'}. You carry: {', '.join(held) or 'nothing'}."


def _as_prepared(state: KitchenState, food: int) -> str:
    """A food with what has been done to it: "carrot (peeled, fried)"."""
    steps = state.prepared[food]
    done = ["ruined"] if steps is None else [DONE[step] for step in steps]
    return f"{state.world.foods[food]} ({', '.join(done)})" if done else state.world.foods[food]


def _ready(state: KitchenState) -> int:
    return sum(is_ready(state, ingredient) for ingredient in state.world.recipe)


def _turns(n: int) -> str:
    return _count(n, "turn")


def _count(n: int, one: str) -> str:
    return f"{n} {one}{'s' * (n != 1)}"


# What the expert wants -------------------------------------------------------------------------------


def _wanted(state: KitchenState, left: int) -> KitchenMove:
    """The expert's command with `left` turns to go."""
    walks = _walks(state)
    if not state.is_read:
        return _go(state, walks[0]) or READ
    fresh = [ingredient for ingredient in state.world.recipe if state.prepared[ingredient.food] is not None]
    to_find = {ingredient.food for ingredient in fresh} - state.held
    to_cook = sorted((_steps_left(state, each), each.food) for each in fresh if each.food in state.held)
    has_time = left > len(walks[0]) + sum(len(steps) for steps, _ in to_cook) + 1
    errand = _search(state, to_find, walks) if has_time else None
    return errand or _go(state, walks[0]) or _cook(state, [each for each in to_cook if each[0]], left)


def _cook(state: KitchenState, to_cook: list[tuple[tuple[str, ...], int]], left: int) -> KitchenMove:
    """The next step of the ingredient that takes the fewest; to serve after the last step or at the last turn."""
    if to_cook and left > 1:
        (step, *_), food = min(to_cook, key=lambda each: len(each[0]))
        return KitchenMove(step, state.world.foods[food])
    return SERVE if state.held else LOOK


def _steps_left(state: KitchenState, ingredient: Ingredient) -> tuple[str, ...]:
    return ingredient.steps[len(state.prepared[ingredient.food] or ()) :]


def _walks(state: KitchenState) -> dict[int, tuple[int, ...]]:
    """The shortest walk to every room of which the player has seen an exit, nearest first."""
    walks: dict[int, tuple[int, ...]] = {state.room: ()}
    pending = deque([state.room])
    while pending:
        room = pending.popleft()
        for beside in exits(state.world, room) if room in state.visited else ():
            if beside not in walks:
                walks[beside] = (*walks[room], beside)
                pending.append(beside)
    return walks


def _go(state: KitchenState, walk: tuple[int, ...]) -> KitchenMove | None:
    return KitchenMove("go", state.world.rooms[walk[0]]) if walk else None


def _search(state: KitchenState, foods: set[int], walks: dict[int, tuple[int, ...]]) -> KitchenMove | None:
    """The first move to the nearest place that holds one of `foods` or may do so."""
    errands = ((walk, _errand(state._replace(room=room), foods)) for room, walk in walks.items())
    found = next((each for each in errands if foods and each[1]), None)
    return found and (_go(state, found[0]) or found[1])


def _errand(there: KitchenState, foods: set[int]) -> KitchenMove | None:
    """What is to be done in a room: to look what is in it, to open what is closed, to take one of `foods`."""
    if there.room not in there.visited:
        return LOOK
    if is_closed(there):
        return KitchenMove("open", container(there))
    return next((KitchenMove("take", there.world.foods[food]) for food in lying(there) if food in foods), None)
