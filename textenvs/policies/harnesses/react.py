"""ReAct: reason in words before each act (Yao et al. 2022, arXiv:2210.03629)."""

from __future__ import annotations

import re
from typing import NamedTuple

from textenvs.core.dialogue import example_reply
from textenvs.envs.policy import Request
from textenvs.policies.agent import Thread, is_one_shot, moves_wanted
from textenvs.policies.chat import Call
from textenvs.policies.harnesses.asking import Asking
from textenvs.policies.harnesses.conversation import Conversation
from textenvs.policies.harnesses.workings import Workings

DUTY = (
    'Think before each reply: write a line that begins with "Thought:" and says what you make of the situation, then '
    'a line that begins with "Action:" with your reply, and stop there. The game reads the action only. An example:\n'
    "Thought: I look at what I know so far and choose what helps most.\n"
    "Action: {example}"
)
DUTY_ONE_SHOT = (
    'Think before you reply: write a line that begins with "Thought:" and says how you want to play. Then write a line '
    '"Action:", below it your whole reply, and stop there. The game reads only what stands below "Action:".'
)
DUTY_CHOOSE = (
    'Think before each reply: first write one line that begins with "Thought:" and says what you make of the '
    "situation. Then you are asked for your reply."
)
CHOOSE = "Now your reply to the game:"

_LABEL = r"[ \t*_]*(?:{words})[ \t*_]*\d*[ \t*_]*:[ \t*_]*"
_ACTION = re.compile(r"^[ \t>#]*" + _LABEL.format(words="action"), re.IGNORECASE | re.MULTILINE)
_ACTION_WITHIN = re.compile(r"\b" + _LABEL.format(words="action"), re.IGNORECASE)
_NEXT = re.compile(r"^[ \t>#]*" + _LABEL.format(words="thought|action|observation"), re.IGNORECASE | re.MULTILINE)
_THOUGHT = re.compile(r"\s*[>#]*" + _LABEL.format(words="thought"), re.IGNORECASE)


class Step(NamedTuple):
    """An answer taken apart.

    Attributes:
        thought: what stands before the action, without its label; empty if there is no action.
        action: the reply to the game; the whole answer if there is no action.
        kept: the answer up to the end of the action, where it should have stopped.
    """

    thought: str
    action: str
    kept: str


class ReAct(Asking):
    """Thinks in a `Thought:` line, then replies in an `Action:` line; the thoughts stay in its own conversation.

    One call a reply; with `mode="choose"` two, of which the second chooses the move. In the one-shot forms it thinks
    once and then writes the whole reply.
    """

    name = "react"

    def begin(self) -> Conversation:
        return Conversation()

    def reply(self, request: Request, memory: Conversation) -> Thread:
        memory.hear(request.dialogue, self._duty(request))
        workings = Workings()
        if self.mode == "choose":
            return (yield from self._chosen(request, memory, workings))
        room = self.max_note_tokens + self.max_tokens * moves_wanted(request)
        answer = yield Call((request.slot, None), memory.messages, request.random, max_tokens=room)
        step = taken_apart(workings.count(answer))
        workings.think(step.thought)
        memory.answer(step.kept)
        return workings.reply(step.action, answer)

    def _duty(self, request: Request) -> str:
        if self.mode == "choose":
            return DUTY_CHOOSE
        if is_one_shot(request):
            return DUTY_ONE_SHOT
        example = example_reply(request.episode.game.instructions(request.player))
        return DUTY.format(example=example or request.legal[0])

    def _chosen(self, request: Request, memory: Conversation, workings: Workings) -> Thread:
        """Ask for the thought first, and then for one of the legal moves."""
        answer = yield self.note(request, memory.messages)
        memory.answer(without_action(workings.note(answer)))
        memory.ask(CHOOSE)
        answer = yield self.move(request, memory.messages)
        memory.answer(workings.count(answer))
        return workings.reply(answer.text, answer)


def taken_apart(text: str) -> Step:
    """Return the thought and the action in an answer.

    The first action that is not empty counts: models that do not stop go on with an answer of the game and actions
    to follow it, which they make up.
    """
    for pattern in (_ACTION, _ACTION_WITHIN):
        for label in pattern.finditer(text):
            following = _NEXT.search(text, label.end())
            end = following.start() if following else len(text)
            if action := text[label.end() : end].strip():
                return Step(_unlabelled(text[: label.start()]), action, text[:end].rstrip())
    return Step("", text, text)


def without_action(text: str) -> str:
    """Return what stands before the first action of an answer."""
    return _ACTION_WITHIN.split(text, maxsplit=1)[0].rstrip(" *_\n")


def _unlabelled(thought: str) -> str:
    return _THOUGHT.sub("", thought, count=1).strip()
