"""Codewords: one player gives one-word clues to words that only it knows, the other one finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from math import comb
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import NOT, last_phrase
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.phrasing import count
from textenvs.games.things import NAMES, THINGS, TRAITS, draw_things

CLUES = {
    "animal": "animal", "mammal": "mammal", "bird": "bird", "feline": "cat", "canine": "dog", "domestic": "pet",
    "quadruped": "four legs", "legless": "no legs", "winged": "wings", "hoofed": "hooves", "prickly": "quills",
    "striped": "stripes", "flying": "fly", "aquatic": "water", "hatched": "egg", "light": "kilogram",
    "heavy": "person", "enormous": "car", "plant": "plant", "produce": "produce", "orchard": "on trees",
    "artificial": "made", "vehicle": "vehicle", "motor": "engine", "wheeled": "wheels", "instrument": "instrument",
    "metal": "metal", "fabric": "cloth", "sharp": "cutting", "kitchen": "kitchen", "ridden": "ride", "worn": "wear",
    "electric": "plug",
}  # fmt: skip
"""From the clue words that scripted players use to the traits of things they stand for."""

_MEANINGS = {word: key for key, trait in TRAITS.items() for word in trait.short if " " not in word} | CLUES
"""The same with synonyms, which scripted players understand as well."""


class Clue(NamedTuple):
    """The move to give a clue: one word, and the number of words it is meant for."""

    word: str
    number: int


class Guess(NamedTuple):
    """The move to guess a word, or to end the turn with None."""

    word: str | None


Move = Clue | Guess


class CodewordsState(NamedTuple):
    """The board, what is hidden in it, and how far the game is.

    Attributes:
        board: all words, in the order of `THINGS`.
        targets: the words to find.
        traps: the words that end the game.
        guessed: the words guessed so far, in order.
        clue: the last clue, None before the first.
        clues: how many clues were given.
        guesses: how many guesses are left for the last one.
    """

    board: tuple[str, ...]
    targets: tuple[str, ...]
    traps: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()
    clue: Clue | None = None
    clues: int = 0
    guesses: int = 0


@dataclass(frozen=True)
class Codewords(Game[CodewordsState, Move]):
    """Lead another player to secret words on a board with clues of a single word, or be led.

    Source:
        After the board game Codenames by V. Chvatil (2015), with one team, without its rule of one guess more than
        the number; see A. Kim, M. Ruzmaykin, A. Truong and A. Summerville, Cooperation and Codenames (AIIDE 2019).
        The words are the things of TwentyQuestions.
    Players and turns:
        Two players. Player 0 gives a clue, then player 1 guesses until its turn ends, and so on.
    What the player sees:
        Player 0 sees which words are targets, traps or neither; player 1 sees the words, the last clue, and what its
        guesses were. Earlier clues are in the history only.
    Replies:
        Player 0: `clue: animal 2`, or `animal 2`: any one word that is not on the board, nor a part or the plural of
        a word there, and how many words it is meant for. Player 1: `guess dog`, or `pass`. In a longer reply the last
        of these counts.
    Rules:
        Player 1 may guess as often as the clue's number says. A word that is no target ends its turn, and a trap ends
        the game. The moves listed as legal for player 0 are clues of a closed list, one for each group of words on
        the board that a trait of things picks out; scripted players understand these words and some synonyms, and pass
        at any other.
    Rewards:
        Each target found pays both players 1 / targets. Return in 0 ... 1.
    End:
        All targets are found, a trap is guessed, or the last clue's turn is over.
    Parameters:
        things: the words are drawn from the first `things` of the 66.
        words: how many are on the board.
        targets: how many of them are to be found.
        traps: how many of them end the game.
        rounds: how many clues may be given.
    Size:
        C(things, words) x C(words, targets) x C(words - targets, traps) instances: 60 at easy, more than 10^19 with
        the default arguments. Player 0 has at most `rounds` turns, player 1 at most `rounds` + `targets`.
    Known values:
        easy, player 0 with the expert: optimal 0.8222, plan 0.8, myopic 0.7978, random 0.3153; player 1: optimal and
        myopic 0.8333, plan 0.6944, random 0.2980. Two experts get 0.8222; by their rule the guesser does not ask why
        another clue was not given, which is worth the rest. With the default arguments two experts get more than 0.7.
    Versions:
        v0: first release.
    """

    players = 2
    open_ended = True
    default_opponent = "expert"
    scripts = ("cautious", "bold")
    pools: ClassVar = {"train": ("expert", "script:cautious"), "test": ("script:bold", "mixed:1/5")}
    levels: ClassVar[Levels] = {
        "easy": {"things": 6, "words": 6, "targets": 3, "rounds": 2},
        "medium": {},
        "hard": {"words": 25, "targets": 9, "rounds": 6},
        "extreme": {"words": 50, "targets": 25, "traps": 2, "rounds": 20},
    }

    things: int = 66
    words: int = 16
    targets: int = 6
    traps: int = 1
    rounds: int = 4

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("things", self.things, 2, len(THINGS))
        check_range("words", self.words, 2, self.things)
        check_range("targets", self.targets, 1, self.words)
        check_range("traps", self.traps, 0, self.words)
        check_range("rounds", self.rounds, 1, 1_000)
        if self.targets + self.traps > self.words:
            raise ArgumentError(f"targets + traps must be at most words={self.words}, not {self.targets + self.traps}")

    @property
    def max_turns(self) -> int:
        return self.rounds + self.targets

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    # The opening ---------------------------------------------------------------------------------

    def deals(self) -> Distribution[CodewordsState] | None:
        size = comb(self.things, self.words) * comb(self.words, self.targets)
        if size * comb(self.words - self.targets, self.traps) > _LISTED:
            return None
        return uniform(list(self._every_deal()))

    def _every_deal(self) -> Iterator[CodewordsState]:
        for board in combinations(THINGS[: self.things], self.words):
            for targets in combinations(board, self.targets):
                for traps in combinations([word for word in board if word not in targets], self.traps):
                    yield CodewordsState(board, targets, traps)

    def deal(self, random: Random) -> CodewordsState:
        board = draw_things(self.things, self.words, random)
        places = random.shuffled(range(self.words))
        targets, traps = places[: self.targets], places[self.targets : self.targets + self.traps]
        return CodewordsState(board, _at(board, targets), _at(board, traps))

    # The rules -----------------------------------------------------------------------------------

    def to_move(self, state: CodewordsState) -> tuple[int, ...]:
        if set(state.traps) & set(state.guessed) or set(state.targets) <= set(state.guessed):
            return ()
        if state.guesses:
            return (1,)
        return (0,) if state.clues < self.rounds else ()

    def legal(self, state: CodewordsState, player: int) -> tuple[Move, ...]:
        if player == 1:
            return (*(Guess(word) for word in hidden(state)), Guess(None))
        groups = _groups(state.board).items()
        return tuple(Clue(word, n) for word, fits in groups for n in range(1, min(len(fits), self.targets) + 1))

    def apply(self, state: CodewordsState, move: Move) -> CodewordsState:
        if isinstance(move, Clue):
            return state._replace(clue=move, clues=state.clues + 1, guesses=move.number)
        if move.word is None:
            return state._replace(guesses=0)
        left = state.guesses - 1 if move.word in state.targets else 0
        return state._replace(guessed=(*state.guessed, move.word), guesses=left)

    def rewards(self, state: CodewordsState, move: Move, after: CodewordsState) -> tuple[float, ...]:
        hit = isinstance(move, Guess) and move.word in state.targets
        return (1 / self.targets,) * 2 if hit else (0.0, 0.0)

    # The words -----------------------------------------------------------------------------------

    def instructions(self, player: int) -> str:
        traps = f"{self.traps} of the others {'is a trap' if self.traps == 1 else 'are traps'}" if self.traps else ""
        ends = " A trap ends the game." if self.traps else ""
        own = (
            "You see which words these are. In each turn you give a clue: one word that is not on the board in any "
            "form, and how many words it is meant for. A scripted player_1 is sure to understand these clues: "
            f"{', '.join(CLUES)}.\n"
            "Reply with a word and a number, for example: clue: animal 1"
            if player == 0
            else "You do not see which words these are. Reply with a word on the board, like: guess dog - or end your "
            "turn with: pass. Reply, for example: pass"
        )
        return (
            f"You are player_{player}. You and player_{1 - player} play together. On a board are {self.words} words; "
            f"{self.targets} of them {'is a target' if self.targets == 1 else 'are targets'}"
            f"{f' and {traps}' if traps else ''}. player_0 knows them and gives clues, {self.rounds} at most. "
            "After each clue player_1 guesses words, one at a time, at most as many as the clue's number says. A word "
            f"that is no target ends these guesses.{ends} Each target found scores {_share(self.targets)} for both of "
            f"you. {own}"
        )

    def view(self, state: CodewordsState, player: int) -> str:
        told = [] if self.to_move(state) else ["The game is over."]
        if state.guessed:
            told.append(f"Guessed: {', '.join(f'{word} ({_kind(state, word)})' for word in state.guessed)}.")
        if not self.to_move(state):
            found = len(set(state.targets) & set(state.guessed))
            return " ".join([*told, f"{found} of {_count(self.targets)} found: {', '.join(state.targets)}."])
        told += self._secrets(state) if player == 0 else [f"Words: {', '.join(hidden(state))}."]
        return " ".join([*told, self._next(state, player)])

    def _secrets(self, state: CodewordsState) -> list[str]:
        """Tell player 0 what the words are that nobody has guessed yet."""
        kinds: dict[str, list[str]] = {"target": [], "trap": [], "other": []}
        for word in hidden(state):
            kinds[_kind(state, word)].append(word)
        names = (("target", "Targets"), ("trap", "Traps" if len(kinds["trap"]) > 1 else "Trap"), ("other", "Others"))
        return [f"{name}: {', '.join(kinds[kind])}." for kind, name in names if kinds[kind]]

    def _next(self, state: CodewordsState, player: int) -> str:
        left = self.rounds - state.clues
        clues = f"{count(left, 'clue')} left"
        if not state.guesses or state.clue is None:
            return f"{clues}." if player == 0 else f"{clues}. player_0 is to give a clue."
        clue = f"Clue: {state.clue.word} {state.clue.number}."
        if player == 0:
            return f"{clue} player_1 is to guess. {clues}."
        missing = len(set(state.targets) - set(state.guessed))
        guesses = f"{state.guesses} {'guess' if state.guesses == 1 else 'guesses'}"
        return f"{clue} You have {guesses}. Targets left: {missing}. Clues left after this one: {left}."

    def say(self, state: CodewordsState, move: Move) -> str:
        if isinstance(move, Clue):
            return f"clue: {move.word} {move.number}"
        return "pass" if move.word is None else f"guess {move.word}"

    def read(self, state: CodewordsState, player: int, text: str) -> Move | Refusal:
        text = text.lower().replace("’", "'")
        if player == 1:
            return self._read_guess(state, text)
        clue = read_clue(text)
        if clue is None:
            if read_guess(text):
                return illegal("You do not guess; give a clue of one word and a number, such as: clue: animal 1.")
            return Refusal("I read no clue in that. Reply with one word and a number, such as: clue: animal 1.")
        if any(clue.word in (part, f"{part}s", f"{part}es") for word in state.board for part in word.split()):
            return illegal(f'"{clue.word}" is too close to a word on the board. Choose another word.')
        if not 1 <= clue.number <= self.targets:
            return illegal(f"The number of a clue must be from 1 to {self.targets}, not {clue.number}.")
        return clue

    def _read_guess(self, state: CodewordsState, text: str) -> Move | Refusal:
        guess = read_guess(text)
        if guess is None:
            if read_clue(text):
                return illegal("You do not give clues. Reply with a word on the board, or: pass.")
            return Refusal("I read no guess in that. Reply with a word on the board, such as: guess dog, or: pass.")
        if guess.word is None or guess.word in hidden(state):
            return guess
        return illegal(f"{guess.word} {'was guessed' if guess.word in state.guessed else 'is not on the board'}.")

    # Scripted players ----------------------------------------------------------------------------

    def expert(self, state: CodewordsState, player: int) -> Distribution[Move]:
        """Guess any of the words that the clue is true of; give the clue that such a player makes the most of.

        The guesser is a literal listener, the giver reckons with it (Frank & Goodman 2012,
        doi:10.1126/science.1218633): of all clues it takes the one with the most targets expected at once, where a
        trap counts as the loss of all targets that are left.
        """
        return self._guess(state) if player == 1 else self._clue(state, self.targets, careful=True)

    def script(self, name: str, state: CodewordsState, player: int) -> Distribution[Move]:
        """Mean one word a clue and guess once (`cautious`), or give clues as if there were no traps (`bold`)."""
        if player == 0:
            return self._clue(state, 1 if name == "cautious" else self.targets, careful=name == "cautious")
        started = state.clue is not None and state.guesses < state.clue.number
        return ((Guess(None), Fraction(1)),) if name == "cautious" and started else self._guess(state)

    def _guess(self, state: CodewordsState) -> Distribution[Move]:
        fits = _fitting(state.clue.word, hidden(state)) if state.clue else ()
        return uniform([Guess(word) for word in fits] or [Guess(None)])

    def _clue(self, state: CodewordsState, most: int, *, careful: bool) -> Distribution[Move]:
        clues = [clue for clue in self.legal(state, 0) if isinstance(clue, Clue) and clue.number <= most]
        return ((max(clues, key=lambda clue: _promise(state, clue, careful)), Fraction(1)),)


_LISTED = 20_000


# Facts -----------------------------------------------------------------------------------------------


def hidden(state: CodewordsState) -> tuple[str, ...]:
    """Return the words that nobody has guessed."""
    return tuple(word for word in state.board if word not in state.guessed)


def _at(board: Sequence[str], places: Sequence[int]) -> tuple[str, ...]:
    return tuple(board[place] for place in sorted(places))


def _kind(state: CodewordsState, word: str) -> str:
    return "target" if word in state.targets else "trap" if word in state.traps else "other"


def _fitting(clue: str, words: Sequence[str]) -> tuple[str, ...]:
    """Return which of some words a clue is true of; none for a clue that scripted players do not understand."""
    key = _MEANINGS.get(clue) or _MEANINGS.get(clue.removesuffix("s"))
    return tuple(word for word in words if key and word in TRAITS[key].things)


@lru_cache(maxsize=4_096)
def _groups(board: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the clue words that are true of some words on a board, with these; one for each group."""
    groups: dict[tuple[str, ...], str] = {}
    for clue in CLUES:
        if fits := _fitting(clue, board):
            groups.setdefault(fits, clue)
    return {clue: fits for fits, clue in groups.items()}


def _promise(state: CodewordsState, clue: Clue, careful: bool) -> Fraction:
    """Return how many targets a literal listener is expected to find, less those that a trap would cost."""
    fits = _fitting(clue.word, hidden(state))
    good = sum(word in state.targets for word in fits)
    bad = sum(word in state.traps for word in fits) if careful else 0
    left = len(set(state.targets) - set(state.guessed))
    promise, reached = Fraction(0), Fraction(1)
    for turn in range(min(clue.number, len(fits))):
        hit = Fraction(max(0, good - turn), len(fits) - turn)
        promise += reached * (hit - Fraction(bad, len(fits) - turn) * (left - turn))
        reached *= hit
    return promise


# Words -----------------------------------------------------------------------------------------------


def _share(targets: int) -> str:
    return "1 point" if targets == 1 else f"1/{targets} point"


def _count(targets: int) -> str:
    return count(targets, "target")


_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WORD = r"(?P<word>[^\W\d_]{2,30}(?:-[^\W\d_]{1,30})?)"
_BETWEEN = r"[\s,:;*`\"'(/-]{1,6}(?:for |number |with number )?"
_NUMBER = rf"(?P<number>\d{{1,3}}|{'|'.join(_NUMBERS)})(?![\w.]\w)\b"
_QUOTES = r"[*`\"']{0,3}"
_CLUE = (
    re.compile(rf"\bclue(?: is| word is| would be)?[\s:*`\"'-]{{1,5}}{_WORD}{_BETWEEN}{_NUMBER}"),
    re.compile(rf"^[ \t>*`\"'-]{{0,4}}{_WORD}{_BETWEEN}{_NUMBER}[ \t.!*`\"')]{{0,5}}$", re.MULTILINE),
    re.compile(rf"(?<![\w-]){_QUOTES}(?!(?:are|is|have|has|the|of|for|and|to|with|only|about|all|these|guess)\b)"
               rf"{_WORD}{_BETWEEN}{_NUMBER}"),
)  # fmt: skip
_PASS = dict.fromkeys(("pass", "stop", "skip", "end my turn", "end turn", "end the turn", "no more guesses"), "pass")
_PASS_ALONE = re.compile(rf"^\W*(?:i )?(?:{'|'.join(_PASS)})\W*$", re.MULTILINE)
_NAMES = "|".join(re.escape(name) for name in sorted(NAMES, key=len, reverse=True))
_GUESS = re.compile(
    rf"(?P<denied>{NOT}(?:want to |going to )?(?:the |an? )?)?"
    r"(?P<said>\b(?:guess(?:ing)?|choos(?:e|ing)|pick(?:ing)?|say|answer|try)(?: is| word)?[\s:*`\"']{1,4}"
    r"(?:the |an? )?)?"
    rf"[*`\"']{{0,3}}(?<![\w-])(?P<name>{_NAMES})(?![\w-])"
)


def read_clue(text: str) -> Clue | None:
    """Return the last clue in a reply in lower case: after the word clue, else on a line of its own, else anywhere."""
    for pattern in _CLUE:
        found = list(pattern.finditer(text))
        if found:
            number = found[-1]["number"]
            return Clue(found[-1]["word"], _NUMBERS.index(number) if number in _NUMBERS else int(number))
    return None


def read_guess(text: str) -> Guess | None:
    """Return the last thing that a reply in lower case guesses, else the last one it names, else whether it passes."""
    found = [match for match in _GUESS.finditer(text) if not match["denied"]]
    said = [match for match in found if match["said"]]
    passed = last_phrase(text, _PASS)
    passed_after = said and _PASS_ALONE.search(text, said[-1].end())
    if not passed_after and (said or (found and not passed)):
        return Guess(NAMES[(said or found)[-1]["name"]])
    return Guess(None) if passed else None
