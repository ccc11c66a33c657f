"""Tiny models and tokenizers with chat templates of several kinds, made here, without any hub."""

from __future__ import annotations

from functools import cache

import tokenizers
import torch
import transformers

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|start|>' + message.role + '<|/start|>\n\n' + message.content | trim + '<|eot|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start|>assistant<|/start|>\n\n' }}{% endif %}"
)
INST = (
    "{{ bos_token }}{% for message in messages %}{% if message.role == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% elif message.role == 'user' %}"
    "{{ '[INST] ' + message.content + ' [/INST]' }}{% else %}{{ ' ' + message.content + eos_token }}{% endif %}"
    "{% endfor %}"
)
THINKING = (
    "{% for message in messages %}{% set content = message.content %}"
    "{% if message.role == 'assistant' and '</think>' in content %}"
    "{% set content = content.split('</think>')[-1].lstrip('\n') %}{% endif %}"
    "{{ '<|im_start|>' + message.role + '\n' + content + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}"
)
TEMPLATES = {"chatml": CHATML, "llama": LLAMA, "inst": INST, "thinking": THINKING, "plain": None}

SPECIAL = ("<|pad|>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start|>", "<|/start|>", "<|eot|>")
TEXTS = [
    "Guess the number from 1 to 12, for example: guess 4",
    "You guess a number. A guess that is too low or too high is told so.\nYou have 4 guesses left.",
    "guess 1\nguess 2\nguess 10\nguess 11\nguess 12",
    "Too high. 3 guesses left.",
    "<think> I think that the number is lower.</think>\n\nguess 3",
]


@cache
def tokenizer(kind: str = "chatml", size: int = 320) -> transformers.PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer trained on a few texts."""
    inner = tokenizers.Tokenizer(tokenizers.models.BPE())
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL),
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(TEXTS, trainer)
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="<s>", eos_token="</s>", pad_token="<|pad|>"
    )
    fast.chat_template = TEMPLATES[kind]
    return fast


def config(kind: str, vocabulary: int, positions: int = 512):
    sizes = {"vocab_size": vocabulary, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    if kind == "gpt2":
        return transformers.GPT2Config(n_embd=32, n_layer=2, n_head=4, n_positions=positions, **sizes)
    made = {
        "llama": transformers.LlamaConfig,
        "qwen2": transformers.Qwen2Config,
        "qwen3": transformers.Qwen3Config,
        "mistral": transformers.MistralConfig,
        "gemma2": transformers.Gemma2Config,
        "neox": transformers.GPTNeoXConfig,
    }[kind]
    more = {"num_key_value_heads": 2} if kind != "neox" else {}
    more |= {"head_dim": 8} if kind in ("qwen3", "gemma2") else {}
    return made(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=positions,
        **more,
        **sizes,
    )


@cache
def model(kind: str = "llama", vocabulary: int = 320, positions: int = 512, scale: float = 6.0, seed: int = 0):
    """A model far from uniform, since freshly initialised weights hardly prefer any id."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = transformers.AutoModelForCausalLM.from_config(config(kind, vocabulary, positions))
    with torch.no_grad():
        for weight in made.parameters():
            if weight.dim() > 1:
                weight.mul_(scale)
    return made.eval()
