"""Measure an amount of water with jugs of other sizes: fill, empty, pour."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import permutations
from math import gcd, perm
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import last_said, name_a, plain
from textenvs.core.refusal import Refusal, illegal
from textenvs.core.search import shortest_path
from textenvs.games.phrasing import count, listed, outcome

Litres = tuple[int, ...]  # of each jug

_JUGS = "ABCD"


Verb = Literal["fill", "empty", "pour"]


class JugMove(NamedTuple):
    """What to do with which jug, and which jug to pour it into."""

    verb: Verb
    jug: int
    into: int | None = None


class WaterJugsState(NamedTuple):
    """The jugs and what is in them.

    Attributes:
        sizes: the litres that each jug holds when full.
        goal: the litres to have in one of them.
        water: the litres in each jug.
        left: turns left.
    """

    sizes: Litres
    goal: int
    water: Litres
    left: int


@dataclass(frozen=True)
class WaterJugs(Game[WaterJugsState, JugMove]):
    """Get a given amount of water into one of several jugs by filling, emptying and pouring.

    Source:
        Folklore: Albert of Stade (13th century) poses the kind with a full jug instead of a tap. For what
        jugs can measure see Boldi, Santini & Vigna 2002, Measuring with jugs, Theoretical Computer
        Science 282, 259-270.
    Players and turns:
        One player, one action a turn.
    What the player sees:
        Everything: the size of every jug and the water in it, the goal, and the turns left.
    Replies:
        `fill A`, `empty A`, `pour A into B`, `fill the 5-litre jug`, `pour from B to A` and the like. In a
        longer reply the last such action counts.
    Rules:
        All jugs are empty at first, and their sizes differ. Filling fills a jug to the brim, emptying pours all
        its water away, and pouring goes on until the one jug is empty or the other full. What would
        change nothing is refused and uses no turn. An episode has as many turns as a shortest
        solution takes, and `slack` more.
    Rewards:
        1 for having the goal's amount in one jug, 0 otherwise. Return in 0 … 1.
    End:
        One jug has the goal's amount or the turns are used up.
    Parameters:
        jugs: the number of jugs.
        largest: the most litres that a jug may hold, more than `jugs`; at most 1,000 with two jugs, 60 with
            three, 20 with four.
        longest: the most turns that a shortest solution may take.
        slack: turns beyond those that a shortest solution takes.
    Size:
        Uniform over all sizes from 1 to `largest`, in any order, and all goals up to the size of the
        largest jug which are the size of no jug and can be reached within `longest` turns: multiples of
        the sizes' greatest common divisor. 172 instances at level "easy", 1,327,536 by default.
        With two jugs no shortest solution takes more than 2 x largest - 4 turns (seen up to largest=20).
    Known values:
        Optimal and plan are 1; the expert is optimal. Jugs of 3 and 5 litres measure 4 litres in 6 turns
        and 1 litre in 4.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"jugs": 2, "largest": 8, "slack": 2},
        "medium": {},
        "hard": {"jugs": 2, "largest": 40, "longest": 76},
        "extreme": {"jugs": 2, "largest": 200, "longest": 396, "slack": 20},
    }

    jugs: int = 3
    largest: int = 40
    longest: int = 12
    slack: int = 4

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("jugs", self.jugs, 2, len(_JUGS))
        check_range("largest", self.largest, self.jugs + 1, _LARGEST[self.jugs])
        check_range("longest", self.longest, 2, 2_000)
        check_range("slack", self.slack, 0, 10_000)

    @property
    def max_turns(self) -> int:
        return self.longest + self.slack

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[WaterJugsState] | None:
        if perm(self.largest, self.jugs) * self.largest > _LISTED:
            return None
        sizes = permutations(range(1, self.largest + 1), self.jugs)
        found = (self._opening(each, goal) for each in sizes for goal in range(1, self.largest + 1))
        return uniform([state for state in found if state])

    def deal(self, random: Random) -> WaterJugsState:
        while True:
            sizes = random.shuffled(range(1, self.largest + 1))[: self.jugs]
            if state := self._opening(sizes, 1 + random.below(self.largest)):
                return state

    def _opening(self, sizes: Litres, goal: int) -> WaterJugsState | None:
        """Return the opening of an instance, None if there is no such instance."""
        if goal in sizes or goal > max(sizes) or goal % gcd(*sizes):
            return None
        empty = (0,) * self.jugs
        turns = len(_solution(sizes, goal, empty))
        return WaterJugsState(sizes, goal, empty, turns + self.slack) if turns <= self.longest else None

    def content(self, state: WaterJugsState) -> tuple[Litres, int]:
        return (state.sizes, state.goal)

    def to_move(self, state: WaterJugsState) -> tuple[int, ...]:
        return () if state.goal in state.water or state.left == 0 else (0,)

    def legal(self, state: WaterJugsState, player: int) -> tuple[JugMove, ...]:
        return tuple(move for move, _ in _changes(state.sizes, state.water))

    def apply(self, state: WaterJugsState, move: JugMove) -> WaterJugsState:
        return state._replace(water=_after(state.sizes, state.water, move), left=state.left - 1)

    def rewards(self, state: WaterJugsState, move: JugMove, after: WaterJugsState) -> tuple[float, ...]:
        return (1.0 if after.goal in after.water else 0.0,)

    def instructions(self, player: int) -> str:
        return (
            f"You have {self.jugs} jugs, {self._names()}, and as much water as you need. Each turn, do one of these:\n"
            "fill A - fills jug A to the brim.\n"
            "empty A - pours all the water of jug A away.\n"
            "pour A into B - pours until jug A is empty or jug B is full.\n"
            "All jugs work the same way. Get exactly the litres of the goal into one jug before the turns run out to "
            "earn 1 point.\n"
            "Reply with one action, for example: fill A"
        )

    def _names(self) -> str:
        return listed(tuple(_JUGS[: self.jugs]))

    def view(self, state: WaterJugsState, player: int) -> str:
        jugs = zip(_JUGS, state.water, state.sizes, strict=False)
        told = ", ".join(f"{name} has {water} of {count(size, 'litre')}" for name, water, size in jugs)
        goal = f"Goal: {count(state.goal, 'litre')} in one jug."
        return f"{told}.\n{goal}\n{outcome(state.left, solved=state.goal in state.water)}"

    def say(self, state: WaterJugsState, move: JugMove) -> str:
        return f"{move.verb} {_JUGS[move.jug]}" + ("" if move.into is None else f" into {_JUGS[move.into]}")

    def read(self, state: WaterJugsState, player: int, text: str) -> JugMove | Refusal:
        said = last_said(plain(text), _ACTION, "just")
        if said is None:
            return Refusal("I read no action in that. Reply with one action, such as: fill A, empty A, pour A into B.")
        verb, *jugs = _said(said)
        numbers = [_number(state.sizes, jug) for jug in jugs]
        if _NO_JUG in numbers:
            return illegal(f"There is no {_named(jugs[numbers.index(_NO_JUG)])}; the jugs are {self._names()}.")
        return _checked(state, JugMove(_VERBS[verb], *numbers))

    def progress(self, state: WaterJugsState) -> float:
        """Minus the number of turns that a shortest solution still takes."""
        return -float(len(_solution(state.sizes, state.goal, state.water)))

    def expert(self, state: WaterJugsState, player: int) -> Distribution[JugMove]:
        """The first action of a shortest solution: optimal."""
        return ((_solution(state.sizes, state.goal, state.water)[0], Fraction(1)),)


_LARGEST = {2: 1_000, 3: 60, 4: 20}
"""The most litres for each number of jugs: more would take too long to solve."""

_LISTED = 1_000
"""More sizes and goals than these are drawn, not listed."""


def _moves(jugs: int) -> Iterator[JugMove]:
    """Yield all moves, whether they change anything or not."""
    yield from (JugMove("fill", jug) for jug in range(jugs))
    yield from (JugMove("empty", jug) for jug in range(jugs))
    yield from (JugMove("pour", jug, into) for jug, into in permutations(range(jugs), 2))


def _after(sizes: Litres, water: Litres, move: JugMove) -> Litres:
    """Return the water in the jugs after a move."""
    litres = list(water)
    if move.into is None:
        litres[move.jug] = sizes[move.jug] if move.verb == "fill" else 0
    else:
        poured = min(water[move.jug], sizes[move.into] - water[move.into])
        litres[move.jug] -= poured
        litres[move.into] += poured
    return tuple(litres)


def _changes(sizes: Litres, water: Litres) -> Iterator[tuple[JugMove, Litres]]:
    """Yield the moves that change something, each with the water after it."""
    found = ((move, _after(sizes, water, move)) for move in _moves(len(sizes)))
    yield from ((move, after) for move, after in found if after != water)


@lru_cache(maxsize=1024)
def _solution(sizes: Litres, goal: int, water: Litres) -> tuple[JugMove, ...]:
    """Return a shortest solution of a puzzle that has one."""
    moves = shortest_path(water, lambda litres: _changes(sizes, litres), lambda litres: goal in litres, limit=10**7)
    assert moves is not None, "multiples of the greatest common divisor up to the largest size can be measured"
    return moves


# Replies ---------------------------------------------------------------------------------------------


def _jug(group: str) -> str:
    """Return a pattern for a jug by its letter, or by its size as in "the 5-litre jug"."""
    a = name_a("into|to|in|onto|over|up|out|away|and|then|so|since|because|as|first|now|next|again|until|with|down")
    size = r"\d{1,4}(?:[ -]?(?:litres?|liters?|l|gallons?|gal))?[ -](?:jug|jar|container|one)"
    return rf"(?:the )?(?:(?:jug|jar|container) )?(?P<{group}>{size}|[b-d]|{a})(?![\w'])"


_WATER = "(?:(?:all|the|water|contents?|everything|of|from|in|out|jug|into) ){0,6}?"
_ACTION = (
    r"(?<![\w'-])(?:"
    rf"(?:pour|transfer|empty|decant|tip|move) {_WATER}{_jug('poured')}"
    rf"(?: (?:over |back )?(?:into|to|in|onto) | ?(?:->|=>|→) ?){_jug('into')}"
    rf"|(?:fill|refill|fill up) {_jug('filled')}"
    rf"|(?:empty|drain|dump|discard|pour out|pour away|throw away|clear) {_WATER}{_jug('emptied')}"
    rf"|(?:pour|dump|throw|tip) {_WATER}{_jug('emptied_out')} (?:out|away|down))"
)


_VERBS: dict[str, Verb] = {"filled": "fill", "emptied": "empty", "emptied_out": "empty", "poured": "pour"}
"""What is done if a group of the pattern matches."""


def _said(action: re.Match[str]) -> list[str]:
    """Return the group that tells what is done, and the jugs it is done with as written."""
    found = {group: jug for group, jug in action.groupdict().items() if jug and group != "no"}
    return [next(group for group in found if group in _VERBS), *found.values()]


_NO_JUG = -1


def _number(sizes: Litres, jug: str) -> int:
    """Return which jug is meant by a letter or a size, `_NO_JUG` if there is none."""
    size = re.match(r"\d+", jug)
    if size:
        return sizes.index(int(size[0])) if int(size[0]) in sizes else _NO_JUG
    return _JUGS[: len(sizes)].find(jug.upper())


def _named(jug: str) -> str:
    size = re.match(r"\d+", jug)
    return f"jug of {count(int(size[0]), 'litre')}" if size else f"jug {jug.upper()}"


def _checked(state: WaterJugsState, move: JugMove) -> JugMove | Refusal:
    """Return `move`, or why it would change nothing."""
    name, water = _JUGS[move.jug], state.water[move.jug]
    if move.verb == "fill":
        return illegal(f"{name} is already full.") if water == state.sizes[move.jug] else move
    if move.into == move.jug:
        return illegal("Pour from one jug into another.")
    if not water:
        return illegal(f"{name} is already empty." if move.into is None else f"{name} is empty.")
    if move.into is not None and state.water[move.into] == state.sizes[move.into]:
        return illegal(f"{_JUGS[move.into]} is already full.")
    return move
