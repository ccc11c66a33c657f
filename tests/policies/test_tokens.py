from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from textenvs.core.errors import ArgumentError
from textenvs.evaluation.rollout import rollout
from textenvs.policies.errors import ContextOverflowError
from textenvs.policies.models import tiny_llama, with_scalar_head
from textenvs.policies.scripted import StrategyPolicy
from textenvs.policies.tokens import (
    EpisodeTokens,
    Group,
    choice_distributions,
    choice_log_probs,
    chosen_log_probs,
    collate,
    log_probs,
    scalars,
)
from textenvs.policies.traces import TokenTrace, TracedPolicy

A = TokenTrace(context=(1, 7, 3), tokens=(8, 9, 4), allowed=((8, 10), (9,), (4,)), log_probs=(-0.5, 0.0, 0.0))
B = TokenTrace(context=(2, 7, 3), tokens=(5, 6), allowed=(None, None), log_probs=(-1.5, -2.5))
C = TokenTrace(context=(4, 2, 3), tokens=(10, 4), allowed=((4, 10), (4,)), log_probs=(-0.25, 0.0))


@pytest.fixture(scope="module")
def played(guesses, tokenizer):
    """Episodes of different lengths, in ids."""
    policy = TracedPolicy(StrategyPolicy("mixed:0.5"), tokenizer)
    episodes = [
        EpisodeTokens.from_traces([turn.reply.trace for turn in played.turns])
        for played in rollout(guesses, policy, range(8))
    ]
    assert len({len(episode.ids) for episode in episodes}) > 2
    return episodes


def test_traces_join_to_one_episode():
    episode = EpisodeTokens.from_traces([A, B, C])
    assert episode.ids.tolist() == [1, 7, 3, 8, 9, 4, 2, 7, 3, 5, 6, 4, 2, 3, 10, 4]
    assert episode.sampled.tolist() == [False] * 3 + [True] * 3 + [False] * 3 + [True] * 2 + [False] * 3 + [True] * 2
    assert episode.turn.tolist() == [0] * 6 + [1] * 5 + [2] * 5
    assert episode.old_log_probs.tolist() == [0, 0, 0, -0.5, 0, 0, 0, 0, 0, -1.5, -2.5, 0, 0, 0, -0.25, 0]
    assert episode.decisions.tolist() == [2, 8, 13]
    assert episode.allowed[:5] == ((1,), (7,), (3,), (8, 10), (9,))
    assert episode.allowed[9] is None
    assert episode.ids.dtype == episode.turn.dtype == episode.decisions.dtype == torch.int64
    assert episode.old_log_probs.dtype == torch.float32


def test_episodes_are_padded_on_the_right():
    batch = collate([EpisodeTokens.from_traces([A]), EpisodeTokens.from_traces([A, B])], 12)
    assert batch.ids.tolist() == [[1, 7, 3, 8, 9, 4, 0, 0, 0, 0, 0], [1, 7, 3, 8, 9, 4, 2, 7, 3, 5, 6]]
    assert batch.real[0].tolist() == [True] * 6 + [False] * 5
    assert batch.lengths.tolist() == [6, 11]
    assert batch.sampled[0].tolist() == [False] * 3 + [True] * 3 + [False] * 5
    assert batch.turn[0].tolist() == [0] * 6 + [-1] * 5
    assert batch.old_log_probs[0].tolist() == [0, 0, 0, -0.5, 0, 0, 0, 0, 0, 0, 0]
    assert batch.decisions.tolist() == [[2, 0], [2, 8]]
    assert batch.turns.tolist() == [[True, False], [True, True]]
    assert batch.choices.tolist() == [[0, 3], [1, 3], [1, 9], [1, 10]]
    assert [row.nonzero().flatten().tolist() for row in batch.allowed] == [[8, 10], [8, 10], [*range(12)], [*range(12)]]


@pytest.mark.parametrize(
    ("rows", "groups", "tokens"),
    [
        ([[A, B], [A, C]], [([0, 1], 6)], 16),
        ([[A], [A, C]], [([0, 1], 5)], 12),
        ([[A]], [([0], 0)], 6),
        ([[A], [B]], [([0], 0), ([1], 0)], 11),
        ([[A, B], [B], [A, C], [B, C]], [([0, 2], 6), ([1, 3], 4)], 27),
    ],
)
def test_what_a_group_begins_with_counts_once(rows, groups, tokens):
    batch = collate([EpisodeTokens.from_traces(row) for row in rows], 12)
    assert [(group.rows.tolist(), group.shared) for group in batch.groups] == groups
    assert batch.tokens == tokens


@pytest.mark.parametrize("nothing", [EpisodeTokens.from_traces, lambda none: collate(none, 12)])
def test_nothing_makes_no_batch(nothing):
    with pytest.raises(ArgumentError):
        nothing([])


def test_log_probabilities_are_those_of_what_is_allowed():
    logits = torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    allowed = torch.tensor([[True, True, True], [True, False, True]])
    log_p = choice_log_probs(logits, allowed, temperature=2.0)
    weights = [math.exp(0.5), math.exp(1.0), math.exp(1.5)]
    expected = [[w / sum(weights) for w in weights], [weights[0] / (weights[0] + weights[2]), 0.0]]
    assert log_p[0].exp().tolist() == pytest.approx(expected[0])
    assert log_p[1].exp().tolist()[:2] == pytest.approx(expected[1])
    assert log_p[1].exp()[1] == 0
    entropy = -(log_p.exp() * log_p).sum(1)
    assert torch.isfinite(entropy).all()


def test_tokens_of_the_game_and_padding_have_log_probability_0_and_no_gradient(opinionated, tokenizer, played):
    batch = collate(played, len(tokenizer))
    logits = torch.zeros(len(batch.choices), len(tokenizer), requires_grad=True)
    per_token = chosen_log_probs(choice_log_probs(logits, batch.allowed, 1.0), batch)
    assert per_token[~batch.sampled].abs().sum() == 0
    (gradient,) = torch.autograd.grad(per_token[~batch.sampled].sum(), logits)
    assert gradient.abs().sum() == 0
    rows, positions = batch.choices.T
    assert batch.sampled[rows, positions].all()
    chosen = log_probs(opinionated, batch)
    assert (chosen[rows, positions] < 0).all()
    assert chosen.count_nonzero() == len(rows)


def test_the_loss_does_not_depend_on_padding_or_on_company(opinionated, tokenizer, played):
    together = log_probs(opinionated, collate(played, len(tokenizer)))
    for row, episode in enumerate(played):
        alone = log_probs(opinionated, collate([episode], len(tokenizer)))
        length = len(episode.ids)
        assert torch.allclose(together[row, :length], alone[0], atol=1e-5)
        assert together[row, length:].abs().sum() == 0


def test_reading_what_is_shared_once_changes_no_number_and_no_gradient(opinionated, tokenizer, played):
    batch = collate(played, len(tokenizer))
    ((rows, shared),) = batch.groups
    assert shared > 20
    of_two_roles = replace(batch, groups=(Group(rows[::3], shared), Group(rows[rows % 3 > 0], shared - 7)))
    weights = [*opinionated.parameters()]
    results = []
    for each in (batch, of_two_roles, replace(batch, groups=(Group(rows, 0),))):
        log_p = log_probs(opinionated, each, temperature=0.7)
        results.append((log_p, torch.autograd.grad(log_p.sum(), weights)))
    *others, (often, often_gradients) = results
    for once, once_gradients in others:
        assert torch.allclose(once, often, atol=1e-5)
        for one, other in zip(once_gradients, often_gradients, strict=True):
            assert torch.allclose(one, other, rtol=1e-3, atol=1e-4 * float(other.abs().max()))


def test_temperature_divides_the_logits(opinionated, tokenizer, played):
    batch = collate(played, len(tokenizer))
    warm = choice_distributions(opinionated, batch, temperature=1.0)
    cool = choice_distributions(opinionated, batch, temperature=0.5)
    assert torch.allclose(cool.exp(), torch.softmax(2 * warm, 1), atol=1e-5)
    assert torch.equal(log_probs(opinionated, batch, 0.5), chosen_log_probs(cool, batch))


def test_a_scalar_head_speaks_after_the_ids_asked_for(opinionated, tokenizer, played):
    critic = with_scalar_head(opinionated)
    batch = collate(played, len(tokenizer))
    values = scalars(critic, batch, batch.decisions)
    scores = scalars(critic, batch, batch.lengths.unsqueeze(1) - 1)
    assert values.shape == batch.decisions.shape
    for row, episode in enumerate(played):
        whole = critic(input_ids=episode.ids.unsqueeze(0)).logits[0, :, 0]
        count = len(episode.decisions)
        assert torch.allclose(values[row, :count], whole[episode.decisions], atol=1e-5)
        assert torch.allclose(scores[row, 0], whole[-1], atol=1e-5)
        assert (episode.ids[episode.decisions] == tokenizer.reply).all()


def test_a_batch_without_any_choice_has_probability_1():
    forced = TokenTrace((1, 3), (8, 4), ((8,), (4,)), (0.0, 0.0))
    model = tiny_llama(12)
    log_p = log_probs(model, collate([EpisodeTokens.from_traces([forced])], 12))
    log_p.sum().backward()
    assert log_p.tolist() == [[0, 0, 0, 0]]


def test_an_episode_longer_than_the_model_reads_is_an_error(tokenizer, played):
    batch = collate(played, len(tokenizer))
    longest = batch.ids.shape[1]
    log_probs(tiny_llama(len(tokenizer), positions=longest), batch)
    with pytest.raises(
        ContextOverflowError, match=f"reached {longest} tokens and the model reads at most {longest - 1}"
    ):
        log_probs(tiny_llama(len(tokenizer), positions=longest - 1), batch)


def test_what_a_scripted_player_wrote_has_no_old_log_probability(played, tokenizer):
    batch = collate(played, len(tokenizer))
    assert batch.old_log_probs[batch.sampled].isnan().all()
    assert (batch.old_log_probs[~batch.sampled] == 0).all()
