from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from random import Random as Mersenne
from typing import TypeVar

import pytest

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.games.arithmetic import Arithmetic, ArithmeticState

T = TypeVar("T")


class Draws:
    """The `Random` protocol on top of Python's generator."""

    def __init__(self, seed: int) -> None:
        self._source = Mersenne(seed)

    def random(self) -> float:
        return self._source.random()

    def below(self, n: int) -> int:
        return self._source.randrange(n)

    def choice(self, items: Sequence[T]) -> T:
        return self._source.choice(items)

    def shuffled(self, items: Sequence[T]) -> tuple[T, ...]:
        return tuple(self._source.sample(items, len(items)))


def asked(first: int, operation: str, second: int) -> ArithmeticState:
    return ArithmeticState(first, operation, second)


@pytest.mark.parametrize("operations", ["+", "-", "*", "+-*"])
def test_every_answer_to_every_question_is_paid_as_python_evaluates_the_question_shown(operations: str) -> None:
    game = Arithmetic(largest=5, operations=operations)
    for state, _ in game.deals() or ():
        shown = game.view(state, 0).removeprefix("What is ").removesuffix("?")
        for answer in game.legal(state, 0):
            after = game.apply(state, answer)
            assert game.rewards(state, answer, after) == (float(answer == eval(shown)),)
            assert game.is_over(after)


@pytest.mark.parametrize("operations", ["+", "-", "*", "+-", "+*", "-*", "+-*"])
@pytest.mark.parametrize("largest", [1, 2, 7])
def test_the_legal_answers_are_the_whole_range_of_results(operations: str, largest: int) -> None:
    game = Arithmetic(largest, operations)
    numbers = range(largest + 1)
    results = [eval(f"{a} {operation} {b}") for operation in operations for a in numbers for b in numbers]
    for state, _ in game.deals() or ():
        assert game.legal(state, 0) == tuple(range(min(results), max(results) + 1))


def test_deals_are_all_questions_equally_often() -> None:
    deals = Arithmetic(largest=2, operations="+*").deals()
    assert deals is not None
    questions = {(state.first, state.operation, state.second) for state, _ in deals}
    assert questions == {(a, operation, b) for a in (0, 1, 2) for operation in "+*" for b in (0, 1, 2)}
    assert {p for _, p in deals} == {Fraction(1, 18)}


def test_deals_are_listed_up_to_twenty_thousand() -> None:
    assert len(Arithmetic(largest=99, operations="+-").deals() or ()) == 20_000
    assert Arithmetic(largest=99, operations="+-*").deals() is None
    assert Arithmetic(largest=141).deals() is None


def test_drawn_questions_are_uniform() -> None:
    game, draws = Arithmetic(largest=2, operations="+-"), Draws(seed=5)
    drawn = Counter(game.deal(draws) for _ in range(18_000))
    assert set(drawn) == {state for state, _ in game.deals() or ()}
    assert all(850 < n < 1150 for n in drawn.values())  # expected 1000, five standard deviations are 155


def test_known_values() -> None:
    game = Arithmetic()
    deals = game.deals() or ()
    assert len(deals) == 10_000
    right = [game.expert(state, 0)[0][0] for state, _ in deals]
    assert all(
        game.rewards(state, answer, game.apply(state, answer)) == (1.0,)
        for (state, _), answer in zip(deals, right, strict=True)
    )
    assert len(game.legal(deals[0][0], 0)) == 199


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("132", 132),
        ("  132.\n", 132),
        ("The answer is 132.", 132),
        ("47 + 85 = 132", 132),
        ("47+85=132", 132),
        ("It's 132!", 132),
        ("I think 47 plus 85 is 132", 132),
        ("Answer: **132**", 132),
        ("\\boxed{132}", 132),
        ("7 + 5 = 12, carry 1, so 132", 132),
        ("100? No, 132", 132),
        ("The answer is 132, because 7 + 5 = 12 and 40 + 80 = 120.", 132),
        ("The answer is 47 + 85 = 132", 132),
        ("The answer to 47 + 85 is 132", 132),
        ("answer is 131. Wait, the answer is 132", 132),
        ("-38", -38),
        ("−38", -38),
        ("47 - 85 = -38", -38),
        ("47-85 = -38", -38),
        ("minus 38", -38),
        ("The answer is negative 38.", -38),
        ("85 minus 47 is 38", 38),
        ("85-47", 47),
        ("85 minus 47", 47),
        ("9,801", 9801),
        ("99 * 99 = 9,801.", 9801),
        ("007", 7),
        ("１３２", 132),
    ],
)
def test_replies_that_are_read(text: str, answer: int) -> None:
    game = Arithmetic(largest=99, operations="+-*")
    assert game.read(asked(47, "+", 85), 0, text) == answer


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "malformed"),
        ("one hundred and thirty-two", "malformed"),
        ("13.5", "malformed"),
        ("1e3", "malformed"),
        ("x132", "malformed"),
        ("\x00答えは", "malformed"),
        ("9" * 5000, "malformed"),
        ("199", "illegal"),
        ("-1", "illegal"),
        ("1,000", "illegal"),
    ],
)
def test_replies_that_are_refused(text: str, kind: str) -> None:
    refusal = Arithmetic().read(asked(47, "+", 85), 0, text)
    assert isinstance(refusal, Refusal)
    assert refusal.kind == kind
    assert "from 0 to 198" in refusal.text


def test_what_the_player_is_told() -> None:
    game = Arithmetic(largest=99, operations="+-")
    state = asked(47, "-", 85)
    assert game.instructions(0) == (
        "You are asked one question of arithmetic. The answer is a whole number from -99 to 198. "
        "You have one reply and earn 1 point if it is right.\n"
        "Reply with the number, for example: 99"
    )
    assert game.view(state, 0) == "What is 47 - 85?"
    assert game.view(game.apply(state, -38), 0) == "-38 is right."
    assert game.view(game.apply(state, 38), 0) == "38 is wrong: 47 - 85 = -38."


def test_the_sign_of_multiplication_is_explained_where_it_occurs() -> None:
    assert "The sign * means times." in Arithmetic(operations="-*").instructions(0)
    assert "*" not in Arithmetic(operations="+-").instructions(0)


@pytest.mark.parametrize("largest", [0, 1000, 2.5, True])
def test_bad_largest(largest: int) -> None:
    with pytest.raises(ArgumentError, match="largest must be a whole number from 1 to 999"):
        Arithmetic(largest=largest)


@pytest.mark.parametrize("operations", ["", "/", "++", "-+", "+ -"])
def test_bad_operations(operations: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown operations"):
        Arithmetic(operations=operations)
