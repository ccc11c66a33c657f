"""Find hidden words from marks on the letters of the guesses."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import permutations
from math import perm
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.word_list import LONGEST, SHORTEST, check_told, common_words, last_word, other_words

Mark = Literal["right", "misplaced", "absent"]
Marks = tuple[Mark, ...]


class WordGuessState(NamedTuple):
    """The secrets and the guesses so far.

    Attributes:
        secrets: the words to find, all different.
        guesses: the guesses made so far, in order.
    """

    secrets: tuple[str, ...]
    guesses: tuple[str, ...] = ()


@dataclass(frozen=True)
class WordGuess(Game[WordGuessState, str]):
    """Find a hidden word, or several at once, within a few guesses whose letters are marked.

    Source:
        Wordle by Josh Wardle (2021), after the television game Lingo (1987) and the older Jotto; with `boards` words at
        once Dordle, Quordle and Octordle (2022). Here the words come from SCOWL by Kevin Atkinson (freely
        licensed; see textenvs/data/words/README.md), inflected forms such as plurals among the secrets.
    Players and turns:
        One player, one guess a turn.
    What the player sees:
        The marks of the last guess and how many guesses are left. Earlier guesses are not shown again.
    Replies:
        `guess crane`, or just the word. In a longer reply the last "guess WORD" counts, else the last
        word in quotes, in capital letters or alone on a line, else the only listed word. Repeating
        a guess is legal and wasteful; what is not on the list is refused.
    Rules:
        A letter is marked right if the secret has it in its place. Misplaced letters are marked from left
        to right over the rest: as many of a letter as the secret has beyond the right ones. All other letters
        are marked absent. A guess goes to all secrets not found yet. The secrets are distinct words drawn from
        the common ones, each draw uniform; any word of the list may be guessed.
    Rewards:
        1 / boards for each secret found. Return in 0 … 1.
    End:
        All secrets are found or the guesses are used up.
    Parameters:
        length: letters of a word, 4 to 7.
        guesses: the number of guesses allowed, at least `boards`.
        boards: the number of secrets.
        words: only the first `words` common words are secrets and guesses, and the player is told them;
            0 for the whole list, which the player is not told.
    Size:
        With `words` = 0 there are 917, 1,359, 1,638 and 1,756 secrets of 4, 5, 6 and 7 letters, and 1,869, 3,457, 5,316
        and 6,758 guesses: few instances with one board; of 5 letters 922,761 with two and 1.4 x 10^11 with
        four. At most `guesses` turns.
    Known values:
        With one board and n listed words plan is min(1, guesses / n) and random 1 - (1 - 1/n)^guesses.
        Easy level (12 words, 2 guesses): optimal 10/12, myopic 29/48 = 0.604, plan 2/12, random 0.160; with 3 guesses
        optimal is 1. The expert is optimal there. With 6 guesses and the whole list it finds 889 of the 917
        secrets of 4 letters, 1,354 of the 1,359 of 5 letters (its mean return by default, 0.9963) and all longer ones.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"length": 4, "words": 12, "guesses": 2},
        "medium": {},
        "hard": {"boards": 4, "guesses": 9},
        "extreme": {"boards": 8, "guesses": 13},
    }

    length: int = 5
    guesses: int = 6
    boards: int = 1
    words: int = 0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("length", self.length, SHORTEST, LONGEST)
        check_range("boards", self.boards, 1, 32)
        check_range("guesses", self.guesses, self.boards, 1_000)
        check_told(self.words, max(2, self.boards))

    @property
    def max_turns(self) -> int:
        return self.guesses

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[WordGuessState] | None:
        words = common_words(self.length, self.words)
        if perm(len(words), self.boards) > _LISTED:
            return None
        return uniform([WordGuessState(secrets) for secrets in permutations(words, self.boards)])

    def deal(self, random: Random) -> WordGuessState:
        words = common_words(self.length, self.words)
        secrets: tuple[str, ...] = ()
        while len(secrets) < self.boards:
            word = random.choice(words)
            secrets = secrets if word in secrets else (*secrets, word)
        return WordGuessState(secrets)

    def content(self, state: WordGuessState) -> tuple[str, ...]:
        return tuple(sorted(state.secrets))

    def to_move(self, state: WordGuessState) -> tuple[int, ...]:
        return (0,) if len(state.guesses) < self.guesses and _open(state) else ()

    def legal(self, state: WordGuessState, player: int) -> tuple[str, ...]:
        return _guessable(self.length, self.words)

    def apply(self, state: WordGuessState, move: str) -> WordGuessState:
        return WordGuessState(state.secrets, (*state.guesses, move))

    def rewards(self, state: WordGuessState, move: str, after: WordGuessState) -> tuple[float, ...]:
        return (1.0 / self.boards if move in _open(state) else 0.0,)

    def instructions(self, player: int) -> str:
        many = self.boards > 1
        goal, them = (f"{self.boards} different secret words", "them") if many else ("a secret word", "it")
        paid = f"1/{self.boards} point for each word you find" if many else "1 point for finding the word"
        return (
            f"I have chosen {goal} of {self.length} letters. Find {them} within {_guesses(self.guesses)}. "
            f"{self._which_words()}\n"
            f"After each guess I mark its letters{' for each word not found yet' if many else ''}: right (the secret "
            "word has this letter in this place), misplaced (it has this letter in another place) or absent (it does "
            "not have this letter). If you guess a letter more often than the secret word has it, the surplus is "
            f"marked absent.\nYou earn {paid}.\n"
            f"Reply with your guess, for example: guess {self._example()}"
        )

    def _which_words(self) -> str:
        if self.words:
            return f"These words are possible, and no others: {', '.join(_guessable(self.length, self.words))}."
        return f"Each guess must be an English word of {self.length} letters."

    def _example(self) -> str:
        """Return a legal guess, where the list is not told one that is never the secret."""
        return common_words(self.length, self.words)[0] if self.words else _EXAMPLES[self.length]

    def view(self, state: WordGuessState, player: int) -> str:
        left = self.guesses - len(state.guesses)
        if not state.guesses:
            return f"{_guesses(left)} left."
        still = _open(state)
        if not still:
            return f"{self._news(state)} You win."
        if left:
            return f"{self._news(state)}{self._break}{_guesses(left)} left."
        missed = f"the word was {still[0]}" if self.boards == 1 else f"not found: {', '.join(still)}"
        return f"{self._news(state)}{self._break}No guesses left; {missed}."

    @property
    def _break(self) -> str:
        return "\n" if self.boards > 1 else " "

    def _news(self, state: WordGuessState) -> str:
        """Return the marks of the last guess."""
        *earlier, guess = state.guesses
        if self.boards == 1:
            return _told(guess, state.secrets[0])
        return "\n".join(
            f"Word {number}: {f'{secret} (found).' if secret in earlier else _told(guess, secret)}"
            for number, secret in enumerate(state.secrets, 1)
        )

    def say(self, state: WordGuessState, move: str) -> str:
        return f"guess {move}"

    def read(self, state: WordGuessState, player: int, text: str) -> str | Refusal:
        accepted = _accepted(self.length, self.words)
        word = last_word(text, accepted)
        if word in accepted:
            return word
        wanted = "one of the listed words" if self.words else f"an English word of {self.length} letters"
        if word is None:
            return Refusal(f'I read no guess in that. Reply with "guess" and {wanted}.')
        if len(word) != self.length:
            return illegal(f"{word:.20} has {len(word)} letter{'s' * (len(word) > 1)}. Guess {wanted}.")
        return illegal(f"{word} is not in my list of words. Guess {wanted}.")

    def progress(self, state: WordGuessState) -> float:
        """Minus the bits needed to name the possible words, as a share of those needed at first."""
        at_first = self.boards * _bits(common_words(self.length, self.words))
        return -sum(map(_bits, self._possible(state))) / at_first

    def vocabulary(self) -> tuple[str, ...]:
        return ("a b c d e f g h i j k l m n o p q r s t u v w x y z", "right misplaced absent (found). You win.")

    def expert(self, state: WordGuessState, player: int) -> Distribution[str]:
        """The guess that tells most possible words apart, see `_best_guess`; a word that is certain comes first."""
        boards = self._possible(state)
        shortest = min(boards, key=len)
        last = len(state.guesses) + 1 == self.guesses
        guess = shortest[0] if last or len(shortest) <= 2 else _best_guess(boards)
        return ((guess, Fraction(1)),)

    def _possible(self, state: WordGuessState) -> tuple[tuple[str, ...], ...]:
        """Return, for each secret not found yet, the words that its marks leave possible."""
        return tuple(
            _consistent(self.length, self.words, tuple((guess, marks(guess, secret)) for guess in state.guesses))
            for secret in _open(state)
        )


def marks(guess: str, secret: str) -> Marks:
    """Return the mark of each letter of `guess`, a word as long as `secret`."""
    rest = [letter for letter, guessed in zip(secret, guess, strict=True) if letter != guessed]
    told: list[Mark] = []
    for letter, guessed in zip(secret, guess, strict=True):
        if letter == guessed:
            told.append("right")
        elif guessed in rest:
            rest.remove(guessed)
            told.append("misplaced")
        else:
            told.append("absent")
    return tuple(told)


_LISTED = 20_000
"""More deals than these are drawn, not listed."""

_EXAMPLES = {4: "kite", 5: "crane", 6: "walnut", 7: "lantern"}
"""Words that may be guessed but are never secrets."""


def _open(state: WordGuessState) -> tuple[str, ...]:
    """Return the secrets not found yet."""
    return tuple(secret for secret in state.secrets if secret not in state.guesses)


def _told(guess: str, secret: str) -> str:
    if guess == secret:
        return f"{guess} is right."
    told = ", ".join(f"{letter} {mark}" for letter, mark in zip(guess, marks(guess, secret), strict=True))
    return f"{guess}: {told}."


def _guesses(n: int) -> str:
    return f"{n} guess{'es' * (n != 1)}"


@lru_cache(maxsize=64)
def _guessable(length: int, words: int) -> tuple[str, ...]:
    """Return the words that may be guessed."""
    return common_words(length, words) if words else common_words(length) + other_words(length)


@lru_cache(maxsize=64)
def _accepted(length: int, words: int) -> frozenset[str]:
    return frozenset(_guessable(length, words))


@lru_cache(maxsize=4096)
def _consistent(length: int, words: int, answers: tuple[tuple[str, Marks], ...]) -> tuple[str, ...]:
    """Return the secrets that give all `answers`."""
    if not answers:
        return common_words(length, words)
    *earlier, (guess, told) = answers
    return tuple(word for word in _consistent(length, words, tuple(earlier)) if marks(guess, word) == told)


def _bits(words: tuple[str, ...]) -> int:
    """Return how many bits name one of `words`."""
    return (len(words) - 1).bit_length()


@lru_cache(maxsize=1024)
def _best_guess(boards: tuple[tuple[str, ...], ...]) -> str:
    """Return the guess with the most different answers over all boards, the first one among equals.

    Only possible words are tried, and where they are many a sample of them on a sample of secrets.
    """
    samples = [_thinned(words, max(10, 100 // len(boards))) for words in boards]
    work = sum(map(len, samples))
    guesses = _thinned(tuple(dict.fromkeys(word for words in boards for word in words)), max(10, 4_000 // work))
    return max(guesses, key=lambda guess: sum(len({marks(guess, secret) for secret in words}) for words in samples))


def _thinned(words: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Return at most `most` of `words`, at equal distances."""
    return words[:: -(-len(words) // most)]
