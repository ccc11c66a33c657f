from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.word_guess import WordGuess, WordGuessState, marks
from textenvs.games.word_list import common_words, other_words
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

EASY = ("mail", "work", "face", "bets", "four", "user", "hack", "felt", "info", "ways", "with", "self")


def naive_marks(guess: str, secret: str) -> list[str]:
    """The marks by counting: first what is right, then for each letter as many misplaced as are left, from the left."""
    told = ["right" if guess[i] == secret[i] else "absent" for i in range(len(secret))]
    for letter in sorted(set(guess)):
        right = sum(guess[i] == secret[i] == letter for i in range(len(secret)))
        open_places = [i for i in range(len(secret)) if guess[i] == letter and told[i] == "absent"]
        for i in open_places[: secret.count(letter) - right]:
            told[i] = "misplaced"
    return told


def shown(view: str) -> dict[int, tuple[str, list[str]]]:
    """Return the guess and its marks by number of the word, read from a view."""
    found = {}
    for line in view.split("\n"):
        number = int(line.split(":")[0].removeprefix("Word ")) if line.startswith("Word ") else 1
        told = line.removeprefix(f"Word {number}: ").split(".")[0]
        if ":" in told and not told.startswith("No guesses left"):
            guess, letters = told.split(": ")
            pairs = [pair.split() for pair in letters.split(", ")]
            assert "".join(letter for letter, _ in pairs) == guess
            found[number] = (guess, [mark for _, mark in pairs])
    return found


def play_naively(secrets: tuple[str, ...], guesses: tuple[str, ...], allowed: int) -> list[dict[str, Any]]:
    """What the rules as told say about each guess, on plain values."""
    turns: list[dict[str, Any]] = []
    found: set[str] = set()
    for number, guess in enumerate(guesses[:allowed], 1):
        still = {i: secret for i, secret in enumerate(secrets, 1) if secret not in found}
        told = {i: (guess, naive_marks(guess, secret)) for i, secret in still.items() if guess != secret}
        reward = sum(1 for secret in still.values() if secret == guess) / len(secrets)
        found |= {guess} & set(secrets)
        over = number == allowed or len(found) == len(secrets)
        turns.append({"told": told, "reward": reward, "over": over, "left": allowed - number})
        if over:
            break
    return turns


def compare(game: WordGuess, secrets: tuple[str, ...], guesses: tuple[str, ...]) -> None:
    state = WordGuessState(secrets)
    for guess, turn in zip(guesses, play_naively(secrets, guesses, game.guesses), strict=False):
        after = game.apply(state, guess)
        view = game.view(after, 0)
        assert game.rewards(state, guess, after)[0] == pytest.approx(turn["reward"])
        assert shown(view) == turn["told"]
        assert game.is_over(after) == turn["over"]
        assert turn["over"] or view.endswith((f"{turn['left']} guesses left.", f"{turn['left']} guess left."))
        state = after
    assert game.is_over(state)


@pytest.mark.parametrize("boards", [1, 2])
def test_all_plays_of_tiny_games_equal_the_naive_second_implementation(boards: int) -> None:
    game = WordGuess(length=4, words=4, boards=boards, guesses=3)
    words = common_words(4, 4)
    assert [state.secrets for state, _ in game.deals() or ()] == list(permutations(words, boards))
    for secrets in permutations(words, boards):
        for guesses in product(words, repeat=3):
            compare(game, secrets, guesses)


@pytest.mark.parametrize("arguments", [{}, {"length": 7}, {"boards": 4, "guesses": 9}, {"length": 4, "boards": 2}])
def test_random_plays_equal_the_naive_second_implementation(arguments: dict[str, int]) -> None:
    game = WordGuess(**arguments)
    for seed in range(30):
        random = Stream(seed, Purpose.POLICY)
        secrets = game.deal(random).secrets
        guesses = [random.choice(game.legal(WordGuessState(secrets), 0)) for _ in range(game.guesses)]
        guesses[seed % len(guesses)] = secrets[0]
        compare(game, secrets, tuple(guesses))


@given(st.text("abc", min_size=4, max_size=4), st.text("abc", min_size=4, max_size=4))
def test_marks_of_repeated_letters_equal_the_naive_ones(guess: str, secret: str) -> None:
    told = marks(guess, secret)
    assert list(told) == naive_marks(guess, secret)
    for letter in "abc":  # as many marked right or misplaced as the two words share
        marked = sum(mark != "absent" for mark, guessed in zip(told, guess, strict=True) if guessed == letter)
        assert marked == min(guess.count(letter), secret.count(letter))


@pytest.mark.parametrize(
    ("guess", "secret", "told"),
    [
        ("speed", "abide", "a a m a m"),
        ("speed", "erase", "m a m m a"),
        ("speed", "steal", "r a r a a"),
        ("speed", "crepe", "a m r m a"),
        ("allee", "apple", "r m a a r"),
        ("crane", "crane", "r r r r r"),
        ("geese", "eject", "a m r a a"),
        ("error", "abhor", "a a a r r"),
    ],
)
def test_marks_as_wordle_gives_them(guess: str, secret: str, told: str) -> None:
    names = {"r": "right", "m": "misplaced", "a": "absent"}
    assert list(marks(guess, secret)) == [names[initial] for initial in told.split()]


# Values


def parts(words: tuple[str, ...], guess: str) -> list[tuple[str, ...]]:
    answers: dict[tuple[str, ...], list[str]] = {}
    for word in words:
        answers.setdefault(tuple(naive_marks(guess, word)), []).append(word)
    return [tuple(part) for part in answers.values()]


def most_wins(words: tuple[str, ...], guesses: int, everything: tuple[str, ...]) -> int:
    """How many of `words` the best play finds within `guesses`, by trying everything."""

    @cache
    def best(possible: tuple[str, ...], left: int) -> int:
        if left == 0 or not possible:
            return 0
        return max(
            sum(1 if part == (guess,) else best(part, left - 1) for part in parts(possible, guess))
            for guess in everything
        )

    return best(words, guesses)


def greedy_wins(words: tuple[str, ...], guesses: int) -> Fraction:
    """The same for play that guesses any word still possible, all equally likely."""
    if guesses == 0:
        return Fraction(0)
    total = Fraction(0)
    for guess in words:
        total += sum(1 if part == (guess,) else greedy_wins(part, guesses - 1) for part in parts(words, guess))
    return total / len(words)


def test_the_rulers_of_the_easy_level() -> None:
    assert common_words(4, 12) == EASY
    values = reference_values(make_game("WordGuess", level="easy"))
    assert values.optimal.value == pytest.approx(10 / 12) == most_wins(EASY, 2, EASY) / 12
    assert values.plan.value == pytest.approx(2 / 12)
    assert values.myopic.value == pytest.approx(float(greedy_wins(EASY, 2) / 12)) == pytest.approx(7.25 / 12)
    assert values.random.value == pytest.approx(1 - (11 / 12) ** 2)
    assert values.cell() == "both"


def test_three_guesses_find_any_of_the_easy_words() -> None:
    values = reference_values(WordGuess(length=4, words=12, guesses=3))
    assert values.optimal.value == pytest.approx(1) == most_wins(EASY, 3, EASY) / 12
    assert values.myopic.value == pytest.approx(float(greedy_wins(EASY, 3) / 12))


@pytest.mark.parametrize(
    ("length", "found"),
    [(4, 889), (5, 1354), pytest.param(6, 1638, marks=pytest.mark.slow), pytest.param(7, 1756, marks=pytest.mark.slow)],
)
def test_the_expert_finds_as_many_words_as_the_page_says(length: int, found: int) -> None:
    game = WordGuess(length=length)
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(found / len(game.deals() or ()))


def test_the_expert_is_optimal_at_the_easy_level() -> None:
    assert evaluate_strategy(make_game("WordGuess", level="easy"), expert_strategy) == pytest.approx(10 / 12)


@pytest.mark.parametrize(("level", "least"), [("hard", 0.98), ("extreme", 0.98)])
def test_the_expert_finds_nearly_all_words_of_several_boards(level: str, least: float) -> None:
    game = make_game("WordGuess", level=level)
    total = 0.0
    for seed in range(20):
        state = game.deal(Stream(seed, Purpose.DEAL))
        while game.to_move(state):
            ((guess, _),) = game.expert(state, 0) or ()
            after = game.apply(state, guess)
            total += game.rewards(state, guess, after)[0]
            state = after
    assert total / 20 >= least


def test_progress_rises_to_zero() -> None:
    game = WordGuess(boards=2, guesses=7)
    state = WordGuessState(("heard", "level"))
    seen = [game.progress(state)]
    for guess in ("heart", "bevel", "level", "heard"):
        state = game.apply(state, guess)
        seen.append(game.progress(state))
    assert seen[0] == -1
    assert seen == sorted(seen)
    assert seen[-1] == 0


# The lists and the deals


@pytest.mark.parametrize(
    ("length", "secrets", "guesses"), [(4, 917, 1869), (5, 1359, 3457), (6, 1638, 5316), (7, 1756, 6758)]
)
def test_the_lists_have_the_sizes_of_the_page(length: int, secrets: int, guesses: int) -> None:
    game = WordGuess(length=length)
    assert len(game.deals() or ()) == secrets
    assert len(game.legal(WordGuessState(("",)), 0)) == guesses
    for word in (*common_words(length), *other_words(length)):
        assert len(word) == length
        assert word.isascii()
        assert word.isalpha()
        assert word.islower()
    assert not set(common_words(length)) & set(other_words(length))


def test_vulgar_words_are_neither_secrets_nor_guesses() -> None:
    words = {*common_words(4), *other_words(4), *common_words(5), *other_words(5)}
    assert {"raped", "bitch", "whore", "sluts", "cocks", "penis", "tits", "damn"}.isdisjoint(words)
    assert {"raise", "slate", "crane", "audio", "grape"} <= words


def test_the_example_is_never_the_secret_where_the_words_are_not_told() -> None:
    for length in (4, 5, 6, 7):
        example = WordGuess(length=length).instructions(0).rpartition(" ")[2]
        assert example in other_words(length)


def test_drawn_secrets_are_distinct_and_uniform() -> None:
    game = WordGuess(length=4, words=3, boards=2)
    drawn = Counter(game.deal(Stream(seed, Purpose.DEAL)) for seed in range(3_000))
    assert set(drawn) == {state for state, _ in game.deals() or ()}
    assert all(390 < n < 610 for n in drawn.values())  # expected 500, five standard deviations are 102
    assert WordGuess(boards=2).deals() is None


def test_the_order_of_the_secrets_does_not_make_another_instance() -> None:
    game = WordGuess(boards=2)
    assert game.content(WordGuessState(("heard", "level"))) == game.content(WordGuessState(("level", "heard")))


# Words


@pytest.mark.parametrize(
    "text",
    [
        "guess crane",
        "crane",
        "CRANE",
        "Crane.",
        "  crane\n",
        "Guess: crane",
        "My guess is crane.",
        "**crane**",
        "I'll try crane, since it has an r.",
        "Let me go with 'crane'!",
        "Guess 3: crane",
        "guess crane! (2 guesses left)",
        '{"guess": "crane"}',
        "The word could be crane",
        "I choose the word crane",
        "The answer is crane",
        "\\boxed{crane}",
        "`crane`",
        "stare told me enough.\ncrane",
        "guess stare? No: guess crane",
        "Since stare was wrong, I guess crane because there may be an n.",
        "not stare but crane",
        "So it must be CRANE this time, not stare.",
        "crane, please",
        "```\nguess crane\n```",
        "I guess it will be crane",
        "> crane",
    ],
)
def test_replies_that_are_read(text: str) -> None:
    assert WordGuess().read(WordGuessState(("heard",)), 0, text) == "crane"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "malformed"),
        ("?", "malformed"),
        ("I am thinking about this", "malformed"),
        ("stare or crane", "malformed"),
        ("コード", "malformed"),
        ("c r a n e", "malformed"),
        ("12345", "malformed"),
        ("guess cranes", "illegal"),
        ("guess xqzzt", "illegal"),
        ("crany", "illegal"),
        ("guess crâne", "malformed"),
        ("The answer is no", "illegal"),
        ("z" * 100_000, "illegal"),
    ],
)
def test_replies_that_are_refused(text: str, kind: str) -> None:
    refusal = WordGuess().read(WordGuessState(("heard",)), 0, text)
    assert isinstance(refusal, Refusal)
    assert refusal.kind == kind
    assert len(refusal.text) < 120


def test_refusals_say_what_is_accepted() -> None:
    state = WordGuessState(("heard",))
    assert WordGuess().read(state, 0, "guess cranes") == Refusal(
        "cranes has 6 letters. Guess an English word of 5 letters.", "illegal"
    )
    assert WordGuess().read(state, 0, "guess xqzzt") == Refusal(
        "xqzzt is not in my list of words. Guess an English word of 5 letters.", "illegal"
    )
    assert WordGuess(length=4, words=3).read(WordGuessState(("mail",)), 0, "kite") == Refusal(
        "kite is not in my list of words. Guess one of the listed words.", "illegal"
    )
    assert WordGuess().read(state, 0, "hm, hm") == Refusal(
        'I read no guess in that. Reply with "guess" and an English word of 5 letters.'
    )


def test_instructions() -> None:
    assert WordGuess(guesses=1).instructions(0) == (
        "I have chosen a secret word of 5 letters. Find it within 1 guess. "
        "Each guess must be an English word of 5 letters.\n"
        "After each guess I mark its letters: right (the secret word has this letter in this place), misplaced (it has "
        "this letter in another place) or absent (it does not have this letter). If you guess a letter more often than "
        "the secret word has it, the surplus is marked absent.\n"
        "You earn 1 point for finding the word.\n"
        "Reply with your guess, for example: guess crane"
    )
    several = WordGuess(length=4, words=3, boards=2).instructions(0)
    assert several.startswith("I have chosen 2 different secret words of 4 letters. Find them within 6 guesses. ")
    assert "These words are possible, and no others: mail, work, face." in several
    assert "You earn 1/2 point for each word you find." in several


def test_views() -> None:
    game = WordGuess(guesses=2)
    first = WordGuessState(("level",))
    assert game.view(first, 0) == "2 guesses left."
    second = game.apply(first, "eerie")
    assert game.view(second, 0) == "eerie: e misplaced, e right, r absent, i absent, e absent. 1 guess left."
    assert game.view(game.apply(second, "level"), 0) == "level is right. You win."
    assert game.view(game.apply(second, "eerie"), 0) == (
        "eerie: e misplaced, e right, r absent, i absent, e absent. No guesses left; the word was level."
    )


def test_views_of_several_words() -> None:
    game = WordGuess(length=4, boards=2, guesses=3)
    first = game.apply(WordGuessState(("mail", "face")), "mail")
    assert game.view(first, 0) == (
        "Word 1: mail is right.\nWord 2: mail: m absent, a right, i absent, l absent.\n2 guesses left."
    )
    second = game.apply(first, "fact")
    assert game.view(second, 0) == (
        "Word 1: mail (found).\nWord 2: fact: f right, a right, c right, t absent.\n1 guess left."
    )
    assert game.view(game.apply(second, "face"), 0) == "Word 1: mail (found).\nWord 2: face is right. You win."
    assert game.view(game.apply(second, "fact"), 0).endswith("\nNo guesses left; not found: face.")


def test_words_with_the_same_marks_look_the_same_until_the_end() -> None:
    game = WordGuess()
    seen: dict[tuple[str, ...], set[str]] = {}
    for secret in common_words(5):
        if secret != "heard":
            seen.setdefault(marks("heard", secret), set()).add(game.view(WordGuessState((secret,), ("heard",)), 0))
    assert all(len(views) == 1 for views in seen.values())


# Arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"length": 3}, "length must be a whole number from 4 to 7"),
        ({"length": 8}, "length must be"),
        ({"guesses": 0}, "guesses must be a whole number from 1 to 1000"),
        ({"guesses": 3, "boards": 4}, "guesses must be a whole number from 4"),
        ({"boards": 0}, "boards must be"),
        ({"boards": 33, "guesses": 40}, "boards must be"),
        ({"words": -1}, "words must be"),
        ({"words": 101}, "words must be"),
        ({"words": 1}, "words must be 0 or from 2 to 100, not 1"),
        ({"words": 2, "boards": 3}, "words must be 0 or from 3 to 100, not 2"),
        ({"length": 5.0}, "length must be"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        WordGuess(**arguments)
