from __future__ import annotations

from typing import Any

import gymnasium as gym
import pytest
from gymnasium.utils.env_checker import check_env

import textenvs  # noqa: F401 - registers the games
from tests.core.test_minimax import Take
from tests.envs.made_up_games import Circle
from textenvs import testing
from textenvs.core.errors import ArgumentError
from textenvs.envs.solo import SoloEnv
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.prisoners_dilemma import PrisonersDilemma
from textenvs.policies.scripted import ScriptPolicy, StrategyPolicy

GAMES = [(KuhnPoker(), 0), (KuhnPoker(), 1), (PrisonersDilemma(rounds=3), 1), (Circle(), 1), (Circle(at_once=True), 2)]
by_game = pytest.mark.parametrize(("game", "seat"), GAMES, ids=str)


def against(game: Any, seat: int, policy: Any = "random") -> SoloEnv:
    return SoloEnv(game, seat=seat, opponent=StrategyPolicy(policy) if isinstance(policy, str) else policy)


@by_game
@pytest.mark.filterwarnings("error")
def test_a_policy_as_opponent_passes_the_checks(game: Any, seat: int) -> None:
    check_env(against(game, seat), skip_render_check=True)
    testing.check_rollouts(lambda: against(game, seat))
    testing.check_snapshots(lambda: against(game, seat))


@pytest.mark.parametrize("seat", [0, 1])
def test_a_policy_and_the_strategy_it_plays_are_the_same_opponent(seat: int) -> None:
    game = Take(9 + seat)  # the opponent, who wins, never has two best moves
    named, policy = SoloEnv(game, seat=seat, opponent="perfect"), against(game, seat, "perfect")
    for seed in range(5):
        assert named.reset(seed=seed)[0] == policy.reset(seed=seed)[0]
        over = False
        while not over:
            reply = named.legal_replies()[-1]
            one, other = named.step(reply), policy.step(reply)
            assert one[:4] == other[:4]
            over = one[2]


def test_what_the_others_earn_me_comes_with_my_move() -> None:
    env = against(PrisonersDilemma(rounds=2), 0, ScriptPolicy(["cooperate", "defect"]))
    env.reset(seed=0)
    assert env.step("defect")[1] == 5.0
    assert env.step("defect")[1:3] == (1.0, True)


def test_make_takes_a_policy() -> None:
    env = gym.make("textenvs/KuhnPoker-v0", opponent=StrategyPolicy("expert"), seat=1)
    observation, _ = env.reset(seed=3)
    assert "Your opponent moves first" in observation
    assert "Your opponent" in observation.splitlines()[-1]


@pytest.mark.parametrize("opponent", [3, None, object()])
def test_what_is_no_opponent_is_refused(opponent: Any) -> None:
    with pytest.raises(ArgumentError, match="the name of a strategy or a policy"):
        SoloEnv("KuhnPoker", opponent=opponent)


@pytest.mark.parametrize("seat", [-1, 2, "first"])
def test_a_seat_that_is_none_is_refused(seat: Any) -> None:
    with pytest.raises(ArgumentError, match="seat must be"):
        against(KuhnPoker(), seat)


def test_one_shot_forms_want_named_strategies() -> None:
    with pytest.raises(ArgumentError, match="need a single seat"):
        SoloEnv("KuhnPoker", form="plan", opponent=StrategyPolicy("random"))
