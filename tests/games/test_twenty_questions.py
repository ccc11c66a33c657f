from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import combinations
from math import comb
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.things import NAMES, THINGS, TRAITS, draw_things, telling_traits
from textenvs.games.twenty_questions import Move, TwentyQuestions, TwentyQuestionsState
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

# The facts


def those(*traits: str) -> frozenset[str]:
    """The things that have all of some traits."""
    return frozenset(THINGS).intersection(*(TRAITS[trait].things for trait in traits))


def test_traits_are_told_of_known_things() -> None:
    assert len(THINGS) == len(set(THINGS)) == 66
    assert len(TRAITS) == 34
    for trait in TRAITS.values():
        assert trait.things < frozenset(THINGS)
        assert trait.things


def test_no_two_things_have_the_same_traits() -> None:
    facts = {thing: tuple(thing in trait.things for trait in TRAITS.values()) for thing in THINGS}
    assert len(set(facts.values())) == len(THINGS)


def test_everything_is_either_an_animal_or_a_plant_or_its_fruit_or_made_by_people() -> None:
    for thing in THINGS:
        assert sum(thing in TRAITS[kind].things for kind in ("animal", "plant", "produce", "made")) == 1


@pytest.mark.parametrize(
    ("trait", "implied"),
    [
        ("mammal", "animal"),
        ("bird", "animal"),
        ("bird", "wings"),
        ("bird", "egg"),
        ("egg", "animal"),
        ("cat", "mammal"),
        ("cat", "four legs"),
        ("dog", "mammal"),
        ("dog", "four legs"),
        ("pet", "animal"),
        ("four legs", "animal"),
        ("no legs", "animal"),
        ("hooves", "mammal"),
        ("hooves", "four legs"),
        ("hooves", "person"),
        ("stripes", "four legs"),
        ("water", "no legs"),
        ("car", "person"),
        ("ride", "person"),
        ("ride", "four legs"),
        ("on trees", "produce"),
        ("fly", "wings"),
        ("vehicle", "made"),
        ("engine", "vehicle"),
        ("wheels", "vehicle"),
        ("instrument", "made"),
        ("metal", "made"),
        ("cloth", "made"),
        ("cutting", "metal"),
        ("kitchen", "made"),
        ("wear", "made"),
        ("plug", "made"),
    ],
)
def test_traits_that_imply_others(trait: str, implied: str) -> None:
    assert TRAITS[trait].things <= TRAITS[implied].things


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("kilogram", "person"),
        ("four legs", "no legs"),
        ("four legs", "bird"),
        ("mammal", "egg"),
        ("mammal", "bird"),
        ("cat", "dog"),
        ("metal", "cloth"),
        ("vehicle", "instrument"),
        ("wear", "kitchen"),
        ("wings", "water"),
    ],
)
def test_traits_that_exclude_each_other(one: str, other: str) -> None:
    assert not those(one, other)


@pytest.mark.parametrize(
    ("traits", "things"),
    [
        (("mammal", "fly"), "vampire bat"),
        (("mammal", "water"), "whale dolphin"),
        (("made", "fly"), "airplane"),
        (("animal", "car"), "elephant whale"),
        (("plant", "person"), "oak"),
        (("wheels", "made"), "car truck bicycle airplane"),
        (("pet", "egg"), "goldfish canary"),
        (("cat", "pet"), "cat"),
        (("dog", "pet"), "dog"),
        (("cat", "stripes"), "tiger"),
        (("four legs", "egg"), "frog crocodile"),
        (("plant", "quills"), "rose"),
        (("animal", "quills"), "porcupine"),
        (("produce", "orange"), "carrot pumpkin orange"),
        (("instrument", "metal"), "flute saxophone"),
        (("instrument", "kilogram"), "flute violin"),
        (("wear", "metal"), "ring"),
        (("made", "car"), "truck airplane submarine house"),
        (("kitchen", "metal"), "fork knife"),
        (("cloth", "wear"), "shirt"),
        (("plug", "kilogram"), "hair dryer"),
    ],
)
def test_all_things_with_two_traits(traits: tuple[str, ...], things: str) -> None:
    assert " ".join(sorted(those(*traits))) == " ".join(sorted(names_in(things)))


def names_in(things: str) -> list[str]:
    """Split at spaces, but keep names of two words."""
    return [
        name.replace("_", " ")
        for name in things.replace("vampire bat", "vampire_bat").replace("hair dryer", "hair_dryer").split()
    ]


def test_statements_and_questions_are_sentences() -> None:
    for trait in TRAITS.values():
        assert trait.question.endswith("?")
        assert trait.holds.endswith(".")
        assert trait.fails.endswith(".")
        assert " not " in trait.fails or "cannot" in trait.fails
    texts = [text for trait in TRAITS.values() for text in (trait.question, trait.holds, trait.fails)]
    assert len(set(texts)) == 3 * len(TRAITS)


def test_telling_traits_divide_the_things_each_in_another_way() -> None:
    divisions = [frozenset(THINGS[:8]) & TRAITS[trait].things for trait in telling_traits(THINGS[:8])]
    assert len(divisions) == 14
    for one, other in combinations(divisions, 2):
        assert 0 < len(one) < 8
        assert one != other
        assert one != frozenset(THINGS[:8]) - other
    assert telling_traits(THINGS) == tuple(TRAITS)


def test_drawn_things_keep_their_order_and_are_uniform() -> None:
    drawn = Counter(draw_things(4, 2, Stream(seed, Purpose.DEAL)) for seed in range(3_000))
    assert set(drawn) == set(combinations(THINGS[:4], 2))
    assert all(390 < n < 610 for n in drawn.values())  # expected 500, five standard deviations are 102


# The rules


class Naive:
    """The rules as told, on plain lists; it answers in the words of the questions."""

    def __init__(self, secret: str, allowed: int) -> None:
        self.secret, self.left, self.over = secret, allowed, False

    def say(self, reply: str) -> tuple[float, str]:
        """Return what a reply earns and what is answered."""
        self.left -= 1
        if reply == f"guess {self.secret}":
            self.over = True
            return 1.0, f"It is the {self.secret}. You win."
        self.over = self.left == 0
        left = f"{self.left} questions left." if self.left > 1 else "1 question left."
        after = f"No questions left; it was the {self.secret}." if self.over else left
        if reply.startswith("guess "):
            return 0.0, f"It is not the {reply.removeprefix('guess ')}. {after}"
        (trait,) = (trait for trait in TRAITS.values() if trait.question == reply)
        return 0.0, f"{reply} {'Yes' if self.secret in trait.things else 'No'}. {after}"


def compare(game: TwentyQuestions, state: TwentyQuestionsState, moves: list[Move]) -> None:
    naive = Naive(state.secret, game.questions)
    for move in moves:
        if naive.over:
            break
        after = game.apply(state, move)
        reward, view = naive.say(game.say(state, move))
        assert game.rewards(state, move, after) == (reward,)
        assert game.view(after, 0) == view
        assert game.is_over(after) == naive.over
        assert after.secret in after.possible
        state = after
    assert game.is_over(state) == naive.over


def test_all_plays_of_a_tiny_game_equal_the_naive_second_implementation() -> None:
    game = TwentyQuestions(things=3, candidates=3, questions=2)
    for state, _ in game.deals() or ():
        moves = game.legal(state, 0)
        for one in moves:
            for other in moves:
                compare(game, state, [one, other])


def test_random_plays_equal_the_naive_second_implementation() -> None:
    game = TwentyQuestions(questions=12)
    for seed in range(60):
        random = Stream(seed, Purpose.POLICY)
        state = game.deal(random)
        compare(game, state, [random.choice(game.legal(state, 0)) for _ in range(12)])


def test_what_is_possible_is_what_all_answers_allow() -> None:
    game = TwentyQuestions()
    for seed in range(40):
        random = Stream(seed, Purpose.POLICY)
        state = game.deal(random)
        moves = [random.choice(game.legal(state, 0)) for _ in range(game.questions)]
        told = []
        for move in moves:
            if game.is_over(state):
                break
            state = game.apply(state, move)
            told.append(
                (move, state.secret == move.what or state.secret in getattr(TRAITS.get(move.what), "things", ()))
            )
        wanted = [
            thing
            for thing in state.things
            if all((thing in TRAITS[m.what].things if m.verb == "ask" else thing == m.what) == yes for m, yes in told)
        ]
        assert list(state.possible) == wanted


# Values


def most_wins(things: frozenset[str], questions: int, traits: tuple[str, ...]) -> int:
    """How many of `things` the best play finds, by trying everything."""

    @cache
    def best(possible: frozenset[str], left: int) -> int:
        if left == 0 or not possible:
            return 0
        guesses = max(1 + best(possible - {thing}, left - 1) for thing in possible)
        divided = [(possible & TRAITS[trait].things, possible - TRAITS[trait].things) for trait in traits]
        return max([guesses, *(best(yes, left - 1) + best(no, left - 1) for yes, no in divided if yes and no)])

    return best(things, questions)


def test_the_rulers_of_a_small_game() -> None:
    values = reference_values(TwentyQuestions(things=6, candidates=6, questions=3))
    assert values.optimal.value == pytest.approx(4 / 6)
    assert most_wins(frozenset(THINGS[:6]), 3, telling_traits(THINGS[:6])) == 4
    assert values.plan.value == pytest.approx(values.myopic.value) == pytest.approx(3 / 6)
    assert values.random.kind == "exact"
    assert values.cell() == "both"


@pytest.mark.slow
def test_the_rulers_of_the_easy_level() -> None:
    values = reference_values(make_game("TwentyQuestions", level="easy"))
    assert values.optimal.value == pytest.approx(1)
    assert values.plan.value == pytest.approx(values.myopic.value) == pytest.approx(4 / 8)
    assert round(values.random.value, 3) == 0.17
    assert values.cell() == "both"


def test_the_expert_is_optimal_in_small_games() -> None:
    for things, questions in [(6, 2), (6, 3), (8, 4), (9, 4), (10, 5), (16, 5)]:
        game = TwentyQuestions(things=things, candidates=things, questions=questions)
        best = most_wins(frozenset(THINGS[:things]), questions, telling_traits(THINGS[:things]))
        assert evaluate_strategy(game, expert_strategy) == pytest.approx(best / things)


@pytest.mark.parametrize(("arguments", "least"), [({}, 0.97), ({"candidates": 60, "questions": 9}, 0.96)])
def test_the_expert_finds_nearly_everything(arguments: dict[str, int], least: float) -> None:
    game = TwentyQuestions(**arguments)
    found = 0.0
    for seed in range(200):
        state = game.deal(Stream(seed, Purpose.DEAL))
        while game.to_move(state):
            ((move, _),) = game.expert(state, 0)
            state = game.apply(state, move)
        found += state.last == Move("guess", state.secret)
    assert found / 200 >= least


def test_deals_are_all_choices_equally_often() -> None:
    deals = TwentyQuestions(things=4, candidates=2).deals()
    assert deals is not None
    assert {(state.things, state.secret) for state, _ in deals} == {
        (pair, secret) for pair in combinations(THINGS[:4], 2) for secret in pair
    }
    assert {p for _, p in deals} == {Fraction(1, 12)}
    assert TwentyQuestions().deals() is None
    assert f"{comb(66, 20) * 20:.1e}" == "8.1e+17"


# Words


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("Is it an animal?", "ask animal"),
        ("is it an animal", "ask animal"),
        ("animal?", "ask animal"),
        ("Ask: Is it an animal?", "ask animal"),
        ("**Is it an animal?**", "ask animal"),
        ("1. Is it an animal?", "ask animal"),
        ("I would like to know whether it is an animal.", "ask animal"),
        ("Can it fly?", "ask fly"),
        ("fly", "ask fly"),
        ("does it fly", "ask fly"),
        ("Is it able to fly?", "ask fly"),
        ("Does it have wings?", "ask wings"),
        ("Does it have four legs?", "ask four legs"),
        ("Is it an animal with four legs?", "ask four legs"),
        ("Does it lay eggs?", "ask egg"),
        ("Is it in the cat family?", "ask cat"),
        ("Is it a pet?", "ask pet"),
        ("Does it weigh more than a car?", "ask car"),
        ("Is it heavier than a car?", "ask car"),
        ("Is it heavier than a person?", "ask person"),
        ("Does it weigh less than 1 kg?", "ask kilogram"),
        ("Is it orange?", "ask orange"),
        ("Is it mostly orange in color?", "ask orange"),
        ("Is it a tree?", "ask plant"),
        ("Do people wear it?", "ask wear"),
        ("Do you plug it in?", "ask plug"),
        ("Can you ride on its back?", "ask ride"),
        ("Is it man-made?", "ask made"),
        ("Is it made of metal?", "ask metal"),
        ("Is it striped like a zebra?", "ask stripes"),
        ("It is an animal, so: does it have hooves?", "ask hooves"),
        ("Is it bigger than a car?", "ask car"),
        ("If it is an animal I must narrow it down. Can it fly?", "ask fly"),
        ("Do people cook, eat or drink with it?", "ask kitchen"),
        ("Does it spend its whole life in water?", "ask water"),
        ("guess dog", "guess dog"),
        ("Guess: the dog.", "guess dog"),
        ("dog", "guess dog"),
        ("The dog!", "guess dog"),
        ("Is it a dog?", "guess dog"),
        ("Is it the dog?", "guess dog"),
        ("It must be the dog.", "guess dog"),
        ("I guess it is a dog, since it has four legs", "guess dog"),
        ("My answer is **dog**", "guess dog"),
        ("Is it an orange?", "guess orange"),
        ("orange", "guess orange"),
        ("guess orange", "guess orange"),
        ("Is it a cat?", "guess cat"),
        ("guess car", "guess car"),
        ("Is it a car?", "guess car"),
        ("plane", "guess airplane"),
        ("It's a bird that cannot fly, so I guess penguin", "guess penguin"),
        ("Is it a vampire bat?", "guess vampire bat"),
        ("guess the bike", "guess bicycle"),
        ("It is not the cat, so guess dog", "guess dog"),
        ("is it a TV?", "guess television"),
        ('{"guess": "dog"}', "guess dog"),
        ("```\nguess dog\n```", "guess dog"),
        ("name dog", "guess dog"),
    ],
)
def test_replies_that_are_read(text: str, move: str) -> None:
    game = TwentyQuestions(candidates=66)
    verb, _, what = move.partition(" ")
    assert game.read(TwentyQuestionsState(THINGS, "key", THINGS), 0, text) == (verb, what)


def test_every_question_and_every_guess_is_read_in_any_case() -> None:
    game = TwentyQuestions(candidates=66)
    state = TwentyQuestionsState(THINGS, "key", THINGS)
    for move in game.legal(state, 0):
        for text in (game.say(state, move), game.say(state, move).upper(), f"So... {game.say(state, move)} "):
            assert game.read(state, 0, text) == move
    for name, thing in NAMES.items():
        assert game.read(state, 0, f"Is it a {name}?") == game.read(state, 0, name) == ("guess", thing)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "malformed"),
        ("?", "malformed"),
        ("Is it blue?", "malformed"),
        ("I have 5 questions left", "malformed"),
        ("это собака?", "malformed"),
        ("guess unicorn", "malformed"),
        ("a" * 100_000, "malformed"),
        ("guess penguin", "illegal"),
        ("Is it a penguin?", "illegal"),
        ("Can it fly?", "illegal"),
        ("submarine", "illegal"),
    ],
)
def test_replies_that_are_refused(text: str, kind: str) -> None:
    game = TwentyQuestions(things=8, candidates=4)
    refusal = game.read(TwentyQuestionsState(THINGS[:4], "dog", THINGS[:4]), 0, text)
    assert isinstance(refusal, Refusal)
    assert refusal.kind == kind


def test_refusals_say_what_was_wrong() -> None:
    game, state = TwentyQuestions(things=8, candidates=4), TwentyQuestionsState(THINGS[:4], "dog", THINGS[:4])
    assert game.read(state, 0, "guess cat") == Refusal("The cat is not one of the things I told you.", "illegal")
    assert game.read(state, 0, "Can it fly?") == Refusal(
        '"Can it fly?" is not one of the questions you can ask.', "illegal"
    )
    assert game.read(state, 0, "hm") == Refusal(
        "I read neither a question from the list nor a guess in that. Ask or guess one thing."
    )


def test_instructions() -> None:
    assert TwentyQuestions(things=3, candidates=3, questions=1).instructions(0) == (
        "I name some things and think of one of them. Find out which one within 1 question. "
        "These are the questions you can ask: Is it an animal? Is it a mammal? Is it a bird?\n"
        "I always answer yes or no truthfully. All things are meant as they usually are, animals grown up. You can "
        "also guess a thing, for example: guess dog. A guess counts as a question. You earn 1 point for guessing the "
        "right thing.\n"
        "Reply with one question or one guess, for example: Is it an animal?"
    )


def test_views() -> None:
    game = TwentyQuestions(things=3, candidates=3, questions=2)
    first = TwentyQuestionsState(THINGS[:3], "eagle", THINGS[:3])
    assert game.view(first, 0) == "It is one of these: dog, car, eagle. 2 questions left."
    second = game.apply(first, Move("guess", "dog"))
    assert game.view(second, 0) == "It is not the dog. 1 question left."
    assert game.view(game.apply(second, Move("ask", "bird")), 0) == (
        "Is it a bird? Yes. No questions left; it was the eagle."
    )
    assert game.view(game.apply(second, Move("guess", "eagle")), 0) == "It is the eagle. You win."


# Arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"things": 1}, "things must be a whole number from 2 to 66"),
        ({"things": 67}, "things must be"),
        ({"candidates": 1}, "candidates must be a whole number from 2 to 66"),
        ({"things": 10, "candidates": 11}, "candidates must be a whole number from 2 to 10"),
        ({"questions": 0}, "questions must be"),
        ({"questions": 2.5}, "questions must be"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        TwentyQuestions(**arguments)
