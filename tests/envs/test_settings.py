from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError, TextenvsError, UnknownNameError
from textenvs.core.seat import Seat
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.settings import Settings
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.mastermind import Mastermind


@pytest.mark.parametrize(
    "dials",
    [
        {"form": "plan", "reward": "final"},
        {"reward": "delayed:0"},
        {"reward": "delayed:1000000"},
        {"memory": "all", "feedback": "shuffled"},
        {"memory": 1_000_000, "refusal_price": 0, "max_refusals": 1, "max_reply_chars": 1},
        {"behaviour": "mixed:1/3", "judge": "lookahead:12"},
        {"judge": len},
    ],
    ids=str,
)
def test_accepted(dials: dict[str, Any]) -> None:
    assert {name: getattr(Settings(**dials), name) for name in dials} == dials


@pytest.mark.parametrize(
    ("dials", "message"),
    [
        ({"form": "turn"}, "unknown form 'turn'; did you mean 'turns'"),
        ({"form": None}, "unknown form None"),
        ({"feedback": "non"}, "unknown feedback 'non'; did you mean 'none'"),
        ({"reward": "finl"}, "unknown reward 'finl'; did you mean 'final'"),
        ({"reward": "delayed"}, r"unknown reward 'delayed'; did you mean 'delayed:K'"),
        ({"reward": None}, "unknown reward None"),
        ({"reward": 3}, "unknown reward 3"),
        ({"reward": "delayed:"}, "needs a whole number K from 0, not ''"),
        ({"reward": "delayed:-1"}, "needs a whole number K from 0, not '-1'"),
        ({"reward": "delayed:1.5"}, "needs a whole number K from 0, not '1.5'"),
        ({"reward": "delayed:1000001"}, "delay must be a whole number from 0 to 1000000"),
        ({"memory": -1}, "memory must be a whole number from 0"),
        ({"memory": 1.0}, "memory must be a whole number from 0"),
        ({"memory": True}, "memory must be a whole number from 0"),
        ({"memory": None}, "memory must be a whole number from 0"),
        ({"memory": "al"}, "unknown memory 'al'; did you mean 'all'"),
        ({"refusal_price": -0.1}, "refusal_price must be a number from 0.0"),
        ({"refusal_price": float("nan")}, "refusal_price must be a number from 0.0"),
        ({"refusal_price": float("inf")}, "refusal_price must be a number from 0.0"),
        ({"max_refusals": 0}, "max_refusals must be a whole number from 1"),
        ({"max_refusals": 2.0}, "max_refusals must be a whole number from 1"),
        ({"max_reply_chars": 0}, "max_reply_chars must be a whole number from 1"),
        ({"behaviour": "exprt"}, "unknown strategy 'exprt'; did you mean 'expert'"),
        ({"behaviour": "mixed:2"}, "mixed:E needs a number from 0 to 1"),
        ({"behaviour": 1}, "unknown strategy 1"),
        ({"judge": "imediate"}, "unknown judge 'imediate'; did you mean 'immediate'"),
        ({"judge": "lookahead:0"}, "lookahead:H needs a whole number H from 1, not '0'"),
        ({"judge": None}, "unknown judge None"),
    ],
    ids=str,
)
def test_refused(dials: dict[str, Any], message: str) -> None:
    with pytest.raises(TextenvsError, match=message):
        Settings(**dials)


def test_settings_are_values() -> None:
    assert Settings(memory=2) == Settings(memory=2) != Settings(memory=3)
    assert hash(Settings(memory=2)) == hash(Settings(memory=2))
    assert pickle.loads(pickle.dumps(Settings(reward="delayed:4"))) == Settings(reward="delayed:4")
    with pytest.raises(FrozenInstanceError):
        Settings().memory = 3  # type: ignore[misc]


def test_the_delay() -> None:
    assert [Settings(reward=reward).delay for reward in ("native", "final", "delayed:0", "delayed:7")] == [0, 0, 0, 7]


@pytest.mark.parametrize("dials", [{"feedback": "shuffled"}, {"reward": "shaped"}, {"form": "plan"}, {"form": "reply"}])
def test_dials_for_a_single_seat(dials: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=r"KuhnPoker: .* need a single seat"):
        new_episode(KuhnPoker(), Settings(**dials), seed=0)


def test_shaping_needs_a_progress_measure() -> None:
    with pytest.raises(ArgumentError, match="KuhnPoker has no progress measure, so reward='shaped' is not offered"):
        Episode(Seat(KuhnPoker()), Settings(reward="shaped"), seed=0)


@pytest.mark.parametrize("reward", ["final", "delayed:1", "shaped"])
def test_a_judge_leaves_nothing_to_delay(reward: str) -> None:
    with pytest.raises(ArgumentError, match="the judge decides what is paid"):
        new_episode(Mastermind(), Settings(form="reply", reward=reward), seed=0)


def test_an_unknown_name_is_also_a_lookup_error() -> None:
    with pytest.raises(LookupError):
        Settings(form="x")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError):
        Settings(form="x")  # type: ignore[arg-type]
