"""The language of Escape: from what a player wrote to a command, and from that to a legal move or a refusal."""

from __future__ import annotations

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
    Command,
    Grammar,
    any_of,
    noun,
    strange,
    the_one,
)
from textenvs.core.refusal import Refusal, illegal
from textenvs.games import escape_world
from textenvs.games.escape_world import LOOK, PLACES, EscapeMove, EscapeState, carried, is_code, lock
from textenvs.games.quest_world import METALS, ROOMS

HELP = (
    "I read no command in that. Reply with one command, such as: search the desk, unlock the door with the brass key, "
    "enter the code 121, go through the door, look."
)


def read(state: EscapeState, text: str) -> EscapeMove | Refusal:
    """Return the legal move that `text` asks for, or why there is none, by what the player has seen."""
    command = GRAMMAR.parse(text)
    return _READERS[command.verb](state, command) if command else Refusal(HELP)


# The grammar -----------------------------------------------------------------------------------------

_DIGITS = noun("[0-9](?: ?[0-9]){0,11}")
_METAL = any_of(*METALS)
_KEY = noun(f"(?:{_METAL} )?key", name="key")
_DOOR = f"(?:{any_of(_METAL, 'next', 'last', 'front')} )?{any_of('door', 'lock', 'exit', 'doorway')}"
_PLACE = any_of(*PLACES, "room", "everything", IT)
_SEARCH = any_of(EXAMINE, "searching", OPEN, "look (?:under|behind|on|below)", "move", "lift", "empty")
_ENTER = any_of(
    "enter",
    "entering",
    "type",
    "typing",
    "dial",
    "input",
    "key in",
    "punch in",
    "press",
    "put in",
    "code is",
    "code",
    TRY,
)
_CODE = f"(?:{any_of('in', 'code', 'number', 'combination', 'digits', 'room', *ROOMS)} ){{0,3}}{_DIGITS}"
_NEXT = any_of("next room", _DOOR, "outside", "out", "on", "room", "house", *ROOMS)

GRAMMAR = Grammar(
    (
        ("search", f"{_SEARCH} {noun(_PLACE)}"),
        ("unlock", f"{any_of(UNLOCK, OPEN, TRY)} {any_of(_DOOR, IT)}"),
        ("unlock", f"{any_of(UNLOCK, OPEN)} {any_of(_DOOR, IT)} (?:by )?{any_of('with', 'using')} {_KEY}"),
        (
            "unlock",
            f"{any_of(TRY, 'put')} {_KEY}(?: {any_of('on', 'in', 'into', 'with', 'to unlock', 'to open')} {_DOOR})?",
        ),
        ("enter", f"{_ENTER} {_CODE}"),
        ("enter", f"{any_of(UNLOCK, OPEN)} {any_of(_DOOR, IT)} (?:by )?{any_of('with', 'using', 'entering')} {_CODE}"),
        ("go", f"{GO}(?: {TOWARDS}){{0,2}} {_NEXT}"),
        ("go", f"{any_of('go', 'leave', 'escape', 'exit')}(?= \\.|$)"),
        ("take", f"{TAKE} {noun(f'{_METAL} key', 'key', 'note', IT)}"),
        ("note", f"{any_of('read', 'reading', EXAMINE)} {any_of('note', 'notes')}"),
        ("drop", f"{DROP} {any_of(f'{_METAL} key', 'key', 'note', IT)}"),
        ("look", any_of(LOOK_AROUND, TAKE_STOCK)),
    ),
    strange({"search": any_of(_SEARCH, TAKE)}),
    [("enter", rf"(?:^|(?<=\. )){_DIGITS}(?= \.|$)")],
    short={"i": Command("look"), "l": Command("look")},
    numbers=True,
)


# What is meant ---------------------------------------------------------------------------------------


def _read_search(state: EscapeState, command: Command) -> EscapeMove | Refusal:
    places = state.world.places[state.room]
    left = [place for k, place in enumerate(places) if k not in state.searched]
    if command.named() in ("room", "everything"):
        return illegal(f"Search one thing at a time: {', '.join(left) or 'nothing is left'}.")
    name = the_one(command.named(), left, places)
    if isinstance(name, Refusal) or name in left:
        return name if isinstance(name, Refusal) else EscapeMove("search", name)
    return illegal(f"You have searched the {name} already.")


def _read_unlock(state: EscapeState, command: Command) -> EscapeMove | Refusal:
    if state.is_open:
        return _OPEN_ALREADY
    if is_code(lock(state)):
        return illegal("The door has no lock for a key; enter its code.")
    held = carried(state)
    if not held:
        return illegal("You carry no key.")
    key = the_one(command.named("key"), held, unseen="You carry no such key.")
    return key if isinstance(key, Refusal) else EscapeMove("unlock", key)


def _read_enter(state: EscapeState, command: Command) -> EscapeMove | Refusal:
    code = command.named().replace(" ", "")
    digits = len(lock(state))
    if state.is_open:
        return _OPEN_ALREADY
    if not is_code(lock(state)):
        return illegal("The door has no keypad; unlock it with its key.")
    if len(code) != digits:
        return illegal(f"The code has {digits} digit{'s' * (digits > 1)}, not {len(code)}.")
    if not all("1" <= digit <= str(state.world.highest) for digit in code):
        return illegal(f"The keypad has the digits from 1 to {state.world.highest} only.")
    if code in state.wrong:
        return illegal(f"You have tried {code} at this door already.")
    return EscapeMove("enter", code)


def _read_go(state: EscapeState, _: Command) -> EscapeMove | Refusal:
    if state.is_open:
        return escape_world.GO
    how = "enter its code" if is_code(lock(state)) else "unlock it with its key"
    return illegal(f"The door is locked; {how}.")


_OPEN_ALREADY = illegal("The door is open; go through it.")
_READERS: dict[str, Callable[[EscapeState, Command], EscapeMove | Refusal]] = {
    "search": _read_search, "unlock": _read_unlock, "enter": _read_enter, "go": _read_go,
    "take": lambda _, __: illegal("You take every key as soon as you find it."),
    "note": lambda _, __: illegal("A note falls to dust once it is read."),
    "drop": lambda _, __: illegal("There is no need to put anything down."),
    "look": lambda _, __: LOOK,
}  # fmt: skip
