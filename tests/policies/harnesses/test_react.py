from __future__ import annotations

import pytest

from tests.policies.chats import WrittenChat, answers_in_order
from textenvs.envs.settings import Settings
from textenvs.evaluation.rollout import rollout
from textenvs.games.guess_number import GuessNumber
from textenvs.policies.agent import Agent
from textenvs.policies.harnesses.react import ReAct, taken_apart, without_action

ANSWERS = [
    ("Thought: low\nAction: guess 4", "low", "guess 4"),
    ("thought : low\n\nACTION : guess 4", "low", "guess 4"),
    ("**Thought:** low\n**Action:** guess 4", "low", "guess 4"),
    ("> Thought 1: low\n> Action 1: guess 4", "low", "guess 4"),
    ("Thought: low. Action: guess 4", "low.", "guess 4"),
    ("low, since 4 is\nin the middle\nAction:\nguess 4", "low, since 4 is\nin the middle", "guess 4"),
    ("Thought: low\nAction: say: hello\nguess 4", "low", "say: hello\nguess 4"),
    ("Thought: low\nAction: guess 4\nObservation: higher\nAction: guess 6", "low", "guess 4"),
    ("Thought: low\nAction: guess 4\nThought: and then?", "low", "guess 4"),
    ("Thought: low\nAction:\nObservation: none\nAction: guess 6", "low\nAction:\nObservation: none", "guess 6"),
    ("Action: guess 4", "", "guess 4"),
    ("guess 4", "", "guess 4"),
    ("Thought: guess 4", "", "Thought: guess 4"),
    ("In reaction: guess 4", "", "In reaction: guess 4"),
    ("", "", ""),
    ("Action:", "", "Action:"),
]


@pytest.mark.parametrize(("text", "thought", "action"), ANSWERS)
def test_answers_are_taken_apart(text: str, thought: str, action: str) -> None:
    step = taken_apart(text)
    assert (step.thought, step.action) == (thought, action)
    assert text.startswith(step.kept)
    assert step.kept.endswith(action)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Thought: low\nAction: guess 4", "Thought: low"),
        ("Thought: low\n**Action:** guess 4", "Thought: low"),
        ("Thought: low", "Thought: low"),
        ("Action: guess 4", ""),
    ],
)
def test_a_thought_that_is_asked_for_ends_before_the_action(text: str, kept: str) -> None:
    assert without_action(text) == kept


def test_the_game_sees_the_action_only_and_the_model_its_thoughts() -> None:
    model = WrittenChat(answers_in_order("Thought: halve\nAction: guess 4", "Thought: 6 next\nAction: guess 6"))
    (played,) = rollout(GuessNumber(high=7, guesses=3), Agent(model, ReAct()), [0], instances=[5])
    told = "\n".join(message.text for message in played.episode.dialogues[0])
    assert "halve" not in told
    assert "Thought: halve\nAction: guess 4" in [message.text for message in model.calls[1].messages]
    assert [turn.reply.thought for turn in played.turns] == ["halve", "6 next"]


def test_what_was_said_before_a_judged_reply_is_told() -> None:
    model = WrittenChat(lambda _: "Action: guess 4")
    settings = Settings(form="reply", behaviour="expert")
    for played in rollout(GuessNumber(high=7, guesses=3), Agent(model, ReAct()), range(5), settings=settings, batch=1):
        said = played.episode.dialogues[0][1:-2]
        assert tuple(model.calls[-1].messages[1:]) == said
    assert {len(call.messages) for call in model.calls} > {2}
