from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.manners import without_manners

BARE = [
    ("guess 4", "guess 4"),
    ("<think>guess 1?</think>guess 4", "guess 4"),
    ("<think>\nguess 1?\n</think>\n\nguess 4", "guess 4"),
    ("<THINKING>guess 1</THINKING> guess 4", "guess 4"),
    ("guess 1 it is</think>guess 4", "guess 4"),
    ("<think>guess 1</think>guess 2<think>guess 3</think>", "guess 2"),
    ("<think>perhaps guess 1, or", ""),
    ("guess 4<think>was that wise?", "guess 4"),
    ("<scratchpad>guess 1</scratchpad><action>guess 4</action>", "guess 4"),
    ("<answer>guess 4</answer>", "guess 4"),
    ("guess 4<|im_end|>", "guess 4"),
    ("guess 4</s>", "guess 4"),
    ("[INST] guess 4 [/INST]", "guess 4"),
    ("Action: guess 4", "guess 4"),
    ("I think that 4 is best.\nAction: guess 4", "I think that 4 is best.\nguess 4"),
    ("**My next move:** guess 4", "guess 4"),
    ("- __Action__: guess 4", "guess 4"),
    ("**Action: guess 4**", "**Action: guess 4**"),
    ("FINAL ACTION: guess 4", "guess 4"),
    ('{"action": "guess 4"}', "guess 4"),
    ('```json\n{"move": "guess 4"}\n```', "guess 4"),
    ('{"thought": "hm", "action": "guess 4"}', '{"thought": "hm", "action": "guess 4"}'),
    ('{"action": 4}', '{"action": 4}'),
    ('{"action": }', '{"action": }'),
    ("the action: none", "none"),
    ("Action:", "Action:"),
    ("cat < a > b", "cat < a > b"),
    ("grep '<b>' x", "grep '<b>' x"),
    ("x <- 3; a[1]", "x <- 3; a[1]"),
    ("answer: 42", "answer: 42"),
]


@pytest.mark.parametrize(("reply", "bare"), BARE)
def test_what_surrounds_a_reply_is_taken_off_and_nothing_else(reply: str, bare: str) -> None:
    assert without_manners(reply).strip() == bare


@given(st.text(alphabet=st.sampled_from("abc 12.,-\n!?")))
def test_plain_replies_come_back_as_they_are(text: str) -> None:
    assert without_manners(text) == text


@given(st.text(alphabet='<>/|[]{}:think"action ') | st.text())
def test_no_text_is_too_odd(text: str) -> None:
    assert isinstance(without_manners(text), str)


def test_long_texts_take_no_time_to_speak_of() -> None:
    for hostile in ("<think>" * 20_000, "</think>" * 20_000, "{" * 50_000, "action:" * 20_000, "<" * 100_000):
        without_manners(hostile)
