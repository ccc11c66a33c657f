from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache
from itertools import product

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.games.mastermind import Code, Mastermind, MastermindState

# A second implementation: pegs are taken off the board one by one, sets of codes are sets.


def answer(secret: Code, guess: Code) -> tuple[int, int]:
    left = list(secret)
    rest = []
    for place, colour in enumerate(guess):
        if secret[place] == colour:
            left.remove(colour)
        else:
            rest.append(colour)
    misplaced = 0
    for colour in rest:
        if colour in left:
            left.remove(colour)
            misplaced += 1
    return len(guess) - len(rest), misplaced


def told(secret: Code, guesses: Iterable[Code], allowed: int, cost: float) -> Iterator[tuple[float, str]]:
    for number, guess in enumerate(guesses, start=1):
        words = " ".join(map(str, guess))
        if guess == secret:
            yield 1.0 - cost, f"{words} is the code. You win."
            return
        exact, misplaced = answer(secret, guess)
        left = {allowed: "No guesses left; the code was " + " ".join(map(str, secret)), allowed - 1: "1 guess left"}
        ending = left.get(number, f"{allowed - number} guesses left")
        yield 0.0 - cost, f"{words}: {exact} exact, {misplaced} misplaced. {ending}."
        if number == allowed:
            return


def played(game: Mastermind, secret: Code, guesses: Iterable[Code]) -> Iterator[tuple[float, str]]:
    state = opening(game, secret)
    for guess in guesses:
        if game.is_over(state):
            return
        after = game.apply(state, guess)
        yield game.rewards(state, guess, after)[0], game.view(after, 0)
        state = after


def opening(game: Mastermind, secret: Code) -> MastermindState:
    return next(state for state, _ in game.deals() if state.secret == secret)


def codes(pegs: int, colours: int) -> list[Code]:
    return list(product(range(1, colours + 1), repeat=pegs))


def test_play_is_that_of_the_second_implementation_in_all_games_of_two_pegs_and_three_colours() -> None:
    game = Mastermind(pegs=2, colours=3, guesses=3)
    all_codes = codes(2, 3)
    for secret in all_codes:
        for guesses in product(all_codes, repeat=3):
            assert list(played(game, secret, guesses)) == list(told(secret, guesses, allowed=3, cost=0.0))


@pytest.mark.parametrize(("pegs", "colours", "guesses"), [(3, 4, 2), (4, 6, 8), (5, 2, 3), (2, 9, 1), (8, 3, 4)])
def test_play_is_that_of_the_second_implementation_in_random_games(pegs: int, colours: int, guesses: int) -> None:
    game = Mastermind(pegs, colours, guesses, step_cost=0.05)
    draw = random.Random(3)
    for _ in range(20):
        secret, *moves = draw.choices(codes(pegs, colours), k=guesses + 1)
        assert list(played(game, secret, moves)) == list(told(secret, moves, allowed=guesses, cost=0.05))


def test_answers_to_all_pairs_of_codes_of_three_pegs() -> None:
    game = Mastermind(pegs=3, colours=4)
    for state, _ in game.deals():
        for guess in codes(3, 4):
            assert game.apply(state, guess).last == (guess, answer(state.secret, guess))


def test_the_possible_codes_are_those_that_would_have_given_the_same_answers() -> None:
    game = Mastermind()
    draw = random.Random(4)
    for _ in range(10):
        secret, *guesses = draw.choices(codes(4, 6), k=4)
        state = opening(game, secret)
        for guess in guesses:
            state = game.apply(state, guess)
        agreeing = [all(answer(code, guess) == answer(secret, guess) for guess in guesses) for code in codes(4, 6)]
        assert [bool(state.possible >> i & 1) for i in range(1296)] == agreeing


@pytest.mark.parametrize(
    ("secret", "guess", "exact", "misplaced"),
    [
        ((3, 6, 3, 2), (1, 1, 2, 2), 1, 0),
        ((3, 6, 3, 2), (1, 3, 4, 4), 0, 1),
        ((3, 6, 3, 2), (3, 5, 2, 6), 1, 2),
        ((3, 6, 3, 2), (1, 4, 6, 2), 1, 1),
        ((1, 1, 2, 2), (1, 1, 1, 1), 2, 0),
        ((1, 1, 2, 2), (2, 2, 1, 1), 0, 4),
        ((1, 2, 3, 4), (5, 5, 5, 5), 0, 0),
    ],
)
def test_answers_worked_by_hand(secret: Code, guess: Code, exact: int, misplaced: int) -> None:
    game = Mastermind()
    assert game.apply(opening(game, secret), guess).last == (guess, (exact, misplaced))


# Known values


@cache
def fewest_guesses(possible: frozenset[Code], pegs: int, colours: int) -> int:
    """Return the sum over the possible codes of the guesses that the best play needs."""
    if len(possible) == 1:
        return 1
    best = 2 * len(possible) ** 2
    for guess in codes(pegs, colours):
        parts = split(possible, guess)
        if len(parts) > 1:
            after = sum(fewest_guesses(part, pegs, colours) for part in parts if part != {guess})
            best = min(best, len(possible) + after)
    return best


@cache
def most_wins(possible: frozenset[Code], guesses: int, pegs: int, colours: int) -> int:
    """Return how many of the possible codes the best play finds within `guesses`."""
    if guesses == 1:
        return 1
    return max(
        sum(1 if part == {guess} else most_wins(part, guesses - 1, pegs, colours) for part in split(possible, guess))
        for guess in codes(pegs, colours)
    )


@cache
def greedy_wins(possible: frozenset[Code], guesses: int) -> Fraction:
    """Return how many of the possible codes are found on average by always guessing any one of them."""
    if guesses == 0:
        return Fraction(0)
    wins = Fraction(0)
    for guess in possible:
        wins += sum(1 if part == {guess} else greedy_wins(part, guesses - 1) for part in split(possible, guess))
    return wins / len(possible)


def split(possible: frozenset[Code], guess: Code) -> list[frozenset[Code]]:
    parts: dict[tuple[int, int], set[Code]] = {}
    for code in possible:
        parts.setdefault(answer(code, guess), set()).add(code)
    return [frozenset(part) for part in parts.values()]


def guesses_of_the_expert(game: Mastermind) -> Counter[int]:
    """Return how many codes the expert finds with how many guesses; 0 stands for never."""
    counted: Counter[int] = Counter()
    for state, _ in game.deals():
        while game.to_move(state):
            ((guess, probability),) = game.expert(state, 0)
            assert probability == 1
            state = game.apply(state, guess)
        assert state.last is not None
        counted[state.used if state.last[0] == state.secret else 0] += 1
    return counted


@pytest.mark.parametrize(("pegs", "colours", "fewest"), [(2, 2, 8), (2, 3, 21), (2, 4, 45), (3, 2, 18)])
def test_the_expert_is_optimal_on_average_in_tiny_games(pegs: int, colours: int, fewest: int) -> None:
    assert fewest_guesses(frozenset(codes(pegs, colours)), pegs, colours) == fewest
    found = guesses_of_the_expert(Mastermind(pegs, colours))
    assert sum(guesses * n for guesses, n in found.items()) == fewest
    assert found[0] == 0


@pytest.mark.parametrize(("guesses", "wins"), [(1, 1), (2, 5), (3, 9)])
def test_optimal_of_two_pegs_and_three_colours(guesses: int, wins: int) -> None:
    assert most_wins(frozenset(codes(2, 3)), guesses, 2, 3) == wins
    lost = guesses_of_the_expert(Mastermind(2, 3, guesses))[0]
    assert 9 - lost == wins


def test_plan_and_random_of_two_pegs_and_three_colours() -> None:
    game = Mastermind(pegs=2, colours=3, guesses=3)
    plans = list(product(codes(2, 3), repeat=3))
    wins = [sum(reward for secret in codes(2, 3) for reward, _ in played(game, secret, plan)) for plan in plans]
    assert max(wins) == 3
    assert Fraction(int(sum(wins)), 9 * len(plans)) == 1 - Fraction(8, 9) ** 3


@pytest.mark.parametrize(("guesses", "value"), [(2, Fraction(13, 27)), (3, Fraction(25, 27)), (4, 1)])
def test_myopic_of_two_pegs_and_three_colours(guesses: int, value: Fraction) -> None:
    assert greedy_wins(frozenset(codes(2, 3)), guesses) / 9 == value


def test_the_expert_scores_what_kooi_reports_for_four_pegs_and_six_colours() -> None:
    found = guesses_of_the_expert(Mastermind())
    assert found == {1: 1, 2: 12, 3: 72, 4: 635, 5: 569, 6: 7}
    assert sum(guesses * n for guesses, n in found.items()) == 5668


def test_the_expert_uses_nothing_but_the_possible_codes_and_the_guesses_left() -> None:
    game = Mastermind()
    after = [game.apply(state, (1, 1, 2, 2)) for state, _ in game.deals()]
    alike = [state for state in after if answer(state.secret, (1, 1, 2, 2)) == (1, 0)]
    assert len(alike) == 256
    assert len({game.expert(state, 0) for state in alike}) == 1


def test_the_expert_spends_its_last_guess_on_a_possible_code() -> None:
    game = Mastermind(guesses=2)
    state = game.apply(opening(game, (5, 5, 5, 5)), (1, 1, 2, 2))
    ((guess, _),) = game.expert(state, 0)
    assert guess == (3, 3, 3, 3)


def test_the_return_is_reduced_by_the_cost_of_each_guess() -> None:
    game = Mastermind(pegs=2, colours=3, guesses=3, step_cost=0.25)
    paid = [reward for reward, _ in played(game, (3, 3), [(1, 1), (2, 2), (3, 3)])]
    assert paid == [-0.25, -0.25, 0.75]
    assert game.return_range == (-0.75, 0.75)


def test_progress_rises_from_minus_one_to_zero() -> None:
    game = Mastermind()
    state = opening(game, (3, 6, 3, 2))
    seen = [game.progress(state)]
    for guess in [(1, 1, 2, 2), (1, 3, 4, 4), (3, 5, 2, 6), (1, 4, 6, 2), (3, 6, 3, 2)]:
        state = game.apply(state, guess)
        seen.append(game.progress(state))
    assert seen[0] == -1.0
    assert seen == sorted(seen)
    assert seen[-1] == 0.0


# Words


@pytest.mark.parametrize(
    "text",
    [
        "guess 1 1 2 2",
        "1122",
        "1, 1, 2, 2",
        "My guess is 1-1-2-2.",
        "Guess: 1122",
        "Guess 2: 1 1 2 2",
        "[1, 1, 2, 2]",
        "(1,1,2,2)",
        "**1 1 2 2**",
        "**1** **1** **2** **2**",
        "\\boxed{1122}",
        "I'll try `1 1 2 2`, 3 guesses left.",
        "Since 3344 got 1 exact, guess 1 1 2 2",
        "1 1 2 2 out of the 1296 codes",
        "3344? No, 4433? No: 1122",
        "1 1 2 2\n",
        "１ １ ２ ２",
    ],
)
def test_replies_that_are_read(text: str) -> None:
    game = Mastermind()
    assert game.read(game.deals()[0][0], 0, text) == (1, 1, 2, 2)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "malformed"),
        ("red red blue blue", "malformed"),
        ("guess 1 1 2", "malformed"),
        ("guess 1 1 2 2 3", "malformed"),
        ("11223", "malformed"),
        ("1122nd", "malformed"),
        ("0.1122", "malformed"),
        ("1\n1\n2\n2", "malformed"),
        ("\x00コード", "malformed"),
        ("guess 1 1 2 7", "illegal"),
        ("0123", "illegal"),
    ],
)
def test_replies_that_are_refused(text: str, kind: str) -> None:
    game = Mastermind()
    refusal = game.read(game.deals()[0][0], 0, text)
    assert isinstance(refusal, Refusal)
    assert refusal.kind == kind


def test_refusals_say_what_is_accepted() -> None:
    game = Mastermind()
    state = game.deals()[0][0]
    assert game.read(state, 0, "hm") == Refusal("I read no guess in that. Reply with 4 colours from 1 to 6.")
    assert game.read(state, 0, "1 1 2 7") == Refusal(
        "1 1 2 7 has a colour that does not exist: colours are 1 to 6.", "illegal"
    )


def test_instructions() -> None:
    assert Mastermind(pegs=3, guesses=1, step_cost=0.05).instructions(0) == (
        "I have chosen a secret code of 3 pegs. Each peg has a colour from 1 to 6; colours may repeat. Find the code "
        "within 1 guess. After each guess I tell you how many pegs are exact (right colour in the right place) and how "
        "many are misplaced (right colour in the wrong place). You earn 1 point for finding the code. "
        "Each guess takes 0.05 off your score.\n"
        "Reply with your guess, for example: guess 1 1 2"
    )
    assert "off your score" not in Mastermind().instructions(0)


def test_views() -> None:
    game = Mastermind(guesses=2)
    first = opening(game, (3, 6, 3, 2))
    assert game.view(first, 0) == "2 guesses left."
    second = game.apply(first, (3, 5, 2, 6))
    assert game.view(second, 0) == "3 5 2 6: 1 exact, 2 misplaced. 1 guess left."
    assert game.view(game.apply(second, (3, 6, 3, 2)), 0) == "3 6 3 2 is the code. You win."
    lost = game.apply(second, (3, 6, 2, 3))
    assert game.view(lost, 0) == "3 6 2 3: 2 exact, 2 misplaced. No guesses left; the code was 3 6 3 2."


def test_codes_with_the_same_answers_look_the_same_until_the_end() -> None:
    game = Mastermind()
    seen: dict[tuple[int, int], set[str]] = {}
    for state, _ in game.deals():
        if state.secret != (1, 1, 2, 2):
            view = game.view(game.apply(state, (1, 1, 2, 2)), 0)
            seen.setdefault(answer(state.secret, (1, 1, 2, 2)), set()).add(view)
    assert all(len(views) == 1 for views in seen.values())


# Arguments


def test_deals_are_all_codes_equally_often() -> None:
    deals = Mastermind(pegs=3, colours=2).deals()
    assert [state.secret for state, _ in deals] == codes(3, 2)
    assert {p for _, p in deals} == {Fraction(1, 8)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pegs": 1}, "pegs must be a whole number from 2 to 8"),
        ({"pegs": 9}, "pegs must be"),
        ({"colours": 1}, "colours must be a whole number from 2 to 9"),
        ({"colours": 10}, "colours must be"),
        ({"guesses": 0}, "guesses must be"),
        ({"step_cost": -0.1}, "step_cost must be a number from 0.0 to 1.0"),
        ({"step_cost": 1.5}, "step_cost must be"),
        ({"pegs": 5, "colours": 7}, r"at most 10000, not 7 \*\* 5 = 16807"),
    ],
)
def test_bad_arguments(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Mastermind(**arguments)
