"""Agents: a chat model and a harness, the way of asking it, make a policy.

A harness writes its replies as a generator: it yields `Call`s, is sent their `Answer`s, and returns the `Reply`. So it
reads like a plain dialogue with one model, while many of them run side by side and share the model's batches.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Sequence
from typing import Any, Literal, Protocol, TypeVar

from textenvs.core.dialogue import Message
from textenvs.core.errors import check_choice, check_range
from textenvs.envs.policy import Reply, Request
from textenvs.policies.chat import Answer, Call, ChatModel

M = TypeVar("M")
Thread = Generator[Call, Answer, Reply]

Mode = Literal["free", "choose"]
MODES = ("free", "choose")


class Harness(Protocol[M]):
    """A way of getting replies out of a chat model; M is what it remembers during an episode.

    Attributes:
        name: what results call it; empty if it adds nothing to the model.
    """

    name: str

    def begin(self) -> M:
        """Return the memory of one seat at the start of an episode; `reply` may change it."""

    def reply(self, request: Request, memory: M) -> Thread:
        """Yield calls whose `conversation` is `(request.slot, …)`, be sent answers, and return the reply.

        The usage of the reply is the sum of those of all its answers.
        """


class Direct:
    """Asks the model once, with the dialogue as it stands: the harness that is none."""

    name = ""

    def __init__(self, mode: Mode = "free", max_tokens: int = 64) -> None:
        """Take how to ask.

        Args:
            mode: `free`: any answer; `choose`: one of `Request.choices`, in the `plan` form one for each turn.
            max_tokens: the most ids of a move, from 1; a plan may have as many for each of the game's turns.

        Raises:
            UnknownNameError: for an unknown mode.
            ArgumentError: for a number out of range.
        """
        check_choice("mode", mode, MODES)
        check_range("max_tokens", max_tokens, 1, 1_000_000)
        self.mode = mode
        self.max_tokens = max_tokens

    def begin(self) -> None:
        """Nothing is remembered but the dialogue."""

    def reply(self, request: Request, memory: None) -> Thread:
        answer = yield move_call(request, request.dialogue, choose=self.mode == "choose", max_tokens=self.max_tokens)
        return Reply(answer.text, answer.trace, answer.thought, answer.usage)


def move_call(
    request: Request, messages: Sequence[Message], *, choose: bool, max_tokens: int, role: Hashable = None
) -> Call:
    """Return the call that asks for the moves a request wants: all of a plan, else one.

    Args:
        request: what is to be answered.
        messages: what the model is told.
        choose: whether the answer consists of legal wordings.
        max_tokens: the most ids of each move.
        role: which of several conversations of the seat this is.
    """
    moves = moves_wanted(request)
    choices = request.choices if choose else None
    return Call((request.slot, role), messages, request.random, choices, moves, max_tokens * moves)


def moves_wanted(request: Request) -> int:
    """Return how many moves a reply holds at most: all of the game's turns in the one-shot forms, else one."""
    episode = request.episode
    return episode.game.max_turns if episode.settings.form in ("plan", "strategy") else 1


class Agent:
    """A chat model in a harness, as a policy; satisfies `ContinuousPolicy`."""

    def __init__(self, model: ChatModel, harness: Harness[Any] | None = None, *, name: str | None = None) -> None:
        """Take who answers and how it is asked.

        Args:
            model: the chat model; agents that take turns may share it, agents at work at the same time may not.
            harness: the way of asking; `Direct()` if None.
            name: what results call the policy; model and harness joined by ` + ` if None.
        """
        self.model = model
        self.harness = Direct() if harness is None else harness
        self.name = name or " + ".join(filter(None, (model.name, self.harness.name)))
        self._forget_all()

    def start(self, slots: int) -> None:
        self.model.start()
        self._forget_all()

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        for request in requests:
            self.submit(request)
        found: dict[int, Reply] = {}
        while len(found) < len(requests):
            found |= {request.slot: reply for request, reply in self.advance()}
        return [found[request.slot] for request in requests]

    def submit(self, request: Request) -> None:
        if request.slot not in self._memories:
            self._memories[request.slot] = self.harness.begin()
        self._go_on(request, self.harness.reply(request, self._memories[request.slot]), None)

    def advance(self) -> list[tuple[Request, Reply]]:
        while self._open and not self._done:
            for call, answer in self.model.advance():
                request, thread = self._open.pop(call)
                self._go_on(request, thread, answer)
        done = list(self._done)
        self._done.clear()
        return done

    def release(self, slot: int) -> None:
        self._memories.pop(slot, None)
        for conversation in self._conversations.pop(slot, ()):
            self.model.forget(conversation)

    def _forget_all(self) -> None:
        self._memories: dict[int, Any] = {}
        self._conversations: dict[int, set[Hashable]] = {}
        self._open: dict[Call, tuple[Request, Thread]] = {}
        self._done: list[tuple[Request, Reply]] = []

    def _go_on(self, request: Request, thread: Thread, answer: Answer | None) -> None:
        """Send a thread its answer (None at the start) and submit what it asks next, or note its reply."""
        try:
            call = next(thread) if answer is None else thread.send(answer)
        except StopIteration as end:
            self._done.append((request, end.value))
            return
        self._conversations.setdefault(request.slot, set()).add(call.conversation)
        self._open[call] = request, thread
        self.model.submit(call)
