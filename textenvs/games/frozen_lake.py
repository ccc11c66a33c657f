"""Cross a frozen lake whose ice is slippery, past its holes, to the goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import isqrt
from typing import ClassVar, NamedTuple

from textenvs.core.errors import check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.refusal import Refusal
from textenvs.core.search import distances
from textenvs.games.directions import DIRECTIONS, Direction, read_direction
from textenvs.games.phrasing import count

_ICE, _HOLE, _START, _GOAL = "FHSG"


class FrozenLakeState(NamedTuple):
    """A lake and a place on it.

    Attributes:
        lake: its squares row by row: `S` start, `F` ice, `H` hole, `G` goal, in Gymnasium's letters.
        here: the square the player is on, as an index into `lake`.
        turn: moves made so far.
        wanted: the direction the player has chosen, while chance decides where that leads, else None.
        slipped: the direction that the last move slipped to, None if it went as wanted.
    """

    lake: str
    here: int
    turn: int = 0
    wanted: Direction | None = None
    slipped: Direction | None = None


@dataclass(frozen=True)
class FrozenLake(Game[FrozenLakeState, Direction]):
    """Cross a frozen lake to the goal; the ice is slippery, and who falls into a hole has lost.

    Source:
        FrozenLake-v1 of Gymnasium (github.com/Farama-Foundation/Gymnasium, MIT licence), first of OpenAI Gym (Brockman
        et al. 2016, arXiv:1606.01540), with its maps `4x4` and `8x8`. Random lakes are drawn as its
        `generate_random_map` does.
    Players and turns:
        One player, one move a turn.
    What the player sees:
        Everything: the squares of the player, the goal and the holes, whether the last move slipped, and the moves
        left. In Gymnasium only the square of the player is seen.
    Replies:
        `move up`, `move down`, `move left`, `move right`; other verbs (`go`, `walk` …), compass directions and, as the
        whole reply, single letters (`u`, `n` …) are understood. In a longer reply the last verb with a direction
        counts, else the last direction.
    Rules:
        With probability 1 - slip a move goes where the player wants, with slip / 2 to either side of that. A move that
        would leave the lake leaves the player where it is.
    Rewards:
        1 for reaching the goal, 0 otherwise. Return in 0 … 1.
    End:
        The goal is reached, the player falls into a hole, or `turns` moves are made.
    Parameters:
        layout: "random", "4x4" or "8x8"; the named ones are Gymnasium's.
        size: squares along each side of a random lake, with the start at the top left and the goal at the bottom right.
        holes: chance that any other square of a random lake is a hole. Lakes that cannot be crossed are drawn anew.
        slip: chance that a move goes to a side; 2/3 in Gymnasium. Read as the nearest fraction of whole numbers up to
            1,000, as is `holes`.
        turns: the number of moves allowed; 100 for 4x4 and 200 for 8x8 in Gymnasium.
    Size:
        One instance of each named layout. A random lake of 6 x 6 squares is one of 2^34 less those that cannot be
        crossed. At most `turns` turns.
    Known values:
        Optimal is 0.744 for 4x4 with turns=100 and 0.913 for 8x8 with turns=200, as on the transition tables of
        Gymnasium; without a limit of moves it is 14/17 = 0.824 and 1. At the easy level optimal is 0.554, plan 0.457,
        myopic 0.145 and random 0.066. The expert is optimal.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"size": 3, "slip": 0.4, "turns": 7},
        "medium": {},
        "hard": {"size": 8, "turns": 250},
        "extreme": {"size": 12, "turns": 1_000},
    }

    layout: str = "random"
    size: int = 6
    holes: float = 0.2
    slip: float = 2 / 3
    turns: int = 100

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError` or `UnknownNameError`."""
        check_choice("layout", self.layout, ("random", *_LAYOUTS))
        check_range("size", self.size, 2, 16)
        check_range("holes", self.holes, 0.0, 0.4)
        check_range("slip", self.slip, 0.0, 1.0)
        check_range("turns", self.turns, 1, 10_000)

    @property
    def max_turns(self) -> int:
        return self.turns

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[FrozenLakeState] | None:
        if self.layout != "random":
            return ((_opening(_LAYOUTS[self.layout]), Fraction(1)),)
        squares = self.size**2 - 2
        if squares > _LISTED_SQUARES:
            return None
        chance = _fraction(self.holes)
        lakes = [_lake(holes) for holes in product((False, True), repeat=squares)]
        weights = {lake: _weight(lake, chance) for lake in lakes if _can_be_crossed(lake)}
        total = sum(weights.values())
        return tuple([(_opening(lake), weight / total) for lake, weight in weights.items() if weight])

    def deal(self, random: Random) -> FrozenLakeState:
        if self.layout != "random":
            return super().deal(random)
        while True:
            lake = _lake([random.random() < _fraction(self.holes) for _ in range(self.size**2 - 2)])
            if _can_be_crossed(lake):
                return _opening(lake)

    def content(self, state: FrozenLakeState) -> str:
        return state.lake

    def to_move(self, state: FrozenLakeState) -> tuple[int, ...]:
        over = state.lake[state.here] in (_GOAL, _HOLE) or state.turn == self.turns
        return () if over or state.wanted else (0,)

    def legal(self, state: FrozenLakeState, player: int) -> tuple[Direction, ...]:
        return DIRECTIONS

    def chance(self, state: FrozenLakeState) -> Distribution[Direction]:
        if state.wanted is None:
            return ()
        slip = _fraction(self.slip)
        outcomes: Distribution[Direction] = (
            (state.wanted, 1 - slip), *[(side, slip / 2) for side in _SIDES[state.wanted]]
        )  # fmt: skip
        return tuple((direction, p) for direction, p in outcomes if p)

    def apply(self, state: FrozenLakeState, move: Direction) -> FrozenLakeState:
        if state.wanted is None:
            return state._replace(wanted=move, slipped=None)
        here = _next(state.lake, state.here, move)
        slipped = None if move == state.wanted else move
        return FrozenLakeState(state.lake, here, state.turn + 1, slipped=slipped)

    def rewards(self, state: FrozenLakeState, move: Direction, after: FrozenLakeState) -> tuple[float, ...]:
        return (1.0 if after.lake[after.here] == _GOAL else 0.0,)

    def instructions(self, player: int) -> str:
        side = isqrt(len(_LAYOUTS[self.layout])) if self.layout in _LAYOUTS else self.size
        return (
            f"You cross a frozen lake of {side} rows and {side} columns of squares. "
            f"Reach the goal within {count(self.turns, 'move')}. Each turn, reply with one of: move up, move down, "
            f"move left, move right.{self._ice()} A move that would leave the lake leaves you where you are. "
            "If you fall into a hole, you have lost. You earn 1 point for reaching the goal.\n"
            "Squares are given as (row, column); rows are counted from 0 at the top, columns from 0 at the left.\n"
            "For example, reply: move down"
        )

    def _ice(self) -> str:
        slip = _fraction(self.slip)
        if slip == 0:
            return ""
        return (
            f" The ice is slippery: with probability {1 - slip} you go where you want, with probability {slip / 2} you "
            f"slip to one side of that direction, and with probability {slip / 2} to the other side."
        )

    def view(self, state: FrozenLakeState, player: int) -> str:
        slipped = f"You slipped {state.slipped}. " if state.slipped else ""
        place = f"{slipped}You are at {_place(state.lake, state.here)}"
        if state.lake[state.here] == _GOAL:
            return f"{place}, the goal. You have won."
        if state.lake[state.here] == _HOLE:
            return f"{place}, in a hole. You have lost."
        if state.turn == self.turns:
            return f"{place}. You are out of moves and have not reached the goal."
        holes = " ".join([_place(state.lake, square) for square in _squares(state.lake, _HOLE)])
        goal = _place(state.lake, state.lake.index(_GOAL))
        left = count(self.turns - state.turn, "move")
        return f"{place}. Goal: {goal}. Holes: {holes or 'none'}. {left} left."

    def say(self, state: FrozenLakeState, move: Direction) -> str:
        return f"move {move}"

    def read(self, state: FrozenLakeState, player: int, text: str) -> Direction | Refusal:
        move = read_direction(text, _VERBS)
        return move or Refusal("I read no direction in that. Reply with: move up, move down, move left or move right.")

    def progress(self, state: FrozenLakeState) -> float:
        """Minus the number of moves to the goal on ice that does not slip; in a hole, minus the number of squares."""
        return -float(_steps(state.lake).get(state.here, len(state.lake)))

    def expert(self, state: FrozenLakeState, player: int) -> Distribution[Direction]:
        """Takes the direction with the best chance to reach the goal in time, of equals the nearest to it: optimal."""
        slip = float(_fraction(self.slip))
        later = _chances(state.lake, slip, self.turns - 1)
        chances = later[min(self.turns - state.turn, len(later)) - 1]
        ways = _ways(state.lake)[state.here]
        steps = [_steps(state.lake).get(ahead, len(state.lake)) for ahead, _, _ in ways]
        worth = [(round(chance, 12), -step) for chance, step in zip(_worth(ways, chances, slip), steps, strict=True)]
        return ((DIRECTIONS[worth.index(max(worth))], Fraction(1)),)


_LISTED_SQUARES = 8
"""Random lakes with more squares that may be holes are drawn, not listed."""

_SETTLED = 1e-12
"""Chances that more time raises by less than this are as good as those without a limit."""

_LAYOUTS = {
    "4x4": "SFFF" "FHFH" "FFFH" "HFFG",
    "8x8": "SFFFFFFF" "FFFFFFFF" "FFFHFFFF" "FFFFFHFF" "FFFHFFFF" "FHHFFFHF" "FHFFHFHF" "FFFHFFFG",
}  # fmt: skip

_VERBS = ("move", "go", "walk", "step", "head", "slide", "run", "turn")

_SIDES: dict[Direction, tuple[Direction, Direction]] = {
    "up": ("left", "right"), "down": ("right", "left"), "left": ("down", "up"), "right": ("up", "down"),
}  # fmt: skip


Way = tuple[int, int, int]
"""Where a direction leads: the square ahead, and those to its left and right."""


def _fraction(number: float) -> Fraction:
    return Fraction(number).limit_denominator(1_000)


def _opening(lake: str) -> FrozenLakeState:
    return FrozenLakeState(lake, lake.index(_START))


def _lake(holes: Sequence[bool]) -> str:
    """Return the lake with these holes between the start and the goal."""
    return _START + "".join([_HOLE if hole else _ICE for hole in holes]) + _GOAL


def _weight(lake: str, chance: Fraction) -> Fraction:
    """Return how likely a lake is before those that cannot be crossed are left out."""
    return chance ** lake.count(_HOLE) * (1 - chance) ** lake.count(_ICE)


def _squares(lake: str, content: str) -> list[int]:
    return [square for square, each in enumerate(lake) if each == content]


def _place(lake: str, square: int) -> str:
    """Return a square as (row, column)."""
    return str(divmod(square, isqrt(len(lake))))


def _next(lake: str, square: int, direction: Direction) -> int:
    """Return the square in a direction; at the edge the same one."""
    side = isqrt(len(lake))
    row, column = divmod(square, side)
    if direction in ("up", "down"):
        row += 1 if direction == "down" else -1
    else:
        column += 1 if direction == "right" else -1
    return row * side + column if 0 <= row < side and 0 <= column < side else square


def _can_be_crossed(lake: str) -> bool:
    return 0 in _steps(lake)


@lru_cache(maxsize=1_024)
def _steps(lake: str) -> dict[int, int]:
    """Return the moves to the goal from every square that it can be reached from on ice that does not slip."""

    def neighbours(square: int) -> list[tuple[Direction, int]]:
        there = [(direction, _next(lake, square, direction)) for direction in DIRECTIONS]
        return [(direction, square) for direction, square in there if lake[square] != _HOLE]

    return distances([lake.index(_GOAL)], neighbours)


@lru_cache(maxsize=64)
def _ways(lake: str) -> tuple[tuple[Way, ...], ...]:
    """Return for every square where each direction leads."""
    return tuple([tuple([_way(lake, square, move) for move in DIRECTIONS]) for square in range(len(lake))])


def _way(lake: str, square: int, move: Direction) -> Way:
    left, right = (_next(lake, square, side) for side in _SIDES[move])
    return (_next(lake, square, move), left, right)


def _worth(ways: tuple[Way, ...], chances: Sequence[float], slip: float) -> list[float]:
    """Return the chance to reach the goal after each direction, if `chances` tells it for every square."""
    return [(1 - slip) * chances[ahead] + slip / 2 * (chances[left] + chances[right]) for ahead, left, right in ways]


@lru_cache(maxsize=16)
def _chances(lake: str, slip: float, turns: int) -> tuple[tuple[float, ...], ...]:
    """Return the best chances to reach the goal from every square, by moves left from 0 on, until they settle."""
    ways = [(square, _ways(lake)[square]) for square, content in enumerate(lake) if content in (_ICE, _START)]
    chances = [tuple([float(content == _GOAL) for content in lake])]
    for _ in range(turns):
        last = chances[-1]
        now = list(last)
        for square, moves in ways:
            now[square] = max(_worth(moves, last, slip))
        chances.append(tuple(now))
        if max(map(float.__sub__, now, last)) < _SETTLED:
            break
    return tuple(chances)
