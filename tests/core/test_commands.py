from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.commands import (
    DROP,
    EXAMINE,
    GO,
    IT,
    LOOK_AROUND,
    TAKE,
    TAKE_STOCK,
    TOWARDS,
    UNSEEN,
    Command,
    Grammar,
    any_of,
    fits,
    maybe,
    noun,
    plain_words,
    strange,
    the_one,
)
from textenvs.core.refusal import illegal

LAMP = noun("(?:(?:red|blue) )?lamp", IT)
GRAMMAR = Grammar(
    [
        ("go", f"{GO}(?: {TOWARDS}){{0,2}} {noun('north', 'attic')}"),
        ("take", f"{TAKE} {LAMP}{maybe('up')}"),
        ("take", f"{TAKE} {LAMP} from {noun('box', 'jar', name='where')}"),
        ("drop", f"{DROP} {LAMP}"),
        ("look", LOOK_AROUND),
        ("inventory", TAKE_STOCK),
    ],
    strange({"go": GO, "take": TAKE}),
    [("go", noun("north", "attic"))],
    short={"n": Command("go", {"noun": "north"})},
)
NORTH = Command("go", {"noun": "north"})
ATTIC = Command("go", {"noun": "attic"})
RED = Command("take", {"noun": "red lamp"})
TAKE_IT = Command("take", {"noun": IT})


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("go north", NORTH),
        ("I'll GO back to the **north**!", NORTH),
        ("n", NORTH),
        (" N. ", NORTH),
        ("north", NORTH),
        ("n n", None),
        ("go to the attic", ATTIC),
        ("take the red lamp", RED),
        ("Pick my red lamp up.", RED),
        ('{"action": "take the red lamp"}', RED),
        ("take the\nred lamp", None),
        ("take lamp", Command("take", {"noun": "lamp"})),
        ("take it", TAKE_IT),
        ("take the red lamp from the box", Command("take", {"noun": "red lamp", "where": "box"})),
        ("take the red lamp from the shelf", RED),
        ("go north, then take the red lamp", RED),
        ("take the red lamp, go north", NORTH),
        ("take the red lamp, heading for the attic", RED),
        ("Let me take a look", Command("look")),
        ("look", Command("look")),
        ("look at that", None),
        ("show my inventory", Command("inventory")),
        ("do not take the red lamp", None),
        ("I can't take the red lamp", None),
        ("I cannot take the red lamp", None),
        ("I do not want to take the red lamp", None),
        ("I am not going to take the red lamp", None),
        ("I will never take the red lamp", None),
        ("instead of going north", None),
        ("I won't walk north", None),
        ("I go to the attic without taking the red lamp", ATTIC),
        ("I go to the attic rather than north", ATTIC),
        ("I should not go north but to the attic", ATTIC),
        ("Take the red lamp before you go north.", RED),
        ("I take the red lamp before going north", RED),
        ("After taking the lamp, go north.", NORTH),
        ("Take the red lamp! If I go north, it is dark.", RED),
        ("Before that, I take the red lamp", RED),
        ("Before I go north, I take the red lamp", RED),
        ("I take the red lamp until I go north", RED),
        ("Why not? Take the red lamp!", RED),
        ("take the sword", Command("take", {"noun": "sword"})),
        ("Well. I will take the sword", Command("take", {"noun": "sword"})),
        ("you could take the sword", None),
        ("take the sword, then the attic", Command("take", {"noun": "sword"})),
        ("redlamp taker", None),
        ("", None),
        ("...", None),
        ("tаke the red lamp", None),
    ],
)
def test_the_last_command_is_read(text: str, command: Command | None) -> None:
    assert GRAMMAR.parse(text) == command


def test_nouns_that_are_not_named() -> None:
    assert RED.named() == "red lamp"
    assert RED.named("where") == IT
    assert Command("look").named() == IT


def test_numbers_are_words_where_wanted() -> None:
    template = [("dial", f"(?:dial )?{noun('[0-9]{3}')}")]
    assert Grammar(template, numbers=True).parse("I dial the 12, no: 417.") == Command("dial", {"noun": "417"})
    assert Grammar(template, numbers=True).parse("4171") is None
    assert Grammar(template).parse("dial 417") is None


def test_the_first_of_equal_templates_counts() -> None:
    assert Grammar([("rise", "stand up"), ("stand", "stand up")]).parse("stand up") == Command("rise")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Open THE door", "open door"),
        ("a box, an apple; my key", "box apple . key"),
        ("open the closed door", "open door"),
        ("don’t go", "don't go"),
        ("wait... what?!\n\nOh", "wait . what . oh"),
        ("1. go north", ". go north"),
        ("an-a the_box", "an-a box"),
    ],
)
def test_plain_words(text: str, words: str) -> None:
    assert plain_words(text) == words


@pytest.mark.parametrize(
    ("words", "name"),
    [(IT, "brass key"), ("key", "brass key"), ("key brass", "brass key"), ("brass key", "brass key")],
)
def test_words_that_fit(words: str, name: str) -> None:
    assert fits(words, name)
    assert not fits(f"iron {words}", name)


def test_what_is_meant() -> None:
    keys = ["brass key", "iron key"]
    assert the_one("brass", keys) == "brass key"
    assert the_one("key", ["coin"], keys[:1]) == "brass key"
    assert the_one(IT, ["coin"], keys) == "coin"
    assert the_one("key", keys) == illegal("Which one do you mean: the brass key or the iron key?")
    assert the_one("sword", keys) == illegal(UNSEEN)
    assert the_one("sword", iter(keys), unseen="No.") == illegal("No.")


WORDS = (
    "go to the north attic not don't take red lamp it from box put down look around . , ! from never going n".split()
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=8))
def test_what_is_said_last_counts_whatever_was_said_before(words: list[str]) -> None:
    text = " ".join(words)
    assert GRAMMAR.parse(f"{text}. Take the red lamp.") == RED
    assert GRAMMAR.parse(f"{text}. Do not take the red lamp!") == GRAMMAR.parse(f"{text}. Hm.")


@pytest.mark.parametrize(
    "text",
    ["go ", "take the ", "the ", "a", "to to ", "not to ", "don't go north ", "look at ", "...", "я ", "\x00",
     "take the red lamp from "],
)  # fmt: skip
def test_a_megabyte_is_read_fast(text: str) -> None:
    long = text * (1_000_000 // len(text))
    start = process_time()
    GRAMMAR.parse(long)
    assert process_time() - start < 5


def test_words_of_several_verbs_go_together() -> None:
    grammar = Grammar([("take", f"{any_of(TAKE, EXAMINE)} {noun('lamp')}")])
    assert grammar.parse("look inside the lamp") == Command("take", {"noun": "lamp"})
