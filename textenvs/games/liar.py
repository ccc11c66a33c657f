"""Find a hidden number by questions, some of whose answers are lies."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, combinations
from math import comb
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Random, draw, uniform
from textenvs.core.refusal import Refusal, illegal


class Move(NamedTuple):
    """The question whether the secret is more than a number, or the guess that it is that number."""

    verb: Literal["ask", "guess"]
    number: int


Told = tuple[int, bool]  # a question by its number, and whether the answer was yes


class LiarState(NamedTuple):
    """The secret, the lies, and what was asked.

    Attributes:
        secret: the number to find.
        lies: which answers are lies, in ascending order; 0 is the first answer.
        told: the questions asked and the answers given, sorted: their order tells nothing.
        last: the newest of them, None before the first.
        guess: the guess, None before it.
    """

    secret: int
    lies: tuple[int, ...]
    told: tuple[Told, ...] = ()
    last: Told | None = None
    guess: int | None = None


@dataclass(frozen=True)
class Liar(Game[LiarState, Move]):
    """Find a hidden number by questions of the kind "is it more than 4", some of whose answers are lies.

    Source:
        The game of Rényi and Ulam (Ulam, Adventures of a Mathematician, 1976; Pelc, Searching games with errors,
        Theoretical Computer Science 270, 2002, 71-109). There the liar is an adversary; here the lies are drawn
        beforehand, so that what is certain there is what is certain here.
    Players and turns:
        One player, one question or guess a turn.
    What the player sees:
        The answer to the last question, and how many questions are left. Earlier answers are not shown again.
    Replies:
        A question such as `is it more than 4?`, `> 4`, `is it at least 5?` or `less than 5?`, or a guess such as `guess
        5` or `the number is 5`. In a longer reply the last question or guess counts. After the last question
        the number alone is a guess too.
    Rules:
        At most `lies` of the `questions` answers are lies. Every choice of these answers, none included, is equally
        likely, and the number is uniform too. All questions ask whether the number is more than another one:
        a question the other way round stands for the same question, whose answer is told. Guessing ends the game.
    Rewards:
        1 for the right guess, 0 otherwise. Return in 0 … 1.
    End:
        The guess.
    Parameters:
        high: the number is one of 1 … high.
        questions: the number of questions allowed.
        lies: how many answers can be lies.
    Size:
        high x (C(questions, 0) + … + C(questions, lies)) instances, 1,794,000 by default; at most
        questions + 1 turns.
    Known values:
        Optimal is at most 2^questions / instances, since each way to be answered fits every number with one choice of
        lies at most; plan, myopic and random are 1 / high. Easy level: optimal 1, and with 4 questions 0.8.
        With one lie 3, 4, 5, 6, 7 and 8 questions make sure of any number up to 2, 2, 4, 7, 12 and 22 (OEIS A325908),
        which the expert does too; any yes-or-no questions would up to 2, 2, 4, 8, 16 and 28 (Pelc 1987,
        doi:10.1016/0097-3165(87)90065-3). By default the expert was right in 300 of 300 episodes (seeds from 0).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"high": 4, "questions": 5, "lies": 1},
        "medium": {},
        "hard": {"questions": 60, "lies": 16},
        "extreme": {"questions": 200, "lies": 65},
    }

    high: int = 1_000
    questions: int = 22
    lies: int = 3

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("high", self.high, 2, 10_000)
        check_range("questions", self.questions, 1, 1_000)
        check_range("lies", self.lies, 0, self.questions)

    @property
    def max_turns(self) -> int:
        return self.questions + 1

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[LiarState] | None:
        if self.high * _choices(self.questions, self.lies) > _LISTED:
            return None
        lies = [some for size in range(self.lies + 1) for some in combinations(range(self.questions), size)]
        return uniform([LiarState(secret, some) for secret in range(1, self.high + 1) for some in lies])

    def deal(self, random: Random) -> LiarState:
        secret = 1 + random.below(self.high)
        every = _choices(self.questions, self.lies)
        sizes = [(size, Fraction(comb(self.questions, size), every)) for size in range(self.lies + 1)]
        lies = random.shuffled(range(self.questions))[: draw(sizes, random)]
        return LiarState(secret, tuple(sorted(lies)))

    def content(self, state: LiarState) -> tuple[int, tuple[int, ...]]:
        return state.secret, state.lies

    def to_move(self, state: LiarState) -> tuple[int, ...]:
        return (0,) if state.guess is None else ()

    def legal(self, state: LiarState, player: int) -> tuple[Move, ...]:
        return _moves(self.high, len(state.told) < self.questions)

    def apply(self, state: LiarState, move: Move) -> LiarState:
        if move.verb == "guess":
            return state._replace(guess=move.number)
        truth = state.secret > move.number
        told = (move.number, truth != (len(state.told) in state.lies))
        return state._replace(told=tuple(sorted((*state.told, told))), last=told)

    def rewards(self, state: LiarState, move: Move, after: LiarState) -> tuple[float, ...]:
        return (1.0 if after.guess == state.secret else 0.0,)

    def instructions(self, player: int) -> str:
        return (
            f"I think of a whole number from 1 to {self.high}. Find it. You may ask up to {_count(self.questions)} "
            f"like: is it more than {self._middle}? I answer yes or no. {self._honesty()} You have one guess, which "
            "ends the game: guess when you are sure, or when no questions are left. You earn 1 point if it is right.\n"
            f"Reply with your guess, as in: guess {self._middle}, or with one question, for example: "
            f"is it more than {self._middle}?"
        )

    @property
    def _middle(self) -> int:
        return self.high // 2

    def _honesty(self) -> str:
        if self.lies == 0:
            return "All answers are true."
        lies = "is a lie" if self.lies == 1 else "are lies"
        return (
            f"At most {self.lies} of the {_count(self.questions, 'answer')} {lies}, drawn beforehand: "
            "every possibility, no lie included, was equally likely."
        )

    def view(self, state: LiarState, player: int) -> str:
        if state.guess is not None:
            right = state.guess == state.secret
            return f"{state.guess} is {'right. You win.' if right else f'wrong: it was {state.secret}.'}"
        left = self.questions - len(state.told)
        told = f"Is it more than {state.last[0]}? {'Yes' if state.last[1] else 'No'}. " if state.last else ""
        return f"{told}{_count(left)} left." if left else f"{told}No questions left: guess the number."

    def say(self, state: LiarState, move: Move) -> str:
        return f"is it more than {move.number}?" if move.verb == "ask" else f"guess {move.number}"

    def read(self, state: LiarState, player: int, text: str) -> Move | Refusal:
        asking = len(state.told) < self.questions
        move = _last_move(text) or (None if asking else _bare_guess(text))
        if move is None and asking:
            return Refusal(f'I read no question or guess in that. Ask like "is it more than {self._middle}?" or guess.')
        if move is None:
            return Refusal(f"I read no guess in that. Reply with your guess: a whole number from 1 to {self.high}.")
        if move.verb == "ask" and not asking:
            return illegal("You have no questions left. Guess the number.")
        return move if move in _known(self.high) else illegal(self._out_of_range(move))

    def _out_of_range(self, move: Move) -> str:
        if move.verb == "guess":
            return f"{move.number} is not a whole number from 1 to {self.high}."
        return f"Whether it is more than {move.number} tells nothing: it is a whole number from 1 to {self.high}."

    def progress(self, state: LiarState) -> float:
        """The probability of the most likely number, given the answers so far."""
        weights = self._weights(state)
        return max(weights) / sum(weights)

    def expert(self, state: LiarState, player: int) -> Distribution[Move]:
        """Asks what is about as likely answered yes as no; guesses once sure, or after the last question."""
        weights = self._weights(state)
        if len(state.told) == self.questions or max(weights) == sum(weights):
            return ((Move("guess", 1 + weights.index(max(weights))), Fraction(1)),)
        return ((Move("ask", _evenest(self.high, self.questions, self.lies, state.told)), Fraction(1)),)

    def _weights(self, state: LiarState) -> tuple[int, ...]:
        return _weighed(_lies_if(self.high, state.told), self.questions - len(state.told), self.lies)


_LISTED = 20_000
"""More deals than these are drawn, not listed."""


def _choices(questions: int, lies: int) -> int:
    """Return how many ways there are to make at most `lies` of the answers to `questions` lies."""
    return sum(comb(questions, some) for some in range(lies + 1))


@lru_cache(maxsize=64)
def _moves(high: int, asking: bool) -> tuple[Move, ...]:
    questions = [Move("ask", number) for number in range(1, high)] if asking else []
    return (*questions, *(Move("guess", number) for number in range(1, high + 1)))


@lru_cache(maxsize=64)
def _known(high: int) -> frozenset[Move]:
    return frozenset(_moves(high, True))


def _count(n: int, what: str = "question") -> str:
    return f"{n} {what}{'s' * (n != 1)}"


# What the answers tell. If the secret is x, then the answers that are wrong of x were the lies. Every choice of lies is
# equally likely, so x is as likely as there are ways to place the lies that may be left on the questions that are:
# the weights by which Berlekamp (1968) measured positions of the game.


def _lies_if(high: int, told: tuple[Told, ...]) -> list[int]:
    """Return, for each number from 1, how many of the answers are lies if it is the secret."""
    steps = Counter[int]()
    for number, yes in told:
        steps[0] += yes
        steps[number] += -1 if yes else 1
    return list(accumulate(steps[number] for number in range(high)))


def _weighed(lies_told: list[int], left: int, lies: int) -> tuple[int, ...]:
    """Return, for each number of lies told, the ways to place the rest on the questions `left`."""
    ways = [_choices(left, lies - told) for told in range(max(lies_told) + 1)]
    return tuple(ways[told] for told in lies_told)


@lru_cache(maxsize=4096)
def _evenest(high: int, questions: int, lies: int, told: tuple[Told, ...]) -> int:
    """Return the number of the question whose answers are most equally likely, the smallest among equals.

    If x is the secret, then the true answer leaves more ways than the false one, by those that use all lies.
    """
    left = questions - len(told) - 1
    spent = _lies_if(high, told)
    more = [comb(left, lies - some) if some <= lies else 0 for some in range(max(spent) + 1)]
    sums = list(accumulate(more[some] for some in spent))
    return min(range(1, high), key=lambda number: abs(2 * sums[number - 1] - sums[-1]))


# Reading ---------------------------------------------------------------------------------------------

_NUMBER = r"(\d{1,3}(?:,\d{3})+|\d{1,9})(?!\w|[.,]\d|\s+(?:of|more|questions?|answers?|lies?|guess\w*|turns?)\b)"
_MORE, _LESS = r"(?:more|greater|larger|bigger|higher)", r"(?:less|smaller|lower|fewer)"
_THEN = r"[\s*_`\"'(]{0,4}"
_APART = r"[\s:=\"'`*_(\[{]{1,6}"
_PATTERNS: tuple[tuple[Literal["ask", "guess"], int, str], ...] = (
    # "is it more than N", or the same the other way round
    ("ask", 0, rf"(?:\b{_MORE}\s+than|\b(?:above|over|exceeds?|at\s+most)|>|<=|≤){_THEN}{_NUMBER}"),
    ("ask", 0, rf"\b{_LESS}\s+than\s+or\s+equal\s+to\s+{_NUMBER}"),
    ("ask", 0, rf"(?<![\w.,-]){_NUMBER}\s+or\s+(?:{_LESS}|below|under)\b"),
    # "is it more than N - 1", or the same the other way round
    ("ask", 1, rf"(?:\b{_LESS}\s+than|\b(?:below|under|at\s+least)|<|>=|≥){_THEN}{_NUMBER}"),
    ("ask", 1, rf"\b{_MORE}\s+than\s+or\s+equal\s+to\s+{_NUMBER}"),
    ("ask", 1, rf"(?<![\w.,-]){_NUMBER}\s+or\s+(?:{_MORE}|above|over)\b"),
    (
        "guess",
        0,
        rf"\b(?:guess(?:ing)?|answer|number|secret|it's|it\s+(?:is|must\s+be))"
        rf"(?:{_APART}(?:it|is|it's|be|must|would|the|my|number))" + rf"{{0,4}}{_APART}{_NUMBER}",
    ),
)
_READERS = [(verb, less, re.compile(pattern, re.IGNORECASE)) for verb, less, pattern in _PATTERNS]
_DIGIT = re.compile(r"\d")
_BARE = re.compile(rf"(?<![\w.,-]){_NUMBER}")


def _last_move(text: str) -> Move | None:
    """Return the last question or guess of a reply, whether it makes sense or not."""
    if not _DIGIT.search(text):  # the patterns are slow on long texts
        return None
    found = [
        (match.end(), Move(verb, _whole(match) - less))
        for verb, less, reader in _READERS
        for match in list(reader.finditer(text))[-1:]
    ]
    return max(found)[1] if found else None


def _bare_guess(text: str) -> Move | None:
    numbers = list(_BARE.finditer(text))
    return Move("guess", _whole(numbers[-1])) if numbers else None


def _whole(match: re.Match[str]) -> int:
    return int(match.group(1).replace(",", ""))
