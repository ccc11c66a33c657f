"""Get a car out of a crowded yard in which every car can only go back and forth."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from itertools import combinations
from operator import or_
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import NOT
from textenvs.core.refusal import Refusal, illegal
from textenvs.core.search import shortest_path
from textenvs.games.directions import WORDS, Direction

Move = tuple[str, Direction]
"""The letter of a car, and where it goes by one square."""


class RushHourState(NamedTuple):
    """A yard.

    Attributes:
        yard: rows of letters, each car its own, and `.` for free squares, joined by line feeds.
        turn: turns used up so far.
        blocked: whether the last move was not possible.
    """

    yard: str
    turn: int = 0
    blocked: bool = False


@dataclass(frozen=True)
class RushHour(Game[RushHourState, Move]):
    """Bring car A to the exit of a yard full of cars that can only go along the line they stand in.

    Source:
        Rush Hour (Nob Yoshigahara, 1970s; Binary Arts 1996). A turn here moves a car by one square, what
        the literature calls a step, while a move there is any way along the line; and car A needs only
        to reach the exit, not to leave. Yards are drawn at random and checked by search.
    Players and turns:
        One player, one car a turn.
    What the player sees:
        The yard, a letter for each car, `.` for a free square and `>` for the exit, and the number of
        the turn.
    Replies:
        `move B up`; `slide car B upwards`, `B: up`, `b north` and the like are understood. In a longer
        reply the last car with a direction after such a verb counts, else the last one. A number of
        squares is ignored.
    Rules:
        A car covers two or three squares of a row or of a column and moves along it by one square. If
        that square is taken or outside of the yard, nothing moves: legal and wasteful. To ask for the
        other axis is illegal.
    Rewards:
        1 when car A reaches the exit, 0 otherwise. Return in 0 … 1.
    End:
        Car A covers the right end of its row, or the turns are used up.
    Parameters:
        size: squares along each side of the yard. Car A begins at the left end of row (size + 1) / 2,
            rounded down, from the top; no other car lies in that row.
        cars: the number of cars, A included, at most 2 x size - 3. Except on 4 x 4 the first two of the
            others are drawn among the places in the way of A.
        least: the fewest moves that the way out takes, at least.
        turns: the number of turns; the way out takes at most so many moves.
    Size:
        On 4 x 4 all yards are listed, equally likely: 58 at easy. Larger ones are drawn, by default some
        millions (estimated from repeated draws). At most `turns` turns.
    Known values:
        Optimal and plan are 1, and the expert takes the fewest moves. At easy myopic is 0.2996 and
        random 0.1214. The hardest yard of 6 x 6 without walls in the database of Fogleman (2018,
        michaelfogleman.com/rush) takes 51 slides of any length and belongs to 4,780 positions that can
        be reached from each other (computed in the tests); here it takes 81 moves.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"size": 4, "cars": 3, "least": 3, "turns": 14},
        "medium": {},
        "hard": {"cars": 8, "least": 12, "turns": 120},
        "extreme": {"cars": 8, "least": 16, "turns": 250},
    }

    size: int = 6
    cars: int = 7
    least: int = 8
    turns: int = 60

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("size", self.size, 4, 8)
        check_range("cars", self.cars, 2, 2 * self.size - 3)
        check_range("least", self.least, 1, 100)
        check_range("turns", self.turns, self.least, 100_000)

    @property
    def max_turns(self) -> int:
        return self.turns

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[RushHourState] | None:
        if self.size > _LISTED_SIZE:
            return None
        yards = [yard for yard, moves in _listed(self.size, self.cars) if self.least <= moves <= self.turns]
        if not yards:
            raise self._no_yard()
        return uniform([RushHourState(yard) for yard in yards])

    def deal(self, random: Random) -> RushHourState:
        if self.size <= _LISTED_SIZE:
            return super().deal(random)
        for _ in range(_DRAWS_BEFORE_GIVING_UP):
            yard = _drawn(self.size, self.cars, random)
            if yard and self.least <= len(_way_out(yard, _POSITIONS_OF_A_DEAL)) <= self.turns:
                return RushHourState(yard)
        raise self._no_yard()

    def _no_yard(self) -> ArgumentError:
        return ArgumentError(f"found no yard that takes least={self.least} to turns={self.turns} moves: {self!r}")

    def content(self, state: RushHourState) -> str:
        return state.yard

    def to_move(self, state: RushHourState) -> tuple[int, ...]:
        return () if _is_out(state.yard) or state.turn == self.turns else (0,)

    def legal(self, state: RushHourState, player: int) -> tuple[Move, ...]:
        return tuple((car, way) for car, ways in _ways(state.yard).items() for way in ways)

    def apply(self, state: RushHourState, move: Move) -> RushHourState:
        yard = _moved(state.yard, move)
        return RushHourState(yard, state.turn + 1, blocked=yard == state.yard)

    def rewards(self, state: RushHourState, move: Move, after: RushHourState) -> tuple[float, ...]:
        return (1.0 if _is_out(after.yard) else 0.0,)

    def instructions(self, player: int) -> str:
        return (
            f"Cars are parked in a yard of {self.size} x {self.size} squares. Each letter is a car, . is a free square "
            "and > is the exit, at the right end of the row of car A. Bring car A to the exit, that is, to the last "
            f"two squares of its row, within {self.turns} turn{'s' * (self.turns > 1)}. Each turn, move one car by one "
            "square. A car that lies in a row can only move left or right, and one that stands in a column only up or "
            "down. If another car or the end of the yard is in the way, nothing moves, but the turn is used up. You "
            "earn 1 point when car A is at the exit.\n"
            "Reply with a car and a direction, for example: move A right"
        )

    def view(self, state: RushHourState, player: int) -> str:
        told = "The way is blocked. " if state.blocked else ""
        if _is_out(state.yard):
            ending = "Car A is at the exit. You win."
        elif state.turn == self.turns:
            ending = "Your turns are used up."
        else:
            ending = f"Turn {state.turn + 1} of {self.turns}."
        rows = [" ".join(row) for row in state.yard.split("\n")]
        rows[_exit_row(self.size)] += " >"
        return "\n".join([*rows, f"{told}{ending}"])

    def say(self, state: RushHourState, move: Move) -> str:
        return f"move {move[0]} {move[1]}"

    def read(self, state: RushHourState, player: int, text: str) -> Move | Refusal:
        named = _named(text)
        if named is None:
            return Refusal("I read no move in that. Reply with a car and a direction, as in 'move A right'.")
        car, way = named
        ways = _ways(state.yard)
        if car not in ways:
            return illegal(f"There is no car {car}: the cars are {', '.join(ways)}.")
        if way not in ways[car]:
            return illegal(f"Car {car} can only move {' or '.join(ways[car])}.")
        return named

    def progress(self, state: RushHourState) -> float:
        """Minus the squares from car A to the exit and the cars on them."""
        cars, offsets = _parked(state.yard)
        return -float(_estimate(cars, offsets))

    def expert(self, state: RushHourState, player: int) -> Distribution[Move]:
        """Takes a way out with the fewest moves; any car where it finds none."""
        path = _way_out(state.yard, _POSITIONS)
        return ((path[0], Fraction(1)),) if path else uniform(self.legal(state, player))


_LISTED_SIZE = 4
"""Larger yards are drawn, not listed."""

_DRAWS_BEFORE_GIVING_UP = 3_000

_POSITIONS_OF_A_DEAL = 1_000
"""Positions that the search looks at before a yard that was drawn is given up."""

_POSITIONS = 30_000
"""Positions that the search looks at before the expert gives up."""

_LETTERS = "ABCDEFGHJKLMNPQR"  # without those that look like the word "I" and a zero


# Yards -----------------------------------------------------------------------------------------------


def _exit_row(size: int) -> int:
    """Return the row of car A: the third from the top of 6, as in the boxed game."""
    return (size - 1) // 2


@lru_cache(maxsize=65_536)
def _is_out(yard: str) -> bool:
    """Return whether car A is at the right end of its row."""
    after = yard.rindex("A") + 1
    return yard[after : after + 1] in ("", "\n")


@lru_cache(maxsize=65_536)
def _ways(yard: str) -> dict[str, tuple[Direction, Direction]]:
    """Return for each car, in order, the directions of its line."""
    cars = sorted(set(yard) - {".", "\n"})
    return {car: ("left", "right") if 2 * car in yard else ("up", "down") for car in cars}


def _moved(yard: str, move: Move) -> str:
    """Return the yard after a move, the same where the way is blocked."""
    car, way = move
    width = yard.index("\n") + 1
    step = {"up": -width, "down": width, "left": -1, "right": 1}[way]
    squares = [square for square, sign in enumerate(yard) if sign == car]
    there = [square + step for square in squares]
    if there[0] < 0 or there[-1] >= len(yard) or any(yard[square] not in (".", car) for square in there):
        return yard
    signs = list(yard.replace(car, "."))
    for square in there:
        signs[square] = car
    return "".join(signs)


# Sets of squares are whole numbers whose bit i stands for the square i, row by row.


class _Car(NamedTuple):
    """What a car is, wherever on its line it stands.

    Attributes:
        ways: the directions towards smaller and larger offsets.
        places: the squares it covers for each offset from the start of its line.
    """

    ways: tuple[Direction, Direction]
    places: tuple[int, ...]


Offsets = tuple[int, ...]


@lru_cache(maxsize=512)
def _car(size: int, lying: bool, line: int, length: int) -> _Car:
    def square(place: int) -> int:
        return line * size + place if lying else place * size + line

    places = [sum(1 << square(start + i) for i in range(length)) for start in range(size - length + 1)]
    return _Car(("left", "right") if lying else ("up", "down"), tuple(places))


@lru_cache(maxsize=65_536)
def _parked(yard: str) -> tuple[tuple[_Car, ...], Offsets]:
    """Return the cars of a yard in the order of their letters, A first, and how far along its line each one is."""
    size = yard.index("\n")
    flat = yard.replace("\n", "")
    cars, offsets = [], []
    for letter, ways in _ways(yard).items():
        row, column = divmod(flat.index(letter), size)
        lying = ways[0] == "left"
        cars.append(_car(size, lying, row if lying else column, flat.count(letter)))
        offsets.append(column if lying else row)
    return tuple(cars), tuple(offsets)


def _taken(cars: tuple[_Car, ...], offsets: Offsets) -> int:
    """Return the squares that cars stand on."""
    return sum(car.places[offset] for car, offset in zip(cars, offsets, strict=True))


@lru_cache(maxsize=512)
def _ahead(red: _Car, offset: int) -> int:
    """Return the squares between car A and the exit."""
    ahead = 0
    for place in red.places[offset:]:
        ahead |= place
    return ahead & ~red.places[offset]


def _estimate(cars: tuple[_Car, ...], offsets: Offsets) -> int:
    """Return how many moves the way out takes at least: those of car A, and one for each car before it."""
    red, offset = cars[0], offsets[0]
    return len(red.places) - 1 - offset + (_taken(cars, offsets) & _ahead(red, offset)).bit_count()


def _moves(cars: tuple[_Car, ...], offsets: Offsets) -> Iterator[tuple[tuple[int, int], Offsets]]:
    """Yield the moves that are possible, each a car and a step, with the offsets after it."""
    taken = _taken(cars, offsets)
    for number, (car, offset) in enumerate(zip(cars, offsets, strict=True)):
        others = taken ^ car.places[offset]
        for step in (-1, 1):
            there = offset + step
            if 0 <= there < len(car.places) and not others & car.places[there]:
                yield (number, step), (*offsets[:number], there, *offsets[number + 1 :])


@lru_cache(maxsize=65_536)
def _way_out(yard: str, limit: int) -> tuple[Move, ...]:
    """Return the moves of a shortest way out, none if none was found."""
    cars, start = _parked(yard)
    path = shortest_path(
        start,
        lambda offsets: _moves(cars, offsets),
        lambda offsets: offsets[0] == len(cars[0].places) - 1,
        lambda offsets: _estimate(cars, offsets),
        limit=limit,
    )
    letters = list(_ways(yard))
    return tuple((letters[number], cars[number].ways[step > 0]) for number, step in path or ())


# Making yards ----------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _all_places(size: int) -> tuple[int, ...]:
    """Return the squares of cars of 2 and 3 squares at every place where they may begin.

    None lies in the row of car A, and none is so long that, standing, it could never leave that row.
    """
    row = _exit_row(size)
    lying = [_car(size, True, line, length) for line in range(size) if line != row for length in (2, 3)]
    room = max(row, size - row - 1)
    standing = [_car(size, False, line, length) for line in range(size) for length in (2, 3) if length <= room]
    return tuple(place for car in (*lying, *standing) for place in car.places)


def _red_car(size: int) -> int:
    """Return the squares of car A at the start: the left end of its row."""
    return 0b11 << _exit_row(size) * size


def _drawn(size: int, cars: int, random: Random) -> str | None:
    """Return a yard with cars at random places, the first two of them before car A; None where there was no room."""
    taken = _red_car(size)
    places = [taken]
    ahead = ((1 << size - 2) - 1) << _exit_row(size) * size + 2
    for number in range(1, cars):
        free = [place for place in _all_places(size) if not place & taken and (number > 2 or place & ahead)]
        if not free:
            return None
        places.append(random.choice(free))
        taken |= places[-1]
    return _lettered(size, places)


def _lettered(size: int, places: Sequence[int]) -> str:
    """Return the yard with a car at each of `places`: A first, the others in the order in which they are read."""
    first, *others = places
    signs = ["."] * size**2
    for letter, place in zip(_LETTERS, [first, *sorted(others, key=lambda place: place & -place)], strict=False):
        for square in range(size**2):
            if place >> square & 1:
                signs[square] = letter
    return "\n".join("".join(signs[start : start + size]) for start in range(0, size**2, size))


@lru_cache(maxsize=16)
def _listed(size: int, cars: int) -> tuple[tuple[str, int], ...]:
    """Return all yards with car A at the left end, each with the moves of its shortest way out, 0 if there is none."""
    choices = ((_red_car(size), *others) for others in combinations(_all_places(size), cars - 1))
    yards = [_lettered(size, places) for places in choices if _fit(places)]
    return tuple((yard, len(_way_out(yard, _POSITIONS))) for yard in yards)


def _fit(places: Sequence[int]) -> bool:
    """Return whether no two of `places` share a square."""
    return reduce(or_, places).bit_count() == sum(place.bit_count() for place in places)


# Reading ---------------------------------------------------------------------------------------------

# Patterns for texts whose white space is single spaces. A single small "a" is a word, and so is "I".
_WAY = rf"((?i:{'|'.join(WORDS)}))(?![\w-])"
_BETWEEN = r"[ :,>→-]{1,4}(?:(?i:one|a|\d|goes|moves|moving|to|the|by|steps?|squares?|spaces?|cells?) ){0,4}"
_VERB = r"\b(?i:move|moving|push|slide|shift|drive|take|get) (?i:the )?(?i:red )?(?i:(?:car|truck|vehicle|block) )?"
_NOUN = r"\b(?i:car|truck|vehicle|block) "
_ASKED = re.compile(rf"(?:{_VERB}|{_NOUN})([A-Za-z]){_BETWEEN}{_WAY}")
_SAID = re.compile(rf"(?<![\w'’])([A-HJ-Zb-hj-z]){_BETWEEN}{_WAY}")
_ALONE = re.compile(rf"\A\W{{0,9}}([A-Za-z]){_BETWEEN}{_WAY}\W{{0,9}}\Z")
_RULED_OUT = re.compile(rf"(?i:{NOT})(?:{_VERB}|{_NOUN})?[A-Za-z]{_BETWEEN}{_WAY}")


def _named(text: str) -> Move | None:
    """Return the car and the direction that a reply asks for, be there such a car or not."""
    text = _RULED_OUT.sub(" ", " ".join(text.split()))
    for pattern in (_ASKED, _SAID, _ALONE):
        found = deque(pattern.finditer(text), maxlen=1)
        if found:
            return found[0][1].upper(), WORDS[found[0][2].lower()]
    return None
