"""What a run consumed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from time import perf_counter
from typing import Any, Literal

Component = Literal["policy", "reference", "reward_model", "critic"]
COMPONENTS: tuple[Component, ...] = ("policy", "reference", "reward_model", "critic")

TRAINING_PASSES = 3
"""A forward and a backward pass cost three forward passes: the backward pass differentiates by weights and by
activations (Kaplan et al. 2020, arXiv:2001.08361, section 2.1)."""


@dataclass
class Ledger:
    """Counts of everything an arm is charged for; ledgers of parts of a run add up.

    Padding is never counted: tokens and FLOPs are those of the ids proper.

    Attributes:
        environment_steps: replies given to environments, all of them but those of evaluation.
        labels: judgements bought: preferences, scores, returns.
        sampled_tokens: ids of replies written when acting, forced ones and `<end>` included.
        scored_tokens: ids read by a forward pass without gradient, when acting (each id once, since keys and
            values are kept across turns), and by references, reward models and critics.
        trained_tokens: ids read by a forward and backward pass.
        forward_calls: calls of any model, with or without gradient.
        flops: floating-point operations of each component, by `forward_flops`; training counts three times.
        seconds: wall-clock time measured by `timed`.
        peak_memory: the most bytes the process has held at the end of any `timed` block.
    """

    environment_steps: int = 0
    labels: int = 0
    sampled_tokens: int = 0
    scored_tokens: int = 0
    trained_tokens: int = 0
    forward_calls: int = 0
    flops: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COMPONENTS, 0))
    seconds: float = 0.0
    peak_memory: int = 0

    def score(self, component: Component, tokens: int, flops: int) -> None:
        """Book one call without gradient that read `tokens` ids for `flops` operations."""
        self.scored_tokens += tokens
        self.forward_calls += 1
        self.flops[component] += flops

    def train(self, component: Component, tokens: int, flops: int) -> None:
        """Book one call with gradient; `flops` are those of the forward pass alone."""
        self.trained_tokens += tokens
        self.forward_calls += 1
        self.flops[component] += TRAINING_PASSES * flops

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count the time of the block, and the memory reached."""
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds += perf_counter() - start
            self.peak_memory = max(self.peak_memory, _peak_memory())

    def __add__(self, other: Ledger) -> Ledger:
        total = Ledger()
        for each in fields(self):
            setattr(total, each.name, _plus(each.name, getattr(self, each.name), getattr(other, each.name)))
        return total

    def as_dict(self) -> dict[str, float]:
        """Return one flat row; the FLOPs of a component are called `flops_policy` and so on, their sum `flops`."""
        row = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "flops"}
        components = {f"flops_{component}": flops for component, flops in self.flops.items()}
        return {**row, **components, "flops": sum(self.flops.values())}


def forward_flops(config: Any, new: Sequence[int], known: Sequence[int], outputs: int) -> int:
    """Return the floating-point operations of one forward pass of a Llama model, two for each multiply-add.

    Matrix products alone are counted: 2 for each weight of a layer and each id, 4 x heads x head size for each
    pair of a new id and a key in each layer (scores and weighted values, the masked upper triangle included,
    as eager attention computes it), 2 x hidden size for each output of the head. Looking up embeddings is free.

    Args:
        config: a `LlamaConfig`.
        new: ids read for each sequence of the batch.
        known: ids whose keys and values were kept from before, for each sequence.
        outputs: numbers that the head computes in all: positions x vocabulary size, or positions for a
            scalar head.

    Source:
        Kaplan et al. 2020, arXiv:2001.08361, table 1, with the gated feed-forward layer of Llama (three matrices).
    """
    head = config.head_dim
    attention = 2 * config.hidden_size * head * (config.num_attention_heads + config.num_key_value_heads)
    layer = attention + 3 * config.hidden_size * config.intermediate_size
    pairs = sum(n * (n + before) for n, before in zip(new, known, strict=True))
    in_layer = 2 * layer * sum(new) + 4 * config.num_attention_heads * head * pairs
    return int(config.num_hidden_layers * in_layer + 2 * config.hidden_size * outputs)


def _plus(name: str, one: Any, other: Any) -> Any:
    if name == "peak_memory":
        return max(one, other)
    if name == "flops":
        return {component: one[component] + other[component] for component in one}
    return one + other


def _peak_memory() -> int:
    """Return the most bytes this process has held so far: Linux counts in KiB, macOS in bytes, Windows not at all."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
