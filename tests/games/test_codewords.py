from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.game import draw
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.solo import solo_game
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.codewords import CLUES, Clue, Codewords, CodewordsState, Guess
from textenvs.games.things import NAMES, THINGS, TRAITS
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game
from textenvs.testing import check_no_leak

GAME = Codewords()
EASY = Codewords(6, 6, 3, 1, 2)
OPENING = CodewordsState(("dog", "car", "eagle", "apple", "cat", "hair dryer"), ("dog", "cat"), ("car",))
GUESSING = OPENING._replace(clue=Clue("animal", 2), clues=1, guesses=2)


# The rules once more ---------------------------------------------------------------------------------


def follow(game: Codewords, seed: int) -> None:
    """Play at random, keep the books by hand, and compare everything."""
    dice = random.Random(seed)
    state = game.deal(Stream(seed, Purpose.DEAL))
    targets, traps, unseen = set(state.targets), set(state.traps), list(state.board)
    given, allowed, lost = 0, 0, False
    found = 0
    total = [0.0, 0.0]
    while True:
        over = lost or not targets or (allowed == 0 and given == game.rounds)
        assert game.is_over(state) == over
        if over:
            break
        player = 1 if allowed else 0
        assert game.to_move(state) == (player,)
        move = dice.choice(game.legal(state, player))
        paid = (0.0, 0.0)
        if player == 0:
            assert isinstance(move, Clue)
            assert 1 <= move.number <= game.targets
            given, allowed = given + 1, move.number
            assert f"Clue: {move.word} {move.number}. You have {move.number} guess" in game.view(
                game.apply(state, move), 1
            )
        else:
            assert isinstance(move, Guess)
            assert {each.word for each in game.legal(state, 1)} == {*unseen, None}
            allowed -= 1
            if move.word is None:
                allowed = 0
            else:
                unseen.remove(move.word)
                if move.word in targets:
                    targets.remove(move.word)
                    found += 1
                    paid = (1 / game.targets,) * 2
                else:
                    allowed, lost = 0, move.word in traps
        after = game.apply(state, move)
        assert game.rewards(state, move, after) == paid
        total = [one + other for one, other in zip(total, paid, strict=True)]
        state = after
    assert total[0] == total[1] == pytest.approx(found / game.targets)
    for player in (0, 1):
        assert f"The game is over. {'' if not state.guessed else 'Guessed:'}" in game.view(state, player)
        target = "target" if game.targets == 1 else "targets"
        assert f"{found} of {game.targets} {target} found" in game.view(state, player)


@pytest.mark.parametrize(
    "game", [GAME, EASY, Codewords(20, 8, 1, 0, 3), Codewords(66, 30, 10, 5, 8), Codewords(5, 3, 2, 1, 1)], ids=str
)
def test_random_plays_agree_with_a_second_implementation(game: Codewords) -> None:
    for seed in range(80):
        follow(game, seed)


def test_the_deals_are_all_there_are() -> None:
    listed = EASY.deals()
    assert listed is not None
    assert len(listed) == 60
    drawn = Counter(EASY.deal(Stream(seed, Purpose.DEAL)) for seed in range(1_500))
    assert set(drawn) == set(dict(listed))
    assert GAME.deals() is None
    for seed in range(30):
        state = GAME.deal(Stream(seed, Purpose.DEAL))
        assert len(set(state.board)) == 16
        assert len({*state.targets, *state.traps}) == 7
        assert {*state.targets, *state.traps} <= set(state.board)


def test_clue_words_are_single_words_that_no_board_has() -> None:
    words = {part for name in NAMES for part in name.split()}
    assert not words & set(CLUES)
    assert not {f"{word}s" for word in words} & set(CLUES)
    assert set(CLUES.values()) <= set(TRAITS)
    assert all(clue.replace("-", "").isalpha() for clue in CLUES)


# Values ----------------------------------------------------------------------------------------------


Words = frozenset[str]


def naive_guesses(group: Words, number: int, targets: Words, trap: str, gone: Words) -> list[tuple[Any, ...]]:
    """Probability, targets found, words gone, and whether the trap was hit, of what a literal guesser may do."""
    left = sorted(group - gone)
    if not number or not left or targets <= gone:
        return [(Fraction(1), 0, gone, False)]
    turns: list[tuple[Any, ...]] = []
    for word in left:
        p, now = Fraction(1, len(left)), gone | {word}
        if word in targets:
            later = naive_guesses(group, number - 1, targets, trap, now)
            turns += [(p * share, found + 1, rest, lost) for share, found, rest, lost in later]
        else:
            turns.append((p, 0, now, word == trap))
    return turns


def naive_value(targets: Words, trap: str, *, best: bool) -> Fraction:
    """What the best or a random giver earns in an instance of easy with a literal guesser, from the rules alone."""
    groups = {frozenset(THINGS[:6]) & TRAITS[trait].things for trait in CLUES.values()} - {frozenset()}
    clues = [(group, number) for group in groups for number in range(1, min(3, len(group)) + 1)]

    @cache
    def value(gone: Words, rounds: int) -> Fraction:
        if rounds == 0 or targets <= gone:
            return Fraction(0)
        worths = [
            sum(
                (
                    p * (Fraction(found, 3) + (0 if lost else value(rest, rounds - 1)))
                    for p, found, rest, lost in naive_guesses(group, number, targets, trap, gone)
                ),
                Fraction(0),
            )
            for group, number in clues
        ]
        return max(worths) if best else sum(worths, Fraction(0)) / len(worths)

    return value(frozenset(), 2)


def naive_mean(*, best: bool) -> float:
    deals = [(frozenset(three), trap) for three in combinations(THINGS[:6], 3) for trap in THINGS[:6]]
    values = [naive_value(targets, trap, best=best) for targets, trap in deals if trap not in targets]
    return float(sum(values, Fraction(0)) / len(values))


def test_the_rulers_of_the_giver_at_easy_agree_with_brute_force() -> None:
    values = reference_values(solo_game("Codewords", level="easy"))
    assert values.optimal.low == pytest.approx(naive_mean(best=True))
    assert values.random.low == pytest.approx(naive_mean(best=False))
    known = (values.optimal.low, values.plan.low, values.myopic.low, values.random.low)
    assert known == pytest.approx((0.8222, 0.8, 0.7978, 0.3153), abs=1e-4)
    assert values.cell() == "both"


def test_the_rulers_of_the_guesser_at_easy() -> None:
    values = reference_values(solo_game("Codewords", level="easy", seat=1))
    known = (values.optimal.low, values.plan.low, values.myopic.low, values.random.low)
    assert known == pytest.approx((0.8333, 0.6944, 0.8333, 0.2980), abs=1e-4)
    assert values.cell() == "feedback"


def earned(game: Codewords, name: str, episodes: int) -> float:
    total = 0.0
    for seed in range(episodes):
        dice, state = Stream(seed, Purpose.POLICY), game.deal(Stream(seed, Purpose.DEAL))
        while not game.is_over(state):
            (player,) = game.to_move(state)
            move = draw(strategy(name)(game, state, player), dice)
            assert move in game.legal(state, player)
            after = game.apply(state, move)
            total += game.rewards(state, move, after)[0]
            state = after
    return total / episodes


def test_experts_find_most_targets_and_more_than_the_other_scripted_players() -> None:
    expert, cautious, bold = (earned(GAME, name, 80) for name in ("expert", "script:cautious", "script:bold"))
    assert expert > 0.7
    assert expert > bold > 0.5
    assert expert > cautious > 0.5
    assert earned(GAME, "mixed:1/5", 20) > 0.2


def test_the_expert_gives_a_clue_that_leads_away_from_the_trap() -> None:
    ((clue, _),) = GAME.expert(OPENING, 0)
    assert clue == Clue("mammal", 2)
    assert dict(GAME.expert(OPENING._replace(clue=clue, guesses=2, clues=1), 1)) == {
        Guess("dog"): Fraction(1, 2),
        Guess("cat"): Fraction(1, 2),
    }
    for synonym in ("mammals", "domestic", "quadrupeds", "four-legged"):
        heard = OPENING._replace(clue=Clue(synonym, 1), guesses=1, clues=1)
        assert {move.word for move, _ in GAME.expert(heard, 1)} == {"dog", "cat"}
    unheard = OPENING._replace(clue=Clue("friendship", 1), guesses=1, clues=1)
    assert GAME.expert(unheard, 1) == ((Guess(None), 1),)


# What players can tell apart -------------------------------------------------------------------------


def test_views_tell_no_secrets() -> None:
    check_no_leak(Codewords(4, 4, 2, 1, 2), 8_000)


def test_other_secrets_change_no_word_for_the_guesser() -> None:
    for seed in range(60):
        dice, state = random.Random(seed), GAME.deal(Stream(seed, Purpose.DEAL))
        while not GAME.is_over(state):
            (player,) = GAME.to_move(state)
            if player == 1:
                unseen = [word for word in state.board if word not in state.guessed]
                kinds = dice.sample(unseen, len(unseen))
                swap = dict(zip(unseen, kinds, strict=True))
                twin = state._replace(
                    targets=tuple(swap.get(word, word) for word in state.targets),
                    traps=tuple(swap.get(word, word) for word in state.traps),
                )
                assert GAME.view(state, 1) == GAME.view(twin, 1)
                assert GAME.legal(state, 1) == GAME.legal(twin, 1)
                assert GAME.expert(state, 1) == GAME.expert(twin, 1)
            state = GAME.apply(state, dice.choice(GAME.legal(state, player)))


def test_views() -> None:
    game = Codewords(66, 6, 2, 1, 2)
    assert game.view(OPENING, 0) == "Targets: dog, cat. Trap: car. Others: eagle, apple, hair dryer. 2 clues left."
    assert game.view(GUESSING, 1) == (
        "Words: dog, car, eagle, apple, cat, hair dryer. Clue: animal 2. You have 2 guesses. Targets left: 2. Clues "
        "left after this one: 1."
    )
    missed = game.apply(game.apply(GUESSING, Guess("dog")), Guess("eagle"))
    assert game.view(missed, 0) == (
        "Guessed: dog (target), eagle (other). Targets: cat. Trap: car. Others: apple, hair dryer. 1 clue left."
    )
    lost = game.apply(GUESSING, Guess("car"))
    assert game.view(lost, 1) == "The game is over. Guessed: car (trap). 0 of 2 targets found: dog, cat."


# Replies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "clue"),
    [
        ("clue: animal 2", ("animal", 2)), ("Animal 2", ("animal", 2)), ("**FELINE, 1**", ("feline", 1)),
        ("My clue is feline, 2.", ("feline", 2)), ('I say "mammal" for 2', ("mammal", 2)),
        ("clue: friendship 3", ("friendship", 3)), ("Clue: pets - two", ("pets", 2)), ("`winged` 1", ("winged", 1)),
        ("I have 2 clues left.\nanimal 2", ("animal", 2)), ("clue: man-made (2)", ("man-made", 2)),
        ("First I thought of clue: metal 1, but better is clue: animal 2", ("animal", 2)),
        ("animal 2\nBoth dog and cat are animals.", ("animal", 2)), ("clue: animal, number 2", ("animal", 2)),
    ],
)  # fmt: skip
def test_clues(text: str, clue: tuple[str, int]) -> None:
    assert GAME.read(OPENING, 0, text) == Clue(*clue)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("guess dog", "dog"), ("dog", "dog"), ("I choose the cat.", "cat"), ("**Guess: Apple**", "apple"),
        ("My guess is eagle", "eagle"), ("guess hairdryer", "hair dryer"), ("Not the dog but the cat", "cat"),
        ("I guess dog because a cat is also an animal", "dog"), ("pass", None), ("I pass.", None), ("end turn", None),
        ("I stop here", None), ("I pass instead of guessing dog", None), ("Let me pick the automobile", "car"),
        ("dog and cat are both possible, I guess cat", "cat"),
    ],
)  # fmt: skip
def test_guesses(text: str, word: str | None) -> None:
    assert GAME.read(GUESSING, 1, text) == Guess(word)


@pytest.mark.parametrize(
    ("player", "text", "kind"),
    [
        (0, "", "malformed"), (0, "hello", "malformed"), (0, "animal", "malformed"), (0, "2", "malformed"),
        (0, "clue: dog 1", "illegal"), (0, "clue: cats 2", "illegal"), (0, "hair 1", "illegal"),
        (0, "animal 7", "illegal"), (0, "animal 0", "illegal"), (0, "guess dog", "illegal"), (0, "pass", "illegal"),
        (1, "", "malformed"), (1, "hello", "malformed"), (1, "guess", "malformed"), (1, "not the dog", "malformed"),
        (1, "guess zebra", "illegal"), (1, "clue: animal 2", "illegal"),
    ],
)  # fmt: skip
def test_refusals(player: int, text: str, kind: str) -> None:
    read = GAME.read(GUESSING if player else OPENING, player, text)
    assert isinstance(read, Refusal)
    assert read.kind == kind


def test_a_word_cannot_be_guessed_twice() -> None:
    read = GAME.read(GUESSING._replace(guessed=("dog",), guesses=1), 1, "guess dog")
    assert isinstance(read, Refusal)
    assert (read.kind, read.text) == ("illegal", "dog was guessed.")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(CLUES)), st.integers(1, 6))
def test_every_clue_is_read_in_four_wordings(word: str, number: int) -> None:
    for text in (
        f"clue: {word} {number}",
        f"{word} {number}",
        f"{word.upper()}, {number}",
        f"I say {word} for {number}",
    ):
        assert GAME.read(OPENING, 0, text) == Clue(word, number)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"things": 67}, "things"), ({"things": 10}, "words"), ({"targets": 0}, "targets"), ({"traps": -1}, "traps"),
        ({"rounds": 0}, "rounds"), ({"words": 6}, "targets . traps must be at most"),
    ],
)  # fmt: skip
def test_a_bad_argument_is_named(arguments: dict[str, int], match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        Codewords(**arguments)


def test_instructions_tell_the_arguments_to_each_seat() -> None:
    assert "16 words; 6 of them are targets and 1 of the others is a trap." in GAME.instructions(0)
    assert GAME.instructions(0).endswith("for example: clue: animal 1")
    assert "like: guess dog" in GAME.instructions(1)
    assert "1 of them is a target. player_0" in Codewords(targets=1, traps=0).instructions(1)
    assert make_game("Codewords", level="extreme").max_turns == 45
