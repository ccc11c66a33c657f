from __future__ import annotations

import pytest

from textenvs.core.refusal import Refusal
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.policy import Request
from textenvs.envs.settings import Settings
from textenvs.envs.solo import solo_game
from textenvs.envs.streams import Purpose, Stream
from textenvs.envs.wordings import usual_wordings
from textenvs.games.assembly import Assembly
from textenvs.games.blocksworld import Blocksworld
from textenvs.games.guess_number import GuessNumber


def request(game, form: str, seed: int = 0) -> Request:
    return Request(0, new_episode(game, Settings(form=form), seed=seed), 0, Stream(seed, Purpose.POLICY))


def test_where_all_moves_are_always_legal_there_is_nothing_to_add() -> None:
    for game in (GuessNumber(high=7, guesses=3), Assembly()):
        asked = request(game, "plan")
        assert asked.choices == asked.legal
        assert sorted(usual_wordings(game)) == sorted(asked.legal)


def test_a_plan_can_be_chosen_from_moves_that_become_legal_later() -> None:
    game = solo_game("Blocksworld", level="easy")
    asked = request(game, "plan")
    assert asked.choices[: len(asked.legal)] == asked.legal
    later = set(asked.choices) - set(asked.legal)
    assert any(wording.startswith(("put", "stack")) for wording in later), later
    assert request(game, "turns").choices == request(game, "turns").legal


def test_the_expert_s_moves_are_among_the_choices_of_a_plan() -> None:
    game = solo_game("Blocksworld", level="easy")
    for seed in range(10):
        episode = Episode(game, Settings(behaviour="expert"), seed=seed)
        while not episode.over:
            episode.play_behaviour(0)
        assert {text for _, text in episode.replies} <= set(request(game, "plan", seed).choices)


@pytest.mark.parametrize("name", ["Blocksworld", "Kitchen", "KuhnPoker", "PublicGoods"])
def test_wordings_are_told_apart_and_readable(name: str) -> None:
    game = solo_game(name, level="easy")
    wordings = usual_wordings(game)
    assert len(set(wordings)) == len(wordings) > 1
    state = Episode(game, seed=3).state
    for wording in wordings:
        move = game.read(state, 0, wording)
        assert not isinstance(move, Refusal) or move.kind != "malformed", wording


def test_equal_games_have_equal_wordings() -> None:
    assert usual_wordings(Blocksworld()) == usual_wordings(Blocksworld())
