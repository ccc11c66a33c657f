from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.games.amounts import read_amount

VERBS = ("order", "ordering", "buy")
NOTHING = ("skip", "order nothing", "nothing")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("order 4", 4), ("ORDER: 4", 4), ("I order **4** items.", 4), ("I'm ordering 4", 4), ("ordered 4", 4),
        ("buy exactly 4", 4), ("buy the 4", 4), ("order four", 4), ("Four.", 4), ("'four'", 4), ("4", 4), ("４", 4),
        ("`order 4`", 4), ("```\norder 4\n```", 4), ("[4]", 4), ("0004", 4), ("4 items, please", 4), ("Answer: 4", 4),
        ("order 3? No: order 4", 4), ("order 4, and keep 3 back", 4), ("I have 7 items, so 4", 4),
        ("Day 3 of 20: 4", 4), ("4, with 3 days left", 4), ("Not 3 but 4", 4), ("Don't order 3; order 4", 4),
        ("I do not want to order 3, I order 4", 4), ("4 instead of 3", 4), ("4 rather than order 3", 4),
        ("After day 2, 4", 4), ("I would like to buy 4", 4), ("order up to 4", 4), ("- order 4", 4), ("order\n4", 4),
        ("order nothing", 0), ("order no items", 0), ("I skip this day.", 0), ("nothing", 0), ("None", 0),
        ("order 0", 0), ("order -1", -1), ("-1", -1),
        ("", None), ("no idea", None), ("This one is hard", None), ("order some", None), ("4.5", None), ("4th", None),
        ("order 4.5", None), ("50%", None), ("9" * 400, None), ("order " + "9" * 400, None), ("day 3", None),
        ("I have 3 left", None), ("1/2", None), ("a4", None),
    ],
)  # fmt: skip
def test_reading_amounts(text: str, number: int | None) -> None:
    assert read_amount(text, VERBS, NOTHING) == number


@given(st.integers(-(10**9), 10**9), st.sampled_from(["{}", "order {}", "I buy {} of them", "Day 2 of 9. Order {}."]))
@settings(max_examples=50)
def test_every_number_is_read(number: int, sentence: str) -> None:
    assert read_amount(sentence.format(number), VERBS, NOTHING) == number


@pytest.mark.parametrize("part", ["order ", "not ", "9", "-9 ", "not a ", "order the the ", "\n"])
def test_reading_a_megabyte_is_quick(part: str) -> None:
    text = part * (1_000_000 // len(part))
    assert read_amount(text, VERBS, NOTHING) in (None, 0, -9, 9)
