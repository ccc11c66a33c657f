from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.liar import Liar, LiarState, Move
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

Instance = tuple[int, frozenset[int]]  # the secret and the places of the lies


def instances(high: int, questions: int, lies: int) -> list[Instance]:
    sets = [frozenset(some) for n in range(lies + 1) for some in combinations(range(questions), n)]
    return [(secret, some) for secret in range(1, high + 1) for some in sets]


def answer(instance: Instance, place: int, number: int) -> str:
    """The answer to the question in a place (from 0), from the rules alone."""
    secret, lies = instance
    truth, lie = ("Yes", "No") if secret > number else ("No", "Yes")
    return lie if place in lies else truth


def play(game: Liar, instance: Instance, moves: list[Move]) -> None:
    """Play and compare with the rules."""
    state = LiarState(instance[0], tuple(sorted(instance[1])))
    for place, move in enumerate(moves):
        assert (move in game.legal(state, 0)) == (move.verb == "guess" or place < game.questions)
        after = game.apply(state, move)
        view = game.view(after, 0)
        if move.verb == "guess":
            right = move.number == instance[0]
            assert game.rewards(state, move, after) == (float(right),)
            assert game.is_over(after)
            told = "is right. You win." if right else f"is wrong: it was {instance[0]}."
            assert view == f"{move.number} {told}"
            return
        assert game.rewards(state, move, after) == (0.0,)
        left = game.questions - place - 1
        counted = f"{left} question{'s' * (left > 1)} left." if left else "No questions left: guess the number."
        assert view == f"Is it more than {move.number}? {answer(instance, place, move.number)}. {counted}"
        state = after


def test_all_plays_of_a_tiny_game_equal_the_naive_second_implementation() -> None:
    game = Liar(high=3, questions=2, lies=1)
    deals = game.deals() or ()
    assert [(state.secret, frozenset(state.lies)) for state, _ in deals] == instances(3, 2, 1)
    assert {p for _, p in deals} == {Fraction(1, 9)}
    questions, guesses = [Move("ask", n) for n in (1, 2)], [Move("guess", n) for n in (1, 2, 3)]
    for instance in instances(3, 2, 1):
        for asked in range(3):
            for moves in product(*[questions] * asked, guesses):
                play(game, instance, list(moves))


def test_random_plays_equal_the_naive_second_implementation() -> None:
    game = Liar()
    for seed in range(60):
        random = Stream(seed, Purpose.POLICY)
        state = game.deal(random)
        moves = [Move("ask", 1 + random.below(999)) for _ in range(random.below(23))]
        play(game, (state.secret, frozenset(state.lies)), [*moves, Move("guess", 1 + random.below(1_000))])


def test_no_more_than_the_given_number_of_answers_are_lies_and_all_choices_are_drawn_equally_often() -> None:
    game = Liar(high=2, questions=3, lies=2)
    drawn = Counter(game.deal(Stream(seed, Purpose.DEAL)) for seed in range(2_800))
    assert set(drawn) == {state for state, _ in game.deals() or ()}
    assert len(drawn) == 2 * 7
    assert all(130 < n < 270 for n in drawn.values())  # expected 200, five standard deviations are 68
    assert Liar().deals() is None
    assert 1_000 * (1 + 22 + 231 + 1_540) == 1_794_000


# What the answers tell


def test_the_weights_are_the_numbers_of_instances_that_fit_the_answers() -> None:
    game = Liar(high=6, questions=6, lies=2)
    for seed in range(60):
        random = Stream(seed, Purpose.POLICY)
        state = game.deal(random)
        fits = instances(6, 6, 2)
        for place in range(random.below(7)):
            move = Move("ask", 1 + random.below(5))
            own = answer((state.secret, frozenset(state.lies)), place, move.number)
            fits = [other for other in fits if answer(other, place, move.number) == own]
            state = game.apply(state, move)
        counted = Counter(secret for secret, _ in fits)
        assert game.progress(state) == pytest.approx(max(counted.values()) / len(fits))
        ((move, _),) = game.expert(state, 0)
        if move.verb == "guess":
            assert counted[move.number] == max(counted.values())
            assert len(state.told) == 6 or len(counted) == 1
        else:
            yes = {n: sum(answer(other, len(state.told), n) == "Yes" for other in fits) for n in range(1, 6)}
            evenest = min(yes, key=lambda n: (abs(2 * yes[n] - len(fits)), n))
            assert move.number == evenest


def best_value(high: int, questions: int, lies: int) -> Fraction:
    """The value of the best play by trying everything: with all questions used, then the likeliest number."""

    @cache
    def most(fits: tuple[Instance, ...], place: int) -> int:
        if place == questions:
            return max(Counter(secret for secret, _ in fits).values(), default=0)
        return max(split(fits, place, number) for number in range(1, high))

    def split(fits: tuple[Instance, ...], place: int, number: int) -> int:
        parts = [tuple(one for one in fits if answer(one, place, number) == told) for told in ("Yes", "No")]
        return sum(most(part, place + 1) for part in parts if part)

    everything = tuple(instances(high, questions, lies))
    return Fraction(most(everything, 0), len(everything))


@pytest.mark.parametrize(
    ("high", "questions", "lies", "value"),
    [(2, 3, 1, 1), (3, 4, 1, Fraction(14, 15)), (4, 4, 1, Fraction(4, 5)), (4, 5, 1, 1), (4, 4, 2, Fraction(16, 44))],
)
def test_the_expert_is_optimal_in_small_games(high: int, questions: int, lies: int, value: Fraction) -> None:
    assert best_value(high, questions, lies) == value
    assert evaluate_strategy(Liar(high, questions, lies), expert_strategy) == pytest.approx(float(value))


def test_the_rulers_of_the_easy_level() -> None:
    values = reference_values(make_game("Liar", level="easy"))
    assert values.optimal.value == pytest.approx(1)
    assert [v.value for v in (values.plan, values.myopic, values.random)] == pytest.approx([1 / 4] * 3)
    assert values.cell() == "both"


@pytest.mark.parametrize(("questions", "largest"), [(3, 2), (4, 2), (5, 4), (6, 7), (7, 12), (8, 22)])
def test_the_expert_makes_sure_of_as_many_numbers_as_can_be(questions: int, largest: int) -> None:
    """The largest sizes for one lie and questions of this kind: OEIS A325908."""
    assert evaluate_strategy(Liar(largest, questions, 1), expert_strategy) == pytest.approx(1)
    assert evaluate_strategy(Liar(largest + 1, questions, 1), expert_strategy) < 1 - 1e-3


@pytest.mark.parametrize(("questions", "largest"), [(3, 2), (4, 2), (5, 4), (6, 7)])
def test_no_player_can_make_sure_of_more_numbers(questions: int, largest: int) -> None:
    @cache
    def sure(lies_if: tuple[int, ...], left: int) -> bool:
        alive = [number for number, told in enumerate(lies_if) if told <= 1]
        if len(alive) <= 1:
            return True
        if left == 0:
            return False
        return any(
            sure(tuple(told + (n < cut) for n, told in enumerate(lies_if)), left - 1)
            and sure(tuple(told + (n >= cut) for n, told in enumerate(lies_if)), left - 1)
            for cut in range(1, len(lies_if))
        )

    assert sure((0,) * largest, questions)
    assert not sure((0,) * (largest + 1), questions)


@pytest.mark.parametrize("level", ["medium", "hard", pytest.param("extreme", marks=pytest.mark.slow)])
def test_the_expert_finds_the_number_at_every_level(level: str) -> None:
    game = make_game("Liar", level=level)
    for seed in range(20 if level == "medium" else 2):
        state = game.deal(Stream(seed, Purpose.DEAL))
        while game.to_move(state):
            ((move, _),) = game.expert(state, 0) or ()
            state = game.apply(state, move)
        assert state.guess == state.secret


def test_without_lies_the_expert_bisects() -> None:
    assert evaluate_strategy(Liar(high=16, questions=4, lies=0), expert_strategy) == pytest.approx(1)
    assert evaluate_strategy(Liar(high=17, questions=4, lies=0), expert_strategy) == pytest.approx(16 / 17)


# Words


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("is it more than 50?", ("ask", 50)), ("Is it more than 50", ("ask", 50)), ("more than 50?", ("ask", 50)),
        ("Is the number greater than 50?", ("ask", 50)), ("is x > 50?", ("ask", 50)), ("> 50", ("ask", 50)),
        ("Is it above **50**?", ("ask", 50)), ("Is it above 50?", ("ask", 50)), ("is it at most 50?", ("ask", 50)),
        ("Is it 50 or less?", ("ask", 50)), ("x <= 50", ("ask", 50)), ("less than or equal to 50?", ("ask", 50)),
        ("Is it less than 51?", ("ask", 50)), ("is it at least 51?", ("ask", 50)), ("Is it 51 or more?", ("ask", 50)),
        ("x >= 51?", ("ask", 50)), ("greater than or equal to 51?", ("ask", 50)), ("below 51", ("ask", 50)),
        ("is it more than 1,000?", None), ("Is it more than 999?", ("ask", 999)), ("IS IT MORE THAN 50?", ("ask", 50)),
        ("I would like to ask: is it higher than 50?", ("ask", 50)), ("1. is it more than 50?", ("ask", 50)),
        ("It is more than 25. Is it more than 50?", ("ask", 50)), ("```\nis it more than 50?\n```", ("ask", 50)),
        ("I have 3 questions left, more than 2 of them for sure. Is it more than 50?", ("ask", 50)),
        ("Is it more than 50? I have at least 4 questions left.", ("ask", 50)),
        ("guess 50", ("guess", 50)), ("Guess: 50", ("guess", 50)), ("My guess is 50.", ("guess", 50)),
        ("The number is 50!", ("guess", 50)), ("It must be 50", ("guess", 50)), ("answer: 50", ("guess", 50)),
        ("I guess the number is 50", ("guess", 50)),
        ("It is more than 49 and at most 50, so guess 50", ("guess", 50)), ("guess **50**", ("guess", 50)),
        ("guess 1,000", ("guess", 1000)), ("guess 50, the answer was a lie", ("guess", 50)),
        ("guess 7? No, better ask: is it more than 50?", ("ask", 50)), ('{"guess": 50}', ("guess", 50)),
        ("50", None), ("is it 50?", None), ("", None), ("what?", None), ("more than half", None), ("guess 4.5", None),
        ("more than -4", None), ("guess fifty", None), ("9" * 400, None), ("guess " + "9" * 400, None), ("五十", None),
    ],
)  # fmt: skip
def test_replies(text: str, move: tuple[str, int] | None) -> None:
    read = Liar().read(LiarState(5, ()), 0, text)
    assert isinstance(read, Refusal) if move is None else read == move


def test_after_the_last_question_a_number_is_a_guess() -> None:
    game = Liar(high=9, questions=1, lies=0)
    asked, last = LiarState(5, ()), LiarState(5, (), ((4, True),), (4, True))
    assert game.read(last, 0, "7") == Move("guess", 7)
    assert game.read(last, 0, "So I think 7.") == Move("guess", 7)
    assert isinstance(game.read(asked, 0, "7"), Refusal)
    assert game.read(last, 0, "is it more than 4?") == Refusal(
        "You have no questions left. Guess the number.", "illegal"
    )
    assert game.read(last, 0, "hm") == Refusal(
        "I read no guess in that. Reply with your guess: a whole number from 1 to 9."
    )


def test_refusals_say_what_was_wrong() -> None:
    game, state = Liar(high=9, questions=3), LiarState(5, ())
    assert game.read(state, 0, "hm") == Refusal(
        'I read no question or guess in that. Ask like "is it more than 4?" or guess.'
    )
    assert game.read(state, 0, "guess 10") == Refusal("10 is not a whole number from 1 to 9.", "illegal")
    assert game.read(state, 0, "guess 0") == Refusal("0 is not a whole number from 1 to 9.", "illegal")
    for text, number in [("more than 9", 9), ("at least 1", 0), ("more than 50", 50)]:
        assert game.read(state, 0, text) == Refusal(
            f"Whether it is more than {number} tells nothing: it is a whole number from 1 to 9.", "illegal"
        )


def test_instructions() -> None:
    assert Liar(high=9, questions=4, lies=1).instructions(0) == (
        "I think of a whole number from 1 to 9. Find it. You may ask up to 4 questions like: is it more than 4? I "
        "answer yes or no. At most 1 of the 4 answers is a lie, drawn beforehand: every possibility, no lie included, "
        "was equally likely. You have one guess, which ends the game: guess when you are sure, or when no questions "
        "are left. You earn 1 point if it is right.\n"
        "Reply with your guess, as in: guess 4, or with one question, for example: is it more than 4?"
    )
    assert "At most 2 of the 4 answers are lies, drawn beforehand:" in Liar(9, 4, 2).instructions(0)
    assert "I answer yes or no. All answers are true. You have one guess" in Liar(9, 4, 0).instructions(0)


# Arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"high": 1}, "high must be a whole number from 2 to 10000"),
        ({"high": 10_001}, "high must be"),
        ({"questions": 0}, "questions must be a whole number from 1 to 1000"),
        ({"questions": 3, "lies": 4}, "lies must be a whole number from 0 to 3"),
        ({"lies": -1}, "lies must be"),
        ({"lies": 1.5}, "lies must be"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Liar(**arguments)
