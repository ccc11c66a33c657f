from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.talk import Said, heard, taken_apart


@pytest.mark.parametrize(
    ("text", "talk", "rest"),
    [
        ("fold", "", "fold"),
        ("say: trust me\ncooperate", "trust me", "\ncooperate"),
        ("cooperate\nSay: trust me", "trust me", "cooperate\n"),
        ("  **say:** hello", "** hello", ""),
        ("> say : a\nbet\nsay:b", "a b", "\nbet\n"),
        ("I say: defect", "", "I say: defect"),
        ("say:", "", ""),
        ("say: one\u2028two\tthree", "one two three", ""),
        ("say: \x1b[31mred", "\ufffd[31mred", ""),
    ],
)
def test_lines_of_talk_are_taken_out(text: str, talk: str, rest: str) -> None:
    assert taken_apart(text, 100) == Said(talk, rest)


def test_talk_is_cut_to_its_length() -> None:
    assert taken_apart("say: " + "ab" * 50, 7) == Said("abababa", "")


def test_where_nobody_can_talk_everything_is_the_move() -> None:
    assert taken_apart("say: fold", 0) == Said("", "say: fold")


@given(st.text(), st.integers(1, 50))
def test_talk_is_one_short_printable_line(text: str, most: int) -> None:
    said = taken_apart("say: " + text, most)
    assert len(said.talk) <= most
    assert said.talk.isprintable()
    assert "\n" not in heard(3, said.talk)


def test_a_long_reply_takes_no_time() -> None:
    assert taken_apart("say" * 300_000 + " " * 100_000, 10).talk == ""
