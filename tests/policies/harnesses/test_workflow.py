from __future__ import annotations

import pytest

from tests.policies.chats import WrittenChat, answers_in_order
from textenvs.envs.episode import Episode
from textenvs.evaluation.rollout import flow, rollout
from textenvs.games.guess_number import GuessNumber
from textenvs.policies.agent import Agent
from textenvs.policies.harnesses.workflow import Workflow, objects


@pytest.mark.parametrize(
    ("verdict", "objection"),
    [
        ("object: 4 is better", True),
        ("Object. 4 is better", True),
        ("**Object:** 4", True),
        ("Critic: object, 4", True),
        ("I object: 4", True),
        ("Well.\nObject: 4", True),
        ("approve", False),
        ("I have no objection.", False),
        ("Approve, the object is found", False),
        ("The answer is 4.", False),
        ("", False),
    ],
)
def test_only_an_answer_that_begins_so_objects(verdict: str, objection: bool) -> None:
    assert objects(verdict) == objection


def test_each_role_has_a_conversation_and_sees_the_replies_made() -> None:
    model = WrittenChat(answers_in_order("p1", "guess 1", "object: x", "guess 2", "p2", "guess 7", "fine"))
    (played,) = rollout(GuessNumber(high=7, guesses=3), Agent(model, Workflow()), [0], instances=[6])
    assert [call.conversation for call in model.calls] == [
        (0, role) for role in ("planner", "executor", "critic", "executor", "planner", "executor", "critic")
    ]
    assert [turn.reply.text for turn in played.turns] == ["guess 2", "guess 7"]
    second = {call.conversation[1]: call.messages[-1].text for call in model.calls[4:]}
    assert second["planner"].startswith("> guess 2\n\n2 is wrong")
    assert second["critic"].startswith("> guess 2\n\n2 is wrong")
    assert second["executor"].startswith("2 is wrong")
    assert [message.text for message in model.calls[5].messages if message.role == "assistant"] == [
        "guess 1",
        "guess 2",
    ]


def test_roles_are_forgotten_with_their_seat() -> None:
    model = WrittenChat(lambda _: "guess 1")
    list(flow([Episode(GuessNumber(high=7, guesses=1), seed=0)], Agent(model, Workflow()), in_flight=1))
    assert set(model.forgotten) == {(0, "planner"), (0, "executor"), (0, "critic")}
