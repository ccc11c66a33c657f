from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from agents import losses, self_play, turn_ppo
from agents.learner import Clipping, ScalarLearner, episode_tokens
from agents.training import Cell, paid, training_seeds
from agents.turn_ppo import ActorCritic, Config, fit_critic, time_major, values, with_last_view
from textenvs.envs.episode import Episode
from textenvs.envs.settings import Settings
from textenvs.evaluation.rollout import play
from textenvs.games.assembly import Assembly
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.policies.language_model import LanguageModelPolicy
from textenvs.policies.ledger import Ledger
from textenvs.policies.models import tiny_llama
from textenvs.policies.scripted import ScriptPolicy
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.policies.tokens import EpisodeTokens, collate

SURE = Cell(Assembly(length=2, horizon=4, slip=0.0, lure=0.5), "random")


def scripted(*scripts, cell=SURE, longest=None):
    return [
        played
        for script in scripts
        for played in play([cell.episode(0)], ScriptPolicy(script.split("/")), longest=longest)
    ]


def sampled(cell, model, tokenizer, episodes=6, longest=None):
    seeds = training_seeds(0)
    policy = cell.policy(model, tokenizer, Ledger())
    return play([cell.episode(next(seeds)) for _ in range(episodes)], policy, longest=longest)


class TestTime:
    def test_an_episode_that_is_over_is_worth_nothing_afterwards(self):
        played = scripted("advance/advance", "sell/advance/sell/advance")
        r_t, discount_t, mask = time_major(played, paid(played))
        assert r_t.T.tolist() == [[0, 1, 0, 0], [0.5, 0, 0.5, 1]]
        assert discount_t.T.tolist() == [[1, 0, 0, 0], [1, 1, 1, 0]]
        assert mask.T.tolist() == [[True, True, False, False], [True] * 4]

    def test_turns_used_up_end_the_episode_by_its_rules(self):
        played = scripted("sell/sell/sell/sell")
        assert time_major(played, paid(played))[1].T.tolist() == [[1, 1, 1, 0]]

    def test_a_forfeit_ends_the_episode_by_its_rules(self):
        played = scripted("?/?", cell=replace(SURE, mode="free", settings=Settings(max_refusals=2)))
        assert played[0].episode.forfeited == 0
        assert time_major(played, paid(played))[1].T.tolist() == [[1, 0]]

    def test_an_episode_that_was_cut_keeps_its_discount(self):
        played = scripted("sell/sell/sell/sell", "advance/advance", longest=2)
        assert [each.episode.over for each in played] == [False, True]
        assert time_major(played, paid(played))[1].T.tolist() == [[1, 1], [1, 0]]

    def test_bootstraps_where_it_was_cut_and_never_where_it_is_over(self):
        """With λ = 1 and values of 10 everywhere, only the cut episode expects anything after its last reply."""
        played = scripted("sell/sell/sell/sell", "sell/sell/sell/sell", "advance/advance", longest=None)[:1]
        cut = scripted("sell/sell", "advance/advance", longest=2)
        for episodes, expected in [(played, [[2.0 - 10]]), (cut, [[1.0 + 10 - 10], [1.0 - 10]])]:
            r_t, discount_t, mask = time_major(episodes, paid(episodes))
            v_t = torch.full((len(r_t) + 1, len(episodes)), 10.0)
            v_t[:-1][~mask] = 0.0
            advantages = losses.gae(r_t, discount_t, v_t, 1.0)
            assert advantages[:1].T.tolist() == expected


@pytest.mark.parametrize(("annealed", "bonus"), [(True, 0.05), (False, 0.2)])
def test_the_entropy_bonus_falls_if_it_is_told_to(model, tokenizer, annealed, bonus):
    config = Config(clipping=Clipping(entropy=0.2), anneal_entropy=annealed)
    actor_critic = ActorCritic(model, tokenizer, Ledger(), config, seed=0)
    actor_critic.anneal(0.25)
    assert actor_critic.clipping == Clipping(entropy=bonus)


@pytest.mark.parametrize("trained_by", ["turn_ppo", "self_play"])
def test_step_size_and_entropy_bonus_fall_together_in_training(assembly, model, tokenizer, trained_by, ppo_updates):
    config = Config(episodes=8, rate=0.5, warm_up_epochs=0, clipping=Clipping(entropy=0.2), anneal_entropy=True)
    if trained_by == "turn_ppo":
        turn_ppo.train(assembly, model, tokenizer, seed=0, budget=120, config=config)
    else:
        game = KuhnPoker()
        words = WordTokenizer.from_games([game])
        self_play.train(game, tiny_llama(len(words)), words, seed=0, budget=120, config=self_play.Config(ppo=config))
    assert len(ppo_updates) > 2
    rates, bonuses = zip(*ppo_updates, strict=True)
    assert list(rates) == sorted(set(rates), reverse=True)
    assert [rate / 0.5 for rate in rates] == pytest.approx([bonus / 0.2 for bonus in bonuses])
    assert bonuses[-1] < 0.1


@pytest.fixture
def ppo_updates(monkeypatch):
    """The step size and the entropy bonus of each update, which is not made."""
    found = []

    def note(learner, _episodes, _advantages, clipping, _generator):
        found.append((learner._optimiser.param_groups[0]["lr"], clipping.entropy))
        return {}

    monkeypatch.setattr(turn_ppo, "ppo_update", note)
    return found


class TestWithoutMemory:
    def played(self, game, model, tokenizer):
        policy = LanguageModelPolicy(model, tokenizer, memoryless=True)
        return play([Episode(game, seed=seed) for seed in range(12)], policy)

    def test_each_reply_is_judged_from_its_view_alone(self, model, tokenizer):
        played = self.played(SURE.game, model, tokenizer)
        assert len({len(each.turns) for each in played}) > 1
        actor_critic = ActorCritic(model, tokenizer, Ledger(), Config(), seed=0, memoryless=True)
        _, _, mask = time_major(played, paid(played))
        _, seen = actor_critic._texts(played)
        found = actor_critic._values(seen, mask)
        for column, each in enumerate(played):
            for row, turn in enumerate(each.turns):
                alone = [EpisodeTokens.from_traces([turn.reply.trace])]
                assert found[row, column] == pytest.approx(values(actor_critic.critic, alone, 1).item(), abs=1e-5)
        assert found[:-1][~mask].abs().sum() == found[-1].abs().sum() == 0

    def test_what_belongs_to_a_reply_stays_with_its_text(self, model, tokenizer):
        played = self.played(SURE.game, model, tokenizer)
        rewards = [[column + row / 10 for row in range(len(each.turns))] for column, each in enumerate(played)]
        r_t, _, mask = time_major(played, rewards)
        actor_critic = ActorCritic(model, tokenizer, Ledger(), Config(), seed=0, memoryless=True)
        in_order = [reward for of_episode in rewards for reward in of_episode]
        assert actor_critic._by_text(r_t, mask).flatten().tolist() == pytest.approx(in_order)

    def test_in_games_of_one_turn_there_is_nothing_to_remember(self, model, tokenizer):
        played = self.played(replace(SURE.game, length=1, horizon=1), model, tokenizer)
        found = []
        for memoryless in (True, False):
            actor_critic = ActorCritic(model, tokenizer, Ledger(), Config(), seed=0, memoryless=memoryless)
            found.append(actor_critic.improve(played, paid(played)))
        assert found[0] == pytest.approx(found[1], rel=1e-4)


class TestCritic:
    def test_says_the_value_of_a_situation_before_the_reply_is_known(self, assembly, model, tokenizer):
        played = sampled(assembly, model, tokenizer, 6)
        critic = ScalarLearner.from_policy(model, "critic", Ledger(), 1e-3, seed=0)
        v_t = values(critic, [episode_tokens(each) for each in played], 5)
        assert torch.allclose(v_t[0], v_t[0, 0].expand(6), atol=1e-5), "all episodes open alike"
        for column, each in enumerate(played):
            tokens = episode_tokens(each)
            for turn, place in enumerate(tokens.decisions.tolist()):
                alone = first_ids(tokens, place + 1)
                with torch.no_grad():
                    said = critic.numbers(collate([alone], len(tokenizer)), torch.tensor([[place]]))
                assert float(v_t[turn, column]) == pytest.approx(float(said), abs=1e-5)
            assert v_t[len(each.turns) :, column].tolist() == [0.0] * (5 - len(each.turns))

    @pytest.mark.parametrize("mode", ["choose", "free"])
    def test_sees_the_view_after_the_last_reply_of_a_cut_episode(self, assembly, model, tokenizer, mode):
        """The ids up to the reply not asked for are those that the whole episode has there."""
        cell = replace(assembly, mode=mode, max_new_tokens=2)
        cut, whole = (sampled(cell, model, tokenizer, 8, longest) for longest in (2, None))
        longer = [(one, other) for one, other in zip(cut, whole, strict=True) if len(other.turns) > 2]
        assert longer
        for one, other in longer:
            seen, all_ids = with_last_view(one, tokenizer), episode_tokens(other)
            assert seen.ids.tolist() == all_ids.ids[: len(seen.ids)].tolist()
            assert seen.decisions.tolist() == all_ids.decisions[:3].tolist()

    def test_an_episode_that_is_over_is_read_as_it_is(self, assembly, model, tokenizer):
        for each in sampled(assembly, model, tokenizer, 4):
            assert with_last_view(each, tokenizer).ids.tolist() == episode_tokens(each).ids.tolist()

    def test_learns_its_targets(self, assembly, model, tokenizer):
        played = sampled(assembly, model, tokenizer, 16)
        tokens = [episode_tokens(each) for each in played]
        r_t, discount_t, mask = time_major(played, paid(played))
        targets = losses.returns_to_go(r_t, discount_t) + 3.0
        critic = ScalarLearner.from_policy(model, "critic", Ledger(), 1e-2, seed=0)

        def error():
            v_t = values(critic, tokens, len(r_t) + 1)[:-1]
            return float(losses.masked_mean(losses.value_loss(v_t, targets), mask))

        before = error()
        fit_critic(critic, tokens, targets.T, mask.T, 20, 2, np.random.default_rng(0))
        assert error() < before / 4

    def test_is_warmed_up_before_the_first_advantages(self, assembly, model, tokenizer):
        def first_error(epochs):
            config = Config(episodes=16, warm_up_epochs=epochs, critic_rate=1e-2, clipping=Clipping(epochs=1))
            run = turn_ppo.train(assembly, model, tokenizer, seed=0, budget=64, config=config)
            return run.curve[0]["value_error"]

        assert first_error(8) < 0.7 * first_error(0)


def test_training_episodes_may_be_cut(assembly, model, tokenizer):
    config = Config(episodes=8, cut=2, clipping=Clipping(epochs=1))
    run = turn_ppo.train(assembly, model, tokenizer, seed=0, budget=40, config=config)
    assert len(run.curve) == 2
    assert 16 < run.ledger.environment_steps <= 32


def first_ids(tokens, length):
    """The first ids of an episode alone."""
    return replace(
        tokens,
        ids=tokens.ids[:length],
        sampled=tokens.sampled[:length],
        turn=tokens.turn[:length],
        old_log_probs=tokens.old_log_probs[:length],
        allowed=tokens.allowed[:length],
        decisions=tokens.decisions[tokens.decisions < length],
    )
