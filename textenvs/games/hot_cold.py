"""Find hidden treasures from hearing whether each dig is nearer than the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, product
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.refusal import Refusal
from textenvs.games.cells import cell_name, members, read_cell

Answer = Literal["warmer", "colder", "same", "found"]


class HotColdState(NamedTuple):
    """The treasures and what the digs so far have shown.

    Attributes:
        treasures: the cells of the treasures, in the order in which they are hidden.
        found: how many of them were found.
        used: digs made so far.
        here: the cell of the last dig, the first cell at the start.
        before: the cell of the dig before, None at the start.
        answer: what the last dig showed, None at the start.
        possible: the cells where the present treasure can be, as bits: bit i is the cell i.
    """

    treasures: tuple[int, ...]
    found: int
    used: int
    here: int
    before: int | None
    answer: Answer | None
    possible: int


@dataclass(frozen=True)
class HotCold(Game[HotColdState, int]):
    """Find treasures hidden one after the other in a grid, told whether each dig is nearer than the one before.

    Source:
        The children's game "hot and cold" (huckle buckle beanstalk), on a grid.
    Players and turns:
        One player, one dig a turn.
    What the player sees:
        Whether the last dig was warmer, colder or as warm as the one before it, the digs left, and
        which treasure is looked for. Older answers are not repeated: the player has to remember them.
    Replies:
        `dig C3`, or just the cell; `search`, `try`, `guess`, `column C, row 3` and the like are
        understood. In a longer reply the last cell after such a word, or alone on a line, counts, else
        the last cell. Digging in the same cell again is legal and wasteful.
    Rules:
        Distance is counted in steps up, down, left and right. The player starts at A1. A dig that does
        not find the treasure is compared with the cell of the dig before it, or the start: warmer if it
        is nearer to the treasure, colder if it is farther away, else as warm. When a treasure is found,
        the next one is hidden. Every treasure is equally likely to be in any cell but the one where the
        player is when it is hidden.
    Rewards:
        An equal share of 1 for each treasure found. Return in 0 … min(1, digs / treasures).
    End:
        All treasures are found or the digs are used up.
    Parameters:
        width: columns of the grid.
        height: rows of the grid.
        treasures: the number of treasures.
        digs: the number of digs allowed.
    Size:
        (width x height - 1)^treasures instances: 99^4 = 96,059,601 by default, 11 at easy; at most
        `digs` turns.
    Known values:
        With one treasure among n cells plan is min(1, digs / (n - 1)) and random 1 - (1 - 1 / n)^digs.
        At easy (width=4, height=3, treasures=1, digs=3) optimal is 10/11, plan 3/11, myopic 0.6831 and
        random 0.2297. The expert is optimal there, but not everywhere: with digs=4 for two treasures on
        3 x 3 cells it has 0.6797 of 0.6875. By default it needs 20 or 21 digs on average.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"width": 4, "height": 3, "treasures": 1, "digs": 3},
        "medium": {},
        "hard": {"width": 16, "height": 16, "treasures": 5, "digs": 36},
        "extreme": {"width": 16, "height": 16, "treasures": 30, "digs": 220},
    }

    width: int = 10
    height: int = 10
    treasures: int = 4
    digs: int = 22

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("width", self.width, 2, 20)
        check_range("height", self.height, 2, 20)
        check_range("treasures", self.treasures, 1, 100)
        check_range("digs", self.digs, 1, 1_000)

    @property
    def max_turns(self) -> int:
        return self.digs

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, min(1.0, self.digs / self.treasures))

    @property
    def _cells(self) -> int:
        return self.width * self.height

    def deals(self) -> Distribution[HotColdState] | None:
        if (self._cells - 1) ** self.treasures > _LISTED:
            return None
        steps = product(range(1, self._cells), repeat=self.treasures)
        return uniform([self._opening(each) for each in steps])

    def deal(self, random: Random) -> HotColdState:
        return self._opening([1 + random.below(self._cells - 1) for _ in range(self.treasures)])

    def _opening(self, steps: Sequence[int]) -> HotColdState:
        """Return the opening in which each treasure is so many cells, counted round the grid, after the one before."""
        treasures = tuple(total % self._cells for total in accumulate(steps))
        return HotColdState(treasures, 0, 0, 0, None, None, self._elsewhere(0))

    def _elsewhere(self, cell: int) -> int:
        """Return all cells but one, as bits."""
        return (1 << self._cells) - 1 & ~(1 << cell)

    def content(self, state: HotColdState) -> tuple[int, ...]:
        return state.treasures

    def to_move(self, state: HotColdState) -> tuple[int, ...]:
        return () if state.found == self.treasures or state.used == self.digs else (0,)

    def legal(self, state: HotColdState, player: int) -> tuple[int, ...]:
        return tuple(range(self._cells))

    def apply(self, state: HotColdState, move: int) -> HotColdState:
        treasure = state.treasures[state.found]
        if move == treasure:
            after = state._replace(found=state.found + 1, answer="found", possible=self._elsewhere(move))
        else:
            parts = _parts(self.width, self.height, state.here, move)
            answer, part = next((answer, part) for answer, part in parts.items() if part >> treasure & 1)
            after = state._replace(answer=answer, possible=state.possible & part)
        return after._replace(used=state.used + 1, here=move, before=state.here)

    def rewards(self, state: HotColdState, move: int, after: HotColdState) -> tuple[float, ...]:
        return ((after.found - state.found) / self.treasures,)

    def instructions(self, player: int) -> str:
        one = self.treasures == 1
        hidden = "A treasure is hidden" if one else f"{self.treasures} treasures are hidden, one after the other,"
        return (
            f"{hidden} in a grid of {self.width} x {self.height} cells. Columns have letters, rows have numbers. "
            f"You start at A1. Each turn you dig in one cell; you have {_count(self.digs, 'dig')}. If the treasure is "
            "not there, I tell you whether that cell is warmer (nearer to the treasure) or colder (farther from it) "
            "than the cell where you were before, or as warm. Distance is counted in steps up, down, left and right. "
            f"{self._pay()}\n"
            f"Reply with the cell to dig in, for example: dig {cell_name(self._cells // 2, self.width)}"
        )

    def _pay(self) -> str:
        if self.treasures == 1:
            return "The treasure is not at A1. You earn 1 point for finding it."
        return (
            "A treasure is never hidden where you are. When you find one, the next one is hidden. Each treasure pays "
            f"1/{self.treasures} of a point."
        )

    def view(self, state: HotColdState, player: int) -> str:
        here = cell_name(state.here, self.width)
        if state.answer is None:
            news = f"You are at {here}."
        elif state.answer == "found":
            news = f"{here}: you found {'the' if self.treasures == 1 else 'a'} treasure!"
        else:
            news = f"{here}: {_TOLD[state.answer]} {cell_name(state.before or 0, self.width)}."
        return f"{news} {self._standing(state)}"

    def _standing(self, state: HotColdState) -> str:
        left = self.digs - state.used
        if state.found == self.treasures:
            return "You win." if self.treasures == 1 else f"All {self.treasures} treasures are found. You win."
        if not left:
            lost = cell_name(state.treasures[state.found], self.width)
            return f"No digs left. The treasure was at {lost}."
        which = f" Treasure {state.found + 1} of {self.treasures} is to be found." if self.treasures > 1 else ""
        return f"{_count(left, 'dig')} left.{which}"

    def say(self, state: HotColdState, move: int) -> str:
        return f"dig {cell_name(move, self.width)}"

    def read(self, state: HotColdState, player: int, text: str) -> int | Refusal:
        return read_cell(text, self.width, self.height, _VERBS)

    def progress(self, state: HotColdState) -> float:
        """The treasures found, and for the present one the share of the bits that are known of its place."""
        known = 1 - (state.possible.bit_count() - 1).bit_length() / (self._cells - 2).bit_length()
        return state.found + known if state.found < self.treasures else float(state.found)

    def expert(self, state: HotColdState, player: int) -> Distribution[int]:
        """The dig that leaves fewest cells possible on average; with the last dig, a possible cell."""
        if state.used + 1 == self.digs:
            return ((members(state.possible)[0], Fraction(1)),)
        return ((_best_dig(self.width, self.height, state.here, state.possible), Fraction(1)),)


_LISTED = 20_000
"""More instances than these are drawn, not listed."""

_VERBS = ("dig", "digging", "search", "guess")

_TOLD = {"warmer": "warmer than", "colder": "colder than", "same": "as warm as"}


def _count(n: int, one: str) -> str:
    return f"{n} {one}{'s' * (n != 1)}"


@lru_cache(maxsize=1 << 17)
def _parts(width: int, height: int, before: int, dig: int) -> dict[Answer, int]:
    """Return, for each answer that `dig` can get after a dig at `before`, the cells that give it, as bits."""
    everywhere = (1 << width * height) - 1
    warmer = _nearer(width, height, dig, before) & ~(1 << dig)
    colder = _nearer(width, height, before, dig)
    return {"warmer": warmer, "colder": colder, "same": everywhere & ~(warmer | colder | 1 << dig)}


def _nearer(width: int, height: int, one: int, other: int) -> int:
    """Return the cells that are nearer to `one` than to `other`, as bits."""
    rings = zip(_rings(width, height, one), _rings(width, height, other), strict=True)
    nearer, farther = 0, (1 << width * height) - 1
    for ring, of_other in rings:
        farther &= ~of_other
        nearer |= ring & farther
    return nearer


@lru_cache(maxsize=1 << 12)
def _rings(width: int, height: int, cell: int) -> tuple[int, ...]:
    """Return for each distance the cells that are so far from `cell`, as bits."""
    rings = [0] * (width + height - 1)
    row, column = divmod(cell, width)
    for other in range(width * height):
        rings[abs(other // width - row) + abs(other % width - column)] |= 1 << other
    return tuple(rings)


@lru_cache(maxsize=1 << 16)
def _best_dig(width: int, height: int, here: int, possible: int) -> int:
    """Return the dig after which fewest cells are possible on average; among equals a possible cell, then the first."""

    def left(dig: int) -> tuple[int, bool]:
        sizes = [(possible & part).bit_count() for part in _parts(width, height, here, dig).values()]
        return sum(size * size for size in sizes), not possible >> dig & 1

    return min(range(width * height), key=left)
