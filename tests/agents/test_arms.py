"""What every arm must keep to, whatever it learns."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from agents import cloning, filtered_sft, plan_rl, reply_rlhf, trajectory_grpo, turn_ppo
from agents.learner import Clipping
from textenvs.envs.episode import Episode

QUICK = Clipping(epochs=1, minibatches=2)
ASKING = {"reward_epochs": 1, "reward_updates": 1, "prompts": 6, "replies": 3, "batches": 2, "clipping": QUICK}
SMALL = {
    "cloning": (cloning, cloning.Config(epochs=1)),
    "myopic": (reply_rlhf, reply_rlhf.Config("myopic", episodes=4, **ASKING)),
    "farsighted": (reply_rlhf, reply_rlhf.Config("farsighted", episodes=4, **ASKING)),
    "farsighted_preferences": (reply_rlhf, reply_rlhf.Config("farsighted_preferences", episodes=2, **ASKING)),
    "plan_rl": (plan_rl, plan_rl.Config(groups=2, size=3, clipping=QUICK)),
    "filtered_sft": (filtered_sft, filtered_sft.Config(groups=2, size=4, epochs=1, parts=1)),
    "trajectory_grpo": (trajectory_grpo, trajectory_grpo.Config(groups=2, size=4, clipping=QUICK)),
    "turn_ppo": (turn_ppo, turn_ppo.Config(episodes=8, warm_up_epochs=1, clipping=QUICK)),
}
PPO_ARMS = ("myopic", "farsighted", "farsighted_preferences", "plan_rl", "trajectory_grpo", "turn_ppo")
BUDGET = 64


@pytest.fixture
def replies_played(monkeypatch):
    """Counts every reply or line of a plan that any environment is given."""
    count = [0]
    original = Episode._play

    def counted(episode, player, text):
        count[0] += 1
        return original(episode, player, text)

    monkeypatch.setattr(Episode, "_play", counted)
    return count


def trained(arm, cell, model, tokenizer, *, budget=BUDGET, seed=0, **changes):
    module, config = SMALL[arm]
    settings = {name: changes.pop(name) for name in ("evaluate", "on_progress") if name in changes}
    return module.train(cell, model, tokenizer, seed=seed, budget=budget, config=replace(config, **changes), **settings)


def weights(model):
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])


@pytest.mark.parametrize("arm", SMALL)
@pytest.mark.parametrize("mode", ["choose", "free"])
def test_every_reply_is_counted_and_the_budget_kept(arm, mode, assembly, model, tokenizer, replies_played):
    cell = replace(assembly, mode=mode, max_new_tokens=3)
    run = trained(arm, cell, model, tokenizer, budget=BUDGET if mode == "choose" else 2 * BUDGET)
    assert run.ledger.environment_steps == replies_played[0]
    assert 0 < replies_played[0] <= (BUDGET if mode == "choose" else 2 * BUDGET)


@pytest.mark.parametrize("arm", SMALL)
def test_equal_seeds_give_equal_runs_and_others_do_not(arm, assembly, model, tokenizer):
    runs = [trained(arm, assembly, model, tokenizer, seed=seed) for seed in (0, 0, 1)]
    assert runs[0].curve == runs[1].curve
    assert torch.equal(weights(runs[0].model), weights(runs[1].model))
    assert runs[0].curve != runs[2].curve


@pytest.mark.parametrize("arm", SMALL)
def test_the_start_is_left_as_it_is(arm, assembly, model, tokenizer):
    before = weights(model).clone()
    run = trained(arm, assembly, model, tokenizer)
    assert torch.equal(weights(model), before)
    assert not torch.equal(weights(run.model), before)


@pytest.mark.parametrize("arm", SMALL)
def test_a_budget_too_small_for_a_batch_is_not_touched(arm, assembly, model, tokenizer, replies_played):
    run = trained(arm, assembly, model, tokenizer, budget=3)
    assert replies_played[0] == run.ledger.environment_steps == 0
    assert torch.equal(weights(run.model), weights(model))


@pytest.mark.parametrize("arm", SMALL)
def test_the_ledger_is_filled_by_component(arm, assembly, model, tokenizer):
    ledger = trained(arm, assembly, model, tokenizer).ledger
    used = {component for component, flops in ledger.flops.items() if flops}
    others = {"turn_ppo": {"critic"}}.get(arm, {"reward_model", "reference"} if SMALL[arm][0] is reply_rlhf else set())
    assert used == {"policy", *others}
    assert ledger.seconds > 0
    assert ledger.trained_tokens > 0
    assert (ledger.labels > 0) == (SMALL[arm][0] is reply_rlhf)
    assert (ledger.sampled_tokens > 0) == (arm != "cloning")


@pytest.mark.parametrize("arm", SMALL)
def test_rows_say_what_was_spent_and_evaluations_are_free(arm, assembly, model, tokenizer):
    rows = []
    run = trained(arm, assembly, model, tokenizer, evaluate=lambda _: 0.25, on_progress=rows.append)
    assert rows == run.curve
    for name in ("environment_steps", "flops"):
        spent = [row[name] for row in rows]
        assert spent == sorted(spent)
    assert rows[-1]["evaluation"] == 0.25
    assert rows[-1]["environment_steps"] == run.ledger.environment_steps
    assert rows[-1]["flops"] == sum(run.ledger.flops.values())
    without = trained(arm, assembly, model, tokenizer)
    assert without.curve == [row for row in rows if "evaluation" not in row]


@pytest.mark.parametrize("arm", [arm for arm in SMALL if arm != "cloning"])
def test_what_goes_wrong_in_training_would_show(arm, assembly, model, tokenizer):
    rows = trained(arm, replace(assembly, mode="free", max_new_tokens=2), model, tokenizer, budget=200).curve
    logged = set().union(*rows)
    assert {"return", "return_spread", "invalid", "entropy", "gradient_norm"} <= logged
    invalid = [row["invalid"] for row in rows if "invalid" in row]
    assert max(invalid) > 0.5, "an untrained model that writes freely should be refused most of the time"


@pytest.mark.parametrize("arm", PPO_ARMS)
def test_ratios_are_1_before_the_first_update_of_each_batch(arm, guesses, model, tokenizer):
    errors = [row["first_ratio_error"] for row in trained(arm, guesses, model, tokenizer).curve if "kl" in row]
    assert errors
    assert max(errors) < 1e-4


@pytest.mark.parametrize("arm", [arm for arm in SMALL if arm != "cloning"])
def test_permuted_returns_change_what_is_learned(arm, assembly, model, tokenizer):
    plain, control = (trained(arm, assembly, model, tokenizer, permute_returns=each) for each in (False, True))
    assert not torch.equal(weights(plain.model), weights(control.model))


@pytest.mark.parametrize("arm", ["plan_rl", "trajectory_grpo", "turn_ppo"])
def test_the_clipping_reaches_the_update(arm, assembly, model, tokenizer):
    plain, tight = (
        trained(arm, assembly, model, tokenizer, rate=1e-2, clipping=Clipping(clip, epochs=2, minibatches=1))
        for clip in (10.0, 0.0)
    )
    assert not torch.equal(weights(plain.model), weights(tight.model))
