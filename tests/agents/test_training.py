from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from agents.training import (
    TRAINING_SEEDS,
    Cell,
    Meter,
    environment_steps,
    invalid_rate,
    paid,
    permuted,
    training_seeds,
)
from textenvs.core.errors import ArgumentError
from textenvs.envs.settings import Settings
from textenvs.evaluation.rollout import play
from textenvs.games.assembly import Assembly
from textenvs.games.guess_number import GuessNumber
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.policies.scripted import ScriptPolicy, StrategyPolicy


class TestSeeds:
    def test_are_in_the_stated_range_and_all_different(self):
        seeds = list(islice(training_seeds(3), 1000))
        assert all(seed in TRAINING_SEEDS for seed in seeds)
        assert len(set(seeds)) == 1000

    def test_are_named_by_run_and_purpose(self):
        first = list(islice(training_seeds(0), 100))
        assert first == list(islice(training_seeds(0), 100))
        assert not set(first) & set(islice(training_seeds(1), 100))
        assert not set(first) & set(islice(training_seeds(0, purpose=1), 100))


class TestCell:
    def test_a_game_for_several_is_refused(self):
        with pytest.raises(ArgumentError, match="one seat"):
            Cell(KuhnPoker(), "random")

    def test_a_group_shares_the_opening_and_not_the_chance(self):
        cell = Cell(GuessNumber(high=50, guesses=6), "random")
        groups = [cell.group(training_seeds(seed), 6) for seed in range(4)]
        for group in groups:
            assert len({each.instance for each in group}) == 1
            assert len({each.seed for each in group}) == 6
        assert len({group[0].instance for group in groups}) > 1
        slippery = Cell(Assembly(length=1, horizon=1, slip=0.5), "random").group(training_seeds(0), 40)
        scores = {each.score for each in play(slippery, ScriptPolicy(["advance"]))}
        assert scores == {0.0, 1.0}

    @pytest.mark.parametrize("form", ["turns", "plan"])
    @pytest.mark.parametrize("mode", ["choose", "free"])
    @pytest.mark.parametrize("script", [["?", "?", "sell"] * 9, ["sell"] * 9, ["sell\n?"] * 9, [""] * 9])
    def test_no_episode_takes_more_steps_than_the_longest(self, form, mode, script):
        cell = Cell(Assembly(length=2, horizon=3), "random", settings=Settings(max_refusals=3), mode=mode)
        if mode == "choose":
            script = ["sell\nsell\nsell"] if form == "plan" else ["sell"] * 3
        played = play([cell.episode(1, form)], ScriptPolicy(script))
        assert 0 < environment_steps(played) <= cell.longest(form)

    def test_the_longest_episode_occurs(self):
        cell = Cell(Assembly(length=2, horizon=3), "random", settings=Settings(max_refusals=2), mode="free")
        played = play([cell.episode(1)], ScriptPolicy(["?", "sell"] * 3))
        assert environment_steps(played) == cell.longest() == 6


class TestSteps:
    def test_a_plan_counts_its_moves(self):
        cell = Cell(Assembly(length=2, horizon=4, slip=0.0), "random")
        plans = ["advance\nadvance\nsell", "sell\nsell\nadvance\nadvance", "sell"]
        steps = [environment_steps(play([cell.episode(0, "plan")], ScriptPolicy([plan]))) for plan in plans]
        assert steps == [2, 4, 1 + cell.settings.max_refusals]

    def test_refused_replies_count(self):
        cell = Cell(Assembly(length=2, horizon=2), "random")
        played = play([cell.episode(0)], ScriptPolicy(["?", "sell", "?", "sell"]))
        assert environment_steps(played) == 4
        assert invalid_rate(played) == 0.5


class TestPermuted:
    def played(self):
        cell = Cell(Assembly(length=2, horizon=4, slip=0.3, lure=0.1), "random")
        seeds = training_seeds(0)
        return play([cell.episode(next(seeds)) for _ in range(40)], StrategyPolicy("random"))

    def test_pays_the_same_returns_to_other_episodes_at_their_ends(self):
        rewards = paid(self.played())
        shuffled = permuted(rewards, np.random.default_rng(0))
        returns, others = ([round(sum(each), 9) for each in of_all] for of_all in (rewards, shuffled))
        assert sorted(returns) == sorted(others)
        assert returns != others
        assert [len(each) for each in rewards] == [len(each) for each in shuffled]
        assert all(reward == 0 for each in shuffled for reward in each[:-1])

    def test_paid_is_what_the_episodes_scored(self):
        played = self.played()
        assert [sum(each) for each in paid(played)] == pytest.approx([each.score for each in played])


class TestMeter:
    def test_keeps_the_budget(self):
        meter = Meter(100)
        assert meter.affords(100)
        assert not meter.affords(101)
        meter.spend(40, labels=3)
        assert (meter.affords(60), meter.affords(61)) == (True, False)
        assert meter.left == pytest.approx(0.6)
        assert meter.ledger.labels == 3

    def test_evaluates_at_the_start_each_tenth_and_at_the_end(self, model):
        calls, rows = [], []

        def evaluate(each):
            calls.append(each)
            return 0.5

        meter = Meter(100, evaluate, rows.append)
        for _ in range(100):
            meter.evaluate_if_due(model)
            meter.spend(1)
        run = meter.run(model)
        assert [row["environment_steps"] for row in run.curve] == [*range(0, 100, 10), 100]
        assert len(calls) == len(rows) == 11
        assert all(row["evaluation"] == 0.5 for row in run.curve)
        assert run.ledger.environment_steps == 100

    def test_without_an_evaluation_no_value_is_claimed(self, model):
        assert Meter(10).run(model).curve == []


def test_settings_of_a_cell_reach_its_episodes():
    cell = Cell(Assembly(), "mixed:0.3", settings=Settings(reward="final"), split="all")
    episode = cell.episode(5, "plan")
    assert (episode.settings.form, episode.settings.reward, episode.settings.behaviour) == (
        "plan",
        "final",
        "mixed:0.3",
    )
    assert replace(cell, mode="free").longest() > cell.longest()
