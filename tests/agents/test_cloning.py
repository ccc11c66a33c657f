from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from agents import cloning
from agents.cloning import Config, as_plan, watch
from agents.training import Cell, Meter, training_seeds
from textenvs.envs.policy import Request
from textenvs.evaluation.rollout import play
from textenvs.games.assembly import Assembly
from textenvs.policies.language_model import LanguageModelPolicy
from textenvs.policies.ledger import Ledger
from textenvs.policies.models import tiny_llama
from textenvs.policies.tokens import collate


def test_watching_stops_before_the_budget_could_be_exceeded(assembly, tokenizer):
    meter = Meter(50)
    played = list(watch(assembly, tokenizer, training_seeds(0), meter))
    assert sum(len(each.turns) for each in played) == meter.ledger.environment_steps
    assert 50 - assembly.longest() < meter.ledger.environment_steps <= 50


class TestPlans:
    def played(self, cell, tokenizer):
        return list(watch(cell, tokenizer, training_seeds(0), Meter(60)))

    def test_are_the_moves_that_were_made(self, assembly, tokenizer):
        for played in self.played(assembly, tokenizer):
            plan = as_plan(assembly, tokenizer, played)
            written = tokenizer.decode(plan.ids[plan.sampled].tolist())
            assert written.strip().split("\n") == [turn.reply.text for turn in played.turns]

    def test_begin_as_the_plan_form_does(self, assembly, model, tokenizer):
        played = self.played(assembly, tokenizer)[0]
        policy = assembly.policy(model, tokenizer, Ledger())
        (asked,) = play([assembly.episode(played.episode.seed, "plan")], policy)
        context = asked.turns[0].reply.trace.context
        plan = as_plan(assembly, tokenizer, played)
        assert plan.ids[: len(context)].tolist() == list(context)
        assert int(plan.sampled.int().argmax()) == len(context)

    def test_have_the_alternatives_that_a_plan_has(self, assembly, tokenizer):
        played = self.played(assembly, tokenizer)
        batch = collate([as_plan(assembly, tokenizer, each) for each in played], len(tokenizer))
        moves = {tokenizer.encode(word)[0] for word in ("advance", "clear", "sell")}
        assert len(batch.choices) == sum(len(each.turns) for each in played)
        assert all(set(row.nonzero().flatten().tolist()) == moves for row in batch.allowed)

    def test_end_where_a_line_could_not_be_chosen(self, guesses, tokenizer, monkeypatch):
        played = self.played(guesses, tokenizer)[0]
        first = played.turns[0].reply.text
        assert {turn.reply.text for turn in played.turns} != {first}
        monkeypatch.setattr(Request, "choices", (first,))
        plan = as_plan(guesses, tokenizer, played)
        assert tokenizer.decode(plan.ids[plan.sampled].tolist()).strip().split("\n") == [first]

    def test_are_ended_where_replies_are_free(self, assembly, tokenizer):
        cell = replace(assembly, mode="free")
        plan = as_plan(cell, tokenizer, self.played(cell, tokenizer)[0])
        assert int(plan.ids[-1]) == tokenizer.end
        assert bool(plan.sampled[-1])

    def test_cost_no_environment_steps(self, assembly, model, tokenizer):
        steps = [
            cloning.train(
                assembly, model, tokenizer, seed=0, budget=40, config=Config(epochs=1, plans=plans)
            ).ledger.environment_steps
            for plans in (False, True)
        ]
        assert steps[0] == steps[1]


@pytest.mark.slow
def test_a_sure_behaviour_is_imitated(tokenizer):
    """The expert's two situations, a ready and a jammed machine, are told apart."""
    cell = Cell(Assembly(length=2, horizon=6, slip=0.4), "mixed:0.1")
    model = tiny_llama(len(tokenizer), seed=0)
    run = cloning.train(cell, model, tokenizer, seed=0, budget=600, config=Config(epochs=10))
    passes = [row["cross_entropy"] for row in run.curve if "cross_entropy" in row]
    assert passes[-1] < 0.45 < 0.7 < passes[0]
    policy = LanguageModelPolicy(run.model, tokenizer, greedy=True)
    played = play([cell.episode(seed) for seed in range(30)], policy)
    right = [
        turn.reply.text == ("clear" if "jammed." in view else "advance")
        for each in played
        for turn, view in zip(each.turns, views(each), strict=True)
    ]
    assert sum(right) / len(right) > 0.95


def views(played):
    """What was seen before each reply."""
    shown = [message.text for message in played.episode.dialogues[0] if message.role == "user"]
    return shown[: len(played.turns)]


def test_equal_data_gives_equal_clones(assembly, model, tokenizer):
    runs = [cloning.train(assembly, model, tokenizer, seed=2, budget=40, config=Config(epochs=1)) for _ in range(2)]
    for one, other in zip(runs[0].model.parameters(), runs[1].model.parameters(), strict=True):
        assert torch.equal(one, other)
