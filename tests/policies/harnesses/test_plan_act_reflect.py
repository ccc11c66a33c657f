from __future__ import annotations

import pytest

from tests.policies.chats import WrittenChat, answers_in_order
from textenvs.core.errors import ArgumentError
from textenvs.evaluation.rollout import rollout
from textenvs.games.guess_number import GuessNumber
from textenvs.policies.agent import Agent
from textenvs.policies.chat import Call
from textenvs.policies.harnesses.plan_act_reflect import MOST_CHARS, PlanActReflect, tasks

GAME = GuessNumber(high=7, guesses=3)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1. halve\n2) halve again\n- win", ["halve", "halve again", "win"]),
        ("Here is my list:\n* halve", ["halve"]),
        ("**Task list:**\n\n1. halve", ["halve"]),
        ("halve", ["halve"]),
        ("", []),
        ("x" * 500, ["x" * MOST_CHARS]),
        ("a\x00b", ["a\ufffdb"]),
    ],
)
def test_tasks_are_the_lines_of_a_list(text: str, found: list[str]) -> None:
    assert tasks(text) == found


def test_the_list_lasts_until_it_is_written_anew_and_stays_short() -> None:
    answers = ["a\nb\nc\nd", "guess 1", "", "guess 2", "e", "guess 3"]
    model = WrittenChat(answers_in_order(*answers))
    list(rollout(GAME, Agent(model, PlanActReflect(max_tasks=2)), [0], instances=[6]))
    asked = [call.messages[-1].text for call in model.calls]
    assert "So far it is:" not in asked[0]
    assert all("So far it is:\n1. a\n2. b\nWrite" in text for text in (asked[2], asked[4]))
    assert [text.split("first task: ")[1].split("\n")[0] for text in asked[1::2]] == ["a", "a", "e"]


def test_without_a_list_the_model_is_asked_for_the_move_alone() -> None:
    model = WrittenChat(answers_in_order("", "guess 4"))
    list(rollout(GAME, Agent(model, PlanActReflect()), [0], instances=[3]))
    assert "task" not in model.calls[1].messages[-1].text


def test_contexts_do_not_grow_by_the_notes() -> None:
    model = WrittenChat(lambda _: "guess 1" if len(model.calls) % 2 == 0 else f"only in turn {len(model.calls) // 2}")
    list(rollout(GuessNumber(high=7, guesses=20), Agent(model, PlanActReflect()), [0], instances=[6]))
    (words,) = {text.count("only in turn") for text in map(everything, model.calls[3::2])}
    assert words == 3, "the old list in the question, the new one, and the first task"


def everything(call: Call) -> str:
    return "\n".join(message.text for message in call.messages)


def test_a_list_has_at_least_one_task() -> None:
    with pytest.raises(ArgumentError, match="max_tasks"):
        PlanActReflect(max_tasks=0)
