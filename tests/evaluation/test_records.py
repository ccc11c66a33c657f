from __future__ import annotations

import json

import pytest

from tests.envs.made_up_games import Windfall
from tests.evaluation.runs import rows_of
from textenvs import __version__
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.seat import Seat
from textenvs.envs.settings import Settings
from textenvs.evaluation.records import episode_row, reopen, row_game, words_digest
from textenvs.evaluation.rollout import rollout
from textenvs.games.guess_number import GuessNumber
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.policies.scripted import ScriptPolicy, StrategyPolicy

GAME = GuessNumber(high=7, guesses=2)


def test_a_row_tells_everything() -> None:
    settings = Settings(reward="final", refusal_price=0.25)
    (played,) = rollout(GAME, ScriptPolicy(["what", "1", "7"]), [12], settings=settings, split="train", instances=[0])
    row = episode_row(played, "me")
    assert row == {
        "textenvs": __version__,
        "game": "textenvs/GuessNumber-v0",
        "arguments": {"high": 7, "guesses": 2},
        "dials": {
            "form": "turns", "reward": "final", "feedback": "full", "memory": 0, "refusal_price": 0.25,
            "max_refusals": 3, "max_reply_chars": 100_000, "behaviour": "random", "judge": "immediate",
        },
        "policy": "me",
        "seed": 12,
        "split": "train",
        "choice": 0,
        "instance": played.episode.instance,
        "replies": [(0, "what"), (0, "1"), (0, "7")],
        "rewards": [(0.0,), (0.0,), (-0.25,)],
        "scores": (-0.25,),
        "refusals": 1,
        "forfeited": None,
        "told": words_digest(played.episode),
    }  # fmt: skip


def test_a_row_says_who_forfeited() -> None:
    (played,) = rollout(GAME, ScriptPolicy([]), [0])
    row = episode_row(played, "silence")
    assert (row["forfeited"], row["refusals"], len(row["replies"])) == (0, 3, 3)


def test_a_row_is_json_and_reopens_the_episode() -> None:
    for row in rows_of(GAME, split="train", form="reply", judge="return", memory="all"):
        stored = json.loads(json.dumps(row))
        episode = reopen(stored)
        assert (episode.game, episode.instance, episode.seed, episode.split) == (
            GAME,
            row["instance"],
            row["seed"],
            "train",
        )
        assert episode.settings == Settings(form="reply", judge="return", memory="all")
        assert episode.replies == ()


def test_a_seat_and_a_whole_game() -> None:
    (alone,) = rollout(Seat(KuhnPoker(), 1, "expert"), StrategyPolicy("random"), [3])
    (whole,) = rollout(KuhnPoker(), StrategyPolicy("random"), [3])
    one, other = (json.loads(json.dumps(episode_row(played, "p"))) for played in (alone, whole))
    assert one["arguments"]["seat"] == 1
    assert row_game(one) == Seat(KuhnPoker(), 1, "expert")
    assert row_game(other) == KuhnPoker()
    assert one["game"] == other["game"]


def test_what_no_row_can_hold() -> None:
    (judged,) = rollout(GAME, StrategyPolicy("random"), [0], settings=Settings(form="reply", judge=lambda _: 0.0))
    with pytest.raises(ArgumentError, match="only episodes with a named judge"):
        episode_row(judged, "p")
    (unknown,) = rollout(Windfall(), ScriptPolicy(["go", "go"]), [0])
    with pytest.raises(UnknownNameError, match="unknown game 'Windfall'"):
        episode_row(unknown, "p")
