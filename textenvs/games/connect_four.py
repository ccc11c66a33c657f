"""Connect four: drop discs into columns; four in a line win."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.minimax import minimax_strategy
from textenvs.core.reading import NOT, last_match
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.phrasing import count, listed

MARKS = "XO"
FREE = "."


class ConnectFourState(NamedTuple):
    """The discs of each player, as sets of bits; who has fewer is to move, player 0 if neither has.

    Columns lie behind one another, each from the bottom up with one bit more than there are rows, which stays 0.
    """

    first: int = 0
    second: int = 0


@dataclass(frozen=True)
class ConnectFour(Game[ConnectFourState, int]):
    """Drop discs into the columns of an upright board; who first has four in a line wins.

    Source:
        Howard Wexler and Ned Strongin, Connect Four (Milton Bradley, 1974).
    Players and turns:
        Two players take turns; player 0 has X and begins, player 1 has O.
    What the player sees:
        The whole board and its own mark.
    Replies:
        `drop 3`; `column 3`, "I put my disc into column 3", "the third column" and the bare number are understood. In a
        longer reply the last such phrase counts.
    Rewards:
        At the end, 1 for winning, -1 for losing and 0 for a draw. Zero-sum.
    End:
        `line` discs of one player in a row, column or diagonal, or a full board.
    Parameters:
        columns: columns of the board.
        rows: rows of the board.
        line: how many discs in a line win.
        opening: discs that each player has dropped at random when the game begins. Each of these goes with equal
            probability to any column that it does not fill; openings in which somebody has won are drawn again.
    Size:
        One instance if `opening` is 0, as at all levels; on the board with 7 columns and 6 rows, opening=1 gives 49
        instances and opening=2 gives 1,120. At most half of the cells, rounded up, are turns of
        one player. The 4 x 4 board has 161,029 positions, the one with 7 columns and 6 rows 4,531,985,219,092 (J. Tromp
        and S. Edelkamp).
    Known values:
        Between perfect players 4 x 4, 5 x 4, 5 x 5 and 7 x 4 (columns x rows) are draws; on 6 x 4 the second player
        wins (J. Tromp, Connect-4 Playground); on 7 x 6 the first player does (J. D. Allen 1988, V. Allis 1988). The
        opponent `perfect` wins at once where it can, avoids losing at once, and else mixes between all moves that keep
        the value; it solves positions with up to 25 free cells and refuses larger ones, such as those before
        the 18th move on 7 x 6. The expert looks three moves ahead and counts open lines; it is not perfect.
    Versions:
        v0: first release.
    """

    players = 2
    perfect_information = True
    default_opponent = "random"
    pools = {"train": ("random", "minimax:1", "minimax:2"), "test": ("minimax:3", "minimax:4")}  # noqa: RUF012 - read only
    levels: ClassVar[Levels] = {
        "easy": {"columns": 3, "rows": 3, "line": 3},
        "medium": {},
        "hard": {"columns": 7, "rows": 6},
        "extreme": {"columns": 9, "rows": 9},
    }

    columns: int = 5
    rows: int = 4
    line: int = 4
    opening: int = 0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("columns", self.columns, 2, 20)
        check_range("rows", self.rows, 2, 20)
        check_range("line", self.line, 2, 10)
        check_range("opening", self.opening, 0, 10)
        if self.line > max(self.columns, self.rows):
            raise ArgumentError(f"line={self.line} is longer than a board of {self.columns} x {self.rows}")
        if 2 * self.opening > self.columns * (self.rows - 1):
            raise ArgumentError(f"opening={self.opening} is too much for a board of {self.columns} x {self.rows}")

    @property
    def max_turns(self) -> int:
        return (self.columns * self.rows + 1) // 2 - self.opening

    @property
    def return_range(self) -> tuple[float, float]:
        return (-1.0, 1.0)

    def deals(self) -> Distribution[ConnectFourState] | None:
        return _openings(self) if self.opening <= _LISTED_OPENING else None

    def deal(self, random: Random) -> ConnectFourState:
        if self.opening <= _LISTED_OPENING:
            return super().deal(random)
        return next(state for state in self._random_openings(random) if state)

    def _random_openings(self, random: Random) -> Iterator[ConnectFourState | None]:
        """Yield openings without end, None where one was won before it was complete."""
        while True:
            state = ConnectFourState()
            for _ in range(2 * self.opening):
                state = self.apply(state, random.choice(self._opening_moves(state)))
            yield None if self._winner(state) is not None else state

    def _opening_moves(self, state: ConnectFourState) -> list[int]:
        """Return the columns that a disc does not fill."""
        filled = _grid(self).top >> 1
        return [column for column in self._open(state) if not self._landing(state, column) & filled]

    def content(self, state: ConnectFourState) -> tuple[int, ...]:
        return (self.columns, self.rows, self.line, *state)

    def to_move(self, state: ConnectFourState) -> tuple[int, ...]:
        over = self._winner(state) is not None or not self._open(state)
        return () if over else (_mover(state),)

    def legal(self, state: ConnectFourState, player: int) -> tuple[int, ...]:
        return self._open(state)

    def apply(self, state: ConnectFourState, move: int) -> ConnectFourState:
        disc = self._landing(state, move)
        first, second = state
        return ConnectFourState(first | disc, second) if _mover(state) == 0 else ConnectFourState(first, second | disc)

    def _open(self, state: ConnectFourState) -> tuple[int, ...]:
        taken = state.first | state.second
        return tuple([column for column, top in enumerate(_grid(self).tops) if not taken & top])

    def _landing(self, state: ConnectFourState, column: int) -> int:
        """Return the cell where a disc dropped into a column comes to rest."""
        grid = _grid(self)
        return (state.first + state.second + grid.bottom) & grid.column(column)

    def _winner(self, state: ConnectFourState) -> int | None:
        if _grid(self).has_line(state.first):
            return 0
        return 1 if _grid(self).has_line(state.second) else None

    def rewards(self, state: ConnectFourState, move: int, after: ConnectFourState) -> tuple[float, ...]:
        winner = self._winner(after)
        return (0.0, 0.0) if winner is None else (1.0, -1.0) if winner == 0 else (-1.0, 1.0)

    def instructions(self, player: int) -> str:
        begun = "You move first" if player == 0 else "Your opponent moves first"
        if self.opening:
            begun = f"Each of you has dropped {count(self.opening, 'disc')} at random already. {begun} now"
        return (
            f"You play Connect Four on an upright board with {self.columns} columns, numbered 1 to {self.columns} from "
            f"left to right, and {self.rows} rows. Your discs are {MARKS[player]}, your opponent's are "
            f"{MARKS[1 - player]}, and {FREE} is a free cell. {begun}; then you take turns to drop one disc into "
            "a column. It falls to the lowest free cell of that column; a full column takes no more discs. Who first "
            f"has {self.line} of their own discs next to each other in a line (a row, a column or a diagonal) wins 1 "
            "point, and the other loses 1 point. A full board without that is a draw and pays nothing.\n"
            f"Reply with the column for your disc, for example: drop {(self.columns + 1) // 2}"
        )

    def view(self, state: ConnectFourState, player: int) -> str:
        return f"{self._standing(state, player)}\n{self._drawing(state)}"

    def _standing(self, state: ConnectFourState, player: int) -> str:
        winner = self._winner(state)
        if winner is not None:
            return "You win." if winner == player else "You lose."
        if not self._open(state):
            return "It is a draw."
        turn = "It is your turn" if _mover(state) == player else "Your opponent is to move"
        return f"{turn}; you are {MARKS[player]}."

    def _drawing(self, state: ConnectFourState) -> str:
        width, columns = len(str(self.columns)), range(self.columns)
        head = [str(column + 1) for column in columns]
        rows = [[_mark(state, 1 << column * (self.rows + 1) + row) for column in columns] for row in range(self.rows)]
        return "\n".join(" ".join(f"{sign:>{width}}" for sign in row) for row in (head, *reversed(rows)))

    def say(self, state: ConnectFourState, move: int) -> str:
        return f"drop {move + 1}"

    def read(self, state: ConnectFourState, player: int, text: str) -> int | Refusal:
        column = _read_column(text)
        if column is None:
            return Refusal(f"I read no column in that. Reply with 'drop' and a column from 1 to {self.columns}.")
        if not 1 <= column <= self.columns:
            return illegal(f"There is no column {column}; columns are numbered from 1 to {self.columns}.")
        if column - 1 in self._open(state):
            return column - 1
        free = listed([each + 1 for each in self._open(state)], "and")
        return illegal(f"Column {column} is full. Columns that take a disc: {free}.")

    def estimate(self, state: ConnectFourState) -> float:
        """Compare the discs in lines still open to each player and the cells that would complete one."""
        ahead = _grid(self).prospects(state.first, state.second) - _grid(self).prospects(state.second, state.first)
        return ahead / (50 + abs(ahead))

    def perfect(self, state: ConnectFourState, player: int) -> Distribution[int]:
        """Return the moves that keep the value; those that win at once, or do not lose at once, where there are any.

        Raises:
            ArgumentError: for a position with more free cells than can be searched.
        """
        own, taken = state[player], state.first | state.second
        free = self.columns * self.rows - taken.bit_count()
        if free > SOLVED:
            raise ArgumentError(
                f"{free} free cells are too many, {self!r} is too large for perfect play; use minimax:D or 'expert' "
                f"until at most {SOLVED} are left"
            )
        discs = [self._landing(state, column) for column in self._open(state)]
        return uniform([self._column_of(disc) for disc in _solver(self).best(own, taken, discs)])

    def _column_of(self, disc: int) -> int:
        return (disc.bit_length() - 1) // (self.rows + 1)

    def expert(self, state: ConnectFourState, player: int) -> Distribution[int]:
        """Look three moves ahead and count the open lines there."""
        return minimax_strategy(3)(self, state, player)


SOLVED = 25
"""The most free cells of a position for which perfect moves are searched."""

_LISTED_OPENING = 2
"""Openings of more discs for each player are drawn, not listed."""

_REMEMBERED = 1_000_000
"""Positions that a solver remembers before it forgets all."""


def _mover(state: ConnectFourState) -> int:
    return 0 if state.first.bit_count() == state.second.bit_count() else 1


def _mark(state: ConnectFourState, cell: int) -> str:
    return MARKS[0] if state.first & cell else MARKS[1] if state.second & cell else FREE


@lru_cache(maxsize=64)
def _openings(game: ConnectFour) -> Distribution[ConnectFourState]:
    """Return every opening with its probability, given that nobody has won."""
    openings = {ConnectFourState(): Fraction(1)}
    for _ in range(2 * game.opening):
        after: dict[ConnectFourState, Fraction] = {}
        for state, p in openings.items():
            moves = game._opening_moves(state)
            for move in moves:
                then = game.apply(state, move)
                after[then] = after.get(then, Fraction(0)) + p / len(moves)
        openings = after
    going_on = {state: p for state, p in openings.items() if game._winner(state) is None}
    total = sum(going_on.values())
    return tuple((state, p / total) for state, p in going_on.items())


# Boards as bits ------------------------------------------------------------------------------------


class _Grid:
    """The shape of a board, for questions about sets of cells."""

    def __init__(self, columns: int, rows: int, line: int) -> None:
        self.line = line
        self.tall = rows + 1
        self.bottom = sum(1 << column * self.tall for column in range(columns))
        self.top = self.bottom << rows
        self.tops = tuple(1 << column * self.tall + rows - 1 for column in range(columns))
        self.cells = self.top - self.bottom
        self.steps = (1, rows, rows + 1, rows + 2)

    def column(self, column: int) -> int:
        return self.cells & ((1 << self.tall) - 1) << column * self.tall

    def lines(self, cells: int, step: int) -> int:
        """Return the first cells of the lines in one direction that lie in `cells` entirely."""
        lines = cells
        for place in range(1, self.line):
            lines &= cells >> place * step
        return lines

    def has_line(self, discs: int) -> bool:
        return any(self.lines(discs, step) for step in self.steps)

    def completing(self, discs: int) -> int:
        """Return the cells, free or not and perhaps off the board, that complete a line with the other discs."""
        found = 0
        for step in self.steps:
            before, after = [-1], [-1]
            for place in range(1, self.line):
                before.append(before[-1] & discs << place * step)
                after.append(after[-1] & discs >> place * step)
            for one, other in zip(before, reversed(after), strict=True):
                found |= one & other
        return found

    def prospects(self, own: int, others: int) -> int:
        """Return how many discs lie in the lines without discs of the other player, and 4 for each winning cell."""
        total = 4 * (self.completing(own) & self.cells & ~others & ~own).bit_count()
        for step in self.steps:
            lines = self.lines(self.cells & ~others, step)
            total += sum((lines & own >> place * step).bit_count() for place in range(self.line))
        return total


@lru_cache(maxsize=64)
def _grid(game: ConnectFour) -> _Grid:
    return _Grid(game.columns, game.rows, game.line)


@lru_cache(maxsize=8)
def _solver(game: ConnectFour) -> _Solver:
    return _Solver(_grid(game), game.columns)


class _Solver:
    """Alpha-beta search with a table of positions, central columns first.

    With three values every search is the question whether the player to move reaches one of them, so that windows are
    empty and the table holds answers, no bounds. Moves that lose at once are left out (P. Pons, Solving Connect 4).
    """

    def __init__(self, grid: _Grid, columns: int) -> None:
        self.grid = grid
        central_first = sorted(range(columns), key=lambda column: abs(2 * column - columns + 1))
        self.columns = [grid.column(column) for column in central_first]
        self.known: dict[int, bool] = {}

    def best(self, own: int, taken: int, discs: list[int]) -> list[int]:
        """Return the best of the cells in which the player to move can put a disc."""
        winning = [disc for disc in discs if self.grid.has_line(own | disc)]
        if winning:
            return winning
        safe = [disc for disc in discs if not self._loses_at_once(own, taken, disc)]
        if len(self.known) > _REMEMBERED:
            self.known.clear()
        for lost_if in (True, False):
            kept = [disc for disc in safe if not self.reaches(taken ^ own, taken | disc, lost_if)]
            if kept:
                return kept
        return safe or discs

    def _loses_at_once(self, own: int, taken: int, disc: int) -> bool:
        grid, after = self.grid, taken | disc
        return bool(grid.completing(taken ^ own) & (after + grid.bottom) & grid.cells)

    def reaches(self, own: int, taken: int, draw: bool) -> bool:
        """Return whether the player to move, who cannot win at once, wins, or at least draws if `draw`."""
        grid = self.grid
        left = (grid.cells & ~taken).bit_count()
        moves = self.sensible_moves(own, taken)
        if not moves:
            return draw and not left
        if left <= 2:
            return draw
        key = self._key(own + taken + grid.bottom, left) << 1 | draw
        known = self.known.get(key)
        if known is None:
            others = taken ^ own
            discs = (moves & column for column in self.columns)
            known = any(disc and not self.reaches(others, taken | disc, not draw) for disc in discs)
            self.known[key] = known
        return known

    def sensible_moves(self, own: int, taken: int) -> int:
        """Return the cells in which a disc can be put without losing at once."""
        grid = self.grid
        lands = (taken + grid.bottom) & grid.cells
        losing = grid.completing(taken ^ own) & grid.cells & ~taken
        forced = lands & losing
        if forced & (forced - 1):
            return 0
        return (forced or lands) & ~(losing >> 1)

    def _key(self, position: int, left: int) -> int:
        """Return a number that a position shares with its mirror image, unless little is left to search."""
        if left <= _NOT_MIRRORED:
            return position
        tall, mirrored, rest = self.grid.tall, 0, position
        for _ in self.columns:
            mirrored = mirrored << tall | rest & ((1 << tall) - 1)
            rest >>= tall
        return min(position, mirrored)


_NOT_MIRRORED = 8
"""With at most so many free cells, finding the mirror image costs more than it saves."""


# Replies -------------------------------------------------------------------------------------------


def _read_column(text: str) -> int | None:
    """Return the number of the column that a reply names last, None if it names none."""
    found = last_match(_RULED_OUT.sub(" ", text), _ASKED, _NAMED, _ALONE, _BARE)
    if not found:
        return None
    name = next(name for name in found.groups() if name).lower()
    return _WORDS.get(name) or int(name)


_CARDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_WORDS = {word: number for words in (_CARDINALS, _ORDINALS) for number, word in enumerate(words, 1)}

_NUMBER = rf"(\d{{1,3}}|{'|'.join(_CARDINALS)})(?![\w'-]|[.,:]\d)"
_ORDINAL = rf"(?:(\d{{1,3}})(?:st|nd|rd|th)|({'|'.join(_ORDINALS)}))(?!\w)"
_COLUMN = r"(?:column|col|slot)s?(?: (?:number|no))?"
_VERB = r"\b(?:drop|play|put|place|insert|choose|choice|pick|select|try|go|use|answer|move)(?:ping|ing|s)?(?!\w)"
_DISC = r"(?:one |a |an |my |the |another )?(?:disc|disk|piece|token|counter|chip|[xo])"
_FILLER = rf"(?:\W{{1,4}}(?:{_DISC}|in|into|to|on|at|for|with|is|be|the|it|down|{_COLUMN})(?!\w)){{0,4}}\W{{1,4}}"
_NAME = rf"(?:{_NUMBER}|{_ORDINAL})"
_TALKED_OF = r"(?! (?:is|was|would|could|might|may|seems|looks|has)\b)"
_RULED_OUT = re.compile(rf"{NOT}(?:{_VERB}{_FILLER}|(?:in |into |the )*{_COLUMN} |the )?{_NAME}", re.IGNORECASE)
_ASKED = rf"(?<!\bto ){_VERB}{_FILLER}{_NAME}(?! (?:more|in a|discs?)\b){_TALKED_OF}"
_NAMED = rf"\b{_COLUMN}\W{{1,4}}{_NUMBER}{_TALKED_OF}|\b{_ORDINAL} {_COLUMN}\b{_TALKED_OF}"
_ALONE = rf"^\W{{0,6}}{_NUMBER}\W{{0,6}}$"
_BARE = r"(?<![\w.,:/-])(\d{1,3})(?![\w'-]|[.,:]\d| (?:more|in|of|discs?)\b)"
