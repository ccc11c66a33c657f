from __future__ import annotations

import pytest
import torch

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.policies.models import PRESETS, tiny_llama, with_scalar_head


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_have_the_size_they_are_called_by(preset):
    model = tiny_llama(200, preset)
    millions = sum(weight.numel() for weight in model.parameters()) / 1e6
    assert millions == pytest.approx(float(preset.removesuffix("M")), rel=0.07)
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}


def test_equal_seeds_give_equal_weights_and_leave_the_global_generator_alone():
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    models = [tiny_llama(50, seed=seed) for seed in (3, 3, 4)]
    heads = [with_scalar_head(models[0], seed=seed).score.weight for seed in (3, 3, 4)]
    assert torch.equal(torch.rand(1), expected)
    one, same, other = (model.model.layers[0].mlp.up_proj.weight for model in models)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


def test_arguments_reach_the_model():
    model = tiny_llama(50, positions=77, attention="eager", head_size=8, spread=0.2)
    assert model.config.num_attention_heads == 8
    assert model.model.layers[0].mlp.up_proj.weight.std().item() == pytest.approx(0.2, rel=0.05)
    assert model.config.max_position_embeddings == 77
    assert model.config._attn_implementation == "eager"
    with pytest.raises(UnknownNameError, match="unknown preset"):
        tiny_llama(50, "0.2M")
    for head_size in (7, 48):
        with pytest.raises(ArgumentError, match=f"head_size={head_size} must be even and divide the hidden size, 64"):
            tiny_llama(50, head_size=head_size)


def test_a_scalar_head_stands_on_a_copy_of_the_body_without_dropout():
    model = tiny_llama(50, attention="eager")
    critic = with_scalar_head(model)
    assert critic.config._attn_implementation == "eager"
    ids = torch.arange(10).unsqueeze(0)
    hidden = model.model(input_ids=ids).last_hidden_state
    critic.train()
    assert torch.equal(critic(input_ids=ids).logits, hidden @ critic.score.weight.T + critic.score.bias)
    with torch.no_grad():
        critic.model.norm.weight.zero_()
    assert model.model.norm.weight.abs().sum() > 0
