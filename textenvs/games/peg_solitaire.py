"""Jump peg over peg until one is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import NOT
from textenvs.core.refusal import Refusal, illegal

Jump = tuple[int, int]
"""The hole that a peg leaves, and the one it lands in."""


class PegSolitaireState(NamedTuple):
    """A position.

    Attributes:
        pegs: the holes with a peg, as a set of bits: bit i is the hole with the number i, from 1.
        turn: turns used up so far.
        missed: whether the last jump was not possible.
    """

    pegs: int
    turn: int = 0
    missed: bool = False


@dataclass(frozen=True)
class PegSolitaire(Game[PegSolitaireState, Jump]):
    """Jump one peg over another, which is removed, until a single peg is left; no jump can be taken back.

    Source:
        Peg solitaire (France, 1697 at the latest), on the triangles of Bell, Solving triangular peg
        solitaire, Journal of Integer Sequences 11 (2008), 08.4.8, and on the English cross (Beasley, The
        Ins and Outs of Peg Solitaire, 1985). Here positions are dealt that jumps played backwards from
        a single peg lead to, so that each has a solution; the last peg may be in any hole.
    Players and turns:
        One player, one jump a turn.
    What the player sees:
        The board, with the number of its hole for each peg and `.` for each empty hole, how many pegs
        are left, and the number of the turn. The numbers of all holes are told once.
    Replies:
        `jump 4 to 1`; `4 over 2 to 1`, `jump 4 over 2`, `from 4 to 1`, `4-1` and the like are
        understood, and two numbers alone. In a longer reply the last jump along a line counts.
    Rules:
        A peg jumps along a line over the peg next to it into the empty hole behind; the peg jumped over
        is removed. A jump along a line that is not possible now is legal and wasteful: nothing moves.
    Rewards:
        `credit` in equal shares for the pegs - 1 jumps that a solution takes, each paid at once, and 1 -
        credit when a single peg is left. Return in 0 … 1.
    End:
        A single peg is left, no jump is possible or the turns are used up.
    Parameters:
        board: "triangle_10", "triangle_15", "triangle_21" or "english_33", with so many holes.
        pegs: how many pegs there are at first; at most three quarters of the holes on the larger two
            boards.
        turns: the number of turns, at least pegs - 1.
        credit: what jumping pays in all; the last peg pays the rest.
    Size:
        The positions with so many pegs that have a solution: 81 at easy, 3,773,582 by default. On the
        boards with 10 and 15 holes they are equally likely; on the others they are drawn by random jumps
        backwards. At most `turns` turns.
    Known values:
        Optimal and plan are 1. At easy myopic, which takes any jump that is possible, is 0.5003 and
        random, which seldom hits one, 0.1343. On triangle_15 with 14 pegs every hole may be the empty
        one, and there are 29,760, 14,880, 85,258 or 1,550 solutions for an empty hole 1, 2, 4 or 5; the
        holes where the last peg can be are those of HAKMEM (Beeler, Gosper & Schroeppel 1972).
        The expert finds a solution of every position at easy and medium, and of nearly all at extreme.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"board": "triangle_10", "pegs": 5, "turns": 8},
        "medium": {},
        "hard": {"pegs": 16, "turns": 30},
        "extreme": {"pegs": 24, "turns": 60},
    }

    board: str = "english_33"
    pegs: int = 10
    turns: int = 20
    credit: float = 0.5

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError` or `UnknownNameError`."""
        check_choice("board", self.board, _BOARDS)
        holes = len(_places(self.board))
        check_range("pegs", self.pegs, 2, holes - 1 if holes <= _LISTED_HOLES else holes * 3 // 4)
        check_range("turns", self.turns, 1, 100_000)
        check_range("credit", self.credit, 0.0, 1.0)
        if self.turns < self.pegs - 1:
            raise ArgumentError(f"{self.pegs} pegs take {self.pegs - 1} jumps; turns={self.turns} are too few")

    @property
    def max_turns(self) -> int:
        return self.turns

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[PegSolitaireState] | None:
        if len(_places(self.board)) > _LISTED_HOLES:
            return None
        return uniform([PegSolitaireState(pegs) for pegs in _solvable(self.board, self.pegs)])

    def deal(self, random: Random) -> PegSolitaireState:
        if len(_places(self.board)) <= _LISTED_HOLES:
            return super().deal(random)
        pegs = 0
        while pegs.bit_count() < self.pegs:
            pegs = self._played_backwards(random)
        return PegSolitaireState(pegs)

    def _played_backwards(self, random: Random) -> int:
        """Return a position that random jumps backwards lead to from a single peg, until there are enough or none."""
        pegs = 1 << random.choice(list(_places(self.board)))
        while pegs.bit_count() < self.pegs and (before := _before(self.board, pegs)):
            pegs = random.choice(before)
        return pegs

    def content(self, state: PegSolitaireState) -> tuple[str, int]:
        return (self.board, state.pegs)

    def to_move(self, state: PegSolitaireState) -> tuple[int, ...]:
        return (0,) if state.turn < self.turns and _possible(self.board, state.pegs) else ()

    def legal(self, state: PegSolitaireState, player: int) -> tuple[Jump, ...]:
        return tuple(_lines(self.board))

    def apply(self, state: PegSolitaireState, move: Jump) -> PegSolitaireState:
        if move not in _possible(self.board, state.pegs):
            return PegSolitaireState(state.pegs, state.turn + 1, missed=True)
        return PegSolitaireState(_jumped(self.board, state.pegs, move), state.turn + 1)

    def rewards(self, state: PegSolitaireState, move: Jump, after: PegSolitaireState) -> tuple[float, ...]:
        if after.missed:
            return (0.0,)
        last = 1.0 - self.credit if after.pegs.bit_count() == 1 else 0.0
        return (self.credit / (self.pegs - 1) + last,)

    def instructions(self, player: int) -> str:
        (start, end), over = next(iter(_lines(self.board).items()))
        every_hole = sum(1 << hole for hole in _places(self.board))
        triangle = self.board.startswith("triangle")
        lines = "a row, a column or the diagonal from top left to bottom right" if triangle else "a row or a column"
        return (
            "This is peg solitaire. The holes of the board have these numbers:\n"
            f"{_drawing(self.board, every_hole)}\n"
            f"A peg can jump over a peg next to it into the empty hole behind that, along {lines}, in both "
            f"directions; the peg jumped over is removed. So a peg in {start} can jump to {end} if "
            f"there is a peg in {over} and none in {end}. Remove all pegs but one. You have {self.pegs} pegs and "
            f"{self.turns} turn{'s' * (self.turns > 1)}, each for one jump. A jump that is not possible changes "
            "nothing, but the turn is used up. The game ends when one peg is left, no jump is possible or your turns "
            f"are used up. {self._pay()} On the board, a number is a peg in the hole with that number, and . is an "
            "empty hole.\n"
            f"Reply with a jump, for example: jump {start} to {end}"
        )

    def _pay(self) -> str:
        last = f"{_points(1 - self.credit)} when one peg is left"
        if not self.credit:
            return f"You earn {last}."
        share = f"an equal share of {_points(self.credit)}" if self.pegs > 2 else _points(self.credit)
        each = f"Each of the {self.pegs - 1} jumps it takes" if self.pegs > 2 else "The jump it takes"
        return f"{each} earns {share}{f', and you earn {last}' if self.credit < 1 else ''}."

    def view(self, state: PegSolitaireState, player: int) -> str:
        told = "That jump was not possible. " if state.missed else ""
        left = state.pegs.bit_count()
        if left == 1:
            ending = "You win."
        elif not _possible(self.board, state.pegs):
            ending = "No jump is possible any more."
        elif state.turn == self.turns:
            ending = "Your turns are used up."
        else:
            ending = f"Turn {state.turn + 1} of {self.turns}."
        return f"{told}Pegs: {left}. {ending}\n{_drawing(self.board, state.pegs)}"

    def say(self, state: PegSolitaireState, move: Jump) -> str:
        return f"jump {move[0]} to {move[1]}"

    def read(self, state: PegSolitaireState, player: int, text: str) -> Jump | Refusal:
        named = list(_named(text))
        jumps = [jump for each in named if (jump := self._along_a_line(each))]
        if jumps:
            return jumps[-1]
        if not named:
            return Refusal("I read no jump in that. Reply with two holes, as in 'jump 4 to 1'.")
        start, over, end = named[-1]
        way = f"from {start}{f' over {over}' * (over > 0)}{f' to {end}' * (end > 0)}"
        return illegal(f"There is no jump {way}: a jump goes along a line, over one hole into the next.")

    def _along_a_line(self, named: _Named) -> Jump | None:
        """Return the jump that is meant, None if there is no such line."""
        start, over, end = named
        fitting = (
            jump
            for jump, middle in _lines(self.board).items()
            if jump[0] == start and over in (0, middle) and end in (0, jump[1])
        )
        return next(fitting, None)

    def progress(self, state: PegSolitaireState) -> float:
        """Minus the pegs that are too many."""
        return 1.0 - state.pegs.bit_count()

    def expert(self, state: PegSolitaireState, player: int) -> Distribution[Jump]:
        """Plays a solution; any possible jump where it finds none."""
        solution = _solution(self.board, state.pegs)
        return uniform(solution[:1] or _possible(self.board, state.pegs))


_LISTED_HOLES = 15
"""Positions of larger boards are drawn, not listed."""

_POSITIONS = 20_000
"""Positions that the search looks at before it gives up."""

_BOARDS = {
    "triangle_10": ("o", "oo", "ooo", "oooo"),
    "triangle_15": ("o", "oo", "ooo", "oooo", "ooooo"),
    "triangle_21": ("o", "oo", "ooo", "oooo", "ooooo", "oooooo"),
    "english_33": ("  ooo", "  ooo", "ooooooo", "ooooooo", "ooooooo", "  ooo", "  ooo"),
}


@lru_cache(maxsize=16)
def _places(board: str) -> dict[int, tuple[int, int]]:
    """Return row and column of each hole; holes are numbered row by row, from 1."""
    rows = enumerate(_BOARDS[board])
    places = [(row, column) for row, signs in rows for column, sign in enumerate(signs) if sign == "o"]
    return dict(enumerate(places, start=1))


@lru_cache(maxsize=16)
def _lines(board: str) -> dict[Jump, int]:
    """Return the jumps along lines, each with the hole that is jumped over."""
    steps = [(0, 1), (1, 0), (1, 1)] if board.startswith("triangle") else [(0, 1), (1, 0)]
    places = _places(board)
    holes = {place: hole for hole, place in places.items()}
    found = {}
    for start, (row, column) in places.items():
        for down, right in [*steps, *[(-down, -right) for down, right in steps]]:
            over = holes.get((row + down, column + right))
            end = holes.get((row + 2 * down, column + 2 * right))
            if over and end:
                found[start, end] = over
    return found


@lru_cache(maxsize=16)
def _masks(board: str) -> tuple[tuple[Jump, int, int, int], ...]:
    """Return each jump with its three holes, those that must have a peg, and the one that must not, as sets."""
    return tuple(
        ((start, end), 1 << start | 1 << over | 1 << end, 1 << start | 1 << over, 1 << end)
        for (start, end), over in _lines(board).items()
    )


@lru_cache(maxsize=65_536)
def _possible(board: str, pegs: int) -> tuple[Jump, ...]:
    return tuple([jump for jump, holes, filled, _ in _masks(board) if pegs & holes == filled])


def _jumped(board: str, pegs: int, jump: Jump) -> int:
    start, end = jump
    return pegs ^ (1 << start | 1 << _lines(board)[jump] | 1 << end)


def _before(board: str, pegs: int) -> list[int]:
    """Return the positions from which one jump leads to `pegs`."""
    return [pegs ^ holes for _, holes, _, empty in _masks(board) if pegs & holes == empty]


@lru_cache(maxsize=32)
def _solvable(board: str, number: int) -> tuple[int, ...]:
    """Return all positions with a number of pegs from which jumps lead to a single one, ascending."""
    positions = {1 << hole for hole in _places(board)}
    for _ in range(number - 1):
        positions = {before for pegs in positions for before in _before(board, pegs)}
    return tuple(sorted(positions))


@lru_cache(maxsize=65_536)
def _solution(board: str, pegs: int) -> tuple[Jump, ...]:
    """Return jumps that leave a single peg, none if none were found (depth-first search)."""
    masks = _masks(board)
    hopeless: set[int] = set()

    def solve(pegs: int) -> tuple[Jump, ...] | None:
        if pegs.bit_count() == 1:
            return ()
        if pegs in hopeless or len(hopeless) == _POSITIONS:
            return None
        for jump, holes, filled, _ in masks:
            if pegs & holes == filled:
                others = solve(pegs ^ holes)
                if others is not None:
                    return (jump, *others)
        hopeless.add(pegs)
        return None

    return solve(pegs) or ()


def _points(value: float) -> str:
    return f"{value:g} point{'s' * (value != 1)}"


def _drawing(board: str, pegs: int) -> str:
    """Return the board: the number of its hole for each peg, a point for each empty hole."""
    numbers = iter(_places(board))
    wide = len(str(len(_places(board))))

    def sign(hole: int) -> str:
        return str(hole) if pegs >> hole & 1 else "."

    rows = [[sign(next(numbers)) if place == "o" else "" for place in row] for row in _BOARDS[board]]
    return "\n".join(" ".join(f"{each:>{wide}}" for each in row) for row in rows)


# Reading ---------------------------------------------------------------------------------------------

_Named = tuple[int, int, int]
"""The numbers of a jump's start, of the hole jumped over, and of its end; 0 for what is not said."""

# Patterns for texts whose white space is single spaces.
_NUMBER = r"(?<![\w.])(?:(?:the|peg|hole|number|in|at) ){0,4}(\d{1,2})(?!\w|\.\d)"
_TO = r"(?:,? ?(?:in)?to| ?-+>| ?=+>| ?→| ?–| ?-) ?"
_OVER = r" (?:jumps )?(?:over|across) "
_JUMP = re.compile(
    rf"{_NUMBER}(?:{_OVER}{_NUMBER})?{_TO}{_NUMBER}|{_NUMBER}{_OVER}{_NUMBER}|"
    r"\A\W{0,9}(\d{1,2})\W{1,4}(\d{1,2})\W{0,9}\Z",
    re.IGNORECASE,
)
_RULED_OUT = re.compile(
    rf"{NOT}(?:(?:jump|jumping|move|moving|from) ){{0,2}}{_NUMBER}(?:{_OVER}{_NUMBER}|{_TO}{_NUMBER}){{1,2}}",
    re.IGNORECASE,
)


def _named(text: str) -> Iterator[_Named]:
    """Yield the jumps that a reply names, in order, along lines or not."""
    for found in _JUMP.finditer(_RULED_OUT.sub(" ", " ".join(text.split()))):
        start, over, end, other_start, other_over, alone_start, alone_end = (int(each or 0) for each in found.groups())
        if start:
            yield start, over, end
        elif other_start:
            yield other_start, other_over, 0
        else:
            yield alone_start, 0, alone_end
