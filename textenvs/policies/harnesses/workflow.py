"""A workflow of several roles: a planner, an executor and a critic, as in multi-agent frameworks.

Source: the division of labour of AutoGen (Wu et al. 2023, arXiv:2308.08155) and MetaGPT (Hong et al. 2023,
arXiv:2308.00352), cut down to one round of objection.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from textenvs.envs.policy import Request
from textenvs.policies.agent import Thread
from textenvs.policies.harnesses.asking import Asking
from textenvs.policies.harnesses.conversation import Conversation
from textenvs.policies.harnesses.workings import Workings

PLANNER = (
    "You are the planner of a team that plays this game. Each time, say in one or two sentences what the team should "
    "do next and why. The executor then replies to the game. Replies so far are shown behind >."
)
EXECUTOR = (
    "You are the executor of a team that plays this game. A planner advises you and a critic may object, but you "
    "decide. Write your reply to the game and nothing else."
)
CRITIC = (
    "You are the critic of a team that plays this game. Each time you are shown the plan and the reply that the "
    'executor proposes. If the reply is allowed and good, answer "approve". If not, answer "object:" and say in one '
    "sentence why. Replies so far are shown behind >."
)
ASK_PLANNER = "What should we do next?"
ASK_EXECUTOR = "The planner says:\n{plan}\n\nYour reply to the game:"
ASK_CRITIC = "The planner says:\n{plan}\n\nThe executor proposes to reply:\n{proposal}\n\nDo you approve or object?"
OBJECTED = "The critic says:\n{objection}\n\nYou decide. Your final reply to the game:"

_OBJECTS = re.compile(r"^\W*(?:critic\W+)?(?:i\s+)?object", re.IGNORECASE | re.MULTILINE)


class Team(NamedTuple):
    """The conversations of the roles; each is told what the game says and keeps its own answers."""

    planner: Conversation
    executor: Conversation
    critic: Conversation


class Workflow(Asking):
    """The planner writes a short plan, the executor proposes a reply, the critic approves or objects once.

    Three calls a reply, four if the critic objects. An answer of the critic that is no objection approves. In the
    one-shot forms the same round is about the whole reply.
    """

    name = "workflow"

    def begin(self) -> Team:
        return Team(Conversation("planner", plays=False), Conversation("executor"), Conversation("critic", plays=False))

    def reply(self, request: Request, memory: Team) -> Thread:
        planner, executor, critic = memory
        workings = Workings()

        planner.hear(request.dialogue, PLANNER, ASK_PLANNER)
        answer = yield self.note(request, planner.messages, planner.role)
        plan = workings.note(answer, "planner")
        planner.answer(plan)

        executor.hear(request.dialogue, EXECUTOR, ASK_EXECUTOR.format(plan=plan))
        answer = yield self.move(request, executor.messages, executor.role)
        proposal = workings.count(answer)
        executor.answer(proposal)

        critic.hear(request.dialogue, CRITIC, ASK_CRITIC.format(plan=plan, proposal=proposal))
        verdict = yield self.note(request, critic.messages, critic.role)
        objection = workings.note(verdict, "critic")
        critic.answer(objection)
        if not objects(objection):
            return workings.reply(proposal, answer)

        workings.think(f"executor: {proposal}")
        executor.ask(OBJECTED.format(objection=objection))
        answer = yield self.move(request, executor.messages, executor.role)
        executor.answer(workings.count(answer))
        return workings.reply(answer.text, answer)


def objects(verdict: str) -> bool:
    """Return whether an answer of the critic objects: whether a line of it begins so."""
    return _OBJECTS.search(verdict) is not None
