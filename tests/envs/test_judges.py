from __future__ import annotations

from typing import Any

import pytest

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.envs.episode import Episode
from textenvs.envs.judges import JudgedReply, Lookahead, named_judge
from textenvs.envs.settings import Settings
from textenvs.games.assembly import Assembly

SURE = Assembly(length=3, horizon=5, slip=0.0, lure=0.25)


def judged(*replies: str, reply: str, behaviour: str = "expert") -> JudgedReply:
    """Return what a judge meets when `reply` follows `replies`."""
    before = Episode(SURE, Settings(behaviour=behaviour), seed=0)
    for text in replies:
        before.reply(0, text)
    after = before.copy()
    outcome = after.reply(0, reply)
    return JudgedReply(before, after, 0, reply, outcome.rewards[0], outcome.refusal)


@pytest.mark.parametrize(
    ("turns", "replies", "reply", "score"),
    [
        (1, (), "advance", 0.0),
        (1, (), "sell", 0.25),
        (2, ("advance",), "advance", 1.0),  # the expert finishes the product
        (1, ("advance",), "advance", 0.0),
        (3, (), "sell", 0.25),
        (4, (), "sell", 1.25),
        (None, (), "sell", 1.25),
        (99, ("sell", "sell"), "sell", 0.75),  # too late for the product: the expert sells on
        (None, ("sell", "sell"), "advance", 1.0),
        (None, ("advance", "advance"), "advance", 1.0),
        (2, (), "dance", -0.1),
        (4, (), "dance", 0.9),
        (None, ("sell",) * 4, "sell", 0.25),
    ],
)
def test_lookahead_sums_this_reward_and_the_next(
    turns: int | None, replies: tuple[str, ...], reply: str, score: float
) -> None:
    assert Lookahead(turns)(judged(*replies, reply=reply)) == pytest.approx(score)


def test_judging_leaves_the_position_alone() -> None:
    each = judged("advance", reply="sell")
    told, state = each.before.dialogues, each.before.state
    Lookahead(None)(each)
    assert (each.before.dialogues, each.before.state) == (told, state)


@pytest.mark.parametrize(
    ("name", "turns"),
    [("immediate", 1), ("lookahead:1", 1), ("lookahead:20", 20), ("return", None)],
)
def test_names(name: str, turns: int | None) -> None:
    assert named_judge(name) == Lookahead(turns)


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "x", "²", "1:2"])
def test_a_horizon_that_is_none(number: str) -> None:
    with pytest.raises(ArgumentError, match="lookahead:H needs a whole number H from 1, not "):
        named_judge(f"lookahead:{number}")


@pytest.mark.parametrize("name", ["returns", "lookahead", "lookahead:", "", "immediate:2", None, 3])
def test_an_unknown_name(name: Any) -> None:
    with pytest.raises(UnknownNameError, match=r"Accepted: immediate, lookahead:H, return\."):
        named_judge(name)
