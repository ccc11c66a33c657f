"""Plan, act, reflect: a task list that outlives the turn, as in Auto-GPT and BabyAGI (both 2023).

Sources: https://github.com/Significant-Gravitas/AutoGPT and https://github.com/yoheinakajima/babyagi.
"""

from __future__ import annotations

from textenvs.core.dialogue import Dialogue, Message, printable
from textenvs.core.errors import check_range
from textenvs.envs.forms import plan_lines
from textenvs.envs.policy import Request
from textenvs.policies.agent import Mode, Thread, is_one_shot, move_call
from textenvs.policies.harnesses.asking import Asking
from textenvs.policies.harnesses.workings import Workings

FIRST_LIST = "Do not reply to the game yet. First write your task list for this game."
OLD_LIST = (
    "Do not reply to the game yet. First bring your task list up to date: leave out what is done or has proved "
    "wrong, and add what is needed now. So far it is:\n{tasks}"
)
LIST_RULE = "Write at most {most} tasks, one on each line, the one to do next at the top, and nothing else."
ACT_ON_TASK = "Now reply to the game with the move that does your first task: {task}\nWrite the move only."
ACT = "Now reply to the game. Write the move only."

DRAFT = "First write a draft of your reply to the game. You can change it afterwards."
CRITIQUE = (
    "Check your draft step by step: what would happen if it were played as it stands? "
    "Say in a few sentences what is wrong with it or could be better. Do not write the new reply yet."
)
REWRITE = "Now write your final reply to the game, in the form that the rules ask for, and nothing else."

MOST_CHARS = 200
"""Of a task; the rest of a longer one is cut off."""


class PlanActReflect(Asking):
    """Keeps a task list: brings it up to date after each view, then makes the move for its first task.

    Two calls a reply. In the one-shot forms, where nothing comes back to reflect on, it writes a draft, criticises it
    and rewrites it: three calls.

    What a call adds to the dialogue of the game (the newest task list and the questions) stands at its end and is not
    there any more in the next turn, so that the list stays the only memory and contexts do not grow by it.
    """

    name = "plan-act-reflect"

    def __init__(
        self, mode: Mode = "free", max_tokens: int = 64, max_note_tokens: int = 128, max_tasks: int = 5
    ) -> None:
        """Take how to ask.

        Args:
            mode: as for `Direct`; in the one-shot forms drafts are free all the same.
            max_tokens: the most ids of a move, as for `Direct`.
            max_note_tokens: the most ids of a task list or critique, from 1.
            max_tasks: the most tasks on the list, from 1; those below are dropped.

        Raises:
            UnknownNameError: for an unknown mode.
            ArgumentError: for a number out of range.
        """
        super().__init__(mode, max_tokens, max_note_tokens)
        check_range("max_tasks", max_tasks, 1, 1_000)
        self.max_tasks = max_tasks

    def begin(self) -> list[str]:
        """Return the task list, which is empty at first."""
        return []

    def reply(self, request: Request, memory: list[str]) -> Thread:
        return self._rewritten(request) if is_one_shot(request) else self._acted(request, memory)

    def _acted(self, request: Request, memory: list[str]) -> Thread:
        workings = Workings()
        messages = _asked(request.dialogue, self._list_question(memory))
        answer = yield self.note(request, messages)
        memory[:] = tasks(workings.note(answer))[: self.max_tasks] or memory
        question = ACT_ON_TASK.format(task=memory[0]) if memory else ACT
        messages = _went_on(messages, answer.text, question)
        answer = yield self.move(request, messages)
        return workings.reply(workings.count(answer), answer)

    def _rewritten(self, request: Request) -> Thread:
        workings = Workings()
        messages = _asked(request.dialogue, DRAFT)
        answer = yield move_call(request, messages, choose=False, max_tokens=self.max_tokens)
        messages = _went_on(messages, workings.note(answer), CRITIQUE)
        answer = yield self.note(request, messages)
        messages = _went_on(messages, workings.note(answer), REWRITE)
        answer = yield self.move(request, messages)
        return workings.reply(workings.count(answer), answer)

    def _list_question(self, memory: list[str]) -> str:
        numbered = "\n".join(f"{number}. {task}" for number, task in enumerate(memory, 1))
        question = OLD_LIST.format(tasks=numbered) if memory else FIRST_LIST
        return f"{question}\n{LIST_RULE.format(most=self.max_tasks)}"


def tasks(text: str) -> list[str]:
    """Return the tasks written in an answer: its lines without list marks and headings."""
    return [line[:MOST_CHARS] for line in plan_lines(printable(text)) if not line.rstrip("*_# ").endswith(":")]


def _asked(dialogue: Dialogue, question: str) -> Dialogue:
    """Return the dialogue with a question below its newest view."""
    return (*dialogue[:-1], Message("user", f"{dialogue[-1].text}\n\n{question}"))


def _went_on(messages: Dialogue, answer: str, question: str) -> Dialogue:
    """Return the messages with an answer and the next question."""
    return (*messages, Message("assistant", printable(answer)), Message("user", question))
