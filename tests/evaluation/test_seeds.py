from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.seat import Seat
from textenvs.envs.forms import new_episode
from textenvs.envs.settings import Settings
from textenvs.evaluation.seeds import (
    FEW_INSTANCES,
    checked_salt,
    commitment,
    episode_seed,
    held_out_split,
    new_salt,
)
from textenvs.games.guess_number import GuessNumber
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.maze import Maze
from textenvs.games.orchard import Orchard
from textenvs.registry import make_game

GAME = GuessNumber(high=7, guesses=3)


def test_seeds_depend_on_salt_game_arguments_and_index() -> None:
    others = [
        episode_seed("b", GAME, 0),
        episode_seed("a", GuessNumber(high=8, guesses=3), 0),
        episode_seed("a", Seat(KuhnPoker(), 0), 0),
        episode_seed("a", Seat(KuhnPoker(), 1), 0),
        episode_seed("a", GAME, 1),
    ]
    assert len({episode_seed("a", GAME, 0), *others}) == 6


def test_seeds_are_the_same_for_ever_and_everywhere() -> None:
    assert episode_seed("a", GAME, 0) == 0xDC8CD57F2954F
    by_level = make_game("GuessNumber", level="easy")
    assert episode_seed("a", by_level, 3) == episode_seed("a", GuessNumber(**by_level.arguments), 3)


def test_every_reader_of_json_keeps_a_seed() -> None:
    seeds = [episode_seed("a", GAME, index) for index in range(2_000)]
    assert len({*seeds}) == 2_000
    assert all(0 <= seed < 2**52 for seed in seeds)
    assert max(seeds) > 2**51


@pytest.mark.parametrize("split", ["all", "test"])
def test_all_forms_meet_the_same_instances(split: str) -> None:
    def instance(form: Any, index: int) -> str:
        game = GuessNumber(high=50)
        return new_episode(game, Settings(form=form), seed=episode_seed("a", game, index), split=split).instance

    for index in range(10):
        assert len({instance(form, index) for form in ("turns", "plan", "strategy")}) == 1


def test_the_commitment_is_the_digest_of_the_salt() -> None:
    assert commitment("salt é") == sha256("salt é".encode()).hexdigest()


def test_drawn_salts_are_secrets() -> None:
    salts = {new_salt() for _ in range(100)}
    assert len(salts) == 100
    assert {len(salt) for salt in salts} == {32}


@pytest.mark.parametrize("salt", ["", "two\nlines", 5, None])
def test_what_is_no_salt(salt: Any) -> None:
    with pytest.raises(ArgumentError, match="a salt is a text of one or more printable characters"):
        checked_salt(salt)
    assert checked_salt("x") == "x"


@pytest.mark.parametrize(
    ("game", "split"),
    [
        (GAME, "all"),  # 7 instances, 3 of them for tests
        (Orchard(), "all"),  # one instance
        (GuessNumber(high=200), "test"),  # deals that can be listed
        (Maze(), "test"),  # deals that are drawn
        (Seat(KuhnPoker(), 0), "all"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.name,
)
def test_instances_are_held_out_where_there_are_enough(game: Any, split: str) -> None:
    assert held_out_split(game) == split


def test_drawn_deals_that_are_often_the_same_are_few() -> None:
    class Listless(GuessNumber):
        def deals(self) -> None:
            return None

        def deal(self, random: Any) -> Any:
            return random.choice([state for state, _ in GuessNumber.deals(self)])  # type: ignore[union-attr]

    assert held_out_split(Listless(high=7)) == "all"
    assert held_out_split(Listless(high=2_000)) == "test"
    assert FEW_INSTANCES == 16
