from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from agents import losses, reply_rlhf
from agents.learner import Clipping, PolicyLearner, ScalarLearner
from agents.reply_rlhf import (
    Config,
    Labels,
    Remembered,
    Texts,
    answer,
    collect_labels,
    compare,
    decisions,
    deviation_within,
    fit_reward_model,
    invalid_rate,
)
from agents.training import Cell, Meter, training_seeds
from textenvs.core.errors import UnknownNameError
from textenvs.games.assembly import Assembly
from textenvs.policies.ledger import Ledger

LURING = Cell(Assembly(length=2, horizon=4, slip=0.3, lure=0.2), "mixed:0.5")


@pytest.fixture
def policy(model, tokenizer):
    return LURING.policy(model, tokenizer, Ledger())


class TestPrompts:
    def test_are_all_decisions_of_an_episode_with_what_they_earned(self, tokenizer):
        for seed in range(8):
            asked = decisions(LURING, tokenizer, seed)
            last = asked[-1].prompt.copy()
            last.reply(0, asked[-1].reply.text)
            assert last.over
            assert [len(each.prompt.replies) for each in asked] == list(range(len(asked)))
            assert asked[0].return_to_go == pytest.approx(last.scores[0])
            for each, after in pairwise(asked):
                assert each.return_to_go == pytest.approx(each.reward + after.return_to_go)
            assert asked[-1].return_to_go == pytest.approx(asked[-1].reward)

    def test_a_reply_knows_the_whole_dialogue(self, tokenizer):
        asked = decisions(LURING, tokenizer, 3)
        lengths = [len(each.reply.trace.context) for each in asked]
        assert lengths == sorted(lengths)
        for each, after in pairwise(asked):
            said = each.reply.trace.context + each.reply.trace.tokens
            assert after.reply.trace.context[: len(said)] == said

    def test_answers_play_nothing(self, tokenizer, policy):
        prompts = [each.prompt for each in decisions(LURING, tokenizer, 3)]
        before = [prompt.replies for prompt in prompts]
        replies = answer(policy, prompts, training_seeds(0))
        assert len(replies) == len(prompts)
        assert [prompt.replies for prompt in prompts] == before
        assert all(reply.text in prompt.legal_replies(0) for reply, prompt in zip(replies, prompts, strict=True))


def last_word(texts, number, tokenizer):
    """The reply of a text, which is a single word."""
    return tokenizer.decode([int(texts.batch([number]).ids[0, -2])])


class TestLabels:
    def asked(self, tokenizer, episodes=12):
        return [each for seed in range(episodes) for each in decisions(LURING, tokenizer, seed)]

    def test_myopic_preferences_are_those_of_the_rewards(self, tokenizer, policy):
        asked = self.asked(tokenizer)
        texts, meter = Texts(len(tokenizer)), Meter(10_000)
        labels = compare(policy, asked, texts, training_seeds(0), meter, farsighted=False)
        assert 0 < len(labels) <= len(asked)
        assert meter.ledger.environment_steps == len(labels), "each second reply is one step"
        seen = set()
        for first, second, label in labels:
            pair = tuple(last_word(texts, number, tokenizer) for number in (first, second))
            seen.add((*pair, label))
        sure = {("sell", "clear", 1.0), ("clear", "sell", 0.0)}
        assert {each for each in seen if set(each[:2]) == {"sell", "clear"}} <= sure, "the lure pays at once"
        assert {label for one, other, label in seen if {one, other} == {"advance", "clear"}} >= {0.5}, (
            "nothing pays yet"
        )

    def test_farsighted_preferences_play_on_to_the_end(self, tokenizer, policy):
        asked = self.asked(tokenizer)
        meter = Meter(10_000)
        labels = compare(policy, asked, Texts(len(tokenizer)), training_seeds(0), meter, farsighted=True)
        assert meter.ledger.environment_steps > len(labels)
        assert {label for _, _, label in labels} == {0.0, 0.5, 1.0}

    def test_second_replies_have_chance_of_their_own(self, tokenizer, policy):
        """The same comparisons again, with other seeds for chance, come out otherwise."""
        asked = self.asked(tokenizer, 24)
        fixed = answer(policy, [each.prompt for each in asked], training_seeds(0))

        class Fixed:
            def start(self, slots):
                pass

            def replies(self, requests):
                return fixed

        results = [
            compare(Fixed(), asked, Texts(len(tokenizer)), training_seeds(seed), Meter(10_000), farsighted=True)
            for seed in (1, 2)
        ]
        assert [each[:2] for each in results[0]] == [each[:2] for each in results[1]]
        assert [each[2] for each in results[0]] != [each[2] for each in results[1]]

    def test_scores_are_returns_to_go_and_cost_nothing_more(self, tokenizer, policy):
        meter, texts = Meter(200), Texts(len(tokenizer))
        config = Config("farsighted", episodes=8)
        asked, labels = collect_labels(LURING, policy, texts, training_seeds(0), meter, config)
        assert len(asked) == len(labels.label) == meter.ledger.environment_steps == meter.ledger.labels
        torch.testing.assert_close(labels.label, torch.tensor([each.return_to_go for each in asked]))
        assert bool((labels.second == -1).all())
        assert labels.first.tolist() == [texts.add(each.reply.trace) for each in asked]

    def test_an_unknown_kind_is_refused(self, model, tokenizer):
        with pytest.raises(UnknownNameError, match="farsighted"):
            reply_rlhf.train(LURING, model, tokenizer, seed=0, budget=50, config=Config(labels="far"))


class TestRewardModel:
    def texts(self, tokenizer):
        texts = Texts(len(tokenizer))
        for seed in range(6):
            for each in decisions(LURING, tokenizer, seed):
                texts.add(each.reply.trace)
        return texts

    def fitted(self, model, tokenizer, texts, labels, **knobs):
        learner = ScalarLearner.from_policy(model, "reward_model", Ledger(), 1e-2, seed=0)
        config = Config(reward_updates=30, **knobs)
        fit_reward_model(learner, texts, labels, Meter(1), config, np.random.default_rng(0))
        return Remembered(texts, learner.scores)

    def test_equal_texts_have_one_number(self, tokenizer):
        texts = Texts(len(tokenizer))
        asked = decisions(LURING, tokenizer, 0)
        assert texts.add(asked[0].reply.trace) == texts.add(asked[0].reply.trace) == 0
        assert texts.add(asked[1].reply.trace) == 1
        ids = asked[1].reply.trace.context + asked[1].reply.trace.tokens
        assert texts.batch([1]).ids[0].tolist() == list(ids)

    def test_learns_scores_and_the_mean_of_those_that_differ(self, model, tokenizer):
        texts = self.texts(tokenizer)
        labels = Labels(torch.tensor([0, 1, 1]), torch.full((3,), -1), torch.tensor([2.0, 0.0, 1.0]))
        said = self.fitted(model, tokenizer, texts, labels)([0, 1])
        torch.testing.assert_close(said, torch.tensor([2.0, 0.5]), atol=0.1, rtol=0)

    def test_learns_preferences_and_ties(self, model, tokenizer):
        texts = self.texts(tokenizer)
        labels = Labels(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 3]), torch.tensor([1.0, 1.0, 0.5]))
        said = self.fitted(model, tokenizer, texts, labels)([0, 1, 2, 3])
        assert said[0] > said[1] + 1 > said[2] + 2
        assert abs(float(said[2] - said[3])) < 0.3

    def test_joined_labels_have_the_gradient_of_single_ones(self, model, tokenizer):
        texts = self.texts(tokenizer)
        labels = Labels(torch.tensor([0, 0, 0, 1]), torch.full((4,), -1), torch.tensor([1.0, 0.0, 0.5, 2.0]))
        joined = ScalarLearner.from_policy(model, "reward_model", Ledger(), 0.0, seed=0)
        config = Config(reward_epochs=1, reward_updates=1, reward_minibatch=4)
        fit_reward_model(joined, texts, labels, Meter(1), config, np.random.default_rng(0))
        single = ScalarLearner.from_policy(model, "reward_model", Ledger(), 0.0, seed=0)
        scores = single.scores(texts.batch([0, 0, 0, 1]))
        single.descend(losses.value_loss(scores, labels.label).mean())
        for one, other in zip(joined.model.parameters(), single.model.parameters(), strict=True):
            torch.testing.assert_close(one.grad, other.grad, atol=1e-5, rtol=1e-3)

    def test_sees_few_labels_often_and_many_at_least_as_often_as_asked(self, model, tokenizer):
        texts = self.texts(tokenizer)
        learner = ScalarLearner.from_policy(model, "reward_model", Ledger(), 1e-3, seed=0)
        for count, passes in [(4, 6), (40, 2)]:
            labels = Labels(torch.arange(count) % 4, torch.full((count,), -1), torch.zeros(count))
            config = Config(reward_epochs=2, reward_updates=6, reward_minibatch=4)
            meter = Meter(1)
            fit_reward_model(learner, texts, labels, meter, config, np.random.default_rng(0))
            assert len(meter.curve) == passes

    def test_what_is_remembered_is_what_is_read(self, model, tokenizer):
        texts = self.texts(tokenizer)
        learner = PolicyLearner.copy_of(model, Ledger(), component="reference")
        calls = []

        def read(batch):
            calls.append(len(batch.ids))
            return learner.log_probs(batch).sum(dim=1)

        remembered = Remembered(texts, read)
        said = remembered([2, 0, 2, 1])
        assert sum(calls) == 3
        torch.testing.assert_close(said, read(texts.batch([2, 0, 2, 1])).detach())
        remembered([0, 1, 2])
        assert sum(calls) == 3 + 4

    def test_spread_is_taken_within_prompts(self):
        scores = torch.tensor([[0.0, 2.0], [100.0, 102.0]])
        assert deviation_within(scores) == pytest.approx(2**0.5)


def test_scores_stand_beside_true_returns_of_the_same_replies(model, tokenizer):
    config = Config("farsighted", episodes=8, batches=1, reward_updates=2)
    run = reply_rlhf.train(LURING, model, tokenizer, seed=0, budget=100, config=config)
    rows = run.diagnostics["reward_model"]
    assert len(rows) == run.ledger.environment_steps
    assert all(row.keys() == {"score", "reward", "return_to_go"} for row in rows)
    assert len({row["score"] for row in rows}) > 1
    assert {round(row["reward"], 9) for row in rows} == {0.0, 0.2, 1.0}


def test_kl_is_0_at_first_and_dear_if_it_costs_much(model, tokenizer):
    def divergence(beta):
        config = Config(
            "farsighted", episodes=8, reward_updates=10, reward_rate=1e-2, prompts=16, batches=5, rate=1e-2, beta=beta,
            clipping=Clipping(epochs=2, minibatches=2),
        )  # fmt: skip
        run = reply_rlhf.train(LURING, model, tokenizer, seed=0, budget=100, config=config)
        rows = [row["kl_to_start"] for row in run.curve if "kl_to_start" in row]
        assert rows[0] == pytest.approx(0.0, abs=1e-5)
        return rows[-1]

    assert divergence(0.01) > 2 * abs(divergence(10.0))


def test_invalid_replies_are_counted_without_playing(tokenizer, model):
    free = replace(LURING, mode="free", max_new_tokens=3)
    prompts = [each.prompt for each in decisions(LURING, tokenizer, 0)]
    replies = answer(free.policy(model, tokenizer, Ledger()), prompts, training_seeds(0))
    expected = [
        prompt.copy().reply(0, reply.text).refusal is not None for prompt, reply in zip(prompts, replies, strict=True)
    ]
    assert invalid_rate(prompts, replies) == sum(expected) / len(expected)
