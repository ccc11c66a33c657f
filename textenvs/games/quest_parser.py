"""The language of Quest: from what a player wrote to a command, and from that to a legal move or a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

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

Verb = Literal["go", "open", "unlock", "take", "drop", "examine", "look", "inventory"]
IT = "it"


class Command(NamedTuple):
    """A command as written, whatever there is to see.

    Attributes:
        verb: what to do.
        noun: the words that name what it is done to, `IT` if none do.
        key: the words that name the key to unlock with, `IT` if none do.
    """

    verb: Verb
    noun: str = IT
    key: str = IT


HELP = (
    "I read no command in that. Reply with one command, such as: go north, open the north door, open the chest, "
    "take the coin, unlock the north door with the brass key, drop the coin, look, inventory."
)


def read(state: QuestState, text: str) -> QuestMove | Refusal:
    """Return the legal move that `text` asks for, or why there is none, by what the player sees."""
    command = parse(text)
    if command is None:
        return Refusal(HELP)
    return _PLAIN.get(command.verb) or _READERS[command.verb](state, command)


def parse(text: str) -> Command | None:
    """Return the last well-formed command in `text`, or None.

    Of commands that end at the same word the longest counts. If there is none, a known verb at the
    start of a sentence and the strange word after it are a command; if there is none either, the
    last direction by itself means to go there.
    """
    words = _normal(text)
    return _SHORT.get(words.strip(" .")) or _last(_GRAMMAR, words) or _last(_STRANGE, words) or _last(_BARE, words)


# The grammar -----------------------------------------------------------------------------------------


def _normal(text: str) -> str:
    """The words in lower case without articles, apart by single spaces; every end of a sentence is a full stop."""
    tokens = _TOKEN.findall(text.lower().replace("’", "'"))
    return _ARTICLE.sub("", " ".join("." if token[0] in _STOPS else token for token in tokens))


def _last(patterns: Sequence[tuple[Verb, re.Pattern[str]]], words: str) -> Command | None:
    found = [(match, verb) for verb, pattern in patterns for match in pattern.finditer(words)]
    if not found:
        return None
    match, verb = max(found, key=lambda each: (each[0].end(), -each[0].start()))
    named = match.groupdict()
    return Command(verb, _name(named.get("noun")), _name(named.get("key")))


def _name(words: str | None) -> str:
    """The words that tell a thing from another: "door north" for "locked lock to north"."""
    name = _NOT_TELLING.sub("", words or IT).replace("lock", "door")
    return _WAY_OF.get(name, name)


def _any(*words: str) -> str:
    return f"(?:{'|'.join(words)})"


def _pattern(expression: str) -> re.Pattern[str]:
    """Match whole words only, and not behind a negation, as in "I cannot go north"."""
    return re.compile(rf"(?<!\S)(?<!not )(?<!n't )(?<!never )(?:{expression})(?!\S)")


_STOPS = ".!?;:\n"
_TOKEN = re.compile(rf"[^\W\d_]+(?:['-][^\W\d_]+)*|[{_STOPS}]+")
_ARTICLE = re.compile(r"(?<!\S)(?:the|an?|my|your|this|that) (?:(?:opened|open|closed|unlocked|locked) )?")
_NOT_TELLING = re.compile(r"(?<!\S)(?:closed|locked|to|on|in|at) ")

_WAY_OF = {way[0]: way for way in WAYS}
_SHORT = {
    **{letter: Command("go", way) for letter, way in _WAY_OF.items()},
    "i": Command("inventory"),
    "l": Command("look"),
}

_WAY = _any(*WAYS)
_DOOR_IS = _any(*WAYS, *METALS, WOODEN, "closed", "locked")
_DOOR = rf"(?:{_DOOR_IS} ){{0,3}}(?:door|lock)(?: (?:(?:to|on|in|at) )?{_WAY})?"
_CONTAINER = _any(*CONTAINERS)
_KEY = rf"(?:{_any(*METALS)} )?key"
_THING = _any(_KEY, TREASURE, *TRINKETS)

_GO = _any(
    "go", "going", "walk", "walking", "move", "moving", "head", "heading", "run", "travel", "proceed", "step",
    "enter", "exit", "leave", "continue", "return",
)  # fmt: skip
_TOWARDS = _any("back", "to", "towards?", "through", "into", "via", "out")
_OPEN = _any("open", "opening")
_UNLOCK = _any("unlock", "unlocking")
_TRY = _any("use", "using", "try", "insert", "turn")
_AT = _any("on", "in", "into", "at", "with", "to unlock", "to open")
_TAKE = _any("take", "taking", "get", "getting", "grab", "grabbing", "collect", "fetch", "pick", "(?:pick|picking) up")
_DROP = _any("drop", "dropping", "discard", "leave", "put down", "lay down", "throw away")
_EXAMINE = _any("examine", "inspect", "check", "search", "x", "look (?:at|in|into|inside)")

_GRAMMAR: tuple[tuple[Verb, re.Pattern[str]], ...] = (
    ("go", _pattern(rf"{_GO}(?: {_TOWARDS}){{0,2}} (?P<noun>{_DOOR}|{_WAY}|[nesw]|{_any(*ROOMS)})")),
    ("open", _pattern(rf"{_OPEN}(?: up)? (?P<noun>{_CONTAINER}|{_DOOR}|{IT})")),
    ("unlock", _pattern(rf"{_UNLOCK} (?P<noun>{_CONTAINER}|{_DOOR}|{IT})")),
    ("unlock", _pattern(rf"(?:{_UNLOCK}|{_OPEN}) (?P<noun>{_DOOR}|{IT}) (?:by )?(?:with|using) (?P<key>{_KEY})")),
    ("unlock", _pattern(rf"{_TRY} (?P<key>{_KEY})")),
    ("unlock", _pattern(rf"(?:{_TRY}|put) (?P<key>{_KEY}) {_AT} (?P<noun>{_DOOR}|{IT})")),
    ("take", _pattern(rf"{_TAKE} (?P<noun>{_THING}|{_CONTAINER}|{IT})(?: up)?")),
    ("take", _pattern(rf"{_TAKE} (?P<noun>{_THING}|{IT}) (?:from|out of|from inside|in) {_CONTAINER}")),
    ("drop", _pattern(rf"{_DROP} (?P<noun>{_THING}|{IT})")),
    ("drop", _pattern(rf"put (?P<noun>{_THING}|{IT}) (?:down|on (?:floor|ground))")),
    ("examine", _pattern(rf"{_EXAMINE} (?P<noun>{_CONTAINER}|{_DOOR}|{_THING}|{IT})")),
    ("look", _pattern(r"look around(?: room)?|(?:take )?look(?= \.|$)|(?:examine|inspect|search|describe) room")),
    ("inventory", _pattern(r"(?:(?:check|show|list|open) )?inv(?:entory)?(?= \.|$)|what am i carrying")),
)

_VERBS: tuple[tuple[Verb, str], ...] = (
    ("go", _GO), ("open", _OPEN), ("unlock", _UNLOCK), ("take", _TAKE), ("drop", _DROP), ("examine", _EXAMINE),
)  # fmt: skip
_STRANGE = tuple(
    (verb, re.compile(rf"(?:^|\. )(?:i |i'll |i will )?{verbs} (?P<noun>[^\s.]+)")) for verb, verbs in _VERBS
)
_BARE: tuple[tuple[Verb, re.Pattern[str]], ...] = (("go", _pattern(rf"(?<!go )(?P<noun>{_WAY})")),)


# What is meant ---------------------------------------------------------------------------------------

_UNSEEN = "You see no such thing here."


def _fits(words: str, name: str) -> bool:
    return words == IT or set(words.split()) <= set(name.split())


def _only(words: str, *choices: Iterable[str], unseen: str = _UNSEEN) -> str | Refusal:
    """The one name that fits `words`, out of the first of `choices` that has any."""
    fitting = ([name for name in names if _fits(words, name)] for names in choices)
    found: list[str] = next(filter(None, fitting), [])
    if len(found) > 1:
        return illegal(f"Which one do you mean: {' or '.join(f'the {name}' for name in found)}?")
    return found[0] if found else illegal(unseen)


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
    return {f"{doors.get(leaving, leaving.way)} {room}": leaving for leaving, room in rooms.items()}


def _read_go(state: QuestState, command: Command) -> QuestMove | Refusal:
    ways = _ways(state)
    name = _only(command.noun, ways, unseen=f"You cannot go there from here. Exits: {exits_told(state)}.")
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
    name = _only(command.noun, [name for name, thing in openable.items() if thing in legal], openable)
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
    name = _only(command.noun, locked, doors, _containers(state))
    if isinstance(name, Refusal):
        return name
    if name not in locked:
        return illegal(f"The {name} is not locked.")
    key = _read_key(state, command.key)
    return key if isinstance(key, Refusal) else QuestMove("unlock", f"{doors[name].way} door", key)


def _read_key(state: QuestState, words: str) -> str | Refusal:
    held = list(filter(is_key, carried(state)))
    if words == IT and not held:
        return illegal("You carry no key.")
    key = _only(words, held, filter(is_key, within_reach(state)))
    return key if isinstance(key, Refusal) or key in held else illegal(f"You do not carry the {key}; take it first.")


def _read_take(state: QuestState, command: Command) -> QuestMove | Refusal:
    here, held = within_reach(state), carried(state)
    name = _only(command.noun, here, held, _containers(state))
    if isinstance(name, Refusal):
        return name
    if name in here:
        return QuestMove("take", name)
    return illegal(f"You already carry the {name}." if name in held else f"The {name} is too heavy to carry.")


def _read_drop(state: QuestState, command: Command) -> QuestMove | Refusal:
    held = carried(state)
    name = _only(command.noun, held, within_reach(state))
    if isinstance(name, Refusal):
        return name
    return QuestMove("drop", name) if name in held else illegal(f"You do not carry the {name}.")


def _read_examine(state: QuestState, command: Command) -> QuestMove | Refusal:
    """Whatever the player examines, the view of the room tells all there is to see."""
    seen = (*within_reach(state), *carried(state), *_containers(state), *_ways(state))
    return LOOK if any(_fits(command.noun, name) for name in seen) else illegal(_UNSEEN)


_PLAIN: dict[Verb, QuestMove] = {"look": LOOK, "inventory": INVENTORY}
_READERS: dict[Verb, Callable[[QuestState, Command], QuestMove | Refusal]] = {
    "go": _read_go, "open": _read_open, "unlock": _read_unlock, "take": _read_take, "drop": _read_drop,
    "examine": _read_examine,
}  # fmt: skip
