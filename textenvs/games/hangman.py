"""Find hidden words letter by letter before too many guesses miss."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import ClassVar, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.word_list import GUESSING, LONGEST, SHORTEST, check_told, common_words, last_word

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_HIDDEN = "_"


class HangmanState(NamedTuple):
    """The secrets and how far the player has come.

    Attributes:
        secrets: the words to find, one after the other.
        found: for each word that is over, whether it was found.
        tried: the letters and words guessed for the current word, sorted.
    """

    secrets: tuple[str, ...]
    found: tuple[bool, ...] = ()
    tried: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hangman(Game[HangmanState, str]):
    """Find hidden words one after the other by guessing letters, before too many guesses miss.

    Source:
        Folklore; Gomme, The Traditional Games of England, Scotland, and Ireland (1894), has it as "Birds,
        Beasts and Fishes". The words come from SCOWL by Kevin Atkinson (freely licensed; see
        textenvs/data/words/README.md), inflected forms such as plurals included.
    Players and turns:
        One player, one letter or word a turn.
    What the player sees:
        The letters found in their places, the letters and words tried, and the misses.
    Replies:
        `guess e` or `guess apple`, or just the letter or word. In a longer reply the last "guess …"
        counts, else the last letter or word in quotes or alone on a line. What was tried before and
        words that are not on the list are refused.
    Rules:
        A guessed letter is shown in all places where the secret has it; if it has none, that is a miss. A
        guessed word that is not the secret is a miss too and shows nothing. A secret is found when it is guessed
        or all its letters are shown, and lost at the last miss allowed; then the next one begins. Each
        secret is drawn uniformly from the common words of the length, whatever the others are.
    Rewards:
        1 / rounds for each secret found. Return in 0 … 1.
    End:
        All secrets are found or lost.
    Parameters:
        length: letters of a word, 4 to 7.
        misses: the misses at which a word is lost.
        rounds: the number of secrets.
        words: only the first `words` common words are secrets and guesses, and the player is told them; 0
            for all common words, which the player is not told.
    Size:
        With `words` = 0 there are 917, 1,359, 1,638 and 1,756 words of 4, 5, 6 and 7 letters, and as many
        instances to the power of `rounds`: 1,846,881 by default. At most rounds x (length + misses - 1) turns.
    Known values:
        One round with n listed words: plan and myopic min(1, misses / n), by guessing words. Easy level (8 words, 2
        misses): optimal 6/8, which the expert reaches, plan and myopic 2/8, random 0.067. With all common words and
        6 misses the expert finds 637 of 917, 1,219 of 1,359, 1,605 of 1,638 and 1,745 of 1,756 words of 4, 5, 6
        and 7 letters, so its mean return by default is 0.897.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"length": 4, "misses": 2, "rounds": 1, "words": 8},
        "medium": {},
        "hard": {"misses": 5, "rounds": 5},
        "extreme": {"length": 4, "misses": 5, "rounds": 20},
    }

    length: int = 5
    misses: int = 6
    rounds: int = 2
    words: int = 0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("length", self.length, SHORTEST, LONGEST)
        check_range("misses", self.misses, 1, 26)
        check_range("rounds", self.rounds, 1, 1_000)
        check_told(self.words, 2)

    @property
    def max_turns(self) -> int:
        return self.rounds * (self.length + self.misses - 1)

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[HangmanState] | None:
        words = common_words(self.length, self.words)
        if len(words) ** self.rounds > _LISTED:
            return None
        return uniform([HangmanState(secrets) for secrets in product(words, repeat=self.rounds)])

    def deal(self, random: Random) -> HangmanState:
        words = common_words(self.length, self.words)
        return HangmanState(tuple(random.choice(words) for _ in range(self.rounds)))

    def content(self, state: HangmanState) -> tuple[str, ...]:
        return tuple(sorted(state.secrets))

    def to_move(self, state: HangmanState) -> tuple[int, ...]:
        return (0,) if len(state.found) < self.rounds else ()

    def legal(self, state: HangmanState, player: int) -> tuple[str, ...]:
        moves = _moves(self.length, self.words)
        return tuple(move for move in moves if move not in state.tried) if state.tried else moves

    def apply(self, state: HangmanState, move: str) -> HangmanState:
        secret = state.secrets[len(state.found)]
        tried = tuple(sorted((*state.tried, move)))
        if secret in tried or shown(secret, tried) == secret:
            return HangmanState(state.secrets, (*state.found, True))
        if len(_missed(secret, tried)) == self.misses:
            return HangmanState(state.secrets, (*state.found, False))
        return state._replace(tried=tried)

    def rewards(self, state: HangmanState, move: str, after: HangmanState) -> tuple[float, ...]:
        return (1.0 / self.rounds if sum(after.found) > sum(state.found) else 0.0,)

    def instructions(self, player: int) -> str:
        many = self.rounds > 1
        goal = f"{self.rounds} secret words, one after the other, each" if many else "a secret word"
        listed = (
            f" These words are possible, and no others: {', '.join(common_words(self.length, self.words))}."
            if self.words
            else ""
        )
        return (
            f"I have chosen {goal} of {self.length} letters.{listed} Find {'each' if many else 'it'} by guessing "
            "letters: a letter that the word has is shown in all its places. You may also guess the whole word. A "
            "letter that the word does not have, or a wrong word, is a miss. "
            f"After {_misses(self.misses)} the word is lost."
            f"{' When a word is found or lost, the next one begins with no misses.' if many else ''}\n"
            f"You earn {f'1/{self.rounds} point for each word you find' if many else '1 point for finding the word'}.\n"
            "Reply with a letter or a word, for example: guess e"
        )

    def view(self, state: HangmanState, player: int) -> str:
        number = len(state.found)
        news = self._news(state) if number and not state.tried else ""
        if number == self.rounds:
            return f"{news}{self._ending(state)}".rstrip()
        secret = state.secrets[number]
        which = f"Word {number + 1} of {self.rounds}: " if self.rounds > 1 else "Word: "
        tried = f" Tried: {', '.join(state.tried)}." if state.tried else ""
        misses = f"Misses: {len(_missed(secret, state.tried))} of {self.misses}."
        return f"{news}{which}{' '.join(shown(secret, state.tried))}.{tried} {misses}"

    def _news(self, state: HangmanState) -> str:
        """Return how the last word ended."""
        secret = state.secrets[len(state.found) - 1]
        if state.found[-1]:
            return f"You found {secret}. "
        return f"You lost: the word was {secret}. " if self.rounds == 1 else f"You lost a word: it was {secret}. "

    def _ending(self, state: HangmanState) -> str:
        if self.rounds == 1:
            return "You win." if state.found[0] else ""
        return f"The game is over: you found {sum(state.found)} of {self.rounds} words."

    def say(self, state: HangmanState, move: str) -> str:
        return f"guess {move}"

    def read(self, state: HangmanState, player: int, text: str) -> str | Refusal:
        known = _known(self.length, self.words)
        word = last_word(text, known, _ASKING)
        if word is None:
            return Refusal(f"I read no guess in that. Reply with a letter or a word of {self.length} letters.")
        if word in state.tried:
            return illegal(f"You have already tried {word}.")
        if word in known:
            return word
        if len(word) != self.length:
            wrong = f"{word:.20} has {len(word)} letters"
            return illegal(f"{wrong}. Guess one letter, or a word of {self.length} letters.")
        return illegal(f"{word} is not one of the {'listed' if self.words else 'common'} words I choose from.")

    def progress(self, state: HangmanState) -> float:
        """The share of the words that are over, and of the places shown of the current one."""
        if len(state.found) == self.rounds:
            return 1.0
        places = shown(state.secrets[len(state.found)], state.tried)
        return (len(state.found) + 1 - places.count(_HIDDEN) / self.length) / self.rounds

    def vocabulary(self) -> tuple[str, ...]:
        return (" ".join(_LETTERS), "You found the word. You win. You lost the word.")

    def expert(self, state: HangmanState, player: int) -> Distribution[str]:
        """Guesses a letter that most of the possible words have; these words themselves once misses allow for all."""
        secret = state.secrets[len(state.found)]
        possible = _possible(self.length, self.words, state.tried, shown(secret, state.tried))
        left = self.misses - len(_missed(secret, state.tried))
        return ((possible[0] if len(possible) <= left else _best_letter(possible, state.tried), Fraction(1)),)


def shown(word: str, tried: tuple[str, ...]) -> str:
    """Return `word` with `_` for every letter that was not tried."""
    return "".join(letter if letter in tried else _HIDDEN for letter in word)


_LISTED = 20_000
"""More deals than these are drawn, not listed."""

_ASKING = rf"{GUESSING}|letter(?=\W{{1,4}}(?:is\s+)?[a-z]\b)|(?:is\s+there|have|contain)\s+(?:an?|any)"


def _missed(secret: str, tried: tuple[str, ...]) -> list[str]:
    """Return the letters that are not in `secret` and the words that are not it."""
    return [guess for guess in tried if guess not in secret]


def _misses(n: int) -> str:
    return f"{n} miss{'es' * (n != 1)}"


@lru_cache(maxsize=64)
def _moves(length: int, words: int) -> tuple[str, ...]:
    return (*_LETTERS, *common_words(length, words))


@lru_cache(maxsize=64)
def _known(length: int, words: int) -> frozenset[str]:
    return frozenset(_moves(length, words))


@lru_cache(maxsize=4096)
def _possible(length: int, words: int, tried: tuple[str, ...], places: str) -> tuple[str, ...]:
    """Return the words that can be the secret when `places` are shown after what was `tried`."""
    return tuple(word for word in common_words(length, words) if shown(word, tried) == places and word not in tried)


@lru_cache(maxsize=4096)
def _best_letter(possible: tuple[str, ...], tried: tuple[str, ...]) -> str:
    """Return the letter not tried that most words have; among equals the one shown in most different ways."""
    having = Counter(letter for word in possible for letter in set(word).difference(tried))
    most = max(having.values())
    best = sorted(letter for letter, words in having.items() if words == most)
    return max(best, key=lambda letter: len({shown(word, (letter,)) for word in possible}))
