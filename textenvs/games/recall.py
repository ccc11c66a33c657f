"""Remember what boxes hold: facts are told once, replaced by later ones, and asked for long after."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.draws import every_outcome
from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.reading import last_phrase
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.phrasing import count, listed

COLOURS = (
    "red", "blue", "green", "yellow", "black", "white", "orange", "purple", "brown", "pink", "grey", "silver",
    "golden", "striped", "dotted", "checked",
)  # fmt: skip
THINGS = (
    "coin", "key", "ring", "stone", "feather", "candle", "spoon", "button", "shell", "ticket", "whistle", "pencil",
    "marble", "ribbon", "bell", "needle", "nail", "cork", "acorn", "magnet",
)  # fmt: skip
NEXT = "next"

Kind = Literal["box", "bag", "question"]


class Line(NamedTuple):
    """What is said in one turn.

    Attributes:
        kind: a fact about a box, a fact about a bag, or a question about a box.
        colour: of the box or bag, as an index into `COLOURS`.
        thing: what it holds, as an index into `THINGS`; the right answer if it is a question.
    """

    kind: Kind
    colour: int
    thing: int


class RecallState(NamedTuple):
    """All that is said in the episode, and how far it has come.

    Attributes:
        script: what is said, turn by turn.
        turn: turns that are over.
        right: right answers so far.
    """

    script: tuple[Line, ...]
    turn: int = 0
    right: int = 0


@dataclass(frozen=True)
class Recall(Game[RecallState, str]):
    """Remember what each box holds now, among facts that replace earlier ones and facts of no use.

    Source:
        Written for textenvs: the memory of pairs of a key and its value whose values change, as in the
        continuous paired-associate task of Atkinson and Shiffrin (1968, Human memory) and in the
        associative recall of Graves et al. (2014, arXiv:1410.5401).
    Players and turns:
        One player, one reply a turn.
    What the player sees:
        The one fact or question of this turn. Nothing is ever repeated, on purpose: all is in the
        history, of which the dial `memory` shows as much as it says. Whether answers were right is told
        at the end, and only how many.
    Replies:
        `next` (also `ok`, `continue`, `go on` …) after a fact; the thing, such as `coin` or `it holds
        the coin`, after a question. In a longer reply the last thing counts that is not ruled out, as in
        "not the key". After a question `next` is refused, and after a fact a thing.
    Rules:
        The first turn tells of a box, and the last `boxes` turns ask for every box in random order. The
        turns between are in random order. The first facts about boxes tell of each box once, in random
        order; each further one tells that a box, drawn anew, now holds another thing. Facts about bags
        and questions before the end are drawn anew too, a question from the boxes told of so far. All
        draws are uniform.
    Rewards:
        1 / (boxes + questions) for each right answer, at once. Return in 0 … 1.
    End:
        After the last question.
    Parameters:
        length: the number of turns. Those that the other numbers leave over are facts about bags, so
            that a higher length makes memories longer and nothing else.
        boxes: the number of boxes, which is how much there is to remember.
        things: the number of things a box can hold.
        changes: the number of facts that replace an earlier one.
        questions: the number of questions before those at the end.
    Size:
        By default 8^4 x (4 x 7)^6 = 2 x 10^12 sequences of facts about boxes alone, each in many
        orders; at level easy 720 instances. `length` turns.
    Known values:
        Optimal is 1, which the expert earns, and myopic is too, since every answer is paid at once.
        Random is 1 / things. Easy level: plan 0.376. What answers a question was told 12.7 turns before
        on average by default, 32.4 at level hard and 85.6 at extreme (20 seeds).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"length": 6, "boxes": 2, "things": 3, "changes": 1, "questions": 1},
        "medium": {},
        "hard": {"length": 150, "boxes": 8, "things": 12, "changes": 20, "questions": 20},
        "extreme": {"length": 500, "boxes": 16, "things": 20, "changes": 60, "questions": 60},
    }

    length: int = 40
    boxes: int = 4
    things: int = 8
    changes: int = 6
    questions: int = 6

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("boxes", self.boxes, 1, len(COLOURS))
        check_range("things", self.things, 2, len(THINGS))
        check_range("changes", self.changes, 0, 1_000)
        check_range("questions", self.questions, 0, 1_000)
        check_range("length", self.length, 2 * self.boxes + self.changes + self.questions, 10_000)

    @property
    def max_turns(self) -> int:
        return self.length

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    @property
    def _asked(self) -> int:
        """The number of questions in an episode."""
        return self.boxes + self.questions

    @property
    def _bags(self) -> int:
        """The number of facts about bags."""
        return self.length - self.boxes - self.changes - self._asked

    def deals(self) -> Distribution[RecallState] | None:
        few = self.length <= 6 and self.boxes <= 2 and self.things <= 3 and self._bags == 0
        return _every_deal(self) if few else None

    def deal(self, random: Random) -> RecallState:
        counts: dict[Kind, int] = {"box": self.boxes + self.changes - 1, "question": self.questions, "bag": self._bags}
        kinds = [kind for kind, number in counts.items() for _ in range(number)]
        fresh = list(random.shuffled(range(self.boxes)))
        holds: dict[int, int] = {}
        script = [self._draw(kind, fresh, holds, random) for kind in ("box", *random.shuffled(kinds))]
        script += [Line("question", box, holds[box]) for box in random.shuffled(range(self.boxes))]
        return RecallState(tuple(script))

    def _draw(self, kind: Kind, fresh: list[int], holds: dict[int, int], random: Random) -> Line:
        """Draw a line; a fact about a box takes the box from `fresh`, the boxes not told of, and changes `holds`."""
        if kind == "bag":
            return Line(kind, random.below(self.boxes), random.below(self.things))
        if kind == "question":
            box = random.choice(tuple(holds))
        elif fresh:
            box = fresh.pop()
            holds[box] = random.below(self.things)
        else:
            box = random.below(self.boxes)
            holds[box] = (holds[box] + 1 + random.below(self.things - 1)) % self.things
        return Line(kind, box, holds[box])

    def content(self, state: RecallState) -> tuple[Line, ...]:
        return state.script

    def to_move(self, state: RecallState) -> tuple[int, ...]:
        return (0,) if state.turn < self.length else ()

    def legal(self, state: RecallState, player: int) -> tuple[str, ...]:
        return THINGS[: self.things] if _is_asked(state) else (NEXT,)

    def apply(self, state: RecallState, move: str) -> RecallState:
        right = _is_asked(state) and move == _answer(state)
        return state._replace(turn=state.turn + 1, right=state.right + right)

    def rewards(self, state: RecallState, move: str, after: RecallState) -> tuple[float, ...]:
        return ((after.right - state.right) / self._asked,)

    def instructions(self, player: int) -> str:
        boxes = "1 box" if self.boxes == 1 else f"{self.boxes} boxes"
        bags = " I also tell you what bags hold, but I never ask about bags." if self._bags else ""
        return (
            f"I have {boxes}: {listed(COLOURS[: self.boxes])}. In each of {self.length} turns I tell you what a box "
            "holds now, or I ask you what it holds. A box holds one thing: what I tell you later replaces what I told "
            f"you before. I tell you everything only once, so remember it.{bags}\n"
            "When I tell you something, reply: next. When I ask, reply with the thing that the box holds now. "
            f"The things are: {', '.join(THINGS[: self.things])}.\n"
            f"{self._told_questions()} Only at the end I tell you how many were right.\n"
            "Reply with one word, for example: next"
        )

    def _told_questions(self) -> str:
        each = ", one about each box" if self.boxes > 1 else ""
        if self.questions == 0:
            asks = f"I ask {count(self.boxes, 'question')} at the end{each}."
        else:
            last = f"last {self.boxes} come" if self.boxes > 1 else "last one comes"
            asks = f"I ask {self._asked} questions in all; the {last} at the end{each}."
        share = f"1/{self._asked} of a point" if self._asked > 1 else "1 point"
        return f"{asks} Each right answer earns {share}."

    def view(self, state: RecallState, player: int) -> str:
        if state.turn == self.length:
            return f"That was all. Right answers: {state.right} of {self._asked}."
        kind, colour, thing = state.script[state.turn]
        if kind == "question":
            return f"What does the {COLOURS[colour]} box hold?"
        return f"The {COLOURS[colour]} {kind} now holds the {THINGS[thing]}."

    def say(self, state: RecallState, move: str) -> str:
        return move

    def read(self, state: RecallState, player: int, text: str) -> str | Refusal:
        thing = last_phrase(_RULED_OUT.sub(" ", text), _names(self.things))
        goes_on = last_phrase(text, _GO_ON)
        if _is_asked(state):
            return thing or self._not_answered(goes_on)
        if thing and not goes_on:
            return illegal("I asked nothing now. Remember what I told you and reply with the word next.")
        return goes_on or Refusal("I read no answer in that. I asked nothing now: reply with the word next.")

    def _not_answered(self, goes_on: str | None) -> Refusal:
        accepted = f"Reply with one of: {', '.join(THINGS[: self.things])}."
        if goes_on:
            return illegal(f"I asked you a question. {accepted}")
        return Refusal(f"I read no thing in that. {accepted}")

    def vocabulary(self) -> tuple[str, ...]:
        return (*COLOURS, *THINGS, "bag")

    def expert(self, state: RecallState, player: int) -> Distribution[str]:
        """Answers what was told last of the box: optimal."""
        return ((_answer(state) if _is_asked(state) else NEXT, Fraction(1)),)


@lru_cache(maxsize=16)
def _every_deal(game: Recall) -> Distribution[RecallState]:
    return every_outcome(game.deal)


def _is_asked(state: RecallState) -> bool:
    return state.script[state.turn].kind == "question"


def _answer(state: RecallState) -> str:
    return THINGS[state.script[state.turn].thing]


# Reading ---------------------------------------------------------------------------------------------

_GO_ON = dict.fromkeys(
    (
        "next", "continue", "go on", "go ahead", "proceed", "ok", "okay", "noted", "understood", "got it",
        "acknowledged", "i will remember", "i'll remember", "i see",
    ),
    NEXT,
)  # fmt: skip
_RULED_OUT = re.compile(
    r"(?:\b(?:not|never|no\s+longer|instead\s+of|rather\s+than)|n['’]t)\s+(?:(?:hold|contain|in|be)\s+)?"
    r"(?:(?:an?|the)\s+)?\w+",
    re.IGNORECASE,
)


@lru_cache(maxsize=32)
def _names(things: int) -> dict[str, str]:
    """Return what the things may be called."""
    return {name: thing for thing in THINGS[:things] for name in (thing, f"{thing}s")}
