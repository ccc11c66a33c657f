"""Put out all lights, where every switch also changes the lights next to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from itertools import combinations
from math import comb
from operator import xor
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.refusal import Refusal
from textenvs.games.cells import bits, cell_name, drawing, members, read_cell


class LightsOutState(NamedTuple):
    """A board.

    Attributes:
        lights: the cells whose light is on, as a set of bits: bit i is the cell i, row by row.
        turn: presses made so far.
    """

    lights: int
    turn: int = 0


@dataclass(frozen=True)
class LightsOut(Game[LightsOutState, int]):
    """Put out all lights of a board, where a press changes a light and those above, below, left and right of it.

    Source:
        Lights Out (Tiger Electronics, 1995). Which boards can be solved, and how, is a matter of linear
        equations over two elements (Anderson & Feil, Turning Lights Out with linear algebra, Mathematics
        Magazine 71 (1998), 300-303, doi:10.1080/0025570X.1998.11996658). Only boards that can be solved
        are dealt, and the presses are limited.
    Players and turns:
        One player, one press a turn.
    What the player sees:
        The board, `#` for a light that is on and `.` for one that is off, how many are on, and the
        number of the turn.
    Replies:
        `press B3`, or just the cell; `push`, `toggle`, `click`, `column B, row 3` and the like are
        understood. In a longer reply the last cell after such a word, or alone on a line, counts, else
        the last cell.
    Rules:
        A press changes the light of its cell and of the up to four cells that share a side with it:
        those that are on go off, and the reverse. The order of presses does not matter, and a second
        press of the same cell takes back the first.
    Rewards:
        1 when all lights are off, 0 otherwise. Return in 0 … 1.
    End:
        All lights are off or the turns are used up.
    Parameters:
        rows: of the board.
        columns: of the board.
        scramble: the board is made by pressing 1 to `scramble` different cells when all lights are off,
            each number and then each choice equally likely; so many presses put them out again. At 0
            every board that can be solved is equally likely.
        turns: the number of presses allowed, enough for every board dealt: at least `scramble`, or at 0
            rows x columns.
    Size:
        2^rank boards can be solved, the one without light included: 2^9 on 3 x 3, 2^23 on 5 x 5. At easy
        255 are dealt, by default more than 10^6. At most `turns` turns.
    Known values:
        Optimal and plan are 1; the expert needs the fewest presses. At easy myopic is 0.4080 and random
        0.0613. The rank is rows x columns less 4 on 4 x 4, 2 on 5 x 5, 8 on 9 x 9 and 0 on the other
        square boards up to 10 x 10 (OEIS A159257). No board of 3 x 3 takes more than 9 presses, of 4 x 4
        more than 7, of 5 x 5 more than 15 (computed in the tests).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"rows": 3, "columns": 3, "scramble": 4, "turns": 10},
        "medium": {},
        "hard": {"rows": 7, "columns": 7, "scramble": 20, "turns": 80},
        "extreme": {"rows": 10, "columns": 10, "scramble": 0, "turns": 300},
    }

    rows: int = 5
    columns: int = 5
    scramble: int = 8
    turns: int = 30

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("rows", self.rows, 2, 10)
        check_range("columns", self.columns, 2, 10)
        cells = self.rows * self.columns
        check_range("scramble", self.scramble, 0, cells)
        check_range("turns", self.turns, 1, 100_000)
        least = self.scramble or cells
        if self.turns < least:
            raise ArgumentError(f"a board may take {least} presses, so turns must be at least that, not {self.turns}")

    @property
    def max_turns(self) -> int:
        return self.turns

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[LightsOutState] | None:
        if self.rows * self.columns > _LISTED_CELLS:
            return None
        return _listed(self.rows, self.columns, self.scramble)

    def deal(self, random: Random) -> LightsOutState:
        if self.deals() is not None:
            return super().deal(random)
        lights = 0
        while not lights:
            lights = _after(self._drawn(random), self.rows, self.columns)
        return LightsOutState(lights)

    def _drawn(self, random: Random) -> list[int]:
        """Return the cells whose presses make a board; all sets of them if `scramble` is 0, so all boards alike."""
        cells = range(self.rows * self.columns)
        if self.scramble == 0:
            return [cell for cell in cells if random.below(2)]
        return list(random.shuffled(cells)[: 1 + random.below(self.scramble)])

    def to_move(self, state: LightsOutState) -> tuple[int, ...]:
        return (0,) if state.lights and state.turn < self.turns else ()

    def content(self, state: LightsOutState) -> tuple[int, int, int]:
        return (self.rows, self.columns, state.lights)

    def legal(self, state: LightsOutState, player: int) -> tuple[int, ...]:
        return tuple(range(self.rows * self.columns))

    def apply(self, state: LightsOutState, move: int) -> LightsOutState:
        return LightsOutState(state.lights ^ _pressed(self.rows, self.columns)[move], state.turn + 1)

    def rewards(self, state: LightsOutState, move: int, after: LightsOutState) -> tuple[float, ...]:
        return (0.0 if after.lights else 1.0,)

    def instructions(self, player: int) -> str:
        last = cell_name(self.rows * self.columns - 1, self.columns)
        return (
            f"This is a board of lights, A1 to {last}: # is a light that is on, . is one that is off. Put out all "
            f"lights within {self.turns} presses. Each turn you press one cell. That changes its light and the lights "
            "directly above, below, left and right of it: each of them that is on goes off, and each that is off goes "
            "on. You earn 1 point when all lights are off.\n"
            "Reply with a column and a row, for example: press B1"
        )

    def view(self, state: LightsOutState, player: int) -> str:
        if not state.lights:
            ending = "You win."
        elif state.turn == self.turns:
            ending = "You have no presses left."
        else:
            ending = f"Press {state.turn + 1} of {self.turns}."
        marks = ["#" if state.lights >> cell & 1 else "." for cell in range(self.rows * self.columns)]
        return f"Lights on: {state.lights.bit_count()}. {ending}\n{drawing(marks, self.columns)}"

    def say(self, state: LightsOutState, move: int) -> str:
        return f"press {cell_name(move, self.columns)}"

    def read(self, state: LightsOutState, player: int, text: str) -> int | Refusal:
        return read_cell(text, self.columns, self.rows, _VERBS)

    def progress(self, state: LightsOutState) -> float:
        """Minus the presses that the board still takes."""
        return -float(_solution(state.lights, self.rows, self.columns).bit_count())

    def expert(self, state: LightsOutState, player: int) -> Distribution[int]:
        """Presses any of the cells of a solution with the fewest presses."""
        return uniform(members(_solution(state.lights, self.rows, self.columns)))


_VERBS = ("press", "push", "toggle", "click", "switch", "flip", "hit", "tap")

_LISTED_CELLS = 9
"""Boards with more cells are drawn, not listed."""

# Sets of cells are whole numbers whose bit i stands for the cell i; adding two of them, modulo 2, is `^`.


@lru_cache(maxsize=128)
def _pressed(rows: int, columns: int) -> tuple[int, ...]:
    """Return for each cell the lights that a press changes."""
    places = [divmod(cell, columns) for cell in range(rows * columns)]
    return tuple(
        bits([cell for cell, (r, c) in enumerate(places) if abs(r - row) + abs(c - column) <= 1])
        for row, column in places
    )


def _after(cells: Sequence[int], rows: int, columns: int) -> int:
    """Return the lights that are on when `cells` were pressed in the dark."""
    return reduce(xor, (_pressed(rows, columns)[cell] for cell in cells), 0)


class _Equations(NamedTuple):
    """What presses can do, in echelon form.

    Attributes:
        pivots: sets of lights, each with cells whose presses change just these; later ones do not have the highest
            light of earlier ones.
        quiet: sets of cells whose presses change nothing; all such sets are sums of these.
    """

    pivots: tuple[tuple[int, int], ...]
    quiet: tuple[int, ...]


@lru_cache(maxsize=128)
def _equations(rows: int, columns: int) -> _Equations:
    """Return the echelon form of the presses (Gaussian elimination)."""
    pivots: list[tuple[int, int]] = []
    quiet = []
    for cell, lights in enumerate(_pressed(rows, columns)):
        left, presses = _reduced(lights, 1 << cell, pivots)
        if left:
            pivots.append((left, presses))
        else:
            quiet.append(presses)
    return _Equations(tuple(pivots), tuple(quiet))


def _reduced(lights: int, presses: int, pivots: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return what is left of `lights` when pivots have removed what they can, and the sum of all presses."""
    for pivot, its_presses in pivots:
        if lights ^ pivot < lights:
            lights ^= pivot
            presses ^= its_presses
    return lights, presses


@lru_cache(maxsize=65_536)
def _solution(lights: int, rows: int, columns: int) -> int:
    """Return a smallest set of cells whose presses put out `lights`, of several the first."""
    pivots, quiet = _equations(rows, columns)
    _, presses = _reduced(lights, 0, pivots)
    solutions = [presses]
    for change in quiet:
        solutions += [solution ^ change for solution in solutions]
    return min(solutions, key=lambda solution: (solution.bit_count(), solution))


@lru_cache(maxsize=64)
def _listed(rows: int, columns: int, scramble: int) -> Distribution[LightsOutState]:
    """Return the boards with light, with the chances that `scramble` stands for."""
    cells = rows * columns
    sizes = range(1, scramble + 1) if scramble else range(cells + 1)
    chances: dict[int, Fraction] = {}
    for size in sizes:
        share = Fraction(1, len(sizes) * comb(cells, size)) if scramble else Fraction(1, 2**cells)
        for chosen in combinations(range(cells), size):
            lights = _after(chosen, rows, columns)
            chances[lights] = chances.get(lights, Fraction(0)) + share
    dark = chances.pop(0, Fraction(0))
    return tuple((LightsOutState(lights), chance / (1 - dark)) for lights, chance in chances.items())
