"""Sink a hidden fleet with a limited number of shots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, islice, product
from math import comb, prod
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.cells import MOST_COLUMNS, cell_name, drawing, members, read_cell

Fleet = tuple[int, ...]  # the cells of each ship, as bits: bit i is the cell i


class BattleshipState(NamedTuple):
    """Where the ships are and what was fired at.

    Attributes:
        ships: the cells of each ship, as bits, the longest ships first.
        fired: the cells fired at, as bits.
        last: the cell fired at last, None before the first shot.
    """

    ships: Fleet
    fired: int = 0
    last: int | None = None


@dataclass(frozen=True)
class Battleship(Game[BattleshipState, int]):
    """Sink the ships of a hidden fleet, told after each shot whether it hit, with fewer shots than there are cells.

    Source:
        The pencil-and-paper game of the 1910s, sold as Battleship by Milton Bradley (1967), here for one
        player and with limited shots. As there, ships may touch and it is told when one is sunk; here
        the cells of a sunk ship are shown as such, so that it is clear which hits belong together.
    Players and turns:
        One player, one shot a turn.
    What the player sees:
        The result of the last shot, the shots left, the lengths of the ships not yet sunk, and the
        grid: `?` not fired at, `-` miss, `X` hit, `S` cell of a sunk ship. Everything a player can know
        is in the newest view.
    Replies:
        `fire B3`, or just the cell; `shoot`, `attack`, `target`, `column B, row 3` and the like are
        understood. In a longer reply the last cell after such a word, or alone on a line, counts, else
        the last cell. A cell can be fired at only once.
    Rules:
        Every ship covers `length` cells in a row or a column, and no cell is in two ships. All
        arrangements of the fleet are equally likely.
    Rewards:
        An equal share of 1 for each ship when it is sunk; a hit alone pays nothing. Return in 0 … 1; with
        very few shots not all ships can be sunk, and with shots for nearly all cells not all be missed.
    End:
        All ships are sunk or the shots are used up.
    Parameters:
        width: columns of the grid.
        height: rows of the grid.
        fleet: the lengths of the ships, 2 or more each, apart by spaces; together they cover at most a
            third of the cells.
        shots: the number of shots allowed.
    Size:
        6,078,844 arrangements by default, 10 at easy; at most `shots` turns.
    Known values:
        With one ship, random is C(cells - length, shots - length) / C(cells, shots). At easy (width=4,
        height=3, fleet="3", shots=5) optimal is 0.7, plan 0.2, myopic 0.2279 and random 1/22. The expert
        is not always optimal: it takes the shot most likely to hit. It sinks the classic fleet, "5 4 3 3
        2" on 10 x 10 cells, with 45 shots on average (100 episodes).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"width": 4, "height": 3, "fleet": "3", "shots": 5},
        "medium": {},
        "hard": {"width": 10, "height": 10, "fleet": "5 4 3 3 2", "shots": 50},
        "extreme": {"width": 16, "height": 16, "fleet": "6 5 4 4 3 3 2 2", "shots": 130},
    }

    width: int = 7
    height: int = 7
    fleet: str = "4 3 2 2"
    shots: int = 28

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("width", self.width, 3, MOST_COLUMNS)
        check_range("height", self.height, 3, 26)
        check_range("shots", self.shots, 1, self.width * self.height)
        words = str(self.fleet).split()
        if not 1 <= len(words) <= 10 or not all(word.isdecimal() and int(word) >= 2 for word in words):
            raise ArgumentError(f"fleet must be 1 to 10 lengths of at least 2, such as '4 3 2', not {self.fleet!r}")
        if max(self.lengths) > max(self.width, self.height) or 3 * sum(self.lengths) > self.width * self.height:
            raise ArgumentError(
                f"fleet must have ships that fit in a row or column and take at most a third of the "
                f"{self.width} x {self.height} cells, not {self.fleet!r}"
            )

    @property
    def lengths(self) -> tuple[int, ...]:
        """The lengths of the ships, the longest first."""
        return tuple(sorted(map(int, str(self.fleet).split()), reverse=True))

    @property
    def max_turns(self) -> int:
        return self.shots

    @property
    def return_range(self) -> tuple[float, float]:
        ships = len(self.lengths)
        missed = min(ships, self.width * self.height - self.shots)
        sunk = sum(cells <= self.shots for cells in accumulate(reversed(self.lengths)))
        return ((ships - missed) / ships, sunk / ships)

    # The opening

    def deals(self) -> Distribution[BattleshipState] | None:
        places = [_places(self.width, self.height, length) for length in self.lengths]
        if prod(map(len, places)) > _LISTED:
            return None
        return uniform([BattleshipState(ships) for ships in _fleets(self.width, self.height, self.lengths)])

    def deal(self, random: Random) -> BattleshipState:
        while True:
            ships = [random.choice(_places(self.width, self.height, length)) for length in self.lengths]
            if _union(ships).bit_count() == sum(self.lengths):
                return BattleshipState(_in_order(ships))

    # The rules

    def to_move(self, state: BattleshipState) -> tuple[int, ...]:
        over = _sunk(state) == state.ships or state.fired.bit_count() == self.shots
        return () if over else (0,)

    def legal(self, state: BattleshipState, player: int) -> tuple[int, ...]:
        return tuple(members(self._grid & ~state.fired))

    def apply(self, state: BattleshipState, move: int) -> BattleshipState:
        return BattleshipState(state.ships, state.fired | 1 << move, move)

    def rewards(self, state: BattleshipState, move: int, after: BattleshipState) -> tuple[float, ...]:
        return ((len(_sunk(after)) - len(_sunk(state))) / len(state.ships),)

    @property
    def _grid(self) -> int:
        return (1 << self.width * self.height) - 1

    # The words

    def instructions(self, player: int) -> str:
        lengths = ", ".join(map(str, self.lengths))
        if len(self.lengths) == 1:
            fleet = f"A ship of length {lengths} is hidden"
            ships, pay = "The ship", "You earn 1 point for sinking it."
        else:
            fleet = f"A fleet of {len(self.lengths)} ships of the lengths {lengths} is hidden"
            ships = "Ships may touch but never share a cell. Each"
            pay = "Sinking the whole fleet pays 1 point, an equal share for each ship when it is sunk."
        return (
            f"{fleet} in a grid of {self.width} x {self.height} cells; columns have letters, rows have numbers. "
            f"{ships} lies straight in one row or one column and covers as many cells as it is long. "
            f"You have {_count(self.shots, 'shot')}. Each turn you fire at one cell and I tell you whether you hit "
            "a ship; a ship is sunk when all of its cells are hit. In the grid, ? is a cell you have not fired at, - a "
            f"miss, X a hit, S a cell of a sunk ship. {pay}\n"
            "Reply with the cell to fire at, for example: fire A1"
        )

    def view(self, state: BattleshipState, player: int) -> str:
        return f"{self._news(state)}{self._standing(state)}\n{drawing(self._marks(state), self.width)}"

    def _marks(self, state: BattleshipState) -> list[str]:
        ships, sunk = _union(state.ships), _union(_sunk(state))
        unhit = "?" if self.to_move(state) else "*"
        return [
            ("S" if sunk & cell else "X" if ships & cell else "-")
            if state.fired & cell
            else unhit
            if ships & cell
            else "?"
            for cell in (1 << place for place in range(self.width * self.height))
        ]

    def _news(self, state: BattleshipState) -> str:
        if state.last is None:
            return ""
        cell, hit = cell_name(state.last, self.width), 1 << state.last
        sunk = next((ship for ship in _sunk(state) if ship & hit), 0)
        if sunk:
            return f"{cell}: hit, and the ship of length {sunk.bit_count()} is sunk. "
        return f"{cell}: {'hit' if _union(state.ships) & hit else 'miss'}. "

    def _standing(self, state: BattleshipState) -> str:
        afloat = [str(ship.bit_count()) for ship in state.ships if ship & ~state.fired]
        left = self.shots - state.fired.bit_count()
        if not afloat:
            return "You have sunk the whole fleet. You win."
        if not left:
            return "No shots left. Where you did not hit a ship is shown as *."
        return f"{_count(left, 'shot')} left. Not sunk yet: length{'s' * (len(afloat) > 1)} {', '.join(afloat)}."

    def say(self, state: BattleshipState, move: int) -> str:
        return f"fire {cell_name(move, self.width)}"

    def read(self, state: BattleshipState, player: int, text: str) -> int | Refusal:
        cell = read_cell(text, self.width, self.height, _VERBS)
        if not isinstance(cell, Refusal) and state.fired >> cell & 1:
            return illegal(f"You have already fired at {cell_name(cell, self.width)}. Fire at a cell that shows ?.")
        return cell

    def progress(self, state: BattleshipState) -> float:
        """The share of the cells of the fleet that are hit."""
        return (_union(state.ships) & state.fired).bit_count() / sum(self.lengths)

    def expert(self, state: BattleshipState, player: int) -> Distribution[int]:
        """The cell in most arrangements that agree with the view, see `_hit_counts`; the first of equals."""
        sunk = _union(_sunk(state))
        hits = _union(state.ships) & state.fired & ~sunk
        misses = state.fired & ~hits
        lengths = tuple(ship.bit_count() for ship in state.ships if ship & ~state.fired)
        counts = _hit_counts(self.width, self.height, lengths, hits, misses)
        free = self.legal(state, player)
        return ((max(free, key=lambda cell: counts[cell]), Fraction(1)),)


_LISTED = 20_000
"""Fleets that have more places than these, one ship after the other, are drawn, not listed."""

_MOST_COVERS = 300
"""The expert tries as many ways to cover the hits, those with few ships first."""

_VERBS = ("fire", "firing", "shoot", "shooting", "attack", "target", "bomb")


def _count(n: int, one: str) -> str:
    return f"{n} {one}{'s' * (n != 1)}"


# Ships and fleets


def _union(ships: Sequence[int]) -> int:
    cells = 0
    for ship in ships:
        cells |= ship
    return cells


def _sunk(state: BattleshipState) -> Fleet:
    return tuple([ship for ship in state.ships if not ship & ~state.fired])


def _in_order(ships: Iterable[int]) -> Fleet:
    """Return ships with the longest first, so that equal fleets are equal."""
    return tuple(sorted(ships, key=lambda ship: (-ship.bit_count(), ship)))


@lru_cache(maxsize=64)
def _places(width: int, height: int, length: int) -> tuple[int, ...]:
    """Return the cells of a ship of some length in each of its places."""
    rows = [
        sum(1 << row * width + column + i for i in range(length))
        for row in range(height)
        for column in range(width - length + 1)
    ]
    columns = [
        sum(1 << (row + i) * width + column for i in range(length))
        for row in range(height - length + 1)
        for column in range(width)
    ]
    return (*rows, *columns)


def _fleets(width: int, height: int, lengths: tuple[int, ...]) -> list[Fleet]:
    """Return every arrangement of the fleet once, in a fixed order."""
    places = [_places(width, height, length) for length in lengths]
    apart = (ships for ships in product(*places) if _union(ships).bit_count() == sum(lengths))
    return list(dict.fromkeys(map(_in_order, apart)))


# Counting for the expert


@lru_cache(maxsize=4096)
def _hit_counts(width: int, height: int, lengths: tuple[int, ...], hits: int, misses: int) -> tuple[int, ...]:
    """Return for each cell in how many arrangements of the ships not sunk it is covered.

    All ways to cover the hits are tried. The ships that are left then are counted one by one, as if they could
    overlap each other: exact with one such ship, and close enough with more.
    """
    places = {
        length: [ship for ship in _places(width, height, length) if not ship & misses and ship & ~hits]
        for length in set(lengths)
    }
    weights: dict[int, int] = {}
    for ships, loose in islice(_covers(places, lengths, hits, 0), _MOST_COVERS):
        taken = _union(ships)
        free = {length: [ship for ship in places[length] if not ship & taken] for length in set(loose)}
        ways = prod(comb(len(free[length]), loose.count(length)) for length in free)
        for ship in ships:
            weights[ship] = weights.get(ship, 0) + ways
        for length, alike in free.items():
            for ship in alike if ways else ():
                weights[ship] = weights.get(ship, 0) + ways * loose.count(length) // len(alike)
    counts = [0] * (width * height)
    for ship, weight in weights.items():
        for cell in members(ship):
            counts[cell] += weight
    return tuple(counts)


def _covers(
    places: Mapping[int, Sequence[int]], lengths: tuple[int, ...], hits: int, taken: int
) -> Iterator[tuple[Fleet, tuple[int, ...]]]:
    """Yield the ways to cover the hits with ships in `places` that share no cell, and the lengths left over."""
    if not hits:
        yield (), lengths
        return
    first = hits & -hits
    fitting = [ship for length in set(lengths) for ship in places[length] if ship & first and not ship & taken]
    for ship in sorted(fitting, key=lambda ship: (-(ship & hits).bit_count(), ship)):
        place = lengths.index(ship.bit_count())
        others = lengths[:place] + lengths[place + 1 :]
        for ships, loose in _covers(places, others, hits & ~ship, taken | ship):
            yield (ship, *ships), loose
