"""Clear a field of hidden mines from the numbers of mines next to the open cells."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from math import comb
from typing import ClassVar, NamedTuple

from textenvs.core.errors import check_flag, check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.refusal import Refusal
from textenvs.games.cells import MOST_COLUMNS, bits, cell_name, drawing, members, neighbours, read_cell
from textenvs.games.minesweeper_odds import Numbers, mine_counts


class MinesweeperState(NamedTuple):
    """The mines and the open cells; sets of cells are whole numbers whose bit i stands for cell i.

    Attributes:
        mined: the cells with a mine.
        open: the open cells, a mine that was opened included.
        to_open: how many cells without a mine were hidden when the episode began.
        used: moves made so far.
    """

    mined: int
    open: int
    to_open: int
    used: int = 0


@dataclass(frozen=True)
class Minesweeper(Game[MinesweeperState, int]):
    """Open every cell of a field that has no mine, told how many of the cells around each open one have a mine.

    Source:
        Robert Donner and Curt Johnson's Minesweeper for Windows (1990) and its forerunners; Kaye,
        Minesweeper is NP-complete, The Mathematical Intelligencer 22 (2000), 9-15. There are no flags
        here, and the field opens with one cell and its surroundings free of mines, as newer versions
        have it. By default only fields are dealt that can be cleared without guessing.
    Players and turns:
        One player, one cell a turn.
    What the player sees:
        The field: for each open cell the number of mines around it, `?` for each hidden one; and how
        many turns are left. Everything a player can know is in the newest view.
    Replies:
        `open B3`, or just the cell; `reveal`, `click`, `dig`, `uncover`, `column B, row 3` and the like
        are understood. In a longer reply the last cell after such a word, or alone on a line, counts,
        else the last cell. Opening an open cell is legal and wasteful.
    Rules:
        A first cell is drawn uniformly, then `mines` mines uniformly among the cells other than that
        one and its up to eight neighbours. A cell opens with the number of mines among its
        neighbours; if that is 0, all of them open too, and so on. The first cell is open at the start.
        Fields that are cleared by that are drawn anew, and with `guessing` False also those that
        cannot be cleared by opening only cells that, given the view and the number of mines, have
        no mine for certain.
    Rewards:
        `credit` in equal shares for the cells without a mine that were hidden at the start, each paid
        when it opens, and 1 - credit for clearing the field. With credit=1 the return is the share of
        the field opened; with credit=0 its mean is the rate of wins, as the literature reports it. The
        default pays beginners for progress and yet makes a mine just before the end cost more than
        half. Return in 0 … 1.
    End:
        A mine is opened, the field is cleared, or width x height - mines moves are made: more than
        clearing any field takes.
    Parameters:
        width: columns of the field.
        height: rows of the field.
        mines: the number of mines, at most width x height - 9; without guessing also at most (width x
            height + 4) / 5, since denser fields hardly ever go without.
        guessing: whether fields are dealt that cannot be cleared without guessing.
        credit: what opening cells pays in all; clearing the field pays the rest.
    Size:
        By default about 2.3 million fields (estimated from draws): three quarters of all can be cleared
        without guessing. 116 fields at easy. At most width x height - mines turns.
    Known values:
        Without guessing optimal is 1, and the expert reaches it. At easy (width=4, height=3, mines=3)
        myopic is 1 too, since a cell known to be safe also pays at once, plan is 0.7798 and random
        0.1724; with guessing=True optimal is 0.9058, myopic 0.9018 and plan 0.6911. There the expert is
        not always optimal: it takes the least risk of the next move.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"width": 4, "height": 3, "mines": 3},
        "medium": {},
        "hard": {"width": 9, "height": 9, "mines": 14},
        "extreme": {"width": 16, "height": 16, "mines": 45},
    }

    width: int = 6
    height: int = 6
    mines: int = 6
    guessing: bool = False
    credit: float = 0.5

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("width", self.width, 3, MOST_COLUMNS)
        check_range("height", self.height, 3, 16)
        check_flag("guessing", self.guessing)
        check_range("credit", self.credit, 0.0, 1.0)
        cells = self.width * self.height
        check_range("mines", self.mines, 1, cells - 9 if self.guessing else min(cells - 9, (cells + 4) // 5))

    @property
    def max_turns(self) -> int:
        return self.width * self.height - self.mines

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    # The opening

    def deals(self) -> Distribution[MinesweeperState] | None:
        if self.width * self.height * comb(self.width * self.height, self.mines) > _LISTED:
            return None
        return _deals(self)

    def deal(self, random: Random) -> MinesweeperState:
        while True:
            first = random.below(self.width * self.height)
            mined = bits(random.shuffled(self._minable(first))[: self.mines])
            state = self._opening(first, mined)
            if self._is_dealt(state):
                return state

    def _minable(self, first: int) -> list[int]:
        """Return the cells that may have a mine if `first` is the first to open."""
        return members(self._field & ~(self._around[first] | 1 << first))

    def _opening(self, first: int, mined: int) -> MinesweeperState:
        opened = self._flood(mined, 0, first)
        return MinesweeperState(mined, opened, (self._field & ~opened & ~mined).bit_count())

    def _is_dealt(self, state: MinesweeperState) -> bool:
        return state.to_open > 0 and (self.guessing or self._is_deducible(state))

    def _is_deducible(self, state: MinesweeperState) -> bool:
        """Return whether opening only cells that are certain to be safe clears the field."""
        opened = state.open
        while not self._is_cleared(state.mined, opened):
            safe = [cells for cells, count in self._counts(state.mined, opened).items() if not count]
            if not safe:
                return False
            for cell in members(sum(safe)):
                opened = self._flood(state.mined, opened, cell)
        return True

    def content(self, state: MinesweeperState) -> tuple[int, int]:
        return (state.mined, state.open)

    # The rules

    @property
    def _field(self) -> int:
        return (1 << self.width * self.height) - 1

    @property
    def _around(self) -> tuple[int, ...]:
        return neighbours(self.width, self.height)

    def _flood(self, mined: int, opened: int, cell: int) -> int:
        """Return the open cells after opening `cell`."""
        new = [cell]
        while new:
            cell = new.pop()
            if not opened >> cell & 1:
                opened |= 1 << cell
                if not (mined >> cell & 1 or mined & self._around[cell]):
                    new += members(self._around[cell] & ~opened)
        return opened

    def _is_cleared(self, mined: int, opened: int) -> bool:
        return opened | mined == self._field

    def to_move(self, state: MinesweeperState) -> tuple[int, ...]:
        over = state.open & state.mined or self._is_cleared(state.mined, state.open) or state.used == self.max_turns
        return () if over else (0,)

    def legal(self, state: MinesweeperState, player: int) -> tuple[int, ...]:
        return tuple(range(self.width * self.height))

    def apply(self, state: MinesweeperState, move: int) -> MinesweeperState:
        return state._replace(open=self._flood(state.mined, state.open, move), used=state.used + 1)

    def rewards(self, state: MinesweeperState, move: int, after: MinesweeperState) -> tuple[float, ...]:
        if after.open & after.mined:
            return (0.0,)
        opened = (after.open & ~state.open).bit_count()
        cleared = self._is_cleared(after.mined, after.open)
        return (self.credit * opened / state.to_open + (1.0 - self.credit) * cleared,)

    # The words

    def instructions(self, player: int) -> str:
        fair = "" if self.guessing else " Every field can be cleared by reasoning alone, without guessing."
        return (
            f"Clear a field of {self.width} x {self.height} cells that hides {_count(self.mines, 'mine')}. "
            "Columns have letters, rows have numbers. Each turn you open one cell. An open cell shows how many of the "
            "up to 8 cells around it, diagonals included, have a mine. Around a 0, all cells open by themselves. "
            "A hidden cell is shown as ?. Some cells are open from the start. If you open a mine, the game is over. "
            f"You have {_count(self.max_turns, 'turn')} to open all cells without a mine; opening a cell that is open "
            f"already uses up a turn and does nothing else.{fair} You earn {self._pay()}.\n"
            "Reply with the cell to open, for example: open A1"
        )

    def _pay(self) -> str:
        cleared = f"{_points(1 - self.credit)} for clearing the field"
        opened = f"{_points(self.credit)} in all, in equal shares, for the cells without a mine that you open"
        return cleared if self.credit == 0 else opened if self.credit == 1 else f"{opened}, and {cleared}"

    def view(self, state: MinesweeperState, player: int) -> str:
        over = not self.to_move(state)
        field = drawing([self._mark(state, cell, over) for cell in range(self.width * self.height)], self.width)
        return f"{self._standing(state)}\n{field}"

    def _mark(self, state: MinesweeperState, cell: int, over: bool) -> str:
        if state.mined >> cell & 1:
            return "*" if over else "?"
        return str((state.mined & self._around[cell]).bit_count()) if state.open >> cell & 1 else "?"

    def _standing(self, state: MinesweeperState) -> str:
        hit = state.open & state.mined
        if hit:
            return f"{cell_name(hit.bit_length() - 1, self.width)} {_LOST}"
        if self._is_cleared(state.mined, state.open):
            return _WON
        left = self.max_turns - state.used
        return f"{_count(left, 'turn')} left." if left else _OUT_OF_TURNS

    def say(self, state: MinesweeperState, move: int) -> str:
        return f"open {cell_name(move, self.width)}"

    def read(self, state: MinesweeperState, player: int, text: str) -> int | Refusal:
        return read_cell(text, self.width, self.height, _VERBS)

    def progress(self, state: MinesweeperState) -> float:
        """The share of the cells without a mine that are open."""
        safe = self._field & ~state.mined
        return (safe & state.open).bit_count() / safe.bit_count()

    def vocabulary(self) -> tuple[str, ...]:
        return (_WON, _LOST, _OUT_OF_TURNS)

    def expert(self, state: MinesweeperState, player: int) -> Distribution[int]:
        """The hidden cell least likely to have a mine, by exact counting; the first of equals."""
        counts = self._counts(state.mined, state.open)
        least = min(counts.values())
        cells = sum(cells for cells, count in counts.items() if count == least)
        return ((members(cells)[0], Fraction(1)),)

    def _counts(self, mined: int, opened: int) -> dict[int, int]:
        """Return in how many of the placements that agree with the view a cell has a mine, see `mine_counts`."""
        hidden = self._field & ~opened
        numbers: Numbers = tuple(
            (self._around[cell] & hidden, (self._around[cell] & mined).bit_count())
            for cell in members(opened)
            if self._around[cell] & hidden
        )
        return mine_counts(hidden, numbers, self.mines)[1]


_LISTED = 20_000
"""Fields with more first cells and placements of mines than these are drawn, not listed."""

_WON = "The field is cleared. You win."
_LOST = "has a mine. You lose. Mines are shown as *."
_OUT_OF_TURNS = "No turns left. Mines are shown as *."

_VERBS = ("open", "opening", "reveal", "click", "uncover", "dig")


def _count(n: int, one: str) -> str:
    return f"{n} {one}{'s' * (n != 1)}"


def _points(number: float) -> str:
    return f"{number:g} point{'s' * (number != 1)}"


@lru_cache(maxsize=8)
def _deals(game: Minesweeper) -> Distribution[MinesweeperState]:
    """Return the fields that are dealt; two first cells that open the same cells make one field."""
    weights: dict[MinesweeperState, Fraction] = {}
    for first in range(game.width * game.height):
        minable = game._minable(first)
        share = Fraction(1, comb(len(minable), game.mines))
        for cells in combinations(minable, game.mines):
            state = game._opening(first, bits(cells))
            if state in weights or game._is_dealt(state):
                weights[state] = weights.get(state, Fraction(0)) + share
    total = sum(weights.values())
    return tuple((state, weight / total) for state, weight in weights.items())
