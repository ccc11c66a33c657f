from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.dialogue import (
    Message,
    as_chat,
    example_reply,
    printable,
    recent,
    refusal_answer,
    refusal_rule,
    transcript,
)

DIALOGUE = (
    Message("system", "Rules."),
    Message("user", "View 1."),
    Message("assistant", "move 1\nor 2"),
    Message("user", "View 2."),
    Message("assistant", "move 3"),
    Message("user", "View 3."),
)


def test_a_transcript_quotes_every_line_of_a_reply() -> None:
    assert transcript(DIALOGUE) == "Rules.\n\nView 1.\n\n> move 1\n> or 2\n\nView 2.\n\n> move 3\n\nView 3."


@pytest.mark.parametrize(
    ("turns", "kept"),
    [(0, [0, 5]), (1, [0, 3, 4, 5]), (2, [0, 1, 2, 3, 4, 5]), (9, [0, 1, 2, 3, 4, 5]), (None, [0, 1, 2, 3, 4, 5])],
)
def test_recent_keeps_the_instructions_and_whole_exchanges(turns: int | None, kept: list[int]) -> None:
    assert recent(DIALOGUE, turns) == tuple(DIALOGUE[place] for place in kept)


def test_recent_of_an_opening() -> None:
    assert recent(DIALOGUE[:2], 0) == recent(DIALOGUE[:2], 3) == DIALOGUE[:2]


def test_chat_messages() -> None:
    assert as_chat(DIALOGUE[:2]) == [{"role": "system", "content": "Rules."}, {"role": "user", "content": "View 1."}]


def test_a_refusal_is_told_before_the_view() -> None:
    assert refusal_answer("No.", 0.1, "View.") == "No. That costs 0.1 points; the game is as before:\nView."
    assert refusal_answer("No.", 1.0, "View.") == "No. That costs 1 point; the game is as before:\nView."
    assert refusal_answer("No.", 0.0, "View.") == "No. The game is as before:\nView."


def test_the_rule_of_refusals() -> None:
    assert refusal_rule(0.1, 3) == "A reply that is no legal move costs 0.1 points; 3 in a row lose the game."
    assert refusal_rule(0.0, 2) == "A reply that is no legal move is refused; 2 in a row lose the game."


def test_the_example_of_instructions() -> None:
    assert example_reply("Guess.\nReply, for example: guess 4") == "guess 4"
    assert example_reply("For example, reply: look") == "look"
    assert example_reply("Guess.") is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x07", "�[31mred�"),
        ("a\rb\x00c", "a�b�c"),
        ("\ud800", "�"),
        ("é я 我 🎲", "é я 我 🎲"),
        ("line\u2028separator", "line�separator"),
        ("", ""),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(text=st.text(st.characters(codec=None), max_size=60))
def test_what_is_printable_can_be_encoded_and_controls_nothing(text: str) -> None:
    shown = printable(text)
    shown.encode()
    assert len(shown) == len(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in shown if c not in "\n\t")
    assert all(c == s for c, s in zip(text, shown, strict=True) if s != "�")
