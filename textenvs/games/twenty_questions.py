"""Find out which thing is meant by asking questions that are answered yes or no."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from math import comb
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import last_phrase
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.things import (
    NAMES,
    THINGS,
    TRAITS,
    WITH_ARTICLE,
    draw_things,
    last_answer,
    last_clauses,
    telling_traits,
    without_comparisons,
)


class Move(NamedTuple):
    """A question about a trait, by its key, or a guess of a thing, by its name."""

    verb: Literal["ask", "guess"]
    what: str


class TwentyQuestionsState(NamedTuple):
    """The secret and what the answers so far have shown.

    Attributes:
        things: those that were possible at first, in the order of `THINGS`.
        secret: the one that is meant.
        possible: those that the answers leave possible.
        used: questions asked and guesses made so far.
        last: the newest of them, None before the first.
    """

    things: tuple[str, ...]
    secret: str
    possible: tuple[str, ...]
    used: int = 0
    last: Move | None = None


@dataclass(frozen=True)
class TwentyQuestions(Game[TwentyQuestionsState, Move]):
    """Find out which of some everyday things is meant by questions that are answered yes or no.

    Source:
        The parlour game (Walsworth, Twenty Questions: A Short Treatise on the Game, 1882). The 66 things and their
        34 traits were written by hand for textenvs; here the possible things are told, and questions come from a list.
    Players and turns:
        One player, one question or guess a turn.
    What the player sees:
        At first the things that are possible; then the answer to the last question, and how many questions
        are left. The things are not listed again.
    Replies:
        A question such as `Is it an animal?` or `does it fly`, or a guess such as `guess dog` or `Is it the
        dog?`. In a longer reply the last question or guess counts.
    Rules:
        Questions ask for one of the traits that tell apart the first `things` things. Things are meant as they usually
        are: grown, of a common kind and size. Answers are always true. A guess counts as a question; a
        wrong one is answered and play goes on. Asking again is legal and wasteful.
    Rewards:
        1 for guessing the thing, 0 otherwise. Return in 0 … 1.
    End:
        The thing is guessed or the questions are used up.
    Parameters:
        things: the possible things are drawn from the first `things` of the 66.
        candidates: how many are possible, each equally likely.
        questions: the number of questions and guesses allowed.
    Size:
        C(things, candidates) x candidates instances, 8 x 10^17 by default; at most `questions` turns.
    Known values:
        With all things possible plan and myopic are min(1, questions / things). Easy level (8 things, 4 questions):
        optimal 1, plan and myopic 4/8, random 0.170. The expert is optimal there and in the other small games
        of the tests; by default it found the thing in 984 of 1,000 episodes (seeds from 0).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"things": 8, "candidates": 8, "questions": 4},
        "medium": {},
        "hard": {"candidates": 32, "questions": 7},
        "extreme": {"candidates": 60, "questions": 9},
    }

    things: int = 66
    candidates: int = 20
    questions: int = 6

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("things", self.things, 2, len(THINGS))
        check_range("candidates", self.candidates, 2, self.things)
        check_range("questions", self.questions, 1, 1_000)

    @property
    def max_turns(self) -> int:
        return self.questions

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[TwentyQuestionsState] | None:
        if comb(self.things, self.candidates) * self.candidates > _LISTED:
            return None
        groups = combinations(THINGS[: self.things], self.candidates)
        return uniform([TwentyQuestionsState(things, secret, things) for things in groups for secret in things])

    def deal(self, random: Random) -> TwentyQuestionsState:
        things = draw_things(self.things, self.candidates, random)
        return TwentyQuestionsState(things, random.choice(things), things)

    def content(self, state: TwentyQuestionsState) -> tuple[tuple[str, ...], str]:
        return state.things, state.secret

    def to_move(self, state: TwentyQuestionsState) -> tuple[int, ...]:
        return () if _found(state) or state.used == self.questions else (0,)

    def legal(self, state: TwentyQuestionsState, player: int) -> tuple[Move, ...]:
        return (*_questions(self.things), *(Move("guess", thing) for thing in state.things))

    def apply(self, state: TwentyQuestionsState, move: Move) -> TwentyQuestionsState:
        possible = tuple(thing for thing in state.possible if _answer(move, thing) == _answer(move, state.secret))
        return state._replace(possible=possible, used=state.used + 1, last=move)

    def rewards(self, state: TwentyQuestionsState, move: Move, after: TwentyQuestionsState) -> tuple[float, ...]:
        return (1.0 if _found(after) else 0.0,)

    def instructions(self, player: int) -> str:
        questions = [TRAITS[what].question for _, what in _questions(self.things)]
        return (
            f"I name some things and think of one of them. Find out which one within {_count(self.questions)}. "
            f"These are the questions you can ask: {' '.join(questions)}\n"
            "I always answer yes or no truthfully. All things are meant as they usually are, animals grown up. You "
            "can also guess a thing, for example: guess dog. A guess counts as a question. You earn 1 point for "
            "guessing the right thing.\n"
            f"Reply with one question or one guess, for example: {questions[0]}"
        )

    def view(self, state: TwentyQuestionsState, player: int) -> str:
        left = self.questions - state.used
        if state.last is None:
            return f"It is one of these: {', '.join(state.things)}. {_count(left)} left."
        if _found(state):
            return f"It is the {state.secret}. You win."
        verb, what = state.last
        yes = "Yes" if _answer(state.last, state.secret) else "No"
        told = f"{TRAITS[what].question} {yes}." if verb == "ask" else f"It is not the {what}."
        return f"{told} {_count(left)} left." if left else f"{told} No questions left; it was the {state.secret}."

    def say(self, state: TwentyQuestionsState, move: Move) -> str:
        return TRAITS[move.what].question if move.verb == "ask" else f"guess {move.what}"

    def read(self, state: TwentyQuestionsState, player: int, text: str) -> Move | Refusal:
        move = _last_move(text)
        if move is None:
            return Refusal("I read neither a question from the list nor a guess in that. Ask or guess one thing.")
        if move.verb == "guess" and move.what not in state.things:
            return illegal(f"The {move.what} is not one of the things I told you.")
        if move.verb == "ask" and move not in _questions(self.things):
            return illegal(f'"{TRAITS[move.what].question}" is not one of the questions you can ask.')
        return move

    def progress(self, state: TwentyQuestionsState) -> float:
        """Minus the share of the things that are still possible, besides the right one."""
        return -(len(state.possible) - 1) / (len(state.things) - 1)

    def vocabulary(self) -> tuple[str, ...]:
        return (", ".join(THINGS[: self.things]),)

    def expert(self, state: TwentyQuestionsState, player: int) -> Distribution[Move]:
        """Asks what divides the possible things most evenly; guesses one of two, and with the last question."""
        if len(state.possible) <= 2 or state.used + 1 == self.questions:
            return ((Move("guess", state.possible[0]), Fraction(1)),)
        return ((_most_even(state.possible), Fraction(1)),)


_LISTED = 20_000
"""More deals than these are drawn, not listed."""


def _found(state: TwentyQuestionsState) -> bool:
    return state.last == Move("guess", state.secret)


def _answer(move: Move, thing: str) -> bool:
    """Return whether the answer to `move` is yes if `thing` is meant."""
    return thing in TRAITS[move.what].things if move.verb == "ask" else thing == move.what


def _count(n: int) -> str:
    return f"{n} question{'s' * (n != 1)}"


@lru_cache(maxsize=128)
def _questions(things: int) -> tuple[Move, ...]:
    return tuple(Move("ask", trait) for trait in telling_traits(THINGS[:things]))


@lru_cache(maxsize=4096)
def _most_even(possible: tuple[str, ...]) -> Move:
    """Return the question that divides the possible things most evenly, the first one among equals."""
    asks = [Move("ask", trait) for trait in TRAITS]
    return min(asks, key=lambda ask: abs(2 * sum(_answer(ask, thing) for thing in possible) - len(possible)))


# Reading ---------------------------------------------------------------------------------------------

_ASKED = re.compile(
    r"\b(?:is|does|do|can|has|have|whether|if|ask)\s+(?:it|people|you|we|the\s+thing)\b([^?!;\n]{1,90})", re.IGNORECASE
)
_ENDING = re.compile(r"[^\n]{1,100}\s*\Z")


def _last_move(text: str) -> Move | None:
    """Return the last question or guess of a reply; single words count only where there is no whole one."""
    text = without_comparisons(text)
    asked, answer = _last_asked(text), last_answer(text)
    if asked and (answer is None or asked[0] >= answer[0]):
        return asked[1]
    if answer:
        return Move("guess", answer[1])
    ending = _ENDING.search(text[-200:])
    return last_phrase(ending.group(), _WORDS) if ending else None


def _last_asked(text: str) -> tuple[int, Move] | None:
    """Return where the last question ends and what it asks for; "is it a dog" is a guess."""
    for clause in last_clauses(_ASKED, text):
        move = last_phrase(clause.group(1), _ASKS)
        if move:
            return clause.end(), move
    return None


_ASKS = {phrase: Move("ask", what) for what, trait in TRAITS.items() for phrase in trait.short} | {
    phrase: Move("guess", thing) for phrase, thing in WITH_ARTICLE.items()
}
_WORDS = _ASKS | {name: Move("guess", thing) for name, thing in NAMES.items()}
