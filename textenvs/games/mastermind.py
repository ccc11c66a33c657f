"""Find a hidden colour code from counts of exact and misplaced pegs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, uniform
from textenvs.core.refusal import Refusal, illegal

Code = tuple[int, ...]  # the colour of each peg
Answer = tuple[int, int]  # exact and misplaced pegs


class MastermindState(NamedTuple):
    """The secret and what the guesses so far have shown.

    Attributes:
        secret: the code to find.
        used: guesses made so far.
        last: the newest guess and the answer to it, None before the first.
        possible: the codes that the answers leave possible, as a set of bits: bit i is the code with
            index i in ascending order.
    """

    secret: Code
    used: int
    last: tuple[Code, Answer] | None
    possible: int


@dataclass(frozen=True)
class Mastermind(Game[MastermindState, Code]):
    """Find a hidden code of coloured pegs; each guess is answered by how many pegs are exact and how many misplaced.

    Source:
        The board game by Mordecai Meirowitz (1971); Knuth, The computer as Master Mind, Journal of
        Recreational Mathematics 9 (1976), 1-6.
    Players and turns:
        One player, one guess a turn.
    What the player sees:
        The last guess and the answer to it, and how many guesses are left.
    Replies:
        `guess 1 1 2 2`, `1122` or `1, 1, 2, 2`: one digit for each peg, apart by nothing or throughout
        by the same spaces and marks. In a longer reply the last code of existing colours counts. Any
        code may be guessed at any time, also one that the answers so far rule out.
    Rules:
        A peg is exact if the secret has its colour in its place. Misplaced pegs are counted over
        the rest: for each colour, as many as the guess and the secret both have beyond the exact ones.
    Rewards:
        1 for the secret, minus `step_cost` for every guess, right or wrong. Return in
        -step_cost x guesses … 1 - step_cost.
    End:
        The code is found or the guesses are used up.
    Parameters:
        pegs: length of the code.
        colours: each peg has one of the colours 1 … colours; there may be at most 10,000 codes.
        guesses: the number of guesses allowed.
        step_cost: what every guess costs.
    Size:
        colours^pegs instances, each equally likely; at most `guesses` turns.
    Known values:
        Without a step cost, plan is min(1, guesses / codes) and random 1 - (1 - 1/codes)^guesses.
        pegs=2, colours=3, guesses=3: optimal 1, myopic 25/27, plan 3/9, random 1 - (8/9)^3 = 0.298; with
        guesses=2 optimal is 5/9, myopic 13/27. The least average number of guesses is 21/9. The expert
        reaches these optima.
        pegs=4, colours=6: the expert needs 5668/1296 = 4.373 guesses on average (the value of Kooi
        2005 for its rule) and at most 6, so with 6 guesses or more it returns 1 - 5668/1296 x step_cost.
        From the literature, not recomputed here: the least average is 5625/1296 = 4.340 (Koyama &
        Lai 1993, Journal of Recreational Mathematics 25, 251-256), and five guesses always suffice
        (Knuth 1976), so with 5 guesses or more and no step cost optimal is 1.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"pegs": 2, "colours": 3, "guesses": 4},
        "medium": {},
        "hard": {"guesses": 5},
        "extreme": {"colours": 8, "guesses": 6},
    }

    pegs: int = 4
    colours: int = 6
    guesses: int = 8
    step_cost: float = 0.0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("pegs", self.pegs, 2, 8)
        check_range("colours", self.colours, 2, 9)
        check_range("guesses", self.guesses, 1, 1_000)
        check_range("step_cost", self.step_cost, 0.0, 1.0)
        if self.colours**self.pegs > _MOST_CODES:
            raise ArgumentError(
                f"colours ** pegs must be at most {_MOST_CODES}, not {self.colours} ** {self.pegs} = "
                f"{self.colours**self.pegs}"
            )

    @property
    def max_turns(self) -> int:
        return self.guesses

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0 - self.step_cost * self.guesses, 1.0 - self.step_cost)

    def deals(self) -> Distribution[MastermindState]:
        possible = _all(self.pegs, self.colours)
        return uniform([MastermindState(secret, 0, None, possible) for secret in _codes(self.pegs, self.colours)])

    def content(self, state: MastermindState) -> Code:
        return state.secret

    def to_move(self, state: MastermindState) -> tuple[int, ...]:
        return () if _found(state) or state.used == self.guesses else (0,)

    def legal(self, state: MastermindState, player: int) -> tuple[Code, ...]:
        return _codes(self.pegs, self.colours)

    def apply(self, state: MastermindState, move: Code) -> MastermindState:
        secret = 1 << _index(state.secret, self.colours)
        parts = _parts(self.pegs, self.colours, move)
        answer, part = next((answer, part) for answer, part in parts.items() if part & secret)
        return MastermindState(state.secret, state.used + 1, (move, answer), state.possible & part)

    def rewards(self, state: MastermindState, move: Code, after: MastermindState) -> tuple[float, ...]:
        return ((1.0 if move == state.secret else 0.0) - self.step_cost,)

    def instructions(self, player: int) -> str:
        cost = f" Each guess takes {self.step_cost:g} off your score." if self.step_cost else ""
        example = [1 if 2 * place < self.pegs else 2 for place in range(self.pegs)]
        return (
            f"I have chosen a secret code of {self.pegs} pegs. Each peg has a colour from 1 to {self.colours}; "
            f"colours may repeat. Find the code within {_guesses(self.guesses)}. After each guess I tell you how many "
            "pegs are exact (right colour in the right place) and how many are misplaced (right colour in the wrong "
            f"place). You earn 1 point for finding the code.{cost}\n"
            f"Reply with your guess, for example: guess {_spaced(example)}"
        )

    def view(self, state: MastermindState, player: int) -> str:
        left = self.guesses - state.used
        if state.last is None:
            return f"{_guesses(left)} left."
        guess, (exact, misplaced) = state.last
        if _found(state):
            return f"{_spaced(guess)} is the code. You win."
        answer = f"{_spaced(guess)}: {exact} exact, {misplaced} misplaced."
        if left:
            return f"{answer} {_guesses(left)} left."
        return f"{answer} No guesses left; the code was {_spaced(state.secret)}."

    def say(self, state: MastermindState, move: Code) -> str:
        return f"guess {_spaced(move)}"

    def read(self, state: MastermindState, player: int, text: str) -> Code | Refusal:
        codes = [code for code in _runs_of_digits(text) if len(code) == self.pegs]
        known = [code for code in codes if min(code) >= 1 and max(code) <= self.colours]
        if known:
            return known[-1]
        if codes:
            return illegal(f"{_spaced(codes[-1])} has a colour that does not exist: colours are 1 to {self.colours}.")
        return Refusal(f"I read no guess in that. Reply with {self.pegs} colours from 1 to {self.colours}.")

    def progress(self, state: MastermindState) -> float:
        """Minus the bits needed to name one of the possible codes, as a share of those needed at first."""
        at_first = len(_codes(self.pegs, self.colours))
        return -(state.possible.bit_count() - 1).bit_length() / (at_first - 1).bit_length()

    def expert(self, state: MastermindState, player: int) -> Distribution[Code]:
        """The guess with the most possible answers, see `_most_parts`; with the last guess, a possible code."""
        if state.used + 1 == self.guesses:
            return ((_first(self.pegs, self.colours, state.possible), Fraction(1)),)
        return ((_most_parts(self.pegs, self.colours, state.possible), Fraction(1)),)


_MOST_CODES = 10_000

# Digits that are apart by nothing, or by the same spaces and marks throughout.
_RUN = re.compile(r"(?<![\w.])\d(?:([ ,;|/*-]{0,6})\d(?:\1\d)*)?(?!\w)")


def _runs_of_digits(text: str) -> list[Code]:
    return [tuple(int(digit) for digit in re.findall(r"\d", run.group())) for run in _RUN.finditer(text)]


def _found(state: MastermindState) -> bool:
    return state.last is not None and state.last[0] == state.secret


def _spaced(code: Sequence[int]) -> str:
    return " ".join(map(str, code))


def _guesses(n: int) -> str:
    return f"{n} guess{'es' * (n != 1)}"


# Codes and sets of codes. A set of codes is a whole number whose bit i stands for the code with index i: what one
# guess tells about all codes is then a handful of operations on such numbers, whatever the number of codes.


@lru_cache(maxsize=8)
def _codes(pegs: int, colours: int) -> tuple[Code, ...]:
    """Return all codes in ascending order."""
    return tuple(product(range(1, colours + 1), repeat=pegs))


def _index(code: Code, colours: int) -> int:
    """Return where `code` stands in ascending order."""
    index = 0
    for colour in code:
        index = index * colours + colour - 1
    return index


def _first(pegs: int, colours: int, possible: int) -> Code:
    """Return the smallest code of a set."""
    return _codes(pegs, colours)[(possible & -possible).bit_length() - 1]


def _all(pegs: int, colours: int) -> int:
    """Return the set of all codes."""
    return (1 << len(_codes(pegs, colours))) - 1


def _where(pegs: int, colours: int, test: Callable[[Code], bool]) -> int:
    """Return the set of codes that pass `test`."""
    return int("".join("1" if test(code) else "0" for code in reversed(_codes(pegs, colours))), 2)


@lru_cache(maxsize=512)
def _with_peg(pegs: int, colours: int, place: int, colour: int) -> int:
    """Return the set of codes that have `colour` at `place`."""
    return _where(pegs, colours, lambda code: code[place] == colour)


@lru_cache(maxsize=512)
def _with_at_least(pegs: int, colours: int, number: int, colour: int) -> int:
    """Return the set of codes that have `colour` at `number` places or more."""
    return _where(pegs, colours, lambda code: code.count(colour) >= number)


def _in_exactly(sets: Sequence[int], everything: int) -> list[int]:
    """Return, for each n from 0 to len(sets), the set of what is in exactly n of `sets`."""
    counted = [everything] + [0] * len(sets)
    for members in sets:
        counted = [same & ~members | fewer & members for same, fewer in zip(counted, [0, *counted], strict=False)]
    return counted


@lru_cache(maxsize=2048)
def _parts(pegs: int, colours: int, guess: Code) -> dict[Answer, int]:
    """Return, for each answer that `guess` can get, the set of secrets that give it."""
    places = [_with_peg(pegs, colours, place, colour) for place, colour in enumerate(guess)]
    # The n-th peg of a colour is exact or misplaced if the secret has that colour at least n times.
    shared = [_with_at_least(pegs, colours, guess[: i + 1].count(colour), colour) for i, colour in enumerate(guess)]
    exact, either = (_in_exactly(sets, _all(pegs, colours)) for sets in (places, shared))
    answers = ((n, m) for n in range(pegs + 1) for m in range(pegs + 1 - n))
    return {(n, m): part for n, m in answers if (part := exact[n] & either[n + m])}


@lru_cache(maxsize=65_536)
def _most_parts(pegs: int, colours: int, possible: int) -> Code:
    """Return the guess that has the most possible answers; among equals a possible code, then the smallest.

    Source:
        Kooi 2005, Yet another Mastermind strategy, ICGA Journal 28 (1), 13-20.
    """
    if possible.bit_count() <= 2:  # the same by the rule, without the search
        return _first(pegs, colours, possible)

    def worth(guess: Code) -> tuple[int, bool]:
        parts = _parts(pegs, colours, guess)
        answers = sum(map(bool, map(possible.__and__, parts.values())))
        return answers, bool(possible & parts[pegs, 0])

    return max(_codes(pegs, colours), key=worth)
