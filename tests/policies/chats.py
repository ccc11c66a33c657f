"""Chat models without a model, for tests."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from textenvs.envs.policy import Usage
from textenvs.policies.chat import Answer, Call


class WrittenChat:
    """Answers by a function of the call, the newest call first, `at_once` of them each time it is asked to work.

    Attributes:
        calls: all calls so far, in order.
        forgotten: the conversations that were dropped, in order.
        starts: how often everything was forgotten.
    """

    def __init__(self, answer: Callable[[Call], str | Answer], *, at_once: int = 1, name: str = "written") -> None:
        self.name = name
        self.answer = answer
        self.at_once = at_once
        self.calls: list[Call] = []
        self.forgotten: list[Hashable] = []
        self.starts = 0
        self._open: list[Call] = []

    def start(self) -> None:
        self.starts += 1
        self._open.clear()

    def submit(self, call: Call) -> None:
        assert call.messages[-1].role == "user"
        assert all(call.conversation != other.conversation for other in self._open)
        self.calls.append(call)
        self._open.append(call)

    def advance(self) -> Sequence[tuple[Call, Answer]]:
        taken = [self._open.pop() for _ in range(min(self.at_once, len(self._open)))]
        return [(call, self._answered(call)) for call in taken]

    def forget(self, conversation: Hashable) -> None:
        self.forgotten.append(conversation)

    def _answered(self, call: Call) -> Answer:
        answer = self.answer(call)
        if isinstance(answer, Answer):
            return answer
        words = sum(len(message.text.split()) for message in call.messages)
        return Answer(answer, usage=Usage(prompt=words, sampled=len(answer.split()), calls=1))


def answers_in_order(*texts: str) -> Callable[[Call], str]:
    """Return a function that answers with `texts` one after the other, for tests of one episode."""
    rest = iter(texts)
    return lambda _: next(rest)
