from __future__ import annotations

from dataclasses import replace

import pytest

from tests.policies.chats import WrittenChat, answers_in_order
from textenvs.core.dialogue import Message
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.envs.episode import Episode
from textenvs.envs.policy import ContinuousPolicy, Reply, Request, Usage
from textenvs.envs.settings import Settings
from textenvs.evaluation.rollout import flow, rollout
from textenvs.games.guess_number import GuessNumber
from textenvs.policies.agent import Agent, Direct, Thread
from textenvs.policies.chat import Answer, Call
from textenvs.policies.scripted import StrategyPolicy

GAME = GuessNumber(high=7, guesses=3)


def four(_: Call) -> str:
    return "guess 4"


class Asking:
    """Asks a critic before each reply, and tells it how many replies there were."""

    name = "asking"

    def begin(self) -> list[str]:
        return []

    def reply(self, request: Request, memory: list[str]) -> Thread:
        memory.append("asked")
        told = [Message("system", "You are a critic."), Message("user", f"What now? This is reply {len(memory)}.")]
        advice = yield Call((request.slot, "critic"), told, request.random)
        told = [*request.dialogue[:-1], Message("user", f"{request.dialogue[-1].text}\nAdvice: {advice.text}")]
        answer = yield Call((request.slot, "player"), told, request.random)
        return Reply(answer.text, usage=advice.usage + answer.usage)


class Silent:
    name = "silent"

    def begin(self) -> None: ...

    def reply(self, request: Request, memory: None) -> Thread:
        return Reply("guess 1")
        yield


def test_an_agent_is_a_continuous_policy_with_a_telling_name() -> None:
    model = WrittenChat(four, name="llama")
    assert isinstance(Agent(model), ContinuousPolicy)
    assert not isinstance(StrategyPolicy("random"), ContinuousPolicy)
    assert [Agent(model).name, Agent(model, Asking()).name, Agent(model, name="x").name] == [
        "llama",
        "llama + asking",
        "x",
    ]


def test_the_direct_harness_shows_the_dialogue_as_it_is() -> None:
    model = WrittenChat(answers_in_order("I guess 2", "hm", "guess 6"))
    (played,) = rollout(GAME, Agent(model, Direct(max_tokens=9)), [0], instances=[5])
    assert [turn.reply.text for turn in played.turns] == ["I guess 2", "hm", "guess 6"]
    assert [len(call.messages) for call in model.calls] == [2, 4, 6]
    assert tuple(model.calls[-1].messages) == played.episode.dialogues[0][:-2]
    assert {(call.choices, call.lines, call.max_tokens) for call in model.calls} == {(None, 1, 9)}


def test_choices_are_the_legal_wordings_and_a_plan_has_a_line_for_each_turn() -> None:
    model = WrittenChat(lambda call: "\n".join(call.choices[: call.lines]))
    settings = Settings(form="plan")
    (played,) = rollout(GAME, Agent(model, Direct("choose")), [0], settings=settings, instances=[2])
    (call,) = model.calls
    assert call.choices == tuple(f"guess {n}" for n in range(1, 8))
    assert (call.lines, call.max_tokens) == (3, 3 * 64)
    assert played.score == 1.0


def test_what_a_reply_cost_and_thought_is_kept() -> None:
    usage = Usage(prompt=10, cached=4, sampled=5, thought=3, calls=1)
    model = WrittenChat(lambda _: Answer("guess 4", "the middle", usage, trace="ids"))
    (played,) = rollout(GAME, Agent(model), [0], instances=[3])
    assert played.turns[0].reply == Reply("guess 4", "ids", "the middle", usage)
    assert usage.processed == 11
    assert usage + replace(usage, practice=2) == Usage(20, 8, 10, 6, 2, 2)


@pytest.mark.parametrize("at_once", [1, 2, 100])
@pytest.mark.parametrize("harness", [Direct(), Asking(), Silent()], ids=lambda harness: type(harness).__name__)
def test_no_result_depends_on_what_runs_side_by_side(harness: object, at_once: int) -> None:
    def answer(call: Call) -> str:
        return f"guess {1 + call.random.below(7)}"

    alone = list(rollout(GAME, Agent(WrittenChat(answer), harness), range(9), batch=1))
    batched = list(rollout(GAME, Agent(WrittenChat(answer, at_once=at_once), harness), range(9), batch=4))
    assert [each.episode.replies for each in batched] == [each.episode.replies for each in alone]
    assert [each.turns for each in batched] == [each.turns for each in alone]


def test_continuous_play_refills_slots_and_forgets_what_is_over() -> None:
    model = WrittenChat(lambda call: f"guess {1 + call.random.below(7)}")
    agent = Agent(model, Asking())
    episodes = [each.episode for each in rollout(GAME, agent, range(9), batch=9)]
    model.forgotten.clear()
    again = list(flow((Episode(GAME, seed=seed) for seed in range(9)), agent, in_flight=2))
    replies = {each.episode.seed: each.episode.replies for each in again}
    assert replies == {episode.seed: episode.replies for episode in episodes}
    assert [each.episode.seed for each in again] != sorted(replies), "the newest call is answered first"
    assert {slot for slot, _ in model.forgotten} == {0, 1}
    assert len(model.forgotten) == 2 * len(again)
    assert all(episode.over for episode in episodes)


def test_an_episode_begins_with_an_empty_memory() -> None:
    model = WrittenChat(lambda _: "guess 1")
    list(flow((Episode(GAME, seed=seed) for seed in range(5)), Agent(model, Asking()), in_flight=1))
    told = [call.messages[-1].text for call in model.calls if call.conversation[1] == "critic"]
    assert told.count("What now? This is reply 1.") == 5


def test_a_mistaken_harness_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="free"):
        Direct("fre")
    with pytest.raises(ArgumentError, match="max_tokens"):
        Direct(max_tokens=0)
