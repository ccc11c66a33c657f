"""Arms learn what they can learn, and not what they cannot, where the answer is known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from agents import cloning, filtered_sft, plan_rl, reply_rlhf, trajectory_grpo, turn_ppo
from agents.learner import Clipping
from agents.training import Cell
from textenvs.evaluation.rollout import play
from textenvs.games.assembly import Assembly
from textenvs.policies.ledger import Ledger
from textenvs.policies.models import tiny_llama

pytestmark = pytest.mark.slow

# A product that cannot fail, and parts that sell for a trifle. Values of whole episodes of three turns: sell once
# and build, 1.1 (optimal, also as a plan); build at once, 1; sell always, as the next reward alone advises, 0.3.
LURING = Cell(Assembly(length=2, horizon=3, slip=0.0, lure=0.1), "random")
BEST, BUILT, LURED = 1.1, 1.0, 0.3

# One turn, so that all arms face the same problem: advance pays 0.7 on average, all else 0.1 or nothing.
ONE_TURN = Cell(Assembly(length=1, horizon=1, slip=0.3, lure=0.1), "random")

ARMS = {
    "myopic": (reply_rlhf, reply_rlhf.Config("myopic", episodes=8)),
    "farsighted": (reply_rlhf, reply_rlhf.Config("farsighted", episodes=8)),
    "plan_rl": (plan_rl, plan_rl.Config(groups=4)),
    "filtered_sft": (filtered_sft, filtered_sft.Config(groups=4)),
    "trajectory_grpo": (trajectory_grpo, trajectory_grpo.Config(groups=4)),
    "turn_ppo": (turn_ppo, turn_ppo.Config(episodes=32, clipping=Clipping(minibatches=2))),
}


@pytest.fixture(scope="module")
def start(tokenizer):
    fresh = tiny_llama(len(tokenizer), seed=0)
    return cloning.train(LURING, fresh, tokenizer, seed=0, budget=150, config=cloning.Config(epochs=2)).model


def value(cell, model, tokenizer, form):
    policy = cell.policy(model, tokenizer, Ledger())
    return float(np.mean([each.score for each in play([cell.episode(seed, form) for seed in range(200)], policy)]))


def learned(arm, cell, start, tokenizer, budget):
    module, config = ARMS[arm]
    run = module.train(cell, start, tokenizer, seed=0, budget=budget, config=config)
    return value(cell, run.model, tokenizer, "plan" if arm == "plan_rl" else "turns")


@pytest.mark.parametrize("arm", [arm for arm in ARMS if arm != "myopic"])
def test_those_who_are_paid_in_the_end_build(arm, start, tokenizer):
    assert value(LURING, start, tokenizer, "turns") < 0.6
    assert BUILT - 0.06 < learned(arm, LURING, start, tokenizer, 1200) <= BEST


def test_those_who_are_paid_at_once_take_the_lure(start, tokenizer):
    assert learned("myopic", LURING, start, tokenizer, 1200) == pytest.approx(LURED, abs=0.1)


@pytest.mark.parametrize("arm", ARMS)
def test_with_a_single_turn_all_arms_tie(arm, start, tokenizer):
    assert value(ONE_TURN, start, tokenizer, "turns") < 0.45
    assert learned(arm, ONE_TURN, start, tokenizer, 400) == pytest.approx(0.7, abs=0.08)
