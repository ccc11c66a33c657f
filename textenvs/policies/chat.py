"""Chat models: what answers a list of messages, wherever it runs, and what it costs.

A `ChatModel` knows nothing of games. Policies (`textenvs.policies.agent`) turn views into calls of one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from textenvs.core.dialogue import Message
from textenvs.envs.policy import NO_USAGE, Usage
from textenvs.envs.streams import Stream

Stop = Literal["end", "length", "overflow"]


@dataclass(frozen=True, eq=False)
class Call:
    """One answer asked of a chat model.

    Attributes:
        conversation: names the conversation that the messages continue, so that a model can keep what it has read
            of it. Several calls of one conversation are never open at the same time.
        messages: everything said so far; the last one is the user's.
        random: where all random choices of the answer come from.
        choices: wordings of which the answer is made; None for a free answer.
        lines: how many of `choices` the answer consists of, one on each line.
        max_tokens: the most ids of the answer, thoughts not included; None for the model's own limit.
    """

    conversation: Hashable
    messages: Sequence[Message]
    random: Stream
    choices: tuple[str, ...] | None = None
    lines: int = 1
    max_tokens: int | None = None


@dataclass(frozen=True)
class Answer:
    """What a chat model answers.

    Attributes:
        text: the answer without thoughts.
        thought: what the model thought before it answered; empty where it does not think or does not show it.
        usage: what the answer cost.
        stop: `end`: the model ended it; `length`: it was cut off at the limit; `overflow`: the messages do not
            fit into the model's context, and the text is empty.
        trace: token ids and the like, where the model is at hand.
    """

    text: str
    thought: str = ""
    usage: Usage = NO_USAGE
    stop: Stop = "end"
    trace: Any = None


class ChatModel(Protocol):
    """Whatever answers messages. Calls are answered in any order, as soon as each is done."""

    name: str

    def start(self) -> None:
        """Forget all conversations and open calls."""

    def submit(self, call: Call) -> None:
        """Take a call."""

    def advance(self) -> Sequence[tuple[Call, Answer]]:
        """Work until at least one call is answered, and return those that are; nothing if there is none."""

    def forget(self, conversation: Hashable) -> None:
        """Drop what is kept of a conversation that is over; nothing happens if there is none."""
