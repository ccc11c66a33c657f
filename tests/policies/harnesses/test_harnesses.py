"""What holds for every harness."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.fresh import fresh_python
from tests.policies.chats import WrittenChat
from tests.policies.conversations import conversation_files, rerecord
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.envs.policy import NO_USAGE, Usage
from textenvs.envs.settings import FORMS, Settings
from textenvs.evaluation.rollout import Played, rollout
from textenvs.games.guess_number import GuessNumber
from textenvs.policies.agent import Agent
from textenvs.policies.chat import Answer, Call
from textenvs.policies.harnesses import HARNESSES

GAME = GuessNumber(high=7, guesses=3)
MOST_CALLS = {"direct": 1, "react": 2, "plan-act-reflect": 3, "reflexion": 2 * 7 + 2 + 1, "workflow": 4, "best-of-n": 5}
"""For one reply; a practice game of the game above has at most 3 guesses, each refused twice: 9 replies."""
GARBAGE = (
    "",
    " \n\n",
    "Action:",
    "Thought: Action:",
    "Action: \nObservation: you win\nAction:",
    "object object object",
    "\x00\x1b[2J\ud83d",
    "99999999999999999999999999",
    "1. \n2. \n- \n* :",
    "guess 4\n" * 100,
    "<|im_end|> {0} {plan} %s",
)

every_harness = pytest.mark.parametrize("name", HARNESSES)
every_form = pytest.mark.parametrize("form", FORMS)


def random_guess(call: Call) -> str:
    return f"guess {1 + call.random.below(7)}"


def chatty(call: Call) -> str:
    """Answer as each prompt asks for, more or less, with a random guess."""
    guess = random_guess(call)
    if call.choices:
        return "\n".join(call.random.choice(call.choices) for _ in range(call.lines))
    verdict = "object: too low\n" if call.random.below(2) else "approve\n"
    return f"{verdict if call.conversation[1] == 'critic' else ''}Thought: why not\nAction: {guess}"


def played(name: str, answer: Callable[[Call], str | Answer], **options: Any) -> tuple[WrittenChat, list[Played]]:
    """Play three episodes one after the other, with arguments of the harness under `harness`."""
    model = WrittenChat(answer)
    agent = Agent(model, HARNESSES[name](**options.pop("harness", {})))
    settings = Settings(form=options.pop("form", "turns"))
    return model, list(rollout(GAME, agent, range(3), settings=settings, batch=1, **options))


@pytest.mark.parametrize("file", conversation_files(), ids=lambda file: file.stem)
def test_conversations_are_as_recorded(file: Path) -> None:
    assert rerecord(file.read_text()) == file.read_text()


def test_every_harness_has_a_recorded_conversation() -> None:
    recorded = {file.stem for file in conversation_files()}
    assert {name.replace("-", "_") for name in HARNESSES} <= recorded


def test_the_names_come_without_heavy_imports() -> None:
    fresh_python("import sys, textenvs.policies.harnesses; assert not {'torch', 'openai', 'scipy'} & set(sys.modules)")


@every_harness
@every_form
@pytest.mark.parametrize("mode", ["free", "choose"])
def test_usage_is_the_sum_of_all_answers(name: str, form: str, mode: str) -> None:
    spent: list[Usage] = []

    def costly(call: Call) -> Answer:
        n = len(spent) + 1
        spent.append(Usage(prompt=1000 * n, cached=10 * n, sampled=n, thought=n // 2, calls=1))
        return Answer(chatty(call), usage=spent[-1])

    _, episodes = played(name, costly, form=form, harness={"mode": mode})
    told = sum((turn.reply.usage for each in episodes for turn in each.turns), NO_USAGE)
    total = sum(spent, NO_USAGE)
    assert (told.prompt, told.cached, told.sampled, told.calls) == (
        total.prompt,
        total.cached,
        total.sampled,
        total.calls,
    )
    assert total.thought <= told.thought <= total.sampled
    assert (told.practice > 0) == (name == "reflexion")


@every_harness
@every_form
def test_moves_are_chosen_among_the_legal_ones(name: str, form: str) -> None:
    _, episodes = played(name, chatty, form=form, harness={"mode": "choose"})
    assert all(turn.refusal is None for each in episodes for turn in each.turns)
    assert all(line in [f"guess {n}" for n in range(1, 8)] for each in episodes for line in lines_of(each))


def lines_of(each: Played) -> list[str]:
    return [line for turn in each.turns for line in turn.reply.text.split("\n")]


@every_harness
@every_form
@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_ends_no_episode_but_by_the_rules(name: str, form: str, garbage: str) -> None:
    model, episodes = played(name, lambda _: garbage, form=form)
    assert all(each.episode.over for each in episodes)
    replies = sum(len(each.turns) for each in episodes)
    assert len(model.calls) <= MOST_CALLS[name] * replies
    assert all(len(message.text) < 10_000 for call in model.calls for message in call.messages)


@every_harness
def test_a_model_that_is_told_too_much_forfeits(name: str) -> None:
    _, episodes = played(name, lambda _: Answer("", stop="overflow"))
    assert all(each.episode.forfeited == 0 for each in episodes)


@every_harness
@every_form
def test_no_episode_depends_on_its_neighbours(name: str, form: str) -> None:
    def play(batch: int, at_once: int) -> list[Any]:
        agent = Agent(WrittenChat(chatty, at_once=at_once), HARNESSES[name]())
        episodes = rollout(GAME, agent, range(7), settings=Settings(form=form), batch=batch)
        return [each.turns for each in episodes]

    alone = play(1, 1)
    assert len({str(turns) for turns in alone}) > 1
    assert play(3, 1) == play(7, 2) == alone


@every_harness
def test_seats_share_no_words(name: str) -> None:
    """Whatever is written in one slot is never shown in another."""

    def signed(call: Call) -> str:
        return f"{chatty(call)} (seat {call.conversation[0]} says so)"

    model = WrittenChat(signed, at_once=2)
    list(rollout(GAME, Agent(model, HARNESSES[name]()), range(4)))
    for call in model.calls:
        seen = "\n".join(message.text for message in call.messages)
        assert not [slot for slot in range(4) if slot != call.conversation[0] and f"seat {slot} says" in seen]
    assert "says so" in seen


@every_harness
@pytest.mark.parametrize("form", ["turns", "plan", "strategy"])
@pytest.mark.parametrize("mode", ["free", "choose"])
def test_nothing_hidden_is_told(name: str, form: str, mode: str) -> None:
    """As long as two secrets bring the same views, the model is asked the same."""
    game = GuessNumber(high=100, guesses=3)

    def guess_100(call: Call) -> str:
        return "\n".join([call.choices[-1] if call.choices else "guess 100"] * call.lines)

    asked, secrets = [], set()
    for instance in (3, 9):
        model = WrittenChat(guess_100)
        agent = Agent(model, HARNESSES[name](mode=mode))
        (each,) = rollout(game, agent, [5], settings=Settings(form=form), split="test", instances=[instance])
        asked.append([(call.messages, call.choices) for call in model.calls])
        secrets.add(each.episode.state.secret)
    assert len(secrets) == 2
    assert 100 not in secrets
    assert asked[0] == asked[1]


@pytest.mark.parametrize("name", ["direct", "react", "workflow", "reflexion"])
@pytest.mark.parametrize("mode", ["free", "choose"])
@every_form
def test_conversations_only_grow(name: str, mode: str, form: str) -> None:
    for before, after in neighbours(name, mode, form):
        assert grows(before, after)


@pytest.mark.parametrize(("name", "most"), [("plan-act-reflect", 3), ("best-of-n", 1)])
@pytest.mark.parametrize("mode", ["free", "choose"])
@every_form
def test_what_is_not_kept_stands_at_the_end(name: str, most: int, mode: str, form: str) -> None:
    """The newest view with what is asked below it, and an answer to that, are all that a later call may drop."""
    for before, after in neighbours(name, mode, form):
        kept = max(len(before.messages) - most, 1)
        assert tuple(after.messages[:kept]) == tuple(before.messages[:kept])


def neighbours(name: str, mode: str, form: str) -> list[tuple[Call, Call]]:
    """Return neighbouring calls of each conversation in one episode."""
    model = WrittenChat(chatty)
    list(rollout(GAME, Agent(model, HARNESSES[name](mode=mode)), [0], settings=Settings(form=form)))
    by_name: dict[Hashable, list[Call]] = {}
    for call in model.calls:
        by_name.setdefault(call.conversation, []).append(call)
    return [pair for calls in by_name.values() for pair in pairwise(calls)]


def grows(before: Call, after: Call) -> bool:
    """Return whether the messages of a call go on with an answer to those of the call before it."""
    known = len(before.messages)
    return tuple(after.messages[:known]) == tuple(before.messages) and after.messages[known].role == "assistant"


@every_harness
def test_a_mistaken_harness_is_refused(name: str) -> None:
    with pytest.raises(UnknownNameError, match="choose"):
        HARNESSES[name](mode="chose")
    with pytest.raises(ArgumentError, match="max_tokens"):
        HARNESSES[name](max_tokens=0)


@pytest.mark.parametrize("name", ["react", "plan-act-reflect", "reflexion", "workflow"])
def test_notes_have_a_limit(name: str) -> None:
    with pytest.raises(ArgumentError, match="max_note_tokens"):
        HARNESSES[name](max_note_tokens=0)
    model, _ = played(name, chatty, harness={"max_tokens": 5, "max_note_tokens": 7})
    assert {call.max_tokens for call in model.calls} <= {5, 7, 12}
