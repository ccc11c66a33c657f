from __future__ import annotations

import itertools

import pytest
import torch

from tests.policies import tiny_chats
from textenvs.core.dialogue import Message
from textenvs.envs.streams import Purpose, Stream
from textenvs.policies.chat import Call
from textenvs.policies.transformers_chat import TransformersChat

KINDS = ("llama", "qwen2", "qwen3", "mistral", "gpt2", "neox", "gemma2")
SYSTEM = Message("system", "You guess a number from 1 to 12, for example: guess 4")
VIEWS = ("You have 4 guesses left.", "Too high. 3 guesses left.", "Too low. 2 guesses left.", "Too high. 1 guess left.")


class Still:
    """A stream that must not be asked."""


def chat(kind="llama", template="chatml", *, seed=0, positions=512, **settings):
    tokenizer = tiny_chats.tokenizer(template)
    model = tiny_chats.model(kind, len(tokenizer), positions, seed=seed)
    return TransformersChat(model, tokenizer, **{"max_tokens": 8, **settings})


def ask(model, *calls):
    """Return the answers to calls that are asked at the same time, in order."""
    for call in calls:
        model.submit(call)
    found = {}
    while len(found) < len(calls):
        answered = model.advance()
        assert answered
        found |= dict(answered)
    assert not model.advance()
    return [found[call] for call in calls]


def converse(model, conversations, turns=4, *, choices=None, lines=1):
    """Return for each conversation its answers; all conversations take their turns at the same time."""
    dialogues = {name: [SYSTEM] for name in conversations}
    randoms = {name: Stream(name, Purpose.POLICY) for name in conversations}
    answers = {name: [] for name in conversations}
    for turn in range(turns):
        calls = []
        for name in conversations:
            dialogues[name].append(Message("user", f"{VIEWS[turn % 4]} This is game {name}."))
            calls.append(Call(name, tuple(dialogues[name]), randoms[name], choices, lines))
        for name, answer in zip(conversations, ask(model, *calls), strict=True):
            answers[name].append(answer)
            dialogues[name].append(Message("assistant", answer.text))
    return answers


def texts(answers):
    return {name: [answer.text for answer in given] for name, given in answers.items()}


def logits_after(model, ids):
    with torch.no_grad():
        return model.model(input_ids=torch.tensor([ids])).logits[0, -1].double()


# The same numbers as the plain model ---------------------------------------------------------------


@pytest.mark.parametrize("template", tiny_chats.TEMPLATES)
@pytest.mark.parametrize("kind", KINDS)
def test_greedy_answers_are_those_of_generate(kind, template):
    model = chat(kind, template, greedy=True, max_thought_tokens=12)
    for given in converse(model, range(3)).values():
        for answer in given:
            prompt = torch.tensor([answer.trace.prompt])
            written = answer.trace.tokens[: 12 if template == "thinking" else None]  # what follows may be forced
            whole = model.model.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                do_sample=False,
                max_new_tokens=len(written),
                eos_token_id=sorted(model.format.ends),
            )
            assert tuple(whole[0, prompt.shape[1] :].tolist()) == written


@pytest.mark.parametrize("template", tiny_chats.TEMPLATES)
def test_sampled_ids_are_kept_from_turn_to_turn(template):
    model = chat("llama", template, temperature=1.5, max_thought_tokens=3)
    for given in converse(model, range(4)).values():
        for before, after in itertools.pairwise(given):
            spoken = before.trace.tokens[before.usage.thought :]
            spoken = spoken[:-1] if spoken[-1] in model.format.ends else spoken
            joined = " ".join(map(str, after.trace.prompt)) + " "
            if before.text and template != "plain":
                assert " ".join(map(str, spoken)) + " " in joined
