"""A run of several games in all forms, for tests of what is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textenvs.envs.policy import Policy
from textenvs.envs.settings import Settings
from textenvs.envs.solo import solo_game
from textenvs.evaluation.records import EpisodeRow, episode_row
from textenvs.evaluation.rollout import rollout
from textenvs.evaluation.store import write_episodes
from textenvs.policies.scripted import ScriptPolicy, StrategyPolicy
from textenvs.registry import ENTRIES, make_game

BAD_REPLIES = ("", "\ud800\x00é\u2028", "advance; x", "z" * 12_000, "guess 3", "\n")

DIALS: tuple[dict[str, Any], ...] = (
    {},
    {"reward": "delayed:2", "memory": "all", "refusal_price": 0.3},
    {"feedback": "shuffled", "reward": "final", "max_refusals": 2},
    {"form": "plan"},
    {"form": "reply", "judge": "return", "behaviour": "mixed:0.5"},
    {"form": "reply", "judge": "lookahead:2"},
)


def policies() -> list[Policy]:
    return [StrategyPolicy("random"), ScriptPolicy(BAD_REPLIES)]


def rows_of(game: Any, episodes: int = 2, split: str = "all", **dials: Any) -> list[EpisodeRow]:
    return [
        episode_row(played, policy.name)
        for policy in policies()
        for played in rollout(game, policy, range(7, 7 + episodes), settings=Settings(**dials), split=split)
    ]


def whole_run(folder: Path) -> None:
    """Store episodes of every game under all dials, and of games for several players with all seats."""
    for each in ENTRIES:
        game = solo_game(each.name, level="easy")
        rows = [row for dials in DIALS for row in rows_of(game, **dials)]
        if each.players > 1:
            rows += rows_of(make_game(each.name, level="easy"), reward="delayed:3")
        write_episodes(folder, each.module, rows)
