"""The world of Kitchen: rooms, containers, food and a recipe, what can be done with them, and how they are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from textenvs.core.draws import draw_names, draw_some
from textenvs.core.game import Random

KITCHEN = "kitchen"
COOKBOOK = "cookbook"
ROOMS = (
    "pantry", "cellar", "garden", "larder", "shed", "dairy", "barn", "greenhouse", "hall", "porch",
    "attic", "cottage", "orchard", "storeroom", "yard",
)  # fmt: skip
CONTAINERS = ("basket", "barrel", "box", "chest", "crate", "cupboard", "drawer", "fridge", "jar", "sack")
FOODS = (
    "apple", "banana", "beetroot", "cabbage", "carrot", "celery", "eggplant", "fennel", "garlic", "leek", "mango",
    "mushroom", "onion", "parsnip", "peach", "pear", "potato", "pumpkin", "radish", "squash", "tomato", "turnip",
    "yam", "zucchini",
)  # fmt: skip
KINDS_OF_STEPS = (
    {"peel": "peeled", "wash": "washed"},
    {"chop": "chopped", "dice": "diced", "slice": "sliced"},
    {"boil": "boiled", "fry": "fried", "grill": "grilled", "roast": "roasted"},
    {"butter": "buttered", "salt": "salted"},
)
"""What is done to an ingredient, with what it is then. A recipe takes at most one step of each kind."""

DONE = {step: done for kind in KINDS_OF_STEPS for step, done in kind.items()}


@cache
def steps_of(kinds: int) -> tuple[str, ...]:
    """Return the steps of the first `kinds` of `KINDS_OF_STEPS`, sorted."""
    return tuple(sorted(step for kind in KINDS_OF_STEPS[:kinds] for step in kind))


class Ingredient(NamedTuple):
    """One line of the recipe.

    Attributes:
        food: which of the foods, as an index.
        steps: what is done to it, in this order.
    """

    food: int
    steps: tuple[str, ...]


class World(NamedTuple):
    """What never changes in an instance. The passages join the rooms into a tree that grows from room 0.

    Attributes:
        rooms: the name of each room, all different; room 0 is the kitchen.
        parents: for each room but the kitchen, an earlier one next to it.
        containers: the container in each room, "" for none; it holds all food of its room.
        foods: all there is to eat, all different, sorted.
        homes: the room in which each food is at first.
        recipe: what the cookbook says, sorted by food.
        kinds: how many of `KINDS_OF_STEPS` there are.
    """

    rooms: tuple[str, ...]
    parents: tuple[int, ...]
    containers: tuple[str, ...]
    foods: tuple[str, ...]
    homes: tuple[int, ...]
    recipe: tuple[Ingredient, ...]
    kinds: int


class KitchenMove(NamedTuple):
    """One command.

    Attributes:
        verb: what to do: go, open, take, read, serve, look, or a step of a recipe.
        thing: a room to go to, a container to open, a food to take or prepare, the cookbook to read; else "".
    """

    verb: str
    thing: str = ""


READ = KitchenMove("read", COOKBOOK)
SERVE = KitchenMove("serve")
LOOK = KitchenMove("look")


class KitchenState(NamedTuple):
    """The world and what has happened in it.

    Attributes:
        world: what never changes.
        prepared: the steps taken with each food, None if it is ruined.
        room: where the player is.
        visited: rooms the player has been in.
        opened: rooms whose containers have been opened.
        held: the foods the player carries, as indices.
        is_read: whether the player has read the recipe.
        is_served: whether the meal has been served.
        turn: commands carried out so far.
        last: the last command if the view must tell what came of it, else None.
    """

    world: World
    prepared: tuple[tuple[str, ...] | None, ...]
    room: int = 0
    visited: frozenset[int] = frozenset((0,))
    opened: frozenset[int] = frozenset()
    held: frozenset[int] = frozenset()
    is_read: bool = False
    is_served: bool = False
    turn: int = 0
    last: KitchenMove | None = None


# What is the case ------------------------------------------------------------------------------------


def exits(world: World, room: int) -> list[int]:
    """Return the rooms next to `room`, in ascending order."""
    beyond = [child for child, parent in enumerate(world.parents, start=1) if parent == room]
    return [world.parents[room - 1], *beyond] if room else beyond


def container(state: KitchenState) -> str:
    """Return the container in the room, "" for none."""
    return state.world.containers[state.room]


def is_closed(state: KitchenState) -> bool:
    """Return whether there is a closed container in the room."""
    return bool(container(state)) and state.room not in state.opened


def lying(state: KitchenState) -> list[int]:
    """Return the foods in the room, seen or not, as indices."""
    return [food for food, home in enumerate(state.world.homes) if home == state.room and food not in state.held]


def within_reach(state: KitchenState) -> list[str]:
    """Return the foods to take: those in the room that no closed container hides."""
    return [] if is_closed(state) else [state.world.foods[food] for food in lying(state)]


def carried(state: KitchenState) -> list[str]:
    """Return the foods the player carries."""
    return [state.world.foods[food] for food in sorted(state.held)]


def is_ruined(state: KitchenState, food: str) -> bool:
    """Return whether a food is ruined."""
    return state.prepared[state.world.foods.index(food)] is None


def is_ready(state: KitchenState, ingredient: Ingredient) -> bool:
    """Return whether an ingredient is carried and prepared as the recipe says."""
    return ingredient.food in state.held and state.prepared[ingredient.food] == ingredient.steps


# What can be done ------------------------------------------------------------------------------------


def moves(state: KitchenState) -> Iterator[KitchenMove]:
    """Yield the commands that make sense by what the player sees."""
    yield from (KitchenMove("go", state.world.rooms[room]) for room in exits(state.world, state.room))
    if is_closed(state):
        yield KitchenMove("open", container(state))
    yield from (KitchenMove("take", food) for food in within_reach(state))
    if state.room == 0:
        yield READ
        fresh = [food for food in carried(state) if not is_ruined(state, food)]
        yield from (KitchenMove(step, food) for food in fresh for step in steps_of(state.world.kinds))
        yield from [SERVE] * bool(state.held)
    yield LOOK


def act(state: KitchenState, move: KitchenMove) -> KitchenState:
    """Return `state` with what `move` changes in the world; looking changes nothing."""
    match move.verb:
        case "go":
            room = state.world.rooms.index(move.thing)
            return state._replace(room=room, visited=state.visited | {room})
        case "open":
            return state._replace(opened=state.opened | {state.room})
        case "take":
            return state._replace(held=state.held | {state.world.foods.index(move.thing)})
        case "read":
            return state._replace(is_read=True)
        case "serve":
            return state._replace(is_served=True)
        case "look":
            return state
    return _prepare(state, move.verb, state.world.foods.index(move.thing))


def _prepare(state: KitchenState, step: str, food: int) -> KitchenState:
    """Take a step of a recipe, which must be the next one for this food."""
    steps = next((ingredient.steps for ingredient in state.world.recipe if ingredient.food == food), ())
    done = (*(state.prepared[food] or ()), step)
    outcome = done if done == steps[: len(done)] else None
    return state._replace(prepared=(*state.prepared[:food], outcome, *state.prepared[food + 1 :]))


# How worlds are drawn --------------------------------------------------------------------------------


class Sizes(NamedTuple):
    """How much there is in a world.

    Attributes:
        ingredients: lines of the recipe.
        steps: steps of each ingredient.
        kinds: kinds of steps.
        extras: foods that are not in the recipe.
        rooms: rooms, the kitchen among them.
        containers: rooms that have a container.
    """

    ingredients: int
    steps: int
    kinds: int
    extras: int
    rooms: int
    containers: int


def draw_opening(random: Random, sizes: Sizes, *, named_anew: bool) -> KitchenState:
    """Draw an opening state; every meal can be cooked. Unless `named_anew`, names are the first of their lists."""
    foods = range(sizes.ingredients + sizes.extras)
    furnished = draw_some(random, range(sizes.rooms), sizes.containers)
    kinds = [random.choice(CONTAINERS) if named_anew else CONTAINERS[0] for _ in furnished]
    world = World(
        rooms=(KITCHEN, *draw_names(random, ROOMS, sizes.rooms - 1, anew=named_anew)),
        parents=tuple(random.below(room) for room in range(1, sizes.rooms)),
        containers=tuple(dict(zip(furnished, kinds, strict=True)).get(room, "") for room in range(sizes.rooms)),
        foods=tuple(sorted(draw_names(random, FOODS, len(foods), anew=named_anew))),
        homes=tuple(random.below(sizes.rooms) for _ in foods),
        recipe=tuple(
            Ingredient(food, _draw_steps(random, sizes)) for food in sorted(draw_some(random, foods, sizes.ingredients))
        ),
        kinds=sizes.kinds,
    )
    return KitchenState(world, prepared=((),) * len(foods))


def _draw_steps(random: Random, sizes: Sizes) -> tuple[str, ...]:
    return tuple(random.choice(tuple(kind)) for kind in draw_some(random, KINDS_OF_STEPS[: sizes.kinds], sizes.steps))
