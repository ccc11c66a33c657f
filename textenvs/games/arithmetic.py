"""Answer one question of arithmetic."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, NamedTuple

from textenvs.core.errors import check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import last_whole_number
from textenvs.core.refusal import Refusal, illegal


class ArithmeticState(NamedTuple):
    """The question and the reply to it.

    Attributes:
        first: the first operand.
        operation: `+`, `-` or `*`.
        second: the second operand.
        answer: what the player answered, None before that.
    """

    first: int
    operation: str
    second: int
    answer: int | None = None


@dataclass(frozen=True)
class Arithmetic(Game[ArithmeticState, int]):
    """Answer one question such as "What is 47 + 85?".

    Source:
        The two-digit questions of Brown et al. 2020, section 3.9.1 (arXiv:2005.14165), with operands
        drawn uniformly from 0 … 99. Here it is a control: one turn, everything told, so that neither
        feedback nor foresight can gain anything.
    Players and turns:
        One player, one turn.
    What the player sees:
        The question; after the answer, whether it is right.
    Replies:
        `132`, or a sentence such as "the answer is 132" or "47 + 85 = 132". In a longer reply the
        last "answer is N" counts, else the last whole number. Thousands may be set off by commas.
        Numbers below the lowest or above the highest result of any question are refused.
    Rewards:
        1 for the right number, 0 otherwise. Return in 0 … 1.
    End:
        After the first answer.
    Parameters:
        largest: both operands are drawn uniformly from 0 … largest.
        operations: which of `+`, `-` and `*` are asked, in this order, each equally often: `+-*` asks all.
    Size:
        Number of operations x (largest + 1)^2 instances, listed up to 20,000 and drawn beyond; one turn.
    Known values:
        optimal, plan and myopic 1; random 1 / (number of accepted answers): 1/199 by default.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"largest": 9},
        "medium": {},
        "hard": {"operations": "+-*"},
        "extreme": {"largest": 999, "operations": "+-*"},
    }

    largest: int = 99
    operations: str = "+"

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError` or `UnknownNameError`."""
        check_range("largest", self.largest, 1, 999)
        check_choice("operations", self.operations, ("+", "-", "*", "+-", "+*", "-*", "+-*"))

    @property
    def max_turns(self) -> int:
        return 1

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    @property
    def answers(self) -> range:
        """The whole numbers from the lowest to the highest result that any question can have."""
        ends = (0, self.largest)
        results = [_RESULT[operation](a, b) for operation in self.operations for a in ends for b in ends]
        return range(min(results), max(results) + 1)

    def deals(self) -> Distribution[ArithmeticState] | None:
        operands = range(self.largest + 1)
        if len(self.operations) * len(operands) ** 2 > _MOST_LISTED:
            return None
        return uniform(
            [ArithmeticState(a, operation, b) for operation in self.operations for a in operands for b in operands]
        )

    def deal(self, random: Random) -> ArithmeticState:
        first = random.below(self.largest + 1)
        return ArithmeticState(first, random.choice(self.operations), random.below(self.largest + 1))

    def to_move(self, state: ArithmeticState) -> tuple[int, ...]:
        return (0,) if state.answer is None else ()

    def legal(self, state: ArithmeticState, player: int) -> tuple[int, ...]:
        return tuple(self.answers)

    def apply(self, state: ArithmeticState, move: int) -> ArithmeticState:
        return state._replace(answer=move)

    def rewards(self, state: ArithmeticState, move: int, after: ArithmeticState) -> tuple[float, ...]:
        return (1.0 if move == _result(state) else 0.0,)

    def instructions(self, player: int) -> str:
        times = " The sign * means times." if "*" in self.operations else ""
        return (
            f"You are asked one question of arithmetic.{times} The answer is a whole number from {self.answers[0]} "
            f"to {self.answers[-1]}. You have one reply and earn 1 point if it is right.\n"
            f"Reply with the number, for example: {self.largest}"
        )

    def view(self, state: ArithmeticState, player: int) -> str:
        question = f"{state.first} {state.operation} {state.second}"
        if state.answer is None:
            return f"What is {question}?"
        if state.answer == _result(state):
            return f"{state.answer} is right."
        return f"{state.answer} is wrong: {question} = {_result(state)}."

    def say(self, state: ArithmeticState, move: int) -> str:
        return str(move)

    def read(self, state: ArithmeticState, player: int, text: str) -> int | Refusal:
        if self.answers[0] >= 0:
            text = _BULLET.sub("", text)
        answer = last_whole_number(_with_plain_numbers(text), _STATED, _NUMBER)
        bounds = f"from {self.answers[0]} to {self.answers[-1]}"
        if answer is None:
            return Refusal(f"I read no answer in that. Reply with a whole number {bounds}.")
        return answer if answer in self.answers else illegal(f"{answer} cannot be right: the answer is {bounds}.")

    def expert(self, state: ArithmeticState, player: int) -> Distribution[int]:
        """The right answer."""
        return ((_result(state), Fraction(1)),)


_MOST_LISTED = 20_000

_RESULT: dict[str, Callable[[int, int], int]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}

# An explicit answer that goes on with an operation, as in "the answer is 4 + 5 = 9", states a calculation instead.
_STATED = r"\banswer[^\w-]{0,3}(?:is|equals)?[^\w-]{0,5}(-?\d+)(?!\w|\.\d|\s*[-−+*×/=])"
_NUMBER = r"(?<![\w.])(-?\d+)(?!\w|\.\d)"
_BULLET = re.compile(r"^ *[-*•] (?=\d)", re.MULTILINE)


def _result(state: ArithmeticState) -> int:
    return _RESULT[state.operation](state.first, state.second)


def _with_plain_numbers(text: str) -> str:
    """Return `text` with "1,234" as 1234 and "minus 5", where no number precedes it, as -5."""
    joined = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    return re.sub(r"(?<!\d)(?<!\d )(?:[-−]|\b(?:minus|negative)) ?(?=\d)", "-", joined, flags=re.IGNORECASE)
