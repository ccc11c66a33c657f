from __future__ import annotations

from typing import Any

import pytest

from tests.policies.chats import WrittenChat, answers_in_order
from textenvs.core.errors import ArgumentError
from textenvs.core.instances import split_of
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.policy import Request
from textenvs.envs.settings import Settings
from textenvs.envs.solo import solo_game
from textenvs.envs.streams import Purpose, Stream
from textenvs.evaluation.rollout import rollout
from textenvs.games.guess_number import GuessNumber
from textenvs.games.orchard import Orchard
from textenvs.policies.agent import Agent
from textenvs.policies.chat import Call
from textenvs.policies.harnesses.react import ReAct
from textenvs.policies.harnesses.reflexion import Reflexion, practice_episode
from textenvs.registry import make_game

GAME = GuessNumber(high=7, guesses=3)


def asked(episode: Episode) -> Request:
    return Request(0, episode, 0, Stream(episode.seed, Purpose.POLICY))


@pytest.mark.parametrize("split", ["all", "train", "test"])
@pytest.mark.parametrize("high", [2, 3, 7])
def test_the_evaluated_instance_is_never_practised(high: int, split: str) -> None:
    game = GuessNumber(high=high, guesses=1)
    splits = {split_of(Episode(game, seed=0, instance=number).instance) for number in range(high)}
    if split != "all" and split not in splits:
        pytest.skip(f"no instance in {split}")
    practised = set()
    for seed in range(200):
        request = asked(Episode(game, seed=seed, split=split))
        for _ in range(3):
            episode = practice_episode(request)
            assert episode is not None
            assert episode.instance != request.episode.instance
            practised.add((request.episode.instance, episode.instance))
    assert len({instance for _, instance in practised}) > 1 or split != "all"


def test_practice_takes_place_in_the_training_split() -> None:
    game = GuessNumber(high=100)
    for seed in range(100):
        episode = practice_episode(asked(Episode(game, seed=seed, split="test")))
        assert episode is not None
        assert split_of(episode.instance) == "train"


def test_practice_seeds_differ_and_the_dials_stay() -> None:
    settings = Settings(form="plan", refusal_price=0.5)
    request = asked(new_episode(GAME, settings, seed=3))
    episodes = [practice_episode(request) for _ in range(20)]
    assert len({episode.seed for episode in episodes if episode}) == 20
    assert {episode.settings for episode in episodes if episode} == {settings}
    assert request.episode.replies == ()


def test_a_game_with_one_instance_is_practised_with_other_chances() -> None:
    request = asked(Episode(Orchard(), seed=0))
    episode = practice_episode(request)
    assert episode is not None
    assert episode.instance == request.episode.instance
    assert episode.seed != request.episode.seed


@pytest.mark.parametrize("form", ["turns", "plan", "strategy", "reply"])
def test_practice_is_paid_by_the_first_reply(form: str) -> None:
    model = WrittenChat(lambda _: "guess 1")
    settings = Settings(form=form, behaviour="expert")
    agent = Agent(model, Reflexion(trials=2))
    (played,) = rollout(GAME, agent, [0], settings=settings, instances=[0])
    first, *others = (turn.reply.usage for turn in played.turns)
    moves = {"turns": 3, "plan": 4, "strategy": 3, "reply": 1}[form]  # one move planned, then three empty replies
    assert first.practice == 2 * moves
    assert first.calls == 2 * ((moves if form == "turns" else 1) + 1) + 1
    assert first.thought == 2 * len("guess 1".split()), "the lessons"
    assert all((usage.practice, usage.calls) == (0, 1) for usage in others)
    assert not others, "the first guess is right"


def test_lessons_stand_below_the_rules_and_empty_ones_do_not() -> None:
    model = WrittenChat(answers_in_order("guess 1", "halve\n\nit", "guess 2", " \n", "guess 3", "never\t3", "guess 4"))
    game = GuessNumber(high=7, guesses=1)
    list(rollout(game, Agent(model, Reflexion(trials=3)), [0], instances=[4]))
    rules = [call.messages[0].text for call in model.calls]
    assert "Lessons" not in rules[0] + rules[1]
    assert rules[2] == rules[3] == rules[4]
    assert rules[3].endswith("with these rules:\n- halve it")
    assert rules[6].endswith("with these rules:\n- halve it\n- never 3")
    assert all(text.startswith(Episode(game, seed=0).dialogues[0][0].text) for text in rules)


def test_the_score_told_is_the_score_of_the_practice() -> None:
    model = WrittenChat(lambda _: "what?")
    list(rollout(GAME, Agent(model, Reflexion(trials=1)), [0]))
    lesson = next(call for call in model.calls if "lesson" in call.messages[-1].text)
    assert "You scored -0.3; legal play scores from 0 to 1." in lesson.messages[-1].text


def test_another_harness_can_be_the_actor() -> None:
    model = WrittenChat(lambda _: "Thought: why not\nAction: guess 1")
    agent = Agent(model, Reflexion(trials=1, actor=ReAct(max_tokens=3, max_note_tokens=4)))
    (played,) = rollout(GAME, agent, [0], instances=[0])
    assert agent.name == "written + reflexion + react"
    assert "Lessons" in model.calls[-1].messages[0].text
    assert model.calls[-1].messages[0].text.endswith("Action: guess 4"), "what ReAct asks for stands last"
    assert played.turns[-1].reply.text == "guess 1"
    assert played.turns[0].reply.thought.endswith("why not")


def test_a_seat_is_practised_and_a_whole_table_is_not() -> None:
    arguments: dict[str, Any] = {"opponent": "random"}
    seat = solo_game("KuhnPoker", seat=0, **arguments)
    model = WrittenChat(lambda call: call.random.choice(call.choices or ("pass",)))
    (played,) = rollout(seat, Agent(model, Reflexion("choose", trials=1)), [0])
    assert played.turns[0].reply.usage.practice >= 1
    with pytest.raises(ArgumentError, match="solo_game"):
        practice_episode(asked(Episode(make_game("KuhnPoker"), seed=0)))


def test_practice_can_pay_off() -> None:
    """A model that learns nothing but what its lessons say plays better with them, on instances it never practised."""

    def answer(call: Call) -> str:
        if "lesson" in call.messages[-1].text:
            return "Guess the middle first."
        return "guess 4" if "middle" in call.messages[0].text else "guess 1"

    game = GuessNumber(high=7, guesses=1)
    (played,) = rollout(game, Agent(WrittenChat(answer), Reflexion(trials=1)), [0], instances=[3])
    assert played.score == 1.0


def test_there_is_practice() -> None:
    with pytest.raises(ArgumentError, match="trials"):
        Reflexion(trials=0)
