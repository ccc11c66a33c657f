from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.game import Game
from textenvs.core.refusal import Refusal
from textenvs.envs.episode import Episode
from textenvs.envs.policy import Reply, Request
from textenvs.envs.settings import Settings
from textenvs.envs.solo import solo_game
from textenvs.evaluation.rollout import rollout
from textenvs.planning.enumeration import build_graph
from textenvs.planning.plans import Plan, best_plans
from textenvs.planning.states import StateTable
from textenvs.planning.values import evaluate, myopic_policy, optimal, uniform_policy
from textenvs.policies.rulers import Follower, GraphPolicy, PlanPolicy

EPISODES = 400
GAMES = [
    ("GuessNumber", {"high": 7, "guesses": 3}),
    ("Assembly", {"slip": 0.3}),
    ("Orchard", {"weather": 0.3}),
    ("Arithmetic", {"largest": 4}),
    ("Maze", {"layout": "umaze", "sight": "local", "turns": 12}),
    ("KuhnPoker", {"opponent": "random"}),
    ("PrisonersDilemma", {"rounds": 3, "opponent": "expert"}),
]

by_game = pytest.mark.parametrize(("name", "arguments"), GAMES, ids=[name for name, _ in GAMES])


def mean_and_error(scores: list[float]) -> tuple[float, float]:
    return float(np.mean(scores)), float(np.std(scores) / len(scores) ** 0.5)


def assert_near(scores: list[float], value: float) -> None:
    mean, error = mean_and_error(scores)
    assert abs(mean - value) <= 4.5 * error + 1e-9, f"rollouts give {mean} ± {error}, planning {value}"


def searched(game: Game[Any, Any]) -> tuple[Plan, ...]:
    table = StateTable(game)
    return best_plans(table, observed=build_graph(game, observed=True, table=table))


@by_game
@pytest.mark.parametrize("ruler", ["optimal", "myopic", "random"])
def test_rollouts_earn_what_planning_says(name: str, arguments: dict[str, Any], ruler: str) -> None:
    game: Game[Any, Any] = solo_game(name, **arguments)
    graph = build_graph(game)
    policies = {
        "optimal": lambda: optimal(graph).policy,
        "myopic": lambda: myopic_policy(graph),
        "random": lambda: uniform_policy(graph),
    }
    policy = policies[ruler]()
    played = rollout(game, GraphPolicy(graph, policy, ruler), range(EPISODES))
    assert_near([each.score for each in played], evaluate(graph, policy).start)


@by_game
def test_the_best_plan_earns_what_planning_says(name: str, arguments: dict[str, Any]) -> None:
    game: Game[Any, Any] = solo_game(name, **arguments)
    plans = searched(game)
    policy = PlanPolicy(plans)
    value = sum(plan.probability * plan.value.low for plan in plans)
    played = rollout(game, policy, range(EPISODES), settings=Settings(form="plan"))
    assert_near([each.score for each in played], value)


class Confused(GraphPolicy):
    """Replies at random to what it cannot have seen, which shuffled views may show."""

    def _reply(self, request: Request) -> Reply:
        try:
            return super()._reply(request)
        except ArgumentError:
            return Reply(request.random.choice(request.legal))


@by_game
def test_without_feedback_nothing_beats_the_best_plan(name: str, arguments: dict[str, Any]) -> None:
    """The shuffled control: the optimal closed loop falls to its plan value or below."""
    game: Game[Any, Any] = solo_game(name, **arguments)
    graph = build_graph(game)
    plans = searched(game)
    ceiling = sum(plan.probability * plan.value.high for plan in plans)
    policy = Confused(graph, optimal(graph).policy, "optimal")
    played = rollout(game, policy, range(EPISODES), settings=Settings(feedback="shuffled"))
    mean, error = mean_and_error([each.score for each in played])
    assert mean <= ceiling + 4.5 * error + 1e-9


def test_a_view_of_another_game_is_refused() -> None:
    graph = build_graph(solo_game("GuessNumber", high=7, guesses=3))
    policy = GraphPolicy(graph, uniform_policy(graph), "random")
    with pytest.raises(ArgumentError, match="does not lead to"):
        list(rollout(solo_game("GuessNumber", high=7, guesses=4), policy, [0]))


def test_a_follower_reads_replies_as_an_episode_does() -> None:
    game = solo_game("GuessNumber", high=7, guesses=3)
    follower = Follower(build_graph(game))
    for reply in (
        "guess 6",
        "<think>guess 1</think>guess 6",
        "guess 1?</think> Action: guess 6",
        "<think>guess 6</think>",
    ):
        episode = Episode(game, seed=0, instance=3)
        node = follower.opening(episode.dialogues[0][1].text)
        refused = isinstance(episode.move_in(0, reply), Refusal)
        assert isinstance(follower.move(node, reply), Refusal) == refused
        episode.reply(0, reply)
        assert (follower.node(episode.dialogues[0]) == node) == refused
