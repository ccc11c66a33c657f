"""The games by name, and their registration with Gymnasium and PettingZoo. No game is imported here."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import cache
from importlib import import_module
from typing import Any

from textenvs.core.errors import UnknownNameError, check_choice
from textenvs.core.game import LEVELS, Game

NAMESPACE = "textenvs"


@dataclass(frozen=True)
class Entry:
    """One registered game.

    Attributes:
        name: class name; the module is its snake_case form.
        version: rises whenever rules, rewards or wording change.
        family: what the game is about, for choosing tasks.
        players: number of players, 1 for solo games.
        simultaneous: whether players move at the same time, so that a parallel environment is natural.
    """

    name: str
    version: int
    family: str
    players: int = 1
    simultaneous: bool = False

    @property
    def id(self) -> str:
        """The id in Gymnasium's and PettingZoo's registries."""
        return f"{NAMESPACE}/{self.name}-v{self.version}"

    @property
    def module(self) -> str:
        """The snake_case name of module, test and transcript folder."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).lower()


ENTRIES = (
    Entry("Alchemy", 0, "discovery"),
    Entry("Arithmetic", 0, "control"),
    Entry("Assembly", 0, "delay"),
    Entry("Auction", 0, "commons", players=3, simultaneous=True),
    Entry("Bandit", 0, "information"),
    Entry("BattleOfSexes", 0, "matrix", players=2, simultaneous=True),
    Entry("Battleship", 0, "information"),
    Entry("Blackjack", 0, "chance"),
    Entry("Blocksworld", 0, "foresight"),
    Entry("Blotto", 0, "commons", players=2, simultaneous=True),
    Entry("Calendar", 0, "tools"),
    Entry("Chess", 0, "board", players=2),
    Entry("Chicken", 0, "matrix", players=2, simultaneous=True),
    Entry("Circuit", 0, "discovery"),
    Entry("Codewords", 0, "cooperation", players=2),
    Entry("Commons", 0, "commons", players=4, simultaneous=True),
    Entry("ConnectFour", 0, "board", players=2),
    Entry("Corridor", 0, "memory"),
    Entry("Countdown", 0, "foresight"),
    Entry("DealOrNoDeal", 0, "negotiation", players=2),
    Entry("Delivery", 0, "world"),
    Entry("Detective", 0, "information"),
    Entry("Dice", 0, "chance"),
    Entry("Errands", 0, "memory"),
    Entry("Escape", 0, "world"),
    Entry("FrozenLake", 0, "chance"),
    Entry("GuessNumber", 0, "information"),
    Entry("Hanabi", 0, "cooperation", players=2),
    Entry("Hangman", 0, "information"),
    Entry("HotCold", 0, "information"),
    Entry("Kitchen", 0, "world"),
    Entry("KuhnPoker", 0, "cards", players=2),
    Entry("Language", 0, "discovery"),
    Entry("Ledger", 0, "tools"),
    Entry("LeducPoker", 0, "cards", players=2),
    Entry("Liar", 0, "information"),
    Entry("LiarsDice", 0, "cards", players=2),
    Entry("LightsOut", 0, "foresight"),
    Entry("Mafia", 0, "social", players=7, simultaneous=True),
    Entry("Mastermind", 0, "information"),
    Entry("MatchingPennies", 0, "matrix", players=2, simultaneous=True),
    Entry("Maze", 0, "world"),
    Entry("Minesweeper", 0, "information"),
    Entry("Nim", 0, "board", players=2),
    Entry("Orchard", 0, "delay"),
    Entry("Othello", 0, "board", players=2),
    Entry("PegSolitaire", 0, "foresight"),
    Entry("Pig", 0, "chance"),
    Entry("PrisonersDilemma", 0, "matrix", players=2, simultaneous=True),
    Entry("PublicGoods", 0, "commons", players=4, simultaneous=True),
    Entry("Quest", 0, "world"),
    Entry("Recall", 0, "memory"),
    Entry("Research", 0, "delay"),
    Entry("Riddle", 0, "control"),
    Entry("RiverCrossing", 0, "foresight"),
    Entry("RushHour", 0, "foresight"),
    Entry("Saver", 0, "delay"),
    Entry("Shell", 0, "tools"),
    Entry("Shopkeeper", 0, "delay"),
    Entry("SlidingPuzzle", 0, "foresight"),
    Entry("Sokoban", 0, "foresight"),
    Entry("StagHunt", 0, "matrix", players=2, simultaneous=True),
    Entry("TicTacToe", 0, "board", players=2),
    Entry("TowerOfHanoi", 0, "foresight"),
    Entry("TwentyQuestions", 0, "information"),
    Entry("WaterJugs", 0, "foresight"),
    Entry("WordGuess", 0, "information"),
)

_BY_NAME = {entry.name: entry for entry in ENTRIES}


def entry(name: str) -> Entry:
    """Return the entry of a game given by name (`GuessNumber`), id or module name, in any case.

    Raises:
        UnknownNameError: for a game that does not exist.
    """
    plain = name.rpartition("/")[2]
    for candidate in ENTRIES:
        spellings = (candidate.name, candidate.id.rpartition("/")[2], candidate.module)
        if plain.lower() in map(str.lower, spellings):
            return candidate
    raise UnknownNameError("game", name, _BY_NAME)


@cache
def game_class(name: str) -> type[Game[Any, Any]]:
    """Return the class of a game; imports its module. Raises `UnknownNameError`."""
    found = entry(name)
    cls: type[Game[Any, Any]] = getattr(import_module(f"textenvs.games.{found.module}"), found.name)
    return cls


def argument_names(name: str) -> tuple[str, ...]:
    """Return the names of the arguments of a game. Raises `UnknownNameError`."""
    return tuple(field.name for field in fields(game_class(name)))  # type: ignore[arg-type]


def make_game(name: str, level: str | None = None, **arguments: Any) -> Game[Any, Any]:
    """Return the rules of a game.

    Args:
        name: of the game; see `entry`.
        level: a named difficulty, such as `easy`; the defaults if None. Where a game names no levels, all are the same.
        **arguments: of the game; they take precedence over the level.

    Raises:
        UnknownNameError: for a game, level or argument that does not exist.
        ArgumentError: for a value that the game does not accept.
    """
    accepted = argument_names(name)
    for argument in arguments:
        if argument not in accepted:
            raise UnknownNameError(f"argument of {entry(name).name}", argument, accepted)
    cls = game_class(name)
    if level is not None:
        check_choice(f"level of {cls.__name__}", level, LEVELS)
        arguments = {**cls.levels.get(level, {}), **arguments}
    return cls(**arguments)


def register_with_gymnasium() -> None:
    """Register every game with Gymnasium; calling it again changes nothing."""
    from gymnasium.envs.registration import register, registry

    for each in ENTRIES:
        if each.id not in registry:
            register(each.id, entry_point="textenvs.envs.solo:SoloEnv", kwargs={"game": each.name})


def register_with_pettingzoo() -> None:
    """Register every game for several players with PettingZoo; calling it again changes nothing."""
    from pettingzoo.env_registry.registration import aec_registry, parallel_registry, register

    for each in ENTRIES:
        if each.players > 1 and each.id not in aec_registry:
            register("aec", each.id, "textenvs.envs.multi:TurnEnv", kwargs={"game": each.name})
        if each.simultaneous and each.id not in parallel_registry:
            register("parallel", each.id, "textenvs.envs.multi:SimultaneousEnv", kwargs={"game": each.name})
