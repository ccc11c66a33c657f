from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from agents import learner, losses
from agents.learner import Clipping, PolicyLearner, ScalarLearner, distinct, episode_tokens, imitate, ppo_update
from agents.training import training_seeds
from textenvs.evaluation.rollout import play
from textenvs.policies import tokens
from textenvs.policies.ledger import Ledger
from textenvs.policies.tokens import collate


def generator():
    return np.random.default_rng(0)


def sampled(cell, model, tokenizer, episodes, form="turns"):
    """Episodes that `model` has played, in ids."""
    seeds = training_seeds(0)
    policy = cell.policy(model, tokenizer, Ledger())
    return [episode_tokens(each) for each in play([cell.episode(next(seeds), form) for _ in range(episodes)], policy)]


def random_advantages(episodes, seed=0):
    turns = max(len(each.decisions) for each in episodes)
    return torch.randn(len(episodes), turns, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def last_hidden_states(monkeypatch):
    """The hidden states under the head of each reading, with their gradients, and the batches."""
    found = []
    original = tokens.hidden_states

    def kept(body, batch):
        hidden = original(body, batch)
        if hidden.requires_grad:
            hidden.retain_grad()
            found.append((hidden, batch))
        return hidden

    monkeypatch.setattr(tokens, "hidden_states", kept)
    return found


def assert_only_choices_were_trained(found):
    """Logits at a position are linear in the hidden state there, so no gradient there is none on the logits."""
    assert found
    for hidden, batch in found:
        trained = torch.zeros_like(batch.real)
        trained[batch.choices[:, 0], batch.choices[:, 1] - 1] = True
        assert trained.any()
        assert not trained.all()
        assert bool((hidden.grad[~trained] == 0).all())
        assert bool((hidden.grad[trained] != 0).any())


class TestWhatIsTrained:
    def test_ppo_trains_choices_and_neither_views_nor_padding(self, guesses, model, tokenizer, last_hidden_states):
        episodes = sampled(guesses, model, tokenizer, 16)
        assert len({len(each.ids) for each in episodes}) > 1, "nothing is padded here"
        ppo_update(
            PolicyLearner.copy_of(model, Ledger(), 1e-3),
            episodes,
            random_advantages(episodes),
            Clipping(entropy=0.01),
            generator(),
        )
        assert_only_choices_were_trained(last_hidden_states)

    def test_imitation_trains_choices_and_neither_views_nor_padding(
        self, guesses, model, tokenizer, last_hidden_states
    ):
        imitate(PolicyLearner.copy_of(model, Ledger(), 1e-3), sampled(guesses, model, tokenizer, 6), 1, 2, generator())
        assert_only_choices_were_trained(last_hidden_states)

    def test_padding_is_never_an_alternative(self, guesses, model, tokenizer):
        batch = collate(sampled(guesses, model, tokenizer, 6), len(tokenizer))
        assert not batch.allowed[:, tokenizer.pad].any()
        assert not batch.sampled[~batch.real].any()

    def test_free_replies_train_their_end(self, assembly, model, tokenizer, last_hidden_states):
        free = replace(assembly, mode="free", max_new_tokens=4)
        episodes = sampled(free, model, tokenizer, 6)
        imitate(PolicyLearner.copy_of(model, Ledger(), 1e-3), episodes, 1, 1, generator())
        assert_only_choices_were_trained(last_hidden_states)
        batch = collate(episodes, len(tokenizer))
        assert int(learner.choice_mask(batch).sum()) == int(batch.sampled.sum())

    def test_a_critic_is_trained_at_decisions_alone(self, guesses, model, tokenizer, last_hidden_states):
        critic = ScalarLearner.from_policy(model, "critic", Ledger(), 1e-3, seed=0)
        batch = collate(sampled(guesses, model, tokenizer, 4), len(tokenizer))
        critic.descend(critic.values(batch)[batch.turns].pow(2).sum())
        ((hidden, _),) = last_hidden_states
        read = torch.zeros_like(batch.real)
        rows, turns = batch.turns.nonzero().T
        read[rows, batch.decisions[rows, turns]] = True
        assert bool((hidden.grad[~read] == 0).all())
        assert bool((hidden.grad[read] != 0).any(dim=-1).all())


class TestRatio:
    @pytest.mark.parametrize("unit", ["reply", "token"])
    @pytest.mark.parametrize("form", ["turns", "plan"])
    @pytest.mark.parametrize("mode", ["choose", "free"])
    def test_is_1_before_the_first_update(self, guesses, model, tokenizer, unit, form, mode):
        cell = replace(guesses, mode=mode, max_new_tokens=5)
        episodes = sampled(cell, model, tokenizer, 12, form)
        numbers = ppo_update(
            PolicyLearner.copy_of(model, Ledger(), 1e-3),
            episodes,
            random_advantages(episodes),
            Clipping(epochs=1, minibatches=1, ratio_of=unit),
            generator(),
        )
        assert numbers["first_ratio_error"] < 1e-4
        assert numbers["kl"] < 1e-6

    def test_is_not_1_for_another_policy(self, guesses, model, tokenizer):
        episodes = sampled(guesses, model, tokenizer, 12)
        other = PolicyLearner.copy_of(model, Ledger(), 1e-2)
        imitate(other, episodes[:4], 3, 1, generator())
        numbers = ppo_update(other, episodes, random_advantages(episodes), Clipping(epochs=1), generator())
        assert numbers["first_ratio_error"] > 1e-2

    def test_of_a_reply_is_the_product_over_its_tokens(self, guesses, model, tokenizer):
        episodes = sampled(guesses, model, tokenizer, 4)
        batch = collate(episodes, len(tokenizer))
        log_p = tokens.log_probs(model, batch).detach()
        of_replies = losses.sum_by_turn(log_p, batch.turn, batch.turns.shape[1])
        for row, each in enumerate(episodes):
            for turn in range(len(each.decisions)):
                total = sum(float(log_p[row, place]) for place in range(len(each.ids)) if int(each.turn[place]) == turn)
                assert float(of_replies[row, turn]) == pytest.approx(total, abs=1e-5)


class TestUpdates:
    def test_first_ppo_step_is_a_policy_gradient_step(self, guesses, model, tokenizer):
        """At ratio 1 the update must have the gradient of REINFORCE with one advantage for each reply."""
        episodes = sampled(guesses, model, tokenizer, 8)
        advantages = random_advantages(episodes)
        trained = PolicyLearner.copy_of(model, Ledger(), 0.0)
        ppo_update(trained, episodes, advantages, Clipping(epochs=1, minibatches=1), generator())
        reference = PolicyLearner.copy_of(model, Ledger(), 0.0)
        batch = collate(episodes, len(tokenizer))
        of_replies = losses.sum_by_turn(tokens.log_probs(reference.model, batch), batch.turn, batch.turns.shape[1])
        loss = losses.masked_mean(losses.policy_gradient(of_replies, advantages), batch.turns)
        reference.descend(loss)
        for one, other in zip(trained.model.parameters(), reference.model.parameters(), strict=True):
            torch.testing.assert_close(one.grad, other.grad, atol=1e-5, rtol=1e-3)

    def test_credit_makes_replies_likelier(self, guesses, model, tokenizer):
        episodes = sampled(guesses, model, tokenizer, 8)
        batch = collate(episodes, len(tokenizer))
        advantages = torch.where(torch.arange(8)[:, None] < 4, 1.0, -1.0).expand(-1, batch.turns.shape[1])
        trained = PolicyLearner.copy_of(model, Ledger(), 1e-3)
        before = tokens.log_probs(trained.model, batch).sum(dim=1).detach()
        ppo_update(trained, episodes, advantages, Clipping(epochs=4, minibatches=1), generator())
        change = tokens.log_probs(trained.model, batch).sum(dim=1).detach() - before
        assert float(change[:4].mean()) > 0 > float(change[4:].mean())

    def test_entropy_bonus_raises_entropy(self, guesses, model, tokenizer):
        episodes = sampled(guesses, model, tokenizer, 8)
        advantages = torch.zeros_like(random_advantages(episodes))
        trained = PolicyLearner.copy_of(model, Ledger(), 1e-3)
        numbers = [
            ppo_update(trained, episodes, advantages, Clipping(entropy=1.0, epochs=2), generator()) for _ in range(2)
        ]
        assert numbers[1]["entropy"] > numbers[0]["entropy"]

    def test_imitation_makes_episodes_likelier(self, guesses, model, tokenizer):
        episodes = sampled(guesses, model, tokenizer, 8)
        trained = PolicyLearner.copy_of(model, Ledger(), 1e-3)
        numbers = [imitate(trained, episodes, 1, 2, generator())["cross_entropy"] for _ in range(4)]
        assert numbers[-1] < numbers[0]

    def test_nothing_to_imitate_changes_nothing(self, model):
        trained = PolicyLearner.copy_of(model, Ledger(), 1e-3)
        assert imitate(trained, [], 3, 4, generator()) == {}

    def test_equal_episodes_read_once_weigh_as_often_as_they_occur(self, guesses, model, tokenizer):
        few = sampled(guesses, model, tokenizer, 4)
        many = [few[0], few[1], few[0], few[2], few[3], few[0]]
        batch, of = distinct(many, len(tokenizer))
        assert of.tolist() == [0, 1, 0, 2, 3, 0]
        whole = collate(many, len(tokenizer))
        width = batch.ids.shape[1]
        assert torch.equal(batch.ids[of], whole.ids[:, :width])
        torch.testing.assert_close(tokens.log_probs(model, batch)[of], tokens.log_probs(model, whole))

    def test_gradients_are_clipped_and_their_norm_told(self, model):
        trained = PolicyLearner.copy_of(model, Ledger(), 1e-3)
        weight = trained.model.lm_head.weight
        norm = trained.descend(1000 * weight.sum())
        assert norm == pytest.approx(1000 * weight.numel() ** 0.5, rel=1e-4)
        assert float(weight.grad.norm()) == pytest.approx(1.0, rel=1e-3)

    def test_annealed_to_nothing_it_stands_still(self, model):
        trained = PolicyLearner.copy_of(model, Ledger(), 1e-3)
        trained.anneal(0.0)
        before = trained.model.lm_head.weight.detach().clone()
        trained.descend(trained.model.lm_head.weight.pow(2).sum())
        assert torch.equal(trained.model.lm_head.weight, before)


class TestBooking:
    def test_training_counts_three_passes_and_scoring_one(self, guesses, model, tokenizer):
        batch = collate(sampled(guesses, model, tokenizer, 4), len(tokenizer))
        ledger = Ledger()
        trained = PolicyLearner.copy_of(model, ledger, 1e-3)
        with torch.no_grad():
            trained.log_probs(batch)
        scored = ledger.flops["policy"]
        assert (ledger.scored_tokens, ledger.trained_tokens) == (batch.tokens, 0)
        trained.log_probs(batch)
        assert ledger.flops["policy"] == 4 * scored > 0
        assert (ledger.scored_tokens, ledger.trained_tokens) == (batch.tokens, batch.tokens)

    def test_each_component_is_booked_apart(self, guesses, model, tokenizer):
        batch = collate(sampled(guesses, model, tokenizer, 4), len(tokenizer))
        ledger = Ledger()
        ScalarLearner.from_policy(model, "critic", ledger, 1e-3, seed=0).values(batch)
        ScalarLearner.from_policy(model, "reward_model", ledger, 1e-3, seed=0).scores(batch)
        PolicyLearner.copy_of(model, ledger, component="reference").log_probs(batch)
        assert all(ledger.flops[component] > 0 for component in ("critic", "reward_model", "reference"))
        assert ledger.flops["policy"] == 0


def test_minibatches_are_a_partition():
    parts = list(learner.minibatches(10, 4, generator()))
    assert sorted(row for part in parts for row in part) == list(range(10))
    assert [len(part) for part in parts] == [3, 3, 2, 2]
    assert sorted(map(len, learner.minibatches(2, 4, generator()))) == [1, 1]
    assert list(learner.minibatches(0, 4, generator())) == []


def test_scores_are_said_after_the_last_id_of_each_text(guesses, model, tokenizer):
    episodes = sampled(guesses, model, tokenizer, 4)
    judge = ScalarLearner.from_policy(model, "reward_model", Ledger(), 1e-3, seed=0)
    together = judge.scores(collate(episodes, len(tokenizer)))
    alone = torch.cat([judge.scores(collate([each], len(tokenizer))) for each in episodes])
    torch.testing.assert_close(together, alone)
