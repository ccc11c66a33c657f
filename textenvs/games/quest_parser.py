"""The language of Quest: from what a player wrote to a command, and from that to a legal move or a refusal."""

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
    TRY,
    UNLOCK,
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
from textenvs.games.quest_world import (
    CONTAINERS,
    INVENTORY,
    LOOK,
    METALS,
    ROOMS,
    TREASURE,
    TRINKETS,
    WAYS,
    WOODEN,
    Exit,
    QuestMove,
    QuestState,
    carried,
    container,
    exits,
    exits_told,
    is_closed,
    is_key,
    is_locked,
    key_of,
    moves,
    within_reach,
)

HELP = (
    "I read no command in that. Reply with one command, such as: go north, open the north door, open the chest, "
    "take the coin, unlock the north door with the brass key, drop the coin, look, inventory."
)


def read(state: QuestState, text: str) -> QuestMove | Refusal:
    """Return the legal move that `text` asks for, or why there is none, by what the player sees."""
    command = GRAMMAR.parse(text)
    if command is None:
        return Refusal(HELP)
    return _PLAIN.get(command.verb) or _READERS[command.verb](state, command)


# The grammar -----------------------------------------------------------------------------------------


def _name(command: Command, noun: str = "noun") -> str:
    """The words that tell a thing from another: "door north" for "locked lock to north"."""
    name = _NOT_TELLING.sub("", command.named(noun)).replace("lock", "door")
    return _WAY_OF.get(name, name)


_NOT_TELLING = re.compile(r"(?<!\S)(?:closed|locked|to|on|in|at) ")

_WAY_OF = {way[0]: way for way in WAYS}
_SHORT = {
    **{letter: Command("go", {"noun": way}) for letter, way in _WAY_OF.items()},
    "i": Command("inventory"),
    "l": Command("look"),
}

_WAY = any_of(*WAYS)
_DOOR_IS = any_of(*WAYS, *METALS, WOODEN, "closed", "locked")
_DOOR = rf"(?:{_DOOR_IS} ){{0,3}}(?:door|lock)(?: (?:(?:to|on|in|at) )?{_WAY})?"
_CONTAINER = any_of(*CONTAINERS)
_KEY = rf"(?:{any_of(*METALS)} )?key"
_THING = any_of(_KEY, TREASURE, *TRINKETS)
_AT = any_of("on", "in", "into", "at", "with", "to unlock", "to open")
_WITH_KEY = f"(?:by )?(?:with|using) {noun(_KEY, name='key')}"

GRAMMAR = Grammar(
    (
        ("go", f"{GO}(?: {TOWARDS}){{0,2}} {noun(_DOOR, _WAY, '[nesw]', *ROOMS)}"),
        ("open", f"{OPEN}{maybe('up')} {noun(_CONTAINER, _DOOR, IT)}"),
        ("unlock", f"{UNLOCK} {noun(_CONTAINER, _DOOR, IT)}"),
        ("unlock", f"{any_of(UNLOCK, OPEN)} {noun(_DOOR, IT)} {_WITH_KEY}"),
        ("unlock", f"{TRY} {noun(_KEY, name='key')}"),
        ("unlock", f"{any_of(TRY, 'put')} {noun(_KEY, name='key')} {_AT} {noun(_DOOR, IT)}"),
        ("take", f"{TAKE} {noun(_THING, _CONTAINER, IT)}{maybe('up')}"),
        ("take", f"{TAKE} {noun(_THING, IT)} {any_of('from', 'out of', 'from inside', 'in')} {_CONTAINER}"),
        ("drop", f"{DROP} {noun(_THING, IT)}"),
        ("drop", f"put {noun(_THING, IT)} {any_of('down', 'on floor', 'on ground')}"),
        ("examine", f"{EXAMINE} {noun(_CONTAINER, _DOOR, _THING, IT)}"),
        ("look", LOOK_AROUND),
        ("inventory", TAKE_STOCK),
    ),
    strange({"go": GO, "open": OPEN, "unlock": UNLOCK, "take": TAKE, "drop": DROP, "examine": EXAMINE}),
    [("go", noun(_WAY))],
    short=_SHORT,
)


# What is meant ---------------------------------------------------------------------------------------


def _containers(state: QuestState) -> list[str]:
    return [container(state)] if container(state) else []


def _doors(state: QuestState) -> dict[str, Exit]:
    """The doors of the room, open ones too, by names such as "north brass door"."""
    doors = state.world.doors
    return {f"{each.way} {doors[each.passage]} door": each for each in exits(state) if doors[each.passage]}


def _ways(state: QuestState) -> dict[str, Exit]:
    """The exits of the room by all words that may tell them apart, such as "north brass door kitchen"."""
    world = state.world
    doors = {leaving: name for name, leaving in _doors(state).items()}
    rooms = {each: world.rooms[each.room] if each.room in state.visited else "" for each in exits(state)}
    return {f"{doors.get(leaving, leaving.way)} {room}".rstrip(): leaving for leaving, room in rooms.items()}


def _read_go(state: QuestState, command: Command) -> QuestMove | Refusal:
    ways = _ways(state)
    name = the_one(_name(command), ways, unseen=f"You cannot go there from here. Exits: {exits_told(state)}.")
    if isinstance(name, Refusal):
        return name
    leaving = ways[name]
    return _shut(state, leaving) if is_closed(state, leaving.passage) else QuestMove("go", leaving.way)


def _shut(state: QuestState, leaving: Exit) -> Refusal:
    """Why neither a closed door can be walked through nor a locked one be opened."""
    if is_locked(state, leaving.passage):
        key = key_of(state.world.doors[leaving.passage])
        return illegal(f"The {leaving.way} door is locked; unlock it with the {key}.")
    return illegal(f"The {leaving.way} door is closed; open it first.")


def _read_open(state: QuestState, command: Command) -> QuestMove | Refusal:
    doors = _doors(state)
    legal = {move.thing for move in moves(state) if move.verb == "open"}
    openable = {name: f"{leaving.way} door" for name, leaving in doors.items()} | {c: c for c in _containers(state)}
    name = the_one(_name(command), [name for name, thing in openable.items() if thing in legal], openable)
    if isinstance(name, Refusal):
        return name
    if openable[name] in legal:
        return QuestMove("open", openable[name])
    if name in doors and is_closed(state, doors[name].passage):
        return _shut(state, doors[name])
    return illegal(f"The {openable[name]} is already open.")


def _read_unlock(state: QuestState, command: Command) -> QuestMove | Refusal:
    doors = _doors(state)
    locked = [name for name, leaving in doors.items() if is_locked(state, leaving.passage)]
    name = the_one(_name(command), locked, doors, _containers(state))
    if isinstance(name, Refusal):
        return name
    if name not in locked:
        return illegal(f"The {name} is not locked.")
    key = _read_key(state, _name(command, "key"))
    return key if isinstance(key, Refusal) else QuestMove("unlock", f"{doors[name].way} door", key)


def _read_key(state: QuestState, words: str) -> str | Refusal:
    held = list(filter(is_key, carried(state)))
    if words == IT and not held:
        return illegal("You carry no key.")
    key = the_one(words, held, filter(is_key, within_reach(state)))
    return key if isinstance(key, Refusal) or key in held else illegal(f"You do not carry the {key}; take it first.")


def _read_take(state: QuestState, command: Command) -> QuestMove | Refusal:
    here, held = within_reach(state), carried(state)
    name = the_one(_name(command), here, held, _containers(state))
    if isinstance(name, Refusal):
        return name
    if name in here:
        return QuestMove("take", name)
    return illegal(f"You already carry the {name}." if name in held else f"The {name} is too heavy to carry.")


def _read_drop(state: QuestState, command: Command) -> QuestMove | Refusal:
    held = carried(state)
    name = the_one(_name(command), held, within_reach(state))
    if isinstance(name, Refusal):
        return name
    return QuestMove("drop", name) if name in held else illegal(f"You do not carry the {name}.")


def _read_examine(state: QuestState, command: Command) -> QuestMove | Refusal:
    """Whatever the player examines, the view of the room tells all there is to see."""
    seen = (*within_reach(state), *carried(state), *_containers(state), *_ways(state))
    return LOOK if any(fits(_name(command), name) for name in seen) else illegal(UNSEEN)


_PLAIN: dict[str, QuestMove] = {"look": LOOK, "inventory": INVENTORY}
_READERS: dict[str, Callable[[QuestState, Command], QuestMove | Refusal]] = {
    "go": _read_go, "open": _read_open, "unlock": _read_unlock, "take": _read_take, "drop": _read_drop,
    "examine": _read_examine,
}  # fmt: skip
