"""Suites: named selections of tasks. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from textenvs.core.errors import UnknownNameError
from textenvs.core.game import Game
from textenvs.envs.solo import solo_game
from textenvs.registry import ENTRIES


@dataclass(frozen=True)
class Task:
    """A game with its arguments, `level` among them.

    Attributes:
        game: name of the game.
        arguments: as for `textenvs.envs.solo.solo_game`.
    """

    game: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rules(self) -> Game[Any, Any]:
        """The game, or a seat of it."""
        return solo_game(self.game, **self.arguments)

    @property
    def title(self) -> str:
        """Game and arguments as one text, such as `GuessNumber level=easy`."""
        return " ".join([self.game, *(f"{name}={value}" for name, value in self.arguments.items())])


@dataclass(frozen=True)
class Suite:
    """A selection of tasks.

    Attributes:
        name: of the suite.
        what: what it is for, in a sentence.
        tasks: in the order in which they are played.
    """

    name: str
    what: str
    tasks: tuple[Task, ...]


def _at(level: str, *games: str) -> tuple[Task, ...]:
    return tuple(Task(game, {"level": level}) for game in games)


CORE = Suite(
    "core",
    "eight short games from all corners of the grid, with exact rulers: minutes for a small model",
    _at("easy", "Alchemy", "Arithmetic", "Assembly", "Blocksworld", "GuessNumber", "Kitchen", "Orchard", "WordGuess"),
)
FULL = Suite(
    "full",
    "every game for one player at its default difficulty",
    _at("medium", *(each.name for each in ENTRIES if each.players == 1)),
)
LONG_HORIZON = Suite(
    "long-horizon",
    "episodes of hundreds of turns",
    _at("extreme", "Bandit", "Liar", "Maze", "Orchard", "Research", "Saver", "SlidingPuzzle", "Sokoban"),
)
CONTROLS = Suite(
    "controls",
    "tasks in which a greedy plan is optimal, so that interaction and foresight must gain nothing",
    (
        Task("Arithmetic", {"level": "easy"}),
        Task("Assembly", {"length": 1, "horizon": 1}),
        Task("Bandit", {"level": "easy", "known": True}),
        Task("Orchard", {"level": "easy", "delay": 0}),
        Task("Riddle", {"level": "easy"}),
    ),
)

SUITES = {suite.name: suite for suite in (CORE, FULL, LONG_HORIZON, CONTROLS)}


def suite(name: str) -> Suite:
    """Return a suite by name; raises `UnknownNameError`."""
    if name not in SUITES:
        raise UnknownNameError("suite", name, SUITES)
    return SUITES[name]
