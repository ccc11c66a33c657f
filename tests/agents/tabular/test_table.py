from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

from agents.tabular.table import (
    Adam,
    Clipping,
    Sampler,
    SoftmaxTable,
    clipped_weights,
    gae,
    group_advantages,
    leave_one_out_advantages,
    ppo_update,
    standardised,
)
from tests.agents.tabular.toys import assembly, seeded
from textenvs.core.errors import ArgumentError

START = np.array([0, 2, 5])


def table() -> SoftmaxTable:
    """Two situations: two choices with probabilities 3/4 and 1/4, three equally likely ones."""
    return SoftmaxTable(np.array([np.log(3.0), 0.0, 7.0, 7.0, 7.0]), START)


def slopes(function: object, logits: npt.NDArray[np.float64], step: float = 1e-6) -> npt.NDArray[np.float64]:
    """The gradient of a function of logits by central differences."""
    assert callable(function)
    rows = np.eye(len(logits)) * step
    return np.array([(function(logits + row) - function(logits - row)) / (2 * step) for row in rows])


class TestSoftmaxTable:
    def test_probabilities_by_hand(self) -> None:
        assert table().probabilities() == pytest.approx([3 / 4, 1 / 4, 1 / 3, 1 / 3, 1 / 3])

    def test_huge_logits_neither_overflow_nor_change_other_situations(self) -> None:
        huge = SoftmaxTable(np.array([1000.0, 0.0, 0.0, 0.0, -1000.0]), START)
        assert huge.probabilities() == pytest.approx([1, 0, 1 / 2, 1 / 2, 0])

    def test_a_policy_becomes_a_table_and_back(self) -> None:
        graph, behaviour = assembly(length=2, horizon=3)
        assert SoftmaxTable.of(graph, behaviour).probabilities() == pytest.approx(behaviour, abs=1e-11)

    def test_the_score_gradient_by_hand(self) -> None:
        # 2 log π(first): 2 (1 - 3/4, -1/4); -log π(last): -(-1/3, -1/3, 1 - 1/3)
        gradient = table().score_gradient(np.array([2.0, 0, 0, 0, -1]), table().log_probabilities())
        assert gradient == pytest.approx([1 / 2, -1 / 2, 1 / 3, 1 / 3, -2 / 3])

    def test_gradients_are_those_of_central_differences(self) -> None:
        weights, visits = np.array([0.3, -2.0, 1.0, 0.0, 4.0]), np.array([1.0, 2, 0, 5, 1])

        def score(logits: npt.NDArray[np.float64]) -> float:
            return float(weights @ SoftmaxTable(logits, START).log_probabilities())

        def entropy(logits: npt.NDArray[np.float64]) -> float:
            log_p = SoftmaxTable(logits, START).log_probabilities()
            of_situation = -np.add.reduceat(np.exp(log_p) * log_p, START[:-1])
            return float(of_situation @ [3.0, 6.0])

        skewed = SoftmaxTable(np.array([0.2, -1.0, 2.0, 0.5, 0.0]), START)
        log_p = skewed.log_probabilities()
        assert skewed.score_gradient(weights, log_p) == pytest.approx(slopes(score, skewed.logits), abs=1e-6)
        assert skewed.entropy_gradient(visits, log_p) == pytest.approx(slopes(entropy, skewed.logits), abs=1e-6)


class TestSampler:
    def test_frequencies_are_the_probabilities(self) -> None:
        probabilities = np.array([0.2, 0.8, 0.5, 0.0, 0.5])
        drawn = Sampler(START, probabilities).draw(np.repeat([0, 1], 20_000), seeded())
        shares = np.bincount(drawn, minlength=5) / 20_000
        assert shares == pytest.approx(probabilities, abs=0.015)
        assert shares[3] == 0

    def test_every_draw_belongs_to_its_situation(self) -> None:
        graph, behaviour = assembly(length=8, horizon=16)
        nodes = seeded().integers(graph.n_nodes, size=50_000)
        drawn = Sampler(graph.pair_start, behaviour).draw(nodes, seeded(1))
        assert (graph.pair_node[drawn] == nodes).all()


class TestAdam:
    def test_the_first_step_is_the_rate_in_the_direction_of_the_sign(self) -> None:
        parameters = np.array([1.0, 1.0, 1.0])
        Adam(0.1).ascend(parameters, np.array([5.0, -0.01, 0.0]))
        assert parameters == pytest.approx([1.1, 0.9, 1.0], abs=1e-6)

    def test_two_steps_by_hand(self) -> None:
        # gradients 1, 3: mean .9·.1·1 + .1·3 = .39, /(1 - .81) = 2.052632; square .000999 + .009 = .009999,
        # /(1 - .998001) = 5.002001; step 2.052632 / 2.236515 = .917781
        parameters, adam = np.zeros(1), Adam(1.0)
        adam.ascend(parameters, np.array([1.0]))
        adam.ascend(parameters, np.array([3.0]))
        assert parameters == pytest.approx([1 + 0.917781], abs=1e-6)

    def test_parameters_may_grow(self) -> None:
        adam, grown = Adam(0.1), np.zeros(2)
        adam.ascend(np.zeros(1), np.array([1.0]))
        adam.ascend(grown, np.array([1.0, 1.0]))
        assert adam.mean == pytest.approx([0.19, 0.1])
        assert (grown > 0).all()


class TestClipping:
    @pytest.mark.parametrize(
        ("ratio", "advantage", "weight"),
        [(1.0, 2.0, 2.0), (1.3, 2.0, 0.0), (1.3, -2.0, -2.6), (0.7, 2.0, 1.4), (0.7, -2.0, 0.0), (1.1, 0.0, 0.0)],
    )
    def test_the_gradient_counts_by_hand(self, ratio: float, advantage: float, weight: float) -> None:
        gains, losses = np.array([max(advantage, 0)]), np.array([min(advantage, 0)])
        assert clipped_weights(np.array([ratio]), gains, losses, 0.2) == pytest.approx([weight])

    def test_the_first_epoch_is_the_plain_policy_gradient(self) -> None:
        graph, behaviour = assembly(length=2, horizon=3)
        policy, plain = SoftmaxTable.of(graph, behaviour), SoftmaxTable.of(graph, behaviour)
        pairs = seeded().integers(graph.n_pairs, size=50)
        advantages = seeded(1).normal(size=50)
        ppo_update(policy, Adam(0.1), pairs, advantages, Clipping(epochs=1))
        weights = np.bincount(pairs, advantages, graph.n_pairs) / 50
        Adam(0.1).ascend(plain.logits, plain.score_gradient(weights, plain.log_probabilities()))
        assert policy.logits == pytest.approx(plain.logits)

    def test_updates_by_choice_are_those_of_torch_sample_by_sample(self) -> None:
        torch = pytest.importorskip("torch")
        from agents import losses

        policy = SoftmaxTable(np.array([0.5, -0.5, 1.0, 0.0, -1.0]), START)
        logits = torch.tensor(policy.logits, dtype=torch.float32, requires_grad=True)
        choices, advantages = seeded().integers(5, size=40), seeded(1).normal(size=40)

        def log_p() -> object:
            return torch.cat([torch.log_softmax(part, 0) for part in torch.split(logits, [2, 3])])[choices]

        old, climb = log_p().detach(), torch.optim.Adam([logits], lr=0.3)  # type: ignore[attr-defined]
        for _ in range(4):
            climb.zero_grad()
            loss = losses.clipped_surrogate(log_p(), old, torch.tensor(advantages, dtype=torch.float32), 0.2)
            loss.mean().backward()
            climb.step()
        ppo_update(policy, Adam(0.3), choices, advantages, Clipping(clip=0.2, epochs=4))
        assert policy.logits == pytest.approx(logits.detach().numpy(), abs=1e-4)

    def test_an_entropy_bonus_alone_makes_the_policy_uniform(self) -> None:
        policy, adam = table(), Adam(0.05)
        for _ in range(200):
            ppo_update(policy, adam, np.array([0, 2]), np.zeros(2), Clipping(entropy=1.0))
        assert policy.probabilities() == pytest.approx([1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3], abs=1e-3)


class TestCredit:
    def test_group_advantages_by_hand(self) -> None:
        advantages = group_advantages(np.array([[0.0, 1.0], [5.0, 5.0]]))
        assert advantages == pytest.approx(np.array([[-1, 1], [0, 0]]) / np.sqrt(2), abs=1e-3)

    def test_leave_one_out_by_hand(self) -> None:
        # 1 - (2 + 6)/2, 2 - (1 + 6)/2, 6 - (1 + 2)/2
        assert leave_one_out_advantages(np.array([[1.0, 2.0, 6.0]])) == pytest.approx(np.array([[-3, -1.5, 4.5]]))

    @pytest.mark.parametrize("scores", [np.zeros((3, 1)), np.zeros(3)])
    @pytest.mark.parametrize("credit", [group_advantages, leave_one_out_advantages])
    def test_groups_have_two_or_more(self, scores: npt.NDArray[np.float64], credit: object) -> None:
        assert callable(credit)
        with pytest.raises(ArgumentError, match="at least 2"):
            credit(scores)

    def test_gae_by_hand(self) -> None:
        # δ = 1 + 1 - .5, 0 + 2 - 1, 2 + 0 - 2; with λ = .5: 0, 1 + .5·0, 1.5 + .5·1
        advantages = gae(np.array([[1.0, 0, 2]]), np.array([[0.5, 1, 2]]), 0.5)
        assert advantages == pytest.approx(np.array([[2.0, 1.0, 0.0]]))

    def test_gae_with_lambda_1_is_return_to_go_minus_value(self) -> None:
        r_t, v_t = seeded().normal(size=(4, 6)), seeded(1).normal(size=(4, 6))
        to_go = np.cumsum(r_t[:, ::-1], axis=1)[:, ::-1]
        assert gae(r_t, v_t, 1.0) == pytest.approx(to_go - v_t)

    def test_standardised_has_mean_0_and_deviation_1(self) -> None:
        values = standardised(seeded().normal(3.0, 5.0, size=1000))
        assert (values.mean(), values.std()) == pytest.approx((0, 1), abs=1e-3)
        assert standardised(np.array([4.0])) == pytest.approx([0.0])

    def test_all_agree_with_the_losses_of_the_language_model_arms(self) -> None:
        torch = pytest.importorskip("torch")
        from agents import losses

        scores, v_t = seeded().normal(size=(3, 4)), seeded(1).normal(size=(3, 4))

        def tensor(array: npt.NDArray[np.float64]) -> object:
            return torch.tensor(array, dtype=torch.float32)

        ends = torch.ones(4, 3)
        ends[-1] = 0
        values = tensor(np.pad(v_t, ((0, 0), (0, 1))).T)
        twins = [
            (group_advantages(scores), losses.group_advantages(tensor(scores))),
            (leave_one_out_advantages(scores), losses.leave_one_out_advantages(tensor(scores))),
            (
                standardised(scores.ravel()),
                losses.standardised(tensor(scores.ravel()), torch.ones(12, dtype=torch.bool)),
            ),
            (gae(scores, v_t, 0.7).T, losses.gae(tensor(scores.T), ends, values, 0.7)),
        ]
        for ours, theirs in twins:
            assert ours == pytest.approx(theirs.numpy(), abs=1e-4)


def test_clipped_weights_of_mixed_samples_add_up() -> None:
    for ratio, clip in product((0.5, 0.9, 1.0, 1.1, 1.5), (0.0, 0.2)):
        samples = seeded(3).normal(size=20)
        alone = [
            clipped_weights(np.array([ratio]), np.array([max(a, 0)]), np.array([min(a, 0)]), clip)[0] for a in samples
        ]
        gains, losses = np.maximum(samples, 0).sum(keepdims=True), np.minimum(samples, 0).sum(keepdims=True)
        assert clipped_weights(np.array([ratio]), gains, losses, clip) == pytest.approx([sum(alone)])
