"""Small Llama models, made in seconds and equal on every machine for equal seeds."""

from __future__ import annotations

import copy
from typing import Literal, NamedTuple

from textenvs.core.errors import ArgumentError, check_choice
from textenvs.policies.extra import torch, transformers
from textenvs.policies.tokenizer import WordTokenizer

Attention = Literal["sdpa", "eager"]


class Shape(NamedTuple):
    """The size of a Llama model."""

    hidden: int
    intermediate: int
    layers: int


PRESETS = {"0.15M": Shape(64, 256, 2), "0.8M": Shape(128, 512, 3), "2M": Shape(192, 640, 4)}
"""Sizes by the number of parameters with a vocabulary of one or two hundred words."""


def tiny_llama(
    vocabulary_size: int,
    preset: str = "0.15M",
    *,
    seed: int = 0,
    positions: int = 1024,
    attention: Attention = "sdpa",
    head_size: int = 32,
    spread: float = 0.02,
) -> transformers.LlamaForCausalLM:
    """Return a freshly initialised Llama model in float32, its input and output embeddings tied, without dropout.

    Args:
        vocabulary_size: number of ids, `len(tokenizer)`.
        preset: one of `PRESETS`.
        seed: names the initial weights. The global generator of torch is left as it was.
        positions: the most tokens of an episode.
        attention: `sdpa`, or `eager`, whose operations torch's FLOP counter sees.
        head_size: dimensions of an attention head, even; more heads are smaller ones.
        spread: standard deviation of the initial weights. Llama's 0.02 suits far wider layers: with 0.2 and smaller
            heads a model attends to single words from the start, and learns to read a board sooner
            (docs/self_play.md).

    Raises:
        UnknownNameError: for an unknown preset.
        ArgumentError: for a `head_size` that is odd or does not divide the hidden size.
    """
    check_choice("preset", preset, PRESETS)
    shape = PRESETS[preset]
    if head_size % 2 or shape.hidden % head_size:
        raise ArgumentError(f"head_size={head_size} must be even and divide the hidden size, {shape.hidden}")
    config = transformers.LlamaConfig(
        vocab_size=vocabulary_size,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.hidden // head_size,
        initializer_range=spread,
        max_position_embeddings=positions,
        tie_word_embeddings=True,
        bos_token_id=WordTokenizer.bos,
        eos_token_id=WordTokenizer.end,
        pad_token_id=WordTokenizer.pad,
    )
    config._attn_implementation = attention
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return transformers.LlamaForCausalLM(config)


def with_scalar_head(
    model: transformers.LlamaForCausalLM, *, seed: int = 0
) -> transformers.LlamaForTokenClassification:
    """Return a copy of the body of `model` under a new head that gives one number at each position.

    Critics and reward models start from the policy this way (Stiennon et al. 2020, arXiv:2009.01325, section 3.4).

    Args:
        model: left as it is.
        seed: names the initial weights of the head.
    """
    config = copy.deepcopy(model.config)
    config.num_labels = 1
    config.classifier_dropout = 0.0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        scalar = transformers.LlamaForTokenClassification(config)  # type: ignore[no-untyped-call]
    scalar.model.load_state_dict(model.model.state_dict())
    return scalar
