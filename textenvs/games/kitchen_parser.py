"""The language of Kitchen: from what a player wrote to a command, and from that to a legal move or a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable

from textenvs.core.commands import (
    DROP,
    EXAMINE,
    GO,
    IT,
    LOOK_AROUND,
    OPEN,
    TAKE,
    TAKE_STOCK,
    TOWARDS,
    UNSEEN,
    Command,
    Grammar,
    any_of,
    fits,
    maybe,
    noun,
    strange,
    the_one,
)
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.kitchen_world import (
    CONTAINERS,
    DONE,
    FOODS,
    KITCHEN,
    LOOK,
    READ,
    ROOMS,
    SERVE,
    KitchenMove,
    KitchenState,
    carried,
    container,
    exits,
    is_closed,
    is_ruined,
    steps_of,
    within_reach,
)

HELP = (
    "I read no command in that. Reply with one command, such as: read the cookbook, go to the kitchen, open the box, "
    "take the carrot, peel the carrot, serve the meal, look."
)


def read(state: KitchenState, text: str) -> KitchenMove | Refusal:
    """Return the legal move that `text` asks for, or why there is none, by what the player sees."""
    command = GRAMMAR.parse(text)
    if command is None:
        return Refusal(HELP)
    if command.verb in _PLAIN:
        return _PLAIN[command.verb](state)
    return _READERS[command.verb](state, command)


# The grammar -----------------------------------------------------------------------------------------


_STEP_OF = {
    **{step: step for step in DONE},
    **{step + "ing": step for step in DONE},
    "chopping": "chop", "dicing": "dice", "slicing": "slice", "frying": "fry", "rinse": "wash", "rinsing": "wash",
    "clean": "wash", "bake": "roast", "baking": "roast", "cook in water": "boil",
}  # fmt: skip
_STEP = noun(*_STEP_OF, name="step") + maybe("up")

_PUT = f"{any_of('put', 'add', 'sprinkle', 'spread')}{maybe('some')} {noun('salt', 'butter', name='step')}"

_ADJECTIVES = any_of(*DONE.values(), "ruined", "raw")
_SINGULAR = {food + ending: food for food in FOODS for ending in ("s", "es")}
_FOOD = f"(?:{_ADJECTIVES} ){{0,4}}{any_of(*FOODS, *_SINGULAR, 'food', 'ingredient', IT)}"
_BOOK = any_of("cookbook", "recipe", "book", "cookbook recipe")
_BOX = any_of(*CONTAINERS, "container", IT)
_MEAL = any_of("meal", "dish", "dinner", "food", "it", "them", "everything", "now", "up")

GRAMMAR = Grammar(
    (
        ("go", f"{GO}(?: {TOWARDS}){{0,2}} {noun(KITCHEN, *ROOMS)}"),
        ("open", f"{OPEN}{maybe('up')} {noun(_BOX)}"),
        ("take", f"{TAKE} {noun(_FOOD)}{maybe('up')}"),
        ("take", f"{TAKE} {noun(_FOOD)} {any_of('from', 'out of', 'from inside', 'in')} {_BOX}"),
        ("read", f"{any_of('read', 'reading', 'consult', 'study', 'open', EXAMINE)} {_BOOK}"),
        ("step", f"{_STEP} {noun(_FOOD)}"),
        ("step", f"{_PUT} {any_of('on', 'to', 'over')} {noun(_FOOD)}"),
        ("prepare", f"{any_of('cut', 'cutting', 'cook', 'cooking', 'prepare', 'season')} {noun(_FOOD)}"),
        ("drop", f"{DROP} {noun(_FOOD)}"),
        ("serve", f"{any_of('serve', 'serving', 'eat')} {_MEAL}|serve(?= \\.|$)"),
        ("examine", f"{EXAMINE} {noun(_FOOD, _BOX)}"),
        ("look", any_of(LOOK_AROUND, TAKE_STOCK)),
    ),
    strange({"go": GO, "open": OPEN, "take": TAKE, "drop": DROP, "examine": EXAMINE, "step": _STEP}),
    short={
        **{room: Command("go", {"noun": room}) for room in (KITCHEN, *ROOMS)},
        "i": Command("look"),
        "l": Command("look"),
        "read": Command("read"),
    },
)


def _name(command: Command) -> str:
    """The words that tell a thing from another: "carrot" for "peeled carrots", `IT` for "food"."""
    name = re.sub(f"{_ADJECTIVES} ", "", command.named())
    return IT if name in ("food", "ingredient", "container") else _SINGULAR.get(name, name)


# What is meant ---------------------------------------------------------------------------------------


def _read_go(state: KitchenState, command: Command) -> KitchenMove | Refusal:
    beside = [state.world.rooms[room] for room in exits(state.world, state.room)]
    if _name(command) == state.world.rooms[state.room]:
        return illegal(f"You are in the {_name(command)} already.")
    if _name(command) not in beside:
        return illegal(f"You cannot go there from here. Exits: {', '.join(beside) or 'none'}.")
    return KitchenMove("go", _name(command))


def _read_open(state: KitchenState, command: Command) -> KitchenMove | Refusal:
    name = the_one(_name(command), [container(state)] if container(state) else [])
    if isinstance(name, Refusal):
        return name
    return KitchenMove("open", name) if is_closed(state) else illegal(f"The {name} is already open.")


def _read_take(state: KitchenState, command: Command) -> KitchenMove | Refusal:
    here = within_reach(state)
    name = the_one(_name(command), here, carried(state))
    if isinstance(name, Refusal):
        return name
    return KitchenMove("take", name) if name in here else illegal(f"You already carry the {name}.")


def _read_step(state: KitchenState, command: Command) -> KitchenMove | Refusal:
    """A step of a recipe, which takes the kitchen and a food that is carried and not ruined."""
    step = _STEP_OF[command.named("step")]
    if step not in steps_of(state.world.kinds):
        return _which_step(state)
    held = carried(state)
    name = the_one(_name(command), [food for food in held if not is_ruined(state, food)], held, within_reach(state))
    if isinstance(name, Refusal):
        return name
    if name not in held:
        return illegal(f"You do not carry the {name}; take it first.")
    if is_ruined(state, name):
        return illegal(f"The {name} is ruined; nothing can be done with it.")
    return _in_kitchen(state, KitchenMove(step, name), "Food can be prepared in the kitchen only.")


def _which_step(state: KitchenState) -> Refusal:
    return illegal(f"Food can be prepared in these ways: {', '.join(steps_of(state.world.kinds))}.")


def _no_need_to_drop(state: KitchenState) -> Refusal:
    return illegal("There is no need to put anything down." if state.held else "You carry nothing.")


def _read_cookbook(state: KitchenState) -> KitchenMove | Refusal:
    return _in_kitchen(state, READ, "The cookbook is in the kitchen.")


def _read_serve(state: KitchenState) -> KitchenMove | Refusal:
    if not state.held:
        return illegal("You carry nothing that could be served.")
    return _in_kitchen(state, SERVE, "The meal can be served in the kitchen only.")


def _in_kitchen(state: KitchenState, move: KitchenMove, refusal: str) -> KitchenMove | Refusal:
    return illegal(refusal) if state.room else move


def _read_examine(state: KitchenState, command: Command) -> KitchenMove | Refusal:
    """Whatever the player examines, the view of the room tells all there is to see."""
    seen = (*within_reach(state), *carried(state), container(state))
    return LOOK if any(fits(_name(command), name) for name in seen) else illegal(UNSEEN)


_PLAIN: dict[str, Callable[[KitchenState], KitchenMove | Refusal]] = {
    "read": _read_cookbook, "serve": _read_serve, "look": lambda _: LOOK, "prepare": _which_step,
    "drop": _no_need_to_drop,
}  # fmt: skip
_READERS: dict[str, Callable[[KitchenState, Command], KitchenMove | Refusal]] = {
    "go": _read_go, "open": _read_open, "take": _read_take, "examine": _read_examine,
    "step": _read_step,
}  # fmt: skip
