from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from textenvs.evaluation.rollout import rollout
from textenvs.policies.ledger import Ledger, forward_flops
from textenvs.policies.models import PRESETS, tiny_llama, with_scalar_head
from textenvs.policies.reader import Reader
from textenvs.policies.scripted import StrategyPolicy
from textenvs.policies.tokens import EpisodeTokens, Group, collate, log_probs, scalars
from textenvs.policies.traces import TracedPolicy


def counted(call) -> int:
    """Return the FLOPs torch counts in `call`."""
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


@pytest.fixture(scope="module")
def batch(guesses, tokenizer):
    """Episodes of the same length, since the counter sees padding and the formula leaves it out."""
    traced = TracedPolicy(StrategyPolicy("random"), tokenizer)
    episodes = [
        EpisodeTokens.from_traces([turn.reply.trace for turn in played.turns])
        for played in rollout(guesses, traced, range(40))
    ]
    ((length, _),) = Counter(len(episode.ids) for episode in episodes).most_common(1)
    alike = [episode for episode in episodes if len(episode.ids) == length]
    assert len(alike) > 5
    return collate(alike, len(tokenizer))


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("preset", ["0.15M", "0.8M"])
def test_the_formula_agrees_with_torch_on_whole_episodes(batch, tokenizer, preset, shared):
    model = tiny_llama(len(tokenizer), preset, attention="eager")
    batch = batch if shared else replace(batch, groups=(Group(torch.arange(len(batch.ids)), 0),))
    with torch.no_grad():
        flops = counted(lambda: log_probs(model, batch))
    assert batch.forward_flops(model.config, batch.allowed.numel()) == pytest.approx(flops, rel=0.02)


def test_the_formula_agrees_with_torch_on_a_scalar_head(batch, tokenizer):
    critic = with_scalar_head(tiny_llama(len(tokenizer), attention="eager"))
    with torch.no_grad():
        flops = counted(lambda: scalars(critic, batch, batch.decisions))
    assert batch.forward_flops(critic.config, batch.decisions.numel()) == pytest.approx(flops, rel=0.02)


def test_training_costs_three_forward_passes(batch, tokenizer):
    model = tiny_llama(len(tokenizer), attention="eager")
    flops = counted(lambda: log_probs(model, batch).sum().backward())
    ledger = Ledger()
    ledger.train("policy", batch.tokens, batch.forward_flops(model.config, batch.allowed.numel()))
    assert ledger.flops["policy"] == pytest.approx(flops, rel=0.02)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_formula_agrees_with_torch_on_reading_bit_by_bit(preset):
    model = tiny_llama(150, preset, attention="eager")
    reader = Reader(model, 3, Ledger())

    def read():
        for length in (30, 20, 1):
            reader.read([0, 1, 2], [tuple(range(first, first + length)) for first in (1, 2, 3)])

    assert reader.ledger.flops["policy"] == 0
    flops = counted(read)
    assert reader.ledger.flops["policy"] == pytest.approx(flops, rel=0.02)
    assert reader.ledger.scored_tokens == 3 * 51
    assert reader.ledger.forward_calls == 3


def test_the_formula_by_hand():
    config = tiny_llama(100).config
    layer = 2 * 4 * 64 * 64 + 2 * 3 * 64 * 256
    per_pair = 4 * 64
    expected = 2 * (layer * (3 + 2) + per_pair * (3 * 3 + 2 * 12)) + 2 * 64 * 200
    assert forward_flops(config, new=[3, 2], known=[0, 10], outputs=200) == expected


def test_ledgers_add_up():
    one, other = Ledger(environment_steps=2, labels=1, peak_memory=5), Ledger(environment_steps=3, peak_memory=4)
    one.score("reference", tokens=10, flops=100)
    other.score("reference", tokens=1, flops=7)
    other.train("critic", tokens=20, flops=1000)
    total = one + other
    assert total.as_dict() == {
        "environment_steps": 5,
        "labels": 1,
        "sampled_tokens": 0,
        "scored_tokens": 11,
        "trained_tokens": 20,
        "forward_calls": 3,
        "seconds": 0.0,
        "peak_memory": 5,
        "flops_policy": 0,
        "flops_reference": 107,
        "flops_reward_model": 0,
        "flops_critic": 3000,
        "flops": 3107,
    }
    assert (one.environment_steps, one.flops["critic"]) == (2, 0)


def test_time_and_memory_are_measured():
    ledger = Ledger()
    for _ in range(2):
        with ledger.timed():
            time.sleep(0.02)
    assert 0.04 <= ledger.seconds < 2
    assert 10_000_000 < ledger.peak_memory < 100_000_000_000
