from __future__ import annotations

from dataclasses import fields, is_dataclass
from importlib import import_module
from inspect import isabstract
from pathlib import Path

import gymnasium as gym
import pytest
from pettingzoo.env_registry.registration import aec_registry, parallel_registry

import textenvs
from tests.fresh import fresh_python
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.game import Game
from textenvs.games.guess_number import GuessNumber
from textenvs.registry import (
    ENTRIES,
    Entry,
    argument_names,
    entry,
    game_class,
    make_game,
    register_with_gymnasium,
    register_with_pettingzoo,
)
from textenvs.testing import plays

by_entry = pytest.mark.parametrize("each", ENTRIES, ids=lambda each: each.name)
GAMES = Path(textenvs.__file__).parent / "games"


@by_entry
def test_every_entry_is_a_game_of_its_own_module(each: Entry) -> None:
    cls = game_class(each.name)
    assert issubclass(cls, Game)
    assert is_dataclass(cls)
    assert cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert cls.__module__ == f"textenvs.games.{each.module}"
    assert (cls.__name__, make_game(each.name).players) == (each.name, each.players)
    assert argument_names(each.name) == tuple(field.name for field in fields(cls))


@by_entry
def test_simultaneous_games_are_those_in_which_several_move_at_once(each: Entry) -> None:
    game = make_game(each.name)
    at_once = [len(game.to_move(state)) > 1 for play in plays(game, 3) for state, _, _ in play]
    assert each.simultaneous == any(at_once)


def test_names_are_in_order_and_unique() -> None:
    names = [each.name for each in ENTRIES]
    assert names == sorted(set(names))


def test_every_module_that_has_a_game_is_registered() -> None:
    modules = {path.stem for path in GAMES.glob("*.py") if games_in(path.stem)}
    assert modules == {each.module for each in ENTRIES}


def games_in(module: str) -> list[type]:
    """Return the games that a module defines; bases of several games are none."""
    defined = vars(import_module(f"textenvs.games.{module}")).values()
    own = [each for each in defined if isinstance(each, type) and each.__module__ == f"textenvs.games.{module}"]
    return [each for each in own if issubclass(each, Game) and not isabstract(each)]


@pytest.mark.parametrize(
    "name", ["GuessNumber", "guessnumber", "guess_number", "GuessNumber-v0", "textenvs/GuessNumber-v0", "GUESS_NUMBER"]
)
def test_spellings(name: str) -> None:
    assert entry(name).name == "GuessNumber"
    assert make_game(name, high=9) == GuessNumber(high=9)


@pytest.mark.parametrize("name", ["GuessNumber-v1", "Guess Number", "", "v0", "textenvs/"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown game"):
        entry(name)


def test_mistakes_name_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown game 'GuesNumber'; did you mean 'GuessNumber'"):
        make_game("GuesNumber")
    with pytest.raises(UnknownNameError, match="unknown argument of GuessNumber 'gueses'; did you mean 'guesses'"):
        make_game("GuessNumber", gueses=3)
    with pytest.raises(ArgumentError, match="high must be"):
        make_game("GuessNumber", high=1)


def test_modules_are_named_after_classes() -> None:
    assert Entry("GuessNumber", 0, "x").module == "guess_number"
    assert Entry("A2048Game", 3, "x").module == "a2048_game"
    assert Entry("A2048Game", 3, "x").id == "textenvs/A2048Game-v3"


@by_entry
def test_registered_with_gymnasium(each: Entry) -> None:
    spec = gym.spec(each.id)
    assert (spec.namespace, spec.name, spec.version) == ("textenvs", each.name, each.version)
    assert spec.max_episode_steps is None, "a game ends by its own rules"


@by_entry
def test_registered_with_pettingzoo(each: Entry) -> None:
    assert (each.id in aec_registry) == (each.players > 1)
    assert (each.id in parallel_registry) == each.simultaneous


@pytest.mark.filterwarnings("error")
def test_registering_again_changes_nothing() -> None:
    before = dict(gym.registry), dict(aec_registry), dict(parallel_registry)
    register_with_gymnasium()
    register_with_pettingzoo()
    assert before == (dict(gym.registry), dict(aec_registry), dict(parallel_registry))


def test_making_one_game_imports_no_other() -> None:
    code = (
        "import sys, textenvs\n"
        "before = [name for name in sys.modules if name.startswith('textenvs.games.')]\n"
        "textenvs.make_game('assembly')\n"
        "print(before, [name for name in sys.modules if name.startswith('textenvs.games.')])"
    )
    assert fresh_python(code) == "[] ['textenvs.games.assembly']\n"
