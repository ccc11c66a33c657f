from __future__ import annotations

import numpy as np
import pytest

from agents.tabular.runs import Episodes, Meter, graph_meter, grouped_openings, permuted, play
from tests.agents.tabular.toys import Doors, assembly, seeded
from textenvs.planning.enumeration import build_graph
from textenvs.planning.values import evaluate, uniform_policy

EPISODES = Episodes(
    nodes=np.array([[0, 1, 3], [0, 2, -1]]),
    pairs=np.array([[1, 3, 9], [0, 6, -1]]),
    rewards=np.array([[1.0, 0.0, 2.0], [0.5, 4.0, 0.0]]),
)


def test_what_episodes_tell_by_hand() -> None:
    assert EPISODES.steps == 5
    assert EPISODES.returns.tolist() == [3.0, 4.5]
    assert EPISODES.returns_to_go.tolist() == [[3.0, 2.0, 2.0], [4.5, 4.0, 0.0]]
    assert EPISODES.played.tolist() == [[True, True, True], [True, True, False]]


def test_permuted_episodes_are_paid_another_return_at_their_own_end() -> None:
    paid = {tuple(map(tuple, permuted(EPISODES, seeded(seed)).rewards.tolist())) for seed in range(20)}
    assert paid == {((0.0, 0.0, 3.0), (0.0, 4.5, 0.0)), ((0.0, 0.0, 4.5), (0.0, 3.0, 0.0))}


def test_the_mean_return_of_play_is_the_exact_value() -> None:
    for graph in (build_graph(Doors()), assembly(length=3, horizon=5, slip=0.3)[0]):
        policy = uniform_policy(graph)
        episodes = play(graph, policy, graph.sample_openings(20_000, seeded()), seeded(1))
        error = episodes.returns.std() / np.sqrt(20_000)
        assert episodes.returns.mean() == pytest.approx(evaluate(graph, policy).start, abs=4 * error)


def test_episodes_follow_the_graph() -> None:
    graph, behaviour = assembly(length=2, horizon=4, slip=0.5)
    episodes = play(graph, behaviour, graph.sample_openings(500, seeded()), seeded(1))
    for nodes, pairs, rewards in zip(*episodes, strict=True):
        length = int((nodes >= 0).sum())
        assert (nodes[length:] == -1).all()
        assert (pairs[length:] == -1).all()
        for turn in range(length):
            first, last = graph.outcome_start[pairs[turn] : pairs[turn] + 2]
            outcomes = set(zip(graph.outcome_node[first:last], graph.outcome_reward[first:last], strict=True))
            after = nodes[turn + 1] if turn + 1 < length else -1
            assert graph.pair_node[pairs[turn]] == nodes[turn]
            assert (after, rewards[turn]) in outcomes


def test_the_rest_of_an_episode_can_be_played_from_any_node() -> None:
    graph, behaviour = assembly(length=4, horizon=6)
    nodes = np.arange(graph.n_nodes)
    rest = play(graph, behaviour, nodes, seeded())
    assert (rest.nodes[:, 0] == nodes).all()
    assert (rest.played.sum(axis=1) <= graph.horizon - graph.depth).all()


def test_groups_share_an_opening() -> None:
    graph = build_graph(Doors())
    openings = grouped_openings(graph, 200, 3, seeded()).reshape(200, 3)
    assert (openings == openings[:, :1]).all()
    assert set(openings.ravel()) == set(graph.opening_node)


class TestMeter:
    def test_a_point_is_due_after_each_twentieth_of_the_budget(self) -> None:
        meter = Meter[float](1000, lambda policy: policy)
        for policy in range(101):
            meter.note_if_due(policy)
            meter.spend(10 if policy < 100 else 0)
        assert [steps for steps, _ in meter.curve] == list(range(0, 1001, 50))
        assert [value for _, value in meter.curve] == list(range(0, 101, 5))

    def test_the_final_policy_is_noted_once(self) -> None:
        meter = Meter[float](1000, lambda policy: policy)
        meter.note(0.25)
        meter.spend(10, labels=3)
        run = meter.run(0.5)
        assert run.curve == ((0, 0.25), (10, 0.5))
        assert (run.ledger.environment_steps, run.ledger.labels) == (10, 3)
        assert run.ledger.seconds > 0

    def test_what_it_affords(self) -> None:
        meter = graph_meter(build_graph(Doors()), 10)
        meter.spend(4)
        assert meter.affords(6)
        assert not meter.affords(7)
