"""How messages become the ids a causal model reads: chat templates, with replies kept as the ids that were sampled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from textenvs.core.dialogue import Message, as_chat
from textenvs.core.errors import ArgumentError
from textenvs.policies.trie import Ids

PLAIN_TEMPLATE = (
    "{% for message in messages %}"
    "{{ {'system': 'Instructions', 'user': 'User', 'assistant': 'Assistant'}[message.role] }}: {{ message.content }}"
    "\n\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
"""What models without a chat template are told: `User: …` and so on, an empty line after each message."""

_REPLY = "\ue000{}\ue001"
"""Stands for a reply while the template is applied. Both signs are unprintable, so no message has them."""


class ChatFormat:
    """Messages in ids.

    A reply that was sampled is never encoded: the template is applied to a placeholder in its stead, what stands
    between the placeholders is encoded piece by piece, and the sampled ids are put in between. Where a template has
    no place for instructions, they open the first message of the user.

    Attributes:
        ends: the ids that end an answer.
        end: the one of them that the template writes after a reply.
        beginning: the text that an answer begins with before the model writes any of it.
        plain: whether `PLAIN_TEMPLATE` is used.
    """

    def __init__(self, tokenizer: Any, ends: Sequence[int] = ()) -> None:
        """Take a tokenizer of transformers, used as it is, and further ids that end an answer.

        Raises:
            ArgumentError: if no id ends an answer.
        """
        self._tokenizer = tokenizer
        self._template = tokenizer.chat_template or PLAIN_TEMPLATE
        self.plain = not tokenizer.chat_template
        self._encoded = lru_cache(maxsize=4096)(self._encode)
        self._has_system = True
        self._has_system = self._knows_system()
        self.beginning = self._beginning()
        closing = self._closing()
        self.ends = {*ends, *closing, tokenizer.eos_token_id} - {None}
        if not self.ends:
            raise ArgumentError("neither model nor tokenizer names an id that ends an answer (eos_token_id)")
        self.end: int = closing[0] if closing else min(self.ends)

    def prompt(self, messages: Sequence[Message], replies: Sequence[Ids | None]) -> list[int]:
        """Return the ids of `messages` with the beginning of the next answer.

        Args:
            messages: what was said; the last one is the user's.
            replies: for each message the ids it was sampled as, or None to encode its text.
        """
        ids: list[int] = []
        stand_ins = [
            message if reply is None else Message(message.role, _REPLY.format(index))
            for index, (message, reply) in enumerate(zip(messages, replies, strict=True))
        ]
        for number, piece in enumerate(re.split("\ue000(\\d+)\ue001", self.render(stand_ins))):
            ids += (replies[int(piece)] or ()) if number % 2 else self.encode(piece)
        return ids

    def render(self, messages: Sequence[Message], *, answer: bool = True) -> str:
        """Return `messages` as the template writes them, with the beginning of the next answer if `answer`."""
        if not self._has_system:
            messages = _without_system(messages)
        text: str = self._tokenizer.apply_chat_template(
            as_chat(messages), chat_template=self._template, tokenize=False, add_generation_prompt=answer
        )
        return text

    def encode(self, text: str) -> Ids:
        """Return the ids of a piece of text; special tokens in it are what they are, and none is added."""
        return self._encoded(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids, special tokens included."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text

    def line_feed(self) -> int:
        """Return the id that separates lines.

        Raises:
            ArgumentError: if a line feed is not one id of its own.
        """
        before, with_feed = self.encode("a"), self.encode("a\n")
        rest = with_feed[len(before) :]
        if with_feed[: len(before)] != before or len(rest) != 1 or "\n" not in self.decode(with_feed):
            raise ArgumentError("the tokenizer has no id for a line feed, so lines cannot be chosen one by one")
        return rest[0]

    def _encode(self, text: str) -> Ids:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False))

    def _knows_system(self) -> bool:
        """Return whether the template shows instructions; some refuse them, some leave them out."""
        told = [Message("system", _REPLY.format(0)), Message("user", "?")]
        try:
            return _REPLY.format(0) in self.render(told)
        except Exception as error:  # what a template raises is its own affair
            if "system" not in str(error).lower() and "role" not in str(error).lower():
                raise
            return False

    def _beginning(self) -> str:
        asked = [Message("user", _REPLY.format(0))]
        return self.render(asked).removeprefix(self.render(asked, answer=False))

    def _closing(self) -> Ids:
        """Return the special id that the template writes after a reply, if it writes one."""
        told = [Message("user", "?"), Message("assistant", _REPLY.format(0))]
        rest = self.encode(self.render(told, answer=False).rpartition(_REPLY.format(0))[2].lstrip())
        special = {*self._tokenizer.all_special_ids, *self._tokenizer.added_tokens_decoder}
        return rest[:1] if rest and rest[0] in special else ()


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """Return `messages` with the instructions at the beginning of the first message of the user."""
    if len(messages) < 2 or messages[0].role != "system":
        return list(messages)
    return [Message("user", f"{messages[0].text}\n\n{messages[1].text}"), *messages[2:]]
