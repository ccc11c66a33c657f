from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.reading import NOT, last_match, last_phrase, last_said, last_wanted, last_whole_number

MOVES = {
    "north": "n",
    "go north": "n",
    "south": "s",
    "north east": "ne",
    "go": "go",
    "e": "e",
    "sell a part": "sell",
    "pick-up": "pick",
}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("north", "n"),
        ("NORTH", "n"),
        ("I go\n \t NORTH!", "n"),
        ("north, no, south", "s"),
        ("south. Not north.", "n"),
        ("go north east", "ne"),  # ends last although `go north` begins first
        ("go north", "n"),
        ("sell a part", "sell"),
        ("northern", None),
        ("northe", None),
        ("e-north", None),
        ("north-e", None),
        ("north_e", None),
        ("(e)", "e"),
        ("pick-up", "pick"),
        ("pick up", None),
        ("ſouth", None),  # a long s folds to s, but no player means it
        ("", None),
        ("go  " + " " * 5_000 + "north", "n"),
        ("выход", None),
        ("\ud800 e \ud800", "e"),
    ],
)
def test_last_phrase(text: str, meaning: str | None) -> None:
    assert last_phrase(text, MOVES) == meaning


def test_no_phrases_no_meaning() -> None:
    assert last_phrase("anything", {}) is None


def test_phrases_are_no_patterns() -> None:
    meanings = {"a.b": 1, "(x": 2, "what?": 3}
    assert last_phrase("a.b", meanings) == 1
    assert last_phrase("axb", meanings) is None


def test_phrases_may_have_capitals_and_other_scripts() -> None:
    assert last_phrase("yes, GO UP now", {"Go  Up": 1}) == 1
    assert last_phrase("ich gehe zurück", {"gehe zurück": 1}) == 1


def naive_last_phrase(words: list[str], meanings: dict[str, str]) -> str | None:
    """Try all runs of words, the latest end first and the longest run first."""
    for end in range(len(words), 0, -1):
        for start in range(end):
            if (phrase := " ".join(words[start:end])) in meanings:
                return meanings[phrase]
    return None


VOCABULARY = ("go", "north", "east", "south", "e", "sell", "a", "part", "x")


@settings(max_examples=150, deadline=None)
@given(
    words=st.lists(st.sampled_from(VOCABULARY), max_size=8),
    phrases=st.lists(st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=3), max_size=5),
    space=st.sampled_from([" ", "\n", "  ", "\t \n"]),
)
def test_last_phrase_against_a_naive_search(words: list[str], phrases: list[list[str]], space: str) -> None:
    meanings = {" ".join(phrase): " ".join(phrase).upper() for phrase in phrases}
    assert last_phrase(space.join(words), meanings) == naive_last_phrase(words, meanings)


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=40), phrases=st.lists(st.text(min_size=1, max_size=6), max_size=4))
def test_last_phrase_survives_everything(text: str, phrases: list[str]) -> None:
    meanings = {phrase: phrase for phrase in phrases}
    assert last_phrase(text, meanings) in (None, *phrases)


def test_the_explicit_wording_wins_over_the_terse_one() -> None:
    text = "I guess 50, since 1 to 100 is left"
    assert last_whole_number(text, r"guess (\d+)", r"(\d+)") == 50
    assert last_whole_number(text, r"(\d+)") == 100
    assert last_whole_number(text, r"bid (\d+)", r"(\d+)") == 100


def test_the_last_match_counts() -> None:
    found = last_match("Guess 1, GUESS 2", r"guess (\d)")
    assert found is not None
    assert found.group() == "GUESS 2"
    assert last_match("nothing", r"\d", r"[A-F]$") is None


@pytest.mark.parametrize(
    ("text", "number"), [("-7", -7), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("9" * 100_000, None), ("٣", 3)]
)
def test_whole_numbers(text: str, number: int | None) -> None:
    assert last_whole_number(text, r"(-?\d+)") == number


def test_patterns_are_compiled_once() -> None:
    pattern = r"compiled once (\d)"
    one, other = last_match("compiled once 1", pattern), last_match("compiled once 2", pattern)
    assert isinstance(one, re.Match)
    assert isinstance(other, re.Match)
    assert one.re is other.re


NEGATIONS = ("do not", "don't", "don’t", "I cannot", "never", "avoid", "instead of", "rather than")


@pytest.mark.parametrize("no", NEGATIONS)
def test_what_is_ruled_out_is_no_move(no: str) -> None:
    text = f"stand, and {no} hit"
    assert last_wanted(text, {"hit": 1, "stand": 2}) == 2
    assert re.search(rf"{NOT}hit", text)
    said = last_said(text.replace("’", "'"), "(?P<move>hit|stand)", "take")
    assert said is not None
    assert said["move"] == "stand"


@pytest.mark.parametrize("text", ["stand? no: hit", "stand, why not hit", "stand, nothing hit", "stand, a knot hit"])
def test_other_words_rule_nothing_out(text: str) -> None:
    assert last_wanted(text, {"hit": 1, "stand": 2}) == 1
    assert not re.search(rf"{NOT}hit", text)
    said = last_said(text, "(?P<move>hit|stand)", "take")
    assert said is not None
    assert said["move"] == "hit"


def test_a_few_words_may_stand_between_a_negation_and_the_move() -> None:
    assert last_wanted("stand; I do not want to hit", {"hit": 1, "stand": 2}) == 2
    assert last_wanted("stand? not now but hit", {"hit": 1, "stand": 2}) == 1
    assert last_wanted("do not hit", {"hit": 1}) is None
