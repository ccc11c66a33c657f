from __future__ import annotations

from textenvs.games.phrasing import count, listed


def test_words() -> None:
    assert [count(n, "coin") for n in (0, 1, 2)] == ["0 coins", "1 coin", "2 coins"]
    assert [listed([1], "or"), listed([1, 2], "or"), listed([1, 2, 3], "or"), listed("ab")] == [
        "1",
        "1 or 2",
        "1, 2 or 3",
        "a and b",
    ]
