from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.hangman import Hangman, HangmanState
from textenvs.games.word_list import common_words
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

LETTERS = "abcdefghijklmnopqrstuvwxyz"
EASY = ("mail", "work", "face", "bets", "four", "user", "hack", "felt")


class Naive:
    """The rules as told, on plain lists."""

    def __init__(self, secrets: tuple[str, ...], misses: int) -> None:
        self.secrets = list(secrets)
        self.allowed = misses
        self.results: list[str] = []
        self.begin()

    def begin(self) -> None:
        self.board = ["_"] * len(self.secrets[0])
        self.tried: list[str] = []
        self.wrong = 0

    def guess(self, move: str) -> float:
        """Return 1 if that finds the word."""
        secret = self.secrets[len(self.results)]
        self.tried.append(move)
        hit = False
        if len(move) == 1:
            for place, letter in enumerate(secret):
                if letter == move:
                    self.board[place] = letter
                    hit = True
        won = move == secret or "".join(self.board) == secret
        self.wrong += not hit and not won
        if won or self.wrong == self.allowed:
            self.results.append("found" if won else "lost")
            self.begin()
        return float(won)

    @property
    def over(self) -> bool:
        return len(self.results) == len(self.secrets)


def compare(game: Hangman, state: HangmanState, naive: Naive) -> None:
    """Check that the game shows what the second implementation says."""
    assert game.is_over(state) == naive.over
    assert ["found" if won else "lost" for won in state.found] == naive.results
    if naive.over:
        return
    view = game.view(state, 0)
    assert (
        f"ord{f' {len(naive.results) + 1} of {game.rounds}' if game.rounds > 1 else ''}: {' '.join(naive.board)}."
        in view
    )
    assert f"Misses: {naive.wrong} of {game.misses}." in view
    assert (f"Tried: {', '.join(sorted(naive.tried))}." in view) == bool(naive.tried)
    assert set(game.legal(state, 0)) == {*LETTERS, *common_words(game.length, game.words)} - set(naive.tried)


def play(game: Hangman, secrets: tuple[str, ...], random: Stream, letters: str) -> None:
    state, naive = HangmanState(secrets), Naive(secrets, game.misses)
    for _ in range(game.max_turns):
        compare(game, state, naive)
        words = [secrets[len(state.found)], *common_words(game.length, game.words)[:3]]
        move = random.choice([m for m in (*letters, *words) if m not in state.tried])
        after = game.apply(state, move)
        assert game.rewards(state, move, after)[0] == pytest.approx(naive.guess(move) / game.rounds)
        state = after
        if game.is_over(state):
            break
    compare(game, state, naive)
    assert naive.over


@pytest.mark.parametrize(
    "arguments",
    [{}, {"length": 7, "misses": 1}, {"length": 4, "misses": 9, "rounds": 3}, {"words": 5, "rounds": 1, "length": 4}],
)
def test_random_plays_equal_the_naive_second_implementation(arguments: dict[str, int]) -> None:
    game = Hangman(**arguments)
    for seed in range(40):
        random = Stream(seed, Purpose.POLICY)
        play(game, game.deal(random).secrets, random, "etaoinshrdlu" if seed % 2 else LETTERS)


def test_all_plays_of_a_tiny_game_equal_the_naive_second_implementation() -> None:
    game = Hangman(length=4, words=2, misses=2, rounds=1)
    moves = ("a", "i", "w", "z", *common_words(4, 2))
    for secret, plan in product(common_words(4, 2), product(moves, repeat=4)):
        state, naive = HangmanState((secret,)), Naive((secret,), 2)
        for move in plan:
            if game.is_over(state) or move in state.tried:
                break
            after = game.apply(state, move)
            assert game.rewards(state, move, after) == (naive.guess(move),)
            compare(game, after, naive)
            state = after


@given(st.permutations(LETTERS))
def test_the_order_of_the_guesses_does_not_matter(letters: list[str]) -> None:
    game = Hangman(misses=26, rounds=1)
    ends = set()
    for order in (letters[:8], sorted(letters[:8])):
        state = HangmanState(("level",))
        for letter in order:
            state = state if game.is_over(state) else game.apply(state, letter)
        ends.add(state.found if game.is_over(state) else state)
    assert len(ends) == 1


# Values


def pattern(word: str, tried: frozenset[str]) -> str:
    return "".join(letter if letter in tried else "_" for letter in word)


def best_value(words: tuple[str, ...], misses: int) -> Fraction:
    """The value of the best play, by trying everything."""

    @cache
    def wins(possible: frozenset[str], tried: frozenset[str], left: int) -> Fraction:
        values = [by_word(possible, tried, left, word) for word in sorted(possible)]
        values += [by_letter(possible, tried, left, letter) for letter in LETTERS if letter not in tried]
        return max(values)

    def by_word(possible: frozenset[str], tried: frozenset[str], left: int, word: str) -> Fraction:
        rest = possible - {word}
        return 1 + (wins(rest, tried, left - 1) if left > 1 and rest else Fraction(0))

    def by_letter(possible: frozenset[str], tried: frozenset[str], left: int, letter: str) -> Fraction:
        if not any(letter in word for word in possible):
            return Fraction(0)
        parts: dict[str, set[str]] = {}
        for word in possible:
            parts.setdefault(pattern(word, tried | {letter}), set()).add(word)
        total = Fraction(0)
        for shown, part in parts.items():
            if "_" not in shown:
                total += 1
            elif letter in shown:
                total += wins(frozenset(part), tried | {letter}, left)
            elif left > 1:
                total += wins(frozenset(part), tried | {letter}, left - 1)
        return total

    return wins(frozenset(words), frozenset(), misses) / len(words)


def test_the_rulers_of_the_easy_level() -> None:
    assert common_words(4, 8) == EASY
    values = reference_values(make_game("Hangman", level="easy"))
    assert values.optimal.value == pytest.approx(6 / 8) == float(best_value(EASY, 2))
    assert values.plan.value == pytest.approx(2 / 8)
    assert values.myopic.value == pytest.approx(2 / 8)  # guesses words
    assert values.random.kind == "exact"
    assert 0.06 < values.random.value < 0.07
    assert values.cell() == "both"


def test_the_expert_is_optimal_at_the_easy_level() -> None:
    assert evaluate_strategy(make_game("Hangman", level="easy"), expert_strategy) == pytest.approx(6 / 8)


@pytest.mark.parametrize(
    ("length", "misses", "found"),
    [
        (4, 5, 493),
        (4, 6, 637),
        *(pytest.param(*n, marks=pytest.mark.slow) for n in [(5, 6, 1219), (6, 6, 1605), (7, 6, 1745)]),
    ],
)
def test_the_expert_finds_as_many_words_as_the_page_says(length: int, misses: int, found: int) -> None:
    game = Hangman(length=length, misses=misses, rounds=1)
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(found / len(common_words(length)))


def test_the_expert_knows_only_what_is_shown() -> None:
    game = Hangman()
    alike: dict[str, set[Any]] = {}
    for secret in common_words(5):
        state = HangmanState((secret, "level"), (), ("a", "e", "s"))
        if not {"a", "e", "s"}.isdisjoint(secret):
            alike.setdefault(game.view(state, 0), set()).add(game.expert(state, 0))
    assert len(alike) > 20
    assert all(len(moves) == 1 for moves in alike.values())


def test_drawn_words_are_uniform() -> None:
    game = Hangman(length=4, words=2)
    drawn = Counter(game.deal(Stream(seed, Purpose.DEAL)) for seed in range(2_000))
    assert set(drawn) == {state for state, _ in game.deals() or ()}
    assert all(390 < n < 610 for n in drawn.values())  # expected 500, five standard deviations are 97
    assert Hangman().deals() is None
    assert len(common_words(5)) ** 2 == 1_846_881


def test_progress_rises_from_zero_to_one_where_no_word_is_lost() -> None:
    game = Hangman(rounds=2)
    state = HangmanState(("level", "heard"))
    seen = [game.progress(state)]
    for move in ("e", "z", "l", "v", "heard"):
        state = game.apply(state, move)
        seen.append(game.progress(state))
    assert seen == [0, 0.2, 0.2, 0.4, 0.5, 1]


# Words


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("guess e", "e"), ("e", "e"), ("E", "e"), ("Letter: e", "e"), ("My guess is e.", "e"), ("**E**", "e"),
        ("I'll try the letter e, since it is common", "e"), ("Is there an e?", "e"), ('"e"', "e"), ("e, please", "e"),
        ("Does the word have an i?", "i"), ("I guess a", "a"), ("guess a because it is common", "a"), ("i", "i"),
        ("I would like to guess a vowel: guess o", "o"), ("Guess 2: t", "t"), ("not a but o", "o"),
        ("There is an e, so I guess t", "t"), ('{"letter": "e"}', "e"), ("\\boxed{e}", "e"), ("go with e", "e"),
        ("I think a vowel is missing.\ne", "e"), ("The letter is e", "e"), ("a was wrong, pick e", "e"),
        ("guess heard", "heard"), ("heard", "heard"), ("The word is heard!", "heard"), ("**HEARD**", "heard"),
        ("Only one word fits, so I guess 'heard'", "heard"), ("answer: heard", "heard"), ("> guess heard", "heard"),
    ],
)  # fmt: skip
def test_replies_that_are_read(text: str, move: str) -> None:
    assert Hangman().read(HangmanState(("level", "heard")), 0, text) == move


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "malformed"), ("?", "malformed"), ("I would like a vowel", "malformed"), ("e or t", "malformed"),
        ("コード", "malformed"), ("guess 5", "malformed"), ("guess é", "malformed"), ("Let me think", "malformed"),
        ("guess z", "illegal"), ("guess white", "illegal"), ("guess et", "illegal"), ("guess cranes", "illegal"),
        ("guess xqzzt", "illegal"), ("guess crane", "illegal"), ("z" * 100_000, "illegal"),
    ],
)  # fmt: skip
def test_replies_that_are_refused(text: str, kind: str) -> None:
    refusal = Hangman().read(HangmanState(("level", "heard"), (), ("white", "z")), 0, text)
    assert isinstance(refusal, Refusal)
    assert refusal.kind == kind
    assert len(refusal.text) < 120


def test_refusals_say_what_is_accepted() -> None:
    game, state = Hangman(), HangmanState(("level", "heard"), (), ("white", "z"))
    assert game.read(state, 0, "hm, so what") == Refusal(
        "I read no guess in that. Reply with a letter or a word of 5 letters."
    )
    assert game.read(state, 0, "z") == Refusal("You have already tried z.", "illegal")
    assert game.read(state, 0, "white") == Refusal("You have already tried white.", "illegal")
    assert game.read(state, 0, "guess et") == Refusal(
        "et has 2 letters. Guess one letter, or a word of 5 letters.", "illegal"
    )
    assert game.read(state, 0, "guess xqzzt") == Refusal(
        "xqzzt is not one of the common words I choose from.", "illegal"
    )


def test_instructions() -> None:
    assert Hangman(rounds=1, misses=1).instructions(0) == (
        "I have chosen a secret word of 5 letters. Find it by guessing letters: a letter that the word has is shown "
        "in all its places. You may also guess the whole word. A letter that the word does not have, or a wrong word, "
        "is a miss. After 1 miss the word is lost.\n"
        "You earn 1 point for finding the word.\n"
        "Reply with a letter or a word, for example: guess e"
    )
    several = Hangman(length=4, words=3).instructions(0)
    assert several.startswith(
        "I have chosen 2 secret words, one after the other, each of 4 letters. "
        "These words are possible, and no others: mail, work, face. Find each by"
    )
    assert (
        "After 6 misses the word is lost. When a word is found or lost, the next one begins with no misses." in several
    )
    assert "You earn 1/2 point for each word you find." in several


def test_views() -> None:
    game = Hangman(misses=2)
    state = HangmanState(("level", "heard"))
    told = [game.view(state, 0)]
    for move in ("e", "z", "level", "white", "z"):
        state = game.apply(state, move)
        told.append(game.view(state, 0))
    assert told == [
        "Word 1 of 2: _ _ _ _ _. Misses: 0 of 2.",
        "Word 1 of 2: _ e _ e _. Tried: e. Misses: 0 of 2.",
        "Word 1 of 2: _ e _ e _. Tried: e, z. Misses: 1 of 2.",
        "You found level. Word 2 of 2: _ _ _ _ _. Misses: 0 of 2.",
        "Word 2 of 2: _ _ _ _ _. Tried: white. Misses: 1 of 2.",
        "You lost a word: it was heard. The game is over: you found 1 of 2 words.",
    ]


def test_views_of_a_single_word() -> None:
    game = Hangman(misses=1, rounds=1)
    state = HangmanState(("level",))
    assert game.view(state, 0) == "Word: _ _ _ _ _. Misses: 0 of 1."
    assert game.view(game.apply(state, "level"), 0) == "You found level. You win."
    assert game.view(game.apply(state, "z"), 0) == "You lost: the word was level."


# Arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"length": 3}, "length must be a whole number from 4 to 7"),
        ({"length": 8}, "length must be"),
        ({"misses": 0}, "misses must be a whole number from 1 to 26"),
        ({"misses": 27}, "misses must be"),
        ({"rounds": 0}, "rounds must be a whole number from 1 to 1000"),
        ({"rounds": 1.5}, "rounds must be"),
        ({"words": 101}, "words must be"),
        ({"words": 1}, "words must be 0 or from 2 to 100, not 1"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Hangman(**arguments)
