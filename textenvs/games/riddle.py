"""Say which of some everyday things a riddle describes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from math import comb
from typing import ClassVar, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.reading import last_match, last_phrase
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.things import NAMES, THINGS, TRAITS, draw_things, last_answer, telling_traits, without_comparisons


class RiddleState(NamedTuple):
    """The riddle and the reply to it.

    Attributes:
        things: what can be meant, in the order of `THINGS`.
        secret: the one that is meant.
        facts: the traits that the riddle tells of, in the order of `TRAITS`.
        answer: what the player answered, None before that.
    """

    things: tuple[str, ...]
    secret: str
    facts: tuple[str, ...]
    answer: str | None = None


@dataclass(frozen=True)
class Riddle(Game[RiddleState, str]):
    """Say which of some everyday things a few facts describe.

    Source:
        Written for textenvs, with the 66 things and 34 traits of TwentyQuestions, a table of facts made by hand. It
        is a control: one turn, everything told, so that neither feedback nor foresight can gain anything.
    Players and turns:
        One player, one turn.
    What the player sees:
        The facts, and the things that can be meant, with numbers; after the answer, whether it is right.
    Replies:
        `answer dog` or `answer 1`, or just the name or number, or a sentence such as "It is the dog". In a longer
        reply the last of these counts. Things that are not listed are refused.
    Rules:
        The things that can be meant are drawn from the first `things` things, each choice equally likely, and one of
        them is meant. Facts are drawn one after the other until they fit no other thing: each from those of which
        another thing that is still possible differs, equally likely. Things are meant as they usually are.
    Rewards:
        1 for the thing that is meant, 0 otherwise. Return in 0 … 1.
    End:
        After the first answer.
    Parameters:
        things: the things are drawn from the first `things` of the 66.
        candidates: how many can be meant.
    Size:
        C(things, candidates) x candidates pairs of choice and thing, 4.6 x 10^10 by default, each with many
        riddles; listed for up to 6 things (1,718 at the easy level) and drawn beyond. One turn.
    Known values:
        optimal, plan and myopic 1; random 1 / candidates.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"things": 6, "candidates": 4},
        "medium": {},
        "hard": {"candidates": 20},
        "extreme": {"candidates": 50},
    }

    things: int = 66
    candidates: int = 8

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("things", self.things, 2, len(THINGS))
        check_range("candidates", self.candidates, 2, self.things)

    @property
    def max_turns(self) -> int:
        return 1

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[RiddleState] | None:
        if self.things > _MOST_LISTED:
            return None
        share = Fraction(1, comb(self.things, self.candidates) * self.candidates)
        return tuple(
            (RiddleState(things, secret, _in_order(facts)), share * probability)
            for things in combinations(THINGS[: self.things], self.candidates)
            for secret in things
            for facts, probability in _riddles(secret, things, self.things).items()
        )

    def deal(self, random: Random) -> RiddleState:
        things = draw_things(self.things, self.candidates, random)
        secret = random.choice(things)
        facts: frozenset[str] = frozenset()
        possible = things
        while possible != (secret,):
            fact = random.choice(_telling(secret, possible, self.things))
            facts, possible = facts | {fact}, _fitting(fact, secret, possible)
        return RiddleState(things, secret, _in_order(facts))

    def content(self, state: RiddleState) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
        return state.things, state.secret, state.facts

    def to_move(self, state: RiddleState) -> tuple[int, ...]:
        return (0,) if state.answer is None else ()

    def legal(self, state: RiddleState, player: int) -> tuple[str, ...]:
        return state.things

    def apply(self, state: RiddleState, move: str) -> RiddleState:
        return state._replace(answer=move)

    def rewards(self, state: RiddleState, move: str, after: RiddleState) -> tuple[float, ...]:
        return (1.0 if move == state.secret else 0.0,)

    def instructions(self, player: int) -> str:
        return (
            "I tell you some facts about a thing and list what it can be. Exactly one of the listed things fits all "
            "facts. All things are meant as they usually are, animals grown up. You have one reply and earn 1 point if "
            "it is right.\nReply with the name or the number of the thing, for example: answer 1"
        )

    def view(self, state: RiddleState, player: int) -> str:
        if state.answer is not None:
            return f"{'Right' if state.answer == state.secret else 'Wrong'}: it is the {state.secret}."
        facts = [TRAITS[fact].of(state.secret) for fact in state.facts]
        listed = [f"{number} {thing}" for number, thing in enumerate(state.things, 1)]
        return f"{' '.join(facts)} What is it: {', '.join(listed)}?"

    def say(self, state: RiddleState, move: str) -> str:
        return f"answer {move}"

    def read(self, state: RiddleState, player: int, text: str) -> str | Refusal:
        answer = _last_answer(text)
        if answer is None:
            return Refusal("I read no answer in that. Reply with the name or the number of one of the listed things.")
        if answer.isdecimal():
            number = int(answer)
            if not 1 <= number <= len(state.things):
                return illegal(f"There is no number {number}: the things have the numbers 1 to {len(state.things)}.")
            return state.things[number - 1]
        return answer if answer in state.things else illegal(f"The {answer} is not one of the listed things.")

    def vocabulary(self) -> tuple[str, ...]:
        names = THINGS[: self.things]
        traits = [TRAITS[trait] for trait in telling_traits(names)]
        return (", ".join(names), *(fact for trait in traits for fact in (trait.holds, trait.fails)))

    def expert(self, state: RiddleState, player: int) -> Distribution[str]:
        """The only thing that fits all facts."""
        told = [(fact, state.secret in TRAITS[fact].things) for fact in state.facts]
        fits = [thing for thing in state.things if all((thing in TRAITS[fact].things) == has for fact, has in told)]
        return ((fits[0], Fraction(1)),)


_MOST_LISTED = 6


def _telling(secret: str, possible: tuple[str, ...], among: int) -> tuple[str, ...]:
    """Return the traits in which some of the `possible` things differ from the secret."""
    return tuple(trait for trait in telling_traits(THINGS[:among]) if _fitting(trait, secret, possible) != possible)


def _fitting(trait: str, secret: str, possible: tuple[str, ...]) -> tuple[str, ...]:
    """Return the `possible` things that are like the secret in a trait."""
    having = TRAITS[trait].things
    return tuple(thing for thing in possible if (thing in having) == (secret in having))


@lru_cache(maxsize=1024)
def _riddles(secret: str, possible: tuple[str, ...], among: int) -> dict[frozenset[str], Fraction]:
    """Return the sets of facts that can be drawn while some things are `possible`, each with its probability."""
    if possible == (secret,):
        return {frozenset(): Fraction(1)}
    telling = _telling(secret, possible, among)
    riddles: dict[frozenset[str], Fraction] = {}
    for trait in telling:
        for facts, probability in _riddles(secret, _fitting(trait, secret, possible), among).items():
            riddles[facts | {trait}] = riddles.get(facts | {trait}, Fraction(0)) + probability / len(telling)
    return riddles


def _in_order(facts: frozenset[str]) -> tuple[str, ...]:
    return tuple(trait for trait in TRAITS if trait in facts)


# Reading ---------------------------------------------------------------------------------------------

_NUMBERED = re.compile(
    r"\b(?:answer|guess|choose|pick|number|option)\b\W{1,4}(?:(?:is|number|option)\W{1,4}){0,3}(\d{1,4})(?![\w.]\d|\w)",
    re.IGNORECASE,
)


def _last_answer(text: str) -> str | None:
    """Return the thing or the number that a reply answers; what says so plainly goes before mere mention."""
    text = without_comparisons(text)
    named = last_answer(text)
    numbered = list(_NUMBERED.finditer(text))
    if numbered and (named is None or numbered[-1].end() >= named[0]):
        return numbered[-1].group(1)
    if named:
        return named[1]
    ending = text.rstrip()[-200:].rpartition("\n")[2]
    number = last_match(ending, r"(?<![\w.])(\d{1,4})(?![.\d]*\w)")
    return last_phrase(ending, NAMES) or (number.group(1) if number else None)
