"""Move a tower of disks from peg to peg, never a disk onto a smaller one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import last_said, plain
from textenvs.core.refusal import Refusal, illegal
from textenvs.core.search import distances
from textenvs.games.phrasing import listed, outcome

Position = tuple[int, ...]  # the peg of each disk, the smallest disk first
Move = tuple[int, int]  # from a peg to a peg

_PEGS = "ABCD"


class TowerOfHanoiState(NamedTuple):
    """Where the disks are.

    Attributes:
        here: the peg of each disk, the smallest disk first.
        goal: the same at the goal.
        left: turns left.
    """

    here: Position
    goal: Position
    left: int


@dataclass(frozen=True)
class TowerOfHanoi(Game[TowerOfHanoiState, Move]):
    """Bring all disks to given pegs, one at a time and never onto a smaller one, in few moves.

    Source:
        The puzzle by Édouard Lucas (1883), with any start and any goal (Hinz 1989, The Tower of Hanoi,
        L'Enseignement mathématique 35, 289-321) and also with a fourth peg (Dudeney 1907, The
        Canterbury Puzzles).
    Players and turns:
        One player, one move a turn.
    What the player sees:
        Everything: the disks on every peg, now and at the goal, and the turns left.
    Replies:
        `move A to C`, `A -> C`, `AC`, `move disk 1 to C`, `take disk 1 from A and put it on C` and the
        like. In a longer reply the last such move counts.
    Rules:
        A move takes the top disk of a peg to another peg, which must be empty or have a larger disk on
        top. Other moves are refused and use no turn. An episode has as many turns as a shortest solution
        takes, and `slack` more.
    Rewards:
        1 for reaching the goal, 0 otherwise. Return in 0 … 1.
    End:
        The goal is reached or the turns are used up.
    Parameters:
        disks: the number of disks; with 4 pegs at most 7.
        pegs: the number of pegs.
        layout: "random", or "classic": from all disks on the first peg to all on the last.
        slack: turns beyond those that a shortest solution takes.
    Size:
        With layout "random", start and goal are uniform over all pairs of different positions with
        disk 1 on peg A at the start, which only names the pegs: pegs^(disks - 1) x (pegs^disks - 1)
        instances, 19,602 by default, 14,346,720 at level "extreme", 67,104,768 with 7 disks on 4 pegs. At
        most 2^disks - 1 + slack turns with 3 pegs; with 4 pegs a shortest solution takes at most 1, 3, 5,
        9, 13, 17, 25 turns for 1 … 7 disks.
    Known values:
        Optimal and plan are 1. From the first to the last peg, 3 pegs take 2^disks - 1 moves (Lucas
        1883) and 4 pegs the numbers above (Frame and Stewart 1941; optimal by Bousch 2014, Bulletin of
        the Belgian Mathematical Society 21, 895-912). Between two positions drawn independently, 3 disks
        on 3 pegs take 2838/729 = 3.893 moves on average; asymptotically it is 466/885 x 2^disks (Hinz 1989).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"disks": 3, "slack": 2},
        "medium": {},
        "hard": {"disks": 6, "slack": 10},
        "extreme": {"disks": 8, "slack": 45},
    }

    disks: int = 5
    pegs: int = 3
    layout: str = "random"
    slack: int = 5

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError` or `UnknownNameError`."""
        check_range("disks", self.disks, 2, 9)
        check_range("pegs", self.pegs, 3, 4)
        check_choice("layout", self.layout, ("random", "classic"))
        check_range("slack", self.slack, 0, 10_000)
        if self.pegs == 4 and self.disks > len(_MOST_ON_FOUR_PEGS):
            raise ArgumentError(f"disks must be at most {len(_MOST_ON_FOUR_PEGS)} with 4 pegs, not {self.disks}")

    @property
    def max_turns(self) -> int:
        return self.slack + (2**self.disks - 1 if self.pegs == 3 else _MOST_ON_FOUR_PEGS[self.disks - 1])

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[TowerOfHanoiState] | None:
        if self.layout == "classic":
            first, last = (0,) * self.disks, (self.pegs - 1,) * self.disks
            return ((self._opening(first, last), Fraction(1)),)
        if self.pegs ** (2 * self.disks - 1) > _LISTED:
            return None
        goals = list(product(range(self.pegs), repeat=self.disks))
        starts = [position for position in goals if position[0] == 0]
        return uniform([self._opening(start, goal) for start in starts for goal in goals if start != goal])

    def deal(self, random: Random) -> TowerOfHanoiState:
        if self.layout == "classic":
            return super().deal(random)
        start = (0, *self._draw_pegs(random, self.disks - 1))
        goal = start
        while goal == start:
            goal = self._draw_pegs(random, self.disks)
        return self._opening(start, goal)

    def _draw_pegs(self, random: Random, disks: int) -> Position:
        return tuple(random.below(self.pegs) for _ in range(disks))

    def _opening(self, start: Position, goal: Position) -> TowerOfHanoiState:
        return TowerOfHanoiState(start, goal, _distances(goal, self.pegs)[start] + self.slack)

    def content(self, state: TowerOfHanoiState) -> tuple[int, Position, Position]:
        return (self.pegs, state.here, state.goal)

    def to_move(self, state: TowerOfHanoiState) -> tuple[int, ...]:
        return () if state.here == state.goal or state.left == 0 else (0,)

    def legal(self, state: TowerOfHanoiState, player: int) -> tuple[Move, ...]:
        return tuple(move for move, _ in _neighbours(state.here, self.pegs))

    def apply(self, state: TowerOfHanoiState, move: Move) -> TowerOfHanoiState:
        return TowerOfHanoiState(_moved(state.here, move), state.goal, state.left - 1)

    def rewards(self, state: TowerOfHanoiState, move: Move, after: TowerOfHanoiState) -> tuple[float, ...]:
        return (1.0 if after.here == after.goal else 0.0,)

    def instructions(self, player: int) -> str:
        return (
            f"There are {self.disks} disks on pegs {self._names()}. Disk 1 is the smallest, disk {self.disks} the "
            "largest. Each turn you move the top disk of one peg to another peg. A disk may never go onto a smaller "
            "disk. Bring all disks to the pegs of the goal before the turns run out to earn 1 point. "
            "I list the disks on each peg from bottom to top.\n"
            "Reply with one move, for example: move A to B"
        )

    def _names(self) -> str:
        return listed(tuple(_PEGS[: self.pegs]))

    def view(self, state: TowerOfHanoiState, player: int) -> str:
        told = outcome(state.left, solved=state.here == state.goal)
        return f"Now: {self._told(state.here)}\nGoal: {self._told(state.goal)}\n{told}"

    def _told(self, position: Position) -> str:
        """Return the disks of every peg from bottom to top."""
        return ", ".join(f"{name} [{_disks_on(position, peg)}]" for peg, name in enumerate(_PEGS[: self.pegs]))

    def say(self, state: TowerOfHanoiState, move: Move) -> str:
        start, end = move
        return f"move {_PEGS[start]} to {_PEGS[end]}"

    def read(self, state: TowerOfHanoiState, player: int, text: str) -> Move | Refusal:
        said = _said(text)
        if said is None:
            return Refusal("I read no move in that. Reply with the pegs to move from and to, such as: move A to B.")
        disk, start, end = said
        if disk is None:
            return self._checked(state, start, end)
        peg = self._peg_of(state, disk, start)
        return peg if isinstance(peg, Refusal) else self._checked(state, peg, end)

    def _peg_of(self, state: TowerOfHanoiState, disk: int, start: str) -> str | Refusal:
        """Return the peg that `disk` can be taken from, which must be `start` if that is not empty."""
        if not 1 <= disk <= self.disks:
            return illegal(f"There is no disk {disk}; the disks are 1 to {self.disks}.")
        peg = state.here[disk - 1]
        if start and start != _PEGS[peg]:
            return illegal(f"Disk {disk} is on peg {_PEGS[peg]}, not on peg {start}.")
        top = _top(state.here, peg)
        if top != disk:
            return illegal(f"Disk {disk} is not on top of peg {_PEGS[peg]}: disk {top} is.")
        return _PEGS[peg]

    def _checked(self, state: TowerOfHanoiState, start: str, end: str) -> Move | Refusal:
        move = (_PEGS.index(start), _PEGS.index(end))
        if max(move) >= self.pegs:
            return illegal(f"There is no peg D; the pegs are {self._names()}.")
        if start == end:
            return illegal("A move goes from one peg to another.")
        disk, below = (_top(state.here, peg) for peg in move)
        if disk is None:
            return illegal(f"Peg {start} is empty.")
        if below is not None and below < disk:
            return illegal(f"Disk {disk} cannot go onto disk {below}, which is smaller.")
        return move

    def progress(self, state: TowerOfHanoiState) -> float:
        """Minus the number of moves that a shortest solution still takes."""
        return -float(_distances(state.goal, self.pegs)[state.here])

    def expert(self, state: TowerOfHanoiState, player: int) -> Distribution[Move]:
        """The moves of shortest solutions, each equally likely: optimal."""
        far = _distances(state.goal, self.pegs)
        return uniform([move for move, after in _neighbours(state.here, self.pegs) if far[after] < far[state.here]])


_MOST_ON_FOUR_PEGS = (1, 3, 5, 9, 13, 17, 25)
"""The most moves that a shortest solution takes with 4 pegs, for 1, 2 … disks."""

_LISTED = 1_000
"""More deals than these are drawn, not listed."""


def _top(position: Position, peg: int) -> int | None:
    """Return the number of the top disk of a peg, None if there is none."""
    return position.index(peg) + 1 if peg in position else None


def _disks_on(position: Position, peg: int) -> str:
    return " ".join(str(disk) for disk in range(len(position), 0, -1) if position[disk - 1] == peg)


def _moved(position: Position, move: Move) -> Position:
    start, end = move
    disk = position.index(start)
    return (*position[:disk], end, *position[disk + 1 :])


def _neighbours(position: Position, pegs: int) -> Iterator[tuple[Move, Position]]:
    """Yield the legal moves, each with the position it leads to."""
    tops = [_top(position, peg) or len(position) + 1 for peg in range(pegs)]
    for start, end in product(range(pegs), repeat=2):
        if tops[start] < tops[end]:
            yield (start, end), _moved(position, (start, end))


@lru_cache(maxsize=64)
def _distances(goal: Position, pegs: int) -> dict[Position, int]:
    """Return from every position the fewest moves to `goal`."""
    return distances([goal], lambda position: _neighbours(position, pegs))


# Replies ---------------------------------------------------------------------------------------------


def _said(text: str) -> tuple[int | None, str, str] | None:
    """Return the disk, the peg from which and the peg to which; the first two are None and empty if not named."""
    words = plain(text)
    found = last_said(words, _MOVE, _VERBS) or _TERSE.search(words)
    if found is None:
        return None
    named = found.groupdict("")
    disk = int(named["disk"]) if named.get("disk") else None
    start = named["start"] or named.get("pegs_start", "")
    return disk, start.upper(), named["end"].upper()


_PEG = "(?:the )?(?:(?:peg|rod|pole|tower|stack) )?"
_TO = (
    "(?: ?,)? (?:(?:over )?(?:to|onto|into)|(?:and )?(?:then )?(?:move|put|place|drop|lay) it (?:on|to|onto|into)) "
    "| ?(?:-{0,2}>|=>|→) ?"
)
_NO_ARTICLE = "(?! (?:disk|disc|peg|rod|free|empty|new|different|larger|bigger|smaller|legal|spare|move))"
_MOVE = (
    rf"(?<![\w'])(?:(?:disk|disc|move|ring) (?P<disk>\d{{1,2}})(?: (?:from|on) {_PEG}(?P<start>[a-d]))?"
    rf"|(?:from )?{_PEG}(?P<pegs_start>[a-d]))(?:{_TO}){_PEG}(?P<end>[a-d])(?![\w']){_NO_ARTICLE}"
)
_VERBS = "moving|move|put|take|the|top|disk|disc|of|from"
_TERSE = re.compile(r"(?:^|\n)(?:move:? )?(?P<start>[a-d])[ ,:-]{0,3}(?P<end>[a-d])[.!]?$")
"""Two pegs as the last line of a reply."""
