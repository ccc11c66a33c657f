from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.riddle import Riddle, RiddleState
from textenvs.games.things import THINGS, TRAITS, telling_traits
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game


def true_of(sentence: str) -> frozenset[str]:
    """The things that a sentence of a riddle is true of."""
    for trait in TRAITS.values():
        if sentence == trait.holds:
            return trait.things
        if sentence == trait.fails:
            return frozenset(THINGS) - trait.things
    raise AssertionError(sentence)


def solved(view: str) -> tuple[list[str], list[str]]:
    """The listed things, and those of them that fit all that a riddle says."""
    told, _, listed = view.partition(" What is it: ")
    things = [item.split(" ", 1)[1] for item in listed.removesuffix("?").split(", ")]
    assert listed.startswith("1 ")
    fits = set(things)
    for sentence in told.removesuffix(".").split(". "):
        fits &= true_of(f"{sentence}.")
    return things, sorted(fits)


def check(game: Riddle, state: RiddleState) -> None:
    """Check that exactly one listed thing fits, and that answering it, and nothing else, is paid."""
    things, fits = solved(game.view(state, 0))
    assert tuple(things) == state.things == game.legal(state, 0)
    assert fits == [state.secret]
    for answer in things:
        after = game.apply(state, answer)
        assert game.rewards(state, answer, after) == (float(answer == fits[0]),)
        assert game.is_over(after)
        assert game.view(after, 0) == f"{'Right' if answer == fits[0] else 'Wrong'}: it is the {fits[0]}."
    assert game.expert(state, 0) == ((fits[0], Fraction(1)),)


def test_every_riddle_of_the_easy_level_has_exactly_one_answer() -> None:
    game = make_game("Riddle", level="easy")
    assert isinstance(game, Riddle)
    deals = game.deals() or ()
    assert len(deals) == len({state for state, _ in deals}) == 1_718
    for state, _ in deals:
        check(game, state)


@pytest.mark.parametrize("level", ["medium", "hard", "extreme"])
def test_drawn_riddles_have_exactly_one_answer(level: str) -> None:
    game = make_game("Riddle", level=level)
    assert isinstance(game, Riddle)
    assert game.deals() is None
    for seed in range(60):
        state = game.deal(Stream(seed, Purpose.DEAL))
        assert len(set(state.things)) == game.candidates
        assert list(state.facts) == [trait for trait in TRAITS if trait in state.facts]
        check(game, state)


def naive_riddles(secret: str, possible: frozenset[str], traits: tuple[str, ...]) -> dict[frozenset[str], Fraction]:
    """The distribution of riddles by following the rule of the page fact by fact."""
    if possible == {secret}:
        return {frozenset(): Fraction(1)}
    kept = {}
    for trait in traits:
        alike = frozenset(t for t in possible if (t in TRAITS[trait].things) == (secret in TRAITS[trait].things))
        if alike != possible:
            kept[trait] = alike
    riddles: Counter[frozenset[str]] = Counter()
    for trait, alike in kept.items():
        for facts, probability in naive_riddles(secret, alike, traits).items():
            riddles[facts | {trait}] += probability / len(kept)  # type: ignore[assignment]
    return dict(riddles)  # type: ignore[arg-type]


@pytest.mark.parametrize(("things", "candidates"), [(2, 2), (4, 2), (4, 4), (5, 3)])
def test_deals_have_the_probabilities_of_the_rule(things: int, candidates: int) -> None:
    groups = list(combinations(THINGS[:things], candidates))
    wanted = {
        (group, secret, facts): probability / len(groups) / candidates
        for group in groups
        for secret in group
        for facts, probability in naive_riddles(secret, frozenset(group), telling_traits(THINGS[:things])).items()
    }
    deals = Riddle(things, candidates).deals() or ()
    assert {(state.things, state.secret, frozenset(state.facts)): p for state, p in deals} == wanted
    assert sum(wanted.values()) == 1


def test_drawn_riddles_have_the_probabilities_of_the_listed_ones() -> None:
    game = Riddle(things=4, candidates=3)
    deals = dict(game.deals() or ())
    drawn = Counter(game.deal(Stream(seed, Purpose.DEAL)) for seed in range(4_000))
    assert set(drawn) <= set(deals)
    for state, probability in deals.items():
        expected = 4_000 * float(probability)
        assert abs(drawn[state] - expected) < 5 * expected**0.5


def test_the_rulers_of_the_easy_level() -> None:
    values = reference_values(make_game("Riddle", level="easy"))
    assert [v.value for v in (values.optimal, values.plan, values.myopic)] == pytest.approx([1, 1, 1])
    assert values.random.value == pytest.approx(1 / 4)
    assert values.cell() == "control"


# Words

STATE = RiddleState(("dog", "eagle", "hair dryer", "orange", "airplane"), "dog", ("mammal",))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("answer dog", "dog"), ("dog", "dog"), ("The dog.", "dog"), ("It is the dog!", "dog"), ("1", "dog"),
        ("answer 1", "dog"), ("Answer: 2", "eagle"), ("**2**", "eagle"), ("number 2", "eagle"), ("2) eagle", "eagle"),
        ("The answer is number 3.", "hair dryer"), ("It's a hair dryer", "hair dryer"), ("3 hair dryer", "hair dryer"),
        ("My answer is 'eagle' (2).", "eagle"), ("I choose eagle", "eagle"), ("guess dog? No: answer eagle", "eagle"),
        ("It is not the dog, so it is the eagle", "eagle"), ("It is the eagle, not the dog.", "eagle"),
        ("It has four legs like a dog, but it can fly, so eagle", "eagle"), ("answer plane", "airplane"),
        ("The facts fit an animal, so the answer is dog", "dog"), ("It is orange. I think: orange", "orange"),
        ("It must be the orange", "orange"), ("```\nanswer dog\n```", "dog"), ('{"answer": "dog"}', "dog"),
        ("An eagle cannot be it.\nanswer dog", "dog"), ("DOG", "dog"), ("5. airplane", "airplane"), ("１", "dog"),
        ("It weighs less than 1 kilogram, so the answer is the eagle", "eagle"), ("\\boxed{dog}", "dog"),
    ],
)  # fmt: skip
def test_replies_that_are_read(text: str, answer: str) -> None:
    assert Riddle(candidates=5).read(STATE, 0, text) == answer


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "malformed"), ("?", "malformed"), ("I do not know", "malformed"), ("unicorn", "malformed"),
        ("это собака", "malformed"), ("1.5", "malformed"), ("9" * 400, "malformed"), ("a" * 100_000, "malformed"),
        ("cat", "illegal"), ("answer cat", "illegal"), ("It is the bat.", "illegal"), ("6", "illegal"),
        ("0", "illegal"), ("answer 17", "illegal"),
    ],
)  # fmt: skip
def test_replies_that_are_refused(text: str, kind: str) -> None:
    refusal = Riddle(candidates=5).read(STATE, 0, text)
    assert isinstance(refusal, Refusal)
    assert refusal.kind == kind


def test_refusals_say_what_was_wrong() -> None:
    game = Riddle(candidates=5)
    assert game.read(STATE, 0, "bat") == Refusal("The vampire bat is not one of the listed things.", "illegal")
    assert game.read(STATE, 0, "6") == Refusal("There is no number 6: the things have the numbers 1 to 5.", "illegal")
    assert game.read(STATE, 0, "hm") == Refusal(
        "I read no answer in that. Reply with the name or the number of one of the listed things."
    )


def test_every_answer_is_read() -> None:
    game = Riddle(candidates=66)
    state = RiddleState(THINGS, "dog", ("pet",))
    for number, thing in enumerate(THINGS, 1):
        for text in (game.say(state, thing), thing, f"It is the {thing}.", str(number), f"answer {number}"):
            assert game.read(state, 0, text) == thing


def test_what_the_player_is_told() -> None:
    game = Riddle(candidates=5)
    assert game.instructions(0) == (
        "I tell you some facts about a thing and list what it can be. Exactly one of the listed things fits all facts. "
        "All things are meant as they usually are, animals grown up. You have one reply and earn 1 point if it is "
        "right.\nReply with the name or the number of the thing, for example: answer 1"
    )
    state = STATE._replace(facts=("mammal", "pet", "fly"))
    assert game.view(state, 0) == (
        "It is a mammal. It is commonly kept as a pet or a farm animal. It cannot fly. "
        "What is it: 1 dog, 2 eagle, 3 hair dryer, 4 orange, 5 airplane?"
    )


# Arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"things": 1}, "things must be a whole number from 2 to 66"),
        ({"things": 67}, "things must be"),
        ({"candidates": 1}, "candidates must be a whole number from 2 to 66"),
        ({"things": 5, "candidates": 6}, "candidates must be a whole number from 2 to 5"),
        ({"candidates": True}, "candidates must be"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Riddle(**arguments)
