"""A language model as a policy: batched, each id read once, all ids kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textenvs.policies.base import Reply, Request
from textenvs.policies.extra import transformers
from textenvs.policies.ledger import Ledger
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.policies.traces import Mode


class LanguageModelPolicy:
    """Replies by sampling ids from a causal language model.

    Keys and values of all ids are kept across the turns of an episode, so each id is read once. Each reply
    carries a `TokenTrace`. All randomness comes from `Request.random`, one draw for each token that has an
    alternative, through the inverse of the cumulative distribution in float64 over ascending ids; which
    episodes share a batch changes nothing but the last bits of a probability.

    Modes:
        choose: the reply is one of the legal wordings (in the `plan` form: one for each turn), token by token;
            see `textenvs.policies.trie.Walk` for the rule. Tokens without alternative cost no call.
        free: any id may follow until `<end>` or `max_new_tokens`; the game reads the decoded text. A special token
            inside a reply stays what it is for the model and reads as U+FFFD for the game. A reply cut off
            for its length is read as far as it goes; for the model it is closed by an `<end>` that counts as
            the game's, not as sampled.

    `start` must be called between a change of the weights and the next reply.
    """

    def __init__(
        self,
        model: transformers.LlamaForCausalLM,
        tokenizer: WordTokenizer,
        *,
        mode: Mode = "choose",
        temperature: float = 1.0,
        greedy: bool = False,
        max_new_tokens: int = 32,
        ledger: Ledger | None = None,
        name: str = "language model",
    ) -> None:
        """Take a model and how to draw from it.

        Args:
            model: a causal language model without dropout; used, not copied, and set to evaluation by `start`.
            tokenizer: the vocabulary that the model's ids stand for.
            mode: `choose` or `free`; see the class.
            temperature: above 0; divides the logits.
            greedy: take the most probable id (of equal ones the lowest) instead of drawing.
            max_new_tokens: the most ids of a reply in mode `free`, `<end>` included; in the `plan` form, for
                each of the game's turns.
            ledger: where tokens, calls and FLOPs are booked, if anywhere; environment steps are the caller's.
            name: what results call the policy.

        Raises:
            UnknownNameError: for an unknown mode.
            ArgumentError: for a number out of range, or if model and tokenizer do not fit.
        """
        raise NotImplementedError

    def start(self, slots: int) -> None:
        """Forget all episodes; see `Policy.start`."""
        raise NotImplementedError

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return one reply with its `TokenTrace` for each request; see `Policy.replies`.

        Raises:
            ContextOverflowError: before an episode outgrows the model's positions.
        """
        raise NotImplementedError

    def save(self, folder: Path | str) -> None:
        """Write model (safetensors), vocabulary and settings into `folder`, which is made if need be."""
        raise NotImplementedError

    @classmethod
    def load(cls, folder: Path | str) -> LanguageModelPolicy:
        """Return the policy that `save` wrote.

        Raises:
            ArgumentError: if `folder` holds none.
        """
        raise NotImplementedError
