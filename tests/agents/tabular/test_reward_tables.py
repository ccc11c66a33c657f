from __future__ import annotations

import numpy as np
import pytest

from agents.tabular.reward_tables import Comparisons, Scores, bradley_terry, conjugate_gradients, preferences
from agents.tabular.runs import graph_meter, play
from tests.agents.tabular.toys import assembly, seeded
from textenvs.planning.values import action_values, evaluate


def sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


class TestBradleyTerry:
    def test_two_items_differ_by_the_log_odds(self) -> None:
        # 30 wins of 40: log(30 / 10)
        preference = np.array([1.0] * 30 + [0.0] * 10)
        rewards = bradley_terry(np.zeros(40, dtype=int), np.ones(40, dtype=int), preference, 2, ridge=1e-6)
        assert rewards == pytest.approx([np.log(3) / 2, -np.log(3) / 2], abs=1e-5)

    def test_the_order_of_a_pair_does_not_matter(self) -> None:
        first, second, preference = np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([1.0, 0.5, 1.0])
        turned = bradley_terry(second, first, 1 - preference, 3, ridge=0.1)
        assert bradley_terry(first, second, preference, 3, ridge=0.1) == pytest.approx(turned)

    def test_ties_pull_together(self) -> None:
        rewards = bradley_terry(np.array([0, 0, 0]), np.array([1, 1, 1]), np.array([0.5, 0.5, 0.5]), 2, ridge=0.1)
        assert rewards == pytest.approx([0, 0])

    @pytest.mark.parametrize("ridge", [0.01, 3.0])
    def test_the_slope_is_zero_at_the_solution(self, ridge: float) -> None:
        generator = seeded()
        first, second = generator.integers(6, size=(2, 300))
        first, second = first[first != second], second[first != second]
        preference = (generator.random(len(first)) < 1 / (1 + np.exp((second - first) * 1.5))).astype(float)
        rewards = bradley_terry(first, second, preference, 7, ridge)
        slope = -ridge * rewards
        for one, other, p in zip(first, second, preference, strict=True):
            surplus = p - sigmoid(rewards[one] - rewards[other])
            slope[one] += surplus
            slope[other] -= surplus
        assert slope == pytest.approx(np.zeros(7), abs=1e-5)
        assert rewards[6] == 0

    def test_it_always_prefers_what_always_won(self) -> None:
        rewards = bradley_terry(np.zeros(1000, dtype=int), np.ones(1000, dtype=int), np.ones(1000), 2, ridge=1.0)
        # at the maximum, 1000 σ(-2r) = r
        assert 1000 * sigmoid(-2 * rewards[0]) == pytest.approx(rewards[0], abs=1e-6)

    def test_it_is_the_minimum_of_the_loss_of_the_language_model_arms(self) -> None:
        torch = pytest.importorskip("torch")
        from agents import losses

        first, second, preference = np.array([0, 0, 1, 2]), np.array([1, 2, 2, 0]), np.array([1.0, 1.0, 0.5, 0.0])
        rewards = torch.tensor(bradley_terry(first, second, preference, 3, ridge=0.4), dtype=torch.float32)
        rewards.requires_grad_()
        wanted = torch.tensor(preference, dtype=torch.float32)
        loss = losses.bradley_terry(rewards[first], rewards[second], wanted).sum() + 0.2 * (rewards**2).sum()
        loss.backward()
        assert rewards.grad.numpy() == pytest.approx(np.zeros(3), abs=1e-5)


def test_conjugate_gradients_solve_a_system() -> None:
    root = seeded().normal(size=(6, 6))
    matrix, target = root @ root.T + np.eye(6), seeded(1).normal(size=6)
    assert conjugate_gradients(lambda x: matrix @ x, target) == pytest.approx(np.linalg.solve(matrix, target))
    assert conjugate_gradients(lambda x: matrix @ x, np.zeros(6)).tolist() == [0.0] * 6


def test_preferences_by_hand() -> None:
    assert preferences(np.array([1.0, 0.3, 0.1 + 0.2]), np.array([0.0, 0.5, 0.3])).tolist() == [1.0, 0.0, 0.5]


class TestComparisons:
    def test_myopic_rewards_rank_moves_by_what_they_pay_at_once(self) -> None:
        graph, behaviour = assembly(length=2, horizon=3, slip=0.0, lure=0.1)
        model, meter = Comparisons(graph, behaviour, ridge=1.0, farsighted=False), graph_meter(graph, 10_000)
        model.label(play(graph, behaviour, graph.sample_openings(300, seeded()), seeded(1)), seeded(2), meter)
        rewards = model.rewards()[:3]
        assert graph.moves[0] == ("advance", "clear", "sell")
        assert rewards[2] > 1 > rewards[:2].max()
        assert rewards[0] == pytest.approx(rewards[1], abs=0.5)

    def test_a_myopic_comparison_costs_one_step_and_a_farsighted_one_plays_on(self) -> None:
        graph, behaviour = assembly(length=3, horizon=5)
        episodes = play(graph, behaviour, graph.sample_openings(200, seeded()), seeded(1))
        spent = {}
        for farsighted in (False, True):
            model, meter = Comparisons(graph, behaviour, 1.0, farsighted=farsighted), graph_meter(graph, 10_000)
            model.label(episodes, seeded(2), meter)
            spent[farsighted] = meter.ledger.environment_steps
            assert meter.ledger.labels == len(model.first) == len(model.preference)
            assert (graph.pair_node[model.first] == graph.pair_node[model.second]).all()
            assert (model.first != model.second).all()
            assert spent[farsighted] <= 200 * model.most_steps
        assert spent[False] == episodes.steps + len(model.first)
        assert spent[True] > spent[False] + len(model.first)

    def test_farsighted_preferences_are_those_of_independent_returns(self) -> None:
        # one turn from the end the product is one stage short: advancing pays 1, and selling 0.1, at once and in all
        graph, behaviour = assembly(length=2, horizon=2, slip=0.0, lure=0.1)
        model, meter = Comparisons(graph, behaviour, ridge=0.1, farsighted=True), graph_meter(graph, 10_000)
        model.label(play(graph, behaviour, graph.sample_openings(500, seeded()), seeded(1)), seeded(2), meter)
        rewards = model.rewards()
        last = next(node for node in range(graph.n_nodes) if "Stage 1" in graph.view(node))
        advance, clear, sell = rewards[graph.pair_start[last] : graph.pair_start[last + 1]]
        assert advance > sell + 1 > clear + 2
        # at the opening advancing wins where the policy then finishes, with chance 2/3, and selling wins else
        for one, other, wins in ((0, 2, 2 / 3), (2, 0, 1 / 3)):
            asked = (model.first == one) & (model.second == other)
            assert model.preference[asked].mean() == pytest.approx(wins, abs=0.1)


class TestScores:
    def test_rewards_by_hand(self) -> None:
        graph, behaviour = assembly(length=1, horizon=1, slip=0.0, lure=0.5)
        model = Scores(graph, prior=2.0)
        model.count[:] = [3, 1, 0]
        model.total[:] = [3.0, 0.0, 0.0]
        # the node's mean is 3/4: (3 + 1.5) / 5, (0 + 1.5) / 3, 1.5 / 2
        assert model.rewards() == pytest.approx([0.9, 0.5, 0.75])
        assert behaviour.shape == (3,)

    def test_they_approach_the_action_values_of_the_behaviour(self) -> None:
        graph, behaviour = assembly(length=2, horizon=3, slip=0.2, lure=0.1)
        model, meter = Scores(graph, prior=1.0), graph_meter(graph, 10**6)
        for seed in range(20):
            model.label(
                play(graph, behaviour, graph.sample_openings(1000, seeded(seed)), seeded(seed)), seeded(), meter
            )
        q = action_values(graph, evaluate(graph, behaviour).values)
        often = model.count > 500
        assert often.sum() > 10
        assert model.rewards()[often] == pytest.approx(q[often], abs=0.07)
        assert meter.ledger.labels == meter.ledger.environment_steps == model.count.sum()
