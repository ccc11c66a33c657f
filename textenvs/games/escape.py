"""Get out of a house whose doors fall shut: search for keys and codes, and remember the codes for doors to come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar

from textenvs.core.draws import every_outcome
from textenvs.core.errors import check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.refusal import Refusal
from textenvs.games import escape_parser
from textenvs.games.escape_world import (
    GO,
    LOOK,
    PLACES,
    EscapeMove,
    EscapeState,
    Sizes,
    World,
    act,
    carried,
    codes_read,
    draw_opening,
    is_code,
    is_outside,
    keys_at,
    lock,
    moves,
    notes_at,
)
from textenvs.games.quest_world import METALS, ROOMS, key_of


@dataclass(frozen=True)
class Escape(Game[EscapeState, EscapeMove]):
    """Get out of a row of locked rooms with hidden keys, and with codes read long before they are needed.

    Source:
        Written for textenvs in the manner of escape rooms and of the T-maze, in which what was seen at
        the start decides at the end (Bakker 2001, Reinforcement learning with long short-term memory).
    Players and turns:
        One player, one command a turn.
    What the player sees:
        What came of the last command; the room, its lock, the places to search, those searched, and
        the keys carried; the turns left. What a note says is shown when it is found and never again:
        the player must remember it. Nothing is told of the rooms to come.
    Replies:
        `search the desk`, `unlock the door with the brass key`, `enter 417`, `go through the door`,
        `look`, and many synonyms. In a longer reply the last command counts.
    Rules:
        The rooms lie in a row. Each has one locked door, which leads to the next room and the last one
        outside. It falls shut behind the player, so there is no way back. A lock wants a key, named by
        its metal, or a code, entered on a keypad. For each door there is one key or one note, hidden in
        its own room or an earlier one, each place of each such room being equally likely; a place may
        hide several. Searching a place shows all it hides: keys are taken and stay in the lock that
        they open; notes are read and fall to dust. A note names the room of its door. Decoys are notes
        about rooms that do not exist, hidden anywhere. Trying a key that does not fit uses a turn. Any
        code may be entered at a keypad, no code twice; after `tries` wrong codes at one door it goes
        dead, and the game is lost. A door may be opened before the room has been searched.
        Where there are more than 9 codes, the legal moves list those read so far and the lowest other
        one. The rest may be entered too, but no code that was not read is likelier than another.
    Rewards:
        1 for getting outside, 0 otherwise. Return in 0 … 1.
    End:
        The player is outside, a keypad goes dead, or the turns are used up.
    Parameters:
        rooms: the number of rooms, each with one lock.
        places: the number of places to search in each room.
        codes: the number of locks with a code; the others take keys, of which there are at most 10.
        digits: the number of digits in a code.
        highest: the highest digit in a code; the lowest is 1.
        decoys: the number of notes of no use.
        tries: the wrong codes at one door that lose the game.
        turns: the turns in an episode; 0 stands for rooms x (places + 2), just what it takes to search
            everything and to open and pass every door.
        names: "drawn" for every house, or "fixed", which leaves so few instances of up to 2 rooms, 2
            places, 1 code, 1 digit and no decoys that they are listed, and their values exact.
    Size:
        By the codes alone 729 x 728 x 727 x 726, or 3 x 10^11 instances at the defaults; 48 at level easy.
    Known values:
        With `turns` of at least rooms x (places + 2) optimal is 1: the expert, which searches everything,
        always escapes. Without notes read, each keypad is passed with probability tries / highest^digits,
        so with one code and just those turns and one try the plan value is 1 / highest^digits. Level
        easy: optimal 1, plan 1/3, myopic 0.109, random 0.055.
    Versions:
        v0: first release.
    """

    open_ended: ClassVar[bool] = True
    levels: ClassVar[Levels] = {
        "easy": {
            "rooms": 2,
            "places": 2,
            "codes": 1,
            "digits": 1,
            "highest": 3,
            "decoys": 0,
            "tries": 1,
            "names": "fixed",
        },
        "medium": {},
        "hard": {"rooms": 8, "places": 4, "codes": 5, "decoys": 4},
        "extreme": {"rooms": 20, "places": 6, "codes": 12, "decoys": 8},
    }

    rooms: int = 4
    places: int = 3
    codes: int = 2
    digits: int = 3
    highest: int = 9
    decoys: int = 2
    tries: int = 3
    turns: int = 0
    names: str = "drawn"

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("digits", self.digits, 1, 4)
        check_range("highest", self.highest, 2, 9)
        check_range("rooms", self.rooms, 1, len(ROOMS))
        check_range("places", self.places, 1, len(PLACES))
        check_range("codes", self.codes, max(0, self.rooms - len(METALS)), min(self.rooms, self.highest**self.digits))
        check_range("decoys", self.decoys, 0, min(len(ROOMS) - self.rooms, self.highest**self.digits - self.codes))
        check_range("tries", self.tries, 1, 10)
        check_range("turns", self.turns, 0, 10_000)
        check_choice("names", self.names, ("drawn", "fixed"))

    @property
    def max_turns(self) -> int:
        return self.turns or self.rooms * (self.places + 2)

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[EscapeState] | None:
        few = self.digits == 1 and self.rooms <= 2 and self.places <= 2 and self.codes <= 1 and not self.decoys
        return _every_deal(self) if few and self.names == "fixed" else None

    def deal(self, random: Random) -> EscapeState:
        sizes = Sizes(self.rooms, self.places, self.codes, self.digits, self.highest, self.decoys)
        return draw_opening(random, sizes, named_anew=self.names == "drawn")

    def content(self, state: EscapeState) -> World:
        return state.world

    def to_move(self, state: EscapeState) -> tuple[int, ...]:
        over = is_outside(state) or self._is_dead(state) or state.turn == self.max_turns
        return () if over else (0,)

    def _is_dead(self, state: EscapeState) -> bool:
        return len(state.wrong) == self.tries

    def legal(self, state: EscapeState, player: int) -> tuple[EscapeMove, ...]:
        return tuple(moves(state))

    def apply(self, state: EscapeState, move: EscapeMove) -> EscapeState:
        told = move if move.verb in ("search", "unlock", "enter") else None
        return act(state, move)._replace(turn=state.turn + 1, last=told)

    def rewards(self, state: EscapeState, move: EscapeMove, after: EscapeState) -> tuple[float, ...]:
        return (1.0 if is_outside(after) else 0.0,)

    def instructions(self, player: int) -> str:
        keys, codes = self.codes < self.rooms, self.codes > 0
        example = [", unlock the door with the brass key"] * keys + [f", enter {'1212'[: self.digits]}"] * codes
        return (
            f"{self._told_house()} Get outside within {_turns(self.max_turns)} to earn 1 point.\n"
            f"{self._told_locks()} Search the things that you see; each shows all that it hides."
            f"{' You take the keys that you find.' * keys}{self._told_notes() * codes}\n"
            f"Commands: search the desk{''.join(example)}, go through the door, look. Each uses a turn.\n"
            "Reply with one command, for example: look"
        )

    def _told_house(self) -> str:
        if self.rooms == 1:
            return "You are locked in a house of one room. Its door leads outside."
        return (
            f"You are locked in a house of {self.rooms} rooms in a row. Each room has a locked door to the next one, "
            "the last room to the outside. Doors fall shut behind you: there is no way back."
        )

    def _told_locks(self) -> str:
        code = f"a code of {_count(self.digits, 'digit')} from 1 to {self.highest}"
        needs = {0: "a key", self.rooms: code}.get(self.codes, f"a key or {code}")
        hidden = {0: "The key", self.rooms: "A note with the code"}.get(self.codes, "The key, or a note with the code,")
        where = "in the room" if self.rooms == 1 else "in the same room or in an earlier one"
        return f"A door needs {needs}. {hidden} is hidden {where}."

    def _told_notes(self) -> str:
        useless = " Some notes are of no use." if self.decoys else ""
        wrong = f"{self.tries} wrong codes at a door lose" if self.tries > 1 else "A wrong code loses"
        return (
            " A note tells the code and the name of its room once and falls to dust, so remember both."
            f"{useless} {wrong} the game."
        )

    def view(self, state: EscapeState, player: int) -> str:
        if is_outside(state):
            return "You step outside. You have escaped."
        left = self.max_turns - state.turn
        if self._is_dead(state):
            ending = "The keypad goes dead: you cannot escape any more."
        else:
            ending = f"{_turns(left)} left." if left else "No turns left: you did not escape."
        return "\n".join((*_told(state), *self._situation(state), ending))

    def _situation(self, state: EscapeState) -> Iterator[str]:
        number = f", room {state.room + 1} of {self.rooms}" if self.rooms > 1 else ""
        yield f"You are in the {state.world.rooms[state.room]}{number}. {self._door(state)}"
        places = enumerate(state.world.places[state.room])
        seen = ", ".join(f"{place} (searched)" if k in state.searched else place for k, place in places)
        held = f" You carry: {', '.join(carried(state)) or 'nothing'}." if self.codes < self.rooms else ""
        yield f"You see: {seen}.{held}"

    def _door(self, state: EscapeState) -> str:
        if state.is_open:
            return "The door is open."
        if not is_code(lock(state)):
            return f"The door needs the {key_of(lock(state))}."
        left = self.tries - len(state.wrong)
        return f"The door needs a code of {_count(self.digits, 'digit')}; {_count(left, 'try', 'tries')} left."

    def say(self, state: EscapeState, move: EscapeMove) -> str:
        match move.verb:
            case "search":
                return f"search the {move.thing}"
            case "unlock":
                return f"unlock the door with the {move.thing}"
            case "go":
                return "go through the door"
        return f"{move.verb} {move.thing}".rstrip()

    def read(self, state: EscapeState, player: int, text: str) -> EscapeMove | Refusal:
        return escape_parser.read(state, text)

    def progress(self, state: EscapeState) -> float:
        """Doors passed, and of the things that open those left the share found."""
        left = range(state.room, self.rooms)
        return state.room + (sum(door in state.found for door in left) / len(left) if left else 1.0)

    def vocabulary(self) -> tuple[str, ...]:
        return (*ROOMS, *METALS, *PLACES, "searched", "open", "note", "dust")

    def expert(self, state: EscapeState, player: int) -> Distribution[EscapeMove]:
        """Searches all rooms but the last one, where it stops at what it needs; hurries when turns run out."""
        return ((self._wanted(state), Fraction(1)),)

    def _wanted(self, state: EscapeState) -> EscapeMove:
        legal = list(moves(state))
        doors_left = self.rooms - state.room
        hurried = self.max_turns - state.turn <= 2 * doors_left - state.is_open or doors_left == 1
        searches = [move for move in legal if move.verb == "search"]
        opening = GO if state.is_open else _opening(state)
        if searches and not (hurried and opening):
            return searches[0]
        read = codes_read(state)
        guesses = (move for move in legal if move.verb == "enter" and move.thing not in read)
        return opening or next(guesses, LOOK)


@lru_cache(maxsize=16)
def _every_deal(game: Escape) -> Distribution[EscapeState] | None:
    return every_outcome(game.deal)


def _opening(state: EscapeState) -> EscapeMove | None:
    """How to open the door with what has been found, None if it cannot be."""
    if state.room not in state.found:
        return None
    return EscapeMove("enter", lock(state)) if is_code(lock(state)) else EscapeMove("unlock", key_of(lock(state)))


# What is told ----------------------------------------------------------------------------------------


def _told(state: EscapeState) -> Iterator[str]:
    """What came of the last command."""
    if state.last is None:
        return
    verb, thing = state.last
    if verb == "search":
        place = state.world.places[state.room].index(thing)
        notes = [
            f"A note says that the code of the {room} is {code}, and falls to dust."
            for room, code in notes_at(state, place)
        ]
        finds = [f"You find the {key} and take it." for key in keys_at(state, place)] + notes
        yield f"You search the {thing}. {' '.join(finds) or 'You find nothing.'}"
    elif verb == "unlock":
        yield f"You unlock the door with the {thing}." if state.is_open else f"The {thing} does not fit."
    else:
        yield f"The code {thing} is {'right' if state.is_open else 'wrong'}."


def _turns(n: int) -> str:
    return _count(n, "turn", "turns")


def _count(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
