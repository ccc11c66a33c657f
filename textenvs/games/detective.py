"""Find the thief, the tool and the place by asking witnesses what they can rule out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import islice, product
from math import factorial, log2, prod
from typing import ClassVar, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.cells import bits, members
from textenvs.games.detective_odds import Owners, owner_odds

SUSPECTS = ("Adams", "Baker", "Clark", "Davis", "Evans", "Fisher", "Gibson", "Hayes")
TOOLS = ("rope", "ladder", "hammer", "knife", "drill", "crowbar", "hook", "lamp")
PLACES = ("kitchen", "library", "garden", "cellar", "attic", "hall", "office", "barn")
WITNESSES = ("maid", "cook", "butler", "driver", "nurse", "porter")

TRUE = -1
"""What owns the thief, the tool that was used and the place of the theft, instead of a witness."""

Triple = tuple[int, int, int]  # a suspect, a tool and a place


class DetectiveMove(NamedTuple):
    """A question or the accusation.

    Attributes:
        witness: who is asked, None for the accusation.
        triple: the suspect, the tool and the place, each by its number in its kind.
    """

    witness: int | None
    triple: Triple


class DetectiveState(NamedTuple):
    """Who can rule out what, and what the answers have shown.

    Clues, that is suspects, tools and places, are numbered in this order.

    Attributes:
        owners: for each clue the witness who can rule it out, or `TRUE`.
        used: questions asked so far.
        ruled_out: the clues that were ruled out, as bits.
        not_by: for each witness the clues that the answers show it cannot rule out, as bits; those that
            were ruled out by another are left out.
        answer: the witness asked last and the clue that was ruled out, or None; None before the first question.
        accused: whom, with which tool and where, the accusation named; None before it.
    """

    owners: tuple[int, ...]
    used: int
    ruled_out: int
    not_by: tuple[int, ...]
    answer: tuple[int, int | None] | None = None
    accused: Triple | None = None


@dataclass(frozen=True)
class Detective(Game[DetectiveState, DetectiveMove]):
    """Find out who stole a diamond, with which tool and where, by asking witnesses what they can rule out.

    Source:
        Written for textenvs after Cluedo (Anthony Pratt 1947), for one player who questions one witness
        at a time. Which of several cards is shown is no choice here but given by their order.
    Players and turns:
        One player, one question or the accusation a turn.
    What the player sees:
        The last answer, the questions left, and notes of all that the answers so far have shown: who
        ruled out what, and what each witness cannot rule out (left out for what another ruled out).
        Everything a player can know is in the newest view.
    Replies:
        `ask maid: Adams, rope, kitchen` and `accuse Adams, rope, kitchen`; `question the maid about
        Adams with the rope in the kitchen`, `interview`, `accuse Adams of using …`, `my accusation is`
        and the like are understood. In a longer reply the last such word that is followed by all that
        is needed counts; of several names of a kind the first after it does. The same may be asked
        again, which is wasteful.
    Rules:
        One suspect, one tool and one place are true, each equally likely. All others are shared out
        among the witnesses at random, as evenly as possible, the first witnesses having one more where
        it must be; who has how many is told. A witness who is asked about three names the first of
        them, in the order suspect, tool, place, that is its own; else says that there is none.
    Rewards:
        1 for accusing the true three, 0 otherwise. Return in 0 … 1.
    End:
        The accusation. After the last question nothing else is left.
    Parameters:
        suspects: the number of suspects.
        tools: the number of tools.
        places: the number of places.
        witnesses: the number of witnesses; each can rule out something.
        questions: the number of questions allowed.
    Size:
        suspects x tools x places x the ways to share out the others: 125 x 12! / 4!^3 = 4,331,250
        instances by default, 24 at easy; at most questions + 1 turns.
    Known values:
        Plan, myopic and random are 1 / (suspects x tools x places): without answers any accusation is
        as good as another. At easy (two of everything, questions=3) optimal is 1, and 3/4 with
        questions=2; with 3 suspects and questions=2 it is 19/36. The expert reaches these optima.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"suspects": 2, "tools": 2, "places": 2, "witnesses": 2, "questions": 3},
        "medium": {},
        "hard": {"suspects": 6, "tools": 6, "places": 6, "questions": 15},
        "extreme": {"suspects": 8, "tools": 8, "places": 8, "witnesses": 4, "questions": 26},
    }

    suspects: int = 5
    tools: int = 5
    places: int = 5
    witnesses: int = 3
    questions: int = 12

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("suspects", self.suspects, 2, len(SUSPECTS))
        check_range("tools", self.tools, 2, len(TOOLS))
        check_range("places", self.places, 2, len(PLACES))
        check_range("witnesses", self.witnesses, 1, min(len(WITNESSES), sum(self._kinds) - 3))
        check_range("questions", self.questions, 1, 1_000)

    @property
    def max_turns(self) -> int:
        return self.questions + 1

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    @property
    def _kinds(self) -> Triple:
        """How many suspects, tools and places there are."""
        return (self.suspects, self.tools, self.places)

    @property
    def _hands(self) -> tuple[int, ...]:
        """How many clues each witness can rule out."""
        share, more = divmod(sum(self._kinds) - 3, self.witnesses)
        return tuple(share + (witness < more) for witness in range(self.witnesses))

    # The opening

    def deals(self) -> Distribution[DetectiveState] | None:
        false = sum(self._kinds) - 3
        if prod(self._kinds) * factorial(false) // prod(map(factorial, self._hands)) > _LISTED:
            return None
        hands = _all_hands(false, self._hands)
        return uniform([self._opening(triple, shared) for triple in _triples(self._kinds) for shared in hands])

    def deal(self, random: Random) -> DetectiveState:
        suspect, tool, place = (random.below(number) for number in self._kinds)
        hands = [witness for witness, size in enumerate(self._hands) for _ in range(size)]
        return self._opening((suspect, tool, place), random.shuffled(hands))

    def _opening(self, triple: Triple, hands: Sequence[int]) -> DetectiveState:
        """Return the opening with a truth and the owners of all other clues."""
        owners = list(hands)
        for clue in self._clues(triple):
            owners.insert(clue, TRUE)
        return DetectiveState(tuple(owners), 0, 0, (0,) * self.witnesses)

    def content(self, state: DetectiveState) -> tuple[int, ...]:
        return state.owners

    def _clues(self, triple: Triple) -> Triple:
        """Return the numbers among all clues of a suspect, a tool and a place."""
        suspect, tool, place = triple
        return (suspect, self.suspects + tool, self.suspects + self.tools + place)

    # The rules

    def to_move(self, state: DetectiveState) -> tuple[int, ...]:
        return () if state.accused else (0,)

    def legal(self, state: DetectiveState, player: int) -> tuple[DetectiveMove, ...]:
        return _moves(self._kinds, self.witnesses if state.used < self.questions else 0)

    def apply(self, state: DetectiveState, move: DetectiveMove) -> DetectiveState:
        if move.witness is None:
            return state._replace(accused=move.triple)
        clues = self._clues(move.triple)
        shown = next((clue for clue in clues if state.owners[clue] == move.witness), None)
        ruled_out = state.ruled_out | (0 if shown is None else 1 << shown)
        not_by = list(state.not_by)
        not_by[move.witness] |= bits(clues if shown is None else clues[: clues.index(shown)])
        left = tuple(clues & ~ruled_out for clues in not_by)
        return DetectiveState(state.owners, state.used + 1, ruled_out, left, (move.witness, shown))

    def _is_right(self, state: DetectiveState, triple: Triple) -> bool:
        return all(state.owners[clue] == TRUE for clue in self._clues(triple))

    def rewards(self, state: DetectiveState, move: DetectiveMove, after: DetectiveState) -> tuple[float, ...]:
        return (1.0 if move.witness is None and self._is_right(state, move.triple) else 0.0,)

    # The words

    def instructions(self, player: int) -> str:
        suspects, tools, places = map(", ".join, self._names)
        witnesses = ", ".join(f"{name} ({size})" for name, size in zip(WITNESSES, self._hands, strict=False))
        return (
            "A diamond was stolen. Find out who did it, with which tool, in which place.\n"
            f"Suspects: {suspects}. Tools: {tools}. Places: {places}.\n"
            f"Witnesses: {witnesses}. Every wrong suspect, tool and place can be ruled out by exactly one witness; the "
            "number after a witness says how many that witness can rule out.\n"
            f"You can ask {_count(self.questions, 'question')}, one a turn: name a witness, a suspect, a tool and a "
            "place. The witness names the first of these three, in this order, that this witness can rule out, or says "
            "that there is none. In any turn you can accuse instead: name a suspect, a tool and a place. That ends the "
            "game and pays 1 point if all three are right, else nothing. After the last question you can only accuse, "
            f"for instance: {self._said(None, (1, 1, 1))}\n"
            f"For example, to ask: {self._said(0, (0, 0, 0))}"
        )

    @property
    def _names(self) -> tuple[tuple[str, ...], ...]:
        """The suspects, the tools and the places."""
        return tuple(names[:number] for names, number in zip((SUSPECTS, TOOLS, PLACES), self._kinds, strict=True))

    def _called(self, triple: Triple) -> tuple[str, ...]:
        return tuple(names[number] for names, number in zip(self._names, triple, strict=True))

    def _said(self, witness: int | None, triple: Triple) -> str:
        asked = "accuse" if witness is None else f"ask {WITNESSES[witness]}:"
        return f"{asked} {', '.join(self._called(triple))}"

    def view(self, state: DetectiveState, player: int) -> str:
        if state.accused:
            right = self._is_right(state, state.accused)
            clues = zip(self._clue_names, state.owners, strict=True)
            suspect, tool, place = (name for name, owner in clues if owner == TRUE)
            truth = f"it was {suspect} with the {tool} in the {place}"
            return f"You are right: {truth}. You win." if right else f"You are wrong: {truth}. You lose."
        left = self.questions - state.used
        standing = f"{_count(left, 'question')} left." if left else "No questions left; you must accuse now."
        return "\n".join([f"{self._news(state)}{standing}", *self._notes(state)])

    @property
    def _clue_names(self) -> tuple[str, ...]:
        return tuple(name for names in self._names for name in names)

    def _news(self, state: DetectiveState) -> str:
        """Return the answer to the last question."""
        if state.answer is None:
            return ""
        witness, shown = state.answer
        if shown is None:
            return f"The {WITNESSES[witness]} can rule out none of the three. "
        return f"The {WITNESSES[witness]} rules out: {self._clue_names[shown]}. "

    def _notes(self, state: DetectiveState) -> Iterator[str]:
        """Yield what all answers so far have shown."""
        names = self._clue_names
        known = [f"{names[clue]} ({WITNESSES[state.owners[clue]]})" for clue in members(state.ruled_out)]
        if known:
            yield f"Ruled out: {', '.join(known)}."
        for witness, clues in enumerate(state.not_by):
            if clues:
                yield f"Not ruled out by the {WITNESSES[witness]}: {', '.join(names[clue] for clue in members(clues))}."

    def say(self, state: DetectiveState, move: DetectiveMove) -> str:
        return self._said(*move)

    def read(self, state: DetectiveState, player: int, text: str) -> DetectiveMove | Refusal:
        move = next((move for part in reversed(_parts(text)) if (move := self._named(*part))), None)
        if move is None:
            return Refusal(self._unread(*_parts(text)[-1]))
        if move.witness is not None and state.used == self.questions:
            return illegal(f"You have no questions left. You can only accuse, as in: {self._said(None, (1, 1, 1))}.")
        return move

    def _named(self, accuses: bool, part: str) -> DetectiveMove | None:
        """Return the move that a part of a reply names, None if something is missing."""
        witness = None if accuses else _first_name(part, WITNESSES[: self.witnesses])
        suspect, tool, place = (_first_name(part, names) for names in self._names)
        if suspect is None or tool is None or place is None or not (accuses or witness is not None):
            return None
        return DetectiveMove(witness, (suspect, tool, place))

    def _unread(self, accuses: bool, part: str) -> str:
        """Return what a part of a reply that names no move lacks, and what is accepted."""
        kinds = dict(zip(("suspect", "tool", "place"), self._names, strict=True))
        kinds |= {} if accuses else {"witness": WITNESSES[: self.witnesses]}
        missing = [kind for kind, names in kinds.items() if _first_name(part, names) is None]
        lack = f"Your {'accusation' if accuses else 'question'} names no {' and no '.join(missing)}."
        if len(missing) == len(kinds):
            lack = "I read no question and no accusation in that."
        return f"{lack} Ask, as in: {self._said(0, (0, 0, 0))}. Or accuse, as in: {self._said(None, (1, 1, 1))}."

    def progress(self, state: DetectiveState) -> float:
        """The share of the wrong suspects, tools and places that were ruled out."""
        return state.ruled_out.bit_count() / (sum(self._kinds) - 3)

    def expert(self, state: DetectiveState, player: int) -> Distribution[DetectiveMove]:
        """Asks what tells most about the truth; accuses when there is no doubt, or no question, left.

        Who may own a clue is counted exactly; what an answer tells, and the likeliest truth when it must be guessed, is
        reckoned as if the clues had nothing to do with each other.
        """
        odds = owner_odds(self._kinds, self._hands, self._possible(state))
        ways = sum(odds[0].values())
        truth = self._shares(odds, TRUE)
        certain = all(max(shares) == ways for shares in truth)
        if certain or state.used == self.questions:
            suspect, tool, place = (shares.index(max(shares)) for shares in truth)
            return ((DetectiveMove(None, (suspect, tool, place)), Fraction(1)),)
        asked = [self._shares(odds, witness) for witness in range(self.witnesses)]
        return ((_most_telling(asked, truth, ways), Fraction(1)),)

    def _shares(self, odds: Sequence[Mapping[int, int]], owner: int) -> list[list[int]]:
        """Return for each clue, kind by kind, in how many ways `owner` owns it."""
        counts = iter([ways.get(owner, 0) for ways in odds])
        return [list(islice(counts, number)) for number in self._kinds]

    def _possible(self, state: DetectiveState) -> Owners:
        """Return who may own each clue by what was answered."""
        return tuple(
            (owner,)
            if state.ruled_out >> clue & 1
            else (TRUE, *(witness for witness, clues in enumerate(state.not_by) if not clues >> clue & 1))
            for clue, owner in enumerate(state.owners)
        )


_LISTED = 20_000
"""More cases than these are drawn, not listed."""

_MOST_PARTS = 100
"""So many of the last words for asking or accusing in a reply are looked at."""

_ASKING = re.compile(
    r"(?<!\bnot )(?<!n['’]t )(?<!\bnever )\b(?:(accuse|accusation|arrest)|ask|interview|interrogate"
    rf"|question(?=\W{{1,3}}(?:the )?(?:{'|'.join(WITNESSES)})\b))\b",
    re.IGNORECASE,
)


def _count(n: int, one: str) -> str:
    return f"{n} {one}{'s' * (n != 1)}"


def _parts(text: str) -> list[tuple[bool, str]]:
    """Return what follows each word for asking or accusing, and whether it accuses; all of it if there is no such."""
    words = list(_ASKING.finditer(text))[-_MOST_PARTS:]
    ends = [*(word.start() for word in words[1:]), len(text)]
    return [(bool(word[1]), text[word.end() : end]) for word, end in zip(words, ends, strict=False)] or [(False, text)]


def _first_name(text: str, names: tuple[str, ...]) -> int | None:
    """Return the number of the name that comes first in `text`, None if there is none."""
    found = _any_of(names).search(text)
    return [name.lower() for name in names].index(found[0].lower()) if found else None


@lru_cache(maxsize=128)
def _any_of(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(names)})\b", re.IGNORECASE | re.ASCII)


@lru_cache(maxsize=64)
def _moves(kinds: Triple, witnesses: int) -> tuple[DetectiveMove, ...]:
    """Return all questions to so many witnesses, and all accusations."""
    asked = [*range(witnesses), None]
    return tuple(DetectiveMove(witness, triple) for witness in asked for triple in _triples(kinds))


def _triples(kinds: Triple) -> list[Triple]:
    suspects, tools, places = map(range, kinds)
    return list(product(suspects, tools, places))


def _all_hands(false: int, sizes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return every way to share out so many clues among witnesses, as the owner of each clue."""
    if not false:
        return [()]
    return [
        (witness, *rest)
        for witness, size in enumerate(sizes)
        if size
        for rest in _all_hands(false - 1, (*sizes[:witness], size - 1, *sizes[witness + 1 :]))
    ]


def _most_telling(asked: Sequence[Sequence[Sequence[int]]], truth: Sequence[Sequence[int]], ways: int) -> DetectiveMove:
    """Return the question whose answer tells most about the truth, in bits.

    Args:
        asked: for each witness, kind and clue in how many ways that witness owns it.
        truth: for each kind and clue in how many ways it is true.
        ways: the number of ways in all.
    """
    best, most = DetectiveMove(0, (0, 0, 0)), -1.0
    for witness, kinds in enumerate(asked):
        tells = [[_told(*n, ways) for n in zip(*pair, strict=True)] for pair in zip(kinds, truth, strict=True)]
        passes = [[1.0 - n / ways for n in kind] for kind in kinds]
        suspects, tools, places = (range(len(kind)) for kind in kinds)
        for s, t, p in product(suspects, tools, places):
            told = tells[0][s] + passes[0][s] * (tells[1][t] + passes[1][t] * tells[2][p])
            if told > most + 1e-12:
                best, most = DetectiveMove(witness, (s, t, p)), told
    return best


def _told(owned: int, true: int, ways: int) -> float:
    """Return the mutual information of whether a witness owns a clue and whether it is true."""
    false = ways - true
    return _entropy(owned / ways) - false / ways * _entropy(owned / false) if false else 0.0


def _entropy(p: float) -> float:
    """Return the entropy of an event with probability `p`, in bits."""
    return 0.0 if p in (0.0, 1.0) else -p * log2(p) - (1.0 - p) * log2(1.0 - p)
