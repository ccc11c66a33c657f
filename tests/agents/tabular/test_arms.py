from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from agents.tabular import cloning, filtered_sft, plan_rl, reply_rlhf, trajectory_grpo, tuning, turn_ppo
from agents.tabular.runs import Episodes, TabularRun, play
from agents.tabular.table import Adam, Clipping, SoftmaxTable
from tests.agents.tabular.toys import CountingGraph, Doors, assembly, probability, seeded
from textenvs.core.errors import UnknownNameError
from textenvs.games.assembly import Assembly
from textenvs.planning.enumeration import build_graph
from textenvs.planning.graph import FloatArray, InformationGraph
from textenvs.planning.plans import plan_value
from textenvs.planning.values import evaluate, myopic_policy, one_step_policy, optimal, uniform_policy

Train = Callable[[InformationGraph, FloatArray, int, np.random.Generator, Any], TabularRun[Any]]

ARMS: dict[str, tuple[Train, Any]] = {
    "A1 myopic": (reply_rlhf.train, reply_rlhf.Config()),
    "A2 farsighted": (reply_rlhf.train, reply_rlhf.Config(labels="farsighted")),
    "A2 preferences": (reply_rlhf.train, reply_rlhf.Config(labels="farsighted_preferences")),
    "A3 plans": (plan_rl.train, plan_rl.Config()),
    "A5 filtered": (filtered_sft.train, filtered_sft.Config()),
    "B1 trajectory": (trajectory_grpo.train, trajectory_grpo.Config()),
    "B2 turns": (turn_ppo.train, turn_ppo.Config()),
}
BLIND = {"A1 myopic", "A2 preferences"}
"""Arms that take a lure whose alternative is better on average."""

TOY: dict[str, Any] = {"length": 2, "horizon": 2, "slip": 0.0, "lure": 0.1}
LURED: dict[str, Any] = {"length": 3, "horizon": 3, "slip": 0.0, "lure": 0.1}


def final(run: TabularRun[Any]) -> float:
    return run.curve[-1][1]


def trained(arm: str, seed: int = 0, budget: int = 4000, **arguments: Any) -> TabularRun[Any]:
    train, config = ARMS[arm]
    graph, behaviour = assembly(**arguments)
    return train(graph, behaviour, budget, seeded(seed), config)


class TestCloning:
    def test_smoothed_frequencies_by_hand(self) -> None:
        graph, _ = assembly(length=1, horizon=1)
        assert cloning.fit(graph, np.array([5.0, 0, 2]), 1.0) == pytest.approx([0.6, 0.1, 0.3])

    def test_it_approaches_the_behaviour_and_stays_uniform_where_it_never_was(self) -> None:
        graph, _ = assembly(length=2, horizon=3, slip=0.0)
        never_sells = np.tile([0.7, 0.3, 0.0], graph.n_nodes)
        run = cloning.train(graph, never_sells, 20_000, seeded())
        assert run.policy[:3] == pytest.approx([0.7, 0.3, 0.0], abs=0.02)
        sold = [node for node in range(graph.n_nodes) if graph.view(node).startswith("A part is sold")]
        assert all(probability(graph, run.policy, node, "sell") == pytest.approx(1 / 3) for node in sold)
        assert final(run) == pytest.approx(evaluate(graph, never_sells).start, abs=0.02)

    def test_its_curve_starts_uniform(self) -> None:
        graph, behaviour = assembly(**TOY)
        run = cloning.train(graph, behaviour, 4000, seeded())
        assert run.curve[0] == (0, pytest.approx(evaluate(graph, uniform_policy(graph)).start))


class TestKnownLimits:
    @pytest.mark.parametrize("arm", sorted(ARMS.keys() - BLIND))
    def test_two_steps_are_learned_to_the_optimum(self, arm: str) -> None:
        assert final(trained(arm, **TOY)) == pytest.approx(1.0, abs=0.02)

    def test_myopic_labels_take_the_lure(self) -> None:
        graph, behaviour = assembly(**TOY)
        run = trained("A1 myopic", **TOY)
        assert evaluate(graph, behaviour).start > 0.4
        assert probability(graph, run.policy, 0, "sell") > 0.95
        # selling first, then nothing is left but to sell again
        assert (
            final(run)
            == pytest.approx(evaluate(graph, myopic_policy(graph)).start, abs=0.03)
            == pytest.approx(0.2, abs=0.03)
        )

    def test_preferences_between_returns_follow_what_wins_more_often_not_what_pays_more(self) -> None:
        # advancing first leads to the product with chance (2/3)², so that selling wins more often than it loses
        arguments = {"length": 3, "horizon": 3, "slip": 0.0, "lure": 0.1}
        graph, behaviour = assembly(**arguments)
        assert evaluate(graph, one_step_policy(graph, behaviour)).start == pytest.approx(1.0)
        assert final(trained("A2 farsighted", budget=8000, **arguments)) > 0.95
        preferred = trained("A2 preferences", budget=8000, length=4, horizon=4, slip=0.0, lure=0.1)
        assert probability(assembly(length=4, horizon=4, slip=0.0, lure=0.1)[0], preferred.policy, 0, "sell") > 0.9

    @pytest.mark.parametrize("arm", ARMS)
    def test_all_tie_where_there_is_one_turn(self, arm: str) -> None:
        assert final(trained(arm, length=1, horizon=1, slip=0.3)) == pytest.approx(0.7, abs=0.05)

    def test_plans_end_at_the_plan_value_and_turns_beyond_it(self) -> None:
        arguments = {"length": 2, "horizon": 4, "slip": 0.3, "lure": 0.05}
        graph, _ = assembly(**arguments)
        best_plan = plan_value(Assembly(**arguments)).value
        assert final(trained("A3 plans", budget=20_000, **arguments)) == pytest.approx(best_plan, abs=0.02)
        assert final(trained("B2 turns", budget=20_000, **arguments)) == pytest.approx(optimal(graph).start, abs=0.02)
        assert optimal(graph).start > best_plan + 0.1

    def test_plans_are_learned_for_each_opening_with_moves_that_are_legal_by_then(self) -> None:
        game = Doors()
        graph = build_graph(game)
        run = plan_rl.train(graph, uniform_policy(graph), 20_000, seeded())
        assert final(run) == pytest.approx(plan_value(game).value, abs=0.03)


class TestRewardModels:
    def test_ppo_approaches_the_exact_solution_of_its_objective(self) -> None:
        graph, behaviour = assembly(length=2, horizon=2, slip=0.2, lure=0.1)
        rewards = seeded(5).normal(size=graph.n_pairs)
        prompts = np.arange(graph.n_nodes)
        config = reply_rlhf.Config(beta=0.5, batches=200, rate=0.1, prompts=512)
        exact = reply_rlhf.optimise(graph, behaviour, prompts, rewards, seeded(), replace(config, optimiser="exact"))
        by_hand = behaviour * np.exp(rewards / 0.5)
        by_hand /= np.add.reduceat(by_hand, graph.pair_start[:-1])[graph.pair_node]
        assert exact == pytest.approx(by_hand)
        assert np.abs(exact - behaviour).max() > 0.3
        assert reply_rlhf.optimise(graph, behaviour, prompts, rewards, seeded(), config) == pytest.approx(
            exact, abs=0.04
        )

    def test_a_large_beta_keeps_the_start(self) -> None:
        graph, behaviour = assembly(**TOY)
        config = reply_rlhf.Config(beta=1e6, optimiser="exact")
        assert reply_rlhf.train(graph, behaviour, 2000, seeded(), config).policy == pytest.approx(behaviour, abs=1e-4)

    def test_normalised_rewards_have_mean_0_in_a_node_and_deviation_1_over_prompts(self) -> None:
        graph, behaviour = assembly(length=2, horizon=2)
        prompts = np.array([0, 0, 1])
        rewards = reply_rlhf.normalised(graph, behaviour, prompts, seeded().normal(3, 9, size=graph.n_pairs))
        mean = np.add.reduceat(behaviour * rewards, graph.pair_start[:-1])
        square = np.add.reduceat(behaviour * rewards**2, graph.pair_start[:-1])
        assert mean == pytest.approx(np.zeros(graph.n_nodes))
        assert square[prompts].mean() == pytest.approx(1.0)

    def test_without_any_difference_nothing_is_learned(self) -> None:
        graph, behaviour = assembly(length=2, horizon=2, slip=1.0, lure=0.0)
        config = reply_rlhf.Config(optimiser="exact")
        assert reply_rlhf.train(graph, behaviour, 2000, seeded(), config).policy == pytest.approx(behaviour)

    def test_unknown_labels_are_refused(self) -> None:
        graph, behaviour = assembly(**TOY)
        with pytest.raises(UnknownNameError, match="myopic"):
            reply_rlhf.train(graph, behaviour, 100, seeded(), reply_rlhf.Config(labels="miopic"))  # type: ignore[arg-type]


class TestParts:
    def test_the_filter_keeps_what_beats_its_own_group(self) -> None:
        returns = np.array([[0.0, 1.0, 1.0], [0.3, 0.3, 0.3], [5.0, 6.0, 10.0]])
        assert filtered_sft.above_the_mean(returns).tolist() == [[False, True, True], [False] * 3, [False, False, True]]

    def test_equal_returns_are_never_kept_for_a_rounding_error(self) -> None:
        assert not filtered_sft.above_the_mean(np.full((1, 7), 0.1 + 0.2)).any()

    def test_imitation_climbs_to_the_frequencies(self) -> None:
        graph, behaviour = assembly(length=1, horizon=1)
        table = SoftmaxTable.of(graph, behaviour)
        filtered_sft.imitate(table, Adam(0.05), np.array([0, 0, 2, 2, 2, 1]), 2000)
        assert table.probabilities() == pytest.approx([1 / 3, 1 / 6, 1 / 2], abs=1e-3)

    def test_nothing_kept_changes_nothing(self) -> None:
        graph, behaviour = assembly(length=1, horizon=1)
        table = SoftmaxTable.of(graph, behaviour)
        filtered_sft.imitate(table, Adam(0.05), np.zeros(0, dtype=np.int64), 5)
        assert table.probabilities() == pytest.approx(behaviour)

    def test_credit_by_hand(self) -> None:
        episodes = Episodes(
            np.array([[0, 1], [0, -1]]), np.array([[0, 3], [1, -1]]), np.array([[0.0, 6.0], [5.0, 0.0]])
        )
        advantages, targets = turn_ppo.credit(np.array([1.0, 2.0, 7.0]), episodes, 0.5)
        # δ = 0 + 2 - 1 and 6 - 2; 5 - 1
        assert advantages.tolist() == [[3.0, 4.0], [4.0, 0.0]]
        assert targets.tolist() == [[4.0, 6.0], [5.0, 0.0]]

    def test_the_critic_moves_towards_the_mean_of_its_targets(self) -> None:
        episodes = Episodes(np.array([[0, 1], [0, -1]]), np.array([[0, 3], [1, -1]]), np.zeros((2, 2)))
        values = np.array([1.0, 0.0, 7.0])
        turn_ppo.fit_critic(values, episodes, np.array([[2.0, 4.0], [6.0, 9.0]]), 0.5)
        assert values.tolist() == [2.5, 2.0, 7.0]  # half way to 4 and to 4; the last was not visited

    def test_the_critic_learns_exact_values(self) -> None:
        graph, behaviour = assembly(length=2, horizon=3, slip=0.2, lure=0.1)
        values = np.zeros(graph.n_nodes)
        episodes = play(graph, behaviour, graph.sample_openings(20_000, seeded()), seeded(1))
        turn_ppo.fit_critic(values, episodes, episodes.returns_to_go, 1.0)
        often = np.bincount(episodes.nodes[episodes.played], minlength=graph.n_nodes) > 1000
        assert often.sum() > 3
        assert values[often] == pytest.approx(evaluate(graph, behaviour).values[often], abs=0.05)

    def test_a_large_entropy_bonus_keeps_moves_alive(self) -> None:
        graph, behaviour = assembly(**TOY)
        least = [
            turn_ppo.train(graph, behaviour, 8000, seeded(), turn_ppo.Config(clipping=Clipping(entropy=bonus)))
            .policy[:3]
            .min()
            for bonus in (0.0, 3.0)
        ]
        assert least[1] > 0.2 > 0.01 > least[0]


class TestNulls:
    @pytest.mark.parametrize("arm", ARMS)
    def test_permuted_rewards_teach_nothing(self, arm: str) -> None:
        train, config = ARMS[arm]
        if isinstance(config, reply_rlhf.Config):
            config = replace(config, optimiser="exact")  # quick; labels are permuted all the same
        graph, behaviour = assembly(**LURED)
        start = evaluate(graph, behaviour).start
        nulls = [
            final(train(graph, behaviour, 3000, seeded(n), replace(config, permute_returns=True))) for n in range(8)
        ]
        assert np.mean(nulls) < start + 0.05
        if arm not in BLIND:
            assert final(train(graph, behaviour, 3000, seeded(), config)) > start + 0.3

    def test_permuted_labels_show_no_lure(self) -> None:
        graph, behaviour = assembly(**LURED)
        config = reply_rlhf.Config(optimiser="exact", beta=1.0)
        sells = {
            permute: [
                probability(graph, run.policy, 0, "sell")
                for run in (
                    reply_rlhf.train(graph, behaviour, 3000, seeded(n), replace(config, permute_returns=permute))
                    for n in range(8)
                )
            ]
            for permute in (False, True)
        }
        assert min(sells[False]) > 0.5
        assert np.mean(sells[True]) < 0.35


class TestRuns:
    @pytest.mark.parametrize("arm", ARMS)
    @pytest.mark.parametrize("budget", [0, 37, 1501, 4000])
    def test_the_budget_is_never_exceeded_and_less_than_a_batch_is_left(self, arm: str, budget: int) -> None:
        run = trained(arm, budget=budget, length=3, horizon=5, slip=0.2)
        steps = [step for step, _ in run.curve]
        assert run.ledger.environment_steps == steps[-1] <= budget
        assert steps == sorted(set(steps))
        assert steps[0] == 0
        assert len(steps) <= 22
        if budget == 4000:
            assert steps[-1] > 4000 - 64 * 20

    @pytest.mark.parametrize("arm", ["A0 cloning", *ARMS])
    def test_every_move_played_is_counted(self, arm: str) -> None:
        train, config = {**ARMS, "A0 cloning": (cloning.train, cloning.Config())}[arm]
        graph, behaviour = assembly(length=3, horizon=4, slip=0.2)
        counting = CountingGraph.of(graph)
        run = train(counting, behaviour, 2000, seeded(), config)
        assert run.ledger.environment_steps == counting.moves_played > 1000

    @pytest.mark.parametrize("arm", ARMS)
    def test_the_curve_has_about_twenty_points(self, arm: str) -> None:
        assert 14 <= len(trained(arm, budget=20_000, length=2, horizon=3, slip=0.2).curve) <= 22

    @pytest.mark.parametrize("arm", ARMS)
    def test_a_generator_names_the_whole_run(self, arm: str) -> None:
        one, same, other = (trained(arm, seed, 1500, length=3, horizon=4, slip=0.2) for seed in (1, 1, 2))
        assert one.curve == same.curve
        assert one.ledger.environment_steps == same.ledger.environment_steps
        assert one.curve != other.curve

    @pytest.mark.parametrize("arm", sorted(ARMS.keys() - {"A3 plans"}))
    def test_the_curve_ends_with_the_exact_value_of_the_policy(self, arm: str) -> None:
        arguments = {"length": 3, "horizon": 4, "slip": 0.2}
        graph, behaviour = assembly(**arguments)
        kept = behaviour.copy()
        run = ARMS[arm][0](graph, behaviour, 2000, seeded(), ARMS[arm][1])
        assert final(run) == evaluate(graph, run.policy).start
        assert run.curve[0][1] == evaluate(graph, behaviour).start
        assert (behaviour == kept).all()

    def test_labels_are_counted(self) -> None:
        cardinal = trained("A2 farsighted", budget=2000, **TOY).ledger
        assert cardinal.labels == cardinal.environment_steps
        myopic = trained("A1 myopic", budget=2000, **TOY).ledger
        assert 0 < myopic.labels < myopic.environment_steps / 2
        assert trained("B2 turns", budget=2000, **TOY).ledger.labels == 0


class TestTuning:
    def test_every_default_is_a_point_of_its_grid_and_every_arm_had_as_many_trials(self) -> None:
        for name, (train, configs) in tuning.GRIDS.items():
            assert len(configs) == 12
            default = ARMS["A2 farsighted"][1] if name == "reply_rlhf" else configs[0].__class__()
            if name == "reply_rlhf":
                default = replace(default, optimiser="exact")
            assert default in configs
            assert train.__module__ == f"agents.tabular.{name}"

    def test_the_search_sorts_trials_by_their_scores(self, monkeypatch: pytest.MonkeyPatch) -> None:
        configs = [turn_ppo.Config(rate=rate) for rate in (0.0, 0.1)]
        monkeypatch.setitem(tuning.GRIDS, "turn_ppo", (turn_ppo.train, configs))
        monkeypatch.setattr(tuning, "GAMES", (Assembly(**TOY),))
        best, worst = tuning.search("turn_ppo", budget=3000, seeds=1)
        assert (best.config.rate, worst.config.rate) == (0.1, 0.0)
        assert best.score == pytest.approx(1.0, abs=0.03)
        assert worst.score < 0.6
