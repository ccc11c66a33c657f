"""Walk down a long corridor and take the turns at its end that a sign told at its beginning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from math import comb
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.draws import draw_some
from textenvs.core.errors import check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import last_said, plain
from textenvs.core.refusal import Refusal
from textenvs.games.phrasing import count

Side = Literal["left", "right"]
Move = Literal["forward"] | Side
Way = tuple[Side, ...]  # which side to take at each fork

SIDES: tuple[Side, ...] = ("left", "right")


class CorridorState(NamedTuple):
    """What is written on the walls, and how far the player has come.

    Attributes:
        sign: the way that the sign tells, which is the correct one.
        scribbles: other ways told on the walls, each with its square, ascending.
        here: squares and forks passed.
        turn: turns that are over.
        bumped: whether the last move ran into a wall.
        is_lost: whether the player took a wrong turn.
    """

    sign: Way
    scribbles: tuple[tuple[int, Way], ...]
    here: int = 0
    turn: int = 0
    bumped: bool = False
    is_lost: bool = False


@dataclass(frozen=True)
class Corridor(Game[CorridorState, Move]):
    """Remember a sign from the start of a corridor up to the forks at its end.

    Source:
        The T-maze of Bakker (2002, Reinforcement learning with long short-term memory, NIPS 14), which is one
        fork; more forks are the bits of the memory experiments of bsuite (Osband et al. 2020, arXiv:1908.03568).
        Bakker pays 4 for the correct turn and -0.1 for a wrong one and for walking into a wall; here there are no
        prices but the turns used up. He shows the sign at the start, as bsuite does: cue "first".
    Players and turns:
        One player, one step a turn.
    What the player sees:
        Whether it is in the corridor or at a fork, and the number of the turn; on arrival at a square also
        what is written there. That is not repeated, on purpose: the sign is to be remembered.
    Replies:
        `go forward`, `go left`, `go right`; `straight ahead`, `continue`, `turn left` … and, as the whole
        reply, single letters are understood. In a longer reply the last verb with a direction counts, else
        the last direction, unless it is ruled out, as in "not left". In the corridor what is to be done "at
        the end" or "at the fork" does not count.
    Rules:
        The corridor is a row of `length` squares, and the forks follow it one by one. Going forward leads
        from square to square, and from the last one to the first fork. At a fork left and right lead on if
        the sign says so, and else into a dead end. All else runs into a wall: the player stays where it is.
        The sign tells every way with equal probability. Scribbles are on squares behind the first two, every
        choice equally likely, and tell ways that are drawn like that of the sign and mean nothing.
    Rewards:
        1 for taking the correct side at all forks. Return in 0 … 1.
    End:
        The last fork is passed, a dead end is entered, or the turns are used up.
    Parameters:
        length: the number of squares of the corridor.
        forks: the number of forks, which is how many bits there are to remember.
        distractors: the number of squares with scribbles.
        cue: where the sign is: "first", on the square where the player starts, or "later", on the next one, so
            that no plan made before the first step can know it.
        turns: the turns in an episode; 0 stands for 3 x (length + forks).
    Size:
        2^forks x C(length - 2, distractors) x 2^(forks x distractors) instances, 10^17 by default and 12 at
        level easy.
    Known values:
        Optimal is 1, which the expert earns in length + forks turns. Plan is 2^-forks with cue "later" and 1 with
        "first". Myopic walks at random up to the last fork, where it knows the side. Level easy: plan 0.5,
        myopic 0.719, random 0.344.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"length": 5, "forks": 1, "distractors": 1},
        "medium": {},
        "hard": {"length": 200, "forks": 4, "distractors": 50},
        "extreme": {"length": 1_000, "forks": 5, "distractors": 100},
    }

    length: int = 30
    forks: int = 3
    distractors: int = 10
    cue: str = "later"
    turns: int = 0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("length", self.length, 2, 1_000)
        check_range("forks", self.forks, 1, 20)
        check_range("distractors", self.distractors, 0, self.length - 2)
        check_choice("cue", self.cue, ("first", "later"))
        check_range("turns", self.turns, 0, 10_000)

    @property
    def max_turns(self) -> int:
        return self.turns or 3 * (self.length + self.forks)

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[CorridorState] | None:
        if comb(self.length - 2, self.distractors) * 2 ** (self.forks * (1 + self.distractors)) > _LISTED:
            return None
        squares = combinations(range(2, self.length), self.distractors)
        signs = tuple(product(SIDES, repeat=self.forks))
        scribbled = product(signs, repeat=self.distractors)
        written = [tuple(zip(*each, strict=True)) for each in product(squares, scribbled)]
        return uniform([CorridorState(sign, scribbles) for sign in signs for scribbles in written])

    def deal(self, random: Random) -> CorridorState:
        sign = self._draw_way(random)
        squares = sorted(draw_some(random, range(2, self.length), self.distractors))
        return CorridorState(sign, tuple([(square, self._draw_way(random)) for square in squares]))

    def _draw_way(self, random: Random) -> Way:
        return tuple([random.choice(SIDES) for _ in range(self.forks)])

    def content(self, state: CorridorState) -> tuple[Way, tuple[tuple[int, Way], ...]]:
        return state.sign, state.scribbles

    def to_move(self, state: CorridorState) -> tuple[int, ...]:
        return () if state.is_lost or self._is_won(state) or state.turn == self.max_turns else (0,)

    def _is_won(self, state: CorridorState) -> bool:
        return state.here == self.length + self.forks

    def legal(self, state: CorridorState, player: int) -> tuple[Move, ...]:
        return ("forward", *SIDES)

    def apply(self, state: CorridorState, move: Move) -> CorridorState:
        after = state._replace(turn=state.turn + 1, bumped=False)
        if (move == "forward") != (state.here < self.length):
            return after._replace(bumped=True)
        if move not in ("forward", self._side(state)):
            return after._replace(is_lost=True)
        return after._replace(here=state.here + 1)

    def _side(self, state: CorridorState) -> Side | None:
        """The side to take at the fork where the player is, None in the corridor."""
        return None if state.here < self.length else state.sign[state.here - self.length]

    def rewards(self, state: CorridorState, move: Move, after: CorridorState) -> tuple[float, ...]:
        return (1.0 if self._is_won(after) else 0.0,)

    def instructions(self, player: int) -> str:
        one = self.forks == 1
        forks = "there is a fork" if one else f"there are {self.forks} forks, one after another"
        side = "the side to take" if one else "the side to take at each fork"
        place = "at the start" if self.cue == "first" else "after your first step"
        scribbles = " What is scribbled on the walls means nothing; only the sign is true." if self.distractors else ""
        pays = "Taking the correct side" if one else "Taking the correct side at all forks"
        return (
            f"You are in a corridor of {self.length} steps. At its end {forks}, where you go left or right. "
            f"A sign {place} tells you {side}. You see it only once, so remember it.{scribbles}\n"
            "In the corridor go forward, one step a turn. At a fork go left or right. Anything else runs into a wall "
            f"and uses up the turn. You have {count(self.max_turns, 'turn')}. {pays} earns 1 point; a wrong side ends "
            "the game without points.\n"
            "Reply with go forward, go left or go right, for example: go forward"
        )

    def view(self, state: CorridorState, player: int) -> str:
        if self._is_won(state):
            return "That was the correct side. You reach the goal and win."
        if state.is_lost:
            return "That was the wrong side: a dead end. You lose."
        return " ".join(self._told(state))

    def _told(self, state: CorridorState) -> Iterator[str]:
        if state.bumped:
            yield "You run into a wall."
        if state.here >= self.length:
            number = f"fork {state.here - self.length + 1} of {self.forks}" if self.forks > 1 else "the fork"
            yield f"You are at {number}."
        else:
            yield "You are in the corridor."
            yield from () if state.bumped else self._written(state)
        over = state.turn == self.max_turns
        yield "You have used up your turns and lose." if over else f"Turn {state.turn + 1} of {self.max_turns}."

    def _written(self, state: CorridorState) -> Iterator[str]:
        """What is written on the square where the player has arrived."""
        if state.here == (0 if self.cue == "first" else 1):
            yield f"A sign says: {', '.join(state.sign)}."
        for square, way in state.scribbles:
            if square == state.here:
                yield f"Scribbled on the wall: {', '.join(way)}."

    def say(self, state: CorridorState, move: Move) -> str:
        return f"go {move}"

    def read(self, state: CorridorState, player: int, text: str) -> Move | Refusal:
        words = _NO_MOVES.sub(" ", plain(text))
        if words.strip(".!") in _LETTERS:
            return _LETTERS[words.strip(".!")]
        if state.here < self.length:
            words = _FOR_LATER.sub(" ", words)
        return _last_move(words) or Refusal("I read no move in that. Reply with go forward, go left or go right.")

    def progress(self, state: CorridorState) -> float:
        """The share of the way to the goal that is done."""
        return state.here / (self.length + self.forks)

    def expert(self, state: CorridorState, player: int) -> Distribution[Move]:
        """Goes forward, and at the forks as the sign said: optimal."""
        return ((self._side(state) or "forward", Fraction(1)),)


_LISTED = 2_000
"""More deals than these are drawn, not listed."""


# Reading ---------------------------------------------------------------------------------------------

_ONWARDS = ("forward", "forwards", "ahead", "straight", "onward", "onwards", "on")
_MEANINGS: dict[str, Move] = {**dict.fromkeys(_ONWARDS, "forward"), "left": "left", "right": "right"}
_LETTERS: dict[str, Move] = {"f": "forward", "l": "left", "r": "right"}
_VERBS = "go|going|turn|turning|move|moving|walk|walking|step|head|keep|take|taking|choose|continue|proceed|to|the"
_PATTERNS = (
    rf"\b(?:(?:{_VERBS}) ){{1,4}}(?:straight )?(?P<move>{'|'.join(_MEANINGS)})\b",
    r"\b(?:continue|proceed|keep (?:going|walking)|(?:one|a) step)\b(?P<move>)",
    r"\b(?P<move>forwards?|ahead|straight|onwards?|left|right)\b",
)
"""What stands for a move: the explicit wordings first."""

_NO_MOVES = re.compile(
    r"\b(?:turns left|(?:\d+|one|last|no) (?:more )?turn left|(?:is|are|have|has|i've|nothing|time|steps|moves) left"
    r"|left to go|all right|alright|(?:is|be|was|that's|it's) (?:the )?right(?: (?:side|way|turn|one|choice))?"
    r"|right now|right away|right answer)\b"
)
"""Where left and right are no moves."""

_FOR_LATER = re.compile(
    r"\b(?:(?:turn|go|going|then|take|taking|the) ){0,4}(?:left|right)(?:,? (?:(?:and|then) ){0,2}(?:left|right)){0,20}"
    r" at (?:the |its |each |every )?(?:end|forks?|junction)\b"
)
"""What is to be done at the forks."""


def _last_move(words: str) -> Move | None:
    found = next(filter(None, (last_said(words, pattern, _VERBS) for pattern in _PATTERNS)), None)
    return _MEANINGS[found["move"] or "on"] if found else None
