"""Othello: enclose the other player's discs to turn them over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.minimax import minimax_strategy
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.cells import bits, cell_name, drawing, members, read_cell
from textenvs.games.phrasing import count

MARKS = "XO"
FREE = "."
BLOCKED = "#"


class OthelloState(NamedTuple):
    """A position.

    Attributes:
        first: cells with discs of player 0, as a set of bits: bit i is the cell i, row by row from the top left.
        second: the same of player 1.
        player: who is to move, if anybody can.
        passed: whether the other player had to pass, so that `player` moves again.
        blocked: cells in which no disc can be placed.
    """

    first: int
    second: int
    player: int = 0
    passed: bool = False
    blocked: int = 0


@dataclass(frozen=True)
class Othello(Game[OthelloState, int]):
    """Place discs so that they enclose discs of the other player, which turn over; who has more at the end wins.

    Source:
        Goro Hasegawa, Othello (1971), after Reversi (L. Waterman or J. Mollett, London, 1883).
    Players and turns:
        Two players take turns; player 0 has X (black) and begins, player 1 has O (white). Who cannot place a disc that
        turns any over is passed by: the other player moves again. Nobody is asked for a pass.
    What the player sees:
        The whole board, its own mark, the discs of each player, and whether its opponent had to pass.
    Replies:
        `place C4`, or just the cell; `put`, `play`, `mark` and "row 4, column C" are understood. In a longer reply the
        last cell after such a word counts, else the last cell.
    Rewards:
        At the end, 1 for winning, -1 for losing and 0 for a draw. Zero-sum.
    End:
        Neither player can place a disc. Who has more discs wins.
    Parameters:
        size: columns and rows of the board, an even number.
        blocked: how many cells no disc can be placed in, drawn at random from those that the first moves do not need;
            none in Othello itself.
    Size:
        One instance if `blocked` is 0, as the rules allow no more; else as many as there are ways to choose that many
        of size x size - 9 cells: 21 at easy, and 28,989,675 for 6 cells of 8 x 8. At most size x size - 4 turns
        in all, about half of them of each player unless many are passed by.
    Known values:
        Between perfect players the second one wins on 4 x 4, with 11 : 3 discs if both want as many as they can get,
        and on 6 x 6, with 20 : 16 (J. Feinstein 1993); 8 x 8 is a draw (H. Takizawa 2023, arXiv:2310.19387). From the
        opening on 8 x 8 there are 4, 12, 56, 244 and 1,396 plays of 1 to 5 moves. The opponent `perfect` knows all of
        4 x 4, answers on larger boards where at most 10 cells are free, and refuses before. The expert looks two moves
        ahead and counts corners, moves and discs; it is not perfect.
    Versions:
        v0: first release.
    """

    players = 2
    perfect_information = True
    default_opponent = "random"
    pools = {"train": ("random", "minimax:1", "script:greedy"), "test": ("minimax:2", "minimax:3")}  # noqa: RUF012
    scripts = ("greedy",)
    levels: ClassVar[Levels] = {
        "easy": {"size": 4, "blocked": 2},
        "medium": {},
        "hard": {"size": 8},
        "extreme": {"size": 10, "blocked": 8},
    }

    size: int = 6
    blocked: int = 0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("size", self.size, 4, 20)
        if self.size % 2:
            raise ArgumentError(f"size must be even, not {self.size}")
        check_range("blocked", self.blocked, 0, self.size * self.size - 9)

    @property
    def max_turns(self) -> int:
        return self.size * self.size - 4 - self.blocked

    @property
    def return_range(self) -> tuple[float, float]:
        return (-1.0, 1.0)

    def deals(self) -> Distribution[OthelloState] | None:
        cells = self._unneeded()
        if comb(len(cells), self.blocked) > _LISTED:
            return None
        return uniform([self._opening(bits(blocked)) for blocked in combinations(cells, self.blocked)])

    def deal(self, random: Random) -> OthelloState:
        return self._opening(bits(random.shuffled(self._unneeded())[: self.blocked]))

    def _unneeded(self) -> tuple[int, ...]:
        """Return the cells that are not needed for the opening: those without a disc, first move or example."""
        start = self._opening(0)
        needed = start.first | start.second | self._places(start, 0) | 1 << self._example(1)
        return tuple(cell for cell in range(self.size * self.size) if not needed >> cell & 1)

    def _example(self, player: int) -> int:
        """Return a cell for a first disc; each is legal after the other player's example."""
        middle = self.size // 2
        return (middle - 1 - player) * self.size + middle - 2

    def _opening(self, blocked: int) -> OthelloState:
        corner = (self.size // 2 - 1) * (self.size + 1)
        others = bits([corner, corner + self.size + 1])
        return OthelloState(bits([corner + 1, corner + self.size]), others, blocked=blocked)

    def content(self, state: OthelloState) -> tuple[int, int]:
        return (self.size, state.blocked)

    def to_move(self, state: OthelloState) -> tuple[int, ...]:
        return (state.player,) if self._places(state, state.player) else ()

    def legal(self, state: OthelloState, player: int) -> tuple[int, ...]:
        return tuple(members(self._places(state, player)))

    def _places(self, state: OthelloState, player: int) -> int:
        return _places(self.size, state[player], state[1 - player], state.blocked)

    def apply(self, state: OthelloState, move: int) -> OthelloState:
        player = state.player
        turned = _grid(self.size).turned(state[player], state[1 - player], 1 << move)
        own, others = state[player] | turned | 1 << move, state[1 - player] & ~turned
        first, second = (own, others) if player == 0 else (others, own)
        after = OthelloState(first, second, 1 - player, blocked=state.blocked)
        if not self._places(after, 1 - player) and self._places(after, player):
            return after._replace(player=player, passed=True)
        return after

    def rewards(self, state: OthelloState, move: int, after: OthelloState) -> tuple[float, ...]:
        if self.to_move(after):
            return (0.0, 0.0)
        ahead = after.first.bit_count() - after.second.bit_count()
        return (1.0, -1.0) if ahead > 0 else (-1.0, 1.0) if ahead < 0 else (0.0, 0.0)

    def instructions(self, player: int) -> str:
        last = cell_name(self.size * self.size - 1, self.size)
        first = "You move first" if player == 0 else "Your opponent moves first"
        blocked = (
            f" {count(self.blocked, 'cell')}, shown as {BLOCKED}, {'is' if self.blocked == 1 else 'are'} blocked: no "
            "disc can be placed there."
        )
        return (
            f"You play Othello on a board of {self.size} x {self.size} cells, A1 to {last}. Your discs are "
            f"{MARKS[player]}, your opponent's are {MARKS[1 - player]}, and {FREE} is a free cell."
            f"{blocked * bool(self.blocked)} {first}; then you take turns to place one disc on a free cell. Your disc "
            "must enclose discs of your opponent: in at least one straight line from it (across, up, down or diagonal) "
            "there must be one or more discs of your opponent without a gap and then one of yours. All discs enclosed "
            "like this turn over and become yours. Who cannot place such a disc is passed by. When neither of you can, "
            "the game is over: who has more discs wins 1 point, and the other loses 1 point. A draw pays nothing.\n"
            f"Reply with the cell for your disc, for example: place {cell_name(self._example(player), self.size)}"
        )

    def view(self, state: OthelloState, player: int) -> str:
        return f"{self._standing(state, player)}\n{drawing(self._signs(state), self.size)}"

    def _standing(self, state: OthelloState, player: int) -> str:
        own, others = state[player].bit_count(), state[1 - player].bit_count()
        discs = f"Discs: {MARKS[player]} {own}, {MARKS[1 - player]} {others}."
        if not self.to_move(state):
            ending = "You win." if own > others else "You lose." if own < others else "It is a draw."
            return f"{ending} {discs}"
        mine = state.player == player
        turn = "It is your turn" if mine else "Your opponent is to move"
        passed = ("Your opponent had to pass. " if mine else "You had to pass. ") * state.passed
        return f"{passed}{turn}; you are {MARKS[player]}. {discs}"

    def _signs(self, state: OthelloState) -> list[str]:
        signs = [FREE] * self.size**2
        for sign, cells in ((MARKS[0], state.first), (MARKS[1], state.second), (BLOCKED, state.blocked)):
            for cell in members(cells):
                signs[cell] = sign
        return signs

    def say(self, state: OthelloState, move: int) -> str:
        return f"place {cell_name(move, self.size)}"

    def read(self, state: OthelloState, player: int, text: str) -> int | Refusal:
        cell = read_cell(text, self.size, self.size, _VERBS)
        if isinstance(cell, Refusal) or self._places(state, player) >> cell & 1:
            return cell
        sign = self._signs(state)[cell]
        why = {BLOCKED: "is blocked", FREE: "encloses none of your opponent's discs"}.get(sign, "has a disc already")
        choices = ", ".join(cell_name(each, self.size) for each in self.legal(state, player))
        return illegal(f"{cell_name(cell, self.size)} {why}. Cells you can choose: {choices}.")

    def estimate(self, state: OthelloState) -> float:
        """Compare corners, cells to choose from, and discs."""
        corners = _grid(self.size).corners
        ahead = 0.0
        for sign, player in ((1, 0), (-1, 1)):
            own = state[player]
            choices = self._places(state, player).bit_count()
            ahead += sign * (10 * (own & corners).bit_count() + choices + own.bit_count() / 10)
        return ahead / (20 + abs(ahead))

    def perfect(self, state: OthelloState, player: int) -> Distribution[int]:
        """Return the moves that keep the value.

        Raises:
            ArgumentError: for a position with more free cells than can be searched.
        """
        free = self.max_turns + 4 - (state.first | state.second).bit_count()
        solved = _SOLVED_ON_4 if self.size == 4 else SOLVED
        if free > solved:
            raise ArgumentError(
                f"{free} free cells are too many, {self!r} is too large for perfect play; use minimax:D or 'expert' "
                f"until at most {solved} are left"
            )
        legal = self.legal(state, player)
        for draw in (False, True):
            kept = [move for move in legal if self._reaches(self.apply(state, move), player, draw)]
            if kept:
                return uniform(kept)
        return uniform(legal)

    def _reaches(self, state: OthelloState, player: int, draw: bool) -> bool:
        """Return whether `player` wins, or at least draws if `draw`."""
        own, others = state[state.player], state[1 - state.player]
        if state.player == player:
            return _reaches(self.size, own, others, state.blocked, draw)
        return not _reaches(self.size, own, others, state.blocked, not draw)

    def expert(self, state: OthelloState, player: int) -> Distribution[int]:
        """Look two moves ahead and count corners, choices and discs there."""
        return minimax_strategy(2)(self, state, player)

    def script(self, name: str, state: OthelloState, player: int) -> Distribution[int]:
        """`greedy` turns over as many discs as it can, any of the best cells with equal probability."""
        own, others = state[player], state[1 - player]
        gains = {
            move: _grid(self.size).turned(own, others, 1 << move).bit_count() for move in self.legal(state, player)
        }
        return uniform([move for move, gain in gains.items() if gain == max(gains.values())])


SOLVED = 10
"""The most free cells of a position for which perfect moves are searched."""

_SOLVED_ON_4 = 12

_LISTED = 500
"""More deals than these are drawn, not listed."""

_VERBS = ("place", "put", "play", "mark")


class _Grid:
    """The shape of a board, for questions about sets of cells."""

    def __init__(self, size: int) -> None:
        self.size = size
        whole = (1 << size * size) - 1
        left = sum(1 << row * size for row in range(size))
        may_enter = {0: whole, 1: whole & ~left, -1: whole & ~(left << size - 1)}
        self.whole = whole
        self.ways = tuple(
            (down * size + right, may_enter[right]) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right
        )
        self.corners = bits([0, size - 1, size * (size - 1), size * size - 1])

    def places(self, own: int, others: int, free: int) -> int:
        """Return the free cells from which a line of discs of the other player leads to an own one."""
        found = 0
        for step, enters in self.ways:
            enclosed = _moved(own, step) & enters & others
            line = enclosed
            while line:
                line = _moved(line, step) & enters & others
                enclosed |= line
            found |= _moved(enclosed, step) & enters & free
        return found

    def turned(self, own: int, others: int, disc: int) -> int:
        """Return the discs that an own disc turns over."""
        found = 0
        for step, enters in self.ways:
            line, cell = 0, _moved(disc, step) & enters
            while cell & others:
                line |= cell
                cell = _moved(cell, step) & enters
            if cell & own:
                found |= line
        return found


def _moved(cells: int, step: int) -> int:
    return cells << step if step > 0 else cells >> -step


@lru_cache(maxsize=32)
def _grid(size: int) -> _Grid:
    return _Grid(size)


@lru_cache(maxsize=100_000)
def _places(size: int, own: int, others: int, blocked: int) -> int:
    """Return the cells in which a player can place a disc."""
    grid = _grid(size)
    return grid.places(own, others, grid.whole & ~(own | others | blocked))


@lru_cache(maxsize=500_000)
def _reaches(size: int, own: int, others: int, blocked: int, draw: bool) -> bool:
    """Return whether the player with discs `own`, who is to move, wins, or at least draws if `draw`."""
    grid, places = _grid(size), _places(size, own, others, blocked)
    if not places:
        if _places(size, others, own, blocked):
            return not _reaches(size, others, own, blocked, not draw)
        ahead = own.bit_count() - others.bit_count()
        return ahead > 0 or (draw and ahead == 0)
    for cell in members(places):
        turned = grid.turned(own, others, 1 << cell)
        if not _reaches(size, others & ~turned, own | turned | 1 << cell, blocked, not draw):
            return True
    return False
