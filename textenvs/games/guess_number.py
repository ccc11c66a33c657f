"""Guess a hidden number from "higher" and "lower"."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import last_whole_number
from textenvs.core.refusal import Refusal, illegal


class GuessNumberState(NamedTuple):
    """The secret and what the guesses so far have shown.

    Attributes:
        secret: the number to find.
        used: guesses made so far.
        last: the newest guess, None before the first.
        low: the lowest number that the answers leave possible.
        high: the highest such number.
    """

    secret: int
    used: int
    last: int | None
    low: int
    high: int


@dataclass(frozen=True)
class GuessNumber(Game[GuessNumberState, int]):
    """Find a hidden whole number within a few guesses; each miss is answered "higher" or "lower".

    Source:
        Folklore. Bisection finds any of 2^k - 1 numbers within k guesses (Knuth, The Art of
        Computer Programming 3, section 6.2.1).
    Players and turns:
        One player, one guess a turn.
    What the player sees:
        Whether the last guess was too low or too high, and how many guesses are left.
    Replies:
        `guess 4`, or just the number. In a longer reply the last "guess N" counts, else the last
        whole number. Repeating a guess is legal and wasteful.
    Rewards:
        1 for the right number, 0 otherwise. Return in 0 … 1.
    End:
        The number is found or the guesses are used up.
    Parameters:
        high: the secret is one of 1 … high, each equally likely.
        guesses: the number of guesses allowed.
    Size:
        `high` instances; at most `guesses` turns.
    Known values:
        high=7, guesses=3: optimal 1 (bisection), plan 3/7, myopic 0.68, random 1 - (6/7)^3 = 0.37.
        In general optimal is min(1, (2^guesses - 1) / high) and plan min(1, guesses / high).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"high": 7, "guesses": 3},
        "medium": {},
        "hard": {"high": 1_000, "guesses": 9},
        "extreme": {"high": 10_000, "guesses": 12},
    }

    high: int = 100
    guesses: int = 7

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("high", self.high, 2, 1_000_000)
        check_range("guesses", self.guesses, 1, 1_000)

    @property
    def max_turns(self) -> int:
        return self.guesses

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[GuessNumberState] | None:
        if self.high > _LISTED:
            return None
        return uniform([self._opening(secret) for secret in range(1, self.high + 1)])

    def deal(self, random: Random) -> GuessNumberState:
        return super().deal(random) if self.high <= _LISTED else self._opening(1 + random.below(self.high))

    def _opening(self, secret: int) -> GuessNumberState:
        return GuessNumberState(secret, 0, None, 1, self.high)

    def content(self, state: GuessNumberState) -> int:
        return state.secret

    def to_move(self, state: GuessNumberState) -> tuple[int, ...]:
        return () if state.last == state.secret or state.used == self.guesses else (0,)

    def legal(self, state: GuessNumberState, player: int) -> tuple[int, ...]:
        return tuple(range(1, self.high + 1))

    def apply(self, state: GuessNumberState, move: int) -> GuessNumberState:
        low = max(state.low, move + 1) if move < state.secret else state.low
        high = min(state.high, move - 1) if move > state.secret else state.high
        return GuessNumberState(state.secret, state.used + 1, move, low, high)

    def rewards(self, state: GuessNumberState, move: int, after: GuessNumberState) -> tuple[float, ...]:
        return (1.0 if move == state.secret else 0.0,)

    def instructions(self, player: int) -> str:
        return (
            f"I have chosen a secret whole number from 1 to {self.high}. "
            f"Find it within {_count(self.guesses, 'guess', 'guesses')}. After each wrong guess "
            "I tell you whether the secret is higher or lower. You earn 1 point for finding it.\n"
            f"Reply with your guess, for example: guess {(self.high + 1) // 2}"
        )

    def view(self, state: GuessNumberState, player: int) -> str:
        left = self.guesses - state.used
        left_text = f"{_count(left, 'guess', 'guesses')} left."
        if state.last is None:
            return left_text
        if state.last == state.secret:
            return f"{state.last} is right. You win."
        answer = f"{state.last} is wrong: the secret is {'higher' if state.last < state.secret else 'lower'}."
        return f"{answer} {left_text}" if left else f"{answer} No guesses left; it was {state.secret}."

    def say(self, state: GuessNumberState, move: int) -> str:
        return f"guess {move}"

    def read(self, state: GuessNumberState, player: int, text: str) -> int | Refusal:
        guess = last_whole_number(text, rf"{_SAID}({_NUMBER})", rf"(?<![\w.])({_NUMBER})")
        if guess is None:
            return Refusal(f"I read no guess in that. Reply with a whole number from 1 to {self.high}.")
        if not 1 <= guess <= self.high:
            return illegal(f"{guess} is not a whole number from 1 to {self.high}.")
        return guess

    def progress(self, state: GuessNumberState) -> float:
        """Minus the share of the range that is still possible."""
        return -(state.high - state.low + 1) / self.high

    def expert(self, state: GuessNumberState, player: int) -> Distribution[int]:
        """Bisection of the numbers still possible: optimal."""
        return (((state.low + state.high) // 2, Fraction(1)),)


_LISTED = 20_000
"""More deals than these are drawn, not listed."""

_NUMBER = r"-?\d+(?!\w|[.,]\d|\s*:\s*\d|\s+(?:more\s+)?guess|\s+(?:is|was)\s+(?:too|wrong))"
"""Not the ordinal in "guess 1: 4", not "3 guesses", not what "4 is too low" talks about."""

_SAID = r"\bguess(?:es|ing|ed)?[^\w-]{0,3}(?:is|number)?[^\w-]{0,3}"


def _count(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"
