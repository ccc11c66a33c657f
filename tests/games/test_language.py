from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.language import Grammar, Language, Noun, Phrase, Tongue, translation
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

# A second implementation: it translates the English text word by word, as a reader of the rules would.

NOUNS = "dog cat king bird girl horse bear boy queen cow".split()
VERBS = "call watch help pull push follow answer visit".split()
ADJECTIVES = "big old red young small white".split()


def by_hand(game: Language, tongue: Tongue, english: str) -> str:
    adjectives = ADJECTIVES[: game.adjectives] if game.grammar >= 3 else []
    meanings = NOUNS[: game.nouns] + VERBS[: game.verbs] + adjectives
    stems = dict(zip(meanings, tongue.stems, strict=True))
    plural, past, marked = (*zip(tongue.affixes, tongue.grammar.prefixed, strict=True), None, None, None)[:3]

    def add(word: str, affix: Any) -> str:
        form, before = affix
        return form + word if before else word + form

    def noun_words(text: str, is_object: bool) -> list[str]:
        *adjective, noun = text.split()[1:]
        word = stems[noun] if noun in meanings else add(stems[noun.removesuffix("s")], plural)
        if is_object:
            word = add(word, marked)
        other = [stems[each] for each in adjective]
        return [*other, word] if tongue.grammar.adjective_first else [word, *other]

    tokens = english.split()
    place = next(n for n, token in enumerate(tokens) if any(token in forms(verb) for verb in VERBS))
    verb = next(verb for verb in VERBS if tokens[place] in forms(verb))
    parts = {
        "S": noun_words(" ".join(tokens[:place]), is_object=False),
        "V": [add(stems[verb], past) if tokens[place].endswith("ed") else stems[verb]],
    }
    if tokens[place + 1 :]:
        parts["O"] = noun_words(" ".join(tokens[place + 1 :]), is_object=True)
    return " ".join(" ".join(parts[letter]) for letter in tongue.grammar.order)


def forms(verb: str) -> list[str]:
    return [verb, f"{verb}es" if verb == "watch" else f"{verb}s", f"{verb}ed"]


def asked(view: str) -> str:
    return view.rpartition(": ")[2]


ARGUMENTS: list[dict[str, Any]] = [
    {}, {"grammar": 0, "phrases": 9}, {"grammar": 1}, {"grammar": 2}, {"grammar": 4}, {"level": "hard"},
    {"level": "extreme", "phrases": 30},
]  # fmt: skip


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
def test_plays_are_those_of_the_second_implementation(arguments: dict[str, Any]) -> None:
    game = make_game("Language", **arguments)
    draw = random.Random(5)
    for seed in range(8):
        state = game.deal(Stream(seed, Purpose.DEAL))
        view, score, phrases = game.view(state, 0), 0, []
        assert view.startswith(f"Phrase 1 of {game.max_turns}: the ")
        for number in range(1, game.max_turns + 1):
            assert not game.is_over(state)
            phrase = asked(view)
            phrases.append(phrase)
            right = by_hand(game, state.tongue, phrase)  # type: ignore[arg-type]
            move = right if draw.random() < 0.5 else draw.choice(game.legal(state, 0))
            after = game.apply(state, move)
            assert game.rewards(state, move, after) == ((1 / game.max_turns if move == right else 0.0),)
            score += move == right
            view, state = game.view(after, 0), after
            told, _, next_line = view.partition("\n")
            assert told == f'{"Right" if move == right else "Wrong"}: "{phrase}" is "{right}".'
            if number < game.max_turns:
                assert next_line.startswith(f"Phrase {number + 1} of {game.max_turns}: the ")
        assert game.is_over(state)
        assert next_line == f"You translated {score} of {game.max_turns} phrases right."
        assert len({*phrases}) == len(phrases)


def test_translations_worked_by_hand() -> None:
    tongue = Tongue(Grammar("OVS", True, (False, True, True)), ("tavo", "miku", "lesa", "gira"), ("ne", "bu", "ti"))
    both = Phrase(Noun(0, True, 3), 2, True, Noun(1, True))
    assert Language(grammar=4, nouns=2, verbs=1, adjectives=1)._english(both) == "the big dogs called the cats"
    assert translation(tongue, both) == "timikune bulesa gira tavone"
    assert translation(tongue._replace(grammar=Grammar("SOV", False, (True, False, True))), both) == (
        "netavo gira tinemiku lesabu"
    )
    assert translation(tongue, Phrase(Noun(1), 2, False, Noun(0, False, 3))) == "gira titavo lesa miku"


def test_all_phrases_of_an_episode_differ_also_when_there_are_no_others() -> None:
    game = Language(phrases=8, grammar=1, nouns=2, verbs=2)
    for seed in range(20):
        assert len({*game.deal(Stream(seed, Purpose.DEAL)).phrases}) == 8


def test_deals_and_draws_are_the_same() -> None:
    game = make_game("Language", level="easy")
    listed = [state for state, _ in game.deals() or ()]
    assert len({*listed}) == len(listed) == 24 * 2 * 6
    assert {game.deal(Stream(seed, Purpose.DEAL)) for seed in range(3_000)} == {*listed}
    assert Language().deals() is None
    drawn = Counter(Language().deal(Stream(seed, Purpose.DEAL)).tongue.grammar for seed in range(2_000))
    assert len(drawn) == 16
    assert all(abs(n - 125) < 60 for n in drawn.values())


# Known values


def value_of_the_likeliest(game: Language) -> Fraction:
    """What best play earns: what is said changes nothing, so it says what is right in most deals with the same past."""
    deals = game.deals() or ()
    right: dict[Any, Counter[str]] = {}
    for state, _ in deals:
        told: tuple[str, ...] = ()
        while not game.is_over(state):
            english = asked(game.view(state, 0))
            correct = by_hand(game, state.tongue, english)
            told = (*told, english)
            right.setdefault(told, Counter())[correct] += 1
            told = (*told, correct)
            state = game.apply(state, correct)
    return Fraction(sum(max(answers.values()) for answers in right.values()), len(deals) * game.phrases)


def test_the_rulers_of_the_easy_level() -> None:
    game = make_game("Language", level="easy")
    values = reference_values(game)
    pairs = {f"{one} {other}" for one, other in permutations(["tavo", "miku", "lesa", "gira"], 2)}
    assert all(set(game.legal(state, 0)) == pairs for state, _ in game.deals() or ())
    assert value_of_the_likeliest(game) == Fraction(4, 9)  # type: ignore[arg-type]
    assert values.optimal.value == pytest.approx(4 / 9)
    assert values.myopic.value == pytest.approx(4 / 9)
    assert values.plan.value == pytest.approx(1 / 12)
    assert values.random.value == pytest.approx(1 / 12)
    assert values.cell() == "feedback"


@pytest.mark.parametrize(
    "arguments",
    [
        {"phrases": 3, "grammar": 0, "nouns": 3, "verbs": 1}, {"phrases": 4, "grammar": 0, "nouns": 2, "verbs": 2},
        {"phrases": 3, "grammar": 1, "nouns": 2, "verbs": 1}, {"phrases": 3, "grammar": 2, "nouns": 1, "verbs": 1},
    ],
    ids=str,
)  # fmt: skip
def test_the_expert_says_what_is_likeliest(arguments: dict[str, Any]) -> None:
    game = Language(**arguments)
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(float(value_of_the_likeliest(game)))


def test_the_expert_at_the_defaults() -> None:
    game, total = Language(), 0
    for seed in range(40):
        state = game.deal(Stream(seed, Purpose.DEAL))
        while not game.is_over(state):
            state = game.apply(state, game.expert(state, 0)[0][0])
        total += state.right
    assert 0.70 < total / 40 / 15 < 0.77


def test_what_is_listed_as_legal_includes_the_experts_move_and_the_right_one_once_all_is_known() -> None:
    for level in ("medium", "hard"):
        game = make_game("Language", level=level)
        state = game.deal(Stream(0, Purpose.DEAL))
        while not game.is_over(state):
            legal = game.legal(state, 0)
            assert game.expert(state, 0)[0][0] in legal  # type: ignore[index]
            last = state.number == game.max_turns - 1
            state = game.apply(state, translation(state.tongue, state.phrases[state.number]))
            assert not last or translation(state.tongue, state.phrases[-1]) in legal


# Replies

GAME = Language()
STATE = GAME.deal(Stream(3, Purpose.DEAL))._replace(phrases=(Phrase(Noun(0), 4), Phrase(Noun(1), 4)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("say tavo miku", "tavo miku"), ("tavo miku", "tavo miku"), ("Say: Tavo Miku.", "tavo miku"),
        ('"tavo miku"', "tavo miku"), ("**tavone** *bumiku*", "tavone bumiku"), ("```\nsay tavo\n```", "tavo"),
        ("I would like to say tavo miku", "tavo miku"), ("The translation is tavo miku!", "tavo miku"),
        ("My answer: 'tavo, miku'", "tavo miku"), ("tavo-ne bu-miku", "tavone bumiku"),
        ("tavo means dog and miku means call, so lesa miku", "lesa miku"),
        ("lesa miku, since tavo means dog and miku call", "lesa miku"),
        ("say lesa miku (tavo gira was wrong)", "lesa miku"), ("say tavo miku. No: say miku tavo", "miku tavo"),
        ("tavo", "tavo"), ("say tavo miku lesa gira", "tavo miku lesa gira"), ("netibumiku", None), ("tavomiku", None),
        ("bunetavoneti miku", "bunetavoneti miku"), ("the dog calls", None), ("", None), ("ne", None),
        ("say mikx", None), ("TAVO\nMIKU", "tavo miku"), ("тavo", None),
    ],
)  # fmt: skip
def test_replies(text: str, said: str | None) -> None:
    read = GAME.read(STATE, 0, text)
    assert isinstance(read, Refusal) if said is None else read == said
    assert isinstance(read, Refusal) or GAME.read(STATE, 0, GAME.say(STATE, read)) == read


def test_the_refusal_says_what_is_accepted() -> None:
    told = "I read no words of the language in that. Reply with a translation, such as: say tavo miku."
    assert GAME.read(STATE, 0, "hello") == Refusal(told)


@pytest.mark.parametrize("text", ["tavo " * 200_000, "ne" * 500_000, "say " * 250_000, "tavone-" * 150_000])
def test_long_replies_are_read_fast(text: str) -> None:
    GAME.read(STATE, 0, text)


@given(st.lists(st.sampled_from(["tavo", "ne", "miku", " ", "-", "say ", ".", "\n"]), max_size=20).map("".join))
def test_what_is_said_is_read_again(text: str) -> None:
    read = GAME.read(STATE, 0, text)
    assert isinstance(read, Refusal) or GAME.read(STATE, 0, GAME.say(STATE, read)) == read


@pytest.mark.parametrize(
    "arguments",
    [{"phrases": 0}, {"grammar": 5}, {"grammar": -1}, {"nouns": 0}, {"verbs": 9}, {"adjectives": 0},
     {"phrases": 13, "grammar": 0}, {"nouns": 2.5}],
)  # fmt: skip
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        Language(**arguments)
