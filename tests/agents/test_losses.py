from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import softplus

from agents import losses
from textenvs.core.errors import ArgumentError


def randoms(*shapes: tuple[int, ...], seed: int = 0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator) for shape in shapes]


def as_float(x: Tensor) -> float:
    return float(x.detach())


class TestGae:
    r_t = torch.tensor([[1.0], [0.0], [2.0]])
    v_t = torch.tensor([[0.5], [1.0], [2.0], [4.0]])

    def test_worked_by_hand_when_the_rules_end_the_episode(self) -> None:
        discount_t = torch.tensor([[0.5], [0.5], [0.0]])
        # δ = 1 + .5·1 - .5 = 1, 0 + .5·2 - 1 = 0, 2 + 0·4 - 2 = 0; with λ = .5: A2 = 0, A1 = 0, A0 = 1
        advantage = losses.gae(self.r_t, discount_t, self.v_t, 0.5)
        assert advantage.tolist() == [[1.0], [0.0], [0.0]]

    def test_worked_by_hand_when_the_episode_is_cut(self) -> None:
        discount_t = torch.full((3, 1), 0.5)
        # δ2 = 2 + .5·4 - 2 = 2; A2 = 2, A1 = 0 + .25·2 = .5, A0 = 1 + .25·.5 = 1.125
        advantage = losses.gae(self.r_t, discount_t, self.v_t, 0.5)
        assert advantage.tolist() == [[1.125], [0.5], [2.0]]

    def test_a_terminal_value_is_never_looked_at_and_a_truncated_one_is(self) -> None:
        changed = self.v_t.clone()
        changed[3] = 100.0
        over, cut = torch.tensor([[1.0], [1.0], [0.0]]), torch.ones(3, 1)
        assert torch.equal(losses.gae(self.r_t, over, self.v_t, 0.9), losses.gae(self.r_t, over, changed, 0.9))
        assert not torch.equal(losses.gae(self.r_t, cut, self.v_t, 0.9), losses.gae(self.r_t, cut, changed, 0.9))

    def test_lambda_1_is_returns_minus_values(self) -> None:
        r_t, v_t = randoms((6, 4), (7, 4))
        discount_t = torch.full((6, 4), 0.9)
        discount_t[-1] = 0.0
        expected = losses.returns_to_go(r_t, discount_t) - v_t[:-1]
        torch.testing.assert_close(losses.gae(r_t, discount_t, v_t, 1.0), expected)

    def test_lambda_0_is_the_one_step_error(self) -> None:
        r_t, v_t, discount_t = randoms((6, 4), (7, 4), (6, 4))
        expected = r_t + discount_t * v_t[1:] - v_t[:-1]
        torch.testing.assert_close(losses.gae(r_t, discount_t, v_t, 0.0), expected)

    def test_is_the_weighted_sum_of_n_step_errors(self) -> None:
        steps, gamma, lambda_ = 5, 0.9, 0.7
        r_t, v_t = randoms((steps, 1), (steps + 1, 1))
        n_step = [sum(gamma**k * r_t[k] for k in range(n)) + gamma**n * v_t[n] - v_t[0] for n in range(1, steps + 1)]
        mixed = sum((1 - lambda_) * lambda_**n * n_step[n] for n in range(steps - 1))
        expected = mixed + lambda_ ** (steps - 1) * n_step[-1]
        actual = losses.gae(r_t, torch.full((steps, 1), gamma), v_t, lambda_)[0]
        torch.testing.assert_close(actual, expected)

    def test_padding_after_the_end_changes_nothing(self) -> None:
        r_t, v_t = randoms((4, 3), (5, 3))
        discount_t = torch.ones(4, 3)
        discount_t[-1] = 0.0
        padded = [torch.cat([x, torch.zeros(2, 3)]) for x in (r_t, discount_t, v_t)]
        torch.testing.assert_close(losses.gae(*padded, 0.95)[:4], losses.gae(r_t, discount_t, v_t, 0.95))

    def test_no_gradient_reaches_the_values(self) -> None:
        v_t = self.v_t.clone().requires_grad_()
        assert not losses.gae(self.r_t, torch.ones(3, 1), v_t, 0.9).requires_grad

    def test_returns_to_go_by_hand(self) -> None:
        discount_t = torch.tensor([[1.0, 0.5], [1.0, 0.5], [0.0, 0.0]])
        r_t = torch.tensor([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]])
        assert losses.returns_to_go(r_t, discount_t).tolist() == [[7.0, 3.0], [6.0, 4.0], [4.0, 4.0]]


class TestPolicyLosses:
    def test_clipping_by_hand(self) -> None:
        old = torch.zeros(4)
        log_p = torch.log(torch.tensor([1.5, 0.5, 1.5, 0.5]))
        advantage = torch.tensor([1.0, 1.0, -1.0, -1.0])
        # min(1.5, 1.2), min(.5, .8), min(-1.5, -1.2), min(-.5, -.8)
        expected = torch.tensor([-1.2, -0.5, 1.5, 0.8])
        torch.testing.assert_close(losses.clipped_surrogate(log_p, old, advantage, 0.2), expected)

    def test_at_ratio_1_its_gradient_is_the_policy_gradient(self) -> None:
        logits, advantage = randoms((8, 5), (8,))
        taken = torch.arange(8) % 5

        def gradient(clipped: bool) -> Tensor:
            leaf = logits.clone().requires_grad_()
            log_p = leaf.log_softmax(dim=-1)[torch.arange(8), taken]
            old = log_p.detach()
            loss = losses.clipped_surrogate(log_p, old, advantage, 0.2) if clipped else None
            loss = losses.policy_gradient(log_p, advantage) if loss is None else loss
            loss.sum().backward()
            assert leaf.grad is not None
            return leaf.grad

        torch.testing.assert_close(gradient(clipped=True), gradient(clipped=False))

    def test_gradient_stops_where_the_ratio_has_gone_far_enough(self) -> None:
        log_p = torch.log(torch.tensor([1.5, 0.5, 1.5, 0.5])).requires_grad_()
        advantage = torch.tensor([1.0, 1.0, -1.0, -1.0])
        losses.clipped_surrogate(log_p, torch.zeros(4), advantage, 0.2).sum().backward()
        assert log_p.grad is not None
        assert (log_p.grad != 0).tolist() == [False, True, True, False]

    def test_replies_are_sums_of_their_tokens(self) -> None:
        log_p = torch.tensor([[-1.0, -2.0, -4.0, -8.0, -16.0]])
        turn = torch.tensor([[-1, 0, 0, -1, 2]])
        assert losses.sum_by_turn(log_p, turn, 4).tolist() == [[-6.0, 0.0, -16.0, 0.0]]

    def test_tokens_of_no_reply_get_no_gradient(self) -> None:
        log_p = torch.full((1, 3), -1.0, requires_grad=True)
        losses.sum_by_turn(log_p, torch.tensor([[-1, 0, -1]]), 1).sum().backward()
        assert log_p.grad is not None
        assert log_p.grad.tolist() == [[0.0, 1.0, 0.0]]

    def test_cross_entropy_by_hand(self) -> None:
        log_p = torch.log(torch.tensor([[0.5, 0.1], [0.25, 0.9]]))
        mask = torch.tensor([[True, False], [True, False]])
        torch.testing.assert_close(losses.cross_entropy(log_p, mask), torch.tensor(1.5 * math.log(2)))


class TestGroups:
    scores = torch.tensor([[0.0, 1.0, 2.0], [5.0, 5.0, 5.0]])

    def test_group_advantages_by_hand(self) -> None:
        expected = torch.tensor([[-1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
        torch.testing.assert_close(losses.group_advantages(self.scores), expected, atol=1e-3, rtol=0)

    def test_leave_one_out_by_hand(self) -> None:
        expected = torch.tensor([[-1.5, 0.0, 1.5], [0.0, 0.0, 0.0]])
        torch.testing.assert_close(losses.leave_one_out_advantages(self.scores), expected)

    @pytest.mark.parametrize("advantages", [losses.group_advantages, losses.leave_one_out_advantages])
    def test_an_easier_instance_is_no_reason_for_credit(self, advantages: object) -> None:
        assert callable(advantages)
        (scores,) = randoms((4, 6))
        shifted = scores + torch.tensor([[0.0], [10.0], [-5.0], [3.0]])
        torch.testing.assert_close(advantages(shifted), advantages(scores), atol=1e-4, rtol=1e-4)

    def test_a_group_of_one_is_refused(self) -> None:
        with pytest.raises(ArgumentError, match="at least 2"):
            losses.group_advantages(torch.zeros(3, 1))

    def test_standardised_ignores_what_is_masked(self) -> None:
        advantage = torch.tensor([[1.0, 99.0], [3.0, 5.0]])
        mask = torch.tensor([[True, False], [True, True]])
        expected = torch.tensor([[-1.0, 0.0], [0.0, 1.0]])
        torch.testing.assert_close(losses.standardised(advantage, mask), expected, atol=1e-3, rtol=0)

    def test_standardised_survives_a_single_entry(self) -> None:
        alone = losses.standardised(torch.tensor([[3.0]]), torch.tensor([[True]]))
        assert alone.tolist() == [[0.0]]


class TestValuesAndRewards:
    def test_value_loss_by_hand(self) -> None:
        v_t, target_t = torch.tensor([1.0, 2.0]), torch.tensor([0.0, 4.0])
        assert losses.value_loss(v_t, target_t).tolist() == [0.5, 2.0]

    def test_value_loss_moves_values_and_not_targets(self) -> None:
        v_t, target_t = torch.zeros(3, requires_grad=True), torch.ones(3, requires_grad=True)
        losses.value_loss(v_t, target_t).sum().backward()
        assert v_t.grad is not None
        assert v_t.grad.tolist() == [-1.0, -1.0, -1.0]
        assert target_t.grad is None

    def test_bradley_terry_by_hand(self) -> None:
        first, second = torch.tensor([math.log(3.0)]), torch.tensor([0.0])
        for preference, expected in [(1.0, -math.log(0.75)), (0.0, -math.log(0.25))]:
            loss = losses.bradley_terry(first, second, torch.tensor([preference]))
            assert as_float(loss) == pytest.approx(expected, rel=1e-6)

    def test_bradley_terry_pulls_tied_replies_together(self) -> None:
        first = torch.tensor([2.0], requires_grad=True)
        losses.bradley_terry(first, torch.tensor([0.0]), torch.tensor([0.5])).sum().backward()
        assert first.grad is not None
        assert float(first.grad) > 0
        even = torch.tensor([0.0], requires_grad=True)
        losses.bradley_terry(even, torch.tensor([0.0]), torch.tensor([0.5])).sum().backward()
        assert even.grad is not None
        assert float(even.grad) == 0

    def test_bradley_terry_depends_on_differences_only_and_is_symmetric(self) -> None:
        first, second = randoms((7,), (7,))
        preference = torch.linspace(0, 1, 7)
        loss = losses.bradley_terry(first, second, preference)
        torch.testing.assert_close(losses.bradley_terry(first + 3, second + 3, preference), loss)
        torch.testing.assert_close(losses.bradley_terry(second, first, 1 - preference), loss)

    def test_kl_estimates_average_to_the_divergence(self) -> None:
        p_logits, q_logits = randoms((9,), (9,))
        log_p, log_q = p_logits.log_softmax(0), q_logits.log_softmax(0)
        kl = float((log_p.exp() * (log_p - log_q)).sum())
        for estimate in (losses.kl_estimate, losses.kl_estimate_positive):
            assert float((log_p.exp() * estimate(log_p, log_q)).sum()) == pytest.approx(kl, rel=1e-5)
        assert bool((losses.kl_estimate_positive(log_p, log_q) >= 0).all())


class TestInvariances:
    """Settings that must not matter: micro-batches, padding, and whatever lies under a mask."""

    def batch(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        logits, old, advantage = randoms((6, 5, 3), (6, 5), (6, 5))
        lengths = torch.tensor([1, 5, 2, 4, 3, 5])
        mask = torch.arange(5) < lengths[:, None]
        taken = torch.randint(0, 3, (6, 5), generator=torch.Generator().manual_seed(1))
        return logits, old - 1, advantage, mask, taken

    @pytest.mark.parametrize("size", [1, 2, 4])
    def test_micro_batches_add_up_to_the_gradient_of_the_batch(self, size: int) -> None:
        logits, old, advantage, mask, taken = self.batch()
        total = int(mask.sum())

        def gradient(rows_each: int) -> Tensor:
            leaf = logits.clone().requires_grad_()
            for first in range(0, 6, rows_each):
                rows = slice(first, first + rows_each)
                log_p = leaf[rows].log_softmax(-1).gather(-1, taken[rows, :, None])[..., 0]
                loss = losses.clipped_surrogate(log_p, old[rows], advantage[rows], 0.2)
                losses.masked_mean(loss, mask[rows], total).backward()
            assert leaf.grad is not None
            return leaf.grad

        torch.testing.assert_close(gradient(size), gradient(6), rtol=1e-5, atol=1e-7)

    def test_padding_does_not_matter(self) -> None:
        x, wide = randoms((4, 3), (4, 7))
        mask = torch.tensor([[True, True, True], [True, False, False], [True, True, False], [True, False, False]])
        wide[:, :3] = x
        wider = torch.cat([mask, torch.zeros(4, 4, dtype=torch.bool)], dim=1)
        torch.testing.assert_close(losses.masked_mean(wide, wider), losses.masked_mean(x, mask))

    def test_what_is_masked_gets_exactly_no_gradient_and_may_be_infinite(self) -> None:
        x = torch.tensor([[1.0, math.inf], [3.0, math.nan]], requires_grad=True)
        mask = torch.tensor([[True, False], [True, False]])
        loss = losses.masked_mean(x, mask)
        loss.backward()
        assert x.grad is not None
        assert as_float(loss) == 2.0
        assert x.grad.tolist() == [[0.5, 0.0], [0.5, 0.0]]

    def test_an_empty_mask_gives_zero(self) -> None:
        assert as_float(losses.masked_mean(torch.ones(2), torch.zeros(2, dtype=torch.bool))) == 0.0


class TestChecks:
    def test_shapes_that_would_broadcast_are_refused(self) -> None:
        with pytest.raises(ArgumentError, match="shapes differ"):
            losses.clipped_surrogate(torch.zeros(3, 1), torch.zeros(3, 1), torch.zeros(1, 3), 0.2)
        with pytest.raises(ArgumentError, match="shapes differ"):
            losses.masked_mean(torch.zeros(3, 2), torch.ones(3, 1, dtype=torch.bool))

    def test_rank_and_type_are_checked(self) -> None:
        with pytest.raises(ArgumentError, match="rank 2"):
            losses.gae(torch.zeros(3), torch.zeros(3), torch.zeros(4), 0.9)
        with pytest.raises(ArgumentError, match="one more v_t"):
            losses.gae(torch.zeros(3, 2), torch.zeros(3, 2), torch.zeros(3, 2), 0.9)
        with pytest.raises(ArgumentError, match="bool"):
            losses.masked_mean(torch.zeros(3), torch.ones(3))
        with pytest.raises(ArgumentError, match="int64"):
            losses.sum_by_turn(torch.zeros(1, 2), torch.zeros(1, 2), 1)


def test_bradley_terry_without_ties_is_the_logistic_loss() -> None:
    first, second = randoms((16,), (16,))
    expected = softplus(second - first)
    torch.testing.assert_close(losses.bradley_terry(first, second, torch.ones(16)), expected)
