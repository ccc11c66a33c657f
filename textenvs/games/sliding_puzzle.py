"""Slide numbered tiles into order through the one gap between them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import chain, permutations
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import NOT, last_whole_number
from textenvs.core.refusal import Refusal, illegal
from textenvs.core.search import shortest_path

Board = tuple[int, ...]
"""The tile on each cell, row by row from the top left; 0 is the gap."""

GAP = 0


class SlidingPuzzleState(NamedTuple):
    """A board.

    Attributes:
        board: the tile on each cell.
        turn: turns used up so far.
        stuck: whether the tile named last was not next to the gap.
    """

    board: Board
    turn: int = 0
    stuck: bool = False


@dataclass(frozen=True)
class SlidingPuzzle(Game[SlidingPuzzleState, int]):
    """Bring the tiles of a board into order by sliding one after the other into the gap.

    Source:
        The fifteen puzzle (Noyes Chapman, about 1874), on boards of any size up to 4 x 4. Only boards
        that can be solved are dealt: half of all (Johnson & Story, Notes on the "15" puzzle, American
        Journal of Mathematics 2 (1879), 397-404).
    Players and turns:
        One player, one tile a turn.
    What the player sees:
        The board, `_` for the gap, and the number of the turn.
    Replies:
        `slide 5`, or just the tile; `move`, `push` and the like are understood, and what is said of a
        direction is ignored, since a tile can slide one way only. In a longer reply the last tile after
        such a word counts, else the last whole number.
    Rules:
        A tile above, below, left or right of the gap slides into it. Naming another tile is legal and
        wasteful: nothing moves.
    Rewards:
        1 for the board in order, with the gap last; 0 otherwise. Return in 0 … 1.
    End:
        The board is in order or the turns are used up.
    Parameters:
        rows: of the board.
        columns: of the board.
        scramble: the board is made by 1 to `scramble` random slides, each number equally likely, none of
            which takes back the one before; it is so many slides away from order at most. At 0 every
            board that can be solved is equally likely.
        turns: the number of turns, enough for every board dealt: at least `scramble`, or at 0 the most
            slides that any board takes.
    Size:
        (rows x columns)! / 2 - 1 boards can be solved and are not: 359 on 2 x 3, 181,439 on 3 x 3 (the
        default, whose rules allow no more), 239,500,799 on 3 x 4 and 1.05 x 10^13 on 4 x 4. At easy 57
        of them are dealt. At most `turns` turns.
    Known values:
        Optimal and plan are 1. At easy myopic is 0.2706 and random 0.1444. The most slides that any
        board takes: 21 on 2 x 3, 36 on 2 x 4, 31 on 3 x 3 (computed in the tests); 53 on 3 x 4 and 80
        on 4 x 4 (Brüngger, Marzetta, Fukuda & Nievergelt 1999, doi:10.1023/A:1018972901171). The expert
        solves every board, with the fewest slides where there are nine cells or less.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"rows": 2, "scramble": 8, "turns": 16},
        "medium": {},
        "hard": {"columns": 4, "scramble": 60, "turns": 200},
        "extreme": {"rows": 4, "columns": 4, "scramble": 0, "turns": 400},
    }

    rows: int = 3
    columns: int = 3
    scramble: int = 40
    turns: int = 100

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("rows", self.rows, 2, 4)
        check_range("columns", self.columns, 3, 4)
        check_range("scramble", self.scramble, 0, 10_000)
        check_range("turns", self.turns, 1, 100_000)
        most = _MOST_SLIDES[self.rows, self.columns]
        least = min(self.scramble or most, most)
        if self.turns < least:
            raise ArgumentError(f"some boards take {least} slides, so turns must be at least that, not {self.turns}")

    @property
    def max_turns(self) -> int:
        return self.turns

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[SlidingPuzzleState] | None:
        if self.scramble:
            return _scrambled(self.rows, self.columns, self.scramble) if self.scramble <= _LISTED_SLIDES else None
        return _solvable(self.rows, self.columns) if self.rows * self.columns <= _LISTED_CELLS else None

    def deal(self, random: Random) -> SlidingPuzzleState:
        if self.deals() is not None:
            return super().deal(random)
        solved = _solved(self.rows, self.columns)
        board = solved
        while board == solved:
            board = self._slid(random) if self.scramble else self._shuffled(random)
        return SlidingPuzzleState(board)

    def _shuffled(self, random: Random) -> Board:
        """Return a board that can be solved, each equally likely: exchanging two tiles makes one of any other."""
        board = random.shuffled(_solved(self.rows, self.columns))
        if can_be_solved(board, self.columns):
            return board
        return tuple([{1: 2, 2: 1}.get(tile, tile) for tile in board])

    def _slid(self, random: Random) -> Board:
        """Return the board after 1 to `scramble` random slides, none of which takes back the one before."""
        board, last = _solved(self.rows, self.columns), GAP
        for _ in range(1 + random.below(self.scramble)):
            last = random.choice([tile for tile in _movable(board, self.columns) if tile != last])
            board = _slide(board, last)
        return board

    def content(self, state: SlidingPuzzleState) -> Board:
        return state.board

    def to_move(self, state: SlidingPuzzleState) -> tuple[int, ...]:
        return () if self._is_solved(state) or state.turn == self.turns else (0,)

    def _is_solved(self, state: SlidingPuzzleState) -> bool:
        return state.board == _solved(self.rows, self.columns)

    def legal(self, state: SlidingPuzzleState, player: int) -> tuple[int, ...]:
        return tuple(range(1, self.rows * self.columns))

    def apply(self, state: SlidingPuzzleState, move: int) -> SlidingPuzzleState:
        if move not in _movable(state.board, self.columns):
            return SlidingPuzzleState(state.board, state.turn + 1, stuck=True)
        return SlidingPuzzleState(_slide(state.board, move), state.turn + 1)

    def rewards(self, state: SlidingPuzzleState, move: int, after: SlidingPuzzleState) -> tuple[float, ...]:
        return (1.0 if self._is_solved(after) else 0.0,)

    def instructions(self, player: int) -> str:
        goal = _drawing(_solved(self.rows, self.columns), self.columns)
        return (
            f"Slide the tiles of this board into order within {self.turns} turns. In order, it looks like this:\n"
            f"{goal}\n"
            "_ is the gap. Each turn, name a tile that is directly above, below, left or right of the gap: it slides "
            "into the gap, and the gap is then where the tile was. If you name another tile, nothing moves, but the "
            "turn is used up. You earn 1 point for bringing the board into order.\n"
            "Reply with a tile, for example: slide 5"
        )

    def view(self, state: SlidingPuzzleState, player: int) -> str:
        told = "That tile is not next to the gap. " if state.stuck else ""
        if self._is_solved(state):
            ending = "The board is in order. You win."
        elif state.turn == self.turns:
            ending = "Your turns are used up."
        else:
            ending = f"Turn {state.turn + 1} of {self.turns}."
        return f"{_drawing(state.board, self.columns)}\n{told}{ending}"

    def say(self, state: SlidingPuzzleState, move: int) -> str:
        return f"slide {move}"

    def read(self, state: SlidingPuzzleState, player: int, text: str) -> int | Refusal:
        tile = last_whole_number(_RULED_OUT.sub(" ", text), rf"{_SAID}({_NUMBER})", _BARE)
        last = self.rows * self.columns - 1
        if tile is None:
            return Refusal(f"I read no tile in that. Reply with 'slide' and the number of a tile from 1 to {last}.")
        if not 1 <= tile <= last:
            return illegal(f"There is no tile {tile}: the tiles are numbered from 1 to {last}.")
        return tile

    def progress(self, state: SlidingPuzzleState) -> float:
        """Minus the steps that the tiles are away from their places."""
        cells = range(len(state.board))
        return -float(sum(_steps(cell, state.board[cell] - 1, self.columns) for cell in cells if state.board[cell]))

    def expert(self, state: SlidingPuzzleState, player: int) -> Distribution[int]:
        """Solves the board by stages, see `_stages`: where there is one only, with the fewest slides."""
        return ((_next_slide(state.board, self.columns), Fraction(1)),)


_MOST_SLIDES = {(2, 3): 21, (2, 4): 36, (3, 3): 31, (3, 4): 53, (4, 3): 53, (4, 4): 80}
"""The most slides that any board takes, by rows and columns."""

_LISTED_CELLS = 6
"""Boards with more cells are drawn, not listed."""

_LISTED_SLIDES = 8
"""Boards made by more slides are drawn, not listed; so few never lead back to order."""

_WORD = r"\b(?:slid(?:e|es|ing)|mov(?:e|es|ing)|push(?:es|ing)?|shift(?:s|ing)?|tile)"
_NUMBER = r"\d+(?!\w|[.,]\d|\s*:\s*\w)"
"""Not the ordinal in "move 1: slide 5"."""
_BARE = rf"(?<![\w.-])({_NUMBER})(?!\s+(?:more\s+)?(?:turns?|moves?|slides?|tiles)\b)"
"""Not "3 turns"."""
_SAID = rf"{_WORD}\W{{1,3}}(?:the\W{{1,3}})?(?:tile\W{{1,3}})?(?:number\W{{1,3}})?"
_RULED_OUT = re.compile(rf"{NOT}(?:{_WORD}\s+)?(?:the\s+)?(?:tile\s+)?\d+", re.IGNORECASE)


# Boards ----------------------------------------------------------------------------------------------


def can_be_solved(board: Board, columns: int) -> bool:
    """Return whether slides can bring a board into order.

    A slide exchanges the gap with a tile, which changes the parity of the permutation, and moves the gap by one step.
    So in every board that slides lead to, the parity of the permutation is that of the gap's way home.
    """
    home = len(board) - 1
    order = [tile or len(board) for tile in board]
    inversions = sum(order[i] > order[j] for j in range(len(board)) for i in range(j))
    return (inversions + _steps(board.index(GAP), home, columns)) % 2 == 0


def _solved(rows: int, columns: int) -> Board:
    return (*range(1, rows * columns), GAP)


def _steps(one: int, other: int, columns: int) -> int:
    """Return how many steps one cell is away from another."""
    return abs(one // columns - other // columns) + abs(one % columns - other % columns)


@lru_cache(maxsize=16)
def _neighbours(cells: int, columns: int) -> tuple[tuple[int, ...], ...]:
    """Return the cells next to each cell."""
    every = range(cells)
    return tuple(tuple(other for other in every if _steps(cell, other, columns) == 1) for cell in every)


def _movable(board: Board, columns: int) -> tuple[int, ...]:
    """Return the tiles next to the gap."""
    return tuple(board[cell] for cell in _neighbours(len(board), columns)[board.index(GAP)])


def _slide(board: Board, tile: int) -> Board:
    exchanged = {tile: GAP, GAP: tile}
    return tuple([exchanged.get(each, each) for each in board])


def _drawing(board: Board, columns: int) -> str:
    """Return the rows of a board, the tiles one below the other."""
    wide = len(str(len(board) - 1))
    signs = [f"{tile or '_':<{wide}}" for tile in board]
    rows = [signs[cell : cell + columns] for cell in range(0, len(board), columns)]
    return "\n".join(" ".join(row).rstrip() for row in rows)


@lru_cache(maxsize=16)
def _solvable(rows: int, columns: int) -> Distribution[SlidingPuzzleState]:
    """Return all boards that can be solved and are not, each equally likely."""
    solved = _solved(rows, columns)
    boards = [board for board in permutations(solved) if board != solved and can_be_solved(board, columns)]
    return uniform([SlidingPuzzleState(board) for board in boards])


@lru_cache(maxsize=64)
def _scrambled(rows: int, columns: int, most: int) -> Distribution[SlidingPuzzleState]:
    """Return the boards after 1 to `most` random slides, none of which takes back the one before."""
    places = {(_solved(rows, columns), GAP): Fraction(1)}
    boards: dict[Board, Fraction] = {}
    for _ in range(most):
        after: dict[tuple[Board, int], Fraction] = {}
        for (board, last), chance in places.items():
            tiles = [tile for tile in _movable(board, columns) if tile != last]
            for tile in tiles:
                place = (_slide(board, tile), tile)
                after[place] = after.get(place, Fraction(0)) + chance / len(tiles)
        places = after
        for (board, _), chance in places.items():
            boards[board] = boards.get(board, Fraction(0)) + chance / most
    return tuple((SlidingPuzzleState(board), chance) for board, chance in boards.items())


# Solving ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=65_536)
def _next_slide(board: Board, columns: int) -> int:
    """Return the tile to slide next."""
    stages = _stages(len(board) // columns, columns)
    now = next(i for i, stage in enumerate(stages) if any(board[cell] != cell + 1 for cell in stage))
    return board[_gap_path(board, columns, stages[now], frozenset(chain(*stages[:now])))[0]]


@lru_cache(maxsize=16)
def _stages(rows: int, columns: int) -> tuple[tuple[int, ...], ...]:
    """Return the cells whose tiles are brought home together, stage after stage.

    While more than nine cells are left, the stages are those of the top row, or of the left column if the columns are
    more: its tiles one by one, but the last two together, since the last alone would not get past the others. The rest
    is one stage.
    """
    stages: list[tuple[int, ...]] = []
    top, left = 0, 0
    while (rows - top) * (columns - left) > _CELLS_AT_ONCE:
        if rows - top >= columns - left:
            line = [top * columns + column for column in range(left, columns)]
            top += 1
        else:
            line = [row * columns + left for row in range(top, rows)]
            left += 1
        stages += [*((cell,) for cell in line[:-2]), tuple(line[-2:])]
    rest = [row * columns + column for row in range(top, rows) for column in range(left, columns)]
    return (*stages, tuple(rest[:-1]))


_CELLS_AT_ONCE = 9


def _gap_path(board: Board, columns: int, stage: tuple[int, ...], walls: frozenset[int]) -> tuple[int, ...]:
    """Return the cells that the gap goes to on a shortest way to bring the tiles of a stage home.

    A position is the cell of the gap, then the cells of those tiles.
    """
    near = _neighbours(len(board), columns)

    def slides(position: Board) -> Iterator[tuple[int, Board]]:
        gap = position[0]
        for cell in near[gap]:
            if cell not in walls:
                yield cell, (cell, *[gap if place == cell else place for place in position[1:]])

    def still(position: Board) -> int:
        return sum(map(distance, position[1:], stage))

    def distance(one: int, other: int) -> int:
        return _steps(one, other, columns)

    start = (board.index(GAP), *[board.index(cell + 1) for cell in stage])
    return shortest_path(start, slides, lambda position: position[1:] == stage, still) or ()
