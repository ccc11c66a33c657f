from __future__ import annotations

import math

import pytest

from textenvs.core.dialogue import Message
from textenvs.core.errors import ArgumentError
from textenvs.envs.settings import Settings
from textenvs.evaluation.rollout import rollout
from textenvs.policies.scripted import ScriptPolicy, StrategyPolicy
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.policies.traces import Conversation, TracedPolicy

DIALOGUE = (
    Message("system", "Guess."),
    Message("user", "Go on."),
    Message("assistant", "guess 12"),
    Message("user", "No. Go on."),
)


@pytest.fixture(scope="module")
def words():
    return WordTokenizer.from_texts(text for _, text in DIALOGUE)


def spelled(tokenizer, ids):
    return " ".join(tokenizer.pieces[id_] for id_ in ids)


def test_a_dialogue_is_laid_out_with_a_token_before_each_part(words):
    context = Conversation(words).context(DIALOGUE)
    assert spelled(words, context) == (
        "<bos> Guess ##. <view> Go on ##. <reply> guess 1 ##2 <end> <view> No ##. Go on ##. <reply>"
    )


def test_only_what_is_new_becomes_ids_and_own_replies_stay_as_they_were_sampled(words):
    conversation = Conversation(words)
    assert spelled(words, conversation.context(DIALOGUE[:2])) == "<bos> Guess ##. <view> Go on ##. <reply>"
    conversation.replied((*words.encode("guess"), words.unk, words.end))
    assert spelled(words, conversation.context(DIALOGUE)) == "<view> No ##. Go on ##. <reply>"


def test_a_reply_that_was_cut_off_is_closed_before_the_next_view(words):
    conversation = Conversation(words)
    conversation.context(DIALOGUE[:2])
    conversation.replied(words.encode("guess 12"))
    assert spelled(words, conversation.context(DIALOGUE)) == "<end> <view> No ##. Go on ##. <reply>"
    conversation.replied((words.end,))
    later = (*DIALOGUE, Message("assistant", ""), Message("user", "Go on."))
    assert spelled(words, conversation.context(later)) == "<view> Go on ##. <reply>"


@pytest.mark.parametrize("form", ["turns", "plan"])
def test_traces_of_a_scripted_player_are_its_episode_in_ids(guesses, tokenizer, form):
    policy = TracedPolicy(StrategyPolicy("random"), tokenizer)
    plain = rollout(guesses, StrategyPolicy("random"), range(6), settings=Settings(form=form))
    for played, untraced in zip(rollout(guesses, policy, range(6), settings=Settings(form=form)), plain, strict=True):
        assert played.episode.replies == untraced.episode.replies
        for turn in played.turns:
            trace = turn.reply.trace
            assert tokenizer.decode(trace.tokens[:-1]) == turn.reply.text
            assert trace.tokens[-1] == tokenizer.end
            assert all(id_ in allowed for id_, allowed in zip(trace.tokens, trace.allowed, strict=True))
            assert len(trace.log_probs) == len(trace.tokens)
            assert all(map(math.isnan, trace.log_probs))
        ids = [id_ for turn in played.turns for id_ in (*turn.reply.trace.context, *turn.reply.trace.tokens)]
        whole = Conversation(tokenizer).context(played.episode.dialogues[0][:-1])
        assert tuple(ids) == whole[:-1]


def test_traces_without_memory_stand_alone(guesses, tokenizer):
    policy = TracedPolicy(StrategyPolicy("mixed:0.5"), tokenizer, memoryless=True)
    for played in rollout(guesses, policy, range(6)):
        for number, turn in enumerate(played.turns):
            view = played.episode.dialogues[0][1 + 2 * number]
            assert turn.reply.trace.context == Conversation(tokenizer).context((view,))
            assert turn.reply.trace.tokens == (*tokenizer.encode(turn.reply.text), tokenizer.end)


def test_options_of_a_plan_are_those_of_its_lines(guesses, tokenizer):
    policy = TracedPolicy(StrategyPolicy("random"), tokenizer)
    (played,) = rollout(guesses, policy, [0], settings=Settings(form="plan"))
    trace = played.turns[0].reply.trace
    (line_feed,) = tokenizer.encode("\n")
    assert trace.tokens.count(line_feed) == guesses.max_turns - 1
    first_digits = [allowed for allowed in trace.allowed if len(allowed) == 9]
    assert len(first_digits) == guesses.max_turns


def test_free_traces_leave_the_whole_vocabulary_open(guesses, tokenizer):
    policy = TracedPolicy(ScriptPolicy(["I say guess 3 now"]), tokenizer, mode="free")
    (played,) = rollout(guesses, policy, [0], settings=Settings(max_refusals=1))
    assert set(played.turns[0].reply.trace.allowed) == {None}


def test_in_mode_choose_only_legal_wordings_can_be_traced(guesses, tokenizer):
    policy = TracedPolicy(ScriptPolicy(["3"]), tokenizer)
    with pytest.raises(ArgumentError, match="none of the options"):
        list(rollout(guesses, policy, [0]))


def test_a_legal_wording_outside_of_the_vocabulary_is_an_error(guesses):
    policy = TracedPolicy(StrategyPolicy("random"), WordTokenizer.from_texts(["nothing"]))
    with pytest.raises(ArgumentError, match="lacks a word of the legal reply 'guess 1'"):
        list(rollout(guesses, policy, [0]))
